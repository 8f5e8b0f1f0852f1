//! Who is to be told of an alert now: a pure function of the alert, the routes, and what was told before.
//!
//! Level-triggered. It is asked again and again, and answers what is still owed: so an alert of the night is told in the morning,
//! and one that is over by then is not. It reads no clock and no store.

use enamel_store::alerts::Alert;
use enamel_store::routes::{Delivery, DeliveryState, Event};
use enamel_types::{GroupId, Timestamp};
use jiff::SignedDuration;
use uuid::Uuid;

use super::rule::{Rule, wakes};

/// How soon one that is raised again and again is told again.
pub const TELL_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(4);

/// What a delivery that did not arrive is known by, before the route's id.
pub(super) const UNDELIVERED: &str = "undelivered:";

/// Somebody who is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Along which route.
    pub route: Uuid,
    /// What.
    pub event: Event,
    /// The same however often it is asked: see [`Delivery::event_key`].
    pub event_key: String,
}

/// Who is to be told of an alert. `group` is its practice's; `told` are its deliveries so far, oldest first.
pub fn due(
    alert: &Alert,
    group: Option<GroupId>,
    routes: &[(Uuid, Rule)],
    told: &[Delivery],
    now: Timestamp,
) -> Vec<Due> {
    let routing = Routing { alert, group, told, now, wakes: wakes(&alert.category, alert.severity) };
    let mut due: Vec<Due> = Vec::new();
    let mut add = |route: Uuid, event: Event, nth: String| {
        if !due.iter().any(|other| other.route == route) {
            let event_key = format!("{}:{route}:{}{nth}", alert.id, event.as_str());
            due.push(Due { route, event, event_key });
        }
    };
    if alert.closed_at.is_some() {
        for (route, rule) in routes {
            if routing.owes_the_end(*route, rule) {
                add(*route, Event::Over, String::new());
            }
        }
        return due;
    }
    for (route, rule) in routes {
        if let Some((event, nth)) = routing.owes(*route, rule, routes) {
            add(*route, event, nth);
        }
    }
    for (route, rule) in routes {
        if let Some(to) = routing.escalates(*route, rule, routes) {
            add(to, Event::Escalated, String::new());
        }
    }
    due
}

/// What the questions below are about.
struct Routing<'a> {
    alert: &'a Alert,
    group: Option<GroupId>,
    told: &'a [Delivery],
    now: Timestamp,
    wakes: bool,
}

impl Routing<'_> {
    fn told(&self, route: Uuid) -> impl Iterator<Item = &Delivery> {
        self.told.iter().filter(move |told| told.route == route)
    }

    /// Whether a route may be used for this alert now. Should nobody be on duty anywhere, what wakes people goes to all.
    fn is_open(&self, rule: &Rule, routes: &[(Uuid, Rule)]) -> bool {
        if !self.wakes {
            return rule.is_on_duty(self.now) && !rule.is_quiet(self.now);
        }
        rule.is_on_duty(self.now)
            || !routes.iter().any(|(route, other)| self.is_for(*route, other) && other.is_on_duty(self.now))
    }

    /// That a route fails is not told along that route.
    fn is_for(&self, route: Uuid, rule: &Rule) -> bool {
        let is_itself = self.alert.same_key.strip_prefix(UNDELIVERED) == Some(route.to_string().as_str());
        !is_itself
            && rule.covers(self.alert.practice, self.group)
            && rule.is_for(self.alert.severity, &self.alert.category)
    }

    /// What a route is owed of an open alert, and which of its kind.
    fn owes(&self, route: Uuid, rule: &Rule, routes: &[(Uuid, Rule)]) -> Option<(Event, String)> {
        let Some(last) = self.told(route).last() else {
            // Somebody took it while this route was closed: it is theirs.
            let wanted = self.is_for(route, rule) && self.alert.acknowledged_at.is_none();
            return (wanted && self.is_open(rule, routes)).then_some((Event::Opened, String::new()));
        };
        // The route may have been moved to other practices since.
        if !rule.covers(self.alert.practice, self.group) || !self.is_open(rule, routes) {
            return None;
        }
        let worst = self.told(route).map(|told| told.severity).max();
        if worst.is_some_and(|worst| self.alert.severity > worst) {
            return Some((Event::Worse, format!("-{}", self.alert.severity.ocsf_id())));
        }
        let again = self.alert.acknowledged_at.is_none()
            && self.alert.last_at > last.made_at
            && self.now.duration_since(last.made_at) >= TELL_AGAIN_AFTER;
        again.then(|| (Event::Again, format!("-{}", self.told(route).count())))
    }

    /// Whom a route's wait without an acknowledgement leads to. A circle of routes ends where all of them were told.
    fn escalates(&self, route: Uuid, rule: &Rule, routes: &[(Uuid, Rule)]) -> Option<Uuid> {
        let escalation = rule.escalate.as_ref().filter(|_| self.alert.acknowledged_at.is_none())?;
        let first = self.told(route).next()?;
        let waited = self.now.duration_since(first.made_at);
        let (to, other) = routes.iter().find(|(other, _)| *other == escalation.to)?;
        let owed = waited >= SignedDuration::from_mins(escalation.after_minutes.into())
            && self.told(*to).next().is_none()
            && other.covers(self.alert.practice, self.group)
            && (self.wakes || !other.is_quiet(self.now));
        owed.then_some(*to)
    }

    /// Whether a route was told of a closed alert and not yet that it is over.
    fn owes_the_end(&self, route: Uuid, rule: &Rule) -> bool {
        let mut heard = false;
        for told in self.told(route) {
            match (told.event, told.state) {
                // What is on its way has to arrive first.
                (Event::Over, _) | (_, DeliveryState::Open) => return false,
                (_, DeliveryState::Done) => heard = true,
                (_, DeliveryState::GivenUp) => {}
            }
        }
        heard && rule.covers(self.alert.practice, self.group) && (self.wakes || !rule.is_quiet(self.now))
    }
}
