//! People and programs of one MSP: browsers with cookies, keys, and a phone with an app.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::body::Body;
use axum::http::HeaderMap;
use enamel_server::access::login::{NewSession, Visitor};
use enamel_server::access::{Access, csrf};
use enamel_types::{Clock as _, Grant, Reach, Role, UserId};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::world::Msp;

/// A password that nobody else has.
pub(crate) const PASSWORD: &str = "molar tram seven lantern";

/// What was answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{} {}", self.status, self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// One request to where people come in; nothing is added but what HTTP takes.
pub(crate) async fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> Reply {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut line, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut request = hyper::Request::builder().method(method).uri(path).header("content-length", body.len());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = line.send_request(request.body(Body::from(body)).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(Body::new(body), 16 << 20).await.unwrap().to_vec();
    Reply { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// A caller of the API: a person's browser, or a program with a key.
#[derive(Clone)]
pub(crate) struct Caller {
    address: SocketAddr,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Caller {
    pub(crate) fn browser(msp: &Msp, session: &NewSession) -> Self {
        let cookie = format!("__Host-enamel={}", *session.secret.text());
        let headers = vec![("cookie", cookie), ("x-csrf-token", csrf::token(&session.secret))];
        Self { address: msp.server.people, headers }
    }

    pub(crate) fn program(msp: &Msp, key: &str) -> Self {
        Self { address: msp.server.people, headers: vec![("authorization", format!("Bearer {key}"))] }
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        self.call_with(method, path, body, &[]).await
    }

    pub(crate) async fn call_with(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        more: &[(&str, &str)],
    ) -> Reply {
        let host = self.address.to_string();
        let mut headers: Vec<(&str, &str)> = vec![("host", &host)];
        headers.extend(self.headers.iter().map(|(name, value)| (*name, value.as_str())));
        headers.extend(more);
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let body = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
        send(self.address, method, &format!("/api/v1{path}"), &headers, body).await
    }
}

/// A person with a password and an app.
pub(crate) struct Human {
    pub(crate) id: UserId,
    pub(crate) mail: String,
    pub(crate) app: Vec<u8>,
    pub(crate) recovery_codes: Vec<String>,
    pub(crate) session: NewSession,
    pub(crate) caller: Caller,
}

pub(crate) fn visitor() -> Visitor<'static> {
    Visitor { address: IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9)), browser: "Test" }
}

/// What an app shows.
pub(crate) fn code(secret: &[u8], msp: &Msp) -> String {
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    totp.generate(u64::try_from(msp.clock.now().as_second()).unwrap()).to_string()
}

impl Msp {
    pub(crate) fn access(&self) -> &Access {
        &self.server.access
    }

    /// Takes a link as a person with a password would.
    pub(crate) fn join(&self, link: &str, mail: &str) -> Human {
        let token = link.rsplit('/').next().unwrap();
        let asked = self.access().join_ask_app(token, mail, "Dana Whitfield", visitor()).unwrap();
        let app = totp_rs::Secret::try_from_base32(&*asked.options.typed).unwrap();
        let app: Vec<u8> = AsRef::<[u8]>::as_ref(&app).to_vec();
        let shown = code(&app, self);
        let joined = self.access().join_by_password(&asked.ceremony, PASSWORD, &shown, visitor()).unwrap();
        Human {
            id: joined.session.person,
            mail: mail.to_owned(),
            app,
            recovery_codes: joined.recovery_codes.iter().map(|code| code.to_string()).collect(),
            caller: Caller::browser(self, &joined.session),
            session: joined.session,
        }
    }

    /// The first owner, by the setup link.
    pub(crate) fn owner(&self) -> Human {
        let link = self.access().setup_link().unwrap().unwrap();
        self.join(&link, "owner@msp.example")
    }

    /// Somebody whom the owner invites.
    pub(crate) async fn human(&self, owner: &Human, mail: &str, grant: &Grant) -> Human {
        let invited = json!({ "mail": mail, "name": "Kim", "grant": shown(grant) });
        let reply = owner.caller.call("POST", "/people", Some(&invited)).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        self.join(reply.json()["link"].as_str().unwrap(), mail)
    }

    /// A program whose key the owner makes.
    pub(crate) async fn program(&self, owner: &Human, grant: &Grant) -> Caller {
        let key = json!({ "name": "a program", "grant": shown(grant) });
        let reply = owner.caller.call("POST", "/api-keys", Some(&key)).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        Caller::program(self, reply.json()["key"].as_str().unwrap())
    }

    /// A grant that lasts a week, as an auditor's and a key's must.
    pub(crate) fn grant(&self, role: Role, reach: Reach) -> Grant {
        Grant { role, reach, until: Some(self.clock.now() + jiff::SignedDuration::from_hours(24 * 7)) }
    }
}

/// A grant as the API writes it.
pub(crate) fn shown(grant: &Grant) -> Value {
    let mut shown = json!({ "role": grant.role, "until": grant.until });
    match grant.reach {
        Reach::Msp => {}
        Reach::Group(group) => shown["group"] = json!(group),
        Reach::Practice(practice) => shown["practice"] = json!(practice),
    }
    shown
}
