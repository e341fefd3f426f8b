//! What a client says first inside a tunnel: the name in the first message of its TLS handshake.
//!
//! A tunnel is asked for by one name and may carry another one inside ("domain fronting"), or no TLS at all. The first
//! message is read, judged, and passed on as it came. What it is not: a look inside; what follows is never read here.

use std::io::{self, Cursor};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use filter::Host;
use rustls::server::Acceptor;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::timeout;

/// The first message takes no more than this, bytes. Post-quantum keys make it two packets; nothing makes it sixteen.
const LONGEST: usize = 16 << 10;
/// A TLS record of a handshake begins so (RFC 8446, 5.1).
const HANDSHAKE: u8 = 22;

/// What came first.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum First {
    /// A TLS handshake, with the name it asks for.
    Tls(Option<Host>),
    /// A TLS handshake that cannot be read: cut, too long, of a version that nobody should speak.
    Unreadable,
    /// Something else.
    Other,
    /// Nothing, within the time.
    Silent,
}

/// Whether a first message is what the tunnel was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fits<'a> {
    Yes,
    No,
    /// Another name, to be decided.
    Ask(&'a Host),
}

impl First {
    /// `strict` are children's and guests' devices: on the web's port they speak TLS, by the name they asked for.
    pub(super) fn fits(&self, asked: &Host, port: u16, strict: bool) -> Fits<'_> {
        match self {
            Self::Tls(Some(inside)) if inside == asked => Fits::Yes,
            Self::Tls(Some(inside)) => Fits::Ask(inside),
            Self::Tls(None) if strict && matches!(asked, Host::Name(_)) => Fits::No,
            Self::Unreadable => Fits::No,
            Self::Other | Self::Silent if strict && port == 443 => Fits::No,
            Self::Tls(None) | Self::Other | Self::Silent => Fits::Yes,
        }
    }
}

/// Reads as far as the client's first message goes. What was read is given back, to be passed on.
pub(super) async fn first<S: AsyncRead + Unpin>(stream: &mut S, within: Duration) -> io::Result<(First, Vec<u8>)> {
    let mut bytes = Vec::with_capacity(2048);
    let read = timeout(within, async {
        loop {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok::<_, io::Error>(if bytes.is_empty() { First::Silent } else { First::Unreadable });
            }
            if bytes.first() != Some(&HANDSHAKE) {
                return Ok(First::Other);
            }
            match name(&bytes) {
                Some(first) => return Ok(first),
                None if bytes.len() >= LONGEST => return Ok(First::Unreadable),
                None => {}
            }
        }
    })
    .await;
    match read {
        Ok(first) => Ok((first?, bytes)),
        Err(_) if bytes.is_empty() => Ok((First::Silent, bytes)),
        Err(_) => Ok((First::Unreadable, bytes)),
    }
}

/// What the bytes say; nothing while more are needed.
fn name(bytes: &[u8]) -> Option<First> {
    let mut acceptor = Acceptor::default();
    let mut rest = Cursor::new(bytes);
    loop {
        match acceptor.read_tls(&mut rest) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(_) => return Some(First::Unreadable),
        }
        match acceptor.accept() {
            Ok(Some(accepted)) => {
                let name = accepted.client_hello().server_name().map(str::to_owned);
                return Some(match name {
                    Some(name) => Host::parse(&name).map_or(First::Unreadable, |host| First::Tls(Some(host))),
                    None => First::Tls(None),
                });
            }
            Ok(None) => {}
            Err(_) => return Some(First::Unreadable),
        }
    }
}

/// A stream with bytes in front that were read already.
#[derive(Debug)]
pub(super) struct Begun<S> {
    pub(super) before: Cursor<Vec<u8>>,
    pub(super) stream: S,
}

impl<S> Begun<S> {
    pub(super) fn new(mut before: Vec<u8>, stream: S) -> Self {
        // A tunnel in which nothing was said yet may stay so for hours.
        before.shrink_to_fit();
        Self { before: Cursor::new(before), stream }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Begun<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let at = usize::try_from(self.before.position()).unwrap_or(usize::MAX);
        let left = self.before.get_ref().get(at..).unwrap_or_default();
        if left.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let some = left.get(..left.len().min(buf.remaining())).unwrap_or_default();
        buf.put_slice(some);
        let to = at.saturating_add(some.len());
        self.before.set_position(to as u64);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Begun<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tunnel_may_hold() {
        let host = |text: &str| Host::parse(text).unwrap();
        let (asked, other, number) = (host("good.test"), host("bad.test"), host("8.8.8.8"));
        let tls = |name: &Host| First::Tls(Some(name.clone()));
        for strict in [true, false] {
            assert_eq!(tls(&asked).fits(&asked, 443, strict), Fits::Yes);
            assert_eq!(tls(&other).fits(&asked, 443, strict), Fits::Ask(&other));
            assert_eq!(First::Unreadable.fits(&asked, 443, strict), Fits::No);
            assert_eq!(First::Tls(None).fits(&number, 443, strict), Fits::Yes);
        }
        for first in [First::Tls(None), First::Other, First::Silent] {
            assert_eq!(first.fits(&asked, 443, true), Fits::No, "{first:?}");
            assert_eq!(first.fits(&asked, 443, false), Fits::Yes, "{first:?}");
        }
        assert_eq!(First::Other.fits(&asked, 2222, false), Fits::Yes);
    }

    #[tokio::test]
    async fn a_first_message_is_read_in_drops_and_given_back_whole() {
        let mut hello = Vec::new();
        let config = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let name = "good.test".try_into().unwrap();
        rustls::ClientConnection::new(config.into(), name).unwrap().write_tls(&mut hello).unwrap();
        let (mut near, mut far) = tokio::io::duplex(3);
        let sent = hello.clone();
        tokio::spawn(async move { tokio::io::AsyncWriteExt::write_all(&mut near, &sent).await.map(|()| near) });
        let (first, bytes) = first(&mut far, Duration::from_secs(5)).await.unwrap();
        assert_eq!((first, &bytes), (First::Tls(Some(Host::parse("good.test").unwrap())), &hello));
        let (mut given, mut back) = (Begun::new(bytes, &b"what follows"[..]), Vec::new());
        given.read_to_end(&mut back).await.unwrap();
        assert_eq!(back, [hello.as_slice(), b"what follows"].concat());
        // Cut short, it is nothing that can be judged.
        let mut cut = hello.get(..40).unwrap();
        assert_eq!(super::first(&mut cut, Duration::from_secs(5)).await.unwrap().0, First::Unreadable);
        let mut plain = &b"GET / HTTP/1.1\r\n"[..];
        assert_eq!(super::first(&mut plain, Duration::from_secs(5)).await.unwrap().0, First::Other);
    }
}
