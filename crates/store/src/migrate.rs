//! The schema's history, forward only. Each step is a folder of `migrations/`; what was applied is kept with its checksum, so that a
//! step that was changed afterwards is noticed and nothing is applied twice.

use std::path::Path;

use enamel_types::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};

use crate::error::StoreError;

/// One step.
pub(crate) struct Migration {
    pub(crate) version: u32,
    pub(crate) name: &'static str,
    /// For SQLite's control file.
    control: &'static str,
    /// For each practice's SQLite file.
    practice: &'static str,
    pub(crate) postgres: &'static str,
}

/// All steps, oldest first.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "first",
        control: include_str!("../migrations/0001_first/sqlite.sql"),
        practice: include_str!("../migrations/0001_first/sqlite_practice.sql"),
        postgres: include_str!("../migrations/0001_first/postgres.sql"),
    },
    Migration {
        version: 2,
        name: "people_alerts_index",
        control: include_str!("../migrations/0002_people_alerts_index/sqlite.sql"),
        practice: include_str!("../migrations/0002_people_alerts_index/sqlite_practice.sql"),
        postgres: include_str!("../migrations/0002_people_alerts_index/postgres.sql"),
    },
    Migration {
        version: 3,
        name: "attempts",
        control: include_str!("../migrations/0003_attempts/sqlite.sql"),
        practice: include_str!("../migrations/0003_attempts/sqlite_practice.sql"),
        postgres: include_str!("../migrations/0003_attempts/postgres.sql"),
    },
];

/// Which of the two kinds of SQLite file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    Control,
    Practice,
}

impl Migration {
    fn sqlite(&self, kind: FileKind) -> &'static str {
        match kind {
            FileKind::Control => self.control,
            FileKind::Practice => self.practice,
        }
    }
}

/// The checksum of a step's text.
pub(crate) fn checksum(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// The steps that are still to be applied, after what was applied has been compared with what this program knows.
pub(crate) fn missing(
    what: &str,
    applied: &[(u32, String)],
    text: impl Fn(&Migration) -> &'static str,
) -> Result<&'static [Migration], StoreError> {
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    for (index, (version, sum)) in applied.iter().enumerate() {
        let Some(migration) = MIGRATIONS.get(index) else {
            return Err(StoreError::NewerSchema { what: what.to_owned(), found: *version, known });
        };
        if migration.version != *version || checksum(text(migration)) != *sum {
            return Err(StoreError::OtherMigration { what: what.to_owned(), version: *version });
        }
    }
    Ok(&MIGRATIONS[applied.len()..])
}

/// Brings an SQLite file to the present schema, in one transaction.
pub(crate) fn sqlite(
    connection: &mut Connection,
    path: &Path,
    kind: FileKind,
    now: Timestamp,
) -> Result<(), StoreError> {
    let fail = || StoreError::sqlite("set up", path);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail())?;
    let table = "CREATE TABLE IF NOT EXISTS schema_migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL, \
                 checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT";
    transaction.execute_batch(table).map_err(fail())?;
    let applied = transaction
        .prepare("SELECT version, checksum FROM main.schema_migration ORDER BY version")
        .and_then(|mut statement| {
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<Vec<_>, _>>()
        })
        .map_err(fail())?;
    for step in missing(&path.display().to_string(), &applied, |step| step.sqlite(kind))? {
        let text = step.sqlite(kind);
        transaction.execute_batch(text).map_err(fail())?;
        transaction
            .execute(
                "INSERT INTO schema_migration (version, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4)",
                params![step.version, step.name, checksum(text), now.as_microsecond()],
            )
            .map_err(fail())?;
    }
    transaction.commit().map_err(fail())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was released is never changed: data is out there that was made by it. Add a step instead.
    #[test]
    fn a_released_migration_stays_as_it_was() {
        let sums =
            MIGRATIONS.iter().flat_map(|step| [step.control, step.practice, step.postgres].map(checksum));
        assert_eq!(sums.map(|sum| sum[..16].to_owned()).collect::<Vec<_>>(), RELEASED);
        assert!(MIGRATIONS.iter().zip(1..).all(|(step, version)| step.version == version));
    }

    /// The first digits of each text's BLAKE3, by step: control file, practice's file, PostgreSQL.
    const RELEASED: [&str; 9] = [
        "b56e81abddd76f19",
        "a61fb62e0f5683a9",
        "767c09ceca9221ab",
        "fce0525cc116d34b",
        "51f3fe44f08f9da3",
        "03fc27166b77e9ce",
        "e787aeaab8f85524",
        "dae383169932cf15",
        "5761827cdb5d396c",
    ];
}
