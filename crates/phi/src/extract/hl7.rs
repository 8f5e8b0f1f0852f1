//! HL7 version 2 messages, single or in batches.
//!
//! Separators come from `MSH`. A patient is a record: `PID`, and what of `NK1`, `GT1`, `IN1`, `IN2` and `MRG` belongs to it.
//! Facts: HL7 2.8.2 chapters 2 (encoding), 3 (PID, NK1, MRG), 6 (GT1, IN1, IN2) and table 0203 (identifier types).

use std::io::{BufRead, BufReader, Read};

use enamel_types::patient_data::Entity;

use super::budget::Budget;
use super::failure::Failure;
use super::text::Decoder;
use crate::sink::{Field, Sink};

/// A longer segment is cut: `OBX` may hold a whole document.
const SEGMENT: usize = 256 << 10;

/// Reads every message of a file.
pub(super) fn read(reader: &mut dyn Read, budget: &Budget<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
    let mut lines = BufReader::with_capacity(64 << 10, Decoder::new(reader, budget));
    let mut segment = Vec::new();
    let mut messages = Messages::default();
    while next_segment(&mut lines, &mut segment)? {
        let text = String::from_utf8_lossy(&segment);
        messages
            .segment(text.trim_matches(|c: char| c.is_whitespace() || c == '\u{B}' || c == '\u{1C}'), sink);
    }
    Ok(())
}

/// Reads up to the next carriage return or line feed; `false` at the end.
fn next_segment(reader: &mut impl BufRead, segment: &mut Vec<u8>) -> Result<bool, Failure> {
    segment.clear();
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(!segment.is_empty());
        }
        let end = memchr::memchr2(b'\r', b'\n', bytes);
        let take = end.unwrap_or(bytes.len());
        let room = SEGMENT.saturating_sub(segment.len());
        segment.extend_from_slice(&bytes[..take.min(room)]);
        reader.consume(end.map_or(take, |at| at + 1));
        if end.is_some() {
            return Ok(true);
        }
    }
}

struct Messages {
    field: char,
    component: char,
    repetition: char,
    escape: char,
    subcomponent: char,
    patient: String,
}

impl Default for Messages {
    fn default() -> Self {
        Self {
            field: '|',
            component: '^',
            repetition: '~',
            escape: '\\',
            subcomponent: '&',
            patient: String::new(),
        }
    }
}

impl Messages {
    fn segment(&mut self, segment: &str, sink: &mut dyn Sink) {
        if segment.get(..3).is_some_and(|name| matches!(name, "MSH" | "FHS" | "BHS")) {
            self.header(&segment[3..]);
            return;
        }
        let fields: Vec<&str> = segment.split(self.field).collect();
        match fields[0] {
            "PID" => self.patient(&fields, sink),
            "NK1" => {
                self.names(&fields, 2, "NK1-2", sink);
                self.phones(&fields, &[5, 6], "NK1-5", sink);
            }
            "GT1" => {
                self.other_person(&fields, 3, sink);
                self.names(&fields, 3, "GT1-3", sink);
                self.phones(&fields, &[6, 7], "GT1-6", sink);
                self.date(&fields, 8, "GT1-8", sink);
                self.plain(&fields, 12, Entity::Ssn, "GT1-12", sink);
            }
            "IN1" => {
                self.plain(&fields, 36, Entity::MemberId, "IN1-36", sink);
                self.plain(&fields, 49, Entity::MemberId, "IN1-49", sink);
                if self.other_person(&fields, 16, sink) {
                    self.names(&fields, 16, "IN1-16", sink);
                    self.date(&fields, 18, "IN1-18", sink);
                }
            }
            "IN2" => {
                self.plain(&fields, 2, Entity::Ssn, "IN2-2", sink);
                self.plain(&fields, 6, Entity::MemberId, "IN2-6", sink);
                self.plain(&fields, 8, Entity::MemberId, "IN2-8", sink);
                self.plain(&fields, 61, Entity::MemberId, "IN2-61", sink);
            }
            "MRG" => {
                self.identifiers(&fields, 1, "MRG-1", sink);
                self.names(&fields, 7, "MRG-7", sink);
            }
            "NTE" => self.text(&fields, 3, "NTE-3", sink),
            "OBX" => self.text(&fields, 5, "OBX-5", sink),
            own if own.starts_with('Z') => {
                for at in 1..fields.len() {
                    self.text(&fields, at, &format!("{own}-{at}"), sink);
                }
            }
            _ => {}
        }
    }

    /// The separators: the character after the name, then component, repetition, escape and subcomponent.
    fn header(&mut self, rest: &str) {
        let mut marks = rest.chars();
        self.field = marks.next().unwrap_or('|');
        let mut next =
            |usual| marks.next().filter(|c| c.is_ascii_punctuation() && *c != self.field).unwrap_or(usual);
        self.component = next('^');
        self.repetition = next('~');
        self.escape = next('\\');
        self.subcomponent = next('&');
        self.patient.clear();
    }

    fn patient(&mut self, fields: &[&str], sink: &mut dyn Sink) {
        sink.record();
        fields.get(5).copied().unwrap_or_default().clone_into(&mut self.patient);
        self.identifiers(fields, 2, "PID-2", sink);
        self.identifiers(fields, 3, "PID-3", sink);
        self.identifiers(fields, 4, "PID-4", sink);
        self.names(fields, 5, "PID-5", sink);
        self.date(fields, 7, "PID-7", sink);
        self.names(fields, 9, "PID-9", sink);
        self.phones(fields, &[13, 14], "PID-13", sink);
        self.plain(fields, 19, Entity::Ssn, "PID-19", sink);
        // Senders that miscount put it one further, where the driver's licence belongs.
        if fields.get(19).is_none_or(|ssn| ssn.is_empty())
            && fields.get(20).is_some_and(|value| looks_like_ssn(value))
        {
            self.plain(fields, 20, Entity::Ssn, "PID-20", sink);
        }
    }

    /// Begins a record where the name in a field is there and not the patient's.
    fn other_person(&self, fields: &[&str], at: usize, sink: &mut dyn Sink) -> bool {
        let name = fields.get(at).copied().unwrap_or_default();
        let key = |text: &str| {
            text.split(self.component).take(2).map(|part| part.trim().to_lowercase()).collect::<Vec<_>>()
        };
        let other = !name.is_empty() && key(name) != key(&self.patient);
        if other {
            sink.record();
        }
        other
    }

    fn repetitions<'t>(&self, fields: &[&'t str], at: usize) -> impl Iterator<Item = Vec<&'t str>> {
        let component = self.component;
        let whole = fields.get(at).copied().unwrap_or_default();
        whole
            .split(self.repetition)
            .filter(|one| !one.is_empty())
            .map(move |one| one.split(component).collect())
    }

    fn identifiers(&self, fields: &[&str], at: usize, label: &str, sink: &mut dyn Sink) {
        for parts in self.repetitions(fields, at) {
            let known = match parts.get(4).copied().unwrap_or_default() {
                "" | "MR" | "MRN" | "MRT" | "PI" | "PT" | "U" | "AM" => Some(Entity::Mrn),
                "SS" | "SSN" => Some(Entity::Ssn),
                "MB" | "MC" | "MA" | "MCD" | "MCR" | "SN" | "HC" | "NI" | "MI" | "PHC" | "JHN" => {
                    Some(Entity::MemberId)
                }
                _ => None,
            };
            self.push(known, label, parts[0], sink);
        }
    }

    fn names(&self, fields: &[&str], at: usize, label: &str, sink: &mut dyn Sink) {
        for parts in self.repetitions(fields, at) {
            let part = |index: usize| parts.get(index).copied().unwrap_or_default().trim();
            let family = part(0).split(self.subcomponent).next().unwrap_or_default();
            let given =
                [part(1), part(2)].into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" ");
            let name = if given.is_empty() { family.to_owned() } else { format!("{family}, {given}") };
            self.push(Some(Entity::Name), label, &name, sink);
        }
    }

    /// A time stamp's date: its first eight digits.
    fn date(&self, fields: &[&str], at: usize, label: &str, sink: &mut dyn Sink) {
        let whole = fields.get(at).copied().unwrap_or_default();
        let value = whole.split(self.component).next().unwrap_or_default();
        let digits = value.bytes().take_while(u8::is_ascii_digit).count();
        let date = if digits >= 8 { &value[..8] } else { value };
        self.push(Some(Entity::Dob), label, date, sink);
    }

    /// Telephone numbers and mail addresses of an XTN field.
    fn phones(&self, fields: &[&str], at: &[usize], label: &str, sink: &mut dyn Sink) {
        for parts in at.iter().flat_map(|at| self.repetitions(fields, *at)) {
            let part = |index: usize| parts.get(index).copied().unwrap_or_default();
            let number = if part(0).is_empty() && !part(6).is_empty() {
                format!("{}-{}", part(5), part(6))
            } else {
                part(0).to_owned()
            };
            let known = if number.contains('@') { Entity::Email } else { Entity::Phone };
            self.push(Some(known), label, &number, sink);
            self.push(Some(Entity::Email), label, part(3), sink);
        }
    }

    /// A field of which every repetition's first component is the value.
    fn plain(&self, fields: &[&str], at: usize, known: Entity, label: &str, sink: &mut dyn Sink) {
        for parts in self.repetitions(fields, at) {
            self.push(Some(known), label, parts[0], sink);
        }
    }

    fn text(&self, fields: &[&str], at: usize, label: &str, sink: &mut dyn Sink) {
        for parts in self.repetitions(fields, at) {
            self.push(None, label, &parts.join(" "), sink);
        }
    }

    fn push(&self, known: Option<Entity>, label: &str, value: &str, sink: &mut dyn Sink) {
        let value = self.unescape(value.trim());
        // `""` states that a value was deleted.
        if !value.is_empty() && value != "\"\"" {
            sink.field(Field { known, label, value: &value });
        }
    }

    fn unescape(&self, value: &str) -> String {
        let mut out = String::with_capacity(value.len());
        let mut rest = value;
        while let Some((before, after)) = rest.split_once(self.escape) {
            out.push_str(before);
            let Some((code, behind)) = after.split_once(self.escape).filter(|(code, _)| code.len() <= 12)
            else {
                out.push(self.escape);
                rest = after;
                continue;
            };
            match code {
                "F" => out.push(self.field),
                "S" => out.push(self.component),
                "T" => out.push(self.subcomponent),
                "R" => out.push(self.repetition),
                "E" => out.push(self.escape),
                ".br" | ".sp" => out.push('\n'),
                hex if hex.starts_with('X') => {
                    let bytes =
                        hex.as_bytes()[1..].chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok());
                    out.extend(bytes.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).map(char::from));
                }
                _ => {}
            }
            rest = behind;
        }
        out.push_str(rest);
        out
    }
}

/// Nine digits, grouped as a social security number or not at all.
fn looks_like_ssn(value: &str) -> bool {
    let groups: Vec<usize> = value.trim().split('-').map(str::len).collect();
    let digits = value.trim().bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    digits && matches!(groups.as_slice(), [9] | [3, 2, 4])
}

#[cfg(test)]
mod tests {
    use crate::extract::Format;
    use crate::extract::testing::kept;

    #[test]
    fn a_message_is_a_record() {
        let text = "\u{B}MSH|^~\\&|A|B\rPID|1||PT-1^^^C^MR~123-45-6789^^^USA^SS~M9^^^X^MB||O\\T\\BRIEN^ANN^M||19800102030405|F|||||(212)555-0100^PRN^PH^ann@example.org~^^^^^313^5550101||||||987-65-4321\rNK1|1|O\\T\\BRIEN^BEN\rIN1|1|PPO|7|D||||||||||||O\\T\\BRIEN^ANN|SELF|19800102||||||||||||||||||U77\r\u{1C}\rMSH#*~\\&#A\rPID#1##22##LEE*BO\n";
        let kept = kept(text.as_bytes(), "x", Format::Hl7);
        assert_eq!(
            kept.lines,
            [
                "record",
                "field MRN PID-3 = PT-1",
                "field SSN PID-3 = 123-45-6789",
                "field MEMBER_ID PID-3 = M9",
                "field NAME PID-5 = O&BRIEN, ANN M",
                "field DOB PID-7 = 19800102",
                "field PHONE PID-13 = (212)555-0100",
                "field EMAIL PID-13 = ann@example.org",
                "field PHONE PID-13 = 313-5550101",
                "field SSN PID-19 = 987-65-4321",
                "field NAME NK1-2 = O&BRIEN, BEN",
                "field MEMBER_ID IN1-36 = U77",
                "record",
                "field MRN PID-3 = 22",
                "field NAME PID-5 = LEE, BO",
            ]
        );
    }
}
