//! What slows guessing and floods.
//!
//! [`Attempts`] counts failed logins by account and by address; each failure past the first few doubles the wait. It never locks an
//! account for good, or a stranger could lock its owner out: the wait ends at a minute for an account and at a quarter of
//! an hour for an address. [`Budget`] gives an API key so many requests a minute.
//!
//! Both live in this process's memory and are bounded: where the table is full, the entry that failed longest ago makes room. A
//! restart forgets them; that costs a guesser's clock nothing that a second server would not also give.

use std::collections::HashMap;
use std::sync::Mutex;

use enamel_types::Timestamp;
use jiff::SignedDuration;

/// Failures of an account before it waits: people mistype.
const ACCOUNT_FREE: u32 = 4;

/// Failures of an address: a whole office may sit behind one.
const ADDRESS_FREE: u32 = 20;

/// Longest wait of an account: its owner is not to be locked out by a stranger.
const ACCOUNT_WAIT: SignedDuration = SignedDuration::from_secs(60);

/// Longest wait of an address.
const ADDRESS_WAIT: SignedDuration = SignedDuration::from_secs(15 * 60);

/// After this long without a failure the count starts anew.
const FORGET: SignedDuration = SignedDuration::from_hours(1);

/// Most accounts and addresses held.
const CAPACITY: usize = 20_000;

/// Who tries to log on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// An account, by what was typed as its mail address, whether there is such an account or not.
    Account(String),
    /// An address. IPv6 counts by /64: a subscriber has that many addresses.
    Address(std::net::IpAddr),
}

impl Who {
    /// By what was typed; case and spaces do not make another account.
    pub fn account(typed: &str) -> Self {
        Self::Account(typed.trim().to_lowercase().chars().take(320).collect())
    }

    /// By address.
    pub fn address(address: std::net::IpAddr) -> Self {
        Self::Address(match address {
            std::net::IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(
                || {
                    let [a, b, c, d, ..] = v6.segments();
                    std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
                },
                Into::into,
            ),
            v4 @ std::net::IpAddr::V4(_) => v4,
        })
    }

    /// The wait after so many failures: none, then a second, doubling.
    fn wait_after(&self, failures: u32) -> SignedDuration {
        let (free, longest) = match self {
            Self::Account(_) => (ACCOUNT_FREE, ACCOUNT_WAIT),
            Self::Address(_) => (ADDRESS_FREE, ADDRESS_WAIT),
        };
        match failures.checked_sub(free) {
            None | Some(0) => SignedDuration::ZERO,
            Some(past) => SignedDuration::from_secs(1 << (past - 1).min(20)).min(longest),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Timestamp,
}

/// Failed logins.
#[derive(Debug, Default)]
pub struct Attempts {
    failures: Mutex<HashMap<Who, Failures>>,
}

impl Attempts {
    /// How long each of these still has to wait, the longest; `None` where they may try now.
    pub fn wait(&self, whos: &[Who], now: Timestamp) -> Option<SignedDuration> {
        let held = self.failures.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        whos.iter()
            .filter_map(|who| {
                let failures = held.get(who)?;
                let left = who.wait_after(failures.count) - now.duration_since(failures.last);
                (left > SignedDuration::ZERO).then_some(left)
            })
            .max()
    }

    /// One more failure.
    pub fn failed(&self, whos: &[Who], now: Timestamp) {
        let mut held = self.failures.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for who in whos {
            if held.len() >= CAPACITY && !held.contains_key(who) {
                held.retain(|_, failures| now.duration_since(failures.last) < FORGET);
                let oldest =
                    held.iter().min_by_key(|(_, failures)| failures.last).map(|(who, _)| who.clone());
                if held.len() >= CAPACITY
                    && let Some(oldest) = oldest
                {
                    held.remove(&oldest);
                }
            }
            let failures = held.entry(who.clone()).or_insert(Failures { count: 0, last: now });
            if now.duration_since(failures.last) >= FORGET {
                failures.count = 0;
            }
            *failures = Failures { count: failures.count.saturating_add(1), last: now };
        }
    }

    /// A login succeeded: the account's count ends. The address keeps its own, or a guesser could clear it with an account of his.
    pub fn succeeded(&self, account: &Who) {
        self.failures.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(account);
    }
}

/// Requests a minute for each key of a kind, as a bucket that fills evenly.
#[derive(Debug)]
pub struct Budget<K> {
    per_minute: u32,
    held: Mutex<HashMap<K, (f64, Timestamp)>>,
}

impl<K: std::hash::Hash + Eq + Clone> Budget<K> {
    /// So many a minute, as many at once.
    pub fn per_minute(per_minute: u32) -> Self {
        Self { per_minute, held: Mutex::default() }
    }

    /// Takes one; otherwise the seconds until there is one, to send as `Retry-After`.
    pub fn take(&self, key: &K, now: Timestamp) -> Result<(), u64> {
        let full = f64::from(self.per_minute);
        let per_second = full / 60.0;
        let mut held = self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if held.len() >= CAPACITY && !held.contains_key(key) {
            // Whoever was not here for a minute has a full bucket again, and loses nothing.
            held.retain(|_, (_, last)| now.duration_since(*last) < SignedDuration::from_secs(60));
        }
        let (left, last) = held.entry(key.clone()).or_insert((full, now));
        let passed = now.duration_since(*last).as_secs_f64().max(0.0);
        *left = (*left + passed * per_second).min(full);
        *last = now;
        if *left >= 1.0 {
            *left -= 1.0;
            return Ok(());
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 60")]
        Err((((1.0 - *left) / per_second).ceil() as u64).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn guessing_gets_slower_and_its_victim_is_never_locked_out_for_good() {
        let attempts = Attempts::default();
        let account = Who::account(" Dana@Birch.example ");
        assert_eq!(account, Who::account("dana@birch.example"));
        let mut tried = 0;
        for second in 0..3600 {
            if attempts.wait(std::slice::from_ref(&account), at(second)).is_none() {
                attempts.failed(std::slice::from_ref(&account), at(second));
                tried += 1;
            }
        }
        assert!((55..75).contains(&tried), "{tried} guesses in an hour");
        let left = attempts.wait(std::slice::from_ref(&account), at(3600)).unwrap_or(SignedDuration::ZERO);
        assert!(left <= ACCOUNT_WAIT, "{left}");
        attempts.succeeded(&account);
        assert_eq!(attempts.wait(&[account], at(3600)), None);
    }

    #[test]
    fn one_address_that_tries_many_accounts_waits_longest() {
        let attempts = Attempts::default();
        let address = Who::address("2001:db8::1".parse().unwrap());
        assert_eq!(address, Who::address("2001:db8::ffff:2".parse().unwrap()), "one subscriber");
        assert_eq!(
            Who::address("::ffff:10.0.0.1".parse().unwrap()),
            Who::address("10.0.0.1".parse().unwrap())
        );
        for n in 0..40 {
            attempts.failed(&[address.clone(), Who::account(&format!("{n}"))], at(n));
        }
        assert_eq!(attempts.wait(&[address], at(39)), Some(ADDRESS_WAIT));
        assert_eq!(attempts.wait(&[Who::account("3")], at(39)), None, "an account that failed once");
    }

    #[test]
    fn a_flood_of_names_takes_no_more_memory_than_is_set_aside() {
        let attempts = Attempts::default();
        for n in 0..(CAPACITY + 10) {
            attempts.failed(&[Who::account(&format!("{n}"))], at(0));
        }
        assert_eq!(attempts.failures.lock().unwrap().len(), CAPACITY);
    }

    #[test]
    fn a_budget_fills_evenly() {
        let budget = Budget::per_minute(60);
        for _ in 0..60 {
            assert_eq!(budget.take(&1, at(0)), Ok(()));
        }
        assert_eq!(budget.take(&1, at(0)), Err(1));
        assert_eq!(budget.take(&2, at(0)), Ok(()), "another key has its own");
        assert_eq!(budget.take(&1, at(1)), Ok(()));
        assert_eq!(budget.take(&1, at(1)), Err(1));
    }
}
