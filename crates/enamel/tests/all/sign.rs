//! `enamel sign`: the whole round, from a key to what an agent would take, as operators type it.

use enamel_types::{Order, Timestamp};
use enamel_wire::message::SignedText;
use enamel_wire::signed::{
    Recipient, Refusal, Seen, TrustRoot, VerifiedCommand, command_text, verify_command, verify_root,
    verify_rotation,
};

use crate::run::{Ran, World};

const PASSPHRASE: &str = "quiet lemon bridge seven";
const AGENT: &str = "22222222-2222-2222-2222-222222222222";
const PRACTICE: &str = "11111111-1111-1111-1111-111111111111";

/// Operators' desks: one folder, keys made with one passphrase.
struct Desk(World);

impl Desk {
    fn new(operators: &[(&str, &str)]) -> Self {
        let desk = Self(World::new());
        desk.write("pass", &format!("{PASSPHRASE}\n"));
        for (file, name) in operators {
            desk.run(&["key", "new", "--name", name, "--out", file]).ok();
        }
        desk
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path(name), text).expect("a file");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path(name)).expect("a file")
    }

    fn signed(&self, name: &str) -> SignedText {
        serde_json::from_str(&self.read(name)).expect("a signed document")
    }

    /// `enamel sign …`, with the passphrase from a file and no terminal.
    fn run(&self, arguments: &[&str]) -> Ran {
        let arguments = [&["sign"], arguments].concat();
        let mut command = self.0.enamel(&arguments);
        command.env("ENAMEL_PASSPHRASE_FILE", "pass").stdin(std::process::Stdio::null());
        Ran(command.output().expect("enamel starts"))
    }

    fn refused(&self, arguments: &[&str], code: i32, says: &str) {
        let ran = self.run(arguments);
        assert_eq!(ran.code(), code, "{arguments:?}: {}", ran.stderr());
        assert!(ran.stderr().contains(says), "{arguments:?}: {}", ran.stderr());
        assert_eq!(ran.stdout(), "", "{arguments:?}");
    }

    /// Orders something with a key; more options and the order follow.
    fn command(&self, key: &str, counter: u64, rest: &[&str]) -> Ran {
        let counter = counter.to_string();
        let head = ["command", "--key", key, "--agent", AGENT, "--practice", PRACTICE, "--counter", &counter];
        self.run(&[&head[..], &["--reason", "Unknown program writes to the charts"], rest].concat())
    }
}

fn recipient() -> Recipient {
    Recipient { practice: PRACTICE.parse().expect("an id"), agent: AGENT.parse().expect("an id") }
}

/// What an agent says to a command that was signed a moment ago.
fn taken(signed: &SignedText, root: &TrustRoot, seen: &Seen) -> Result<VerifiedCommand, Refusal> {
    let not_before: Timestamp = enamel_wire::signed::read_command(&signed.text)?.not_before;
    verify_command(signed, root, &recipient(), seen, not_before)
}

#[test]
fn from_keys_to_a_command_that_an_agent_takes() {
    let desk =
        Desk::new(&[("dana.key", "Dana Ortiz"), ("team/lee.key", "Lee Park"), ("team/sam.key", "Sam Novak")]);
    let made = desk.run(&["root", "new", "dana.key.pub", "team", "--out", "root.json"]).ok();
    assert!(
        made.stdout().contains("Not complete: it needs 2 more of its own operators"),
        "{}",
        made.stdout()
    );
    assert!(made.stderr().contains("enamel sign root sign --key THEIR-KEY root.json"), "{}", made.stderr());
    let signed = desk.run(&["root", "sign", "--key", "dana.key", "root.json"]).ok();
    assert!(
        signed.stderr().contains("2 of 3 operators change it"),
        "shown before it is signed: {}",
        signed.stderr()
    );
    assert!(verify_root(&desk.signed("root.json")).is_err(), "one is not enough");
    desk.run(&["root", "sign", "--key", "team/lee.key", "root.json"]).ok();
    let root = verify_root(&desk.signed("root.json")).expect("two of three signed");
    let shown = desk.run(&["root", "show", "root.json", "--json"]).ok().records().remove(0);
    assert_eq!(shown["fingerprint"], root.fingerprint());
    assert_eq!((&shown["missing"], &shown["version"]), (&0.into(), &1.into()));
    let signers = shown["operators"].as_array().unwrap().iter().filter(|operator| operator["signed"] == true);
    assert_eq!(signers.count(), 2);

    // One operator: the command is on standard output, alone.
    let isolate = desk.command("dana.key", 7, &["isolate", "--hours", "4"]).ok();
    let isolate: SignedText = serde_json::from_str(&isolate.stdout()).expect("one JSON document");
    let verified = taken(&isolate, &root, &Seen::default()).expect("an agent takes it");
    assert_eq!(verified.command().order, Order::Isolate { hours: 4 });
    assert_eq!(verified.signers()[0].name(), "Dana Ortiz");
    let seen = Seen { counter: 7, ..Seen::default() };
    assert_eq!(taken(&isolate, &root, &seen), Err(Refusal::CounterPlayed { counter: 7, seen: 7 }));

    // A dangerous one: written down by one, shown to and signed by another.
    let snapshot = "ab".repeat(32);
    let first = desk.command("dana.key", 8, &["--out", "restore.json", "restore-in-place", &snapshot]).ok();
    assert!(first.stderr().contains("1 more operator has to sign it"), "{}", first.stderr());
    let one = desk.signed("restore.json");
    assert_eq!(taken(&one, &root, &seen), Err(Refusal::TooFewSignatures { valid: 1, needed: 2 }));
    let add = ["command", "--key", "team/lee.key", "--add", "restore.json"];
    desk.refused(&add, 1, "there is no terminal to ask at");
    assert_eq!(desk.signed("restore.json"), one, "nothing was signed without a yes");
    let second = desk.run(&[&add[..], &["--yes", "--json", "--quiet"]].concat()).ok();
    assert!(second.stderr().contains(&format!("Restore snapshot {snapshot} OVER the practice's data")));
    let record = second.records().remove(0);
    assert_eq!((&record["verb"], &record["missing"]), (&"restore_in_place".into(), &0.into()));
    let both = taken(&desk.signed("restore.json"), &root, &seen).expect("an agent takes it");
    assert_eq!(both.signers().len(), 2);
    desk.refused(&[&add[..], &["--yes"]].concat(), 1, "signed twice");
}

#[test]
fn what_the_console_asks_for_is_shown_and_signed_as_it_stands() {
    let desk = Desk::new(&[("dana.key", "Dana Ortiz")]);
    let ordered = desk.command("dana.key", 9, &["--valid-hours", "24", "collect", "phi", "host", "phi"]).ok();
    let ordered: SignedText = serde_json::from_str(&ordered.stdout()).unwrap();
    let command = enamel_wire::signed::read_command(&ordered.text).unwrap();
    // However a browser lays it out.
    desk.write("request.json", &serde_json::to_string_pretty(&command).unwrap());
    let request = ["command", "--key", "dana.key", "--request", "request.json"];
    desk.refused(&request, 1, "there is no terminal to ask at");
    let signed = desk.run(&[&request[..], &["--yes"]].concat()).ok();
    assert!(signed.stderr().contains("Look now with these sensors: host, phi; nothing is changed"));
    assert!(signed.stderr().contains("Unknown program writes to the charts"), "{}", signed.stderr());
    let signed: SignedText = serde_json::from_str(&signed.stdout()).unwrap();
    assert_eq!(signed.text, command_text(&command).unwrap().text);
    // As a document that nobody has signed yet.
    desk.write("document.json", &serde_json::to_string(&command_text(&command).unwrap()).unwrap());
    let document = desk.run(&["command", "--key", "dana.key", "--request", "document.json", "--yes"]).ok();
    assert_eq!(serde_json::from_str::<SignedText>(&document.stdout()).unwrap(), signed);

    // What a hostile console slips in is refused before a passphrase is asked for.
    let change = |from: &str, to: &str| {
        let text = desk.read("request.json");
        assert!(text.contains(from), "{from}");
        desk.write("bad.json", &text.replace(from, to));
    };
    let bad = ["command", "--key", "dana.key", "--request", "bad.json", "--yes"];
    change("\"verb\": \"collect\"", "\"verb\": \"shell\"");
    desk.refused(&bad, 1, "is not a request for a command");
    change("\"counter\": 9", "\"counter\": 9, \"also\": 1");
    desk.refused(&bad, 1, "is not a request for a command");
    change("to the charts", "to\\u001b[2Kthe charts");
    desk.refused(&bad, 1, "reason is one line");
    change(&command.not_after.to_string(), "2099-01-01T00:00:00Z");
    desk.refused(&bad, 1, "valid for longer than 24 hours");
    let (from, until) = (command.not_before.to_string(), command.not_after.to_string());
    let old = desk.read("request.json").replace(&from, "2020-01-01T00:00:00Z");
    desk.write("bad.json", &old.replace(&until, "2020-01-01T08:00:00Z"));
    desk.refused(&bad, 1, "it was valid until 2020-01-01T08:00:00Z");
}

#[test]
fn a_lost_key_is_replaced_by_the_operators_who_are_left() {
    let desk = Desk::new(&[("a.key", "Dana Ortiz"), ("b.key", "Lee Park"), ("c.key", "Sam Novak")]);
    desk.run(&["root", "new", "a.key.pub", "b.key.pub", "c.key.pub", "--out", "root.json"]).ok();
    for key in ["a.key", "b.key"] {
        desk.run(&["root", "sign", "--key", key, "root.json"]).ok();
    }
    let old = verify_root(&desk.signed("root.json")).unwrap();
    let sam = desk.run(&["key", "show", "c.key", "--json"]).ok().records().remove(0);
    let sam = sam["id"].as_str().unwrap();
    desk.run(&["key", "new", "--name", "Kim Abel", "--out", "d.key"]).ok();
    let rotate = ["root", "rotate", "--old", "root.json", "--remove", sam, "--add", "d.key.pub", "--out"];
    let rotated = desk.run(&[&rotate[..], &["next.json"]].concat()).ok();
    let needs = "Not complete: it needs 2 more of its own operators, and 2 more of the operators before it";
    assert!(rotated.stdout().contains(needs), "{}", rotated.stdout());
    let show = ["root", "show", "next.json", "--old", "root.json"];
    // Sam is out and Kim is not yet in: only who is in both counts for both.
    for (key, left) in [
        ("c.key", "2 more of its own operators, and 1 more of the operators before it"),
        ("d.key", "1 more of its own operators, and 1 more of the operators before it"),
        ("a.key", "Complete: agents that have the trust root before it will take it"),
    ] {
        desk.run(&["root", "sign", "--key", key, "next.json"]).ok();
        let shown = desk.run(&show).ok().stdout();
        assert!(shown.contains(left), "{key}: {shown}");
    }
    let new = verify_rotation(&old, &desk.signed("next.json")).expect("agents take it");
    assert_eq!((new.version(), new.document().keys.len()), (2, 3));
    assert!(new.document().keys.iter().all(|key| key.name() != "Sam Novak"));

    desk.refused(&[&rotate[..], &["next.json"]].concat(), 1, "exists already");
    let again = ["root", "rotate", "--old", "next.json", "--remove", sam, "--out", "third.json"];
    desk.refused(&again, 1, "is not in next.json");
    desk.refused(&["root", "show", "root.json", "--old", "next.json"], 1, "version 3 comes next");
    let unsigned = ["root", "rotate", "--old", "half.json", "--out", "third.json"];
    desk.run(&["root", "new", "a.key.pub", "b.key.pub", "--out", "half.json"]).ok();
    desk.refused(&unsigned, 1, "0 of 2 operators signed");
}

#[test]
fn a_key_is_kept_as_a_key() {
    let desk = Desk::new(&[]);
    let made = desk.run(&["key", "new", "--name", "Dana Ortiz", "--out", "dana.key", "--json"]).ok();
    let record = made.records().remove(0);
    let (file, public) = (desk.read("dana.key"), desk.read("dana.key.pub"));
    assert_eq!(record["public"], public.trim_end());
    assert!(!file.contains(PASSPHRASE) && !made.stderr().contains(PASSPHRASE));
    assert_eq!(desk.run(&["key", "show", "dana.key"]).ok().stdout(), public);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let rights = std::fs::metadata(desk.0.path("dana.key")).unwrap().permissions().mode();
        assert_eq!(rights & 0o077, 0, "only its owner reads it");
    }
    let new = |name: &'static str, out: &'static str| ["key", "new", "--name", name, "--out", out];
    desk.refused(&new("Dana Ortiz", "dana.key"), 1, "exists already");
    assert_eq!(desk.read("dana.key"), file, "a key is never written over");
    desk.refused(&new("", "x.key"), 1, "cannot be an operator's name");
    desk.write("pass", "password1234\n");
    desk.refused(&new("Lee Park", "lee.key"), 1, "among the first that anybody would try");
    desk.write("pass", "tooshort\n");
    desk.refused(&new("Lee Park", "lee.key"), 1, "at least 12 characters");
    assert!(!desk.0.path("lee.key").exists() && !desk.0.path("lee.key.pub").exists());

    desk.write("pass", "quiet lemon bridge eight\n");
    let wrong = desk.command("dana.key", 1, &["snapshot"]);
    assert_eq!((wrong.code(), wrong.stdout().as_str()), (1, ""));
    assert!(
        wrong.stderr().contains("the passphrase is wrong, or the key file was changed"),
        "{}",
        wrong.stderr()
    );
    assert!(!wrong.stderr().contains("eight"), "a passphrase is never shown: {}", wrong.stderr());
    desk.write("pass", PASSPHRASE);
    desk.write("other.key", &file.replace("Dana Ortiz", "Lee Park"));
    assert_eq!(desk.command("other.key", 1, &["snapshot"]).code(), 1, "a key file with another name in it");
    let public_part = desk.command("dana.key.pub", 1, &["snapshot"]);
    assert!(public_part.stderr().contains("not the public part beside it"), "{}", public_part.stderr());
}

#[test]
fn mistakes_are_named_with_what_to_do() {
    let desk = Desk::new(&[("dana.key", "Dana Ortiz"), ("lee.key", "Lee Park")]);
    // A command line that is wrong.
    desk.refused(&["command", "--key", "dana.key"], 2, "--agent");
    let nothing = desk.command("dana.key", 1, &[]);
    assert_eq!(nothing.code(), 2);
    assert!(nothing.stderr().contains("say what the agent is to do"), "{}", nothing.stderr());
    assert_eq!(desk.command("dana.key", 1, &["shell"]).code(), 2);
    assert_eq!(desk.command("dana.key", 1, &["--valid-hours", "25", "snapshot"]).code(), 2);
    // An order that no agent takes.
    for (order, says) in [
        (&["isolate", "--hours", "25"][..], "an isolation lasts 1 to 24 hours"),
        (&["restore-aside", "latest"], "64 hexadecimal digits"),
        (&["--valid-hours", "1", "uninstall"], "held for an hour"),
    ] {
        let ran = desk.command("dana.key", 1, order);
        assert_eq!((ran.code(), ran.stdout().as_str()), (1, ""), "{order:?}");
        assert!(ran.stderr().contains(says) && ran.stderr().contains("help"), "{}", ran.stderr());
    }
    // A trust root that protects nothing.
    let new = ["root", "new", "dana.key.pub", "lee.key.pub", "--out", "root.json"];
    desk.refused(&[&new[..], &["--threshold", "1"]].concat(), 1, "one stolen key must not be enough");
    desk.refused(
        &["root", "new", "dana.key", "lee.key.pub", "--out", "root.json"],
        1,
        "stays with its operator",
    );
    assert!(!desk.0.path("root.json").exists());
    // One that somebody changed on its way.
    desk.run(&new).ok();
    desk.run(&["root", "sign", "--key", "dana.key", "root.json"]).ok();
    desk.write("root.json", &desk.read("root.json").replace("\\\"version\\\":1", "\\\"version\\\":2"));
    desk.refused(&["root", "show", "root.json"], 1, "it was changed, or was never signed");
    desk.write("root.json", "{}");
    desk.refused(&["root", "show", "root.json"], 1, "is not a document of `enamel sign`");
    desk.write("root.json", &"x".repeat(100_000));
    desk.refused(&["root", "show", "root.json"], 1, "too large");
}
