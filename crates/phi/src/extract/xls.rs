//! Excel 5 to 2003: every sheet as a table, row by row.
//!
//! Records are read as they come; of a sheet only the present row is held. Facts: MS-XLS 2.3 (records), 2.5.217 (RK numbers),
//! 2.5.293 (strings), 2.4.265 (SST and its continuations).

use std::io::Read;

use super::budget::{Budget, Stop};
use super::failure::Failure;
use super::ole::{filled, slice, u16_at, u32_at};
use super::sheet::{NumberFormat, Strings};
use super::text::{Encoding, decode_all, windows_1252};
use crate::sink::Sink;

/// Bytes of the table of strings before it is decoded.
const SST: usize = 32 << 20;

/// Reads the stream of a workbook.
pub(super) fn read(reader: &mut impl Read, budget: &Budget<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
    let mut book = Book::default();
    let mut reader = std::io::BufReader::with_capacity(64 << 10, reader);
    let mut records = 0_u64;
    let mut head = [0; 4];
    while filled(&mut reader, &mut head)? {
        records += 1;
        if records.is_multiple_of(1024) {
            budget.check()?;
        }
        let mut data = vec![0; usize::from(u16_at(&head, 2))];
        if !filled(&mut reader, &mut data)? {
            book.end_row(sink);
            return Err(Failure::Malformed("it ends inside a record"));
        }
        book.record(u16_at(&head, 0), data, sink)?;
    }
    book.end_row(sink);
    Ok(())
}

/// A row is cut where it holds more.
const ROW: usize = 1 << 20;

#[derive(Default)]
struct Book {
    /// Excel 97 or later, whose strings are Unicode.
    unicode: bool,
    date1904: bool,
    codes: Vec<(u16, String)>,
    formats: Vec<NumberFormat>,
    strings: Strings,
    /// The table of strings, its continuations as pieces of their own: a string that goes on says anew how it is stored.
    table: Vec<Vec<u8>>,
    table_size: usize,
    names: std::collections::VecDeque<String>,
    last: u16,
    row: Option<u16>,
    cells: Vec<String>,
    /// Bytes of them.
    size: usize,
    /// The cell whose formula's text comes in the next record.
    awaits_text: Option<(u16, u16)>,
}

impl Book {
    fn record(&mut self, kind: u16, data: Vec<u8>, sink: &mut dyn Sink) -> Result<(), Failure> {
        const CONTINUE: u16 = 0x3C;
        if kind == CONTINUE {
            if self.last == 0xFC {
                self.table_size += data.len();
                if self.table_size > SST {
                    return Err(Stop::Size.into());
                }
                self.table.push(data);
            }
            return Ok(());
        }
        if self.last == 0xFC {
            self.read_table();
        }
        self.last = kind;
        let (row, column, style) = (u16_at(&data, 0), u16_at(&data, 2), u16_at(&data, 4));
        match kind {
            // BOF: of the workbook, then of every sheet.
            0x809 => {
                self.unicode = u16_at(&data, 0) >= 0x600;
                if u16_at(&data, 2) == 0x10 {
                    self.end_row(sink);
                    sink.part(&self.names.pop_front().unwrap_or_else(|| "sheet".to_owned()));
                    sink.table(&[]);
                }
            }
            0x2F => return Err(Failure::Encrypted),
            0x22 => self.date1904 = row == 1,
            // BOUNDSHEET; only worksheets have cells.
            0x85 if data.get(5) == Some(&0) => {
                let name = self.short_string(slice(&data, 6, data.len()));
                self.names.push_back(name);
            }
            0x41E => {
                let code = if self.unicode {
                    long_string(slice(&data, 2, data.len()))
                } else {
                    self.short_string(slice(&data, 2, data.len()))
                };
                self.codes.push((u16_at(&data, 0), code));
            }
            0xE0 => {
                let format = u16_at(&data, 2);
                let code =
                    self.codes.iter().rev().find(|(id, _)| *id == format).map(|(_, code)| code.as_str());
                self.formats.push(NumberFormat::new(u32::from(format), code));
            }
            0xFC => {
                self.table_size = data.len();
                self.table = vec![data];
            }
            0xFD => {
                let text = self.strings.get(u32_at(&data, 6) as usize).unwrap_or_default().to_owned();
                self.put(row, column, text, sink);
            }
            // LABEL and RSTRING.
            0x204 | 0xD6 => {
                let text = if self.unicode {
                    long_string(slice(&data, 6, data.len()))
                } else {
                    narrow(slice(&data, 8, usize::from(u16_at(&data, 6))))
                };
                self.put(row, column, text, sink);
            }
            0x203 => {
                let text = self.number(f64_at(&data, 6), style);
                self.put(row, column, text, sink);
            }
            0x27E => {
                let text = self.number(rk(u32_at(&data, 6)), style);
                self.put(row, column, text, sink);
            }
            0xBD => {
                for (at, cell) in slice(&data, 4, data.len().saturating_sub(6)).chunks_exact(6).enumerate() {
                    let text = self.number(rk(u32_at(cell, 2)), u16_at(cell, 0));
                    self.put(row, column.saturating_add(u16::try_from(at).unwrap_or(u16::MAX)), text, sink);
                }
            }
            // FORMULA: a number, or text in the STRING record behind it.
            0x06 | 0x206 | 0x406 => {
                if u16_at(&data, 12) == 0xFFFF {
                    self.awaits_text = (data.get(6) == Some(&0)).then_some((row, column));
                } else {
                    let text = self.number(f64_at(&data, 6), style);
                    self.put(row, column, text, sink);
                }
            }
            0x207 => {
                if let Some((row, column)) = self.awaits_text.take() {
                    let text = if self.unicode {
                        long_string(&data)
                    } else {
                        narrow(slice(&data, 2, usize::from(u16_at(&data, 0))))
                    };
                    self.put(row, column, text, sink);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn number(&self, number: f64, style: u16) -> String {
        let format = self.formats.get(usize::from(style)).copied().unwrap_or_default();
        format.show(&number.to_string(), self.date1904)
    }

    fn put(&mut self, row: u16, column: u16, text: String, sink: &mut dyn Sink) {
        if self.row != Some(row) {
            self.end_row(sink);
            self.row = Some(row);
        }
        let column = usize::from(column.min(255));
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        // Every cell may refer to the same long string.
        self.size += text.len();
        if self.size <= ROW {
            self.cells[column] = text;
        }
    }

    fn end_row(&mut self, sink: &mut dyn Sink) {
        if self.row.take().is_some() {
            sink.row(&self.cells.iter().map(String::as_str).collect::<Vec<_>>());
            self.cells.clear();
            self.size = 0;
        }
    }

    /// A string with one byte of length, as names of sheets are.
    fn short_string(&self, bytes: &[u8]) -> String {
        let len = usize::from(bytes.first().copied().unwrap_or(0));
        if !self.unicode {
            return narrow(slice(bytes, 1, len));
        }
        let wide = bytes.get(1).is_some_and(|flags| flags & 1 != 0);
        characters(slice(bytes, 2, if wide { len * 2 } else { len }), wide)
    }

    /// Takes the strings out of the table and its continuations.
    fn read_table(&mut self) {
        let pieces = std::mem::take(&mut self.table);
        let mut reader = Pieces { all: &pieces, piece: 0, at: 8 };
        while let Some(string) = reader.string() {
            if !self.strings.push(&string) {
                return;
            }
        }
    }
}

struct Pieces<'p> {
    all: &'p [Vec<u8>],
    piece: usize,
    at: usize,
}

impl Pieces<'_> {
    /// Bytes left in the present piece; moves to the next one where there are none.
    fn left(&mut self) -> Option<usize> {
        while self.at >= self.all.get(self.piece)?.len() {
            self.piece += 1;
            self.at = 0;
        }
        Some(self.all[self.piece].len() - self.at)
    }

    fn take(&mut self, len: usize) -> Option<&[u8]> {
        let take = self.left()?.min(len);
        let bytes = &self.all[self.piece][self.at..self.at + take];
        self.at += take;
        Some(bytes)
    }

    fn skip(&mut self, mut len: usize) -> Option<()> {
        while len > 0 {
            len -= self.take(len)?.len();
        }
        Some(())
    }

    fn string(&mut self) -> Option<String> {
        let head = self.take(3)?;
        let (mut chars, flags) = (usize::from(u16_at(head, 0)), *head.get(2)?);
        let runs = if flags & 8 != 0 { usize::from(u16_at(self.take(2)?, 0)) } else { 0 };
        let extension = if flags & 4 != 0 { u32_at(self.take(4)?, 0) as usize } else { 0 };
        let mut wide = flags & 1 != 0;
        let mut out = String::new();
        while chars > 0 {
            if self.at >= self.all.get(self.piece)?.len() {
                // The continuation begins with how its characters are stored.
                self.piece += 1;
                self.at = 0;
                wide = self.take(1)?.first()? & 1 != 0;
            }
            let size = if wide { 2 } else { 1 };
            let bytes = self.take(chars * size)?;
            let got = bytes.len().div_ceil(size);
            out.push_str(&characters(bytes, wide));
            chars = chars.saturating_sub(got);
        }
        self.skip(runs * 4 + extension)?;
        Some(out)
    }
}

/// A string with two bytes of length.
fn long_string(bytes: &[u8]) -> String {
    let len = usize::from(u16_at(bytes, 0));
    let wide = bytes.get(2).is_some_and(|flags| flags & 1 != 0);
    characters(slice(bytes, 3, if wide { len * 2 } else { len }), wide)
}

fn characters(bytes: &[u8], wide: bool) -> String {
    if wide { decode_all(bytes, Encoding::Utf16Le) } else { narrow(bytes) }
}

fn narrow(bytes: &[u8]) -> String {
    bytes.iter().copied().map(windows_1252).collect()
}

fn f64_at(bytes: &[u8], at: usize) -> f64 {
    f64::from_bits(u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32)
}

/// An RK number: an integer or the upper half of a float, either in hundredths.
fn rk(raw: u32) -> f64 {
    let value = if raw & 2 != 0 {
        f64::from(raw.cast_signed() >> 2)
    } else {
        f64::from_bits(u64::from(raw & !3) << 32)
    };
    if raw & 1 != 0 { value / 100.0 } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::testing::{Kept, budget_for_tests};

    #[allow(clippy::cast_possible_truncation)] // the records are short
    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat()
    }

    #[test]
    fn strings_dates_and_numbers() {
        let bof = |kind: u16| record(0x809, &[&0x600_u16.to_le_bytes()[..], &kind.to_le_bytes()].concat());
        let cell = |row: u16, column: u16, style: u16| [row, column, style].map(u16::to_le_bytes).concat();
        let stream = [
            bof(5),
            record(0x41E, &[&164_u16.to_le_bytes()[..], &[11, 0, 0], b"000-00-0000"].concat()),
            record(0xE0, &[0, 0, 0, 0]),
            record(0xE0, &[0, 0, 14, 0]),
            record(0xE0, &[0, 0, 164, 0]),
            record(0x85, &[0, 0, 0, 0, 0, 0, 2, 0, b'P', b'1']),
            // A string that goes on in a continuation, there in two bytes a character.
            record(0xFC, &[&[0; 8][..], &[4, 0, 0], b"Na"].concat()),
            record(0x3C, &[&[1][..], &[b'm', 0, b'e', 0], &[3, 0, 0], b"DOB"].concat()),
            bof(0x10),
            record(0xFD, &[cell(0, 0, 0), 0_u32.to_le_bytes().to_vec()].concat()),
            record(0xFD, &[cell(0, 1, 0), 1_u32.to_le_bytes().to_vec()].concat()),
            record(0x203, &[cell(1, 1, 1), 35853_f64.to_bits().to_le_bytes().to_vec()].concat()),
            record(0x27E, &[cell(1, 2, 2), (12_345_678_u32 << 2 | 2).to_le_bytes().to_vec()].concat()),
        ]
        .concat();
        let mut kept = Kept::default();
        read(&mut stream.as_slice(), budget_for_tests(), &mut kept).unwrap();
        assert_eq!(kept.lines, ["part P1", "table ", "row Name|DOB", "row |1998-02-27|012-34-5678"]);
    }
}
