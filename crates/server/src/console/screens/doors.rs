//! The pages before the door: log on, first set-up, recovery, invitation.
//!
//! A passkey's ceremony needs a script (`assets/passkey.js`) and a browser that can; a code does without either.

/// One of the pages.
#[derive(Debug, Clone)]
pub struct Door {
    /// Which.
    pub kind: DoorKind,
    /// The address of the person, as it was typed or as the invitation names it.
    pub mail: String,
    /// The token of the link that led here; empty on the way through the front door.
    pub token: String,
    /// The key of what went wrong; empty where nothing did.
    pub wrong: &'static str,
    /// Recovery codes that were just made; shown once.
    pub codes: Vec<String>,
    /// Where to go afterwards.
    pub next: String,
}

/// Which door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoorKind {
    /// Log on.
    Login,
    /// The first person of a new server.
    Setup,
    /// Without passkey and code.
    Recovery,
    /// A person who was invited.
    Invitation,
    /// The codes, after the first passkey.
    Codes,
}

impl DoorKind {
    /// The key of its title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Login => "door-login",
            Self::Setup => "door-setup",
            Self::Recovery => "door-recovery",
            Self::Invitation => "door-invitation",
            Self::Codes => "door-codes",
        }
    }

    /// The key of the sentence below it.
    pub const fn lead(self) -> &'static str {
        match self {
            Self::Login => "door-login-lead",
            Self::Setup => "door-setup-lead",
            Self::Recovery => "door-recovery-lead",
            Self::Invitation => "door-invitation-lead",
            Self::Codes => "door-codes-lead",
        }
    }
}
