//! What a survey of patient data means: one finding for each folder that holds some, and evidence for controls.
//!
//! Severity weighs how many people, who can read the folder, and what kind of place it is. The threshold of 500 people is that of
//! 45 CFR 164.406 and 164.408: from there a breach is told to the media and published.

use enamel_types::patient_data::{PatientDataSurvey, PhiFolder};
use enamel_types::{
    Body, CheckOutcome, ControlId, Evidence, EvidenceOutcome, Finding, FindingClass, FindingId, Fix,
    Judgement, Minutes, Observation, RuleId, RuleResult, Severity,
};

/// Findings of one survey; what lies beyond is counted in the last.
const FINDINGS: usize = 200;
/// A breach of this many is told to the media.
const MANY: u64 = 500;

const RISK_ANALYSIS: &str = "164.308(a)(1)(ii)(A)";
const ACCESS_AUTHORIZATION: &str = "164.308(a)(4)(ii)(B)";
const UNIQUE_ACCESS: &str = "164.312(a)(2)(i)";
const ENCRYPTION_AT_REST: &str = "164.312(a)(2)(iv)";
const MEDIA_ACCOUNTABILITY: &str = "164.310(d)(2)(iii)";

/// Judges one observation of `scan phi`; any other kind gives an empty judgement.
pub fn judge(observation: &Observation) -> Judgement {
    let mut judgement = Judgement::of(observation);
    let Body::PatientData(survey) = &observation.body else { return judgement };
    judgement.persons = Some(survey.persons);
    let Ok(rule) = RuleId::new("phi.folder") else { return judgement };
    for (index, folder) in survey.folders.iter().enumerate().take(FINDINGS) {
        let rest = if index + 1 == FINDINGS { survey.folders.len() - FINDINGS } else { 0 };
        let rest = rest as u64
            + if index + 1 == survey.folders.len().min(FINDINGS) { survey.folders_not_listed } else { 0 };
        judgement.findings.push(finding(observation, &rule, folder, rest));
    }
    let outcome = if survey.folders.is_empty() { CheckOutcome::Pass } else { CheckOutcome::Fail };
    judgement.results.push(RuleResult {
        rule: rule.clone(),
        title: "Patient data lies only where it belongs".to_owned(),
        outcome,
        detail: summary(survey),
    });
    evidence(&mut judgement, observation, survey, &rule);
    judgement
}

/// What a folder's path says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Emptied or forgotten: downloads, temporary folders, the recycle bin.
    Passing,
    /// A desktop.
    Desktop,
    /// Seen by everybody.
    Public,
    /// A copy of data for recovery.
    Backup,
    /// Mail.
    Mail,
    /// None of these.
    Plain,
}

impl Place {
    fn of(path: &str) -> Self {
        let lower = path.to_lowercase().replace('\\', "/");
        let has = |names: &[&str]| lower.split('/').any(|part| names.contains(&part));
        if has(&["downloads", "tmp", "temp", "$recycle.bin", ".trash", "trash", ".cache"]) {
            Self::Passing
        } else if has(&["public", "everyone", "www", "htdocs", "wwwroot", "public_html"]) {
            Self::Public
        } else if has(&["desktop"]) {
            Self::Desktop
        } else if has(&["backup", "backups", "bak", "old", "archive", "archives"]) {
            Self::Backup
        } else if has(&["mail", "outlook", "outlook files", "thunderbird", "maildir"]) {
            Self::Mail
        } else {
            Self::Plain
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Passing => "a folder for things in passing, which nobody looks after",
            Self::Public => "a folder that is meant for everybody",
            Self::Desktop => "a desktop, in plain sight of whoever sits down",
            Self::Backup => "a copy, which is often less guarded than the original",
            Self::Mail => "stored mail, which opens with one password",
            Self::Plain => "a folder outside the practice software",
        }
    }
}

fn severity(folder: &PhiFolder, place: Place) -> Severity {
    let people = folder.persons.value;
    let open = folder.readable_by_others == Some(true) || place == Place::Public;
    let stray = matches!(place, Place::Passing | Place::Desktop);
    match (people >= MANY, open, stray) {
        (true, true, _) => Severity::Critical,
        (true, false, true) | (false, true, _) => Severity::High,
        (true, false, false) | (false, false, true) => Severity::Medium,
        (false, false, false) => Severity::Low,
    }
}

fn finding(observation: &Observation, rule: &RuleId, folder: &PhiFolder, rest: u64) -> Finding {
    let place = Place::of(&folder.path);
    let open = folder.readable_by_others == Some(true);
    let people = folder.persons;
    let mut seen = format!("{} files hold data of {people} people: {}", folder.files, kinds(folder));
    if open {
        seen.push_str("; every account of this computer can read them");
    }
    if rest > 0 {
        seen = format!("{seen}; {rest} more folders hold patient data and are not listed one by one");
    }
    let why = format!(
        "It is {}. Whoever gets hold of this computer, of an account on it or of a copy of this folder gets the data of {people} \
         people{}.",
        place.words(),
        if people.value >= MANY {
            ", and from 500 on the law has a breach told to the media and published by HHS"
        } else {
            ""
        },
    );
    let how = match place {
        Place::Passing | Place::Desktop => {
            "Move what is still needed into the practice software or a folder with restricted access, then delete the rest and empty \
             the recycle bin."
        }
        Place::Backup => {
            "Keep this copy on an encrypted medium that only the backup account can read, and delete copies nobody needs."
        }
        Place::Mail => {
            "Delete mail with patient data that is no longer needed, and use encrypted mail for the rest."
        }
        Place::Public | Place::Plain => {
            "Allow only those who need these files to read the folder, make sure that the disk is encrypted, and write the folder into \
             the risk analysis; move the files if nothing needs them here."
        }
    };
    let mut controls = vec![RISK_ANALYSIS];
    if open || place == Place::Public {
        controls.extend([ACCESS_AUTHORIZATION, UNIQUE_ACCESS]);
    }
    if matches!(place, Place::Passing | Place::Desktop) {
        controls.push(MEDIA_ACCOUNTABILITY);
    }
    if place == Place::Backup {
        controls.push(ENCRYPTION_AT_REST);
    }
    Finding {
        id: FindingId::derive(observation.device, rule, &folder.path),
        rule: rule.clone(),
        device: observation.device,
        subject: folder.path.clone(),
        class: FindingClass::DataSecurity,
        severity: severity(folder, place),
        title: format!("Patient data of {people} people lies in {}", folder.path),
        why,
        seen,
        fix: Fix { how: how.to_owned(), minutes: Minutes(if folder.files > 50 { 45 } else { 20 }) },
        controls: controls.into_iter().filter_map(|id| ControlId::new(id).ok()).collect(),
        observation: observation.id,
    }
}

fn kinds(folder: &PhiFolder) -> String {
    let all: Vec<String> =
        folder.entities.iter().map(|(kind, count)| format!("{count} {}", kind.as_str())).collect();
    all.join(", ")
}

fn summary(survey: &PatientDataSurvey) -> String {
    format!(
        "{} of {} files below {} hold patient data of {} people, in {} folders",
        survey.files_with_phi,
        survey.files,
        survey.root,
        survey.persons,
        survey.folders.len() as u64 + survey.folders_not_listed
    )
}

fn evidence(judgement: &mut Judgement, observation: &Observation, survey: &PatientDataSurvey, rule: &RuleId) {
    let mut add = |control: &str, outcome: EvidenceOutcome, statement: String| {
        if let Ok(control) = ControlId::new(control) {
            judgement.evidence.push(Evidence {
                control,
                outcome,
                rule: rule.clone(),
                statement,
                device: observation.device,
                observation: observation.id,
                observed_at: observation.observed_at,
                valid_until: observation.valid_until,
            });
        }
    };
    add(
        RISK_ANALYSIS,
        EvidenceOutcome::Supports,
        format!("Where patient data lies was looked for and is known: {}", summary(survey)),
    );
    let open = survey
        .folders
        .iter()
        .filter(|folder| folder.readable_by_others == Some(true) || Place::of(&folder.path) == Place::Public)
        .count();
    if open > 0 {
        let statement =
            format!("{open} folders with patient data below {} can be read by every account", survey.root);
        add(ACCESS_AUTHORIZATION, EvidenceOutcome::Contradicts, statement.clone());
        add(UNIQUE_ACCESS, EvidenceOutcome::Contradicts, statement);
    }
    let stray = survey
        .folders
        .iter()
        .filter(|folder| matches!(Place::of(&folder.path), Place::Passing | Place::Desktop))
        .count();
    if stray > 0 {
        let statement =
            format!("Patient data lies in {stray} folders for downloads, temporary files or on desktops");
        add(MEDIA_ACCOUNTABILITY, EvidenceOutcome::Contradicts, statement);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use enamel_types::Estimate;

    fn folder(path: &str, people: u64, open: Option<bool>) -> PhiFolder {
        PhiFolder {
            path: path.to_owned(),
            files: 3,
            persons: Estimate::exact(people),
            entities: std::iter::once((enamel_types::patient_data::Entity::Ssn, people)).collect(),
            formats: std::iter::once(("csv".to_owned(), 3)).collect(),
            examples: vec!["a.csv".to_owned()],
            readable_by_others: open,
        }
    }

    #[test]
    fn severity_weighs_people_place_and_readers() {
        for (path, people, open, expected) in [
            ("/srv/export", 800, Some(true), Severity::Critical),
            (r"C:\Users\ann\Downloads", 800, None, Severity::High),
            ("/srv/export", 12, Some(true), Severity::High),
            ("/home/ann/Desktop", 12, Some(false), Severity::Medium),
            ("/srv/export", 800, Some(false), Severity::Medium),
            ("/srv/backups", 12, None, Severity::Low),
        ] {
            let folder = folder(path, people, open);
            assert_eq!(severity(&folder, Place::of(path)), expected, "{path} {people}");
        }
    }
}
