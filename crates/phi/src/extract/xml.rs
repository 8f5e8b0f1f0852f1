use std::io::Read;
use super::budget::Budget;
use super::failure::Failure;
use crate::sink::Sink;
pub(super) fn read(_: &mut dyn Read, _: &Budget<'_>, _: &mut dyn Sink) -> Result<(), Failure> { Err(Failure::Unsupported("not yet")) }
