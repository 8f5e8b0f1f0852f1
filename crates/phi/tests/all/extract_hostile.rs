//! The readers over files that mean harm or are damaged: each is told as what it is, quickly, and what can be read is.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use enamel_phi::extract::{Budget, Format, HEAD, Limits, Source, extract, sniff};
use enamel_phi::sink::{Field, Problem, ProblemKind, Sink};
use enamel_types::{Clock, Timestamp};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

pub(crate) struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) text: String,
    pub(crate) problems: Vec<Problem>,
}

impl Heard {
    pub(crate) fn kinds(&self) -> Vec<ProblemKind> {
        self.problems.iter().map(|problem| problem.kind).collect()
    }
}

impl Sink for Heard {
    fn part(&mut self, _: &str) {}
    fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }
    fn table(&mut self, _: &[&str]) {}
    fn row(&mut self, cells: &[&str]) {
        self.text.push_str(&cells.join("|"));
        self.text.push('\n');
    }
    fn record(&mut self) {}
    fn field(&mut self, field: Field<'_>) {
        self.text.push_str(field.value);
        self.text.push('\n');
    }
    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
}

pub(crate) fn heard(bytes: &[u8], name: &str) -> Heard {
    let mut heard = Heard::default();
    let cancel = AtomicBool::new(false);
    let budget = Budget::new(Limits::default(), &Stopped, &cancel);
    extract(Source::bytes(bytes), name, sniff(&bytes[..bytes.len().min(HEAD)], name), &budget, &mut heard);
    heard
}

/// A zip of members, deflated. `flags` is what the headers state of each.
pub(crate) fn zip(members: &[(&str, &[u8])], flags: u16) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in members {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(data).unwrap();
        let packed = encoder.finish().unwrap();
        let len = |n: usize| u32::try_from(n).unwrap().to_le_bytes();
        let short = |n: usize| u16::try_from(n).unwrap().to_le_bytes();
        let common = [
            &20_u16.to_le_bytes()[..],
            &flags.to_le_bytes(),
            &8_u16.to_le_bytes(),
            &[0; 8],
            &len(packed.len()),
            &len(data.len()),
        ]
        .concat();
        let at = out.len();
        out.extend(
            [&b"PK\x03\x04"[..], &common, &short(name.len()), &[0; 2], name.as_bytes(), &packed].concat(),
        );
        directory.extend(
            [&b"PK\x01\x02\x14\0"[..], &common, &short(name.len()), &[0; 12], &len(at), name.as_bytes()]
                .concat(),
        );
    }
    let count = u16::try_from(members.len()).unwrap().to_le_bytes();
    let (start, size) = (
        u32::try_from(out.len()).unwrap().to_le_bytes(),
        u32::try_from(directory.len()).unwrap().to_le_bytes(),
    );
    out.extend([&directory[..], b"PK\x05\x06\0\0\0\0", &count, &count, &size, &start, &[0; 2]].concat());
    out
}

pub(crate) fn tar_header(name: &str, kind: u8, size: u64) -> Vec<u8> {
    let mut header = vec![0_u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    header[156] = kind;
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn archive_bombs_are_not_expanded() {
    let same = vec![b'a'; 12 << 20];
    let inner = zip(&[("same.txt", &same), ("note.txt", b"SSN 1\n")], 0);
    for (name, bomb) in [
        ("b.zip", inner.clone()),
        ("n.zip", zip(&[("a.zip", &inner), ("b.zip", &inner)], 0)),
        ("z.txt.gz", gzip(&same)),
    ] {
        let began = Instant::now();
        let heard = heard(&bomb, name);
        assert!(
            heard.kinds().iter().all(|kind| *kind == ProblemKind::Limit) && !heard.problems.is_empty(),
            "{:?}",
            heard.problems
        );
        assert!(began.elapsed() < Duration::from_secs(5), "{name} took {:?}", began.elapsed());
        assert_eq!(heard.text.contains("SSN 1"), name != "z.txt.gz");
    }
}

#[test]
fn nesting_ends_at_the_limit() {
    let mut inside = zip(&[("note.txt", b"SSN 1\n")], 0);
    for _ in 0..3 {
        inside = zip(&[("inner.zip", &inside)], 0);
    }
    assert_eq!(heard(&inside, "four.zip").text, "SSN 1\n");
    let deeper = zip(&[("inner.zip", &inside)], 0);
    assert_eq!(heard(&deeper, "five.zip").kinds(), [ProblemKind::Limit]);
}

#[test]
fn archives_inside_archives_are_read() {
    let mut tar = tar_header("note.txt", b'0', 6);
    tar.extend(b"SSN 1\n");
    tar.resize(512 * 4, 0);
    assert_eq!(heard(&gzip(&tar), "backup.tgz").text, "SSN 1\n");
    assert_eq!(heard(&zip(&[("b.tar.gz", &gzip(&tar))], 0), "x.zip").text, "SSN 1\n");
    // Cut inside its padding is nothing lost; cut inside its data is.
    assert_eq!(heard(&tar[..514], "cut.tar").kinds(), [ProblemKind::Malformed]);
}

#[test]
fn encrypted_archives_say_so() {
    assert_eq!(heard(&zip(&[("a.txt", b"secret")], 1), "e.zip").kinds(), [ProblemKind::Encrypted]);
}

#[test]
fn a_zip_cut_short_is_read_as_far_as_it_goes() {
    let whole = zip(&[("a.txt", b"SSN 1\n"), ("b.txt", b"SSN 2\n")], 0);
    let heard = heard(&whole[..whole.len() - 60], "cut.zip");
    assert!(heard.text.contains("SSN 1") && heard.text.contains("SSN 2"), "{:?}", heard.problems);
    assert_eq!(heard.kinds(), [ProblemKind::Malformed]);
}

/// A PDF of one page, whose objects are given with their numbers.
fn pdf(objects: &[(u32, &str)]) -> Vec<u8> {
    let mut body = String::new();
    for (number, object) in objects {
        body += &[&number.to_string(), " 0 obj\n", object, "\nendobj\n"].concat();
    }
    format!("%PDF-1.4\n{body}trailer<</Root 1 0 R>>\n%%EOF").into_bytes()
}

fn stream(content: &str) -> String {
    format!("<</Length {}>>stream\n{content}\nendstream", content.len())
}

#[test]
fn a_pdf_with_cycles_ends() {
    let content = stream("BT /F1 12 Tf 50 700 Td (SSN 123-45-) Tj ET BT 50 686 Td (6789) Tj ET /X Do");
    let form = stream("BT 50 600 Td (form) Tj ET /X Do")
        .replace("<<", "<</Subtype/Form/Resources<</XObject<</X 6 0 R>>>>");
    let bytes = pdf(&[
        (1, "<</Type/Catalog/Pages 2 0 R>>"),
        (2, "<</Type/Pages/Kids[3 0 R 2 0 R 9 0 R]/Parent 2 0 R>>"),
        (3, "<</Type/Page/Parent 2 0 R/Contents 5 0 R/Resources<</XObject<</X 6 0 R>>>>>>"),
        (5, &content),
        (6, &form),
        (9, "9 0 R"),
    ]);
    let heard = heard(&bytes, "cycle.pdf");
    assert_eq!(heard.text, "SSN 123-45-6789\nform\n");
    assert!(heard.problems.is_empty(), "{:?}", heard.problems);
}

#[test]
fn pdfs_that_cannot_be_read_say_why() {
    let page = [
        (1, "<</Type/Catalog/Pages 2 0 R>>"),
        (2, "<</Type/Pages/Kids[3 0 R]>>"),
        (3, "<</Type/Page/Contents 5 0 R>>"),
    ];
    let mut encrypted = pdf(&page);
    let end = encrypted.len() - 15;
    encrypted.truncate(end);
    encrypted.extend(b"trailer<</Encrypt 7 0 R>>");
    assert_eq!(heard(&encrypted, "e.pdf").kinds(), [ProblemKind::Encrypted]);
    assert_eq!(heard(b"%PDF-1.4\nnothing", "n.pdf").kinds(), [ProblemKind::Unreadable]);
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![b' '; 12 << 20]).unwrap();
    let packed = encoder.finish().unwrap();
    let mut bomb = pdf(&page);
    bomb.extend(format!("5 0 obj<</Filter/FlateDecode/Length {}>>stream\n", packed.len()).as_bytes());
    bomb.extend([&packed[..], b"\nendstream endobj"].concat());
    assert_eq!(heard(&bomb, "bomb.pdf").kinds(), [ProblemKind::Limit]);
}

#[test]
fn a_damaged_page_of_sqlite_ends_its_table_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a b%.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch("PRAGMA page_size=4096; CREATE TABLE a (ssn TEXT); CREATE TABLE b (ssn TEXT);")
        .unwrap();
    for table in ["a", "b"] {
        let insert = format!(
            "INSERT INTO {table} WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000) SELECT '{table}' || i FROM n"
        );
        connection.execute(&insert, []).unwrap();
    }
    let leaf: i64 = connection
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'a'", [], |row| row.get(0))
        .unwrap();
    drop(connection);
    let mut bytes = std::fs::read(&path).unwrap();
    // The last child of the root of table a is its right-most leaf.
    let root = usize::try_from(leaf - 1).unwrap() * 4096;
    let child = u32::from_be_bytes(bytes[root + 8..root + 12].try_into().unwrap()) as usize;
    bytes[(child - 1) * 4096..child * 4096].fill(0xEE);
    let heard = heard(&bytes, "x.db");
    assert_eq!(heard.kinds(), [ProblemKind::Malformed]);
    assert!(heard.text.contains("a1\n") && !heard.text.contains("a2000\n") && heard.text.contains("b2000\n"));
    // A file on disk is read where it lies, whatever its path.
    let file = std::fs::File::open(&path).unwrap();
    let mut sink = Heard::default();
    let cancel = AtomicBool::new(false);
    let budget = Budget::new(Limits::default(), &Stopped, &cancel);
    extract(
        Source::file(&file, file.metadata().unwrap().len(), &path),
        "a b%.db",
        Format::Sqlite,
        &budget,
        &mut sink,
    );
    assert!(sink.text.contains("a2000\n") && sink.problems.is_empty());
}

#[test]
fn a_cancelled_scan_stops_at_once() {
    let cancel = AtomicBool::new(false);
    let budget = Budget::new(Limits::default(), &Stopped, &cancel);
    cancel.store(true, Ordering::Relaxed);
    let mut sink = Heard::default();
    extract(Source::bytes(b"SSN 1"), "x.txt", Format::Txt, &budget, &mut sink);
    assert_eq!((sink.text.as_str(), sink.kinds()), ("", vec![ProblemKind::Limit]));
}

/// A workbook whose header stands in row 4 and whose cells are of every type.
#[test]
fn a_workbook_is_read_as_it_is_seen() {
    let sheet = "<worksheet><sheetData><row r='1'><c r='A1' t='inlineStr'><is><t>Report</t></is></c></row>\
        <row r='4'><c r='A4' t='s'><v>0</v></c><c r='C4' t='s'><v>1</v></c></row>\
        <row r='5'><c r='A5' s='1'><v>35853</v></c><c r='C5'><v>12345678</v></c><c t='str'><f>A1</f><v>x</v></c></row></sheetData></worksheet>";
    let book = zip(
        &[
            ("[Content_Types].xml", b"<Types/>"),
            ("xl/workbook.xml", b"<workbook><sheets><sheet name='P' sheetId='1' r:id='rId1'/></sheets></workbook>"),
            ("xl/_rels/workbook.xml.rels", b"<R><Relationship Id='rId1' Target='worksheets/sheet1.xml'/></R>"),
            ("xl/styles.xml", b"<s><numFmts><numFmt numFmtId='170' formatCode='dd/mm/yyyy'/></numFmts><cellXfs><xf/><xf numFmtId='170'/></cellXfs></s>"),
            ("xl/sharedStrings.xml", b"<sst><si><t>DOB</t></si><si><r><t>S</t></r><r><t>SN</t></r></si></sst>"),
            ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
        ],
        0,
    );
    assert_eq!(sniff(&book, "export"), Format::Xlsx);
    assert_eq!(heard(&book, "export").text, "Report\nDOB||SSN\n1998-02-27||12345678|x\n");
}

/// An Outlook message with an attachment and a message inside it.
#[test]
fn an_outlook_message_is_read() {
    let mut file = cfb::CompoundFile::create(std::io::Cursor::new(Vec::new())).unwrap();
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let attachment = "/__attach_version1.0_#00000000";
    let inner = "/__attach_version1.0_#00000001";
    for storage in [attachment, inner, "/__attach_version1.0_#00000001/__substg1.0_3701000D"] {
        file.create_storage(storage).unwrap();
    }
    for (path, data) in [
        ("/__properties_version1.0".to_owned(), vec![0; 32]),
        ("/__substg1.0_0037001F".to_owned(), wide("Chart")),
        ("/__substg1.0_1000001E".to_owned(), b"SSN 1".to_vec()),
        (format!("{attachment}/__substg1.0_3707001F"), wide("list.csv")),
        (format!("{attachment}/__substg1.0_37010102"), b"Name,DOB\nAnn,2\n".to_vec()),
        (format!("{inner}/__substg1.0_3701000D/__substg1.0_10130102"), b"<p>DOB <b>3</b></p>".to_vec()),
    ] {
        file.create_stream(path).unwrap().write_all(&data).unwrap();
    }
    file.flush().unwrap();
    let bytes = file.into_inner().into_inner();
    let heard = heard(&bytes, "m.msg");
    assert_eq!(heard.text, "Subject: Chart\nSSN 1Name,DOB\nAnn,2\nDOB 3\n");
    assert!(heard.problems.is_empty(), "{:?}", heard.problems);
}

/// In the clear, written unusually, and where nothing but the kind of multipart says it.
#[test]
fn mails_inside_mails_end_at_the_limit() {
    let levels = 50_000;
    let head = "From: a@b.c\nTo: c@d.e\nSubject: x\nMIME-Version: 1.0\n";
    let plain = "Content-Type: message/rfc822\n\nFrom: a@b.c\nSubject: y\n".repeat(levels);
    let odd = "Con tent-Type: Message\" (a) /\\(b)\"Rfc822\n\nFrom: a@b.c\n".repeat(levels);
    let digest: String = (0..levels)
        .map(|level| {
            format!("Content-Type: multipart/digest; boundary=b{level}x\n\n--b{level}x\n\nSubject: y\n")
        })
        .collect();
    for nested in [plain, odd, digest] {
        let clear = heard(format!("{head}{nested}\nhello\n").as_bytes(), "m.eml");
        assert!(clear.text.contains("Subject: x\n"), "{:?}", clear.problems);
        // The parser copies what was encoded, by recursion too.
        let line = base64(nested.as_bytes());
        let coded =
            format!("{head}Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{line}\n");
        let coded = heard(coded.as_bytes(), "m.eml");
        assert!(coded.text.contains("Subject: x\n"), "{:?}", coded.problems);
    }
    let three = "Content-Type: message/rfc822\n\nFrom: a@b.c\nSubject: y\n".repeat(3);
    let three = heard(format!("{head}{three}\nhello\n").as_bytes(), "m.eml");
    assert_eq!((three.text.matches("Subject: y\n").count(), three.text.contains("hello")), (3, true));
    assert!(three.problems.is_empty(), "{:?}", three.problems);
}

fn base64(data: &[u8]) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in data.chunks(3) {
        let bits =
            three.iter().chain([&0; 2]).take(3).fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            out.push(if at <= three.len() { char::from(letters[bits >> shift & 63]) } else { '=' });
        }
    }
    out
}

#[test]
fn a_mail_of_a_million_parts_is_read_up_to_a_bound() {
    let head = "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nSSN 1\n";
    let began = Instant::now();
    let parts = heard(format!("{head}{}", "--b\n\nx\n".repeat(1_000_000)).as_bytes(), "m.eml");
    assert_eq!(parts.kinds(), [ProblemKind::Limit]);
    assert!(parts.text.contains("SSN 1") && parts.text.matches("x\n").count() < 110_000);
    // Delimiters that never come are looked for to the end, one by one.
    let missing = "Content-Type: multipart/mixed; boundary=c\n\n--b\n".repeat(200_000);
    let searches = heard(format!("{head}--b\n{missing}").as_bytes(), "m.eml");
    assert!(searches.text.contains("SSN 1") && searches.kinds().contains(&ProblemKind::Limit));
    assert!(began.elapsed() < Duration::from_mins(1), "took {:?}", began.elapsed());
}

/// Sparse files, so that they say more than the disk holds: one is passed over, one would be copied.
#[test]
fn members_of_gigabytes_cost_neither_time_nor_disk() {
    let read = |head: &[u8], len: u64, tail: &[u8], clock: &dyn Clock| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.tar");
        let mut file = std::fs::File::create_new(&path).unwrap();
        file.write_all(head).unwrap();
        std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(512 + len)).unwrap();
        file.write_all(tail).unwrap();
        let (mut sink, cancel) = (Heard::default(), AtomicBool::new(false));
        let budget = Budget::new(Limits::default(), clock, &cancel);
        let file = std::fs::File::open(&path).unwrap();
        extract(Source::file(&file, 512 + len, &path), "x.tar", Format::Tar, &budget, &mut sink);
        sink
    };
    let mut note = tar_header("note.txt", b'0', 6);
    note.extend(b"SSN 1\n");
    note.resize(1024, 0);
    let gigabyte = 1 << 30;
    for (magic, name) in [(&b"SQLite format 3\0"[..], "a.db"), (b"%PDF-1.4\n", "a.pdf")] {
        let head = [&tar_header(name, b'0', gigabyte)[..], magic].concat();
        let sink = read(&head, gigabyte, &note, &Stopped);
        assert_eq!((sink.kinds(), sink.text.as_str()), (vec![ProblemKind::Limit], "SSN 1\n"), "{name}");
    }
    let link = tar_header("link", b'2', 1 << 32);
    let sink = read(&link, 1 << 32, &note, &crate::clock::Running::by(1));
    assert_eq!((sink.kinds(), sink.text.as_str()), (vec![ProblemKind::Limit], ""));
}
