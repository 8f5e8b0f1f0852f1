//! Running the binary as its user does.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// One user's world: a data directory and a practice's folder of its own.
pub(crate) struct World {
    folder: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("practice")).expect("a folder");
        Self { folder }
    }

    /// The practice's folder.
    pub(crate) fn practice(&self) -> std::path::PathBuf {
        self.folder.path().join("practice")
    }

    /// The data directory.
    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// A place for output.
    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a file into the practice's folder.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> std::path::PathBuf {
        let path = self.practice().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// The command, with this world's data directory and nothing of the tester's own settings.
    pub(crate) fn enamel(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_enamel"));
        command.args(arguments).env("ENAMEL_DATA", self.data()).env_remove("ENAMEL_CONTENT");
        command.env("NO_COLOR", "1").current_dir(self.folder.path());
        command
    }

    /// Runs it.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran(self.enamel(arguments).output().expect("enamel starts"))
    }
}

/// What came of a run.
pub(crate) struct Ran(pub(crate) Output);

impl Ran {
    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().expect("it ended by itself")
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).expect("UTF-8")
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    /// Ends the test unless it ran.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code(), 0, "stderr: {}", self.stderr());
        self
    }

    /// Standard output as JSON Lines.
    pub(crate) fn records(&self) -> Vec<serde_json::Value> {
        self.stdout().lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
    }
}

/// Every file below a folder.
pub(crate) fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}
