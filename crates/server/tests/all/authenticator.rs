//! A security key in software: P-256, attestation "none", discoverable, with a counter. It answers what a browser would hand it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, SigningKey as _};
use serde_json::{Value, json};

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

/// One key for one person at one site.
pub(crate) struct SoftKey {
    key: KeyPair,
    id: [u8; 32],
    user: String,
    counter: u32,
    site: String,
    origin: String,
    /// Whether the device asked for a PIN or a finger.
    pub(crate) verifies: bool,
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A CBOR item's head: major type and argument (RFC 8949, section 3).
fn head(major: u8, argument: usize) -> Vec<u8> {
    match argument {
        0..=23 => vec![major << 5 | u8::try_from(argument).unwrap()],
        24..=255 => vec![major << 5 | 0x18, u8::try_from(argument).unwrap()],
        _ => [&[major << 5 | 0x19][..], &u16::try_from(argument).unwrap().to_be_bytes()].concat(),
    }
}

fn text(text: &str) -> Vec<u8> {
    [head(3, text.len()), text.into()].concat()
}

fn bytes(bytes: &[u8]) -> Vec<u8> {
    [head(2, bytes.len()), bytes.to_vec()].concat()
}

impl SoftKey {
    /// Makes a key as `options` asks, and the answer to it. `origin` is the page's.
    pub(crate) fn register(options: &Value, origin: &str, id: u8) -> (Self, Value) {
        let options = &options["publicKey"];
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        let key = Self {
            key: KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
            id: [id; 32],
            user: options["user"]["id"].as_str().unwrap().to_owned(),
            counter: 0,
            site: options["rp"]["id"].as_str().unwrap().to_owned(),
            origin: origin.to_owned(),
            verifies: true,
        };
        let point = key.key.public_key_raw();
        assert_eq!((point.len(), point[0]), (65, 4), "an uncompressed point");
        // COSE_Key: kty 2 (EC2), alg -7 (ES256), crv 1 (P-256), x, y.
        let cose = [
            head(5, 5),
            vec![0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21],
            bytes(&point[1..33]),
            vec![0x22],
            bytes(&point[33..]),
        ]
        .concat();
        let attested = [&[0; 16][..], &[0, 32], &key.id, &cose].concat();
        let data = [key.data(USER_PRESENT | USER_VERIFIED | ATTESTED), attested].concat();
        let attestation = [
            head(5, 3),
            text("fmt"),
            text("none"),
            text("attStmt"),
            head(5, 0),
            text("authData"),
            bytes(&data),
        ]
        .concat();
        let client = key.client_data("webauthn.create", options);
        let answer = json!({
            "id": b64(key.id),
            "rawId": b64(key.id),
            "type": "public-key",
            "response": { "attestationObject": b64(attestation), "clientDataJSON": b64(client), "transports": ["internal"] },
            "extensions": {},
        });
        (key, answer)
    }

    /// Answers a login's question.
    pub(crate) fn answer(&mut self, options: &Value) -> Value {
        self.counter += 1;
        self.answer_as_counted(options)
    }

    /// The same, with the counter as it is: what a copy of the key would do.
    pub(crate) fn answer_as_counted(&self, options: &Value) -> Value {
        let options = &options["publicKey"];
        assert_eq!(options["allowCredentials"], json!([]), "the question is the same for everybody");
        let flags = if self.verifies { USER_PRESENT | USER_VERIFIED } else { USER_PRESENT };
        let data = self.data(flags);
        let client = self.client_data("webauthn.get", options);
        let signed = [&data[..], &sha256(client.as_bytes())].concat();
        let signature = self.key.sign(&signed).unwrap();
        json!({
            "id": b64(self.id),
            "rawId": b64(self.id),
            "type": "public-key",
            "response": {
                "authenticatorData": b64(data),
                "clientDataJSON": b64(client),
                "signature": b64(signature),
                "userHandle": self.user,
            },
            "extensions": {},
        })
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        [&sha256(self.site.as_bytes())[..], &[flags], &self.counter.to_be_bytes()].concat()
    }

    fn client_data(&self, kind: &str, options: &Value) -> String {
        json!({ "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false }).to_string()
    }
}

fn sha256(message: &[u8]) -> [u8; 32] {
    let digest = rustls::crypto::ring::default_provider()
        .cipher_suites
        .iter()
        .find_map(|suite| match suite.suite() {
            rustls::CipherSuite::TLS13_AES_128_GCM_SHA256 => {
                suite.tls13().map(|suite| suite.common.hash_provider.hash(message))
            }
            _ => None,
        })
        .unwrap();
    digest.as_ref().try_into().unwrap()
}
