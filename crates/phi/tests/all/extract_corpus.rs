//! The readers over the shared corpus: every value of its truth must come out of the file that holds it.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use enamel_phi::extract::{Budget, HEAD, Limits, Source, extract, sniff};
use enamel_phi::sink::{Field, Problem, Sink};
use enamel_types::{Clock, Timestamp};

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

#[derive(Default)]
struct Everything {
    text: String,
    problems: Vec<Problem>,
}

impl Sink for Everything {
    fn part(&mut self, _: &str) {
        self.text.push('\n');
    }
    fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }
    fn table(&mut self, columns: &[&str]) {
        self.text.push_str(&columns.join("\n"));
    }
    fn row(&mut self, cells: &[&str]) {
        self.text.push('\n');
        self.text.push_str(&cells.join("\n"));
    }
    fn record(&mut self) {
        self.text.push('\n');
    }
    fn field(&mut self, field: Field<'_>) {
        self.text.push('\n');
        self.text.push_str(field.value);
    }
    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect()
}

#[test]
fn every_value_comes_out_of_its_file() {
    let shared = std::env::var_os("ENAMEL_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let corpus = shared.join("corpora/phi");
    let Ok(truth) = std::fs::read_to_string(corpus.join("truth.json")) else {
        println!("skipped, not present: {}", corpus.display());
        return;
    };
    let truth: serde_json::Value = serde_json::from_str(&truth).unwrap();
    let mut by_format: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let mut missed = Vec::new();
    for (path, stated) in truth["files"].as_object().unwrap() {
        let at = corpus.join("files").join(path);
        let bytes = std::fs::read(&at).unwrap();
        let format = sniff(&bytes[..bytes.len().min(HEAD)], path);
        let mut sink = Everything::default();
        let cancel = AtomicBool::new(false);
        let budget = Budget::new(Limits::default(), &Stopped, &cancel);
        let file = File::open(&at).unwrap();
        extract(Source::file(&file, bytes.len() as u64, &at), path, format, &budget, &mut sink);
        assert!(sink.problems.is_empty(), "{path}: {:?}", sink.problems);
        let text = bare(&sink.text);
        for entity in stated["entities"].as_array().unwrap() {
            let (kind, value) = (entity["type"].as_str().unwrap(), entity["value"].as_str().unwrap());
            if kind == "NAME" {
                continue;
            }
            let norm = entity["norm"].as_str().unwrap();
            let (found, all) =
                by_format.entry(format!("{} as {}", stated["format"], format.as_str())).or_default();
            *all += 1;
            if text.contains(&bare(value)) || text.contains(&bare(norm)) {
                *found += 1;
            } else {
                missed.push(format!("{path} {kind} {}", entity["loc"]));
            }
        }
    }
    for (format, (found, all)) in &by_format {
        println!("{format}: {found} of {all}");
    }
    assert!(
        missed.is_empty(),
        "{} values missed, such as {:?}",
        missed.len(),
        &missed[..missed.len().min(20)]
    );
}
