//! Answers from above, kept: one bounded cache for every group, because what a group may see of an answer is decided
//! after the cache, never in it.
//!
//! Equal questions under way are asked once. An answer past its time is kept for a day and served, for 30 seconds at
//! a time, when nobody above answers (RFC 8767).

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::RData;
use tokio::time::Instant;

use super::upstream::{Ask, Failure, Upstreams};
use crate::lock::Mutex;

/// Most bytes of the cache, roughly.
const CACHE_BYTES: u64 = 32 << 20;
/// How long an answer may be served past its time.
const STALE: Duration = Duration::from_secs(86_400);
/// What a stale answer says of itself (RFC 8767, section 5).
const STALE_TTL: u32 = 30;
/// For so long after everybody above was silent, stale answers go out at once.
const RECHECK: Duration = Duration::from_secs(3);
/// Bounds for what an upstream says, seconds.
const LONGEST: u32 = 86_400;
const LONGEST_NEGATIVE: u32 = 300;

/// An answer with its age.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) message: Message,
    at: Instant,
    ttl: u32,
}

/// An answer as it may be served now.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) entry: Arc<Entry>,
    pub(crate) stale: bool,
}

impl Found {
    /// Seconds left for a record that said `ttl`.
    pub(crate) fn ttl(&self, ttl: u32) -> u32 {
        if self.stale {
            return STALE_TTL;
        }
        let age = u32::try_from(self.entry.at.elapsed().as_secs()).unwrap_or(u32::MAX);
        ttl.min(LONGEST).saturating_sub(age)
    }
}

type UnderWay = Shared<BoxFuture<'static, Result<Arc<Entry>, Failure>>>;

/// Cache and upstreams.
#[derive(Debug)]
pub(crate) struct Resolver {
    pub(crate) upstreams: Upstreams,
    cache: moka::sync::Cache<Ask, Arc<Entry>>,
    under_way: Mutex<HashMap<Ask, UnderWay>>,
    began: Instant,
    /// Milliseconds after `began` until which the upstreams count as gone.
    gone_until: AtomicU64,
}

impl Resolver {
    pub(crate) fn new(upstreams: Upstreams) -> Arc<Self> {
        let cache = moka::sync::Cache::builder()
            .weigher(|_: &Ask, entry: &Arc<Entry>| {
                let records = entry.message.answers.len() + entry.message.authorities.len();
                u32::try_from(256 + 160 * records).unwrap_or(u32::MAX)
            })
            .max_capacity(CACHE_BYTES)
            .time_to_live(STALE)
            .build();
        Arc::new(Self {
            upstreams,
            cache,
            under_way: Mutex::default(),
            began: Instant::now(),
            gone_until: AtomicU64::new(0),
        })
    }

    /// What the cache knows and may still say.
    pub(crate) fn fresh(&self, ask: &Ask) -> Option<Found> {
        let entry = self.cache.get(ask)?;
        let fresh = entry.at.elapsed() < Duration::from_secs(entry.ttl.into());
        fresh.then_some(Found { entry, stale: false })
    }

    /// From the cache, or from above, or stale.
    pub(crate) async fn resolve(self: &Arc<Self>, ask: &Ask) -> Result<Found, Failure> {
        if let Some(found) = self.fresh(ask) {
            return Ok(found);
        }
        let stale = self.cache.get(ask);
        let fetch = self.fetch(ask);
        if let Some(entry) = &stale
            && self.upstreams_are_gone()
        {
            return Ok(Found { entry: entry.clone(), stale: true });
        }
        match (fetch.await, stale) {
            (Ok(entry), Some(old)) if !is_answer(&entry.message) => Ok(Found { entry: old, stale: true }),
            (Ok(entry), _) => Ok(Found { entry, stale: false }),
            (Err(_), Some(entry)) => Ok(Found { entry, stale: true }),
            (Err(failure), None) => Err(failure),
        }
    }

    /// Joins the equal question under way, or asks. It runs to its end also when the client goes away.
    fn fetch(self: &Arc<Self>, ask: &Ask) -> UnderWay {
        let mut under_way = self.under_way.lock();
        match under_way.entry(ask.clone()) {
            Slot::Occupied(slot) => slot.get().clone(),
            Slot::Vacant(slot) => {
                let (me, ask) = (self.clone(), ask.clone());
                let task = tokio::spawn(async move {
                    let result = me.ask(&ask).await;
                    me.under_way.lock().remove(&ask);
                    result
                });
                let shared = async move { task.await.unwrap_or(Err(Failure::Unreachable)) }.boxed().shared();
                slot.insert(shared).clone()
            }
        }
    }

    async fn ask(&self, ask: &Ask) -> Result<Arc<Entry>, Failure> {
        let asked = self.upstreams.ask(ask).await;
        if asked == Err(Failure::Unreachable) {
            let until = (self.began.elapsed() + RECHECK).as_millis();
            self.gone_until.store(u64::try_from(until).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        let message = asked?;
        self.gone_until.store(0, Ordering::Relaxed);
        let entry = Arc::new(Entry { ttl: lifetime(&message), message, at: Instant::now() });
        if is_answer(&entry.message) {
            self.cache.insert(ask.clone(), entry.clone());
        }
        Ok(entry)
    }

    fn upstreams_are_gone(&self) -> bool {
        self.began.elapsed().as_millis() < u128::from(self.gone_until.load(Ordering::Relaxed))
    }
}

fn is_answer(message: &Message) -> bool {
    matches!(message.metadata.response_code, ResponseCode::NoError | ResponseCode::NXDomain)
}

/// Seconds for which an answer holds: the least of its records, or what the zone says of "no" (RFC 2308).
fn lifetime(message: &Message) -> u32 {
    if let Some(least) = message.answers.iter().map(|record| record.ttl).min() {
        return least.min(LONGEST);
    }
    let soa = message.authorities.iter().find_map(|record| match &record.data {
        RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
        _ => None,
    });
    soa.unwrap_or(30).min(LONGEST_NEGATIVE)
}
