//! The edge of the world: the only place that reads the clock, asks for randomness and knows the platform's folders.

use std::path::{Path, PathBuf};
use std::process::Command;

use enamel_types::{Clock, Timestamp};
use etcetera::BaseStrategy as _;

use crate::error::Error;

/// The system's clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the edge")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Fills a slice with the operating system's random bytes.
///
/// # Panics
/// If the operating system has no randomness: then no id and no key made here could be trusted.
pub(crate) fn random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}

/// The platform's data directory: `~/.local/share/enamel`, `%LOCALAPPDATA%\enamel`.
pub(crate) fn default_data_dir() -> Result<PathBuf, Error> {
    let base = etcetera::choose_base_strategy();
    // Windows copies what lies in %APPDATA% to every computer that its user logs on to: the identity of one computer, and a key that
    // never leaves it, are not for that.
    #[cfg(windows)]
    let data = base.map(|base| base.cache_dir());
    #[cfg(not(windows))]
    let data = base.map(|base| base.data_dir());
    data.map(|data| data.join("enamel")).map_err(|error| {
        Error::new("the platform's data directory could not be found")
            .because(error)
            .help("name one with --data DIR or ENAMEL_DATA")
    })
}

/// Where people keep files, for an assessment that was given no folder: `/home`, `/root` and `/srv`, or `C:\Users`.
pub(crate) fn usual_folders() -> Vec<PathBuf> {
    let candidates: &[&str] = if cfg!(windows) { &["C:\\Users"] } else { &["/home", "/root", "/srv"] };
    candidates.iter().map(PathBuf::from).filter(|path| path.is_dir()).collect()
}

/// Whether this process has every right on a Linux computer. The owner of a process's entry in `/proc` is its effective user.
pub(crate) fn is_linux_root() -> bool {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
    }
    #[cfg(not(target_os = "linux"))]
    false
}

/// What root makes in somebody else's folder is theirs: the service that is to use it runs as that user.
pub(crate) fn give_to_owner_of(folder: &Path, file: &Path) {
    #[cfg(unix)]
    if let Ok(owner) = std::fs::metadata(folder) {
        use std::os::unix::fs::MetadataExt as _;
        // Where this fails nothing is given away, and whoever misses it is told by the system.
        let _ = std::os::unix::fs::lchown(file, Some(owner.uid()), Some(owner.gid()));
    }
    let _ = (folder, file);
}

/// From now on this process runs when nobody else needs the processor, and ends with the one that started it.
pub(crate) fn be_idle() {
    #[cfg(target_os = "linux")]
    {
        // Where the system refuses either, the work is done all the same.
        let _ = rustix::process::nice(19);
        let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    }
}

/// The same for a program that is about to be started, where that is how the system does it.
pub(crate) fn run_when_idle(command: &mut Command) {
    #[cfg(windows)]
    {
        const IDLE_PRIORITY_CLASS: u32 = 0x40;
        std::os::windows::process::CommandExt::creation_flags(command, IDLE_PRIORITY_CLASS);
    }
    let _ = command;
}
