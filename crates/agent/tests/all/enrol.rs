//! Enrolment: to the right server, whole or not at all.

use std::fs;
use std::path::Path;

use enamel_agent::enrol::{EnrolError, Enrolling, Taken, enrol};
use enamel_agent::{Enrolment, ServerUrl};
use enamel_types::DeviceId;
use enamel_wire::token::EnrolmentToken;

use crate::operators::Operators;
use crate::server::{Instead, Server, now};
use crate::world::stamp;

/// Enrols a data directory, as a technician would.
pub(crate) fn enrolled(server: &Server, data: &Path, again: bool) -> Result<Taken, EnrolError> {
    enrolled_with(server, &server.token, data, again)
}

fn enrolled_with(
    server: &Server,
    token: &EnrolmentToken,
    data: &Path,
    again: bool,
) -> Result<Taken, EnrolError> {
    let url: ServerUrl = server.url().parse().unwrap();
    let with = Enrolling {
        data,
        server: &url,
        token,
        device: DeviceId::from_uuid(uuid::Uuid::from_bytes([2; 16])),
        name: "FRONT-DESK".to_owned(),
        os: "Debian GNU/Linux 12".to_owned(),
        again,
        helper: None,
    };
    enrol(&with, now(), &|enrolment: &Enrolment| {
        let mut stamp = stamp(7);
        (stamp.practice, stamp.agent) = (enrolment.practice, enrolment.agent);
        stamp
    })
}

#[test]
fn a_computer_comes_under_watch_with_a_key_that_stays_on_it() {
    let (server, data) = (Server::start(), tempfile::tempdir().unwrap());
    let taken = enrolled(&server, data.path(), false).unwrap();
    assert!(taken.operators.is_none(), "nobody may command it: the MSP has no operators yet");
    let kept = Enrolment::required(data.path()).unwrap();
    assert_eq!((kept.agent, kept.practice_name.as_str()), (taken.enrolment.agent, "Birch Dental"));
    let asked = server.with(|state| state.enrolled[0].clone());
    assert_eq!(asked.device, kept.device, "its history goes on");
    assert!(!asked.csr.contains("PRIVATE"));
    let text = fs::read_to_string(data.path().join("agent/enrolment.json")).unwrap();
    assert!(text.contains("PRIVATE KEY"));
    assert!(!text.contains(&server.token.to_string()[60..]), "the secret is kept nowhere");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        for entry in crate::world::below(data.path()) {
            let mode = fs::metadata(&entry).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}", entry.display());
        }
    }
}

#[test]
fn nothing_is_told_to_a_server_that_the_token_does_not_name() {
    let (server, data) = (Server::start(), tempfile::tempdir().unwrap());
    let other = EnrolmentToken { ca: [9; 32], ..server.token.clone() };
    let error = enrolled_with(&server, &other, data.path(), false).err().unwrap();
    assert!(matches!(error, EnrolError::WrongAuthority { .. }), "{error}");
    assert_eq!(server.with(|state| state.requests.clone()), ["ca"], "the secret was not sent");
    assert!(Enrolment::load(data.path()).unwrap().is_none());

    // A server that shows the right authority and is not of it: its certificate is another's.
    let impostor = Server::start();
    let ca = server.ca_pem();
    impostor.with(|state| {
        state.instead.push_back(Instead {
            path: "ca",
            status: 200,
            retry_after: None,
            body: ca,
            after: false,
        });
    });
    let error = enrolled_with(&impostor, &server.token, data.path(), false).err().unwrap();
    assert!(error.to_string().contains("did not prove"), "{error}");
    assert_eq!(impostor.with(|state| state.requests.clone()), ["ca"]);
}

#[test]
fn a_computer_is_enrolled_once_and_again_only_when_that_is_meant() {
    let (server, data) = (Server::start(), tempfile::tempdir().unwrap());
    let first = enrolled(&server, data.path(), false).unwrap().enrolment;
    server.renew_token();
    let error = enrolled(&server, data.path(), false).err().unwrap();
    assert!(error.to_string().contains("--again"), "{error}");
    assert_eq!(server.with(|state| state.enrolled.len()), 1, "the server was not asked");
    let second = enrolled(&server, data.path(), true).unwrap().enrolment;
    assert_ne!(first.agent, second.agent);
    assert_eq!(first.device, second.device);
    assert!(first.own_folder(data.path()).exists(), "what was not sent before is kept");
}

#[test]
fn a_refusal_leaves_the_computer_as_it_was() {
    let (server, data) = (Server::start(), tempfile::tempdir().unwrap());
    enrolled(&server, data.path(), false).unwrap();
    let before = fs::read(data.path().join("agent/enrolment.json")).unwrap();
    // The token is used up.
    let error = enrolled(&server, data.path(), true).err().unwrap();
    assert!(error.to_string().contains("used up"), "{error}");
    // A list of operators that its own operators did not sign.
    server.renew_token();
    let mut forged = Operators::new(1).root(1);
    forged.signatures.truncate(1);
    server.with(|state| state.pinned = Some(forged));
    assert!(matches!(enrolled(&server, data.path(), true), Err(EnrolError::Trust(_))));
    for (status, body) in [(200, &b"{}"[..]), (200, b"<html>"), (502, b"")] {
        server.renew_token();
        let body = body.to_vec();
        server.with(|state| {
            state.instead.push_back(Instead { path: "enrol", status, retry_after: None, body, after: true });
        });
        assert!(matches!(enrolled(&server, data.path(), true), Err(EnrolError::Transport(_))));
    }
    assert_eq!(fs::read(data.path().join("agent/enrolment.json")).unwrap(), before);
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let (server, data) = (Server::start(), tempfile::tempdir().unwrap());
    let mut closed = server;
    closed.port = 1;
    let error = enrolled(&closed, data.path(), false).err().unwrap();
    assert!(error.to_string().contains("https://127.0.0.1:1 does not answer"), "{error}");
}

#[test]
fn a_damaged_enrolment_is_named_and_never_quoted() {
    let (server, data) = (Server::start(), tempfile::tempdir().unwrap());
    enrolled(&server, data.path(), false).unwrap();
    let path = data.path().join("agent/enrolment.json");
    let whole = fs::read_to_string(&path).unwrap();
    for damaged in
        [whole[..whole.len() / 2].to_owned(), whole.replace("BEGIN PRIVATE", "BEGIN PUBLIC"), "{}".to_owned()]
    {
        fs::write(&path, damaged).unwrap();
        let error = Enrolment::required(data.path()).err().unwrap().to_string();
        assert!(error.contains("enrolment.json") && !error.contains("BEGIN"), "{error}");
        server.renew_token();
        assert!(enrolled(&server, data.path(), false).is_err(), "nor is it taken for a new computer");
    }
}

/// A technician enrols as root what then runs as a user of its own.
#[cfg(unix)]
#[test]
fn what_root_makes_belongs_to_the_agents_user() {
    use std::os::unix::fs::MetadataExt as _;
    let (server, data) = (Server::start(), tempfile::tempdir().unwrap());
    if fs::metadata("/proc/self").map_or(1, |own| own.uid()) != 0 {
        return enamel_testkit::skipped("only root can give files away");
    }
    std::os::unix::fs::chown(data.path(), Some(65_534), Some(65_534)).unwrap();
    enrolled(&server, data.path(), false).unwrap();
    let made = crate::world::below(data.path());
    assert!(made.len() >= 3, "{made:?}");
    let folders = made.iter().filter_map(|file| file.parent());
    for path in made.iter().map(std::path::PathBuf::as_path).chain(folders) {
        assert_eq!(fs::metadata(path).unwrap().uid(), 65_534, "{}", path.display());
    }
}
