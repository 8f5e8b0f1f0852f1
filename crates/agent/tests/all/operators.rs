//! An MSP's operators: keys, a trust root, and the commands that they sign.

use enamel_testkit::repeatable_fill;
use enamel_types::{AgentId, Command, CommandId, Order, PracticeId, Timestamp};
use enamel_wire::message::SignedText;
use enamel_wire::signed::{Kind, RootDocument, SecretKey, command_text, root_text};
use jiff::SignedDuration;

/// Two operators, and the practice and agent that they command.
pub(crate) struct Operators {
    pub(crate) keys: Vec<SecretKey>,
    pub(crate) practice: PracticeId,
    pub(crate) agent: AgentId,
}

impl Operators {
    /// Operators with keys of their own for each seed.
    pub(crate) fn new(seed: u64) -> Self {
        let mut fill = repeatable_fill(seed);
        let id = |last: u8| uuid::Uuid::from_bytes([last; 16]);
        Self {
            keys: ["Ada Birch", "Cy Dorn"].map(|name| SecretKey::generate(name, &mut fill).unwrap()).into(),
            practice: PracticeId::from_uuid(id(1)),
            agent: AgentId::from_uuid(id(3)),
        }
    }

    /// Their trust root, signed by all of them.
    pub(crate) fn root(&self, version: u64) -> SignedText {
        let keys = self.keys.iter().map(|key| key.operator().clone()).collect();
        let document = RootDocument { version, keys, threshold: 2, dangerous: 2 };
        self.signed(Kind::TrustRoot, root_text(document).unwrap(), 2)
    }

    /// The next trust root: these operators give way to others, and both sign.
    pub(crate) fn give_way_to(&self, others: &Self, version: u64) -> SignedText {
        self.signed(Kind::TrustRoot, others.root(version), 2)
    }

    fn signed(&self, kind: Kind, mut text: SignedText, signers: usize) -> SignedText {
        for key in self.keys.iter().take(signers) {
            key.sign(kind, &mut text).unwrap();
        }
        text
    }

    /// A command that is valid for a day from `now` on, with so many signatures.
    pub(crate) fn order(&self, order: Order, counter: u64, now: Timestamp, signers: usize) -> SignedText {
        let command = Command {
            id: CommandId::from_uuid(uuid::Uuid::from_u128(u128::from(counter) + 1_000)),
            practice: self.practice,
            agent: self.agent,
            counter,
            nonce: format!("{counter:032x}"),
            not_before: now,
            not_after: now + SignedDuration::from_hours(24),
            reason: "the front desk's computer sends mail by itself".to_owned(),
            order,
        };
        self.signed(Kind::Command, command_text(&command).unwrap(), signers)
    }
}

/// The id of the command with a counter.
pub(crate) fn id(counter: u64) -> CommandId {
    CommandId::from_uuid(uuid::Uuid::from_u128(u128::from(counter) + 1_000))
}
