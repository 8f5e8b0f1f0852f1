//! Enrolment tokens as somebody pasted them: the reader ends, and a token has one spelling.
#![no_main]

use enamel_wire::token::EnrolmentToken;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(token) = text.parse::<EnrolmentToken>() {
        assert_eq!(token.to_string(), text.trim());
    }
});
