//! Time as a parameter.

pub use jiff::Timestamp;

/// Where "now" comes from. The binary passes the system's clock, a test a set one.
pub trait Clock: Send + Sync {
    /// The present moment, UTC.
    fn now(&self) -> Timestamp;
}
