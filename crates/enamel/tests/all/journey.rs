//! The whole way, as an MSP's owner walks it: a server from nothing, a passkey, a practice, a computer under watch, what it found,
//! and what is gone after it was mended.
//!
//! Needs Chromium, and Node with the packages of `crates/server/tests/browser/package.json` (`npm install` there, or the folder named by
//! `ENAMEL_BROWSER_MODULES`). Where they are missing the test says so and passes; under `CI=true` it fails.
//! `ENAMEL_SHOTS=DIR` keeps a picture of every screen.

#![allow(clippy::unwrap_used, reason = "what a test cannot build stops it")]

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};

use enamel_testkit::Browser;

/// Patients who are nobody, in a place where nobody should keep them.
const CHARTS: &str = "Name,Date of birth,SSN\n\
    Ann Roe,01/02/1980,512-40-6710\nBen Poe,03/04/1975,512-40-6711\nCat Doe,05/06/1990,512-40-6712\n";

/// Ends with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The owner at the browser.
struct Owner {
    _browser: Running,
    tells: Lines<BufReader<ChildStdout>>,
    hears: ChildStdin,
}

impl Owner {
    /// Waits until the owner has reached `word`; what came with it.
    fn reaches(&mut self, word: &str) -> String {
        let line = self.tells.next().unwrap_or_else(|| panic!("the browser ended before {word:?}")).unwrap();
        let (said, rest) = line.split_once(' ').unwrap_or((&line, ""));
        assert_eq!(said, word, "{line}");
        rest.to_owned()
    }

    fn tell(&mut self, word: &str) {
        writeln!(self.hears, "{word}").unwrap();
    }
}

#[test]
fn from_nothing_to_a_finding_that_is_gone() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/tests/browser");
    let Some(browser) = Browser::find(&folder) else { return };
    let work = tempfile::tempdir().unwrap();
    let at = |name: &str| work.path().join(name);
    let charts = at("files/Desktop");
    std::fs::create_dir_all(&charts).unwrap();
    std::fs::write(charts.join("recall list.csv"), CHARTS).unwrap();

    let agents = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut server = Running(
        enamel(&["serve", "--json", "--listen", "127.0.0.1:0"], &at("server"))
            .args(["--agents", &agents.to_string()])
            .env("ENAMEL_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut said = BufReader::new(server.0.stdout.take().unwrap()).lines();
    let said: serde_json::Value = serde_json::from_str(&said.next().unwrap().unwrap()).unwrap();
    let link = said["setup_link"].as_str().unwrap();

    let shots = std::env::var_os("ENAMEL_SHOTS").map_or_else(|| at("shots"), PathBuf::from);
    std::fs::create_dir_all(&shots).unwrap();
    let mut owner = owner(link, &shots, &browser);

    let token = owner.reaches("token");
    let url = format!("https://{agents}");
    done(enamel(&["agent", "enrol", "--server", &url, "--token", &token], &at("agent")));
    let look = || {
        let mut look = enamel(&["agent", "run", "--once", "--look-in"], &at("agent"));
        look.arg(at("files"));
        done(look)
    };
    look();
    owner.tell("looked");
    owner.reaches("seen");

    std::fs::remove_file(charts.join("recall list.csv")).unwrap();
    look();
    owner.tell("fixed");
    let gone = owner.reaches("gone");
    assert!(gone.contains("Gone") && gone.contains("First seen"), "{gone}");
    assert!(owner.reaches("screens").parse::<u32>().unwrap() >= 16);
}

fn owner(link: &str, shots: &Path, browser: &Browser) -> Owner {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/journey.mjs");
    let mut child = Command::new("node")
        .arg(script)
        .arg(link)
        .args([shots, &browser.modules, &browser.program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (hears, tells) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    Owner { _browser: Running(child), tells: BufReader::new(tells).lines(), hears }
}

/// The program on a data folder of its own. What follows `words` may be an option's value.
fn enamel(words: &[&str], data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_enamel"));
    command.arg("--data").arg(data).args(words);
    command
}

fn done(mut command: Command) -> Output {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
