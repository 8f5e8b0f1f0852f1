//! Fills a store with a fleet of any size, and says how fast: `fill DIR [PRACTICES [OBSERVATIONS [COMPUTERS]]]`.
//!
//! For measuring a console over many practices. OBSERVATIONS are those of one practice. With `DATABASE_URL` set, DIR holds the master
//! key only and the rest is in PostgreSQL. `fill DIR demo` writes the demo's forty practices instead.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "its figures are its output")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use enamel_server::demo::{self, Demo, Filled, Scale, Settings};
use enamel_store::{Config, Store};
use enamel_types::Timestamp;

const USAGE: &str = "usage: fill DIR [PRACTICES [OBSERVATIONS [COMPUTERS]]]   or: fill DIR demo";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}\n{USAGE}");
            ExitCode::FAILURE
        }
    }
}

fn random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}

#[expect(clippy::disallowed_methods, reason = "an example is an edge of its own")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let data = PathBuf::from(args.next().ok_or("no folder is named")?);
    let rest: Vec<String> = args.collect();
    let now = now();
    let store =
        Store::open(&Config { data, database: std::env::var("DATABASE_URL").ok() }, now, &mut random)?;
    let start = Instant::now();
    let filled = if rest.first().is_some_and(|word| word == "demo") {
        let demo = Demo::new(Settings { seed: 1, practices: 40, now })?;
        let done = |practice: &demo::Practice| eprintln!("{}", practice.profile.name);
        demo::fill(&demo, &store, env!("CARGO_PKG_VERSION"), &mut random, &done)?
    } else {
        let number = |place: usize, usual: usize| rest.get(place).map_or(Ok(usual), |word| word.parse());
        let scale = Scale {
            seed: 1,
            practices: number(0, 1_000)?,
            observations: number(1, 10_000)?,
            computers: number(2, 12)?.max(1),
            now,
        };
        let written = AtomicUsize::new(0);
        let done = |more: usize| {
            let before = written.fetch_add(more, Ordering::Relaxed);
            if (before + more) / 200_000 > before / 200_000 {
                let rate = (before + more) as f64 / start.elapsed().as_secs_f64();
                eprintln!("{} observations, {rate:.0} a second", before + more);
            }
        };
        demo::fill_fleet(scale, &store, &mut random, &done)?
    };
    say(filled, start.elapsed().as_secs_f64());
    Ok(())
}

fn say(filled: Filled, seconds: f64) {
    let Filled { computers, observations, bytes } = filled;
    println!(
        "{observations} observations of {computers} computers, {bytes} bytes of bodies, in {seconds:.1} s: {:.0} a second",
        observations as f64 / seconds
    );
}
