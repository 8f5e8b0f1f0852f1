use super::budget::Budget;
use super::failure::Failure;
use super::source::Source;
use crate::sink::Sink;
pub(super) fn read_word(_: Source<'_>, _: &str, _: &Budget<'_>, _: &mut dyn Sink) -> Result<(), Failure> { Err(Failure::Unsupported("not yet")) }
pub(super) fn read_slides(_: Source<'_>, _: &str, _: &Budget<'_>, _: &mut dyn Sink) -> Result<(), Failure> { Err(Failure::Unsupported("not yet")) }
