//! Where the objects of a PDF lie.
//!
//! The file is scanned for `n g obj` once instead of trusting its cross-reference table: that reads damaged files like whole
//! ones and cannot be sent in circles; of several definitions the last counts, as in an incremental update. Only offsets are
//! kept, so a file of scanned pages costs no memory. Facts: ISO 32000-1, 7.3.8 (streams), 7.3.10 and 7.5.7 (object streams).

use std::collections::{HashMap, HashSet};
use std::io::{Read, Seek, SeekFrom};

use super::super::budget::{Budget, Stop};
use super::super::failure::Failure;
use super::super::source::Source;
use super::filter;
use super::object::{Dict, Object, Parser};

/// Objects of one file.
const OBJECTS: usize = 1_000_000;
/// The most of an object outside its stream.
const OBJECT: u64 = 4 << 20;
/// The most of a stream before it is decoded.
const STREAM: u64 = 16 << 20;
const CHUNK: usize = 256 << 10;

#[derive(Clone, Copy)]
enum Place {
    /// At an offset of the file.
    At(u64),
    /// In an object stream, as its n-th object.
    In(u32, u32),
}

/// A decoded object stream: its number, its bytes, and the numbers and offsets of the objects in it.
type Unpacked = (u32, Vec<u8>, Vec<(u32, usize)>);

/// An object, with where its stream's bytes begin if it has one.
pub(super) struct Loaded {
    pub(super) object: Object,
    stream: Option<u64>,
}

impl Loaded {
    /// As a dictionary; a stream's is its own.
    pub(super) fn dict(&self) -> Option<&Dict> {
        self.object.dict()
    }
}

pub(super) struct File<'a, 'b> {
    source: Source<'a>,
    budget: &'b Budget<'b>,
    places: HashMap<u32, Place>,
    /// The object stream used last, decoded.
    unpacked: Option<Unpacked>,
    /// The catalog, the pages in file order, and whether the file is encrypted.
    pub(super) catalog: Option<u32>,
    pub(super) pages: Vec<u32>,
    pub(super) encrypted: bool,
}

impl<'a, 'b> File<'a, 'b> {
    pub(super) fn open(source: Source<'a>, budget: &'b Budget<'b>) -> Result<Self, Failure> {
        let mut file = Self {
            source,
            budget,
            places: HashMap::new(),
            unpacked: None,
            catalog: None,
            pages: Vec::new(),
            encrypted: false,
        };
        let streams = file.scan()?;
        let mut listed = HashSet::new();
        for number in streams {
            if listed.insert(number) {
                file.list_object_stream(number)?;
            }
        }
        Ok(file)
    }

    /// Finds every object of the file; gives the object streams.
    fn scan(&mut self) -> Result<Vec<u32>, Failure> {
        let mut streams = Vec::new();
        let mut bytes: Vec<u8> = Vec::with_capacity(CHUNK * 2);
        let mut base = 0_u64;
        self.source.seek(SeekFrom::Start(0))?;
        loop {
            self.budget.check()?;
            let got = self.source.by_ref().take(CHUNK as u64).read_to_end(&mut bytes)?;
            let last = got < CHUNK;
            // What an object begins with is looked at too: keep a little for the next round.
            let complete = if last { bytes.len() } else { bytes.len() - 1024 };
            for hit in memchr::memmem::find_iter(&bytes, b"obj").filter(|hit| *hit < complete) {
                if let Some((number, start)) = numbered(&bytes[..hit]) {
                    if self.places.len() >= OBJECTS {
                        return Err(Stop::Size.into());
                    }
                    self.places.insert(number, Place::At(base + start as u64));
                    let head = &bytes[hit..bytes.len().min(hit + 1024)];
                    let head = memchr::memmem::find(head, b"endobj").map_or(head, |end| &head[..end]);
                    let head = memchr::memmem::find(head, b"stream").map_or(head, |end| &head[..end]);
                    self.note(number, head, &mut streams);
                }
            }
            for hit in memchr::memmem::find_iter(&bytes, b"trailer").filter(|hit| *hit < complete) {
                let head = &bytes[hit..bytes.len().min(hit + 1024)];
                self.encrypted |= memchr::memmem::find(head, b"/Encrypt").is_some();
            }
            if last {
                return Ok(streams);
            }
            // The number before an `obj` that begins the next round may stand at the end of this one.
            let keep_from = complete - 32;
            base += keep_from as u64;
            bytes.drain(..keep_from);
        }
    }

    /// What the first bytes of an object tell of it.
    fn note(&mut self, number: u32, head: &[u8], streams: &mut Vec<u32>) {
        let has = |words: &[&[u8]]| words.iter().any(|word| memchr::memmem::find(head, word).is_some());
        if has(&[b"/ObjStm"]) {
            streams.push(number);
        }
        if has(&[b"/Catalog"]) {
            self.catalog = Some(number);
        }
        if has(&[b"/XRef"]) && has(&[b"/Encrypt"]) {
            self.encrypted = true;
        }
        if has(&[b"/Type/Page", b"/Type /Page"]) && !has(&[b"/Type/Pages", b"/Type /Pages"]) {
            self.pages.push(number);
        }
    }

    fn list_object_stream(&mut self, number: u32) -> Result<(), Failure> {
        if !self.unpack(number)? {
            return Ok(());
        }
        let Some((_, bytes, index)) = self.unpacked.clone() else { return Ok(()) };
        let mut ignored = Vec::new();
        for (at, (object, offset)) in index.iter().enumerate() {
            if self.places.len() >= OBJECTS {
                return Err(Stop::Size.into());
            }
            self.places.insert(*object, Place::In(number, u32::try_from(at).unwrap_or(u32::MAX)));
            let end =
                index.get(at + 1).map_or(bytes.len(), |(_, next)| *next).min(offset + 1024).min(bytes.len());
            self.note(*object, bytes.get(*offset..end).unwrap_or_default(), &mut ignored);
        }
        Ok(())
    }

    /// Decodes an object stream and its index of (number, offset).
    fn unpack(&mut self, number: u32) -> Result<bool, Failure> {
        if self.unpacked.as_ref().is_some_and(|(kept, _, _)| *kept == number) {
            return Ok(true);
        }
        let Some(Place::At(offset)) = self.places.get(&number).copied() else { return Ok(false) };
        let loaded = self.load_at(offset)?;
        let Some(bytes) = self.stream(&loaded)? else { return Ok(false) };
        let first = loaded.dict().and_then(|dict| dict.index("First")).unwrap_or(0) as usize;
        let mut index = Vec::new();
        let mut parser = Parser::new(&bytes[..first.min(bytes.len())]);
        while let (Some(object), Some(offset)) = (parser.next(), parser.next()) {
            if let (Some(object), Some(offset)) = (object.index(), offset.index())
                && index.len() < OBJECTS
            {
                index.push((object, first.saturating_add(offset as usize)));
            }
        }
        self.unpacked = Some((number, bytes, index));
        Ok(true)
    }

    /// The object of a number.
    pub(super) fn load(&mut self, number: u32) -> Result<Option<Loaded>, Failure> {
        match self.places.get(&number).copied() {
            Some(Place::At(offset)) => self.load_at(offset).map(Some),
            Some(Place::In(stream, at)) => {
                if !self.unpack(stream)? {
                    return Ok(None);
                }
                let found = self.unpacked.as_ref().and_then(|(_, bytes, index)| {
                    let (_, offset) = index.get(at as usize)?;
                    Parser::new(bytes.get(*offset..)?).next()
                });
                Ok(found.map(|object| Loaded { object, stream: None }))
            }
            None => Ok(None),
        }
    }

    fn load_at(&mut self, offset: u64) -> Result<Loaded, Failure> {
        self.budget.check()?;
        let mut size = 8 << 10;
        loop {
            self.source.seek(SeekFrom::Start(offset))?;
            let mut bytes = Vec::new();
            self.source.by_ref().take(size).read_to_end(&mut bytes)?;
            let all = (bytes.len() as u64) < size;
            let mut parser = Parser::new(&bytes);
            // The number, the generation and `obj` stand before the object.
            for _ in 0..3 {
                parser.next();
            }
            let object = parser.next().unwrap_or(Object::Null);
            let next = parser.next();
            if parser.at < bytes.len() || all || size >= OBJECT {
                let stream = (next == Some(Object::Word("stream".to_owned()))).then(|| {
                    let line_end = match bytes.get(parser.at..) {
                        Some([b'\r', b'\n', ..]) => 2,
                        Some([b'\n' | b'\r', ..]) => 1,
                        _ => 0,
                    };
                    offset + (parser.at + line_end) as u64
                });
                return Ok(Loaded { object, stream });
            }
            size *= 8;
        }
    }

    /// Follows references to an object that is none.
    pub(super) fn resolve(&mut self, object: &Object) -> Result<Object, Failure> {
        let mut object = object.clone();
        for _ in 0..16 {
            let Object::Reference(number) = object else { return Ok(object) };
            object = self.load(number)?.map_or(Object::Null, |loaded| loaded.object);
        }
        Ok(Object::Null)
    }

    /// An entry of a dictionary, followed.
    pub(super) fn entry(&mut self, dict: &Dict, name: &str) -> Result<Object, Failure> {
        dict.get(name).map_or(Ok(Object::Null), |object| self.resolve(object))
    }

    /// The decoded bytes of a stream; `None` where there is none or it is an image's.
    pub(super) fn stream(&mut self, loaded: &Loaded) -> Result<Option<Vec<u8>>, Failure> {
        let (Some(start), Some(dict)) = (loaded.stream, loaded.dict()) else { return Ok(None) };
        let filters = match self.entry(dict, "Filter")? {
            Object::Name(name) => vec![name],
            Object::Array(names) => names.iter().filter_map(|name| name.name().map(str::to_owned)).collect(),
            _ => Vec::new(),
        };
        if filters.iter().any(|filter| {
            matches!(filter.as_str(), "DCTDecode" | "JPXDecode" | "CCITTFaxDecode" | "JBIG2Decode" | "Crypt")
        }) {
            return Ok(None);
        }
        let parameters = self.entry(dict, "DecodeParms")?;
        let length = self.entry(dict, "Length")?.index();
        let mut bytes = self.raw(start, length)?;
        for (at, name) in filters.iter().enumerate() {
            let own = match &parameters {
                Object::Array(all) => all.get(at).cloned().unwrap_or(Object::Null),
                one => one.clone(),
            };
            let own = self.resolve(&own)?;
            match filter::decode(name, own.dict().unwrap_or(&Dict::default()), &bytes, self.budget)? {
                Some(decoded) => bytes = decoded,
                None => return Ok(None),
            }
        }
        Ok(Some(bytes))
    }

    /// The bytes of a stream: by its length if `endstream` follows them, else up to there.
    fn raw(&mut self, start: u64, length: Option<u32>) -> Result<Vec<u8>, Failure> {
        if let Some(length) = length {
            if u64::from(length) > STREAM {
                return Err(Stop::Size.into());
            }
            self.source.seek(SeekFrom::Start(start))?;
            let mut bytes = Vec::new();
            self.source.by_ref().take(u64::from(length) + 16).read_to_end(&mut bytes)?;
            let tail = bytes.get(length as usize..).unwrap_or_default();
            if memchr::memmem::find(tail, b"endstr").is_some() {
                bytes.truncate(length as usize);
                return Ok(bytes);
            }
        }
        self.source.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        loop {
            let from = bytes.len().saturating_sub(16);
            let got = self.source.by_ref().take(CHUNK as u64).read_to_end(&mut bytes)?;
            if let Some(end) = memchr::memmem::find(&bytes[from..], b"endstream") {
                bytes.truncate(from + end);
                return Ok(bytes);
            }
            if got < CHUNK {
                return Ok(bytes);
            }
            if bytes.len() as u64 > STREAM {
                return Err(Stop::Size.into());
            }
        }
    }
}

/// The object number of the `n g ` that `before` ends with, and where it starts.
fn numbered(before: &[u8]) -> Option<(u32, usize)> {
    let tail = &before[before.len().saturating_sub(24)..];
    let words = tail.trim_ascii_end();
    let without_digits =
        |bytes: &[u8]| bytes.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |at| at + 1);
    let spaced = &words[..without_digits(words)];
    let first = spaced.trim_ascii_end();
    let start = without_digits(first);
    if spaced.len() == words.len() || first.len() == spaced.len() || start == first.len() {
        return None;
    }
    let value = std::str::from_utf8(&first[start..]).ok()?.parse().ok()?;
    Some((value, before.len() - tail.len() + start))
}
