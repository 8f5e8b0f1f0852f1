//! PostgreSQL: one schema, `main`, for several servers that hold no state of their own.
//!
//! Migrations run as the owner, whom the address names; everything else runs as `enamel_app`, which owns nothing and passes row level
//! security. Each transaction sets its scope; where it is not set nothing is seen. TLS is not built in: a database on another computer
//! is refused until it is.

pub(crate) mod ingest;
mod migrate;
mod pool;
mod tx;

use std::time::Duration;

use enamel_types::Timestamp;
use postgres::config::Host;
use postgres::{Client, Config, NoTls};
use r2d2::Pool;

use crate::error::StoreError;
use crate::keys::Keyring;
use crate::scope::Scope;
use crate::tx::{Back, Tx, WriteTx};
pub(crate) use pool::Connection;
use pool::Manager;
pub(crate) use tx::PgTx;

/// Connections of one server at most.
const CONNECTIONS: u32 = 8;

/// How long a call waits for a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// The database, ready.
pub(crate) struct Postgres {
    config: Config,
    pool: Pool<Manager>,
}

impl Postgres {
    pub(crate) fn open(address: &str, now: Timestamp) -> Result<Self, StoreError> {
        let config: Config = address.parse().map_err(|error: postgres::Error| {
            StoreError::Address(with_reason("it does not read as one", &error))
        })?;
        refuse_remote(&config)?;
        let mut owner = config.connect(NoTls).map_err(StoreError::postgres("connect to"))?;
        migrate::run(&mut owner, now)?;
        drop(owner);
        let pool = Pool::builder()
            .max_size(CONNECTIONS)
            .min_idle(Some(0))
            .connection_timeout(PATIENCE)
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build(Manager::new(config.clone()))
            .map_err(StoreError::Busy)?;
        Ok(Self { config, pool })
    }

    pub(crate) fn read<T, E: From<StoreError>>(
        &self,
        keys: &Keyring,
        scope: &Scope,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.pool.get().map_err(StoreError::Busy)?;
        let transaction = PgTx::begin(&mut connection, scope, true)?;
        work(&mut Tx { back: Back::Postgres(transaction), keys })
    }

    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        keys: &Keyring,
        scope: &Scope,
        work: impl FnOnce(&mut WriteTx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.pool.get().map_err(StoreError::Busy)?;
        let transaction = PgTx::begin(&mut connection, scope, false)?;
        let mut tx = WriteTx(Tx { back: Back::Postgres(transaction), keys });
        let done = work(&mut tx)?;
        tx.0.commit()?;
        Ok(done)
    }

    /// Takes a lock that one server at a time has; `None` if another has it. The connection that holds it is given.
    pub(crate) fn try_lock(&self, name: &str) -> Result<Option<Client>, StoreError> {
        let mut client = self.config.connect(NoTls).map_err(StoreError::postgres("connect to"))?;
        let key = advisory_key(name);
        let row = client
            .query_one("SELECT pg_try_advisory_lock($1)", &[&key])
            .map_err(StoreError::postgres("take a lock of"))?;
        Ok(row.get::<_, bool>(0).then_some(client))
    }
}

/// The number by which PostgreSQL knows a lock.
fn advisory_key(name: &str) -> i64 {
    let hash = blake3::derive_key("enamel 2026-11 advisory lock", name.as_bytes());
    hash[..8].iter().fold(0, |key, byte| key << 8 | i64::from(*byte))
}

/// Patient data's keys and people's credentials do not cross a network in clear.
fn refuse_remote(config: &Config) -> Result<(), StoreError> {
    let near = |host: &Host| match host {
        Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    let remote = config.get_hosts().iter().find(|host| !near(host));
    let remote = match (remote, config.get_hostaddrs().iter().find(|address| !address.is_loopback())) {
        (_, Some(address)) => Some(address.to_string()),
        (Some(Host::Tcp(name)), None) => Some(name.clone()),
        _ => None,
    };
    match remote {
        None => Ok(()),
        Some(host) => Err(StoreError::Address(format!(
            "{host} is another computer, and this Enamel does not speak TLS to PostgreSQL; use one on this computer, or a tunnel \
             that ends here"
        ))),
    }
}

/// An error with its reason, where the error itself is no source that can be kept.
fn with_reason(what: &str, error: &postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(reason) => format!("{what} ({reason}); write it as postgres://user@localhost/database"),
        None => format!("{what}; write it as postgres://user@localhost/database"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_on_another_computer_is_refused() {
        for far in [
            "postgres://db.example/enamel",
            "host=10.0.0.5 user=x",
            "host=localhost hostaddr=10.0.0.5 user=x",
        ] {
            let error = refuse_remote(&far.parse().unwrap()).unwrap_err();
            assert!(error.to_string().contains("TLS"), "{error}");
        }
        for near in ["postgres://u@localhost/enamel", "host=/run/postgresql user=x", "host=127.0.0.1 user=x"]
        {
            refuse_remote(&near.parse().unwrap()).unwrap();
        }
    }
}
