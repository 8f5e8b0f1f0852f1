//! People and programs on PostgreSQL: the same doors, over a database that enforces the scopes itself.

use std::net::SocketAddr;
use std::sync::Arc;

use enamel_server::World;
use enamel_server::access::{csrf, secret::Secret};
use enamel_server::start::{Config, Server};
use enamel_testkit::{SetClock, TemporaryPostgres};
use serde_json::json;

use crate::authenticator::SoftKey;
use crate::browser::{Caller, send};
use crate::world::fill;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_sets_up_the_msp_on_postgresql() {
    let Some(postgres) = tokio::task::spawn_blocking(TemporaryPostgres::start).await.unwrap() else { return };
    let folder = tempfile::tempdir().unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let config = Config {
        data: folder.path().to_owned(),
        database: Some(postgres.address()),
        people: any,
        agents: any,
        content: None,
        public: None,
    };
    let world = World { clock: Arc::new(SetClock::at("2026-11-24T08:00:00Z")), fill };
    let server = Server::start(config, world).await.unwrap();
    let access = server.access.clone();
    let link = tokio::task::spawn_blocking(move || access.setup_link().unwrap().unwrap()).await.unwrap();

    let (host, origin) = (server.people.to_string(), format!("http://localhost:{}", server.people.port()));
    let script = async |path: &str, body: serde_json::Value| {
        let headers = [("host", &*host), ("content-type", "application/json")];
        let reply = send(server.people, "POST", path, &headers, body.to_string().into_bytes()).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply
    };
    let who = json!({ "link": link.rsplit('/').next(), "mail": "dana@msp.example", "name": "Dana" });
    let asked = script("/access/join/ask", who).await.json();
    let (mut key, answer) = SoftKey::register(&asked["options"], &origin, 1);
    script("/access/join/passkey", json!({ "ceremony": asked["ceremony"], "answer": answer })).await;
    let asked = script("/access/login/ask", json!({})).await.json();
    let answer = json!({ "ceremony": asked["ceremony"], "answer": key.answer(&asked["options"]) });
    let reply = script("/access/login/passkey", answer).await;
    let cookie = reply.header("set-cookie").split(';').next().unwrap().to_owned();
    let secret = Secret::parse(cookie.split_once('=').unwrap().1).unwrap();
    let mut owner = Caller::program_at(server.people, "");
    owner.headers = vec![("cookie", cookie), ("x-csrf-token", csrf::token(&secret))];

    let made = owner.call("POST", "/practices", Some(&json!({ "name": "Maple Street Dental" }))).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let practice = made.json()["id"].as_str().unwrap().to_owned();
    let until = "2026-12-24T08:00:00Z";
    let grant = json!({ "role": "read_only", "practice": practice, "until": until });
    let made = owner.call("POST", "/api-keys", Some(&json!({ "name": "a program", "grant": grant }))).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let program = Caller::program_at(server.people, made.json()["key"].as_str().unwrap());
    let other = owner.call("POST", "/practices", Some(&json!({ "name": "Birch Dental" }))).await.json();
    let listed = program.call("GET", "/practices", None).await.text();
    assert!(listed.contains("Maple") && !listed.contains("Birch"), "{listed}");
    let foreign = format!("/practices/{}", other["id"].as_str().unwrap());
    assert_eq!(program.call("GET", &foreign, None).await.status, 404);
    let invited = json!({ "mail": "kim@msp.example", "name": "Kim", "grant": { "role": "analyst" } });
    assert_eq!(owner.call("POST", "/people", Some(&invited)).await.status, 201);
    for path in [
        "/people",
        "/invitations",
        "/api-keys",
        "/today",
        "/alerts",
        "/commands",
        "/findings",
        "/audit",
        "/trust-root",
    ] {
        let reply = owner.call("GET", path, None).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    }
    let token = owner.call("POST", &format!("/practices/{practice}/tokens"), Some(&json!({}))).await;
    assert_eq!(token.status, 201, "{}", token.text());
    let whole = owner.call("GET", "/audit/verify", None).await.json();
    assert_eq!(whole["first_bad"], json!(null));
    server.stop().await;
}
