//! Migrations of the database, as its owner and one server at a time.

use enamel_types::Timestamp;
use postgres::Client;

use super::advisory_key;
use crate::error::StoreError;
use crate::migrate::{checksum, missing};

/// What every table is put under afterwards.
const GUARD: &str = include_str!("../../migrations/postgres_guard.sql");

/// Brings the database to the present schema, in one transaction.
pub(super) fn run(owner: &mut Client, now: Timestamp) -> Result<(), StoreError> {
    let fail = || StoreError::postgres("set up");
    let mut transaction = owner.transaction().map_err(fail())?;
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
        .map_err(fail())?;
    let applied = transaction
        .query("SELECT version, checksum FROM main.schema_migration ORDER BY version", &[])
        .map_err(fail())?
        .iter()
        .map(|row| (u32::try_from(row.get::<_, i64>(0)).unwrap_or(u32::MAX), row.get(1)))
        .collect::<Vec<(u32, String)>>();
    let steps = missing("the database", &applied, |step| step.postgres)?;
    if steps.is_empty() {
        return Ok(());
    }
    for step in steps {
        transaction.batch_execute(step.postgres).map_err(fail())?;
        let values: [&(dyn postgres::types::ToSql + Sync); 4] =
            [&i64::from(step.version), &step.name, &checksum(step.postgres), &now.as_microsecond()];
        let sql =
            "INSERT INTO main.schema_migration (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)";
        transaction.execute(sql, &values).map_err(fail())?;
    }
    transaction.batch_execute(GUARD).map_err(fail())?;
    transaction.commit().map_err(fail())
}
