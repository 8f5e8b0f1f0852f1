//! Files that may hold patient data and that no reader here opens: databases, disk images, Outlook data files and foreign
//! archives.
//!
//! They are recognised so that a report can say what was not searched, by the first bytes where their format has a mark and
//! by the name only where it has none. Nothing here reads further than the head that [`sniff()`](super::sniff()) was given.
//!
//! Facts: file(1)'s magic database; for FileMaker its `HBAM` header (PRONOM fmt/194, fmt/1237); Microsoft's ESE, PST, VHD and
//! VHDX documents; the Microsoft Tape Format, which SQL Server's backups are written in; InnoDB's page header
//! (`FIL_PAGE_TYPE`); VirtualBox's and VMware's published headers.

use super::format::Format;

/// Marks that stand at a fixed place: where, what, and which format has it.
const MARKS: [(usize, &[u8], Format); 31] = [
    // FileMaker, all versions. Its first bytes are also those of a TrueType font.
    (0, b"\0\x01\0\0\0\x02\0\x01\0\x05\0\x02\0\x02", Format::Database),
    (0, b"\0\x01\0\0Standard Jet DB", Format::Database),
    (0, b"\0\x01\0\0Standard ACE DB", Format::Database),
    // SQL Server's files begin with a page of type 15; its backups are tapes.
    (0, b"\x01\x0F\0\0", Format::Database),
    (0, b"TAPE\0\0", Format::Database),
    (0, b"MSSQLBAK", Format::Database),
    // Extensible Storage Engine: Exchange, Windows Search, Active Directory.
    (4, b"\xEF\xCD\xAB\x89", Format::Database),
    // MySQL: a table's definition, MyISAM's and Aria's index and compressed data.
    (0, b"\xFE\x01\x07", Format::Database),
    (0, b"\xFE\x01\x08", Format::Database),
    (0, b"\xFE\x01\x09", Format::Database),
    (0, b"\xFE\x01\x0A", Format::Database),
    (0, b"\xFE\xFE\x07", Format::Database),
    (0, b"\xFE\xFE\x08", Format::Database),
    (0, b"\xFE\xFE\x09", Format::Database),
    (0, b"PGDMP", Format::Database),
    // Notes.
    (0, b"\x1A\0\0\x04\0\0", Format::Database),
    (0, b"conectix", Format::DiskImage),
    (0, b"vhdxfile", Format::DiskImage),
    (0, b"KDMV", Format::DiskImage),
    (64, b"\x7F\x10\xDA\xBE", Format::DiskImage),
    (0, b"QFI\xFB", Format::DiskImage),
    (0, b"MSWIM\0\0\0", Format::DiskImage),
    (0, b"!BDN", Format::Pst),
    (0, b"7z\xBC\xAF\x27\x1C", Format::Archive),
    (0, b"Rar!\x1A\x07", Format::Archive),
    (0, b"\xFD7zXZ\0", Format::Archive),
    // bzip2: pi, behind a head of four letters that a name could begin with.
    (4, b"1AY&SY", Format::Archive),
    (0, b"\x28\xB5\x2F\xFD", Format::Archive),
    (0, b"MSCF\0\0\0\0", Format::Archive),
    (0, b"\x1F\x9D", Format::Archive),
    (0, b"\x04\x22\x4D\x18", Format::Archive),
];

/// By the first bytes. To be asked before the marks of fonts and pictures, which are shorter.
pub(super) fn by_mark(head: &[u8]) -> Option<Format> {
    let has =
        |(at, mark, _): &&(usize, &[u8], Format)| head.get(*at..).is_some_and(|rest| rest.starts_with(mark));
    MARKS
        .iter()
        .find(has)
        .map(|(_, _, format)| *format)
        .or_else(|| is_innodb(head).then_some(Format::Database))
}

/// Page 0 of an InnoDB tablespace: a page of type 8 whose two space ids are the same.
fn is_innodb(head: &[u8]) -> bool {
    head.get(4..8) == Some(&[0; 4])
        && head.get(24..26) == Some(&[0, 8])
        && head.len() >= 42
        && head[34..38] == head[38..42]
        && head[..4] != [0; 4]
}

/// By the extension, for binary data that has no mark we know. Lower case, without the dot.
pub(super) fn by_extension(extension: &str) -> Option<Format> {
    Some(match extension {
        // MySQL, SQL Server, Exchange, Access, FileMaker, dBase and FoxPro with memos, Firebird, SQL Anywhere and Paradox
        // (`db`), SQL Server Compact, Btrieve, QuickBooks, Notes.
        "ibd" | "myd" | "myi" | "frm" | "mad" | "mai" | "mdf" | "ndf" | "ldf" | "bak" | "edb" | "mdb"
        | "accdb" | "fp3" | "fp5" | "fp7" | "fmp12" | "dbf" | "dbt" | "fpt" | "fdb" | "gdb" | "fbk"
        | "db" | "sdf" | "btr" | "qbw" | "qbb" | "nsf" => Format::Database,
        // Disks, and what backup programs make of them.
        "vhd" | "vhdx" | "avhdx" | "vmdk" | "vdi" | "qcow2" | "iso" | "wim" | "tib" | "tibx" | "mrimg"
        | "vbk" | "vib" | "spf" | "spi" | "v2i" | "gho" => Format::DiskImage,
        "pst" | "ost" => Format::Pst,
        "7z" | "rar" | "cab" | "arj" | "ace" | "lzh" | "lzma" | "sit" | "sitx" => Format::Archive,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::sniff;
    use super::*;

    fn padded(head: &[u8]) -> Vec<u8> {
        let mut bytes = head.to_vec();
        bytes.resize(super::super::HEAD, 0);
        bytes
    }

    #[test]
    fn marks_speak_whatever_the_name_says() {
        let at = |place: usize, mark: &[u8]| [vec![b'x'; place].as_slice(), mark].concat();
        for (head, format) in [
            (b"\0\x01\0\0\0\x02\0\x01\0\x05\0\x02\0\x02\xC0HBAM7".to_vec(), Format::Database),
            (b"\0\x01\0\0Standard ACE DB\0".to_vec(), Format::Database),
            (b"\x01\x0F\0\0\x08\0\0\0".to_vec(), Format::Database),
            (b"TAPE\0\0\x03\0".to_vec(), Format::Database),
            (at(4, b"\xEF\xCD\xAB\x89\x20\x06"), Format::Database),
            (b"vhdxfileM\0i\0".to_vec(), Format::DiskImage),
            (at(64, b"\x7F\x10\xDA\xBE\x01\0\x01\0"), Format::DiskImage),
            (b"!BDN\xE3\x1B".to_vec(), Format::Pst),
            (b"7z\xBC\xAF\x27\x1C\0\x04".to_vec(), Format::Archive),
            (b"MSCF\0\0\0\0".to_vec(), Format::Archive),
        ] {
            assert_eq!(sniff(&padded(&head), "notes.txt"), format, "{head:?}");
        }
        // The mark that FileMaker begins with is a font's.
        assert_eq!(sniff(&padded(b"\0\x01\0\0\0\x0C\0\x80\0\x03"), "arial.ttf"), Format::Other);
    }

    #[test]
    fn an_innodb_table_is_known_by_its_first_page() {
        let mut page = padded(&[0xC4, 0x11, 0x5A, 0x01]);
        page[25] = 8;
        (page[37], page[41]) = (7, 7);
        assert_eq!(sniff(&page, "patient"), Format::Database);
        page[41] = 6;
        assert_eq!(sniff(&page, "patient"), Format::Other);
    }

    #[test]
    fn a_name_decides_only_for_binary_data_without_a_mark() {
        for (name, format) in [
            ("patient.MYD", Format::Database),
            ("EXPORT.DBF", Format::Database),
            ("nightly.bak", Format::Database),
            ("PattersonPM.db", Format::Database),
            ("server.vhd", Format::DiskImage),
            ("C_VOL-b001.spi", Format::DiskImage),
            ("reception.ost", Format::Pst),
            ("old.rar", Format::Archive),
            ("program.bin", Format::Other),
        ] {
            assert_eq!(sniff(&padded(&[0xFD, 0x02, 0x90, 0, 0, 3]), name), format, "{name}");
        }
        assert_eq!(sniff(b"Name,DOB\nAnn,1/2/1980\n", "patients.bak"), Format::Txt, "text is read");
        assert_eq!(sniff(&padded(b"\x89PNG\r\n"), "scan.bak"), Format::Other, "a picture stays a picture");
        assert_eq!(sniff(&padded(b"SQLite format 3\0"), "patients.db"), Format::Sqlite);
    }
}
