//! Which format a file has: magic bytes first, the look of its first lines second, its name last.
//!
//! Magic bytes are those of the formats' own specifications. A wrong guess costs structure, never content: whatever looks like
//! text is read as text.

use super::format::Format;
use super::text::{Encoding, decode_head, detect};
use super::{dicom, tar_header, unopened};

/// Tells the format of a file from its first bytes ([`super::HEAD`] of them, or the whole file if it is shorter) and its name.
pub fn sniff(head: &[u8], name: &str) -> Format {
    let extension = extension(name);
    if let Some(format) = by_magic(head, &extension) {
        return format;
    }
    if !is_text(head) {
        if dicom::looks_bare(head) {
            return Format::Dicom;
        }
        return unopened::by_extension(&extension).unwrap_or(Format::Other);
    }
    by_look(&decode_head(head), &extension)
}

/// The part of a name after its last dot, lower case; empty where there is none.
pub(super) fn extension(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    base.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default()
}

fn by_magic(head: &[u8], extension: &str) -> Option<Format> {
    const OTHER: [&[u8]; 25] = [
        b"\x89PNG",
        b"\xFF\xD8\xFF",
        b"GIF8",
        b"II*\0",
        b"MM\0*",
        b"RIFF",
        b"\x7FELF",
        b"\xCA\xFE\xBA\xBE",
        b"\xCF\xFA\xED\xFE",
        b"\xCE\xFA\xED\xFE",
        b"OggS",
        b"ID3",
        b"8BPS",
        b"wOFF",
        b"wOF2",
        b"OTTO",
        b"\0asm",
        b"fLaC",
        b"\0\0\x01\0",
        b"\x1A\x45\xDF\xA3",
        b"regf",
        b"!<arch>\n",
        b"\0\x01\0\0\0",
        b"FWS",
        b"MThd",
    ];
    let starts = |magic: &[u8]| head.starts_with(magic);
    if let Some(format) = unopened::by_mark(head) {
        return Some(format);
    }
    if starts(b"SQLite format 3\0") {
        Some(Format::Sqlite)
    } else if head.get(128..132) == Some(b"DICM") {
        Some(Format::Dicom)
    } else if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") || starts(b"PK\x07\x08") {
        Some(zip_kind(head, extension))
    } else if starts(b"\x1F\x8B") {
        Some(Format::Gz)
    } else if starts(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        Some(match extension {
            "msg" | "oft" => Format::Msg,
            "xls" | "xlt" | "xla" => Format::Xls,
            "doc" | "dot" => Format::Doc,
            _ => Format::Ole,
        })
    } else if starts(b"{\\rtf") {
        Some(Format::Rtf)
    } else if head[..head.len().min(1024)].windows(5).any(|window| window == b"%PDF-") {
        Some(Format::Pdf)
    } else if tar_header::looks_valid(head) {
        Some(Format::Tar)
    } else if OTHER.iter().any(|magic| starts(magic) && !magic.iter().all(u8::is_ascii_graphic))
        // A text may begin with the same letters: `OTTO,ANNA,…`.
        || (!is_text(head)
            && (OTHER.iter().any(|magic| starts(magic))
                || head.get(4..8) == Some(b"ftyp")
                || (matches!(head, [b'M', b'Z', ..] | [b'B', b'M', ..]) && head.contains(&0))))
    {
        Some(Format::Other)
    } else {
        None
    }
}

/// What kind of zip it is: by the names of the members that the head shows, else by its own name.
fn zip_kind(head: &[u8], extension: &str) -> Format {
    let shows = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
    if shows(b"mimetypeapplication/vnd.oasis.opendocument") {
        return Format::Odf;
    }
    match extension {
        "docx" | "docm" | "dotx" | "dotm" => return Format::Docx,
        "xlsx" | "xlsm" | "xltx" | "xltm" => return Format::Xlsx,
        "pptx" | "pptm" | "ppsx" | "potx" => return Format::Pptx,
        "odt" | "ods" | "odp" | "ott" => return Format::Odf,
        _ => {}
    }
    if !shows(b"[Content_Types].xml") && !shows(b"_rels/.rels") {
        Format::Zip
    } else if shows(b"word/") {
        Format::Docx
    } else if shows(b"xl/") {
        Format::Xlsx
    } else if shows(b"ppt/") {
        Format::Pptx
    } else {
        Format::Zip
    }
}

/// Whether bytes are text in one of the encodings that are decoded.
fn is_text(head: &[u8]) -> bool {
    let (encoding, mark) = detect(head);
    if encoding != Encoding::Utf8 {
        let text = decode_head(head);
        let strange = text.chars().filter(|c| is_strange(*c) || *c == char::REPLACEMENT_CHARACTER).count();
        return strange * 20 <= text.chars().count();
    }
    let body = &head[mark..];
    let strange = body.iter().filter(|byte| byte.is_ascii() && is_strange(char::from(**byte))).count();
    let zeros = memchr::memchr_iter(0, body).count();
    strange * 50 <= body.len() && zeros * 200 <= body.len()
}

/// Control characters that text has no use for. HL7's MLLP frame and the form feed are text.
fn is_strange(c: char) -> bool {
    c.is_control()
        && !matches!(c, '\t' | '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{1A}'..='\u{1F}' | '\u{80}'..='\u{9F}')
}

/// Extensions whose content is what it says, whatever its first lines look like.
fn is_plain(extension: &str) -> bool {
    const PLAIN: [&str; 30] = [
        "log", "md", "lock", "rs", "py", "js", "ts", "c", "h", "cpp", "cs", "java", "go", "rb", "php", "sh",
        "ps1", "bat", "ini", "cfg", "conf", "toml", "yaml", "yml", "css", "vb", "vbs", "pl", "reg", "tex",
    ];
    PLAIN.contains(&extension)
}

fn by_look(text: &str, extension: &str) -> Format {
    let start = text.trim_start_matches(['\u{FEFF}', '\u{B}', ' ', '\t', '\r', '\n', '\0']);
    let has = |needle: &str| text.contains(needle);
    let named = |names: &[&str]| names.contains(&extension);
    if starts_x12(start)
        || (named(&["837", "835", "834", "270", "271", "276", "277", "278", "x12", "edi"]) && has("ST"))
    {
        return Format::X12;
    }
    if starts_hl7(start) || (named(&["hl7"]) && has("MSH")) {
        return Format::Hl7;
    }
    if looks_json(start) || (named(&["json", "ndjson", "jsonl"]) && start.starts_with(['{', '['])) {
        return if has("\"resourceType\"") { Format::Fhir } else { Format::Json };
    }
    if let Some(markup) = markup(start, extension) {
        return markup;
    }
    if looks_mbox(start) {
        return Format::Mbox;
    }
    if looks_mail(start, extension) {
        return Format::Eml;
    }
    if named(&["sql", "ddl"]) || (!is_plain(extension) && looks_sql(start)) {
        return Format::Sql;
    }
    if named(&["csv", "tsv", "tab", "psv"]) || (!is_plain(extension) && looks_delimited(start)) {
        return Format::Csv;
    }
    Format::Txt
}

fn starts_x12(start: &str) -> bool {
    let bytes = start.as_bytes();
    match bytes {
        [b'I', b'S', b'A', separator, ..] => {
            !separator.is_ascii_alphanumeric()
                && !separator.is_ascii_whitespace()
                && memchr::memchr_iter(*separator, bytes).count() >= 15
        }
        [b'G' | b'S', b'S' | b'T', b'*', ..] => {
            start.contains('~') || start.lines().nth(1).is_some_and(|line| line.contains('*'))
        }
        _ => false,
    }
}

fn starts_hl7(start: &str) -> bool {
    matches!(start.as_bytes(), [b'M', b'S', b'H', separator, ..] | [b'F' | b'B', b'H', b'S', separator, ..]
        if separator.is_ascii_punctuation())
}

fn looks_json(start: &str) -> bool {
    let Some(rest) = start.strip_prefix(['{', '[']) else { return false };
    let next = rest.trim_start().chars().next();
    match next {
        Some('"') => true,
        Some('}') => start.starts_with('{'),
        Some('{' | '[' | ']') => start.starts_with('['),
        _ => false,
    }
}

fn markup(start: &str, extension: &str) -> Option<Format> {
    if !start.starts_with('<') {
        return None;
    }
    let lower = start
        .get(..start.len().min(1024))
        .map_or_else(|| start.to_ascii_lowercase(), str::to_ascii_lowercase);
    let html = ["<!doctype html", "<html", "<head", "<body", "<table"].iter().any(|tag| lower.contains(tag));
    if html {
        Some(Format::Html)
    } else if lower.starts_with("<?xml")
        || matches!(extension, "xml" | "cda" | "ccd" | "xsl" | "svg" | "rss" | "fodt" | "fods")
    {
        Some(Format::Xml)
    } else if matches!(extension, "htm" | "html" | "xhtml" | "mht") {
        Some(Format::Html)
    } else {
        let name = start[1..].split(['>', ' ', '\n', '\r', '\t', '/']).next().unwrap_or_default();
        let closed = !name.is_empty() && start.contains(&format!("</{name}>"));
        let child = start.split_once('>').is_some_and(|(_, rest)| rest.trim_start().starts_with('<'));
        (!is_plain(extension) && (closed || child)).then_some(Format::Xml)
    }
}

fn looks_mbox(start: &str) -> bool {
    let mut lines = start.lines();
    let first = lines.next().unwrap_or_default();
    first.starts_with("From ") && first.contains(':') && lines.next().is_some_and(is_header)
}

/// A header field of RFC 5322: a name without spaces, a colon.
fn is_header(line: &str) -> bool {
    line.split_once(':').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.len() < 60
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    })
}

fn looks_mail(start: &str, extension: &str) -> bool {
    const SURE: [&str; 8] = [
        "received:",
        "return-path:",
        "message-id:",
        "mime-version:",
        "delivered-to:",
        "dkim-signature:",
        "content-type:",
        "x-mailer:",
    ];
    const LIKELY: [&str; 6] = ["from:", "to:", "subject:", "date:", "cc:", "reply-to:"];
    let named = matches!(extension, "eml" | "emlx" | "mht" | "mhtml");
    let body = if extension == "emlx" {
        start.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start()
    } else {
        start
    };
    let headers: Vec<String> = body
        .lines()
        .take_while(|line| !line.trim().is_empty())
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(str::to_ascii_lowercase)
        .collect();
    if !headers.first().is_some_and(|line| is_header(line)) {
        return false;
    }
    let count = |names: &[&str]| {
        names.iter().filter(|name| headers.iter().any(|line| line.starts_with(**name))).count()
    };
    let (sure, likely) = (count(&SURE), count(&LIKELY));
    if named {
        sure + likely >= 1
    } else {
        sure >= 1 && likely >= 2 && headers.iter().all(|line| is_header(line))
    }
}

fn looks_sql(start: &str) -> bool {
    const COMMENTS: [&str; 5] =
        ["-- mysql dump", "-- mariadb dump", "-- postgresql database", "-- phpmyadmin", "-- dump"];
    const STATEMENTS: [&str; 8] = [
        "insert into ",
        "create table ",
        "drop table if exists",
        "create database ",
        "begin transaction;",
        "pragma foreign_keys",
        "set identity_insert",
        "use [",
    ];
    let lower =
        start.get(..start.len().min(512)).map_or_else(|| start.to_ascii_lowercase(), str::to_ascii_lowercase);
    let code = lower
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with("--") && !line.starts_with("/*"));
    COMMENTS.iter().any(|comment| lower.starts_with(comment))
        || code.is_some_and(|line| STATEMENTS.iter().any(|statement| line.starts_with(statement)))
}

/// Whether the first lines have the same number of the same delimiter, as an export without a telling name has.
fn looks_delimited(start: &str) -> bool {
    let mut lines: Vec<&str> = start.lines().filter(|line| !line.trim().is_empty()).take(9).collect();
    if lines.len() == 9 || (lines.len() > 3 && start.len() >= 4000) {
        lines.pop();
    }
    if lines.len() < 3 {
        return false;
    }
    [('\t', 1), ('|', 2), (';', 2), (',', 3)].into_iter().any(|(delimiter, least)| {
        let count = |line: &str| {
            line.split('"').step_by(2).map(|part| part.matches(delimiter).count()).sum::<usize>()
        };
        let first = count(lines[0]);
        first >= least && lines.iter().all(|line| count(line) == first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_begin_a_picture_may_begin_a_text() {
        let list = b"OTTO,ANNA,1980-01-02,512-40-6710\nROE,JO,1990-03-04,512-41-6711\n";
        assert_eq!(sniff(list, "list.csv"), Format::Csv);
        assert_eq!(sniff(b"GIF8 is how some pictures begin.\n", "notes.txt"), Format::Txt);
        assert_eq!(sniff(b"OTTO\0\x0B\0\x80\0\x03\x000CFF \x8A\x1C\0\0", "x.csv"), Format::Other);
    }

    #[test]
    fn names_do_not_deceive() {
        assert_eq!(sniff(b"%PDF-1.4\n", "a.txt"), Format::Pdf);
        assert_eq!(sniff(b"MSH|^~\\&|PMS", "export.dat"), Format::Hl7);
        assert_eq!(sniff(b"\x0BMSH|^~\\&|PMS", ""), Format::Hl7);
        assert_eq!(sniff(b"{\"resourceType\":\"Patient\"}", "x"), Format::Fhir);
        assert_eq!(sniff(b"[section]\nkey=1\n", "x.ini"), Format::Txt);
        assert_eq!(sniff(b"Name,DOB\n", "x.csv"), Format::Csv);
        assert_eq!(sniff(b"a\tb\n1\t2\n3\t4\n", "export"), Format::Csv);
        assert_eq!(sniff(b"Dear Ann,\nall is well, thanks.\nYours\n", "letter"), Format::Txt);
        assert_eq!(sniff(b"\x89PNG\r\n", "x.csv"), Format::Other);
        assert_eq!(sniff(b"INSERT INTO t VALUES (1);", "backup"), Format::Sql);
        assert_eq!(sniff(b"From: a@b\nTo: c@d\nMessage-ID: <1>\n\nx", "m"), Format::Eml);
        assert_eq!(sniff(b"From a@b Mon Jan  1 00:00:00 2024\nFrom: a@b\n\nx", "inbox"), Format::Mbox);
        assert_eq!(sniff(b"<patients><patient/></patients>", "x"), Format::Xml);
        assert_eq!(sniff(&[0, 1, 2, 3, 0, 0, 9, 9], "x"), Format::Other);
        assert_eq!(sniff(b"", "x.csv"), Format::Csv);
    }

    #[test]
    fn utf16_is_text() {
        let text: Vec<u8> =
            "Name;DOB;SSN\r\n1;2;3\r\n4;5;6\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(sniff(&text, "x.txt"), Format::Csv);
        assert_eq!(sniff(&text[..20], "x.txt"), Format::Txt);
    }
}
