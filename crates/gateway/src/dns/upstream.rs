//! Asking the resolvers above us: the next one when one is silent, the first one again when it has come back.
//!
//! Over UDP each question has a random id and a socket, hence a port, of its own, connected so that the kernel drops
//! what does not come from the resolver asked; the question in the answer must be ours (RFC 5452). TCP when the answer
//! was cut short. Encrypted ways are in [`super::secure`].

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query};
use hickory_proto::rr::{Name, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::secure::Line;
use super::wire::UDP_PAYLOAD;
use crate::config::{Upstream, Way};

/// What is asked; [`Ask::key`] is what the cache knows it by. The name is lower case. Nothing of the client is in it, and nothing of the
/// client goes up: no subnet (RFC 7871), no option of its own.
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
    /// A resolver answered that it failed, or will not.
    Refused,
    /// The answer cannot be passed on.
    Unreadable,
    /// More questions are under way than we allow.
    Busy,
}

/// One silent resolver is given this long before the next is asked.
const PATIENCE: Duration = Duration::from_millis(1500);
/// An encrypted one has a handshake to make first.
const PATIENCE_SECURE: Duration = Duration::from_millis(2500);
/// Most questions under way.
const MOST: usize = 512;
/// While another resolver is in use, the first one is tried so often, in the background.
const BACK: Duration = Duration::from_secs(30);

/// The resolvers, in the order in which they were configured.
#[derive(Debug)]
pub(crate) struct Upstreams {
    servers: Arc<[Server]>,
    /// The one that answered last is asked first.
    preferred: Arc<AtomicUsize>,
    under_way: Arc<Semaphore>,
    began: Instant,
    /// Milliseconds after `began` at which the first one was last tried while another was preferred.
    tried: AtomicU64,
}

#[derive(Debug)]
struct Server {
    upstream: Upstream,
    line: Line,
    answers: AtomicBool,
}

impl Upstreams {
    pub(crate) fn new(upstreams: Vec<Upstream>) -> Self {
        let servers = upstreams.into_iter().map(|upstream| {
            let line = Line::new(&upstream);
            Server { upstream, line, answers: AtomicBool::new(true) }
        });
        Self {
            servers: servers.collect(),
            preferred: Arc::default(),
            under_way: Arc::new(Semaphore::new(MOST)),
            began: Instant::now(),
            tried: AtomicU64::new(0),
        }
    }

    /// For the status page: whether the last question to each was answered.
    pub(crate) fn health(&self) -> BTreeMap<String, bool> {
        self.servers.iter().map(|s| (s.upstream.to_string(), s.answers.load(Ordering::Relaxed))).collect()
    }

    /// Asks one after the other, the last good one first; a refusal or failure of one is a reason to ask the next.
    pub(crate) async fn ask(&self, ask: &Ask) -> Result<Message, Failure> {
        let _permit = self.under_way.try_acquire().map_err(|_| Failure::Busy)?;
        let first = self.preferred.load(Ordering::Relaxed);
        if first != 0 {
            self.try_the_first(ask);
        }
        let mut unhelpful = None;
        for step in 0..self.servers.len() {
            let at = (first + step) % self.servers.len();
            let Some(server) = self.servers.get(at) else { continue };
            let Some(message) = server.ask(ask).await else { continue };
            if is_helpful(&message) {
                self.preferred.store(at, Ordering::Relaxed);
                return Ok(message);
            }
            unhelpful.get_or_insert(message);
        }
        unhelpful.ok_or(Failure::Unreachable)
    }

    /// The provider's first resolver is the one that it wants to be asked. This question goes to it as well, and its
    /// answer only counts as a sign of life.
    fn try_the_first(&self, ask: &Ask) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let last = self.tried.load(Ordering::Relaxed);
        let due = now.saturating_sub(last) >= BACK.as_millis() as u64;
        if !due || self.tried.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let (servers, preferred, ask) = (self.servers.clone(), self.preferred.clone(), ask.clone());
        tokio::spawn(async move {
            let Some(server) = servers.first() else { return };
            if server.ask(&ask).await.is_some_and(|message| is_helpful(&message)) {
                preferred.store(0, Ordering::Relaxed);
            }
        });
    }
}

impl Server {
    async fn ask(&self, ask: &Ask) -> Option<Message> {
        let address = self.upstream.address;
        let (patience, asked) = match self.upstream.way {
            Way::Plain => (PATIENCE, timeout(PATIENCE, exchange(address, ask)).await),
            _ => (PATIENCE_SECURE, timeout(PATIENCE_SECURE, self.line.exchange(ask)).await),
        };
        self.answers.store(matches!(asked, Ok(Ok(_))), Ordering::Relaxed);
        match asked {
            Ok(Ok(message)) => Some(message),
            Ok(Err(error)) => {
                tracing::debug!(upstream = %self.upstream, %error, "no answer");
                None
            }
            Err(_) => {
                tracing::debug!(upstream = %self.upstream, ?patience, "no answer in time");
                None
            }
        }
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
            let mut stream = TcpStream::connect(server).await?;
            return converse(&mut stream, &query, id, ask).await;
        }
        return Ok(message);
    }
}

/// One question and its answer over a connection, each behind its length.
pub(super) async fn converse<S>(stream: &mut S, query: &[u8], id: u16, ask: &Ask) -> std::io::Result<Message>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let mut framed = (query.len() as u16).to_be_bytes().to_vec();
    framed.extend_from_slice(query);
    stream.write_all(&framed).await?;
    stream.flush().await?;
    let length = stream.read_u16().await?;
    let mut buffer = vec![0; usize::from(length)];
    stream.read_exact(&mut buffer).await?;
    accept(&buffer, id, ask).ok_or_else(|| std::io::ErrorKind::InvalidData.into())
}

/// The question as bytes. It asks to hear what the resolver validated (AD, RFC 6840 section 5.7).
pub(super) fn encode(id: u16, ask: &Ask) -> std::io::Result<Vec<u8>> {
    let mut message = Message::new(id, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.metadata.authentic_data = true;
    message.metadata.checking_disabled = ask.checking_disabled;
    message.add_query(Query::query(ask.name.clone(), ask.kind));
    let mut edns = Edns::new();
    edns.set_max_payload(UDP_PAYLOAD).set_dnssec_ok(ask.dnssec_ok);
    message.set_edns(edns);
    message.to_vec().map_err(std::io::Error::other)
}

/// The answer, if it is one to our question.
pub(super) fn accept(bytes: &[u8], id: u16, ask: &Ask) -> Option<Message> {
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
pub(crate) fn of_this_machine(ourselves: SocketAddr) -> Vec<Upstream> {
    let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    parse_resolv_conf(&text, ourselves).into_iter().map(Upstream::from).collect()
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
    use hickory_proto::op::ResponseCode;

    use super::*;

    /// A resolver that fails while `ill` is set, and counts its questions.
    async fn server(ill: Arc<AtomicBool>) -> (SocketAddr, Arc<AtomicUsize>) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (socket.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let count = asked.clone();
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            loop {
                let (length, peer) = socket.recv_from(&mut buffer).await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                let question = Message::from_vec(&buffer[..length]).unwrap();
                let mut answer = Message::response(question.metadata.id, OpCode::Query);
                answer.add_query(question.queries[0].clone());
                if ill.load(Ordering::SeqCst) {
                    answer.metadata.response_code = ResponseCode::ServFail;
                }
                socket.send_to(&answer.to_vec().unwrap(), peer).await.unwrap();
            }
        });
        (address, asked)
    }

    #[tokio::test]
    async fn the_first_is_asked_again_when_it_has_come_back() {
        let (ill, well) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
        let ((first, asked_first), (second, asked_second)) = (server(ill.clone()).await, server(well).await);
        let began = Instant::now() - BACK * 2;
        let upstreams = Upstreams { began, ..Upstreams::new(vec![first.into(), second.into()]) };
        let name = Name::from_ascii("www.example.").unwrap();
        let ask = Ask { name, kind: RecordType::A, dnssec_ok: false, checking_disabled: false };
        upstreams.ask(&ask).await.unwrap();
        assert_eq!(upstreams.preferred.load(Ordering::SeqCst), 1, "the second helped");
        // It is tried beside the next question, in vain, and then not again for a while.
        for _ in 0..5 {
            upstreams.ask(&ask).await.unwrap();
        }
        let tried = async {
            while asked_first.load(Ordering::SeqCst) < 2 {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(10), tried).await.expect("it is tried");
        assert_eq!((asked_first.load(Ordering::SeqCst), asked_second.load(Ordering::SeqCst)), (2, 6));
        assert_eq!(upstreams.preferred.load(Ordering::SeqCst), 1);
        // It has come back, and half a minute has gone by.
        ill.store(false, Ordering::SeqCst);
        upstreams.tried.fetch_sub(u64::try_from(BACK.as_millis()).unwrap(), Ordering::SeqCst);
        upstreams.ask(&ask).await.unwrap();
        let back = async {
            while upstreams.preferred.load(Ordering::SeqCst) != 0 {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(10), back).await.expect("it is the first again");
        let before = asked_second.load(Ordering::SeqCst);
        upstreams.ask(&ask).await.unwrap();
        assert_eq!(asked_second.load(Ordering::SeqCst), before, "the provider's own order again");
    }

    #[test]
    fn this_machines_resolvers_never_hold_ourselves() {
        let text = "# c\nnameserver 127.0.0.1\nnameserver 192.0.2.1\noptions edns0\nnameserver fe80::1%eth0\n";
        let upstream: SocketAddr = "192.0.2.1:53".parse().unwrap();
        assert_eq!(parse_resolv_conf(text, "127.0.0.1:53".parse().unwrap()), [upstream]);
        assert_eq!(parse_resolv_conf(text, "0.0.0.0:53".parse().unwrap()), [upstream]);
        assert_eq!(parse_resolv_conf(text, "127.0.0.1:5335".parse().unwrap()).len(), 2);
    }
}
