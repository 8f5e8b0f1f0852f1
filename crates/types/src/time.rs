//! Time as a parameter.

pub use jiff::Timestamp;

/// Where "now" comes from. The binary passes the system's clock, a test a set one.
pub trait Clock: Send + Sync {
    /// The present moment, UTC.
    fn now(&self) -> Timestamp;
}

/// The last moment at which a thing that ends at `end` still counts: what ends at midnight counted on the day before, and
/// that is the day to name.
pub fn last_moment(end: Timestamp) -> Timestamp {
    Timestamp::from_nanosecond(end.as_nanosecond() - 1).unwrap_or(end)
}
