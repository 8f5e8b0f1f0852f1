//! Assess: where one computer is exposed by how it is set up and by what runs on it.
//!
//! Two sensors live here, each with its judge. [`checks`] (`scan host`) reads the settings that posture checks ask for;
//! [`software`] (`scan software`) lists what is installed, recognises dental products and finds secrets in clear. Sensors
//! look through the [`Host`](enamel_host::Host) port and judge nothing; judges are pure functions of what was seen.
//!
//! Nothing here changes the computer, opens a network connection or reads a patient's data. Facts come from `content/`,
//! which is compiled in and may be replaced by an expert's edited files.

pub mod checks;
pub mod software;

pub use checks::{Catalogue, judge_config, observe_host};
pub use software::{EolTable, Signatures, judge_software, observe_folder, observe_software};
