//! What the readers leave out is said, and what lies where nobody expects it is found: a file is never silently passed over.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use enamel_phi::extract::{Budget, Format, HEAD, Limits, Source, extract, sniff_file};
use enamel_phi::sink::{Field, Problem, ProblemKind, Sink};
use rusqlite::Connection;

use crate::extract_hostile::{Heard, Stopped, heard, tar_header, zip};

const NOTE: &[u8] = b"SSN 1\n";
const TYPES: (&str, &[u8]) = ("[Content_Types].xml", b"<Types/>");
const DOCUMENT: (&str, &[u8]) = (
    "word/document.xml",
    b"<w:document><w:body><w:p><w:r><w:t>letter</w:t></w:r></w:p></w:body></w:document>",
);

/// What is heard of a file on disk, and which format it is.
fn heard_file(path: &Path) -> (Heard, Format) {
    let (mut sink, cancel) = (Heard::default(), AtomicBool::new(false));
    let budget = Budget::new(Limits::default(), &Stopped, &cancel);
    let bytes = std::fs::read(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy();
    let file = std::fs::File::open(path).unwrap();
    let source = || Source::file(&file, bytes.len() as u64, path);
    let format = sniff_file(&bytes[..bytes.len().min(HEAD)], &name, source(), &budget);
    extract(source(), &name, format, &budget, &mut sink);
    (sink, format)
}

#[test]
fn a_zip_with_the_main_part_of_a_document_is_not_yet_one() {
    for part in
        ["content.xml", "word/document.xml", "xl/workbook.xml", "ppt/presentation.xml", "xl/workbook.bin"]
    {
        let heard = heard(&zip(&[(part, b"<a>x</a>"), ("patients.txt", NOTE)], 0), "backup.zip");
        assert!(heard.text.contains("SSN 1") && heard.problems.is_empty(), "{part}: {:?}", heard.problems);
    }
}

#[test]
fn what_lies_beside_a_document_in_its_package_is_read_too() {
    let beside = [
        "patients.txt",
        "word/embeddings/old.txt",
        "word/elsewhere/note.txt",
        "word/media/note.txt",
        "xl/pivotCache/records.txt",
        "customXml/item1.txt",
    ];
    let documents = [
        ("a.docx", [TYPES, DOCUMENT], vec![]),
        ("a.xlsx", [TYPES, ("xl/workbook.xml", b"<workbook/>")], vec![]),
        ("a.xlsb", [TYPES, ("xl/workbook.bin", b"\x83\x01\0")], vec![ProblemKind::Unsupported]),
        ("a.odt", [("mimetype", b"application/x"), ("content.xml", b"<p>letter</p>")], vec![]),
    ];
    for (name, document, problems) in documents {
        let mut members = document.to_vec();
        members.extend(beside.map(|place| (place, NOTE)));
        members.push(("word/theme/theme1.xml", b"<a:theme name='SSN 2'/>"));
        let heard = heard(&zip(&members, 0), name);
        assert_eq!(heard.text.matches("SSN 1").count(), beside.len(), "{name}: {}", heard.text);
        assert_eq!(heard.kinds(), problems, "{name}");
        assert!(name == "a.odt" || !heard.text.contains("SSN 2"), "{name}: layout says nothing");
        assert!(name != "a.docx" || heard.text.matches("letter").count() == 1, "{}", heard.text);
    }
}

#[test]
fn a_document_of_too_many_parts_says_so() {
    let names: Vec<String> = (0..=20_000).map(|n| format!("word/part{n}.xml")).collect();
    let mut members: Vec<(&str, &[u8])> = vec![TYPES];
    members.extend(names.iter().map(|name| (name.as_str(), &b"<w:t>x</w:t>"[..])));
    members.push(DOCUMENT);
    let heard = heard(&zip(&members, 0), "a.docx");
    // The main part comes too late for what is looked through, so this is an archive, and all of it is read.
    assert!(heard.text.contains("letter") && heard.problems.is_empty(), "{:?}", heard.problems);
    members.rotate_right(1);
    let heard = self::heard(&zip(&members, 0), "a.docx");
    assert_eq!(heard.kinds(), [ProblemKind::Limit], "{:?}", heard.problems);
}

#[test]
fn an_encrypted_zip_cut_short_says_that_it_is_encrypted() {
    let whole = zip(&[("a.txt", b"secret"), ("b.txt", b"secret")], 1);
    let heard = heard(&whole[..whole.len() - 60], "cut.zip");
    assert_eq!(heard.kinds(), [ProblemKind::Encrypted, ProblemKind::Unreadable], "{:?}", heard.problems);
    assert!(heard.problems[0].detail.contains("2 members are encrypted"), "{:?}", heard.problems);
}

#[test]
fn damage_is_told_from_nothing_read() {
    for (name, bytes) in [
        ("empty.pdf", &b"%PDF-1.4\nnothing"[..]),
        ("cut.zip", &zip(&[("a.txt", NOTE)], 0)[..20]),
        ("cut.doc", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0\0\0\0"),
    ] {
        assert_eq!(heard(bytes, name).kinds(), [ProblemKind::Unreadable], "{name}");
    }
    let half = zip(&[("a.txt", NOTE), ("b.txt", NOTE)], 0);
    assert_eq!(heard(&half[..half.len() - 60], "half.zip").kinds(), [ProblemKind::Malformed]);
}

/// Gives up at the first text, as a reader's library may.
struct GivesUp(Vec<Problem>);

impl Sink for GivesUp {
    fn part(&mut self, _: &str) {}
    fn text(&mut self, _: &str) {
        panic!("the reader gives up");
    }
    fn table(&mut self, _: &[&str]) {}
    fn row(&mut self, _: &[&str]) {}
    fn record(&mut self) {}
    fn field(&mut self, _: Field<'_>) {}
    fn problem(&mut self, problem: Problem) {
        self.0.push(problem);
    }
}

#[test]
fn a_reader_that_gives_up_has_not_read_the_file() {
    let (mut sink, cancel) = (GivesUp(Vec::new()), AtomicBool::new(false));
    let budget = Budget::new(Limits::default(), &Stopped, &cancel);
    extract(Source::bytes(NOTE), "a.txt", Format::Txt, &budget, &mut sink);
    let problem = sink.0.remove(0);
    assert_eq!(
        (problem.kind, problem.detail.as_str()),
        (ProblemKind::Unreadable, "a.txt: its reader gave up")
    );
}

#[test]
fn a_member_that_claims_to_be_empty_is_read() {
    let mut archive = zip(&[("a.txt", b"SSN 1, and what else there is of the patient\n")], 0);
    let directory = memchr::memmem::find(&archive, b"PK\x01\x02").unwrap();
    archive[directory + 24..directory + 28].fill(0);
    assert!(heard(&archive, "a.zip").text.contains("SSN 1"));
    assert!(
        heard(&zip(&[("folder/", b"SSN 1, and what else there is of the patient\n")], 0), "a.zip")
            .text
            .contains("SSN 1")
    );
    assert_eq!(heard(&zip(&[("folder/", b""), ("empty.txt", b"")], 0), "a.zip").kinds(), []);
}

#[test]
fn further_problems_keep_their_kinds() {
    let names: Vec<String> = (0..30).map(|n| format!("{n}.7z")).collect();
    let mut members: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), &b"7z\xBC\xAF\x27\x1C\0\x04"[..])).collect();
    members.push(("a.txt", NOTE));
    let heard = heard(&zip(&members, 0), "a.zip");
    assert_eq!(heard.kinds(), [ProblemKind::Unsupported; 21]);
    assert_eq!(heard.problems[20].detail, "a.zip: 10 further problems of this kind");
}

#[test]
fn rows_in_a_write_ahead_log_are_said_to_be_unread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("patients.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("CREATE TABLE a (ssn TEXT); INSERT INTO a VALUES ('SSN 1');").unwrap();
    assert_eq!(heard_file(&path).0.kinds(), []);
    connection
        .execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; INSERT INTO a VALUES ('SSN 2');",
        )
        .unwrap();
    let (open, _) = heard_file(&path);
    assert_eq!((open.text.as_str(), open.kinds()), ("SSN 1\n", vec![ProblemKind::Unsupported]));
    assert!(open.problems[0].detail.contains("its write-ahead log"), "{:?}", open.problems);
    for beside in ["patients.db-wal", "patients.db-shm"] {
        assert_eq!(heard_file(&folder.path().join(beside)).0.kinds(), [], "{beside}");
    }
    // Whoever closes it last puts the rows where they belong.
    drop(connection);
    let (closed, _) = heard_file(&path);
    assert_eq!((closed.text.as_str(), closed.kinds()), ("SSN 1\nSSN 2\n", vec![]));
}

#[test]
fn a_database_of_too_many_tables_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    let connection = Connection::open(&path).unwrap();
    let tables = |from: u32, to: u32| -> String {
        (from..to).map(|n| format!("CREATE TABLE t{n} (ssn TEXT);")).collect()
    };
    connection.execute_batch(&format!("BEGIN; {} COMMIT;", tables(0, 10_000))).unwrap();
    assert_eq!(heard_file(&path).0.kinds(), []);
    connection.execute_batch(&tables(10_000, 10_001)).unwrap();
    assert_eq!(heard_file(&path).0.kinds(), [ProblemKind::Limit]);
}

/// A member of a tar with its padding.
fn member(name: &str, kind: u8, data: &[u8]) -> Vec<u8> {
    let mut bytes = tar_header(name, kind, data.len() as u64);
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

#[test]
fn members_of_a_tar_that_are_no_plain_files_are_said() {
    let after = member("note.txt", b'0', NOTE);
    // The map of this one goes on in another block, which is not counted in its size.
    let mut sparse = tar_header("disk.img", b'S', 6);
    sparse[482] = 1;
    sparse[148..156].copy_from_slice(b"        ");
    let sum: u32 = sparse.iter().map(|byte| u32::from(*byte)).sum();
    sparse[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    sparse.extend([0; 512]);
    sparse.extend(b"pieces");
    sparse.resize(sparse.len().next_multiple_of(512), 0);
    let pax = [
        member("h", b'x', b"22 GNU.sparse.major=1\n28 GNU.sparse.name=disk.img\n19 path=GNUSparse.1\n"),
        member("GNUSparse.1", b'0', b"pieces"),
    ]
    .concat();
    for (what, member) in [("old", sparse), ("volume", member("disk.img", b'M', b"pieces")), ("pax", pax)] {
        let heard = heard(&[&member[..], &after].concat(), "a.tar");
        assert_eq!(
            (heard.text.as_str(), heard.kinds()),
            ("SSN 1\n", vec![ProblemKind::Unsupported]),
            "{what}"
        );
        assert!(heard.problems[0].detail.starts_with("a.tar/disk.img: "), "{what}: {:?}", heard.problems);
    }
    // POSIX has what nobody knows read as a file.
    assert_eq!(heard(&member("note.txt", b'Z', NOTE), "a.tar").text, "SSN 1\n");
}

#[test]
fn a_tar_cut_inside_a_header_is_not_whole() {
    let whole = [member("folder/", b'5', b""), member("note.txt", b'0', NOTE)].concat();
    assert_eq!(heard(&whole, "a.tar").kinds(), [], "some writers leave out the zeros at the end");
    assert_eq!(heard(&whole[..700], "a.tar").kinds(), [ProblemKind::Unreadable]);
    let heard = heard(&[&whole[..], &whole[..300]].concat(), "a.tar");
    assert_eq!((heard.text.as_str(), heard.kinds()), ("SSN 1\n", vec![ProblemKind::Malformed]));
    assert!(heard.problems[0].detail.ends_with("it ends too early"), "{:?}", heard.problems);
}

#[test]
fn the_long_name_of_a_folder_is_not_the_next_files() {
    let tar = [
        member("././@LongLink", b'L', b"a-folder-with-a-long-name/\0"),
        member("a-folder", b'5', b""),
        member("damaged.pdf", b'0', b"%PDF-1.4\nnothing"),
    ]
    .concat();
    let heard = heard(&tar, "a.tar");
    assert!(heard.problems[0].detail.starts_with("a.tar/damaged.pdf: "), "{:?}", heard.problems);
}

#[test]
fn a_program_with_an_archive_behind_it_is_read_as_the_archive() {
    let folder = tempfile::tempdir().unwrap();
    let program = [&b"MZ\x90\0\x03\0\0\0"[..], &[0; 9000]].concat();
    let archive = zip(&[("patients.txt", NOTE)], 0);
    let expected =
        [("records.exe", &archive[..], Format::Zip, "SSN 1\n"), ("plain.exe", &[], Format::Other, "")];
    for (name, behind, format, text) in expected {
        let path = folder.path().join(name);
        std::fs::write(&path, [&program[..], behind].concat()).unwrap();
        let (heard, found) = heard_file(&path);
        assert_eq!((heard.text.as_str(), heard.kinds(), found), (text, vec![], format), "{name}");
    }
}
