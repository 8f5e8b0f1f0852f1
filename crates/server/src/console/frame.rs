//! What stands around every screen: the reader, the way to the other screens, and what the last form came to.
//!
//! Plain values; filled by the request's session.

use enamel_types::{GroupId, PracticeId, Right, Role};

/// The screens that the menu leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// What needs a human.
    Today,
    /// The practices.
    Practices,
    /// Findings.
    Findings,
    /// Devices.
    Devices,
    /// Alerts.
    Alerts,
    /// Commands that wait.
    Approvals,
    /// Reports.
    Reports,
    /// The audit trail.
    Audit,
    /// Enrolment tokens.
    Tokens,
    /// Settings.
    Settings,
    /// None of them.
    Elsewhere,
}

/// Light, dark, or what the computer prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// What the computer prefers.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// As it is kept in a cookie and written in `data-theme`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The key of its name.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Auto => "theme-auto",
            Self::Light => "theme-light",
            Self::Dark => "theme-dark",
        }
    }

    /// The theme of a tag.
    pub fn of(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.tag() == tag)
    }
}

/// The person who is logged on.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// The role by which they are shown: the widest they hold.
    pub role: Role,
    /// What they may do somewhere.
    pub rights: Vec<Right>,
}

/// What the last form came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Whether it did what was asked.
    pub good: bool,
    /// In words.
    pub text: String,
}

/// How much waits behind an entry of the menu.
#[derive(Debug, Clone, Copy, Default)]
pub struct Waiting {
    /// On Today.
    pub today: u64,
    /// Alerts that nobody has taken.
    pub alerts: u64,
    /// Commands that are held.
    pub approvals: u64,
}

/// Everything around a screen.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Where the reader is.
    pub place: Place,
    /// The MSP's name.
    pub msp: String,
    /// Who reads; nobody on the pages before the door.
    pub person: Option<Person>,
    /// What waits.
    pub waiting: Waiting,
    /// The token that every form carries.
    pub csrf: String,
    /// How it looks.
    pub theme: Theme,
    /// The page's own path and query, for forms that come back to it.
    pub path: String,
    /// What the last form came to.
    pub notice: Option<Notice>,
    /// Whether the server takes no changes for now.
    pub read_only: bool,
    /// Whether what is shown is made up.
    pub demo: bool,
    /// Enamel's version.
    pub version: String,
}

impl Frame {
    /// Whether the reader may do a thing somewhere. What they may do where is decided again when they do it.
    pub fn may(&self, right: Right) -> bool {
        self.person.as_ref().is_some_and(|person| person.rights.contains(&right))
    }

    /// The path of a file that pages load.
    pub fn asset(&self, name: &str) -> &'static str {
        super::assets::path(name)
    }

    /// The themes, each with whether it is chosen.
    pub fn themes(&self) -> [ThemeChoice; 3] {
        Theme::ALL.map(|theme| ThemeChoice { theme, chosen: theme == self.theme })
    }

    /// The menu's entries that this reader has a use for.
    pub fn menu(&self) -> Vec<MenuGroup> {
        let entry = |place, key, href, waiting| MenuEntry { key, href, waiting, here: self.place == place };
        let mut work = vec![
            entry(Place::Today, "menu-today", "/", self.waiting.today),
            entry(Place::Practices, "menu-practices", "/practices", 0),
        ];
        if self.may(Right::ReadEvidence) {
            work.push(entry(Place::Findings, "menu-findings", "/findings", 0));
            work.push(entry(Place::Devices, "menu-devices", "/devices", 0));
            work.push(entry(Place::Alerts, "menu-alerts", "/alerts", self.waiting.alerts));
            work.push(entry(Place::Approvals, "menu-approvals", "/approvals", self.waiting.approvals));
        }
        let mut proof = Vec::new();
        if self.may(Right::ReadReports) {
            proof.push(entry(Place::Reports, "menu-reports", "/reports", 0));
        }
        if self.may(Right::ReadAudit) {
            proof.push(entry(Place::Audit, "menu-audit", "/audit", 0));
        }
        let mut set_up = Vec::new();
        if self.may(Right::Enrol) {
            set_up.push(entry(Place::Tokens, "menu-tokens", "/tokens", 0));
        }
        if self.may(Right::Settings) || self.may(Right::ManagePeople) || self.may(Right::Enrol) {
            set_up.push(entry(Place::Settings, "menu-settings", "/settings", 0));
        }
        [("menu-work", work), ("menu-proof", proof), ("menu-set-up", set_up)]
            .into_iter()
            .filter(|(_, entries)| !entries.is_empty())
            .map(|(key, entries)| MenuGroup { key, entries })
            .collect()
    }
}

/// A theme as the switch shows it.
#[derive(Debug, Clone, Copy)]
pub struct ThemeChoice {
    theme: Theme,
    chosen: bool,
}

impl ThemeChoice {
    /// As it is sent.
    pub const fn tag(&self) -> &'static str {
        self.theme.tag()
    }

    /// The key of its name.
    pub const fn key(&self) -> &'static str {
        self.theme.key()
    }

    /// Whether it is chosen.
    pub const fn chosen(&self) -> bool {
        self.chosen
    }

    /// The same as `aria-pressed` has it.
    pub const fn pressed(&self) -> &'static str {
        if self.chosen { "true" } else { "false" }
    }
}

/// A part of the menu.
#[derive(Debug)]
pub struct MenuGroup {
    /// The key of its heading.
    pub key: &'static str,
    /// Its entries.
    pub entries: Vec<MenuEntry>,
}

/// One way to a screen.
#[derive(Debug)]
pub struct MenuEntry {
    /// The key of its name; also of its icon.
    pub key: &'static str,
    /// Where it leads.
    pub href: &'static str,
    /// How much waits there.
    pub waiting: u64,
    /// Whether the reader is there.
    pub here: bool,
}

/// A practice as every list names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PracticeRef {
    /// Its id.
    pub id: PracticeId,
    /// Its name.
    pub name: String,
    /// Its group's name; empty where it is in none.
    pub group: String,
}

/// A choice of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

impl Choice {
    /// The choices of a filter over groups.
    pub fn groups(groups: &[(GroupId, String)], chosen: Option<GroupId>) -> Vec<Self> {
        groups
            .iter()
            .map(|(id, name)| Self {
                value: id.to_string(),
                label: name.clone(),
                chosen: chosen == Some(*id),
            })
            .collect()
    }
}
