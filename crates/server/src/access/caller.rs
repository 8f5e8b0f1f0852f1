//! From somebody who is known to what that somebody reaches.
//!
//! A right is held over a part of the tree. For each request it is worked out anew from the grants that count at that moment: a grant
//! that ended a second ago reaches nothing, and a practice that joined a group a second ago is reached.

use std::collections::BTreeSet;

use enamel_store::{Purpose, Scope, Store, StoreError, tree};
use enamel_types::{ApiKeyId, Grant, Reach, Right, Role, Timestamp, UserId};

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Who {
    /// A person, through a browser's session.
    Person(UserId),
    /// A program, through an API key.
    Key(ApiKeyId),
}

/// Somebody who is known, and what was granted.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub who: Who,
    /// The person's or the key's name, for the audit trail and for `made_by`.
    pub name: String,
    /// What was granted and counts now.
    grants: Vec<Grant>,
    /// Whether the person logged on within the last ten minutes; never for a key.
    pub fresh: bool,
}

impl Caller {
    /// `grants` are all that were ever given; those that do not count at `now` are left out.
    pub fn new(who: Who, name: String, grants: Vec<Grant>, fresh: bool, now: Timestamp) -> Self {
        let grants = grants.into_iter().filter(|grant| counts(grant, now)).collect();
        Self { who, name, grants, fresh }
    }

    /// What counts now.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// Whether the right is held over anything at all: whether a screen is worth showing.
    pub fn may(&self, right: Right) -> bool {
        self.grants.iter().any(|grant| grant.role.may(right))
    }

    /// The practices over which the right is held.
    pub fn scope(&self, store: &Store, right: Right) -> Result<Scope, StoreError> {
        let reaches: BTreeSet<Reach> =
            self.grants.iter().filter(|grant| grant.role.may(right)).map(|grant| grant.reach).collect();
        if reaches.is_empty() {
            return Ok(Scope::Nothing);
        }
        if reaches.contains(&Reach::Msp) {
            return Ok(Scope::Msp);
        }
        let practices: BTreeSet<_> = store.read(&Scope::System(Purpose::WhoCalls), |tx| {
            let mut practices = BTreeSet::new();
            for reach in reaches {
                match reach {
                    Reach::Msp => {}
                    Reach::Group(group) => practices.extend(tree::practices_of_group(tx, group)?),
                    Reach::Practice(practice) => {
                        practices.insert(practice);
                    }
                }
            }
            Ok::<_, StoreError>(practices)
        })?;
        Ok(Scope::practices(practices))
    }
}

/// Whether a grant counts. An auditor's always has an end: one without never counted.
fn counts(grant: &Grant, now: Timestamp) -> bool {
    match grant.until {
        Some(until) => now < until,
        None => grant.role != Role::Auditor,
    }
}

/// Why a grant cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadGrant {
    /// An auditor's without an end, or too far away.
    #[error("an auditor's access ends within a year; give a day")]
    Endless,
    /// It ends before it begins.
    #[error("the access would have ended already; give a later day")]
    Over,
    /// A practice manager's over more than a practice.
    #[error("a practice manager sees one practice; choose which")]
    TooWide,
}

/// Whether a grant may be given.
pub fn check_grant(grant: &Grant, now: Timestamp) -> Result<(), BadGrant> {
    let year = now + jiff::SignedDuration::from_hours(366 * 24);
    match grant.until {
        None if grant.role == Role::Auditor => Err(BadGrant::Endless),
        Some(until) if until <= now => Err(BadGrant::Over),
        Some(until) if grant.role == Role::Auditor && until > year => Err(BadGrant::Endless),
        _ if grant.role == Role::PracticeManager && !matches!(grant.reach, Reach::Practice(_)) => {
            Err(BadGrant::TooWide)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use enamel_types::PracticeId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn only_grants_that_count_now_give_a_right() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let grant = |role, until| Grant { role, reach: Reach::Msp, until };
        let may = |grant, right| {
            Caller::new(Who::Person(UserId::from_uuid(Uuid::nil())), String::new(), vec![grant], true, now)
                .may(right)
        };
        assert!(may(grant(Role::Engineer, None), Right::Enrol));
        assert!(may(grant(Role::Engineer, Some(now + jiff::SignedDuration::from_secs(1))), Right::Enrol));
        assert!(!may(grant(Role::Engineer, Some(now)), Right::Enrol), "it ends at that moment");
        assert!(!may(grant(Role::Auditor, None), Right::ReadAudit), "an auditor's without an end");
    }

    #[test]
    fn grants_that_should_not_be_are_not_given() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let days = |days: i64| Some(now + jiff::SignedDuration::from_hours(24 * days));
        let practice = Reach::Practice(PracticeId::from_uuid(Uuid::nil()));
        for (role, reach, until, verdict) in [
            (Role::Auditor, Reach::Msp, days(30), Ok(())),
            (Role::Auditor, Reach::Msp, None, Err(BadGrant::Endless)),
            (Role::Auditor, Reach::Msp, days(400), Err(BadGrant::Endless)),
            (Role::Owner, Reach::Msp, None, Ok(())),
            (Role::Engineer, practice, days(-1), Err(BadGrant::Over)),
            (Role::PracticeManager, practice, None, Ok(())),
            (Role::PracticeManager, Reach::Msp, None, Err(BadGrant::TooWide)),
        ] {
            assert_eq!(check_grant(&Grant { role, reach, until }, now), verdict, "{role:?}");
        }
    }
}
