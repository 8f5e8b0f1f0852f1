//! Random scopes over a filled store: nobody ever sees a row of a practice that is not in reach, and everybody sees all that are.

use std::collections::BTreeSet;
use std::path::Path;

use enamel_store::agents;
use enamel_store::alerts;
use enamel_store::audit::{self, Deed};
use enamel_store::commands;
use enamel_store::index::{self, FindingFilter};
use enamel_store::tree::{self, Site};
use enamel_store::{Scope, StoreError, policies};
use enamel_types::{Policy, PracticeId, Severity, SiteId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::control::{agent_of, command_of};
use crate::fleet::{alert, index_of};
use crate::support::{World, at, is_not_found, on_both};

on_both!(random_scopes_never_see_others_rows);

fn filled(world: &World) -> Vec<PracticeId> {
    let practices: Vec<PracticeId> =
        (0..6).map(|number| world.practice(&format!("Practice {number}"))).collect();
    for (number, practice) in practices.iter().enumerate() {
        let agent = agent_of(world, *practice, u8::try_from(number).unwrap());
        let site = Site { id: SiteId::from_uuid(world.uuid()), practice: *practice, name: "Main".to_owned() };
        let command = command_of(world, &agent, 1);
        let alert = alert(world, *practice, "silent", Severity::High);
        let index = index_of(world, *practice, 1, 100.0, 2);
        let deed = Deed {
            at: at(1),
            actor: "server".to_owned(),
            practice: Some(*practice),
            action: "practice.add".to_owned(),
            object: String::new(),
            detail: "{}".to_owned(),
        };
        world
            .store
            .write::<_, StoreError>(&Scope::Msp, |tx| {
                tree::add_site(tx, &site, at(1))?;
                agents::add(tx, &agent)?;
                commands::add(tx, &command)?;
                alerts::raise(tx, &alert, at(1))?;
                index::put(tx, &index)?;
                policies::change(tx, *practice, &Policy::default(), "ann", at(1))?;
                audit::append(tx, &deed).map(drop)
            })
            .unwrap();
        let links = world.chain(*practice).links(2);
        world.store.append(&Scope::Msp, *practice, at(1), &links).unwrap();
    }
    practices
}

/// Whose rows each list shows, by the list's name.
fn seen(world: &World, scope: &Scope) -> Vec<(&'static str, BTreeSet<PracticeId>)> {
    let of = |practices: Vec<PracticeId>| practices.into_iter().collect::<BTreeSet<_>>();
    world
        .store
        .read::<_, StoreError>(scope, |tx| {
            let all = FindingFilter::default();
            Ok(vec![
                ("practices", of(tree::practice_ids(tx)?)),
                ("names", of(tree::practices(tx, "", None, 99)?.items.iter().map(|one| one.id).collect())),
                ("agents", of(agents::counts(tx)?.iter().map(|one| one.0).collect())),
                (
                    "silent",
                    of(agents::silent_since(tx, at(9_999), 99)?.iter().map(|one| one.practice).collect()),
                ),
                (
                    "commands",
                    of(commands::list(tx, None, None, None, 99)?
                        .items
                        .iter()
                        .map(|one| one.practice)
                        .collect()),
                ),
                (
                    "alerts",
                    of(alerts::list(tx, None, false, None, 99)?
                        .items
                        .iter()
                        .map(|one| one.practice)
                        .collect()),
                ),
                (
                    "audit",
                    of(audit::list(tx, None, None, 99)?
                        .items
                        .iter()
                        .filter_map(|one| one.deed.practice)
                        .collect()),
                ),
                (
                    "today",
                    of(index::today(tx, None, None, 99)?.items.iter().map(|one| one.practice).collect()),
                ),
                (
                    "devices",
                    of(index::devices(tx, None, "", None, 99)?
                        .items
                        .iter()
                        .map(|one| one.practice)
                        .collect()),
                ),
                (
                    "findings",
                    of(index::findings(tx, &all, None, 99)?.items.iter().map(|one| one.practice).collect()),
                ),
                (
                    "standing",
                    of(index::practices_by_loss(tx, None, 99)?
                        .items
                        .iter()
                        .map(|one| one.practice)
                        .collect()),
                ),
                ("search", of(index::search(tx, "front", 99)?.devices.iter().map(|one| one.1).collect())),
            ])
        })
        .unwrap()
}

fn random_scopes_never_see_others_rows(world: &World) {
    let practices = filled(world);
    let choice = proptest::collection::vec(any::<bool>(), practices.len());
    let mut runner = TestRunner::new(Config { cases: 48, failure_persistence: None, ..Config::default() });
    runner
        .run(&choice, |choice| {
            let mine: BTreeSet<PracticeId> = practices
                .iter()
                .zip(&choice)
                .filter(|(_, chosen)| **chosen)
                .map(|(practice, _)| *practice)
                .collect();
            let scope = Scope::practices(mine.iter().copied());
            for (list, seen) in seen(world, &scope) {
                prop_assert_eq!(&seen, &mine, "{}", list);
            }
            for practice in &practices {
                let reached = mine.contains(practice);
                let entries = world.store.entries(&scope, *practice, 1, 9);
                prop_assert_eq!(is_not_found(&entries), !reached);
                let sites = world.store.read(&scope, |tx| tree::sites(tx, *practice)).unwrap();
                prop_assert_eq!(sites.len(), usize::from(reached));
                let policy = world.store.read(&scope, |tx| policies::get(tx, *practice)).unwrap();
                prop_assert_eq!(policy.version, u64::from(reached));
            }
            Ok(())
        })
        .unwrap();
    for (list, seen) in seen(world, &Scope::Msp) {
        assert_eq!(seen.len(), practices.len(), "{list}");
    }
}

/// `main.site` is the table itself, without its scoped view: statements write to it, and read only the view.
#[test]
fn no_statement_reads_a_table_past_its_view() {
    let mut texts = 0;
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // What sets the views up, and what runs as the owner, may.
            if ["scoping.rs", "migrate.rs"].iter().any(|name| path.ends_with(name)) {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap().replace("DELETE FROM main.", "");
            for past in ["FROM main.", "JOIN main."] {
                assert!(!text.contains(past), "{} reads {past}… past its view", path.display());
            }
            texts += text.matches("INSERT INTO main.").count();
        }
    }
    assert!(texts > 20, "{texts} statements were looked at");
}
