//! What a survey of patient data means: one finding for each folder that holds some, and evidence for controls.
//!
//! Severity weighs how many people, who can read the folder, and what kind of place it is. 45 CFR 164.408 has a breach of 500
//! people or more reported to HHS within 60 days, 164.406 one of more than 500 residents of a state told to the media.
//!
//! Three rules, because they say different things: `phi.survey` that it is known where patient data lies, `phi.folder` that it
//! lies where few can get at it, and `phi.kept` that a folder which few can get at holds some: worth knowing, and nothing to
//! close. What could not be looked at is never called clean.

use enamel_types::patient_data::{Entity, PatientDataSurvey, PhiFolder};
use enamel_types::words::{counted, grouped};
use enamel_types::{
    Body, CheckOutcome, ControlId, Evidence, EvidenceOutcome, Finding, FindingClass, FindingId, Fix,
    Judgement, Minutes, Observation, RuleId, RuleResult, Severity,
};

/// The rule of a folder that more people get at than should, or of which that is not known.
const FOLDER: &str = "phi.folder";
/// The rule of a folder that is closed already.
const KEPT: &str = "phi.kept";
/// The rule of having looked.
const SURVEY: &str = "phi.survey";
/// From here on a breach is reported to HHS within 60 days (45 CFR 164.408).
const MANY: u64 = 500;

const RISK_ANALYSIS: &str = "164.308(a)(1)(ii)(A)";
const ACCESS_AUTHORIZATION: &str = "164.308(a)(4)(ii)(B)";

/// Judges one observation of `scan phi`; any other kind gives an empty judgement.
pub fn judge(observation: &Observation) -> Judgement {
    let mut judgement = Judgement::of(observation);
    let Body::PatientData(survey) = &observation.body else { return judgement };
    let rules = (RuleId::new(FOLDER), RuleId::new(KEPT), RuleId::new(SURVEY));
    let (Ok(folder_rule), Ok(kept_rule), Ok(survey_rule)) = rules else { return judgement };
    judgement.persons = (survey.files > 0).then_some(survey.persons);
    let last = survey.folders.len().saturating_sub(1);
    for (index, folder) in survey.folders.iter().enumerate() {
        let rest = if index == last { survey.folders_not_listed } else { 0 };
        // Its id is the folder's, not the rule's: one that is closed is the same finding, and better.
        let id = FindingId::derive(observation.device, &folder_rule, &folder.path);
        let rule = if is_closed(folder) { &kept_rule } else { &folder_rule };
        judgement.findings.push(finding(observation, id, rule, folder, rest));
    }
    let unseen = unseen(survey);
    let clean = match (survey.files, unseen) {
        (0, 0) => CheckOutcome::NotApplicable,
        (_, 0) => CheckOutcome::Pass,
        _ => CheckOutcome::Unknown,
    };
    let access = access(survey, clean);
    let folders = match access.as_ref().map(|(outcome, _)| outcome) {
        None => CheckOutcome::NotApplicable,
        Some(EvidenceOutcome::Contradicts) => CheckOutcome::Fail,
        Some(EvidenceOutcome::Unknown) => CheckOutcome::Unknown,
        Some(EvidenceOutcome::Supports) => CheckOutcome::Pass,
    };
    let kept =
        if survey.folders.iter().any(is_closed) { CheckOutcome::Pass } else { CheckOutcome::NotApplicable };
    let detail = summary(survey);
    let mut result = |rule: &RuleId, title: &str, outcome| {
        let result =
            RuleResult { rule: rule.clone(), title: title.to_owned(), outcome, detail: detail.clone() };
        judgement.results.push(result);
    };
    result(&folder_rule, "Patient data lies where few can get at it", folders);
    result(&kept_rule, "Folders with patient data are closed", kept);
    result(&survey_rule, "Where patient data lies is known", clean);
    let mut evidence = |rule: &RuleId, control: &str, outcome, statement| {
        let Ok(control) = ControlId::new(control) else { return };
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
    };
    if let Some((outcome, statement)) = access {
        evidence(&folder_rule, ACCESS_AUTHORIZATION, outcome, statement);
    }
    match clean {
        CheckOutcome::Pass => {
            let statement = format!("Where patient data lies was looked for and is known: {detail}");
            evidence(&survey_rule, RISK_ANALYSIS, EvidenceOutcome::Supports, statement);
        }
        CheckOutcome::Unknown => {
            let statement = format!("Where patient data lies is not known in full: {detail}");
            evidence(&survey_rule, RISK_ANALYSIS, EvidenceOutcome::Unknown, statement);
        }
        CheckOutcome::Fail | CheckOutcome::NotApplicable => {}
    }
    judgement
}

/// Files and folders in which patient data may lie unseen: refused or not readable at all, encrypted, damaged in a part, beyond a
/// limit, or of a kind that is only recognised (databases, disk images, foreign archives, alone or inside another file). What is
/// lost of a damaged file is not known. A format without text is no problem and holds none.
fn unseen(survey: &PatientDataSurvey) -> u64 {
    survey.problems.values().sum()
}

/// What the survey says about who gets at patient data; nothing where there was no file.
fn access(survey: &PatientDataSurvey, clean: CheckOutcome) -> Option<(EvidenceOutcome, String)> {
    let root = &survey.root;
    let exposed = survey.folders.iter().filter(|folder| is_exposed(folder)).count() as u64;
    let unknown = survey.folders.iter().any(|folder| folder.readable_by_others.is_none());
    Some(match clean {
        _ if exposed > 0 => (
            EvidenceOutcome::Contradicts,
            format!(
                "{} with patient data below {root} can be read by every account, or lie on a desktop or among things in passing",
                counted(exposed, "folder", "folders")
            ),
        ),
        CheckOutcome::NotApplicable => return None,
        CheckOutcome::Unknown => {
            (EvidenceOutcome::Unknown, format!("Not everything could be read: {}", summary(survey)))
        }
        _ if unknown || survey.folders_not_listed > 0 => (
            EvidenceOutcome::Unknown,
            format!("Who can read the folders with patient data below {root} could not be seen of all"),
        ),
        _ if survey.folders.is_empty() => {
            (EvidenceOutcome::Supports, format!("No patient data lies below {root}"))
        }
        _ => (
            EvidenceOutcome::Supports,
            format!(
                "The folders with patient data below {root} can be read by their owners and administrators only"
            ),
        ),
    })
}

/// Whether more people get at the folder than have a reason to, or nobody decided who may.
fn is_exposed(folder: &PhiFolder) -> bool {
    folder.readable_by_others == Some(true)
        || matches!(Place::of(&folder.path), Place::Public | Place::Passing | Place::Desktop)
}

/// Whether only those get at the folder who are meant to.
fn is_closed(folder: &PhiFolder) -> bool {
    folder.readable_by_others == Some(false) && !is_exposed(folder)
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

fn finding(
    observation: &Observation,
    id: FindingId,
    rule: &RuleId,
    folder: &PhiFolder,
    rest: u64,
) -> Finding {
    let place = Place::of(&folder.path);
    let whose = folder.persons.people();
    let verb = if folder.files == 1 { "holds" } else { "hold" };
    let mut seen = format!(
        "{} {verb} data of {whose}: {}",
        counted(folder.files, "file", "files"),
        Entity::list(&folder.entities)
    );
    if folder.readable_by_others == Some(true) {
        seen.push_str("; every account of this computer can read it");
    }
    if rest > 0 {
        let more = counted(rest, "more folder holds", "more folders hold");
        seen = format!("{seen}; {more} patient data and cannot be listed one by one");
    }
    let why = format!(
        "It is {}. Whoever gets hold of this computer, of an account on it or of a copy of this folder gets the data of {whose}{}.",
        place.words(),
        match folder.persons.value {
            ..MANY => "",
            MANY =>
                ", and from 500 on the law has a breach reported to HHS within 60 days, which publishes it",
            _ => {
                ", and the law has a breach of more than 500 reported to HHS within 60 days, which publishes it, and told to the media"
            }
        },
    );
    let path = &folder.path;
    let (action, how) = match place {
        Place::Passing | Place::Desktop => (
            format!("Move the patient data out of {path}"),
            "Move what is still needed into the practice software or a folder with restricted access, then delete the rest and empty \
             the recycle bin.",
        ),
        Place::Backup => (
            format!("Lock the copy of patient data in {path} away, or delete it"),
            "Keep this copy on an encrypted medium that only the backup account can read, and delete copies nobody needs.",
        ),
        Place::Mail => (
            format!("Delete mail with patient data that nobody needs in {path}"),
            "Delete mail with patient data that is no longer needed, and use encrypted mail for the rest.",
        ),
        Place::Public | Place::Plain if is_closed(folder) => (
            format!("Write the patient data in {path} into the risk analysis"),
            "Only its owner and administrators can read the folder. Make sure that the disk is encrypted, and write the folder into \
             the risk analysis; move the files if nothing needs them here.",
        ),
        Place::Public | Place::Plain => (
            format!("Limit who can read the patient data in {path}"),
            "Allow only those who need these files to read the folder, make sure that the disk is encrypted, and write the folder into \
             the risk analysis; move the files if nothing needs them here.",
        ),
    };
    let controls = is_exposed(folder).then(|| ControlId::new(ACCESS_AUTHORIZATION).ok()).flatten();
    Finding {
        id,
        rule: rule.clone(),
        device: observation.device,
        subject: folder.path.clone(),
        class: FindingClass::DataSecurity,
        severity: severity(folder, place),
        persons: Some(folder.persons.value),
        title: format!("Patient data of {whose} lies in {}", folder.path),
        why,
        seen,
        fix: Fix { action, how: how.to_owned(), minutes: Minutes(if folder.files > 50 { 45 } else { 20 }) },
        controls: controls.into_iter().collect(),
        observation: observation.id,
    }
}

fn summary(survey: &PatientDataSurvey) -> String {
    if survey.files == 0 && survey.problems.is_empty() {
        return format!("there is no file below {}", survey.root);
    }
    let files = counted(survey.files, "file", "files");
    let mut text = if survey.files_with_phi == 0 {
        format!("no patient data was found in {files} below {}", survey.root)
    } else {
        let hold = if survey.files_with_phi == 1 { "holds" } else { "hold" };
        format!(
            "{} of {files} below {} {hold} patient data of {}, in {}",
            grouped(survey.files_with_phi),
            survey.root,
            survey.persons.people(),
            counted(survey.folders.len() as u64 + survey.folders_not_listed, "folder", "folders")
        )
    };
    for (class, what) in [
        ("unreadable", "could not be read"),
        ("encrypted", "could not be looked into because of encryption"),
        ("malformed", "could be read only in part because of damage"),
        ("limit", "could be looked at only up to a limit"),
    ] {
        if let Some(count) = survey.problems.get(class) {
            text = format!("{text}; {} {what}", counted(*count, "file or folder", "files or folders"));
        }
    }
    if let Some(sentence) = survey.not_searched() {
        text = format!("{text}; {sentence}");
    }
    text
}

#[cfg(test)]
mod tests {
    use enamel_types::Estimate;

    use super::*;

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

    fn observed(survey: PatientDataSurvey) -> Observation {
        let id = |last: u8| format!("{last:032x}");
        let observed_at: enamel_types::Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        Observation {
            id: id(1).parse().unwrap(),
            practice: id(2).parse().unwrap(),
            device: id(3).parse().unwrap(),
            agent: id(4).parse().unwrap(),
            observed_at,
            valid_until: observed_at,
            sensor: enamel_types::Sensor { name: "scan phi".to_owned(), version: "0".to_owned() },
            scope: "phi:/srv".to_owned(),
            gaps: Vec::new(),
            body: Body::PatientData(survey),
        }
    }

    fn survey(files: u64, folders: Vec<PhiFolder>, problems: &[(&str, u64)]) -> PatientDataSurvey {
        PatientDataSurvey {
            root: "/srv".to_owned(),
            files,
            bytes: 0,
            files_with_phi: folders.len() as u64,
            persons: Estimate::exact(folders.iter().map(|folder| folder.persons.value).sum()),
            folders,
            folders_not_listed: 0,
            problems: problems.iter().map(|(class, count)| ((*class).to_owned(), *count)).collect(),
            files_not_searched: std::collections::BTreeMap::new(),
            bytes_not_searched: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn what_was_seen_reads_as_a_person_writes() {
        let detail = |survey| judge(&observed(survey)).results.remove(0).detail;
        assert_eq!(
            detail(survey(1, vec![], &[("encrypted", 1)])),
            "no patient data was found in 1 file below /srv; \
             1 file or folder could not be looked into because of encryption"
        );
        let mut partly = survey(5, vec![folder("/srv/charts", 1_200, None)], &[("unsupported", 1)]);
        partly.files_not_searched.insert("database".to_owned(), 1);
        partly.bytes_not_searched.insert("database".to_owned(), 4_000_000);
        assert_eq!(
            detail(partly),
            "1 of 5 files below /srv holds patient data of 1,200 people, in 1 folder; \
             1 database file (4 MB) was found but cannot be opened by Enamel: it may hold patient data"
        );
    }

    fn outcomes(judgement: &Judgement) -> [CheckOutcome; 2] {
        [FOLDER, SURVEY]
            .map(|rule| judgement.results.iter().find(|result| result.rule.as_str() == rule).unwrap().outcome)
    }

    #[test]
    fn what_was_not_read_is_not_called_clean() {
        use CheckOutcome::{Fail, NotApplicable, Pass, Unknown};
        let closed = || vec![folder("/srv/charts", 3, Some(false))];
        for (survey, expected, evidence) in [
            (survey(5, vec![], &[]), [Pass, Pass], vec![EvidenceOutcome::Supports; 2]),
            // The half of an archive that was cut off may hold what the other half does not.
            (survey(5, vec![], &[("malformed", 2)]), [Unknown; 2], vec![EvidenceOutcome::Unknown; 2]),
            (survey(5, vec![], &[("unreadable", 1)]), [Unknown; 2], vec![EvidenceOutcome::Unknown; 2]),
            (survey(5, vec![], &[("encrypted", 1)]), [Unknown; 2], vec![EvidenceOutcome::Unknown; 2]),
            (survey(5, vec![], &[("limit", 1)]), [Unknown; 2], vec![EvidenceOutcome::Unknown; 2]),
            // A member of an archive that cannot be opened is no file of its own, and is unseen all the same.
            (survey(5, vec![], &[("unsupported", 1)]), [Unknown; 2], vec![EvidenceOutcome::Unknown; 2]),
            (survey(0, vec![], &[("unsupported", 1)]), [Unknown; 2], vec![EvidenceOutcome::Unknown; 2]),
            (survey(5, closed(), &[]), [Pass, Pass], vec![EvidenceOutcome::Supports; 2]),
            (survey(5, closed(), &[("limit", 1)]), [Unknown; 2], vec![EvidenceOutcome::Unknown; 2]),
            (
                survey(5, vec![folder("/srv/charts", 3, None)], &[]),
                [Unknown, Pass],
                vec![EvidenceOutcome::Unknown, EvidenceOutcome::Supports],
            ),
            (
                survey(5, vec![folder("/srv/charts", 3, Some(true))], &[("limit", 1)]),
                [Fail, Unknown],
                vec![EvidenceOutcome::Contradicts, EvidenceOutcome::Unknown],
            ),
            (survey(0, vec![], &[]), [NotApplicable; 2], vec![]),
            (survey(0, vec![], &[("unreadable", 1)]), [Unknown; 2], vec![EvidenceOutcome::Unknown; 2]),
        ] {
            let files = survey.files;
            let judgement = judge(&observed(survey));
            let seen: Vec<_> = judgement.evidence.iter().map(|one| one.outcome).collect();
            assert_eq!((outcomes(&judgement), seen), (expected, evidence), "{:?}", judgement.results);
            assert_eq!(judgement.persons.is_some(), files > 0, "nobody was counted where nothing was read");
        }
    }

    #[test]
    fn closing_a_folder_makes_the_same_finding_better_and_the_rule_pass() {
        let seen = |open| {
            let judgement = judge(&observed(survey(5, vec![folder("/srv/charts", 30, Some(open))], &[])));
            (outcomes(&judgement)[0], judgement.findings.into_iter().next().unwrap())
        };
        let ((before, open), (after, closed)) = (seen(true), seen(false));
        assert_eq!((before, after), (CheckOutcome::Fail, CheckOutcome::Pass));
        assert_eq!((open.rule.as_str(), closed.rule.as_str()), (FOLDER, KEPT));
        assert_eq!(open.id, closed.id);
        assert!(closed.severity < open.severity && closed.controls.is_empty());
        assert!(
            closed.fix.action.starts_with("Write the patient data in /srv/charts into"),
            "{:?}",
            closed.fix
        );
    }

    #[test]
    fn every_listed_folder_is_a_finding() {
        let folders: Vec<_> = (0..1000).map(|n| folder(&format!("/srv/{n}"), 3, Some(false))).collect();
        let mut survey = survey(2000, folders, &[]);
        survey.folders_not_listed = 4_321;
        let judgement = judge(&observed(survey));
        assert_eq!(judgement.findings.len(), 1000);
        let with_rest =
            judgement.findings.iter().filter(|finding| finding.seen.contains("4,321 more folders"));
        assert_eq!(with_rest.count(), 1);
    }

    #[test]
    fn findings_read_as_a_person_writes() {
        let of = |people, files| {
            let mut folder = folder("/srv/charts", people, Some(true));
            folder.files = files;
            judge(&observed(survey(9, vec![folder], &[]))).findings.remove(0)
        };
        let one = of(1, 1);
        assert_eq!(one.title, "Patient data of 1 person lies in /srv/charts");
        assert_eq!(one.fix.action, "Limit who can read the patient data in /srv/charts");
        assert!(
            one.seen.starts_with("1 file holds data of 1 person: 1 Social Security number;"),
            "{}",
            one.seen
        );
        let many = of(12_450, 2);
        assert_eq!(many.title, "Patient data of 12,450 people lies in /srv/charts");
        assert!(
            many.seen.starts_with("2 files hold data of 12,450 people: 12,450 Social Security numbers;"),
            "{}",
            many.seen
        );
        for (people, hhs, media) in [(499, false, false), (500, true, false), (501, true, true)] {
            let why = of(people, 1).why;
            assert_eq!((why.contains("HHS"), why.contains("media")), (hhs, media), "{people}: {why}");
        }
    }
}
