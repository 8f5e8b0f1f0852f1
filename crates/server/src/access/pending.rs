//! What a browser was asked and has not answered yet: passkey challenges, and a TOTP secret that is being set up.
//!
//! Held in this process's memory, for five minutes, and given out once: an answer that comes twice finds nothing. The name under
//! which it is held is random and says nothing.

use std::collections::HashMap;
use std::sync::Mutex;

use enamel_types::Timestamp;
use jiff::SignedDuration;

use super::secret::{Entropy, Secret};

/// How long a person has.
const LIFE: SignedDuration = SignedDuration::from_mins(5);

/// Most at once; a flood pushes out its own.
const CAPACITY: usize = 10_000;

/// Questions that wait for an answer.
#[derive(Debug)]
pub struct Pending<T> {
    held: Mutex<HashMap<String, (Timestamp, T)>>,
}

impl<T> Default for Pending<T> {
    fn default() -> Self {
        Self { held: Mutex::default() }
    }
}

impl<T> Pending<T> {
    /// Keeps a question, and gives the name by which its answer finds it.
    pub fn put(&self, question: T, now: Timestamp, entropy: &Entropy) -> String {
        let name = Secret::new(entropy).text().to_string();
        let mut held = self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if held.len() >= CAPACITY {
            held.retain(|_, (asked, _)| now.duration_since(*asked) < LIFE);
        }
        if held.len() >= CAPACITY {
            let oldest = held.iter().min_by_key(|(_, (asked, _))| *asked).map(|(name, _)| name.clone());
            oldest.and_then(|oldest| held.remove(&oldest));
        }
        held.insert(name.clone(), (now, question));
        name
    }

    /// Takes a question out, where it is there and still young.
    pub fn take(&self, name: &str, now: Timestamp) -> Option<T> {
        let mut held = self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        held.remove(name).filter(|(asked, _)| now.duration_since(*asked) < LIFE).map(|(_, question)| question)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn a_question_is_answered_once_and_in_time() {
        let counter = AtomicU64::new(0);
        let entropy = move |bytes: &mut [u8]| {
            bytes[..8].copy_from_slice(&counter.fetch_add(1, Ordering::Relaxed).to_le_bytes());
        };
        let at = |second| Timestamp::from_second(second).unwrap();
        let pending = Pending::default();
        let first = pending.put("a", at(0), &entropy);
        let second = pending.put("b", at(0), &entropy);
        assert_eq!(pending.take(&first, at(299)), Some("a"));
        assert_eq!(pending.take(&first, at(299)), None, "twice");
        assert_eq!(pending.take(&second, at(300)), None, "too late");
        for n in 0..=CAPACITY {
            pending.put("c", at(i64::try_from(n).unwrap() / 100), &entropy);
        }
        assert_eq!(pending.held.lock().unwrap().len(), CAPACITY);
    }
}
