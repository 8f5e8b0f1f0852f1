//! The HTML page: what each section says, computed here; how it looks, in `templates/`.
//!
//! Sections are plain values of ready words. Each list has a limit, so that a practice with a hundred thousand findings
//! still gets a page that a phone can open; what is left out is counted on the page.

mod accepted;
mod chart;
mod controls;
mod data;
mod evidence;
mod findings;
mod gaps;
mod risk;
mod summary;

pub(crate) use accepted::{AcceptedRow, accepted};
pub(crate) use summary::{Controls, change, device_count, tone};

use std::collections::HashMap;

use askama::Template;
use enamel_types::practice::RuleProfile;
use enamel_types::risk::LossDistribution;
use enamel_types::{DeviceId, Timestamp};
use serde::Serialize;

use crate::text::{Shown, css_string, shown};
use crate::{ReportError, ReportModel, words};

/// The whole page.
#[derive(Template, Serialize)]
#[template(path = "report.html")]
pub(crate) struct Page {
    practice: Shown,
    msp: Shown,
    date: String,
    moment: String,
    version: Shown,
    /// The running heads of printed pages, as CSS strings.
    print_head: String,
    print_date: String,
    /// Whether the 2025 proposal is judged beside the rule in force.
    proposed: bool,
    devices: Vec<DeviceLine>,
    more_devices: u64,
    summary: summary::Summary,
    risk: risk::RiskSection,
    data: data::DataSection,
    controls: controls::ControlsSection,
    findings: findings::FindingsSection,
    accepted: Vec<AcceptedRow>,
    gaps: gaps::GapsSection,
    checks: findings::ChecksSection,
    evidence: evidence::EvidenceSection,
}

/// One computer in the page's head.
#[derive(Serialize)]
struct DeviceLine {
    name: Shown,
    os: Shown,
    evidence: Link,
}

/// A link to an entry of the evidence appendix.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Link {
    /// The entry's sequence number; `None` where the observation is not listed.
    seq: Option<u64>,
    /// `entry 12`, or what to say instead.
    label: String,
}

/// What the templates call on counts.
#[allow(clippy::inline_always, clippy::unused_self, clippy::unnecessary_wraps, unreachable_pub)] // the macro's own code
mod filters {
    /// `12,450`.
    #[askama::filter_fn]
    pub(super) fn grouped<T: std::fmt::Display>(count: T, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(enamel_types::words::group_digits(&count.to_string()))
    }
}

/// Computers listed in the page's head.
const DEVICES_LISTED: usize = 30;

/// The whole report as one HTML file that needs nothing else: no network, no script, no font.
pub fn render_html(model: &ReportModel) -> Result<String, ReportError> {
    Ok(page(model).render()?)
}

/// The loss exceedance curve, for a letter.
pub(crate) fn chart_of(losses: &LossDistribution) -> String {
    chart::curve(
        losses,
        "How likely a year is to cost at least so much",
        &format!(
            "An average year costs {}; one year in ten costs {} or more; one in twenty {} or more",
            losses.mean, losses.p90, losses.p95
        ),
    )
}

/// Everything the page says.
pub(crate) fn page(model: &ReportModel) -> Page {
    let context = Context::of(model);
    let practice = shown(&model.practice.name);
    let devices = model.devices.iter().take(DEVICES_LISTED).map(|device| DeviceLine {
        name: context.device(device.id),
        os: shown(&device.inventory.os.name),
        evidence: context.evidence.link(device.observation),
    });
    Page {
        print_head: css_string(&shown(&format!("{practice}: security report"))),
        print_date: css_string(&shown(&words::date(model.generated_at))),
        practice,
        msp: shown(&model.practice.msp),
        date: words::date(model.generated_at),
        moment: words::moment(model.generated_at),
        version: shown(&model.version),
        proposed: model.controls.iter().any(|row| row.proposed.is_some())
            || model.practice.profile == RuleProfile::Proposed2025,
        devices: devices.collect(),
        more_devices: model.devices.len().saturating_sub(DEVICES_LISTED) as u64,
        summary: summary::summary(model, &context),
        risk: risk::section(model),
        data: data::section(model, &context),
        controls: controls::section(model, &context),
        findings: findings::section(model, &context),
        accepted: accepted(model, &context),
        gaps: gaps::section(model, &context),
        checks: findings::checks(model, &context),
        evidence: evidence::section(model, &context),
    }
}

/// What every section looks things up in.
pub(crate) struct Context<'a> {
    now: Timestamp,
    names: HashMap<DeviceId, &'a str>,
    evidence: evidence::Index<'a>,
}

impl<'a> Context<'a> {
    pub(crate) fn of(model: &'a ReportModel) -> Self {
        Self {
            now: model.generated_at,
            names: model
                .devices
                .iter()
                .map(|device| (device.id, device.inventory.hostname.as_str()))
                .collect(),
            evidence: evidence::Index::of(model),
        }
    }

    /// A computer's name; where it is not in the inventory, its id.
    pub(crate) fn device(&self, id: DeviceId) -> Shown {
        self.names.get(&id).map_or_else(|| shown(&id.to_string()), |name| shown(name))
    }

    /// `3 days ago`.
    fn age(&self, time: Timestamp) -> String {
        words::age(time, self.now)
    }
}
