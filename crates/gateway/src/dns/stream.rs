//! Questions and answers over a connection, each behind its length: TCP, and DNS over TLS, where the server's name
//! that a device asks for says which device it is.
//!
//! Questions may follow each other without waiting, and answers come as they are ready (RFC 7766, 7858). A client
//! that sends slowly, reads slowly or falls silent loses its connection, never anybody else's time.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::codec::{FramedRead, LengthDelimitedCodec};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::doors::Doors;
use super::{Dns, Seen, Transport};

/// Most connections of DNS over TLS, in all and from one address.
const CONNECTIONS: usize = 512;
const CONNECTIONS_EACH: usize = 16;
/// A handshake that takes longer is no device.
pub(super) const HANDSHAKE: Duration = Duration::from_secs(10);
/// A client that is silent for so long is closed (RFC 7766 asks for seconds).
const IDLE: Duration = Duration::from_secs(10);
/// Devices keep an encrypted line open between questions (RFC 7858, section 3.4).
const IDLE_ENCRYPTED: Duration = Duration::from_secs(60);
/// A client has this long to take an answer.
const TAKE: Duration = Duration::from_secs(10);
/// Questions of one connection that may be under way; more wait in the kernel.
const PIPELINE: usize = 32;

/// The next connection, or nothing when it is time to stop.
pub(super) async fn accept(listener: &TcpListener, stop: &CancellationToken) -> Option<(TcpStream, SocketAddr)> {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return None,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let _ = stream.set_nodelay(true);
                return Some((stream, peer));
            }
            // Out of descriptors: give others time to close theirs.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Serves DNS over TLS until `stop`. `name` is the server's own: a device asks for `ITS-SECRET.name`.
pub(crate) async fn tls(
    dns: Arc<Dns>,
    listener: TcpListener,
    acceptor: TlsAcceptor,
    name: Option<Arc<str>>,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    let doors = Doors::new(CONNECTIONS, CONNECTIONS_EACH);
    while let Some((stream, peer)) = accept(&listener, &stop).await {
        let Some(place) = doors.enter(peer.ip()) else { continue };
        let (dns, stop, acceptor, name) = (dns.clone(), stop.clone(), acceptor.clone(), name.clone());
        tasks.spawn(async move {
            let serve = async {
                let stream = timeout(HANDSHAKE, acceptor.accept(stream)).await??;
                let asked_for = stream.get_ref().1.server_name().map(str::to_ascii_lowercase);
                let secret = asked_for.as_deref().zip(name.as_deref()).and_then(|(asked, name)| secret(asked, name));
                converse(&dns, stream, Seen { address: peer.ip(), secret }, Transport::Encrypted).await
            };
            tokio::select! {
                () = stop.cancelled() => {}
                ended = serve => if let Err(error) = ended {
                    tracing::debug!(%error, "a connection of DNS over TLS ended");
                },
            }
            drop(place);
        });
    }
}

/// The device's part of a server's name.
fn secret<'a>(asked: &'a str, name: &str) -> Option<&'a str> {
    let label = asked.strip_suffix(name)?.strip_suffix('.')?;
    (!label.is_empty() && !label.contains('.')).then_some(label)
}

/// One connection, until it ends, falls silent, or says what is no question.
pub(super) async fn converse<S>(dns: &Dns, stream: S, seen: Seen<'_>, transport: Transport) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let idle = if transport == Transport::Encrypted { IDLE_ENCRYPTED } else { IDLE };
    let (read, mut write) = tokio::io::split(stream);
    let framing = LengthDelimitedCodec::builder().length_field_type::<u16>().new_codec();
    let mut questions = FramedRead::new(read, framing);
    let mut under_way = FuturesUnordered::new();
    let mut open = true;
    while open || !under_way.is_empty() {
        tokio::select! {
            Some(answer) = under_way.next(), if !under_way.is_empty() => {
                let answer: Option<Vec<u8>> = answer;
                let Some(answer) = answer else { return Ok(()) };
                put(&mut write, &answer).await?;
            }
            question = timeout(idle, questions.next()), if open && under_way.len() < PIPELINE => match question {
                Ok(Some(question)) => {
                    let question: Bytes = question?.freeze();
                    under_way.push(async move { dns.answer(&question, &seen, transport).await });
                }
                Ok(None) => open = false,
                Err(_) if under_way.is_empty() => return Ok(()),
                Err(_) => {}
            },
        }
    }
    Ok(())
}

async fn put(write: &mut (impl AsyncWrite + Unpin), answer: &[u8]) -> io::Result<()> {
    let length = u16::try_from(answer.len()).map_err(io::Error::other)?;
    let framed = [&length.to_be_bytes(), answer].concat();
    timeout(TAKE, async {
        write.write_all(&framed).await?;
        write.flush().await
    })
    .await?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_the_first_label_and_nothing_else() {
        assert_eq!(secret("abc.dns.example", "dns.example"), Some("abc"));
        for other in ["dns.example", "a.b.dns.example", ".dns.example", "abcdns.example", "abc.other.example"] {
            assert_eq!(secret(other, "dns.example"), None, "{other}");
        }
    }
}
