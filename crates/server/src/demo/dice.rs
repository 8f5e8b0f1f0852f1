//! Dice that fall the same for the same seed, and for one practice whatever the others roll.
//!
//! A path of numbers (the seed, the practice, the computer, what for) leads to each set of dice, so that a change in one place
//! leaves the rest of the demo as it was. Never for secrets: the generator is `enamel_risk`'s.

use enamel_risk::Stream;

/// One set of dice.
#[derive(Debug, Clone)]
pub(super) struct Dice {
    stream: Stream,
    rolled: u64,
}

impl Dice {
    /// The dice of a seed.
    pub(super) const fn new(seed: u64) -> Self {
        Self { stream: Stream::new(seed), rolled: 0 }
    }

    /// Dice of their own for one of many things, whatever these have rolled already.
    pub(super) const fn of(&self, index: usize) -> Self {
        Self { stream: self.stream.child(index as u64), rolled: 0 }
    }

    /// Dice of their own for a thing with a name.
    pub(super) fn named(&self, name: &str) -> Self {
        let hash = blake3::hash(name.as_bytes());
        let index = hash.as_bytes()[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        Self { stream: self.stream.child(index), rolled: 0 }
    }

    /// A share of 0 to 1, neither included.
    pub(super) fn share(&mut self) -> f64 {
        self.rolled += 1;
        self.stream.uniform(self.rolled)
    }

    /// Whether something with this probability happens.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    /// A whole number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        let steps = high.saturating_sub(low) + 1;
        low + whole(self.share() * steps as f64).min(steps - 1)
    }

    /// One of several; there is at least one.
    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let place = whole(self.share() * of.len() as f64);
        &of[usize::try_from(place).unwrap_or(0).min(of.len() - 1)]
    }

    /// How long it takes until something happens that takes `mean` on average.
    pub(super) fn wait(&mut self, mean: f64) -> f64 {
        -mean * self.share().ln()
    }

    /// Bytes, for ids.
    pub(super) fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = u8::try_from(self.between(0, 255)).unwrap_or(0);
        }
    }
}

/// A share of something, in whole things.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is counted here is no less than 0, and small"
)]
pub(super) const fn whole(number: f64) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_fall_alike_and_apart() {
        let dice = Dice::new(7);
        let rolls = |mut dice: Dice| (0..64).map(|_| dice.between(1, 6)).collect::<Vec<_>>();
        assert_eq!(rolls(dice.of(3)), rolls(Dice::new(7).of(3)));
        assert_ne!(rolls(dice.of(3)), rolls(dice.of(4)));
        assert_ne!(rolls(dice.named("phi")), rolls(dice.named("host")));
        assert!((1..=6).all(|face| rolls(dice.of(1)).contains(&face)), "each face, and no other");
    }
}
