//! Every word is in the catalogue, in each language, and none is there for nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use enamel_server::console::words::{CATALOGUES, Lang};

/// Messages by key, each with the whole of its text.
fn messages(text: &str) -> BTreeMap<String, String> {
    let mut messages = BTreeMap::<String, String>::new();
    let mut key = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, value)) = line.split_once(" = ").filter(|_| !line.starts_with([' ', '}'])) {
            name.clone_into(&mut key);
            assert!(messages.insert(key.clone(), value.to_owned()).is_none(), "{key} is there twice");
        } else if !line.trim().is_empty() {
            let message = messages.get_mut(&key).expect("a text before the first key");
            message.push('\n');
            message.push_str(line);
        }
    }
    messages
}

/// The names of what a message waits for.
fn variables(message: &str) -> BTreeSet<&str> {
    message
        .split('$')
        .skip(1)
        .map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap())
        .collect()
}

fn files(folder: &str, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(path) = open.pop() {
        for entry in std::fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push((
                    path.file_name().unwrap().to_string_lossy().into_owned(),
                    std::fs::read_to_string(&path).unwrap(),
                ));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has no {extension}");
    found
}

/// Every text between quotation marks that looks like a key.
fn quoted(text: &str) -> BTreeSet<&str> {
    let key = |part: &&str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    text.split('"').filter(key).collect()
}

#[test]
fn each_language_says_everything_and_waits_for_the_same() {
    let [(_, en), (lang, es)] = CATALOGUES;
    assert_eq!(lang, Lang::Es);
    let (en, es) = (messages(en), messages(es));
    let keys = |messages: &BTreeMap<String, String>| messages.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(keys(&en).symmetric_difference(&keys(&es)).collect::<Vec<_>>(), Vec::<&String>::new());
    for (key, text) in &en {
        assert_eq!(variables(text), variables(&es[key]), "{key}");
        let sentence = text.split_whitespace().filter(|word| word.len() > 3).count() > 3;
        assert!(!sentence || *text != es[key], "{key} is not translated");
        // A word with three capitals or a digit is a name or a number, and the same everywhere.
    }
    assert!(en.len() > 400, "the catalogue was not read: {}", en.len());
}

#[test]
fn every_line_of_the_catalogues_is_fluent() {
    for (lang, text) in CATALOGUES {
        if let Err((_, errors)) = fluent_bundle::FluentResource::try_new(text.to_owned()) {
            panic!("{lang:?}: {errors:?}");
        }
    }
}

#[test]
fn every_key_that_is_used_is_there_and_every_key_that_is_there_is_used() {
    let catalogue = messages(CATALOGUES[0].1);
    let templates = files("templates/console", "html");
    let sources = files("src/console", "rs");
    for (name, text) in &templates {
        for call in ["w.t(\"", "w.say(\""] {
            for rest in text.split(call).skip(1) {
                let key = rest.split('"').next().unwrap();
                assert!(catalogue.contains_key(key), "{name} says {key}, which no catalogue has");
            }
        }
    }
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for (_, text) in templates.iter().chain(&sources) {
        used.extend(quoted(text));
    }
    let unused: Vec<&String> = catalogue.keys().filter(|key| !used.contains(key.as_str())).collect();
    assert_eq!(unused, Vec::<&String>::new(), "in the catalogue and said nowhere");
}

#[test]
fn no_template_holds_bare_words() {
    for (name, text) in files("templates/console", "html") {
        let text = without(&without(&without(&text, "{#", "#}"), "{%", "%}"), "{{", "}}");
        // Commands are not translated, and a drawing's paths are no words.
        let text = without(&without(&text, "<pre class=\"command\">", "</pre>"), "<symbol", "</symbol>");
        for attribute in ["aria-label", "title", "placeholder", "alt", "data-label"] {
            for rest in text.split(&format!(" {attribute}=\"")).skip(1) {
                let value = rest.split('"').next().unwrap();
                assert!(!value.contains(char::is_alphabetic), "{name}: {attribute} says {value:?}");
            }
        }
        for part in without(&text, "<", ">").split_whitespace() {
            let word = part.trim_matches(|c: char| !c.is_alphanumeric());
            let allowed = ["Enamel", "amp", "nbsp"].contains(&word);
            assert!(allowed || !word.contains(char::is_alphabetic), "{name}: bare word {part:?}");
        }
    }
}

/// A text without everything that stands between two marks, the marks included.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        out.push_str(before);
        out.push(' ');
        rest = after.split_once(close).map_or("", |(_, after)| after);
    }
    out + rest
}
