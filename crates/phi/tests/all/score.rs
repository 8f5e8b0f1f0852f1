//! Precision and recall against known truth: the shared corpus where it is present, and a family of documents of our own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use enamel_phi::{FileReport, ScanOptions, scan};
use enamel_types::patient_data::Entity;
use serde_json::Value;

use crate::clock::Noon;

/// What is true of one file.
#[derive(Default)]
pub(crate) struct Truth {
    pub(crate) entities: BTreeSet<(String, String)>,
    pub(crate) ignore: BTreeSet<(String, String)>,
    pub(crate) persons: u64,
    pub(crate) phi: bool,
}

pub(crate) struct Score {
    f1: BTreeMap<String, f64>,
    file_f1: f64,
    clean_flagged: usize,
    persons_within: f64,
}

/// Scans a folder, prints the table and gives the figures.
pub(crate) fn score(title: &str, root: &Path, truth: &BTreeMap<String, Truth>) -> Score {
    let mut reports: BTreeMap<String, FileReport> = BTreeMap::new();
    let options = ScanOptions { threads: 2, ..ScanOptions::default() };
    let mut each = |report: FileReport| {
        let name = report.path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        reports.insert(name, report);
    };
    scan(&[root.to_owned()], &options, &Noon, &AtomicBool::new(false), &mut |_| (), &mut each).unwrap();

    let mut counts: BTreeMap<String, [u64; 3]> = BTreeMap::new();
    let (mut flagged, mut missed, mut wrong, mut within, mut with_phi) = (0u64, 0u64, 0usize, 0u64, 0u64);
    let verbose = std::env::var_os("ENAMEL_SCORE_VERBOSE").is_some();
    for (name, truth) in truth {
        let report = &reports[name];
        let found: BTreeSet<(String, String)> = report
            .found
            .iter()
            .map(|(kind, norm)| (kind.as_str().to_owned(), norm.clone()))
            .filter(|f| !truth.ignore.contains(f))
            .collect();
        for hit in found.intersection(&truth.entities) {
            counts.entry(hit.0.clone()).or_default()[0] += 1;
        }
        for extra in found.difference(&truth.entities) {
            counts.entry(extra.0.clone()).or_default()[1] += 1;
            if verbose {
                println!("  + {name} {} {}", extra.0, extra.1);
            }
        }
        for lost in truth.entities.difference(&found) {
            counts.entry(lost.0.clone()).or_default()[2] += 1;
            if verbose {
                println!("  - {name} {} {}", lost.0, lost.1);
            }
        }
        match (truth.phi, report.has_phi) {
            (true, true) => flagged += 1,
            (true, false) => missed += 1,
            (false, true) => wrong += 1,
            (false, false) => {}
        }
        if verbose && truth.phi != report.has_phi {
            println!("  ! {name} phi {} and not {}", report.has_phi, truth.phi);
        }
        if truth.phi {
            with_phi += 1;
            let off = report.persons.value.abs_diff(truth.persons);
            within += u64::from(off * 10 <= truth.persons);
            if verbose && off * 10 > truth.persons {
                println!("  # {name} persons {:?}, truth {}", report.persons, truth.persons);
            }
        }
    }
    println!(
        "{title}\n{:<10} {:>6} {:>6} {:>6} {:>7} {:>7} {:>7}",
        "", "found", "wrong", "missed", "P", "R", "F1"
    );
    let mut f1 = BTreeMap::new();
    for kind in Entity::ALL {
        let [hit, extra, lost] = counts.get(kind.as_str()).copied().unwrap_or_default();
        let (p, r) = (hit as f64 / (hit + extra).max(1) as f64, hit as f64 / (hit + lost).max(1) as f64);
        let value = 2.0 * hit as f64 / (2 * hit + extra + lost).max(1) as f64;
        println!("{:<10} {hit:>6} {extra:>6} {lost:>6} {p:>7.3} {r:>7.3} {value:>7.3}", kind.as_str());
        f1.insert(kind.as_str().to_owned(), value);
    }
    let file_f1 = 2.0 * flagged as f64 / (2 * flagged + missed + wrong as u64).max(1) as f64;
    let persons_within = within as f64 / with_phi.max(1) as f64;
    println!(
        "files F1 {file_f1:.3}, clean files flagged {wrong}, persons within 10 % on {:.1} % of files",
        persons_within * 100.0
    );
    Score { f1, file_f1, clean_flagged: wrong, persons_within }
}

/// The bars of SPECIFICATION.md.
pub(crate) fn hold(score: &Score) {
    for (kind, bar) in [("SSN", 0.97), ("PAN", 0.97), ("DOB", 0.95), ("MEMBER_ID", 0.92), ("MRN", 0.92)] {
        assert!(score.f1[kind] >= bar, "{kind}: {:.3} is below {bar}", score.f1[kind]);
    }
    assert!(score.file_f1 >= 0.98, "files: {:.3}", score.file_f1);
    assert_eq!(score.clean_flagged, 0, "clean files flagged");
    assert!(score.persons_within >= 0.9, "persons: {:.3}", score.persons_within);
}

fn shared() -> PathBuf {
    std::env::var_os("ENAMEL_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from)
}

fn read_truth(path: &Path) -> Option<BTreeMap<String, Truth>> {
    let json: Value = serde_json::from_slice(&std::fs::read(path).ok()?).unwrap();
    let pairs = |list: &Value| -> BTreeSet<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        list.as_array().unwrap().iter().map(|entry| (text(&entry["type"]), text(&entry["norm"]))).collect()
    };
    let files = json["files"].as_object().unwrap();
    let of = |file: &Value| Truth {
        entities: pairs(&file["entities"]),
        ignore: pairs(&file["ignore"]),
        persons: file["persons"].as_u64().unwrap(),
        phi: file["phi"].as_bool().unwrap(),
    };
    Some(files.iter().map(|(name, file)| (name.clone(), of(file))).collect())
}

#[test]
fn the_shared_corpus_is_recognised() {
    let corpus = shared().join("corpora/phi");
    let Some(truth) = read_truth(&corpus.join("truth.json")) else {
        println!("skipped, not present: {}", corpus.display());
        return;
    };
    hold(&score("shared corpus", &corpus.join("files"), &truth));
}

#[test]
fn our_own_family_is_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let truth = crate::family::write(folder.path());
    hold(&score("own family", folder.path(), &truth));
}
