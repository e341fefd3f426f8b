//! Devices that are here and ask nothing: a sign that they ask somebody else.
//!
//! What it is: the register's devices that the neighbour table shows as reachable, against when each last asked for
//! anything, by DNS or proxy. What it is not: proof. A tablet that sleeps with its Wi-Fi on looks the same, so the words
//! are "on the network, and silent"; and behind a router nobody is seen at all.
//!
//! The kernel asks for the hardware address of those whom somebody wants to reach. So that it does, each device's
//! reserved address inside the building is sent one empty datagram a minute, to the port that throws things away.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, UdpSocket};

use filter::Audience;
use jiff::Timestamp;
use uuid::Uuid;

use crate::activity::{Kind, Route};
use crate::dns::packed::is_of_the_house;
use crate::lock::Mutex;
use crate::neighbours::Neighbours;
use crate::policy::{Client, Gate, Policy};

/// A device that is here and silent for so long is spoken of, seconds.
const SILENT: i64 = 3600;
/// One that was not reachable for so long has gone, seconds.
const GONE: i64 = 300;
/// It is said once in this time, seconds.
const SAY_AGAIN: i64 = 86_400;
/// The discard service (RFC 863).
const DISCARD: u16 = 9;

/// When each device last asked, and since when it is here.
#[derive(Debug, Default)]
pub(crate) struct Presence(Mutex<HashMap<Uuid, Seen, foldhash::fast::RandomState>>);

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    by_dns: Option<Timestamp>,
    by_proxy: Option<Timestamp>,
    /// Reachable since, and until.
    here: Option<(Timestamp, Timestamp)>,
    said: Option<Timestamp>,
}

impl Seen {
    /// Since when it is here without a word, if that is long.
    fn silent_since(&self, now: Timestamp) -> Option<Timestamp> {
        let (from, _) = self.here?;
        let since = self.by_dns.max(self.by_proxy).map_or(from, |asked| asked.max(from));
        (now.as_second() - since.as_second() >= SILENT).then_some(since)
    }
}

impl Presence {
    /// Notes that this device asked, and which way.
    pub(crate) fn asked(&self, client: &Client, way: Route, now: Timestamp) {
        let Some(device) = client.subject.device.filter(|_| !client.probe) else { return };
        let mut all = self.0.lock();
        let seen = all.entry(device).or_default();
        match way {
            Route::Dns => seen.by_dns = Some(now),
            Route::Proxy => seen.by_proxy = Some(now),
            // A page of ours is where a name or the proxy led; those were noted.
            Route::BlockPage => {}
        }
    }

    /// Whether this device asked our DNS, and our proxy, in the last hour.
    pub(crate) fn lately(&self, device: Uuid, now: Timestamp) -> (bool, bool) {
        let lately = |at: Option<Timestamp>| at.is_some_and(|at| now.as_second() - at.as_second() < SILENT);
        self.0.lock().get(&device).map_or((false, false), |seen| (lately(seen.by_dns), lately(seen.by_proxy)))
    }

    /// Looks who is here, and gives those that are here and silent, with whether that is to be said now.
    fn review(&self, policy: &Policy, neighbours: &Neighbours, now: Timestamp) -> Vec<(Uuid, Timestamp, bool)> {
        let table = neighbours.all();
        let here = |device: &filter::Device| {
            table.iter().any(|(address, neighbour)| {
                neighbour.reachable
                    && (device.source_addresses.contains(address)
                        || device.mac.as_deref() == Some(spelled(neighbour.mac).as_str()))
            })
        };
        let mut all = self.0.lock();
        let mut silent = Vec::new();
        all.retain(|id, _| policy.device(*id).is_some());
        for device in &policy.snapshot().devices {
            let watched = matches!(policy.audience(&device.group), Audience::Children | Audience::Adults);
            if !watched || !policy.may_be_seen(device) {
                continue;
            }
            let seen = all.entry(device.id).or_default();
            if here(device) {
                let from = seen.here.map_or(now, |(from, _)| from);
                seen.here = Some((from, now));
            } else if seen.here.is_some_and(|(_, last)| now.as_second() - last.as_second() >= GONE) {
                seen.here = None;
            }
            if let Some(since) = seen.silent_since(now) {
                let say = seen.said.is_none_or(|said| now.as_second() - said.as_second() >= SAY_AGAIN);
                if say {
                    seen.said = Some(now);
                }
                silent.push((device.id, since, say));
            }
        }
        silent
    }
}

/// Looks once: what is silent for the status, and an event for each that was not said yet.
pub(crate) fn look(gate: &Gate, neighbours: &Neighbours) -> BTreeMap<Uuid, Timestamp> {
    let (policy, now) = (gate.policy(), gate.clock.now());
    let silent = gate.presence.review(&policy, neighbours, now);
    for (device, since, _) in silent.iter().filter(|(_, _, say)| *say) {
        let subject = policy.known(*device);
        gate.recorder.alert(subject, Kind::Silent { since: *since }, now);
    }
    silent.into_iter().map(|(device, since, _)| (device, since)).collect()
}

/// Makes the kernel look for the devices inside the building.
pub(crate) fn knock(policy: &Policy) {
    let inside = |address: &IpAddr| is_of_the_house(*address) && !address.is_loopback() && !address.is_unspecified();
    let devices = policy.snapshot().devices.iter();
    for address in devices.flat_map(|device| &device.source_addresses).filter(|address| inside(address)) {
        let from: IpAddr = if address.is_ipv4() { [0; 4].into() } else { [0_u16; 8].into() };
        // Nobody listens there; that it cannot be sent says only that the device is not here.
        let _ = UdpSocket::bind((from, 0)).and_then(|socket| socket.send_to(&[], (*address, DISCARD)));
    }
}

fn spelled(mac: [u8; 6]) -> String {
    let [a, b, c, d, e, f] = mac;
    format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + 60 * minute).unwrap()
    }

    #[test]
    fn an_hour_without_a_word_is_silence_and_a_question_ends_it() {
        let mut seen = Seen { here: Some((at(0), at(30))), ..Seen::default() };
        assert_eq!(seen.silent_since(at(59)), None);
        assert_eq!(seen.silent_since(at(60)), Some(at(0)));
        seen.by_dns = Some(at(45));
        assert_eq!(seen.silent_since(at(60)), None);
        assert_eq!(seen.silent_since(at(105)), Some(at(45)));
        seen.here = None;
        assert_eq!(seen.silent_since(at(300)), None, "who is not here may be silent");
    }
}
