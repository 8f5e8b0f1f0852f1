//! People, what they prove themselves with, their grants, their stays; programs' keys; the audit trail.

use enamel_ledger::EntryHash;
use enamel_store::api_keys::{self, ApiKey};
use enamel_store::audit::{self, Deed};
use enamel_store::people::{self, Credential, CredentialKind, HeldGrant, Invitation, Person};
use enamel_store::sessions::{self, Session};
use enamel_store::tree::{self, Group, Practice};
use enamel_store::{Scope, StoreError, scope_for};
use enamel_types::{ApiKeyId, Grant, GroupId, Reach, Right, Role, UserId};

use crate::support::{World, at, is_not_found, on_both};

on_both!(
    a_person_is_found_by_address_and_shut_out,
    credentials_are_sealed_and_used_once_at_a_time,
    grants_come_to_a_scope,
    the_last_owner_stays,
    an_invitation_is_taken_once,
    a_stay_ends_idle_old_rotated_or_with_its_person,
    a_challenge_is_answered_once,
    an_api_key_counts_until_it_ends,
    the_audit_trail_is_chained_and_seen_by_reach,
);

fn person(world: &World, email: &str) -> Person {
    let person = Person {
        id: UserId::from_uuid(world.uuid()),
        email: email.to_owned(),
        name: "Ann".to_owned(),
        locale: "en".to_owned(),
        made_at: at(1),
        disabled_at: None,
    };
    world.store.write(&Scope::Msp, |tx| people::add(tx, &person)).unwrap();
    person
}

fn grant(world: &World, person: &Person, role: Role, reach: Reach) -> HeldGrant {
    let held = HeldGrant {
        id: world.uuid(),
        person: person.id,
        grant: Grant { role, reach, until: None },
        made_by: "setup".to_owned(),
        made_at: at(1),
    };
    world.store.write(&Scope::Msp, |tx| people::add_grant(tx, &held)).unwrap();
    held
}

fn session(person: &Person, token: u8) -> Session {
    Session {
        token_hash: [token; 32],
        person: person.id,
        csrf: [token ^ 0xFF; 32],
        made_at: at(100),
        seen_at: at(100),
        idle_ends_at: at(200),
        ends_at: at(1_000),
        stepped_up_at: None,
        browser: "Firefox".to_owned(),
    }
}

fn a_person_is_found_by_address_and_shut_out(world: &World) {
    let ann = person(world, "Ann@Msp.example");
    grant(world, &ann, Role::Owner, Reach::Msp);
    let bob = person(world, "bob@msp.example");
    let store = &world.store;
    assert_eq!(
        store.read(&Scope::Msp, |tx| people::by_email(tx, "ann@MSP.example")).unwrap(),
        Some(ann.clone())
    );
    assert_eq!(store.read(&Scope::Nothing, |tx| people::by_email(tx, "ann@msp.example")).unwrap(), None);
    assert_eq!(store.read(&Scope::Msp, people::all).unwrap(), [ann.clone(), bob.clone()]);
    let taken =
        Person { id: UserId::from_uuid(world.uuid()), email: "ANN@msp.example".to_owned(), ..bob.clone() };
    let twice = store.write(&Scope::Msp, |tx| people::add(tx, &taken));
    assert!(matches!(twice, Err(StoreError::Conflict(_))), "{twice:?}");
    let hash = || store.read(&Scope::Msp, |tx| people::password_hash(tx, bob.id)).unwrap();
    assert_eq!(hash(), None);
    store.write(&Scope::Msp, |tx| people::set_password_hash(tx, bob.id, Some("$argon2id$x"))).unwrap();
    assert_eq!(hash().as_deref(), Some("$argon2id$x"));
    store.write(&Scope::Msp, |tx| sessions::start(tx, &session(&bob, 1))).unwrap();
    let disabled = Person { disabled_at: Some(at(150)), ..bob };
    store.write(&Scope::Msp, |tx| people::change(tx, &disabled)).unwrap();
    assert_eq!(store.read(&Scope::Msp, |tx| sessions::get(tx, &[1; 32], at(160))).unwrap(), None);
    assert_eq!(store.read(&Scope::Msp, |tx| people::get(tx, disabled.id)).unwrap(), disabled);
}

fn credentials_are_sealed_and_used_once_at_a_time(world: &World) {
    let ann = person(world, "ann@msp.example");
    let credential = |kind, handle: Option<u8>, secret: &str| Credential {
        id: world.uuid(),
        person: ann.id,
        kind,
        label: "laptop".to_owned(),
        handle: handle.map(|byte| [byte; 32]),
        secret: secret.as_bytes().to_vec(),
        made_at: at(2),
        used_at: None,
    };
    let passkey = credential(CredentialKind::Passkey, Some(1), "a passkey that nobody reads from the file");
    let totp = credential(CredentialKind::Totp, None, "JBSWY3DPEHPK3PXP");
    let recovery = credential(CredentialKind::Recovery, Some(2), "");
    let store = &world.store;
    store
        .write::<_, StoreError>(&Scope::Msp, |tx| {
            [&passkey, &totp, &recovery].into_iter().try_for_each(|one| people::add_credential(tx, one))
        })
        .unwrap();
    assert!(!format!("{totp:?}").contains("JBSWY3"), "a secret in a log");
    let found = store.read(&Scope::Msp, |tx| people::credential_by_handle(tx, &[1; 32])).unwrap();
    assert_eq!(found, Some(passkey.clone()));
    assert_eq!(store.read(&Scope::Msp, |tx| people::credentials(tx, ann.id)).unwrap().len(), 3);

    let use_it = |last_used, now| {
        let counted = Credential { secret: b"counted".to_vec(), ..passkey.clone() };
        store.write(&Scope::Msp, |tx| people::use_credential(tx, &counted, last_used, at(now)))
    };
    use_it(None, 10).unwrap();
    assert!(matches!(use_it(None, 11), Err(StoreError::Conflict(_))), "used at the same moment");
    use_it(Some(at(10)), 12).unwrap();
    let found = store.read(&Scope::Msp, |tx| people::credential_by_handle(tx, &[1; 32])).unwrap().unwrap();
    assert_eq!((found.secret.as_slice(), found.used_at), (&b"counted"[..], Some(at(12))));

    let recover = || store.write(&Scope::Msp, |tx| people::take_recovery(tx, ann.id, &[2; 32])).unwrap();
    assert!(recover());
    assert!(!recover(), "a recovery code counts once");
    assert!(
        !store.write(&Scope::Msp, |tx| people::take_recovery(tx, ann.id, &[1; 32])).unwrap(),
        "no passkey"
    );
    store.write(&Scope::Msp, |tx| people::remove_credential(tx, ann.id, totp.id)).unwrap();
    let removed =
        store.write(&Scope::Msp, |tx| people::remove_credentials(tx, ann.id, CredentialKind::Passkey));
    assert_eq!(removed.unwrap(), 1);
}

fn grants_come_to_a_scope(world: &World) {
    let (birch, cedar, ash) =
        (world.practice("Birch Dental"), world.practice("Cedar Dental"), world.practice("Ash Dental"));
    let group = Group { id: GroupId::from_uuid(world.uuid()), name: "Smile Partners".to_owned() };
    let store = &world.store;
    store
        .write::<_, StoreError>(&Scope::Msp, |tx| {
            tree::add_group(tx, &group, at(1))?;
            let practice = tree::practice(tx, cedar)?;
            tree::change_practice(tx, &Practice { group: Some(group.id), ..practice })
        })
        .unwrap();
    let ann = person(world, "ann@msp.example");
    let manager = grant(world, &ann, Role::PracticeManager, Reach::Practice(birch));
    let analyst = grant(world, &ann, Role::Analyst, Reach::Group(group.id));
    let auditor = HeldGrant {
        id: world.uuid(),
        grant: Grant { role: Role::Auditor, reach: Reach::Practice(ash), until: Some(at(50)) },
        ..manager.clone()
    };
    store.write(&Scope::Msp, |tx| people::add_grant(tx, &auditor)).unwrap();
    let held = store.read(&Scope::Msp, |tx| people::grants(tx, ann.id)).unwrap();
    assert_eq!(held.len(), 3);
    assert!(held.contains(&manager) && held.contains(&analyst) && held.contains(&auditor));
    let grants: Vec<Grant> = held.into_iter().map(|held| held.grant).collect();
    let scope = |right, now| store.read(&Scope::Msp, |tx| scope_for(tx, &grants, right, at(now))).unwrap();
    assert_eq!(scope(Right::ReadEvidence, 10), Scope::practices([birch, cedar, ash]));
    assert_eq!(scope(Right::ReadEvidence, 50), Scope::practices([birch, cedar]));
    assert_eq!(scope(Right::Veto, 10), Scope::practice(birch));
    assert_eq!(scope(Right::Command, 10), Scope::Nothing);
    let owner = [Grant { role: Role::Owner, reach: Reach::Msp, until: None }];
    assert_eq!(
        store.read(&Scope::Msp, |tx| scope_for(tx, &owner, Right::Command, at(1))).unwrap(),
        Scope::Msp
    );
}

fn the_last_owner_stays(world: &World) {
    let (ann, bob) = (person(world, "ann@msp.example"), person(world, "bob@msp.example"));
    let first = grant(world, &ann, Role::Owner, Reach::Msp);
    let store = &world.store;
    let end = |person: &Person, grant: &HeldGrant| {
        store.write(&Scope::Msp, |tx| people::end_grant(tx, person.id, grant.id))
    };
    assert!(matches!(end(&ann, &first), Err(StoreError::Conflict(_))));
    assert_eq!(store.read(&Scope::Msp, people::owners).unwrap(), 1, "the refusal undid it");
    let second = grant(world, &bob, Role::Owner, Reach::Msp);
    end(&ann, &first).unwrap();
    assert!(is_not_found(&end(&ann, &second)), "another's grant");
    let disable =
        store.write(&Scope::Msp, |tx| people::change(tx, &Person { disabled_at: Some(at(2)), ..bob }));
    assert!(matches!(disable, Err(StoreError::Conflict(_))), "{disable:?}");
}

fn an_invitation_is_taken_once(world: &World) {
    let practice = world.practice("Birch Dental");
    let invitation = Invitation {
        secret_hash: [3; 32],
        email: "dr@birch.example".to_owned(),
        name: "Dr Birch".to_owned(),
        grant: Grant { role: Role::PracticeManager, reach: Reach::Practice(practice), until: Some(at(900)) },
        made_by: "ann".to_owned(),
        made_at: at(1),
        ends_at: at(100),
    };
    let store = &world.store;
    let other = Invitation { secret_hash: [4; 32], ..invitation.clone() };
    store
        .write::<_, StoreError>(&Scope::Msp, |tx| {
            people::invite(tx, &invitation)?;
            people::invite(tx, &other)
        })
        .unwrap();
    let open = |now| store.read(&Scope::Msp, |tx| people::open_invitations(tx, at(now))).unwrap().len();
    assert_eq!((open(50), open(100)), (2, 0));
    assert_eq!(store.read(&Scope::Msp, |tx| people::invitation(tx, &[3; 32], at(50))).unwrap(), invitation);
    let take = |now| store.write(&Scope::Msp, |tx| people::take_invitation(tx, &[3; 32], at(now)));
    assert!(is_not_found(&take(100)));
    assert_eq!(take(99).unwrap(), invitation);
    assert!(is_not_found(&take(99)));
    store.write(&Scope::Msp, |tx| people::withdraw_invitation(tx, &[4; 32])).unwrap();
    assert!(is_not_found(&store.write(&Scope::Msp, |tx| people::withdraw_invitation(tx, &[3; 32]))));
}

fn a_stay_ends_idle_old_rotated_or_with_its_person(world: &World) {
    let ann = person(world, "ann@msp.example");
    let store = &world.store;
    store
        .write::<_, StoreError>(&Scope::Msp, |tx| {
            (1..=3).try_for_each(|token| sessions::start(tx, &session(&ann, token)))
        })
        .unwrap();
    let get =
        |token: u8, now| store.read(&Scope::Msp, |tx| sessions::get(tx, &[token; 32], at(now))).unwrap();
    assert_eq!(get(1, 199), Some(session(&ann, 1)));
    assert_eq!(get(1, 200), None, "idle");
    let touch = |token: u8, now, idle| {
        store.write(&Scope::Msp, |tx| sessions::touch(tx, &[token; 32], at(now), at(idle)))
    };
    touch(1, 199, 2_000).unwrap();
    assert!(get(1, 999).is_some());
    assert_eq!(get(1, 1_000), None, "old");
    assert!(is_not_found(&touch(2, 200, 300)), "what ended does not come back");
    let rotate = |old: u8, new: u8, now| {
        store.write(&Scope::Msp, |tx| sessions::rotate(tx, &[old; 32], &[new; 32], &[9; 32], at(now)))
    };
    rotate(1, 7, 300).unwrap();
    assert_eq!(get(1, 301), None, "the token before is worth nothing");
    assert_eq!(get(7, 301).map(|session| session.csrf), Some([9; 32]));
    assert!(is_not_found(&rotate(1, 8, 302)));
    store.write(&Scope::Msp, |tx| sessions::step_up(tx, &[7; 32], at(310))).unwrap();
    assert_eq!(get(7, 311).and_then(|session| session.stepped_up_at), Some(at(310)));
    assert_eq!(store.read(&Scope::Msp, |tx| sessions::of_person(tx, ann.id, at(150))).unwrap().len(), 3);
    assert_eq!(store.write(&Scope::Msp, |tx| sessions::end_others(tx, ann.id, &[7; 32])).unwrap(), 2);
    assert_eq!(store.write(&Scope::Msp, |tx| sessions::forget(tx, at(1_000))).unwrap(), 1);
    store.write(&Scope::Msp, |tx| sessions::end(tx, &[7; 32])).unwrap();
}

fn a_challenge_is_answered_once(world: &World) {
    let store = &world.store;
    let put = |token: u8| {
        store.write(&Scope::Msp, |tx| sessions::put_challenge(tx, &[token; 32], b"state", at(60))).unwrap();
    };
    let take =
        |token: u8, now| store.write(&Scope::Msp, |tx| sessions::take_challenge(tx, &[token; 32], at(now)));
    put(1);
    assert_eq!(take(1, 59).unwrap(), b"state");
    assert!(is_not_found(&take(1, 59)));
    put(2);
    assert!(is_not_found(&take(2, 60)), "too late");
}

fn an_api_key_counts_until_it_ends(world: &World) {
    let key = |until| ApiKey {
        id: ApiKeyId::from_uuid(world.uuid()),
        name: "ticket bridge".to_owned(),
        grant: Grant { role: Role::ReadOnly, reach: Reach::Msp, until },
        made_by: "ann".to_owned(),
        made_at: at(1),
        used_at: None,
        revoked_at: None,
    };
    let (short, long) = (key(Some(at(50))), key(None));
    let store = &world.store;
    store
        .write::<_, StoreError>(&Scope::Msp, |tx| {
            api_keys::add(tx, &short, &[1; 32])?;
            api_keys::add(tx, &long, &[2; 32])
        })
        .unwrap();
    let by = |secret: u8, now| {
        store.read(&Scope::Msp, |tx| api_keys::by_secret(tx, &[secret; 32], at(now))).unwrap()
    };
    assert_eq!((by(1, 49), by(1, 50)), (Some(short), None));
    store.write(&Scope::Msp, |tx| api_keys::touch(tx, long.id, at(60))).unwrap();
    assert_eq!(by(2, 70).and_then(|key| key.used_at), Some(at(60)));
    store.write(&Scope::Msp, |tx| api_keys::revoke(tx, long.id, at(80))).unwrap();
    assert_eq!(by(2, 81), None);
    assert_eq!(store.read(&Scope::Msp, api_keys::all).unwrap().len(), 2);
}

fn the_audit_trail_is_chained_and_seen_by_reach(world: &World) {
    let (mine, theirs) = (world.practice("Birch Dental"), world.practice("Cedar Dental"));
    let deed = |practice, action: &str| Deed {
        at: at(5),
        actor: "person:1".to_owned(),
        practice,
        action: action.to_owned(),
        object: "agent:2".to_owned(),
        detail: "{}".to_owned(),
    };
    let store = &world.store;
    let empty = store.read(&Scope::Msp, audit::verify).unwrap();
    assert_eq!((empty.entries, empty.first_bad), (0, None));
    let append = |scope: &Scope, deed: &Deed| store.write(scope, |tx| audit::append(tx, deed));
    for (number, practice) in [Some(mine), Some(theirs), None].into_iter().enumerate() {
        assert_eq!(append(&Scope::Msp, &deed(practice, "agent.revoke")).unwrap(), number as u64 + 1);
    }
    assert_eq!(append(&Scope::practice(mine), &deed(Some(mine), "evidence.read")).unwrap(), 4);
    for foreign in [Some(theirs), None] {
        let refused = append(&Scope::practice(mine), &deed(foreign, "x"));
        assert!(matches!(refused, Err(StoreError::OutOfScope)), "{refused:?}");
    }
    let seen = |scope: &Scope, practice, before| {
        let page = store.read(scope, |tx| audit::list(tx, practice, before, 3)).unwrap();
        (page.items.iter().map(|entry| entry.seq).collect::<Vec<_>>(), page.next)
    };
    assert_eq!(seen(&Scope::Msp, None, None), (vec![4, 3, 2], Some(2)));
    assert_eq!(seen(&Scope::Msp, None, Some(2)), (vec![1], None));
    assert_eq!(seen(&Scope::Msp, Some(theirs), None), (vec![2], None));
    assert_eq!(seen(&Scope::practice(mine), None, None), (vec![4, 1], None));
    assert_eq!(seen(&Scope::practice(mine), Some(theirs), None), (vec![], None));
    let verified = store.read(&Scope::Msp, audit::verify).unwrap();
    assert_eq!((verified.entries, verified.first_bad), (4, None));
    assert_ne!(verified.head, EntryHash::GENESIS);
}
