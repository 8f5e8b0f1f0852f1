//! What the chain costs: appending and verifying, beside SQLite holding the same bodies without a chain.
//!
//! Both sides: WAL, `synchronous=FULL`, batches of 1,000, a fresh file in the same folder (`TMPDIR`), about 580 bytes of
//! JSON for each observation. Run: `cargo bench -p enamel-ledger`.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use enamel_ledger::{Ledger, verify};
use enamel_types::control::Statement;
use enamel_types::{
    AgentId, Attestation, Body, ControlId, DeviceId, Observation, ObservationId, PracticeId, Sensor,
    Timestamp,
};
use uuid::Uuid;

const BATCH: u64 = 1_000;

fn uuid(space: u64, number: u64) -> Uuid {
    Uuid::from_u64_pair(space << 16 | 0x7000, 1 << 63 | number)
}

fn observation(number: u64) -> Observation {
    let at = Timestamp::from_second(1_764_000_000 + i64::try_from(number).expect("small")).expect("in range");
    Observation {
        id: ObservationId::from_uuid(uuid(number, number)),
        practice: PracticeId::from_uuid(uuid(1, 1)),
        device: DeviceId::from_uuid(uuid(2, number % 16)),
        agent: AgentId::from_uuid(uuid(3, number % 16)),
        observed_at: at,
        valid_until: at,
        sensor: Sensor { name: "attest".to_owned(), version: "0.1.0".to_owned() },
        scope: "attest:164.308(a)(1)".to_owned(),
        gaps: Vec::new(),
        body: Body::Attestation(Attestation {
            control: ControlId::new("164.308(a)(1)").expect("a control id"),
            statement: Statement::Implemented,
            reason: format!("Policy binder, tab {number}; reviewed with the owner at the monthly meeting"),
            person: "Rosa Delgado, office manager".to_owned(),
            expires_at: at,
        }),
    }
}

fn batch(index: u64) -> Vec<Observation> {
    (index * BATCH..(index + 1) * BATCH).map(observation).collect()
}

fn append_chained(path: &Path, batches: u64) -> Duration {
    let mut ledger = Ledger::open(path).expect("a fresh ledger").ledger;
    let mut spent = Duration::ZERO;
    for index in 0..batches {
        let observations = batch(index);
        let start = Instant::now();
        black_box(ledger.append(Timestamp::UNIX_EPOCH, &observations).expect("appends"));
        spent += start.elapsed();
    }
    spent
}

/// The peer: the same bodies into a table with a unique id, batched and synced the same.
fn append_plain(path: &Path, batches: u64) -> Duration {
    let mut connection = rusqlite::Connection::open(path).expect("a fresh file");
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096;
             CREATE TABLE observation (seq INTEGER PRIMARY KEY, agent BLOB NOT NULL, id BLOB NOT NULL, body TEXT NOT NULL);
             CREATE UNIQUE INDEX observation_id ON observation (agent, id);",
        )
        .expect("a schema");
    let mut spent = Duration::ZERO;
    for index in 0..batches {
        let observations = batch(index);
        let start = Instant::now();
        let transaction = connection.transaction().expect("begins");
        {
            let mut insert = transaction
                .prepare_cached(
                    "INSERT INTO observation (agent, id, body) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                )
                .expect("prepares");
            for one in &observations {
                let body = serde_json::to_string(one).expect("JSON");
                insert.execute((one.agent.as_bytes(), one.id.as_bytes(), body)).expect("inserts");
            }
        }
        transaction.commit().expect("commits");
        spent += start.elapsed();
    }
    spent
}

fn append(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("append");
    group.throughput(Throughput::Elements(BATCH)).sample_size(10);
    for (name, run) in [
        ("ledger, 1,000 a batch", append_chained as fn(&Path, u64) -> Duration),
        ("plain SQLite, 1,000 a batch", append_plain),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|batches| {
                let folder = tempfile::tempdir().expect("a folder");
                run(&folder.path().join("bench.db"), batches)
            });
        });
    }
    group.finish();
}

fn verification(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bench.db");
    append_chained(&path, 100);
    let mut group = criterion.benchmark_group("verify");
    group.throughput(Throughput::Elements(100 * BATCH)).sample_size(10);
    group.bench_function("100,000 entries", |bencher| {
        bencher.iter(|| {
            let checked = verify(&path, &mut |_| ()).expect("a ledger");
            assert!(checked.is_whole() && checked.entries == 100 * BATCH);
        });
    });
    group.finish();
}

criterion_group!(benches, append, verification);
criterion_main!(benches);
