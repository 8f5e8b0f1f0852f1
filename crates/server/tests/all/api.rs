//! The API's habits: its document, repeated requests, limits, refusals; commands and accepted risks from end to end.

use enamel_types::Clock as _;
use serde_json::{Value, json};

use crate::browser::send;
use crate::world::Msp;

#[test]
fn the_committed_document_is_the_codes_own() {
    let fresh = enamel_server::api::document();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/v1.json");
    if std::env::var_os("ENAMEL_RENEW").is_some() {
        std::fs::write(path, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == fresh,
        "openapi/v1.json is stale; renew it: ENAMEL_RENEW=1 cargo nextest run -p enamel-server the_committed_document"
    );
    assert!(serde_json::from_str::<Value>(&fresh).unwrap()["openapi"].as_str().unwrap().starts_with("3.1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_is_carried_out_once() {
    let msp = Msp::new().await;
    let owner = msp.owner();
    let key = [("idempotency-key", "a1")];
    let path = format!("/practices/{}/tokens", msp.practice);
    let first = owner.caller.call_with("POST", &path, Some(&json!({})), &key).await;
    let again = owner.caller.call_with("POST", &path, Some(&json!({})), &key).await;
    assert_eq!((first.status, again.status), (201, 201), "{}", first.text());
    assert_eq!(first.body, again.body, "the same answer, the token in it too");
    assert_eq!(again.header("idempotency-replayed"), "true");
    let listed = owner.caller.call("GET", &path, None).await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let other = owner.caller.call_with("POST", "/groups", Some(&json!({ "name": "North" })), &key).await;
    assert_eq!(other.status, 409, "the key of another request: {}", other.text());
    let twice = owner.caller.call("POST", &path, Some(&json!({}))).await;
    assert_ne!(twice.body, first.body, "without a key it is another request");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_request_is_a_problem() {
    let msp = Msp::new().await;
    let owner = msp.owner();
    let large = json!({ "name": "x".repeat(300 * 1024) });
    let practice = format!("/practices/{}", msp.practice);
    for (method, path, body, status) in [
        ("POST", "/groups", Some(large.clone()), 413),
        ("POST", "/groups", Some(json!({ "name": "x", "more": 1 })), 400),
        ("POST", "/groups", Some(json!({ "name": "" })), 400),
        ("POST", "/groups", Some(json!({ "name": "a\u{202e}b" })), 400),
        ("POST", "/groups", Some(json!([])), 400),
        ("POST", "/groups", None, 400),
        ("PUT", "/groups", None, 405),
        ("GET", "/nothing", None, 404),
        ("GET", "/practices/not-an-id", None, 404),
        ("GET", "/practices?limit=0", None, 400),
        ("GET", "/practices?limit=501", None, 400),
        ("GET", "/practices?after=!!", None, 400),
        ("GET", "/findings?severity=dire", None, 400),
        ("PATCH", &*practice, Some(json!({ "profile": { "patients": 0 } })), 400),
        ("PATCH", &*practice, Some(json!({ "group": "00000000-0000-7000-8000-000000000000" })), 409),
    ] {
        let reply = owner.caller.call(method, path, body.as_ref()).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text());
        assert_eq!(reply.header("content-type"), "application/problem+json", "{method} {path}");
        assert_eq!(reply.json()["status"], json!(status));
    }
    let keyed = [("idempotency-key", "large")];
    let reply = owner.caller.call_with("POST", "/groups", Some(&large), &keyed).await;
    assert_eq!(reply.status, 413, "{}", reply.text());
    let host = msp.server.people.to_string();
    for bad in [
        "Bearer enamel_",
        "Bearer x",
        "Basic eDp5",
        "Bearer enamel_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let headers = [("host", &*host), ("authorization", bad)];
        let reply = send(msp.server.people, "GET", "/api/v1/practices", &headers, Vec::new()).await;
        assert_eq!((reply.status, reply.header("www-authenticate")), (401, "Bearer"), "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_come_in_pages_that_neither_repeat_nor_miss() {
    let msp = Msp::new().await;
    let owner = msp.owner();
    for number in 0..7 {
        let made = json!({ "name": format!("Practice {number}") });
        assert_eq!(owner.caller.call("POST", "/practices", Some(&made)).await.status, 201);
    }
    let (mut names, mut next) = (Vec::new(), String::new());
    loop {
        let page = owner.caller.call("GET", &format!("/practices?limit=3{next}"), None).await.json();
        names.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(after) => next = format!("&after={after}"),
            None => break,
        }
    }
    assert_eq!(names.len(), 8);
    assert!(names.is_sorted(), "{names:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_asks_too_often_waits() {
    let msp = Msp::new().await;
    let owner = msp.owner();
    let grant = msp.grant(enamel_types::Role::Analyst, enamel_types::Reach::Msp);
    let program = msp.program(&owner, &grant).await;
    let mut refused = None;
    for _ in 0..=600 {
        let reply = program.call("GET", "/me", None).await;
        if reply.status == 429 {
            refused = Some(reply);
            break;
        }
    }
    let refused = refused.expect("the budget of a minute was never used up");
    assert_eq!((refused.header("retry-after"), &refused.json()["code"]), ("1", &json!("too_many")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_practice_is_closed_by_two_people_and_its_evidence_handed_over() {
    let msp = Msp::new().await;
    let owner = msp.owner();
    let agent = msp.agent().await;
    let kim = msp
        .human(&owner, "kim@msp.example", &msp.grant(enamel_types::Role::Engineer, enamel_types::Reach::Msp))
        .await;
    let path = format!("/practices/{}/close", msp.practice);
    let wrong = owner.caller.call("POST", &path, Some(&json!({ "name": "maple street dental" }))).await;
    assert_eq!(wrong.status, 400, "{}", wrong.text());
    let name = json!({ "name": "Maple Street Dental" });
    for _ in 0..2 {
        let asked = owner.caller.call("POST", &path, Some(&name)).await;
        assert_eq!(
            (asked.status, &asked.json()["state"]),
            (202, &json!("asked")),
            "one person twice is one person"
        );
    }
    msp.clock.set(msp.clock.now() + jiff::SignedDuration::from_hours(24));
    let again = |human: &crate::browser::Human| {
        let login = msp.access().login_by_password(
            &human.mail,
            crate::browser::PASSWORD,
            &crate::browser::code(&human.app, &msp),
            crate::browser::visitor(),
            None,
        );
        crate::browser::Caller::browser(&msp, &login.unwrap())
    };
    let (owner, kim) = (again(&owner), again(&kim));
    let late = kim.call("POST", &path, Some(&name)).await;
    assert_eq!(late.status, 202, "a word counts for a day: {}", late.text());
    let closed = owner.call("POST", &path, Some(&name)).await;
    assert_eq!((closed.status, &closed.json()["state"]), (200, &json!("closed")), "{}", closed.text());
    let folder = std::path::PathBuf::from(closed.json()["export"].as_str().unwrap());
    assert!(folder.join("ledger.db").exists() && folder.join("manifest.json").exists());
    let gone = owner.call("GET", &format!("/practices/{}", msp.practice), None).await;
    assert_eq!(gone.status, 404);
    let gone = owner.call("GET", &format!("/agents/{}", agent.id()), None).await;
    assert_eq!(gone.status, 404);
    let trail = owner.call("GET", "/audit", None).await.text();
    assert!(trail.contains("practice.close.ask") && trail.contains("\"practice.close\""), "{trail}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_reaches_its_agent_only_as_operators_signed_it() {
    use enamel_wire::message::{Mail, SignedText};
    use enamel_wire::signed::{self, Kind, RootDocument, SecretKey};
    let msp = Msp::new().await;
    let owner = msp.owner();
    let mut agent = msp.agent().await;
    let [ada, ben, eve] =
        ["Ada", "Ben", "Eve"].map(|name| SecretKey::generate(name, &mut crate::world::fill).unwrap());
    let order = json!({ "agent": agent.id(), "reason": "to look", "order": { "verb": "snapshot" } });
    let prepared = owner.caller.call("POST", "/commands/prepare", Some(&order)).await;
    assert_eq!(prepared.status, 200, "{}", prepared.text());
    let by = |key: &SecretKey, kind, text: &Value| {
        let mut signed: SignedText = serde_json::from_value(text.clone()).unwrap();
        key.sign(kind, &mut signed).unwrap();
        json!(signed)
    };
    let command = by(&ada, Kind::Command, &prepared.json());
    let early = owner.caller.call("POST", "/commands", Some(&command)).await;
    assert_eq!(early.status, 409, "no trust root yet: {}", early.text());

    let keys = [&ada, &ben].map(|key| key.operator().clone()).to_vec();
    let root =
        json!(signed::root_text(RootDocument { version: 1, keys, threshold: 2, dangerous: 2 }).unwrap());
    let half = by(&ada, Kind::TrustRoot, &root);
    assert_eq!(
        owner.caller.call("POST", "/trust-root", Some(&half)).await.status,
        422,
        "one signature of two"
    );
    let whole = by(&ben, Kind::TrustRoot, &half);
    assert_eq!(owner.caller.call("POST", "/trust-root", Some(&whole)).await.status, 201);
    assert_eq!(owner.caller.call("POST", "/trust-root", Some(&whole)).await.status, 422, "the same again");

    let forged = by(&eve, Kind::Command, &prepared.json());
    for (text, why) in [(&prepared.json(), "nobody"), (&forged, "a stranger")] {
        let refused = owner.caller.call("POST", "/commands", Some(text)).await;
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (422, &json!("signature")),
            "{why}: {}",
            refused.text()
        );
    }
    let relayed = owner.caller.call("POST", "/commands", Some(&command)).await;
    assert_eq!(relayed.status, 201, "{}", relayed.text());
    assert_eq!(owner.caller.call("POST", "/commands", Some(&command)).await.status, 422, "played again");
    let mail: Mail = agent.poll(0).await.json();
    assert_eq!(json!(mail.commands), json!([command]), "word for word");
    let veto = json!({ "reason": "no" });
    let safe = format!("/commands/{}/veto", relayed.json()["id"].as_str().unwrap());
    assert_eq!(
        owner.caller.call("POST", &safe, Some(&veto)).await.status,
        409,
        "nothing safe waits for the practice"
    );
}
