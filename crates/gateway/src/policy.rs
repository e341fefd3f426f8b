//! The policy in force, and the one place where this crate decides and records.
//!
//! Every way in (DNS, proxy, block page) makes a [`Client`] from what its connection shows and asks [`Gate::decide`];
//! nothing else may let a request through.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use filter::{
    Audience, CanonicalUrl, Cause, Confidence, Device, Evidence, Group, Host, Lists, Outcome, PolicySnapshot, Prepared,
    Request, SealedTier, Verdict,
};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use smol_str::SmolStr;
use uuid::Uuid;

use crate::activity::{Kind, Route};
use crate::neighbours::Neighbours;
use crate::presence::Presence;
use crate::spool::{Fact, Recorder, Subject};
use crate::status;
use crate::{Clock, Error, baseline, probe};

/// What stands in the place of a rule where something else blocked. So that whoever approves something sees which helpers it
/// asked for (S34), and whoever reads the activity why.
fn in_place_of_a_rule(cause: &Cause) -> Option<SmolStr> {
    let word = match cause {
        Cause::NotApproved => "not_approved",
        Cause::Hours { .. } => "hours",
        Cause::NoSession => "no_session",
        Cause::SafeSearch { .. } => "safe_search",
        Cause::NoData => "no_data",
        _ => return None,
    };
    Some(SmolStr::new_static(word))
}

/// One policy, indexed, with the lists it is decided against.
#[derive(Debug)]
pub(crate) struct Policy {
    prepared: Prepared,
    sealed: Arc<SealedTier>,
    lists: Lists,
    devices: HashMap<Uuid, usize, foldhash::fast::RandomState>,
    neighbours: Arc<Neighbours>,
    pub(crate) state: status::Policy,
}

impl Policy {
    /// A verified snapshot.
    pub(crate) fn from_snapshot(
        snapshot: PolicySnapshot,
        sealed: Arc<SealedTier>,
        lists: Lists,
        neighbours: Arc<Neighbours>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let state = status::Policy::Snapshot { version: snapshot.version, made_at: snapshot.made_at, since: now };
        let mut snapshot = snapshot;
        snapshot.networks.retain(|network| network.until.is_none_or(|until| now < until));
        Self::new(snapshot, sealed, lists, neighbours, state)
    }

    /// The built-in one. It never uses lists: what they allow is not known to be wanted (S30).
    pub(crate) fn baseline(
        why: &str,
        sealed: Arc<SealedTier>,
        neighbours: Arc<Neighbours>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let state = status::Policy::Baseline { why: why.into() };
        Self::new(baseline::snapshot(now), sealed, Lists::missing(), neighbours, state)
    }

    /// A technician's role card, while no snapshot can be read (S30).
    pub(crate) fn role_card(
        card: PolicySnapshot,
        sealed: Arc<SealedTier>,
        lists: Lists,
        neighbours: Arc<Neighbours>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let state = status::Policy::RoleCard { made_at: card.made_at, since: now };
        Self::new(card, sealed, lists, neighbours, state)
    }

    fn new(
        snapshot: PolicySnapshot,
        sealed: Arc<SealedTier>,
        lists: Lists,
        neighbours: Arc<Neighbours>,
        state: status::Policy,
    ) -> Result<Self, Error> {
        let devices = snapshot.devices.iter().enumerate().map(|(at, d)| (d.id, at)).collect();
        let version = snapshot.version;
        let prepared = Prepared::new(snapshot, sealed.clone())
            .map_err(|e| Error::Snapshot { path: format!("version {version}").into(), why: e.to_string() })?;
        Ok(Self { prepared, sealed, lists, devices, neighbours, state })
    }

    /// The same policy against other lists, and another sealed tier. The baseline stays without lists, never without the
    /// sealed tier.
    pub(crate) fn with(&self, lists: Lists, sealed: Arc<SealedTier>) -> Result<Self, Error> {
        let lists = if self.is_baseline() { Lists::missing() } else { lists };
        Self::new(self.snapshot().clone(), sealed, lists, self.neighbours.clone(), self.state.clone())
    }

    /// The same policy without the networks that have ended since, if any has: a guest's voucher runs out here too, while
    /// the rest of the program is away (S30).
    pub(crate) fn without_ended(&self, now: Timestamp) -> Option<Result<Self, Error>> {
        let ended = |network: &filter::policy::Network| network.until.is_some_and(|until| until <= now);
        self.snapshot().networks.iter().any(ended).then(|| {
            let mut snapshot = self.snapshot().clone();
            snapshot.networks.retain(|network| !ended(network));
            Self::new(snapshot, self.sealed.clone(), self.lists.clone(), self.neighbours.clone(), self.state.clone())
        })
    }

    pub(crate) fn snapshot(&self) -> &PolicySnapshot {
        self.prepared.snapshot()
    }

    pub(crate) fn sealed_status(&self) -> filter::SealedStatus {
        self.sealed.status()
    }

    pub(crate) fn is_baseline(&self) -> bool {
        matches!(self.state, status::Policy::Baseline { .. })
    }

    pub(crate) fn device(&self, id: Uuid) -> Option<&Device> {
        self.snapshot().devices.get(*self.devices.get(&id)?)
    }

    /// For whom a group is; an unknown one is the strictest.
    pub(crate) fn audience(&self, group: &str) -> Audience {
        self.group(group).map_or(Audience::Children, |g| g.audience)
    }

    /// Whether the network can show this device: it has a hardware address, or an address that is no loopback.
    pub(crate) fn may_be_seen(&self, device: &Device) -> bool {
        device.mac.is_some() || device.source_addresses.iter().any(|address| !address.is_loopback())
    }

    /// A device of the register as the subject of an event that no connection made.
    pub(crate) fn known(&self, id: Uuid) -> Subject {
        let group = self.device(id).map_or(self.snapshot().strictest.as_str(), |device| device.group.as_str());
        Subject { device: Some(id), person: None, group: group.into(), confidence: Confidence::Address }
    }

    fn group(&self, id: &str) -> Option<&Group> {
        let snapshot = self.snapshot();
        snapshot.groups.get(id).or_else(|| snapshot.groups.get(&snapshot.strictest))
    }

    /// What a group's schedules make of this moment.
    pub(crate) fn hours<'g>(&self, group: &'g Group, now: Timestamp) -> filter::hours::InForce<'g> {
        self.prepared.hours(group, now)
    }

    /// The devices that are held at `now`.
    pub(crate) fn held(&self, now: Timestamp) -> impl Iterator<Item = Uuid> {
        self.snapshot().holds.iter().filter(move |h| h.until.is_none_or(|end| now < end)).map(|h| h.device)
    }

    /// Who asks. Whoever is not known falls in the strictest group (S33).
    pub(crate) fn client(&self, address: IpAddr, proxy: Option<(&str, &str)>) -> Client {
        self.identify(address, proxy, None)
    }

    /// Who asks on a DNS connection that shows `secret`: the last part of its path, or of the server's name.
    pub(crate) fn asker(&self, address: IpAddr, secret: Option<&str>) -> Client {
        self.identify(address, None, secret)
    }

    fn identify(&self, address: IpAddr, proxy: Option<(&str, &str)>, doh_path: Option<&str>) -> Client {
        let address = address.to_canonical();
        let mac = self.prepared.knows_hardware_addresses().then(|| self.neighbours.mac(address)).flatten();
        let identity = self.prepared.identify(&Evidence { proxy, doh_path, addr: Some(address), mac });
        let device = identity.device.and_then(|id| self.device(id));
        let audience = self.group(&identity.group).map_or(Audience::Children, |g| g.audience);
        Client {
            address,
            audience,
            shows_block_page: device.is_some_and(|d| d.shows_block_page),
            probe: identity.device.is_some_and(probe::is_probe),
            wrong_credential: (proxy.is_some() || doh_path.is_some()) && identity.confidence == Confidence::Mismatch,
            subject: Subject {
                device: identity.device,
                person: match (identity.confidence, audience) {
                    (_, Audience::Guests) => None,
                    (Confidence::Proven, _) => device.and_then(|d| d.person),
                    _ => None,
                },
                group: identity.group,
                confidence: identity.confidence,
            },
        }
    }

    /// The same client under this policy, for what it has open since an earlier one.
    pub(crate) fn again(&self, before: &Client) -> Client {
        let known = before.subject.device.and_then(|id| self.device(id));
        let group = match (known, before.subject.confidence) {
            (Some(device), _) => device.group.as_str(),
            // Nobody of the register: asked again, by where it stands.
            (None, Confidence::Unknown) => return self.client(before.address, None),
            (None, Confidence::Address) if before.subject.device.is_none() => return self.client(before.address, None),
            (None, _) => self.snapshot().strictest.as_str(),
        };
        let mut client = before.clone();
        client.subject.device = known.map(|device| device.id);
        client.shows_block_page = known.is_some_and(|device| device.shows_block_page);
        client.subject.group = group.into();
        client.audience = self.group(group).map_or(Audience::Children, |g| g.audience);
        client
    }

    /// Whether a name is on the never-log list or always answered: nobody comes between.
    pub(crate) fn is_spared(&self, host: &Host) -> bool {
        let Host::Name(name) = host else { return true };
        let snapshot = self.snapshot();
        name.suffixes().any(|part| snapshot.never_log.contains(part) || snapshot.always.contains(part))
    }

    /// Whether this credential belongs to no device at all, apart from where it comes from.
    pub(crate) fn refuses_credential(&self, proxy: (&str, &str)) -> bool {
        let evidence = Evidence { proxy: Some(proxy), ..Evidence::default() };
        self.prepared.identify(&evidence).confidence != Confidence::Proven
    }

    /// For who has several questions at hand; see [`Lists::ahead`].
    pub(crate) fn ahead(&self) -> Option<filter::Ahead<'_>> {
        self.lists.ahead()
    }

    /// Decides, without recording.
    pub(crate) fn verdict(&self, client: &Client, host: &Host, url: Option<&CanonicalUrl>, now: Timestamp) -> Verdict {
        self.verdict_on(client, host, url, None, now)
    }

    /// The same for a DNS question of this type, at which some lists' rules look.
    pub(crate) fn verdict_on(
        &self,
        client: &Client,
        host: &Host,
        url: Option<&CanonicalUrl>,
        rtype: Option<u16>,
        now: Timestamp,
    ) -> Verdict {
        filter::decide(&self.prepared, &self.lists, &Request { url, rtype, ..request(client, host) }, now)
    }

    /// Why a name or address behind an opened name stays closed all the same.
    pub(crate) fn locked_behind(&self, client: &Client, host: &Host) -> Option<Verdict> {
        filter::locked_behind(&self.prepared, &self.lists, &request(client, host))
    }
}

fn request<'a>(client: &'a Client, host: &'a Host) -> Request<'a> {
    Request { device: client.subject.device, from: Some(client.address), ..Request::of(&client.subject.group, host) }
}

/// Who asks, as far as the connection shows.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) address: IpAddr,
    pub(crate) audience: Audience,
    pub(crate) shows_block_page: bool,
    pub(crate) wrong_credential: bool,
    pub(crate) probe: bool,
    pub(crate) subject: Subject,
}

/// By which way somebody asks, as far as a decision looks at it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asking {
    /// A DNS question of this type.
    Dns(u16),
    /// The proxy.
    Proxy,
}

impl Asking {
    fn route(self) -> Route {
        match self {
            Self::Dns(_) => Route::Dns,
            Self::Proxy => Route::Proxy,
        }
    }
}

/// The policy in force with the recorder beside it.
#[derive(Debug)]
pub(crate) struct Gate {
    policy: ArcSwap<Policy>,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) presence: Presence,
    pub(crate) clock: Clock,
    /// Makes digests of sealed names useless outside this gateway, and tickets of the help button unguessable.
    secret: [u8; 32],
}

impl Gate {
    pub(crate) fn new(policy: Policy, recorder: Arc<Recorder>, clock: Clock, secret: [u8; 32]) -> Self {
        Self { policy: ArcSwap::from_pointee(policy), recorder, presence: Presence::default(), clock, secret }
    }

    /// The policy in force now. Hold it for one request, not longer.
    pub(crate) fn policy(&self) -> Arc<Policy> {
        self.policy.load_full()
    }

    /// Puts another policy in force. Requests under way end under the one they began with.
    pub(crate) fn swap(&self, policy: Policy) {
        self.policy.store(Arc::new(policy));
    }

    /// Decides, and records if it is a block. What is let through is recorded with [`Gate::record`] once it is known
    /// that no alias of it is blocked.
    pub(crate) fn decide(
        &self,
        policy: &Policy,
        client: &Client,
        host: &Host,
        url: Option<&CanonicalUrl>,
        asking: Asking,
        now: Timestamp,
    ) -> Verdict {
        self.presence.asked(client, asking.route(), now);
        let rtype = if let Asking::Dns(rtype) = asking { Some(rtype) } else { None };
        let verdict = policy.verdict_on(client, host, url, rtype, now);
        let route = asking.route();
        if verdict.outcome == Outcome::Block {
            self.record(client, host, &verdict, route, now);
        }
        verdict
    }

    /// Records what was decided; the never-log list, our own pages and probes leave nothing (S23).
    pub(crate) fn record(&self, client: &Client, host: &Host, verdict: &Verdict, route: Route, now: Timestamp) {
        if client.probe || matches!(verdict.cause, Cause::NeverLogged | Cause::Always) {
            return;
        }
        let stranger = matches!(client.subject.confidence, Confidence::Unknown | Confidence::Mismatch);
        let stranger = stranger.then_some((
            &client.subject,
            Fact::Unidentified { address: client.address, wrong_credential: client.wrong_credential },
        ));
        if filter::probe::is_sealed(host) {
            // The self-test's own name stands for nothing: whoever asks for it must not frighten the leads.
            return self.recorder.note(stranger, now);
        }
        let blocked = verdict.outcome == Outcome::Block;
        let guest = client.audience == Audience::Guests;
        let subject = if guest {
            &Subject { device: None, confidence: Confidence::Unknown, ..client.subject.clone() }
        } else {
            &client.subject
        };
        let fact = match &verdict.cause {
            Cause::Sealed => {
                self.recorder.note(stranger, now);
                let kind = Kind::Sealed { keyed_hash: self.keyed_hash(&host.text()), route };
                // It names no one (S22), also where a credential would.
                return self.recorder.alert(Subject { person: None, ..subject.clone() }, kind, now);
            }
            _ if guest => Fact::Guests { blocked },
            Cause::Held => Fact::Held,
            _ if !blocked => Fact::Allowed { host: host.text() },
            Cause::Bypass { what } => Fact::Bypass { what: what.clone(), host: host.text(), route },
            cause => {
                let (category, rule) = match cause {
                    Cause::Category { category, .. } => (Some(category.clone()), None),
                    Cause::Rule { rule, .. } => (None, Some(SmolStr::new(rule))),
                    other => (None, in_place_of_a_rule(other)),
                };
                Fact::Blocked { host: host.text(), category, rule, route }
            }
        };
        self.recorder.note(stranger.into_iter().chain([(subject, fact)]), now);
    }

    /// A digest that only this gateway can make again.
    pub(crate) fn keyed_hash(&self, text: &str) -> String {
        let digest = Sha256::new().chain_update(self.secret).chain_update(text).finalize();
        hex::encode(digest)
    }
}
