//! Answers from above, kept: one bounded cache for every group, because what a group may see of an answer is decided
//! after the cache, never in it. A name that is led elsewhere is kept under the name that it is led to.
//!
//! Equal questions under way are asked once. An answer that people ask for is fetched again shortly before its time
//! ends. One past its time is kept for a day, and served for 30 seconds at a time when nobody above answers, or not
//! soon (RFC 8767). That nobody answers is remembered for a moment too (RFC 9520).

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use hickory_proto::op::Message;
use hickory_proto::rr::RData;
use tokio::time::{Instant, timeout};

use super::key::Key;
use super::packed::Packed;
use super::upstream::{Ask, Failure, Upstreams};
use crate::lock::Mutex;

/// Most bytes of the cache, roughly.
const CACHE_BYTES: u64 = 32 << 20;
/// How long an answer may be served past its time.
const STALE: Duration = Duration::from_secs(86_400);
/// What a stale answer says of itself (RFC 8767, section 5).
const STALE_TTL: u32 = 30;
/// When those above take longer than this, what we have goes out (RFC 8767, section 5: the client response timer).
const PATIENCE: Duration = Duration::from_millis(1800);
/// For so long after everybody above was silent, stale answers go out at once.
const RECHECK: Duration = Duration::from_secs(3);
/// So long a failure is remembered (RFC 9520, section 3.2: at least one second, at most five minutes).
const FAILED: Duration = Duration::from_secs(2);
const MOST_FAILED: u64 = 10_000;
/// Bounds for what an upstream says, seconds.
const LONGEST: u32 = 86_400;
const LONGEST_NEGATIVE: u32 = 300;
/// An answer that is asked for in the last tenth of its time is fetched again; one that lives this short is not.
const LAST_PART: u32 = 10;
const WORTH_FETCHING: u32 = 10;

/// An answer with its age.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) packed: Packed,
    at: Instant,
    ttl: u32,
    /// Somebody is fetching the next one.
    fetching: AtomicBool,
}

/// An answer as it may be served now.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) entry: Arc<Entry>,
    pub(crate) stale: bool,
    /// Seconds since it came.
    age: u32,
}

impl Found {
    fn new(entry: Arc<Entry>, stale: bool) -> Self {
        let age = u32::try_from(entry.at.elapsed().as_secs()).unwrap_or(u32::MAX);
        Self { entry, stale, age }
    }

    /// Seconds left for a record that said `ttl`.
    pub(crate) fn ttl(&self, ttl: u32) -> u32 {
        if self.stale { STALE_TTL } else { ttl.min(LONGEST).saturating_sub(self.age) }
    }
}

type UnderWay = Shared<BoxFuture<'static, Result<Arc<Entry>, Failure>>>;

/// Cache and upstreams.
#[derive(Debug)]
pub(crate) struct Resolver {
    pub(crate) upstreams: Upstreams,
    cache: moka::sync::Cache<Box<[u8]>, Arc<Entry>, foldhash::quality::RandomState>,
    failed: moka::sync::Cache<Ask, Failure>,
    /// No longer than the questions that [`Upstreams`] admits.
    under_way: Mutex<HashMap<Ask, UnderWay>>,
    began: Instant,
    /// Milliseconds after `began` until which the upstreams count as gone.
    gone_until: AtomicU64,
}

impl Resolver {
    pub(crate) fn new(upstreams: Upstreams) -> Arc<Self> {
        let cache = moka::sync::Cache::builder()
            .weigher(|_, entry: &Arc<Entry>| u32::try_from(entry.packed.size()).unwrap_or(u32::MAX))
            .max_capacity(CACHE_BYTES)
            .time_to_live(STALE)
            .build_with_hasher(foldhash::quality::RandomState::default());
        let failed = moka::sync::Cache::builder().max_capacity(MOST_FAILED).time_to_live(FAILED).build();
        Arc::new(Self {
            upstreams,
            cache,
            failed,
            under_way: Mutex::default(),
            began: Instant::now(),
            gone_until: AtomicU64::new(0),
        })
    }

    /// What the cache knows and may still say. Asks for the next answer when this one is about to end.
    pub(super) fn fresh(self: &Arc<Self>, key: &Key, ask: impl FnOnce() -> Option<Ask>) -> Option<Found> {
        let found = Found::new(self.cache.get(key.as_bytes())?, false);
        let entry = &found.entry;
        if found.age >= entry.ttl {
            return None;
        }
        if entry.ttl >= WORTH_FETCHING
            && entry.ttl - found.age <= entry.ttl / LAST_PART
            && !entry.fetching.swap(true, Ordering::Relaxed)
        {
            drop(ask().map(|ask| self.fetch(&ask)));
        }
        Some(found)
    }

    /// From the cache, or from above, or stale.
    pub(crate) async fn resolve(self: &Arc<Self>, ask: &Ask) -> Result<Found, Failure> {
        let key = ask.key();
        if let Some(found) = self.fresh(&key, || Some(ask.clone())) {
            return Ok(found);
        }
        let stale = self.cache.get(key.as_bytes()).map(|entry| Found::new(entry, true));
        if stale.is_none()
            && let Some(failure) = self.failed.get(ask)
        {
            return Err(failure);
        }
        let fetch = self.fetch(ask);
        let Some(stale) = stale else {
            return fetch.await.map(|entry| Found::new(entry, false));
        };
        if self.upstreams_are_gone() {
            return Ok(stale);
        }
        match timeout(PATIENCE, fetch).await {
            Ok(Ok(entry)) if entry.packed.is_answer() => Ok(Found::new(entry, false)),
            _ => Ok(stale),
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
                    if let Some(old) = me.cache.get(ask.key().as_bytes()) {
                        old.fetching.store(false, Ordering::Relaxed);
                    }
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
            self.failed.insert(ask.clone(), Failure::Unreachable);
        }
        let message = asked?;
        self.gone_until.store(0, Ordering::Relaxed);
        let packed = Packed::new(&message).ok_or(Failure::Unreadable)?;
        let ttl = lifetime(&message);
        let entry = Arc::new(Entry { packed, ttl, at: Instant::now(), fetching: AtomicBool::new(false) });
        if entry.packed.is_answer() {
            self.cache.insert(ask.key().as_bytes().into(), entry.clone());
        } else {
            self.failed.insert(ask.clone(), Failure::Refused);
        }
        Ok(entry)
    }

    fn upstreams_are_gone(&self) -> bool {
        self.began.elapsed().as_millis() < u128::from(self.gone_until.load(Ordering::Relaxed))
    }
}

/// Seconds for which an answer holds: the least of its records, or what the zone says of "no" (RFC 2308).
fn lifetime(message: &Message) -> u32 {
    let soa = message.authorities.iter().find_map(|record| match &record.data {
        RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
        _ => None,
    });
    let least = message.answers.iter().map(|record| record.ttl).min();
    match (least, soa) {
        // An alias whose end has no such record, or does not exist: a "no" as well (RFC 2308, section 2).
        (Some(least), Some(soa)) => least.min(soa).min(LONGEST_NEGATIVE),
        (Some(least), None) => least.min(LONGEST),
        (None, soa) => soa.unwrap_or(30).min(LONGEST_NEGATIVE),
    }
}

#[cfg(test)]
mod tests {
    use hickory_proto::rr::{Name, RecordType};
    use tokio::net::UdpSocket;

    use super::*;

    fn ask() -> Ask {
        let name = Name::from_ascii("www.example.").unwrap();
        Ask { name, kind: RecordType::A, dnssec_ok: false, checking_disabled: false }
    }

    fn fresh(resolver: &Arc<Resolver>) -> Option<Found> {
        resolver.fresh(&ask().key(), || Some(ask()))
    }

    /// A resolver that answers each question with the address and a time, and counts.
    async fn above(ttl: u32) -> (std::net::SocketAddr, Arc<AtomicU64>) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (socket.local_addr().unwrap(), Arc::new(AtomicU64::new(0)));
        let count = asked.clone();
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            loop {
                let (length, peer) = socket.recv_from(&mut buffer).await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                let answer = answer(&Message::from_vec(&buffer[..length]).unwrap(), ttl);
                socket.send_to(&answer.to_vec().unwrap(), peer).await.unwrap();
            }
        });
        (address, asked)
    }

    fn answer(question: &Message, ttl: u32) -> Message {
        use hickory_proto::rr::rdata::A;
        let mut answer = Message::response(question.metadata.id, hickory_proto::op::OpCode::Query);
        answer.add_query(question.queries[0].clone());
        let data = RData::A(A([198, 51, 100, 1].into()));
        answer.add_answer(hickory_proto::rr::Record::from_rdata(question.queries[0].name().clone(), ttl, data));
        answer
    }

    /// Puts an answer into the cache that came `age` ago and lives for `ttl` seconds.
    fn keep(resolver: &Resolver, ttl: u32, age: Duration) {
        let mut question = Message::new(1, hickory_proto::op::MessageType::Query, hickory_proto::op::OpCode::Query);
        question.add_query(hickory_proto::op::Query::query(ask().name, RecordType::A));
        let packed = Packed::new(&answer(&question, ttl)).unwrap();
        let entry = Entry { packed, ttl, at: Instant::now() - age, fetching: AtomicBool::new(false) };
        resolver.cache.insert(ask().key().as_bytes().into(), Arc::new(entry));
    }

    #[tokio::test]
    async fn what_is_asked_for_near_its_end_is_fetched_again_once() {
        let (address, asked) = above(1000).await;
        let resolver = Resolver::new(Upstreams::new(vec![address.into()]));
        keep(&resolver, 100, Duration::from_secs(50));
        assert_eq!(fresh(&resolver).unwrap().ttl(100), 50);
        keep(&resolver, 9, Duration::from_secs(8));
        assert!(fresh(&resolver).is_some(), "one that lives so short is not worth it");
        assert!(resolver.under_way.lock().is_empty());
        keep(&resolver, 100, Duration::from_secs(95));
        for _ in 0..20 {
            let found = fresh(&resolver).expect("whoever asks does not wait");
            assert!(found.ttl(1000) > 5);
        }
        let fetched = async {
            while fresh(&resolver).unwrap().entry.ttl != 1000 {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(10), fetched).await.expect("the next answer has come");
        assert_eq!(asked.load(Ordering::SeqCst), 1, "once for twenty who asked");
        assert!(!fresh(&resolver).unwrap().entry.fetching.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_fetch_that_fails_leaves_the_old_answer_and_is_tried_again() {
        // Nobody answers there: the port is closed again.
        let address = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let resolver = Resolver::new(Upstreams::new(vec![address.into()]));
        keep(&resolver, 100, Duration::from_secs(95));
        assert!(fresh(&resolver).is_some());
        let failed = async {
            while fresh(&resolver).unwrap().entry.fetching.load(Ordering::SeqCst) && !resolver.upstreams_are_gone() {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(10), failed).await.expect("it has failed");
        assert_eq!(fresh(&resolver).unwrap().entry.ttl, 100);
    }
}
