//! Who is told of an alert, and that it arrives: by mail or by a signed request.
//!
//! A round asks [`router`] what is owed, queues it, takes what is due and tries it. At least once: an attempt is taken before it is
//! made and its outcome written afterwards, so a server that is killed in between makes it again, with the same key, by which the
//! receiver knows a repetition. One server at a time does rounds ([`Store::try_lead`]); should two believe to lead, the store gives
//! each delivery to one of them. Which alerts there are is decided elsewhere (`reconcile`). Nothing here logs an address, a secret
//! or a receiver's answer.

use std::time::Duration;

use enamel_store::alerts::{self, Alert};
use enamel_store::audit::{self, Deed};
use enamel_store::routes::{self, Delivery, DeliveryState, Event, Route, RouteKind};
use enamel_store::tree::{self, Practice};
use enamel_store::{Lead, Purpose, Scope, Store, StoreError, Tx, WriteTx, settings};
use enamel_types::{AlertId, Minter, PracticeId, Severity, Timestamp};
use jiff::SignedDuration;
use uuid::Uuid;

use crate::metrics::{DELIVERED, FAILED_DELIVERIES, WAITING_DELIVERIES};
use crate::stop::Stop;
use crate::{World, blocking};

pub mod mail;
pub mod router;
pub mod rule;
pub mod sentence;
pub mod webhook;

use rule::{Category, Rule};
use sentence::{Undelivered, one_line};

/// How often a round is made.
const EVERY: Duration = Duration::from_secs(2);

/// How long an attempt belongs to who took it: longer than the slowest one takes, a mail with each of its words at its limit.
const LEASE: SignedDuration = SignedDuration::from_mins(5);

/// Attempts at a time, each on a thread: a receiver that is slow does not hold the others back for long.
const AT_ONCE: u32 = 16;

/// Attempts before one is given up: with the delays below, some nine hours.
const MAX_ATTEMPTS: u32 = 15;

/// The delay after the first attempt, and the longest.
const FIRST_DELAY: SignedDuration = SignedDuration::from_secs(30);
const LONGEST_DELAY: SignedDuration = SignedDuration::from_hours(1);

/// For how long after its end it is told that an alert is over.
const OVER_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Alerts that are routed in one transaction.
const PAGE: u32 = 200;

/// Why something was not sent: words for people, without address, secret or answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotSent(pub(crate) String);

/// Why a test was not sent.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It did not arrive.
    #[error("the test did not arrive")]
    NotSent(#[from] NotSent),
}

/// Tells people.
#[derive(Clone)]
pub struct Courier {
    store: Store,
    world: World,
}

/// What a message is about: everything that is told and nothing else.
struct Told<'a> {
    key: &'a str,
    event: &'static str,
    alert: Option<(&'a Alert, &'a Practice)>,
}

impl Courier {
    /// One for a store.
    pub fn new(store: Store, world: World) -> Self {
        Self { store, world }
    }

    /// Makes rounds while this server leads.
    pub async fn run(self, mut stop: Stop) {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut lead = None;
        while !stop.is_told() {
            tokio::select! {
                _ = tick.tick() => {}
                () = stop.told() => return,
            }
            let courier = self.clone();
            let held = lead.take();
            let (held, made) = blocking(move || courier.lead(held)).await;
            lead = held;
            if let Err(error) = made {
                tracing::error!(error = &error as &dyn std::error::Error, "alerts could not be delivered");
            }
        }
    }

    /// A round, if the task is this server's or can be had.
    fn lead(&self, held: Option<Lead>) -> (Option<Lead>, Result<(), StoreError>) {
        let lead = match held.and_then(|mut lead| lead.holds().then_some(lead)) {
            Some(lead) => Some(lead),
            None => match self.store.try_lead("alerts") {
                Ok(lead) => lead,
                Err(error) => return (None, Err(error)),
            },
        };
        let made = if lead.is_some() { self.round() } else { Ok(()) };
        (lead, made)
    }

    /// Queues what is owed and tries what is due, once.
    ///
    /// # Errors
    /// What the store says; what was not tried then is tried in the next round.
    pub fn round(&self) -> Result<(), StoreError> {
        self.route()?;
        let scope = Scope::System(Purpose::Deliver);
        let now = self.world.now();
        let due = self
            .store
            .write::<_, StoreError>(&scope, |tx| routes::take_due(tx, now, now + LEASE, AT_ONCE))?;
        let outcomes: Vec<_> = std::thread::scope(|threads| {
            let tried: Vec<_> =
                due.iter().map(|delivery| threads.spawn(move || self.attempt(delivery))).collect();
            // One that panicked has no outcome and is tried again when its lease ends.
            due.iter()
                .zip(tried)
                .filter_map(|(delivery, tried)| Some((delivery, tried.join().ok()?)))
                .collect()
        });
        for (delivery, outcome) in outcomes {
            // One that cannot be read or written is tried again when its lease ends, and holds no other back.
            if let Err(error) = outcome.and_then(|outcome| self.note(delivery, &outcome)) {
                tracing::error!(delivery = %delivery.id, error = &error as &dyn std::error::Error, "an attempt was not kept");
            }
        }
        let waiting = self.store.read(&scope, routes::waiting)?;
        metrics::gauge!(WAITING_DELIVERIES).set(waiting as f64);
        Ok(())
    }

    /// Queues what is owed.
    fn route(&self) -> Result<(), StoreError> {
        let scope = Scope::System(Purpose::Deliver);
        let rules = self.store.read(&scope, routes::all)?.into_iter().filter_map(|route| {
            Rule::parse(&route.rule)
                .inspect_err(|error| tracing::error!(route = %route.id, %error, "a route is not used"))
                .ok()
                .map(|rule| (route.id, rule))
        });
        let rules: Vec<_> = rules.collect();
        if rules.is_empty() {
            return Ok(());
        }
        let mut after = None;
        loop {
            let now = self.world.now();
            let owed = self.store.read(&scope, |tx| owed(tx, &rules, after, now))?;
            if !owed.due.is_empty() {
                self.store.write::<_, StoreError>(&scope, |tx| self.queue(tx, &owed.due, now))?;
            }
            after = owed.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    fn queue(
        &self,
        tx: &mut WriteTx<'_>,
        due: &[(Alert, router::Due)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for (alert, due) in due {
            let delivery = Delivery {
                id: self.uuid(now),
                practice: alert.practice,
                alert: alert.id,
                route: due.route,
                event_key: due.event_key.clone(),
                event: due.event,
                severity: alert.severity,
                state: DeliveryState::Open,
                attempts: 0,
                next_at: now,
                last_error: String::new(),
                made_at: now,
            };
            if routes::queue(tx, &delivery)? && due.event == Event::Escalated {
                alerts::escalate(tx, alert.id, now)?;
            }
        }
        Ok(())
    }

    /// Tries a delivery once.
    fn attempt(&self, delivery: &Delivery) -> Result<Result<(), NotSent>, StoreError> {
        let scope = Scope::System(Purpose::Deliver);
        let (route, alert, practice) = self.store.read::<_, StoreError>(&scope, |tx| {
            let practice = tree::practice(tx, delivery.practice)?;
            Ok((routes::get(tx, delivery.route)?, alerts::get(tx, delivery.alert)?, practice))
        })?;
        let told = Told {
            key: &delivery.event_key,
            event: delivery.event.as_str(),
            alert: Some((&alert, &practice)),
        };
        self.send(&route, &told)
    }

    fn send(&self, route: &Route, told: &Told<'_>) -> Result<Result<(), NotSent>, StoreError> {
        let now = self.world.now();
        match route.kind {
            RouteKind::Mail => {
                let scope = Scope::System(Purpose::Deliver);
                let server = self
                    .store
                    .read(&scope, |tx| settings::secret::<mail::MailServer>(tx, mail::MAIL_SETTING))?;
                let Some(server) = server else {
                    return Ok(Err(NotSent("no mail server is set up: see Settings".to_owned())));
                };
                let (subject, text) = told.mail();
                Ok(mail::send(&server, &route.target, told.key, &subject, &text, now))
            }
            RouteKind::Webhook => {
                let Ok(rule) = Rule::parse(&route.rule) else {
                    return Ok(Err(NotSent("the route's rule cannot be read".to_owned())));
                };
                let secrets = route.secret.as_deref().and_then(|text| serde_json::from_slice(text).ok());
                let Some(secrets) = secrets else {
                    return Ok(Err(NotSent("the route has no secret to sign with".to_owned())));
                };
                let body = told.json().to_string();
                Ok(webhook::send(&route.target, &secrets, told.key, body.as_bytes(), rule.allow_private, now))
            }
        }
    }

    /// Writes down what became of an attempt.
    fn note(&self, delivery: &Delivery, outcome: &Result<(), NotSent>) -> Result<(), StoreError> {
        let now = self.world.now();
        let result =
            self.store.write::<_, StoreError>(&Scope::System(Purpose::Deliver), |tx| match outcome {
                Ok(()) => {
                    routes::delivered(tx, delivery.id, now)?;
                    alerts::resolve(tx, delivery.practice, &undelivered(delivery.route), now).map(drop)
                }
                Err(why) => {
                    let next_at =
                        (delivery.attempts < MAX_ATTEMPTS).then(|| now + self.delay(delivery.attempts));
                    routes::failed(tx, delivery.id, &why.0, next_at, now)?;
                    if next_at.is_none() {
                        self.give_up(tx, delivery, now)?;
                    }
                    if next_at.is_none() || delivery.attempts == 1 {
                        let action = if next_at.is_none() { "alert.given_up" } else { "alert.not_delivered" };
                        audit::append(tx, &Self::deed(delivery, action, &why.0, now))?;
                    }
                    Ok(())
                }
            });
        match outcome {
            Ok(()) => metrics::counter!(DELIVERED).increment(1),
            Err(why) => {
                metrics::counter!(FAILED_DELIVERIES).increment(1);
                tracing::warn!(delivery = %delivery.id, attempt = delivery.attempts, %why, "an alert did not arrive");
            }
        }
        match result {
            // The route was removed meanwhile, and its deliveries with it.
            Err(StoreError::NotFound(_)) => Ok(()),
            other => other,
        }
    }

    /// Raises the alert that alerts do not arrive.
    fn give_up(&self, tx: &mut WriteTx<'_>, delivery: &Delivery, now: Timestamp) -> Result<(), StoreError> {
        let route = routes::get(tx, delivery.route)?;
        let detail = serde_json::to_string(&Undelivered { route: route.name }).unwrap_or_default();
        let alert = Alert::opened(
            AlertId::from_uuid(self.uuid(now)),
            delivery.practice,
            undelivered(delivery.route),
            Severity::High,
            Category::Delivery.as_str(),
            detail,
            now,
        );
        alerts::raise(tx, &alert, now).map(drop)
    }

    fn deed(delivery: &Delivery, action: &str, why: &str, now: Timestamp) -> Deed {
        Deed {
            at: now,
            actor: "server".to_owned(),
            practice: Some(delivery.practice),
            action: action.to_owned(),
            object: format!("alert:{}", delivery.alert),
            detail: serde_json::json!({ "route": delivery.route, "attempts": delivery.attempts, "why": why })
                .to_string(),
        }
    }

    /// How long until the next attempt: twice as long each time, and then anything from half of that to all of it.
    fn delay(&self, attempts: u32) -> SignedDuration {
        let whole = (FIRST_DELAY * 2_i32.pow(attempts.saturating_sub(1).min(16))).min(LONGEST_DELAY);
        let half = whole / 2;
        let dice = i64::from(u32::from_le_bytes(self.world.random::<4>()));
        half + SignedDuration::from_millis(
            i64::try_from(half.as_millis()).unwrap_or(0) * dice / i64::from(u32::MAX),
        )
    }

    fn uuid(&self, now: Timestamp) -> Uuid {
        let mut fill = self.world.fill;
        Minter::new(&mut fill).uuid(now)
    }

    /// Sends a test along a route, once and at any hour.
    ///
    /// # Errors
    /// [`TestError::NotSent`] says why it did not arrive.
    pub fn send_test(&self, route: Uuid) -> Result<(), TestError> {
        let route = self.store.read(&Scope::System(Purpose::Deliver), |tx| routes::get(tx, route))?;
        let key = format!("test:{}:{}", route.id, self.uuid(self.world.now()));
        Ok(self.send(&route, &Told { key: &key, event: "test", alert: None })??)
    }
}

impl Told<'_> {
    /// A mail's subject and text.
    fn mail(&self) -> (String, String) {
        let Some((alert, practice)) = self.alert else {
            let text = "This is a test. Alerts will arrive here.\n";
            return ("Enamel: a test".to_owned(), text.to_owned());
        };
        let sentence = sentence::of_alert(alert);
        let name = one_line(&practice.name);
        let (lead, note) = match self.event {
            "over" => ("Over: ", "It is over: nothing is left to do."),
            "worse" => ("Worse: ", "It is worse than it was."),
            "again" => ("Still open: ", "Nobody has taken it so far."),
            "escalated" => ("Nobody took: ", "Others were told and nobody has taken it so far."),
            _ => ("", "Nobody has taken it so far."),
        };
        let next =
            if self.event == "over" { String::new() } else { format!("What to do: {}.\n", sentence.next) };
        let text = format!(
            "{name}\n\n{}.\n{next}{note}\n\nHow bad: {}\nSince: {}\nAlert: {}\n\nOpen Enamel's console to see more.\n",
            sentence.what,
            word(alert.severity),
            alert.opened_at.strftime("%Y-%m-%d %H:%M UTC"),
            alert.id,
        );
        (format!("{lead}{} ({name})", sentence.what), text)
    }

    /// A webhook's body, version 1: see `docs/webhooks.md`.
    fn json(&self) -> serde_json::Value {
        let alert = self.alert.map(|(alert, practice)| {
            let sentence = sentence::of_alert(alert);
            serde_json::json!({
                "id": alert.id,
                "practice": { "id": practice.id, "name": one_line(&practice.name) },
                "category": alert.category,
                "severity": word(alert.severity),
                "title": sentence.what,
                "next": sentence.next,
                "device": alert.device,
                "times": alert.times,
                "opened_at": alert.opened_at,
                "last_at": alert.last_at,
                "acknowledged_at": alert.acknowledged_at,
                "closed_at": alert.closed_at,
            })
        });
        serde_json::json!({ "version": 1, "event": self.event, "key": self.key, "alert": alert })
    }
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Informational => "informational",
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

fn undelivered(route: Uuid) -> String {
    format!("{}{route}", router::UNDELIVERED)
}

/// What one page of alerts owes, and after which alert the next begins.
struct Owed {
    due: Vec<(Alert, router::Due)>,
    next: Option<AlertId>,
}

fn owed(
    tx: &mut Tx<'_>,
    rules: &[(Uuid, Rule)],
    after: Option<AlertId>,
    now: Timestamp,
) -> Result<Owed, StoreError> {
    let page = alerts::to_tell(tx, now - OVER_FOR, after, PAGE)?;
    let (Some(first), Some(last)) = (page.first(), page.last()) else {
        return Ok(Owed { due: Vec::new(), next: None });
    };
    let next = (page.len() == PAGE as usize).then_some(last.id);
    let told = routes::of_alerts(tx, first.id, last.id)?;
    let mut groups = std::collections::BTreeMap::<PracticeId, _>::new();
    let mut due = Vec::new();
    for alert in page {
        let group = if let Some(group) = groups.get(&alert.practice) {
            *group
        } else {
            let group = tree::practice(tx, alert.practice)?.group;
            groups.insert(alert.practice, group);
            group
        };
        let told: Vec<_> = told.iter().filter(|told| told.alert == alert.id).cloned().collect();
        due.extend(router::due(&alert, group, rules, &told, now).into_iter().map(|due| (alert.clone(), due)));
    }
    Ok(Owed { due, next })
}
