//! A transaction with its scope, and values to and from PostgreSQL's types.

use std::fmt::Write as _;

use postgres::Statement;
use postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::Connection;
use crate::error::StoreError;
use crate::scope::Scope;
use crate::value::{Row, Value};

/// An open transaction; undone when it is dropped without a commit.
pub(crate) struct PgTx<'a> {
    connection: &'a mut Connection,
    is_open: bool,
}

impl<'a> PgTx<'a> {
    /// Begins a transaction and sets what it reaches, in one round trip.
    pub(super) fn begin(
        connection: &'a mut Connection,
        scope: &Scope,
        read_only: bool,
    ) -> Result<Self, StoreError> {
        let mode = if read_only { " ISOLATION LEVEL REPEATABLE READ READ ONLY" } else { "" };
        // Made of our own UUIDs: nothing in it comes from outside.
        let begin = format!("BEGIN{mode}; SELECT set_config('app.scope', '{}', true);", setting(scope));
        let transaction = Self { connection, is_open: true };
        transaction.connection.client.batch_execute(&begin).map_err(StoreError::postgres("read"))?;
        Ok(transaction)
    }

    pub(crate) fn rows(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let fail = || StoreError::postgres("read");
        let statement = self.prepare(sql).map_err(fail())?;
        let values = parameters(&statement, values)?;
        let rows = self.connection.client.query(&statement, &references(&values)).map_err(fail())?;
        rows.iter().map(of_postgres).collect()
    }

    pub(crate) fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        let fail = || StoreError::postgres("write to");
        let statement = self.prepare(sql).map_err(fail())?;
        let values = parameters(&statement, values)?;
        self.connection.client.execute(&statement, &references(&values)).map_err(fail())
    }

    /// Carries a statement out with values of PostgreSQL's own types.
    pub(super) fn execute_with(
        &mut self,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, StoreError> {
        let fail = || StoreError::postgres("write to");
        let statement = self.prepare(sql).map_err(fail())?;
        self.connection.client.execute(&statement, values).map_err(fail())
    }

    pub(crate) fn commit(mut self) -> Result<(), StoreError> {
        self.is_open = false;
        let ended = self.connection.client.batch_execute("COMMIT");
        self.connection.is_broken |= ended.is_err();
        ended.map_err(StoreError::postgres("write to"))
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement, postgres::Error> {
        if let Some(statement) = self.connection.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.connection.client.prepare(sql)?;
        self.connection.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

impl Drop for PgTx<'_> {
    fn drop(&mut self) {
        if self.is_open {
            self.connection.is_broken |= self.connection.client.batch_execute("ROLLBACK").is_err();
        }
    }
}

/// A scope as the setting that the policies read.
fn setting(scope: &Scope) -> String {
    match scope {
        Scope::Nothing => String::new(),
        Scope::Msp | Scope::System(_) => "all".to_owned(),
        Scope::Practices(practices) => {
            let mut list = String::from("{");
            for practice in practices.iter() {
                let comma = if list.len() > 1 { "," } else { "" };
                // Writing to a string does not fail.
                let _ = write!(list, "{comma}{practice}");
            }
            list.push('}');
            list
        }
    }
}

/// Values as the types that a statement asks for.
fn parameters(statement: &Statement, values: &[Value]) -> Result<Vec<Box<dyn ToSql + Sync>>, StoreError> {
    let wrong = |value: &Value, kind: &Type| StoreError::Damaged {
        what: "a statement of this Enamel".to_owned(),
        why: format!("{value:?} is no {kind}"),
    };
    let one = |(value, kind): (&Value, &Type)| -> Result<Box<dyn ToSql + Sync>, StoreError> {
        Ok(match (value, kind) {
            (Value::Null, kind) if *kind == Type::INT8 => Box::new(None::<i64>),
            (Value::Null, kind) if *kind == Type::UUID => Box::new(None::<Uuid>),
            (Value::Null, kind) if *kind == Type::BYTEA => Box::new(None::<Vec<u8>>),
            (Value::Null, kind) if *kind == Type::FLOAT8 => Box::new(None::<f64>),
            (Value::Null, _) => Box::new(None::<String>),
            (Value::Int(number), kind) if *kind == Type::INT8 => Box::new(*number),
            (Value::Int(number), kind) if *kind == Type::INT4 => {
                Box::new(i32::try_from(*number).map_err(|_| wrong(value, kind))?)
            }
            (Value::Real(number), kind) if *kind == Type::FLOAT8 => Box::new(*number),
            (Value::Blob(bytes), kind) if *kind == Type::UUID => {
                Box::new(Uuid::from_slice(bytes).map_err(|_| wrong(value, kind))?)
            }
            (Value::Blob(bytes), kind) if *kind == Type::BYTEA => Box::new(bytes.clone()),
            // PostgreSQL's text holds no NUL, and nothing that people write does.
            (Value::Text(text), kind) if *kind == Type::TEXT => Box::new(text.replace('\0', "\u{FFFD}")),
            (value, kind) => return Err(wrong(value, kind)),
        })
    };
    values.iter().zip(statement.params()).map(one).collect()
}

fn references(values: &[Box<dyn ToSql + Sync>]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(AsRef::as_ref).collect()
}

fn of_postgres(row: &postgres::Row) -> Result<Row, StoreError> {
    let fail = || StoreError::postgres("read");
    let one = |(index, column): (usize, &postgres::Column)| -> Result<Value, StoreError> {
        let kind = column.type_();
        let value = if *kind == Type::INT8 {
            row.try_get::<_, Option<i64>>(index).map_err(fail())?.map(Value::Int)
        } else if *kind == Type::INT4 {
            row.try_get::<_, Option<i32>>(index).map_err(fail())?.map(|number| Value::Int(number.into()))
        } else if *kind == Type::FLOAT8 {
            row.try_get::<_, Option<f64>>(index).map_err(fail())?.map(Value::Real)
        } else if *kind == Type::UUID {
            row.try_get::<_, Option<Uuid>>(index).map_err(fail())?.map(Value::from)
        } else if *kind == Type::BYTEA {
            row.try_get::<_, Option<Vec<u8>>>(index).map_err(fail())?.map(Value::Blob)
        } else {
            row.try_get::<_, Option<String>>(index).map_err(fail())?.map(Value::Text)
        };
        Ok(value.unwrap_or(Value::Null))
    };
    row.columns().iter().enumerate().map(one).collect::<Result<_, _>>().map(Row)
}
