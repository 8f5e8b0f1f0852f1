//! The formats, by name.

/// A format, by the name that goes into reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Running text in any encoding.
    Txt,
    /// Comma-, semicolon-, tab- or pipe-separated values in any encoding.
    Csv,
    /// ASC X12 interchange.
    X12,
    /// HL7 version 2 messages.
    Hl7,
    /// FHIR resources as JSON.
    Fhir,
    /// Any other JSON, one value or one a line.
    Json,
    /// XML, CDA included.
    Xml,
    /// HTML.
    Html,
    /// Rich Text Format.
    Rtf,
    /// An SQL dump.
    Sql,
    /// An SQLite database.
    Sqlite,
    /// One mail message.
    Eml,
    /// A mailbox of messages.
    Mbox,
    /// An Outlook message.
    Msg,
    /// Word 2007 and later.
    Docx,
    /// Excel 2007 and later.
    Xlsx,
    /// PowerPoint 2007 and later.
    Pptx,
    /// OpenDocument text, sheet or presentation.
    Odf,
    /// Excel 97 to 2003.
    Xls,
    /// Word 97 to 2003.
    Doc,
    /// Portable Document Format.
    Pdf,
    /// DICOM, with or without preamble.
    Dicom,
    /// A zip archive.
    Zip,
    /// A gzip stream.
    Gz,
    /// A tar archive.
    Tar,
    /// An OLE compound file whose name does not tell what it is.
    Ole,
    /// A database other than SQLite, or a backup of one: not opened.
    Database,
    /// A disk image or a backup of a disk: not opened.
    DiskImage,
    /// An archive that is not looked into: 7z, rar, xz, bzip2, zstd, cab.
    Archive,
    /// Outlook data file: not opened.
    Pst,
    /// Nothing to search: images, sound, executables, unknown binary data.
    Other,
}

impl Format {
    /// Formats that may hold patient data and that are only recognised: their files are not read beyond the head.
    pub const NOT_OPENED: [Self; 4] = [Self::Database, Self::DiskImage, Self::Archive, Self::Pst];

    /// Whether a file of this format is read beyond its head.
    pub fn is_read(self) -> bool {
        self != Self::Other && !Self::NOT_OPENED.contains(&self)
    }

    /// The stable name used in JSON output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Txt => "txt",
            Self::Csv => "csv",
            Self::X12 => "x12",
            Self::Hl7 => "hl7",
            Self::Fhir => "fhir",
            Self::Json => "json",
            Self::Xml => "xml",
            Self::Html => "html",
            Self::Rtf => "rtf",
            Self::Sql => "sql",
            Self::Sqlite => "sqlite",
            Self::Eml => "eml",
            Self::Mbox => "mbox",
            Self::Msg => "msg",
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
            Self::Pptx => "pptx",
            Self::Odf => "odf",
            Self::Xls => "xls",
            Self::Doc => "doc",
            Self::Pdf => "pdf",
            Self::Dicom => "dicom",
            Self::Zip => "zip",
            Self::Gz => "gz",
            Self::Tar => "tar",
            Self::Ole => "ole",
            Self::Database => "database",
            Self::DiskImage => "disk_image",
            Self::Archive => "archive",
            Self::Pst => "pst",
            Self::Other => "other",
        }
    }
}
