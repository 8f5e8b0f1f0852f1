//! Pages for what went wrong.

/// The page.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// What.
    pub kind: TroubleKind,
    /// What to quote when asking for help; empty where there is nothing to look up.
    pub reference: String,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TroubleKind {
    /// Not there, or not for this reader: which of them is not told.
    NotFound,
    /// A form that was too old, or not ours.
    Stale,
    /// Too many requests.
    TooMany,
    /// The server takes no changes for now.
    ReadOnly,
    /// A fault of ours.
    Fault,
}

impl TroubleKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::NotFound, Self::Stale, Self::TooMany, Self::ReadOnly, Self::Fault];

    /// The status of the answer.
    pub const fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::Stale => 403,
            Self::TooMany => 429,
            Self::ReadOnly => 503,
            Self::Fault => 500,
        }
    }

    /// The key of its title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::NotFound => "trouble-not-found",
            Self::Stale => "trouble-stale",
            Self::TooMany => "trouble-too-many",
            Self::ReadOnly => "trouble-read-only",
            Self::Fault => "trouble-fault",
        }
    }

    /// The key of what to do.
    pub const fn help(self) -> &'static str {
        match self {
            Self::NotFound => "trouble-not-found-help",
            Self::Stale => "trouble-stale-help",
            Self::TooMany => "trouble-too-many-help",
            Self::ReadOnly => "trouble-read-only-help",
            Self::Fault => "trouble-fault-help",
        }
    }
}
