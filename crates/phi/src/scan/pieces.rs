//! Plain and delimited text in UTF-8, the fast way: pieces of [`PIECE`] bytes, cut at line ends, read at their place into a buffer
//! that is used again. A large file's pieces are shared between threads.
//!
//! Every piece is accounted for: one that could not be read, or whose reader gave up, is counted and named as a problem.

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::detect::{Detector, Outcome};
use crate::extract::{Budget, Stop};
use crate::sink::{Problem, ProblemKind, Sink};

use super::file::weight;
use super::order::{InOrder, Turns};

/// What a thread reads of a text at once.
const PIECE: usize = 1 << 20;
/// How many pieces may be begun from the first one that is not merged yet.
const PIECES_AHEAD: u64 = 64;
/// A line that goes on past the end of a piece is followed this far.
const LINE: usize = 64 << 10;
/// A paragraph is followed this far; beyond, a piece is cut at a line's end.
const PARAGRAPH: usize = 8 << 10;

/// Reads bytes at a place of the file; may give less than fits.
pub(super) type ReadAt<'a> = dyn Fn(&mut [u8], u64) -> io::Result<usize> + Sync + 'a;

/// A text to be looked into.
pub(super) struct Text<'a> {
    /// Begins the names of problems.
    pub(super) name: &'a str,
    pub(super) read: &'a ReadAt<'a>,
    pub(super) len: u64,
    /// Length of its byte order mark.
    pub(super) mark: u64,
    /// Whether its format says that it is delimited; a blank line then means nothing: it may stand within a quoted cell.
    pub(super) delimited: bool,
}

impl Text<'_> {
    /// What `first` finds in the text, on `threads` threads, and whether that depends on the file alone. Each thread gets a
    /// budget of its own.
    pub(super) fn look<'b>(
        &self,
        mut first: Detector,
        budget: &(dyn Fn() -> Budget<'b> + Sync),
        threads: usize,
    ) -> (Outcome, bool) {
        let own = budget();
        let mut reader = Pieces::new(self, &own);
        let lost = match reader.piece(0) {
            Ok(lines) => {
                self.feed(&mut first, lines);
                reader.shorter.then_some(Lost::Shorter)
            }
            Err(error) => Some(Lost::Unreadable(error.kind())),
        };
        let turns = Turns::new(PIECES_AHEAD);
        let work = Work {
            text: self,
            pieces: self.len.div_ceil(PIECE as u64).max(1),
            next: AtomicU64::new(1),
            later: first.fork(),
            turns: &turns,
            merged: Mutex::new(Merged {
                whole: first.finish(),
                order: InOrder::from(1, &turns),
                lost: lost.map(|lost| (lost, 1)).into_iter().collect(),
                stop: None,
            }),
        };
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(|| {
                    let own = budget();
                    work.take(&mut Pieces::new(self, &own), &own);
                });
            }
            work.take(&mut reader, &own);
        });
        work.finish()
    }

    fn feed(&self, detector: &mut Detector, lines: &str) {
        if self.delimited { detector.delimited(lines) } else { detector.text(lines) }
    }
}

/// Why a piece was not looked at, or not wholly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lost {
    Unreadable(io::ErrorKind),
    Shorter,
    GaveUp,
    Stopped(Stop),
}

impl Lost {
    fn problem(self, name: &str, pieces: u64, of: u64) -> Problem {
        let (kind, why) = match self {
            Self::Unreadable(error) => (ProblemKind::Unreadable, format!("could not be read ({error})")),
            Self::Shorter => {
                (ProblemKind::Unreadable, "were cut off: it became shorter while it was looked at".to_owned())
            }
            Self::GaveUp => {
                (ProblemKind::Unreadable, "could not be looked at: their reader gave up".to_owned())
            }
            Self::Stopped(stop) => (ProblemKind::Limit, format!("were not looked at: {stop}")),
        };
        Problem { kind, detail: format!("{name}: {pieces} of its {of} parts {why}") }
    }
}

/// A text whose pieces are shared between threads.
struct Work<'a> {
    text: &'a Text<'a>,
    pieces: u64,
    /// The next piece that nobody has taken.
    next: AtomicU64,
    /// Knows what the first piece showed about columns.
    later: Detector,
    turns: &'a Turns,
    merged: Mutex<Merged<'a>>,
}

impl<'a> Work<'a> {
    /// Takes one piece after the other until none is left or the time is up.
    fn take(&self, reader: &mut Pieces<'_>, budget: &Budget<'_>) {
        loop {
            if let Err(stop) = budget.check() {
                self.merged().stop = Some(stop);
                return;
            }
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= self.pieces {
                return;
            }
            // Somebody else's piece may take long. What waits behind it is bounded; the time is up for all of us alike.
            if !self.turns.begin(index, &|| budget.check().is_err()) {
                continue;
            }
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                // Each piece has a detector of its own, so that it comes out the same whichever thread gets it.
                let mut detector = self.later.fork();
                let lines = reader.piece(index).map_err(|error| Lost::Unreadable(error.kind()))?;
                self.text.feed(&mut detector, lines);
                Ok(detector.finish())
            }));
            self.merged().add(index, outcome.unwrap_or(Err(Lost::GaveUp)), reader.shorter);
        }
    }

    fn merged(&self) -> MutexGuard<'_, Merged<'a>> {
        self.merged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(self) -> (Outcome, bool) {
        let Merged { mut whole, order, mut lost, stop } =
            self.merged.into_inner().unwrap_or_else(PoisonError::into_inner);
        let taken = order.finish(&mut |found| merge(&mut whole, found));
        // Threads stop early only because of the time or a cancelled scan.
        if taken < self.pieces {
            lost.insert(Lost::Stopped(stop.unwrap_or(Stop::Time)), self.pieces - taken);
        }
        let settled = lost.is_empty();
        for (lost, pieces) in lost {
            whole.problems.push(lost.problem(self.text.name, pieces, self.pieces));
        }
        (whole, settled)
    }
}

/// What was found in pieces, added up in the order of the text, so that people come out the same whoever was done first.
struct Merged<'a> {
    whole: Outcome,
    order: InOrder<'a, Option<Outcome>>,
    /// Pieces that were not looked at, or not wholly.
    lost: BTreeMap<Lost, u64>,
    /// Why a thread left pieces to nobody.
    stop: Option<Stop>,
}

/// A piece that was lost has nothing to add.
fn merge(whole: &mut Outcome, found: Option<Outcome>) {
    if let Some(found) = found {
        whole.merge(found);
    }
}

impl Merged<'_> {
    fn add(&mut self, index: u64, outcome: Result<Outcome, Lost>, shorter: bool) {
        let lost = outcome.as_ref().err().copied().or(shorter.then_some(Lost::Shorter));
        if let Some(lost) = lost {
            *self.lost.entry(lost).or_default() += 1;
        }
        let weight = outcome.as_ref().map_or(0, |found| weight(&found.people, &found.tally));
        let Self { whole, order, .. } = self;
        order.add(index, weight, outcome.ok(), &mut |found| merge(whole, found));
    }
}

/// Reads pieces of a file at their places, cut between paragraphs or at least between lines.
struct Pieces<'a> {
    text: &'a Text<'a>,
    budget: &'a Budget<'a>,
    /// Whether the piece read last ended before the file should.
    shorter: bool,
    buffer: Vec<u8>,
    /// Used where a piece is not UTF-8.
    decoded: String,
}

impl<'a> Pieces<'a> {
    fn new(text: &'a Text<'a>, budget: &'a Budget<'a>) -> Self {
        Self { text, budget, shorter: false, buffer: Vec::new(), decoded: String::new() }
    }

    /// Where a piece begins that should begin right after the byte at `at`: after the blank line or line end that follows. It
    /// depends on the file alone, so that the piece before ends there too.
    fn cut(&self, bytes: &[u8], at: usize) -> usize {
        let ahead = &bytes[at.min(bytes.len())..bytes.len().min(at + LINE)];
        let blank =
            |newline: &usize| matches!(ahead.get(newline + 1..), Some([b'\n', ..] | [b'\r', b'\n', ..]));
        let near = &ahead[..ahead.len().min(PARAGRAPH)];
        let paragraph = if self.text.delimited { None } else { memchr::memchr_iter(b'\n', near).find(blank) };
        match paragraph.or_else(|| memchr::memchr(b'\n', ahead)) {
            Some(newline) => at + newline + 1,
            // The last line of the file, or one without end, which is torn rather than lost.
            None if ahead.len() < LINE => bytes.len(),
            None => at + 1,
        }
    }

    /// The lines of piece `index`.
    fn piece(&mut self, index: u64) -> io::Result<&str> {
        let begin = index * PIECE as u64;
        // One byte more in front tells whether a line begins exactly here.
        let from = begin.saturating_sub(1).max(if index == 0 { self.text.mark } else { 0 });
        let want =
            usize::try_from((begin + PIECE as u64 + LINE as u64).min(self.text.len).saturating_sub(from))
                .unwrap_or(PIECE + LINE);
        self.buffer.resize(want, 0);
        let filled = self.fill(from)?;
        self.shorter = filled < want;
        let bytes = &self.buffer[..filled];
        let last = usize::try_from(begin + PIECE as u64 - 1 - from).unwrap_or(PIECE);
        let end = if last >= filled { filled } else { self.cut(bytes, last) };
        let start = if index == 0 { 0 } else { self.cut(bytes, 0).min(end) };
        let lines = &bytes[start..end];
        // Holes of a sparse file read as zeros; nothing stands in them.
        if lines.first() == Some(&0) && lines.iter().all(|byte| *byte == 0) {
            return Ok("");
        }
        if let Ok(text) = std::str::from_utf8(&self.buffer[start..end]) {
            return Ok(text);
        }
        self.decoded.clear();
        for chunk in self.buffer[start..end].utf8_chunks() {
            self.decoded.push_str(chunk.valid());
            self.decoded.push_str(&encoding_rs::WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
        }
        Ok(&self.decoded)
    }

    /// Fills the buffer with what stands at `from`; gives how much that was.
    fn fill(&mut self, from: u64) -> io::Result<usize> {
        let mut filled = 0;
        while filled < self.buffer.len() {
            let got = (self.text.read)(&mut self.buffer[filled..], from + filled as u64);
            self.budget.note_read(&got);
            match got {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::sync::atomic::AtomicBool;

    use enamel_types::patient_data::Entity;
    use enamel_types::{Clock, Timestamp};

    use super::*;
    use crate::extract::Limits;

    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }
    }

    static NEVER: AtomicBool = AtomicBool::new(false);

    fn budget() -> Budget<'static> {
        Budget::new(Limits::default(), &Stopped, &NEVER)
    }

    fn read_from(bytes: &[u8], buf: &mut [u8], at: u64) -> usize {
        let rest = bytes.get(usize::try_from(at).unwrap()..).unwrap_or_default();
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        n
    }

    #[test]
    fn every_line_is_in_exactly_one_piece() {
        let mut text = String::new();
        for n in 0..150_000 {
            writeln!(text, "line {n} {}", "x".repeat(n % 31)).unwrap();
        }
        let len = text.len() as u64;
        let read = |buf: &mut [u8], at: u64| Ok(read_from(text.as_bytes(), buf, at));
        let file = Text { name: "lines.txt", read: &read, len, mark: 0, delimited: false };
        let own = budget();
        let mut pieces = Pieces::new(&file, &own);
        let mut back = String::new();
        for index in 0..len.div_ceil(PIECE as u64) {
            back.push_str(pieces.piece(index).unwrap());
        }
        assert!(back == text, "{} of {} bytes came back", back.len(), text.len());
    }

    #[test]
    fn every_piece_is_looked_at_or_named() {
        const PIECES: usize = 12;
        // One number in the middle of each piece.
        let mut text = String::new();
        for n in 0..PIECES {
            let half = " ".repeat(99) + "\n";
            let _ = write!(text, "{0}SSN: 512-40-67{n:02}\n{0}", half.repeat(5242));
        }
        let len = PIECES * PIECE;
        text += &" \n".repeat((len - text.len()) / 2);
        let of = |piece: usize| (piece * PIECE) as u64;
        let read = |buf: &mut [u8], at: u64| match at + 1 {
            at if at == of(3) => Err(io::Error::from(io::ErrorKind::PermissionDenied)),
            at if at == of(5) || at == of(6) => panic!("the reader of this piece gives up"),
            // It became shorter by the last half of a piece.
            _ => Ok(read_from(&text.as_bytes()[..len - PIECE / 4], buf, at)),
        };
        let file = Text { name: "chart.txt", read: &read, len: len as u64, mark: 0, delimited: false };
        for threads in [1, 4] {
            let first = Detector::new([7; 32], (2026, 11, 24));
            let (outcome, settled) = file.look(first, &budget, threads);
            let details: Vec<_> =
                outcome.problems.iter().map(|one| (one.kind, one.detail.as_str())).collect();
            assert_eq!(
                details,
                [
                    (
                        ProblemKind::Unreadable,
                        "chart.txt: 1 of its 12 parts could not be read (permission denied)"
                    ),
                    (
                        ProblemKind::Unreadable,
                        "chart.txt: 1 of its 12 parts were cut off: it became shorter while it was looked at"
                    ),
                    (
                        ProblemKind::Unreadable,
                        "chart.txt: 2 of its 12 parts could not be looked at: their reader gave up"
                    ),
                ],
                "{threads} threads"
            );
            assert_eq!(outcome.tally.counts()[&Entity::Ssn], 9, "{threads} threads");
            assert!(!settled);
        }
        let read = |buf: &mut [u8], at: u64| Ok(read_from(text.as_bytes(), buf, at));
        let (outcome, settled) =
            Text { read: &read, ..file }.look(Detector::new([7; 32], (2026, 11, 24)), &budget, 4);
        assert_eq!((outcome.tally.counts()[&Entity::Ssn], outcome.problems.len(), settled), (12, 0, true));
    }
}
