//! Databases that mean harm: their schema is code that never runs, and what is stored beside it is read.

use std::time::{Duration, Instant};

use enamel_phi::sink::ProblemKind;
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::extract_hostile::{Heard, heard, tar_header};

/// The bytes of a database made by `sql`, which may write the schema.
fn database(sql: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let connection = Connection::open(&path).unwrap();
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false).unwrap();
    connection.execute_batch(sql).unwrap();
    drop(connection);
    std::fs::read(&path).unwrap()
}

fn quickly(sql: &str) -> Heard {
    let bytes = database(sql);
    let began = Instant::now();
    let heard = heard(&bytes, "x.db");
    assert!(began.elapsed() < Duration::from_secs(20), "took {:?}: {sql}", began.elapsed());
    heard
}

#[test]
fn computed_columns_are_not_computed() {
    let costly = "instr(hex(zeroblob(3000000)), hex(zeroblob(1400000)) || 'x')";
    // Added behind the row, or its insertion computes them.
    let columns: String =
        (0..60).map(|n| format!("ALTER TABLE a ADD COLUMN v{n} AS ({costly}) VIRTUAL;")).collect();
    let heard = quickly(&format!(
        "CREATE TABLE a (ssn TEXT, s AS (ssn || '!') STORED, \"o\"\"dd\" TEXT);
         INSERT INTO a (ssn, \"o\"\"dd\") VALUES ('SSN 1', 'x'); {columns}"
    ));
    assert_eq!((heard.text.as_str(), heard.kinds()), ("SSN 1|SSN 1!|x\n", vec![]));
}

const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS x, i AS rowid FROM n";

#[test]
fn virtual_tables_and_views_do_not_run() {
    let virtual_table = format!(
        "CREATE TABLE a (x); INSERT INTO a VALUES ('SSN 1'); CREATE VIEW e AS {ENDLESS};
         CREATE VIRTUAL TABLE f USING fts5(x, content='e'); PRAGMA writable_schema=ON;"
    );
    // Two spaces are not what SQLite writes; a table may also say that it is the one that comes after it.
    for disguise in [
        "UPDATE sqlite_schema SET sql = replace(sql, 'CREATE VIRTUAL', 'CREATE  VIRTUAL') WHERE name = 'f';",
        "UPDATE sqlite_schema SET name = 'f', tbl_name = 'f' WHERE name = 'a';",
        "UPDATE sqlite_schema SET name = 'e', tbl_name = 'e' WHERE name = 'a';",
        "UPDATE sqlite_schema SET type = 'table', rootpage = 2 WHERE name = 'e';",
    ] {
        let heard = quickly(&format!("{virtual_table}{disguise}"));
        assert!(heard.text.len() < 1000, "{disguise}");
        if disguise.contains("  VIRTUAL") {
            assert!(heard.text.contains("SSN 1\n") && heard.problems.is_empty(), "{:?}", heard.problems);
        }
    }
}

#[test]
fn a_value_too_large_is_left_out_of_its_row_only() {
    let heard = quickly(
        "CREATE TABLE a (ssn TEXT, scan BLOB);
         INSERT INTO a VALUES ('SSN 1', zeroblob(9000000)), ('SSN 2', NULL), ('SSN 3', zeroblob(7000000));",
    );
    assert_eq!((heard.text.as_str(), heard.kinds()), ("SSN 1|\nSSN 2|\nSSN 3|\n", vec![ProblemKind::Limit]));
    // 200 columns of a megabyte each.
    let (names, values): (Vec<String>, Vec<&str>) =
        (0..200).map(|n| (format!("c{n}"), "zeroblob(1000000)")).unzip();
    let heard = quickly(&format!(
        "CREATE TABLE a ({}, ssn); INSERT INTO a VALUES ({}, 'SSN 1');",
        names.join(","),
        values.join(",")
    ));
    assert!(heard.text.ends_with("|SSN 1\n") && heard.kinds() == [ProblemKind::Limit]);
}

/// While a database out of an archive is read, no name leads to its copy.
#[cfg(unix)]
#[test]
fn the_copy_of_a_database_has_no_name() {
    use enamel_phi::extract::{Budget, Format, Limits, Source, extract};
    use enamel_phi::sink::{Field, Problem, Sink};

    const MARK: &[u8] = b"a value of the copy without a name";
    struct Looking {
        rows: u32,
        named: u32,
    }
    impl Sink for Looking {
        fn part(&mut self, _: &str) {}
        fn text(&mut self, _: &str) {}
        fn table(&mut self, _: &[&str]) {}
        fn row(&mut self, _: &[&str]) {
            self.rows += 1;
            for entry in std::fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
                if entry.file_name().to_string_lossy().starts_with(".tmp") {
                    let bytes = std::fs::read(entry.path()).unwrap_or_default();
                    self.named += u32::from(bytes.windows(MARK.len()).any(|at| at == MARK));
                }
            }
        }
        fn record(&mut self) {}
        fn field(&mut self, _: Field<'_>) {}
        fn problem(&mut self, problem: Problem) {
            panic!("{problem:?}");
        }
    }

    for page in [512, 4096, 65536] {
        let mark = String::from_utf8(MARK.to_vec()).unwrap();
        let bytes = database(&format!(
            "PRAGMA page_size={page}; CREATE TABLE a (ssn TEXT, b BLOB); INSERT INTO a VALUES ('{mark}', zeroblob(100000)), ('2', '');"
        ));
        let tar = [&tar_header("x.db", b'0', bytes.len() as u64)[..], &bytes, &[0; 1024]].concat();
        let mut sink = Looking { rows: 0, named: 0 };
        let cancel = std::sync::atomic::AtomicBool::new(false);
        let budget = Budget::new(Limits::default(), &crate::extract_hostile::Stopped, &cancel);
        extract(Source::bytes(&tar), "x.tar", Format::Tar, &budget, &mut sink);
        assert_eq!((sink.rows, sink.named), (2, 0), "pages of {page}");
    }
}

/// A hand in the schema hides no table without a word.
#[test]
fn a_table_that_sqlite_did_not_define_is_told() {
    for edit in [
        "sql = replace(sql, 'CREATE TABLE', 'CREATE' || char(9) || 'TABLE')",
        "name = 'sqlite_pat', tbl_name = 'sqlite_pat', sql = replace(sql, 'TABLE b', 'TABLE sqlite_pat')",
    ] {
        let heard = quickly(&format!(
            "CREATE TABLE a (x); INSERT INTO a VALUES ('SSN 1'); CREATE TABLE b (x); INSERT INTO b VALUES ('SSN 2');
             PRAGMA writable_schema=ON; UPDATE sqlite_schema SET {edit} WHERE name = 'b';"
        ));
        assert_eq!((heard.text.as_str(), heard.kinds()), ("SSN 1\n", vec![ProblemKind::Malformed]), "{edit}");
    }
    let honest = quickly(
        "CREATE TABLE a (x INTEGER PRIMARY KEY AUTOINCREMENT, y); INSERT INTO a (y) VALUES ('SSN 1'); ANALYZE;",
    );
    assert_eq!(honest.kinds(), vec![]);
}
