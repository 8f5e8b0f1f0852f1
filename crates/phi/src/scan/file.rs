//! Looking into one file.
//!
//! Plain and delimited text in UTF-8 takes a fast way, [`pieces`](super::pieces); everything else goes through
//! [`extract`](crate::extract::extract). What goes wrong with a file is a problem of its report. Kept in the cache is only what will come
//! out the same as long as the file does not change: not what the time limit, a refusal or a reader that gave up has cut short.

use std::fs::Metadata;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use enamel_types::patient_data::EntityCounts;
use enamel_types::time::{Clock, Timestamp};

use super::ScanOptions;
use super::cache::{Cache, Stamp};
use super::open::{Refusal, open, read_at};
use super::pieces::Text;
use super::walk::{self, Job};
use crate::detect::{Detector, Outcome, Tally};
use crate::extract::{self, Budget, Encoding, Format, HEAD, Limits, Pace, Source};
use crate::persons::People;
use crate::report::FileReport;
use crate::sink::{Problem, ProblemKind};

/// Files of this size and more are shared between threads.
const LARGE: u64 = 16 << 20;

/// What was found in one file, as it is kept in the cache and folded into surveys.
pub(super) struct Found {
    pub(super) format: String,
    pub(super) bytes: u64,
    pub(super) has_phi: bool,
    pub(super) tally: Tally,
    pub(super) people: People,
    pub(super) problems: Vec<Problem>,
}

/// One file that was looked into, or a folder or another thing that could not be.
pub(super) struct Looked {
    pub(super) root: usize,
    pub(super) path: PathBuf,
    pub(super) is_file: bool,
    /// Whether everybody may read the file, by its own permissions.
    pub(super) open_to_all: Option<bool>,
    pub(super) found: Found,
    /// For the cache; `None` where it must not be kept.
    pub(super) stamp: Option<Stamp>,
}

impl Looked {
    /// What a survey counts of it: of a file without patient data not what was found.
    pub(super) fn counted(mut self) -> Self {
        if !self.found.has_phi {
            self.found.tally = Tally::default();
            self.found.people = Outcome::new().people;
        }
        self
    }

    /// The report for the caller.
    pub(super) fn report(&self, fingerprints: bool) -> FileReport {
        let found = &self.found;
        let entities: EntityCounts = found.tally.counts();
        let persons = if found.has_phi { found.people.estimate() } else { enamel_types::Estimate::exact(0) };
        FileReport {
            path: self.path.clone(),
            format: found.format.clone(),
            bytes: found.bytes,
            has_phi: found.has_phi,
            entities,
            persons,
            errors: found.problems.clone(),
            values: if fingerprints { found.tally.values() } else { std::collections::BTreeMap::new() },
            #[cfg(feature = "test-reveal")]
            found: found.tally.found.iter().cloned().collect(),
        }
    }
}

/// Looks into files, from several threads.
pub(super) struct Looker<'a> {
    options: &'a ScanOptions,
    clock: &'a dyn Clock,
    cancel: &'a AtomicBool,
    cache: Option<&'a Cache>,
    threads: usize,
    today: (u16, u8, u8),
    started: Timestamp,
    pace: Option<Pace<'a>>,
    /// Only one large file is shared between threads at a time.
    large: Mutex<()>,
}

/// What looking into a file gave.
struct Seen {
    format: Format,
    outcome: Outcome,
    /// Whether it depends on the file alone, and may be kept.
    settled: bool,
}

impl<'a> Looker<'a> {
    pub(super) fn new(
        options: &'a ScanOptions,
        clock: &'a dyn Clock,
        cancel: &'a AtomicBool,
        cache: Option<&'a Cache>,
        threads: usize,
    ) -> Self {
        let started = clock.now();
        let date = jiff::tz::TimeZone::UTC.to_datetime(started).date();
        let today = (
            u16::try_from(date.year()).unwrap_or(2000),
            u8::try_from(date.month()).unwrap_or(1),
            u8::try_from(date.day()).unwrap_or(1),
        );
        let pace = options.bytes_per_second.map(|limit| Pace::new(limit, clock, cancel));
        Self { options, clock, cancel, cache, threads, today, started, pace, large: Mutex::new(()) }
    }

    /// Looks into one file. What goes wrong is a problem of its report.
    pub(super) fn look(&self, job: Job) -> Looked {
        let Job { root, path, named, what } = job;
        let meta = match what {
            Ok(meta) => meta,
            Err(problem) => {
                // A root that is neither file nor folder.
                let other = problem.kind == ProblemKind::Unsupported;
                let format = if other { Format::Other.as_str() } else { "folder" };
                let found = Found::nothing(format, vec![problem]);
                return Looked { root, path, is_file: false, open_to_all: None, found, stamp: None };
            }
        };
        let open_to_all = open_to_all(&meta);
        let stamp = self.cache.and_then(|_| Stamp::of(&path, &meta, self.started));
        if let (Some(cache), Some(stamp)) = (self.cache, &stamp)
            && let Some(found) = cache.recall(stamp)
        {
            return Looked { root, path, is_file: true, open_to_all, found, stamp: None };
        }
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let seen = catch_unwind(AssertUnwindSafe(|| self.read(&path, &name, named, &meta)));
        let Seen { format, outcome, settled } = match seen {
            Ok(Ok(seen)) => seen,
            Ok(Err(refusal)) => Seen::problem(ProblemKind::Unreadable, format!("{name} {refusal}")),
            Err(_) => Seen::problem(ProblemKind::Unreadable, format!("{name}: its reader gave up")),
        };
        let found = Found {
            format: format.as_str().to_owned(),
            bytes: walk::on_disk(&meta),
            has_phi: outcome.has_phi(),
            tally: outcome.tally,
            people: outcome.people,
            problems: outcome.problems,
        };
        Looked { root, path, is_file: true, open_to_all, found, stamp: stamp.filter(|_| settled) }
    }

    fn read(&self, path: &Path, name: &str, named: bool, seen: &Metadata) -> Result<Seen, Refusal> {
        let (file, meta) = open(path, seen, named)?;
        let budget = self.budget();
        let mut head = Vec::with_capacity(HEAD);
        let got = Read::take(&file, HEAD as u64).read_to_end(&mut head);
        budget.note_read(&got);
        got?;
        let format = extract::sniff_file(&head, name, Source::file(&file, meta.len(), path), &budget);
        let (encoding, mark) = extract::detect(&head);
        let mut detector = Detector::new(self.options.fingerprint_key, self.today);
        if matches!(format, Format::Txt | Format::Csv) && encoding == Encoding::Utf8 {
            let read = |buf: &mut [u8], at: u64| read_at(&file, buf, at);
            let (len, delimited) = (meta.len(), format == Format::Csv);
            let text = Text { name, read: &read, len, mark: mark as u64, delimited };
            let shared = len >= LARGE && self.threads > 1;
            let turn = shared.then(|| self.large.lock().unwrap_or_else(PoisonError::into_inner));
            let threads = if shared { self.threads } else { 1 };
            let (outcome, settled) = text.look(detector, &|| self.budget(), threads);
            drop(turn);
            return Ok(Seen { format, outcome, settled });
        }
        io::Seek::rewind(&mut &file)?;
        extract::extract(Source::file(&file, meta.len(), path), name, format, &budget, &mut detector);
        let outcome = detector.finish();
        Ok(Seen { format, outcome, settled: budget.is_settled() })
    }

    /// A full budget, which starts to run now.
    fn budget(&self) -> Budget<'_> {
        Budget::new(Limits::default(), self.clock, self.cancel).at_pace(self.pace.as_ref())
    }
}

impl Seen {
    fn problem(kind: ProblemKind, detail: String) -> Self {
        let mut outcome = Outcome::new();
        outcome.problems.push(Problem { kind, detail });
        Self { format: Format::Other, outcome, settled: false }
    }
}

/// About how many bytes are held by what was found: what is known of a person, and of a value, with the maps they are in.
pub(super) fn weight(people: &People, tally: &Tally) -> u64 {
    const PERSON: u64 = 256;
    const VALUE: u64 = 16;
    1024 + PERSON * people.persons().count() as u64 + VALUE * tally.counts().values().sum::<u64>()
}

impl Found {
    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> u64 {
        weight(&self.people, &self.tally)
    }

    fn nothing(format: &str, problems: Vec<Problem>) -> Self {
        let outcome = Outcome::new();
        Self {
            format: format.to_owned(),
            bytes: 0,
            has_phi: false,
            tally: outcome.tally,
            people: outcome.people,
            problems,
        }
    }
}

/// Whether every account may read a file, by its own permissions.
#[cfg(unix)]
#[allow(clippy::unnecessary_wraps)] // other systems cannot say
fn open_to_all(meta: &std::fs::Metadata) -> Option<bool> {
    use std::os::unix::fs::MetadataExt;
    Some(meta.mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn open_to_all(_meta: &std::fs::Metadata) -> Option<bool> {
    None
}
