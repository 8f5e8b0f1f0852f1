//! `enamel agent helper`: the small privileged part.

use crate::cli::Global;
use crate::cli::agent::HelperArgs;
use crate::error::{Error, Outcome};

/// Serves the socket until the system ends it.
#[cfg(target_os = "linux")]
pub(super) fn run(global: &Global, args: &HelperArgs) -> Result<Outcome, Error> {
    use std::path::Path;
    use std::sync::Arc;

    use enamel_agent::helper::{FOLDER, Firewall, Helper, serve};

    use crate::edge::SystemClock;
    use crate::terminal;

    let packaged = Path::new(super::PACKAGED);
    // The agent's folder is never the helper's: root's own memory must not lie where another user writes.
    let folder = global.data.as_deref().filter(|data| *data != packaged).unwrap_or_else(|| Path::new(FOLDER));
    let listener = listener(args)?;
    let helper = Helper::open(folder, Firewall::installed(), Arc::new(SystemClock))
        .map_err(|error| super::plainly("the helper could not start", error))?;
    serve(helper, &listener, &|line| terminal::hint(false, line));
    Ok(Outcome::Done)
}

/// The socket that the system hands over as standard input, or one of its own.
#[cfg(target_os = "linux")]
fn listener(args: &HelperArgs) -> Result<std::os::unix::net::UnixListener, Error> {
    use std::os::fd::AsFd as _;
    use std::os::unix::net::UnixListener;

    if let Some(path) = &args.listen {
        return UnixListener::bind(path).map_err(|error| {
            Error::new(format!("the helper could not listen at {}", path.display()))
                .because(error)
                .help("name a socket that is not there yet, in a folder that root can write")
        });
    }
    let handed = std::io::stdin().as_fd().try_clone_to_owned().ok().filter(|handed| {
        rustix::fs::fstat(handed).is_ok_and(|meta| {
            rustix::fs::FileType::from_raw_mode(meta.st_mode) == rustix::fs::FileType::Socket
        })
    });
    handed.map(UnixListener::from).ok_or_else(|| {
        Error::new("the helper was given no socket")
            .help("the system starts it; by hand, name one with --listen SOCKET")
    })
}

/// On Windows there is no such part yet.
#[cfg(not(target_os = "linux"))]
pub(super) fn run(_: &Global, _: &HelperArgs) -> Result<Outcome, Error> {
    Err(Error::new("this version has no helper for Windows")
        .help("commands to close the network are answered with a refusal"))
}
