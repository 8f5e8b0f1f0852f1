//! Somebody with the database in hand changes what is kept: the check names the first entry that they touched.

use enamel_store::audit::{self, Deed};
use enamel_store::{Scope, Store, StoreError};
use enamel_testkit::repeatable_fill;
use enamel_types::PracticeId;
use rusqlite::Connection;

use crate::support::{World, at, on_both};

on_both!(a_changed_entry_is_named, a_changed_deed_is_named);

/// A world's data as somebody finds it who does not go through the store.
struct Stolen<'a> {
    world: &'a World,
    copy: (tempfile::TempDir, enamel_store::Config),
}

impl<'a> Stolen<'a> {
    fn of(world: &'a World) -> Self {
        Self { world, copy: world.copy() }
    }

    /// Runs a statement past everything that the store puts in the way; `file` is where SQLite keeps the table.
    fn run(&self, file: &str, sql: &str) {
        if let Some(server) = &self.world.server {
            server.superuser(sql);
            return;
        }
        let connection = Connection::open(self.copy.1.data.join(file)).unwrap();
        let triggers: Vec<String> = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        if !triggers.is_empty() {
            assert!(connection.execute(sql, []).is_err(), "the file itself refuses: {sql}");
        }
        for trigger in triggers {
            connection.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
        }
        connection.execute(sql, []).unwrap();
    }

    fn store(&self) -> Store {
        Store::open(&self.copy.1, at(0), &mut repeatable_fill(1)).unwrap()
    }
}

fn a_changed_entry_is_named(world: &World) {
    // Each change is made to a practice of its own, so that they do not hide one another.
    let other_bytes = if world.server.is_some() { "'\\x00ff'" } else { "x'00ff'" };
    let changes = [
        ("received_at = received_at + 1", 3),
        ("observed_at = observed_at + 1", 3),
        ("kind = 'config_state'", 3),
        ("agent_seq = 99", 3),
        (&format!("sealed = {other_bytes}"), 3),
        ("DELETE 3", 3),
        ("DELETE 6", 6),
        ("DELETE 5 AND 6", 5),
    ];
    let practices: Vec<PracticeId> = changes.iter().map(|(change, _)| world.practice(change)).collect();
    for practice in &practices {
        let (mut front, mut xray) = (world.chain(*practice), world.chain(*practice));
        let mut links = front.links(3);
        links.extend(xray.links(3));
        world.store.append(&Scope::Msp, *practice, at(1), &links).unwrap();
    }
    let stolen = Stolen::of(world);
    for (practice, (change, _)) in practices.iter().zip(&changes) {
        let id = if world.server.is_some() {
            format!("'{practice}'")
        } else {
            format!("x'{}'", practice.to_string().replace('-', ""))
        };
        let sql = match *change {
            "DELETE 3" => format!("DELETE FROM main.entry WHERE practice = {id} AND seq = 3"),
            "DELETE 6" => format!("DELETE FROM main.entry WHERE practice = {id} AND seq = 6"),
            "DELETE 5 AND 6" => format!("DELETE FROM main.entry WHERE practice = {id} AND seq > 4"),
            set => format!("UPDATE main.entry SET {set} WHERE practice = {id} AND seq = 3"),
        };
        stolen.run(&format!("practices/{practice}.db"), &sql);
    }
    let store = stolen.store();
    for (practice, (change, first_bad)) in practices.iter().zip(&changes) {
        let verified = store.verify(&Scope::Msp, *practice).unwrap();
        let bad = verified.bad.unwrap_or_else(|| panic!("{change} went unnoticed"));
        assert_eq!(bad.seq, *first_bad, "{change}: {}", bad.why);
        if !change.starts_with("DELETE") && !change.starts_with("agent_seq") {
            let read = store.entries(&Scope::Msp, *practice, 1, 10);
            assert!(
                matches!(read, Err(StoreError::Damaged { .. })),
                "{change} was read as if nothing were wrong"
            );
        }
    }
}

fn a_changed_deed_is_named(world: &World) {
    for number in 1..=5 {
        let deed = Deed {
            at: at(number),
            actor: "person:1".to_owned(),
            practice: None,
            action: "agent.revoke".to_owned(),
            object: format!("agent:{number}"),
            detail: "{}".to_owned(),
        };
        world.store.write(&Scope::Msp, |tx| audit::append(tx, &deed)).unwrap();
    }
    let stolen = Stolen::of(world);
    // From the end to the beginning: each finds an earlier first one.
    for (sql, first_bad) in [
        ("DELETE FROM main.audit WHERE seq = 5", 5),
        ("UPDATE main.audit SET actor = 'person:2' WHERE seq = 4", 4),
        ("UPDATE main.audit SET at = at + 1 WHERE seq = 3", 3),
        ("DELETE FROM main.audit WHERE seq = 1", 1),
    ] {
        stolen.run("control.db", sql);
        let store = stolen.store();
        let verified = store.read(&Scope::Msp, audit::verify).unwrap();
        assert_eq!(verified.first_bad, Some(first_bad), "{sql}");
    }
}
