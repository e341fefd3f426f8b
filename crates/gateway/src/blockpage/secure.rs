//! The block page over HTTPS, for devices on which our certificate was seen to be trusted (S28).
//!
//! The name stands in the first message of a handshake. Only when that name is blocked for that device at that moment is a
//! certificate made for it; for anything else the line is closed without a word, since a certificate that nobody trusts
//! teaches people to click through. The name of the check page is ours, and every device may try it: that is how it shows
//! whether it trusts us.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use filter::{Audience, Host, HostName, Outcome};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::server::Acceptor;
use rustls::{AlertDescription, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::LazyConfigAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::check::CHECK_HOST;
use super::listen::BlockPages;
use crate::activity::Kind;
use crate::dns::doors::Doors;
use crate::dns::has_page;
use crate::policy::{Client, Policy};

/// Most connections, in all and from one address.
const CONNECTIONS: usize = 512;
const CONNECTIONS_EACH: usize = 32;
/// A handshake takes no longer, and a page is read in less than a minute.
const HANDSHAKE: Duration = Duration::from_secs(10);
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
const READ_WITHIN: Duration = Duration::from_secs(60);

impl BlockPages {
    /// Serves one listening address until `stop`.
    pub(crate) async fn serve_tls(self: Arc<Self>, listener: TcpListener, stop: CancellationToken, tasks: TaskTracker) {
        let doors = Doors::new(CONNECTIONS, CONNECTIONS_EACH);
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            let Ok((stream, peer)) = accepted else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let Some(place) = doors.enter(peer.ip()) else { continue };
            let (me, stop) = (self.clone(), stop.clone());
            tasks.spawn(async move {
                let who = |me: &Self, host: &Host| Some(me.whose(peer.ip(), host));
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = me.converse(stream, who) => {}
                }
                drop(place);
            });
        }
    }

    /// A tunnel that was refused, opened only as far as to say so.
    pub(crate) async fn explain_tunnel<S>(self: Arc<Self>, stream: S, client: Client, asked: Host)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // Another name inside than the one that was asked for gets nothing.
        self.converse(stream, |_, host| (*host == asked).then_some(client)).await;
    }

    /// Who comes from this address for this name.
    pub(super) fn whose(&self, address: IpAddr, host: &Host) -> Client {
        let policy = self.gate.policy();
        match self.led.find(address, host) {
            Some(led) => policy.again(&led),
            None => policy.client(address, None),
        }
    }

    /// One connection: a name, a decision, a certificate, a page.
    async fn converse<S>(self: Arc<Self>, stream: S, who: impl FnOnce(&Self, &Host) -> Option<Client>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Ok(Ok(hello)) = timeout(HANDSHAKE, LazyConfigAcceptor::new(Acceptor::default(), stream)).await else {
            return;
        };
        let Some(host) = hello.client_hello().server_name().and_then(|name| Host::parse(name).ok()) else { return };
        let Some(client) = who(&self, &host) else { return };
        let Some(certificate) = self.certificate(&self.gate.policy(), &client, &host) else { return };
        let check = host.to_string() == CHECK_HOST;
        let stream = match timeout(HANDSHAKE, hello.into_stream(certificate)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) if check && is_distrust(&error) => return self.note_trust(&client, false),
            _ => return,
        };
        if check {
            self.note_trust(&client, true);
        }
        let me = self.clone();
        let service = service_fn(move |request| {
            let (me, client, host) = (me.clone(), client.clone(), host.clone());
            async move { Ok::<_, std::convert::Infallible>(me.explain(request, &client, &host).await) }
        });
        let served = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS_WITHIN)
            .max_buf_size(16 << 10)
            .serve_connection(TokioIo::new(stream), service);
        if !matches!(timeout(READ_WITHIN, served).await, Ok(Ok(()))) {
            tracing::debug!("a block page was left unread");
        }
    }

    /// The certificate for a name that is blocked for this client now, and for no other.
    fn certificate(&self, policy: &Policy, client: &Client, host: &Host) -> Option<Arc<ServerConfig>> {
        let name: &HostName = host.name()?;
        let now = self.gate.clock.now();
        let authority = self.authority.as_ref()?;
        let held = client.subject.device.is_some_and(|device| policy.held(now).any(|held| held == device));
        let shown = name.as_str() == CHECK_HOST || {
            let verdict = policy.verdict(client, host, None, now);
            client.shows_block_page && verdict.outcome == Outcome::Block && has_page(&verdict.cause)
        };
        if held || !shown {
            return None;
        }
        match authority.leaf(name, now) {
            Ok(certificate) => Some(certificate),
            Err(error) => {
                tracing::error!(%error, "no certificate could be made for a block page");
                None
            }
        }
    }

    /// Whether a tunnel that is refused may be opened to show the page.
    pub(crate) fn may_explain(&self, policy: &Policy, client: &Client, host: &Host) -> bool {
        self.certificate(policy, client, host).is_some()
    }

    /// Written down against the device; guests' devices are nobody's (S24), and a stranger has no row to write to.
    fn note_trust(&self, client: &Client, trusted: bool) {
        let now = self.gate.clock.now();
        let Some(device) = client.subject.device else { return };
        if client.audience == Audience::Guests || !self.is_new_call(format!("trust {trusted} {device}"), now) {
            return;
        }
        self.gate.recorder.alert(client.subject.clone(), Kind::Certificate { trusted }, now);
    }
}

/// Whether the other side ended the handshake because it does not trust us.
fn is_distrust(error: &io::Error) -> bool {
    use AlertDescription::{BadCertificate, CertificateUnknown, UnknownCA, UnsupportedCertificate};
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(
        inner,
        Some(rustls::Error::AlertReceived(UnknownCA | BadCertificate | CertificateUnknown | UnsupportedCertificate))
    )
}
