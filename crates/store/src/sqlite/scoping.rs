//! Tenancy in the control file: SQLite itself hides what a transaction's scope does not reach.
//!
//! Each connection has a temporary table of the practices in reach, and for each table of the file a temporary view of the same name
//! that shows only their rows; a plain `FROM site` means the view. Writes go to the table (`main.site`) and pass temporary triggers:
//! an insert outside the scope is an error, an update or delete there finds nothing, as with PostgreSQL's row level security.
//! Where nothing was set, nothing is seen.

use rusqlite::Connection;

use crate::error::OUT_OF_SCOPE;
use crate::scope::Scope;

/// Tables that say nothing of anybody, and that every scope needs.
const OPEN: [&str; 2] = ["schema_migration", "audit_head"];

/// Makes the table of the scope, the views and the triggers. To be called after migrations.
pub(super) fn install(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TEMP TABLE reach (practice BLOB PRIMARY KEY) WITHOUT ROWID; CREATE TEMP TABLE reach_whole (whole INTEGER);",
    )?;
    for table in tables(connection)? {
        let Some(condition) = condition(connection, &table)? else { continue };
        let seen = |row: &str| format!("coalesce(({}), 0)", condition.replace("{row}", row));
        connection.execute_batch(&format!(
            "CREATE TEMP VIEW {table} AS SELECT * FROM main.{table} WHERE {shown};
             CREATE TEMP TRIGGER {table}_insert BEFORE INSERT ON main.{table} WHEN NOT {new}
               BEGIN SELECT RAISE(ABORT, '{OUT_OF_SCOPE}'); END;
             CREATE TEMP TRIGGER {table}_update BEFORE UPDATE ON main.{table} WHEN NOT {old}
               BEGIN SELECT RAISE(IGNORE); END;
             CREATE TEMP TRIGGER {table}_move BEFORE UPDATE ON main.{table} WHEN {old} AND NOT {new}
               BEGIN SELECT RAISE(ABORT, '{OUT_OF_SCOPE}'); END;
             CREATE TEMP TRIGGER {table}_delete BEFORE DELETE ON main.{table} WHEN NOT {old}
               BEGIN SELECT RAISE(IGNORE); END;",
            shown = condition.replace("{row}", &format!("main.{table}")),
            new = seen("NEW"),
            old = seen("OLD"),
        ))?;
    }
    Ok(())
}

/// Sets what the next transaction reaches.
pub(super) fn set(connection: &Connection, scope: &Scope) -> rusqlite::Result<()> {
    connection.execute_batch("DELETE FROM temp.reach; DELETE FROM temp.reach_whole;")?;
    if scope.is_whole() {
        connection.execute_batch("INSERT INTO temp.reach_whole (whole) VALUES (1)")?;
    }
    if let Scope::Practices(practices) = scope {
        let mut insert = connection.prepare_cached("INSERT INTO temp.reach (practice) VALUES (?1)")?;
        for practice in practices.iter() {
            insert.execute([practice.as_bytes()])?;
        }
    }
    Ok(())
}

/// The tables of the file.
fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// When a row of a table is in reach; `{row}` stands for it. `None` for a table that every scope sees.
fn condition(connection: &Connection, table: &str) -> rusqlite::Result<Option<String>> {
    if OPEN.contains(&table) {
        return Ok(None);
    }
    let whole = "(SELECT whole FROM temp.reach_whole)";
    if table == "practice_group" {
        // The name of a group is shown to whoever reaches a practice of it.
        return Ok(Some(format!(
            "{whole} OR EXISTS (SELECT 1 FROM main.practice p WHERE p.practice_group = {{row}}.practice_group \
             AND p.practice IN (SELECT practice FROM temp.reach))"
        )));
    }
    let tenant: bool = connection.query_row(
        "SELECT count(*) FROM pragma_table_info(?1) WHERE name = 'practice'",
        [table],
        |row| row.get::<_, i64>(0).map(|count| count > 0),
    )?;
    Ok(Some(if tenant {
        format!("{whole} OR {{row}}.practice IN (SELECT practice FROM temp.reach)")
    } else {
        whole.to_owned()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table that a later migration makes cannot be forgotten: whatever has a practice is seen through a view that filters by it.
    #[test]
    fn every_table_with_a_practice_is_behind_a_view_and_four_triggers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.db");
        let mut connection = Connection::open(&path).unwrap();
        let now = enamel_types::Timestamp::UNIX_EPOCH;
        crate::migrate::sqlite(&mut connection, &path, crate::migrate::FileKind::Control, now).unwrap();
        install(&connection).unwrap();
        let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        let tenants: Vec<String> = connection
            .prepare(
                "SELECT t.name FROM main.sqlite_schema t JOIN pragma_table_info(t.name, 'main') c \
                 WHERE t.type = 'table' AND c.name = 'practice'",
            )
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert!(tenants.len() > 6, "{tenants:?}");
        for table in tenants {
            let view = format!(
                "SELECT count(*) FROM temp.sqlite_schema WHERE type = 'view' AND name = '{table}' \
                 AND sql LIKE '%.practice IN (SELECT practice FROM temp.reach)%'"
            );
            assert_eq!(count(&view), 1, "{table} is read without a scope");
            let triggers = format!(
                "SELECT count(*) FROM temp.sqlite_schema WHERE type = 'trigger' AND tbl_name = '{table}'"
            );
            assert_eq!(count(&triggers), 4, "{table} is written without a scope");
        }
        let bare = "SELECT count(*) FROM main.sqlite_schema t WHERE t.type = 'table' AND t.name NOT IN \
                    (SELECT name FROM temp.sqlite_schema WHERE type = 'view')";
        assert_eq!(
            count(bare),
            OPEN.len() as i64
                - i64::from(count("SELECT count(*) FROM main.sqlite_schema WHERE name = 'audit_head'") == 0)
        );
    }
}
