//! What a software inventory means: results, findings and evidence. Pure.
//!
//! Severities are judgements, stated here: a system or application without fixes is *high*, *critical* for a system once it
//! has been without them for two years, because by then its holes are in every attack kit. A secret is as bad as its
//! signature says, one step less when other accounts cannot read it.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use enamel_types::software::{DentalProduct, SecretInClear, SoftwareInventory};
use enamel_types::words::counted;
use enamel_types::{
    Body, CheckOutcome, ControlId, Evidence, EvidenceOutcome, Finding, FindingClass, FindingId, Fix,
    Judgement, Minutes, Observation, RuleId, RuleResult, Severity,
};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::eol::{Lifecycle, Status};
use super::signatures::{SecretSignature, Vulnerability};
use super::{EolTable, FOLDER_SCOPE, SECRET_GAP, Signatures, version};

/// Days before an end that are worth a line in the plan.
const SOON: i32 = 120;
/// Days without fixes after which a system is an easy target.
const LONG_AGO: i32 = 2 * 365;

/// Judges a software inventory as of the moment it was seen. Any other observation gives an empty judgement.
pub fn judge_software(observation: &Observation, signatures: &Signatures, eol: &EolTable) -> Judgement {
    let mut judge = Judge { observation, judgement: Judgement::of(observation) };
    let Body::SoftwareInventory(software) = &observation.body else { return judge.judgement };
    let today = observation.observed_at.to_zoned_datetime(TimeZone::UTC).date();
    // What lies in a folder says nothing of the computer's own system and programs.
    if judge.folder().is_none() {
        judge.inventory(software);
        judge.system(software, eol, today);
        judge.applications(software, eol, today);
    }
    judge.vulnerabilities(software, signatures);
    judge.secrets(software, signatures);
    judge.judgement
}

struct Judge<'a> {
    observation: &'a Observation,
    judgement: Judgement,
}

impl<'a> Judge<'a> {
    /// The folder that was looked at; `None` for the computer itself.
    fn folder(&self) -> Option<&'a str> {
        self.observation.scope.strip_prefix(FOLDER_SCOPE)
    }

    fn result(&mut self, rule: &str, title: &str, outcome: CheckOutcome, detail: impl Into<String>) {
        if let Ok(rule) = RuleId::new(rule) {
            let result = RuleResult { rule, title: title.to_owned(), outcome, detail: detail.into() };
            self.judgement.results.push(result);
        }
    }

    fn evidence(&mut self, rule: &RuleId, control: &ControlId, outcome: EvidenceOutcome, statement: &str) {
        self.judgement.evidence.push(Evidence {
            control: control.clone(),
            outcome,
            rule: rule.clone(),
            statement: statement.to_owned(),
            device: self.observation.device,
            observation: self.observation.id,
            observed_at: self.observation.observed_at,
            valid_until: self.observation.valid_until,
        });
    }

    /// Adds a finding, and with it evidence against each of its controls.
    fn finding(&mut self, draft: Draft<'_>) {
        let Ok(rule) = RuleId::new(draft.rule) else { return };
        for control in draft.controls {
            self.evidence(&rule, control, EvidenceOutcome::Contradicts, &draft.seen);
        }
        self.judgement.findings.push(Finding {
            id: FindingId::derive(self.observation.device, &rule, &draft.subject),
            rule,
            device: self.observation.device,
            subject: draft.subject,
            class: draft.class,
            severity: draft.severity,
            persons: None,
            title: draft.title,
            why: draft.why,
            seen: draft.seen,
            fix: Fix { action: draft.action, how: draft.how, minutes: draft.minutes },
            controls: draft.controls.to_vec(),
            observation: self.observation.id,
        });
    }

    /// That there is an inventory at all is evidence: one cannot judge the risk of what one does not know of.
    fn inventory(&mut self, software: &SoftwareInventory) {
        let seen = format!(
            "{} and {} were listed",
            counted(software.packages.len() as u64, "program", "programs"),
            counted(software.services.len() as u64, "service", "services")
        );
        let outcome = if software.packages.is_empty() { CheckOutcome::Unknown } else { CheckOutcome::Pass };
        self.result("inventory.software", "The computer's software is listed", outcome, seen.clone());
        if outcome == CheckOutcome::Pass {
            self.supports("inventory.software", &["164.308(a)(1)(ii)(A)"], &seen);
        }
        let names: Vec<&str> = software.dental.iter().map(|product| product.product.as_str()).collect();
        if names.is_empty() {
            let detail = "none of the known products was recognised";
            self.result(
                "inventory.dental",
                "Dental products are listed",
                CheckOutcome::NotApplicable,
                detail,
            );
        } else {
            let seen = format!("recognised: {}", names.join(", "));
            self.result("inventory.dental", "Dental products are listed", CheckOutcome::Pass, seen.clone());
            self.supports("inventory.dental", &["164.308(a)(1)(ii)(A)", "164.308(a)(7)(ii)(E)"], &seen);
        }
    }

    fn supports(&mut self, rule: &str, paragraphs: &[&str], statement: &str) {
        let Ok(rule) = RuleId::new(rule) else { return };
        for control in controls(paragraphs) {
            self.evidence(&rule, &control, EvidenceOutcome::Supports, statement);
        }
    }

    fn system(&mut self, software: &SoftwareInventory, eol: &EolTable, today: Date) {
        const RULE: &str = "eol.os";
        const TITLE: &str = "The operating system still gets security fixes";
        let os = &software.os;
        let Some(lifecycle) = eol.system(os, today) else {
            let detail = format!("{} {} is not in the table of end dates", os.name, os.version);
            return self.result(RULE, TITLE, CheckOutcome::Unknown, detail);
        };
        let release = if os.name.is_empty() { lifecycle.name.as_str() } else { os.name.as_str() };
        match lifecycle.status {
            Status::Unknown => {
                self.result(
                    RULE,
                    TITLE,
                    CheckOutcome::Unknown,
                    format!("no end date is known for {release}"),
                );
            }
            Status::Supported { until } => {
                let seen = format!("{release} gets security fixes until {until}");
                self.result(RULE, TITLE, CheckOutcome::Pass, seen.clone());
                self.supports(RULE, &["164.308(a)(5)(ii)(B)"], &seen);
                if days(today, until) <= SOON {
                    self.finding(Draft {
                        rule: "eol.os-soon",
                        subject: lifecycle.name.clone(),
                        class: FindingClass::Vulnerability,
                        severity: Severity::Low,
                        title: format!("Security fixes for {} end on {until}", lifecycle.name),
                        why: "After that day every new hole stays open, and the replacement takes weeks to plan".to_owned(),
                        seen,
                        action: format!("Plan what comes after {}", lifecycle.name),
                        how: "Plan the upgrade or the new computer now; ask the makers of the imaging programs on it first".to_owned(),
                        minutes: Minutes(60),
                        controls: &[],
                    });
                }
            }
            Status::Ended { on, paid_until } => {
                let seen = format!("{release}: security fixes ended on {on}{}", paid(&lifecycle, paid_until));
                self.result(RULE, TITLE, CheckOutcome::Fail, seen.clone());
                let severity = match paid_until {
                    None if days(on, today) > LONG_AGO => Severity::Critical,
                    _ => Severity::High,
                };
                self.finding(Draft {
                    rule: RULE,
                    subject: String::new(), // the device itself: the same finding as the posture check's
                    class: FindingClass::Vulnerability,
                    severity,
                    title: format!("{} no longer gets security fixes", lifecycle.name),
                    why: "Every hole found since then stays open, and attack programs try the known ones first; one such computer is enough to get at the practice's server".to_owned(),
                    seen,
                    action: format!("Upgrade or replace this computer: {} gets no more fixes", lifecycle.name),
                    how: how_to_replace(&software.dental, &lifecycle, paid_until),
                    minutes: Minutes(180),
                    controls: &controls(&["164.308(a)(1)(ii)(B)", "164.308(a)(5)(ii)(B)"]),
                });
            }
        }
    }

    fn applications(&mut self, software: &SoftwareInventory, eol: &EolTable, today: Date) {
        let mut ended: BTreeMap<String, (Lifecycle<'_>, BTreeSet<String>)> = BTreeMap::new();
        let (mut known, mut without_date) = (0_usize, BTreeSet::new());
        for package in &software.packages {
            let Some(lifecycle) = eol.package(package, today) else { continue };
            known += 1;
            let listed = format!("{} {}", package.name, package.version).trim_end().to_owned();
            match lifecycle.status {
                Status::Supported { .. } => {}
                Status::Unknown => {
                    without_date.insert(lifecycle.name);
                }
                Status::Ended { .. } => {
                    let entry =
                        ended.entry(lifecycle.name.clone()).or_insert_with(|| (lifecycle, BTreeSet::new()));
                    entry.1.insert(listed);
                }
            }
        }
        let (outcome, detail) = if !ended.is_empty() {
            (CheckOutcome::Fail, format!("without security fixes: {}", join(ended.keys())))
        } else if !without_date.is_empty() {
            (CheckOutcome::Unknown, format!("no end date is known for {}", join(&without_date)))
        } else if known == 0 {
            (
                CheckOutcome::NotApplicable,
                "none of the applications in the table of end dates is installed".to_owned(),
            )
        } else {
            (CheckOutcome::Pass, format!("{known} known applications still get them"))
        };
        self.result("eol.app", "Applications still get security fixes", outcome, detail);
        for (name, (lifecycle, listed)) in ended {
            let Status::Ended { on, paid_until } = lifecycle.status else { continue };
            let note =
                if lifecycle.note.is_empty() { String::new() } else { format!(". {}", lifecycle.note) };
            let last = paid(&lifecycle, paid_until);
            self.finding(Draft {
                rule: "eol.app",
                title: format!("{name} no longer gets security fixes"),
                severity: if paid_until.is_some() { Severity::Medium } else { Severity::High },
                class: FindingClass::Vulnerability,
                why: "Its known holes stay open for good; databases, Java and Office are what mail attachments and intruders aim at".to_owned(),
                seen: format!("{}; security fixes ended on {on}{last}{note}", join(&listed)),
                action: format!("Update or remove {name}"),
                how: format!("Update {name} to a supported version, or remove it if nothing needs it. Where a dental program rests on it, ask that program's maker which version it supports"),
                minutes: Minutes(60),
                controls: &controls(&["164.308(a)(1)(ii)(B)", "164.308(a)(5)(ii)(B)"]),
                subject: name,
            });
        }
    }

    fn vulnerabilities(&mut self, software: &SoftwareInventory, signatures: &Signatures) {
        for product in &software.dental {
            let Some(signature) =
                signatures.dental.iter().find(|signature| signature.id == product.signature)
            else {
                continue;
            };
            for known in &signature.vulnerabilities {
                self.vulnerability(product, known);
            }
        }
    }

    fn vulnerability(&mut self, product: &DentalProduct, known: &Vulnerability) {
        let compared = known.below.as_deref().and_then(|below| version::compare(&product.version, below));
        let version =
            if product.version.is_empty() { "of unknown version" } else { product.version.as_str() };
        let subject = format!("{} {}", product.signature, known.id);
        match compared {
            Some(Ordering::Less) => self.finding(Draft {
                rule: "dental.vulnerability",
                subject,
                class: FindingClass::Vulnerability,
                severity: known.severity,
                title: format!("{} {version} has a published hole ({})", product.product, known.id),
                why: known.what.clone(),
                seen: format!("{} {version}; affected: {}", product.product, known.versions),
                action: format!("Update {}", product.product),
                how: known.fix.clone(),
                minutes: Minutes(90),
                controls: &controls(&["164.308(a)(1)(ii)(B)"]),
            }),
            Some(_) => {}
            None => self.finding(Draft {
                rule: "dental.compare-version",
                subject,
                class: FindingClass::Vulnerability,
                severity: Severity::Informational,
                title: format!("Compare the version of {} with {}", product.product, known.id),
                why: known.what.clone(),
                seen: format!("{} {version}; affected: {}", product.product, known.versions),
                action: format!("Compare the version of {} with {}", product.product, known.id),
                how: format!(
                    "Look the version up in the program's About window. If it is affected: {}",
                    known.fix
                ),
                minutes: Minutes(10),
                controls: &[],
            }),
        }
    }

    fn secrets(&mut self, software: &SoftwareInventory, signatures: &Signatures) {
        let place = self.folder().map(|folder| format!(" below {folder}")).unwrap_or_default();
        let unseen = self.observation.gaps.iter().filter(|gap| gap.what.starts_with(SECRET_GAP)).count();
        for signature in &signatures.secrets {
            let mut places: BTreeMap<&str, Vec<&SecretInClear>> = BTreeMap::new();
            for secret in software.secrets.iter().filter(|secret| secret.signature == signature.id) {
                places.entry(&secret.path).or_default().push(secret);
            }
            let (outcome, detail) = match (places.len(), unseen) {
                (0, 0) => (CheckOutcome::Pass, format!("none found{place}")),
                (0, _) => {
                    let unseen = counted(unseen as u64, "place", "places");
                    (CheckOutcome::Unknown, format!("none found{place}, but {unseen} could not be read"))
                }
                (found, _) => {
                    let found = counted(found as u64, "place", "places");
                    (CheckOutcome::Fail, format!("found in {found}{place}"))
                }
            };
            self.result(signature.id.as_str(), &format!("Not so: {}", signature.title), outcome, detail);
            for (path, fields) in places {
                self.secret(signature, path, &fields);
            }
        }
        // A clean folder does not make a clean computer.
        if software.secrets.is_empty() && unseen == 0 && self.folder().is_none() {
            let statement = "no secret lies in clear in any of the places that were looked at";
            self.supports("secret.none", &["164.308(a)(5)(ii)(D)"], statement);
        }
    }

    fn secret(&mut self, signature: &SecretSignature, path: &str, fields: &[&SecretInClear]) {
        let clear = fields.iter().any(|field| !field.obfuscated);
        let readable = fields.iter().find_map(|field| field.readable_by_others);
        let names = join(fields.iter().map(|field| &field.field));
        let form = if clear { "in clear" } else { "scrambled, which anyone can undo" };
        let who = match readable {
            Some(true) => "; other accounts can read it",
            Some(false) => "; only its owner and administrators can read it",
            None => "",
        };
        self.finding(Draft {
            rule: signature.id.as_str(),
            subject: path.to_owned(),
            class: FindingClass::DataSecurity,
            severity: if readable == Some(false) {
                one_step_lower(signature.severity)
            } else {
                signature.severity
            },
            title: signature.title.clone(),
            why: format!("{}. It opens: {}", signature.why, signature.opens),
            seen: format!("{path}: {names}, {form}{who}"),
            action: signature.action.clone(),
            how: signature.fix.clone(),
            minutes: signature.minutes,
            controls: &signature.controls,
        });
    }
}

/// A finding without what follows from the observation.
struct Draft<'a> {
    rule: &'a str,
    subject: String,
    class: FindingClass,
    severity: Severity,
    title: String,
    why: String,
    seen: String,
    action: String,
    how: String,
    minutes: Minutes,
    controls: &'a [ControlId],
}

/// What to do about a system without fixes. An X-ray PC can often not be replaced: then the risk has to be held, by whom and
/// until when has to be written down (45 CFR 164.308(a)(1)(ii)(B) asks for risk reduced to a reasonable level).
fn how_to_replace(dental: &[DentalProduct], lifecycle: &Lifecycle<'_>, paid_until: Option<Date>) -> String {
    let imaging: Vec<&str> = dental
        .iter()
        .filter(|product| !matches!(product.category.as_str(), "PMS" | "clearinghouse"))
        .map(|product| product.product.as_str())
        .collect();
    let until_then = paid_until
        .map(|last| format!(". Until then buy {}, which lasts to {last}", lifecycle.paid))
        .unwrap_or_default();
    let imaging = if imaging.is_empty() {
        String::new()
    } else {
        format!(
            ". It runs {}: ask the maker for a supported version. If there is none, put the computer on a network of its \
             own without internet and mail, let it reach only the image server, and record the measure, who answers for \
             it and until when",
            imaging.join(", ")
        )
    };
    format!("Upgrade the system or replace the computer{until_then}{imaging}")
}

fn paid(lifecycle: &Lifecycle<'_>, paid_until: Option<Date>) -> String {
    paid_until
        .map(|last| format!(" (with {} on {last}; whether it was bought cannot be seen)", lifecycle.paid))
        .unwrap_or_default()
}

fn one_step_lower(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        Severity::Medium => Severity::Low,
        Severity::Low | Severity::Informational => Severity::Informational,
    }
}

fn controls(paragraphs: &[&str]) -> Vec<ControlId> {
    paragraphs.iter().filter_map(|paragraph| ControlId::new(*paragraph).ok()).collect()
}

fn join<'a>(items: impl IntoIterator<Item = &'a String>) -> String {
    items.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn days(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}
