//! ASC X12 interchanges: claims (837), remittances (835), eligibility (270, 271), referrals (278), enrolment (834).
//!
//! Who is a patient is told by the entity code of `NM1`; payers and providers are none, and what stands below them is passed
//! over, but for a social security number. Facts: ASC X12 005010 segment and element names, as CMS companion guides use them.

use std::io::{BufReader, Read};

use enamel_types::patient_data::Entity;

use super::budget::Budget;
use super::failure::Failure;
use super::text::Decoder;
use crate::sink::{Field, Sink};

/// A longer segment is cut: no honest one is.
const SEGMENT: usize = 64 << 10;

/// Reads every interchange of a file.
pub(super) fn read(reader: &mut dyn Read, budget: &Budget<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
    let mut segments = Segments {
        bytes: BufReader::with_capacity(64 << 10, Decoder::new(reader, budget)).bytes(),
        element: b'*',
        terminator: b'~',
        segment: Vec::new(),
    };
    let mut loops = Loops::default();
    while segments.next()? {
        let text = String::from_utf8_lossy(&segments.segment);
        let elements: Vec<&str> = text.split(char::from(segments.element)).map(str::trim).collect();
        loops.segment(&elements, sink);
    }
    Ok(())
}

struct Segments<R: Read> {
    bytes: std::io::Bytes<R>,
    element: u8,
    terminator: u8,
    segment: Vec<u8>,
}

impl<R: Read> Segments<R> {
    /// Reads the next segment; `false` at the end.
    fn next(&mut self) -> Result<bool, Failure> {
        self.segment.clear();
        let mut separators = 0;
        let mut header = false;
        while let Some(byte) = self.bytes.next().transpose()? {
            if self.segment.is_empty() && byte.is_ascii_whitespace() {
                continue;
            }
            if self.segment == b"ISA" && !byte.is_ascii_alphanumeric() {
                self.element = byte;
                header = true;
            }
            if header {
                // The 16th element is the component separator, one character; the terminator follows it.
                separators += usize::from(byte == self.element);
                let last = self.segment.iter().rposition(|kept| *kept == self.element);
                if separators == 16
                    && last.is_some_and(|at| at + 2 == self.segment.len())
                    && byte != self.element
                {
                    self.terminator = byte;
                    return Ok(true);
                }
                if separators < 16 && byte == b'\n' && self.segment.len() > 200 {
                    return Ok(true);
                }
            } else if byte == self.terminator {
                return Ok(true);
            }
            if self.segment.len() < SEGMENT {
                self.segment.push(byte);
            }
        }
        Ok(!self.segment.is_empty())
    }
}

/// Whom the present loop is about.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum About {
    /// Envelope, payer, provider, anything else.
    #[default]
    Other,
    /// A patient, subscriber, dependent or insured.
    Person,
}

#[derive(Default)]
struct Loops {
    about: About,
    /// Whether a record is open that has no person yet.
    fresh: bool,
}

impl Loops {
    fn segment(&mut self, elements: &[&str], sink: &mut dyn Sink) {
        let at = |index: usize| elements.get(index).copied().unwrap_or_default();
        match at(0) {
            "ISA" | "GS" | "ST" | "SE" | "N1" => self.about = About::Other,
            "HL" | "CLP" | "INS" => {
                self.about = About::Other;
                sink.record();
                self.fresh = true;
            }
            "NM1" => self.name(elements, sink),
            "DMG" if self.about == About::Person => field(sink, Some(Entity::Dob), "DMG02", at(2)),
            "REF" => self.reference(at(1), at(2), sink),
            "PER" if self.about == About::Person => {
                for pair in elements.get(3..).unwrap_or_default().chunks_exact(2) {
                    let known = match pair[0] {
                        "TE" | "CP" | "HP" | "WP" | "AP" | "FX" => Entity::Phone,
                        "EM" => Entity::Email,
                        _ => continue,
                    };
                    field(sink, Some(known), "PER04", pair[1]);
                }
            }
            "NTE" => field(sink, None, "NTE02", at(2)),
            "MSG" | "K3" => field(sink, None, "MSG01", at(1)),
            _ => {}
        }
    }

    fn name(&mut self, elements: &[&str], sink: &mut dyn Sink) {
        let at = |index: usize| elements.get(index).copied().unwrap_or_default();
        // Insured, patient, dependent, corrected insured, other insured, responsible party, and who may stand for a patient.
        let person = matches!(
            at(1),
            "IL" | "QC" | "03" | "74" | "70" | "GB" | "QD" | "E1" | "S1" | "LR" | "1L" | "EI"
        );
        self.about = if person { About::Person } else { About::Other };
        if !person {
            return;
        }
        // The corrected insured is the insured once more.
        if !self.fresh && at(1) != "74" {
            sink.record();
        }
        self.fresh = false;
        let given = [at(4), at(5)].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        let name = if given.is_empty() { at(3).to_owned() } else { format!("{}, {given}", at(3)) };
        if at(2) != "2" {
            field(sink, Some(Entity::Name), "NM103", &name);
        }
        let known = match at(8) {
            "MI" | "N" | "II" | "HN" | "C" | "MC" | "MR" | "ZZ" => Some(Entity::MemberId),
            "34" | "SY" => Some(Entity::Ssn),
            _ => None,
        };
        field(sink, known, "NM109", at(9));
    }

    fn reference(&mut self, qualifier: &str, value: &str, sink: &mut dyn Sink) {
        let known = match qualifier {
            "SY" => Some(Entity::Ssn),
            "EA" if self.about == About::Person => Some(Entity::Mrn),
            "1W" | "0F" | "NQ" | "F6" | "IG" | "HJ" if self.about == About::Person => Some(Entity::MemberId),
            _ => None,
        };
        if known.is_some() {
            field(sink, known, "REF02", value);
        }
    }
}

fn field(sink: &mut dyn Sink, known: Option<Entity>, label: &str, value: &str) {
    if !value.is_empty() {
        sink.field(Field { known, label, value });
    }
}

#[cfg(test)]
mod tests {
    use crate::extract::testing::kept;
    use crate::extract::{Format, sniff};

    fn interchange(element: char, terminator: &str, body: &[&str]) -> String {
        let isa = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260314*1200*^*00501*000000001*0*P*:";
        let mut text = isa.replace('*', &element.to_string()) + terminator;
        for segment in body {
            text.push_str(&segment.replace('*', &element.to_string()));
            text.push_str(terminator);
        }
        text
    }

    const BODY: [&str; 9] = [
        "ST*837*0001*005010X224A2",
        "NM1*85*1*PROVIDER*PAUL****XX*1234567893",
        "PER*IC*DESK*TE*2125550100",
        "HL*2*1*22*0",
        "NM1*IL*1*O'BRIEN*ANN*M***MI*U123",
        "DMG*D8*19800102*F",
        "REF*SY*123456789",
        "NM1*PR*2*DELTA*****PI*99",
        "REF*EA*999",
    ];

    #[test]
    fn separators_come_from_the_header() {
        for (element, terminator) in
            [('*', "~"), ('|', "\n"), ('+', "\r\n"), ('*', "~\r\n"), ('\u{1D}', "\u{1C}")]
        {
            let text = interchange(element, terminator, &BODY);
            assert_eq!(sniff(text.as_bytes(), "x"), Format::X12);
            let kept = kept(text.as_bytes(), "x", Format::X12);
            assert_eq!(
                kept.lines,
                [
                    "record",
                    "field NAME NM103 = O'BRIEN, ANN M",
                    "field MEMBER_ID NM109 = U123",
                    "field DOB DMG02 = 19800102",
                    "field SSN REF02 = 123456789",
                ]
            );
        }
    }

    #[test]
    fn a_claim_of_a_remittance_is_a_record() {
        let text = interchange(
            '*',
            "~",
            &[
                "ST*835*1",
                "N1*PR*DELTA",
                "CLP*1*1",
                "NM1*QC*1*LEE*ANN****MI*W1",
                "NM1*74*1*LEE*ANNE",
                "CLP*2*1",
                "NM1*QC*1*FOX*BO****34*123456780",
            ],
        );
        let kept = kept(text.as_bytes(), "x", Format::X12);
        assert_eq!(kept.lines.iter().filter(|line| *line == "record").count(), 2);
        assert!(kept.has("field SSN NM109 = 123456780") && kept.has("field NAME NM103 = LEE, ANNE"));
    }
}
