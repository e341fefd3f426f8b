//! An upstream's answer as bytes that are ready to go out: what would hide a connection's name from us is taken out
//! once, when it comes in; for each client only the id, the spelling of the question, the times and the EDNS record
//! are put in.
//!
//! What it is not: a decision. [`Packed::speaks_of`] says which other names and addresses an answer leads to, and
//! those are decided for each client, every time.

use std::net::IpAddr;

use filter::Host;
use hickory_proto::op::{Message, OpCode};
use hickory_proto::rr::rdata::svcb::{SvcParamKey, SvcParamValue};
use hickory_proto::rr::rdata::{HTTPS, SVCB};
use hickory_proto::rr::{RData, Record, RecordType};

use super::host_of;
use super::wire::{Code, HEADER, Question, u16_at, u32_at};

/// Most names and addresses of one answer that are looked at. An answer with more is nobody's page; it is refused.
const MOST: usize = 256;

/// An answer, ready.
#[derive(Debug)]
pub(crate) struct Packed {
    /// Header, question in lower case, records; no EDNS record.
    wire: Box<[u8]>,
    /// Where the records begin.
    records: usize,
    /// Where the times of records stand.
    ttls: Box<[u16]>,
    code: u8,
    authentic: bool,
    /// The other names and the addresses that it leads to.
    pub(crate) speaks_of: Box<[Host]>,
    /// Addresses of the question's type, in the order given.
    pub(crate) addresses: Box<[IpAddr]>,
    /// Whether it leads to an address that no public name has any business with.
    pub(crate) into_the_house: bool,
}

impl Packed {
    /// Packs an answer. `None` when it cannot be put into bytes, or speaks of more than [`MOST`] names.
    pub(crate) fn new(upstream: &Message) -> Option<Self> {
        let mut message = Message::response(0, OpCode::Query);
        message.metadata.response_code = upstream.metadata.response_code;
        let query = upstream.queries.first()?;
        message.add_query(query.clone());
        let mut changed = false;
        let mut record = |record: &Record| {
            let mut record = record.clone();
            changed |= strip_ech(&mut record.data);
            record
        };
        let answers: Vec<Record> = upstream.answers.iter().map(&mut record).collect();
        let authorities: Vec<Record> = upstream.authorities.iter().map(&mut record).collect();
        // Signatures over what we changed would be false.
        let keep = |record: &&Record| !changed || record.record_type() != RecordType::RRSIG;
        message.add_answers(answers.iter().filter(keep).cloned());
        message.add_authorities(authorities.iter().filter(keep).cloned());
        let (mut speaks_of, mut addresses) = (Vec::new(), Vec::new());
        for record in &answers {
            gather(&record.data, &mut speaks_of);
            addresses.extend(record.data.ip_addr());
        }
        if speaks_of.len() > MOST {
            return None;
        }
        let into_the_house = speaks_of.iter().any(|host| matches!(host, Host::Ip(ip) if is_of_the_house(*ip)));
        let mut wire = message.to_vec().ok()?;
        wire.shrink_to_fit();
        let (records, ttls) = ttls(&wire)?;
        Some(Self {
            code: u8::try_from(u16::from(message.metadata.response_code)).ok()?,
            authentic: upstream.metadata.authentic_data && !changed,
            wire: wire.into(),
            records,
            ttls: ttls.into(),
            speaks_of: speaks_of.into(),
            addresses: addresses.into(),
            into_the_house,
        })
    }

    /// Bytes that it takes in the cache.
    pub(crate) fn size(&self) -> usize {
        self.wire.len() + 2 * self.ttls.len() + 48 * self.speaks_of.len() + 24 * self.addresses.len() + 256
    }

    /// The answer for this client, in the room given: `ttl` turns what a record said into what is left. `None` when the
    /// question is another one.
    pub(crate) fn answer(
        &self,
        question: &Question<'_>,
        mut room: Vec<u8>,
        ttl: impl Fn(u32) -> u32,
    ) -> Option<Vec<u8>> {
        let section = question.section();
        if HEADER + section.len() != self.records {
            return None;
        }
        room.clear();
        room.extend_from_slice(&self.wire);
        question.sign(room.get_mut(..HEADER)?, self.code, self.authentic && question.wants_authentic());
        // The client's own spelling (0x20); names in the records point at it.
        room.get_mut(HEADER..self.records)?.copy_from_slice(section);
        for &at in &self.ttls {
            let place = room.get_mut(usize::from(at)..)?.first_chunk_mut::<4>()?;
            *place = ttl(u32::from_be_bytes(*place)).to_be_bytes();
        }
        Some(room)
    }

    /// As a message, for the rare answer that is put together anew.
    pub(crate) fn message(&self) -> Option<Message> {
        Message::from_vec(&self.wire).ok()
    }

    /// Whether it says that there is no such name.
    pub(crate) fn is_no(&self) -> bool {
        self.code == Code::NxDomain as u8
    }

    /// Whether it says yes or no, and not that something failed.
    pub(crate) fn is_answer(&self) -> bool {
        self.code == Code::NoError as u8 || self.code == Code::NxDomain as u8
    }
}

/// The other names and the addresses that a record leads to. Hints are addresses: a browser connects to them.
fn gather(data: &RData, found: &mut Vec<Host>) {
    let mut name = |name: &hickory_proto::rr::Name| {
        found.extend(host_of(name.to_lowercase().to_ascii().trim_end_matches('.')));
    };
    match data {
        RData::CNAME(alias) => name(&alias.0),
        RData::HTTPS(HTTPS(svcb)) | RData::SVCB(svcb) => {
            if !svcb.target_name.is_root() {
                name(&svcb.target_name);
            }
            for (_, value) in &svcb.svc_params {
                match value {
                    SvcParamValue::Ipv4Hint(hints) => found.extend(hints.0.iter().map(|a| Host::Ip(a.0.into()))),
                    SvcParamValue::Ipv6Hint(hints) => {
                        found.extend(hints.0.iter().map(|a| Host::Ip(IpAddr::V6(a.0).to_canonical())));
                    }
                    _ => {}
                }
            }
        }
        other => found.extend(other.ip_addr().map(|ip| Host::Ip(ip.to_canonical()))),
    }
}

/// Addresses inside the building, this machine's own, and those that mean "here": a public name that has one leads a
/// page's script to the setting's own machines (DNS rebinding).
pub(crate) fn is_of_the_house(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            // 100.64/10 is a provider's own (RFC 6598).
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || a == 0 || (a == 100 && b & 0xc0 == 64)
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// Takes Encrypted Client Hello keys out: with them a connection hides which name it is for. Says whether it did.
fn strip_ech(data: &mut RData) -> bool {
    match data {
        RData::HTTPS(HTTPS(svcb)) | RData::SVCB(svcb) => strip_ech_parameter(svcb),
        _ => false,
    }
}

fn strip_ech_parameter(svcb: &mut SVCB) -> bool {
    let before = svcb.svc_params.len();
    svcb.svc_params.retain(|(key, _)| *key != SvcParamKey::EchConfigList);
    svcb.svc_params.len() != before
}

/// The smallest time of an answer's records, seconds; none is no time at all.
pub(crate) fn least_ttl(wire: &[u8]) -> u32 {
    let Some((_, places)) = ttls(wire) else { return 0 };
    places.iter().filter_map(|at| u32_at(wire, usize::from(*at))).min().unwrap_or(0)
}

/// Where the records begin, and where their times stand; the EDNS record has none.
fn ttls(wire: &[u8]) -> Option<(usize, Vec<u16>)> {
    let mut at = HEADER;
    for _ in 0..u16_at(wire, 4)? {
        at = skip_name(wire, at)? + 4;
    }
    let records = at;
    let count = [6, 8, 10].into_iter().filter_map(|place| u16_at(wire, place)).map(usize::from).sum();
    let mut places = Vec::with_capacity(count);
    for _ in 0..count {
        at = skip_name(wire, at)?;
        if u16_at(wire, at)? != u16::from(RecordType::OPT) {
            places.push(u16::try_from(at + 4).ok()?);
        }
        at += 10 + usize::from(u16_at(wire, at + 8)?);
        wire.get(..at)?;
    }
    Some((records, places))
}

/// The position after a name, which may end in a pointer. The pointer is not followed.
fn skip_name(wire: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *wire.get(at)? {
            0 => return Some(at + 1),
            length @ 1..=63 => at += 1 + usize::from(length),
            0xc0.. => return Some(at + 2),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_of_the_house() {
        for inside in [
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "127.0.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "169.254.1.1",
            "100.64.0.1",
            "::1",
            "::",
            "fd00::1",
            "fe80::1",
            "::ffff:192.168.1.1",
        ] {
            assert!(is_of_the_house(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.2.1", "2001:db8::1", "::ffff:8.8.8.8"] {
            assert!(!is_of_the_house(outside.parse().unwrap()), "{outside}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fall(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            least_ttl(&bytes);
            if let Ok(message) = Message::from_vec(&bytes) {
                Packed::new(&message);
            }
        }
    }
}
