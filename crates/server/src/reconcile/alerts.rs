//! Alerts as they should be: one open for each cause that somebody must be told of, none for what has gone away.
//!
//! Level-triggered: what is wanted is compared with what is open. An alert that a person closed stays closed for a day while its
//! cause lasts; then it is raised again, because nobody has mended it. Who is told, and how, is not decided here.

use std::collections::BTreeMap;

use enamel_store::alerts::{self, Alert};
use enamel_store::{MAX_PAGE, StoreError, Tx, WriteTx};
use enamel_types::{AlertId, Minter, PracticeId, Timestamp};
use jiff::SignedDuration;

use super::cause::{Cause, Need};
use crate::World;
use crate::metrics::ALERTS;

/// Who closes what has gone away, as the store writes it.
const SERVER: &str = "server";

/// For how long an alert that a person closed is not raised again.
const CLOSED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// For how long after the last loss evidence that was dropped is told of.
const DROPPED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// A practice's alerts, as they are kept.
pub(crate) struct Known {
    open: BTreeMap<String, Alert>,
    /// Keys of alerts that a person closed lately.
    closed: Vec<String>,
}

impl Known {
    pub(crate) fn read(tx: &mut Tx<'_>, practice: PracticeId, now: Timestamp) -> Result<Self, StoreError> {
        let mut known = Self { open: BTreeMap::new(), closed: Vec::new() };
        let mut before = None;
        loop {
            let page = alerts::list(tx, Some(practice), true, before, MAX_PAGE)?;
            known.open.extend(page.items.into_iter().map(|alert| (alert.same_key.clone(), alert)));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        let recent = alerts::list(tx, Some(practice), false, None, MAX_PAGE)?.items;
        let by_person = recent.into_iter().filter(|alert| {
            alert.closed_by.as_deref().is_some_and(|who| who != SERVER)
                && alert.closed_at.is_some_and(|at| now.duration_since(at) < CLOSED_FOR)
        });
        known.closed = by_person.map(|alert| alert.same_key).collect();
        Ok(known)
    }

    /// Evidence of whose loss somebody is being told.
    pub(crate) fn dropped(&self, now: Timestamp) -> Vec<(Cause, Timestamp)> {
        self.open
            .values()
            .filter(|alert| now.duration_since(alert.last_at) < DROPPED_FOR)
            .filter_map(|alert| Some((serde_json::from_str(&alert.detail).ok()?, alert.last_at)))
            .filter(|(cause, _)| matches!(cause, Cause::Dropped { .. }))
            .collect()
    }
}

/// Whether a loss is recent enough to tell somebody.
pub(crate) fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) < DROPPED_FOR
}

/// Makes a practice's alerts what its needs ask for.
pub(crate) fn settle(
    tx: &mut WriteTx<'_>,
    practice: PracticeId,
    known: &Known,
    needs: &[Need],
    world: &World,
) -> Result<(), StoreError> {
    let now = world.now();
    let mut wanted = BTreeMap::new();
    for need in needs {
        if let Some(category) = need.cause.alert(need.severity) {
            wanted.insert(need.cause.key(), (category, need));
        }
    }
    for (key, (category, need)) in &wanted {
        let detail = serde_json::to_string(&need.cause).unwrap_or_default();
        let told = known
            .open
            .get(key)
            .is_some_and(|open| open.severity == need.severity && same(&open.detail, &need.cause));
        if told || (!known.open.contains_key(key) && known.closed.contains(key)) {
            continue;
        }
        let mut fill = world.fill;
        let alert = Alert {
            device: need.device,
            ..Alert::opened(
                AlertId::from_uuid(Minter::new(&mut fill).uuid(now)),
                practice,
                key.clone(),
                need.severity,
                category,
                detail,
                now,
            )
        };
        if alerts::raise(tx, &alert, now)?.is_new {
            metrics::counter!(ALERTS, "category" => *category).increment(1);
            tracing::info!(%practice, alert = %alert.id, category, "an alert was raised");
        }
    }
    // Only what is ours to close: others raise alerts of their own kinds.
    for key in known
        .open
        .iter()
        .filter(|(key, alert)| !wanted.contains_key(*key) && is_ours(alert))
        .map(|(key, _)| key)
    {
        alerts::resolve(tx, practice, key, now)?;
    }
    Ok(())
}

/// Whether nothing about a cause changed that would be worth telling again.
fn same(detail: &str, cause: &Cause) -> bool {
    let Ok(before) = serde_json::from_str::<Cause>(detail) else { return false };
    match (&before, cause) {
        // Fewer computers, or the same weakness with other figures, are no news.
        (Cause::Weakness { computers: before, .. }, Cause::Weakness { computers: now, .. })
        | (Cause::HeldBack { commands: before }, Cause::HeldBack { commands: now }) => now <= before,
        _ => before == *cause,
    }
}

fn is_ours(alert: &Alert) -> bool {
    serde_json::from_str::<Cause>(&alert.detail).is_ok_and(|cause| cause.key() == alert.same_key)
}
