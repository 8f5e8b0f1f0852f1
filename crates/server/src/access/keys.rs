//! API keys: a program's way in, with one role over one part of the tree, and an end.
//!
//! `enamel_` and 43 characters, shown once. A key never manages people and its login is never fresh, so that no key can make another key,
//! another person or a new trust root.

use enamel_store::api_keys::{self, ApiKey};
use enamel_store::{StoreError, WriteTx};
use enamel_types::{ApiKeyId, Grant, Role};
use jiff::SignedDuration;
use zeroize::Zeroizing;

use super::secret::{Purpose, Secret};
use super::{Access, AccessError, Caller, WHO_CALLS, Who, person_name};

/// What every key begins with, so that it is found where it should not lie.
pub const PREFIX: &str = "enamel_";

/// A key lasts at most so long.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);

/// How far `used_at` may lag.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// Most keys that were not taken back.
const MAX_KEYS: usize = 500;

impl Access {
    /// Makes a key. Its text is given once.
    ///
    /// # Errors
    /// [`AccessError::Field`] for what a key cannot be. The caller's right is checked by who calls this.
    pub(crate) fn make_key(
        &self,
        tx: &mut WriteTx<'_>,
        by: &Caller,
        name: &str,
        grant: Grant,
    ) -> Result<(Zeroizing<String>, ApiKey), AccessError> {
        let now = self.now();
        if grant.role == Role::Owner {
            return Err(AccessError::Field(
                "a program is never an owner: it manages no people; an engineer's key does the rest",
            ));
        }
        match grant.until {
            Some(until) if until > now && until <= now + LONGEST => {}
            _ => return Err(AccessError::Field("a key ends, within a year; give a day")),
        }
        if api_keys::all(tx)?.iter().filter(|key| key.revoked_at.is_none()).count() >= MAX_KEYS {
            return Err(AccessError::Field("there are 500 keys already; take some back"));
        }
        let secret = self.new_secret();
        let key = ApiKey {
            id: ApiKeyId::from_uuid(self.new_uuid()),
            name: person_name(name)?,
            grant,
            made_by: by.name.clone(),
            made_at: now,
            used_at: None,
            revoked_at: None,
        };
        api_keys::add(tx, &key, &secret.hash(Purpose::ApiKey))?;
        Ok((Zeroizing::new(format!("{PREFIX}{}", *secret.text())), key))
    }

    /// Whose key a text is, if it counts; its use is written down.
    ///
    /// # Errors
    /// The store's.
    pub fn key_caller(&self, text: &str) -> Result<Option<Caller>, StoreError> {
        let now = self.now();
        let Some(secret) = text.strip_prefix(PREFIX).and_then(Secret::parse) else { return Ok(None) };
        let hash = secret.hash(Purpose::ApiKey);
        let Some(key) = self.inner.store.read(&WHO_CALLS, |tx| api_keys::by_secret(tx, &hash, now))? else {
            return Ok(None);
        };
        if key.used_at.is_none_or(|used_at| now.duration_since(used_at) >= NOTED_EVERY) {
            self.inner.store.write(&WHO_CALLS, |tx| api_keys::touch(tx, key.id, now))?;
        }
        Ok(Some(Caller::new(Who::Key(key.id), key.name, vec![key.grant], false, now)))
    }

    /// Takes one of a key's requests of this minute; otherwise the seconds until there is one.
    ///
    /// # Errors
    /// Seconds, for `Retry-After`.
    pub fn take_request(&self, key: ApiKeyId) -> Result<(), u64> {
        self.inner.key_budget.take(&key, self.now())
    }
}
