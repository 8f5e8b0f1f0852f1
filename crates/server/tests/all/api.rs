//! The API's habits: its document, repeated requests, limits, refusals; commands and accepted risks from end to end.

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
