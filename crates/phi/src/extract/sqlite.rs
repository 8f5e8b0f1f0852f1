//! SQLite databases, read only and as they lie on disk.
//!
//! The file is opened immutable: nothing is locked, created or changed, and what stands only in a write-ahead log is not seen.
//! A damaged page ends its own table; the next one is read. Facts: SQLite's *Defense Against The Dark Arts* and *URI Filenames*.

use std::io::{Read, Write};
use std::path::Path;

use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::budget::{Budget, Stop};
use super::failure::Failure;
use super::read_member;
use super::source::Source;
use crate::sink::Sink;

/// The largest row or value that SQLite may build, in bytes.
const VALUE: i32 = 24 << 20;
/// The most of a text that a cell hands on.
const CELL: usize = 64 << 10;
/// Blobs from this size on are looked into as files.
const FILE_BLOB: usize = 64;

/// Reads every table of a database.
pub(super) fn read(
    mut source: Source<'_>,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    if let Some(path) = source.path() {
        return read_file(path, name, budget, sink);
    }
    let mut copy = tempfile::NamedTempFile::new()?;
    std::io::copy(&mut source, &mut copy)?;
    copy.flush()?;
    read_file(copy.path(), name, budget, sink)
}

fn read_file(path: &Path, name: &str, budget: &Budget<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
    let connection = open(path).map_err(|error| failure(&error))?;
    let (tables, unnamed) = tables(&connection).map_err(|error| failure(&error))?;
    if unnamed > 0 {
        budget.report(name, &Failure::Malformed("the name of a table is no UTF-8"), sink);
    }
    for table in tables {
        let outcome = read_table(&connection, &table, name, budget, sink);
        super::settle(outcome, &format!("{name}/{table}"), budget, sink)?;
    }
    Ok(())
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri(path), flags)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE)?;
    connection.execute_batch(
        "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA cache_size=-4096;",
    )?;
    Ok(connection)
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

/// Ordinary tables, and how many have a name that cannot be asked for. Virtual ones would run code, and SQLite's own hold nothing
/// of a patient.
fn tables(connection: &Connection) -> rusqlite::Result<(Vec<String>, usize)> {
    let mut statement = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         AND sql NOT LIKE 'CREATE VIRTUAL%' LIMIT 10000",
    )?;
    let (mut names, mut unnamed) = (Vec::new(), 0);
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        match row.get::<_, String>(0) {
            Ok(name) => names.push(name),
            Err(_) => unnamed += 1,
        }
    }
    Ok((names, unnamed))
}

/// The columns that `SELECT *` gives. As blobs: the names of a damaged schema need not be UTF-8, which `column_names` panics on.
fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection
        .prepare("SELECT CAST(name AS BLOB) FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid")?;
    let names = statement.query_map([table], |row| row.get_ref(0).map(name_of))?;
    names.collect()
}

fn name_of(value: ValueRef<'_>) -> String {
    String::from_utf8_lossy(value.as_bytes().unwrap_or_default()).into_owned()
}

fn read_table(
    connection: &Connection,
    table: &str,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let quoted = table.replace('"', "\"\"");
    let mut statement =
        connection.prepare(&format!("SELECT * FROM \"{quoted}\"")).map_err(|error| failure(&error))?;
    let columns = columns(connection, table).map_err(|error| failure(&error))?;
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let count = statement.column_count();
    sink.part(table);
    sink.table(&columns);
    let mut rows = statement.query([]).map_err(|error| failure(&error))?;
    let mut seen = 0_u64;
    while let Some(row) = rows.next().map_err(|error| failure(&error))? {
        seen += 1;
        if seen.is_multiple_of(256) {
            budget.check()?;
        }
        let mut cells = Vec::with_capacity(columns.len());
        let mut files = Vec::new();
        for (at, column) in columns.iter().enumerate().take(count) {
            let value = row.get_ref(at).map_err(|error| failure(&error))?;
            cells.push(cell(value));
            if let ValueRef::Blob(bytes) = value
                && cells[at].is_empty()
                && bytes.len() >= FILE_BLOB
            {
                files.push((*column, bytes));
            }
        }
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        sink.row(&cells);
        if !files.is_empty() {
            for (column, bytes) in files {
                read_member(&mut &*bytes, &format!("{name}/{table}/{column}"), budget, sink)?;
            }
            sink.part(table);
            sink.table(&columns);
        }
    }
    Ok(())
}

/// A value as text. A blob is text where it is UTF-8, and empty otherwise.
fn cell(value: ValueRef<'_>) -> String {
    let bytes = match value {
        ValueRef::Integer(number) => return number.to_string(),
        ValueRef::Real(number) => return number.to_string(),
        ValueRef::Text(bytes) => bytes,
        ValueRef::Blob(bytes) if std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0) => bytes,
        ValueRef::Null | ValueRef::Blob(_) => return String::new(),
    };
    let mut text = Vec::new();
    // Reading from a slice does not fail.
    let _ = bytes.take(CELL as u64).read_to_end(&mut text);
    super::text::decode_all(&text, super::text::Encoding::Utf8)
}

fn failure(error: &rusqlite::Error) -> Failure {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Failure::Malformed("it is no database, or an encrypted one"),
        Some(ErrorCode::DatabaseCorrupt) => Failure::Malformed("a page of the database is damaged"),
        Some(ErrorCode::TooBig) => Stop::Size.into(),
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::SystemIoFailure) => {
            Failure::Io(std::io::Error::other("the database could not be opened"))
        }
        _ => Failure::Malformed("the database cannot be read"),
    }
}
