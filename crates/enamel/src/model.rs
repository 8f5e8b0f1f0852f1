//! From the ledger to the report's model.

use enamel_assess::{Gathered, model};
use enamel_ledger::{Ledger, PracticeView};
use enamel_report::{LedgerFacts, ReportModel};
use enamel_types::Timestamp;
use enamel_types::risk::RiskFigures;

use crate::error::Error;
use crate::previous;
use crate::session::{Session, gather};

/// The present state for an OSCAL document, which comes without a scan and without figures of loss.
pub(crate) fn for_oscal(session: &Session) -> Result<ReportModel, Error> {
    let now = session.now();
    let ledger = session.ledger()?;
    let view = session.view(&ledger)?;
    let gathered = gather(&ledger, &view, now)?;
    let facts = ledger_facts(session, &ledger, &view)?;
    Ok(model::without_figures(session.assessor(), &view, gathered, facts, now))
}

/// Puts together everything that a report says.
pub(crate) fn build(
    session: &Session,
    ledger: &Ledger,
    view: &PracticeView,
    gathered: Gathered,
    risk: RiskFigures,
    now: Timestamp,
) -> Result<ReportModel, Error> {
    let facts = ledger_facts(session, ledger, view)?;
    let bare = model::without_figures(session.assessor(), view, gathered, facts, now);
    Ok(model::with_figures(bare, risk, previous::run(session, ledger, view.through_seq())?))
}

fn ledger_facts(session: &Session, ledger: &Ledger, view: &PracticeView) -> Result<LedgerFacts, Error> {
    let lost = ledger.lost().map_err(Error::ledger_unreadable)?;
    Ok(LedgerFacts {
        through_seq: view.through_seq(),
        lost: lost.len() as u64,
        lost_seqs: lost.into_iter().take(LedgerFacts::LOST_NAMED).collect(),
        entries: ledger.len().map_err(Error::ledger_unreadable)?,
        root: ledger
            .practice_root_through(session.practice(), view.through_seq())
            .map_err(Error::ledger_unreadable)?
            .root
            .to_string(),
    })
}
