use std::io::Read;
use super::budget::Budget;
use super::failure::Failure;
use crate::sink::Sink;
pub(super) fn read_message(_: &mut dyn Read, _: &str, _: &Budget<'_>, _: &mut dyn Sink) -> Result<(), Failure> { Err(Failure::Unsupported("not yet")) }
pub(super) fn read_mbox(_: &mut dyn Read, _: &str, _: &Budget<'_>, _: &mut dyn Sink) -> Result<(), Failure> { Err(Failure::Unsupported("not yet")) }
