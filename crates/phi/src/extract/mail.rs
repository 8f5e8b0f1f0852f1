//! Mail messages and mailboxes: headers, bodies, attachments.
//!
//! `mail-parser` takes a message apart (RFC 5322, MIME, RFC 2047, character sets); attachments are read as the files that they
//! are. A message is held in memory, so one of more than 32 MiB is read up to there. Mailboxes are cut as RFC 4155 says.

use std::io::{BufRead, BufReader, Read};

use mail_parser::{Address, MessageParser, MimeHeaders, PartType};

use super::budget::{Budget, Stop};
use super::failure::Failure;
use super::text::Blocks;
use super::{html, read_member};
use crate::sink::Sink;

/// The most of a message that is read.
const MESSAGE: u64 = 32 << 20;

/// Reads one message.
pub(super) fn read_message(
    reader: &mut dyn Read,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    Read::take(&mut *reader, MESSAGE).read_to_end(&mut bytes)?;
    let more = reader.read(&mut [0])? > 0;
    // Apple Mail puts the length on a line of its own before the message.
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let start = if digits > 0 {
        memchr::memchr(b'\n', &bytes[..bytes.len().min(32)]).map_or(0, |at| at + 1)
    } else {
        0
    };
    message(&bytes[start..], name, budget, sink)?;
    if more { Err(Stop::Size.into()) } else { Ok(()) }
}

/// Reads every message of a mailbox.
pub(super) fn read_mbox(
    reader: &mut dyn Read,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let mut lines = BufReader::with_capacity(64 << 10, reader);
    let (mut bytes, mut line, mut blank, mut number) = (Vec::new(), Vec::new(), true, 0_u64);
    loop {
        line.clear();
        let got = Read::take(&mut lines, MESSAGE).read_until(b'\n', &mut line)?;
        let begins = blank && line.starts_with(b"From ");
        if (begins || got == 0) && !bytes.is_empty() {
            number += 1;
            let inner = format!("{name}/{number}");
            if bytes.len() as u64 >= MESSAGE {
                budget.report(&inner, &Stop::Size.into(), sink);
            }
            let outcome = budget.deeper(|| {
                sink.part(&inner);
                message(&bytes, &inner, budget, sink)
            });
            super::settle(outcome, &inner, budget, sink)?;
            bytes.clear();
        }
        if got == 0 {
            return Ok(());
        }
        blank = matches!(line.as_slice(), b"\n" | b"\r\n");
        if !begins && (bytes.len() as u64) < MESSAGE {
            bytes.extend_from_slice(&line);
        }
    }
}

fn message(bytes: &[u8], name: &str, budget: &Budget<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
    let parsed = MessageParser::default().parse(bytes).ok_or(Failure::Malformed("it is no mail message"))?;
    let mut head = String::new();
    for (label, address) in [
        ("From", parsed.from()),
        ("To", parsed.to()),
        ("Cc", parsed.cc()),
        ("Bcc", parsed.bcc()),
        ("Reply-To", parsed.reply_to()),
    ] {
        if let Some(address) = address {
            head += &[label, ": ", &addresses(address), "\n"].concat();
        }
    }
    if let Some(subject) = parsed.subject() {
        head += &["Subject: ", subject, "\n"].concat();
    }
    text(&head, sink);
    let bodies: Vec<u32> =
        if parsed.text_body.is_empty() { parsed.html_body.clone() } else { parsed.text_body.clone() };
    // A text body may stand beside an HTML one that says more: both are read, the HTML only where it is a part of its own.
    let mut seen: Vec<u32> = Vec::new();
    for at in bodies.iter().chain(&parsed.html_body).copied() {
        if seen.contains(&at) {
            continue;
        }
        seen.push(at);
        let Some(part) = parsed.parts.get(at as usize) else { continue };
        match &part.body {
            PartType::Text(body) => text(body, sink),
            PartType::Html(body) => html::read(&mut body.as_bytes(), budget, sink)?,
            _ => {}
        }
    }
    let mut encrypted = false;
    for (number, part) in parsed.attachments().enumerate() {
        let own = part
            .attachment_name()
            .map_or_else(|| format!("part {}", number + 1), |own| own.replace(['\n', '\r'], " "));
        let kind = part
            .content_type()
            .map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()));
        encrypted |= kind.is_some_and(|kind| {
            matches!(kind.as_str(), "application/pgp-encrypted" | "application/pkcs7-mime")
        });
        let inner = format!("{name}/{own}");
        match &part.body {
            PartType::Message(inside) => {
                let outcome = budget.deeper(|| {
                    sink.part(&inner);
                    message(inside.raw_message(), &inner, budget, sink)
                });
                super::settle(outcome, &inner, budget, sink)?;
            }
            _ => read_member(&mut part.contents(), &inner, budget, sink)?,
        }
    }
    if encrypted { Err(Failure::Encrypted) } else { Ok(()) }
}

fn addresses(address: &Address<'_>) -> String {
    let one = |one: &mail_parser::Addr<'_>| {
        let name = one.name.as_deref().unwrap_or_default();
        format!("{name} <{}>", one.address.as_deref().unwrap_or_default())
    };
    address.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn text(text: &str, sink: &mut dyn Sink) {
    let mut blocks = Blocks::default();
    blocks.push(text, &mut |block| sink.text(block));
    blocks.finish(&mut |block| sink.text(block));
}

#[cfg(test)]
mod tests {
    use crate::extract::Format;
    use crate::extract::testing::kept;

    const MAIL: &str = "From: =?utf-8?q?Ann_M=C3=BCller?= <ann@example.org>\r\nTo: b@example.org\r\nSubject: hello\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=b1\r\n\r\n--b1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        SSN 123-45-=\r\n6789\r\n--b1\r\nContent-Type: text/csv; name=list.csv\r\nContent-Disposition: attachment; filename=list.csv\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nTmFtZSxET0IKQW5uLDEK\r\n--b1--\r\n";

    #[test]
    fn headers_bodies_and_attachments() {
        let kept = kept(MAIL.as_bytes(), "m.eml", Format::Eml);
        assert_eq!(
            kept.lines,
            [
                "text From: Ann Müller <ann@example.org>",
                "text To:  <b@example.org>",
                "text Subject: hello",
                "text SSN 123-45-6789",
                "part m.eml/list.csv",
                "text Name,DOB",
                "text Ann,1",
            ]
        );
    }

    #[test]
    fn a_mailbox_is_cut_into_messages() {
        let mailbox = format!(
            "From a@b Mon Jan  1 00:00:00 2024\n{MAIL}\nFrom c@d Mon Jan  1 00:00:00 2024\nSubject: two\n\nbody\n"
        );
        let kept = kept(mailbox.as_bytes(), "box", Format::Mbox);
        assert!(
            kept.has("part box/1/list.csv") && kept.has("part box/2") && kept.has("text body"),
            "{:?}",
            kept.lines
        );
    }
}
