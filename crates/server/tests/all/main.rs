//! The server as browsers, programs and agents meet it.

mod authenticator;
mod ceremonies;
