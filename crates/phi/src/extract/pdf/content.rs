//! What a content stream shows, and where on the page.
//!
//! Pieces of text are put into lines by their position, so that a label and its value stay together whatever order they were
//! drawn in. Facts: ISO 32000-1, 8.3 (coordinates), 8.10 (form XObjects), 9.4 (text operators).

use std::collections::{HashMap, HashSet};

use super::super::failure::Failure;
use super::file::File;
use super::font::Font;
use super::object::{Dict, Object, Parser};

/// Pieces of one page.
const PIECES: usize = 200_000;
/// Form XObjects inside each other, and drawn on one page.
const FORMS: u32 = 8;
const DRAWN: usize = 2000;
/// Saved graphics states.
const STATES: usize = 256;

/// A transformation: `x' = a x + c y + e`, `y' = b x + d y + f`.
type Matrix = [f64; 6];
const IDENTITY: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

fn times(m: Matrix, n: Matrix) -> Matrix {
    [
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4],
        m[4] * n[1] + m[5] * n[3] + n[5],
    ]
}

struct Piece {
    x: f64,
    end: f64,
    y: f64,
    size: f64,
    text: String,
}

/// The pieces of one page.
#[derive(Default)]
pub(super) struct Page {
    pieces: Vec<Piece>,
    fonts: HashMap<u32, Font>,
    drawn: usize,
}

#[derive(Clone, Copy)]
struct State {
    ctm: Matrix,
    size: f64,
    leading: f64,
    char_space: f64,
    word_space: f64,
    scale: f64,
    rise: f64,
}

impl Page {
    /// Runs a content stream with its resources.
    pub(super) fn run(
        &mut self,
        file: &mut File<'_, '_>,
        content: &[u8],
        resources: &Dict,
        ctm: Matrix,
        depth: u32,
        open: &mut HashSet<u32>,
    ) -> Result<(), Failure> {
        let fonts = file.entry(resources, "Font")?;
        let mut font = Font::default();
        let mut state =
            State { ctm, size: 1.0, leading: 0.0, char_space: 0.0, word_space: 0.0, scale: 1.0, rise: 0.0 };
        let (mut saved, mut text, mut line) = (Vec::new(), IDENTITY, IDENTITY);
        let mut operands: Vec<Object> = Vec::new();
        let mut parser = Parser::new(content);
        while let Some(object) = parser.next() {
            let Object::Word(operator) = object else {
                if operands.len() < 64 {
                    operands.push(object);
                }
                continue;
            };
            let number = |at: usize| operands.get(at).and_then(Object::number).unwrap_or(0.0);
            let matrix = || [number(0), number(1), number(2), number(3), number(4), number(5)];
            match operator.as_str() {
                "q" if saved.len() < STATES => saved.push(state),
                "Q" => state = saved.pop().unwrap_or(state),
                "cm" => state.ctm = times(matrix(), state.ctm),
                "BT" => (text, line) = (IDENTITY, IDENTITY),
                "Tf" => {
                    state.size = number(1);
                    let name = operands.first().and_then(Object::name).unwrap_or_default();
                    font = self.font(file, fonts.dict().and_then(|fonts| fonts.get(name)))?;
                }
                "Tc" => state.char_space = number(0),
                "Tw" => state.word_space = number(0),
                "Tz" => state.scale = number(0) / 100.0,
                "TL" => state.leading = number(0),
                "Ts" => state.rise = number(0),
                "Td" | "TD" => {
                    if operator == "TD" {
                        state.leading = -number(1);
                    }
                    line = times([1.0, 0.0, 0.0, 1.0, number(0), number(1)], line);
                    text = line;
                }
                "Tm" => (text, line) = (matrix(), matrix()),
                "T*" => next_line(&mut line, &mut text, state.leading),
                "Tj" => self.show(&operands, &font, state, &mut text),
                "TJ" => {
                    let array = operands.first().and_then(Object::array).unwrap_or_default();
                    self.show(array, &font, state, &mut text);
                }
                "'" => {
                    next_line(&mut line, &mut text, state.leading);
                    self.show(&operands, &font, state, &mut text);
                }
                "\"" => {
                    (state.word_space, state.char_space) = (number(0), number(1));
                    next_line(&mut line, &mut text, state.leading);
                    self.show(operands.get(2..).unwrap_or_default(), &font, state, &mut text);
                }
                "Do" => {
                    let name = operands.first().and_then(Object::name).unwrap_or_default().to_owned();
                    self.form(file, resources, &name, state.ctm, depth, open)?;
                }
                "ID" => skip_inline_image(&mut parser),
                _ => {}
            }
            operands.clear();
        }
        Ok(())
    }

    fn font(&mut self, file: &mut File<'_, '_>, object: Option<&Object>) -> Result<Font, Failure> {
        let number = if let Some(Object::Reference(number)) = object { Some(*number) } else { None };
        if let Some(known) = number.and_then(|number| self.fonts.get(&number)) {
            return Ok(known.clone());
        }
        let resolved = object.map_or(Ok(Object::Null), |object| file.resolve(object))?;
        let font = resolved.dict().map_or(Ok(Font::default()), |dict| Font::load(file, dict))?;
        if let Some(number) = number
            && self.fonts.len() < 64
        {
            self.fonts.insert(number, font.clone());
        }
        Ok(font)
    }

    /// Draws a form XObject, unless it is being drawn already.
    fn form(
        &mut self,
        file: &mut File<'_, '_>,
        resources: &Dict,
        name: &str,
        ctm: Matrix,
        depth: u32,
        open: &mut HashSet<u32>,
    ) -> Result<(), Failure> {
        let objects = file.entry(resources, "XObject")?;
        let Some(Object::Reference(number)) = objects.dict().and_then(|objects| objects.get(name)).cloned()
        else {
            return Ok(());
        };
        self.drawn += 1;
        if depth >= FORMS || self.drawn > DRAWN || !open.insert(number) {
            return Ok(());
        }
        if let Some(loaded) = file.load(number)?
            && let Some(dict) = loaded.dict().filter(|dict| dict.is("Subtype", "Form"))
            && let Some(content) = file.stream(&loaded)?
        {
            let own = file.entry(dict, "Resources")?;
            let matrix = file.entry(dict, "Matrix")?;
            let matrix: Vec<f64> =
                matrix.array().unwrap_or_default().iter().filter_map(Object::number).collect();
            let ctm = <Matrix>::try_from(matrix).map_or(ctm, |matrix| times(matrix, ctm));
            self.run(file, &content, own.dict().unwrap_or(resources), ctm, depth + 1, open)?;
        }
        open.remove(&number);
        Ok(())
    }

    /// Shows strings; numbers between them move the text by thousandths of its size.
    fn show(&mut self, strings: &[Object], font: &Font, state: State, text: &mut Matrix) {
        for object in strings {
            match object {
                Object::Text(bytes) => {
                    let at = times(
                        [state.size * state.scale, 0.0, 0.0, state.size, 0.0, state.rise],
                        times(*text, state.ctm),
                    );
                    let mut piece = Piece {
                        x: at[4],
                        end: at[4],
                        y: at[5],
                        size: at[2].hypot(at[3]),
                        text: String::new(),
                    };
                    let mut advance = 0.0;
                    font.decode(bytes, &mut |c, width| {
                        piece.text.push_str(c);
                        let space = if c == " " { state.word_space } else { 0.0 };
                        advance += (width / 1000.0 * state.size + state.char_space + space) * state.scale;
                    });
                    *text = times([1.0, 0.0, 0.0, 1.0, advance, 0.0], *text);
                    piece.end = times(*text, state.ctm)[4];
                    let shown =
                        [piece.x, piece.y, piece.end, piece.size].iter().all(|value| value.is_finite());
                    if shown && self.pieces.len() < PIECES && !piece.text.is_empty() {
                        self.pieces.push(piece);
                    }
                }
                Object::Number(back) => {
                    let advance = -back / 1000.0 * state.size * state.scale;
                    *text = times([1.0, 0.0, 0.0, 1.0, advance, 0.0], *text);
                }
                _ => {}
            }
        }
    }

    /// The page's lines, from top to bottom.
    pub(super) fn into_text(mut self) -> String {
        self.pieces.sort_by(|a, b| b.y.total_cmp(&a.y));
        let mut out = String::new();
        let mut rest = self.pieces.as_mut_slice();
        while let Some(first) = rest.first() {
            let (y, tolerance) = (first.y, (first.size * 0.4).max(1.0));
            let same = rest.iter().position(|piece| y - piece.y > tolerance).unwrap_or(rest.len());
            let (line, below) = rest.split_at_mut(same);
            line.sort_by(|a, b| a.x.total_cmp(&b.x));
            // A value that was broken at its hyphen goes on in the next line.
            let broken = out.ends_with("-\n") && out.chars().rev().nth(2).is_some_and(char::is_alphanumeric);
            if broken && line[0].text.starts_with(|c: char| c.is_ascii_digit()) {
                out.pop();
            }
            let mut end = f64::NAN;
            for piece in line.iter() {
                let gap = piece.x - end;
                if gap > 3.0 * piece.size {
                    out.push_str("   ");
                } else if gap > 0.18 * piece.size && !out.ends_with(' ') {
                    out.push(' ');
                }
                out.push_str(&piece.text);
                end = piece.end;
            }
            let kept = out.trim_end().len();
            out.truncate(kept);
            out.push('\n');
            rest = below;
        }
        out
    }
}

fn next_line(line: &mut Matrix, text: &mut Matrix, leading: f64) {
    *line = times([1.0, 0.0, 0.0, 1.0, 0.0, -leading], *line);
    *text = *line;
}

/// Passes over an inline image's data.
fn skip_inline_image(parser: &mut Parser<'_>) {
    let rest = parser.bytes.get(parser.at..).unwrap_or_default();
    let end = memchr::memmem::find_iter(rest, b"EI").find(|at| {
        let before = at.checked_sub(1).and_then(|at| rest.get(at));
        let after = rest.get(at + 2);
        before.is_none_or(u8::is_ascii_whitespace) && after.is_none_or(u8::is_ascii_whitespace)
    });
    parser.at += end.map_or(rest.len(), |at| at + 2);
}

/// The transformation of a page's own coordinates.
pub(super) const PAGE: Matrix = IDENTITY;
