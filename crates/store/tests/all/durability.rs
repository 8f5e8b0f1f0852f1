//! A server that is killed at any moment, and several that write at once: nothing acknowledged is lost, nothing is there twice.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use enamel_store::audit::{self, Deed};
use enamel_store::{Config, Kept, Scope, Store};
use enamel_testkit::repeatable_fill;
use enamel_types::{PracticeId, Timestamp};

use crate::support::{Chain, World, at, on_both};

on_both!(killed_at_any_moment_nothing_acknowledged_is_lost, what_several_write_at_once_is_one_chain,);

/// How often the server is killed.
const KILLS: u64 = 30;

/// What the child is told by its environment.
const CHILD: &str = "ENAMEL_STORE_TEST_CHILD";

/// The chain of an agent, to be gone on with.
fn chain_of(practice: PracticeId, store: &Store, number: u128) -> Chain {
    let mut chain = Chain::fixed(practice, number);
    let head = store.head(&Scope::Msp, practice, chain.agent).unwrap();
    chain.end = head.map(|head| (head.agent_seq, head.hash));
    chain
}

fn killed_at_any_moment_nothing_acknowledged_is_lost(world: &World) {
    let practice = world.practice("Birch Dental");
    let (_folder, config) = world.copy();
    let mut dice = repeatable_fill(99);
    let mut random = move |below: u64| {
        let mut bytes = [0; 8];
        dice(&mut bytes);
        u64::from_le_bytes(bytes) % below
    };
    let mut acknowledged = 0;
    let mut killed_at_work = 0;
    for round in 1..=KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "durability::a_server_that_will_be_killed", "--nocapture"])
            .env(
                CHILD,
                format!(
                    "{}\n{practice}\n{}",
                    config.data.display(),
                    config.database.as_deref().unwrap_or("")
                ),
            )
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, said) = mpsc::channel();
        let reader = std::thread::spawn(move || {
            let numbers = output
                .lines()
                .map_while(Result::ok)
                .filter_map(|line| line.strip_prefix("kept ")?.parse().ok());
            for number in numbers {
                let number: u64 = number;
                let _ = sender.send(number);
            }
        });
        // After so many acknowledgements, and then some part of the time that the next one takes.
        for _ in 0..=random(20) {
            acknowledged = said.recv_timeout(Duration::from_mins(1)).unwrap_or(acknowledged);
        }
        if let Ok(number) = said.recv_timeout(Duration::from_micros(random(3_000))) {
            acknowledged = number;
        }
        killed_at_work += u64::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        reader.join().unwrap();
        acknowledged = said.try_iter().last().unwrap_or(acknowledged);

        let store = Store::open(&config, at(0), &mut repeatable_fill(1)).unwrap();
        let there = store.last_seq(&Scope::Msp, practice).unwrap();
        assert!(there >= acknowledged, "round {round}: {acknowledged} acknowledged, {there} there");
        let heads = store.heads(&Scope::Msp, practice).unwrap();
        let numbers: u64 = heads.iter().map(|head| head.agent_seq).sum();
        assert_eq!(numbers, there, "round {round}: each of an agent's numbers once, and no other");
        if round % 10 == 0 {
            let verified = store.verify(&Scope::Msp, practice).unwrap();
            assert_eq!((verified.entries, verified.bad), (there, None), "round {round}");
        }
    }
    assert!(acknowledged > KILLS, "{acknowledged}");
    assert_eq!(killed_at_work, KILLS, "each was killed while it worked");
}

/// Not a test by itself: the process that the one above kills. Appends without end and prints each acknowledged number.
#[test]
fn a_server_that_will_be_killed() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let mut told = told.lines();
    let data = told.next().unwrap().into();
    let practice: PracticeId = told.next().unwrap().parse().unwrap();
    let database = told.next().filter(|address| !address.is_empty()).map(str::to_owned);
    let store = Store::open(&Config { data, database }, at(0), &mut repeatable_fill(1)).unwrap();
    let mut chains = [chain_of(practice, &store, 1), chain_of(practice, &store, 2)];
    loop {
        let links: Vec<_> = chains.iter_mut().flat_map(|chain| chain.links(5)).collect();
        let kept = store.append(&Scope::Msp, practice, at(1), &links).unwrap();
        let Some(Kept::New { seq }) = kept.last() else { panic!("{kept:?}") };
        println!("kept {seq}");
    }
}

fn what_several_write_at_once_is_one_chain(world: &World) {
    let practice = world.practice("Birch Dental");
    let second = if world.config.database.is_some() {
        // Another server with the same master key.
        Store::open(&world.config, at(0), &mut repeatable_fill(1)).unwrap()
    } else {
        world.store.clone()
    };
    let stores = [world.store.clone(), second];
    std::thread::scope(|threads| {
        for number in 0..4 {
            let store = &stores[number % 2];
            threads.spawn(move || {
                let mut chain = Chain::fixed(practice, number as u128 + 1);
                for round in 0..20 {
                    let links = chain.links(10);
                    let kept = store.append(&Scope::practice(practice), practice, at(round), &links).unwrap();
                    assert!(kept.iter().all(|kept| matches!(kept, Kept::New { .. })), "{kept:?}");
                    let deed = Deed {
                        at: Timestamp::UNIX_EPOCH,
                        actor: format!("key:{number}"),
                        practice: Some(practice),
                        action: "evidence.append".to_owned(),
                        object: "practice".to_owned(),
                        detail: "{}".to_owned(),
                    };
                    store.write(&Scope::practice(practice), |tx| audit::append(tx, &deed)).unwrap();
                }
            });
        }
    });
    let verified = world.store.verify(&Scope::Msp, practice).unwrap();
    assert_eq!((verified.entries, verified.bad), (800, None));
    let trail = world.store.read(&Scope::Msp, audit::verify).unwrap();
    assert_eq!((trail.entries, trail.first_bad), (80, None));
}
