//! Reading requests: so many bytes, within so much time, and never more at once than the house has room for.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use enamel_wire::message::MAX_BODY_BYTES;
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Refusal;
use crate::metrics::BATCH_BYTES;

/// Largest body of everything but observations, bytes.
pub(crate) const SMALL_BODY: usize = 16 * 1024;

/// How long a small body may take.
const SMALL_TIME: Duration = Duration::from_secs(10);

/// How long a batch may take: a slow line, and the largest observation there is.
const BATCH_TIME: Duration = Duration::from_mins(2);

/// Batches that are in memory at once, KiB: each costs about three times its size while it is checked.
const ROOM_KIB: usize = 48 * 1024;

/// Room for batches.
#[derive(Clone)]
pub(crate) struct Room(Arc<Semaphore>);

/// A batch and its place; the place is given back when this is dropped, after the answer.
pub(crate) struct Held {
    pub(crate) bytes: Bytes,
    _place: Place,
}

struct Place {
    _permit: OwnedSemaphorePermit,
    bytes: f64,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(ROOM_KIB)))
    }

    /// Reads a batch. Its length must be announced, so that room is taken before the first byte of it is.
    pub(crate) async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Held, Refusal> {
        let length = announced(headers).ok_or_else(|| {
            Refusal::malformed("a batch needs a Content-Length, and must be sent as it is, not in chunks")
        })?;
        if length > MAX_BODY_BYTES {
            return Err(Refusal::too_large(MAX_BODY_BYTES));
        }
        let kib = u32::try_from(length.div_ceil(1024)).unwrap_or(u32::MAX);
        let permit = self.0.clone().try_acquire_many_owned(kib);
        let permit = permit.map_err(|_| Refusal::busy("too many batches at once"))?;
        let place = Place::taken(permit, length);
        let bytes = read(body, length, BATCH_TIME).await?;
        Ok(Held { bytes, _place: place })
    }
}

impl Place {
    fn taken(permit: OwnedSemaphorePermit, length: usize) -> Self {
        let bytes = length as f64;
        metrics::gauge!(BATCH_BYTES).increment(bytes);
        Self { _permit: permit, bytes }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        metrics::gauge!(BATCH_BYTES).decrement(self.bytes);
    }
}

/// Reads a small request.
pub(crate) async fn small<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Refusal> {
    if announced(headers).is_some_and(|length| length > SMALL_BODY) {
        return Err(Refusal::too_large(SMALL_BODY));
    }
    parse(&read(body, SMALL_BODY, SMALL_TIME).await?)
}

/// Reads JSON. The parser's own words are not passed on: they quote what was sent.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Refusal::malformed(format!("the request cannot be read, at line {line} column {column}"))
    })
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn read(body: Body, limit: usize, time: Duration) -> Result<Bytes, Refusal> {
    match tokio::time::timeout(time, axum::body::to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(Refusal::malformed("the request broke off, or is longer than it may be")),
        Err(_) => Err(Refusal::malformed("the request took too long to arrive")),
    }
}
