//! Deliveries over real sockets: to servers that refuse, redirect, never end, or lead inside.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use enamel_server::World;
use enamel_server::alerts::Courier;
use enamel_server::alerts::mail::{MAIL_SETTING, MailServer, Protection};
use enamel_server::alerts::webhook::Secrets;
use enamel_store::alerts::{self, Alert};
use enamel_store::routes::{self, Delivery, DeliveryState, Route, RouteKind};
use enamel_store::tree::{self, Practice};
use enamel_store::{Config, Scope, Store, StoreError, audit, settings};
use enamel_testkit::{SetClock, TemporaryPostgres};
use enamel_types::{AlertId, Clock as _, PracticeId, Severity};
use serde_json::{Value, json};

use super::receivers::{post, status, web};
use crate::world::{fill, uuid};

struct Msp {
    store: Store,
    clock: Arc<SetClock>,
    practice: PracticeId,
    folder: tempfile::TempDir,
}

impl Msp {
    fn new() -> Self {
        Self::with(None)
    }

    fn with(database: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SetClock::at("2026-11-24T15:00:00Z"));
        let config = Config { data: folder.path().to_owned(), database };
        let store = Store::open(&config, clock.now(), &mut fill).unwrap();
        let practice = PracticeId::from_uuid(uuid());
        let kept = Practice {
            id: practice,
            group: None,
            name: "Maple\r\nBcc: x@evil.example".to_owned(),
            profile: enamel_types::PracticeProfile::default(),
            made_at: clock.now(),
        };
        store.write::<_, StoreError>(&Scope::Msp, |tx| tree::add_practice(tx, &kept, &mut fill)).unwrap();
        Self { store, clock, practice, folder }
    }

    fn courier(&self) -> Courier {
        Courier::new(self.store.clone(), World { clock: self.clock.clone(), fill })
    }

    fn route(&self, kind: RouteKind, target: &str, allow_private: bool) -> uuid::Uuid {
        let rule = json!({ "reach": { "over": "msp" }, "zone": "UTC", "allow_private": allow_private });
        let secrets = json!({ "now": "new secret", "before": "old secret" });
        let route = Route {
            id: uuid(),
            name: "The desk".to_owned(),
            kind,
            target: target.to_owned(),
            rule: rule.to_string(),
            secret: Some(secrets.to_string().into_bytes()),
        };
        self.store
            .write(&Scope::Msp, |tx| routes::put(tx, &route))
            .map_err(|error: StoreError| error)
            .unwrap();
        route.id
    }

    fn raise(&self) -> AlertId {
        let alert = self.alert();
        self.store
            .write::<_, StoreError>(&Scope::Msp, |tx| alerts::raise(tx, &alert, alert.opened_at))
            .unwrap();
        alert.id
    }

    fn alert(&self) -> Alert {
        let now = self.clock.now();
        let detail = json!({ "reason": "silent", "agent": uuid(), "computer": "XRAY\r\nX-Evil: 1" });
        Alert::opened(
            AlertId::from_uuid(uuid()),
            self.practice,
            "silent:1",
            Severity::High,
            "agent",
            detail.to_string(),
            now,
        )
    }

    fn deliveries(&self, alert: AlertId) -> Vec<Delivery> {
        self.store.read::<_, StoreError>(&Scope::Msp, |tx| routes::of_alert(tx, alert)).unwrap()
    }

    fn wait(&self, minutes: i64) {
        self.clock.advance(jiff::SignedDuration::from_mins(minutes));
    }
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}/hook?token=abc")
}

#[test]
fn a_webhook_is_signed_tried_again_with_the_same_key_and_told_of_the_end() {
    let desk = web(|before, stream| status(stream, if before == 0 { "500 Oh" } else { "204 No Content" }));
    let msp = Msp::new();
    msp.route(RouteKind::Webhook, &url(desk.port), true);
    let alert = msp.raise();
    let courier = msp.courier();
    courier.round().unwrap();
    let [failed] = &msp.deliveries(alert)[..] else { panic!() };
    assert_eq!((failed.state, failed.last_error.as_str()), (DeliveryState::Open, "it answered 500"));
    courier.round().unwrap();
    assert_eq!(desk.got().len(), 1, "not before its time");
    msp.wait(1);
    courier.round().unwrap();
    courier.round().unwrap();
    let got = desk.got();
    assert_eq!(got.len(), 2);
    assert_eq!(got[0].header("idempotency-key"), got[1].header("idempotency-key"));
    let attempts =
        msp.store.read::<_, StoreError>(&Scope::Msp, |tx| routes::attempts(tx, failed.id)).unwrap();
    let attempts: Vec<_> = attempts.iter().map(|attempt| attempt.outcome.as_str()).collect();
    assert_eq!(attempts, ["it answered 500", "delivered"]);
    let body: Value = serde_json::from_str(&got[1].body).unwrap();
    assert_eq!((&body["version"], &body["event"]), (&json!(1), &json!("opened")));
    assert_eq!(body["alert"]["title"], "XRAY  X-Evil: 1 has gone silent");
    for secret in ["new secret", "old secret"] {
        assert!(is_signed(got[1].header("enamel-signature"), secret, &got[1].body));
    }
    assert!(!is_signed(got[1].header("enamel-signature"), "other secret", &got[1].body));
    msp.store
        .write::<_, StoreError>(&Scope::Msp, |tx| alerts::close(tx, alert, "ann", false, msp.clock.now()))
        .unwrap();
    courier.round().unwrap();
    courier.round().unwrap();
    let got = desk.got();
    assert_eq!(got.len(), 3);
    assert_eq!(serde_json::from_str::<Value>(&got[2].body).unwrap()["event"], "over");
}

/// As `docs/alerts.md` tells a receiver to do it.
fn is_signed(header: &str, secret: &str, body: &str) -> bool {
    let script = "import hmac,sys\nh,s,b=sys.argv[1:]\np=[x.split('=',1) for x in h.split(',')]\n\
                  t=dict(p)['t']\nm=hmac.new(s.encode(),(t+'.'+b).encode(),'sha256').hexdigest()\n\
                  sys.exit(0 if any(k=='v1' and hmac.compare_digest(v,m) for k,v in p) else 1)";
    std::process::Command::new("python3")
        .args(["-c", script, header, secret, body])
        .status()
        .unwrap()
        .success()
}

#[test]
fn what_never_arrives_ends_with_an_alert_of_its_own_and_a_line_in_the_audit() {
    let msp = Msp::new();
    let route = msp.route(RouteKind::Webhook, "http://127.0.0.1:1/", true);
    let alert = msp.raise();
    for _ in 0..30 {
        msp.courier().round().unwrap();
        msp.wait(61);
    }
    let [given_up] = &msp.deliveries(alert)[..] else { panic!() };
    assert_eq!((given_up.state, given_up.attempts), (DeliveryState::GivenUp, 15));
    let open =
        msp.store.read::<_, StoreError>(&Scope::Msp, |tx| alerts::list(tx, None, true, None, 10)).unwrap();
    let own: Vec<_> = open.items.iter().filter(|alert| alert.category == "delivery").collect();
    assert_eq!(own.len(), 1);
    assert_eq!(own[0].same_key, format!("undelivered:{route}"));
    assert_eq!(msp.deliveries(own[0].id), [], "not along the route that fails");
    let trail = msp.store.read::<_, StoreError>(&Scope::Msp, |tx| audit::list(tx, None, None, 10)).unwrap();
    let deeds: Vec<_> = trail.items.iter().map(|entry| entry.deed.action.as_str()).collect();
    assert_eq!(deeds, ["alert.given_up", "alert.not_delivered"]);
}

/// Where the server that is killed finds its data.
const FOLDER: &str = "ENAMEL_TEST_ALERTS_FOLDER";

#[test]
fn a_server_killed_between_attempt_and_record_makes_it_again_with_the_same_key() {
    let (arrived, arrival) = std::sync::mpsc::channel();
    let desk = web(move |before, stream| match before {
        // No answer: the sender is killed while it waits.
        0 => {
            arrived.send(()).unwrap();
            let _ = stream.read(&mut [0]);
        }
        _ => status(stream, "200 OK"),
    });
    let msp = Msp::new();
    msp.route(RouteKind::Webhook, &url(desk.port), true);
    let alert = msp.raise();
    let Msp { store, clock, practice, folder } = msp;
    drop(store);
    let mut server = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "alerts::delivery::the_server_that_is_killed", "--ignored"])
        .env(FOLDER, folder.path())
        .spawn()
        .unwrap();
    arrival.recv_timeout(std::time::Duration::from_mins(1)).unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    let config = Config { data: folder.path().to_owned(), database: None };
    let store = Store::open(&config, clock.now(), &mut fill).unwrap();
    let msp = Msp { store, clock, practice, folder };
    let [taken] = &msp.deliveries(alert)[..] else { panic!() };
    assert_eq!((taken.state, taken.attempts), (DeliveryState::Open, 1));
    msp.courier().round().unwrap();
    assert_eq!(desk.got().len(), 1, "somebody may have it still");
    msp.wait(5);
    msp.courier().round().unwrap();
    let got = desk.got();
    assert_eq!(got.len(), 2);
    assert_eq!(got[0].header("idempotency-key"), got[1].header("idempotency-key"));
    assert_eq!(got[0].body, got[1].body);
    let done = msp.deliveries(alert).remove(0);
    assert_eq!((done.state, done.attempts), (DeliveryState::Done, 2));
}

#[test]
#[ignore = "the other half of the test above, which starts it as a process of its own"]
fn the_server_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let clock = Arc::new(SetClock::at("2026-11-24T15:00:00Z"));
    let config = Config { data: folder.into(), database: None };
    let store = Store::open(&config, clock.now(), &mut fill).unwrap();
    Courier::new(store, World { clock, fill }).round().unwrap();
}

#[test]
fn a_receiver_that_redirects_never_ends_or_is_inside_gets_no_further() {
    let msp = Msp::new();
    let inside = web(|_, stream| status(stream, "200 OK"));
    let target = url(inside.port);
    let redirect = web(move |_, stream| status(stream, &format!("307 Go\r\nLocation: {target}")));
    let endless_head = web(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(&[b'x'; 1024]).is_ok() {}
    });
    let endless_body = web(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n");
        while stream.write_all(&[b'x'; 1024]).is_ok() {}
    });
    let test = |target: &str, allow_private: bool| {
        let route = msp.route(RouteKind::Webhook, target, allow_private);
        msp.courier().send_test(route).map_err(|error| format!("{:?}", chain(&error)))
    };
    assert_eq!(test(&url(inside.port), true), Ok(()));
    assert_eq!(test(&url(endless_body.port), true), Ok(()), "its status says that it has it");
    let silent = web(|_, stream| drop(stream.read(&mut [0])));
    let refused = [
        (url(silent.port), true, "no answer within 10 s"),
        (url(redirect.port), true, "redirects are not followed"),
        (url(endless_head.port), true, "it did not answer as a web server does"),
        (url(inside.port), false, "an Owner has to allow"),
        (format!("http://localhost:{}/", inside.port), false, "an Owner has to allow"),
        (format!("http://[::ffff:127.0.0.1]:{}/", inside.port), false, "an Owner has to allow"),
        ("http://169.254.169.254/latest/meta-data".to_owned(), true, "no receiver has"),
        ("https://169.254.169.254/".to_owned(), false, "no receiver has"),
        ("https://[::ffff:169.254.169.254]/".to_owned(), true, "no receiver has"),
        ("https://[fd00:ec2::254]/".to_owned(), true, "no receiver has"),
        ("https://10.0.0.1/".to_owned(), false, "an Owner has to allow"),
        ("http://10.0.0.1/".to_owned(), true, "does not begin with https"),
        ("ftp://example.com/".to_owned(), true, "does not begin with https"),
        ("https://user:pw@example.com/".to_owned(), true, "holds a password"),
    ];
    for (target, allow_private, why) in refused {
        let error = test(&target, allow_private).expect_err(&target);
        assert!(error.contains(why), "{target}: {error}");
    }
    assert_eq!(inside.got().len(), 1);
}

fn chain(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect()
}

#[test]
fn a_mail_says_it_in_plain_words_and_nobody_writes_its_headers() {
    let server = post(1);
    let msp = Msp::new();
    let mail = MailServer {
        host: "127.0.0.1".to_owned(),
        port: server.port,
        protection: Protection::Plain,
        user: None,
        password: None,
        from: "Enamel <alerts@msp.example>".to_owned(),
    };
    msp.store
        .write::<_, StoreError>(&Scope::Msp, |tx| settings::set_secret(tx, MAIL_SETTING, &mail))
        .unwrap();
    msp.route(RouteKind::Mail, "help@msp.example", false);
    let alert = msp.raise();
    msp.courier().round().unwrap();
    assert_eq!(msp.deliveries(alert)[0].last_error, "the mail server answered 450", "and nobody's name");
    msp.wait(1);
    msp.courier().round().unwrap();
    let [got] = &server.got()[..] else { panic!("{:?}", msp.deliveries(alert)) };
    let (head, body) = got.split_once("\r\n\r\n").unwrap();
    for line in
        ["Auto-Submitted: auto-generated", "To: help@msp.example", "Date: Tue, 24 Nov 2026 15:01:00 +0000"]
    {
        assert!(head.lines().any(|found| found == line), "{line} in {head}");
    }
    assert!(head.contains("List-Id: ") && head.contains("Message-ID: <"), "{head}");
    assert!(!head.lines().any(|line| line.starts_with("Bcc") || line.starts_with("X-Evil")), "{head}");
    assert!(body.contains("has gone silent"), "{body}");
    let evil = msp.route(RouteKind::Mail, "a@b.example\r\nBcc: x@evil.example", false);
    assert!(msp.courier().send_test(evil).is_err());
    let refuse = |mail: MailServer| {
        msp.store
            .write::<_, StoreError>(&Scope::Msp, |tx| settings::set_secret(tx, MAIL_SETTING, &mail))
            .unwrap();
        let route = msp.route(RouteKind::Mail, "help@msp.example", false);
        let error = msp.courier().send_test(route).expect_err("it was sent");
        chain(&error).pop().unwrap()
    };
    // A server that does not offer STARTTLS, or somebody on the way who takes the offer out.
    let (user, password) = (Some("alerts".to_owned()), Some("hunter2".to_owned()));
    let stripped = MailServer { protection: Protection::StartTls, user, password, ..mail.clone() };
    assert!(!format!("{stripped:?}").contains("hunter2"));
    assert_eq!(refuse(stripped), "the mail server could not be reached");
    let elsewhere = MailServer { host: "192.0.2.1".to_owned(), ..mail };
    assert_eq!(refuse(elsewhere), "mail in the clear is sent to this computer only");
    assert_eq!(server.got().len(), 1);
}

#[test]
fn a_secret_is_replaced_without_a_gap() {
    let msp = Msp::new();
    let world = World { clock: msp.clock.clone(), fill };
    let first = Secrets::new(&world);
    let both = first.clone().replaced(&world);
    assert!(both.now != first.now && both.before.as_ref() == Some(&first.now));
    let settled = both.clone().settled();
    assert!(settled.now == both.now && settled.before.is_none());
    assert_eq!(first.now.len(), 43);
}

#[tokio::test]
async fn a_server_that_runs_delivers_by_itself() {
    let (arrived, mut arrival) = tokio::sync::mpsc::unbounded_channel();
    let desk = web(move |_, stream| {
        status(stream, "200 OK");
        arrived.send(()).unwrap();
    });
    let running = crate::world::Msp::new().await;
    let msp = Msp {
        store: running.store().clone(),
        clock: running.clock.clone(),
        practice: running.practice,
        folder: tempfile::tempdir().unwrap(),
    };
    msp.route(RouteKind::Webhook, &url(desk.port), true);
    let alert = Alert { category: "ransomware".to_owned(), ..msp.alert() };
    msp.store.write::<_, StoreError>(&Scope::Msp, |tx| alerts::raise(tx, &alert, alert.opened_at)).unwrap();
    tokio::time::timeout(std::time::Duration::from_mins(1), arrival.recv()).await.unwrap().unwrap();
    running.server.stop().await;
    let [delivery] = &msp.deliveries(alert.id)[..] else { panic!() };
    assert_eq!(delivery.state, DeliveryState::Done, "a stop writes down what was under way");
}

#[test]
fn two_servers_with_one_database_deliver_each_alert_once() {
    let Some(server) = TemporaryPostgres::start() else { return };
    let desk = web(|_, stream| status(stream, "200 OK"));
    let msp = Msp::with(Some(server.address()));
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(msp.folder.path().join("master.key"), folder.path().join("master.key")).unwrap();
    let config = Config { data: folder.path().to_owned(), database: Some(server.address()) };
    let other = Store::open(&config, msp.clock.now(), &mut fill).unwrap();
    let other = Courier::new(other, World { clock: msp.clock.clone(), fill });
    for _ in 0..5 {
        msp.route(RouteKind::Webhook, &url(desk.port), true);
    }
    let alert = msp.raise();
    // Both believe to lead.
    let courier = msp.courier();
    std::thread::scope(|threads| {
        for courier in [&courier, &other] {
            threads.spawn(move || (0..3).for_each(|_| drop(courier.round())));
        }
    });
    courier.round().unwrap();
    let mut keys: Vec<_> = desk.got().iter().map(|got| got.header("idempotency-key").to_owned()).collect();
    keys.sort();
    let all = keys.len();
    keys.dedup();
    assert_eq!((all, keys.len()), (5, 5));
    assert!(msp.deliveries(alert).iter().all(|delivery| delivery.state == DeliveryState::Done));
}
