//! Joins `app` to the gateway: `app` knows only the trait, `gateway` knows only files; both stay ignorant of each other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use app::gateway::{
    Activity, Answer, Apart, Batch, Cut, EncryptedDns, Gateway, GatewayState, Pending, ProbeResult, Question, What,
};
use domain::DeviceId;
use filter::{Lists, PolicySnapshot, Prepared};
use gateway::activity::{ActivityEvent, Confidence, Kind, Route};
use gateway::spool::{Archive, SpoolReader};
use gateway::status::{self, Policy};
use jiff::Timestamp;
use jiff::civil::Date;

/// A gateway that shares this machine's data folder, as a child process or in the demo's own.
pub(crate) struct LocalGateway {
    dir: PathBuf,
    /// The root that devices were given, where there is one.
    root: PathBuf,
    archive: Archive,
    key: ed25519_dalek::SigningKey,
    lists: PathBuf,
    fetched: PathBuf,
    sealed: Mutex<gateway::sealed::Kept>,
    clock: gateway::Clock,
    /// Who can open what only control may read: inspection's root among it.
    identity: age::x25519::Identity,
}

impl LocalGateway {
    /// The gateway of a data folder. `lists` is the compiled list file, `fetched` the one over it; neither need exist yet.
    pub(crate) fn new(
        data: &Path,
        key: ed25519_dalek::SigningKey,
        identity: age::x25519::Identity,
        lists: PathBuf,
        fetched: PathBuf,
        clock: gateway::Clock,
    ) -> Self {
        let dir = data.join("gateway");
        let archive = Archive::new(data.join("activity"), SpoolReader::new(&dir, identity.clone()));
        let sealed = Mutex::new(gateway::sealed::Kept::of(crate::sealed_tier::slot(&dir)));
        Self { dir, root: data.join("tls/root.crt"), archive, key, lists, fetched, sealed, clock, identity }
    }

    fn clock_now(&self) -> Timestamp {
        crate::house::now()
    }
}

impl Gateway for LocalGateway {
    fn next_version(&self) -> Result<u64, String> {
        gateway::snapshot::next_version(&gateway::snapshot_dir(&self.dir)).map_err(|error| error.to_string())
    }

    fn publish(&self, snapshot: &PolicySnapshot) -> Result<(), String> {
        let mut snapshot = snapshot.clone();
        gateway::baseline::extend(&mut snapshot);
        gateway::probe::add_devices(&mut snapshot);
        // Before the policy that needs it, and gone with the one that does not.
        crate::inspection_ca::settle(&self.dir, &self.identity, &snapshot, self.clock_now())
            .map_err(|error| format!("{error:#}"))?;
        gateway::snapshot::write(&gateway::snapshot_dir(&self.dir), &snapshot, &self.key)
            .map_err(|error| error.to_string())?;
        // For a day on which none of them can be read (S30). The policy is in force without it.
        if let Err(error) = gateway::role_card::write(&self.dir, &snapshot, &self.key) {
            tracing::warn!(%error, "the role card could not be put aside");
        }
        Ok(())
    }

    fn take_lists(&self, folders: Vec<PathBuf>) -> Pending<'_, Result<(), String>> {
        Box::pin(async move {
            crate::lists::compile_apart(&folders, &self.fetched).await.map_err(|error| format!("{error:#}"))
        })
    }

    fn status(&self) -> Option<GatewayState> {
        // A gateway that was killed leaves a fresh status behind, and no lock.
        gateway::holder(&self.dir)?;
        status::read(&self.dir).ok().map(state)
    }

    fn take(&self) -> Result<Option<Batch>, String> {
        let batch = self.archive.reader().next_batch().map_err(|error| error.to_string())?;
        Ok(batch.map(|batch| Batch { id: batch.id, events: batch.events.into_iter().map(activity).collect() }))
    }

    fn keep(&self, batch: &Batch) -> Result<(), String> {
        self.archive.keep(batch.id).map_err(|error| error.to_string())
    }

    fn between(&self, from: Timestamp, to: Timestamp, limit: usize) -> Result<Vec<Activity>, String> {
        let events = self.archive.between(from, to, limit).map_err(|error| error.to_string())?;
        Ok(events.into_iter().map(activity).collect())
    }

    fn forget_before(&self, day: Date, held: &BTreeSet<Date>) -> Result<u64, String> {
        self.archive.forget_before(day, held).map_err(|error| error.to_string())
    }

    fn probe(&self, snapshot: PolicySnapshot) -> Pending<'_, Result<Vec<ProbeResult>, String>> {
        Box::pin(async move {
            let listening = status::read(&self.dir).map_err(|_| "The gateway does not run.".to_owned())?.listening;
            // The gateway's own copy has the self-test's devices; ours gets the same ones.
            let mut snapshot = snapshot;
            gateway::probe::add_devices(&mut snapshot);
            let at = gateway::probe::Endpoints {
                dns: listening.dns,
                dot: listening.dot,
                doh: listening.doh,
                tls_name: listening.tls_name,
                root: Some(self.root.clone()),
                proxy: listening.proxy,
            };
            let results = gateway::probe::run(&at, &snapshot, &self.clock).await.map_err(|error| error.to_string())?;
            Ok(results.into_iter().map(probed).collect())
        })
    }

    fn decide(&self, snapshot: &PolicySnapshot, question: &Question, now: Timestamp) -> Result<Answer, String> {
        let fetched = Lists::open(&self.fetched).unwrap_or_else(|_| Lists::missing());
        // Without the base all is closed, as in the gateway.
        let lists = Lists::open(&self.lists).map_or_else(|_| Lists::missing(), |base| base.and(fetched));
        let categories = crate::lists::categories().map_err(|error| error.to_string())?;
        let sealed = self.sealed.lock().unwrap_or_else(PoisonError::into_inner).tier();
        let prepared = Prepared::new(snapshot.clone(), sealed).map_err(|e| e.to_string())?;
        crate::verdict::answer(&prepared, &lists.with_categories(&categories), question, now)
    }
}

fn state(status: status::Status) -> GatewayState {
    let policy = match status.policy {
        Policy::Snapshot { version, .. } => Some(version),
        Policy::RoleCard { .. } | Policy::Baseline { .. } => None,
    };
    let role_card = match status.policy {
        Policy::RoleCard { made_at, .. } => Some(made_at),
        _ => None,
    };
    GatewayState {
        at: status.at,
        policy,
        role_card,
        apart: match status.sandbox {
            status::Sandbox::Shared => Apart::Shared,
            status::Sandbox::Shut => Apart::Shut,
            status::Sandbox::Open { why } => Apart::Open(why),
        },
        dns: status.listening.dns.to_string(),
        encrypted_dns: EncryptedDns {
            tls: status.listening.dot.map(|address| address.to_string()),
            https: status.listening.doh.map(|address| address.to_string()),
            name: status.listening.tls_name,
        },
        proxy: status.listening.proxy.to_string(),
        list_names: status.lists.loaded.then_some(status.lists.names),
        lists_changed_at: status.lists.changed_at,
        lists_refused: status.lists.refused,
        fetched_at: status.lists.fetched_at,
        sealed_lists: status.lists.sealed_lists,
        sealed_refused: status.lists.sealed_refused,
        sealed_supplied: status.lists.sealed_supplied,
        sealed: status.lists.sealed,
        upstreams: status.upstreams.into_iter().collect(),
        silent: status.silent.len(),
        cuts: status
            .held
            .into_iter()
            .map(|(device, cut)| {
                let refused = cut.dns_refused + cut.proxy_refused;
                (DeviceId(device), Cut { since: cut.since, tunnels_closed: cut.tunnels_closed, refused })
            })
            .collect(),
        answered: status.counts.dns_answered + status.counts.proxy_answered,
        blocked: status.counts.dns_blocked + status.counts.proxy_blocked,
        lost: status.counts.records_lost,
    }
}

fn activity(event: ActivityEvent) -> Activity {
    let first = match &event.kind {
        Kind::Blocked { first, .. } | Kind::Allowed { first, .. } | Kind::Bypass { first, .. } => *first,
        Kind::Lost { from, .. } => *from,
        Kind::Silent { since } => *since,
        _ => event.at,
    };
    let what = match event.kind {
        Kind::Blocked { host, category, rule, route, count, .. } => {
            let because = category.or(rule).unwrap_or_default();
            What::Blocked { host, count, because, path: word(route).to_owned() }
        }
        Kind::Sealed { keyed_hash, .. } => What::Sealed { digest: keyed_hash },
        Kind::Allowed { host, count, .. } => What::Allowed { host, count },
        Kind::Bypass { host, .. } => What::Bypass { host },
        Kind::Silent { .. } => What::Silent,
        Kind::Held { count } => What::Held { count },
        Kind::Guests { allowed, blocked } => What::Guests { allowed, blocked },
        Kind::HelpCalled { room } => What::HelpCalled { room },
        Kind::Checked { route, passed, safe_search, bypass_closed, blocks, dns, proxy } => {
            What::Checked { path: word(route).to_owned(), passed, safe_search, bypass_closed, blocks, dns, proxy }
        }
        Kind::Searched { engine, terms } => What::Searched { engine, terms },
        Kind::Spared { host } => What::Spared { host },
        Kind::Certificate { trusted } => What::Certificate { trusted },
        Kind::Unidentified { wrong_credential, count, .. } => What::Unidentified { wrong_credential, count },
        Kind::Lost { count, .. } => What::Lost { count },
    };
    Activity {
        at: first,
        until: event.at,
        device: event.device.map(DeviceId),
        group: event.group,
        proven: event.confidence == Confidence::Proven,
        what,
    }
}

fn probed(result: gateway::probe::ProbeResult) -> ProbeResult {
    ProbeResult {
        group: result.group,
        path: way(result.way).to_owned(),
        what: result.what,
        expected: result.expected,
        got: result.got,
        passed: result.passed,
    }
}

fn way(way: gateway::probe::Way) -> &'static str {
    match way {
        gateway::probe::Way::Dns => "dns",
        gateway::probe::Way::DnsOverTls => "dns over tls",
        gateway::probe::Way::DnsOverHttps => "dns over https",
        gateway::probe::Way::Proxy => "proxy",
        gateway::probe::Way::BlockPage => "block page",
    }
}

fn word(route: Route) -> &'static str {
    match route {
        Route::Dns => "dns",
        Route::Proxy => "proxy",
        Route::BlockPage => "block page",
    }
}
