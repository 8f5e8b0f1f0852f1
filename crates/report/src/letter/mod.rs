//! Two pages for people who will read two pages: the monthly letter to the dentist, and the first assessment of a practice that
//! is not a client yet.
//!
//! Both say the same things as the full report, from the same model, and nothing else. Every figure links to the list of what it rests
//! on at the letter's end. They go out under the MSP's name ([`Brand`]). A letter to a prospect names no file, no folder and
//! no setting: it may travel further than its reader thinks.

mod brand;
mod trend;

use std::collections::BTreeMap;

use askama::Template;
use enamel_types::verdict::verdict;
use enamel_types::{FindingEntry, ObservationId, Severity, Standing, Timestamp, Usd};

pub use brand::{Brand, BrandError, Colour, LOGO_BYTES, LOGO_PIXELS, Logo};

use crate::html::{AcceptedRow, Context, Controls, chart_of};
use crate::text::{Shown, css_string, sentence, shown};
use crate::{ReportError, ReportModel, words};

/// Entries in any list of a letter; the rest is counted.
const LISTED: usize = 8;

/// Fixes that a letter suggests.
const FIXES: usize = 3;

/// Fixes named to a prospect.
const PROSPECT_FIXES: usize = 5;

/// Observations listed at the end.
const EVIDENCE_LISTED: usize = 60;

/// The month that a letter speaks of.
#[derive(Debug, Clone, PartialEq)]
pub struct Month {
    /// Its first moment.
    pub from: Timestamp,
    /// The moment after its last.
    pub until: Timestamp,
    /// The expected yearly loss over time, oldest first: a point a month or more often.
    pub trend: Vec<(Timestamp, Usd)>,
    /// Computers that did not report at the month's end, and when each was last heard of.
    pub silent: Vec<(String, Timestamp)>,
}

/// The monthly letter to the dentist, one HTML file that needs nothing else.
pub fn render_monthly(model: &ReportModel, brand: &Brand, month: &Month) -> Result<String, ReportError> {
    let mut letter = letter(model, brand, FIXES);
    letter.heading = format!("Security in {}", month.from.strftime("%B %Y"));
    letter.done = Some(done(model, month));
    letter.accepted = crate::html::accepted(model, &Context::of(model));
    letter.trend = trend::chart(&month.trend);
    letter.trend_rows = month.trend.iter().map(|(at, mean)| (words::date(*at), mean.to_string())).collect();
    letter.unseen = unseen(model, month);
    Ok(letter.render()?)
}

/// The first assessment of a practice that is not a client yet.
pub fn render_prospect(model: &ReportModel, brand: &Brand) -> Result<String, ReportError> {
    let mut letter = letter(model, brand, PROSPECT_FIXES);
    "A first look at your security".clone_into(&mut letter.heading);
    letter.curve = chart_of(&model.risk.total);
    letter.unseen = unseen_everywhere(model);
    letter.prospect = true;
    Ok(letter.render()?)
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Letter {
    practice: Shown,
    heading: String,
    date: String,
    moment: String,
    version: Shown,
    accent: String,
    brand_name: Shown,
    contact: Vec<Shown>,
    logo: Option<(String, u32, u32)>,
    print_head: String,
    prospect: bool,
    answer: &'static str,
    tone: &'static str,
    because: String,
    change: String,
    lost: String,
    figures: Vec<Figure>,
    /// What was fixed in the month; `None` in a letter to a prospect.
    done: Option<Done>,
    fixes: Vec<Fix>,
    more_fixes: u64,
    accepted: Vec<AcceptedRow>,
    unseen: Vec<String>,
    /// Made by us from figures, safe to put into the page as they are; empty where there is nothing to draw.
    trend: String,
    trend_rows: Vec<(String, String)>,
    curve: String,
    root: Shown,
    entries: String,
    evidence: Vec<EvidenceRow>,
    more_evidence: u64,
}

struct Figure {
    value: String,
    label: &'static str,
    note: String,
    /// Where the evidence for it begins; empty where there is none.
    href: String,
}

struct Done {
    rows: Vec<(Shown, Shown, String)>,
    more: u64,
}

struct Fix {
    title: Shown,
    why: Shown,
    minutes: String,
    saves: String,
    computers: String,
}

struct EvidenceRow {
    seq: u64,
    hash: Shown,
    sensor: Shown,
    device: Shown,
    observed: String,
}

/// What both letters have.
fn letter(model: &ReportModel, brand: &Brand, fixes: usize) -> Letter {
    let open = |severity: Severity| {
        let counts =
            |entry: &&FindingEntry| entry.standing == Standing::Open && entry.finding.severity == severity;
        model.findings.iter().filter(counts).count() as u64
    };
    let (critical, high) = (open(Severity::Critical), open(Severity::High));
    let controls = Controls::count(model);
    let looked = if model.evidence.is_empty() { 0 } else { controls.all };
    let (answer, because) = verdict(critical, high, controls.unknown, looked);
    let context = Context::of(model);
    let practice = shown(&model.practice.name);
    let evidence: Vec<_> = model
        .evidence
        .values()
        .map(|facts| EvidenceRow {
            seq: facts.seq,
            hash: shown(&facts.hash),
            sensor: shown(&facts.sensor),
            device: context.device(facts.device),
            observed: words::date(facts.observed_at),
        })
        .collect();
    Letter {
        print_head: css_string(&practice),
        practice,
        heading: String::new(),
        date: words::date(model.generated_at),
        moment: words::moment(model.generated_at),
        version: shown(&model.version),
        accent: brand.colour.to_string(),
        brand_name: shown(if brand.name.is_empty() { "Enamel" } else { &brand.name }),
        contact: brand.contact.iter().map(|line| shown(line)).collect(),
        logo: brand.logo.as_ref().map(|logo| {
            let (width, height) = logo.shown_size();
            (logo.address(), width, height)
        }),
        prospect: false,
        answer: answer.words(),
        tone: crate::html::tone(answer),
        because,
        change: crate::html::change(model),
        lost: words::lost(&model.ledger).unwrap_or_default(),
        figures: figures(model, critical + high, &controls),
        done: None,
        fixes: suggested(model, fixes),
        more_fixes: model.risk.fixes.len().saturating_sub(fixes) as u64,
        accepted: Vec::new(),
        unseen: Vec::new(),
        trend: String::new(),
        trend_rows: Vec::new(),
        curve: String::new(),
        root: shown(&model.ledger.root),
        entries: words::count(model.ledger.entries),
        more_evidence: evidence.len().saturating_sub(EVIDENCE_LISTED) as u64,
        evidence: {
            let mut rows = evidence;
            rows.sort_by_key(|row| row.seq);
            rows.truncate(EVIDENCE_LISTED);
            rows
        },
    }
}

/// Four figures, each with what it rests on.
fn figures(model: &ReportModel, serious: u64, controls: &Controls) -> Vec<Figure> {
    let first = |observation: Option<ObservationId>| {
        observation
            .and_then(|id| model.evidence.get(&id))
            .map_or_else(String::new, |facts| format!("#e{}", facts.seq))
    };
    let worst = model
        .findings
        .iter()
        .filter(|entry| entry.standing == Standing::Open)
        .min_by(|a, b| a.finding.worst_first(&b.finding));
    vec![
        Figure {
            value: model.risk.total.mean.to_string(),
            label: "expected loss in a year",
            note: format!("In nine years of ten, less than {}", model.risk.total.p90),
            href: "#evidence".to_owned(),
        },
        Figure {
            value: words::count(serious),
            label: if serious == 1 { "serious weakness open" } else { "serious weaknesses open" },
            note: "To fix today or this week".to_owned(),
            href: first(worst.map(|entry| entry.finding.observation)),
        },
        Figure {
            value: if model.patient_data.is_empty() {
                "not looked for".to_owned()
            } else {
                words::count(model.persons.value)
            },
            label: "people whose records were found",
            note: if model.persons.low == model.persons.high {
                "In the folders that were searched".to_owned()
            } else {
                format!(
                    "Between {} and {}",
                    words::count(model.persons.low),
                    words::count(model.persons.high)
                )
            },
            href: first(model.patient_data.first().map(|entry| entry.observation)),
        },
        Figure {
            value: format!(
                "{} of {}",
                words::count(controls.measured + controls.stated + controls.declined),
                words::count(controls.all)
            ),
            label: "safeguards answered for",
            note: format!(
                "{} measured, {} stated by a person, {} unknown",
                words::count(controls.measured),
                words::count(controls.stated),
                words::count(controls.unknown)
            ),
            href: "#evidence".to_owned(),
        },
    ]
}

/// What was fixed in the month.
fn done(model: &ReportModel, month: &Month) -> Done {
    let context = Context::of(model);
    let mut fixed: Vec<&FindingEntry> = model
        .findings
        .iter()
        .filter(|entry| entry.resolved_at.is_some_and(|at| month.from <= at && at < month.until))
        .filter(|entry| entry.standing == Standing::Resolved)
        .collect();
    fixed.sort_by(|a, b| a.finding.worst_first(&b.finding));
    let row = |entry: &&FindingEntry| {
        let device = context.device(entry.finding.device);
        let at = entry.resolved_at.map(words::date).unwrap_or_default();
        (shown(&entry.finding.title), device, at)
    };
    Done {
        rows: fixed.iter().take(LISTED).map(row).collect(),
        more: fixed.len().saturating_sub(LISTED) as u64,
    }
}

fn suggested(model: &ReportModel, most: usize) -> Vec<Fix> {
    let by_id: BTreeMap<_, _> =
        model.findings.iter().map(|entry| (entry.finding.id, &entry.finding)).collect();
    model
        .risk
        .fixes
        .iter()
        .take(most)
        .map(|fix| {
            let findings: Vec<_> = fix.findings.iter().filter_map(|id| by_id.get(id).copied()).collect();
            let computers = crate::html::device_count(findings.iter().copied());
            Fix {
                title: shown(&fix.title),
                why: findings.first().map(|finding| sentence(&finding.why)).unwrap_or_default(),
                minutes: fix.minutes.to_string(),
                saves: fix.saves_mean.to_string(),
                computers: words::counted(computers, "computer", "computers"),
            }
        })
        .collect()
}

/// What nobody could see in the month.
fn unseen(model: &ReportModel, month: &Month) -> Vec<String> {
    let mut lines: Vec<String> = month
        .silent
        .iter()
        .take(LISTED)
        .map(|(name, last)| format!("{} has not reported since {}.", shown(name), words::date(*last)))
        .collect();
    let more = month.silent.len().saturating_sub(LISTED) as u64;
    if more > 0 {
        lines.push(format!(
            "{} have not reported either.",
            words::counted(more, "more computer", "more computers")
        ));
    }
    lines.extend(unseen_everywhere(model));
    lines
}

fn unseen_everywhere(model: &ReportModel) -> Vec<String> {
    let controls = Controls::count(model);
    let mut lines = Vec::new();
    if controls.unknown > 0 {
        lines.push(format!(
            "{} no fresh evidence, and {} unknown until somebody shows it.",
            words::counted(
                controls.unknown,
                "safeguard that the law asks for has",
                "safeguards that the law asks for have"
            ),
            if controls.unknown == 1 { "stays" } else { "stay" },
        ));
    }
    if !model.gaps.is_empty() {
        lines.push(format!(
            "{} could not be looked at; the full report names them.",
            words::counted(model.gaps.len() as u64, "place", "places")
        ));
    }
    if model.patient_data.is_empty() {
        lines.push("Nobody has looked yet where patient data lies.".to_owned());
    }
    lines
}
