//! Who may do what, and over which practices.
//!
//! The tree is MSP → group → practice → site. A person holds *grants*: a role over a part of the tree, for a time where it
//! is an auditor's. Signing keys are not roles: no role alone can act on a practice's computer.

use serde::{Deserialize, Serialize};

use crate::ids::{GroupId, PracticeId};
use crate::time::Timestamp;

/// What a person is to the MSP or the practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, other people's roles included.
    Owner,
    /// Practices, tokens, agents, commands, settings.
    Engineer,
    /// Findings: reads evidence, acknowledges, accepts a risk.
    Analyst,
    /// Training and its results.
    Trainer,
    /// Counts for the bill, no evidence.
    Billing,
    /// Reads everything but people and settings.
    ReadOnly,
    /// The practice's own security officer: sees that practice, refuses dangerous commands.
    PracticeManager,
    /// Evidence, controls, reports and the audit trail, until the grant ends.
    Auditor,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Owner,
        Self::Engineer,
        Self::Analyst,
        Self::Trainer,
        Self::Billing,
        Self::ReadOnly,
        Self::PracticeManager,
        Self::Auditor,
    ];

    /// The word, as it is stored and written in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Engineer => "engineer",
            Self::Analyst => "analyst",
            Self::Trainer => "trainer",
            Self::Billing => "billing",
            Self::ReadOnly => "read_only",
            Self::PracticeManager => "practice_manager",
            Self::Auditor => "auditor",
        }
    }

    /// Whether the role includes a right.
    pub const fn may(self, right: Right) -> bool {
        use Right::{
            Accept, Acknowledge, Attest, ManagePeople, ReadAudit, ReadCounts, ReadEvidence, ReadReports, Veto,
        };
        match self {
            Self::Owner => true,
            Self::Engineer => !matches!(right, ManagePeople | Veto),
            Self::Analyst => {
                matches!(right, ReadCounts | ReadEvidence | ReadReports | Acknowledge | Accept | Attest)
            }
            Self::Trainer | Self::Billing => matches!(right, ReadCounts),
            Self::ReadOnly => matches!(right, ReadCounts | ReadEvidence | ReadReports),
            Self::PracticeManager => {
                matches!(right, ReadCounts | ReadEvidence | ReadReports | Acknowledge | Attest | Veto)
            }
            Self::Auditor => matches!(right, ReadCounts | ReadEvidence | ReadReports | ReadAudit),
        }
    }
}

impl std::str::FromStr for Role {
    type Err = NotARole;
    fn from_str(text: &str) -> Result<Self, NotARole> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(NotARole)
    }
}

/// Why a text is no [`Role`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a role is one of owner, engineer, analyst, trainer, billing, read_only, practice_manager, auditor")]
pub struct NotARole;

/// Something that an endpoint lets a person do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// Names of practices, numbers of computers and people.
    ReadCounts,
    /// Findings, devices, observations.
    ReadEvidence,
    /// Reports and exports.
    ReadReports,
    /// The audit trail.
    ReadAudit,
    /// Take an alert.
    Acknowledge,
    /// Accept a risk until a day.
    Accept,
    /// State that a control is met.
    Attest,
    /// Practices, groups, sites; tokens; an agent's end.
    Enrol,
    /// Relay an operator's signed command.
    Command,
    /// Refuse a dangerous command at one's own practice.
    Veto,
    /// Routing, trust root, API keys.
    Settings,
    /// Other people and their roles.
    ManagePeople,
}

impl Right {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::ReadCounts,
        Self::ReadEvidence,
        Self::ReadReports,
        Self::ReadAudit,
        Self::Acknowledge,
        Self::Accept,
        Self::Attest,
        Self::Enrol,
        Self::Command,
        Self::Veto,
        Self::Settings,
        Self::ManagePeople,
    ];
}

/// The part of the tree that a grant covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "over", content = "id")]
pub enum Reach {
    /// Every practice, those to come included.
    Msp,
    /// The practices of one group.
    Group(GroupId),
    /// One practice.
    Practice(PracticeId),
}

/// A role over a part of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// Over what.
    pub reach: Reach,
    /// When it ends; an auditor's always does.
    pub until: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_but_the_owner_manages_people_and_nobody_but_the_practice_vetoes_by_role() {
        for role in Role::ALL {
            assert_eq!(role.may(Right::ManagePeople), role == Role::Owner);
            assert_eq!(role.may(Right::Veto), matches!(role, Role::Owner | Role::PracticeManager));
            assert_eq!(role.may(Right::Command), matches!(role, Role::Owner | Role::Engineer));
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert!(!Role::Billing.may(Right::ReadEvidence), "who writes bills sees no evidence");
    }
}
