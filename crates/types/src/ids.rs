//! Typed ids, one registry: a [`PracticeId`] cannot be passed where a [`DeviceId`] is wanted.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::Timestamp;

/// Why a text is not the id it was given for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {what}")]
pub struct IdError {
    what: &'static str,
    text: String,
}

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes a UUID that was minted elsewhere.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID itself, big-endian bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Uuid::parse_str(text).map(Self).map_err(|_| IdError { what: $what, text: text.to_owned() })
            }
        }
    )*};
}

uuid_ids! {
    /// A dental practice: the tenant of everything.
    PracticeId, "practice id";
    /// A computer, or a thing on the network with an address of its own.
    DeviceId, "device id";
    /// The Enamel agent on one computer; its identity is its key, never its name.
    AgentId, "agent id";
    /// One observation; a UUIDv7 minted where it was made, so that delivery may repeat.
    ObservationId, "observation id";
    /// A group of practices under one owner or contract.
    GroupId, "group id";
    /// One place of a practice.
    SiteId, "site id";
    /// A person who logs on to the console.
    UserId, "user id";
    /// A program's key to the API.
    ApiKeyId, "API key id";
    /// One order to one agent.
    CommandId, "command id";
    /// Something that a person at the MSP was told of.
    AlertId, "alert id";
}

macro_rules! name_ids {
    ($($(#[$doc:meta])* $name:ident, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Accepts 1 to 80 printable ASCII characters without spaces.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                if (1..=80).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
                    Ok(Self(text))
                } else {
                    Err(IdError { what: $what, text })
                }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

name_ids! {
    /// A rule that can fail: a posture check (`W03`), a discovery rule (`phi.folder`), an end-of-life rule.
    RuleId, "rule id";
    /// A paragraph of a control catalogue, as cited there: `164.312(a)(2)(iv)`.
    ControlId, "control id";
    /// A loss scenario: `ransomware-mail`.
    ScenarioId, "scenario id";
}

/// A finding's id: the same weakness of the same rule at the same place is the same finding, however often it is seen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FindingId([u8; 10]);

impl RuleId {
    /// Whether it looks for one kind of place with credentials in clear text. All of them together ask one question, and are counted
    /// and shown as one check of a computer.
    pub fn is_secret(&self) -> bool {
        self.as_str().starts_with("secret.")
    }
}

impl FindingId {
    /// Derives the id from what makes a finding the same one: device, rule, and the thing it is about
    /// (a file, a folder, a service; empty where the device itself is meant).
    pub fn derive(device: DeviceId, rule: &RuleId, subject: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("enamel 2026 finding id");
        hasher.update(device.as_bytes());
        hasher.update(rule.as_str().as_bytes());
        hasher.update(&[0]); // a rule id holds no NUL, so rule and subject cannot run into each other
        hasher.update(subject.as_bytes());
        let mut id = [0; 10];
        id.copy_from_slice(&hasher.finalize().as_bytes()[..10]);
        Self(id)
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FindingId({self})")
    }
}

impl TryFrom<String> for FindingId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<FindingId> for String {
    fn from(id: FindingId) -> String {
        id.to_string()
    }
}

impl FromStr for FindingId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let bad = || IdError { what: "finding id", text: text.to_owned() };
        if text.len() != 20 || !text.is_ascii() {
            return Err(bad());
        }
        let mut id = [0; 10];
        for (byte, pair) in id.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| bad())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| bad())?;
        }
        Ok(Self(id))
    }
}

/// Mints UUIDv7 ids from a time and random bytes that the caller supplies.
///
/// Randomness is a parameter so that a test's ids come out the same; the binary passes the operating system's.
pub struct Minter<'a> {
    fill: &'a mut dyn FnMut(&mut [u8]),
}

impl<'a> Minter<'a> {
    /// `fill` must fill the whole slice with unpredictable bytes.
    pub fn new(fill: &'a mut dyn FnMut(&mut [u8])) -> Self {
        Self { fill }
    }

    /// A new UUIDv7 that sorts by `now`, to the millisecond.
    pub fn uuid(&mut self, now: Timestamp) -> Uuid {
        let mut random = [0; 10];
        (self.fill)(&mut random);
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// A new observation's id.
    pub fn observation(&mut self, now: Timestamp) -> ObservationId {
        ObservationId(self.uuid(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(last: u8) -> DeviceId {
        let mut bytes = [0; 16];
        bytes[15] = last;
        DeviceId::from_uuid(Uuid::from_bytes(bytes))
    }

    #[test]
    fn same_weakness_same_finding() {
        let rule = RuleId::new("W03").unwrap();
        let id = FindingId::derive(device(1), &rule, "");
        assert_eq!(id, FindingId::derive(device(1), &rule, ""));
        assert_ne!(id, FindingId::derive(device(2), &rule, ""));
        assert_ne!(id, FindingId::derive(device(1), &rule, "share"));
        assert_eq!(id.to_string().parse::<FindingId>().unwrap(), id);
    }

    #[test]
    fn bad_ids_are_refused() {
        assert!("W 03".parse::<RuleId>().is_err());
        assert!("".parse::<ControlId>().is_err());
        assert!("zz".parse::<FindingId>().is_err());
        assert!("é9e2f1e4e5e6e7e8e9e".parse::<FindingId>().is_err());
        assert!("not-a-uuid".parse::<PracticeId>().is_err());
    }

    #[test]
    fn minted_ids_sort_by_time() {
        let mut counter = 0u8;
        let mut fill = |bytes: &mut [u8]| {
            counter += 1;
            bytes.fill(counter);
        };
        let mut minter = Minter::new(&mut fill);
        let early = minter.observation(Timestamp::from_millisecond(1_000).unwrap());
        let late = minter.observation(Timestamp::from_millisecond(2_000).unwrap());
        assert!(early < late);
    }
}
