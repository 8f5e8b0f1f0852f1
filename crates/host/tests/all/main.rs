//! Each adapter behind the `Host` port on a real or a made computer, and the shared suite over all of them.

#![allow(clippy::unwrap_used, reason = "what a test builds may fail it")]

#[cfg(target_os = "linux")]
mod linux_host;
mod recorded_host;
#[cfg(windows)]
mod windows_host;
