//! The policy snapshot, indexed so that a decision takes no search, together with the sealed tier.
//!
//! What it is: the check of a snapshot and its maps. What it is not: the decision ([`crate::decide`]) or who asks
//! ([`crate::identity`]). To add an indexed part: a field here, filled in [`Prepared::new`].

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::hours::{Clocks, InForce};
use crate::name::suffixes;
use crate::part::Part;
use crate::policy::FORMAT;
use crate::sealed::case::CaseTier;
use crate::{CanonicalUrl, Device, Group, Host, NameRule, PartRule, PolicySnapshot, SealedTier};

/// Every question asks several of these. Nobody from outside can put a key into one.
pub(crate) type HashMap<K, V> = std::collections::HashMap<K, V, foldhash::fast::RandomState>;

/// Why a snapshot cannot be used. The gateway keeps its last good one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A newer program wrote it.
    #[error("this policy has format {found}; this program reads up to {known}. Update this gateway")]
    Format {
        /// What it says.
        found: u16,
        /// What we read.
        known: u16,
    },
    /// It speaks of a group that it does not hold.
    #[error("{what} names the group “{group}”, which the policy does not hold")]
    Group {
        /// Who speaks.
        what: String,
        /// The id.
        group: String,
    },
    /// A network is none.
    #[error("“{0}” is not a network such as 192.168.20.0/24")]
    Network(String),
    /// Hours in a time zone that this machine does not know.
    #[error("the time zone “{zone}” is not known here: {source}")]
    Zone {
        /// Its name.
        zone: String,
        /// Why.
        source: jiff::Error,
    },
    /// A part of a site is none.
    #[error("“{part}” among the parts of sites of {group} is none: {source}")]
    Part {
        /// The text.
        part: String,
        /// Whose.
        group: String,
        /// Why.
        source: crate::part::PartError,
    },
    /// A rule's name is no name.
    #[error("“{name}” in {place} is not a host name: {source}")]
    Name {
        /// The text.
        name: String,
        /// Where it stands.
        place: String,
        /// Why.
        source: crate::NameError,
    },
}

/// A snapshot ready to decide with, together with the sealed tier, which no snapshot can leave out.
#[derive(Debug)]
pub struct Prepared {
    snapshot: Arc<PolicySnapshot>,
    sealed: Arc<SealedTier>,
    case: CaseTier,
    pub(crate) groups: HashMap<Arc<str>, Rules>,
    pub(crate) strictest: Arc<str>,
    named: HashMap<Box<str>, Named>,
    clocks: Option<Clocks>,
    holds: HashMap<Uuid, Vec<Option<Timestamp>>>,
    pub(crate) by_proxy_user: HashMap<Box<str>, Place>,
    pub(crate) by_doh_path: HashMap<Box<str>, Place>,
    pub(crate) by_address: HashMap<IpAddr, Place>,
    pub(crate) by_mac: HashMap<[u8; 6], Place>,
    /// The longest first.
    pub(crate) networks: Vec<(IpNetwork, Arc<str>)>,
    by_id: HashMap<Uuid, usize>,
}

/// A device's place in the snapshot; `None` when two devices claim the same mark, which then proves neither.
pub(crate) type Place = Option<usize>;

/// What holds for a name before any group's rules are asked.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Named {
    /// It always resolves, and is never recorded (S23).
    pub(crate) never_log: bool,
    /// It always resolves (S30).
    pub(crate) always: bool,
    /// It is a way round the filter; which, in plain words.
    pub(crate) bypass: Option<&'static str>,
}

/// A group's rules by name.
#[derive(Debug)]
pub(crate) struct Rules {
    /// Its id, for the way back into the snapshot.
    id: Arc<str>,
    block: HashMap<Box<str>, Vec<usize>>,
    allow: HashMap<Box<str>, Vec<usize>>,
    /// Host → parts of it, each with its place in the group.
    parts: HashMap<Box<str>, Vec<(Part, usize)>>,
}

/// A host as far as only parts of it are approved.
#[derive(Debug)]
pub(crate) enum PartMet<'g> {
    /// The address is inside such a part.
    Inside(&'g PartRule),
    /// There is such a part, and the path shows the host alone.
    Unseen,
}

impl Prepared {
    /// Checks and indexes a snapshot.
    ///
    /// # Errors
    /// [`PolicyError`]: a newer format, a group that is not there, a rule whose name is none.
    pub fn new(snapshot: PolicySnapshot, sealed: Arc<SealedTier>) -> Result<Self, PolicyError> {
        if snapshot.format > FORMAT {
            return Err(PolicyError::Format { found: snapshot.format, known: FORMAT });
        }
        let known = |what: String, group: &str| match snapshot.groups.contains_key(group) {
            true => Ok(()),
            false => Err(PolicyError::Group { what, group: group.to_owned() }),
        };
        known("The rule for unknown devices".into(), &snapshot.strictest)?;
        let mut groups = HashMap::default();
        for (id, group) in &snapshot.groups {
            let id: Arc<str> = Arc::from(id.as_str());
            let block = index(&group.block, || format!("the block rules of {}", group.name))?;
            let allow = index(&group.allow, || format!("the allow rules of {}", group.name))?;
            let mut parts: HashMap<Box<str>, Vec<(Part, usize)>> = HashMap::default();
            for (at, rule) in group.parts.iter().enumerate() {
                let part = Part::parse(&rule.part).map_err(|source| PolicyError::Part {
                    part: rule.part.clone(),
                    group: group.name.clone(),
                    source,
                })?;
                parts.entry(part.host().to_string().into_boxed_str()).or_default().push((part, at));
            }
            groups.insert(Arc::clone(&id), Rules { id, block, allow, parts });
        }
        let (mut by_proxy_user, mut by_doh_path, mut by_address) =
            (HashMap::default(), HashMap::default(), HashMap::default());
        let (mut by_id, mut by_mac) = (HashMap::default(), HashMap::default());
        for (at, device) in snapshot.devices.iter().enumerate() {
            known(format!("The device “{}”", device.name), &device.group)?;
            by_id.insert(device.id, at);
            if let Some(user) = &device.proxy_user {
                claim(&mut by_proxy_user, Box::from(user.as_str()), at);
            }
            if let Some(path) = &device.doh_path {
                claim(&mut by_doh_path, Box::from(path.as_str()), at);
            }
            if let Some(mac) = device.mac.as_deref().and_then(mac) {
                claim(&mut by_mac, mac, at);
            }
            for address in &device.source_addresses {
                claim(&mut by_address, address.to_canonical(), at);
            }
        }
        let mut networks = Vec::new();
        for network in &snapshot.networks {
            known(format!("The network {}", network.cidr), &network.group)?;
            let range = IpNetwork::parse(&network.cidr).ok_or_else(|| PolicyError::Network(network.cidr.clone()))?;
            networks.push((range, Arc::from(network.group.as_str())));
        }
        networks.sort_by_key(|(range, _)| std::cmp::Reverse(range.bits));
        for session in &snapshot.sessions {
            known("A session".into(), &session.group)?;
        }
        // Only who keeps hours needs to know the time of day.
        let clocks = match snapshot.groups.values().any(|group| !group.hours.is_empty()) {
            true => Some(
                Clocks::new(&snapshot.calendar)
                    .map_err(|source| PolicyError::Zone { zone: snapshot.calendar.zone.clone(), source })?,
            ),
            false => None,
        };
        let mut holds: HashMap<Uuid, Vec<_>> = HashMap::default();
        for hold in &snapshot.holds {
            holds.entry(hold.device).or_default().push(hold.until);
        }
        Ok(Self {
            strictest: Arc::from(snapshot.strictest.as_str()),
            named: named(&snapshot)?,
            groups,
            clocks,
            holds,
            by_proxy_user,
            by_doh_path,
            by_address,
            by_mac,
            networks,
            by_id,
            case: CaseTier::new(&snapshot.case_addresses),
            snapshot: Arc::new(snapshot),
            sealed,
        })
    }

    /// The snapshot itself: names, contact, rooms for the block page.
    pub fn snapshot(&self) -> &PolicySnapshot {
        &self.snapshot
    }

    /// The sealed tier that stands before it.
    pub fn sealed(&self) -> &SealedTier {
        &self.sealed
    }

    /// A concern speaks of this address (S19).
    pub(crate) fn is_of_a_case(&self, host: &Host, url: Option<&CanonicalUrl>) -> bool {
        self.case.holds(host, url)
    }

    /// A device of the register.
    pub fn device(&self, id: Uuid) -> Option<&Device> {
        self.by_id.get(&id).and_then(|at| self.snapshot.devices.get(*at))
    }

    /// The group with this id, or the strictest.
    pub fn group(&self, id: &str) -> Option<&Group> {
        self.snapshot.groups.get(id).or_else(|| self.snapshot.groups.get(&self.snapshot.strictest))
    }

    /// Whether any device is known by its hardware address; if none is, nobody need look for them.
    pub fn knows_hardware_addresses(&self) -> bool {
        !self.by_mac.is_empty()
    }

    /// Whether the device is cut off at this time.
    pub fn is_held(&self, device: Uuid, now: Timestamp) -> bool {
        self.holds.get(&device).is_some_and(|ends| ends.iter().any(|end| end.is_none_or(|end| end > now)))
    }

    /// What a group's schedules make of this moment.
    pub fn hours<'g>(&self, group: &'g Group, now: Timestamp) -> InForce<'g> {
        InForce::at(group, self.clocks.as_ref(), now)
    }

    /// Whether a session is open for a group where this device is. A device without a room, or that nobody knows, is in
    /// none.
    pub fn has_session(&self, group: &str, device: Option<Uuid>, now: Timestamp) -> bool {
        let room = device.and_then(|id| self.device(id)).and_then(|device| device.room.as_deref());
        self.snapshot.sessions.iter().any(|session| {
            session.group == group
                && now < session.until
                && device.is_some()
                && (session.room.is_none() || session.room.as_deref() == room)
        })
    }

    pub(crate) fn rules(&self, group: &str) -> Option<(&Group, &Rules)> {
        let rules = self.groups.get(group).or_else(|| self.groups.get(&self.strictest))?;
        Some((self.snapshot.groups.get(&*rules.id)?, rules))
    }

    /// What holds for a host whatever its group: the marks of the name and of those above it.
    pub(crate) fn named(&self, host: &str) -> Named {
        let mut all = Named::default();
        for found in suffixes(host).filter_map(|suffix| self.named.get(suffix)) {
            all.never_log |= found.never_log;
            all.always |= found.always;
            all.bypass = all.bypass.or(found.bypass);
        }
        all
    }
}

impl Rules {
    /// The group's own id, whatever was asked for.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The block rule in force for this host: the most specific name's first.
    pub(crate) fn block<'g>(&self, group: &'g Group, host: &str, now: Timestamp) -> Option<&'g NameRule> {
        in_force(&self.block, &group.block, host, now)
    }

    /// The allow rule in force for this host: the most specific name's first.
    pub(crate) fn allow<'g>(&self, group: &'g Group, host: &str, now: Timestamp) -> Option<&'g NameRule> {
        in_force(&self.allow, &group.allow, host, now)
    }

    /// What of the parts of this host meets this address.
    pub(crate) fn part<'g>(
        &self,
        group: &'g Group,
        host: &Host,
        url: Option<&CanonicalUrl>,
        now: Timestamp,
    ) -> Option<PartMet<'g>> {
        if self.parts.is_empty() {
            return None;
        }
        let mut standing = self.parts.get(&*host.to_string())?.iter().filter_map(|(part, at)| {
            let rule = group.parts.get(*at).filter(|rule| rule.until.is_none_or(|until| until > now))?;
            Some((part, rule))
        });
        match url {
            Some(url) => standing.find(|(part, _)| part.holds(url)).map(|(_, rule)| PartMet::Inside(rule)),
            None => standing.next().map(|_| PartMet::Unseen),
        }
    }
}

fn in_force<'g>(
    index: &HashMap<Box<str>, Vec<usize>>,
    rules: &'g [NameRule],
    host: &str,
    now: Timestamp,
) -> Option<&'g NameRule> {
    if index.is_empty() {
        return None;
    }
    suffixes(host)
        .filter_map(|suffix| index.get(suffix))
        .flatten()
        .filter_map(|at| rules.get(*at))
        .find(|rule| rule.until.is_none_or(|until| until > now))
}

fn index(rules: &[NameRule], place: impl Fn() -> String) -> Result<HashMap<Box<str>, Vec<usize>>, PolicyError> {
    let mut index: HashMap<Box<str>, Vec<usize>> = HashMap::default();
    for (at, rule) in rules.iter().enumerate() {
        index.entry(canonical(&rule.name, &place)?).or_default().push(at);
    }
    Ok(index)
}

fn named(snapshot: &PolicySnapshot) -> Result<HashMap<Box<str>, Named>, PolicyError> {
    let mut named: HashMap<Box<str>, Named> = HashMap::default();
    for name in &snapshot.never_log {
        named.entry(canonical(name, || "the never-log list".to_owned())?).or_default().never_log = true;
    }
    for name in &snapshot.always {
        named.entry(canonical(name, || "the list of names that always resolve".to_owned())?).or_default().always = true;
    }
    for (name, what) in crate::decide::ways_round() {
        named.entry(name.into()).or_default().bypass = Some(what);
    }
    Ok(named)
}

fn canonical(name: &str, place: impl Fn() -> String) -> Result<Box<str>, PolicyError> {
    Host::parse(name).map(|host| host.to_string().into_boxed_str()).map_err(|source| PolicyError::Name {
        name: name.to_owned(),
        place: place(),
        source,
    })
}

/// `aa:bb:cc:dd:ee:ff` as bytes.
pub(crate) fn mac(text: &str) -> Option<[u8; 6]> {
    let mut bytes = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut bytes {
        *byte = u8::from_str_radix(parts.next().filter(|part| part.len() == 2)?, 16).ok()?;
    }
    parts.next().is_none().then_some(bytes)
}

/// Addresses that begin alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IpNetwork {
    start: u128,
    bits: u8,
}

impl IpNetwork {
    /// IPv4 counts as the mapped part of IPv6, so that one comparison serves both.
    fn number(ip: IpAddr) -> u128 {
        match ip {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
            IpAddr::V6(v6) => v6.to_bits(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        let (address, length) = (address.parse::<IpAddr>().ok()?, length.parse::<u8>().ok()?);
        let (most, before) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
        (length <= most).then(|| {
            let bits = before + length;
            Self { start: Self::number(address) & Self::mask(bits), bits }
        })
    }

    fn mask(bits: u8) -> u128 {
        u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)
    }

    pub(crate) fn holds(self, ip: IpAddr) -> bool {
        Self::number(ip) & Self::mask(self.bits) == self.start
    }
}

fn claim<K: std::hash::Hash + Eq>(index: &mut HashMap<K, Place>, key: K, at: usize) {
    let place = index.entry(key).or_insert(Some(at));
    if *place != Some(at) {
        *place = None;
    }
}
