//! The filters that text streams of a PDF go through. Facts: ISO 32000-1, 7.4.

use std::cell::Cell;
use std::io::Read;

use flate2::read::ZlibDecoder;

use super::super::budget::{Budget, Metered, Stop};
use super::super::failure::Failure;
use super::object::Dict;

/// The most that one stream may hold once it is decoded.
const DECODED: u64 = 16 << 20;

/// Decodes `raw` by one filter; `None` for filters of images. A stream that breaks off is given as far as it goes.
pub(super) fn decode(
    filter: &str,
    parameters: &Dict,
    raw: &[u8],
    budget: &Budget<'_>,
) -> Result<Option<Vec<u8>>, Failure> {
    let decoded = match filter {
        "FlateDecode" | "Fl" => predict(inflate(raw, budget)?, parameters),
        "LZWDecode" | "LZW" => {
            predict(lzw(raw, parameters.number("EarlyChange") != Some(0.0), budget)?, parameters)
        }
        "ASCIIHexDecode" | "AHx" => {
            super::object::Parser::new(&[b"<", raw].concat()).next().map_or(Vec::new(), |object| match object
            {
                super::object::Object::Text(bytes) => bytes,
                _ => Vec::new(),
            })
        }
        "ASCII85Decode" | "A85" => ascii85(raw),
        "RunLengthDecode" | "RL" => run_length(raw),
        _ => return Ok(None),
    };
    Ok(Some(decoded))
}

fn inflate(raw: &[u8], budget: &Budget<'_>) -> Result<Vec<u8>, Failure> {
    let input = Cell::new(raw.len() as u64);
    let mut out = Vec::new();
    let mut inflated = Metered::new(ZlibDecoder::new(raw), budget, &input).take(DECODED + 1);
    match inflated.read_to_end(&mut out).map_err(Failure::from) {
        Ok(_) if out.len() as u64 > DECODED => Err(Stop::Size.into()),
        Err(Failure::Stop(stop)) => Err(stop.into()),
        _ => Ok(out),
    }
}

/// Undoes PNG's row filters, which cross-reference and object streams use.
fn predict(data: Vec<u8>, parameters: &Dict) -> Vec<u8> {
    let number = |name: &str, usual: usize| {
        parameters
            .index(name)
            .filter(|value| (1..65_536).contains(value))
            .map_or(usual, |value| value as usize)
    };
    if number("Predictor", 1) < 10 {
        return data;
    }
    let pixel = (number("Colors", 1) * number("BitsPerComponent", 8)).div_ceil(8).max(1);
    let width =
        (number("Columns", 1) * number("Colors", 1) * number("BitsPerComponent", 8)).div_ceil(8).max(1);
    let mut out: Vec<u8> = Vec::with_capacity(data.len());
    let mut above = vec![0_u8; width];
    for row in data.chunks(width + 1) {
        let mut line = row[1..].to_vec();
        line.resize(width, 0);
        for at in 0..width {
            let left = if at >= pixel { line[at - pixel] } else { 0 };
            let corner = if at >= pixel { above[at - pixel] } else { 0 };
            let up = above[at];
            let add = match row[0] {
                1 => left,
                2 => up,
                3 => u8::midpoint(left, up),
                4 => paeth(left, up, corner),
                _ => 0,
            };
            line[at] = line[at].wrapping_add(add);
        }
        out.extend_from_slice(&line);
        above = line;
    }
    out
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(corner));
    let estimate = a + b - c;
    let (da, db, dc) = ((estimate - a).abs(), (estimate - b).abs(), (estimate - c).abs());
    if da <= db && da <= dc {
        left
    } else if db <= dc {
        up
    } else {
        corner
    }
}

fn lzw(raw: &[u8], early: bool, budget: &Budget<'_>) -> Result<Vec<u8>, Failure> {
    let mut out: Vec<u8> = Vec::new();
    // Each entry is a range of the output: the string before it and one byte more.
    let mut table: Vec<(usize, usize)> = Vec::new();
    let (mut width, mut buffer, mut bits) = (9_u32, 0_u32, 0_u32);
    let mut last: Option<(usize, usize)> = None;
    for byte in raw {
        buffer = buffer << 8 | u32::from(*byte);
        bits += 8;
        if bits < width {
            continue;
        }
        bits -= width;
        let code = (buffer >> bits & ((1 << width) - 1)) as usize;
        buffer &= (1 << bits) - 1;
        let start = out.len();
        match code {
            256 => {
                table.clear();
                (width, last) = (9, None);
                continue;
            }
            257 => break,
            0..=255 => out.push(u8::try_from(code).unwrap_or_default()),
            _ => match (table.get(code - 258).copied(), last) {
                (Some((from, to)), _) => out.extend_from_within(from..to),
                (None, Some((from, to))) if code - 258 == table.len() => {
                    out.extend_from_within(from..to);
                    out.push(out[from]);
                }
                _ => break,
            },
        }
        if let Some((from, to)) = last
            && table.len() < 4096 - 258
        {
            // The new string is the last one and the first byte of this one, which follow each other in the output.
            table.push((from, to + 1));
        }
        last = Some((start, out.len()));
        let next = table.len() + 259 + usize::from(early) - 1;
        width = match next {
            0..=511 => 9,
            512..=1023 => 10,
            1024..=2047 => 11,
            _ => 12,
        };
        if out.len() as u64 > DECODED {
            return Err(Stop::Size.into());
        }
    }
    budget.expand(out.len() as u64)?;
    Ok(out)
}

fn ascii85(raw: &[u8]) -> Vec<u8> {
    let (mut out, mut group, mut count) = (Vec::new(), 0_u32, 0);
    for byte in raw {
        match byte {
            b'z' if count == 0 => out.extend([0; 4]),
            b'!'..=b'u' => {
                group = group.wrapping_mul(85).wrapping_add(u32::from(byte - b'!'));
                count += 1;
                if count == 5 {
                    out.extend(group.to_be_bytes());
                    (group, count) = (0, 0);
                }
            }
            b'~' => break,
            _ => {}
        }
    }
    if count > 1 {
        for _ in count..5 {
            group = group.wrapping_mul(85).wrapping_add(84);
        }
        out.extend(&group.to_be_bytes()[..count - 1]);
    }
    out
}

fn run_length(raw: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(length) = raw.get(at).copied() {
        match length {
            128 => break,
            0..=127 => {
                let end = (at + 2 + usize::from(length)).min(raw.len());
                out.extend_from_slice(&raw[at + 1..end]);
                at = end;
            }
            _ => {
                let Some(byte) = raw.get(at + 1) else { break };
                out.extend(std::iter::repeat_n(*byte, 257 - usize::from(length)));
                at += 2;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::testing::budget_for_tests;

    #[test]
    fn filters_give_back_what_went_in() {
        let decode = |filter: &str, raw: &[u8]| {
            decode(filter, &Dict::default(), raw, budget_for_tests()).unwrap().unwrap()
        };
        assert_eq!(decode("ASCIIHexDecode", b"48 656C6c6F>"), b"Hello");
        assert_eq!(decode("ASCII85Decode", b"87cURD]i,\"Ebo80~>"), b"Hello World!");
        assert_eq!(decode("RunLengthDecode", &[1, b'a', b'b', 254, b'c', 128]), b"abccc");
        // The example of the standard, 7.4.4.2.
        assert_eq!(
            decode("LZWDecode", &[0x80, 0x0B, 0x60, 0x50, 0x22, 0x0C, 0x0C, 0x85, 0x01]),
            [45, 45, 45, 45, 45, 65, 45, 45, 45, 66]
        );
    }
}
