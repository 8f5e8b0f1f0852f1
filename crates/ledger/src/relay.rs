//! Writing a ledger file out of links that another keeper received: what a server exports of a practice.
//!
//! Nothing is hashed anew but the receipt, which comes out the same as at that keeper, because number and time of receipt are its own.

use enamel_types::Timestamp;
use rusqlite::TransactionBehavior;

use crate::chain::Link;
use crate::error::LedgerError;
use crate::format::{EntryHash, Row};
use crate::ledger::{Head, Ledger, insert, next_seq, read_head, write_head};

impl Ledger {
    /// Appends links with the times at which they were received, numbered on from the last entry, in one transaction.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] for a link that is not whole or does not follow its agent's last entry; nothing of the links is
    /// written then.
    pub fn append_links(&mut self, links: &[(Timestamp, Link)]) -> Result<(), LedgerError> {
        let path = self.path().to_owned();
        let fail = || LedgerError::sqlite("append to", &path);
        let damaged =
            |seq, why: &str| LedgerError::Damaged { path: path.clone(), seq: Some(seq), why: why.to_owned() };
        let transaction =
            self.connection_mut().transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail())?;
        let first = next_seq(&transaction).map_err(fail())?;
        for (seq, (received_at, link)) in (first..).zip(links) {
            let end = read_head(&transaction, link.agent)
                .map_err(fail())?
                .map_or((0, EntryHash::GENESIS), |head| (head.agent_seq, head.hash));
            if !link.is_whole() || (link.agent_seq, link.prev) != (end.0 + 1, end.1) {
                return Err(damaged(seq, "it does not follow its agent's entry before"));
            }
            let row = Row::of(link.clone(), seq, received_at.as_microsecond());
            if !insert(&transaction, &row).map_err(fail())? {
                return Err(damaged(seq, "its id is there already"));
            }
            let head = Head { agent: link.agent, agent_seq: link.agent_seq, seq, hash: link.hash };
            write_head(&transaction, &head).map_err(fail())?;
        }
        transaction.commit().map_err(fail())
    }
}
