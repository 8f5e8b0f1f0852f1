//! Every screen in a real browser: no accessibility violation, no request to another host, no error, everything by keyboard.
//!
//! Needs Chromium and Node with the packages of `tests/browser/package.json` (`npm install` there, or the folder named by
//! `ENAMEL_BROWSER_MODULES`). Where they are missing the test says so and passes; under `CI=true` it fails.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use enamel_testkit::Browser;

use super::{sample, serve};

#[test]
fn every_screen_holds_in_a_browser() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let Some(browser) = Browser::find(&folder) else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let server = runtime.spawn(async move { axum::serve(listener, serve::router()).await });
    let mut child = Command::new("node")
        .arg(folder.join("check.mjs"))
        .arg(format!("http://{address}"))
        .args([&browser.modules, &browser.program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let screens = sample::screens();
    let paths: Vec<&str> = screens.iter().map(|(path, ..)| path.as_str()).collect();
    child.stdin.take().unwrap().write_all(paths.join("\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    server.abort();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "the browser found something; it is listed above");
    assert!(
        said.contains(&format!("{} visits", screens.len() * 4)),
        "each screen, wide and narrow, light and dark"
    );
}
