//! The control tables: the tree, agents, tokens, trust roots, commands, policies, settings; and who sees which.

use enamel_store::agents::{self, Agent, Sighting};
use enamel_store::commands::{self, CommandState, StoredCommand};
use enamel_store::tokens::{self, Token};
use enamel_store::tree::{self, Group, Site};
use enamel_store::trust::{self, SignedRoot};
use enamel_store::{Scope, StoreError, policies, settings};
use enamel_types::command::CommandClass;
use enamel_types::{AgentId, CommandId, DeviceId, GroupId, Policy, PracticeId, SiteId};

use crate::support::{World, at, is_not_found, on_both};

on_both!(
    practices_are_paged_by_name_and_found_by_part_of_it,
    groups_are_seen_by_who_reaches_a_practice_of_them,
    an_agent_from_enrolment_to_its_end,
    a_token_is_taken_once_and_in_time,
    trust_roots_follow_one_another,
    commands_go_out_by_number_and_stay_settled,
    a_policy_is_changed_from_its_present_version,
    nobody_sees_or_changes_what_is_not_in_reach,
);

pub(crate) fn agent_of(world: &World, practice: PracticeId, number: u8) -> Agent {
    Agent {
        id: AgentId::from_uuid(world.uuid()),
        practice,
        device: DeviceId::from_uuid(world.uuid()),
        site: None,
        name: format!("FRONT-{number}"),
        os: "Windows 11 Pro".to_owned(),
        version: "0.2.0".to_owned(),
        key_hash: [number; 32],
        serial: format!("{number:02x}"),
        certificate_end: at(7_776_000),
        enrolled_at: at(5),
        revoked_at: None,
        cloned_at: None,
        seen_at: None,
        health: None,
    }
}

pub(crate) fn command_of(world: &World, agent: &Agent, counter: u64) -> StoredCommand {
    StoredCommand {
        id: CommandId::from_uuid(world.uuid()),
        practice: agent.practice,
        agent: agent.id,
        counter,
        class: CommandClass::Disruptive,
        verb: "isolate".to_owned(),
        reason: "files are being encrypted".to_owned(),
        signed: "{}".to_owned(),
        not_before: at(10),
        not_after: at(3_610),
        state: CommandState::Open,
        detail: String::new(),
        relayed_by: "ann@msp.example".to_owned(),
        relayed_at: at(10 + i64::try_from(counter).unwrap()),
        changed_by: "ann@msp.example".to_owned(),
        changed_at: at(10),
    }
}

fn practices_are_paged_by_name_and_found_by_part_of_it(world: &World) {
    for name in ["Cedar Dental", "birch  dental", "Ash_Dental", "Dogwood 100% Smiles", "Cedar Dental"] {
        world.practice(name);
    }
    let store = &world.store;
    let mut names = Vec::new();
    let mut after = None;
    loop {
        let page = store.read(&Scope::Msp, |tx| tree::practices(tx, "", after.as_ref(), 2)).unwrap();
        assert!(page.items.len() <= 2);
        names.extend(page.items.into_iter().map(|practice| practice.name));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let expected = ["Ash_Dental", "birch  dental", "Cedar Dental", "Cedar Dental", "Dogwood 100% Smiles"];
    assert_eq!(names, expected);
    for (search, count) in [("DENTAL", 4), ("h_d", 1), ("0%", 1), ("birch dental", 1), ("x", 0), ("!", 0)] {
        let found = store.read(&Scope::Msp, |tx| tree::practices(tx, search, None, 10)).unwrap();
        assert_eq!(found.items.len(), count, "{search}");
    }
}

fn groups_are_seen_by_who_reaches_a_practice_of_them(world: &World) {
    let group = Group { id: GroupId::from_uuid(world.uuid()), name: "Smile Partners".to_owned() };
    let (inside, outside) = (world.practice("Birch Dental"), world.practice("Cedar Dental"));
    let store = &world.store;
    store
        .write::<_, StoreError>(&Scope::Msp, |tx| {
            tree::add_group(tx, &group, at(1))?;
            let practice = tree::practice(tx, inside)?;
            tree::change_practice(tx, &tree::Practice { group: Some(group.id), ..practice })
        })
        .unwrap();
    let seen = |scope: &Scope| store.read(scope, tree::groups).unwrap().len();
    assert_eq!(seen(&Scope::Msp), 1);
    assert_eq!(seen(&Scope::practice(inside)), 1);
    assert_eq!(seen(&Scope::practice(outside)), 0);
    assert_eq!(seen(&Scope::Nothing), 0);
    assert_eq!(store.read(&Scope::Msp, |tx| tree::practices_of_group(tx, group.id)).unwrap(), [inside]);
    let taken = Group { id: GroupId::from_uuid(world.uuid()), name: "smile  partners".to_owned() };
    let twice = store.write(&Scope::Msp, |tx| tree::add_group(tx, &taken, at(1)));
    assert!(matches!(twice, Err(StoreError::Conflict(_))), "{twice:?}");
    let in_use = store.write(&Scope::Msp, |tx| tree::remove_group(tx, group.id));
    assert!(matches!(in_use, Err(StoreError::Conflict(_))), "{in_use:?}");
}

fn an_agent_from_enrolment_to_its_end(world: &World) {
    let practice = world.practice("Birch Dental");
    let elsewhere = world.practice("Cedar Dental");
    let site = Site { id: SiteId::from_uuid(world.uuid()), practice, name: "Main street".to_owned() };
    let foreign = Site { id: SiteId::from_uuid(world.uuid()), practice: elsewhere, name: "Hill".to_owned() };
    let agent = agent_of(world, practice, 1);
    let store = &world.store;
    store
        .write::<_, StoreError>(&Scope::Msp, |tx| {
            tree::add_site(tx, &site, at(1))?;
            tree::add_site(tx, &foreign, at(1))?;
            agents::add(tx, &agent)?;
            agents::place(tx, agent.id, Some(site.id))?;
            agents::renew(tx, agent.id, "beef", at(9_000_000))?;
            let health = Some("{\"spooled\":3}".to_owned());
            let newer = Sighting { agent: agent.id, seen_at: at(60), health, version: None };
            let older = Sighting { agent: agent.id, seen_at: at(30), health: None, version: None };
            agents::seen(tx, &[newer, older])?;
            assert!(agents::flag_clone(tx, agent.id, at(70))?);
            assert!(!agents::flag_clone(tx, agent.id, at(80))?);
            Ok(())
        })
        .unwrap();
    let foreign_site = store.write(&Scope::Msp, |tx| agents::place(tx, agent.id, Some(foreign.id)));
    assert!(is_not_found(&foreign_site));
    let twice = store.write(&Scope::Msp, |tx| {
        agents::add(tx, &Agent { id: AgentId::from_uuid(world.uuid()), ..agent.clone() })
    });
    assert!(matches!(twice, Err(StoreError::Conflict(_))), "one key, one agent: {twice:?}");
    let kept = store.read(&Scope::Msp, |tx| agents::by_key(tx, &agent.key_hash)).unwrap().unwrap();
    let expected = Agent {
        site: Some(site.id),
        serial: "beef".to_owned(),
        certificate_end: at(9_000_000),
        seen_at: Some(at(60)),
        health: Some("{\"spooled\":3}".to_owned()),
        cloned_at: Some(at(70)),
        ..agent.clone()
    };
    assert_eq!(kept, expected);
    let silent = |now| store.read(&Scope::Msp, |tx| agents::silent_since(tx, at(now), 10)).unwrap().len();
    assert_eq!((silent(60), silent(61)), (0, 1));
    store.write(&Scope::Msp, |tx| agents::revoke(tx, agent.id, at(100))).unwrap();
    assert!(is_not_found(&store.write(&Scope::Msp, |tx| agents::renew(tx, agent.id, "f00d", at(1)))));
    assert_eq!(silent(61), 0);
    assert_eq!(store.read(&Scope::Msp, agents::counts).unwrap(), []);
    store.write(&Scope::Msp, |tx| tree::remove_site(tx, site.id)).unwrap();
    assert_eq!(store.read(&Scope::Msp, |tx| agents::get(tx, agent.id)).unwrap().site, None);
}

fn a_token_is_taken_once_and_in_time(world: &World) {
    let practice = world.practice("Birch Dental");
    let token = |secret: u8| Token {
        secret_hash: [secret; 32],
        practice,
        site: None,
        made_by: "ann@msp.example".to_owned(),
        made_at: at(0),
        ends_at: at(tokens::TOKEN_HOURS * 3600),
        taken_at: None,
        agent: None,
    };
    let store = &world.store;
    store
        .write::<_, StoreError>(&Scope::practice(practice), |tx| {
            (1..=3).try_for_each(|secret| tokens::add(tx, &token(secret)))
        })
        .unwrap();
    let agent = AgentId::from_uuid(world.uuid());
    let take = |secret: u8, second| {
        store.write(&Scope::Msp, |tx| tokens::take(tx, &[secret; 32], agent, at(second)))
    };
    let gone = take(1, 60).unwrap();
    assert_eq!((gone.practice, gone.taken_at, gone.agent), (practice, Some(at(60)), Some(agent)));
    assert!(is_not_found(&take(1, 61)), "taken twice");
    assert!(is_not_found(&take(2, 86_400)), "taken a day later");
    assert!(is_not_found(&take(9, 60)), "never made");
    let open = |second| store.read(&Scope::Msp, |tx| tokens::open(tx, practice, at(second))).unwrap().len();
    assert_eq!((open(61), open(86_400)), (2, 0));
    store.write(&Scope::Msp, |tx| tokens::withdraw(tx, &[3; 32])).unwrap();
    assert!(is_not_found(&take(3, 62)));
    assert!(is_not_found(&store.write(&Scope::Msp, |tx| tokens::withdraw(tx, &[1; 32]))));

    // Of many that try at once one gets it.
    let won: usize = std::thread::scope(|threads| {
        let tries: Vec<_> = (0..8).map(|_| threads.spawn(|| usize::from(take_alone(store, 2)))).collect();
        tries.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(won, 1);
    assert_eq!(store.write(&Scope::Msp, |tx| tokens::forget(tx, at(100_000))).unwrap(), 2);
}

fn take_alone(store: &enamel_store::Store, secret: u8) -> bool {
    let agent = AgentId::from_uuid(uuid::Uuid::from_u128(1));
    store.write(&Scope::Msp, |tx| tokens::take(tx, &[secret; 32], agent, at(70))).is_ok()
}

fn trust_roots_follow_one_another(world: &World) {
    let root = |version| SignedRoot {
        version,
        signed: format!("{{\"version\":{version}}}"),
        added_at: at(1),
        added_by: "ann@msp.example".to_owned(),
    };
    let store = &world.store;
    let add = |version| store.write(&Scope::Msp, |tx| trust::add(tx, &root(version)));
    assert_eq!(store.read(&Scope::Msp, trust::latest_version).unwrap(), 0);
    assert!(add(2).is_err());
    (1..=3).for_each(|version| add(version).unwrap());
    assert!(add(3).is_err());
    assert_eq!(store.read(&Scope::Msp, |tx| trust::after(tx, 1)).unwrap(), [root(2), root(3)]);
}

fn commands_go_out_by_number_and_stay_settled(world: &World) {
    let practice = world.practice("Birch Dental");
    let agent = agent_of(world, practice, 1);
    let (first, second, third) =
        (command_of(world, &agent, 1), command_of(world, &agent, 2), command_of(world, &agent, 5));
    let store = &world.store;
    store
        .write::<_, StoreError>(&Scope::Msp, |tx| {
            agents::add(tx, &agent)?;
            [&first, &second, &third].into_iter().try_for_each(|command| commands::add(tx, command))
        })
        .unwrap();
    let again = store.write(&Scope::Msp, |tx| commands::add(tx, &command_of(world, &agent, 4)));
    assert!(matches!(again, Err(StoreError::Conflict(_))), "a number that was passed: {again:?}");
    assert_eq!(store.read(&Scope::Msp, |tx| commands::get(tx, first.id)).unwrap(), first);

    let mail = |counter, second| {
        let open = store.read(&Scope::Msp, |tx| commands::open_after(tx, agent.id, counter, at(second), 10));
        open.unwrap().into_iter().map(|command| command.counter).collect::<Vec<_>>()
    };
    assert_eq!((mail(0, 20), mail(2, 20), mail(0, 3_610)), (vec![1, 2, 5], vec![5], vec![]));
    let settle = |id, state| {
        store.write(&Scope::Msp, |tx| commands::settle(tx, id, state, "said", "agent", at(30))).unwrap()
    };
    assert!(settle(first.id, CommandState::Held));
    assert!(!settle(first.id, CommandState::Held), "nothing new");
    assert!(settle(first.id, CommandState::Done));
    assert!(!settle(first.id, CommandState::Failed), "what is done stays done");
    let manager = Scope::practice(practice);
    store
        .write(&manager, |tx| commands::veto(tx, second.id, "Dr Birch", "patients are waiting", at(40)))
        .unwrap();
    let late = store.write(&manager, |tx| commands::veto(tx, first.id, "Dr Birch", "no", at(40)));
    assert!(matches!(late, Err(StoreError::Conflict(_))), "{late:?}");
    assert_eq!(store.read(&Scope::Msp, |tx| commands::vetoed(tx, agent.id, at(50))).unwrap(), [second.id]);
    assert_eq!(store.write(&Scope::Msp, |tx| commands::expire(tx, at(3_610))).unwrap(), [third.id]);
    assert_eq!(mail(0, 20), [0; 0]);

    let list = |state, before| {
        let page = store.read(&Scope::Msp, |tx| commands::list(tx, Some(practice), state, before, 2));
        let page = page.unwrap();
        (page.items.into_iter().map(|command| command.counter).collect::<Vec<_>>(), page.next)
    };
    let (newest, next) = list(None, None);
    assert_eq!((newest, list(None, next).0), (vec![5, 2], vec![1]));
    assert_eq!(list(Some(CommandState::Expired), None).0, [5]);
    let burst =
        |since| store.read(&Scope::Msp, |tx| commands::burst(tx, CommandClass::Disruptive, at(since)));
    assert_eq!((burst(0).unwrap(), burst(12).unwrap()), ((3, 1), (2, 1)));
}

fn a_policy_is_changed_from_its_present_version(world: &World) {
    let practice = world.practice("Birch Dental");
    let store = &world.store;
    let get = || store.read(&Scope::practice(practice), |tx| policies::get(tx, practice)).unwrap();
    assert_eq!(get(), Policy::default());
    let change = |policy: &Policy| {
        store.write(&Scope::practice(practice), |tx| policies::change(tx, practice, policy, "ann", at(1)))
    };
    let wanted = Policy { folders: vec!["D:\\Scans".to_owned()], ..Policy::default() };
    assert_eq!(change(&wanted).unwrap(), 1);
    assert_eq!(get(), Policy { version: 1, ..wanted.clone() });
    assert!(matches!(change(&wanted), Err(StoreError::Conflict(_))), "somebody was faster");
    assert_eq!(change(&get()).unwrap(), 2);
}

/// The database, not only the caller's care: no statement reaches another practice's rows, by whatever id it asks.
fn nobody_sees_or_changes_what_is_not_in_reach(world: &World) {
    let (mine, theirs) = (world.practice("Birch Dental"), world.practice("Cedar Dental"));
    let agent = agent_of(world, theirs, 1);
    let command = command_of(world, &agent, 1);
    let site = Site { id: SiteId::from_uuid(world.uuid()), practice: theirs, name: "Hill".to_owned() };
    let store = &world.store;
    store
        .write::<_, StoreError>(&Scope::Msp, |tx| {
            agents::add(tx, &agent)?;
            tree::add_site(tx, &site, at(1))?;
            commands::add(tx, &command)?;
            settings::set(tx, "msp_name", &"Northern IT")
        })
        .unwrap();
    for scope in [Scope::Nothing, Scope::practice(mine)] {
        assert!(is_not_found(&store.read(&scope, |tx| tree::practice(tx, theirs))));
        assert!(is_not_found(&store.read(&scope, |tx| agents::get(tx, agent.id))));
        assert!(is_not_found(&store.read(&scope, |tx| commands::get(tx, command.id))));
        assert_eq!(store.read(&scope, |tx| agents::by_key(tx, &agent.key_hash)).unwrap(), None);
        assert_eq!(store.read(&scope, |tx| tree::sites(tx, theirs)).unwrap(), []);
        assert_eq!(store.read(&scope, |tx| settings::get::<String>(tx, "msp_name")).unwrap(), None);
        assert!(is_not_found(&store.write(&scope, |tx| agents::revoke(tx, agent.id, at(9)))));
        assert!(is_not_found(&store.write(&scope, |tx| tree::rename_site(tx, site.id, "Mine"))));
        assert!(is_not_found(&store.write(&scope, |tx| tree::remove_site(tx, site.id))));
        let veto = store.write(&scope, |tx| commands::veto(tx, command.id, "x", "y", at(9)));
        assert!(is_not_found(&veto));
        let added = store
            .write(&scope, |tx| tree::add_site(tx, &Site { name: "New".to_owned(), ..site.clone() }, at(1)));
        assert!(matches!(added, Err(StoreError::OutOfScope)), "{added:?}");
        let setting = store.write(&scope, |tx| settings::set(tx, "msp_name", &"Mine"));
        assert!(matches!(setting, Err(StoreError::OutOfScope)), "{setting:?}");
    }
    let kept = store.read(&Scope::Msp, |tx| agents::get(tx, agent.id)).unwrap();
    assert_eq!(kept.revoked_at, None);
    assert_eq!(store.read(&Scope::practice(theirs), |tx| tree::sites(tx, theirs)).unwrap(), [site]);
    // And a connection that has served somebody else does not remember it.
    assert_eq!(store.read(&Scope::practice(theirs), tree::practice_ids).unwrap(), [theirs]);
    assert_eq!(store.read(&Scope::Nothing, tree::practice_ids).unwrap(), []);
}
