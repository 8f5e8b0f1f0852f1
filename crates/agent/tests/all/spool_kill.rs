//! An agent that is killed at any point loses nothing that it was told is kept, and breaks no chain.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

use enamel_agent::spool::{CAP_BYTES, Spool};
use enamel_types::agent_event::Lane;

use crate::world::{Chain, child, observation, stamp};

const KILLED: &str = "ENAMEL_TEST_KILLED";

/// How often it is killed.
const ROUNDS: u64 = 200;

/// Not a test by itself: pushes, numbers and acknowledges as fast as it can, and says each on standard output once it is done.
#[test]
fn child_that_is_killed() {
    let Some(folder) = std::env::var_os(KILLED) else { return };
    let mut seed = [0; 8];
    getrandom::fill(&mut seed).unwrap();
    let stamp = stamp(u64::from_le_bytes(seed));
    let mut spool = Spool::open(folder.as_ref(), CAP_BYTES).unwrap();
    assert_eq!(spool.damage(), None, "a crash is no damage");
    let mut out = std::io::stdout();
    for round in 0_u64.. {
        let lane = if round.is_multiple_of(3) { Lane::Inventory } else { Lane::Finding };
        let observation = observation(&stamp, lane, 200);
        spool.push(&observation).unwrap();
        writeln!(out, "\npushed {}", observation.id).unwrap();
        if round % 4 == 3 {
            let batch = spool.batch(3, 1 << 20, &|event| stamp.event(event)).unwrap();
            for entry in &batch.entries {
                // What a server is sent may be on its disk from here on.
                writeln!(
                    out,
                    "\nsent {} {} {}",
                    entry.agent_seq,
                    entry.hash,
                    String::from_utf8_lossy(&entry.body)
                )
                .unwrap();
            }
            spool.acknowledge(batch.entries.last().unwrap().agent_seq).unwrap();
        }
    }
}

#[test]
fn killed_at_any_point_it_loses_nothing_and_breaks_no_chain() {
    let folder = tempfile::tempdir().unwrap();
    let mut pushed = BTreeSet::new();
    let mut server = Chain::default();
    for round in 0..ROUNDS {
        let mut killed = child("spool_kill::child_that_is_killed", KILLED, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(killed.stdout.take().unwrap()).lines();
        // Killed after so many lines and a little, so that every point between two of them comes up.
        let (stop_after, little) = (1 + round % 17, Duration::from_micros(round * 37 % 1_900));
        let mut said = 0;
        for line in lines {
            let Ok(line) = line else { break };
            let words: Vec<_> = line.splitn(4, ' ').collect();
            match words[..] {
                ["pushed", id] => drop(pushed.insert(id.to_owned())),
                ["sent", number, hash, body] => {
                    let taken = server.take(number.parse().unwrap(), hash.parse().unwrap(), body.as_bytes());
                    assert_eq!(taken, Ok(()), "round {round}");
                }
                _ => continue,
            }
            said += 1;
            if said == stop_after {
                let until = Instant::now() + little;
                while Instant::now() < until {
                    std::hint::spin_loop();
                }
                killed.kill().unwrap();
            }
        }
        killed.wait().unwrap();
        assert!(said >= stop_after, "round {round}: it ended by itself after {said} lines");
    }
    let mut spool = Spool::open(folder.path(), CAP_BYTES).unwrap();
    let stamp = stamp(3);
    loop {
        let batch = spool.batch(500, 1 << 20, &|event| stamp.event(event)).unwrap();
        let Some(last) = batch.entries.last().map(|last| last.agent_seq) else { break };
        for entry in &batch.entries {
            server.take(entry.agent_seq, entry.hash, &entry.body).unwrap();
        }
        spool.acknowledge(last).unwrap();
    }
    let arrived: Vec<_> = server.kept.iter().map(|kept| kept.2.id.to_string()).collect();
    let once: BTreeSet<_> = arrived.iter().cloned().collect();
    assert_eq!(arrived.len(), once.len(), "none arrived twice");
    assert!(pushed.is_subset(&once), "lost: {:?}", pushed.difference(&once).collect::<Vec<_>>());
    assert!(pushed.len() > usize::try_from(ROUNDS).unwrap());
}
