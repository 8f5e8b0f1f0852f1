//! The desk's screens: alerts, commands, the audit trail, tokens, settings.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use enamel_store::alerts::{self, Alert, AlertCursor};
use enamel_store::commands::{self, CommandState, StoredCommand};
use enamel_store::routes::RouteKind;
use enamel_store::{MAX_PAGE, StoreError, Tx, agents, api_keys, audit, people, routes, tokens, tree, trust};
use enamel_types::{AgentId, PracticeId, Reach, Right, Role, Severity};
use enamel_wire::message::SignedText;
use enamel_wire::signed::{self, RootDocument};

use super::fleet::{choices, href, what_of};
use super::practice::computers_by_agent;
use super::{From, Names, ROWS, after, cursor};
use crate::access::SignedIn;
use crate::console::frame::{Choice, PracticeRef};
use crate::console::screens::alerts::{AlertRow, Alerts};
use crate::console::screens::approvals::{Approvals, HeldCommand, NewCommand, PastCommand, verb_key};
use crate::console::screens::audit::{Audit, AuditRow};
use crate::console::screens::settings::{GroupRow, KeyRow, Operator, Part, PersonRow, RouteRow, Settings};
use crate::console::screens::today::What;
use crate::console::screens::tokens::{TokenRow, Tokens};
use crate::console::words::Words;
use crate::reconcile::Cause;

/// Digits of a hash that a list shows.
const SHORT: usize = 12;

/// Words of the trail that can be filtered by; every other is found by its page.
const DEEDS: [&str; 8] = [
    "login",
    "practice.make",
    "token.make",
    "finding.accept",
    "command.relay",
    "command.veto",
    "observation.read",
    "person.invite",
];

/// A cause in words, for a line.
pub(super) fn title(cause: &Cause, words: &Words) -> String {
    match what_of(cause) {
        What::Weakness { title, .. } => title,
        What::Silent { computer } => words.say("need-silent").s("computer", computer).to_string(),
        What::Held { verb, computer } => {
            words.say("need-held").s("verb", words.t(verb_key(&verb))).s("computer", computer).to_string()
        }
        What::Gap { computer, entries } => {
            words.say("need-gap").n("count", entries).s("computer", computer).to_string()
        }
        What::Fork { computer } => words.say("need-fork").s("computer", computer).to_string(),
        What::AcceptanceEnds { until, .. } => {
            words.say("need-acceptance").s("day", words.last_day(&until)).to_string()
        }
        What::Stale { controls } => words.say("need-stale").n("count", controls).to_string(),
        What::CertificateEnds { computer, until } => {
            words.say("need-certificate").s("computer", computer).s("day", words.date(&until)).to_string()
        }
        What::HeldBack { commands } => words.say("need-held-back").n("count", commands).to_string(),
        What::BackupsUnknown => words.t("need-backups"),
        What::NoComputer => words.t("need-no-computer"),
    }
}

/// Alerts in reach: `waiting` for somebody, `taken`, or all.
pub(in crate::console) fn alerts(
    from: &From<'_>,
    state: &str,
    page: &str,
    may_take: bool,
) -> Result<Alerts, StoreError> {
    let state = if ["taken", "all"].contains(&state) { state } else { "waiting" };
    let words = from.words;
    from.store.read(&from.scope, |tx| {
        let mut names = Names::of(tx)?;
        let open = alerts::list(tx, None, true, None, MAX_PAGE)?;
        let waiting = open.items.iter().filter(|alert| alert.acknowledged_by.is_none()).count() as u64;
        let found = match state {
            "all" => alerts::list(tx, None, false, after::<AlertCursor>(page), ROWS)?,
            _ => open,
        };
        let mut rows = Vec::new();
        for alert in found
            .items
            .iter()
            .filter(|alert| state == "all" || alert.acknowledged_by.is_some() == (state == "taken"))
        {
            let practice = names.practice(tx, alert.practice)?;
            let targets = targets(tx, alert)?;
            let cause = serde_json::from_str::<Cause>(&alert.detail).ok();
            rows.push(AlertRow {
                id: alert.id,
                practice,
                severity: alert.severity,
                title: cause.as_ref().map_or_else(|| alert.category.clone(), |cause| title(cause, words)),
                since: alert.opened_at,
                times: alert.times,
                sent_to: targets,
                taken: alert.acknowledged_by.clone().zip(alert.acknowledged_at),
                ended: alert.closed_at,
                href: href(alert.practice, cause.as_ref()),
            });
        }
        let choice = |value: &str, key: &str| Choice {
            value: value.to_owned(),
            label: words.t(key),
            chosen: state == value,
        };
        Ok(Alerts {
            rows,
            waiting,
            states: vec![
                choice("waiting", "alerts-waiting"),
                choice("taken", "alerts-taken"),
                choice("all", "alerts-all"),
            ],
            may_take,
            next: if state == "all" {
                cursor(found.next).map(|next| format!("/alerts?state=all&after={next}"))
            } else {
                None
            },
        })
    })
}

/// Where an alert was sent: names of routes. They are the MSP's own, and not in reach of who sees some practices only.
fn targets(tx: &mut Tx<'_>, alert: &Alert) -> Result<Vec<String>, StoreError> {
    let sent = routes::of_alert(tx, alert.id)?;
    if sent.is_empty() {
        return Ok(Vec::new());
    }
    let known: BTreeMap<_, _> = routes::all(tx)?.into_iter().map(|route| (route.id, route.name)).collect();
    Ok(sent.iter().filter_map(|delivery| known.get(&delivery.route).cloned()).collect())
}

/// A command that waits.
pub(super) fn held_command(
    command: &StoredCommand,
    practice: PracticeRef,
    computers: &BTreeMap<AgentId, String>,
    from: &From<'_>,
    operators: &BTreeMap<String, String>,
    may_refuse: bool,
) -> HeldCommand {
    let signed: Option<SignedText> = serde_json::from_str(&command.signed).ok();
    let keys = signed.into_iter().flat_map(|signed| signed.signatures).map(|signature| signature.key);
    let hold = jiff::SignedDuration::from_mins(enamel_types::command::HOLD_MINUTES);
    HeldCommand {
        id: command.id,
        practice,
        computer: computers
            .get(&command.agent)
            .cloned()
            .unwrap_or_else(|| from.words.t("device-name-missing")),
        verb: command.verb.clone(),
        class: command.class,
        reason: command.reason.clone(),
        signed_by: keys.map(|key| operators.get(&key).cloned().unwrap_or(key)).collect(),
        needed: command.class.signatures() as u64,
        // The agent's hour runs from when it said that it has the command.
        due: (command.state == CommandState::Held).then(|| command.changed_at + hold),
        expires: command.not_after,
        may_refuse,
    }
}

/// The latest trust root as it was kept; its signatures were verified when it came.
fn root(tx: &mut Tx<'_>) -> Result<Option<RootDocument>, StoreError> {
    let latest = trust::latest_version(tx)?;
    let roots = trust::after(tx, latest.saturating_sub(1))?;
    let signed = roots.last().and_then(|root| serde_json::from_str::<SignedText>(&root.signed).ok());
    Ok(signed.and_then(|signed| signed::read_root(&signed.text).ok()))
}

/// The operators' names by their keys.
pub(super) fn operators(tx: &mut Tx<'_>) -> Result<BTreeMap<String, String>, StoreError> {
    let keys = root(tx)?.map(|root| root.keys).unwrap_or_default();
    Ok(keys.iter().map(|key| (key.id().to_string(), key.name().to_owned())).collect())
}

/// Commands that wait, and what became of earlier ones. `refuses` says at which practices the reader may refuse.
pub(in crate::console) fn approvals(
    from: &From<'_>,
    refuses: &enamel_store::Scope,
    may_send: bool,
) -> Result<Approvals, StoreError> {
    from.store.read(&from.scope, |tx| {
        let mut names = Names::of(tx)?;
        let operators = operators(tx)?;
        let (mut held, mut past) = (Vec::new(), Vec::new());
        let mut computers: BTreeMap<PracticeId, BTreeMap<AgentId, String>> = BTreeMap::new();
        for command in commands::list(tx, None, None, None, ROWS)?.items {
            let practice = names.practice(tx, command.practice)?;
            let computers = match computers.entry(command.practice) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => place.insert(computers_by_agent(tx, command.practice)?),
            };
            if !command.state.is_final() {
                let may_refuse = refuses.covers(command.practice);
                held.push(held_command(&command, practice, computers, from, &operators, may_refuse));
                continue;
            }
            let (outcome, mark) = outcome(command.state);
            past.push(PastCommand {
                practice,
                computer: computers.get(&command.agent).cloned().unwrap_or_default(),
                verb: command.verb,
                outcome,
                mark,
                detail: command.detail,
                at: command.changed_at,
            });
        }
        held.sort_by_key(|command| command.due.unwrap_or(command.expires));
        Ok(Approvals { held, past, may_send })
    })
}

const fn outcome(state: CommandState) -> (&'static str, &'static str) {
    match state {
        CommandState::Open => ("outcome-sent", "none"),
        CommandState::Held => ("outcome-held", "partly"),
        CommandState::Done => ("outcome-done", "met"),
        CommandState::Failed => ("outcome-failed", "notmet"),
        CommandState::Refused => ("outcome-refused", "notmet"),
        CommandState::Vetoed => ("outcome-vetoed", "none"),
        CommandState::Expired => ("outcome-expired", "unknown"),
    }
}

/// The form for a command.
pub(in crate::console) fn new_command(
    from: &From<'_>,
    wrong: &'static str,
    reason: String,
) -> Result<NewCommand, StoreError> {
    let verbs = [
        "collect",
        "snapshot",
        "isolate",
        "release",
        "restore_aside",
        "restore_in_place",
        "update",
        "uninstall",
    ];
    from.store.read(&from.scope, |tx| {
        let mut computers = Vec::new();
        for practice in tree::practices(tx, "", None, MAX_PAGE)?.items {
            for agent in agents::of_practice(tx, practice.id, None, MAX_PAGE)?
                .items
                .iter()
                .filter(|agent| agent.revoked_at.is_none())
            {
                let label = format!("{}: {}", practice.name, agent.name);
                computers.push(Choice { value: agent.id.to_string(), label, chosen: false });
            }
        }
        let verbs = verbs.map(|verb| Choice {
            value: verb.to_owned(),
            label: from.words.t(verb_key(verb)),
            chosen: false,
        });
        Ok(NewCommand { computers, verbs: verbs.to_vec(), reason, wrong, agent: None })
    })
}

/// The audit trail as far as it is in reach.
pub(in crate::console) fn audit(
    from: &From<'_>,
    deed: &str,
    who: &str,
    before: Option<u64>,
) -> Result<Audit, StoreError> {
    from.store.read(&from.scope, |tx| {
        let filtered = !deed.is_empty() || !who.is_empty();
        let found = audit::list(tx, None, before, if filtered { MAX_PAGE } else { ROWS })?;
        // Only a whole chain proves anything: who sees a part of it is shown no verdict of its own, and is told of none that is bad.
        let verified = if from.scope.is_whole() { Some(audit::verify(tx)?) } else { None };
        let actors = if from.scope.is_whole() { actors(tx)? } else { BTreeMap::new() };
        let lower = who.trim().to_lowercase();
        let rows: Vec<AuditRow> = found
            .items
            .iter()
            .filter(|entry| deed.is_empty() || entry.deed.action == deed)
            .map(|entry| AuditRow {
                seq: entry.seq,
                at: entry.deed.at,
                who: actors.get(&entry.deed.actor).cloned().unwrap_or_else(|| entry.deed.actor.clone()),
                deed: entry.deed.action.clone(),
                object: entry.deed.object.clone(),
                hash: entry.hash.to_string().chars().take(SHORT).collect(),
            })
            .filter(|row| lower.is_empty() || row.who.to_lowercase().contains(&lower))
            .collect();
        let choice = |deed_word: &str| Choice {
            value: deed_word.to_owned(),
            label: deed_word.to_owned(),
            chosen: deed == deed_word,
        };
        let link = format!(
            "/audit?deed={}&who={}&before=",
            crate::console::routes::encoded(deed),
            crate::console::routes::encoded(who)
        );
        Ok(Audit {
            whole: verified.as_ref().is_none_or(|verified| verified.first_bad.is_none()),
            entries: verified.as_ref().map_or(rows.len() as u64, |verified| verified.entries),
            head: verified.map(|verified| verified.head.to_string()).unwrap_or_default(),
            rows,
            deeds: DEEDS.map(choice).to_vec(),
            who: who.to_owned(),
            filtered,
            next: found.next.map(|next| format!("{link}{next}")),
        })
    })
}

/// The names of people and keys as the trail knows them.
fn actors(tx: &mut Tx<'_>) -> Result<BTreeMap<String, String>, StoreError> {
    let people = people::all(tx)?.into_iter().map(|person| (format!("person:{}", person.id), person.name));
    let mut actors: BTreeMap<String, String> = people.collect();
    actors.extend(api_keys::all(tx)?.into_iter().map(|key| (format!("key:{}", key.id), key.name)));
    Ok(actors)
}

/// Tokens that wait, of the chosen practice or of all.
pub(in crate::console) fn tokens(from: &From<'_>, chosen: Option<PracticeId>) -> Result<Tokens, StoreError> {
    from.store.read(&from.scope, |tx| {
        let mut names = Names::of(tx)?;
        let practices = choices(tx, &mut names, chosen)?;
        let mut rows = Vec::new();
        let of: Vec<PracticeId> = match chosen {
            Some(practice) => vec![practice],
            None => tree::practice_ids(tx)?,
        };
        for practice in of {
            for token in tokens::open(tx, practice, from.words.now)? {
                let practice = names.practice(tx, practice)?;
                rows.push(TokenRow {
                    practice,
                    by: token.made_by,
                    at: token.made_at,
                    until: token.ends_at,
                    used_by: None,
                });
            }
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.at));
        rows.truncate(ROWS as usize);
        Ok(Tokens { practices, rows, made: None })
    })
}

/// The settings, one part of them open; `once` is what is shown once.
pub(in crate::console) fn settings(
    from: &From<'_>,
    signed_in: &SignedIn,
    part: &str,
    once: Option<String>,
) -> Result<Settings, StoreError> {
    let (caller, words) = (&signed_in.caller, from.words);
    let whole = |right| Ok::<bool, StoreError>(caller.scope(from.store, right)?.is_whole());
    let mut allowed: Vec<&str> = Vec::new();
    if caller.may(Right::Enrol) {
        allowed.push("practices");
    }
    if whole(Right::ManagePeople)? {
        allowed.push("people");
    }
    if whole(Right::Settings)? {
        allowed.extend(["keys", "alerts", "trust"]);
    }
    let mut parts = from.store.read(&from.scope, |tx| {
        let mut parts = Vec::new();
        for name in &allowed {
            parts.push(self::part(tx, name, words)?);
        }
        Ok::<_, StoreError>(parts)
    })?;
    let place = parts.iter().position(|known| known.tag() == part).ok_or(StoreError::NotFound("settings"))?;
    match &mut parts[place] {
        Part::People { invitation, .. } => *invitation = once,
        Part::Keys { made, .. } => *made = once,
        _ => {}
    }
    Ok(Settings { part: parts[place].clone(), parts })
}

#[allow(clippy::too_many_lines)] // one arm for each part of the settings
fn part(tx: &mut Tx<'_>, name: &str, words: &Words) -> Result<Part, StoreError> {
    let groups = tree::groups(tx)?;
    Ok(match name {
        "people" => {
            let practices = tree::practices(tx, "", None, MAX_PAGE)?.items;
            let reach = |reach: Reach| match reach {
                Reach::Msp => words.t("reach-all"),
                Reach::Group(id) => groups
                    .iter()
                    .find(|group| group.id == id)
                    .map(|group| group.name.clone())
                    .unwrap_or_default(),
                Reach::Practice(id) => practices
                    .iter()
                    .find(|practice| practice.id == id)
                    .map(|practice| practice.name.clone())
                    .unwrap_or_default(),
            };
            let mut rows = Vec::new();
            for person in people::all(tx)?.into_iter().filter(|person| person.disabled_at.is_none()) {
                let credentials = people::credentials(tx, person.id)?;
                let passkeys = credentials.iter().filter(|it| it.kind == people::CredentialKind::Passkey);
                rows.push(PersonRow {
                    grants: people::grants(tx, person.id)?
                        .into_iter()
                        .map(|held| (held.grant.role, reach(held.grant.reach), held.grant.until))
                        .collect(),
                    passkeys: passkeys.count() as u64,
                    seen: credentials.iter().filter_map(|it| it.used_at).max(),
                    name: person.name,
                    mail: person.email,
                });
            }
            let choice = |value: String, label: String| Choice { value, label, chosen: false };
            let mut reaches = vec![choice(String::new(), words.t("reach-all"))];
            reaches
                .extend(groups.iter().map(|group| choice(format!("group:{}", group.id), group.name.clone())));
            reaches.extend(
                practices
                    .iter()
                    .map(|practice| choice(format!("practice:{}", practice.id), practice.name.clone())),
            );
            Part::People {
                people: rows,
                roles: Role::ALL.map(|role| choice(role.as_str().to_owned(), words.role(&role))).to_vec(),
                reaches,
                invitation: None,
            }
        }
        "keys" => Part::Keys {
            keys: api_keys::all(tx)?
                .into_iter()
                .filter(|key| key.revoked_at.is_none())
                .map(|key| KeyRow {
                    id: key.id.to_string(),
                    name: key.name,
                    role: key.grant.role,
                    reach: match key.grant.reach {
                        Reach::Msp => words.t("reach-all"),
                        Reach::Group(id) => groups
                            .iter()
                            .find(|group| group.id == id)
                            .map(|group| group.name.clone())
                            .unwrap_or_default(),
                        Reach::Practice(id) => {
                            tree::practice(tx, id).map(|practice| practice.name).unwrap_or_default()
                        }
                    },
                    used: key.used_at,
                    until: key.grant.until,
                })
                .collect(),
            made: None,
        },
        "alerts" => Part::Routing {
            routes: routes::all(tx)?
                .into_iter()
                .map(|route| {
                    let rule: serde_json::Value = serde_json::from_str(&route.rule).unwrap_or_default();
                    RouteRow {
                        severity: rule["severity"]
                            .as_str()
                            .and_then(|word| word.parse().ok())
                            .unwrap_or(Severity::High),
                        to: route.name,
                        way: if route.kind == RouteKind::Mail { "way-mail" } else { "way-webhook" },
                        quiet: !rule["quiet"].is_null() && rule["quiet"] != serde_json::Value::Bool(false),
                        escalate: rule["escalate_minutes"].as_u64(),
                    }
                })
                .collect(),
        },
        "trust" => {
            let root = root(tx)?;
            let operators = root.iter().flat_map(|root| &root.keys);
            Part::Trust {
                version: root.as_ref().map_or(0, |root| root.version),
                threshold: root.as_ref().map_or(0, |root| root.threshold as u64),
                operators: operators
                    .map(|key| Operator { name: key.name().to_owned(), fingerprint: key.id().to_string() })
                    .collect(),
            }
        }
        _ => {
            let mut rows: Vec<GroupRow> = groups
                .iter()
                .map(|group| GroupRow { name: group.name.clone(), practices: Vec::new() })
                .collect();
            let mut lone = GroupRow { name: String::new(), practices: Vec::new() };
            let names = Names::of(tx)?;
            for practice in tree::practices(tx, "", None, MAX_PAGE)?.items {
                let shown = names.named(&practice);
                let sites = tree::sites(tx, practice.id)?.into_iter().map(|site| site.name).collect();
                let place = groups.iter().position(|group| Some(group.id) == practice.group);
                place.map_or(&mut lone, |place| &mut rows[place]).practices.push((shown, sites));
            }
            rows.extend((!lone.practices.is_empty()).then_some(lone));
            let choices = groups.iter().map(|group| Choice {
                value: group.id.to_string(),
                label: group.name.clone(),
                chosen: false,
            });
            Part::Tree { groups: rows, choices: choices.collect() }
        }
    })
}
