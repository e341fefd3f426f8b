//! What changes while the gateway runs: a new snapshot, a new list file, the ends of holds and rules; and the status
//! that says so. A bad file never replaces a good one (S30).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use filter::{Categories, Lists, SealedStatus, SealedTier};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::counters::Counters;
use crate::dns::Resolver;
use crate::neighbours::Neighbours;
use crate::policy::{Gate, Policy};
use crate::presence;
use crate::proxy::Tunnels;
use crate::snapshot::{SnapshotWatcher, write_aside};
use crate::status::{self, Listening, Status};
use crate::tls::Certificate;
use crate::{Clock, Config, Error, Sealed};

/// A new snapshot is seen within this time.
const TICK: Duration = Duration::from_millis(200);
/// Ticks in a second (lists, status) and in five (open tunnels against ended rules, status though nothing changed).
const SECOND: u64 = 5;
const FIVE_SECONDS: u64 = 25;
/// Ticks between two looks for devices that are here without a word.
const MINUTE: u64 = 300;

/// The watcher's own state.
#[derive(Debug)]
pub(crate) struct Watch {
    snapshots: SnapshotWatcher,
    lists: ListFile,
    sealed: SealedFile,
    neighbours: Arc<Neighbours>,
    certificate: Option<Arc<Certificate>>,
    silent: BTreeMap<Uuid, Timestamp>,
    listening: Listening,
    started_at: Timestamp,
    status_path: PathBuf,
    refused: Option<String>,
    written: Option<Status>,
}

impl Watch {
    /// Reads what is there and gives the policy to begin with: the newest good snapshot, or the baseline.
    pub(crate) fn begin(
        config: &Config,
        listening: Listening,
        certificate: Option<Arc<Certificate>>,
        clock: &Clock,
    ) -> Result<(Self, Policy), Error> {
        let now = clock.now();
        let mut watch = Self {
            snapshots: SnapshotWatcher::new(config.snapshot_dir(), config.snapshot_key),
            lists: ListFile::new(config.dir.clone(), config.lists.clone(), config.categories.clone()),
            sealed: SealedFile::new(config),
            neighbours: Arc::new(Neighbours::new()),
            certificate,
            silent: BTreeMap::new(),
            listening,
            started_at: now,
            status_path: config.dir.join("status.json"),
            refused: None,
            written: None,
        };
        watch.lists.look();
        watch.sealed.look();
        let policy = match watch.look_for_policy(now) {
            Some(policy) => policy,
            None => {
                let why = watch.refused.clone().unwrap_or_else(|| "no policy has arrived yet".into());
                Policy::baseline(&why, watch.sealed.in_force.clone(), watch.neighbours.clone(), now)?
            }
        };
        Ok((watch, policy))
    }

    /// Looks until `stop`, off the threads that answer.
    pub(crate) async fn serve(
        mut self,
        gate: Arc<Gate>,
        counters: Arc<Counters>,
        tunnels: Arc<Tunnels>,
        resolver: Arc<Resolver>,
        stop: CancellationToken,
    ) {
        let mut tick = 0u64;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(TICK) => tick += 1,
            }
            let all = (gate.clone(), counters.clone(), tunnels.clone(), resolver.clone());
            let turn = tokio::task::spawn_blocking(move || {
                let (gate, counters, tunnels, resolver) = all;
                self.turn(tick, &gate, &counters, &tunnels, &resolver);
                self
            });
            match turn.await {
                Ok(back) => self = back,
                Err(error) => return tracing::error!(%error, "the policy watcher stopped"),
            }
        }
    }

    fn turn(&mut self, tick: u64, gate: &Gate, counters: &Counters, tunnels: &Tunnels, resolver: &Resolver) {
        let mut changed = false;
        if let Some(policy) = self.look_for_policy(gate.clock.now()) {
            gate.swap(policy);
            changed = true;
        }
        // Both look, whatever the other found.
        if tick.is_multiple_of(SECOND) && self.lists.look() | self.sealed.look() {
            match gate.policy().with(self.lists.lists.clone(), self.sealed.in_force.clone()) {
                Ok(policy) => gate.swap(policy),
                Err(error) => tracing::error!(%error, "the lists were not taken"),
            }
            changed = true;
        }
        if tick.is_multiple_of(SECOND) {
            self.neighbours.refresh();
        }
        if tick.is_multiple_of(MINUTE) {
            presence::knock(&gate.policy());
        }
        if changed || tick.is_multiple_of(FIVE_SECONDS) {
            self.settle(gate, counters);
            tunnels.review(gate, counters);
            self.silent = presence::look(gate, &self.neighbours);
            if let Some(certificate) = &self.certificate {
                certificate.look();
            }
        }
        if changed || tick.is_multiple_of(SECOND) {
            self.write_status(gate, counters, tunnels, resolver);
        }
    }

    /// Brings what is counted per held device into line with the policy in force.
    pub(crate) fn settle(&self, gate: &Gate, counters: &Counters) {
        let now = gate.clock.now();
        let policy = gate.policy();
        counters.set_held(policy.held(now), now);
    }

    fn look_for_policy(&mut self, now: Timestamp) -> Option<Policy> {
        let (snapshot, complaints) = self.snapshots.poll();
        for complaint in &complaints {
            tracing::warn!(error = %complaint, "a policy snapshot was refused");
        }
        if let Some(newest) = complaints.first() {
            self.refused = Some(newest.to_string());
        }
        match Policy::from_snapshot(
            snapshot?,
            self.sealed.in_force.clone(),
            self.lists.lists.clone(),
            self.neighbours.clone(),
            now,
        ) {
            Ok(policy) => {
                if complaints.is_empty() {
                    self.refused = None;
                }
                Some(policy)
            }
            Err(error) => {
                tracing::warn!(%error, "a policy snapshot was refused");
                self.refused = Some(error.to_string());
                None
            }
        }
    }

    /// Writes `status.json` if it says something new, and every five seconds in any case.
    pub(crate) fn write_status(&mut self, gate: &Gate, counters: &Counters, tunnels: &Tunnels, resolver: &Resolver) {
        let now = gate.clock.now();
        let policy = gate.policy();
        let mut counts = counters.read();
        counts.tunnels_open = tunnels.count();
        counts.records_lost = gate.recorder.lost_ever();
        let mut status = Status {
            started_at: self.started_at,
            at: self.written.as_ref().map_or(now, |w| w.at),
            policy: policy.state.clone(),
            snapshot_refused: self.refused.clone(),
            listening: self.listening.clone(),
            lists: self.lists.status(&policy),
            upstreams: resolver.upstreams.health(),
            held: counters.held(),
            silent: self.silent.clone(),
            counts,
        };
        let old = now.as_second() - status.at.as_second() >= 5;
        if self.written.as_ref() == Some(&status) && !old {
            return;
        }
        status.at = now;
        let written = serde_json::to_vec(&status)
            .map_err(|e| Error::file("write", &self.status_path)(e.into()))
            .and_then(|json| write_aside(&self.status_path, &json));
        match written {
            Ok(()) => self.written = Some(status),
            Err(error) => tracing::warn!(%error, "the status could not be written"),
        }
    }
}

/// Opens a copy of our own that has no name any more. The file is mapped, not read: were the original overwritten
/// where it lies, its pages would change, or go, under the answers.
fn open_copy(path: &Path, dir: &Path) -> Result<Lists, String> {
    let cannot = |e: std::io::Error| format!("{}: {e}", path.display());
    let copy = tempfile::Builder::new().prefix("lists-").tempfile_in(dir).map_err(cannot)?;
    std::fs::copy(path, copy.path()).map_err(cannot)?;
    Lists::open(copy.path())
        .map_err(|e| e.to_string().replace(&*copy.path().to_string_lossy(), &path.to_string_lossy()))
}

/// The sealed list: a newer one is taken while we run, and nothing ever takes the place of one but a newer one (S26).
#[derive(Debug)]
struct SealedFile {
    source: Option<Sealed>,
    in_force: Arc<SealedTier>,
    /// Length and time of change of the file that was last judged.
    seen: Option<(u64, Option<SystemTime>)>,
}

impl SealedFile {
    fn new(config: &Config) -> Self {
        Self { source: config.sealed_file.clone(), in_force: config.sealed.clone(), seen: None }
    }

    /// Whether another one is in force now than before.
    fn look(&mut self) -> bool {
        let Some(source) = &self.source else { return false };
        let seen = std::fs::metadata(&source.file).ok().map(|m| (m.len(), m.modified().ok()));
        if seen == self.seen {
            return false;
        }
        self.seen = seen;
        if seen.is_none() {
            // The one that was read stays in force.
            return false;
        }
        match SealedTier::open(&source.file, &source.trusted, &self.in_force) {
            Ok(newer) => {
                self.in_force = Arc::new(newer);
                true
            }
            Err(error) => {
                tracing::warn!(%error, "a sealed list was refused; the one in force stays");
                false
            }
        }
    }
}

/// The compiled list file and what became of it.
#[derive(Debug)]
struct ListFile {
    /// Where copies are made: the gateway's own folder.
    dir: PathBuf,
    path: Option<PathBuf>,
    categories: Categories,
    lists: Lists,
    /// Length and time of change of the file that was last judged.
    seen: Option<(u64, Option<SystemTime>)>,
    changed_at: Option<Timestamp>,
    refused: Option<String>,
}

impl ListFile {
    fn new(dir: PathBuf, path: Option<PathBuf>, categories: Categories) -> Self {
        Self { dir, path, categories, lists: Lists::missing(), seen: None, changed_at: None, refused: None }
    }

    /// Whether other lists are in force now than before.
    fn look(&mut self) -> bool {
        let Some(path) = &self.path else { return false };
        let seen = std::fs::metadata(path).ok().map(|m| (m.len(), m.modified().ok()));
        if seen == self.seen {
            return false;
        }
        self.seen = seen;
        match open_copy(path, &self.dir) {
            Ok(lists) => {
                self.lists = lists.with_categories(&self.categories);
                self.changed_at = seen.and_then(|(_, at)| Timestamp::try_from(at?).ok());
                self.refused = None;
                true
            }
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "a list file was refused");
                self.refused = Some(error);
                false
            }
        }
    }

    fn status(&self, policy: &Policy) -> status::Lists {
        status::Lists {
            loaded: !self.lists.is_missing(),
            names: self.lists.lists().iter().map(|list| list.names).sum(),
            changed_at: self.changed_at,
            refused: self.refused.clone(),
            sealed_supplied: policy.sealed_status() != SealedStatus::NotSupplied,
            sealed: match policy.sealed_status() {
                SealedStatus::NotSupplied => "not supplied".into(),
                SealedStatus::Supplied { by, entries_names, entries_urls, .. } => format!(
                    "supplied by {by}: {entries_names} names that every path enforces, {entries_urls} addresses that \
                     only plain HTTP shows"
                ),
            },
        }
    }
}
