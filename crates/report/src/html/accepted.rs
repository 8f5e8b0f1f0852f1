//! Risks that somebody has accepted: which, on which computer, what is done instead, by whom, until when.

use serde::Serialize;

use super::Context;
use crate::text::{Shown, sentence, shown};
use crate::{ReportModel, words};

/// One accepted risk.
#[derive(Serialize)]
pub(crate) struct AcceptedRow {
    pub(crate) title: Shown,
    pub(crate) device: Shown,
    pub(crate) reason: Shown,
    pub(crate) instead: Shown,
    pub(crate) person: Shown,
    pub(crate) until: String,
    /// Whether its day is over: then it counts as open again.
    pub(crate) ended: bool,
}

/// Soonest to end first.
pub(crate) fn accepted(model: &ReportModel, context: &Context<'_>) -> Vec<AcceptedRow> {
    let row = |risk: &crate::AcceptedRisk| AcceptedRow {
        title: shown(&risk.title),
        device: context.device(risk.device),
        reason: sentence(&risk.acceptance.reason),
        instead: sentence(&risk.acceptance.compensating),
        person: shown(&risk.acceptance.person),
        until: words::last_day(risk.acceptance.expires_at),
        ended: risk.acceptance.expires_at <= model.generated_at,
    };
    model.accepted.iter().map(row).collect()
}
