//! People: who they are, what they may do, and what their browsers may be made to do.

pub mod caller;
pub mod csrf;
pub mod guard;
pub mod limits;
pub mod passkey;
pub mod password;
pub mod pending;
pub mod recovery;
pub mod secret;
pub mod session;
pub mod totp;
