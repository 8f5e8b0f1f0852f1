//! How long the console's questions to the index take over 1,000 practices with 15 computers and 10 findings on each, for somebody who
//! reaches all of them and for somebody who reaches 300. Bar (SPECIFICATION.md): *Today* within 150 ms of server time, all of it.
//!
//! Run alone: `cargo bench -p enamel-store --bench fleet`. The load average is printed with the result.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::time::Instant;

use enamel_store::index::{
    self, Figures, FindingFilter, FindingStanding, IndexDevice, IndexFinding, PracticeIndex, TodayItem,
};
use enamel_store::tree::{self, Practice};
use enamel_store::{Config, Scope, Store, StoreError, Tx};
use enamel_testkit::{TemporaryPostgres, repeatable_fill};
use enamel_types::{DeviceId, FindingId, PracticeId, PracticeProfile, RuleId, Severity, Timestamp};
use uuid::Uuid;

const PRACTICES: u64 = 1_000;
const DEVICES: u64 = 15;
const RULES: [(&str, Severity); 10] = [
    ("W01", Severity::Low),
    ("W02", Severity::High),
    ("W03", Severity::Critical),
    ("W04", Severity::Medium),
    ("W05", Severity::Low),
    ("W06", Severity::Low),
    ("W07", Severity::High),
    ("W08", Severity::Medium),
    ("phi.folder", Severity::High),
    ("eol.windows", Severity::Critical),
];

fn id(number: u64) -> PracticeId {
    PracticeId::from_uuid(Uuid::from_u64_pair(number << 20 | 0x7000, 1 << 63 | number))
}

fn index_of(number: u64) -> PracticeIndex {
    let practice = id(number);
    let now = Timestamp::UNIX_EPOCH;
    let mut index = PracticeIndex {
        practice,
        through_seq: 1,
        computed_at: now,
        day: "2026-11-24".to_owned(),
        figures: Figures { loss_mean: (number * 7919 % 1000) as f64, ..Figures::default() },
        devices: Vec::new(),
        findings: Vec::new(),
        today: Vec::new(),
        evidence: Vec::new(),
    };
    for machine in 0..DEVICES {
        let device = DeviceId::from_uuid(Uuid::from_u64_pair(number << 20 | machine << 16 | 0x7001, 1 << 63));
        index.devices.push(IndexDevice {
            device,
            practice,
            name: format!("OP{machine}-{number}"),
            os: "Windows 11 Pro".to_owned(),
            role: "workstation".to_owned(),
            observed_at: now,
            worst: Some(Severity::Critical),
            findings: 10,
        });
        for (rule, severity) in RULES {
            let rule = RuleId::new(rule).unwrap();
            index.findings.push(IndexFinding {
                finding: FindingId::derive(device, &rule, ""),
                practice,
                device,
                rule,
                severity,
                state: FindingStanding::Open,
                first_seen: now,
                last_seen: now,
                accepted_until: None,
            });
        }
    }
    for item in 0..8 {
        index.today.push(TodayItem {
            practice,
            item: format!("rule:{item}"),
            worth: ((number * 31 + item * 977) % 5000) as f64,
            reason: "fix".to_owned(),
            severity: Severity::High,
            device: None,
            since: now,
            detail: "{}".to_owned(),
        });
    }
    index
}

/// The median of several runs, milliseconds.
fn time<T>(store: &Store, scope: &Scope, work: impl Fn(&mut Tx<'_>) -> Result<T, StoreError>) -> f64 {
    let mut times: Vec<f64> = (0..15)
        .map(|_| {
            let begun = Instant::now();
            store.read(scope, &work).map(drop).unwrap();
            begun.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn measure(name: &str, config: &Config) {
    let mut dice = repeatable_fill(5);
    let store = Store::open(config, Timestamp::UNIX_EPOCH, &mut dice).unwrap();
    let begun = Instant::now();
    for number in 0..PRACTICES {
        let practice = Practice {
            id: id(number),
            group: None,
            name: format!("Practice {number}"),
            profile: PracticeProfile::default(),
            made_at: Timestamp::UNIX_EPOCH,
        };
        let index = index_of(number);
        store
            .write::<_, StoreError>(&Scope::Msp, |tx| {
                tree::add_practice(tx, &practice, &mut dice)?;
                index::put(tx, &index).map(drop)
            })
            .unwrap();
    }
    println!("\n{name}: one practice's index put in {:.1} ms", begun.elapsed().as_secs_f64());
    let some = Scope::practices((0..300).map(|number| id(number * 3)));
    for (who, scope) in
        [("all 1,000", &Scope::Msp), ("300 of them", &some), ("one", &Scope::practice(id(500)))]
    {
        let row = |what: &str, milliseconds: f64| println!("{who:<14} {what:<34} {milliseconds:>8.2} ms");
        row("today, first page of 50", time(&store, scope, |tx| index::today(tx, None, None, 50)));
        row("practices by loss, 50", time(&store, scope, |tx| index::practices_by_loss(tx, None, 50)));
        row("practices by name, 50", time(&store, scope, |tx| tree::practices(tx, "", None, 50)));
        row("devices, 50", time(&store, scope, |tx| index::devices(tx, None, "", None, 50)));
        let worst = FindingFilter { open_only: true, ..FindingFilter::default() };
        row("open findings, worst 50", time(&store, scope, |tx| index::findings(tx, &worst, None, 50)));
        let rule = FindingFilter { rule: Some(RuleId::new("W07").unwrap()), ..worst };
        row("open findings of one rule, 50", time(&store, scope, |tx| index::findings(tx, &rule, None, 50)));
        let own = FindingFilter { practice: Some(id(600)), ..FindingFilter::default() };
        row("findings of one practice, 50", time(&store, scope, |tx| index::findings(tx, &own, None, 50)));
        row("counts by rule", time(&store, scope, index::rule_counts));
        row("search", time(&store, scope, |tx| index::search(tx, "op3", 20)));
    }
}

fn main() {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("load average: {}", load.trim());
    let folder = tempfile::tempdir().unwrap();
    measure("SQLite", &Config { data: folder.path().join("s"), database: None });
    if let Some(server) = TemporaryPostgres::start() {
        measure("PostgreSQL", &Config { data: folder.path().join("p"), database: Some(server.address()) });
    }
}
