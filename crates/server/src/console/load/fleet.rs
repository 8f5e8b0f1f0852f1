//! The screens over the fleet: Today, practices, computers, findings, search. All of it comes from the index.

use std::fmt::Write as _;

use enamel_ledger::FindingRecord;
use enamel_store::index::{
    self, Figures, FindingCursor, FindingFilter, FindingStanding, IndexDevice, IndexFinding, TodayCursor,
    TodayItem,
};
use enamel_store::{MAX_PAGE, StoreError, Tx, agents, tree};
use enamel_types::{DeviceId, GroupId, Minutes, PracticeId, RuleId, Severity, Timestamp, Usd};

use super::{CHOICES, From, Names, ROWS, after, cursor};
use crate::console::frame::{Choice, PracticeRef};
use crate::console::routes::encoded;
use crate::console::screens::devices::{AgentState, DeviceRow, Devices};
use crate::console::screens::findings::{Counts, Filters, FindingRow, Findings, State};
use crate::console::screens::practices::{PracticeRow, Practices};
use crate::console::screens::search::{Hit, Hits, Search};
use crate::console::screens::today::{Fleet, Need, Today, What};
use crate::console::titles;
use crate::console::words::Words;
use crate::reconcile::{Cause, SILENT_AFTER};

/// Results of each kind that a search shows.
const HITS: u32 = 20;

/// What needs a human, over all practices in reach or those of a group.
pub(in crate::console) fn today(
    from: &From<'_>,
    group: Option<GroupId>,
    page: &str,
) -> Result<Today, StoreError> {
    let scope = from.within(group)?;
    from.store.read(&scope, |tx| {
        let mut names = Names::of(tx)?;
        let found = index::today(tx, None, after::<TodayCursor>(page).as_ref(), ROWS)?;
        let sums = index::today_sums(tx)?;
        let mut needs = Vec::new();
        for item in &found.items {
            if let Some(what) = what(item) {
                let practice = names.practice(tx, item.practice)?;
                needs.push(need(item, what, practice));
            }
        }
        let practices = tree::practice_ids(tx)?.len() as u64;
        let (computers, expected, looked_at) = standing(tx)?;
        let fleet = Fleet {
            practices,
            computers,
            silent: sums.silent,
            calm: practices.saturating_sub(sums.practices),
            expected,
        };
        Ok(Today {
            looked_at,
            fleet,
            groups: Choice::groups(&names.groups, group),
            total: sums.items,
            next: cursor(found.next).map(|next| match group {
                Some(group) => format!("/?group={group}&after={next}"),
                None => format!("/?after={next}"),
            }),
            minutes: Minutes(needs.iter().filter_map(|need| need.minutes).map(|minutes| minutes.0).sum()),
            saves: needs.iter().filter_map(|need| need.saves).sum(),
            needs,
        })
    })
}

/// Computers, expected loss and the oldest moment at which any practice was brought up to date, over all in reach.
fn standing(tx: &mut Tx<'_>) -> Result<(u64, Usd, Option<Timestamp>), StoreError> {
    let (mut computers, mut expected, mut oldest) = (0, Usd(0.0), None::<Timestamp>);
    let mut next = None;
    loop {
        let page = index::practices_by_loss(tx, next, MAX_PAGE)?;
        for practice in &page.items {
            computers += u64::from(practice.figures.devices);
            expected += Usd(practice.figures.loss_mean);
            oldest = Some(oldest.map_or(practice.computed_at, |oldest| oldest.min(practice.computed_at)));
        }
        next = page.next;
        if next.is_none() {
            return Ok((computers, expected, oldest));
        }
    }
}

/// What an item says; `None` for one that another version of Enamel wrote.
pub(super) fn what(item: &TodayItem) -> Option<What> {
    serde_json::from_str::<Cause>(&item.detail).ok().map(|cause| what_of(&cause))
}

pub(super) fn what_of(cause: &Cause) -> What {
    match cause.clone() {
        Cause::Weakness { title, action, computers, .. } => What::Weakness { title, action, computers },
        Cause::Silent { computer, .. } => What::Silent { computer },
        Cause::Fork { computer, .. } => What::Fork { computer },
        Cause::Dropped { computer, observations, .. } => What::Gap { computer, entries: observations },
        Cause::CertificateEnds { computer, until, .. } => What::CertificateEnds { computer, until },
        Cause::Held { verb, computer, .. } => What::Held { verb, computer },
        Cause::HeldBack { commands } => What::HeldBack { commands },
        Cause::AcceptanceEnds { title, until, .. } => What::AcceptanceEnds { title, until },
        Cause::Stale { controls } => What::Stale { controls },
        Cause::BackupsUnknown => What::BackupsUnknown,
        Cause::NoComputer => What::NoComputer,
    }
}

/// Where a need is seen to.
pub(super) fn href(practice: PracticeId, cause: Option<&Cause>) -> String {
    match cause {
        Some(Cause::Weakness { rule, .. }) => format!("/findings?practice={practice}&rule={rule}"),
        Some(Cause::AcceptanceEnds { finding, .. }) => format!("/practices/{practice}/findings/{finding}"),
        Some(Cause::Held { .. } | Cause::HeldBack { .. }) => "/approvals".to_owned(),
        Some(Cause::Stale { .. } | Cause::BackupsUnknown) => format!("/practices/{practice}#controls"),
        Some(Cause::NoComputer) => format!("/tokens?practice={practice}"),
        Some(
            Cause::Silent { .. } | Cause::Fork { .. } | Cause::Dropped { .. } | Cause::CertificateEnds { .. },
        ) => {
            format!("/practices/{practice}#agents")
        }
        None => format!("/practices/{practice}"),
    }
}

fn need(item: &TodayItem, what: What, practice: PracticeRef) -> Need {
    let cause = serde_json::from_str::<Cause>(&item.detail).ok();
    let saves = match &cause {
        Some(Cause::Weakness { saves, .. }) if saves.0 >= 1.0 => Some(*saves),
        _ => None,
    };
    Need {
        href: href(item.practice, cause.as_ref()),
        minutes: cause.as_ref().map(|cause| Minutes(cause.minutes())),
        practice,
        what,
        severity: item.severity,
        saves,
        since: item.since,
    }
}

/// Open findings of a practice's figures.
pub(super) fn counts(figures: &Figures) -> Counts {
    let [_, low, medium, high, critical] = figures.findings.map(u64::from);
    Counts { critical, high, medium, low }
}

/// The practices in reach, costliest first; those of which nothing is known come last.
pub(in crate::console) fn practices(
    from: &From<'_>,
    group: Option<GroupId>,
    page: &str,
) -> Result<Practices, StoreError> {
    let scope = from.within(group)?;
    from.store.read(&scope, |tx| {
        let mut names = Names::of(tx)?;
        let all = tree::practice_ids(tx)?;
        let found = index::practices_by_loss(tx, after(page), ROWS)?;
        let mut rows = Vec::new();
        for standing in &found.items {
            let figures = &standing.figures;
            rows.push(PracticeRow {
                practice: names.practice(tx, standing.practice)?,
                computers: u64::from(figures.devices),
                silent: silent_agents(tx, standing.practice, from.words.now)?,
                open: counts(figures),
                expected: (figures.devices > 0).then_some(Usd(figures.loss_mean)),
                people: figures.persons,
                seen: (figures.devices > 0).then_some(standing.computed_at),
            });
        }
        Ok(Practices {
            total: all.len() as u64,
            groups: Choice::groups(&names.groups, group),
            next: cursor(found.next).map(|next| {
                format!(
                    "/practices?after={next}{}",
                    group.map(|id| format!("&group={id}")).unwrap_or_default()
                )
            }),
            rows,
        })
    })
}

fn silent_agents(tx: &mut Tx<'_>, practice: PracticeId, now: Timestamp) -> Result<u64, StoreError> {
    let agents = agents::of_practice(tx, practice, None, MAX_PAGE)?;
    Ok(agents.items.iter().filter(|agent| agent_state(agent, now) == AgentState::Silent).count() as u64)
}

/// How an agent is.
pub(super) fn agent_state(agent: &agents::Agent, now: Timestamp) -> AgentState {
    let heard = agent.seen_at.unwrap_or(agent.enrolled_at);
    if agent.revoked_at.is_some() {
        AgentState::Ended
    } else if agent.cloned_at.is_some() {
        AgentState::Damaged
    } else if now.duration_since(heard) > SILENT_AFTER {
        AgentState::Silent
    } else {
        AgentState::Well
    }
}

/// What a list of computers is narrowed by.
#[derive(Debug, Clone, Default)]
pub(in crate::console) struct DeviceQuery {
    pub(in crate::console) practice: Option<PracticeId>,
    pub(in crate::console) silent: bool,
    pub(in crate::console) word: String,
    pub(in crate::console) after: String,
}

/// The computers in reach, by name.
pub(in crate::console) fn devices(from: &From<'_>, query: DeviceQuery) -> Result<Devices, StoreError> {
    from.store.read(&from.scope, |tx| {
        let mut names = Names::of(tx)?;
        let practices = choices(tx, &mut names, query.practice)?;
        // Silence is not in the index: with that filter the page is as long as what is found in one reading.
        let limit = if query.silent { MAX_PAGE } else { ROWS };
        let found = index::devices(tx, query.practice, &query.word, after(&query.after).as_ref(), limit)?;
        let mut rows = Vec::new();
        for device in &found.items {
            let row = device_row(tx, &mut names, device, from.words)?;
            if !query.silent || row.state == AgentState::Silent {
                rows.push(row);
            }
        }
        let filtered = query.practice.is_some() || query.silent || !query.word.is_empty();
        let (computers, ..) = standing(tx)?;
        let mut link = String::from("/devices?");
        if let Some(id) = query.practice {
            let _ = write!(link, "practice={id}&"); // a String takes everything
        }
        if query.silent {
            link += "contact=silent&";
        }
        if !query.word.is_empty() {
            let _ = write!(link, "q={}&", encoded(&query.word));
        }
        Ok(Devices {
            total: if filtered { rows.len() as u64 } else { computers.max(rows.len() as u64) },
            rows,
            practices,
            contacts: vec![Choice {
                value: "silent".to_owned(),
                label: from.words.t("agent-silent"),
                chosen: query.silent,
            }],
            word: query.word,
            filtered,
            next: cursor(found.next).map(|next| format!("{link}after={next}")),
        })
    })
}

/// The practices in reach as a filter's choices.
pub(super) fn choices(
    tx: &mut Tx<'_>,
    names: &mut Names,
    chosen: Option<PracticeId>,
) -> Result<Vec<Choice>, StoreError> {
    let found = tree::practices(tx, "", None, CHOICES)?;
    Ok(found
        .items
        .iter()
        .map(|practice| {
            let shown = names.named(practice);
            names.practices.insert(practice.id, shown);
            Choice {
                value: practice.id.to_string(),
                label: practice.name.clone(),
                chosen: chosen == Some(practice.id),
            }
        })
        .collect())
}

pub(super) fn device_row(
    tx: &mut Tx<'_>,
    names: &mut Names,
    device: &IndexDevice,
    words: &Words,
) -> Result<DeviceRow, StoreError> {
    let agents = agents::of_practice(tx, device.practice, None, MAX_PAGE)?;
    let agent = agents.items.iter().find(|agent| agent.device == device.device);
    let filter = FindingFilter {
        practice: Some(device.practice),
        device: Some(device.device),
        open_only: true,
        ..FindingFilter::default()
    };
    let mut open = Counts::default();
    if device.findings > 0 {
        for finding in index::findings(tx, &filter, None, MAX_PAGE)?.items {
            match finding.severity {
                Severity::Critical => open.critical += 1,
                Severity::High => open.high += 1,
                Severity::Medium => open.medium += 1,
                Severity::Low => open.low += 1,
                Severity::Informational => {}
            }
        }
    }
    Ok(DeviceRow {
        id: device.device,
        practice: names.practice(tx, device.practice)?,
        name: if device.name.is_empty() { words.t("device-name-missing") } else { device.name.clone() },
        os: device.os.clone(),
        contact: agent.and_then(|agent| agent.seen_at),
        state: agent.map_or(AgentState::Ended, |agent| agent_state(agent, words.now)),
        version: agent.map(|agent| agent.version.clone()).unwrap_or_default(),
        open,
    })
}

/// What a list of findings is narrowed by.
#[derive(Debug, Clone, Default)]
pub(in crate::console) struct FindingQuery {
    pub(in crate::console) practice: Option<PracticeId>,
    pub(in crate::console) device: Option<DeviceId>,
    pub(in crate::console) rule: Option<RuleId>,
    pub(in crate::console) severity: Option<Severity>,
    pub(in crate::console) state: Option<State>,
    /// `week`, `month` or `older`; anything else is any time.
    pub(in crate::console) age: String,
    pub(in crate::console) after: String,
}

impl FindingQuery {
    /// Whether a finding stands the filters that the index does not know.
    fn takes(&self, row: &FindingRow, now: Timestamp) -> bool {
        let days = now.duration_since(row.first_seen).as_hours() / 24;
        let age = match self.age.as_str() {
            "week" => days < 7,
            "month" => days < 30,
            "older" => days >= 30,
            _ => true,
        };
        age && self.state.is_none_or(|state| state == row.state)
    }

    fn link(&self) -> String {
        let mut link = String::from("/findings?");
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                let _ = write!(link, "{name}={}&", encoded(&value)); // a String takes everything
            }
        };
        add("practice", self.practice.map(|id| id.to_string()));
        add("device", self.device.map(|id| id.to_string()));
        add("rule", self.rule.as_ref().map(ToString::to_string));
        add("severity", self.severity.map(|severity| severity.to_string()));
        add("state", self.state.map(|state| state.tag().to_owned()));
        add("age", Some(self.age.clone()));
        link
    }
}

/// The findings in reach, worst first.
pub(in crate::console) fn findings(from: &From<'_>, query: &FindingQuery) -> Result<Findings, StoreError> {
    let words = from.words;
    from.store.read(&from.scope, |tx| {
        let mut names = Names::of(tx)?;
        let practices = choices(tx, &mut names, query.practice)?;
        let filter = FindingFilter {
            practice: query.practice,
            device: query.device,
            rule: query.rule.clone(),
            severity: query.severity,
            open_only: query.state != Some(State::Resolved),
        };
        let narrow = query.state.is_some() || !query.age.is_empty();
        let found = index::findings(
            tx,
            &filter,
            after::<FindingCursor>(&query.after).as_ref(),
            if narrow { MAX_PAGE } else { ROWS },
        )?;
        let mut rows = Vec::new();
        for finding in &found.items {
            let row = finding_row(tx, from, &mut names, finding)?;
            if query.takes(&row, words.now) {
                rows.push(row);
            }
        }
        let counted = index::rule_counts(tx)?;
        let open: u64 = counted.iter().map(|(_, findings, _)| findings).sum();
        let filtered = narrow
            || query.practice.is_some()
            || query.device.is_some()
            || query.rule.is_some()
            || query.severity.is_some();
        let device_name = match query.device {
            Some(id) => index::device(tx, id).map(|device| device.name).unwrap_or_default(),
            None => String::new(),
        };
        let choice = |value: &str, label: String, chosen| Choice { value: value.to_owned(), label, chosen };
        let severities =
            [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Informational];
        Ok(Findings {
            total: if filtered { rows.len() as u64 } else { open },
            rows,
            filters: Filters {
                practices,
                severities: severities
                    .map(|it| choice(it.as_str(), words.severity(&it), query.severity == Some(it)))
                    .to_vec(),
                states: State::ALL
                    .map(|it| choice(it.tag(), words.t(it.key()), query.state == Some(it)))
                    .to_vec(),
                ages: [("week", "age-week"), ("month", "age-month"), ("older", "age-older")]
                    .map(|(value, key)| choice(value, words.t(key), query.age == value))
                    .to_vec(),
                rules: counted
                    .iter()
                    .map(|(rule, ..)| {
                        choice(
                            rule.as_str(),
                            titles::weakness(from.content, rule, words),
                            query.rule.as_ref() == Some(rule),
                        )
                    })
                    .collect(),
                device: query.device.map(|id| id.to_string()).unwrap_or_default(),
                device_name,
            },
            filtered,
            next: cursor(found.next).map(|next| format!("{}after={next}", query.link())),
        })
    })
}

fn finding_row(
    tx: &mut Tx<'_>,
    from: &From<'_>,
    names: &mut Names,
    finding: &IndexFinding,
) -> Result<FindingRow, StoreError> {
    let accepted = finding.accepted_until.is_some_and(|until| from.words.now < until);
    let state = match finding.state {
        FindingStanding::Resolved => State::Resolved,
        _ if accepted => State::Accepted,
        FindingStanding::Open => State::Open,
        FindingStanding::Reopened => State::Reopened,
    };
    Ok(FindingRow {
        id: finding.finding,
        practice: names.practice(tx, finding.practice)?,
        computer: index::device(tx, finding.device)
            .map_or_else(|_| from.words.t("device-name-missing"), |device| device.name),
        title: titles::weakness(from.content, &finding.rule, from.words),
        subject: String::new(),
        rule: finding.rule.to_string(),
        severity: finding.severity,
        state,
        first_seen: finding.first_seen,
        last_seen: finding.last_seen,
    })
}

/// A finding of a practice's view as a row.
pub(super) fn row_of(
    record: &FindingRecord,
    practice: &PracticeRef,
    computer: String,
    state: State,
) -> FindingRow {
    let finding = &record.finding;
    FindingRow {
        id: finding.id,
        practice: practice.clone(),
        computer,
        title: finding.title.clone(),
        subject: finding.subject.clone(),
        rule: finding.rule.to_string(),
        severity: finding.severity,
        state,
        first_seen: record.first_seen,
        last_seen: record.last_seen,
    }
}

/// Practices, computers and rules by a part of their name.
pub(in crate::console) fn search(from: &From<'_>, query: &str) -> Result<Search, StoreError> {
    let query: String = query.trim().chars().take(100).collect();
    from.store.read(&from.scope, |tx| {
        let found = index::search(tx, &query, HITS + 1)?;
        let mut names = Names::of(tx)?;
        let practices = found
            .practices
            .iter()
            .map(|(id, name)| Hit {
                href: format!("/practices/{id}"),
                title: name.clone(),
                context: String::new(),
            })
            .collect();
        let mut devices = Vec::new();
        for (device, practice, name) in &found.devices {
            let context = names.practice(tx, *practice)?.name;
            devices.push(Hit {
                href: format!("/findings?practice={practice}&device={device}"),
                title: name.clone(),
                context,
            });
        }
        let lower = query.to_lowercase();
        // Words of a finding are searched in what rules are called; the index holds nothing else of them.
        let counted = if query.is_empty() { Vec::new() } else { index::rule_counts(tx)? };
        let rules = counted
            .iter()
            .map(|(rule, ..)| (rule, titles::weakness(from.content, rule, from.words)))
            .filter(|(rule, title)| {
                title.to_lowercase().contains(&lower) || rule.as_str().to_lowercase().contains(&lower)
            })
            .map(|(rule, title)| Hit {
                href: format!("/findings?rule={rule}"),
                title,
                context: rule.to_string(),
            })
            .collect();
        let groups = [("hits-practices", practices), ("hits-devices", devices), ("hits-findings", rules)]
            .into_iter()
            .filter(|(_, rows): &(_, Vec<Hit>)| !rows.is_empty())
            .map(|(key, mut rows)| {
                let more = rows.len() > HITS as usize;
                rows.truncate(HITS as usize);
                Hits { key, rows, more }
            });
        Ok(Search { groups: groups.collect(), query })
    })
}

/// The practices in reach as choices of a form.
pub(in crate::console) fn practice_choices(
    from: &From<'_>,
    chosen: Option<PracticeId>,
) -> Result<Vec<Choice>, StoreError> {
    from.store.read(&from.scope, |tx| {
        let mut names = Names::of(tx)?;
        choices(tx, &mut names, chosen)
    })
}
