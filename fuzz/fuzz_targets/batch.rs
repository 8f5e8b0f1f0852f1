//! Batches from a hostile agent: every reader ends, and what is taken is a piece of that agent's chain.
#![no_main]

use enamel_wire::Speaker;
use enamel_wire::message::Batch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(batch) = serde_json::from_slice::<Batch>(data) else { return };
    let id = |digit: &str| digit.repeat(32);
    let speaker = Speaker {
        practice: id("1").parse().expect("an id"),
        agent: id("2").parse().expect("an id"),
        device: id("4").parse().expect("an id"),
    };
    let Ok(links) = batch.check(&speaker) else { return };
    assert!(links.iter().all(|link| link.is_whole() && (link.agent, link.practice) == (speaker.agent, speaker.practice)));
    for pair in links.windows(2) {
        assert_eq!((pair[1].agent_seq, pair[1].prev), (pair[0].agent_seq + 1, pair[0].hash));
    }
    let again = Batch::of(&links).expect("bodies are JSON");
    assert_eq!(again.check(&speaker), Ok(links));
});
