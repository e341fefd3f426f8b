//! The sockets without encryption: UDP on threads of its own, and TCP. Everything that waits is bounded.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::batch::Batch;
use super::doors::Doors;
use super::{Dns, Moment, Seen, Step, Transport, stream, wire};

/// Most UDP questions that wait for an upstream.
const WAITING: usize = 2048;
/// Most TCP connections, in all and from one address.
const CONNECTIONS: usize = 256;
const CONNECTIONS_EACH: usize = 16;
/// A thread that waits for packets looks so often whether it shall stop.
pub(crate) const LOOK_UP: Duration = Duration::from_millis(250);
/// For so long an answer that waited for an upstream tries to leave when the kernel has no room.
const LEAVING: u32 = 20;

/// Serves UDP on a thread until `stop`. A thread, because a batch of packets is one call of the kernel that waits by
/// itself; a task would add a call to wait and one to find nothing left.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn udp(
    dns: Arc<Dns>,
    socket: Arc<UdpSocket>,
    stop: CancellationToken,
    tasks: TaskTracker,
) -> std::io::Result<()> {
    let handle = Handle::current();
    let serve = move || {
        let _in_the_runtime = handle.enter();
        let waiting = Arc::new(Semaphore::new(WAITING));
        let mut batch = Batch::new();
        while !stop.is_cancelled() {
            // A client that went away (ICMP) is an error on this socket; the next packet is not.
            if batch.receive(&socket).is_err() {
                continue;
            }
            // One policy and one look at the clock for all that came together.
            let policy = dns.gate.policy();
            let moment = Moment { policy: &policy, at: dns.gate.clock.now() };
            if batch.is_several()
                && let Some(mut ahead) = policy.ahead()
            {
                batch.packets().for_each(|packet| wire::with_name(packet, |name| ahead.name(name)));
                ahead.done();
            }
            batch.answer(&socket, |packet, peer, room| {
                let seen = Seen { address: peer.ip(), secret: None };
                match dns.begin(packet, &seen, Transport::Udp, moment, room) {
                    Step::Silence => Err(Vec::new()),
                    Step::Answer(answer) => Ok(answer),
                    Step::Wait(question) => match waiting.clone().try_acquire_owned() {
                        Ok(permit) => {
                            let (dns, socket) = (dns.clone(), socket.clone());
                            let answering = async move {
                                send(&socket, &dns.finish(*question).await, peer).await;
                                drop(permit);
                            };
                            drop(tasks.spawn_on(answering, &handle));
                            Err(Vec::new())
                        }
                        Err(_) => Dns::overloaded(&question).ok_or_else(Vec::new),
                    },
                }
            });
        }
    };
    std::thread::Builder::new().name("dns-udp".into()).spawn(serve).map(drop)
}

/// Sends without holding up the thread of tasks: the socket itself is one that waits.
async fn send(socket: &UdpSocket, answer: &[u8], peer: SocketAddr) {
    let sending = socket2::SockRef::from(socket);
    for _ in 0..LEAVING {
        match sending.send_to_with_flags(answer, &peer.into(), libc::MSG_DONTWAIT) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            _ => return,
        }
    }
}

/// Serves TCP until `stop`.
pub(crate) async fn tcp(dns: Arc<Dns>, listener: TcpListener, stop: CancellationToken, tasks: TaskTracker) {
    let doors = Doors::new(CONNECTIONS, CONNECTIONS_EACH);
    while let Some((stream, peer)) = stream::accept(&listener, &stop).await {
        let Some(place) = doors.enter(peer.ip()) else { continue };
        let (dns, stop) = (dns.clone(), stop.clone());
        tasks.spawn(async move {
            let seen = Seen { address: peer.ip(), secret: None };
            tokio::select! {
                () = stop.cancelled() => {}
                _ = stream::converse(&dns, stream, seen, Transport::Tcp) => {}
            }
            drop(place);
        });
    }
}
