//! Reading the index: over the fleet by pages, and one practice's part.

use enamel_types::{DeviceId, FindingId, PracticeId, RuleId, Severity, Timestamp};
use serde::Serialize;

use super::{EvidenceAge, Figures, FindingStanding, IndexDevice, IndexFinding, STATES, TodayItem};
use crate::error::StoreError;
use crate::filter::Filter;
use crate::page::{Page, name_key, pattern, rows_for};
use crate::tx::Tx;
use crate::value::{Row, of_json, values};

/// A practice's standing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PracticeStanding {
    /// Which.
    pub practice: PracticeId,
    /// The last entry of the evidence that it rests on.
    pub through_seq: u64,
    /// When it was computed.
    pub computed_at: Timestamp,
    /// Its figures.
    pub figures: Figures,
}

/// Which findings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindingFilter {
    /// Of one practice.
    pub practice: Option<PracticeId>,
    /// Of one computer.
    pub device: Option<DeviceId>,
    /// Of one rule.
    pub rule: Option<RuleId>,
    /// Of one severity.
    pub severity: Option<Severity>,
    /// Only those that are open, or open again.
    pub open_only: bool,
}

/// Where the next page of findings begins.
pub type FindingCursor = (Severity, FindingId);

/// Where the next page of computers begins.
pub type DeviceCursor = (String, DeviceId);

/// Where the next page of what needs a human begins.
pub type TodayCursor = (f64, PracticeId, String);

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Practices by name.
    pub practices: Vec<(PracticeId, String)>,
    /// Computers by name, each with its practice.
    pub devices: Vec<(DeviceId, PracticeId, String)>,
    /// Rules by id that have an open finding in reach, and how many.
    pub rules: Vec<(RuleId, u64)>,
}

const STANDING: &str = "SELECT practice, through_seq, computed_at, figures FROM index_practice";
const DEVICE: &str =
    "SELECT device, practice, name, os, role, observed_at, worst, findings FROM index_device";
const FINDING: &str = "SELECT finding, practice, device, rule, severity, state, first_seen, last_seen, accepted_until FROM index_finding";

const TODAY: &str = "SELECT practice, item, worth, reason, severity, device, since, detail FROM index_today";

fn standing_of(row: &Row) -> Result<PracticeStanding, StoreError> {
    Ok(PracticeStanding {
        practice: row.get(0)?,
        through_seq: row.get(1)?,
        computed_at: row.get(2)?,
        figures: of_json(&row.get::<String>(3)?)?,
    })
}

fn device_of(row: &Row) -> Result<IndexDevice, StoreError> {
    let worst: i64 = row.get(6)?;
    Ok(IndexDevice {
        device: row.get(0)?,
        practice: row.get(1)?,
        name: row.get(2)?,
        os: row.get(3)?,
        role: row.get(4)?,
        observed_at: row.get(5)?,
        worst: if worst == 0 { None } else { row.get(6)? },
        findings: row.get(7)?,
    })
}

fn finding_of(row: &Row) -> Result<IndexFinding, StoreError> {
    Ok(IndexFinding {
        finding: row.get(0)?,
        practice: row.get(1)?,
        device: row.get(2)?,
        rule: row.get(3)?,
        severity: row.get(4)?,
        state: row.get::<FindingStanding>(5)?,
        first_seen: row.get(6)?,
        last_seen: row.get(7)?,
        accepted_until: row.get(8)?,
    })
}

/// How far the index of a practice is; 0 where there is none.
///
/// # Errors
/// What the database says.
pub fn through(tx: &mut Tx<'_>, practice: PracticeId) -> Result<u64, StoreError> {
    let sql = "SELECT through_seq FROM index_practice WHERE practice = $1";
    Ok(tx.one(sql, values![practice], |row| row.get(0))?.unwrap_or(0))
}

/// A practice's standing; `None` where nothing was computed yet.
///
/// # Errors
/// What the database says.
pub fn practice(tx: &mut Tx<'_>, practice: PracticeId) -> Result<Option<PracticeStanding>, StoreError> {
    tx.one(&format!("{STANDING} WHERE practice = $1"), values![practice], standing_of)
}

/// A page of the practices in reach, highest expected loss first.
///
/// # Errors
/// What the database says.
pub fn practices_by_loss(
    tx: &mut Tx<'_>,
    after: Option<(f64, PracticeId)>,
    limit: u32,
) -> Result<Page<PracticeStanding, (f64, PracticeId)>, StoreError> {
    let (loss, id) = after.unwrap_or((f64::MAX, PracticeId::from_uuid(uuid::Uuid::max())));
    let sql = format!(
        "{STANDING} WHERE (loss_mean, practice) < ($1, $2) ORDER BY loss_mean DESC, practice DESC LIMIT $3"
    );
    let found = tx.list(&sql, values![loss, id, rows_for(limit)], standing_of)?;
    Ok(Page::cut(found, limit, |standing| (standing.figures.loss_mean, standing.practice)))
}

/// A practice's figures by day, the newest `limit` of them, oldest first.
///
/// # Errors
/// What the database says.
pub fn days(tx: &mut Tx<'_>, practice: PracticeId, limit: u32) -> Result<Vec<(String, Figures)>, StoreError> {
    let sql = "SELECT day, figures FROM index_day WHERE practice = $1 ORDER BY day DESC LIMIT $2";
    let mut days =
        tx.list(sql, values![practice, limit], |row| Ok((row.get(0)?, of_json(&row.get::<String>(1)?)?)))?;
    days.reverse();
    Ok(days)
}

/// One computer.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn device(tx: &mut Tx<'_>, id: DeviceId) -> Result<IndexDevice, StoreError> {
    let sql = format!("{DEVICE} WHERE device = $1 ORDER BY observed_at DESC LIMIT 1");
    tx.one(&sql, values![id], device_of)?.ok_or(StoreError::NotFound("computer"))
}

/// A page of the computers in reach, by name; of one practice, and with a part of their name, where that is given.
///
/// # Errors
/// What the database says.
pub fn devices(
    tx: &mut Tx<'_>,
    practice: Option<PracticeId>,
    search: &str,
    after: Option<&DeviceCursor>,
    limit: u32,
) -> Result<Page<IndexDevice, DeviceCursor>, StoreError> {
    let (name, id) = after.map_or(("", DeviceId::from_uuid(uuid::Uuid::nil())), |(name, id)| (name, *id));
    let filter = Filter::within(tx, practice)
        .and("(name_key, device) > (?, ?)", [name.into(), id.into()])
        .and("name_key LIKE ? ESCAPE '!'", [pattern(search).into()]);
    let (sql, values) = filter.query(DEVICE, "name_key, device", rows_for(limit));
    let found = tx.list(&sql, &values, device_of)?;
    Ok(Page::cut(found, limit, |device| (name_key(&device.name), device.device)))
}

/// One finding.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn finding(tx: &mut Tx<'_>, id: FindingId) -> Result<IndexFinding, StoreError> {
    let sql = format!("{FINDING} WHERE finding = $1 ORDER BY last_seen DESC LIMIT 1");
    tx.one(&sql, values![&id], finding_of)?.ok_or(StoreError::NotFound("finding"))
}

/// A page of the findings in reach, worst first.
///
/// # Errors
/// What the database says.
pub fn findings(
    tx: &mut Tx<'_>,
    filter: &FindingFilter,
    after: Option<&FindingCursor>,
    limit: u32,
) -> Result<Page<IndexFinding, FindingCursor>, StoreError> {
    let mut conditions = Filter::within(tx, filter.practice)
        .equal("device", filter.device)
        .equal("rule", filter.rule.as_ref())
        .equal("severity", filter.severity);
    if let Some((severity, finding)) = after {
        conditions = conditions.and("(severity, finding) < (?, ?)", [(*severity).into(), finding.into()]);
    }
    if filter.open_only {
        conditions = conditions.and("state <> 'resolved'", []);
    }
    let (sql, values) = conditions.query(FINDING, "severity DESC, finding DESC", rows_for(limit));
    let found = tx.list(&sql, &values, finding_of)?;
    Ok(Page::cut(found, limit, |finding| (finding.severity, finding.finding)))
}

/// How many open findings each rule has in reach, and on how many computers, most computers first.
///
/// # Errors
/// What the database says.
pub fn rule_counts(tx: &mut Tx<'_>) -> Result<Vec<(RuleId, u64, u64)>, StoreError> {
    let sql = "SELECT rule, CAST(sum(findings) AS BIGINT), CAST(sum(devices) AS BIGINT) FROM index_rule \
               GROUP BY rule ORDER BY 3 DESC, rule LIMIT 500";
    tx.list(sql, &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
}

/// A page of what needs a human, over all practices in reach, what is worth most first.
///
/// # Errors
/// What the database says.
pub fn today(
    tx: &mut Tx<'_>,
    practice: Option<PracticeId>,
    after: Option<&TodayCursor>,
    limit: u32,
) -> Result<Page<TodayItem, TodayCursor>, StoreError> {
    let mut filter = Filter::within(tx, practice);
    if let Some((worth, practice, item)) = after {
        let values = [(*worth).into(), (*practice).into(), item.into()];
        filter = filter.and("(worth, practice, item) < (?, ?, ?)", values);
    }
    let (sql, values) = filter.query(TODAY, "worth DESC, practice DESC, item DESC", rows_for(limit));
    let found = tx.list(&sql, &values, |row| {
        Ok(TodayItem {
            practice: row.get(0)?,
            item: row.get(1)?,
            worth: row.get(2)?,
            reason: row.get(3)?,
            severity: row.get(4)?,
            device: row.get(5)?,
            since: row.get(6)?,
            detail: row.get(7)?,
        })
    })?;
    Ok(Page::cut(found, limit, |item| (item.worth, item.practice, item.item.clone())))
}

/// How much needs a human over all practices in reach.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TodaySums {
    /// Items.
    pub items: u64,
    /// Practices that have one.
    pub practices: u64,
    /// Items of agents that are silent.
    pub silent: u64,
}

/// Sums up what needs a human, over all practices in reach.
///
/// # Errors
/// What the database says.
pub fn today_sums(tx: &mut Tx<'_>) -> Result<TodaySums, StoreError> {
    let sql = "SELECT count(*), count(DISTINCT practice), count(CASE WHEN reason = 'silent' THEN 1 END) FROM index_today";
    let sums = tx.one(sql, &[], |row| {
        Ok(TodaySums { items: row.get(0)?, practices: row.get(1)?, silent: row.get(2)? })
    })?;
    Ok(sums.unwrap_or_default())
}

/// How old the evidence for each of a practice's controls is, by control.
///
/// # Errors
/// What the database says.
pub fn evidence_ages(tx: &mut Tx<'_>, practice: PracticeId) -> Result<Vec<EvidenceAge>, StoreError> {
    let sql = "SELECT control, state, observed_at, valid_until FROM index_evidence WHERE practice = $1 ORDER BY control";
    tx.list(sql, values![practice], |row| {
        let word: String = row.get(1)?;
        let state = STATES.iter().find(|(_, known)| *known == word).map(|(state, _)| *state);
        let state = state.ok_or_else(|| StoreError::Damaged {
            what: "a control's row of the index".to_owned(),
            why: format!("{word:?} is no state of a control"),
        })?;
        Ok(EvidenceAge { control: row.get(0)?, state, observed_at: row.get(2)?, valid_until: row.get(3)? })
    })
}

/// Finds practices, computers and rules by a part of their name, at most `limit` of each; nothing for an empty text.
///
/// # Errors
/// What the database says.
pub fn search(tx: &mut Tx<'_>, text: &str, limit: u32) -> Result<Found, StoreError> {
    if name_key(text).is_empty() {
        return Ok(Found::default());
    }
    let pattern = pattern(text);
    let practices =
        "SELECT practice, name FROM practice WHERE name_key LIKE $1 ESCAPE '!' ORDER BY name_key LIMIT $2";
    let devices = "SELECT device, practice, name FROM index_device WHERE name_key LIKE $1 ESCAPE '!' ORDER BY name_key LIMIT $2";
    let rules = "SELECT rule, CAST(sum(findings) AS BIGINT) FROM index_rule WHERE lower(rule) LIKE $1 ESCAPE '!' \
                 GROUP BY rule ORDER BY rule LIMIT $2";
    let values = values![pattern, limit];
    Ok(Found {
        practices: tx.list(practices, values, |row| Ok((row.get(0)?, row.get(1)?)))?,
        devices: tx.list(devices, values, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?,
        rules: tx.list(rules, values, |row| Ok((row.get(0)?, row.get(1)?)))?,
    })
}
