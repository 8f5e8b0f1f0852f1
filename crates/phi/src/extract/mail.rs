//! Mail messages and mailboxes: headers, bodies, attachments.
//!
//! `mail-parser` takes a message apart (RFC 5322, MIME, RFC 2047, character sets); attachments are read as the files that they
//! are. A message is held in memory, so one of more than 32 MiB is read up to there. Mailboxes are cut as RFC 4155 says.
//!
//! `mail-parser` follows messages in messages without a bound and frees them by recursion, which overflows the stack at some
//! ten thousand. So it never sees one: [`unnest`] renames the types that nest, and what was renamed is read here, as deep as the
//! budget lets it.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};

use mail_parser::{Address, MessageParser, MimeHeaders, PartType};

use super::budget::{Budget, Stop};
use super::failure::Failure;
use super::text::Blocks;
use super::{html, read_member};
use crate::sink::Sink;

/// The most of a message that is read.
const MESSAGE: u64 = 32 << 20;
/// The most delimiters (runs of dashes) of a message: each may begin a part, of which the parser keeps some 300 bytes.
const DELIMITERS: u32 = 100_000;
/// Lines of headers, addresses in them, and parameters of one header in a message.
const HEADER_LINES: usize = 50_000;
const ADDRESSES: usize = 20_000;
const PARAMETERS: usize = 500;
/// The most bytes that the parser may look through in search of delimiters: it looks to the end of the message for each
/// multipart whose delimiter is missing.
const SEARCHED: usize = 8 << 30;

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
    message(Cow::Borrowed(&bytes[start..]), name, budget, sink)?;
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
    let mut unchecked = 0;
    loop {
        line.clear();
        let got = Read::take(&mut lines, MESSAGE).read_until(b'\n', &mut line)?;
        unchecked += got;
        if unchecked > 64 << 10 {
            unchecked = 0;
            budget.check()?;
        }
        let begins = blank && line.starts_with(b"From ");
        if (begins || got == 0) && !bytes.is_empty() {
            number += 1;
            let inner = format!("{name}/{number}");
            if bytes.len() as u64 >= MESSAGE {
                budget.report(&inner, &Stop::Size.into(), sink);
            }
            let outcome = budget.deeper(|| {
                sink.part(&inner);
                message(Cow::Borrowed(&bytes), &inner, budget, sink)
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

fn message(
    bytes: Cow<'_, [u8]>,
    name: &str,
    budget: &Budget<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let bytes = unnest(bytes);
    let bounded = bounded(&bytes);
    if bounded.len() < bytes.len() {
        budget.report(name, &Stop::Size.into(), sink);
    }
    let parsed =
        MessageParser::default().parse(bounded).ok_or(Failure::Malformed("it is no mail message"))?;
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
    let mut seen = vec![false; parsed.parts.len()];
    for at in bodies.iter().chain(&parsed.html_body).map(|at| *at as usize) {
        let Some(part) = parsed.parts.get(at) else { continue };
        if std::mem::replace(&mut seen[at], true) {
            continue;
        }
        budget.check()?;
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
        encrypted |= kind
            .as_deref()
            .is_some_and(|kind| matches!(kind, "application/pgp-encrypted" | "application/pkcs7-mime"));
        let inner = format!("{name}/{own}");
        if matches!(kind.as_deref(), Some("message/rfc82x" | "message/globax")) {
            let outcome = budget.deeper(|| {
                sink.part(&inner);
                message(Cow::Borrowed(part.contents()), &inner, budget, sink)
            });
            super::settle(outcome, &inner, budget, sink)?;
        } else {
            read_member(&mut part.contents(), &inner, budget, sink)?;
        }
    }
    if encrypted { Err(Failure::Encrypted) } else { Ok(()) }
}

/// Renames the subtypes that make the parser nest (`message/rfc822`, `message/global`, `multipart/digest`): the last letter becomes
/// an `x`. They are known by what stands before them, which the parser lets be white space, quotes and comments too; a header's name
/// is not asked for, because it may be written in as many ways. In running text the same words change unnoticed.
fn unnest(mut bytes: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let hits: Vec<usize> = (0..bytes.len()).filter(|at| nests(&bytes, *at)).collect();
    for at in hits {
        bytes.to_mut()[at + 5] = b'x';
    }
    bytes
}

fn nests(bytes: &[u8], at: usize) -> bool {
    let here = bytes[at..].get(..6);
    if !matches!(bytes[at] | 0x20, b'r' | b'g' | b'd')
        || !here.is_some_and(|word| {
            [b"rfc822", b"global", b"digest"].iter().any(|known| word.eq_ignore_ascii_case(*known))
        })
    {
        return false;
    }
    let skipped = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\\' | b'/' | b')');
    let before = &bytes[..at];
    let (kind, between) =
        before.split_at(before.len() - before.iter().rev().take_while(|byte| skipped(byte)).count());
    let ends =
        |word: &[u8]| kind.len() >= word.len() && kind[kind.len() - word.len()..].eq_ignore_ascii_case(word);
    between.contains(&b')') || (between.contains(&b'/') && (ends(b"message") || ends(b"multipart")))
}

/// The part of a message that the parser takes apart in bounded memory and time.
fn bounded(bytes: &[u8]) -> &[u8] {
    let bytes = &bytes[..plain_headers(bytes)];
    let (mut delimiters, mut searched) = (0, 0_usize);
    for at in memchr::memchr3_iter(b'-', b'm', b'M', bytes) {
        if bytes[at] != b'-' {
            let word = bytes[at..].get(..9).is_some_and(|word| word.eq_ignore_ascii_case(b"multipart"));
            searched = searched.saturating_add(if word { bytes.len() - at } else { 0 });
        } else if bytes.get(at + 1) == Some(&b'-') && (at == 0 || bytes[at - 1] != b'-') {
            delimiters += 1;
        }
        if delimiters > DELIMITERS || searched > SEARCHED {
            return &bytes[..at];
        }
    }
    bytes
}

/// Where the headers of a message or of one of its parts first hold more than any mailer writes. The parser looks through the
/// parameters of a header anew for each of them, and makes an object of every address.
fn plain_headers(bytes: &[u8]) -> usize {
    let (mut in_headers, mut start) = (true, 0);
    let (mut lines, mut addresses, mut parameters) = (0, 0, 0);
    while start < bytes.len() {
        let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |newline| start + newline + 1);
        let line = &bytes[start..end];
        if line.trim_ascii().is_empty() {
            in_headers = false;
        } else if line.starts_with(b"--") {
            in_headers = true;
        } else if in_headers {
            if !line[0].is_ascii_whitespace() {
                parameters = 0;
            }
            lines += 1;
            addresses += memchr::memchr_iter(b',', line).count();
            parameters += memchr::memchr_iter(b';', line).count();
            if lines > HEADER_LINES || addresses > ADDRESSES || parameters > PARAMETERS {
                return start;
            }
        }
        start = end;
    }
    bytes.len()
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
    use super::plain_headers;
    use crate::extract::Format;
    use crate::extract::testing::kept;

    const MAIL: &str = "From: =?utf-8?q?Ann_M=C3=BCller?= <ann@example.org>\r\nTo: b@example.org\r\nSubject: hello\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=b1\r\n\r\n--b1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        SSN 123-45-=\r\n6789\r\n--b1\r\nContent-Type: text/csv; name=list.csv\r\nContent-Disposition: attachment; filename=list.csv\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nTmFtZSxET0IKQW5uLDEK\r\n--b1--\r\n";

    #[test]
    fn headers_that_no_mailer_writes_end_the_message() {
        let many: String = (0..5000).map(|n| ["a", &n.to_string(), "*1=x;"].concat()).collect();
        let text = ["Content-Type: text/plain; ", &many, "\n\nSSN 512-40-6710\n"].concat();
        assert_eq!(plain_headers(text.as_bytes()), 0);
        assert_eq!(plain_headers(MAIL.as_bytes()), MAIL.len());
        let page = ["Subject: x\n\n<p>", &"&nbsp;".repeat(5000), "</p>\n"].concat();
        assert_eq!(plain_headers(page.as_bytes()), page.len(), "a body may have as many as it likes");
    }

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
