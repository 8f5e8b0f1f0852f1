//! The sample's safeguards, one in each state.

use enamel_report::{ControlRow, Duty};
use enamel_types::control::{Attestation, AttestationRef, ControlState, Statement};
use enamel_types::{ControlStatus, Evidence, EvidenceOutcome};

use super::{control_id, device, observation, rule, time};

#[allow(clippy::too_many_lines)] // a table, one entry after the other
pub(super) fn controls() -> Vec<ControlRow> {
    use ControlState::{Met, NotMet, Partly, Unknown};
    use EvidenceOutcome::{Contradicts, Supports};
    let proof = |control: &str, outcome, name: &str, statement: &str, n: u8| Evidence {
        control: control_id(control),
        outcome,
        rule: rule(name),
        statement: statement.to_owned(),
        device: device(n),
        observation: observation(n + 4),
        observed_at: time("2026-11-24T13:50:00Z"),
        valid_until: time("2026-12-24T13:50:00Z"),
    };
    let row = |id: &str,
               section: &str,
               title: &str,
               question: &str,
               duty,
               state,
               why: &str,
               evidence: Vec<Evidence>| ControlRow {
        id: control_id(id),
        section: section.to_owned(),
        title: title.to_owned(),
        question: question.to_owned(),
        duty,
        only_a_person: false,
        status: ControlStatus {
            control: control_id(id),
            state,
            why: why.to_owned(),
            evidence,
            attestation: None,
        },
        proposed: None,
    };
    let (admin, physical, technical) = (
        "Administrative safeguards (164.308)",
        "Physical safeguards (164.310)",
        "Technical safeguards (164.312)",
    );
    let mut rows = vec![
        row(
            "164.308(a)(1)(ii)(A)",
            admin,
            "Risk analysis",
            "Do we know where patient data could leak, and how bad that would be?",
            Duty::Required,
            Met,
            "This analysis is from today and rests on 214 observations.",
            vec![proof(
                "164.308(a)(1)(ii)(A)",
                Supports,
                "risk.analysis",
                "A risk analysis was computed from measured facts",
                1,
            )],
        ),
        row(
            "164.308(a)(3)(ii)(C)",
            admin,
            "Termination procedures",
            "Are accounts closed when somebody leaves?",
            Duty::Addressable,
            Unknown,
            "No evidence has been seen, and nobody has stated anything.",
            vec![],
        ),
        row(
            "164.308(a)(5)(ii)(B)",
            admin,
            "Protection from malicious software",
            "Does every computer have protection that is switched on and fresh?",
            Duty::Addressable,
            Partly,
            "2 of 4 computers still speak SMB1; antivirus is on where it could be seen.",
            vec![
                proof(
                    "164.308(a)(5)(ii)(B)",
                    Contradicts,
                    "W03",
                    "The old file sharing SMB1 is switched on",
                    3,
                ),
                proof(
                    "164.308(a)(5)(ii)(B)",
                    Contradicts,
                    "W03",
                    "The old file sharing SMB1 is switched on",
                    4,
                ),
                proof(
                    "164.308(a)(5)(ii)(B)",
                    EvidenceOutcome::Unknown,
                    "W20",
                    "Antivirus could not be asked",
                    4,
                ),
                proof(
                    "164.308(a)(5)(ii)(B)",
                    Supports,
                    "W20",
                    "Antivirus is on and its signatures are 1 day old",
                    1,
                ),
            ],
        ),
        row(
            "164.308(b)(1)",
            admin,
            "Business associate contracts",
            "Is there a signed contract with everybody who handles patient data for us?",
            Duty::Required,
            Met,
            "Stated, and the statement is still good.",
            vec![],
        ),
        row(
            "164.310(b)",
            physical,
            "Workstation use",
            "Do people know how a computer at the counter may be used?",
            Duty::Required,
            Unknown,
            "The last statement ran out on 1 July 2026.",
            vec![],
        ),
        row(
            "164.310(d)(1)",
            physical,
            "Device and media controls",
            "Do we know where disks and sticks with patient data go?",
            Duty::Required,
            NotMet,
            "Patient data lies in a download folder.",
            vec![proof(
                "164.310(d)(1)",
                Contradicts,
                "phi.folder",
                "312 people in 4 files below Downloads",
                2,
            )],
        ),
        row(
            "164.312(a)(1)",
            technical,
            "Access control",
            "Can only those read patient data who need it?",
            Duty::Required,
            NotMet,
            "A database password stands in clear text.",
            vec![proof(
                "164.312(a)(1)",
                Contradicts,
                "secret.clear",
                "The database password of Open Dental stands in clear text",
                1,
            )],
        ),
        row(
            "164.312(a)(2)(iii)",
            technical,
            "Automatic logoff",
            "Does a screen lock when nobody sits there?",
            Duty::Addressable,
            Partly,
            "2 of 4 computers do not lock.",
            vec![
                proof("164.312(a)(2)(iii)", Contradicts, "W12", "The screen does not lock by itself", 2),
                proof("164.312(a)(2)(iii)", Supports, "W12", "The screen locks after 10 minutes", 1),
            ],
        ),
        row(
            "164.312(a)(2)(iv)",
            technical,
            "Encryption and decryption",
            "Is patient data unreadable on a stolen computer?",
            Duty::Addressable,
            Partly,
            "1 of 4 disks is not encrypted.",
            vec![proof("164.312(a)(2)(iv)", Contradicts, "W33", "BitLocker protection is off on C:", 3)],
        ),
        row(
            "164.312(b)",
            technical,
            "Audit controls",
            "Could we say afterwards who did what?",
            Duty::Required,
            Met,
            "Windows keeps its records for 30 days.",
            vec![proof("164.312(b)", Supports, "W50", "The security log holds 192 MB", 1)],
        ),
        row(
            "164.312(d)",
            technical,
            "Person or entity authentication",
            "Does everybody prove who they are before they see patient data?",
            Duty::Required,
            NotMet,
            "Remote Desktop takes a password alone.",
            vec![proof(
                "164.312(d)",
                Contradicts,
                "W09",
                "Remote Desktop is open without a second proof of identity",
                1,
            )],
        ),
    ];
    rows[3].status.attestation = Some(AttestationRef {
        observation: observation(9),
        made_at: time("2026-05-04T09:00:00Z"),
        attestation: Attestation {
            control: control_id("164.308(b)(1)"),
            statement: Statement::Implemented,
            reason: "Signed contracts with all six partners are in the office safe, red binder.".to_owned(),
            person: "Dana Reyes, office manager".to_owned(),
            expires_at: time("2027-05-04T09:00:00Z"),
        },
    });
    for row in &mut rows {
        row.only_a_person =
            ["164.308(a)(3)(ii)(C)", "164.308(b)(1)", "164.310(b)"].contains(&row.id.as_str());
        let mut proposed = row.status.clone();
        if row.id.as_str() == "164.312(a)(2)(iv)" {
            proposed.state = NotMet;
            "Encryption would be required on every computer.".clone_into(&mut proposed.why);
        }
        row.proposed = Some(proposed);
    }
    rows
}
