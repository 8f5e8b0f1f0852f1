//! Settings: the tree of practices, people, keys, alert routing, the trust root. And how the console looks to its reader.

use enamel_types::{Role, Timestamp};

use crate::console::frame::{Choice, PracticeRef};

/// The page, one part of it open.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The part.
    pub part: Part,
    /// The parts that the reader may see.
    pub parts: Vec<Part>,
}

/// A part of the settings.
#[derive(Debug, Clone)]
pub enum Part {
    /// Groups, practices and their sites.
    Tree {
        /// The groups.
        groups: Vec<GroupRow>,
        /// Groups to put a new practice into.
        choices: Vec<Choice>,
    },
    /// People and their roles.
    People {
        /// The people.
        people: Vec<PersonRow>,
        /// Roles to give.
        roles: Vec<Choice>,
        /// What a role can reach: everything, groups, practices.
        reaches: Vec<Choice>,
        /// The link to send to somebody who was just invited; shown once.
        invitation: Option<String>,
    },
    /// Keys of programs.
    Keys {
        /// The keys.
        keys: Vec<KeyRow>,
        /// A key that was just made; shown once.
        made: Option<String>,
    },
    /// Who is told of what, and when.
    Routing {
        /// The routes.
        routes: Vec<RouteRow>,
    },
    /// Whose signatures the agents trust.
    Trust {
        /// Version of the root.
        version: u64,
        /// Signatures that a change of it takes.
        threshold: u64,
        /// The operators.
        operators: Vec<Operator>,
    },
}

impl Part {
    /// Its name in a path.
    pub const fn tag(&self) -> &'static str {
        match self {
            Self::Tree { .. } => "practices",
            Self::People { .. } => "people",
            Self::Keys { .. } => "keys",
            Self::Routing { .. } => "alerts",
            Self::Trust { .. } => "trust",
        }
    }

    /// The key of its name.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Tree { .. } => "settings-tree",
            Self::People { .. } => "settings-people",
            Self::Keys { .. } => "settings-keys",
            Self::Routing { .. } => "settings-routing",
            Self::Trust { .. } => "settings-trust",
        }
    }
}

/// A group of practices; the last one, without a name, holds those in none.
#[derive(Debug, Clone)]
pub struct GroupRow {
    /// Its name.
    pub name: String,
    /// Its practices, each with its sites.
    pub practices: Vec<(PracticeRef, Vec<String>)>,
}

/// A person.
#[derive(Debug, Clone)]
pub struct PersonRow {
    /// Their name.
    pub name: String,
    /// Their mail address.
    pub mail: String,
    /// What they hold: role, over what, until when.
    pub grants: Vec<(Role, String, Option<Timestamp>)>,
    /// Passkeys they have.
    pub passkeys: u64,
    /// When they were last here.
    pub seen: Option<Timestamp>,
}

/// A program's key.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// Its id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// Over what.
    pub reach: String,
    /// When it was last used.
    pub used: Option<Timestamp>,
    /// When it ends, if it does.
    pub until: Option<Timestamp>,
}

/// A rule of alert routing.
#[derive(Debug, Clone)]
pub struct RouteRow {
    /// From which severity on.
    pub severity: enamel_types::Severity,
    /// Where it goes.
    pub to: String,
    /// The key of the way: mail, webhook.
    pub way: &'static str,
    /// Whether it waits for the morning.
    pub quiet: bool,
    /// After how many minutes somebody else is told.
    pub escalate: Option<u64>,
}

/// Somebody whose signature counts.
#[derive(Debug, Clone)]
pub struct Operator {
    /// The name in the root.
    pub name: String,
    /// The key's fingerprint.
    pub fingerprint: String,
}

/// How the console looks to its reader.
#[derive(Debug, Clone)]
pub struct Display {
    /// Languages.
    pub languages: Vec<Choice>,
    /// Time zones.
    pub zones: Vec<Choice>,
}
