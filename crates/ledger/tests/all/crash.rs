//! Killed in the middle of writing, again and again: what was acknowledged is there, once, and the chain is whole.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use enamel_ledger::{Ledger, verify};

use crate::support::{at, long_observation, observation, open, receipt};

const CHILD: &str = "ENAMEL_LEDGER_CRASH_CHILD";
const KILLS: u64 = 40;

/// Not a test by itself: the process that is killed. Appends without end and prints each acknowledged number.
#[test]
fn child_that_appends_until_it_is_killed() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let mut ledger = open(Path::new(&path));
    let mut number = ledger.len().unwrap();
    let mut out = std::io::stdout();
    loop {
        let batch: Vec<_> = (0..=number % 9)
            .map(|index| match (number + index) % 6 {
                5 => long_observation(index % 2, number + index, 90),
                _ => observation(index % 2, number + index),
            })
            .collect();
        let appended = ledger.append(at(5), &batch).unwrap();
        for one in appended {
            let receipt = receipt(one);
            writeln!(out, "acknowledged {} {}", receipt.id, receipt.hash).unwrap();
        }
        out.flush().unwrap();
        number += batch.len() as u64;
    }
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let mut acknowledged = BTreeSet::new();
    for round in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "crash::child_that_appends_until_it_is_killed",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Killed after a number of lines that differs from round to round, whatever it is doing then.
        for line in lines.by_ref().take(usize::try_from(5 + round * 37 % 211).unwrap()) {
            note(&line.unwrap(), &mut acknowledged);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it had printed before it died was acknowledged, too. The last line may be cut short.
        for line in lines.map_while(Result::ok) {
            note(&line, &mut acknowledged);
        }

        if round % 4 == 0 {
            let checked = verify(&path, &mut |_| ()).unwrap();
            assert!(checked.is_whole(), "round {round}: {checked}");
        }
        let ledger = Ledger::open(&path).unwrap().ledger;
        let held: Vec<_> = ledger
            .entries(1)
            .map(|entry| {
                entry.map(|entry| (entry.observation.id.to_string(), entry.hash.to_string())).unwrap()
            })
            .collect();
        let distinct: BTreeSet<_> = held.iter().cloned().collect();
        assert_eq!(distinct.len(), held.len(), "round {round}: something is there twice");
        let missing: Vec<_> = acknowledged.difference(&distinct).collect();
        assert!(missing.is_empty(), "round {round}: acknowledged and lost: {missing:?}");
    }
    assert!(acknowledged.len() > 500, "too little was written to mean anything: {}", acknowledged.len());
    let checked = verify(&path, &mut |_| ()).unwrap();
    assert!(checked.is_whole(), "{checked}");
}

fn note(line: &str, acknowledged: &mut BTreeSet<(String, String)>) {
    // The test harness prints its own words before the first line.
    if let Some((_, rest)) = line.split_once("acknowledged ")
        && let Some((id, hash)) = rest.split_once(' ')
        && hash.len() == 64
    {
        acknowledged.insert((id.to_owned(), hash.to_owned()));
    }
}
