//! Appending, reading back, looking up, roots.

use enamel_ledger::{Appended, EntryHash, NotAHash, roots_at, verify};

use crate::support::{agent, at, ledger_of, mixed, observation, open, practice, receipt};

#[test]
fn what_goes_in_comes_out_in_order_and_chained() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let observations = mixed(700);
    ledger_of(&path, &observations);

    let ledger = open(&path);
    let entries: Vec<_> = ledger.entries(1).map(Result::unwrap).collect();
    assert_eq!(entries.iter().map(|entry| entry.observation.clone()).collect::<Vec<_>>(), observations);
    assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), (1..=700).collect::<Vec<_>>());
    for number in 0..3 {
        let chain: Vec<_> = entries.iter().filter(|entry| entry.observation.agent == agent(number)).collect();
        assert_eq!(chain[0].prev, EntryHash::GENESIS);
        assert!(chain.windows(2).all(|pair| pair[1].prev == pair[0].hash));
        assert!(chain.iter().zip(1..).all(|(entry, agent_seq)| entry.agent_seq == agent_seq));
        let head = ledger.head(agent(number)).unwrap().unwrap();
        assert_eq!((head.hash, head.agent_seq), (chain.last().unwrap().hash, chain.len() as u64));
    }
    assert_eq!(ledger.len().unwrap(), 700);
    assert_eq!(ledger.entries(650).count(), 51);
    let found = ledger.get(observations[41].id).unwrap().unwrap();
    assert_eq!(found, entries[41]);
    assert_eq!(ledger.get(observation(9, 9).id).unwrap(), None);
    assert_eq!(ledger.head(agent(9)).unwrap(), None);
}

#[test]
fn sending_again_is_harmless_and_a_changed_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = open(&folder.path().join("ledger.db"));
    let batch = [observation(1, 1), observation(1, 2), observation(1, 1)];
    let first = ledger.append(at(1), &batch).unwrap();
    assert!(
        matches!(first[..], [Appended::New(_), Appended::New(_), Appended::AlreadyPresent(_)]),
        "{first:?}"
    );
    assert_eq!(receipt(first[0]), receipt(first[2]));
    let again = ledger.append(at(2), &batch).unwrap();
    assert!(again.iter().all(|one| matches!(one, Appended::AlreadyPresent(_))), "{again:?}");

    let mut changed = observation(1, 2);
    changed.scope = "elsewhere".to_owned();
    let answer = ledger.append(at(3), &[changed, observation(1, 3)]).unwrap();
    assert!(matches!(answer[..], [Appended::Conflict(_), Appended::New(_)]), "{answer:?}");
    assert_eq!(ledger.len().unwrap(), 3);
    assert_eq!(receipt(answer[1]).agent_seq, 3, "what was not written takes no place in the chain");
}

#[test]
fn a_root_covers_what_was_kept_and_can_be_checked_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let mut ledger = open(&path);
    ledger.append(at(1), &[observation(1, 1), observation(2, 2)]).unwrap();
    let root = ledger.practice_root_through(practice(), 2).unwrap();
    assert_eq!((root.through_seq, root.agents), (2, 2));
    ledger.append(at(2), &[observation(1, 3)]).unwrap();
    let later = ledger.practice_root_through(practice(), 3).unwrap();
    assert_eq!(later.through_seq, 3);
    assert_ne!(later.root, root.root);
    assert_eq!(ledger.practice_root_through(practice(), 2).unwrap(), root, "what came later changes nothing");
    // The same without opening it for writing, and from the text that a report prints.
    assert_eq!(roots_at(&path, 2).unwrap(), [root]);
    assert_eq!(verify(&path, &mut |_| ()).unwrap().roots, [later]);
    assert_eq!(root.root.to_string().to_uppercase().parse(), Ok(root.root));
    for text in ["", "00", &"g".repeat(64), &"é".repeat(32), &"0".repeat(65)] {
        assert_eq!(text.parse::<EntryHash>(), Err(NotAHash), "{text:?}");
    }

    // The same observations received in one batch, one of them with another word, have another root.
    let other = folder.path().join("other.db");
    let mut forged = observation(1, 1);
    forged.scope = "attest!".to_owned();
    ledger_of(&other, &[forged, observation(2, 2)]);
    assert!(verify(&other, &mut |_| ()).unwrap().is_whole(), "a rewritten ledger is whole in itself …");
    let forged_root = open(&other).practice_root_through(practice(), 2).unwrap();
    assert_ne!(forged_root.root, root.root, "… and only the published root gives it away");
}
