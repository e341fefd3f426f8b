//! Asking the resolvers above us: UDP first, TCP when the answer was cut short, the next address when one is silent.
//!
//! Each question has a random id and a socket, hence a port, of its own, connected so that the kernel drops what does
//! not come from the resolver asked; the question in the answer must be ours (RFC 5452).

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query};
use hickory_proto::rr::{Name, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::wire::UDP_PAYLOAD;

/// What is asked; also the cache's key. The name is lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Ask {
    pub(crate) name: Name,
    pub(crate) kind: RecordType,
    pub(crate) dnssec_ok: bool,
    pub(crate) checking_disabled: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No resolver is configured, or none answered.
    Unreachable,
    /// More questions are under way than we allow.
    Busy,
}

/// One silent resolver is given this long before the next is asked.
const PATIENCE: Duration = Duration::from_millis(1500);
/// Most questions under way.
const MOST: usize = 512;

/// The resolvers, in the order in which they were configured.
#[derive(Debug)]
pub(crate) struct Upstreams {
    servers: Vec<Server>,
    /// The one that answered last is asked first.
    preferred: AtomicUsize,
    under_way: Arc<Semaphore>,
}

#[derive(Debug)]
struct Server {
    address: SocketAddr,
    answers: AtomicBool,
}

impl Upstreams {
    pub(crate) fn new(addresses: Vec<SocketAddr>) -> Self {
        let servers = addresses.into_iter().map(|address| Server { address, answers: AtomicBool::new(true) });
        Self { servers: servers.collect(), preferred: AtomicUsize::new(0), under_way: Arc::new(Semaphore::new(MOST)) }
    }

    /// For the status page: whether the last question to each was answered.
    pub(crate) fn health(&self) -> BTreeMap<SocketAddr, bool> {
        self.servers.iter().map(|s| (s.address, s.answers.load(Ordering::Relaxed))).collect()
    }

    /// Asks one after the other, the last good one first; a refusal or failure of one is a reason to ask the next.
    pub(crate) async fn ask(&self, ask: &Ask) -> Result<Message, Failure> {
        let _permit = self.under_way.try_acquire().map_err(|_| Failure::Busy)?;
        let first = self.preferred.load(Ordering::Relaxed);
        let mut unhelpful = None;
        for step in 0..self.servers.len() {
            let at = (first + step) % self.servers.len();
            let Some(server) = self.servers.get(at) else { continue };
            match timeout(PATIENCE, exchange(server.address, ask)).await {
                Ok(Ok(message)) => {
                    server.answers.store(true, Ordering::Relaxed);
                    if is_helpful(&message) {
                        self.preferred.store(at, Ordering::Relaxed);
                        return Ok(message);
                    }
                    unhelpful.get_or_insert(message);
                }
                Ok(Err(error)) => {
                    server.answers.store(false, Ordering::Relaxed);
                    tracing::debug!(upstream = %server.address, %error, "no answer");
                }
                Err(_) => server.answers.store(false, Ordering::Relaxed),
            }
        }
        unhelpful.ok_or(Failure::Unreachable)
    }
}

fn is_helpful(message: &Message) -> bool {
    use hickory_proto::op::ResponseCode::{NXDomain, NoError};
    matches!(message.metadata.response_code, NoError | NXDomain)
}

async fn exchange(server: SocketAddr, ask: &Ask) -> std::io::Result<Message> {
    let id: u16 = rand::random();
    let query = encode(id, ask)?;
    let socket = UdpSocket::bind(unspecified(server)).await?;
    socket.connect(server).await?;
    socket.send(&query).await?;
    let mut buffer = [0; 4096];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let Some(message) = accept(buffer.get(..length).unwrap_or(&[]), id, ask) else { continue };
        if message.metadata.truncation {
            return exchange_tcp(server, &query, id, ask).await;
        }
        return Ok(message);
    }
}

async fn exchange_tcp(server: SocketAddr, query: &[u8], id: u16, ask: &Ask) -> std::io::Result<Message> {
    let mut stream = TcpStream::connect(server).await?;
    let mut framed = (query.len() as u16).to_be_bytes().to_vec();
    framed.extend_from_slice(query);
    stream.write_all(&framed).await?;
    let length = stream.read_u16().await?;
    let mut buffer = vec![0; usize::from(length)];
    stream.read_exact(&mut buffer).await?;
    accept(&buffer, id, ask).ok_or_else(|| std::io::ErrorKind::InvalidData.into())
}

fn encode(id: u16, ask: &Ask) -> std::io::Result<Vec<u8>> {
    let mut message = Message::new(id, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.metadata.checking_disabled = ask.checking_disabled;
    message.add_query(Query::query(ask.name.clone(), ask.kind));
    let mut edns = Edns::new();
    edns.set_max_payload(UDP_PAYLOAD).set_dnssec_ok(ask.dnssec_ok);
    message.set_edns(edns);
    message.to_vec().map_err(std::io::Error::other)
}

/// The answer, if it is one to our question.
fn accept(bytes: &[u8], id: u16, ask: &Ask) -> Option<Message> {
    let message = Message::from_vec(bytes).ok()?;
    let [query] = message.queries.as_slice() else { return None };
    let ours = message.metadata.id == id
        && message.metadata.message_type == MessageType::Response
        && query.query_type() == ask.kind
        && *query.name() == ask.name;
    ours.then_some(message)
}

fn unspecified(peer: SocketAddr) -> SocketAddr {
    match peer {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}

/// The resolvers of `/etc/resolv.conf`, never ourselves.
pub(crate) fn of_this_machine(ourselves: SocketAddr) -> Vec<SocketAddr> {
    let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    parse_resolv_conf(&text, ourselves)
}

fn parse_resolv_conf(text: &str, ourselves: SocketAddr) -> Vec<SocketAddr> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver")?.split_whitespace().next()?.parse::<IpAddr>().ok())
        .map(|ip| SocketAddr::new(ip, 53))
        .filter(|server| !is_ourselves(*server, ourselves))
        .collect()
}

/// Whether asking `server` would be asking our own socket.
pub(crate) fn is_ourselves(server: SocketAddr, ourselves: SocketAddr) -> bool {
    let everywhere = ourselves.ip().is_unspecified();
    server.port() == ourselves.port() && (server.ip() == ourselves.ip() || everywhere && server.ip().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machines_resolvers_never_hold_ourselves() {
        let text = "# c\nnameserver 127.0.0.1\nnameserver 192.0.2.1\noptions edns0\nnameserver fe80::1%eth0\n";
        let upstream: SocketAddr = "192.0.2.1:53".parse().unwrap();
        assert_eq!(parse_resolv_conf(text, "127.0.0.1:53".parse().unwrap()), [upstream]);
        assert_eq!(parse_resolv_conf(text, "0.0.0.0:53".parse().unwrap()), [upstream]);
        assert_eq!(parse_resolv_conf(text, "127.0.0.1:5335".parse().unwrap()).len(), 2);
    }
}
