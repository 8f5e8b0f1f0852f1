//! Connections as the server uses them: as `enamel_app`, with the statements that were prepared on them.

use std::collections::HashMap;

use postgres::{Client, Config, NoTls, Statement};

/// A connection with its prepared statements. There are as many as the store has SQL texts.
pub(crate) struct Connection {
    pub(super) client: Client,
    pub(super) statements: HashMap<String, Statement>,
    /// A transaction on it could not be ended: nobody should get it again.
    pub(super) is_broken: bool,
}

/// Makes and checks connections for the pool.
pub(crate) struct Manager {
    config: Config,
}

impl Manager {
    pub(super) fn new(config: Config) -> Self {
        Self { config }
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = Connection;
    type Error = postgres::Error;

    fn connect(&self) -> Result<Connection, postgres::Error> {
        let mut client = self.config.connect(NoTls)?;
        client.batch_execute("SET ROLE enamel_app; SET search_path = main; SET synchronous_commit = on;")?;
        Ok(Connection { client, statements: HashMap::new(), is_broken: false })
    }

    fn is_valid(&self, connection: &mut Connection) -> Result<(), postgres::Error> {
        // Looks at the socket without a round trip.
        connection.client.check_connection()
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        connection.is_broken || connection.client.is_closed()
    }
}
