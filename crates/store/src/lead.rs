//! A task that one server at a time does. The database gives it back when the server's connection ends, however that ends.

use std::time::Duration;

/// How long to wait for the database to say that the connection lives.
const PATIENCE: Duration = Duration::from_secs(5);

/// The task is this server's while this lives and [`Lead::holds`].
pub struct Lead {
    /// The connection that holds the lock; `None` where there is no other server.
    connection: Option<::postgres::Client>,
}

impl Lead {
    pub(crate) fn alone() -> Self {
        Self { connection: None }
    }

    pub(crate) fn by(connection: ::postgres::Client) -> Self {
        Self { connection: Some(connection) }
    }

    /// Whether the task is still this server's: to be asked before each round of it.
    pub fn holds(&mut self) -> bool {
        self.connection.as_mut().is_none_or(|connection| connection.is_valid(PATIENCE).is_ok())
    }
}

impl std::fmt::Debug for Lead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.connection.is_some() { "Lead(by lock)" } else { "Lead(alone)" })
    }
}
