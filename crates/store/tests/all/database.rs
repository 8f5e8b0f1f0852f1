//! PostgreSQL alone: what the catalogue says of every table, and what nobody sees who set no scope.

use std::time::Duration;

use enamel_store::{Scope, Store, StoreError, tree};
use enamel_testkit::repeatable_fill;
use postgres::{Client, NoTls};

use crate::support::{World, at};

/// Tables that say nothing of anybody.
const OPEN: [&str; 2] = ["schema_migration", "audit_head"];

fn filled() -> Option<World> {
    let world = World::postgres()?;
    let practice = world.practice("Birch Dental");
    let links = world.chain(practice).links(3);
    world.store.append(&Scope::Msp, practice, at(1), &links).unwrap();
    Some(world)
}

fn owner(world: &World) -> Client {
    Client::connect(world.config.database.as_deref().unwrap(), NoTls).unwrap()
}

#[test]
fn every_table_is_under_forced_row_level_security() {
    let Some(world) = filled() else { return };
    let sql = "SELECT c.relname::text, c.relrowsecurity AND c.relforcerowsecurity, \
               EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'practice'), \
               coalesce((SELECT string_agg(pg_get_expr(p.polqual, c.oid) || ' / ' || pg_get_expr(p.polwithcheck, c.oid), ' ') \
                         FROM pg_policy p WHERE p.polrelid = c.oid), ''), \
               pg_get_userbyid(c.relowner)::text \
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'main' AND c.relkind IN ('r', 'p')";
    let mut tenants = 0;
    for row in owner(&world).query(sql, &[]).unwrap() {
        let (table, forced, tenant, policy): (String, bool, bool, String) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        assert_eq!(row.get::<_, String>(4), "enamel_owner", "{table}");
        if OPEN.contains(&table.as_str()) {
            assert!(!tenant, "{table}");
            continue;
        }
        assert!(forced, "{table} is not under FORCE ROW LEVEL SECURITY");
        assert_eq!(
            policy.matches("main.scope_is_whole()").count(),
            2,
            "{table} is read or written without a scope: {policy}"
        );
        if tenant {
            tenants += 1;
            assert_eq!(policy.matches("practice = ANY").count(), 2, "{table}: {policy}");
        }
    }
    assert!(tenants >= 20, "{tenants}");
    let server = world.server.as_ref().unwrap();
    let role = "SELECT rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = 'enamel_app'";
    assert_eq!(server.superuser(role), "f|f|f|f|f");
    for (table, right) in
        [("audit", "UPDATE"), ("audit", "DELETE"), ("entry", "UPDATE"), ("schema_migration", "INSERT")]
    {
        let may = format!("SELECT has_table_privilege('enamel_app', 'main.{table}', '{right}')");
        assert_eq!(server.superuser(&may), "f", "{right} {table}");
    }
}

#[test]
fn nothing_is_seen_where_no_scope_is_set() {
    let Some(world) = filled() else { return };
    let mut client = owner(&world);
    let tables: Vec<String> = client
        .query("SELECT tablename::text FROM pg_tables WHERE schemaname = 'main'", &[])
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .filter(|table: &String| !OPEN.contains(&table.as_str()))
        .collect();
    // As the role that the server works as, and as the owner, who is not exempt.
    for role in ["enamel_app", "enamel_owner"] {
        client.batch_execute(&format!("SET ROLE {role}")).unwrap();
        for scope in ["", "{}"] {
            client.execute("SELECT set_config('app.scope', $1, false)", &[&scope]).unwrap();
            for table in &tables {
                let seen: i64 =
                    client.query_one(&format!("SELECT count(*) FROM main.{table}"), &[]).unwrap().get(0);
                assert_eq!(seen, 0, "{role} sees {table}");
            }
        }
        client.batch_execute("SELECT set_config('app.scope', 'all', false)").unwrap();
        let seen: i64 = client.query_one("SELECT count(*) FROM main.entry", &[]).unwrap().get(0);
        assert_eq!(seen, 3, "the rows are there");
        client.batch_execute("SELECT set_config('app.scope', '', false)").unwrap();
    }
}

/// A connection that goes back to the pool takes no scope along, however its transaction ended.
#[test]
fn a_scope_ends_with_its_transaction() {
    let Some(world) = filled() else { return };
    let store = &world.store;
    for _ in 0..20 {
        let failed: Result<(), StoreError> = store.write(&Scope::Msp, |tx| {
            assert_eq!(tree::practice_ids(tx)?.len(), 1);
            Err(StoreError::NotFound("reason to go on"))
        });
        assert!(failed.is_err());
        assert_eq!(store.read(&Scope::Nothing, tree::practice_ids).unwrap(), []);
    }
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.write::<(), StoreError>(&Scope::Msp, |_| panic!("half way"))
    }));
    assert!(unwound.is_err());
    assert_eq!(store.read(&Scope::Nothing, tree::practice_ids).unwrap(), []);
}

#[test]
fn one_server_leads_and_another_takes_over() {
    let Some(world) = World::postgres() else { return };
    let second = Store::open(&world.config, at(0), &mut repeatable_fill(1)).unwrap();
    let mut lead = world.store.try_lead("reconcile").unwrap().unwrap();
    assert!(lead.holds());
    assert!(second.try_lead("reconcile").unwrap().is_none());
    assert!(second.try_lead("deliver").unwrap().is_some(), "another task");
    drop(lead);
    let mut lead = taken_over(&second);
    // The database ends the connection: the lead is gone, and is known to be.
    let server = world.server.as_ref().unwrap();
    server.superuser(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()",
    );
    assert!(!lead.holds());
    assert!(taken_over(&world.store).holds());
}

/// The database notices the end of a connection in its own time.
fn taken_over(store: &Store) -> enamel_store::Lead {
    let (_never, patience) = std::sync::mpsc::channel::<()>();
    for _ in 0..500 {
        if let Some(lead) = store.try_lead("reconcile").unwrap() {
            return lead;
        }
        let _ = patience.recv_timeout(Duration::from_millis(10));
    }
    panic!("nobody could take over");
}

/// The server comes back, and so does the store.
#[test]
fn a_connection_that_was_cut_is_replaced() {
    let Some(world) = filled() else { return };
    world
        .server
        .as_ref()
        .unwrap()
        .superuser("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'enamel_owner'");
    // One call may still get a cut connection; none gets it twice.
    let _ = world.store.read(&Scope::Msp, tree::practice_ids);
    assert_eq!(world.store.read(&Scope::Msp, tree::practice_ids).unwrap().len(), 1);
}
