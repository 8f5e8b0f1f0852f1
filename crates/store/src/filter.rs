//! Conditions that a list may or may not have, with their placeholders numbered in the order in which they come.

use crate::value::Value;

/// The conditions of a query, all of which must hold, and their values.
#[derive(Default)]
pub(crate) struct Filter {
    sql: String,
    values: Vec<Value>,
}

impl Filter {
    /// Adds a condition; each `?` stands for the next of the values.
    pub(crate) fn and(mut self, condition: &str, values: impl IntoIterator<Item = Value>) -> Self {
        self.sql.push_str(if self.sql.is_empty() { "WHERE " } else { " AND " });
        let mut values = values.into_iter();
        for letter in condition.chars() {
            if letter == '?' {
                self.values.extend(values.next());
                self.sql.push('$');
                self.sql.push_str(&self.values.len().to_string());
            } else {
                self.sql.push(letter);
            }
        }
        self
    }

    /// Adds that a column has a value, where there is one.
    pub(crate) fn equal(self, column: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.and(&format!("{column} = ?"), [value.into()]),
            None => self,
        }
    }

    /// The whole query, with so many rows at most, and its values.
    pub(crate) fn query(mut self, select: &str, order: &str, rows: u32) -> (String, Vec<Value>) {
        self.values.push(rows.into());
        (format!("{select} {} ORDER BY {order} LIMIT ${}", self.sql, self.values.len()), self.values)
    }
}
