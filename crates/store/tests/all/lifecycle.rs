//! A practice's way out: exported as a ledger that verifies, and shredded so that nothing of it can be read.

use std::path::Path;

use enamel_store::agents;
use enamel_store::alerts;
use enamel_store::audit;
use enamel_store::tree;
use enamel_store::{Kept, Scope, Store, shredded};
use enamel_testkit::repeatable_fill;
use enamel_types::PracticeId;

use crate::control::agent_of;
use crate::support::{World, at, is_not_found, on_both};

on_both!(
    an_export_is_a_ledger_that_verifies,
    a_shredded_practice_cannot_be_read_by_anybody,
    a_master_key_that_is_missing_or_anothers_is_told,
);

/// Words that stand in each observation of these tests, and nowhere else.
const PHRASE: &[u8] = b"a unique turn of phrase";

fn fill(world: &World, practice: PracticeId) {
    let (mut front, mut xray) = (world.chain(practice), world.chain(practice));
    for round in 0..3 {
        let mut links = front.links(20);
        links.extend(xray.links(10));
        world.store.append(&Scope::Msp, practice, at(round), &links).unwrap();
    }
}

fn an_export_is_a_ledger_that_verifies(world: &World) {
    let (practice, other) = (world.practice("Birch Dental"), world.practice("Cedar Dental"));
    fill(world, practice);
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("out").join("birch");
    let store = &world.store;
    assert!(is_not_found(&store.export(&Scope::practice(other), practice, &to)));
    assert!(!to.exists(), "a refused export makes nothing");
    let manifest = store.export(&Scope::practice(practice), practice, &to).unwrap();
    assert_eq!((manifest.entries, manifest.name.as_str()), (90, "Birch Dental"));
    assert_eq!(manifest.root, store.root_through(&Scope::Msp, practice, 90).unwrap());

    let checked = enamel_ledger::verify(&to.join("ledger.db"), &mut |_| ()).unwrap();
    assert!(checked.is_whole(), "{checked}");
    assert_eq!((checked.entries, &checked.roots), (90, &vec![manifest.root]));
    let ledger = enamel_ledger::Ledger::open(&to.join("ledger.db")).unwrap().ledger;
    let kept: Vec<_> = ledger.entries(1).map(Result::unwrap).collect();
    assert_eq!(kept, store.entries(&Scope::Msp, practice, 1, 100).unwrap().entries, "the very same entries");

    let text = std::fs::read_to_string(to.join("manifest.json")).unwrap();
    assert!(text.contains(&manifest.root.root.to_string()), "{text}");
    assert!(store.export(&Scope::Msp, practice, &to).is_err(), "it never writes into a folder that is there");
}

/// Every file below a folder that holds some bytes.
fn files_with(folder: &Path, bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with(&path, bytes));
        } else if std::fs::read(&path).unwrap().windows(bytes.len()).any(|window| window == bytes) {
            found.push(path.display().to_string());
        }
    }
    found
}

fn a_shredded_practice_cannot_be_read_by_anybody(world: &World) {
    let (practice, other) = (world.practice("Birch Dental"), world.practice("Cedar Dental"));
    fill(world, practice);
    fill(world, other);
    let agent = agent_of(world, practice, 1);
    let store = &world.store;
    let key_rows = |store: &Store| store.read(&Scope::Msp, tree::practice_ids).unwrap();
    store.put_view(&Scope::Msp, practice, 90, PHRASE).unwrap();
    store.write(&Scope::Msp, |tx| agents::add(tx, &agent)).unwrap();
    assert_eq!(files_with(&world.config.data, PHRASE), [""; 0], "a body in clear");
    if let Some(server) = &world.server {
        let clear = "SELECT count(*) FROM main.entry WHERE position('unique turn'::bytea IN sealed) > 0";
        assert_eq!(server.superuser(clear), "0");
    }

    let root = store.root_through(&Scope::Msp, practice, 90).unwrap();
    assert!(is_not_found(&store.shred(&Scope::practice(other), practice, "person:1", at(60))));
    let proof = store.shred(&Scope::Msp, practice, "person:1", at(60)).unwrap();
    assert_eq!((proof.entries, proof.root), (90, root));
    assert!(is_not_found(&store.shred(&Scope::Msp, practice, "person:1", at(61))));
    assert!(is_not_found(&store.entries(&Scope::Msp, practice, 1, 10)));
    assert!(is_not_found(&store.view(&Scope::Msp, practice)));
    let link = world.chain(practice).link();
    assert!(is_not_found(&store.append(&Scope::Msp, practice, at(62), &[link])));
    assert!(is_not_found(&store.read(&Scope::Msp, |tx| agents::get(tx, agent.id))));
    assert_eq!(
        store.read(&Scope::Msp, |tx| alerts::list(tx, Some(practice), false, None, 10)).unwrap().items,
        []
    );
    assert_eq!(key_rows(store), [other]);
    assert_eq!(store.read(&Scope::Msp, shredded).unwrap(), [proof.clone()]);
    let trail = store.read(&Scope::Msp, |tx| audit::list(tx, Some(practice), None, 10)).unwrap();
    assert_eq!(trail.items[0].deed.action, "practice.shred");
    assert!(trail.items[0].deed.detail.contains(&proof.root.root.to_string()));
    if let Some(server) = &world.server {
        for table in ["entry", "head", "chain", "view_copy", "practice_key", "agent"] {
            let left = format!("SELECT count(*) FROM main.{table} WHERE practice = '{practice}'");
            assert_eq!(server.superuser(&left), "0", "{table}");
        }
    } else {
        let left = std::fs::read_dir(world.config.data.join("practices")).unwrap();
        assert!(
            left.map(Result::unwrap)
                .all(|file| file.file_name().to_string_lossy().starts_with(&other.to_string()))
        );
        assert_eq!(
            files_with(&world.config.data, agent.name.as_bytes()),
            [""; 0],
            "deleted, and still in the file"
        );
    }
    assert_eq!(store.verify(&Scope::Msp, other).unwrap().entries, 90, "the neighbour is whole");
}

fn a_master_key_that_is_missing_or_anothers_is_told(world: &World) {
    let practice = world.practice("Birch Dental");
    fill(world, practice);
    // Another server beside this one, for PostgreSQL; the same folder opened again, for SQLite.
    let (_folder, config) = world.copy();
    let key = world.config.data.join("master.key");
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&key.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "a key that others can read");
    }
    let open = || Store::open(&config, at(9), &mut repeatable_fill(8)).map(drop).unwrap_err().to_string();
    let own = config.data.join("master.key");
    let _ = std::fs::remove_file(&own);
    assert!(open().contains("missing"), "{}", open());
    assert!(!own.exists(), "it does not make another key for data that has one");
    std::fs::write(&own, "no key").unwrap();
    assert!(open().contains("64 hexadecimal"), "{}", open());
    std::fs::write(&own, "ab".repeat(32)).unwrap();
    assert!(open().contains("not the key"), "{}", open());
    std::fs::copy(&key, &own).unwrap();
    let second = Store::open(&config, at(9), &mut repeatable_fill(8)).unwrap();
    let link = world.chain(practice).link();
    assert_eq!(second.append(&Scope::Msp, practice, at(9), &[link]).unwrap(), [Kept::New { seq: 91 }]);
}
