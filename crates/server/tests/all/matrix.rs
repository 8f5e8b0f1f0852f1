//! Every endpoint × every role × another practice's object, driven by the OpenAPI document: an endpoint that says neither its right nor how
//! to call it fails here before anybody uses it.

use std::str::FromStr as _;

use enamel_ledger::Link;
use enamel_store::agents::{self, Agent};
use enamel_store::alerts::{self, Alert};
use enamel_store::commands::{self, StoredCommand};
use enamel_store::tree::{self, Group, Site};
use enamel_store::{Scope, StoreError, WriteTx, api_keys, people, tokens};
use enamel_types::command::CommandClass;
use enamel_types::config_state::{CheckReading, ConfigState, Reading, Value as Setting};
use enamel_types::device::{DeviceInventory, DeviceRole, Hardware, OsFamily, OsInfo};
use enamel_types::{
    AgentId, AlertId, ApiKeyId, Body, Clock as _, Command, CommandId, DeviceId, FindingId, Grant, GroupId,
    Observation, ObservationId, Order, PracticeId, Reach, Right, Role, RuleId, Severity, SiteId, Timestamp,
    UserId,
};
use enamel_wire::message::SignedText;
use enamel_wire::signed::{self, Kind, RootDocument, SecretKey};
use serde_json::{Value, json};

use crate::browser::{Caller, Human};
use crate::world::{Msp, fill, observation, relayed, uuid};

/// One practice with something of everything in it.
struct Tenant {
    practice: PracticeId,
    name: &'static str,
    device: DeviceId,
    finding: FindingId,
    observation: ObservationId,
    agent_name: String,
}

/// The MSP, its operators, and two practices.
struct Fleet {
    msp: Msp,
    owner: Human,
    operators: [SecretKey; 2],
    root_version: u64,
    own: Tenant,
    foreign: Tenant,
}

fn whole<T>(msp: &Msp, work: impl FnOnce(&mut WriteTx<'_>) -> Result<T, StoreError>) -> T {
    msp.store().write(&Scope::Msp, work).unwrap()
}

fn tenant(msp: &Msp, name: &'static str, computer: &str) -> Tenant {
    let practice = msp.add_practice(name);
    let (device, agent) = (DeviceId::from_uuid(uuid()), AgentId::from_uuid(uuid()));
    let rule = RuleId::new("L08").unwrap();
    let os = OsInfo {
        family: OsFamily::Linux,
        name: "Debian GNU/Linux 12".to_owned(),
        product: "debian".to_owned(),
        version: "12".to_owned(),
        build: String::new(),
        edition: String::new(),
        role: DeviceRole::Server,
    };
    let state = ConfigState {
        os: os.clone(),
        readings: vec![CheckReading {
            check: rule.clone(),
            source: "smb.conf".to_owned(),
            reading: Reading::Value(Setting::Text("auto".to_owned())),
        }],
    };
    let seen = observation(practice, agent, device, &msp.clock, Body::ConfigState(state));
    let link = Link::after(None, &seen, serde_json::to_vec(&seen).unwrap());
    let inventory = DeviceInventory {
        hostname: computer.to_owned(),
        os,
        hardware: Hardware::default(),
        users: Vec::new(),
        shares: Vec::new(),
        addresses: Vec::new(),
        listening: Vec::new(),
    };
    let named = observation(practice, agent, device, &msp.clock, Body::DeviceInventory(inventory));
    let named = Observation { scope: "inventory".to_owned(), ..named };
    let head = Some((link.agent_seq, link.hash));
    let next = Link::after(head, &named, serde_json::to_vec(&named).unwrap());
    msp.store().append(&Scope::Msp, practice, msp.clock.now(), &[link, next]).unwrap();
    msp.server.reconciler.practice(practice).unwrap();
    let finding = FindingId::derive(device, &rule, "");
    Tenant { practice, name, device, finding, observation: seen.id, agent_name: computer.to_owned() }
}

impl Fleet {
    async fn new() -> Self {
        let msp = Msp::new().await;
        let own = tenant(&msp, "Hazel Grove Dental", "hazel-server");
        let foreign = tenant(&msp, "Quince Lane Dental", "quince-server");
        let operators = ["Ada", "Ben"].map(|name| SecretKey::generate(name, &mut fill).unwrap());
        let owner = msp.owner();
        let mut fleet = Self { msp, owner, operators, root_version: 0, own, foreign };
        let root = fleet.root();
        let reply = fleet.owner.caller.call("POST", "/trust-root", Some(&root)).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        fleet.root_version = 1;
        fleet
    }

    fn now(&self) -> Timestamp {
        self.msp.clock.now()
    }

    fn signed(&self, kind: Kind, mut text: SignedText) -> Value {
        for operator in &self.operators {
            operator.sign(kind, &mut text).unwrap();
        }
        json!(text)
    }

    /// The next trust root.
    fn root(&self) -> Value {
        let keys = self.operators.iter().map(|key| key.operator().clone()).collect();
        let document = RootDocument { version: self.root_version + 1, keys, threshold: 2, dangerous: 2 };
        self.signed(Kind::TrustRoot, signed::root_text(document).unwrap())
    }

    fn agent(&self, tenant: &Tenant) -> AgentId {
        let agent = Agent {
            id: AgentId::from_uuid(uuid()),
            practice: tenant.practice,
            device: tenant.device,
            site: None,
            name: tenant.agent_name.clone(),
            os: "Debian GNU/Linux 12".to_owned(),
            version: "0.1.0".to_owned(),
            key_hash: *blake3::hash(uuid().as_bytes()).as_bytes(),
            serial: "01".to_owned(),
            certificate_end: self.now(),
            enrolled_at: self.now(),
            revoked_at: None,
            cloned_at: None,
            seen_at: None,
            health: None,
        };
        whole(&self.msp, |tx| agents::add(tx, &agent));
        agent.id
    }

    fn command(&self, tenant: &Tenant) -> CommandId {
        let agent = self.agent(tenant);
        let command = StoredCommand {
            reason: format!("{} moves", tenant.name),
            ..relayed(tenant.practice, agent, CommandClass::Dangerous, "uninstall", self.now())
        };
        whole(&self.msp, |tx| commands::add(tx, &command));
        command.id
    }

    fn alert(&self, tenant: &Tenant) -> AlertId {
        let id = AlertId::from_uuid(uuid());
        let alert = Alert {
            device: Some(tenant.device),
            ..Alert::opened(id, tenant.practice, id.to_string(), Severity::High, "agent", "{}", self.now())
        };
        whole(&self.msp, |tx| alerts::raise(tx, &alert, self.now()));
        id
    }

    fn person(&self, tenant: &Tenant) -> (UserId, uuid::Uuid) {
        let id = UserId::from_uuid(uuid());
        let person = people::Person {
            id,
            email: format!("{id}@msp.example"),
            name: "Lee".to_owned(),
            locale: "en".to_owned(),
            made_at: self.now(),
            disabled_at: None,
        };
        let grant = Grant { role: Role::Analyst, reach: Reach::Practice(tenant.practice), until: None };
        let held = people::HeldGrant {
            id: uuid(),
            person: id,
            grant,
            made_by: "Ada".to_owned(),
            made_at: self.now(),
        };
        whole(&self.msp, |tx| {
            people::add(tx, &person)?;
            people::add_grant(tx, &held)
        });
        (id, held.id)
    }

    /// A path's parameters as something of the tenant's. `None`: this test does not know the parameter, and must learn it.
    fn path(&self, path: &str, tenant: &Tenant) -> Option<String> {
        let mut person = None;
        let mut filled = Vec::new();
        for part in path.trim_start_matches("/api/v1").split('/') {
            let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else {
                filled.push(part.to_owned());
                continue;
            };
            let hash = *blake3::hash(uuid().as_bytes()).as_bytes();
            let hash_text = blake3::Hash::from_bytes(hash).to_hex().to_string();
            let (now, later) = (self.now(), self.now() + jiff::SignedDuration::from_hours(9));
            filled.push(match name {
                // One that may be closed; the other practice's never may.
                "practice" if path.ends_with("/close") && tenant.practice == self.own.practice => {
                    self.msp.add_practice("Closing Dental").to_string()
                }
                "practice" => tenant.practice.to_string(),
                "device" => tenant.device.to_string(),
                "finding" => tenant.finding.to_string(),
                "control" => "164.308(a)(2)".to_owned(),
                "observation" => tenant.observation.to_string(),
                "agent" => self.agent(tenant).to_string(),
                "command" => self.command(tenant).to_string(),
                "alert" => self.alert(tenant).to_string(),
                "group" => {
                    let group = Group { id: GroupId::from_uuid(uuid()), name: uuid().to_string() };
                    whole(&self.msp, |tx| tree::add_group(tx, &group, now));
                    group.id.to_string()
                }
                "site" => {
                    let site = Site {
                        id: SiteId::from_uuid(uuid()),
                        practice: tenant.practice,
                        name: uuid().to_string(),
                    };
                    whole(&self.msp, |tx| tree::add_site(tx, &site, now));
                    site.id.to_string()
                }
                "token" => {
                    let token = tokens::Token {
                        secret_hash: hash,
                        practice: tenant.practice,
                        site: None,
                        made_by: "Ada".to_owned(),
                        made_at: now,
                        ends_at: later,
                        taken_at: None,
                        agent: None,
                    };
                    whole(&self.msp, |tx| tokens::add(tx, &token));
                    hash_text
                }
                "person" => {
                    let made = person.insert(self.person(tenant));
                    made.0.to_string()
                }
                "grant" => person?.1.to_string(),
                "invitation" => {
                    let invitation = people::Invitation {
                        secret_hash: hash,
                        email: format!("{hash_text}@msp.example"),
                        name: "Lee".to_owned(),
                        grant: Grant { role: Role::Analyst, reach: Reach::Msp, until: None },
                        made_by: "Ada".to_owned(),
                        made_at: now,
                        ends_at: later,
                    };
                    whole(&self.msp, |tx| people::invite(tx, &invitation));
                    hash_text
                }
                "key" => {
                    let key = api_keys::ApiKey {
                        id: ApiKeyId::from_uuid(uuid()),
                        name: "a program".to_owned(),
                        grant: Grant { role: Role::Analyst, reach: Reach::Msp, until: Some(later) },
                        made_by: "Ada".to_owned(),
                        made_at: now,
                        used_at: None,
                        revoked_at: None,
                    };
                    whole(&self.msp, |tx| api_keys::add(tx, &key, &hash));
                    key.id.to_string()
                }
                _ => return None,
            });
        }
        Some(filled.join("/"))
    }

    /// A body that an operation takes. `None`: this test does not know the operation, and must learn it.
    fn body(&self, operation: &str, tenant: &Tenant) -> Option<Value> {
        let until = self.now() + jiff::SignedDuration::from_hours(24);
        let grant = json!({ "role": "analyst", "practice": tenant.practice, "until": until });
        Some(match operation {
            "make_practice" | "make_group" | "rename_group" | "make_site" => {
                json!({ "name": uuid().to_string() })
            }
            "change_practice" => json!({ "profile": { "patients": 1200 } }),
            "close_practice" => json!({ "name": "Closing Dental" }),
            "make_token" => json!({}),
            "accept_finding" => json!({ "reason": "the server is replaced in May", "until": until }),
            "attest_control" => {
                json!({ "statement": "implemented", "reason": "the letter of 3 May is in the safe", "until": until })
            }
            "close_alert" => json!({ "benign": true }),
            "prepare_command" => {
                json!({ "agent": self.agent(tenant), "reason": "to look", "order": { "verb": "snapshot" } })
            }
            "submit_command" => {
                let command = Command {
                    id: CommandId::from_uuid(uuid()),
                    practice: tenant.practice,
                    agent: self.agent(tenant),
                    counter: 1,
                    nonce: "0123456789abcdef0123456789abcdef".to_owned(),
                    not_before: self.now(),
                    not_after: until,
                    reason: "to look".to_owned(),
                    order: Order::Snapshot,
                };
                self.signed(Kind::Command, signed::command_text(&command).unwrap())
            }
            "veto_command" => json!({ "reason": "patients are in the chair" }),
            "submit_trust_root" => self.root(),
            "invite_person" => {
                json!({ "mail": format!("{}@msp.example", uuid()), "name": "Lee", "grant": grant })
            }
            "change_person" => json!({ "name": "Lee Young" }),
            "add_grant" => grant,
            "make_key" => json!({ "name": "a program", "grant": grant }),
            _ => return None,
        })
    }
}

/// One operation of the document.
struct Operation {
    method: String,
    path: String,
    id: String,
    right: Option<Right>,
    of_the_msp: bool,
    has_body: bool,
    takes_practice: bool,
}

fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(&enamel_server::api::document()).unwrap();
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            let word = &operation["x-right"];
            let right: Option<Right> = serde_json::from_value(word.clone()).unwrap_or_default();
            assert!(right.is_some() || id == "who_am_i", "{id} does not say which right it takes: x-right");
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            all.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                id,
                right,
                of_the_msp: operation["x-reach"] == "msp",
                has_body: operation["requestBody"].is_object(),
                takes_practice: parameters.iter().any(|it| it["name"] == "practice" && it["in"] == "query"),
            });
        }
    }
    all
}

/// What a caller must be answered.
fn may(operation: &Operation, role: Role, over_all: bool) -> bool {
    operation.right.is_none_or(|right| role.may(right)) && (over_all || !operation.of_the_msp)
}

async fn call(
    fleet: &mut Fleet,
    caller: &Caller,
    operation: &Operation,
    foreign: bool,
) -> crate::browser::Reply {
    let tenant = if foreign { &fleet.foreign } else { &fleet.own };
    let path = fleet.path(&operation.path, tenant);
    let mut path =
        path.unwrap_or_else(|| panic!("{}: a path parameter that this test does not know", operation.path));
    if operation.id == "search" {
        path.push_str("?text=dental");
    }
    let body = operation.has_body.then(|| {
        fleet
            .body(&operation.id, tenant)
            .unwrap_or_else(|| panic!("{}: a body that this test does not know", operation.id))
    });
    let reply = caller.call(&operation.method, &path, body.as_ref()).await;
    if operation.id == "submit_trust_root" && reply.status == 201 {
        fleet.root_version += 1;
    }
    reply
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reaches_what_is_not_theirs_at_any_endpoint_in_any_role() {
    let mut fleet = Fleet::new().await;
    let operations = operations();
    assert!(operations.len() > 50, "{}", operations.len());
    for role in Role::ALL {
        for over_all in [false, true] {
            if role == Role::PracticeManager && over_all {
                continue;
            }
            let reach = if over_all { Reach::Msp } else { Reach::Practice(fleet.own.practice) };
            let grant = fleet.msp.grant(role, reach);
            let caller = fleet
                .msp
                .human(&fleet.owner, &format!("{}-{over_all}@msp.example", role.as_str()), &grant)
                .await
                .caller;
            for operation in &operations {
                let about = format!(
                    "{} {} as {} over all: {over_all}",
                    operation.method,
                    operation.path,
                    role.as_str()
                );
                let reply = call(&mut fleet, &caller, operation, false).await;
                if may(operation, role, over_all) {
                    let fine = (200..300).contains(&reply.status);
                    assert!(fine, "{about}: {} {}", reply.status, reply.text());
                } else {
                    assert_eq!(reply.status, 404, "{about}: {}", reply.text());
                }
                if !over_all {
                    hides(&mut fleet, &caller, operation, &about).await;
                }
            }
        }
    }
}

/// Nothing of the other practice is named, listed, found, exported or changed.
async fn hides(fleet: &mut Fleet, caller: &Caller, operation: &Operation, about: &str) {
    let names_something =
        operation.path.contains('{') || matches!(&*operation.id, "prepare_command" | "submit_command");
    let mut reply = call(fleet, caller, operation, true).await;
    if names_something {
        assert_eq!(reply.status, 404, "{about}, another practice's: {}", reply.text());
        // To the byte what is answered where there is nothing.
        assert_eq!(reply.json()["detail"].as_str(), None, "{about}");
    } else if operation.takes_practice {
        let path =
            format!("{}?practice={}", operation.path.trim_start_matches("/api/v1"), fleet.foreign.practice);
        reply = caller.call(&operation.method, &path, None).await;
    }
    let text = reply.text();
    let Tenant { practice, name, device, finding, agent_name, .. } = &fleet.foreign;
    for secret in [
        practice.to_string(),
        (*name).to_owned(),
        device.to_string(),
        finding.to_string(),
        agent_name.clone(),
    ] {
        assert!(!text.contains(&secret), "{about} tells {secret}: {text}");
    }
}

/// A key is a caller like a person, but that it never manages people and its login is never fresh.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_programs_key_does_what_its_role_may_and_makes_nobody() {
    let mut fleet = Fleet::new().await;
    let document: Value = serde_json::from_str(&enamel_server::api::document()).unwrap();
    for role in Role::ALL.into_iter().filter(|role| !matches!(role, Role::Owner | Role::PracticeManager)) {
        let grant = fleet.msp.grant(role, Reach::Msp);
        let caller = fleet.msp.program(&fleet.owner, &grant).await;
        for operation in operations() {
            let reply = call(&mut fleet, &caller, &operation, false).await;
            let fresh =
                document["paths"][&operation.path][operation.method.to_lowercase()]["x-fresh"] == true;
            let expected = match (may(&operation, role, true), fresh) {
                (false, _) => 404,
                (true, true) => 401,
                (true, false) => reply.status.clamp(200, 299),
            };
            let about = format!("{} {} with a key of {}", operation.method, operation.path, role.as_str());
            assert_eq!(reply.status, expected, "{about}: {}", reply.text());
        }
    }
    let owner = json!({ "name": "x", "grant": { "role": "owner", "until": fleet.now() + jiff::SignedDuration::from_hours(1) } });
    let refused = fleet.owner.caller.call("POST", "/api-keys", Some(&owner)).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
}

#[test]
fn every_role_and_right_stands_in_the_docs_as_it_is_in_the_code() {
    let docs = include_str!("../../../../docs/access.md");
    let table: Vec<&str> = docs.lines().skip_while(|line| !line.starts_with("| right |")).collect();
    let header: Vec<Role> = table[0]
        .split('|')
        .map(str::trim)
        .filter(|cell| !cell.is_empty() && *cell != "right")
        .map(|cell| Role::from_str(cell.trim_matches('`')).unwrap())
        .collect();
    assert_eq!(header, Role::ALL);
    for right in Right::ALL {
        let word = serde_json::to_string(&right).unwrap();
        let start = format!("| `{}` |", word.trim_matches('"'));
        let row = table
            .iter()
            .find(|line| line.starts_with(&start))
            .unwrap_or_else(|| panic!("{start} has no row"));
        let cells: Vec<&str> = row.split('|').skip(2).take(Role::ALL.len()).map(str::trim).collect();
        for (role, cell) in Role::ALL.into_iter().zip(cells) {
            assert_eq!(cell == "yes", role.may(right), "{} {start}", role.as_str());
        }
    }
}
