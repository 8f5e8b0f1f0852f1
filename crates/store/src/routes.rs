//! Where alerts go, and each one's way there: attempts, the next time, a key by which a receiver knows a repetition.

use enamel_types::{AlertId, PracticeId, Severity, Timestamp};
use uuid::Uuid;

use crate::error::StoreError;
use crate::tx::{Tx, WriteTx};
use crate::value::{Row, values, words};

words! {
    /// How a route delivers.
    RouteKind {
        /// By mail.
        Mail = "mail",
        /// By a signed request to a web address.
        Webhook = "webhook",
    }
}

/// A route.
#[derive(Clone, PartialEq, Eq)]
pub struct Route {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// How it delivers.
    pub kind: RouteKind,
    /// An address, of mail or of the web.
    pub target: String,
    /// When it is used: severities, categories, hours; JSON, as the server reads it.
    pub rule: String,
    /// What its requests are signed with; sealed where it is kept.
    pub secret: Option<Vec<u8>>,
}

/// The secret is not for logs.
impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Route({}, {} to {})", self.id, self.kind.as_str(), self.target)
    }
}

words! {
    /// Where a delivery stands.
    DeliveryState {
        /// To be tried at its time.
        Open = "open",
        /// Delivered.
        Done = "done",
        /// Given up after too many attempts.
        GivenUp = "given_up",
    }
}

words! {
    /// What a delivery tells of its alert.
    Event {
        /// That there is one.
        Opened = "opened",
        /// That it is worse than it was when it was told last.
        Worse = "worse",
        /// That it is still raised, some hours later.
        Again = "again",
        /// That somebody else was told and did not take it.
        Escalated = "escalated",
        /// That it is over.
        Over = "over",
    }
}

/// One alert on its way along one route.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Delivery {
    /// Its id.
    pub id: Uuid,
    /// The alert's practice.
    pub practice: PracticeId,
    /// The alert.
    pub alert: AlertId,
    /// The route.
    pub route: Uuid,
    /// The same for each attempt, so that the receiver knows a repetition: `ALERT:ROUTE:opened`.
    pub event_key: String,
    /// What it tells.
    pub event: Event,
    /// How bad the alert was when it was queued.
    pub severity: Severity,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// Why the last attempt failed; empty if none has.
    pub last_error: String,
    /// When it was queued.
    pub made_at: Timestamp,
}

const ROUTE: &str = "SELECT route, name, kind, target, rule, sealed FROM route";
const DELIVERY: &str = "SELECT delivery, practice, alert, route, event_key, state, attempts, next_at, last_error, made_at, event, severity FROM delivery";

fn about(route: Uuid) -> String {
    format!("secret of route {route}")
}

fn open_route(tx: &Tx<'_>, route: Route) -> Result<Route, StoreError> {
    let secret = route.secret.map(|sealed| tx.keys.open(&about(route.id), &sealed)).transpose()?;
    Ok(Route { secret, ..route })
}

fn route_of(row: &Row) -> Result<Route, StoreError> {
    Ok(Route {
        id: row.get(0)?,
        name: row.get(1)?,
        kind: row.get(2)?,
        target: row.get(3)?,
        rule: row.get(4)?,
        secret: row.get(5)?,
    })
}

fn delivery_of(row: &Row) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: row.get(0)?,
        practice: row.get(1)?,
        alert: row.get(2)?,
        route: row.get(3)?,
        event_key: row.get(4)?,
        state: row.get(5)?,
        attempts: row.get(6)?,
        next_at: row.get(7)?,
        last_error: row.get(8)?,
        made_at: row.get(9)?,
        event: row.get(10)?,
        severity: row.get(11)?,
    })
}

/// Adds a route, or puts it in the place of the one with its id.
///
/// # Errors
/// What the database says.
pub fn put(tx: &mut WriteTx<'_>, route: &Route) -> Result<(), StoreError> {
    let sealed = route.secret.as_ref().map(|secret| tx.keys.seal(&about(route.id), secret)).transpose()?;
    let sql = "INSERT INTO main.route (route, name, kind, target, rule, sealed) VALUES ($1, $2, $3, $4, $5, $6) \
               ON CONFLICT (route) DO UPDATE SET name = excluded.name, kind = excluded.kind, target = excluded.target, \
               rule = excluded.rule, sealed = excluded.sealed";
    let Route { id, name, kind, target, rule, .. } = route;
    tx.execute(sql, values![*id, name, *kind, target, rule, sealed]).map(drop)
}

/// All routes, by name.
///
/// # Errors
/// What the database says.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Route>, StoreError> {
    let sealed = tx.list(&format!("{ROUTE} ORDER BY name, route LIMIT 1000"), &[], route_of)?;
    sealed.into_iter().map(|route| open_route(tx, route)).collect()
}

/// One route.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn get(tx: &mut Tx<'_>, id: Uuid) -> Result<Route, StoreError> {
    let sealed = tx.one(&format!("{ROUTE} WHERE route = $1"), values![id], route_of)?;
    open_route(tx, sealed.ok_or(StoreError::NotFound("route"))?)
}

/// Removes a route and its deliveries.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn remove(tx: &mut WriteTx<'_>, id: Uuid) -> Result<(), StoreError> {
    tx.change("route", "DELETE FROM main.route WHERE route = $1", values![id])
}

/// Queues a delivery. Whether it was not queued before: its key tells.
///
/// # Errors
/// [`StoreError::OutOfScope`] for another's practice.
pub fn queue(tx: &mut WriteTx<'_>, delivery: &Delivery) -> Result<bool, StoreError> {
    let sql = "INSERT INTO main.delivery (delivery, practice, alert, route, event_key, state, attempts, next_at, last_error, made_at, \
               changed_at, event, severity) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (event_key) DO NOTHING";
    let values = values![
        delivery.id,
        delivery.practice,
        delivery.alert,
        delivery.route,
        &delivery.event_key,
        delivery.state,
        delivery.attempts,
        delivery.next_at,
        &delivery.last_error,
        delivery.made_at,
        delivery.made_at,
        delivery.event,
        delivery.severity,
    ];
    tx.execute(sql, values).map(|queued| queued > 0)
}

/// Takes deliveries whose time has come, and puts their next time to `retry_at`: should the server die on the way, they are tried again
/// then. Each counts as an attempt. Of two servers that ask at once, one gets each.
///
/// # Errors
/// What the database says.
pub fn take_due(
    tx: &mut WriteTx<'_>,
    now: Timestamp,
    retry_at: Timestamp,
    limit: u32,
) -> Result<Vec<Delivery>, StoreError> {
    let sql =
        format!("{DELIVERY} WHERE state = 'open' AND next_at <= $1 ORDER BY next_at, delivery LIMIT $2");
    let due = tx.list(&sql, values![now, limit], delivery_of)?;
    let mut taken = Vec::with_capacity(due.len());
    for delivery in due {
        let sql = "UPDATE main.delivery SET attempts = attempts + 1, next_at = $1, changed_at = $2 \
                   WHERE delivery = $3 AND attempts = $4 AND state = 'open'";
        if tx.execute(sql, values![retry_at, now, delivery.id, delivery.attempts])? > 0 {
            taken.push(Delivery { attempts: delivery.attempts + 1, next_at: retry_at, ..delivery });
        }
    }
    Ok(taken)
}

/// Notes that a delivery arrived.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn delivered(tx: &mut WriteTx<'_>, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE main.delivery SET state = 'done', last_error = '', changed_at = $1 WHERE delivery = $2";
    tx.change("delivery", sql, values![now, id])?;
    note_attempt(tx, id, "delivered", now)
}

/// Notes that an attempt failed: it is tried again at `next_at`, or given up where there is none.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn failed(
    tx: &mut WriteTx<'_>,
    id: Uuid,
    why: &str,
    next_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let state = if next_at.is_some() { DeliveryState::Open } else { DeliveryState::GivenUp };
    let sql = "UPDATE main.delivery SET state = $1, last_error = $2, next_at = $3, changed_at = $4 WHERE delivery = $5";
    tx.change("delivery", sql, values![state, why, next_at.unwrap_or(now), now, id])?;
    note_attempt(tx, id, why, now)
}

/// Keeps what became of the present attempt. One whose server died has no outcome: its number is missing.
fn note_attempt(tx: &mut WriteTx<'_>, id: Uuid, outcome: &str, now: Timestamp) -> Result<(), StoreError> {
    let found = tx.one(&format!("{DELIVERY} WHERE delivery = $1"), values![id], delivery_of)?;
    let delivery = found.ok_or(StoreError::NotFound("delivery"))?;
    let sql = "INSERT INTO main.attempt (delivery, number, practice, at, outcome) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (delivery, number) DO UPDATE SET at = excluded.at, outcome = excluded.outcome";
    tx.execute(sql, values![id, delivery.attempts, delivery.practice, now, outcome]).map(drop)
}

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Attempt {
    /// Which, from 1.
    pub number: u32,
    /// When it ended.
    pub at: Timestamp,
    /// `delivered`, or why it failed.
    pub outcome: String,
}

/// What became of a delivery's attempts, in their order.
///
/// # Errors
/// What the database says.
pub fn attempts(tx: &mut Tx<'_>, delivery: Uuid) -> Result<Vec<Attempt>, StoreError> {
    let sql = "SELECT number, at, outcome FROM attempt WHERE delivery = $1 ORDER BY number LIMIT 500";
    tx.list(sql, values![delivery], |row| {
        Ok(Attempt { number: row.get(0)?, at: row.get(1)?, outcome: row.get(2)? })
    })
}

/// How many deliveries wait for an attempt.
///
/// # Errors
/// What the database says.
pub fn waiting(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let waiting = tx.one("SELECT count(*) FROM delivery WHERE state = 'open'", &[], |row| row.get(0))?;
    Ok(waiting.unwrap_or(0))
}

/// The deliveries of all alerts from one id to another, both included, oldest first.
///
/// # Errors
/// What the database says.
pub fn of_alerts(tx: &mut Tx<'_>, first: AlertId, last: AlertId) -> Result<Vec<Delivery>, StoreError> {
    let sql = format!("{DELIVERY} WHERE alert >= $1 AND alert <= $2 ORDER BY made_at, delivery");
    tx.list(&sql, values![first, last], delivery_of)
}

/// An alert's deliveries, oldest first.
///
/// # Errors
/// What the database says.
pub fn of_alert(tx: &mut Tx<'_>, alert: AlertId) -> Result<Vec<Delivery>, StoreError> {
    let sql = format!("{DELIVERY} WHERE alert = $1 ORDER BY made_at, delivery LIMIT 500");
    tx.list(&sql, values![alert], delivery_of)
}
