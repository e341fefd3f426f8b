//! The sockets: two tasks on one UDP socket, and TCP with its framing. Everything that waits is bounded.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Dns, Step, Transport};
use crate::lock::Mutex;

/// Most UDP questions that wait for an upstream.
const WAITING: usize = 2048;
/// Most TCP connections, in all and from one address.
const CONNECTIONS: usize = 256;
const CONNECTIONS_EACH: usize = 16;
/// A TCP client that is silent for so long is closed (RFC 7766 asks for seconds).
const IDLE: Duration = Duration::from_secs(10);
/// Packets read before other tasks get a turn.
const TURN: usize = 64;

/// Serves UDP until `stop`.
pub(crate) async fn udp(dns: Arc<Dns>, socket: Arc<UdpSocket>, stop: CancellationToken, tasks: TaskTracker) {
    let waiting = Arc::new(Semaphore::new(WAITING));
    // A longer packet than this is no question; the rest of it is dropped by the kernel and it will not parse.
    let mut buffer = [0; 4096];
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            ready = socket.readable() => if ready.is_err() { continue },
        }
        for _ in 0..TURN {
            let (length, peer) = match socket.try_recv_from(&mut buffer) {
                Ok(received) => received,
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => break,
                // A client that went away (ICMP) is an error on this socket; the next packet is not.
                Err(_) => continue,
            };
            let packet = buffer.get(..length).unwrap_or(&[]);
            match dns.begin(packet, peer.ip(), Transport::Udp) {
                Step::Silence => {}
                Step::Answer(answer) => send(&socket, &answer, peer).await,
                Step::Wait(question) => match waiting.clone().try_acquire_owned() {
                    Ok(permit) => {
                        let (dns, socket) = (dns.clone(), socket.clone());
                        tasks.spawn(async move {
                            let answer = dns.finish(*question).await;
                            send(&socket, &answer, peer).await;
                            drop(permit);
                        });
                    }
                    Err(_) => {
                        if let Some(answer) = Dns::overloaded(&question) {
                            send(&socket, &answer, peer).await;
                        }
                    }
                },
            }
        }
        tokio::task::yield_now().await;
    }
}

async fn send(socket: &UdpSocket, answer: &[u8], peer: SocketAddr) {
    if let Err(e) = socket.try_send_to(answer, peer)
        && e.kind() == std::io::ErrorKind::WouldBlock
    {
        let sent = socket.async_io(Interest::WRITABLE, || socket.try_send_to(answer, peer));
        let _ = timeout(Duration::from_secs(1), sent).await;
    }
}

/// Serves TCP until `stop`.
pub(crate) async fn tcp(dns: Arc<Dns>, listener: TcpListener, stop: CancellationToken, tasks: TaskTracker) {
    let all = Arc::new(Semaphore::new(CONNECTIONS));
    let each = Arc::new(Mutex::new(HashMap::<IpAddr, usize>::new()));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            // Out of descriptors: give others time to close theirs.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(permit) = all.clone().try_acquire_owned() else { continue };
        let Some(place) = Place::take(&each, peer.ip()) else { continue };
        let (dns, stop) = (dns.clone(), stop.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                _ = connection(&dns, stream, peer.ip()) => {}
            }
            drop((permit, place));
        });
    }
}

async fn connection(dns: &Dns, mut stream: TcpStream, peer: IpAddr) -> std::io::Result<()> {
    let _ = stream.set_nodelay(true);
    loop {
        let length = timeout(IDLE, stream.read_u16()).await??;
        let mut packet = vec![0; usize::from(length)];
        timeout(IDLE, stream.read_exact(&mut packet)).await??;
        let Some(answer) = dns.answer(&packet, peer, Transport::Tcp).await else { return Ok(()) };
        let Ok(length) = u16::try_from(answer.len()) else { return Ok(()) };
        let framed = [&length.to_be_bytes(), answer.as_slice()].concat();
        timeout(IDLE, stream.write_all(&framed)).await??;
    }
}

/// One of an address's connections, given back when dropped.
pub(crate) struct Place {
    each: Arc<Mutex<HashMap<IpAddr, usize>>>,
    address: IpAddr,
}

impl Place {
    fn take(each: &Arc<Mutex<HashMap<IpAddr, usize>>>, address: IpAddr) -> Option<Self> {
        let mut places = each.lock();
        let used = places.entry(address).or_default();
        if *used >= CONNECTIONS_EACH {
            return None;
        }
        *used += 1;
        Some(Self { each: each.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.each.lock();
        if let Some(used) = places.get_mut(&self.address) {
            *used -= 1;
            if *used == 0 {
                places.remove(&self.address);
            }
        }
    }
}
