//! Who is on the cable: the kernel's own table of which hardware address answers for which network address, read through
//! netlink, for IPv4 and IPv6 alike.
//!
//! What it is: what the kernel saw within the last seconds. What it is not: a scan. Only devices on our own network
//! stand in it; behind a router all have the router's.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsRawFd;
use std::time::Duration;

use arc_swap::ArcSwap;
use nix::sys::socket::sockopt::ReceiveTimeout;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, setsockopt, socket};
use nix::sys::time::{TimeVal, TimeValLike};
use tokio::time::Instant;

use crate::lock::Mutex;

/// A device that asks before the table was read again makes us read it, but not more often than this.
const AGAIN: Duration = Duration::from_millis(100);
/// Entries that are kept; a nursery has a hundred, and a flood of invented addresses must not fill memory.
const MOST: usize = 8192;

/// What the kernel knows of one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Neighbour {
    pub(crate) mac: [u8; 6],
    /// It answered within the last half minute or so.
    pub(crate) reachable: bool,
}

/// The table, as it was last read.
#[derive(Debug)]
pub(crate) struct Neighbours {
    table: ArcSwap<HashMap<IpAddr, Neighbour>>,
    read_at: Mutex<Option<Instant>>,
}

impl Neighbours {
    pub(crate) fn new() -> Self {
        Self { table: ArcSwap::default(), read_at: Mutex::new(None) }
    }

    /// The hardware address behind an address; one that is not in the table makes us look again.
    pub(crate) fn mac(&self, address: IpAddr) -> Option<[u8; 6]> {
        if address.is_loopback() {
            return None;
        }
        let known = |me: &Self| me.table.load().get(&address).map(|neighbour| neighbour.mac);
        known(self).or_else(|| {
            if self.read_at.lock().is_some_and(|at| at.elapsed() < AGAIN) {
                return None;
            }
            self.refresh();
            known(self)
        })
    }

    /// Reads the table again.
    pub(crate) fn refresh(&self) {
        *self.read_at.lock() = Some(Instant::now());
        match dump() {
            Ok(table) => self.table.store(table.into()),
            Err(error) => tracing::debug!(%error, "the neighbour table cannot be read"),
        }
    }

    /// All of it.
    pub(crate) fn all(&self) -> arc_swap::Guard<std::sync::Arc<HashMap<IpAddr, Neighbour>>> {
        self.table.load()
    }
}

// linux/netlink.h, linux/rtnetlink.h, linux/neighbour.h.
const RTM_GETNEIGH: u16 = 30;
const RTM_NEWNEIGH: u16 = 28;
const NLM_F_REQUEST_DUMP: u16 = 0x301;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const HEADER: usize = 16;
const NDMSG: usize = 12;
const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;
/// Incomplete, failed, or of a link without hardware addresses.
const NUD_USELESS: u16 = 0x01 | 0x20 | 0x40;
/// Reachable, being asked again after use, or entered by hand.
const NUD_REACHABLE: u16 = 0x02 | 0x08 | 0x80;

fn dump() -> io::Result<HashMap<IpAddr, Neighbour>> {
    let netlink = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute)?;
    setsockopt(&netlink, ReceiveTimeout, &TimeVal::seconds(1))?;
    let mut request = [0; HEADER + NDMSG];
    put(&mut request, 0, &(u32::try_from(HEADER + NDMSG).unwrap_or(0)).to_ne_bytes());
    put(&mut request, 4, &RTM_GETNEIGH.to_ne_bytes());
    put(&mut request, 6, &NLM_F_REQUEST_DUMP.to_ne_bytes());
    send(netlink.as_raw_fd(), &request, MsgFlags::empty())?;
    let mut table = HashMap::new();
    let mut buffer = vec![0; 32 << 10];
    loop {
        let length = recv(netlink.as_raw_fd(), &mut buffer, MsgFlags::empty())?;
        if read(buffer.get(..length).unwrap_or(&[]), &mut table)? {
            return Ok(table);
        }
    }
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

/// Reads what the kernel sent. Says whether it was the last part.
fn read(mut bytes: &[u8], table: &mut HashMap<IpAddr, Neighbour>) -> io::Result<bool> {
    while let (Some(length), Some(kind)) = (u32_at(bytes, 0), u16_at(bytes, 4)) {
        let length = length as usize;
        let (Some(message), true) = (bytes.get(HEADER..length), length >= HEADER) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        match kind {
            NLMSG_DONE => return Ok(true),
            NLMSG_ERROR => return Err(io::Error::other("netlink refused")),
            RTM_NEWNEIGH if table.len() < MOST => table.extend(neighbour(message)),
            _ => {}
        }
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or(&[]);
    }
    Ok(false)
}

fn neighbour(message: &[u8]) -> Option<(IpAddr, Neighbour)> {
    let state = u16_at(message, 8)?;
    if state & NUD_USELESS != 0 {
        return None;
    }
    let mut attributes = message.get(NDMSG..)?;
    let (mut address, mut mac) = (None, None);
    while let (Some(length), Some(kind)) = (u16_at(attributes, 0), u16_at(attributes, 2)) {
        let data = attributes.get(4..usize::from(length))?;
        match kind {
            NDA_DST => address = address_of(data),
            NDA_LLADDR => mac = <[u8; 6]>::try_from(data).ok(),
            _ => {}
        }
        attributes = attributes.get(usize::from(length).next_multiple_of(4)..).unwrap_or(&[]);
    }
    Some((address?, Neighbour { mac: mac?, reachable: state & NUD_REACHABLE != 0 }))
}

fn address_of(data: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(data).map(|bytes| IpAddr::V4(Ipv4Addr::from(bytes)));
    v4.or_else(|_| <[u8; 16]>::try_from(data).map(|bytes| IpAddr::V6(Ipv6Addr::from(bytes)))).ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|two| u16::from_ne_bytes(*two))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_ne_bytes(*four))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(state: u16, address: &[u8], mac: &[u8]) -> Vec<u8> {
        let mut body = vec![0; NDMSG];
        put(&mut body, 8, &state.to_ne_bytes());
        for (kind, data) in [(NDA_DST, address), (NDA_LLADDR, mac)] {
            body.extend_from_slice(&(4 + data.len() as u16).to_ne_bytes());
            body.extend_from_slice(&kind.to_ne_bytes());
            body.extend_from_slice(data);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        let mut all = vec![0; HEADER];
        put(&mut all, 0, &(HEADER as u32 + body.len() as u32).to_ne_bytes());
        put(&mut all, 4, &RTM_NEWNEIGH.to_ne_bytes());
        all.extend_from_slice(&body);
        all
    }

    #[test]
    fn what_the_kernel_says_is_understood() {
        let mut bytes = message(0x02, &[192, 168, 1, 9], &[2, 0, 0, 0, 0, 9]);
        bytes.extend(message(0x04, &[0xfe; 16], &[2, 0, 0, 0, 0, 8]));
        bytes.extend(message(0x20, &[192, 168, 1, 7], &[0; 6]));
        bytes.extend([16, 0, 0, 0, 3, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let mut table = HashMap::new();
        if cfg!(target_endian = "little") {
            assert!(read(&bytes, &mut table).unwrap());
        }
        assert_eq!(table.len(), 2, "a failed one is nobody");
        let one = table[&IpAddr::from([192, 168, 1, 9])];
        assert_eq!(one, Neighbour { mac: [2, 0, 0, 0, 0, 9], reachable: true });
        assert!(!table[&IpAddr::from([0xfe_u8; 16])].reachable);
    }

    #[test]
    fn this_machines_table_can_be_read() {
        dump().unwrap();
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fall(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes, &mut HashMap::new());
        }
    }
}
