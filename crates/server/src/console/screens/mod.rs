//! What each screen says: plain values, no I/O. How it looks is in `templates/console/`.
//!
//! Text that came from a computer (names, paths, settings) is kept here as it came; the templates show it through
//! [`enamel_report::text::shown`] as the filter `shown`, which leaves no character alive that could mislead.

pub mod alerts;
pub mod approvals;
pub mod audit;
pub mod devices;
pub mod doors;
pub mod evidence;
pub mod findings;
pub mod practice;
pub mod practices;
pub mod reports;
pub mod search;
pub mod settings;
pub mod today;
pub mod tokens;
pub mod trouble;

use askama::Template;

use super::frame::Frame;
use super::words::Words;

/// A model that has a page.
pub trait Screen {
    /// The whole page.
    ///
    /// # Errors
    /// Only where a template cannot be filled: a fault of ours, not of the model.
    fn render(&self, words: &Words, frame: &Frame) -> askama::Result<String>;
}

macro_rules! screens {
    ($($model:ty => $page:ident $path:literal;)*) => {$(
        #[derive(Template)]
        #[template(path = $path)]
        struct $page<'a> {
            w: &'a Words,
            frame: &'a Frame,
            m: &'a $model,
        }

        impl Screen for $model {
            fn render(&self, w: &Words, frame: &Frame) -> askama::Result<String> {
                $page { w, frame, m: self }.render()
            }
        }
    )*};
}

screens! {
    today::Today => TodayPage "console/today.html";
    practices::Practices => PracticesPage "console/practices.html";
    practice::Practice => PracticePage "console/practice.html";
    devices::Devices => DevicesPage "console/devices.html";
    findings::Findings => FindingsPage "console/findings.html";
    findings::FindingDetail => FindingPage "console/finding.html";
    evidence::EvidencePage => EvidenceTemplate "console/evidence.html";
    approvals::Approvals => ApprovalsPage "console/approvals.html";
    approvals::NewCommand => NewCommandPage "console/new-command.html";
    audit::Audit => AuditPage "console/audit.html";
    alerts::Alerts => AlertsPage "console/alerts.html";
    reports::Reports => ReportsPage "console/reports.html";
    settings::Settings => SettingsPage "console/settings.html";
    settings::Display => DisplayPage "console/display.html";
    tokens::Tokens => TokensPage "console/tokens.html";
    search::Search => SearchPage "console/search.html";
    doors::Door => DoorPage "console/door.html";
    trouble::Trouble => TroublePage "console/trouble.html";
}

/// What the templates call.
#[allow(clippy::inline_always, clippy::unused_self, clippy::unnecessary_wraps, unreachable_pub)] // the macro's own code
mod filters {
    /// Text that came from a computer, harmless to read.
    #[askama::filter_fn]
    pub(super) fn shown<T: std::fmt::Display>(text: T, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(enamel_report::text::shown(&text.to_string()).to_string())
    }
}
