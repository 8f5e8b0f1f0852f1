//! Every screen in a real browser: no accessibility violation, no request to another host, no error, everything by keyboard.
//!
//! Needs Chromium and Node with the packages of `tests/browser/package.json` (`npm install` there, or the folder named by
//! `ENAMEL_BROWSER_MODULES`). Where they are missing the test says so and passes; under `CI=true` it fails.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{sample, serve};

/// Where Debian, Ubuntu and others put it.
const BROWSERS: [&str; 3] = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

#[test]
fn every_screen_holds_in_a_browser() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let modules =
        std::env::var_os("ENAMEL_BROWSER_MODULES").map_or_else(|| folder.join("node_modules"), PathBuf::from);
    let browser = BROWSERS.iter().find(|path| Path::new(path).exists());
    let node = Command::new("node").arg("--version").output().is_ok();
    let (Some(browser), true, true) = (browser, node, modules.join("axe-core").is_dir()) else {
        let needed = format!("needs Chromium, node and `npm install` in {}", folder.display());
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{needed}");
        println!("skipped: {needed}");
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let server = runtime.spawn(async move { axum::serve(listener, serve::router()).await });
    let mut child = Command::new("node")
        .arg(folder.join("check.mjs"))
        .arg(format!("http://{address}"))
        .args([&modules, Path::new(browser)])
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
