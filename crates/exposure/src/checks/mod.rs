//! `scan host`: the posture check engine.
//!
//! [`observe_host`] reads what every check of the [`Catalogue`] asks for and judges nothing; [`judge_config`] is a pure
//! function of what was read: pass, fail, unknown with why, or not applicable. What a check reads, what it expects and
//! what a missing value means is content (`content/checks/*.toml`), not code; `docs/checks.md` lists it and says how an
//! expert adds one.
//!
//! A value of the wrong type, a place that could not be read and a check that needs another part of Enamel are all
//! *unknown* with the reason; never a pass, never a crash.

mod catalogue;
mod expect;
mod judge;
mod read;
mod validate;

pub use catalogue::{
    Absent, Catalogue, Check, Condition, Enough, Expect, OsDefault, Part, RegistrySource, Scalar, Source,
    WmiSource,
};
pub use judge::judge_config;
pub use read::observe_host;

/// Hours for which a reading counts as evidence unless its check says otherwise: seven days.
pub const VALID_HOURS: u32 = 7 * 24;
