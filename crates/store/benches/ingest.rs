//! How many observations a second the store takes, durably: batches of 1,000 from 200 agents of 20 practices, bodies of about 300 bytes.
//!
//! Beside it, as the ceiling, what checking the chain and sealing cost without any store. Bars (SPECIFICATION.md): 60,000 a second with
//! SQLite (`synchronous=FULL`), 25,000 with PostgreSQL (`fsync=on`). Run alone: `cargo bench -p enamel-store --bench ingest`. What else ran
//! is part of the result, so the load average is printed with it.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::time::Instant;

use enamel_ledger::{EntryHash, Link};
use enamel_store::tree::{self, Practice};
use enamel_store::{Config, Kept, Scope, Store};
use enamel_testkit::{TemporaryPostgres, repeatable_fill};
use enamel_types::{AgentId, ObservationId, PracticeId, PracticeProfile, Timestamp};
use uuid::Uuid;

const PRACTICES: usize = 20;
const AGENTS: usize = 10;
const BATCH: usize = 1_000;
const ROUNDS: usize = 15;

/// What the agents of one practice send, batch by batch; each is a thousand links of ten agents, a hundred each.
fn batches(practice: PracticeId, number: usize) -> Vec<Vec<Link>> {
    let mut ends: Vec<(u64, EntryHash)> = vec![(0, EntryHash::GENESIS); AGENTS];
    let mut batches = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let mut links = Vec::with_capacity(BATCH);
        for (agent, end) in ends.iter_mut().enumerate() {
            let id = (number * AGENTS + agent) as u64;
            for _ in 0..BATCH / AGENTS {
                let agent_seq = end.0 + 1;
                // Ids of the same second of many agents come close together, as UUIDv7 do.
                let observation = Uuid::from_u64_pair(
                    0x0190_0000_0000_7000 + (agent_seq << 16),
                    1 << 63 | id << 32 | agent_seq,
                );
                let filler = "x".repeat(210);
                let mut link = Link {
                    practice,
                    agent: AgentId::from_uuid(Uuid::from_u128(u128::from(id) + 1)),
                    agent_seq,
                    id: ObservationId::from_uuid(observation),
                    kind: "metrics".to_owned(),
                    kind_version: 1,
                    observed_at: 1_772_000_000_000_000,
                    prev: end.1,
                    hash: EntryHash::GENESIS,
                    body: format!(
                        "{{\"id\":\"{observation}\",\"agent_seq\":{agent_seq},\"text\":\"{filler}\"}}"
                    )
                    .into_bytes(),
                };
                link.hash = link.expected_hash();
                *end = (agent_seq, link.hash);
                links.push(link);
            }
        }
        batches.push(links);
    }
    batches
}

/// Makes the practices and what they send, then measures from the first batch to the last acknowledgement, on two threads.
fn measure(name: &str, config: &Config) -> f64 {
    let mut dice = repeatable_fill(5);
    let store = Store::open(config, Timestamp::UNIX_EPOCH, &mut dice).unwrap();
    let sent: Vec<(PracticeId, Vec<Vec<Link>>)> = (0..PRACTICES)
        .map(|number| {
            let id = PracticeId::from_uuid(Uuid::from_u128(number as u128 + 1));
            let practice = Practice {
                id,
                group: None,
                name: format!("Practice {number}"),
                profile: PracticeProfile::default(),
                made_at: Timestamp::UNIX_EPOCH,
            };
            store.write(&Scope::Msp, |tx| tree::add_practice(tx, &practice, &mut dice)).unwrap();
            (id, batches(id, number))
        })
        .collect();
    let begun = Instant::now();
    std::thread::scope(|threads| {
        for half in sent.chunks(PRACTICES / 2) {
            let store = &store;
            threads.spawn(move || {
                for round in 0..ROUNDS {
                    for (practice, batches) in half {
                        let kept = store
                            .append(
                                &Scope::practice(*practice),
                                *practice,
                                Timestamp::UNIX_EPOCH,
                                &batches[round],
                            )
                            .unwrap();
                        assert!(kept.iter().all(|kept| matches!(kept, Kept::New { .. })));
                    }
                }
            });
        }
    });
    report(name, begun)
}

/// What the store does before it writes, without writing.
fn baseline() -> f64 {
    let sent: Vec<Vec<Vec<Link>>> =
        (0..PRACTICES).map(|number| batches(PracticeId::from_uuid(Uuid::from_u128(1)), number)).collect();
    let begun = Instant::now();
    std::thread::scope(|threads| {
        for half in sent.chunks(PRACTICES / 2) {
            threads.spawn(move || assert!(half.iter().flatten().flatten().all(Link::is_whole)));
        }
    });
    report("chain check only, no store", begun)
}

fn report(name: &str, begun: Instant) -> f64 {
    let events = (PRACTICES * ROUNDS * BATCH) as f64;
    let rate = events / begun.elapsed().as_secs_f64();
    println!("{name:<40} {rate:>12.0} observations/s");
    rate
}

fn main() {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("load average before: {}", load.trim());
    let ceiling = baseline();
    let folder = tempfile::tempdir().unwrap();
    let sqlite =
        measure("SQLite, synchronous=FULL", &Config { data: folder.path().join("s"), database: None });
    println!("{:<40} {:>12.2} of the ceiling", "", sqlite / ceiling);
    if let Some(server) = TemporaryPostgres::start_durable() {
        let config = Config { data: folder.path().join("p"), database: Some(server.address()) };
        let postgres = measure("PostgreSQL, fsync=on", &config);
        println!("{:<40} {:>12.2} of the ceiling", "", postgres / ceiling);
    }
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("load average after: {}", load.trim());
}
