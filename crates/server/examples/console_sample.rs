//! Serves the sample MSP's console to look at: `cargo run -p enamel-server --example console_sample -- 127.0.0.1:8088`.
//! Every link of the menu works; forms lead nowhere.

#[allow(dead_code, unused_imports, clippy::unwrap_used)] // the tests use more of it; a sample that is no sample fails at once
#[path = "../tests/all/console/sample/mod.rs"]
mod sample;
#[path = "../tests/all/console/serve.rs"]
mod serve;

use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).ok_or("name the address to listen on, such as 127.0.0.1:8088")?;
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, serve::router()).await?;
    Ok(())
}
