//! Writing a practice's part of the index.

use enamel_types::{PracticeId, Timestamp};

use super::{EvidenceAge, Figures, IndexDevice, IndexFinding, STATES, TodayItem};
use crate::error::StoreError;
use crate::page::name_key;
use crate::tx::WriteTx;
use crate::value::{to_json, values};

/// Everything that the index holds of a practice. What each list says of its practice must be `practice`.
#[derive(Debug, Clone, PartialEq)]
pub struct PracticeIndex {
    /// Which.
    pub practice: PracticeId,
    /// The last entry of the evidence that it rests on.
    pub through_seq: u64,
    /// When it was computed.
    pub computed_at: Timestamp,
    /// The day that its figures are kept under for the trend, `2026-11-24`.
    pub day: String,
    /// Its figures.
    pub figures: Figures,
    /// Its computers.
    pub devices: Vec<IndexDevice>,
    /// Its findings.
    pub findings: Vec<IndexFinding>,
    /// What needs a human.
    pub today: Vec<TodayItem>,
    /// Its controls.
    pub evidence: Vec<EvidenceAge>,
}

/// Puts a practice's part in the place of the one before, unless that one rests on more evidence. Whether it did.
///
/// # Errors
/// [`StoreError::OutOfScope`] for another's practice.
pub fn put(tx: &mut WriteTx<'_>, index: &PracticeIndex) -> Result<bool, StoreError> {
    let practice = index.practice;
    let figures = to_json(&index.figures)?;
    let sql = "INSERT INTO main.index_practice (practice, through_seq, computed_at, loss_mean, figures) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (practice) DO UPDATE SET through_seq = excluded.through_seq, computed_at = excluded.computed_at, \
               loss_mean = excluded.loss_mean, figures = excluded.figures \
               WHERE index_practice.through_seq <= excluded.through_seq";
    let loss = index.figures.loss_mean;
    if tx.execute(sql, values![practice, index.through_seq, index.computed_at, loss, &figures])? == 0 {
        return Ok(false);
    }
    let sql = "INSERT INTO main.index_day (practice, day, figures) VALUES ($1, $2, $3) \
               ON CONFLICT (practice, day) DO UPDATE SET figures = excluded.figures";
    tx.execute(sql, values![practice, &index.day, figures])?;
    for table in ["index_device", "index_finding", "index_today", "index_evidence"] {
        tx.execute(&format!("DELETE FROM main.{table} WHERE practice = $1"), values![practice])?;
    }
    let sql = "INSERT INTO main.index_device (device, practice, name, name_key, os, role, observed_at, worst, findings) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    for device in &index.devices {
        let IndexDevice { device, practice, name, os, role, observed_at, worst, findings } = device;
        let worst = worst.map_or(0, |severity| i64::from(severity.ocsf_id()));
        let key = name_key(name);
        tx.execute(sql, values![*device, *practice, name, key, os, role, *observed_at, worst, *findings])?;
    }
    let sql = "INSERT INTO main.index_finding (finding, practice, device, rule, severity, state, first_seen, last_seen, \
               accepted_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    for item in &index.findings {
        let values = values![
            &item.finding,
            item.practice,
            item.device,
            &item.rule,
            item.severity,
            item.state,
            item.first_seen,
            item.last_seen,
            item.accepted_until,
        ];
        tx.execute(sql, values)?;
    }
    let sql = "INSERT INTO main.index_today (practice, item, worth, reason, severity, device, since, detail) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    for item in &index.today {
        let TodayItem { practice, item, worth, reason, severity, device, since, detail } = item;
        tx.execute(sql, values![*practice, item, *worth, reason, *severity, *device, *since, detail])?;
    }
    let sql = "INSERT INTO main.index_evidence (practice, control, state, observed_at, valid_until) VALUES ($1, $2, $3, $4, $5)";
    for age in &index.evidence {
        let state = STATES.iter().find(|(state, _)| *state == age.state).map_or("unknown", |(_, word)| word);
        tx.execute(sql, values![practice, &age.control, state, age.observed_at, age.valid_until])?;
    }
    Ok(true)
}
