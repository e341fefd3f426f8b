//! Keeping calm when many knock at the open door: who sends too fast is slowed, then asked to wait; nobody who works here
//! notices (S14).
//!
//! The only place that ever knows a sender's address, and it forgets it at once: what is counted is a keyed hash, the key is
//! made anew each day, and both live in memory alone. Everything is bounded: senders that are remembered, requests that
//! wait, requests that work. Signed-in people never come past here, so no flood locks recording (S3).
//!
//! What it is not: a judge of words. A thousand honest reports in an hour go through.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use rand::Rng;
use sha2::Sha256;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What somebody knocks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum For {
    /// To tell, or to write once more.
    Telling,
    /// To try a receipt.
    Receipt,
}

/// A sender, for today and for this process only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sender(u64);

impl Sender {
    /// Whoever is none: all of them together are one.
    pub fn nobody() -> Self {
        Self(0)
    }
}

/// How fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Go on.
    Now,
    /// Go on after a moment.
    After(Duration),
    /// Not now; what was typed is kept. Seconds until it is worth trying.
    Later(u64),
}

/// So much time belongs to one knock; so many may come at once; so many may wait.
struct Limit {
    every_ms: i64,
    at_once: i64,
    waiting: i64,
}

impl For {
    /// Of one sender. 1,200 an hour: a whole nursery behind one address may tell.
    fn of_one(self) -> Limit {
        match self {
            Self::Telling => Limit { every_ms: 3_000, at_once: 5, waiting: 1 },
            Self::Receipt => Limit { every_ms: 10_000, at_once: 6, waiting: 0 },
        }
    }

    /// Of all together.
    fn of_all(self) -> Limit {
        match self {
            Self::Telling => Limit { every_ms: 500, at_once: 120, waiting: 0 },
            Self::Receipt => Limit { every_ms: 250, at_once: 60, waiting: 0 },
        }
    }
}

/// Senders that are remembered. More than a town sends in the minute for which most are remembered.
const REMEMBERED: usize = 20_000;

/// Requests that work at the same time: each writes, and there is one writer.
const AT_WORK: usize = 2;

/// Requests that wait for their turn.
const IN_LINE: usize = 32;

/// The calm of one site.
#[derive(Clone)]
pub struct Calm {
    today: Arc<Mutex<Today>>,
    work: Arc<Semaphore>,
    line: Arc<Semaphore>,
}

#[derive(Default)]
struct Today {
    day: i64,
    key: [u8; 32],
    /// When the next knock of a sender would be on time, in milliseconds (GCRA).
    due: HashMap<(For, Option<u64>), i64>,
}

impl Default for Calm {
    fn default() -> Self {
        Self { today: Arc::default(), work: Arc::new(Semaphore::new(AT_WORK)), line: Arc::new(Semaphore::new(IN_LINE)) }
    }
}

impl Calm {
    /// The sender behind an address. Neighbours in an IPv6 network are one: a phone changes the rest by itself.
    pub fn sender(&self, addr: Option<IpAddr>, now: Timestamp, rng: &mut dyn Rng) -> Sender {
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        let day = now.as_second().div_euclid(86_400);
        if today.day != day {
            *today = Today { day, ..Today::default() };
            rng.fill_bytes(&mut today.key);
        }
        let bytes = match addr.map(|addr| addr.to_canonical()) {
            None => Vec::new(),
            Some(IpAddr::V4(addr)) => addr.octets().to_vec(),
            Some(IpAddr::V6(addr)) => addr.octets().into_iter().take(8).collect(),
        };
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&today.key) else { return Sender(0) };
        mac.update(&bytes);
        Sender(mac.finalize().into_bytes().iter().take(8).fold(0, |hash, byte| (hash << 8) | u64::from(*byte)))
    }

    /// Somebody knocks.
    pub fn knock(&self, sender: Sender, what: For, now: Timestamp) -> Pace {
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.as_millisecond();
        if today.due.len() >= REMEMBERED {
            today.due.retain(|_, due| *due > now);
        }
        if today.due.len() >= REMEMBERED && !today.due.contains_key(&(what, Some(sender.0))) {
            return Pace::Later(60);
        }
        let one = today.reckon((what, Some(sender.0)), &what.of_one(), now);
        let all = today.reckon((what, None), &what.of_all(), now);
        // Who is turned away has not been served, so it is not counted against all.
        match (one, all) {
            (Ok((due, wait)), Ok((all_due, _))) => {
                today.due.insert((what, Some(sender.0)), due);
                today.due.insert((what, None), all_due);
                if wait > 0 { Pace::After(Duration::from_millis(wait)) } else { Pace::Now }
            }
            (Err(late), _) | (_, Err(late)) => Pace::Later(late.div_ceil(1000).max(1)),
        }
    }

    /// A turn to work, waited for in a line that is short. `None`: the line is full.
    pub async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        let place = Arc::clone(&self.line).try_acquire_owned().ok()?;
        let turn = Arc::clone(&self.work).acquire_owned().await.ok();
        drop(place);
        turn
    }
}

impl Today {
    /// When the next one would be due, and how long this one waits, in milliseconds; or how long until it might.
    fn reckon(&self, key: (For, Option<u64>), limit: &Limit, now: i64) -> Result<(i64, u64), u64> {
        let due = self.due.get(&key).copied().unwrap_or(now).max(now).saturating_add(limit.every_ms);
        let over = due.saturating_sub(now).saturating_sub(limit.every_ms.saturating_mul(limit.at_once)).max(0);
        let over = over.unsigned_abs();
        if over > limit.every_ms.saturating_mul(limit.waiting).unsigned_abs() { Err(over) } else { Ok((due, over)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use rand::SeedableRng;

    fn at(ms: i64) -> Timestamp {
        let start: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        start + SignedDuration::from_millis(ms)
    }

    fn sender(calm: &Calm, last: u8, now: Timestamp) -> Sender {
        let mut rng = rand::rngs::StdRng::seed_from_u64(now.as_millisecond().unsigned_abs());
        calm.sender(Some(IpAddr::from([192, 0, 2, last])), now, &mut rng)
    }

    #[test]
    fn twenty_a_second_from_one_address_are_slowed_and_not_obeyed() {
        let calm = Calm::default();
        let one = sender(&calm, 1, at(0));
        let paces: Vec<Pace> = (0..60 * 20).map(|n| calm.knock(one, For::Telling, at(n * 50))).collect();
        let served = paces.iter().filter(|pace| !matches!(pace, Pace::Later(_))).count();
        assert!((20..=27).contains(&served), "{served} of 1,200 in a minute");
        assert!(paces.iter().any(|pace| matches!(pace, Pace::After(_))), "some wait");
        // Meanwhile another sender is served at once.
        let other = sender(&calm, 2, at(60_000));
        assert_eq!(calm.knock(other, For::Telling, at(60_000)), Pace::Now);
    }

    #[test]
    fn a_thousand_an_hour_from_one_address_all_go_through() {
        let calm = Calm::default();
        let one = sender(&calm, 1, at(0));
        for n in 0..1000 {
            assert_ne!(calm.knock(one, For::Telling, at(n * 3_600)), Pace::Later(0), "{n}");
            assert!(!matches!(
                calm.knock(sender(&calm, 1, at(n * 3_600)), For::Receipt, at(n * 3_600 * 4)),
                Pace::After(_)
            ));
        }
        let served =
            (0..1000).filter(|n| calm.knock(one, For::Telling, at(10_000_000 + n * 3_600)) == Pace::Now).count();
        assert_eq!(served, 1000);
    }

    #[test]
    fn receipts_are_tried_slowly_and_a_right_one_is_not_shut_out_for_long() {
        let calm = Calm::default();
        let one = sender(&calm, 1, at(0));
        let served = (0..3600).filter(|n| calm.knock(one, For::Receipt, at(n * 1000)) == Pace::Now).count();
        assert!(served <= 366, "{served} tries in an hour");
        assert_eq!(calm.knock(one, For::Receipt, at(3_700_000)), Pace::Now);
    }

    #[test]
    fn many_addresses_do_not_make_it_remember_without_end() {
        let calm = Calm::default();
        let now = at(0);
        let mut rng = rand::rngs::StdRng::seed_from_u64(3);
        for n in 0..u32::try_from(REMEMBERED).unwrap() + 5000 {
            let addr = IpAddr::from(n.to_be_bytes());
            let who = calm.sender(Some(addr), now, &mut rng);
            calm.knock(who, For::Telling, now);
        }
        assert!(calm.today.lock().unwrap().due.len() <= REMEMBERED + 2);
    }

    #[test]
    fn tomorrow_nobody_is_the_same_sender() {
        let calm = Calm::default();
        let today = sender(&calm, 1, at(0));
        assert_eq!(today, sender(&calm, 1, at(1000)));
        assert_ne!(today, sender(&calm, 1, at(86_400_000)));
    }

    #[test]
    fn the_line_is_short() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let calm = Calm::default();
            let mut turns = Vec::new();
            for _ in 0..AT_WORK {
                turns.push(calm.turn().await.unwrap());
            }
            let waiting: Vec<_> = (0..IN_LINE + 5)
                .map(|_| {
                    tokio::spawn({
                        let calm = calm.clone();
                        async move { calm.turn().await.is_some() }
                    })
                })
                .collect();
            tokio::task::yield_now().await;
            drop(turns);
            let mut served = 0;
            for one in waiting {
                served += usize::from(one.await.unwrap());
            }
            assert_eq!(served, IN_LINE);
        });
    }
}
