//! `Idempotency-Key`: a program that does not know whether its POST arrived sends it again and gets the first answer.
//!
//! Answers are kept for a day, in this process's memory and nowhere else, because some hold a secret that is shown once. They are kept
//! by caller: nobody gets another's.

use std::collections::HashMap;
use std::sync::Mutex;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use enamel_types::Timestamp;
use jiff::SignedDuration;

use super::problem::{Problem, ProblemCode};
use crate::access::caller::Who;
use crate::access::secret::Purpose;

/// How long an answer is kept.
const KEEP: SignedDuration = SignedDuration::from_hours(24);

/// Most answers kept, and the largest of them, bytes.
const CAPACITY: usize = 2_000;
const LARGEST: usize = 64 * 1024;

/// The header.
pub(super) const HEADER: &str = "idempotency-key";

/// An answer that was given.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: Option<header::HeaderValue>,
    pub(super) body: Bytes,
}

#[derive(Debug)]
struct Kept {
    request: [u8; 32],
    at: Timestamp,
    /// `None` while the first request is under way.
    answer: Option<Answer>,
}

/// Answers by caller and key.
#[derive(Debug, Default)]
pub(super) struct Answers {
    kept: Mutex<HashMap<(Who, String), Kept>>,
}

/// What to do with a request.
pub(super) enum Turn {
    /// It is new: carry it out, then call [`Answers::keep`] with this.
    First((Who, String)),
    /// It was carried out: this was the answer.
    Again(Answer),
}

/// The key that a request carries.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(HEADER) else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| (1..=255).contains(&key.len()));
    key.map(|key| Some(key.to_owned()))
        .ok_or_else(|| Problem::malformed("`Idempotency-Key` has 1 to 255 printable characters"))
}

/// What makes two requests the same one.
pub(super) fn fingerprint(path: &str, body: &[u8]) -> [u8; 32] {
    Purpose::Request.hash(&[path.as_bytes(), &[0], body].concat())
}

impl Answers {
    /// Whether a request is new.
    pub(super) fn turn(
        &self,
        who: Who,
        key: String,
        request: [u8; 32],
        now: Timestamp,
    ) -> Result<Turn, Problem> {
        let mut kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let place = (who, key);
        if let Some(known) = kept.get(&place).filter(|known| now.duration_since(known.at) < KEEP) {
            if known.request != request {
                let why = "this `Idempotency-Key` was used for another request; take a new one for each";
                return Err(Problem::new(ProblemCode::Conflict, why));
            }
            return known.answer.clone().map(Turn::Again).ok_or_else(|| {
                Problem::new(
                    ProblemCode::Conflict,
                    "the first request with this `Idempotency-Key` is still under way",
                )
            });
        }
        if kept.len() >= CAPACITY {
            kept.retain(|_, known| now.duration_since(known.at) < KEEP);
            let oldest = kept.iter().min_by_key(|(_, known)| known.at).map(|(place, _)| place.clone());
            if kept.len() >= CAPACITY
                && let Some(oldest) = oldest
            {
                kept.remove(&oldest);
            }
        }
        kept.insert(place.clone(), Kept { request, at: now, answer: None });
        Ok(Turn::First(place))
    }

    /// Keeps the answer; one that says "not now", or nothing at all, leaves the key free for another try.
    pub(super) fn keep(&self, place: &(Who, String), answer: Option<Answer>) {
        let mut kept = self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let lasting = answer.filter(|answer| {
            answer.body.len() <= LARGEST
                && !answer.status.is_server_error()
                && !matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS)
        });
        match (lasting, kept.get_mut(place)) {
            (Some(answer), Some(known)) => known.answer = Some(answer),
            _ => drop(kept.remove(place)),
        }
    }
}

#[cfg(test)]
mod tests {
    use enamel_types::UserId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_request_is_carried_out_once_for_its_caller() {
        let answers = Answers::default();
        let at = |hours: i64| Timestamp::from_second(1_800_000_000 + 3600 * hours).unwrap();
        let (dana, eli) = (
            Who::Person(UserId::from_uuid(Uuid::from_u128(1))),
            Who::Person(UserId::from_uuid(Uuid::from_u128(2))),
        );
        let request = fingerprint("/practices", b"{}");
        let turn = |who, request, hours| answers.turn(who, "k".to_owned(), request, at(hours));
        let Ok(Turn::First(place)) = turn(dana, request, 0) else { panic!("not new") };
        assert!(turn(dana, request, 0).is_err(), "under way");
        let answer =
            Answer { status: StatusCode::CREATED, content_type: None, body: Bytes::from_static(b"made") };
        answers.keep(&place, Some(answer));
        assert!(matches!(turn(dana, request, 23), Ok(Turn::Again(answer)) if answer.body == "made"));
        assert!(turn(dana, fingerprint("/practices", b"{ }"), 23).is_err(), "another request");
        let Ok(Turn::First(place)) = turn(eli, request, 23) else { panic!("another caller's answer") };
        answers.keep(
            &place,
            Some(Answer { status: StatusCode::BAD_GATEWAY, content_type: None, body: Bytes::new() }),
        );
        assert!(matches!(turn(eli, request, 23), Ok(Turn::First(_))), "a failure is tried again");
        assert!(matches!(turn(dana, request, 24), Ok(Turn::First(_))), "a day later it is forgotten");
    }
}
