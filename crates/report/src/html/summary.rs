//! The first page: the answer in one sentence, four figures, and the three things to do this week.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt::Write;

use enamel_types::control::{ControlState, Grounds};
use enamel_types::device::DeviceRole;
use enamel_types::verdict::{Answer, verdict};
use enamel_types::{CheckOutcome, DeviceId, Finding, FindingEntry, RuleResult, Severity, Standing, Usd};
use serde::Serialize;

use super::Context;
use crate::text::{Shown, sentence, shown, steps};
use crate::{PreviousRun, ReportModel, words};

/// Fixes on the first page.
const FIRST_FIXES: usize = 3;

/// Folders and containers named on the first page.
const ROOTS_LISTED: usize = 12;

/// Findings named that became more or less severe since the run before.
const MOVED_LISTED: usize = 3;

/// Places named for one fix.
const PLACES_LISTED: usize = 8;

/// What the first page says.
#[derive(Serialize)]
pub(crate) struct Summary {
    /// `No`, `Not yet`, `We cannot say yet`, `As far as we could see, yes`.
    pub(super) answer: &'static str,
    /// Which of the four, for the page's color: `bad`, `fair`, `unknown`, `good`.
    pub(super) tone: &'static str,
    /// The sentence that explains it.
    pub(super) because: String,
    /// The folders that were searched for patient data.
    pub(super) searched: Vec<Shown>,
    pub(super) more_searched: u64,
    /// Computers that were taken for containers.
    pub(super) containers: Vec<Shown>,
    /// What to do where no fix was found and much is unknown; empty otherwise.
    pub(super) unknown_first: String,
    /// Four figures.
    pub(super) figures: Vec<Figure>,
    /// Which entries of the ledger were lost, in a sentence; empty where none was.
    pub(super) lost: String,
    /// What changed since the run before.
    pub(super) change: String,
    /// What to do first.
    pub(super) fixes: Vec<FixCard>,
    /// Fixes beyond the first ones.
    pub(super) more_fixes: u64,
    /// What the first fixes take away together, at most, and how long they take.
    pub(super) together: String,
}

/// One key figure, a link to what it rests on.
#[derive(Serialize)]
pub(crate) struct Figure {
    pub(super) href: &'static str,
    pub(super) value: String,
    pub(super) label: String,
    pub(super) note: String,
}

/// One thing to do.
#[derive(Serialize)]
pub(crate) struct FixCard {
    pub(super) rule: Shown,
    pub(super) title: Shown,
    pub(super) saves: String,
    pub(super) minutes: String,
    pub(super) why: Shown,
    pub(super) steps: Vec<Shown>,
    pub(super) places: Vec<Place>,
    pub(super) more_places: u64,
    /// Where its findings stand on the page, where they do.
    pub(super) anchor: Option<String>,
}

/// Where a fix is needed.
#[derive(Serialize)]
pub(crate) struct Place {
    pub(super) device: Shown,
    pub(super) subject: Shown,
    /// What to do there, where the places of one fix ask for different things.
    pub(super) action: Shown,
}

pub(super) fn summary(model: &ReportModel, context: &Context<'_>) -> Summary {
    let open = |severity: Severity| {
        model
            .findings
            .iter()
            .filter(|entry| entry.standing == Standing::Open && entry.finding.severity == severity)
            .count() as u64
    };
    let (critical, high) = (open(Severity::Critical), open(Severity::High));
    let controls = Controls::count(model);
    let (answer, tone, because) = answer(critical, high, &controls, model);
    let fixes: Vec<_> = fixes(model, context);
    let roots: std::collections::BTreeSet<&str> =
        model.patient_data.iter().map(|entry| entry.survey.root.as_str()).collect();
    let is_container = |device: &&crate::DeviceEntry| device.inventory.os.role == DeviceRole::Container;
    Summary {
        searched: roots.iter().take(ROOTS_LISTED).map(|root| shown(root)).collect(),
        more_searched: roots.len().saturating_sub(ROOTS_LISTED) as u64,
        containers: model
            .devices
            .iter()
            .filter(is_container)
            .take(ROOTS_LISTED)
            .map(|device| context.device(device.id))
            .collect(),
        unknown_first: unknown_first(model, &controls),
        answer: answer.words(),
        tone,
        because,
        figures: figures(model, critical, high, &controls),
        lost: words::lost(&model.ledger).unwrap_or_default(),
        change: change(model),
        more_fixes: model.risk.fixes.len().saturating_sub(fixes.len()) as u64,
        together: together(model),
        fixes,
    }
}

/// How many controls stand where.
pub(crate) struct Controls {
    pub(crate) all: u64,
    /// Met, seen by a sensor, with no statement beside it.
    pub(crate) measured: u64,
    /// Met because a person says so.
    pub(crate) stated: u64,
    /// Not done, because a decision in force says so.
    pub(crate) declined: u64,
    pub(crate) partly: u64,
    pub(crate) not_met: u64,
    pub(crate) unknown: u64,
}

impl Controls {
    pub(crate) fn count(model: &ReportModel) -> Self {
        let of = |state| model.controls.iter().filter(|row| row.status.state == state).count() as u64;
        let met = |grounds| {
            model.controls.iter().filter(|row| row.status.grounds() == Some(grounds)).count() as u64
        };
        Self {
            all: model.controls.len() as u64,
            measured: met(Grounds::Measured),
            stated: met(Grounds::Stated),
            declined: met(Grounds::Declined),
            partly: of(ControlState::Partly),
            not_met: of(ControlState::NotMet),
            unknown: of(ControlState::Unknown),
        }
    }
}

/// The page's color for an answer.
pub(crate) const fn tone(answer: Answer) -> &'static str {
    match answer {
        Answer::No => "bad",
        Answer::NotYet => "fair",
        Answer::CannotSay => "unknown",
        Answer::AsFarAsSeen => "good",
    }
}

/// The answer, the page's color for it, and the sentence that explains it.
fn answer(
    critical: u64,
    high: u64,
    controls: &Controls,
    model: &ReportModel,
) -> (Answer, &'static str, String) {
    let looked = if model.evidence.is_empty() { 0 } else { controls.all };
    let (answer, because) = verdict(critical, high, controls.unknown, looked);
    let range = model
        .risk
        .mean_range
        .map(|(low, high)| format!(" (between {low} and {high}, depending on the assumptions)"))
        .unwrap_or_default();
    let mean = model.risk.total.mean;
    (
        answer,
        tone(answer),
        format!(
            "{because} As things stand, cyber incidents cost a practice like this {mean} in an average year{range}."
        ),
    )
}

fn figures(model: &ReportModel, critical: u64, high: u64, controls: &Controls) -> Vec<Figure> {
    let total = &model.risk.total;
    let persons = model.persons;
    let found = if model.patient_data.is_empty() {
        ("not looked for".to_owned(), "No folder was given to search".to_owned())
    } else {
        let folders = model
            .patient_data
            .iter()
            .map(|entry| entry.survey.folders.len() as u64 + entry.survey.folders_not_listed)
            .sum();
        let note = if persons.low == persons.high {
            format!("In {}", words::counted(folders, "folder", "folders"))
        } else {
            let (low, high) = (words::count(persons.low), words::count(persons.high));
            format!("Between {low} and {high}, in {}", words::counted(folders, "folder", "folders"))
        };
        let unopened: u64 =
            model.patient_data.iter().flat_map(|entry| entry.survey.files_not_searched.values()).sum();
        let unsearched = match unopened {
            0 => String::new(),
            _ => format!("; {} could not be opened", words::counted(unopened, "file", "files")),
        };
        (words::count(persons.value), format!("{note}{unsearched}"))
    };
    vec![
        Figure {
            href: "#risk",
            value: total.mean.to_string(),
            label: "expected loss in a year".to_owned(),
            note: match model.risk.mean_range {
                Some((low, high)) => {
                    format!(
                        "Between {low} and {high}, depending on the assumptions; in nine years of ten, less than {}",
                        total.p90
                    )
                }
                None => format!("In nine years of ten, less than {}", total.p90),
            },
        },
        Figure {
            href: "#findings",
            value: words::count(critical + high),
            label: if critical + high == 1 { "serious weakness open" } else { "serious weaknesses open" }
                .to_owned(),
            note: format!("{} to fix today, {} this week", words::count(critical), words::count(high)),
        },
        Figure {
            href: "#patient-data",
            value: found.0,
            label: "people whose records were found".to_owned(),
            note: found.1,
        },
        Figure {
            href: "#controls",
            value: format!("{} of {}", words::count(controls.measured), words::count(controls.all)),
            label: "safeguards met, as measured".to_owned(),
            note: format!(
                "{} stated by a person, {}{} unknown",
                words::count(controls.stated),
                match controls.declined {
                    0 => String::new(),
                    declined => format!("{} decided against, ", words::count(declined)),
                },
                words::count(controls.unknown)
            ),
        },
    ]
}

/// `Since 20 November 2026, 2 findings are new and 1 is fixed. Worse now: … (medium, now high). The expected yearly loss fell by
/// $4,100.` Empty where there is nothing to compare with.
pub(crate) fn change(model: &ReportModel) -> String {
    let Some(previous) = &model.previous else { return String::new() };
    let count = |standing, open_before| {
        let changed = |entry: &&FindingEntry| {
            entry.standing == standing && previous.open.contains_key(&entry.finding.id) == open_before
        };
        model.findings.iter().filter(changed).count() as u64
    };
    let since = if words::date(previous.at) == words::date(model.generated_at) {
        words::moment(previous.at).replacen(',', " at", 1)
    } else {
        words::date(previous.at)
    };
    let mut text = match (count(Standing::Open, false), count(Standing::Resolved, true)) {
        (0, 0) => format!("Since {since}, no finding is new and none is fixed."),
        (new, gone) => {
            let new = match new {
                0 => "no finding is new".to_owned(),
                _ => words::counted(new, "finding is new", "findings are new"),
            };
            let gone = match gone {
                0 => "none is fixed".to_owned(),
                _ => words::counted(gone, "is fixed", "are fixed"),
            };
            format!("Since {since}, {new} and {gone}.")
        }
    };
    text.push_str(&moved(model, previous, "Worse now", Ordering::Greater));
    text.push_str(&moved(model, previous, "Better now", Ordering::Less));
    let difference = model.risk.total.mean - previous.mean;
    if difference.0.abs() < 1.0 {
        text.push_str(" The expected yearly loss did not change.");
    } else {
        let direction = if difference.0 < 0.0 { "fell" } else { "rose" };
        let _ = write!(text, " The expected yearly loss {direction} by {}.", Usd(difference.0.abs()));
    }
    text
}

/// ` Worse now: Patient data of 30 people lies in /srv/charts (medium, now high).`; empty where no severity moved that way.
fn moved(model: &ReportModel, previous: &PreviousRun, heading: &str, direction: Ordering) -> String {
    let mut moved: Vec<(&Finding, Severity)> = model
        .findings
        .iter()
        .filter(|entry| entry.standing == Standing::Open)
        .filter_map(|entry| Some((&entry.finding, *previous.open.get(&entry.finding.id)?)))
        .filter(|(finding, before)| finding.severity.cmp(before) == direction)
        .collect();
    if moved.is_empty() {
        return String::new();
    }
    moved.sort_by(|a, b| a.0.worst_first(b.0));
    let name = |(finding, before): &(&Finding, Severity)| {
        format!("{} ({before}, now {})", shown(&finding.title), finding.severity)
    };
    let mut names: Vec<String> = moved.iter().take(MOVED_LISTED).map(name).collect();
    if moved.len() > MOVED_LISTED {
        names.push(format!("{} more", words::count((moved.len() - MOVED_LISTED) as u64)));
    }
    format!(" {heading}: {}.", names.join("; "))
}

fn fixes(model: &ReportModel, context: &Context<'_>) -> Vec<FixCard> {
    let by_id: HashMap<_, &Finding> =
        model.findings.iter().map(|entry| (entry.finding.id, &entry.finding)).collect();
    let card = |fix: &enamel_types::risk::FixWorth| {
        let findings: Vec<_> = fix.findings.iter().filter_map(|id| by_id.get(id).copied()).collect();
        let same_action = findings.windows(2).all(|two| two[0].fix.action == two[1].fix.action);
        let place = |finding: &&Finding| Place {
            device: context.device(finding.device),
            subject: shown(&finding.subject),
            action: if same_action { Shown::default() } else { shown(&finding.fix.action) },
        };
        FixCard {
            rule: shown(fix.id.as_str()),
            title: shown(&fix.title),
            saves: fix.saves_mean.to_string(),
            minutes: fix.minutes.to_string(),
            why: findings.first().map(|finding| sentence(&finding.why)).unwrap_or_default(),
            steps: steps(&fix.how),
            places: findings.iter().take(PLACES_LISTED).map(place).collect(),
            more_places: findings.len().saturating_sub(PLACES_LISTED) as u64,
            anchor: findings
                .iter()
                .any(|finding| finding.rule == fix.id)
                .then(|| super::findings::anchor(fix.id.as_str())),
        }
    };
    model.risk.fixes.iter().take(FIRST_FIXES).map(card).collect()
}

/// Where nothing was found to fix, what is unknown comes first.
fn unknown_first(model: &ReportModel, controls: &Controls) -> String {
    let results = model.results.iter().map(|entry| (entry.device, &entry.result));
    let checks = RuleResult::count(results, CheckOutcome::Unknown);
    let places = model.gaps.len() as u64;
    if !model.risk.fixes.is_empty() || controls.unknown + checks + places == 0 {
        return String::new();
    }
    format!(
        "The first thing to do is to answer or scan what is unknown: {}, {} and {}.",
        words::counted(controls.unknown, "safeguard", "safeguards"),
        words::counted(checks, "check that could not be decided", "checks that could not be decided"),
        words::counted(places, "place that could not be looked at", "places that could not be looked at"),
    )
}

fn together(model: &ReportModel) -> String {
    let first = || model.risk.fixes.iter().take(FIRST_FIXES);
    if first().count() < 2 {
        return String::new();
    }
    let minutes = enamel_types::Minutes(first().map(|fix| fix.minutes.0).sum());
    // Worths of single fixes overlap: two doors that let the same burglar in. Their sum is a bound, and is called one.
    let saves = Usd(first().map(|fix| fix.saves_mean.0).sum::<f64>().min(model.risk.total.mean.0));
    format!("Together they take about {minutes} and cut the expected yearly loss by up to {saves}.")
}

/// The computers on which a rule's findings are open.
pub(crate) fn device_count<'a>(findings: impl Iterator<Item = &'a Finding>) -> u64 {
    findings.map(|finding| finding.device).collect::<std::collections::HashSet<DeviceId>>().len() as u64
}
