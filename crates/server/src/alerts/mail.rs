//! One mail through the MSP's own mail server.
//!
//! TLS or STARTTLS, checked against the roots that this computer trusts; in the clear only to this computer. What is said is plain
//! text in plain words; every header is built by its type, from one line each.

use std::net::ToSocketAddrs as _;
use std::time::{Duration, UNIX_EPOCH};

use enamel_types::Timestamp;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Message, SmtpTransport, Transport as _};
use serde::{Deserialize, Serialize};

use super::NotSent;
use super::sentence::one_line;

/// What the settings are kept as, sealed.
pub const MAIL_SETTING: &str = "mail_server";

/// For one word of the mail server.
const WITHIN: Duration = Duration::from_secs(15);

/// How the way to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// TLS from the first byte; port 465.
    Tls,
    /// TLS after a greeting, or nothing is sent; port 587.
    StartTls,
    /// None: only to this computer.
    Plain,
}

/// The MSP's mail server. Sealed as a whole: `settings::set_secret(tx, MAIL_SETTING, …)`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailServer {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub protection: Protection,
    /// Who we are to it; `None` where it asks nobody.
    pub user: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// Whom alerts come from: `Enamel <alerts@msp.example>`.
    pub from: String,
}

/// The password is not for logs.
impl std::fmt::Debug for MailServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MailServer({}:{}, {:?})", self.host, self.port, self.protection)
    }
}

/// A header of one fixed line.
macro_rules! line {
    ($name:ident, $header:literal, $value:literal) => {
        #[derive(Clone)]
        struct $name;

        impl Header for $name {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($header)
            }

            fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Ok(Self)
            }

            fn display(&self) -> HeaderValue {
                HeaderValue::new(Self::name(), $value.to_owned())
            }
        }
    };
}

// Keeps out-of-office answers away (RFC 3834), and lets people sort (RFC 2919).
line!(AutoSubmitted, "Auto-Submitted", "auto-generated");
line!(ListId, "List-Id", "Enamel alerts <alerts.enamel.invalid>");

/// Puts a mail together.
fn message(
    from: &str,
    to: &str,
    key: &str,
    subject: &str,
    text: &str,
    now: Timestamp,
) -> Result<Message, NotSent> {
    let mailbox = |whose: &str, address: &str| {
        let wrong = || NotSent(format!("the {whose}'s mail address is none"));
        if address.chars().any(char::is_control) {
            Err(wrong())
        } else {
            address.parse::<Mailbox>().map_err(|_| wrong())
        }
    };
    let from = mailbox("sender", from)?;
    // The same for each attempt, so that a mail program can drop a repetition.
    let id = format!("<{}@{}>", blake3::hash(key.as_bytes()).to_hex(), from.email.domain());
    Message::builder()
        .from(from)
        .to(mailbox("receiver", to)?)
        .subject(one_line(subject))
        .date(UNIX_EPOCH + Duration::from_secs(now.as_second().max(0).unsigned_abs()))
        .message_id(Some(id))
        .header(AutoSubmitted)
        .header(ListId)
        .header(ContentType::TEXT_PLAIN)
        .body(text.to_owned())
        .map_err(|_| NotSent("the mail could not be put together".to_owned()))
}

/// Sends a mail once.
pub(super) fn send(
    server: &MailServer,
    to: &str,
    key: &str,
    subject: &str,
    text: &str,
    now: Timestamp,
) -> Result<(), NotSent> {
    let mail = message(&server.from, to, key, subject, text, now)?;
    let way = |made: Result<
        lettre::transport::smtp::SmtpTransportBuilder,
        lettre::transport::smtp::Error,
    >| { made.map_err(|_| NotSent("TLS to the mail server could not be set up".to_owned())) };
    let mut builder = match server.protection {
        Protection::Tls => way(SmtpTransport::relay(&server.host))?,
        Protection::StartTls => way(SmtpTransport::starttls_relay(&server.host))?,
        Protection::Plain => {
            let inside = (server.host.as_str(), server.port)
                .to_socket_addrs()
                .is_ok_and(|mut found| found.all(|address| address.ip().is_loopback()));
            if !inside {
                return Err(NotSent("mail in the clear is sent to this computer only".to_owned()));
            }
            SmtpTransport::builder_dangerous(server.host.as_str())
        }
    };
    builder = builder.port(server.port).timeout(Some(WITHIN));
    if let (Some(user), Some(password)) = (&server.user, &server.password) {
        builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
    }
    builder.build().send(&mail).map(drop).map_err(|error| {
        // The server's own words may name people: its code says enough.
        NotSent(match error.status() {
            Some(code) => format!("the mail server answered {code}"),
            None if error.is_timeout() => "the mail server did not answer in time".to_owned(),
            None if error.is_tls() => "TLS to the mail server failed".to_owned(),
            None => "the mail server could not be reached".to_owned(),
        })
    })
}
