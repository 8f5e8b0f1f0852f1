//! One byte flipped, the log cut, the file cut: named, and nothing else lost.

use std::path::Path;

use enamel_ledger::{Entry, Ledger, LedgerError, salvage, verify};

use crate::support::{at, ledger_of, mixed, observation, open};

/// Every entry as it was written.
fn entries(path: &Path) -> Vec<Entry> {
    open(path).entries(1).map(Result::unwrap).collect()
}

/// The file with one byte changed, in a folder of its own.
fn flipped(folder: &Path, bytes: &[u8], offset: usize, mask: u8) -> std::path::PathBuf {
    let own = folder.join(format!("at-{offset}"));
    std::fs::create_dir(&own).unwrap();
    let path = own.join("ledger.db");
    let mut bytes = bytes.to_vec();
    bytes[offset] ^= mask;
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_flipped_byte_is_named_and_nothing_else_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("whole.db");
    ledger_of(&path, &mixed(90));
    let original = entries(&path);
    let bytes = std::fs::read(&path).unwrap();
    let (mut named, mut harmless, mut lost_one, mut structural) = (0, 0, 0, 0);
    // Every byte of the first header, and then a step that is no divisor of the page size.
    let offsets = (0..100).chain((100..bytes.len()).step_by(523));
    for (turn, offset) in offsets.enumerate() {
        let damaged = flipped(folder.path(), &bytes, offset, 1 << (turn % 8));
        let checked = match verify(&damaged, &mut |_| ()) {
            Ok(checked) => checked,
            // The version number may read as a newer one: a clear refusal, and nothing is touched.
            Err(LedgerError::NewerFormat { .. }) if (60..64).contains(&offset) => continue,
            Err(error) => panic!("offset {offset}: {error}"),
        };
        if checked.is_whole() {
            // The byte stands for nothing (free space, a counter): then everything must read as before.
            assert_eq!(entries(&damaged), original, "offset {offset}: unnoticed and not harmless");
            harmless += 1;
            continue;
        }
        named += 1;
        structural += usize::from(checked.first_bad.is_none());
        let saved = salvage(&damaged, at(9_000), &mut |_| ()).unwrap();
        assert!(saved.lost.len() <= 1, "offset {offset}: lost {:?}", saved.lost);
        assert!(saved.damaged.exists());
        if let [seq] = saved.lost[..] {
            lost_one += 1;
            assert_eq!(
                checked.first_bad.as_ref().map(|bad| bad.seq),
                Some(seq),
                "offset {offset}: {checked}"
            );
        }
        let left = entries(&damaged);
        let expected: Vec<_> =
            original.iter().filter(|entry| !saved.lost.contains(&entry.seq)).cloned().collect();
        assert!(left == expected, "offset {offset}: the salvaged ledger differs");
        let after = verify(&damaged, &mut |_| ()).unwrap();
        assert!(after.is_intact() && after.lost == saved.lost, "offset {offset}: {after}");
        std::fs::remove_dir_all(damaged.parent().unwrap()).unwrap();
    }
    println!("{named} named ({structural} in structure only), {lost_one} cost one row, {harmless} harmless");
    assert!(lost_one > 100 && structural + lost_one <= named, "the test must hit rows");
}

#[test]
fn a_salvaged_ledger_goes_on_behind_the_hole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    ledger_of(&path, &(1..=20).map(|number| observation(1, number)).collect::<Vec<_>>());
    let original = entries(&path);
    assert_eq!(open(&path).lost().unwrap(), [0; 0], "nothing was ever lost");
    // The last row is hit: what is lost is the end, and the list of heads knows of it.
    let mut bytes = std::fs::read(&path).unwrap();
    let needle = b"Policy binder, tab 20";
    let offset = bytes.windows(needle.len()).rposition(|window| window == needle).unwrap();
    bytes[offset] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(Ledger::open(&path), Err(LedgerError::Damaged { seq: Some(20), .. })));
    let checked = verify(&path, &mut |_| ()).unwrap();
    assert_eq!(checked.first_bad.as_ref().unwrap().seq, 20);
    assert!(checked.to_string().contains("first at sequence number 20"), "{checked}");

    assert_eq!(salvage(&path, at(0), &mut |_| ()).unwrap().lost, [20]);
    let mut ledger = open(&path);
    ledger.append(at(1), &[observation(1, 21)]).unwrap();
    assert_eq!(ledger.lost().unwrap(), [20], "a loss stays on record");
    let last = ledger.entries(21).next().unwrap().unwrap();
    assert_eq!((last.seq, last.agent_seq), (21, 21), "a lost place is not given out again");
    assert_eq!(last.prev, original[19].hash, "the chain still names the lost entry");
    drop(ledger);
    let after = verify(&path, &mut |_| ()).unwrap();
    assert!(after.is_intact() && after.lost == [20] && after.entries == 20, "{after}");
    assert!(!after.is_whole() && after.to_string().contains("1 recorded as lost: 20"), "{after}");
}

/// A file and its log as they lie there while a writer has just committed, the writer having died.
fn with_log(folder: &Path, batches: u64) -> (Vec<u8>, Vec<u8>) {
    let path = folder.join("live.db");
    let mut ledger = open(&path);
    for number in 0..batches {
        ledger.append(at(1), &[observation(1, 2 * number + 1), observation(1, 2 * number + 2)]).unwrap();
    }
    let log = folder.join("live.db-wal");
    (std::fs::read(&path).unwrap(), std::fs::read(log).unwrap())
}

#[test]
fn a_log_cut_anywhere_loses_no_whole_commit() {
    let folder = tempfile::tempdir().unwrap();
    let (file, log) = with_log(folder.path(), 6);
    let mut torn = 0;
    for length in (0..=log.len()).rev().step_by(997) {
        let path = folder.path().join("cut.db");
        std::fs::write(&path, &file).unwrap();
        std::fs::write(folder.path().join("cut.db-wal"), &log[..length]).unwrap();
        let opened = Ledger::open(&path).unwrap_or_else(|error| panic!("cut to {length}: {error}"));
        torn += usize::from(opened.torn_tail.is_some());
        let count = opened.ledger.entries(1).map(Result::unwrap).count();
        assert_eq!(count % 2, 0, "cut to {length}: half a batch");
        if length == log.len() {
            assert_eq!((count, &opened.torn_tail), (12, &None));
        }
        drop(opened);
        let checked = verify(&path, &mut |_| ()).unwrap();
        assert!(checked.is_whole(), "cut to {length}: {checked}");
    }
    assert!(torn > 10, "{torn}");
}

#[test]
fn a_flipped_byte_in_the_log_never_loses_acknowledged_entries_silently() {
    let folder = tempfile::tempdir().unwrap();
    let (file, log) = with_log(folder.path(), 6);
    for offset in (0..log.len()).step_by(397) {
        let path = folder.path().join("flip.db");
        let mut bytes = log.clone();
        bytes[offset] ^= 0x10;
        std::fs::write(&path, &file).unwrap();
        std::fs::write(folder.path().join("flip.db-wal"), &bytes).unwrap();
        let checked = verify(&path, &mut |_| ()).unwrap();
        assert!(!checked.is_whole(), "offset {offset}: {checked}");
        let saved = salvage(&path, at(7), &mut |_| ()).unwrap();
        assert!(saved.lost.len() <= 1 && saved.recovered >= 11, "offset {offset}: {saved:?}");
        for name in std::fs::read_dir(folder.path()).unwrap() {
            let name = name.unwrap().path();
            if name.file_name().unwrap().to_string_lossy().starts_with("flip") {
                std::fs::remove_file(name).unwrap();
            }
        }
    }
}

#[test]
fn a_file_cut_short_keeps_what_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    ledger_of(&path, &mixed(60));
    let original = entries(&path);
    let bytes = std::fs::read(&path).unwrap();
    for length in [bytes.len() - 1, bytes.len() - 4096, bytes.len() / 2, bytes.len() / 3 + 77] {
        let cut = folder.path().join(format!("cut-{length}.db"));
        std::fs::write(&cut, &bytes[..length]).unwrap();
        assert!(matches!(Ledger::open(&cut), Err(LedgerError::Damaged { .. })), "cut to {length}");
        let checked = verify(&cut, &mut |_| ()).unwrap();
        assert!(!checked.is_whole(), "cut to {length}");
        let saved = salvage(&cut, at(7), &mut |_| ()).unwrap();
        assert!(saved.recovered > 0 && saved.recovered <= 60, "cut to {length}: {saved}");
        let left = entries(&cut);
        assert!(left.iter().all(|entry| original.contains(entry)), "cut to {length}");
        assert_eq!(left.len() as u64, saved.recovered);
        assert!(verify(&cut, &mut |_| ()).unwrap().is_intact(), "cut to {length}");
    }
}

#[test]
fn a_salvage_that_was_stopped_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    ledger_of(&path, &mixed(30));
    let whole = std::fs::read(&path).unwrap();
    // Stopped after the damaged file was moved aside and before the finished one took its place.
    std::fs::rename(&path, folder.path().join("ledger.db.salvaged")).unwrap();
    assert!(matches!(Ledger::open(&path), Err(LedgerError::SalvageInterrupted { .. })));
    assert!(matches!(verify(&path, &mut |_| ()), Err(LedgerError::SalvageInterrupted { .. })));
    let saved = salvage(&path, at(7), &mut |_| ()).unwrap();
    assert_eq!(saved.recovered, 30);
    assert_eq!(std::fs::read(&path).unwrap().len(), whole.len());
    assert!(verify(&path, &mut |_| ()).unwrap().is_whole());
}

#[test]
fn a_planted_salvage_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let (path, planted) = (folder.path().join("ledger.db"), folder.path().join("ledger.db.salvaged"));
    ledger_of(&path, &mixed(30));
    ledger_of(&planted, &mixed(3));
    let saved = salvage(&path, at(7), &mut |_| ()).unwrap();
    assert_eq!(
        (saved.recovered, entries(&path).len()),
        (30, 30),
        "what is there counts, not what was put beside it"
    );

    // Nothing to make it anew from: then it must at least be intact.
    std::fs::rename(&path, &planted).unwrap();
    tamper(&planted, "DELETE FROM observation WHERE seq = 9");
    let error = salvage(&path, at(8), &mut |_| ()).unwrap_err();
    assert!(error.to_string().contains("salvage again"), "{error}");
    assert!(planted.exists() && !path.exists());
}

/// Runs SQL on a closed ledger, as somebody with the file could.
fn tamper(path: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch(sql).unwrap();
}

#[test]
fn a_hand_in_the_file_is_noticed() {
    let columns = "practice, agent, agent_seq, id, kind, kind_version, observed_at, received_at, prev, hash, receipt, body";
    let cases = [
        ("UPDATE observation SET body = replace(body, 'tab 7', 'tab 8') WHERE seq = 7", Some(7), "its hash"),
        ("UPDATE observation SET observed_at = observed_at - 1 WHERE seq = 5", Some(5), "its hash"),
        ("UPDATE observation SET received_at = received_at - 1 WHERE seq = 5", Some(5), "its receipt"),
        ("DELETE FROM observation WHERE seq = 9", Some(9), "no such row"),
        ("DELETE FROM observation WHERE seq >= 9", Some(9), "no such row"),
        ("UPDATE observation SET seq = 50 WHERE seq = 10", Some(10), "its receipt"),
        ("DELETE FROM head", None, "the list of heads"),
        ("UPDATE head SET agent_seq = agent_seq + 5", None, "the list of heads"),
        ("UPDATE head SET hash = zeroblob(32)", None, "the list of heads"),
        ("DROP INDEX observation_id", None, "schema"),
        ("CREATE TABLE more (x)", None, "schema"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let (whole, path) = (folder.path().join("whole.db"), folder.path().join("ledger.db"));
    ledger_of(&whole, &(1..=10).map(|number| observation(1, number)).collect::<Vec<_>>());
    for (sql, seq, words) in cases {
        std::fs::copy(&whole, &path).unwrap();
        tamper(&path, sql);
        let checked = verify(&path, &mut |_| ()).unwrap();
        assert!(!checked.is_whole(), "{sql}");
        assert_eq!(checked.first_bad.as_ref().map(|bad| bad.seq), seq, "{sql}: {checked}");
        assert!(checked.to_string().contains(words), "{sql}: {checked}");
    }

    // An entry taken out and its number put on the list of what was lost.
    std::fs::copy(&whole, &path).unwrap();
    tamper(&path, "DELETE FROM observation WHERE seq = 3; INSERT INTO lost VALUES (3, 0, 'gone')");
    let checked = verify(&path, &mut |_| ()).unwrap();
    assert!(!checked.is_whole() && checked.is_intact() && checked.lost == [3], "{checked}");
    let told = checked.to_string();
    assert!(told.contains("incomplete") && !told.contains("whole") && told.contains("as lost: 3"), "{told}");

    // Rows of another ledger, each whole in itself, in the place of ours.
    let forged = folder.path().join("forged.db");
    let mut other: Vec<_> = (1..=10).map(|number| observation(1, number)).collect();
    other[2].scope = "forged".to_owned();
    ledger_of(&forged, &other);
    std::fs::copy(&whole, &path).unwrap();
    let forged = forged.to_str().unwrap();
    tamper(
        &path,
        &format!(
            "ATTACH '{forged}' AS forged; DELETE FROM observation WHERE seq BETWEEN 3 AND 6;
             INSERT INTO observation (seq, {columns}) SELECT seq, {columns} FROM forged.observation WHERE seq BETWEEN 3 AND 6"
        ),
    );
    let checked = verify(&path, &mut |_| ()).unwrap();
    assert_eq!(checked.first_bad.as_ref().unwrap().seq, 7, "{checked}");
    assert!(checked.to_string().contains("does not continue its agent's chain"), "{checked}");

    // Somebody hides a loss by declaring it: the numbers still do not add up for the agent.
    std::fs::copy(&whole, &path).unwrap();
    tamper(&path, "DELETE FROM observation WHERE seq IN (4, 5); INSERT INTO lost VALUES (4, 0, '')");
    let checked = verify(&path, &mut |_| ()).unwrap();
    assert_eq!(checked.first_bad.as_ref().unwrap().seq, 5, "{checked}");
}
