//! The spool: lanes, cap, chain, damage, a full disk.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use enamel_agent::spool::{CAP_BYTES, GoOn, Spool, SpoolError};
use enamel_types::agent_event::Lane;
use enamel_types::{AgentEvent, Body, Observation};

use crate::world::{Chain, child, not_allowed, observation, stamp};
use enamel_testkit::skipped;

const MEBIBYTE: usize = 1 << 20;

fn ids<'a>(observations: impl IntoIterator<Item = &'a Observation>) -> BTreeSet<enamel_types::ObservationId> {
    observations.into_iter().map(|observation| observation.id).collect()
}

/// Sends everything to a server that keeps what follows.
fn send_all(spool: &mut Spool, server: &mut Chain) {
    let stamp = stamp(99);
    loop {
        let batch = spool.batch(500, MEBIBYTE, &|event| stamp.event(event)).unwrap();
        let Some(last) = batch.entries.last().map(|last| last.agent_seq) else { return };
        for entry in &batch.entries {
            server.take(entry.agent_seq, entry.hash, &entry.body).unwrap();
        }
        spool.acknowledge(last).unwrap();
    }
}

#[test]
fn the_most_urgent_leave_first_in_one_unbroken_chain() {
    let folder = tempfile::tempdir().unwrap();
    let stamp = stamp(1);
    let mut spool = Spool::open(folder.path(), CAP_BYTES).unwrap();
    let lanes = [Lane::Inventory, Lane::Finding, Lane::Inventory, Lane::Finding];
    let made = lanes.map(|lane| observation(&stamp, lane, 10));
    for observation in &made {
        spool.push(observation).unwrap();
    }
    let mut server = Chain::default();
    send_all(&mut spool, &mut server);
    let order: Vec<_> = server.kept.iter().map(|kept| kept.2.id).collect();
    assert_eq!(order, [1, 3, 0, 2].map(|index: usize| made[index].id));
    assert_eq!(server.head(), 4);

    // The head is kept for ever: the next one follows it, in another process as well.
    drop(spool);
    let mut spool = Spool::open(folder.path(), CAP_BYTES).unwrap();
    assert_eq!((spool.counts().unwrap().waiting, spool.counts().unwrap().bytes), (0, 0));
    spool.push(&observation(&stamp, Lane::Finding, 10)).unwrap();
    send_all(&mut spool, &mut server);
    assert_eq!(server.head(), 5);
}

#[test]
fn a_batch_stays_below_its_bounds_and_a_large_one_goes_alone() {
    let folder = tempfile::tempdir().unwrap();
    let stamp = stamp(1);
    let mut spool = Spool::open(folder.path(), CAP_BYTES).unwrap();
    for bytes in [2 * MEBIBYTE, 400_000, 400_000, 400_000, 10] {
        spool.push(&observation(&stamp, Lane::Finding, bytes)).unwrap();
    }
    let mut sizes = Vec::new();
    loop {
        let batch = spool.batch(500, MEBIBYTE, &|event| stamp.event(event)).unwrap();
        let Some(last) = batch.entries.last() else { break };
        sizes.push(batch.entries.len());
        spool.acknowledge(last.agent_seq).unwrap();
    }
    assert_eq!(sizes, [1, 2, 2]);
    for _ in 0..7 {
        spool.push(&observation(&stamp, Lane::Finding, 10)).unwrap();
    }
    assert_eq!(spool.batch(5, MEBIBYTE, &|event| stamp.event(event)).unwrap().entries.len(), 5);
    // Without an acknowledgement the same ones come again.
    assert_eq!(
        spool.batch(5, MEBIBYTE, &|event| stamp.event(event)).unwrap().entries.last().unwrap().agent_seq,
        10
    );
}

#[test]
fn a_full_spool_drops_the_least_urgent_and_says_how_many() {
    let folder = tempfile::tempdir().unwrap();
    let stamp = stamp(1);
    let mut spool = Spool::open(folder.path(), 100_000).unwrap();
    let inventory: Vec<_> = (0..10).map(|_| observation(&stamp, Lane::Inventory, 9_000)).collect();
    let findings: Vec<_> = (0..9).map(|_| observation(&stamp, Lane::Finding, 9_000)).collect();
    for observation in inventory.iter().chain(&findings) {
        spool.push(observation).unwrap();
    }
    // Nine findings left room for one of the inventory: the newest.
    assert_eq!(ids(&spool.waiting().unwrap()), ids(findings.iter().chain(inventory.last())));
    // Only what is more urgent is left, so the new one itself is dropped.
    spool.push(&observation(&stamp, Lane::Finding, 9_000)).unwrap();
    spool.push(&observation(&stamp, Lane::Inventory, 90_000)).unwrap();
    assert!(spool.counts().unwrap().bytes <= 100_000);

    let mut server = Chain::default();
    send_all(&mut spool, &mut server);
    let told: Vec<_> = server
        .kept
        .iter()
        .filter_map(|kept| match kept.2.body {
            Body::AgentEvent(AgentEvent::SpoolDropped { lane, observations }) => Some((lane, observations)),
            _ => None,
        })
        .collect();
    assert_eq!(told, [(Lane::Inventory, 11)], "one event for all of them");
    assert_eq!(spool.counts().unwrap().dropped, 11);
    assert_eq!(server.head(), 11, "and no hole in the chain");
}

#[test]
fn what_is_numbered_is_never_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let stamp = stamp(1);
    let mut spool = Spool::open(folder.path(), 50_000).unwrap();
    for _ in 0..4 {
        spool.push(&observation(&stamp, Lane::Inventory, 9_000)).unwrap();
    }
    let batch = spool.batch(500, MEBIBYTE, &|event| stamp.event(event)).unwrap();
    for _ in 0..10 {
        spool.push(&observation(&stamp, Lane::Finding, 9_000)).unwrap();
    }
    assert_eq!(spool.batch(500, MEBIBYTE, &|event| stamp.event(event)).unwrap(), batch);
}

#[test]
fn a_chain_goes_on_where_the_server_says() {
    let folder = tempfile::tempdir().unwrap();
    let stamp = stamp(1);
    let event = |event| stamp.event(event);
    let mut spool = Spool::open(folder.path(), CAP_BYTES).unwrap();
    let mut server = Chain::default();
    for _ in 0..6 {
        spool.push(&observation(&stamp, Lane::Finding, 10)).unwrap();
        send_all(&mut spool, &mut server);
    }
    // An acknowledgement that got lost: the outbox has it still.
    spool.push(&observation(&stamp, Lane::Finding, 10)).unwrap();
    let batch = spool.batch(500, MEBIBYTE, &event).unwrap();
    assert_eq!(spool.go_on_from(7, &event).unwrap(), GoOn::Resend);
    assert_eq!(spool.batch(500, MEBIBYTE, &event).unwrap(), batch);
    // A server that was set back to an older copy: what waits is numbered anew from there, and says so.
    server.kept.truncate(3);
    assert_eq!(spool.go_on_from(4, &event).unwrap(), GoOn::Renumbered);
    send_all(&mut spool, &mut server);
    assert_eq!(server.head(), 5);
    assert!(matches!(server.kept[3].2.body, Body::AgentEvent(AgentEvent::ChainForked { agent_seq: 4 })));
    assert_eq!(
        server.kept[4].2.id,
        serde_json::from_slice::<Observation>(&batch.entries[0].body).unwrap().id
    );
    // A server that knows more than this agent ever said: another agent has its key.
    for expected in [0, 9, u64::MAX] {
        assert_eq!(spool.go_on_from(expected, &event).unwrap(), GoOn::Forked, "{expected}");
    }
}

#[test]
fn a_damaged_spool_is_set_aside_and_the_chain_goes_on() {
    // How much of the last, unacknowledged batch had reached the server before the damage.
    for arrived in 0..=3 {
        let folder = tempfile::tempdir().unwrap();
        let stamp = stamp(1);
        let event = |event| stamp.event(event);
        let mut server = Chain::default();
        let mut spool = Spool::open(folder.path(), CAP_BYTES).unwrap();
        for _ in 0..4 {
            spool.push(&observation(&stamp, Lane::Finding, 100)).unwrap();
        }
        send_all(&mut spool, &mut server);
        for _ in 0..3 {
            spool.push(&observation(&stamp, Lane::Finding, 100)).unwrap();
        }
        let batch = spool.batch(500, MEBIBYTE, &event).unwrap();
        for entry in batch.entries.iter().take(arrived) {
            server.take(entry.agent_seq, entry.hash, &entry.body).unwrap();
        }
        drop(spool);
        let path = folder.path().join("spool.redb");
        let mut bytes = fs::read(&path).unwrap();
        for byte in bytes.iter_mut().skip(600).step_by(97) {
            *byte ^= 0x5a;
        }
        fs::write(&path, &bytes).unwrap();

        let mut spool = Spool::open(folder.path(), CAP_BYTES).unwrap();
        let said = spool.damage().expect("it says so");
        assert!(said.contains("spool.damaged-1"), "{said}");
        assert_eq!(fs::read(folder.path().join("spool.damaged-1")).unwrap(), bytes, "the evidence is kept");
        spool.push(&observation(&stamp, Lane::Finding, 100)).unwrap();
        let batch = spool.batch(500, MEBIBYTE, &event).unwrap();
        if server.take(batch.entries[0].agent_seq, batch.entries[0].hash, &batch.entries[0].body).is_err() {
            assert_eq!(spool.go_on_from(server.head() + 1, &event).unwrap(), GoOn::Renumbered);
        }
        send_all(&mut spool, &mut server);
        let events = server
            .kept
            .iter()
            .filter(|kept| matches!(kept.2.body, Body::AgentEvent(AgentEvent::SpoolDamaged { .. })));
        assert_eq!(events.count(), 1, "{arrived} had arrived");
        assert_eq!(spool.counts().unwrap().waiting, 0);
    }
}

#[test]
fn any_garbage_in_the_file_is_damage_and_not_the_end() {
    let stamp = stamp(1);
    for garbage in [&b"x"[..], &[0; 4096], &[0xff; 9_000], b"SQLite format 3\0 and more of it"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("spool.redb"), garbage).unwrap();
        let mut spool = Spool::open(folder.path(), CAP_BYTES).unwrap();
        assert!(spool.damage().is_some());
        spool.push(&observation(&stamp, Lane::Finding, 10)).unwrap();
        assert_eq!(spool.batch(500, MEBIBYTE, &|event| stamp.event(event)).unwrap().entries.len(), 2);
    }
}

#[test]
fn two_agents_cannot_have_one_spool() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Spool::open(folder.path(), CAP_BYTES).unwrap();
    assert!(matches!(Spool::open(folder.path(), CAP_BYTES), Err(SpoolError::InUse { .. })));
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(folder.path(), CAP_BYTES).unwrap();
    spool.push(&observation(&stamp(1), Lane::Finding, 10)).unwrap();
    spool.batch(1, 1, &|event| stamp(1).event(event)).unwrap();
    let mut files = 0;
    for entry in fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap()) {
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.path());
        files += 1;
    }
    assert_eq!(files, 2);
}

const FULL: &str = "ENAMEL_TEST_FULL_DISK";

/// Not a test by itself: runs in a mount namespace of its own, in a folder on a disk of two megabytes.
#[test]
fn child_on_a_full_disk() {
    let Some(folder) = std::env::var_os(FULL) else { return };
    let stamp = stamp(1);
    let mut spool = Spool::open(folder.as_ref(), CAP_BYTES).unwrap();
    let mut kept = Vec::new();
    let refused = loop {
        let observation = observation(&stamp, Lane::Finding, 20_000);
        match spool.push(&observation) {
            Ok(()) => kept.push(observation),
            Err(error) => break error,
        }
        assert!(kept.len() < 1_000, "the disk never fills");
    };
    assert!(matches!(refused, SpoolError::Full { .. }), "{refused:?}");
    assert!(refused.to_string().contains("full"), "{refused}");
    let more = observation(&stamp, Lane::Finding, 400_000);
    assert!(matches!(spool.push(&more), Err(SpoolError::Full { .. })), "it stays refused");
    assert_eq!(ids(&spool.waiting().unwrap()), ids(&kept), "and what was kept is there");
    // Where there is room again it goes on, without a new start.
    fs::remove_file(std::path::Path::new(&folder).join("ballast")).unwrap();
    spool.push(&more).unwrap();
    kept.push(more);
    let mut server = Chain::default();
    send_all(&mut spool, &mut server);
    assert_eq!(ids(server.kept.iter().map(|kept| &kept.2)), ids(&kept));
}

#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    match Command::new("unshare").args(["--mount", "true"]).status() {
        Err(_) => return skipped("needs unshare of util-linux"),
        Ok(status) if !status.success() => return not_allowed("mount namespaces need root"),
        Ok(_) => {}
    }
    let test = child("spool::child_on_a_full_disk", FULL, folder.path());
    let script =
        "mount -t tmpfs -o size=6m none \"$0\" && head -c 4000000 /dev/zero > \"$0/ballast\" && exec \"$@\"";
    let ran = Command::new("unshare")
        .args(["--mount", "sh", "-c", script])
        .arg(folder.path())
        .arg(test.get_program())
        .args(test.get_args())
        .env(FULL, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}
