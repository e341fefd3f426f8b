//! Between the answer paths, which must not wait, and the disk: merges equal facts, then flushes.
//!
//! A fact is merged in memory under a lock held for a hash lookup. What does not fit is counted as lost; nothing here
//! grows with what devices ask for.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use smol_str::SmolStr;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::queue::{Class, Queue, SegmentName};
use crate::activity::{ActivityEvent, Confidence, Kind, Route};
use crate::lock::Mutex;
use crate::{Clock, Error};

/// Most different facts of one class between two flushes; more are lost, visibly.
const MOST_FACTS: usize = 8192;
/// Most calls for help and sealed hits between two flushes.
const MOST_ALERTS: usize = 1024;
/// An unknown client makes one event in this many seconds.
const UNIDENTIFIED_EVERY: i64 = 60;

/// Who did it, as it will stand in the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) device: Option<Uuid>,
    pub(crate) person: Option<Uuid>,
    pub(crate) group: Arc<str>,
    pub(crate) confidence: Confidence,
}

// By hand, and only what keeps most facts apart: a group follows from its device nearly always.
impl Hash for Subject {
    fn hash<H: Hasher>(&self, state: &mut H) {
        if let Some(device) = self.device {
            state.write_u128(device.as_u128());
        }
    }
}

/// What merges with its like. Its words are shared with the verdict that they come from: noting one copies nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fact {
    Allowed { host: SmolStr },
    Blocked { host: SmolStr, category: Option<Arc<str>>, rule: Option<SmolStr>, route: Route },
    Bypass { what: String, host: SmolStr, route: Route },
    Held,
    Guests { blocked: bool },
    Unidentified { address: IpAddr, wrong_credential: bool },
}

// By hand, and only the name: why it was blocked follows from it.
impl Hash for Fact {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Allowed { host } | Self::Blocked { host, .. } | Self::Bypass { host, .. } => {
                state.write(host.as_bytes());
            }
            other => std::mem::discriminant(other).hash(state),
        }
    }
}

impl Fact {
    fn class(&self) -> Class {
        match self {
            Self::Allowed { .. } | Self::Guests { .. } | Self::Held => Class::Counts,
            Self::Blocked { .. } | Self::Bypass { .. } | Self::Unidentified { .. } => Class::Events,
        }
    }

    fn into_kind(self, first: Timestamp, count: u64) -> Kind {
        match self {
            Self::Allowed { host } => Kind::Allowed { host: host.into(), first, count },
            Self::Blocked { host, category, rule, route } => {
                let (category, rule) = (category.map(|id| id.to_string()), rule.map(String::from));
                Kind::Blocked { host: host.into(), category, rule, route, first, count }
            }
            Self::Bypass { what, host, route } => Kind::Bypass { what, host: host.into(), route, first, count },
            Self::Held => Kind::Held { count },
            Self::Guests { blocked: true } => Kind::Guests { allowed: 0, blocked: count },
            Self::Guests { blocked: false } => Kind::Guests { allowed: count, blocked: 0 },
            Self::Unidentified { address, wrong_credential } => Kind::Unidentified { address, wrong_credential, count },
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Span {
    first: Timestamp,
    last: Timestamp,
    count: u64,
}

impl Span {
    fn at(now: Timestamp) -> Self {
        Self { first: now, last: now, count: 0 }
    }

    fn add(&mut self, from: Timestamp, to: Timestamp, count: u64) {
        self.first = self.first.min(from);
        self.last = self.last.max(to);
        self.count = self.count.saturating_add(count);
    }
}

/// With a random hasher: names come from strangers.
type Facts = HashMap<(Subject, Fact), Span, foldhash::quality::RandomState>;

#[derive(Debug, Default)]
struct Pending {
    counts: Facts,
    events: Facts,
    alerts: Vec<ActivityEvent>,
    lost: Option<Span>,
    unidentified: HashMap<(IpAddr, bool), Timestamp, foldhash::quality::RandomState>,
    lost_ever: u64,
}

impl Pending {
    fn lose(&mut self, from: Timestamp, to: Timestamp, count: u64) {
        self.lose_again(from, to, count);
        self.lost_ever = self.lost_ever.saturating_add(count);
    }

    fn note(&mut self, subject: &Subject, fact: Fact, now: Timestamp) {
        if let Fact::Unidentified { address, wrong_credential } = fact {
            let seen = &mut self.unidentified;
            if seen.len() >= MOST_ALERTS {
                seen.retain(|_, at| now.as_second() - at.as_second() < UNIDENTIFIED_EVERY);
            }
            match seen.get(&(address, wrong_credential)) {
                Some(at) if now.as_second() - at.as_second() < UNIDENTIFIED_EVERY => return,
                _ if seen.len() >= MOST_ALERTS => return self.lose(now, now, 1),
                _ => drop(seen.insert((address, wrong_credential), now)),
            }
        }
        let facts = match fact.class() {
            Class::Counts => &mut self.counts,
            Class::Events | Class::Alerts => &mut self.events,
        };
        let full = facts.len() >= MOST_FACTS;
        match facts.entry((subject.clone(), fact)) {
            std::collections::hash_map::Entry::Vacant(_) if full => self.lose(now, now, 1),
            entry => entry.or_insert_with(|| Span::at(now)).add(now, now, 1),
        }
    }

    /// A record that something is lost was lost in its turn: said again, counted once.
    fn lose_again(&mut self, from: Timestamp, to: Timestamp, count: u64) {
        self.lost.get_or_insert(Span { first: from, last: to, count: 0 }).add(from, to, count);
    }
}

/// The narrow channel: answer paths put facts in, a task brings them to the disk.
#[derive(Debug)]
pub(crate) struct Recorder {
    pending: Mutex<Pending>,
    urgent: Notify,
    clock: Clock,
}

impl Recorder {
    /// Opens the queue at `dir` and gives the task that serves it; it ends after a last flush when `stop` is cancelled.
    pub(crate) fn open(
        dir: &Path,
        recipient: age::x25519::Recipient,
        limit: u64,
        clock: Clock,
        stop: CancellationToken,
    ) -> Result<(Arc<Self>, impl Future<Output = ()> + Send + 'static), Error> {
        let queue = Queue::open(dir.to_path_buf(), recipient, limit)?;
        let recorder = Arc::new(Self { pending: Mutex::default(), urgent: Notify::new(), clock });
        let task = recorder.clone().serve(queue, stop);
        Ok((recorder, task))
    }

    /// Notes facts; merges each with its like.
    pub(crate) fn note<'s>(&self, facts: impl IntoIterator<Item = (&'s Subject, Fact)>, now: Timestamp) {
        let mut facts = facts.into_iter().peekable();
        if facts.peek().is_some() {
            let mut pending = self.pending.lock();
            facts.for_each(|(subject, fact)| pending.note(subject, fact, now));
        }
    }

    /// Notes what cannot wait, and wakes the flush.
    pub(crate) fn alert(&self, subject: Subject, kind: Kind, now: Timestamp) {
        let mut pending = self.pending.lock();
        if pending.alerts.len() >= MOST_ALERTS {
            pending.lose(now, now, 1);
        } else {
            pending.alerts.push(event(subject, kind, now));
        }
        drop(pending);
        self.urgent.notify_one();
    }

    /// Records lost since the start.
    pub(crate) fn lost_ever(&self) -> u64 {
        self.pending.lock().lost_ever
    }

    async fn serve(self: Arc<Self>, mut queue: Queue, stop: CancellationToken) {
        let mut waiting = 0;
        loop {
            let stopped = tokio::select! {
                () = stop.cancelled() => true,
                () = self.urgent.notified() => false,
                () = tokio::time::sleep(pause(waiting)) => false,
            };
            let me = self.clone();
            // Sealing and writing take milliseconds of processor and disk: not on the threads that answer.
            let flushed = tokio::task::spawn_blocking(move || {
                me.flush(&mut queue);
                let waiting = queue.waiting();
                (queue, waiting)
            });
            match flushed.await {
                Ok((back, count)) => (queue, waiting) = (back, count),
                Err(e) => return tracing::error!(error = %e, "the activity queue stopped"),
            }
            if stopped {
                return;
            }
        }
    }

    fn flush(&self, queue: &mut Queue) {
        let now = self.clock.now();
        let (counts, events, alerts, lost) = {
            let mut pending = self.pending.lock();
            let pending = &mut *pending;
            (
                std::mem::take(&mut pending.counts),
                std::mem::take(&mut pending.events),
                std::mem::take(&mut pending.alerts),
                pending.lost.take(),
            )
        };
        let mut dropped = Vec::new();
        let mut segments =
            [(Class::Alerts, alerts), (Class::Events, into_events(events)), (Class::Counts, into_events(counts))];
        if let Some(span) = lost {
            // What is lost rides with what is written. As a segment of its own, and an alert, it would drive out in a
            // full queue the very records that it speaks of.
            let kind = Kind::Lost { from: span.first, to: span.last, count: span.count };
            let place = segments.iter().position(|(_, events)| !events.is_empty()).unwrap_or(segments.len() - 1);
            if let Some((_, events)) = segments.get_mut(place) {
                events.push(event(nobody(), kind, span.last));
            }
        }
        for (class, events) in segments {
            match queue.append(class, &events, now) {
                Ok(gone) => dropped.extend(gone),
                Err(e) => {
                    tracing::error!(error = %e, "activity could not be written");
                    self.keep(class, events);
                }
            }
        }
        self.lose(&dropped);
    }

    /// The disk refused: alerts stay for the next flush, the rest is lost, visibly.
    fn keep(&self, class: Class, events: Vec<ActivityEvent>) {
        let mut pending = self.pending.lock();
        for event in events {
            if let Kind::Lost { from, to, count } = event.kind {
                pending.lose_again(from, to, count);
            } else if class == Class::Alerts && pending.alerts.len() < MOST_ALERTS {
                pending.alerts.push(event);
            } else {
                pending.lose(event.at, event.at, 1);
            }
        }
    }

    fn lose(&self, dropped: &[SegmentName]) {
        let mut pending = self.pending.lock();
        for name in dropped {
            pending.lose(name.from, name.to, name.records);
            pending.lose_again(name.from, name.to, name.carried);
        }
    }
}

/// While control is away, fewer and larger segments: at most about 1,500 files a day.
fn pause(waiting: usize) -> Duration {
    Duration::from_secs(match waiting {
        0..120 => 1,
        120..600 => 10,
        _ => 60,
    })
}

fn nobody() -> Subject {
    Subject { device: None, person: None, group: "".into(), confidence: Confidence::Unknown }
}

fn into_events(facts: Facts) -> Vec<ActivityEvent> {
    facts
        .into_iter()
        .map(|((subject, fact), span)| event(subject, fact.into_kind(span.first, span.count), span.last))
        .collect()
}

fn event(subject: Subject, kind: Kind, at: Timestamp) -> ActivityEvent {
    let Subject { device, person, group, confidence } = subject;
    ActivityEvent { at, device, person, group: group.to_string(), confidence, kind }
}
