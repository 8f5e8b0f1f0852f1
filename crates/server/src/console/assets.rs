//! What pages load: style sheet, scripts and icon, from the binary. The name carries the content's hash, so that a browser may
//! keep it for ever and never shows an old one.

use std::io::Write as _;
use std::sync::LazyLock;

/// One file as it is served.
#[derive(Debug)]
pub struct Asset {
    /// Its path: `/assets/console.1f2e3d4c.css`.
    pub path: String,
    /// Its media type.
    pub media: &'static str,
    /// Its content.
    pub bytes: &'static [u8],
    /// The same, gzipped: what a browser gets that takes it.
    pub gzip: Vec<u8>,
}

impl Asset {
    /// Bytes on the way to a browser.
    pub fn transfer_size(&self) -> usize {
        self.gzip.len().min(self.bytes.len())
    }
}

/// Packs a file; an error cannot happen in memory, and would leave it empty, which nobody is sent.
fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

const FILES: [(&str, &str, &str, &[u8]); 4] = [
    ("console", "css", "text/css; charset=utf-8", include_bytes!("../../assets/console.css")),
    ("htmx.min", "js", "text/javascript; charset=utf-8", include_bytes!("../../assets/htmx.min.js")),
    ("passkey", "js", "text/javascript; charset=utf-8", include_bytes!("../../assets/passkey.js")),
    ("icon", "svg", "image/svg+xml", include_bytes!("../../assets/icon.svg")),
];

static ASSETS: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    FILES.map(|(stem, extension, media, bytes)| {
        let hash = blake3::hash(bytes).to_hex();
        Asset {
            path: format!("/assets/{stem}.{}.{extension}", &hash[..8]),
            media,
            bytes,
            gzip: packed(bytes),
        }
    })
});

/// All of them.
pub fn all() -> &'static [Asset] {
    &*ASSETS
}

/// The path of a file by its plain name; empty for one that there is not.
pub fn path(name: &str) -> &'static str {
    FILES
        .iter()
        .zip(all())
        .find(|((stem, extension, ..), _)| {
            name.strip_suffix(extension).and_then(|rest| rest.strip_suffix('.')) == Some(stem)
        })
        .map_or("", |(_, asset)| &asset.path)
}

/// The file at a path.
pub fn find(path: &str) -> Option<&'static Asset> {
    all().iter().find(|asset| asset.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_found_by_the_path_that_pages_name() {
        for (stem, extension, ..) in FILES {
            let path = path(&format!("{stem}.{extension}"));
            assert_eq!(find(path).unwrap().path, path);
        }
        assert_eq!(path("console.js"), "");
        assert!(find("/assets/console.css").is_none());
    }

    #[test]
    fn scripts_stay_within_a_strict_policy() {
        for asset in all().iter().filter(|asset| asset.path.contains("passkey")) {
            let text = std::str::from_utf8(asset.bytes).unwrap();
            assert!(
                !["eval(", "new Function", "innerHTML", "http:", "https:"]
                    .iter()
                    .any(|word| text.contains(word))
            );
        }
    }
}
