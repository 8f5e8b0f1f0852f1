//! The console of a real server, over HTTP: what people see and what their forms do.

use axum::http::StatusCode;
use enamel_types::{Reach, Role};

use crate::browser::{Caller, Reply, send};
use crate::world::Msp;

/// A browser at the console.
struct Console<'a> {
    msp: &'a Msp,
    caller: &'a Caller,
}

impl Console<'_> {
    async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, Vec::new()).await
    }

    /// Sends a form with its token, as the page holds it.
    async fn post(&self, path: &str, fields: &str) -> Reply {
        let token = &self.caller.headers.iter().find(|(name, _)| *name == "x-csrf-token").unwrap().1;
        self.ask("POST", path, format!("csrf={token}&{fields}").into_bytes()).await
    }

    async fn ask(&self, method: &str, path: &str, body: Vec<u8>) -> Reply {
        let host = self.msp.server.people.to_string();
        let cookie = &self.caller.headers.iter().find(|(name, _)| *name == "cookie").unwrap().1;
        let headers = [
            ("host", host.as_str()),
            ("cookie", cookie.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        send(self.msp.server.people, method, path, &headers, body).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_screen_of_a_new_server_is_there_and_says_what_to_do() {
    let msp = Msp::new().await;
    let owner = msp.owner();
    let console = Console { msp: &msp, caller: &owner.caller };
    let practice = msp.practice;
    let agent = msp.agent().await;
    msp.server.reconciler.practice(practice).unwrap();
    let pages = [
        "/",
        "/practices",
        "/devices",
        "/devices?contact=silent",
        "/findings",
        "/findings?state=open&age=week",
        "/alerts",
        "/alerts?state=all",
        "/approvals",
        "/approvals/new",
        "/audit",
        "/reports",
        "/tokens",
        "/settings/practices",
        "/settings/people",
        "/settings/keys",
        "/settings/alerts",
        "/settings/trust",
        "/search?q=maple",
        "/display",
    ];
    for path in pages.map(str::to_owned).into_iter().chain([format!("/practices/{practice}")]) {
        let reply = console.get(&path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        let page = reply.text();
        assert!(!page.contains('⟦'), "{path}: words are missing");
        assert!(page.contains("<main id=\"main\""), "{path}");
        assert!(reply.header("content-security-policy").contains("script-src 'self'"), "{path}");
        assert_eq!(reply.header("cache-control"), "no-store", "{path}");
    }
    let today = console.get("/").await.text();
    assert!(today.contains("Maple Street Dental"), "{today}");
    assert!(console.get("/search?q=maple").await.text().contains(&format!("/practices/{practice}")));
    assert!(console.get("/devices").await.text().contains("In contact"), "{}", agent.id());
    assert!(console.get("/audit").await.text().contains("Chain checked: whole"));
    assert_eq!(console.get("/nothing-here").await.status, 404);
    assert_eq!(console.get(&format!("/practices/{practice}/evidence/none")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_practice_and_its_token_are_made_by_forms_alone() {
    let msp = Msp::new().await;
    let owner = msp.owner();
    let console = Console { msp: &msp, caller: &owner.caller };
    assert_eq!(console.post("/settings/groups", "name=Coastline").await.status, 303);
    let made = console.post("/settings/practices", "name=Harbor+Pediatric").await;
    assert_eq!(made.status, 303, "{}", made.text());
    let to = made.header("location").to_owned();
    assert!(to.starts_with("/tokens?practice=") && to.ends_with("said=practice-added"), "{to}");
    let page = console.get(&to).await.text();
    assert!(page.contains("The practice is added"), "{page}");
    let practice = to.split(['=', '&']).nth(1).unwrap();
    let token = console.post("/tokens", &format!("practice={practice}")).await;
    assert_eq!(token.status, 201);
    let port = msp.server.agents.port();
    let line = format!("enamel agent enrol --server https://localhost:{port} --token enamel1.");
    assert!(token.text().contains(&line), "{}", token.text());
    assert!(!console.get("/tokens").await.text().contains("enamel1."), "a token is shown once");
    // A form without the session's own token does nothing.
    let forged = console.ask("POST", "/settings/practices", b"name=Forged&csrf=none".to_vec()).await;
    assert_eq!(forged.status, 403);
    assert!(!console.get("/practices").await.text().contains("Forged"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_reader_may_not_see_is_not_found() {
    let msp = Msp::new().await;
    let owner = msp.owner();
    let other = msp.add_practice("Somebody else's practice");
    msp.server.reconciler.practice(other).unwrap();
    msp.server.reconciler.practice(msp.practice).unwrap();
    let grant = msp.grant(Role::ReadOnly, Reach::Practice(msp.practice));
    let reader = msp.human(&owner, "reader@msp.example", &grant).await;
    let console = Console { msp: &msp, caller: &reader.caller };
    assert_eq!(console.get(&format!("/practices/{}", msp.practice)).await.status, 200);
    assert_eq!(console.get(&format!("/practices/{other}")).await.status, 404);
    for path in ["/", "/practices", "/devices", "/findings", "/alerts", "/search?q=else", "/reports"] {
        let page = console.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(!page.text().contains("Somebody else"), "{path}");
    }
    for path in [
        "/audit",
        "/tokens",
        "/approvals/new",
        "/settings/people",
        "/settings/keys",
        "/settings/trust",
        "/settings/practices",
    ] {
        assert_eq!(console.get(path).await.status, 404, "{path}");
    }
    for path in ["/settings/practices", "/settings/groups", "/tokens", "/reports/brand"] {
        let fields = format!("name=x&color=%230b5a63&practice={other}");
        let reply = console.post(path, &fields).await;
        assert_eq!(reply.status, 404, "{path}: {}", reply.text());
    }
    let report = console.post("/reports", &format!("practice={other}&kind=monthly")).await;
    assert_eq!(report.status, 404, "another practice's report");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_made_under_the_msps_name() {
    let msp = Msp::new().await;
    let owner = msp.owner();
    let console = Console { msp: &msp, caller: &owner.caller };
    msp.agent().await;
    msp.server.reconciler.practice(msp.practice).unwrap();
    let saved = console.post("/reports/brand", "name=Northside+IT&color=%230b5a63&contact=555-0142").await;
    assert_eq!(saved.header("location"), "/reports?said=brand-saved");
    for kind in ["monthly", "prospect", "risk_analysis"] {
        let report = console.post("/reports", &format!("practice={}&kind={kind}", msp.practice)).await;
        assert_eq!(report.status, StatusCode::OK, "{kind}: {}", report.text());
        assert!(report.text().contains("Maple Street Dental"), "{kind}");
        assert!(
            report
                .header("content-security-policy")
                .starts_with("default-src 'none'; style-src 'unsafe-inline'")
        );
    }
    assert!(console.get("/").await.text().contains("Northside IT"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_a_screen_before_logging_on_and_the_door_works_without_a_script() {
    let msp = Msp::new().await;
    let owner = msp.owner();
    let host = msp.server.people.to_string();
    let plain = |method: &'static str, path: &'static str, body: String| {
        let host = host.clone();
        let address = msp.server.people;
        async move {
            let headers = [
                ("host", host.as_str()),
                ("content-type", "application/x-www-form-urlencoded"),
                ("accept-language", "es-MX"),
            ];
            send(address, method, path, &headers, body.into_bytes()).await
        }
    };
    let away = plain("GET", "/audit", String::new()).await;
    assert_eq!((away.status, away.header("location")), (303, "/login?to=/audit"));
    let door = plain("GET", "/login?to=/audit", String::new()).await;
    assert!(
        door.text().contains("<html lang=\"es\"") && door.text().contains("value=\"/audit\""),
        "{}",
        door.text()
    );
    let wrong =
        plain("POST", "/login/code", format!("mail={}&password=wrong&code=1&next=/audit", owner.mail)).await;
    assert_eq!(wrong.status, 401);
    assert!(!wrong.text().contains("value=\"wrong\""), "a password comes back in no page");
    msp.clock.advance(jiff::SignedDuration::from_mins(2));
    let code = crate::browser::code(&owner.app, &msp);
    let password = crate::browser::PASSWORD.replace(' ', "+");
    let right = plain(
        "POST",
        "/login/code",
        format!("mail={}&password={password}&code={code}&next=/audit", owner.mail),
    )
    .await;
    assert_eq!((right.status, right.header("location")), (303, "/audit"), "{}", right.text());
    assert!(right.header("set-cookie").starts_with("__Host-enamel="));
}
