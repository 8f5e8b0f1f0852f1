//! Data of every earlier version is brought to the present one, and data of a later one is left alone.

use std::path::Path;

use enamel_store::agents;
use enamel_store::tree;
use enamel_store::{Config, Kept, Scope, Store, StoreError, people};
use enamel_testkit::repeatable_fill;
use rusqlite::Connection;

use crate::control::agent_of;
use crate::support::{World, at};

/// The texts that made version 1.
const FIRST_CONTROL: &str = include_str!("../../migrations/0001_first/sqlite.sql");
const FIRST_PRACTICE: &str = include_str!("../../migrations/0001_first/sqlite_practice.sql");
const FIRST_POSTGRES: &str = include_str!("../../migrations/0001_first/postgres.sql");

const HISTORY: &str = "CREATE TABLE schema_migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, \
                       applied_at INTEGER NOT NULL) STRICT";

/// Makes a file of version 1 by its old text, with the rows that a present file has in the tables of that time.
fn as_first_version(from: &Path, to: &Path, text: &str) {
    let connection = Connection::open(to).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.execute_batch(&format!("BEGIN; {HISTORY}; {text} COMMIT;")).unwrap();
    connection.execute("ATTACH ?1 AS present", [from.to_str().unwrap()]).unwrap();
    let tables: Vec<String> = connection
        .prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name <> 'schema_migration' ORDER BY rowid")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for table in tables {
        connection.execute(&format!("INSERT INTO main.{table} SELECT * FROM present.{table}"), []).unwrap();
    }
    let first = "INSERT INTO main.schema_migration SELECT * FROM present.schema_migration WHERE version = 1";
    assert_eq!(connection.execute(first, []).unwrap(), 1);
}

/// What was there is there, what is new works, and the chain goes on.
fn goes_on(world: &World, config: &Config, practice: enamel_types::PracticeId, agent: &agents::Agent) {
    let store = Store::open(config, at(5), &mut repeatable_fill(3)).unwrap();
    assert_eq!(store.read(&Scope::Msp, |tx| agents::get(tx, agent.id)).unwrap(), *agent);
    assert_eq!(store.read(&Scope::Msp, |tx| tree::practice(tx, practice)).unwrap().name, "Birch Dental");
    let verified = store.verify(&Scope::Msp, practice).unwrap();
    assert_eq!((verified.entries, verified.bad), (40, None));
    let link = world.chain(practice).link();
    assert_eq!(store.append(&Scope::Msp, practice, at(6), &[link]).unwrap(), [Kept::New { seq: 41 }]);
    assert_eq!(store.read(&Scope::Msp, people::all).unwrap(), []);
    assert!(store.read(&Scope::Msp, enamel_store::audit::verify).unwrap().first_bad.is_none());
}

fn filled(world: &World) -> (enamel_types::PracticeId, agents::Agent) {
    let practice = world.practice("Birch Dental");
    let agent = agent_of(world, practice, 1);
    world.store.write(&Scope::Msp, |tx| agents::add(tx, &agent)).unwrap();
    let links = world.chain(practice).links(40);
    world.store.append(&Scope::Msp, practice, at(1), &links).unwrap();
    (practice, agent)
}

#[test]
fn a_folder_of_version_1_is_brought_up_to_date() {
    let world = World::sqlite();
    let (practice, agent) = filled(&world);
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (&world.config.data, folder.path());
    std::fs::create_dir(new.join("practices")).unwrap();
    std::fs::copy(old.join("master.key"), new.join("master.key")).unwrap();
    as_first_version(&old.join("control.db"), &new.join("control.db"), FIRST_CONTROL);
    let file = format!("practices/{practice}.db");
    as_first_version(&old.join(&file), &new.join(&file), FIRST_PRACTICE);
    let config = Config { data: new.to_owned(), database: None };
    goes_on(&world, &config, practice, &agent);
    goes_on_twice(&config);
}

/// The second start has nothing to do.
fn goes_on_twice(config: &Config) {
    let store = Store::open(config, at(7), &mut repeatable_fill(3)).unwrap();
    assert_eq!(store.read(&Scope::Msp, tree::practice_ids).unwrap().len(), 1);
}

#[test]
fn a_database_of_version_1_is_brought_up_to_date() {
    let Some(world) = World::postgres() else { return };
    let (practice, agent) = filled(&world);
    let server = world.server.as_ref().unwrap();
    // Back to what the first text made: everything later is dropped.
    let first: Vec<&str> = FIRST_POSTGRES
        .lines()
        .filter_map(|line| line.strip_prefix("CREATE TABLE main.")?.strip_suffix(" ("))
        .collect();
    assert!(first.len() > 8, "{first:?}");
    let tables = server.superuser("SELECT tablename FROM pg_tables WHERE schemaname = 'main'");
    for table in tables.lines().filter(|table| !first.contains(table) && *table != "schema_migration") {
        server.superuser(&format!("DROP TABLE main.{table} CASCADE"));
    }
    server.superuser("DELETE FROM main.schema_migration WHERE version > 1");
    goes_on(&world, &world.config, practice, &agent);
    goes_on_twice(&world.config);
}

#[test]
fn data_of_a_newer_release_or_another_text_is_left_alone() {
    let world = World::sqlite();
    let (_folder, config) = world.copy();
    let in_use = Store::open(&world.config, at(1), &mut repeatable_fill(3));
    assert!(matches!(in_use, Err(StoreError::InUse(_))), "two servers in one folder");
    let change = |sql: &str| {
        let connection = Connection::open(config.data.join("control.db")).unwrap();
        assert_eq!(connection.execute(sql, []).unwrap(), 1, "{sql}");
    };
    let open = || Store::open(&config, at(1), &mut repeatable_fill(3)).map(drop);
    change("INSERT INTO schema_migration VALUES (99, 'later', 'x', 0)");
    let newer = open().unwrap_err();
    assert!(matches!(newer, StoreError::NewerSchema { found: 99, .. }), "{newer}");
    change("DELETE FROM schema_migration WHERE version = 99");
    open().unwrap();
    change("UPDATE schema_migration SET checksum = 'x' WHERE version = 1");
    let other = open().unwrap_err();
    assert!(matches!(other, StoreError::OtherMigration { version: 1, .. }), "{other}");
}
