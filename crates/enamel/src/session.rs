//! One run of the binary: data directory, identity, content, ledger, and the way an observation goes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use enamel_assess::{Assessor, Content, Gathered, practice_profile};
use enamel_ledger::{Appended, Ledger, LedgerError, PracticeView, Receipt};
use enamel_types::judgement::Judgement;
use enamel_types::{
    Body, Clock, DeviceId, Gap, Minter, Observation, PracticeId, PracticeProfile, Sensor, Timestamp,
};
use jiff::SignedDuration;

use crate::cli::Global;
use crate::edge::{self, SystemClock};
use crate::error::Error;
use crate::identity::Identity;
use crate::{own_files, terminal};

/// How long what a sensor saw counts as evidence: a week, so that a weekly scan keeps it fresh.
const VALID_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long to wait for another run's ledger before saying so, and how long after that.
const UNNOTICED: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(9);

/// A run.
pub(crate) struct Session {
    /// The data directory; it exists.
    pub(crate) data: PathBuf,
    /// Who this installation is.
    pub(crate) identity: Identity,
    /// What is judged with.
    pub(crate) content: Content,
    /// What the practice says about itself.
    pub(crate) profile: PracticeProfile,
    /// Whether hints and progress are unwanted.
    pub(crate) quiet: bool,
    /// Whether records are wanted instead of text.
    pub(crate) json: bool,
}

/// What a sensor says: everything of an observation that the session does not know.
pub(crate) struct Saw {
    /// `scan host`.
    pub(crate) sensor: &'static str,
    /// What it is a complete statement about.
    pub(crate) scope: String,
    /// What could not be seen.
    pub(crate) gaps: Vec<Gap>,
    /// What was seen.
    pub(crate) body: Body,
    /// After this it is stale; `None` for the usual week.
    pub(crate) valid_until: Option<Timestamp>,
}

impl Session {
    /// Opens the data directory, making it and the identity at the first run.
    pub(crate) fn open(global: &Global, practice: Option<&Path>) -> Result<Self, Error> {
        let data = data_dir(global)?;
        make_private_folder(&data).map_err(|error| {
            Error::new(format!("the data directory {} could not be made", data.display()))
                .because(error)
                .help("name a folder that can be written with --data DIR")
        })?;
        refuse_shared_folder(&data)?;
        Ok(Self {
            identity: Identity::load_or_make(&data, SystemClock.now())?,
            content: Content::load(global.content.as_deref())?,
            profile: remembered_profile(practice, &data)?,
            quiet: global.quiet,
            json: global.json,
            data,
        })
    }

    /// The same computer, under the ids that a server knows it by.
    pub(crate) fn of_agent(mut self, enrolment: &enamel_agent::Enrolment) -> Self {
        self.identity.practice = enrolment.practice;
        self.identity.device = enrolment.device;
        self.identity.agent = enrolment.agent;
        self
    }

    /// The practice.
    pub(crate) fn practice(&self) -> PracticeId {
        self.identity.practice
    }

    /// This computer.
    pub(crate) fn device(&self) -> DeviceId {
        self.identity.device
    }

    /// The present moment.
    #[expect(clippy::unused_self, reason = "whoever asks need not know that it is the system's clock")]
    pub(crate) fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    /// Makes an observation of what a sensor saw, now.
    pub(crate) fn observe(&self, saw: Saw) -> Observation {
        let now = self.now();
        let mut fill = edge::random;
        Observation {
            id: Minter::new(&mut fill).observation(now),
            practice: self.identity.practice,
            device: self.identity.device,
            agent: self.identity.agent,
            observed_at: now,
            valid_until: saw.valid_until.unwrap_or(now + VALID_FOR),
            sensor: Sensor { name: saw.sensor.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            scope: saw.scope,
            gaps: saw.gaps,
            body: saw.body,
        }
    }

    /// Keeps observations in the ledger. When this returns they are on the disk.
    pub(crate) fn record(&self, observations: &[Observation]) -> Result<Vec<Receipt>, Error> {
        let mut ledger = self.ledger()?;
        let appended = ledger.append(self.now(), observations).map_err(|error| {
            Error::new("what was seen could not be recorded")
                .because(error)
                .help("nothing was written; free some space or name another folder with --data DIR, and run it again")
        })?;
        appended
            .into_iter()
            .map(|appended| match appended {
                Appended::New(receipt) | Appended::AlreadyPresent(receipt) => Ok(receipt),
                // Two observations with one id: the randomness of this computer is broken, and evidence would be lost.
                Appended::Conflict(receipt) => Err(Error::new(format!(
                    "the observation {} is already in the ledger and says something else",
                    receipt.id
                ))
                .help("run `enamel ledger verify`, and check this computer's random numbers")),
            })
            .collect()
    }

    /// What this practice is judged with.
    pub(crate) fn assessor(&self) -> Assessor<'_> {
        Assessor { content: &self.content, profile: &self.profile }
    }

    /// What an observation means.
    pub(crate) fn judge(&self, observation: &Observation) -> Judgement {
        self.assessor().judge(observation)
    }

    /// The present state of the practice: every observation of the ledger, judged and folded.
    pub(crate) fn view(&self, ledger: &Ledger) -> Result<PracticeView, Error> {
        PracticeView::rebuild(ledger, self.practice(), &|observation| self.judge(observation))
            .map_err(Error::ledger_unreadable)
    }

    /// Where the ledger is.
    pub(crate) fn ledger_path(&self) -> PathBuf {
        ledger_path(&self.data)
    }

    /// Opens the ledger, when another run lets go of it. Held for as short a time as possible: one process at a time has it.
    pub(crate) fn ledger(&self) -> Result<Ledger, Error> {
        let path = self.ledger_path();
        let opened = match Ledger::open_within(&path, UNNOTICED) {
            Err(LedgerError::Locked { .. }) => {
                terminal::hint(self.quiet, "Another run of enamel has the ledger; waiting for it to end");
                Ledger::open_within(&path, PATIENCE)
            }
            other => other,
        };
        let opened = opened.map_err(|error| {
            let help = match &error {
                LedgerError::Locked { .. } => "another run of enamel has it; wait for that to end and run this again",
                LedgerError::ReadOnly { .. } => "run as the user who owns the data directory, or name another with --data DIR",
                LedgerError::NewerFormat { .. } => "install the newer enamel that wrote it",
                LedgerError::Full { .. } => "free some space and run it again",
                LedgerError::Io { .. } | LedgerError::NotALedger { .. } => "name another data directory with --data DIR",
                _ => "run `enamel ledger verify`; `enamel ledger salvage` saves every good entry and keeps the damaged file",
            };
            Error::new(format!("the ledger {} could not be opened", path.display())).because(error).help(help)
        })?;
        if let Some(torn) = opened.torn_tail {
            let bytes = torn.bytes;
            // Not a hint: whoever runs this unattended has to find it in the log.
            terminal::hint(
                false,
                &match torn.kept {
                    Some(kept) => format!(
                        "warning: the ledger's last write was cut short or damaged; {bytes} bytes were taken off and kept in {}",
                        kept.display()
                    ),
                    None => format!(
                        "warning: the ledger's last write was interrupted before it was acknowledged; {bytes} bytes were taken off"
                    ),
                },
            );
        }
        Ok(opened.ledger)
    }
}

/// Reads what a view rests on.
pub(crate) fn gather(ledger: &Ledger, view: &PracticeView, now: Timestamp) -> Result<Gathered, Error> {
    Gathered::from(view, now, |id| ledger.get(id)).map_err(Error::ledger_unreadable)
}

/// The practice file that was given, or the one given to an earlier run: figures that change with a forgotten option would
/// be worth nothing.
fn remembered_profile(path: Option<&Path>, data: &Path) -> Result<PracticeProfile, Error> {
    let kept = data.join(own_files::PRACTICE);
    let Some(path) = path else {
        return Ok(practice_profile(kept.exists().then_some(kept.as_path()))?);
    };
    let profile = practice_profile(Some(path))?;
    // The text, not the profile: comments stay, and a mistake is named at the line its author knows.
    let text = fs::read(path).map_err(|error| {
        Error::new(format!("{} could not be read", path.display()))
            .because(error)
            .help("name a TOML file that exists")
    })?;
    crate::commands::export::write(&kept, &text)?;
    Ok(profile)
}

/// Makes a folder that only its owner can enter: what Enamel has seen of a computer is a map for an attacker.
pub(crate) fn make_private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A data directory that others can write to proves nothing: they could put their own ledger in it.
fn refuse_shared_folder(data: &Path) -> Result<(), Error> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(data).map_or(0, |meta| meta.permissions().mode());
        if mode & 0o022 != 0 {
            return Err(Error::new(format!(
                "the data directory {} can be written by others",
                data.display()
            ))
            .help(format!("chmod 700 {}, or name another folder with --data DIR", data.display())));
        }
    }
    let _ = data;
    Ok(())
}

/// The data directory that is meant.
pub(crate) fn data_dir(global: &Global) -> Result<PathBuf, Error> {
    global.data.clone().map_or_else(edge::default_data_dir, Ok)
}

/// Where the ledger is below a data directory.
pub(crate) fn ledger_path(data: &Path) -> PathBuf {
    data.join(own_files::LEDGER)
}
