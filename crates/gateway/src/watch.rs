//! What changes while the gateway runs: a new snapshot, a new list file, the ends of holds and rules; and the status
//! that says so. A bad file never replaces a good one (S30).

mod lists;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::counters::Counters;
use crate::dns::Resolver;
use crate::inspect::Inspector;
use crate::neighbours::Neighbours;
use crate::policy::{Gate, Policy};
use crate::presence;
use crate::proxy::Tunnels;
use crate::sealed::Sealed;
use crate::snapshot::{SnapshotWatcher, write_aside};
use crate::status::{Listening, Status};
use crate::tls::Certificate;
use crate::{Clock, Config, Error, role_card};
use lists::ListFiles;

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
    dir: PathBuf,
    key: ed25519_dalek::VerifyingKey,
    lists: ListFiles,
    sealed: Sealed,
    neighbours: Arc<Neighbours>,
    certificate: Option<Arc<Certificate>>,
    inspector: Option<Arc<Inspector>>,
    silent: BTreeMap<Uuid, Timestamp>,
    listening: Listening,
    sandbox: crate::status::Sandbox,
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
            dir: config.dir.clone(),
            key: config.snapshot_key,
            lists: ListFiles::new(config),
            sealed: Sealed::begin(config),
            neighbours: Arc::new(Neighbours::new()),
            certificate,
            inspector: None,
            silent: BTreeMap::new(),
            listening,
            sandbox: config.sandbox.clone(),
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
                if let Some(policy) = watch.look_for_card(now) {
                    return Ok((watch, policy));
                }
                let why = watch.refused.clone().unwrap_or_else(|| "no policy has arrived yet".into());
                Policy::baseline(&why, watch.sealed.in_force.clone(), watch.neighbours.clone(), now)?
            }
        };
        Ok((watch, policy))
    }

    /// Inspection's authority comes and goes while the gateway runs.
    pub(crate) fn keeps(&mut self, inspector: Arc<Inspector>) {
        self.inspector = Some(inspector);
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
        } else if tick.is_multiple_of(SECOND)
            && gate.policy().is_baseline()
            && let Some(policy) = self.look_for_card(gate.clock.now())
        {
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
        if changed || tick.is_multiple_of(SECOND) {
            self.inspector.iter().for_each(|inspector| inspector.look());
        }
        if tick.is_multiple_of(SECOND) {
            match gate.policy().without_ended(gate.clock.now()) {
                None => {}
                Some(Ok(policy)) => {
                    gate.swap(policy);
                    changed = true;
                }
                Some(Err(error)) => tracing::error!(%error, "what has ended could not be taken out of the policy"),
            }
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

    /// The role card that a technician loaded (S30); asked for while the baseline holds.
    fn look_for_card(&mut self, now: Timestamp) -> Option<Policy> {
        let card = role_card::loaded(&self.dir, &self.key, now)?;
        let lists = self.lists.lists.clone();
        let policy = card.and_then(|card| {
            Policy::role_card(card, self.sealed.in_force.clone(), lists, self.neighbours.clone(), now)
        });
        match policy {
            Ok(policy) => {
                tracing::warn!("no policy can be read; a technician loaded the local role card, and it is in force");
                Some(policy)
            }
            Err(error) => {
                tracing::warn!(%error, "the role card was refused");
                role_card::served(&self.dir);
                None
            }
        }
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
                role_card::served(&self.dir);
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
            sandbox: self.sandbox.clone(),
            listening: self.listening.clone(),
            lists: self.lists.status(&policy, &self.sealed),
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
