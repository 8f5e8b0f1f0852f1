//! What is said of all practices: Today, practices, computers, findings.

use enamel_server::console::chart::TrendPoint;
use enamel_server::console::frame::Choice;
use enamel_server::console::screens::devices::{AgentState, DeviceRow};
use enamel_server::console::screens::findings::{FindingRow, State};
use enamel_server::console::screens::practices::{PracticeRow, Practices};
use enamel_server::console::screens::today::{Fleet, Need, Today, What};
use enamel_types::risk::LossDistribution;
use enamel_types::{Minutes, Severity, Timestamp, Usd};

use super::{
    PRACTICES, ago, counts, device, finding_id, group_choices, now, practice_id, practice_ref, uuid,
};

/// Today of the sample.
pub(crate) fn today() -> Today {
    let weakness = |title: &str, action: &str, computers| What::Weakness {
        title: title.to_owned(),
        action: action.to_owned(),
        computers,
    };
    let need = |practice, what, severity, minutes: u32, saves: f64, hours| Need {
        practice: practice_ref(practice),
        what,
        severity,
        minutes: (minutes > 0).then_some(Minutes(minutes)),
        saves: (saves > 0.0).then_some(Usd(saves)),
        since: ago(hours),
        href: format!("/practices/{}/findings/{}", practice_id(practice), finding_id(0)),
    };
    let needs = vec![
        need(
            0,
            What::Held { verb: "restore_in_place".to_owned(), computer: "SERVER01".to_owned() },
            Severity::Critical,
            2,
            0.0,
            0,
        ),
        need(
            0,
            weakness(
                "Remote Desktop is open to the internet",
                "Close Remote Desktop or put a second proof of identity in front",
                1,
            ),
            Severity::Critical,
            45,
            12_400.0,
            26,
        ),
        need(
            1,
            weakness(
                "The patient database answers without a password",
                "Give the database's administrator a password",
                1,
            ),
            Severity::Critical,
            20,
            9_150.0,
            50,
        ),
        need(
            4,
            weakness("No backup was seen in 9 days", "Start the nightly backup again and watch one run", 1),
            Severity::Critical,
            30,
            8_020.0,
            216,
        ),
        need(
            2,
            weakness("The drive is not encrypted", "Turn on encryption of the Windows drive", 6),
            Severity::High,
            90,
            6_300.0,
            700,
        ),
        need(3, What::Silent { computer: "FRONTDESK-2".to_owned() }, Severity::High, 10, 0.0, 31),
        need(6, What::Gap { computer: "OP3".to_owned(), entries: 12 }, Severity::High, 15, 0.0, 5),
        need(
            5,
            What::AcceptanceEnds {
                title: "Windows 7 reached its end of life in January 2020".to_owned(),
                until: ago(-24 * 9),
            },
            Severity::Medium,
            10,
            2_150.0,
            24 * 356,
        ),
        need(7, What::Stale { controls: 4 }, Severity::Medium, 20, 0.0, 200),
        need(9, What::Fork { computer: "RECEPCION".to_owned() }, Severity::High, 25, 0.0, 3),
        need(11, What::NoComputer, Severity::Low, 5, 0.0, 72),
    ];
    Today {
        looked_at: Some(Timestamp::from_second(now().as_second() - 95).unwrap()),
        fleet: Fleet { practices: 12, computers: 82, silent: 3, calm: 3, expected: Usd(212_100.0) },
        groups: group_choices(),
        total: needs.len() as u64,
        needs,
        next: Some("/?after=3".to_owned()),
        minutes: Minutes(272),
        saves: Usd(38_020.0),
    }
}

/// Today over many practices: a page of it, for measuring.
pub(crate) fn today_of(practices: usize) -> Today {
    let sample = today();
    let needs: Vec<Need> = (0..50)
        .map(|n| Need { practice: practice_ref(n * practices / 50), ..sample.needs[n % 11].clone() })
        .collect();
    let groups = (0..40)
        .map(|n| Choice { value: uuid(3, n).to_string(), label: format!("Group {n}"), chosen: false })
        .collect();
    Today { needs, groups, total: practices as u64 * 3, ..sample }
}

pub(super) fn practices() -> Practices {
    let rows = PRACTICES.iter().enumerate().map(|(n, (_, _, expected, people, computers, silent, open))| {
        PracticeRow {
            practice: practice_ref(n),
            computers: *computers,
            silent: *silent,
            open: *open,
            expected: (*computers > 0).then_some(Usd(expected * 1_000.0)),
            people: *people,
            seen: (*computers > 0).then(|| ago(i64::try_from(n).unwrap() / 3)),
        }
    });
    Practices { rows: rows.collect(), total: 12, groups: group_choices(), next: None }
}

pub(super) fn losses() -> LossDistribution {
    let curve = (0..400)
        .map(|step| {
            let loss = 500.0 * 1.022f64.powi(step);
            (Usd(loss), 0.31 / (1.0 + (loss / 52_000.0).powf(1.25)))
        })
        .collect();
    LossDistribution {
        mean: Usd(37_800.0),
        p50: Usd(0.0),
        p90: Usd(61_000.0),
        p95: Usd(148_000.0),
        any_loss: 0.31,
        curve,
    }
}

pub(super) fn trend_points() -> Vec<TrendPoint> {
    [58.1, 57.2, 61.8, 60.4, 52.9, 49.0, 49.4, 44.1, 46.8, 48.4, 41.2, 37.8]
        .into_iter()
        .enumerate()
        .map(|(month, mean)| TrendPoint {
            at: ago(24 * 30 * (11 - i64::try_from(month).unwrap())),
            mean: Usd(mean * 1_000.0),
            range: Some((Usd(mean * 566.0), Usd(mean * 1_560.0))),
        })
        .collect()
}

pub(super) fn device_rows(practice: usize) -> Vec<DeviceRow> {
    let row = |n, name: &str, os: &str, state, hours, open| DeviceRow {
        id: device(n),
        practice: practice_ref(practice),
        name: name.to_owned(),
        os: os.to_owned(),
        contact: Some(Timestamp::from_second(ago(hours).as_second() - 40).unwrap()),
        state,
        version: "0.1.0".to_owned(),
        open,
    };
    vec![
        row(0, "SERVER01", "Windows Server 2019 Standard", AgentState::Well, 0, counts(1, 2, 3, 1)),
        row(1, "FRONTDESK", "Windows 11 Pro 23H2", AgentState::Well, 0, counts(0, 1, 2, 2)),
        row(2, "FRONTDESK-2", "Windows 11 Pro 23H2", AgentState::Silent, 31, counts(0, 1, 1, 1)),
        row(3, "OP2", "Windows 10 Pro 22H2", AgentState::Damaged, 0, counts(0, 1, 3, 1)),
        row(4, "PANO", "Windows 7 Professional", AgentState::Isolated, 0, counts(0, 0, 2, 1)),
    ]
}

pub(super) fn finding_row(
    n: usize,
    practice: usize,
    title: &str,
    computer: &str,
    subject: &str,
    rule: &str,
    severity: Severity,
    state: State,
    hours: i64,
) -> FindingRow {
    FindingRow {
        id: finding_id(n),
        practice: practice_ref(practice),
        computer: computer.to_owned(),
        title: title.to_owned(),
        subject: subject.to_owned(),
        rule: rule.to_owned(),
        severity,
        state,
        first_seen: ago(hours),
        last_seen: ago(1),
    }
}

pub(super) fn finding_rows() -> Vec<FindingRow> {
    vec![
        finding_row(
            0,
            0,
            "Remote Desktop is open to the internet",
            "SERVER01",
            "3389/tcp",
            "W21",
            Severity::Critical,
            State::Open,
            26,
        ),
        finding_row(
            1,
            1,
            "The patient database answers without a password",
            "HPD-SRV",
            "MariaDB on 3306/tcp",
            "dental.db-blank",
            Severity::Critical,
            State::Open,
            50,
        ),
        finding_row(
            2,
            0,
            "A password lies in clear text",
            "SERVER01",
            "C:\\OpenDental\\FreeDentalConfig.xml",
            "secret.config",
            Severity::High,
            State::Reopened,
            400,
        ),
        finding_row(
            3,
            2,
            "The drive is not encrypted",
            "CG-LAPTOP3",
            "C:",
            "W03",
            Severity::High,
            State::Open,
            700,
        ),
        finding_row(
            4,
            0,
            "Patient data lies where everybody can read it",
            "FRONTDESK",
            "C:\\Users\\Public\\Scans",
            "phi.folder",
            Severity::High,
            State::Open,
            90,
        ),
        finding_row(
            5,
            5,
            "Windows 7 reached its end of life in January 2020",
            "PANO",
            "",
            "eol.windows-7",
            Severity::High,
            State::Accepted,
            24 * 356,
        ),
        finding_row(
            6,
            3,
            "SMB version 1 is switched on",
            "LVO-CEPH",
            "",
            "W11",
            Severity::Medium,
            State::Stale,
            24 * 50,
        ),
        finding_row(
            7,
            4,
            "The screen does not lock by itself",
            "BSD-OP1",
            "",
            "W08",
            Severity::Medium,
            State::Open,
            24 * 12,
        ),
        finding_row(
            8,
            8,
            "The guest account is enabled",
            "OE-FRONT",
            "",
            "W05",
            Severity::Low,
            State::Resolved,
            24 * 70,
        ),
    ]
}
