//! Batches from a hostile agent: every reader ends, and what is taken is a piece of that agent's chain.
#![no_main]

use enamel_types::{AgentId, PracticeId};
use enamel_wire::message::Batch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(batch) = serde_json::from_slice::<Batch>(data) else { return };
    let agent: AgentId = "22222222-2222-2222-2222-222222222222".parse().expect("an id");
    let practice: PracticeId = "11111111-1111-1111-1111-111111111111".parse().expect("an id");
    let Ok(links) = batch.check(agent, practice) else { return };
    assert!(links.iter().all(|link| link.is_whole() && (link.agent, link.practice) == (agent, practice)));
    for pair in links.windows(2) {
        assert_eq!((pair[1].agent_seq, pair[1].prev), (pair[0].agent_seq + 1, pair[0].hash));
    }
    let again = Batch::of(&links).expect("bodies are JSON");
    assert_eq!(again.check(agent, practice), Ok(links));
});
