#![no_main]
//! Patient data: reading x12.

mod extract;

use enamel_phi::extract::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| extract::read(data, &[Format::X12]));
