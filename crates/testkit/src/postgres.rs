//! A PostgreSQL server of a test's own: made in a temporary folder, reached by a socket in it, gone when the test ends.
//!
//! Programs are looked for under `/usr/lib/postgresql/*/bin` and on the path. PostgreSQL refuses to run as root; where the test does, it
//! runs as `postgres` or `nobody`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a server says when it is ready.
const READY: &str = "database system is ready to accept connections";

/// A running server with an empty database `enamel` that belongs to the role `enamel_owner`, who is no superuser.
pub struct TemporaryPostgres {
    server: Child,
    programs: PathBuf,
    account: Option<Account>,
    folder: TempDir,
}

/// An account that the server runs as.
#[derive(Debug, Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

impl TemporaryPostgres {
    /// A server that keeps nothing over a crash of the computer, which is faster. `None`, and a word on stderr, where PostgreSQL is not
    /// installed.
    ///
    /// # Panics
    /// If it does not start; and under `CI=true` if it is not installed.
    pub fn start() -> Option<Self> {
        Self::start_with(&["-c", "fsync=off"])
    }

    /// The same, but as durable as it is in service: for benches, and for tests of durability.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn start_durable() -> Option<Self> {
        Self::start_with(&["-c", "fsync=on"])
    }

    fn start_with(options: &[&str]) -> Option<Self> {
        let Some(programs) = programs() else {
            crate::skipped("PostgreSQL is not installed");
            return None;
        };
        let folder = must("make a folder", tempfile::tempdir());
        let account = account();
        if let Some(account) = account {
            let Account { user, group } = account;
            must("give the folder away", std::os::unix::fs::chown(folder.path(), Some(user), Some(group)));
        }
        let data = folder.path().join("data");
        let mut initdb = command(&programs.join("initdb"), account, false);
        initdb.args([
            "--no-sync",
            "--no-instructions",
            "-E",
            "UTF8",
            "--locale=C",
            "-A",
            "trust",
            "-U",
            "postgres",
            "-D",
        ]);
        let made = must("run initdb", initdb.arg(&data).output());
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));

        let mut server = command(&programs.join("postgres"), account, true);
        server
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-c", "listen_addresses="])
            .args(options);
        let mut server = must("run postgres", server.stdout(Stdio::null()).stderr(Stdio::piped()).spawn());
        wait_until_ready(&mut server);
        let postgres = Self { server, programs, account, folder };
        postgres.superuser("CREATE ROLE enamel_owner LOGIN CREATEROLE");
        postgres.superuser("CREATE DATABASE enamel OWNER enamel_owner");
        Some(postgres)
    }

    /// Where the database is, as its owner reaches it.
    pub fn address(&self) -> String {
        format!("host={} user=enamel_owner dbname=enamel", self.folder.path().display())
    }

    /// Runs a statement in `enamel`, or in `postgres` until there is one, as the superuser; what it says, unaligned.
    ///
    /// # Panics
    /// If it fails.
    pub fn superuser(&self, sql: &str) -> String {
        let database = if sql.starts_with("CREATE ") { "postgres" } else { "enamel" };
        let mut psql = command(&self.programs.join("psql"), self.account, false);
        psql.args([
            "-X",
            "-A",
            "-t",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "postgres",
            "-d",
            database,
            "-c",
            sql,
            "-h",
        ]);
        let said = must("run psql", psql.arg(self.folder.path()).output());
        assert!(said.status.success(), "{sql}: {}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8_lossy(&said.stdout).trim().to_owned()
    }
}

impl Drop for TemporaryPostgres {
    fn drop(&mut self) {
        // Its children notice by themselves. Failing is harmless: it is told to end with this process anyway.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The folder with the programs of the newest release.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    found.sort();
    found.reverse();
    let path = std::env::var_os("PATH").unwrap_or_default();
    found.extend(std::env::split_paths(&path));
    let all = ["initdb", "postgres", "psql"];
    found.into_iter().find(|folder| all.iter().all(|program| folder.join(program).is_file()))
}

/// The account that the server is to run as; `None` for the present one.
fn account() -> Option<Account> {
    let is_root =
        std::fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0);
    if !is_root {
        return None;
    }
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    ["postgres", "nobody"].iter().find_map(|name| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some(Account { user: fields.next()?.parse().ok()?, group: fields.next()?.parse().ok()? })
    })
}

/// A program, run as an account, and where it should, ended with this process.
fn command(program: &Path, account: Option<Account>, ends_with_us: bool) -> Command {
    let mut command = Command::new("setpriv");
    if let Some(Account { user, group }) = account {
        command.arg(format!("--reuid={user}")).arg(format!("--regid={group}")).arg("--clear-groups");
    }
    if ends_with_us {
        command.args(["--pdeathsig", "KILL"]);
    }
    command.arg(program).current_dir("/").env_remove("LD_PRELOAD");
    command
}

/// Reads what the server says until it is ready, and goes on reading, so that it is never held up.
fn wait_until_ready(server: &mut Child) {
    let Some(log) = server.stderr.take() else { return };
    let (sender, said) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            // Nobody listens any more once it is ready.
            let _ = sender.send(line);
        }
    });
    let mut log = Vec::new();
    while let Ok(line) = said.recv_timeout(PATIENCE) {
        if line.contains(READY) {
            return;
        }
        log.push(line);
    }
    panic!("PostgreSQL did not start: {}", log.join("\n"));
}

fn must<T>(what: &str, result: std::io::Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("could not {what}: {error}"),
    }
}
