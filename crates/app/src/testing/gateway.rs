//! The gateway of a test: it keeps what it is given and says what it is told to say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use filter::PolicySnapshot;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::gateway::{Activity, Answer, Batch, Gateway, GatewayState, Pending, ProbeResult, Question};

/// A gateway that keeps what it is given and says what it is told to say.
#[derive(Default)]
pub struct StillGateway {
    published: Mutex<Vec<PolicySnapshot>>,
    state: Mutex<Option<GatewayState>>,
    events: Mutex<Vec<Activity>>,
    probes: Mutex<Option<Result<Vec<ProbeResult>, String>>>,
    spool: Mutex<Vec<Batch>>,
    forgot: AtomicUsize,
    lists: Mutex<Vec<Vec<std::path::PathBuf>>>,
    refuses_lists: Mutex<Option<String>>,
    listed: Mutex<BTreeMap<String, String>>,
}

impl StillGateway {
    /// Lays a batch in its spool, to be taken.
    pub fn spooled(&self, batch: Batch) {
        self.spool.lock().unwrap_or_else(PoisonError::into_inner).push(batch);
    }

    /// Its lists hold this host in this category.
    pub fn lists_hold(&self, host: &str, category: &str) {
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        listed.insert(host.to_owned(), category.to_owned());
    }

    /// Every snapshot that it was given, oldest first.
    pub fn published(&self) -> Vec<PolicySnapshot> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What devices asked for, as it is to tell.
    pub fn saw(&self, events: Vec<Activity>) {
        *self.events.lock().unwrap_or_else(PoisonError::into_inner) = events;
    }

    /// What its self-test is to find.
    pub fn probes(&self, results: Result<Vec<ProbeResult>, String>) {
        *self.probes.lock().unwrap_or_else(PoisonError::into_inner) = Some(results);
    }

    /// How often it was told to let old days go.
    pub fn forgot(&self) -> usize {
        self.forgot.load(Ordering::Relaxed)
    }

    /// The folders of lists that it was given, each time.
    pub fn lists(&self) -> Vec<Vec<std::path::PathBuf>> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lists cannot be compiled from now on, and why; or they can again.
    pub fn refuse_lists(&self, why: Option<&str>) {
        *self.refuses_lists.lock().unwrap_or_else(PoisonError::into_inner) = why.map(str::to_owned);
    }

    /// What it is to say of itself.
    pub fn say(&self, state: Option<GatewayState>) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

impl Gateway for StillGateway {
    fn next_version(&self) -> Result<u64, String> {
        Ok(u64::try_from(self.published().len()).unwrap_or(0) + 1)
    }

    fn publish(&self, snapshot: &PolicySnapshot) -> Result<(), String> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner).push(snapshot.clone());
        Ok(())
    }

    fn take_lists(&self, folders: Vec<std::path::PathBuf>) -> Pending<'_, Result<(), String>> {
        let refuses = self.refuses_lists.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async move {
            if let Some(why) = refuses {
                return Err(why);
            }
            self.lists.lock().unwrap_or_else(PoisonError::into_inner).push(folders);
            Ok(())
        })
    }

    fn status(&self) -> Option<GatewayState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn take(&self) -> Result<Option<Batch>, String> {
        Ok(self.spool.lock().unwrap_or_else(PoisonError::into_inner).first().cloned())
    }

    fn keep(&self, batch: &Batch) -> Result<(), String> {
        self.spool.lock().unwrap_or_else(PoisonError::into_inner).retain(|waiting| waiting.id != batch.id);
        Ok(())
    }

    fn between(&self, from: Timestamp, to: Timestamp, limit: usize) -> Result<Vec<Activity>, String> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(events.iter().filter(|event| (from..=to).contains(&event.at)).take(limit).cloned().collect())
    }

    fn forget_before(&self, _day: Date, _held: &BTreeSet<Date>) -> Result<u64, String> {
        self.forgot.fetch_add(1, Ordering::Relaxed);
        Ok(0)
    }

    fn probe(&self, _snapshot: PolicySnapshot) -> Pending<'_, Result<Vec<ProbeResult>, String>> {
        let told = self.probes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async move { told.unwrap_or_else(|| Ok(Vec::new())) })
    }

    fn decide(&self, snapshot: &PolicySnapshot, question: &Question, _now: Timestamp) -> Result<Answer, String> {
        let listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        let category = listed.get(&question.url).ok_or("this gateway decides nothing")?;
        // As the filter does: under sessions a name is not approved, and no more is said.
        let supervised = snapshot.groups.get(&question.group).is_some_and(|group| group.supervised);
        let category = Some(category.clone()).filter(|_| !supervised);
        Ok(Answer { verdict: "block".into(), category, rule: None, reason: None, because: None })
    }
}
