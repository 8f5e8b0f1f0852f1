//! Whether a file's content holds a secret, and in which field.
//!
//! A value is looked at and forgotten within one function: what comes out is a field's name from the signature and a line
//! number, never a text from the file. Content may be hostile: it is cut to a limit before it gets here, a broken document
//! gives what was found up to the break, and nothing here recurses.

use quick_xml::Reader as XmlReader;
use quick_xml::events::{BytesStart, Event};

use super::super::signatures::{Reader, XmlField};
use super::documents;

/// Fields reported for one file.
const MAX_FIELDS: usize = 20;
/// Elements open at once; deeper XML is no settings file.
const MAX_XML_DEPTH: usize = 64;

/// A field that holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretField {
    /// The field's name in the signature, and the line: `DatabaseConnection/Password, line 5`.
    pub field: String,
    /// Whether the value is scrambled, so that it is not readable at a glance.
    pub obfuscated: bool,
}

/// The fields of `content` that hold a secret.
pub(in super::super) fn secret_fields(reader: &Reader, content: &[u8]) -> Vec<SecretField> {
    let mut fields = match reader {
        Reader::Document => documents::credential_list(content).into_iter().collect(),
        Reader::Xml(wanted) => xml(&text_of(content), wanted),
        Reader::Ini { keys, obfuscated } => ini(&text_of(content), keys, *obfuscated),
        Reader::Lines { pattern, field } => {
            let text = text_of(content);
            pattern
                .captures_iter(&text)
                .filter_map(|found| found.name("secret"))
                .filter(|secret| !is_stand_in(secret.as_str()))
                .map(|secret| found_at(field, &text, secret.start(), false))
                .take(MAX_FIELDS)
                .collect()
        }
    };
    fields.truncate(MAX_FIELDS);
    fields
}

fn found_at(field: &str, text: &str, offset: usize, obfuscated: bool) -> SecretField {
    let line = text.get(..offset).unwrap_or_default().matches('\n').count() + 1;
    SecretField { field: format!("{field}, line {line}"), obfuscated }
}

/// Text in UTF-8 or, by its byte order mark, UTF-16, as Windows' own files are. Anything else is read as UTF-8 with the
/// broken places replaced: field names are ASCII in every encoding that matters here.
pub(super) fn text_of(content: &[u8]) -> String {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        char::decode_utf16(units).map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match content {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8_lossy(content).into_owned(),
    }
}

/// A value that stands for a secret and is none: empty, stars, `<password>`, `${DB_PASSWORD}`, `%PW%`.
pub(super) fn is_stand_in(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'']);
    let mut chars = value.chars();
    let Some(first) = chars.next() else { return true };
    let repeated = chars.all(|c| c == first) && !first.is_alphanumeric();
    let opens_like_a_variable =
        ["<", "${", "$(", "{{", "%(", "#{", "__"].iter().any(|open| value.starts_with(open));
    let is_variable = value.len() > 2 && value.starts_with('%') && value.ends_with('%');
    let lower = value.to_ascii_lowercase();
    let says_so = matches!(
        lower.as_str(),
        "null" | "(null)" | "none" | "n/a" | "*sensitive*data*deleted*" | "xxxx" | "xxxxxxxx"
    ) || lower.starts_with("your_")
        || lower.starts_with("your-");
    repeated || opens_like_a_variable || is_variable || says_so
}

fn ini(text: &str, keys: &[String], obfuscated: bool) -> Vec<SecretField> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with(['#', ';', '[']) {
            continue;
        }
        let Some((name, value)) = line.split_once('=') else { continue };
        let Some(key) = keys.iter().find(|key| key.eq_ignore_ascii_case(name.trim())) else { continue };
        if !is_stand_in(value) {
            found.push(SecretField { field: format!("{key}, line {}", index + 1), obfuscated });
            if found.len() == MAX_FIELDS {
                break;
            }
        }
    }
    found
}

/// An element that may hold a secret, while it is open.
struct Open<'a> {
    field: &'a XmlField,
    obfuscated: bool,
    offset: usize,
    value: String,
}

fn xml(text: &str, wanted: &[XmlField]) -> Vec<SecretField> {
    let mut reader = XmlReader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true; // a password with a bare `&` is still a password
    let mut path: Vec<String> = Vec::new();
    let mut open: Vec<Option<Open<'_>>> = Vec::new();
    let mut found = Vec::new();
    loop {
        let offset = usize::try_from(reader.buffer_position()).unwrap_or(text.len());
        match reader.read_event() {
            Ok(Event::Start(element)) => {
                if path.len() == MAX_XML_DEPTH {
                    break;
                }
                path.push(element.local_name().as_ref().to_lowercase());
                attributes(&element, &path, wanted, text, offset, &mut found);
                open.push(opened(&element, &path, wanted, offset));
            }
            Ok(Event::Empty(element)) => {
                path.push(element.local_name().as_ref().to_lowercase());
                attributes(&element, &path, wanted, text, offset, &mut found);
                path.pop();
            }
            Ok(Event::End(_)) => {
                path.pop();
                if let Some(Some(done)) = open.pop()
                    && !is_stand_in(&done.value)
                {
                    found.push(found_at(&done.field.element, text, done.offset, done.obfuscated));
                }
            }
            Ok(Event::Text(piece)) => remember(&mut open, &piece),
            Ok(Event::CData(piece)) => remember(&mut open, &piece),
            // Which character an entity stands for does not matter: it is part of a value.
            Ok(Event::GeneralRef(_)) => remember(&mut open, "&"),
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
        if found.len() >= MAX_FIELDS {
            break;
        }
    }
    found
}

fn remember(open: &mut [Option<Open<'_>>], piece: &str) {
    // 64 bytes tell a secret from a stand-in; there is no reason to hold more of it.
    if let Some(Some(current)) = open.last_mut() {
        let room = 64_usize.saturating_sub(current.value.len());
        current.value.extend(piece.trim().chars().take(room));
    }
}

fn opened<'a>(
    element: &BytesStart<'_>,
    path: &[String],
    wanted: &'a [XmlField],
    offset: usize,
) -> Option<Open<'a>> {
    let field = wanted.iter().find(|field| ends_with(path, &field.element))?;
    if has_attribute(element, field.protected_if.as_deref()) {
        return None;
    }
    let obfuscated = field.obfuscated || has_attribute(element, field.obfuscated_if.as_deref());
    Some(Open { field, obfuscated, offset, value: String::new() })
}

fn attributes(
    element: &BytesStart<'_>,
    path: &[String],
    wanted: &[XmlField],
    text: &str,
    offset: usize,
    found: &mut Vec<SecretField>,
) {
    for field in wanted {
        let Some((of, name)) = field.element.rsplit_once("/@") else { continue };
        if !ends_with(path, of) {
            continue;
        }
        let is_secret = element.attributes().with_checks(false).flatten().any(|attribute| {
            attribute.key.as_ref().eq_ignore_ascii_case(name) && !is_stand_in(&attribute.value)
        });
        if is_secret {
            found.push(found_at(&field.element, text, offset, field.obfuscated));
        }
    }
}

/// Whether an element has the attribute that `condition` (`name=value`) names.
fn has_attribute(element: &BytesStart<'_>, condition: Option<&str>) -> bool {
    let Some((name, value)) = condition.and_then(|condition| condition.split_once('=')) else { return false };
    element.attributes().with_checks(false).flatten().any(|attribute| {
        attribute.key.as_ref().eq_ignore_ascii_case(name) && attribute.value.eq_ignore_ascii_case(value)
    })
}

/// Whether the open elements end with `AutoLogon/Password/Value`; `path` is lower case.
fn ends_with(path: &[String], element: &str) -> bool {
    let mut open = path.iter().rev();
    element.rsplit('/').all(|expected| open.next().is_some_and(|name| name.eq_ignore_ascii_case(expected)))
}
