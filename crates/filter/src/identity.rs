//! Who asks: what a connection shows → device and group (S33).
//!
//! What it is: the order of trust: a secret that only one device has (proxy credential, DoH path), then the hardware
//! address seen now, then a reserved address, last the network; anything that contradicts itself proves nothing.
//! What it is not: a sign-in. No account's password is a proxy password, and an address alone never names a person.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::prepared::{self, Place};
use crate::{Device, Prepared};

/// What a connection shows of who it is. Leave out what the transport does not have.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence<'a> {
    /// Proxy user name and password, both as sent.
    pub proxy: Option<(&'a str, &'a str)>,
    /// Path segment of the DoH address (or the first label of the DoT name).
    pub doh_path: Option<&'a str>,
    /// Where the packet came from.
    pub addr: Option<IpAddr>,
    /// The hardware address that the neighbour table has for it now.
    pub mac: Option<[u8; 6]>,
}

/// How sure we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// A secret that only this device has: proxy credential or DoH path. Activity may name the person.
    Proven,
    /// A hardware or a reserved address, or a network of the policy. Names the device at most, never a person.
    Address,
    /// Nothing that we know. Strictest group.
    Unknown,
    /// Pieces of evidence that contradict each other, or a wrong secret. Strictest group, and an event.
    Mismatch,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The device of the register.
    pub device: Option<Uuid>,
    /// Its group's id, or the strictest.
    pub group: Arc<str>,
    /// How sure.
    pub confidence: Confidence,
}

/// What one piece of evidence says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    /// It is not there, or means nobody.
    Nothing,
    /// The device at this place.
    Device(usize),
    /// It claims to be a secret of ours and is not.
    Wrong,
}

impl Prepared {
    /// Says who asks. Never fails: whoever is not known, or contradicts himself, falls in the strictest group.
    pub fn identify(&self, evidence: &Evidence<'_>) -> Identity {
        let proxy = evidence.proxy.map_or(Says::Nothing, |(user, password)| self.proxy_user(user, password));
        let doh = evidence.doh_path.map_or(Says::Nothing, |path| secret(self.by_doh_path.get(path)));
        let address = evidence.addr.map_or(Says::Nothing, |addr| match self.by_address.get(&addr.to_canonical()) {
            Some(Some(at)) => Says::Device(*at),
            _ => Says::Nothing,
        });
        let mac = evidence.mac.map_or(Says::Nothing, |seen| match self.by_mac.get(&seen) {
            Some(Some(at)) => Says::Device(*at),
            _ => Says::Nothing,
        });
        if let (Says::Device(at), Says::Nothing, Says::Nothing, Says::Nothing) = (address, proxy, doh, mac)
            && self.has_another_mac(at, evidence.mac)
        {
            return self.strictest(Confidence::Mismatch);
        }
        let mut named = None;
        for says in [proxy, doh, mac, address] {
            match (says, named) {
                (Says::Nothing, _) => {}
                (Says::Device(at), None) => named = Some(at),
                (Says::Device(at), Some(other)) if at == other => {}
                (Says::Device(_), Some(_)) | (Says::Wrong, _) => {
                    return self.strictest(Confidence::Mismatch);
                }
            }
        }
        let device = named.and_then(|at| self.snapshot().devices.get(at));
        let group = device.and_then(|device| self.groups.get_key_value(device.group.as_str()));
        match (device, group) {
            (Some(device), Some((group, _))) => {
                let proven = proxy != Says::Nothing || doh != Says::Nothing;
                let confidence = if proven { Confidence::Proven } else { Confidence::Address };
                Identity { device: Some(device.id), group: Arc::clone(group), confidence }
            }
            _ => self.of_the_network(evidence.addr).unwrap_or_else(|| self.strictest(Confidence::Unknown)),
        }
    }

    /// Whether the register knows the device by another hardware address than the one that is seen: somebody took its
    /// reserved address.
    fn has_another_mac(&self, at: usize, seen: Option<[u8; 6]>) -> bool {
        let registered = self.snapshot().devices.get(at).and_then(|device| device.mac.as_deref());
        seen.zip(registered.and_then(prepared::mac)).is_some_and(|(seen, registered)| seen != registered)
    }

    /// Nobody in particular, on a network that the policy names.
    fn of_the_network(&self, addr: Option<IpAddr>) -> Option<Identity> {
        let addr = addr?.to_canonical();
        let (_, group) = self.networks.iter().find(|(range, _)| range.holds(addr))?;
        Some(Identity { device: None, group: Arc::clone(group), confidence: Confidence::Address })
    }

    fn proxy_user(&self, user: &str, password: &str) -> Says {
        let says = secret(self.by_proxy_user.get(user));
        let Says::Device(at) = says else { return says };
        match self.snapshot().devices.get(at) {
            Some(device) if is_password(device, password) => says,
            _ => Says::Wrong,
        }
    }

    fn strictest(&self, confidence: Confidence) -> Identity {
        Identity { device: None, group: Arc::clone(&self.strictest), confidence }
    }
}

/// A secret that two devices share, or none has, is a wrong one.
fn secret(place: Option<&Place>) -> Says {
    place.copied().flatten().map_or(Says::Wrong, Says::Device)
}

fn is_password(device: &Device, password: &str) -> bool {
    let mut stored = [0_u8; 32];
    let readable =
        device.proxy_password_sha256.as_deref().is_some_and(|text| hex::decode_to_slice(text, &mut stored).is_ok());
    let sent = Sha256::digest(password.as_bytes());
    readable && bool::from(sent.as_slice().ct_eq(&stored))
}
