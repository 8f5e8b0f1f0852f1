//! Prints what the host sees of this computer, and how long each part took: `cargo run -p enamel-host --example look`.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::time::Instant;

use enamel_host::HostError;

fn main() -> Result<(), HostError> {
    let host = enamel_host::local();
    let begun = Instant::now();
    let (inventory, gaps) = host.inventory()?;
    println!("inventory in {:?}: {inventory:#?}\nnot seen: {gaps:#?}", begun.elapsed());
    let begun = Instant::now();
    let (packages, gaps) = host.packages()?;
    println!("{} packages in {:?}, not seen: {gaps:#?}", packages.len(), begun.elapsed());
    let begun = Instant::now();
    let services = host.services()?;
    let running: Vec<&str> = services.iter().filter(|s| s.running).map(|s| s.name.as_str()).collect();
    println!("{} services in {:?}, running: {running:?}", services.len(), begun.elapsed());
    Ok(())
}
