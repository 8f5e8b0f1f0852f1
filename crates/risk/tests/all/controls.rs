//! Where controls stand, on the catalogue that ships.

use std::collections::BTreeSet;

use enamel_risk::{Catalogue, Requirement, compare_profiles, control_statuses, judge_attestation};
use enamel_types::control::{Attestation, AttestationRef, ControlState, Statement};
use enamel_types::judgement::{Evidence, EvidenceOutcome};
use enamel_types::observation::Sensor;
use enamel_types::practice::RuleProfile;
use enamel_types::{
    Body, CheckOutcome, ControlId, ControlStatus, Observation, PracticeId, RuleId, Timestamp,
};
use uuid::Uuid;

use crate::world::{device, now, observation, rule};

const DISKS: &str = "164.312(a)(2)(iv)";
const LOGOFF: &str = "164.312(a)(2)(iii)";
const SANCTIONS: &str = "164.308(a)(1)(ii)(C)";

fn days(days: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() + days * 86_400).unwrap()
}

fn control(id: &str) -> ControlId {
    ControlId::new(id).unwrap()
}

/// Seen `age` days ago, good for 7.
fn seen(id: &str, by: &str, on: u8, outcome: EvidenceOutcome, age: i64) -> Evidence {
    Evidence {
        control: control(id),
        outcome,
        rule: rule(by),
        statement: format!("{by} was {outcome:?}."),
        device: device(on),
        observation: observation(on),
        observed_at: days(-age),
        valid_until: days(7 - age),
    }
}

fn stated(id: &str, statement: Statement, made: i64, expires: i64) -> AttestationRef {
    AttestationRef {
        observation: observation(200),
        made_at: days(made),
        attestation: Attestation {
            control: control(id),
            statement,
            reason: "see the binder".to_owned(),
            person: "Ana Ruiz, office manager".to_owned(),
            expires_at: days(expires),
        },
    }
}

fn status(
    profile: RuleProfile,
    id: &str,
    evidence: &[Evidence],
    statements: &[AttestationRef],
) -> ControlStatus {
    let catalogue = Catalogue::builtin().unwrap();
    let statuses = control_statuses(&catalogue, profile, evidence, statements, &BTreeSet::new(), now());
    assert_eq!(statuses.len(), 50);
    statuses.into_iter().find(|status| status.control == control(id)).unwrap()
}

fn current(id: &str, evidence: &[Evidence], statements: &[AttestationRef]) -> ControlStatus {
    status(RuleProfile::Current, id, evidence, statements)
}

#[test]
fn the_catalogue_is_appendix_a_and_the_two_sections_after_it() {
    let catalogue = Catalogue::builtin().unwrap();
    let count = |matrix: bool, requirement| {
        let rows = catalogue.controls().iter();
        rows.filter(|c| {
            let in_matrix = !c.id.as_str().starts_with("164.314") && !c.id.as_str().starts_with("164.316");
            in_matrix == matrix && c.requirement(RuleProfile::Current) == requirement
        })
        .count()
    };
    assert_eq!((count(true, Requirement::Required), count(true, Requirement::Addressable)), (20, 22));
    assert_eq!((count(false, Requirement::Required), count(false, Requirement::Addressable)), (8, 0));
    for row in catalogue.controls() {
        assert_eq!(row.requirement(RuleProfile::Proposed2025), Requirement::Required);
        assert!(row.verified && row.question.ends_with('?') && !row.explanation.is_empty(), "{}", row.id);
        for reference in catalogue.references(row) {
            assert_eq!(reference.verified, reference.framework.starts_with("NIST"), "{reference:?}");
        }
    }
}

#[test]
fn nothing_seen_is_unknown_never_green() {
    let catalogue = Catalogue::builtin().unwrap();
    for profile in [RuleProfile::Current, RuleProfile::Proposed2025] {
        for status in control_statuses(&catalogue, profile, &[], &[], &BTreeSet::new(), now()) {
            assert_eq!(status.state, ControlState::Unknown, "{}", status.control);
            assert!(!status.why.is_empty());
        }
    }
}

#[test]
fn stale_evidence_reads_unknown_and_says_its_age() {
    let old = seen(LOGOFF, "W36", 1, EvidenceOutcome::Supports, 14);
    let status = current(LOGOFF, std::slice::from_ref(&old), &[]);
    assert_eq!(
        (status.state, status.why.as_str()),
        (ControlState::Unknown, "last seen 14 days ago; evidence holds for 7")
    );
    assert!(status.evidence.is_empty());
    // One computer fresh, the other stale: not all was seen.
    let fresh = seen(LOGOFF, "W36", 2, EvidenceOutcome::Supports, 1);
    assert_eq!(current(LOGOFF, std::slice::from_ref(&fresh), &[]).state, ControlState::Met);
    assert_eq!(current(LOGOFF, &[fresh, old], &[]).state, ControlState::Partly);
    // The last moment of its validity no longer counts; evidence from next week does not yet.
    assert_eq!(
        current(LOGOFF, &[seen(LOGOFF, "W36", 1, EvidenceOutcome::Supports, 7)], &[]).state,
        ControlState::Unknown
    );
    let ahead = current(LOGOFF, &[seen(LOGOFF, "W36", 1, EvidenceOutcome::Supports, -6)], &[]);
    assert_eq!(ahead.state, ControlState::Unknown);
    assert!(ahead.why.contains("yet to come"), "{}", ahead.why);
}

#[test]
fn against_beats_for_and_comes_first() {
    let evidence = [
        seen(LOGOFF, "W36", 1, EvidenceOutcome::Supports, 1),
        seen(LOGOFF, "W36", 2, EvidenceOutcome::Contradicts, 3),
        seen(LOGOFF, "W36", 3, EvidenceOutcome::Supports, 1),
    ];
    let status = current(LOGOFF, &evidence, &[]);
    assert_eq!(status.state, ControlState::NotMet);
    assert_eq!(status.evidence.len(), 3);
    assert_eq!(status.evidence[0].outcome, EvidenceOutcome::Contradicts);
}

#[test]
fn a_sensor_supports_only_the_part_it_sees() {
    let evidence = [seen(DISKS, "W01", 1, EvidenceOutcome::Supports, 1)];
    let status = current(DISKS, &evidence, &[]);
    assert_eq!(status.state, ControlState::Partly);
    assert!(status.why.contains("backups and portable disks"), "{}", status.why);
    let statement = [stated(DISKS, Statement::Implemented, -10, 300)];
    assert_eq!(current(DISKS, &evidence, &statement).state, ControlState::Met);
    // The statement alone does not stand for the disks, which a sensor can see.
    assert_eq!(current(DISKS, &[], &statement).state, ControlState::Partly);
    // Undecided on a second computer: no longer all of it.
    let more = [evidence[0].clone(), seen(DISKS, "W01", 2, EvidenceOutcome::Unknown, 1)];
    assert_eq!(current(DISKS, &more, &statement).state, ControlState::Partly);
    assert_eq!(current(DISKS, &more[1..], &[]).state, ControlState::Unknown);
}

#[test]
fn a_lesser_aspect_that_fails_leaves_it_met_in_part() {
    let malware = "164.308(a)(5)(ii)(B)";
    let on = seen(malware, "W16", 1, EvidenceOutcome::Supports, 1);
    let macros = seen(malware, "W28", 1, EvidenceOutcome::Contradicts, 1);
    assert_eq!(current(malware, &[on.clone(), macros], &[]).state, ControlState::Partly);
    let off = seen(malware, "W16", 2, EvidenceOutcome::Contradicts, 1);
    assert_eq!(current(malware, &[on, off], &[]).state, ControlState::NotMet);
}

#[test]
fn statements_count_until_they_expire_and_the_latest_counts() {
    let good = stated(SANCTIONS, Statement::Implemented, -30, 1);
    let status = current(SANCTIONS, &[], std::slice::from_ref(&good));
    assert_eq!(status.state, ControlState::Met);
    assert_eq!(status.attestation.as_ref(), Some(&good));
    let until_midnight = Timestamp::from_second(1_795_651_200).unwrap(); // 26 November 2026
    let mut midnight = good.clone();
    midnight.attestation.expires_at = until_midnight;
    let status = current(SANCTIONS, &[], &[midnight]);
    assert!(status.why.ends_with("until 25 November 2026"), "the last day it counts: {}", status.why);
    let lapsed = current(SANCTIONS, &[], &[stated(SANCTIONS, Statement::Implemented, -30, 0)]);
    assert_eq!(lapsed.state, ControlState::Unknown);
    assert!(lapsed.why.contains("Ana Ruiz") && lapsed.why.contains("expired"), "{}", lapsed.why);
    let taken_back =
        current(SANCTIONS, &[], &[good.clone(), stated(SANCTIONS, Statement::NotImplemented, -1, 300)]);
    assert_eq!(taken_back.state, ControlState::NotMet);
    // Recorded with next year's date: does not count yet.
    assert_eq!(
        current(SANCTIONS, &[], &[stated(SANCTIONS, Statement::Implemented, 365, 700)]).state,
        ControlState::Unknown
    );
}

#[test]
fn sensors_beat_a_statement_and_the_contradiction_is_said() {
    let statement = [stated(DISKS, Statement::Implemented, -10, 300)];
    let status = current(DISKS, &[seen(DISKS, "W01", 1, EvidenceOutcome::Contradicts, 1)], &statement);
    assert_eq!(status.state, ControlState::NotMet);
    assert!(status.why.contains("states that it is done, but W01"), "{}", status.why);
}

#[test]
fn a_true_statement_never_makes_it_worse() {
    let updates = "164.308(a)(1)(ii)(B)";
    let evidence = [
        seen(updates, "W32", 1, EvidenceOutcome::Supports, 1),
        seen(updates, "W08", 1, EvidenceOutcome::Contradicts, 1),
    ];
    let statement = [stated(updates, Statement::Implemented, -10, 300)];
    let (without, with) = (current(updates, &evidence, &[]), current(updates, &evidence, &statement));
    assert_eq!((without.state, with.state), (ControlState::Partly, ControlState::Partly));
    assert!(with.why.contains("Ana Ruiz, office manager states that it is done, but W08"), "{}", with.why);
}

#[test]
fn a_statement_raises_nothing_that_only_a_sensor_shows() {
    let catalogue = Catalogue::builtin().unwrap();
    let logoff = catalogue.get(&control(LOGOFF)).unwrap();
    assert!(!logoff.counts(Statement::Implemented, RuleProfile::Current));
    assert!(logoff.counts(Statement::NotReasonable, RuleProfile::Current));
    let status = current(LOGOFF, &[], &[stated(LOGOFF, Statement::Implemented, -10, 300)]);
    assert_eq!(status.state, ControlState::Unknown);
    assert!(status.why.contains("only a sensor can show this; the statement of Ana Ruiz"), "{}", status.why);
}

#[test]
fn no_statement_counts_longer_than_the_catalogue_allows() {
    let catalogue = Catalogue::builtin().unwrap();
    let sanctions = catalogue.get(&control(SANCTIONS)).unwrap();
    assert_eq!(sanctions.last_day_of_statement(now()).to_string(), "2027-11-24");
    let forever = |made| [stated(SANCTIONS, Statement::Implemented, made, 9_000)];
    let status = current(SANCTIONS, &[], &forever(-364));
    assert_eq!(status.state, ControlState::Met);
    assert_eq!(status.attestation.unwrap().attestation.expires_at.to_string(), "2026-11-26T00:00:00Z");
    let lapsed = current(SANCTIONS, &[], &forever(-367));
    assert_eq!(lapsed.state, ControlState::Unknown);
    assert!(lapsed.why.contains("counted until 22 November 2026"), "{}", lapsed.why);
}

#[test]
fn addressable_ones_can_be_decided_and_required_ones_cannot() {
    let against = [seen(DISKS, "W01", 1, EvidenceOutcome::Contradicts, 1)];
    for statement in [Statement::EquivalentMeasure, Statement::NotReasonable] {
        let decision = [stated(DISKS, statement, -10, 300)];
        let decided = current(DISKS, &against, &decision);
        assert_eq!(decided.state, ControlState::Met);
        assert!(
            decided.why.contains("decided by Ana Ruiz") && decided.why.contains("see the binder"),
            "{}",
            decided.why
        );
        assert_eq!(
            current(DISKS, &against, &[stated(DISKS, statement, -10, -1)]).state,
            ControlState::NotMet
        );
        // The proposal knows no addressable ones.
        let proposed = status(RuleProfile::Proposed2025, DISKS, &against, &decision);
        assert_eq!(proposed.state, ControlState::NotMet);
        assert!(proposed.why.contains("proposal"), "{}", proposed.why);
        let required = current(SANCTIONS, &[], &[stated(SANCTIONS, statement, -10, 300)]);
        assert_eq!(required.state, ControlState::Unknown);
        assert!(required.why.contains("required"), "{}", required.why);
    }
}

#[test]
fn what_was_tried_and_has_no_meaning_here_was_looked_at() {
    let catalogue = Catalogue::builtin().unwrap();
    let why = |meaningless: &BTreeSet<RuleId>| {
        let statuses = control_statuses(&catalogue, RuleProfile::Current, &[], &[], meaningless, now());
        let logoff = statuses.into_iter().find(|status| status.control == control(LOGOFF)).unwrap();
        assert_eq!(logoff.state, ControlState::Unknown, "it is no evidence");
        logoff.why
    };
    assert_eq!(why(&BTreeSet::new()), "nothing has looked at it");
    assert_eq!(why(&BTreeSet::from([rule("W36")])), "looked at; it does not apply to the computers seen");
}

#[test]
fn nothing_found_in_one_place_is_no_support_where_something_was_found_in_another() {
    const PASSWORDS: &str = "164.308(a)(5)(ii)(D)";
    let clean = seen(PASSWORDS, "secret.none", 1, EvidenceOutcome::Supports, 1);
    let found = |on| seen(PASSWORDS, "secret.list", on, EvidenceOutcome::Contradicts, 1);
    assert_eq!(current(PASSWORDS, &[clean.clone(), found(1)], &[]).evidence, [found(1)]);
    assert_eq!(
        current(PASSWORDS, &[clean, found(2)], &[]).evidence.len(),
        2,
        "of another computer it is true"
    );
}

#[test]
fn both_texts_side_by_side_on_the_same_evidence() {
    // No control allows so old a statement today; the proposal's bound shows where one does.
    let content = include_str!("../../../../content/controls/hipaa.toml");
    let id = format!("id = \"{SANCTIONS}\"\n");
    let longer = content.replacen(&id, &format!("{id}attestation_months = 24\n"), 1);
    let catalogue = Catalogue::from_files([("hipaa.toml", longer.as_str())]).unwrap();
    let old = stated(SANCTIONS, Statement::Implemented, -500, 300);
    let both = compare_profiles(&catalogue, &[], &[old], &BTreeSet::new(), now());
    let row = both.iter().find(|row| row.current.control == control(SANCTIONS)).unwrap();
    assert_eq!((row.current.state, row.proposed.state), (ControlState::Met, ControlState::Unknown));
    assert!(row.proposed.why.contains("older than the proposal"), "{}", row.proposed.why);
}

#[test]
fn a_recorded_statement_is_judged() {
    let catalogue = Catalogue::builtin().unwrap();
    let judge = |id: &str, statement| {
        let observation = Observation {
            id: observation(1),
            practice: PracticeId::from_uuid(Uuid::from_bytes([1; 16])),
            device: device(1),
            agent: "00000000-0000-0000-0000-000000000001".parse().unwrap(),
            observed_at: now(),
            valid_until: days(900),
            sensor: Sensor { name: "attest".to_owned(), version: "0".to_owned() },
            scope: format!("attest:{id}"),
            gaps: Vec::new(),
            body: Body::Attestation(stated(id, statement, 0, 300).attestation),
        };
        judge_attestation(&observation, &catalogue)
    };
    let declined = judge(DISKS, Statement::NotReasonable);
    assert_eq!(declined.results[0].outcome, CheckOutcome::NotApplicable, "what is not done is no pass");
    assert!(declined.evidence.is_empty() && declined.results[0].detail.contains("not done here"));
    let good = judge(DISKS, Statement::EquivalentMeasure);
    assert_eq!(
        (good.results[0].outcome, good.evidence[0].outcome),
        (CheckOutcome::Pass, EvidenceOutcome::Supports)
    );
    assert_eq!(good.valid_until, days(300));
    let refused = judge(SANCTIONS, Statement::NotReasonable);
    assert_eq!((refused.results[0].outcome, refused.evidence.len()), (CheckOutcome::Unknown, 0));
    assert!(refused.results[0].detail.contains("required"));
    assert!(
        judge("164.999", Statement::Implemented).results[0].detail.contains("not in the control catalogue")
    );
    // The judgement's own evidence does not count a second time.
    assert_eq!(current(DISKS, &good.evidence, &[]).state, ControlState::Unknown);
}
