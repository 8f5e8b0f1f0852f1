//! What `benches/phi.sh` runs: makes a folder of plain text of a practice, and scans one.
//!
//! `phi_bench make KIND FOLDER MEGABYTES FILES` writes the same bytes every time; `phi_bench scan PATH` prints what was found.
//! About one line in twelve holds a value; the rest is notes, logs, orders and figures that must be passed over. The kinds:
//! `ascii`; `accented`, where some names and apostrophes are not ASCII, as word processors write them; `dense`, where two lines of
//! three are statements, claims and dumps, so that nearly half of all bytes are digits.
#![allow(clippy::print_stdout)] // a program of its own, for a script to read

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use enamel_phi::{ScanOptions, scan};
use enamel_types::time::{Clock, Timestamp};

struct Wall;

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        #[allow(clippy::disallowed_methods)] // the edge of a program
        Timestamp::now()
    }
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (x ^ (x >> 31)) % n
    }
}

const NAMES: [&str; 12] = [
    "Alma Reyes",
    "Bernard Holt",
    "Celeste Okoye",
    "Dominic Varga",
    "Estelle Monroe",
    "Fernando Ruiz",
    "Grace Lindqvist",
    "Howard Tran",
    "Irene Baker",
    "Javier Stone",
    "Kendra Walsh",
    "Lionel Price",
];
const PROSE: [&str; 8] = [
    "Patient tolerated the procedure well and was given written instructions for care at home.",
    "Reviewed medical history, no changes reported. Blood pressure 128/82, pulse 71.",
    "Composite restoration placed on the occlusal and mesial surfaces, shade A2, bite adjusted and polished.",
    "Please remind the lab that the shade tab was photographed under daylight, and call when the case ships.",
    "The compressor was serviced on Tuesday, the filter is due again in six months according to the sticker.",
    "Front desk will confirm tomorrow's schedule and move the hygiene block to the second chair.",
    "Discussed treatment options, risks and benefits; questions were answered and consent was signed.",
    "Estimate printed and explained, deductible not met, patient portion to be collected at the visit.",
];

/// The names that are written otherwise where accents are.
const ACCENTED: [(&str, &str); 3] =
    [("Alma Reyes", "Álvaro Peña"), ("Grace Lindqvist", "Zoë Lindqvist"), ("Howard Tran", "François Tran")];

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Ascii,
    Accented,
    Dense,
}

impl std::str::FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "ascii" => Ok(Kind::Ascii),
            "accented" => Ok(Kind::Accented),
            "dense" => Ok(Kind::Dense),
            other => Err(format!("no kind of text is called {other}")),
        }
    }
}

fn dense(dice: &mut Dice, out: &mut Vec<u8>) -> std::io::Result<()> {
    let (month, day) = (1 + dice.below(12), 1 + dice.below(28));
    match dice.below(3) {
        0 => writeln!(
            out,
            "{month:02}/{day:02}/2025  D{:04}  #{}  {}.00  {}.40  {:09}  ref {:012}",
            dice.below(10_000),
            1 + dice.below(32),
            dice.below(2000),
            dice.below(900),
            dice.below(1_000_000_000),
            dice.below(1_000_000_000_000)
        ),
        1 => writeln!(
            out,
            "SVC*AD:D{:04}*{}*{}**1~DTM*472*2025{month:02}{day:02}~CAS*CO*45*{}~REF*6R*{:08}~",
            dice.below(10_000),
            dice.below(900),
            dice.below(700),
            dice.below(300),
            dice.below(100_000_000)
        ),
        _ => {
            write!(out, "{:08x} ", dice.below(1 << 32))?;
            for _ in 0..16 {
                write!(out, " {:02x}", dice.below(256))?;
            }
            writeln!(out)
        }
    }
}

fn line(dice: &mut Dice, kind: Kind, out: &mut Vec<u8>) -> std::io::Result<()> {
    if kind == Kind::Dense && dice.below(3) < 2 {
        return dense(dice, out);
    }
    let start = out.len();
    prose(dice, out)?;
    if kind == Kind::Accented {
        let mut text = String::from_utf8_lossy(&out[start..]).replace('\'', "’");
        for (plain, accented) in ACCENTED {
            text = text.replace(plain, accented);
        }
        out.truncate(start);
        out.extend_from_slice(text.as_bytes());
    }
    Ok(())
}

fn prose(dice: &mut Dice, out: &mut Vec<u8>) -> std::io::Result<()> {
    let name = NAMES[usize::try_from(dice.below(12)).unwrap_or(0)];
    match dice.below(48) {
        0 => writeln!(
            out,
            "\nPatient: {name}   DOB: {:02}/{:02}/{}   Chart #: {}\n",
            1 + dice.below(12),
            1 + dice.below(28),
            1935 + dice.below(80),
            100_000 + dice.below(900_000)
        ),
        1 => writeln!(
            out,
            "Insurance verification for {name}: Member ID W{:09}, SSN {:03}-{:02}-{:04}.",
            dice.below(1_000_000_000),
            100 + dice.below(500),
            1 + dice.below(98),
            1 + dice.below(9998)
        ),
        2 => writeln!(
            out,
            "Called {name} at (503) {}-{:04} about balance ${}.{:02}.",
            200 + dice.below(700),
            dice.below(10_000),
            dice.below(3000),
            dice.below(100)
        ),
        3 => writeln!(
            out,
            "email {}@mail.example, lives at {} Maple Way.",
            name.to_lowercase().replace(' ', "."),
            dice.below(9999)
        ),
        4..=8 => writeln!(
            out,
            "Supply order {:09} shipped, PO {}-{}, tracking 1Z{:016}.",
            dice.below(1_000_000_000),
            dice.below(999),
            dice.below(999),
            dice.below(10_000_000_000_000_000)
        ),
        9..=12 => writeln!(
            out,
            "2025-{:02}-{:02} {:02}:{:02}:{:02} INFO bridge: image {:08x}{:08x} stored in {} ms",
            1 + dice.below(12),
            1 + dice.below(28),
            dice.below(24),
            dice.below(60),
            dice.below(60),
            dice.below(1 << 32),
            dice.below(1 << 32),
            dice.below(900)
        ),
        _ => writeln!(out, "{}", PROSE[usize::try_from(dice.below(8)).unwrap_or(0)]),
    }
}

fn make(kind: Kind, folder: &Path, megabytes: u64, files: u64) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut dice = Dice(1);
    for file in 0..files.max(1) {
        let mut out = std::fs::File::create(folder.join(format!("notes-{file:03}.txt")))?;
        let mut block = Vec::new();
        let mut left = megabytes * 1_000_000 / files.max(1);
        while left > 0 {
            block.clear();
            while block.len() < 1 << 20 {
                line(&mut dice, kind, &mut block)?;
            }
            let take = block.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            out.write_all(&block[..take])?;
            left -= take as u64;
        }
    }
    Ok(())
}

fn look(path: PathBuf) -> Result<(), Box<dyn std::error::Error>> {
    let started = Wall.now();
    let surveys =
        scan(&[path], &ScanOptions::default(), &Wall, &AtomicBool::new(false), &mut |_| (), &mut |_| ())?;
    let seconds = Wall.now().duration_since(started).as_secs_f64();
    for survey in surveys {
        println!(
            "{:.3} s, {:.0} MB/s, {} files, {} people",
            seconds,
            survey.bytes as f64 / 1e6 / seconds,
            survey.files,
            survey.persons
        );
        println!("{:?}", survey.folders.first().map(|folder| &folder.entities));
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["make", kind, folder, megabytes, files] => {
            Ok(make(kind.parse()?, Path::new(folder), megabytes.parse()?, files.parse()?)?)
        }
        ["scan", path] => look(PathBuf::from(path)),
        _ => Err("phi_bench make ascii|accented|dense FOLDER MEGABYTES FILES | phi_bench scan PATH".into()),
    }
}
