//! How long a page takes to be made: Today over 1,000 practices, and one practice. Prints the median of 200 runs in milliseconds.
//! `cargo run --release -p enamel-server --example console_speed`

#[allow(dead_code, unused_imports, clippy::unwrap_used)] // the tests use more of it; a sample that is no sample fails at once
#[path = "../tests/all/console/sample/mod.rs"]
mod sample;

use std::error::Error;
use std::time::Instant;

use enamel_server::console::frame::{Place, Theme};
use enamel_server::console::screens::Screen;
use enamel_server::console::words::Lang;

fn main() -> Result<(), Box<dyn Error>> {
    let frame = sample::frame(Place::Today, Theme::Auto, "/");
    let screens: [(&str, Box<dyn Screen>); 2] = [
        ("Today over 1,000 practices", Box::new(sample::today_of(1_000))),
        ("one practice", Box::new(sample::practice())),
    ];
    for (name, screen) in screens {
        for lang in Lang::ALL {
            let words = sample::words(lang);
            let mut times = Vec::new();
            let mut bytes = 0;
            for _ in 0..200 {
                let start = Instant::now();
                bytes = screen.render(&words, &frame)?.len();
                times.push(start.elapsed());
            }
            times.sort_unstable();
            // An example speaks to the terminal; the crate does not.
            #[allow(clippy::print_stdout)]
            {
                println!(
                    "{name}, {}: {:.2} ms, {bytes} bytes",
                    lang.tag(),
                    times[100].as_secs_f64() * 1_000.0
                );
            }
        }
    }
    Ok(())
}
