//! What every `Host` promises, as one suite.
