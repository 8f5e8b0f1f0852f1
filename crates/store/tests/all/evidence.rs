//! Evidence: what follows is kept, once, sealed; what does not is told apart.

use enamel_ledger::EntryHash;
use enamel_store::{Kept, Scope};

use crate::support::{World, at, is_not_found, on_both};

on_both!(
    what_follows_is_kept_once_and_read_back,
    gaps_forks_and_broken_links_cost_the_others_nothing,
    an_id_that_is_taken_is_a_fork,
    evidence_of_another_practice_is_not_there,
    a_view_copy_never_goes_back,
);

fn what_follows_is_kept_once_and_read_back(world: &World) {
    let practice = world.practice("Birch Dental");
    let scope = Scope::practice(practice);
    let (mut front, mut xray) = (world.chain(practice), world.chain(practice));
    let mut links = front.links(3);
    links.extend(xray.links(2));
    let store = &world.store;
    let kept = store.append(&scope, practice, at(10), &links).unwrap();
    assert_eq!(kept, (1..=5).map(|seq| Kept::New { seq }).collect::<Vec<_>>());

    links.push(front.link());
    let again = store.append(&scope, practice, at(20), &links).unwrap();
    let present = (1..=5).map(|seq| Kept::Present { seq }).chain([Kept::New { seq: 6 }]);
    assert_eq!(again, present.collect::<Vec<_>>());

    let heads = store.heads(&scope, practice).unwrap();
    assert_eq!(heads.iter().map(|head| head.agent_seq).sum::<u64>(), 6);
    assert_eq!(store.head(&scope, practice, front.agent).unwrap().map(|head| head.agent_seq), Some(4));
    assert_eq!(store.last_seq(&scope, practice).unwrap(), 6);

    let page = store.entries(&scope, practice, 2, 3).unwrap();
    assert_eq!(page.entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!((page.through_seq, page.not_understood.len()), (Some(4), 0));
    assert_eq!(store.entries(&scope, practice, 7, 3).unwrap().through_seq, None);

    let last = store.entry(&scope, practice, links[5].id).unwrap();
    assert_eq!((last.seq, last.agent_seq, last.received_at), (6, 4, at(20)));
    assert_eq!(last.observation, front.observation(4));
    assert_eq!(store.entry_by_hash(&scope, practice, last.hash).unwrap(), last);

    let verified = store.verify(&scope, practice).unwrap();
    assert_eq!((verified.entries, verified.bad), (6, None));
    assert_eq!(verified.root, store.root_through(&scope, practice, 6).unwrap());
    let day = store.root_before(&scope, practice, at(20)).unwrap();
    assert_eq!(day, store.root_through(&scope, practice, 5).unwrap());
    assert_ne!(day.root, verified.root.root);
}

fn gaps_forks_and_broken_links_cost_the_others_nothing(world: &World) {
    let practice = world.practice("Birch Dental");
    let other = world.practice("Cedar Dental");
    let scope = Scope::Msp;
    let mut early = world.chain(practice);
    let first = early.links(2);
    world.store.append(&scope, practice, at(1), &first).unwrap();

    // A disk that was set back goes on from an older state.
    let mut clone = early.clone();
    clone.end = Some((1, first[0].hash));
    let mut forked = clone.link();
    forked.observed_at += 1;
    forked.hash = forked.expected_hash();
    let skipped = early.links(2);
    let mut changed = world.chain(practice).link();
    changed.body[20] ^= 1;
    let foreign = world.chain(other).link();
    let good = world.chain(practice).link();
    let links = [forked.clone(), skipped[1].clone(), changed, foreign, good];
    let kept = world.store.append(&scope, practice, at(2), &links).unwrap();
    let expected = [Kept::Fork, Kept::Gap { expected: 3 }, Kept::Broken, Kept::Broken, Kept::New { seq: 3 }];
    assert_eq!(kept, expected);

    // The next number, but after another entry than the one that is kept.
    let mut beside = skipped[0].clone();
    beside.prev = forked.hash;
    beside.hash = beside.expected_hash();
    assert_eq!(world.store.append(&scope, practice, at(3), &[beside]).unwrap(), [Kept::Fork]);
    assert_eq!(world.store.append(&scope, practice, at(3), &skipped).unwrap().len(), 2);
    let verified = world.store.verify(&scope, practice).unwrap();
    assert_eq!((verified.entries, verified.bad), (5, None));
}

fn an_id_that_is_taken_is_a_fork(world: &World) {
    let practice = world.practice("Birch Dental");
    let mut chain = world.chain(practice);
    let first = chain.link();
    let mut second = chain.link();
    second.id = first.id;
    second.hash = second.expected_hash();
    let store = &world.store;
    // In one batch, and in two.
    let kept = store.append(&Scope::Msp, practice, at(1), &[first, second.clone()]).unwrap();
    assert_eq!(kept, [Kept::New { seq: 1 }, Kept::Fork]);
    let good = world.chain(practice).link();
    let kept = store.append(&Scope::Msp, practice, at(2), &[second, good]).unwrap();
    assert_eq!(kept, [Kept::Fork, Kept::New { seq: 2 }]);
    assert_eq!(store.verify(&Scope::Msp, practice).unwrap().bad, None);
}

fn evidence_of_another_practice_is_not_there(world: &World) {
    let (mine, theirs) = (world.practice("Birch Dental"), world.practice("Cedar Dental"));
    let link = world.chain(theirs).link();
    let (id, hash) = (link.id, link.hash);
    let store = &world.store;
    store.append(&Scope::Msp, theirs, at(1), std::slice::from_ref(&link)).unwrap();
    for scope in [Scope::Nothing, Scope::practice(mine)] {
        assert!(is_not_found(&store.append(&scope, theirs, at(2), std::slice::from_ref(&link))));
        assert!(is_not_found(&store.heads(&scope, theirs)));
        assert!(is_not_found(&store.head(&scope, theirs, link.agent)));
        assert!(is_not_found(&store.last_seq(&scope, theirs)));
        assert!(is_not_found(&store.entries(&scope, theirs, 1, 10)));
        assert!(is_not_found(&store.entry(&scope, theirs, id)));
        assert!(is_not_found(&store.entry_by_hash(&scope, theirs, hash)));
        assert!(is_not_found(&store.verify(&scope, theirs)));
        assert!(is_not_found(&store.root_through(&scope, theirs, 1)));
        assert!(is_not_found(&store.root_before(&scope, theirs, at(9))));
        assert!(is_not_found(&store.view(&scope, theirs)));
        assert!(is_not_found(&store.put_view(&scope, theirs, 1, b"view")));
    }
    // Nor by one's own practice.
    assert!(is_not_found(&store.entry(&Scope::practice(mine), mine, id)));
    assert!(is_not_found(&store.entry_by_hash(&Scope::Msp, mine, EntryHash::GENESIS)));
}

fn a_view_copy_never_goes_back(world: &World) {
    let practice = world.practice("Birch Dental");
    let scope = Scope::practice(practice);
    let store = &world.store;
    assert_eq!(store.view(&scope, practice).unwrap(), None);
    for (through, bytes, expected) in
        [(3, "old", (3, "old")), (7, "new", (7, "new")), (5, "older", (7, "new"))]
    {
        store.put_view(&scope, practice, through, bytes.as_bytes()).unwrap();
        let copy = store.view(&scope, practice).unwrap().unwrap();
        assert_eq!((copy.through_seq, copy.bytes), (expected.0, expected.1.as_bytes().to_vec()));
    }
}
