//! How many questions one address may send upstream. Blocks and cached answers cost nothing and are not counted. Who proved
//! with a cookie that it is there has a measure of its own, which no flood in its name can use up.

use std::collections::HashMap;
use std::net::IpAddr;

use tokio::time::Instant;

use crate::lock::Mutex;

/// Questions a second, and how many may come at once. A page with adverts asks for about a hundred names.
const RATE: f64 = 300.0;
const BURST: f64 = 1500.0;
/// Addresses remembered; beyond it, full ones are forgotten first.
const MOST: usize = 4096;

/// A token bucket per address.
#[derive(Debug, Default)]
pub(crate) struct Limiter(Mutex<HashMap<(IpAddr, bool), Bucket>>);

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn refilled(self, now: Instant) -> f64 {
        (self.tokens + RATE * now.duration_since(self.at).as_secs_f64()).min(BURST)
    }
}

impl Limiter {
    /// Takes one from the address's bucket: that of questions with our cookie, or of those without.
    pub(crate) fn allow(&self, address: IpAddr, proven: bool) -> bool {
        let now = Instant::now();
        let mut buckets = self.0.lock();
        if buckets.len() >= MOST && !buckets.contains_key(&(address, proven)) {
            buckets.retain(|_, bucket| bucket.refilled(now) < BURST);
            if buckets.len() >= MOST {
                return false;
            }
        }
        let bucket = buckets.entry((address, proven)).or_insert(Bucket { tokens: BURST, at: now });
        let tokens = bucket.refilled(now);
        let allowed = tokens >= 1.0;
        *bucket = Bucket { tokens: if allowed { tokens - 1.0 } else { tokens }, at: now };
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_runs_dry_and_another_does_not() {
        let limiter = Limiter::default();
        let address = |last| IpAddr::from([192, 0, 2, last]);
        let allowed = (0..4000).filter(|_| limiter.allow(address(1), false)).count();
        assert!((1500..3000).contains(&allowed), "{allowed}");
        assert!(limiter.allow(address(2), false));
        assert!(limiter.allow(address(1), true), "who proved itself is not held up by who pretends");
    }
}
