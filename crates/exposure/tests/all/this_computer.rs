//! The checks on the computer that runs the tests.

#![cfg(target_os = "linux")]

use enamel_exposure::{Catalogue, observe_host};
use enamel_host::LinuxHost;

use crate::fixtures::judge;

/// Nothing is assumed of the computer but that it is one: every Linux check gives a result with a reason, twice the same.
/// `cargo test -p enamel-exposure this_computer -- --nocapture` shows what it says.
#[test]
fn every_linux_check_gives_a_result_here() {
    let catalogue = Catalogue::builtin().unwrap();
    let (state, gaps) = observe_host(&LinuxHost::new(), &catalogue).unwrap();
    let judgement = judge(state, &catalogue);
    for result in &judgement.results {
        println!("{} {:?} {}: {}", result.rule, result.outcome, result.title, result.detail);
        assert!(!result.detail.is_empty(), "{}", result.rule);
    }
    println!("{gaps:?}");
    assert_eq!(judgement.results.len(), 14);
    let (again, _) = observe_host(&LinuxHost::new(), &catalogue).unwrap();
    let outcomes = |judgement: &enamel_types::Judgement| {
        judgement.results.iter().map(|result| result.outcome).collect::<Vec<_>>()
    };
    assert_eq!(outcomes(&judgement), outcomes(&judge(again, &catalogue)));
}
