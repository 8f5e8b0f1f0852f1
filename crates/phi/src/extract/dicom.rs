//! DICOM: the elements of a file's header that identify a patient, never the pixels.
//!
//! Reads front to back in explicit or implicit VR, either byte order, deflated too, with or without preamble and file meta
//! information. Facts: DICOM PS3.5 (encoding), PS3.6 (element numbers), PS3.10 (file format).

use std::cell::Cell;
use std::io::{self, BufReader, Cursor, Read};

use enamel_types::patient_data::Entity;
use flate2::bufread::DeflateDecoder;

use super::budget::{Budget, Counting, Metered};
use super::failure::Failure;
use super::text::{Encoding, decode_all};
use crate::sink::{Field, Sink};

/// Sequences inside each other.
const DEPTH: u32 = 32;
/// A longer value of an element that is looked at is cut.
const VALUE: u64 = 16 << 10;
const UNDEFINED: u32 = u32::MAX;
const PIXEL_DATA: u32 = 0x7FE0_0010;
const TRANSFER_SYNTAX: u32 = 0x0002_0010;

/// The elements that are looked at: number, keyword, and what they are where the standard says so.
const WANTED: [(u32, &str, Option<Entity>); 19] = [
    (0x0010_0010, "PatientName", Some(Entity::Name)),
    (0x0010_0020, "PatientID", Some(Entity::Mrn)),
    (0x0010_0021, "IssuerOfPatientID", None),
    (0x0010_0030, "PatientBirthDate", Some(Entity::Dob)),
    (0x0010_0050, "PatientInsurancePlanCodeSequence", None),
    (0x0010_1000, "OtherPatientIDs", Some(Entity::Mrn)),
    (0x0010_1001, "OtherPatientNames", Some(Entity::Name)),
    (0x0010_1005, "PatientBirthName", Some(Entity::Name)),
    (0x0010_1060, "PatientMotherBirthName", Some(Entity::Name)),
    (0x0010_1090, "MedicalRecordLocator", Some(Entity::Mrn)),
    (0x0010_2154, "PatientTelephoneNumbers", Some(Entity::Phone)),
    (0x0010_2155, "PatientTelecomInformation", Some(Entity::Phone)),
    (0x0010_21B0, "AdditionalPatientHistory", None),
    (0x0010_2297, "ResponsiblePerson", Some(Entity::Name)),
    (0x0010_4000, "PatientComments", None),
    (0x0008_1030, "StudyDescription", None),
    (0x0008_103E, "SeriesDescription", None),
    (0x0020_4000, "ImageComments", None),
    (0x0032_4000, "StudyComments", None),
];

/// Whether a file without preamble begins with a data set: a low group, and a length that fits.
pub(super) fn looks_bare(head: &[u8]) -> bool {
    let Some(start) = head.first_chunk::<8>() else { return false };
    let group = u16::from_le_bytes([start[0], start[1]]);
    let element = u16::from_le_bytes([start[2], start[3]]);
    if !matches!(group, 0x0002 | 0x0008) || element > 0x0100 {
        return false;
    }
    let explicit = start[4..6].iter().all(u8::is_ascii_uppercase);
    let length = u32::from_le_bytes([start[4], start[5], start[6], start[7]]);
    explicit || (group == 8 && length <= 64 && length % 2 == 0)
}

/// Reads the header of a file.
pub(super) fn read(reader: &mut dyn Read, budget: &Budget<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
    let mut start = Vec::new();
    Read::take(&mut *reader, 132).read_to_end(&mut start)?;
    if start.get(128..) == Some(b"DICM") {
        start.clear();
    }
    sink.record();
    let mut bytes = BufReader::new(Cursor::new(start).chain(reader));
    let mut syntax = String::from("1.2.840.10008.1.2.1");
    let meta_ends = read_meta(&mut bytes, &mut syntax)?;
    let first = meta_ends.unwrap_or_default();
    let bytes = Cursor::new(first).chain(bytes);
    if syntax == "1.2.840.10008.1.2.1.99" {
        let input = Cell::new(0);
        let inflated =
            Metered::new(DeflateDecoder::new(BufReader::new(Counting::new(bytes, &input))), budget, &input);
        return DataSet { bytes: inflated, big: false, explicit: true, budget, sink }.read();
    }
    let (mut explicit, big) = (syntax != "1.2.840.10008.1.2", syntax == "1.2.840.10008.1.2.2");
    let mut peek = bytes;
    let mut head = [0; 6];
    let got = read_up_to(&mut peek, &mut head)?;
    // What the bytes show counts for more than what the header states: files without a header state nothing.
    if got == 6 {
        explicit = head[4..6].iter().all(u8::is_ascii_uppercase);
    }
    let bytes = Cursor::new(head[..got].to_vec()).chain(peek);
    DataSet { bytes, big, explicit, budget, sink }.read()
}

fn read_up_to(reader: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < buf.len() {
        match reader.read(&mut buf[got..])? {
            0 => break,
            n => got += n,
        }
    }
    Ok(got)
}

/// Reads group 0002, which is always explicit and little endian; gives the bytes read beyond it.
fn read_meta(bytes: &mut impl Read, syntax: &mut String) -> Result<Option<Vec<u8>>, Failure> {
    loop {
        let mut head = [0; 8];
        let got = read_up_to(bytes, &mut head)?;
        if got < 8 || head[..2] != [2, 0] {
            return Ok(Some(head[..got].to_vec()));
        }
        let tag = 0x0002_0000 | u32::from(u16::from_le_bytes([head[2], head[3]]));
        let long = matches!(&head[4..6], b"OB" | b"OW" | b"UN" | b"UT" | b"SQ");
        let length = if long {
            let mut length = [0; 4];
            bytes.read_exact(&mut length)?;
            u64::from(u32::from_le_bytes(length))
        } else {
            u64::from(u16::from_le_bytes([head[6], head[7]]))
        };
        let mut value = Vec::new();
        let mut data = Read::take(&mut *bytes, length);
        Read::take(&mut data, VALUE).read_to_end(&mut value)?;
        io::copy(&mut data, &mut io::sink())?;
        if tag == TRANSFER_SYNTAX {
            String::from_utf8_lossy(&value).trim_matches(['\0', ' ']).clone_into(syntax);
        }
    }
}

struct DataSet<'d, R: Read> {
    bytes: R,
    big: bool,
    explicit: bool,
    budget: &'d Budget<'d>,
    sink: &'d mut dyn Sink,
}

impl<R: Read> DataSet<'_, R> {
    fn u16(&self, bytes: [u8; 2]) -> u16 {
        if self.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    fn u32(&self, bytes: [u8; 4]) -> u32 {
        if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }

    /// Walks elements until the pixels or the end. Sequences and items are not nested calls: their elements simply follow, so
    /// that only the depth of undefined lengths is counted.
    fn read(&mut self) -> Result<(), Failure> {
        let mut depth = 0_u32;
        let mut elements = 0_u64;
        loop {
            let mut head = [0; 8];
            let got = read_up_to(&mut self.bytes, &mut head)?;
            if got == 0 {
                return Ok(());
            }
            if got < 8 {
                return Err(Failure::Malformed("it ends inside an element"));
            }
            elements += 1;
            if elements.is_multiple_of(256) {
                self.budget.check()?;
            }
            let tag = u32::from(self.u16([head[0], head[1]])) << 16 | u32::from(self.u16([head[2], head[3]]));
            let item = tag >> 16 == 0xFFFE;
            let (sequence, length) = self.length(item, head)?;
            if tag == PIXEL_DATA {
                return Ok(());
            }
            if matches!(tag, 0xFFFE_E00D | 0xFFFE_E0DD) {
                depth = depth.saturating_sub(1);
            } else if item || sequence || length == UNDEFINED {
                if length == UNDEFINED {
                    depth += 1;
                }
                if depth > DEPTH {
                    return Err(Failure::Malformed("sequences nest too deep"));
                }
            } else {
                self.value(tag, u64::from(length))?;
            }
        }
    }

    fn length(&mut self, item: bool, head: [u8; 8]) -> Result<(bool, u32), Failure> {
        if item || !self.explicit {
            return Ok((false, self.u32([head[4], head[5], head[6], head[7]])));
        }
        let vr = [head[4], head[5]];
        if matches!(
            &vr,
            b"OB"
                | b"OD"
                | b"OF"
                | b"OL"
                | b"OV"
                | b"OW"
                | b"SQ"
                | b"SV"
                | b"UC"
                | b"UN"
                | b"UR"
                | b"UT"
                | b"UV"
        ) {
            let mut length = [0; 4];
            self.bytes.read_exact(&mut length)?;
            return Ok((&vr == b"SQ", self.u32(length)));
        }
        if !vr.iter().all(u8::is_ascii_uppercase) {
            return Err(Failure::Malformed("an element has no type"));
        }
        Ok((false, u32::from(self.u16([head[6], head[7]]))))
    }

    fn value(&mut self, tag: u32, length: u64) -> Result<(), Failure> {
        let mut data = Read::take(&mut self.bytes, length);
        let wanted = WANTED.iter().find(|(number, _, _)| *number == tag);
        let mut value = Vec::new();
        if wanted.is_some() {
            Read::take(&mut data, VALUE).read_to_end(&mut value)?;
        }
        let kept = value.len() as u64;
        if kept + io::copy(&mut data, &mut io::sink())? < length {
            return Err(Failure::Malformed("it ends inside an element"));
        }
        if let Some((_, label, known)) = wanted {
            let text = decode_all(&value, Encoding::Utf8);
            for one in text.split('\\').map(|one| one.trim_matches(['\0', ' ', '^'])) {
                // A name's ideographic and phonetic forms follow its alphabetic one.
                let value = one.split('=').next().unwrap_or_default();
                if !value.is_empty() {
                    self.sink.field(Field { known: *known, label, value });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::extract::testing::kept;
    use crate::extract::{Format, sniff};

    #[allow(clippy::cast_possible_truncation)] // the values are short
    fn element(tag: u32, vr: [u8; 2], value: &str, explicit: bool, big: bool) -> Vec<u8> {
        let mut value = value.as_bytes().to_vec();
        if value.len() % 2 == 1 {
            value.push(b' ');
        }
        let u16 = |n: u16| if big { n.to_be_bytes() } else { n.to_le_bytes() };
        let mut out = [u16((tag >> 16) as u16), u16(tag as u16)].concat();
        if explicit {
            out.extend(vr);
            out.extend(u16(value.len() as u16));
        } else {
            out.extend((value.len() as u32).to_le_bytes());
        }
        out.extend(value);
        out
    }

    fn body(explicit: bool, big: bool) -> Vec<u8> {
        [
            element(0x0008_0020, *b"DA", "20250101", explicit, big),
            element(0x0010_0010, *b"PN", "LEE^ANN", explicit, big),
            element(0x0010_0020, *b"LO", "PT-1", explicit, big),
            element(0x0010_0030, *b"DA", "19800102", explicit, big),
        ]
        .concat()
    }

    fn file(syntax: &str, body: &[u8]) -> Vec<u8> {
        [&[0; 128], &b"DICM"[..], &element(0x0002_0010, *b"UI", syntax, true, false), body].concat()
    }

    const FIELDS: [&str; 4] = [
        "record",
        "field NAME PatientName = LEE^ANN",
        "field MRN PatientID = PT-1",
        "field DOB PatientBirthDate = 19800102",
    ];

    #[test]
    fn every_encoding_reads_the_same() {
        use std::io::Write;
        let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        deflated.write_all(&body(true, false)).unwrap();
        for bytes in [
            file("1.2.840.10008.1.2.1", &body(true, false)),
            file("1.2.840.10008.1.2", &body(false, false)),
            file("1.2.840.10008.1.2.2", &body(true, true)),
            file("1.2.840.10008.1.2.1.99", &deflated.finish().unwrap()),
            body(true, false),
            body(false, false),
        ] {
            assert_eq!(sniff(&bytes, "IMG1"), Format::Dicom);
            let kept = kept(&bytes, "IMG1", Format::Dicom);
            assert_eq!(kept.lines, FIELDS);
        }
    }

    #[test]
    fn a_file_cut_short_says_so() {
        let whole = file("1.2.840.10008.1.2.1", &body(true, false));
        let kept = kept(&whole[..whole.len() - 3], "x", Format::Dicom);
        assert!(kept.has("field MRN PatientID = PT-1"));
        assert_eq!(kept.problems.len(), 1);
    }
}
