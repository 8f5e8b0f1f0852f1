//! The tables in `docs/` are made from content; `UPDATE_DOCS=1 cargo test -p enamel-risk docs` writes them anew.

use std::fmt::Write as _;
use std::path::Path;

use enamel_risk::{Catalogue, Requirement, simulate};
use enamel_types::practice::{PracticeProfile, RuleProfile};

use crate::world::{input, scenarios};

const BEGIN: &str = "<!-- made from content: begin -->\n";
const END: &str = "<!-- made from content: end -->";

fn hold(page: &str, table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once(BEGIN).unwrap();
    let (_, tail) = rest.split_once(END).unwrap();
    let fresh = format!("{head}{BEGIN}{table}{END}{tail}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, fresh).unwrap();
    } else {
        assert!(text == fresh, "docs/{page} is behind content: UPDATE_DOCS=1 cargo test -p enamel-risk docs");
    }
}

#[test]
fn docs_of_the_priors() {
    let profile = PracticeProfile::default();
    let figures = simulate(&scenarios(), &input(std::collections::BTreeMap::new(), &[], &profile), 1, 1, 1);
    let mut table = "| number | value | basis | source or reasoning |\n|---|---|---|---|\n".to_owned();
    for a in &figures.assumptions {
        writeln!(
            table,
            "| {} | {} | {} | {} |",
            a.factor,
            a.value,
            format!("{:?}", a.basis).to_lowercase(),
            a.source
        )
        .unwrap();
    }
    hold("risk.md", &table);
}

#[test]
fn docs_of_the_controls() {
    let catalogue = Catalogue::builtin().unwrap();
    let mut table = "| paragraph | title | | what must be seen | by which checks | or stated | elsewhere |\n|---|---|---|---|---|---|---|\n".to_owned();
    for control in catalogue.controls() {
        let mark = if control.requirement(RuleProfile::Current) == Requirement::Required { "R" } else { "A" };
        let elsewhere: Vec<&str> = catalogue.references(control).map(|reference| reference.id).collect();
        for (index, aspect) in control.aspects.iter().enumerate() {
            let first = |text: &str| if index == 0 { text.to_owned() } else { String::new() };
            let lesser = if aspect.essential { "" } else { " (lesser)" };
            let stated = if aspect.attestable {
                format!("{} months", control.attestation_months)
            } else {
                String::new()
            };
            writeln!(
                table,
                "| {} | {} | {} | {}{lesser} | {} | {stated} | {} |",
                first(control.id.as_str()),
                first(&control.title),
                first(mark),
                aspect.name,
                aspect.rules.join(" "),
                first(&elsewhere.join(" "))
            )
            .unwrap();
        }
        if !control.proposed.change.is_empty() {
            writeln!(table, "| | *proposed 2025* | | {} | | | |", control.proposed.change).unwrap();
        }
    }
    hold("controls.md", &table);
}
