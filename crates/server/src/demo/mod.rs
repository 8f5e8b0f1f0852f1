//! A believable MSP that is nobody's: 40 practices and a year of their history, drawn from a seed.
//!
//! For `enamel demo`, for tests and for benches. It makes observations of the real types, in real chains, and judges nothing: what
//! they mean comes from the same functions as everywhere. The same seed and the same moment give the same bytes. Every practice
//! and the MSP itself carry "(demo)" in their names, every mail address ends in `.example`, and there is no patient anywhere: only
//! counts. Facts stand in the TOML files of this folder.

mod content;
mod dice;
mod faults;
mod fill;
mod history;
mod installed;
mod looks;
mod plan;
mod scale;
mod stand;
#[cfg(test)]
mod tests;
mod told;

use enamel_types::content::ContentError;
use enamel_types::{GroupId, Minter, Timestamp};

use content::Content;
use dice::Dice;
use faults::days;
use plan::Planner;

pub use fill::{FillError, Filled, Mark, SETTING, fill};
pub use history::{History, Round};
pub use plan::{Computer, ComputerKind, Person, Practice, Site, Story};
pub use scale::{Scale, fill_fleet};

/// Most practices of one demo.
pub const MAX_PRACTICES: usize = 500;

/// What the demo is drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The same seed gives the same demo.
    pub seed: u64,
    /// How many practices, at most [`MAX_PRACTICES`].
    pub practices: usize,
    /// The moment at which its year ends.
    pub now: Timestamp,
}

/// A group of practices under one owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub name: String,
}

/// The demo's MSP.
#[derive(Debug, Clone)]
pub struct Demo {
    content: Content,
    now: Timestamp,
    /// The MSP's name.
    pub msp: String,
    /// People who work there.
    pub staff: Vec<Person>,
    /// Groups of practices.
    pub groups: Vec<Group>,
    /// Its practices, in the order in which they were drawn.
    pub practices: Vec<Practice>,
}

impl Demo {
    /// Draws the practices and what stands in them.
    ///
    /// # Errors
    /// Only where a file of this folder is not as it must be, which a test excludes.
    pub fn new(settings: Settings) -> Result<Self, ContentError> {
        let content = Content::builtin()?;
        let now = settings.now;
        let dice = Dice::new(settings.seed);
        let mut roll = dice.named("msp");
        let mut fill = |bytes: &mut [u8]| roll.fill(bytes);
        let mut minter = Minter::new(&mut fill);
        let began = now - days(365.0);
        let groups: Vec<Group> = content
            .names
            .groups
            .iter()
            .map(|name| Group { id: GroupId::from_uuid(minter.uuid(began)), name: name.clone() })
            .collect();
        let ids: Vec<GroupId> = groups.iter().map(|group| group.id).collect();
        let planner = Planner { content: &content, groups: &ids, now };
        let practices = (0..settings.practices.min(MAX_PRACTICES))
            .map(|index| planner.practice(index, &dice.of(index)))
            .collect();
        let mut roll = dice.named("staff");
        let staff = (0..4).map(|_| planner.person(&mut roll, &content.names.mail)).collect();
        Ok(Self { now, msp: content.names.msp.clone(), staff, groups, practices, content })
    }

    /// A practice's year, round by round. `version` is the agents'.
    pub fn history<'a>(&'a self, practice: &'a Practice, version: &'a str) -> History<'a> {
        History::new(&self.content, practice, self.now, version)
    }
}
