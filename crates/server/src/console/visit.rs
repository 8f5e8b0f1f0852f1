//! Who reads, in which language, and what stands around the page: worked out anew for each request.

use axum::extract::{FromRef as _, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use enamel_store::commands::CommandState;
use enamel_store::{MAX_PAGE, Scope, StoreError, alerts, commands, index, settings};
use enamel_types::{Right, Role, Timestamp};
use jiff::tz::TimeZone;

use super::frame::{Frame, Notice, Person, Place, Theme, Waiting};
use super::routes::Console;
use super::screens::reports::Brand;
use super::words::{Lang, Words};
use crate::access::signed_in::NotSignedIn;
use crate::access::{Access, SignedIn};
use crate::demo::{Mark, SETTING};

/// The setting that holds the MSP's marks.
pub(super) const BRAND: &str = "console.brand";

/// Cookies of the reader's taste; nothing depends on them but how a page looks.
pub(super) const COOKIES: [&str; 3] = ["enamel-lang", "enamel-zone", "enamel-theme"];

/// What forms come to, by the word in the address that the answer leads to. Anything else says nothing.
const GOOD: [&str; 9] = [
    "take-done",
    "accept-done",
    "refuse-done",
    "send-done",
    "practice-added",
    "group-added",
    "key-ended",
    "display-saved",
    "brand-saved",
];
const BAD: [&str; 6] = ["act-wrong", "act-again", "name-wrong", "send-wrong", "people-wrong", "brand-wrong"];

/// The reader's taste, signed in or not.
#[derive(Debug, Clone)]
pub(super) struct Taste {
    pub(super) words: Words,
    pub(super) theme: Theme,
    /// The path and query that were asked for.
    path: String,
    notice: Option<Notice>,
}

impl Taste {
    fn of(parts: &Parts, now: Timestamp, usual: Option<Lang>) -> Self {
        let [lang, zone, theme] = COOKIES.map(|name| cookie(&parts.headers, name));
        let accepted = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|wish| wish.to_str().ok());
        let lang = lang
            .and_then(|tag| Lang::of(&tag))
            .or(usual)
            .unwrap_or_else(|| Lang::accepted(accepted.unwrap_or("")));
        let zone = zone.and_then(|name| TimeZone::get(&name).ok()).unwrap_or(TimeZone::UTC);
        let words = Words { lang, zone, now };
        let said = parts.uri.query().unwrap_or("").split('&').filter_map(|pair| pair.split_once('='));
        let notice = said.filter(|(name, _)| *name == "said").find_map(|(_, key)| {
            let good = GOOD.contains(&key);
            (good || BAD.contains(&key)).then(|| Notice { good, text: words.t(key) })
        });
        let path = parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
        Self { words, theme: theme.and_then(|tag| Theme::of(&tag)).unwrap_or_default(), path, notice }
    }

    /// The frame of a page before the door.
    pub(super) fn bare(&self) -> Frame {
        Frame {
            place: Place::Elsewhere,
            msp: String::new(),
            person: None,
            waiting: Waiting::default(),
            csrf: String::new(),
            theme: self.theme,
            path: self.path.clone(),
            notice: self.notice.clone(),
            read_only: false,
            demo: false,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

impl FromRequestParts<Console> for Taste {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        console: &Console,
    ) -> Result<Self, std::convert::Infallible> {
        Ok(Self::of(parts, console.now(), None))
    }
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub(super) signed_in: SignedIn,
    pub(super) taste: Taste,
}

impl FromRequestParts<Console> for Visit {
    type Rejection = NotSignedIn;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, NotSignedIn> {
        let signed_in = SignedIn::from_request_parts(parts, console).await?;
        let taste = Taste::of(parts, console.now(), Lang::of(&signed_in.person.locale));
        Ok(Self { signed_in, taste })
    }
}

impl Visit {
    /// What stands around a page of theirs.
    pub(super) fn frame(&self, console: &Console, place: Place) -> Result<Frame, StoreError> {
        let caller = &self.signed_in.caller;
        let store = Access::from_ref(console).store().clone();
        let scope = caller.scope(&store, Right::ReadEvidence)?;
        let mut waiting = Waiting::default();
        if scope != Scope::Nothing {
            waiting = store.read(&scope, |tx| {
                let open = alerts::list(tx, None, true, None, MAX_PAGE)?;
                let held = commands::list(tx, None, Some(CommandState::Held), None, MAX_PAGE)?;
                Ok::<_, StoreError>(Waiting {
                    today: index::today_sums(tx)?.items,
                    alerts: open.items.iter().filter(|alert| alert.acknowledged_by.is_none()).count() as u64,
                    approvals: held.items.len() as u64,
                })
            })?;
        }
        let roles = [
            Role::Owner,
            Role::Engineer,
            Role::Analyst,
            Role::Auditor,
            Role::PracticeManager,
            Role::ReadOnly,
            Role::Trainer,
        ];
        let holds = |role: &Role| caller.grants().iter().any(|grant| grant.role == *role);
        let person = Person {
            name: self.signed_in.person.name.clone(),
            role: roles.into_iter().find(holds).unwrap_or(Role::Billing),
            rights: Right::ALL.into_iter().filter(|right| caller.may(*right)).collect(),
        };
        let everywhere = Scope::System(enamel_store::Purpose::WhoCalls);
        let mark: Option<Mark> = store.read(&everywhere, |tx| settings::get(tx, SETTING))?;
        let demo = mark.is_some();
        let msp = mark.map_or(brand(&store)?.name, |mark| mark.msp);
        Ok(Frame {
            place,
            msp,
            person: Some(person),
            waiting,
            csrf: self.signed_in.csrf(),
            demo,
            ..self.taste.bare()
        })
    }
}

/// The MSP's marks.
pub(super) fn brand(store: &enamel_store::Store) -> Result<Brand, StoreError> {
    let scope = Scope::System(enamel_store::Purpose::WhoCalls);
    Ok(store.read(&scope, |tx| settings::get(tx, BRAND))?.unwrap_or_default())
}

/// A cookie's value.
fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(';')).find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then(|| value.replace("%2F", "/"))
    })
}
