//! Migrations of the database, as its owner and one server at a time.

use enamel_types::Timestamp;
use postgres::Client;
use postgres::error::SqlState;

use super::advisory_key;
use crate::error::StoreError;
use crate::migrate::{checksum, missing};

/// What every table is put under afterwards.
const GUARD: &str = include_str!("../../migrations/postgres_guard.sql");

/// An owner who may not do what setting up takes is told what to ask for.
fn refused(error: postgres::Error) -> StoreError {
    if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
        return StoreError::Address(
            "its account may not set the database up; it must own the database, and have CREATEROLE or be a member of the role \
             enamel_app: `CREATE ROLE enamel_app NOLOGIN; GRANT enamel_app TO account;`"
                .to_owned(),
        );
    }
    StoreError::postgres("set up")(error)
}

/// Brings the database to the present schema, in one transaction.
pub(super) fn run(owner: &mut Client, now: Timestamp) -> Result<(), StoreError> {
    let mut transaction = owner.transaction().map_err(refused)?;
    // Held until the transaction ends. The owner passes row level security too, so it says that it means everything.
    transaction
        .execute("SELECT pg_advisory_xact_lock($1)", &[&advisory_key("migrate")])
        .and_then(|_| {
            transaction.batch_execute(
                "SELECT set_config('app.scope', 'all', true); CREATE SCHEMA IF NOT EXISTS main; \
                 CREATE TABLE IF NOT EXISTS main.schema_migration (version BIGINT PRIMARY KEY, name TEXT NOT NULL, \
                 checksum TEXT NOT NULL, applied_at BIGINT NOT NULL);",
            )
        })
        .map_err(refused)?;
    let applied = transaction
        .query("SELECT version, checksum FROM main.schema_migration ORDER BY version", &[])
        .map_err(refused)?
        .iter()
        .map(|row| (u32::try_from(row.get::<_, i64>(0)).unwrap_or(u32::MAX), row.get(1)))
        .collect::<Vec<(u32, String)>>();
    let steps = missing("the database", &applied, |step| step.postgres)?;
    if steps.is_empty() {
        return Ok(());
    }
    for step in steps {
        transaction.batch_execute(step.postgres).map_err(refused)?;
        let values: [&(dyn postgres::types::ToSql + Sync); 4] =
            [&i64::from(step.version), &step.name, &checksum(step.postgres), &now.as_microsecond()];
        let sql =
            "INSERT INTO main.schema_migration (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)";
        transaction.execute(sql, &values).map_err(refused)?;
    }
    transaction.batch_execute(GUARD).map_err(refused)?;
    transaction.commit().map_err(refused)
}
