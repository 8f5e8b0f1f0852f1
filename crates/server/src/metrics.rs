//! What the server measures of itself, as Prometheus reads it.
//!
//! Names carry their unit. Nothing here names a practice, a computer or a person: whoever scrapes this sees how the server is
//! and not whose it is. The page is on the console's listener.

use std::sync::OnceLock;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::get;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Connections that are open, of agents and people.
pub const OPEN_CONNECTIONS: &str = "enamel_edge_open_connections";
/// Connections turned away because their address held too many.
pub const REFUSED_CONNECTIONS: &str = "enamel_edge_refused_connections_total";
/// Handshakes that came to nothing.
pub const FAILED_HANDSHAKES: &str = "enamel_edge_failed_handshakes_total";
/// Agents' requests refused, by code.
pub const REFUSED_REQUESTS: &str = "enamel_edge_refused_requests_total";
/// Observations kept.
pub const KEPT: &str = "enamel_ingest_observations_total";
/// From a batch's arrival to its answer.
pub const BATCH_SECONDS: &str = "enamel_ingest_batch_seconds";
/// One commit of evidence.
pub const COMMIT_SECONDS: &str = "enamel_ingest_commit_seconds";
/// Bytes of batches in memory.
pub const BATCH_BYTES: &str = "enamel_ingest_waiting_bytes";
/// Agents that wait for mail.
pub const POLLS: &str = "enamel_mailbox_waiting_agents";
/// One practice brought to its ledger's head.
pub const RECONCILE_SECONDS: &str = "enamel_reconcile_practice_seconds";
/// Practices that could not be brought there.
pub const RECONCILE_FAILURES: &str = "enamel_reconcile_failures_total";
/// Alerts raised.
pub const ALERTS: &str = "enamel_alerts_raised_total";
/// Alerts that arrived.
pub const DELIVERED: &str = "enamel_alerts_delivered_total";
/// Attempts to deliver an alert that failed.
pub const FAILED_DELIVERIES: &str = "enamel_alerts_failed_attempts_total";
/// Deliveries that wait for an attempt.
pub const WAITING_DELIVERIES: &str = "enamel_alerts_waiting_deliveries";

/// Bounds of histograms, seconds: around the promises, a quarter of a second for a batch.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// There is one recorder in a process, however many servers a test starts in it.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Starts measuring; a second call changes nothing.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    if let Some(handle) = RECORDER.get() {
        return Ok(handle.clone());
    }
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .build_recorder();
    let handle = RECORDER.get_or_init(|| recorder.handle()).clone();
    if metrics::set_global_recorder(recorder).is_ok() {
        describe();
    }
    Ok(handle)
}

/// `GET /metrics`.
pub fn page(handle: PrometheusHandle) -> Router {
    Router::new().route(
        "/metrics",
        get(move || async move {
            handle.run_upkeep();
            let text = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
            ([(header::CONTENT_TYPE, text)], handle.render()).into_response()
        }),
    )
}

fn describe() {
    describe_gauge!(OPEN_CONNECTIONS, Unit::Count, "Open connections of agents and people");
    describe_counter!(REFUSED_CONNECTIONS, Unit::Count, "Connections turned away: one address held too many");
    describe_counter!(FAILED_HANDSHAKES, Unit::Count, "TLS handshakes that failed or took too long");
    describe_counter!(REFUSED_REQUESTS, Unit::Count, "Requests of agents that were refused, by code");
    describe_counter!(KEPT, Unit::Count, "Observations kept");
    describe_histogram!(BATCH_SECONDS, Unit::Seconds, "From a batch's arrival to its answer");
    describe_histogram!(COMMIT_SECONDS, Unit::Seconds, "One commit of evidence");
    describe_gauge!(BATCH_BYTES, Unit::Bytes, "Batches in memory that are not answered yet");
    describe_gauge!(POLLS, Unit::Count, "Agents that wait for mail");
    describe_histogram!(RECONCILE_SECONDS, Unit::Seconds, "One practice brought to its ledger's head");
    describe_counter!(
        RECONCILE_FAILURES,
        Unit::Count,
        "Practices that could not be brought to their ledger's head"
    );
    describe_counter!(ALERTS, Unit::Count, "Alerts raised");
    describe_counter!(DELIVERED, Unit::Count, "Alerts that arrived");
    describe_counter!(FAILED_DELIVERIES, Unit::Count, "Attempts to deliver an alert that failed");
    describe_gauge!(WAITING_DELIVERIES, Unit::Count, "Deliveries that wait for an attempt");
}
