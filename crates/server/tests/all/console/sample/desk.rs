//! Tokens, settings, and the doors.

use enamel_server::console::frame::Notice;
use enamel_server::console::screens::doors::{Door, DoorKind};
use enamel_server::console::screens::settings::{
    GroupRow, KeyRow, Operator, Part, PersonRow, RouteRow, Settings,
};
use enamel_server::console::screens::tokens::{Made, TokenRow, Tokens};
use enamel_server::console::words::Words;
use enamel_types::{Role, Severity};

use super::{GROUPS, PRACTICES, ago, choices, group_choices, practice_choices, practice_ref, uuid};

pub(super) fn tokens(made: bool) -> Tokens {
    Tokens {
        practices: practice_choices(),
        rows: vec![
            TokenRow { practice: practice_ref(0), by: "Dana Whitfield".to_owned(), at: ago(1), until: ago(-23), used_by: None },
            TokenRow { practice: practice_ref(4), by: "Luis Ortega".to_owned(), at: ago(6), until: ago(-18), used_by: Some("BSD-OP1".to_owned()) },
            TokenRow { practice: practice_ref(9), by: "Luis Ortega".to_owned(), at: ago(50), until: ago(26), used_by: None },
        ],
        made: made.then(|| Made {
            practice: PRACTICES[11].0.to_owned(),
            command: "sudo enamel agent enrol --server https://enamel.northside.example:8443 --token enamel1-sample-token-that-opens-nothing".to_owned(),
            until: ago(-24),
        }),
    }
}

pub(super) fn settings(part: usize) -> Settings {
    let reach = choices(&[("msp", "All practices"), ("group-1", GROUPS[1])], "msp");
    let all = || -> Vec<Part> {
        vec![
            Part::Tree {
                groups: (0..3)
                    .map(|group| GroupRow {
                        name: GROUPS[group].to_owned(),
                        practices: (0..12)
                            .filter(|n| PRACTICES[*n].1 == group)
                            .map(|n| {
                                (
                                    practice_ref(n),
                                    if n == 0 {
                                        vec!["Main Street".to_owned(), "West Side".to_owned()]
                                    } else {
                                        vec![]
                                    },
                                )
                            })
                            .collect(),
                    })
                    .collect(),
                choices: group_choices(),
            },
            Part::People {
                people: vec![
                    PersonRow {
                        name: "Dana Whitfield".to_owned(),
                        mail: "dana@northside.example".to_owned(),
                        grants: vec![(Role::Owner, "All practices".to_owned(), None)],
                        passkeys: 2,
                        seen: Some(ago(0)),
                    },
                    PersonRow {
                        name: "Luis Ortega".to_owned(),
                        mail: "luis@northside.example".to_owned(),
                        grants: vec![
                            (Role::Engineer, GROUPS[1].to_owned(), None),
                            (Role::Analyst, "All practices".to_owned(), None),
                        ],
                        passkeys: 1,
                        seen: Some(ago(20)),
                    },
                    PersonRow {
                        name: "Priya Shah, CPA".to_owned(),
                        mail: "priya@audit.example".to_owned(),
                        grants: vec![(Role::Auditor, PRACTICES[0].0.to_owned(), Some(ago(-24 * 14)))],
                        passkeys: 0,
                        seen: None,
                    },
                ],
                roles: choices(&[("analyst", "Analyst"), ("engineer", "Engineer")], "analyst"),
                reaches: reach.clone(),
                invitation: Some("https://enamel.northside.example/invitation/sample".to_owned()),
            },
            Part::Keys {
                keys: vec![KeyRow {
                    id: uuid(7, 1).to_string(),
                    name: "Ticket system".to_owned(),
                    role: Role::Analyst,
                    reach: "All practices".to_owned(),
                    used: Some(ago(1)),
                    until: Some(ago(-24 * 60)),
                }],
                made: Some("enk_sample-key-that-opens-nothing".to_owned()),
            },
            Part::Routing {
                routes: vec![
                    RouteRow {
                        severity: Severity::Critical,
                        to: "oncall@northside.example".to_owned(),
                        way: "way-mail",
                        quiet: false,
                        escalate: Some(15),
                    },
                    RouteRow {
                        severity: Severity::High,
                        to: "https://tickets.northside.example/hook".to_owned(),
                        way: "way-webhook",
                        quiet: true,
                        escalate: None,
                    },
                ],
            },
            Part::Trust {
                version: 3,
                threshold: 2,
                operators: vec![
                    Operator {
                        name: "Dana Whitfield".to_owned(),
                        fingerprint: "5f1d c09a 77b3 21e8".to_owned(),
                    },
                    Operator {
                        name: "Luis Ortega".to_owned(),
                        fingerprint: "a20e 94cc 18d6 7f53".to_owned(),
                    },
                    Operator {
                        name: "Safe, paper".to_owned(),
                        fingerprint: "0b7e 33f1 d5a9 c264".to_owned(),
                    },
                ],
            },
        ]
    };
    Settings { part: all().swap_remove(part), parts: all() }
}

pub(super) fn door(kind: DoorKind) -> Door {
    Door {
        kind,
        mail: String::new(),
        token: "sample".to_owned(),
        wrong: "",
        codes: (0..8)
            .map(|n| format!("{:04}-{:04}-{:04}", 1_234 + n * 7, 4_321 + n, 9_000 - n * 3))
            .collect(),
        next: "/".to_owned(),
    }
}

/// A notice as the last form leaves one.
pub(crate) fn notice(words: &Words) -> Notice {
    Notice { good: true, text: words.t("take-done") }
}
