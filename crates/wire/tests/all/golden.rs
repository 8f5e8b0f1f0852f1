//! Every message and every signed document, as it lies in `tests/golden/`: an accidental change of a shape fails here.
//!
//! A file must stay readable for ever: agents and servers of different versions speak to each other, and a trust root is kept
//! for years. After a deliberate change (an optional field) run this test with `ENAMEL_WRITE_GOLDEN=1` and read the diff.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use enamel_types::policy::Schedule;
use enamel_types::{CommandId, DeviceId, Policy, SensorName};
use enamel_wire::message::{
    Accepted, Batch, EnrolRequest, Enrolled, Health, Mail, Poll, Problem, ProblemCode, RenewRequest, Renewed,
    SignedText,
};
use enamel_wire::signed::{
    KeyFile, OperatorKey, Passphrase, Seen, verify_command, verify_root, verify_rotation,
};
use enamel_wire::token::EnrolmentToken;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::given::{
    dana, document, isolate, lee, now, recipient, root, sam, signed, signed_root, uninstall, uuid, verified,
};

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const REQUEST: &str = "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Compares a text with its file, and gives the file's.
fn golden(name: &str, text: &str, named: &mut BTreeSet<String>) -> String {
    named.insert(name.to_owned());
    let path = folder().join(name);
    if std::env::var_os("ENAMEL_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, text).expect("the folder can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(text, kept, "{name} is not written as it was");
    kept
}

/// Writes a message, and reads the file back to the same message.
fn message<T: Serialize + DeserializeOwned>(name: &str, message: &T, named: &mut BTreeSet<String>) -> T {
    let written = |message: &T| serde_json::to_string_pretty(message).expect("JSON") + "\n";
    let kept = golden(name, &written(message), named);
    let read: T = serde_json::from_str(&kept).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(written(&read), kept, "{name} is not read as it was written");
    read
}

fn policy() -> Policy {
    Policy {
        version: 3,
        sensors: [(SensorName::Phi, Schedule { every_minutes: 1440, at_night: true })].into(),
        folders: vec!["/srv/charts".to_owned()],
        ..Policy::default()
    }
}

fn problem(code: ProblemCode, expected: Option<u64>) -> Problem {
    Problem { code, detail: "The batch does not follow what is kept".to_owned(), expected }
}

#[test]
fn everything_that_is_sent_has_the_shape_that_it_had() {
    let mut files = BTreeSet::new();
    messages(&mut files);
    documents(&mut files);
    let on_disk: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(on_disk, files, "a golden file that nothing reads");
}

/// The first trust root.
fn first() -> SignedText {
    signed_root(document(1, &[&dana(), &lee(), &sam()]), &[&dana(), &lee()])
}

/// The one after it.
fn second() -> SignedText {
    signed_root(document(2, &[&dana(), &lee()]), &[&dana(), &lee()])
}

/// What one operator may order, and what two may.
fn commands() -> [SignedText; 2] {
    [signed(&isolate(), &[&dana()]), signed(&uninstall(), &[&dana(), &lee()])]
}

/// What agent and server say to each other.
fn messages(named: &mut BTreeSet<String>) {
    let enrol = EnrolRequest {
        secret: "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk".to_owned(),
        csr: REQUEST.to_owned(),
        device: DeviceId::from_uuid(uuid(0x44)),
        name: "FRONTDESK-1".to_owned(),
        os: "Windows 11 Pro 23H2".to_owned(),
        version: "0.1.0".to_owned(),
    };
    message("enrol_request.json", &enrol, named);
    let enrolled = Enrolled {
        practice: recipient().practice,
        practice_name: "Birch Family Dental".to_owned(),
        agent: recipient().agent,
        certificate: CERTIFICATE.to_owned(),
        trust_root: Some(first()),
        policy: policy(),
        server_time: now(),
    };
    message("enrolled.json", &enrolled, named);
    message("enrolled_without_operators.json", &Enrolled { trust_root: None, ..enrolled }, named);
    message("renew_request.json", &RenewRequest { csr: REQUEST.to_owned() }, named);
    message("renewed.json", &Renewed { certificate: CERTIFICATE.to_owned() }, named);
    let batch = message("batch.json", &Batch::of(&crate::batches::links()).expect("JSON"), named);
    assert_eq!(batch.check(&crate::batches::speaker()), Ok(crate::batches::links()));
    assert_eq!(message("accepted.json", &Accepted { acked_through: 3 }, named).acked_through, 3);
    let poll = Poll {
        wait: 55,
        policy_version: 3,
        trust_root_version: 1,
        command_counter: 6,
        agent_seq: 3,
        health: Health {
            version: "0.1.0".to_owned(),
            spooled: 2,
            dropped: 1,
            failing: vec!["software".to_owned()],
            isolated_until: Some(now()),
            helper: true,
            resident_bytes: 31_457_280,
            time: Some(now()),
        },
    };
    message("poll.json", &poll, named);
    message("poll_of_a_new_agent.json", &Poll { health: Health::default(), ..poll }, named);
    let mail = Mail {
        policy: Some(policy()),
        trust_roots: vec![second()],
        commands: commands().to_vec(),
        vetoed: vec![CommandId::from_uuid(uuid(0x34))],
        acked_through: 3,
        server_time: now(),
    };
    message("mail.json", &mail, named);
    let quiet = Mail { policy: None, trust_roots: vec![], commands: vec![], vetoed: vec![], ..mail };
    message("mail_with_nothing_in_it.json", &quiet, named);
    for (code, expected) in [
        (ProblemCode::Token, None),
        (ProblemCode::Revoked, None),
        (ProblemCode::Expired, None),
        (ProblemCode::Gap, Some(17)),
        (ProblemCode::Fork, None),
        (ProblemCode::Malformed, None),
        (ProblemCode::Busy, None),
        (ProblemCode::Unavailable, None),
    ] {
        let name = format!("problem_{}.json", format!("{code:?}").to_lowercase());
        message(&name, &problem(code, expected), named);
    }
}

/// What operators sign and keep.
fn documents(named: &mut BTreeSet<String>) {
    let pinned = message("trust_root.json", &first(), named);
    let rotated = message("trust_root_rotated.json", &second(), named);
    let old = verify_root(&pinned).expect("signed by its threshold");
    drop(verify_rotation(&old, &rotated).expect("signed by both thresholds"));
    let one = message("command.json", &commands()[0], named);
    let two = message("command_of_two_operators.json", &commands()[1], named);
    drop(verify_command(&one, &old, &recipient(), &Seen::default(), now()).expect("signed"));
    drop(verify_command(&two, &root(), &recipient(), &Seen::default(), now()).expect("signed by two"));
    let mut seen = Seen { counter: 6, ..Seen::default() };
    seen.remember(&verified(&one).expect("signed"), now());
    message("seen.json", &seen, named);

    let line = golden("operator.pub", &format!("{}\n", dana().operator()), named);
    assert_eq!(line.parse::<OperatorKey>().as_ref(), Ok(dana().operator()));
    let passphrase = || Passphrase::given("quiet lemon bridge seven".to_owned().into());
    let mut fill = |bytes: &mut [u8]| bytes.fill(7);
    let sealed = golden(
        "operator.key",
        &KeyFile::seal(&dana(), &passphrase(), &mut fill).expect("sealed").to_string(),
        named,
    );
    let opened = sealed.parse::<KeyFile>().expect("a key file").open(&passphrase()).expect("the passphrase");
    assert_eq!(opened.operator(), dana().operator());
    let token = EnrolmentToken { ca: [7; 32], secret: [9; 32] };
    let text = golden("token.txt", &format!("{token}\n"), named);
    assert_eq!(text.parse::<EnrolmentToken>(), Ok(token));
}
