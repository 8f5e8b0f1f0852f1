//! Where patient data lies, and which dental software was recognised.

use enamel_types::patient_data::{Entity, PhiFolder};
use serde::Serialize;

use super::{Context, Link};
use crate::text::{Shown, shown};
use crate::{ReportModel, SurveyEntry, words};

/// Folders shown for one survey, fullest first, and on the whole page.
const FOLDERS: usize = 60;
const FOLDERS_IN_ALL: usize = 400;

/// Surveys and computers shown.
const SURVEYS: usize = 40;

/// Formats named for one folder.
const FORMATS: usize = 4;

/// Patient data and dental software.
#[derive(Serialize)]
pub(crate) struct DataSection {
    pub(super) persons: String,
    pub(super) several: bool,
    pub(super) surveys: Vec<Survey>,
    pub(super) more_surveys: u64,
    pub(super) dental: Vec<DentalRow>,
    pub(super) software: Vec<SoftwareLine>,
}

/// One survey.
#[derive(Serialize)]
pub(crate) struct Survey {
    pub(super) root: Shown,
    pub(super) device: Shown,
    pub(super) evidence: Link,
    pub(super) seen: String,
    pub(super) looked_at: String,
    pub(super) persons: String,
    pub(super) files_with_phi: String,
    pub(super) folders: Vec<Folder>,
    pub(super) more_folders: u64,
    /// What was not looked into, or not wholly, and why.
    pub(super) gaps: Vec<(Shown, Shown)>,
}

/// One folder.
#[derive(Serialize)]
pub(crate) struct Folder {
    pub(super) path: Shown,
    pub(super) persons: String,
    pub(super) files: String,
    pub(super) what: String,
    pub(super) formats: Shown,
    /// Who can read it, in words, and the key for the page's icon.
    pub(super) readable: (&'static str, &'static str),
    pub(super) examples: Vec<Shown>,
}

/// One dental product on one computer.
#[derive(Serialize)]
pub(crate) struct DentalRow {
    pub(super) product: Shown,
    pub(super) category: Shown,
    pub(super) device: Shown,
    pub(super) database: Shown,
    pub(super) recognised_by: Vec<Shown>,
    pub(super) data_paths: Vec<Shown>,
    pub(super) evidence: Link,
}

/// One computer's software in a line.
#[derive(Serialize)]
pub(crate) struct SoftwareLine {
    pub(super) device: Shown,
    pub(super) text: String,
    pub(super) evidence: Link,
}

pub(super) fn section(model: &ReportModel, context: &Context<'_>) -> DataSection {
    let mut budget = FOLDERS_IN_ALL;
    let surveys = model.patient_data.iter().take(SURVEYS).map(|entry| {
        let survey = survey(entry, FOLDERS.min(budget), model, context);
        budget -= survey.folders.len();
        survey
    });
    DataSection {
        surveys: surveys.collect(),
        persons: model.persons.people(),
        several: model.patient_data.len() > 1,
        more_surveys: model.patient_data.len().saturating_sub(SURVEYS) as u64,
        dental: dental(model, context),
        software: software(model, context),
    }
}

fn survey(entry: &SurveyEntry, folders: usize, model: &ReportModel, context: &Context<'_>) -> Survey {
    let survey = &entry.survey;
    let seen = model
        .evidence
        .get(&entry.observation)
        .map(|facts| words::date(facts.observed_at))
        .unwrap_or_default();
    Survey {
        root: shown(&survey.root),
        device: context.device(entry.device),
        evidence: context.evidence.link(entry.observation),
        seen,
        looked_at: format!(
            "{} ({})",
            words::counted(survey.files, "file", "files"),
            words::bytes(survey.bytes)
        ),
        persons: survey.persons.people(),
        files_with_phi: words::count(survey.files_with_phi),
        folders: survey.folders.iter().take(folders).map(folder).collect(),
        more_folders: survey.folders.len().saturating_sub(folders) as u64 + survey.folders_not_listed,
        gaps: survey.gaps().iter().map(|gap| (shown(&gap.what), shown(&gap.why))).collect(),
    }
}

fn folder(folder: &PhiFolder) -> Folder {
    let mut formats: Vec<_> = folder.formats.iter().collect();
    formats.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let mut text: Vec<String> = formats
        .iter()
        .take(FORMATS)
        .map(|(format, count)| format!("{} {format}", words::count(**count)))
        .collect();
    if formats.len() > FORMATS {
        text.push(format!("{} other kinds", formats.len() - FORMATS));
    }
    if let [(format, _)] = formats[..] {
        text = vec![format.clone()];
    }
    Folder {
        path: shown(&folder.path),
        persons: folder.persons.to_string(),
        files: words::counted(folder.files, "file", "files"),
        what: Entity::list(&folder.entities),
        formats: shown(&text.join(", ")),
        readable: match folder.readable_by_others {
            Some(true) => ("Others can read it", "notmet"),
            Some(false) => ("Owner and administrators only", "met"),
            None => ("Could not be seen", "unknown"),
        },
        examples: folder.examples.iter().take(3).map(|path| shown(path)).collect(),
    }
}

fn dental(model: &ReportModel, context: &Context<'_>) -> Vec<DentalRow> {
    let texts = |texts: &[String]| texts.iter().take(6).map(|text| shown(text)).collect();
    model
        .software
        .iter()
        .flat_map(|entry| entry.dental.iter().map(move |product| (entry, product)))
        .take(100)
        .map(|(entry, product)| DentalRow {
            product: shown(format!("{} {}", product.product, product.version).trim_end()),
            category: shown(&product.category),
            device: context.device(entry.device),
            database: shown(product.database.as_deref().unwrap_or("")),
            recognised_by: texts(&product.recognised_by),
            data_paths: product
                .data_paths
                .iter()
                .take(6)
                .map(|path| shown(&format!("{} ({})", path.path, path.holds)))
                .collect(),
            evidence: context.evidence.link(entry.observation),
        })
        .collect()
}

fn software(model: &ReportModel, context: &Context<'_>) -> Vec<SoftwareLine> {
    let line = |entry: &crate::SoftwareEntry| SoftwareLine {
        device: context.device(entry.device),
        text: format!(
            "{} installed, {} running",
            words::counted(entry.packages, "program", "programs"),
            words::counted(entry.services_running, "service", "services"),
        ),
        evidence: context.evidence.link(entry.observation),
    };
    // A look below a folder lists no programs: what it found stands under dental products.
    let computers = model.software.iter().filter(|entry| entry.packages > 0 || entry.services_running > 0);
    computers.take(SURVEYS).map(line).collect()
}
