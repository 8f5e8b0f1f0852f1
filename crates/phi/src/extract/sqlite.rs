//! SQLite databases, read only and as they lie on disk.
//!
//! The file is opened immutable: nothing is locked, created or changed, and what stands only in a write-ahead log is not seen,
//! which is reported where there is one.
//! A damaged page ends its own table; the next one is read.
//!
//! A hostile schema is code, so none of it runs: only columns that are stored are read, of ordinary tables; an authorizer denies
//! whatever else a statement would touch (a view behind a table's name, the tables of a virtual one), and steps without a row are
//! counted. Facts: SQLite's *Defense Against The Dark Arts*, *URI Filenames*, *PRAGMA table_xinfo*.

use std::io::{Read, Seek, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::budget::{Budget, Stop};
use super::failure::Failure;
use super::read_member;
use super::source::{SPOOLED, Source, copy};
use crate::sink::Sink;

/// The largest value that SQLite may build, in bytes; larger ones are left out of their row.
const VALUE: usize = 8 << 20;
/// The most bytes of the values of one row: each of many columns gets its share.
const ROW: usize = 24 << 20;
/// Length of a database's header.
const HEADER: usize = 100;
/// Length of a write-ahead log's header.
const LOG_HEADER: u64 = 32;
/// The most tables that are read.
const TABLES: u32 = 10_000;
/// Stands for a value that is left out: in the statement, and in the row.
const LEFT_OUT_SQL: &str = "x'006c656674206f757400'";
const LEFT_OUT: &[u8] = b"\0left out\0";
/// The most of a text that a cell hands on.
const CELL: usize = 64 << 10;
/// Blobs from this size on are looked into as files.
const FILE_BLOB: usize = 64;
/// Steps of SQLite's machine between two looks at them.
const STEPS: i32 = 10_000;
/// Looks without a row after which SQLite is stopped: ten million steps, where an honest row needs five a column.
const LOOKS: u32 = 1_000;

/// Reads every table of a database.
pub(super) fn read(
    source: Source<'_>,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    match source.path() {
        Some(path) => {
            report_log(source, path, name, budget, sink)?;
            read_all(open(path).map_err(|error| failure(&error))?, true, name, budget, sink)
        }
        None => read_copy(source, name, budget, sink),
    }
}

/// Reports that rows may stand in a write-ahead log beside the database, if there is one that is more than its own header. Only
/// a database whose header says that it has one is written through it; without a change of its own file, so that what is found in it
/// is never settled.
fn report_log(
    mut source: Source<'_>,
    path: &Path,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let mut header = [0; HEADER];
    source.rewind()?;
    source.read_exact(&mut header)?;
    if !header[18..20].contains(&2) {
        return Ok(());
    }
    budget.unsettle();
    // SQLite keeps it beside the database itself, not beside a link.
    let mut log = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).into_os_string();
    log.push("-wal");
    if std::fs::metadata(log).is_ok_and(|log| log.len() > LOG_HEADER) {
        let log =
            "its write-ahead log, where recent rows are until the program that uses the database is closed";
        budget.report(name, &Failure::Unsupported(log), sink);
    }
    Ok(())
}

/// Reads a database that is no file: from a temporary copy.
///
/// Where an open file may lose its name (not on Windows) it does so before the first of the data is written, so that nothing
/// of it is left behind however the process ends. SQLite has opened it by then; the header has to be there for the size of a page,
/// and the length for their number.
pub(super) fn read_copy(
    mut reader: impl Read,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let mut header = Vec::with_capacity(HEADER);
    Read::take(&mut reader, HEADER as u64).read_to_end(&mut header)?;
    let mut temporary = tempfile::NamedTempFile::new()?;
    temporary.write_all(&header)?;
    if cfg!(unix) {
        temporary.as_file().set_len(SPOOLED)?;
        let connection = open(temporary.path()).map_err(|error| failure(&error))?;
        let (mut file, path) = temporary.into_parts();
        path.close()?;
        let len = header.len() as u64 + copy(&mut reader, &mut file, SPOOLED - HEADER as u64, budget)?;
        file.set_len(len)?;
        return read_all(connection, false, name, budget, sink);
    }
    copy(&mut reader, &mut temporary, SPOOLED - HEADER as u64, budget)?;
    let connection = open(temporary.path()).map_err(|error| failure(&error))?;
    read_all(connection, false, name, budget, sink)
}

/// `on_disk` tells whether what SQLite reads is still to be noted: a copy was noted when it was made.
fn read_all(
    mut connection: Connection,
    on_disk: bool,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let looks = guard(&mut connection).map_err(|error| failure(&error))?;
    let (tables, unnamed, odd) = tables(&connection).map_err(|error| failure(&error))?;
    if odd > 0 {
        budget.report(name, &Failure::Malformed("a table's definition was not written by SQLite"), sink);
    }
    if unnamed > 0 {
        budget.report(name, &Failure::Malformed("the name of a table is no UTF-8"), sink);
    }
    let most = TABLES as usize;
    if tables.len() + unnamed > most {
        budget.report(name, &Stop::Tables.into(), sink);
    }
    for table in tables.into_iter().take(most) {
        let outcome = budget
            .check()
            .map_err(Failure::from)
            .and_then(|()| read_table(&mut connection, &looks, &table, on_disk, name, budget, sink));
        super::settle(outcome, &format!("{name}/{table}"), budget, sink)?;
    }
    Ok(())
}

/// Opens the file without reading from it more than its header.
fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(uri(path), flags)
}

/// Sets the limits. Gives the count of looks without a row, which the reader of rows sets back.
fn guard(connection: &mut Connection) -> rusqlite::Result<Arc<AtomicU32>> {
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, i32::try_from(VALUE).unwrap_or(i32::MAX))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    let looks = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&looks);
    connection.progress_handler(STEPS, Some(move || counted.fetch_add(1, Ordering::Relaxed) >= LOOKS))?;
    connection.execute_batch(
        "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA cache_size=-4096;",
    )?;
    allow(connection, "")?;
    Ok(looks)
}

/// Lets statements read the schema and, of the file's tables, `table`.
fn allow(connection: &mut Connection, table: &str) -> rusqlite::Result<()> {
    let table = table.to_owned();
    let hook = move |context: AuthContext<'_>| {
        let allowed = match context.action {
            AuthAction::Select => true,
            AuthAction::Read { table_name, .. } => {
                context.accessor.is_none()
                    && (table_name.eq_ignore_ascii_case(&table)
                        || matches!(table_name, "sqlite_schema" | "sqlite_master" | "pragma_table_xinfo"))
            }
            AuthAction::Pragma { pragma_name, .. } => pragma_name == "table_xinfo",
            AuthAction::Function { function_name } => matches!(function_name, "octet_length" | "like"),
            _ => false,
        };
        if allowed { Authorization::Allow } else { Authorization::Deny }
    };
    connection.authorizer(Some(hook))
}

/// The path as a URI that opens it immutable.
fn uri(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut uri = String::from("file://");
    let bytes = absolute.as_os_str().as_encoded_bytes();
    // A drive's path begins without a slash, a share's with two.
    if bytes.first() != Some(&b'/') && bytes.first() != Some(&b'\\') {
        uri.push('/');
    }
    for byte in bytes {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte));
            }
            b':' if cfg!(windows) => uri.push(':'),
            _ => {
                let hex = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
                uri.extend(['%', hex(byte >> 4), hex(byte & 15)]);
            }
        }
    }
    uri + "?immutable=1"
}

/// Ordinary tables, how many have a name that cannot be asked for, and how many were defined by a hand in the schema. One more than is
/// read tells that there are more.
///
/// SQLite begins the definition of each with the words asked for here, whatever was typed, and lets nobody take a name like its own;
/// what a virtual table's definition could do on being read is nothing for a database of a stranger.
fn tables(connection: &Connection) -> rusqlite::Result<(Vec<String>, usize, usize)> {
    let mut statement = connection.prepare(
        "SELECT name, sql LIKE 'CREATE TABLE %' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' FROM sqlite_schema \
         WHERE type = 'table' AND rootpage > 0 AND name <> 'sqlite_sequence' AND name NOT LIKE 'sqlite\\_stat_' ESCAPE '\\' \
         LIMIT ?1",
    )?;
    let (mut names, mut unnamed, mut odd) = (Vec::new(), 0, 0);
    let mut rows = statement.query([TABLES + 1])?;
    while let Some(row) = rows.next()? {
        match (row.get::<_, String>(0), row.get::<_, Option<bool>>(1)?) {
            (Ok(name), Some(true)) => names.push(name),
            (Ok(_), _) => odd += 1,
            (Err(_), _) => unnamed += 1,
        }
    }
    Ok((names, unnamed, odd))
}

/// The columns that are stored (`hidden` is 2 for those that would be computed), and how many have a name that cannot be asked
/// for. As blobs: the names of a damaged schema need not be UTF-8.
fn columns(connection: &Connection, table: &str) -> rusqlite::Result<(Vec<String>, usize)> {
    let mut statement = connection.prepare(
        "SELECT CAST(name AS BLOB) FROM pragma_table_xinfo(?1) WHERE hidden IN (0, 3) ORDER BY cid",
    )?;
    let (mut names, mut unnamed) = (Vec::new(), 0);
    let mut rows = statement.query([table])?;
    while let Some(row) = rows.next()? {
        match std::str::from_utf8(row.get_ref(0)?.as_bytes().unwrap_or_default()) {
            Ok(name) if !name.contains('\0') => names.push(name.to_owned()),
            _ => unnamed += 1,
        }
    }
    Ok((names, unnamed))
}

/// Reads the columns of a table, leaving out what is longer than `longest` without loading it.
fn statement(table: &str, columns: &[&str], longest: usize) -> String {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let values: Vec<String> = columns
        .iter()
        .map(|column| {
            let column = quoted(column);
            format!("CASE WHEN octet_length({column})>{longest} THEN {LEFT_OUT_SQL} ELSE {column} END")
        })
        .collect();
    format!("SELECT {} FROM {} NOT INDEXED", values.join(","), quoted(table))
}

fn read_table(
    connection: &mut Connection,
    looks: &AtomicU32,
    table: &str,
    on_disk: bool,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    looks.store(0, Ordering::Relaxed);
    allow(connection, table).map_err(|error| failure(&error))?;
    let (columns, unnamed) = columns(connection, table).map_err(|error| failure(&error))?;
    let part = format!("{name}/{table}");
    if unnamed > 0 {
        budget.report(&part, &Failure::Malformed("the name of a column is no UTF-8"), sink);
    }
    if columns.is_empty() {
        return Ok(());
    }
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let longest = VALUE.min(ROW / columns.len());
    let mut statement =
        connection.prepare(&statement(table, &columns, longest)).map_err(|error| failure(&error))?;
    sink.part(table);
    sink.table(&columns);
    let mut rows = statement.query([]).map_err(|error| failure(&error))?;
    let (mut unchecked, mut left_out) = (0, false);
    while let Some(row) = rows.next().map_err(|error| failure(&error))? {
        looks.store(0, Ordering::Relaxed);
        let mut cells = Vec::with_capacity(columns.len());
        let mut files = Vec::new();
        unchecked += 256;
        for (at, column) in columns.iter().enumerate() {
            let mut value = row.get_ref(at).map_err(|error| failure(&error))?;
            if value == ValueRef::Blob(LEFT_OUT) {
                left_out = true;
                value = ValueRef::Null;
            }
            // A cell takes three times its share where none of it is UTF-8.
            cells.push(cell(value, CELL.min(longest / 3)));
            if let ValueRef::Blob(bytes) | ValueRef::Text(bytes) = value {
                unchecked += bytes.len();
            }
            if let ValueRef::Blob(bytes) = value
                && cells[at].is_empty()
                && bytes.len() >= FILE_BLOB
            {
                files.push((*column, bytes));
            }
        }
        if unchecked > 64 << 10 {
            // SQLite does not say which pages it read: the values, and something for each row, stand for them.
            if on_disk {
                budget.note_bytes(unchecked as u64);
            }
            unchecked = 0;
            budget.check()?;
        }
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        sink.row(&cells);
        if !files.is_empty() {
            for (column, bytes) in files {
                read_member(&mut &*bytes, &format!("{part}/{column}"), budget, sink)?;
            }
            sink.part(table);
            sink.table(&columns);
        }
    }
    if on_disk {
        budget.note_bytes(unchecked as u64);
    }
    if left_out { Err(Stop::Size.into()) } else { Ok(()) }
}

/// At most `most` bytes of a value as text. A blob is text where it is UTF-8, and empty otherwise.
fn cell(value: ValueRef<'_>, most: usize) -> String {
    let bytes = match value {
        ValueRef::Integer(number) => return number.to_string(),
        ValueRef::Real(number) => return number.to_string(),
        ValueRef::Text(bytes) => bytes,
        ValueRef::Blob(bytes) if std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0) => bytes,
        ValueRef::Null | ValueRef::Blob(_) => return String::new(),
    };
    let mut text = Vec::new();
    // Reading from a slice does not fail.
    let _ = bytes.take(most as u64).read_to_end(&mut text);
    super::text::decode_all(&text, super::text::Encoding::Utf8)
}

fn failure(error: &rusqlite::Error) -> Failure {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Failure::Malformed("it is no database, or an encrypted one"),
        Some(ErrorCode::DatabaseCorrupt) => Failure::Malformed("a page of the database is damaged"),
        Some(ErrorCode::OperationInterrupted) => {
            Failure::Malformed("the database computes without giving a row")
        }
        Some(ErrorCode::TooBig) => Stop::Size.into(),
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::SystemIoFailure) => {
            Failure::Io(std::io::Error::other("the database could not be opened"))
        }
        _ => Failure::Malformed("the database cannot be read"),
    }
}
