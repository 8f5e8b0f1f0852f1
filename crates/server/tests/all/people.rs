//! Logging on and what strangers, thieves and other sites try.

use std::net::{IpAddr, Ipv4Addr};

use enamel_server::access::limits::Who as Tries;
use enamel_server::access::login::Visitor;
use enamel_server::access::passkey::PasskeyError;
use enamel_server::access::{AccessError, SignedIn, csrf, session};
use enamel_types::{Clock as _, Reach, Role};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::authenticator::SoftKey;
use crate::browser::{Caller, Human, PASSWORD, Reply, code, send, visitor};
use crate::world::Msp;

/// The server that people reach, as a browser names it.
fn origin(msp: &Msp) -> String {
    format!("http://localhost:{}", msp.server.people.port())
}

/// A script of our own page.
async fn script(msp: &Msp, path: &str, body: &Value, more: &[(&str, &str)]) -> Reply {
    let (origin, host) = (origin(msp), format!("localhost:{}", msp.server.people.port()));
    let mut headers = vec![("host", &*host), ("origin", &*origin), ("sec-fetch-site", "same-origin")];
    headers.push(("content-type", "application/json"));
    headers.extend(more);
    send(msp.server.people, "POST", path, &headers, body.to_string().into_bytes()).await
}

fn signed_in(msp: &Msp, human: &Human) -> Option<SignedIn> {
    msp.access().session(human.session.secret.clone()).unwrap()
}

/// The next step of every app.
fn later(msp: &Msp, seconds: i64) {
    msp.clock.set(msp.clock.now() + SignedDuration::from_secs(seconds));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_setup_link_makes_one_owner_with_a_passkey_who_logs_on_again() {
    let msp = Msp::new().await;
    let link = msp.access().setup_link().unwrap().unwrap();
    assert!(link.starts_with(&format!("{}/join/", origin(&msp))), "{link}");
    let newer = msp.access().setup_link().unwrap().unwrap();
    let who =
        |link: &str| json!({ "link": link.rsplit('/').next(), "mail": "dana@msp.example", "name": "Dana" });
    let old = script(&msp, "/access/join/ask", &who(&link), &[]).await;
    assert_eq!(old.status, 404, "a newer link ends the older: {}", old.text());

    let asked = script(&msp, "/access/join/ask", &who(&newer), &[]).await.json();
    let (mut key, answer) = SoftKey::register(&asked["options"], &origin(&msp), 1);
    let answered = json!({ "ceremony": asked["ceremony"], "answer": answer });
    let joined = script(&msp, "/access/join/passkey", &answered, &[]).await;
    assert_eq!(joined.status, 200, "{}", joined.text());
    assert_eq!(joined.json()["recovery_codes"].as_array().unwrap().len(), 10);
    assert_eq!(script(&msp, "/access/join/passkey", &answered, &[]).await.status, 401, "an answer twice");
    assert_eq!(script(&msp, "/access/join/ask", &who(&newer), &[]).await.status, 404, "a link twice");
    assert_eq!(msp.access().setup_link().unwrap(), None, "there is an owner");

    let asked = script(&msp, "/access/login/ask", &json!({}), &[]).await.json();
    let answered = json!({ "ceremony": asked["ceremony"], "answer": key.answer(&asked["options"]) });
    let planted = ("cookie", "__Host-enamel=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let reply = script(&msp, "/access/login/passkey", &answered, &[planted]).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let cookie = reply.header("set-cookie");
    assert!(!cookie.contains("AAAAAAAAAAAA"), "a planted session was taken over");
    for flag in ["__Host-enamel=", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict"] {
        assert!(cookie.contains(flag), "{flag}: {cookie}");
    }
    let again = script(&msp, "/access/login/passkey", &answered, &[]).await;
    assert_eq!((again.status, again.header("set-cookie")), (401, ""), "an answer twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_count_once() {
    let msp = Msp::new().await;
    let owner = msp.owner();
    let login = |code: &str| msp.access().login_by_password(&owner.mail, PASSWORD, code, visitor(), None);
    let shown = code(&owner.app, &msp);
    assert!(matches!(login(&shown), Err(AccessError::Wrong)), "the code that set the app up");
    later(&msp, 30);
    let shown = code(&owner.app, &msp);
    assert!(login(&shown).is_ok());
    assert!(matches!(login(&shown), Err(AccessError::Wrong)), "a code twice");
    let recovery = owner.recovery_codes[3].to_lowercase();
    assert!(login(&recovery).is_ok());
    assert!(matches!(login(&recovery), Err(AccessError::Wrong)), "a recovery code twice");
    assert!(matches!(login(""), Err(AccessError::Wrong)), "no code at all");

    let fresh = signed_in(&msp, &owner).unwrap();
    let renewed = msp.access().new_recovery_codes(&fresh).unwrap();
    assert!(
        matches!(login(&owner.recovery_codes[4]), Err(AccessError::Wrong)),
        "an old one after new ones were made"
    );
    assert!(login(&renewed[0]).is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_learns_nothing_and_gets_slower() {
    let msp = Msp::new().await;
    let owner = msp.owner();
    later(&msp, 30);
    let from = |last| Visitor { address: IpAddr::V4(Ipv4Addr::new(198, 51, 100, last)), browser: "" };
    let shown = code(&owner.app, &msp);
    let said = |mail: &str, password: &str, code: &str, last| {
        msp.access().login_by_password(mail, password, code, from(last), None).unwrap_err().to_string()
    };
    let answers = [
        said("nobody@msp.example", PASSWORD, &shown, 1),
        said(&owner.mail, "another long password", &shown, 2),
        said(&owner.mail, PASSWORD, "000000", 3),
        said("", "", "", 4),
    ];
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");

    // By account: from ever new addresses, the owner's name gets slower, and so does one that nobody has.
    for mail in [&*owner.mail, "nobody@msp.example"] {
        let mut taken = 0;
        for last in 10..60 {
            match msp.access().login_by_password(mail, "x", "000000", from(last), None) {
                Err(AccessError::Wrong) => taken += 1,
                Err(AccessError::Wait(left)) => assert!(left <= SignedDuration::from_secs(60)),
                other => panic!("{other:?}"),
            }
        }
        assert!(taken <= 5, "{taken} guesses at once at {mail}");
    }
    // The owner waits a minute at most, and is in.
    later(&msp, 60);
    let shown = code(&owner.app, &msp);
    assert!(msp.access().login_by_password(&owner.mail, PASSWORD, &shown, from(99), None).is_ok());
    // By address: many names from one.
    for n in 0..30 {
        let _ = msp.access().login_by_password(&format!("{n}@msp.example"), "x", "0", from(200), None);
    }
    let refused = msp.access().login_by_password("new@msp.example", "x", "0", from(200), None);
    assert!(matches!(refused, Err(AccessError::Wait(_))), "{refused:?}");
    assert_eq!(Tries::account(" X@y "), Tries::account("x@Y"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_idle_and_in_any_case_and_a_fresh_login_changes_its_secret() {
    let msp = Msp::new().await;
    let owner = msp.owner();
    for _ in 0..3 {
        later(&msp, 29 * 60);
        assert!(signed_in(&msp, &owner).is_some(), "in use");
    }
    let stale = signed_in(&msp, &owner).unwrap();
    assert!(!stale.caller.fresh);
    assert!(matches!(msp.access().new_recovery_codes(&stale), Err(AccessError::LoginAgain)));
    let refused = owner
        .caller
        .call("POST", "/api-keys", Some(&json!({ "name": "x", "grant": { "role": "analyst" } })))
        .await;
    assert_eq!((refused.status, &refused.json()["code"]), (401, &json!("login_again")));

    let shown = code(&owner.app, &msp);
    let again =
        msp.access().login_by_password(&owner.mail, PASSWORD, &shown, visitor(), Some(&stale)).unwrap();
    assert!(signed_in(&msp, &owner).is_none(), "the old secret");
    let proved = msp.access().session(again.secret.clone()).unwrap().unwrap();
    assert!(proved.caller.fresh && msp.access().new_recovery_codes(&proved).is_ok());
    assert_eq!(proved.times.began_at, stale.times.began_at, "a fresh login makes no session last longer");
    assert_ne!(proved.csrf(), stale.csrf());

    // Another person's proof does not prove this session.
    let grant = msp.grant(Role::Analyst, Reach::Msp);
    let owner = Human { caller: Caller::browser(&msp, &again), session: again, ..owner };
    let kim = msp.human(&owner, "kim@msp.example", &grant).await;
    later(&msp, 30);
    let shown = code(&kim.app, &msp);
    let stolen = msp.access().login_by_password(&kim.mail, PASSWORD, &shown, visitor(), Some(&proved));
    assert!(matches!(stolen, Err(AccessError::Wrong)), "{stolen:?}");

    later(&msp, 30 * 60);
    assert!(signed_in(&msp, &owner).is_none(), "idle");
    let mut last = msp
        .access()
        .login_by_password(&owner.mail, PASSWORD, &code(&owner.app, &msp), visitor(), None)
        .unwrap();
    for _ in 0..25 {
        later(&msp, 29 * 60);
        if let Some(held) = msp.access().session(last.secret.clone()).unwrap() {
            // Proved again and again, it still ends.
            let shown = code(&owner.app, &msp);
            last = msp
                .access()
                .login_by_password(&owner.mail, PASSWORD, &shown, visitor(), Some(&held))
                .unwrap();
        }
    }
    assert!(msp.access().session(last.secret).unwrap().is_none(), "after twelve hours");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logging_off_and_ending_other_sessions_ends_them() {
    let msp = Msp::new().await;
    let owner = msp.owner();
    later(&msp, 30);
    let other = msp
        .access()
        .login_by_password(&owner.mail, PASSWORD, &code(&owner.app, &msp), visitor(), None)
        .unwrap();
    let first = signed_in(&msp, &owner).unwrap();
    assert_eq!(msp.access().sessions(&first).unwrap().len(), 2);
    msp.access().end_other_sessions(&first).unwrap();
    assert!(msp.access().session(other.secret).unwrap().is_none());
    msp.access().log_off(&first).unwrap();
    assert!(signed_in(&msp, &owner).is_none());
    assert_eq!(owner.caller.call("GET", "/me", None).await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_needs_this_sessions_token_and_our_own_page() {
    let msp = Msp::new().await;
    let owner = msp.owner();
    let grant = msp.grant(Role::Engineer, Reach::Msp);
    let kim = msp.human(&owner, "kim@msp.example", &grant).await;
    let body = json!({ "name": "North" });
    let with = |token: Option<String>| {
        let mut caller = owner.caller.clone();
        caller.headers.retain(|(name, _)| *name != csrf::HEADER);
        caller.headers.extend(token.map(|token| (csrf::HEADER, token)));
        caller
    };
    for (token, why) in [
        (None, "missing"),
        (Some("AAAA".to_owned()), "wrong"),
        (Some(csrf::token(&kim.session.secret)), "another session's"),
        (Some(owner.session.secret.text().to_string()), "the session's own secret"),
    ] {
        let reply = with(token).call("POST", "/groups", Some(&body)).await;
        assert_eq!((reply.status, &reply.json()["code"]), (403, &json!("forgery")), "{why}");
    }
    for foreign in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ] {
        let reply = owner.caller.call_with("POST", "/groups", Some(&body), foreign).await;
        assert_eq!(reply.status, 403, "{foreign:?}");
    }
    let listed = owner.caller.call("GET", "/groups", None).await;
    assert_eq!(listed.json()["items"], json!([]), "nothing of it was done");
    let ours = origin(&msp);
    let reply = owner.caller.call_with("POST", "/groups", Some(&body), &[("origin", &ours)]).await;
    assert_eq!(reply.status, 201, "{}", reply.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_answers_to_its_own_names_with_all_its_headers() {
    let msp = Msp::new().await;
    let port = msp.server.people.port();
    for (host, status) in [
        (format!("localhost:{port}"), 401),
        (format!("127.0.0.1:{port}"), 401),
        (format!("evil.example:{port}"), 421),
        ("localhost".to_owned(), 421),
        (String::new(), 421),
    ] {
        let reply = send(msp.server.people, "GET", "/api/v1/me", &[("host", &host)], Vec::new()).await;
        assert_eq!(reply.status, status, "{host:?}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(reply.header(name), value, "{name}");
        }
        let policy = reply.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe") && !policy.contains("data:"), "{policy}");
        assert_eq!(reply.header("strict-transport-security"), "", "there is no TLS here");
        assert!(reply.header("permissions-policy").contains("publickey-credentials-get=(self)"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_left_without_a_way_in_and_the_last_owner_comes_back_by_the_servers_own_computer() {
    let msp = Msp::new().await;
    let owner = msp.owner();
    let fresh = signed_in(&msp, &owner).unwrap();
    let asked = msp.access().ask_new_passkey(&fresh, visitor()).unwrap();
    let options = serde_json::to_value(&asked.options).unwrap();
    let (_, answer) = SoftKey::register(&options, &origin(&msp), 5);
    let answer = serde_json::from_value(answer).unwrap();
    msp.access().add_passkey(&fresh, &asked.ceremony, &answer, "Blue key").unwrap();
    let again = msp.access().add_passkey(&fresh, &asked.ceremony, &answer, "Blue key");
    assert!(matches!(again, Err(AccessError::Passkey(PasskeyError::Gone))), "{again:?}");
    let login = msp.access().own_login(&fresh).unwrap();
    assert!(login.has_password && login.recovery_codes == 10 && login.passkeys[0].label == "Blue key");
    msp.access().remove_passkey(&fresh, login.passkeys[0].id).unwrap();

    let me = format!("/people/{}", owner.id);
    let shut = owner.caller.call("PATCH", &me, Some(&json!({ "disabled": true }))).await;
    assert_eq!(shut.status, 409, "the last owner shuts nobody out but others: {}", shut.text());

    let link = msp.access().reset_owner_link().unwrap();
    let second = msp.join(&link, "second@msp.example");
    let shut = second.caller.call("PATCH", &me, Some(&json!({ "disabled": true }))).await;
    assert_eq!(shut.status, 200, "{}", shut.text());
    assert!(signed_in(&msp, &owner).is_none(), "shut out at once");
    let trail = second.caller.call("GET", "/audit", None).await.text();
    assert!(trail.contains("setup.reset_owner") && trail.contains("person.change"), "{trail}");
    for secret in [
        PASSWORD,
        &*second.session.secret.text(),
        link.rsplit('/').next().unwrap(),
        &second.recovery_codes[0],
    ] {
        assert!(!trail.contains(secret), "a secret in the audit trail");
    }
    let whole = second.caller.call("GET", "/audit/verify", None).await.json();
    assert_eq!(whole["first_bad"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grants_end_by_themselves() {
    let msp = Msp::new().await;
    let owner = msp.owner();
    let auditor = msp
        .human(&owner, "auditor@firm.example", &msp.grant(Role::Auditor, Reach::Practice(msp.practice)))
        .await;
    let page = format!("/practices/{}/controls", msp.practice);
    assert_eq!(auditor.caller.call("GET", &page, None).await.status, 200);
    let endless = json!({ "mail": "a@firm.example", "name": "A", "grant": { "role": "auditor" } });
    let refused = owner.caller.call("POST", "/people", Some(&endless)).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    later(&msp, 7 * 24 * 3600);
    let login =
        msp.access().login_by_password(&auditor.mail, PASSWORD, &code(&auditor.app, &msp), visitor(), None);
    let late = Caller::browser(&msp, &login.unwrap());
    assert_eq!(late.call("GET", &page, None).await.status, 404, "the grant ended at this moment");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_from_mail_leads_on_by_itself() {
    use axum::extract::FromRequestParts as _;
    let msp = Msp::new().await;
    let request = |headers: &[(&str, &str)]| {
        let mut request = axum::http::Request::builder().uri("/practices/1?tab=risk");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    };
    let from_mail =
        [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    let refused = SignedIn::from_request_parts(&mut request(&from_mail), msp.access()).await.unwrap_err();
    let page = axum::response::IntoResponse::into_response(refused);
    let text = axum::body::to_bytes(page.into_body(), 4096).await.unwrap();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(text.contains("content=\"0;url=/practices/1?tab=risk\"") && !text.contains("<script"), "{text}");
    let refused = SignedIn::from_request_parts(&mut request(&[]), msp.access()).await.unwrap_err();
    let page = axum::response::IntoResponse::into_response(refused);
    assert_eq!(page.headers()["location"], "/login?to=/practices/1%3Ftab%3Drisk");
    assert!(session::no_cookie().to_str().unwrap().contains("Max-Age=0"));
}
