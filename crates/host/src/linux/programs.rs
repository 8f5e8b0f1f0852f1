//! Running one of the closed set of programs: no shell, no environment, a time limit, an output limit.
//!
//! A program is looked up in the system's own folders only, and run only if nobody but root can write to it: this
//! process may be root, and must not run what somebody else put there.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use super::files::Root;
use crate::{HostError, Program, ProgramOutput};

const FOLDERS: [&str; 4] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const MAX_STDOUT: usize = 4 * 1024 * 1024;
const MAX_STDERR: usize = 4 * 1024;

/// The program's name and all of its arguments.
const fn command_line(program: Program) -> (&'static str, &'static [&'static str]) {
    match program {
        Program::SshdEffectiveConfig => ("sshd", &["-T"]),
        Program::SambaEffectiveConfig => ("testparm", &["-s", "-v"]),
        Program::NftRuleset => ("nft", &["list", "ruleset"]),
        Program::IptablesInput => ("iptables", &["-S", "INPUT"]),
        Program::Ip6tablesInput => ("ip6tables", &["-S", "INPUT"]),
        Program::Timedatectl => ("timedatectl", &["show"]),
    }
}

pub(super) fn run(root: &Root, program: Program) -> Result<Option<ProgramOutput>, HostError> {
    let (name, arguments) = command_line(program);
    if !root.is_running_system() {
        // Programs of another system's disk are not run; what they would say of it, they would say of this one.
        return Ok(None);
    }
    let Some(path) = look_up(root, name)? else { return Ok(None) };
    run_at(&path, arguments, program.time_limit()).map(Some)
}

fn look_up(root: &Root, name: &str) -> Result<Option<PathBuf>, HostError> {
    for folder in FOLDERS {
        let path = Path::new(folder).join(name);
        let Some(meta) = root.metadata(&path)? else { continue };
        let mode = meta.mode.unwrap_or_default();
        if meta.is_dir || mode & 0o111 == 0 {
            continue;
        }
        if meta.uid != Some(0) || mode & 0o022 != 0 {
            let why =
                "it is not run, because accounts other than root can change it; restore its owner and mode";
            return Err(HostError::new(path.to_string_lossy(), why));
        }
        return Ok(Some(path));
    }
    Ok(None)
}

enum Event {
    Stdout(Vec<u8>),
    Stderr(Vec<u8>),
    Ended,
}

fn run_at(path: &Path, arguments: &[&str], limit: Duration) -> Result<ProgramOutput, HostError> {
    let what = || format!("{} {}", path.display(), arguments.join(" "));
    let mut child = Command::new(path)
        .args(arguments)
        .env_clear()
        .env("LC_ALL", "C")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|error| HostError::new(what(), format!("it could not be started: {error}")))?;
    let events = watch(&mut child);
    let deadline = Instant::now() + limit;
    let (mut stdout, mut stderr, mut ended) = (None, None, false);
    while stdout.is_none() || stderr.is_none() || !ended {
        match events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Event::Stdout(bytes)) if bytes.len() > MAX_STDOUT => {
                stop(&mut child);
                return Err(HostError::new(what(), "it printed more than 4 MiB and was stopped"));
            }
            Ok(Event::Stdout(bytes)) => stdout = Some(bytes),
            Ok(Event::Stderr(bytes)) => stderr = Some(bytes),
            Ok(Event::Ended) => ended = true,
            Err(_) => {
                stop(&mut child);
                return Err(HostError::new(
                    what(),
                    format!("it did not end within {} s and was stopped", limit.as_secs_f32()),
                ));
            }
        }
    }
    let status = child.wait().map_err(|error| HostError::new(what(), error.to_string()))?;
    let text = |bytes: Option<Vec<u8>>| String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
    Ok(ProgramOutput { success: status.success(), stdout: text(stdout), stderr: text(stderr) })
}

/// Three threads: one for each stream, so that neither fills up and blocks the program, and one that waits for its end
/// without reaping it, so that its process id cannot be somebody else's when it has to be stopped.
fn watch(child: &mut Child) -> mpsc::Receiver<Event> {
    let (sender, events) = mpsc::channel();
    if let Some(stream) = child.stdout.take() {
        let sender = sender.clone();
        std::thread::spawn(move || sender.send(Event::Stdout(read_up_to(stream, MAX_STDOUT + 1))));
    }
    if let Some(mut stream) = child.stderr.take() {
        let sender = sender.clone();
        std::thread::spawn(move || {
            let first = read_up_to(&mut stream, MAX_STDERR);
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
            sender.send(Event::Stderr(first))
        });
    }
    if let Some(pid) = pid(child) {
        std::thread::spawn(move || {
            let _ = rustix::process::waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
            sender.send(Event::Ended)
        });
    }
    events
}

fn read_up_to(stream: impl Read, limit: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A stream that breaks off gives what came before; the exit code tells the rest.
    let _ = stream.take(limit as u64).read_to_end(&mut bytes);
    bytes
}

fn pid(child: &Child) -> Option<Pid> {
    Pid::from_raw(child.id().cast_signed())
}

/// Kills the program with everything it started, and reaps it.
fn stop(child: &mut Child) {
    if let Some(pid) = pid(child) {
        let _ = rustix::process::kill_process_group(pid, Signal::KILL);
    }
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHELL: &str = "/bin/sh";

    fn shell(script: &str, limit: Duration) -> Result<ProgramOutput, HostError> {
        run_at(Path::new(SHELL), &["-c", script], limit)
    }

    #[test]
    fn output_and_exit_code_without_environment() {
        let output = shell("echo \"$LC_ALL $HOME\"; echo no >&2; exit 3", Duration::from_secs(10)).unwrap();
        assert_eq!(
            output,
            ProgramOutput { success: false, stdout: "C \n".to_owned(), stderr: "no\n".to_owned() }
        );
    }

    #[test]
    fn a_program_that_hangs_is_stopped_with_its_children() {
        let begun = Instant::now();
        let error = shell("sleep 1000 & sleep 1000", Duration::from_millis(100)).unwrap_err();
        assert!(error.why.contains("did not end"), "{error}");
        let error = shell("sleep 1000 & exit 0", Duration::from_millis(100)).unwrap_err();
        assert!(error.why.contains("did not end"), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(9));
    }

    #[test]
    fn a_program_that_prints_without_end_is_stopped() {
        let error = shell(
            "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done",
            Duration::from_mins(1),
        );
        assert!(error.unwrap_err().why.contains("4 MiB"));
        let output = shell("head -c 100000 /dev/zero >&2; echo done", Duration::from_secs(10)).unwrap();
        assert_eq!((output.stdout.as_str(), output.stderr.len()), ("done\n", MAX_STDERR));
    }
}
