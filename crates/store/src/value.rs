//! The values that go into a statement and come out of a row, the same for both back ends.
//!
//! Ids and hashes are bytes (`BLOB`; `UUID` and `BYTEA` in PostgreSQL), times are microseconds since 1970, words are
//! text. Nothing here knows a table.

use enamel_ledger::EntryHash;
use enamel_types::{
    AgentId, AlertId, ApiKeyId, CommandId, ControlId, DeviceId, FindingId, GroupId, ObservationId,
    PracticeId, Role, RuleId, Severity, SiteId, Timestamp, UserId,
};
use uuid::Uuid;

use crate::error::StoreError;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

/// The parameters of a statement.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::value::Value::from($value)),*] };
}
pub(crate) use values;

/// One row of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Row(pub(crate) Vec<Value>);

impl Row {
    /// The value of a column, counted from 0. A value of another type is damage, never a panic.
    pub(crate) fn get<T: Column>(&self, column: usize) -> Result<T, StoreError> {
        self.0.get(column).and_then(T::read).ok_or_else(|| StoreError::Damaged {
            what: "a row of the database".to_owned(),
            why: format!("column {column} does not hold a {}", std::any::type_name::<T>()),
        })
    }
}

/// A type that a column can hold.
pub(crate) trait Column: Sized {
    fn read(value: &Value) -> Option<Self>;
}

impl<T: Column> Column for Option<T> {
    fn read(value: &Value) -> Option<Self> {
        if *value == Value::Null { Some(None) } else { T::read(value).map(Some) }
    }
}

impl Column for i64 {
    fn read(value: &Value) -> Option<Self> {
        if let Value::Int(number) = value { Some(*number) } else { None }
    }
}

impl Column for u64 {
    fn read(value: &Value) -> Option<Self> {
        i64::read(value)?.try_into().ok()
    }
}

impl Column for u32 {
    fn read(value: &Value) -> Option<Self> {
        i64::read(value)?.try_into().ok()
    }
}

impl Column for bool {
    fn read(value: &Value) -> Option<Self> {
        i64::read(value).map(|number| number != 0)
    }
}

impl Column for f64 {
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Real(number) => Some(*number),
            Value::Int(number) => Some(*number as Self),
            _ => None,
        }
    }
}

impl Column for String {
    fn read(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(text.clone()) } else { None }
    }
}

impl Column for Vec<u8> {
    fn read(value: &Value) -> Option<Self> {
        if let Value::Blob(bytes) = value { Some(bytes.clone()) } else { None }
    }
}

impl Column for [u8; 32] {
    fn read(value: &Value) -> Option<Self> {
        if let Value::Blob(bytes) = value { bytes.as_slice().try_into().ok() } else { None }
    }
}

impl Column for Uuid {
    fn read(value: &Value) -> Option<Self> {
        if let Value::Blob(bytes) = value { Self::from_slice(bytes).ok() } else { None }
    }
}

impl Column for Severity {
    fn read(value: &Value) -> Option<Self> {
        let severities = [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];
        let number = i64::read(value)?;
        severities.into_iter().find(|severity| i64::from(severity.ocsf_id()) == number)
    }
}

impl Column for Role {
    fn read(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { text.parse().ok() } else { None }
    }
}

impl Column for EntryHash {
    fn read(value: &Value) -> Option<Self> {
        <[u8; 32]>::read(value).map(Self::from_bytes)
    }
}

impl Column for Timestamp {
    fn read(value: &Value) -> Option<Self> {
        Self::from_microsecond(i64::read(value)?).ok()
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u64> for Value {
    /// Numbers of ours count entries and versions: none comes near 2^63, and one that does is the largest there is.
    fn from(number: u64) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(number.into())
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Int(yes.into())
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Blob(bytes)
    }
}

impl From<&[u8; 32]> for Value {
    fn from(bytes: &[u8; 32]) -> Self {
        Self::Blob(bytes.to_vec())
    }
}

impl From<Uuid> for Value {
    fn from(id: Uuid) -> Self {
        Self::Blob(id.as_bytes().to_vec())
    }
}

impl From<Severity> for Value {
    /// OCSF's `severity_id`, which sorts by severity.
    fn from(severity: Severity) -> Self {
        Self::Int(severity.ocsf_id().into())
    }
}

impl From<Role> for Value {
    fn from(role: Role) -> Self {
        Self::from(role.as_str())
    }
}

impl From<EntryHash> for Value {
    fn from(hash: EntryHash) -> Self {
        Self::from(hash.as_bytes())
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        Self::Int(time.as_microsecond())
    }
}

macro_rules! ids {
    ($($id:ty),*) => {$(
        impl Column for $id {
            fn read(value: &Value) -> Option<Self> {
                if let Value::Blob(bytes) = value { Uuid::from_slice(bytes).ok().map(Self::from_uuid) } else { None }
            }
        }

        impl From<$id> for Value {
            fn from(id: $id) -> Self {
                Self::Blob(id.as_bytes().to_vec())
            }
        }
    )*};
}

ids!(PracticeId, DeviceId, AgentId, ObservationId, GroupId, SiteId, UserId, ApiKeyId, CommandId, AlertId);

/// Types that are kept as the text that they print and parse.
macro_rules! texts {
    ($($type:ty),*) => {$(
        impl Column for $type {
            fn read(value: &Value) -> Option<Self> {
                if let Value::Text(text) = value { text.parse().ok() } else { None }
            }
        }

        impl From<&$type> for Value {
            fn from(value: &$type) -> Self {
                Self::Text(value.to_string())
            }
        }
    )*};
}

texts!(RuleId, ControlId, FindingId);

/// An enum whose variants are kept as words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word, as it is stored.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl $crate::value::Column for $name {
            fn read(value: &$crate::value::Value) -> Option<Self> {
                let $crate::value::Value::Text(text) = value else { return None };
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }

        impl From<$name> for $crate::value::Value {
            fn from(word: $name) -> Self {
                Self::from(word.as_str())
            }
        }
    };
}
pub(crate) use words;

/// A value that is kept as JSON. What was written here reads here.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Damaged {
        what: format!("a {}", std::any::type_name::<T>()),
        why: source.to_string(),
    })
}

/// The reverse of [`to_json`].
pub(crate) fn of_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|source| StoreError::Damaged {
        what: format!("a {} of the database", std::any::type_name::<T>()),
        why: source.to_string(),
    })
}
