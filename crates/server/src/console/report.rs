//! Reports from the console: made from the evidence at the moment of asking, under the MSP's own name.
//!
//! What a report says is crate `report`'s. It is a page that needs nothing else, with its style inside; so it is sent with a policy of its own.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use enamel_assess::{Assessor, Gathered, Rolls, model};
use enamel_report::letter::{self, Month};
use enamel_report::{LedgerFacts, ReportModel, render_html};
use enamel_store::{MAX_PAGE, Scope, StoreError, agents, index, settings};
use enamel_types::{PracticeId, Right, Timestamp, Usd};
use serde::Deserialize;

use super::forms::Fields;
use super::frame::Place;
use super::load::{self, From};
use super::routes::{Console, failed, show, trouble};
use super::screens::reports::{Brand, ReportKind, Reports};
use super::screens::trouble::TroubleKind;
use super::visit::{BRAND, Visit, brand};
use crate::audit::Deed;
use crate::blocking;
use crate::reconcile::SILENT_AFTER;

/// The policy of a report's page: its own style, pictures inside it, and nothing else.
const REPORT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Why a report was not made.
#[derive(Debug, thiserror::Error)]
enum ReportFailure {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Report(#[from] enamel_report::ReportError),
}

/// For which practice the form is opened.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct For {
    practice: String,
}

pub(super) async fn reports(
    State(console): State<Console>,
    visit: Visit,
    Query(asked): Query<For>,
) -> Response {
    let load = move |from: &From<'_>, visit: &Visit| {
        let practices = load::practice_choices(from, asked.practice.parse().ok())?;
        let mut marks = brand(from.store)?;
        if marks.color.is_empty() {
            "#0b5a63".clone_into(&mut marks.color);
        }
        let may_brand = visit.signed_in.caller.scope(from.store, Right::Settings)?.is_whole();
        Ok(Reports { rows: Vec::new(), practices, brand: marks, may_brand, next: None })
    };
    show(console, visit, Place::Reports, Right::ReadReports, None, StatusCode::OK, load).await
}

pub(super) async fn make_report(
    State(console): State<Console>,
    visit: Visit,
    Form(fields): Form<Fields>,
) -> Response {
    if !visit.signed_in.csrf_fits(&fields.csrf) {
        return trouble(&visit.taste, TroubleKind::Stale);
    }
    let kind = ReportKind::ALL.into_iter().find(|kind| kind.tag() == fields.kind);
    let (Some(kind), Ok(practice)) = (kind, fields.practice.parse::<PracticeId>()) else {
        return trouble(&visit.taste, TroubleKind::NotFound);
    };
    let taste = visit.taste.clone();
    let made = blocking(move || {
        let (store, caller) = (console.inner.access.store(), &visit.signed_in.caller);
        let scope = caller.scope(store, Right::ReadReports)?;
        let page = page(&console, &scope, practice, kind, console.now())?;
        let deed = Deed::new("report.make").at(practice).with("kind", kind.tag());
        deed.noted(store, &caller.actor(), console.now())?;
        Ok::<_, ReportFailure>(page)
    });
    match made.await {
        Ok(page) => {
            let headers = [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CONTENT_SECURITY_POLICY, REPORT_POLICY),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, page).into_response()
        }
        Err(ReportFailure::Store(error)) => failed(&taste, &error),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a report could not be made");
            trouble(&taste, TroubleKind::Fault)
        }
    }
}

/// The report as a page.
fn page(
    console: &Console,
    scope: &Scope,
    id: PracticeId,
    kind: ReportKind,
    now: Timestamp,
) -> Result<String, ReportFailure> {
    let store = console.inner.access.store();
    let (view, profile) = console.inner.reconciler.view(scope, id)?;
    let gathered = Gathered::from(&view, now, |observation| match store.entry(scope, id, observation) {
        Err(StoreError::NotFound(_)) => Ok(None),
        entry => entry.map(Some),
    })?;
    let root = store.root_through(scope, id, view.through_seq())?;
    let ledger = LedgerFacts {
        entries: view.through_seq(),
        through_seq: view.through_seq(),
        root: root.root.to_string(),
        lost: 0,
        lost_seqs: Vec::new(),
    };
    let assessor = Assessor { content: &console.inner.content, profile: &profile };
    let figures = assessor.risk(&view, now, Rolls::for_a_report());
    let model: ReportModel =
        model::with_figures(model::without_figures(assessor, &view, gathered, ledger, now), figures, None);
    let marks = brand(store)?;
    let brand = letter::Brand {
        name: marks.name,
        contact: marks.contact.lines().map(str::to_owned).collect(),
        colour: letter::Colour::parse(&marks.color).unwrap_or_default(),
        logo: None,
    };
    Ok(match kind {
        ReportKind::RiskAnalysis => render_html(&model)?,
        ReportKind::Prospect => letter::render_prospect(&model, &brand)?,
        ReportKind::Monthly => letter::render_monthly(&model, &brand, &month(console, scope, id, now)?)?,
    })
}

/// The month that ends now: 30 days, with the trend of the year.
fn month(console: &Console, scope: &Scope, id: PracticeId, now: Timestamp) -> Result<Month, StoreError> {
    let store = console.inner.access.store();
    store.read(scope, |tx| {
        let days = index::days(tx, id, 366)?;
        let step = days.len().div_ceil(24).max(1);
        let last = days.len().saturating_sub(1);
        let trend =
            days.iter().enumerate().filter(|(place, _)| (last - place).is_multiple_of(step)).filter_map(
                |(_, (day, figures))| {
                    Some((format!("{day}T12:00:00Z").parse().ok()?, Usd(figures.loss_mean)))
                },
            );
        let agents = agents::of_practice(tx, id, None, MAX_PAGE)?.items;
        let silent = agents.iter().filter(|agent| agent.revoked_at.is_none()).filter_map(|agent| {
            let heard = agent.seen_at.unwrap_or(agent.enrolled_at);
            (now.duration_since(heard) > SILENT_AFTER).then(|| (agent.name.clone(), heard))
        });
        Ok(Month {
            from: now - jiff::SignedDuration::from_hours(30 * 24),
            until: now,
            trend: trend.collect(),
            silent: silent.collect(),
        })
    })
}

pub(super) async fn save_brand(
    State(console): State<Console>,
    visit: Visit,
    Form(fields): Form<Fields>,
) -> Response {
    if !visit.signed_in.csrf_fits(&fields.csrf) {
        return trouble(&visit.taste, TroubleKind::Stale);
    }
    let taste = visit.taste.clone();
    let saved = blocking(move || {
        let (store, caller) = (console.inner.access.store(), &visit.signed_in.caller);
        let scope = caller.scope(store, Right::Settings)?;
        if !scope.is_whole() {
            return Err(StoreError::NotFound("page"));
        }
        let fits = fields.name.chars().count() <= 80 && fields.contact.chars().count() <= 300;
        if !fits || letter::Colour::parse(&fields.color).is_err() {
            return Ok(false);
        }
        let marks =
            Brand { name: fields.name.trim().to_owned(), color: fields.color, contact: fields.contact };
        store.write(&scope, |tx| {
            settings::set(tx, BRAND, &marks)?;
            Deed::new("brand.change").done(tx, &caller.actor(), console.now())
        })?;
        Ok(true)
    });
    match saved.await {
        Ok(true) => axum::response::Redirect::to("/reports?said=brand-saved").into_response(),
        Ok(false) => axum::response::Redirect::to("/reports?said=brand-wrong").into_response(),
        Err(error) => failed(&taste, &error),
    }
}
