//! What somebody at the MSP must be told: one open alert for the same thing, however often it is seen.

use enamel_types::{AlertId, DeviceId, PracticeId, Severity, Timestamp};

use crate::error::StoreError;
use crate::filter::Filter;
use crate::page::{Page, rows_for};
use crate::tx::{Tx, WriteTx};
use crate::value::{Row, values};

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Alert {
    /// Its id.
    pub id: AlertId,
    /// Where.
    pub practice: PracticeId,
    /// What makes it the same alert: `silent:AGENT`.
    pub same_key: String,
    /// How bad.
    pub severity: Severity,
    /// Of what kind: `ransomware`, `agent`, `evidence`.
    pub category: String,
    /// What its text is made of, JSON.
    pub detail: String,
    /// On which computer, if one.
    pub device: Option<DeviceId>,
    /// How often it was raised.
    pub times: u64,
    /// When first.
    pub opened_at: Timestamp,
    /// When last.
    pub last_at: Timestamp,
    /// Who took it.
    pub acknowledged_by: Option<String>,
    /// When.
    pub acknowledged_at: Option<Timestamp>,
    /// When somebody else was told because nobody took it.
    pub escalated_at: Option<Timestamp>,
    /// Who closed it, or `server` where the reason went away.
    pub closed_by: Option<String>,
    /// When.
    pub closed_at: Option<Timestamp>,
    /// Whether who closed it called it a false alarm.
    pub benign: bool,
}

impl Alert {
    /// An alert that is opened now and that nobody has taken.
    pub fn opened(
        id: AlertId,
        practice: PracticeId,
        same_key: impl Into<String>,
        severity: Severity,
        category: &str,
        detail: impl Into<String>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            practice,
            same_key: same_key.into(),
            severity,
            category: category.to_owned(),
            detail: detail.into(),
            device: None,
            times: 1,
            opened_at: now,
            last_at: now,
            acknowledged_by: None,
            acknowledged_at: None,
            escalated_at: None,
            closed_by: None,
            closed_at: None,
            benign: false,
        }
    }
}

/// What [`raise`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raised {
    /// The open alert.
    pub id: AlertId,
    /// Whether there was none before.
    pub is_new: bool,
    /// Whether it is worse than it was; always for a new one.
    pub is_worse: bool,
}

/// Where the next page of alerts begins.
pub type AlertCursor = (Timestamp, AlertId);

const ALERT: &str = "SELECT alert, practice, same_key, severity, category, detail, device, times, opened_at, last_at, \
                     acknowledged_by, acknowledged_at, escalated_at, closed_by, closed_at, benign FROM alert";

fn alert_of(row: &Row) -> Result<Alert, StoreError> {
    Ok(Alert {
        id: row.get(0)?,
        practice: row.get(1)?,
        same_key: row.get(2)?,
        severity: row.get(3)?,
        category: row.get(4)?,
        detail: row.get(5)?,
        device: row.get(6)?,
        times: row.get(7)?,
        opened_at: row.get(8)?,
        last_at: row.get(9)?,
        acknowledged_by: row.get(10)?,
        acknowledged_at: row.get(11)?,
        escalated_at: row.get(12)?,
        closed_by: row.get(13)?,
        closed_at: row.get(14)?,
        benign: row.get(15)?,
    })
}

/// Raises an alert: opens it, or counts it where the same one is open. `alert` gives what it is about; its state is not looked at.
///
/// # Errors
/// [`StoreError::OutOfScope`] for another's practice.
pub fn raise(tx: &mut WriteTx<'_>, alert: &Alert, now: Timestamp) -> Result<Raised, StoreError> {
    let open =
        "SELECT alert, severity FROM alert WHERE practice = $1 AND same_key = $2 AND closed_at IS NULL";
    let before = tx.one(open, values![alert.practice, &alert.same_key], |row| {
        Ok((row.get::<AlertId>(0)?, row.get::<Severity>(1)?))
    })?;
    // Should another server open it at this moment, the unique index makes this the second time.
    let sql = "INSERT INTO main.alert (alert, practice, same_key, severity, category, detail, device, times, opened_at, last_at, \
               benign) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, 0) \
               ON CONFLICT (practice, same_key) WHERE closed_at IS NULL DO UPDATE SET times = alert.times + 1, \
               last_at = excluded.last_at, detail = excluded.detail, severity = excluded.severity";
    let values = values![
        alert.id,
        alert.practice,
        &alert.same_key,
        alert.severity,
        &alert.category,
        &alert.detail,
        alert.device,
        now,
        now,
    ];
    tx.execute(sql, values)?;
    let id = tx
        .one(open, values![alert.practice, &alert.same_key], |row| row.get(0))?
        .ok_or(StoreError::NotFound("alert"))?;
    Ok(Raised {
        id,
        is_new: id == alert.id,
        is_worse: before.is_none_or(|(_, severity)| alert.severity > severity),
    })
}

/// One alert.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn get(tx: &mut Tx<'_>, id: AlertId) -> Result<Alert, StoreError> {
    tx.one(&format!("{ALERT} WHERE alert = $1"), values![id], alert_of)?.ok_or(StoreError::NotFound("alert"))
}

/// A page of the alerts in reach, newest first; of one practice, and only the open ones, where that is asked for.
///
/// # Errors
/// What the database says.
pub fn list(
    tx: &mut Tx<'_>,
    practice: Option<PracticeId>,
    open_only: bool,
    before: Option<AlertCursor>,
    limit: u32,
) -> Result<Page<Alert, AlertCursor>, StoreError> {
    let mut filter = Filter::within(tx, practice);
    if let Some((at, id)) = before {
        filter = filter.and("(opened_at, alert) < (?, ?)", [at.into(), id.into()]);
    }
    if open_only {
        filter = filter.and("closed_at IS NULL", []);
    }
    let (sql, values) = filter.query(ALERT, "opened_at DESC, alert DESC", rows_for(limit));
    let found = tx.list(&sql, &values, alert_of)?;
    Ok(Page::cut(found, limit, |alert| (alert.opened_at, alert.id)))
}

/// Alerts of which somebody may have to be told: open ones and those closed since a moment, by id, after one.
///
/// # Errors
/// What the database says.
pub fn to_tell(
    tx: &mut Tx<'_>,
    closed_since: Timestamp,
    after: Option<AlertId>,
    limit: u32,
) -> Result<Vec<Alert>, StoreError> {
    let after = after.unwrap_or_else(|| AlertId::from_uuid(uuid::Uuid::nil()));
    let sql = format!(
        "{ALERT} WHERE (closed_at IS NULL OR closed_at >= $1) AND alert > $2 ORDER BY alert LIMIT $3"
    );
    tx.list(&sql, values![closed_since, after, limit], alert_of)
}

/// Takes an alert. Whether nobody had.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn acknowledge(tx: &mut WriteTx<'_>, id: AlertId, who: &str, now: Timestamp) -> Result<bool, StoreError> {
    get(tx, id)?;
    let sql = "UPDATE main.alert SET acknowledged_by = $1, acknowledged_at = $2 WHERE alert = $3 AND acknowledged_at IS NULL";
    tx.execute(sql, values![who, now, id]).map(|changed| changed > 0)
}

/// Notes that an alert was escalated. Whether it had not been.
///
/// # Errors
/// What the database says.
pub fn escalate(tx: &mut WriteTx<'_>, id: AlertId, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE main.alert SET escalated_at = $1 WHERE alert = $2 AND escalated_at IS NULL";
    tx.execute(sql, values![now, id]).map(|changed| changed > 0)
}

/// Closes an alert. Whether it was open.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn close(
    tx: &mut WriteTx<'_>,
    id: AlertId,
    who: &str,
    benign: bool,
    now: Timestamp,
) -> Result<bool, StoreError> {
    get(tx, id)?;
    let sql = "UPDATE main.alert SET closed_by = $1, closed_at = $2, benign = $3 WHERE alert = $4 AND closed_at IS NULL";
    tx.execute(sql, values![who, now, benign, id]).map(|changed| changed > 0)
}

/// Closes the open alert of a key because its reason went away; `None` if none was open.
///
/// # Errors
/// What the database says.
pub fn resolve(
    tx: &mut WriteTx<'_>,
    practice: PracticeId,
    same_key: &str,
    now: Timestamp,
) -> Result<Option<AlertId>, StoreError> {
    let open = "SELECT alert FROM alert WHERE practice = $1 AND same_key = $2 AND closed_at IS NULL";
    let Some(id) = tx.one(open, values![practice, same_key], |row| row.get(0))? else { return Ok(None) };
    close(tx, id, "server", false, now)?;
    Ok(Some(id))
}
