//! One transaction over the control tables, the same for both back ends.
//!
//! Domain modules speak SQL through it. Reads name a table plainly (`FROM site`): in SQLite that is the scoped view, in PostgreSQL the
//! table under row level security. Writes name the table itself (`UPDATE main.site`): SQLite cannot write to a view, and triggers check
//! the scope there. Placeholders are `$1`, `$2` …, first used in ascending order, because SQLite numbers them as they come.

use std::ops::{Deref, DerefMut};
use std::path::Path;

use enamel_types::PracticeId;
use rusqlite::types::{ToSqlOutput, ValueRef};

use crate::error::StoreError;
use crate::evidence::NewEntry;
use crate::keys::Keyring;
use crate::postgres::{self, PgTx};
use crate::sqlite;
use crate::value::{Row, Value, values};

/// A transaction that reads. Domain modules take it.
pub struct Tx<'a> {
    pub(crate) back: Back<'a>,
    pub(crate) keys: &'a Keyring,
}

/// A transaction that also writes. It can do what a [`Tx`] can.
pub struct WriteTx<'a>(pub(crate) Tx<'a>);

pub(crate) enum Back<'a> {
    Sqlite(rusqlite::Transaction<'a>, &'a Path),
    Postgres(PgTx<'a>),
}

impl Tx<'_> {
    /// All rows of a query.
    pub(crate) fn rows(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        match &mut self.back {
            Back::Sqlite(transaction, path) => {
                sqlite_rows(transaction, sql, values).map_err(StoreError::sqlite("read", path))
            }
            Back::Postgres(transaction) => transaction.rows(sql, values),
        }
    }

    /// The first row of a query.
    pub(crate) fn row(&mut self, sql: &str, values: &[Value]) -> Result<Option<Row>, StoreError> {
        self.rows(sql, values).map(|rows| rows.into_iter().next())
    }

    /// The rows of a query, each read by a function.
    pub(crate) fn list<T>(
        &mut self,
        sql: &str,
        values: &[Value],
        read: fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.rows(sql, values)?.iter().map(read).collect()
    }

    /// The first row of a query, read by a function.
    pub(crate) fn one<T>(
        &mut self,
        sql: &str,
        values: &[Value],
        read: fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.row(sql, values)?.as_ref().map(read).transpose()
    }

    pub(crate) fn commit(self) -> Result<(), StoreError> {
        match self.back {
            Back::Sqlite(transaction, path) => {
                transaction.commit().map_err(StoreError::sqlite("write", path))
            }
            Back::Postgres(transaction) => transaction.commit(),
        }
    }
}

impl WriteTx<'_> {
    /// Carries a statement out; how many rows it changed.
    pub(crate) fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        match &mut self.0.back {
            Back::Sqlite(transaction, path) => transaction
                .prepare_cached(sql)
                .and_then(|mut statement| statement.execute(rusqlite::params_from_iter(values)))
                .map(|changed| changed as u64)
                .map_err(StoreError::sqlite("write", path)),
            Back::Postgres(transaction) => transaction.execute(sql, values),
        }
    }

    /// Locks a practice's chain until the end of the transaction; the number of its last entry.
    pub(crate) fn lock_chain(&mut self, practice: PracticeId) -> Result<u64, StoreError> {
        let sql =
            "INSERT INTO main.chain (practice, last_seq) VALUES ($1, 0) ON CONFLICT (practice) DO NOTHING";
        let lock = match &self.0.back {
            // A practice's file has one writer, who holds it already.
            Back::Sqlite(..) => "SELECT last_seq FROM chain WHERE practice = $1",
            Back::Postgres(_) => "SELECT last_seq FROM chain WHERE practice = $1 FOR UPDATE",
        };
        self.execute(sql, values![practice])?;
        let last = self.one(lock, values![practice], |row| row.get(0))?;
        last.ok_or(StoreError::NotFound("practice"))
    }

    /// Inserts entries, in the way that is fast for the back end.
    pub(crate) fn insert_entries(
        &mut self,
        practice: PracticeId,
        received_at: i64,
        entries: &[NewEntry<'_>],
    ) -> Result<(), StoreError> {
        match &mut self.0.back {
            Back::Sqlite(transaction, path) => {
                sqlite::ingest::insert_entries(transaction, path, practice, received_at, entries)
            }
            Back::Postgres(transaction) => {
                postgres::ingest::insert_entries(transaction, practice, received_at, entries)
            }
        }
    }

    /// Carries a statement out that must change something; what it names is missing where it does not.
    pub(crate) fn change(
        &mut self,
        what: &'static str,
        sql: &str,
        values: &[Value],
    ) -> Result<(), StoreError> {
        if self.execute(sql, values)? == 0 { Err(StoreError::NotFound(what)) } else { Ok(()) }
    }
}

impl<'a> Deref for WriteTx<'a> {
    type Target = Tx<'a>;

    fn deref(&self) -> &Tx<'a> {
        &self.0
    }
}

impl DerefMut for WriteTx<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

fn sqlite_rows(connection: &rusqlite::Connection, sql: &str, values: &[Value]) -> rusqlite::Result<Vec<Row>> {
    let mut statement = connection.prepare_cached(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query(rusqlite::params_from_iter(values))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(Row((0..columns)
            .map(|column| row.get_ref(column).map(of_sqlite))
            .collect::<Result<_, _>>()?));
    }
    Ok(all)
}

fn of_sqlite(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}
