//! Walking folders and looking into every file.
//!
//! One thread walks, one counts ahead for the time left, the others look into files, and the calling thread collects. The
//! channel between them is short, so that memory does not grow with the number of files.

mod cache;
mod file;
mod open;
mod order;
mod pieces;
mod survey;
mod walk;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use enamel_types::patient_data::PatientDataSurvey;
use enamel_types::time::{Clock, Timestamp};

use self::cache::Cache;
use self::file::{Looked, Looker};
use self::order::{InOrder, Turns};
use self::survey::Survey;
use self::walk::{Counted, Job, Walk};
use crate::report::FileReport;

/// Files that wait between the walk and the workers.
const WAITING: usize = 512;
/// How many files may be begun from the first one that is not folded yet.
const FILES_AHEAD: u64 = 4096;
/// How often the caller hears of progress.
const TICK: Duration = Duration::from_millis(200);

/// How to scan.
#[derive(Debug, Clone, Default)]
pub struct ScanOptions {
    /// Worker threads; 0 means one for each processor.
    pub threads: usize,
    /// At most this many bytes are read in a second, so that a computer in use stays usable; `None` means no limit.
    pub bytes_per_second: Option<u64>,
    /// A SQLite file that remembers files already looked at (counts and fingerprints, never values), so that a second scan
    /// is fast and a killed one resumes. Created where missing; `None` means every file is read.
    pub cache: Option<PathBuf>,
    /// Whether to stay on the file system of each root.
    pub one_file_system: bool,
    /// Folders that are not entered, and files that are not looked at.
    pub exclude: Vec<PathBuf>,
    /// Key of the fingerprints: the practice's own, so that they mean nothing to anybody else.
    pub fingerprint_key: [u8; 32],
    /// Whether reports list fingerprints of values.
    pub fingerprints: bool,
}

/// How far a scan is. The totals grow until `counted`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Files done.
    pub files: u64,
    /// Bytes done.
    pub bytes: u64,
    /// Files seen by the walk so far.
    pub files_total: u64,
    /// Bytes seen by the walk so far.
    pub bytes_total: u64,
    /// Whether the walk has seen everything, so that the totals are final.
    pub counted: bool,
    /// Files that hold patient data, so far.
    pub files_with_phi: u64,
    /// Time since the scan began.
    pub elapsed: Duration,
    /// Bytes done in a second, on average.
    pub bytes_per_second: f64,
    /// Time left at that rate; `None` until it can be said.
    pub left: Option<Duration>,
}

/// Why a scan could not be done at all. What goes wrong with one file is a [`Problem`](crate::sink::Problem) of its report.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// A root does not exist.
    #[error("{} does not exist; name a file or a folder that does", path.display())]
    NoSuchRoot {
        /// The root.
        path: PathBuf,
    },
    /// A root could not be looked at.
    #[error("{} could not be opened; check its permissions", path.display())]
    Root {
        /// The root.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The cache could not be used.
    #[error("the cache {} could not be used; delete it or name another", path.display())]
    Cache {
        /// The cache.
        path: PathBuf,
        /// Why.
        source: Box<rusqlite::Error>,
    },
    /// The caller cancelled. Files done are in the cache, if there is one.
    #[error("the scan was cancelled; with a cache, the next one goes on where it stopped")]
    Cancelled,
}

/// Looks into every file below the roots.
///
/// Gives one survey for each root, in their order. `each` gets every file's report, in the order in which files are done,
/// on the calling thread; `progress` is called there too, about five times a second. Set `cancel` from anywhere to stop.
pub fn scan(
    roots: &[PathBuf],
    options: &ScanOptions,
    clock: &dyn Clock,
    cancel: &AtomicBool,
    progress: &mut dyn FnMut(Progress),
    each: &mut dyn FnMut(FileReport),
) -> Result<Vec<PatientDataSurvey>, ScanError> {
    for root in roots {
        std::fs::metadata(root).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => ScanError::NoSuchRoot { path: root.clone() },
            _ => ScanError::Root { path: root.clone(), source },
        })?;
    }
    let cache =
        options.cache.as_deref().map(|path| Cache::open(path, &options.fingerprint_key)).transpose()?;
    let threads = match options.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        asked => asked,
    };
    let counted = Counted::default();
    let done = AtomicBool::new(false);
    let worker = Looker::new(options, clock, cancel, cache.as_ref(), threads);
    let turns = Turns::new(FILES_AHEAD);
    let mut surveys: Vec<Survey> = roots.iter().map(|root| Survey::new(root)).collect();
    let started = clock.now();
    std::thread::scope(|scope| {
        let (jobs_in, jobs) = mpsc::sync_channel::<(u64, Job)>(WAITING);
        let jobs = Arc::new(Mutex::new(jobs));
        let (results_in, results) = mpsc::sync_channel::<(u64, Looked)>(WAITING);
        scope.spawn(|| Walk::new(options, cancel, &done).count(roots, &counted));
        {
            let done = &done;
            scope.spawn(move || {
                let mut numbers = 0..;
                let mut send = |job| numbers.next().is_some_and(|number| jobs_in.send((number, job)).is_ok());
                Walk::new(options, cancel, done).visit(roots, &mut send);
            });
        }
        for _ in 0..threads {
            let (results_in, jobs) = (results_in.clone(), Arc::clone(&jobs));
            let (worker, turns) = (&worker, &turns);
            scope.spawn(move || {
                loop {
                    let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((number, job)) = job else { break };
                    if cancel.load(Ordering::Relaxed)
                        || !turns.begin(number, &|| cancel.load(Ordering::Relaxed))
                    {
                        continue;
                    }
                    if results_in.send((number, worker.look(job))).is_err() {
                        break;
                    }
                }
            });
        }
        // The workers hold the only ends now: when they are gone, so are the channels.
        drop((results_in, jobs));
        let mut tally = Collected { files: 0, bytes: 0, with_phi: 0, started, told: started };
        let mut order = InOrder::from(0, &turns);
        loop {
            match results.recv_timeout(TICK) {
                Ok((number, one)) => {
                    if let (Some(cache), Some(stamp)) = (&cache, &one.stamp) {
                        cache.keep(stamp, &one.found);
                    }
                    tally.files += u64::from(one.is_file);
                    tally.bytes += one.found.bytes;
                    tally.with_phi += u64::from(one.found.has_phi);
                    each(one.report(options.fingerprints));
                    order.add(number, one.found.weight(), one.counted(), &mut |one| {
                        surveys[one.root].add(one);
                    });
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            tally.tell(clock, &counted, false, progress);
        }
        done.store(true, Ordering::Relaxed);
        tally.tell(clock, &counted, true, progress);
    });
    if let Some(cache) = &cache {
        cache.flush();
    }
    if cancel.load(Ordering::Relaxed) {
        return Err(ScanError::Cancelled);
    }
    Ok(surveys.into_iter().map(Survey::finish).collect())
}

/// What the calling thread has heard so far.
struct Collected {
    files: u64,
    bytes: u64,
    with_phi: u64,
    started: Timestamp,
    told: Timestamp,
}

impl Collected {
    fn tell(&mut self, clock: &dyn Clock, counted: &Counted, last: bool, progress: &mut dyn FnMut(Progress)) {
        let now = clock.now();
        if !last && now.duration_since(self.told).unsigned_abs() < TICK {
            return;
        }
        self.told = now;
        let elapsed = now.duration_since(self.started).unsigned_abs();
        let rate = if elapsed.is_zero() { 0.0 } else { self.bytes as f64 / elapsed.as_secs_f64() };
        let complete = counted.complete.load(Ordering::Relaxed);
        let bytes_total = counted.bytes.load(Ordering::Relaxed).max(self.bytes);
        let known = complete && rate > 0.0;
        progress(Progress {
            files: self.files,
            bytes: self.bytes,
            files_total: counted.files.load(Ordering::Relaxed).max(self.files),
            bytes_total,
            counted: complete,
            files_with_phi: self.with_phi,
            elapsed,
            bytes_per_second: rate,
            left: known.then(|| Duration::from_secs_f64(((bytes_total - self.bytes) as f64 / rate).min(1e9))),
        });
    }
}
