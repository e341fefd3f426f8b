//! Inspection (S29): for a group whose snapshot says so, a tunnel is opened here, each request decided by its whole address,
//! and the answer passed on as it comes. Off for everybody else, and off again at its end without anybody's doing.
//!
//! The other side is reached and believed first, by the public authorities; only then is the device shown a certificate of the
//! inspection's own authority. A device or an app that does not believe it makes the site exempt for that device: it is
//! tunnelled from then on, filtered by name, and said. No body is kept: of a page's text the first part waits in memory while
//! its words are weighed, and is then passed on or dropped.
//! What it is not: for guests, for personal devices, for help services, banks, health; or a record of what was read.

pub(crate) mod answer;
pub(crate) mod request;
mod unpack;
pub(crate) mod upstream;

pub(crate) use answer::Look;

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwapOption;
use filter::{Audience, CanonicalUrl, Cause, Group, Host, HostName, Inspection, ONLY_A_PART, Part};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use jiff::Timestamp;
use moka::sync::Cache;
use rustls::server::Acceptor;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::LazyConfigAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::activity::Kind;
use crate::authority::Authority;
use crate::blockpage::listen::{BlockPages, respond};
use crate::blockpage::short;
use crate::config::TlsFiles;
use crate::lock::Mutex;
use crate::policy::{Client, Policy};
use upstream::Upstream;

/// A handshake takes no longer.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// A client has this long for its headers.
const HEADERS_WITHIN: Duration = Duration::from_secs(30);
/// Most bytes of a head, and requests under way on one line.
const LARGEST_HEAD: usize = 32 << 10;
const STREAMS: u32 = 64;
/// Devices and sites that are remembered as not to be opened, and for how long.
const EXEMPT: u64 = 4096;
const EXEMPT_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

/// What inspection needs beside a policy that asks for it.
pub(crate) struct Inspector {
    authority: ArcSwapOption<Authority>,
    files: TlsFiles,
    /// When the files that were last judged were written.
    seen: Mutex<Option<SystemTime>>,
    pub(crate) pages: Arc<BlockPages>,
    believe: upstream::Believe,
    /// A device that did not believe us about a site.
    pinned: Cache<(Uuid, HostName), ()>,
    tasks: TaskTracker,
    still: Duration,
}

impl std::fmt::Debug for Inspector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inspector").finish_non_exhaustive()
    }
}

/// One tunnel that is to be opened.
pub(crate) struct Opening {
    pub(crate) client: Client,
    pub(crate) host: Host,
    pub(crate) port: u16,
    pub(crate) close: CancellationToken,
    authority: Arc<Authority>,
}

impl Inspector {
    /// Inspection's own files lie in the gateway's folder, put there when it was approved and taken away at its end.
    pub(crate) fn new(
        files: TlsFiles,
        more_roots: &[rustls_pki_types::CertificateDer<'static>],
        pages: Arc<BlockPages>,
        tasks: TaskTracker,
        still: Duration,
    ) -> Result<Arc<Self>, crate::Error> {
        let pinned = Cache::builder().max_capacity(EXEMPT).time_to_live(EXEMPT_FOR).build();
        let believe = upstream::Believe::new(more_roots)?;
        let authority = ArcSwapOption::empty();
        let me = Arc::new(Self { authority, files, seen: Mutex::new(None), pages, believe, pinned, tasks, still });
        me.look();
        Ok(me)
    }

    /// Takes a new authority, or forgets one that is gone. A bad file ends inspection and nothing else.
    pub(crate) fn look(&self) {
        let written = self.files.chain.metadata().and_then(|file| file.modified()).ok();
        let mut seen = self.seen.lock();
        if *seen == written {
            return;
        }
        *seen = written;
        let authority = written.and_then(|_| match Authority::open(&self.files, &[b"h2", b"http/1.1"]) {
            Ok(authority) => Some(Arc::new(authority)),
            Err(error) => {
                tracing::warn!(%error, "inspection cannot begin");
                None
            }
        });
        self.pages.set_inspection_root(authority.as_ref().and_then(|authority| authority.root().cloned()));
        self.authority.store(authority);
    }

    /// Whether this tunnel is to be opened.
    pub(crate) fn wanted(
        &self,
        policy: &Policy,
        client: &Client,
        host: &Host,
        port: u16,
        close: &CancellationToken,
    ) -> Option<Opening> {
        let authority = self.opens(policy, client, host)?;
        Some(Opening { client: client.clone(), host: host.clone(), port, close: close.clone(), authority })
    }

    /// The part of a site by which a tunnel to it is decided, where the site as a whole is closed, only parts of it are
    /// approved, and the tunnel will be opened here (S34).
    pub(crate) fn part(&self, policy: &Policy, client: &Client, host: &Host) -> Option<CanonicalUrl> {
        let group = policy.snapshot().groups.get(&*client.subject.group).filter(|group| !group.parts.is_empty())?;
        let now = self.pages.gate.clock.now();
        let cause = policy.verdict(client, host, None, now).cause;
        if !matches!(&cause, Cause::Rule { rule, .. } if rule == ONLY_A_PART) {
            return None;
        }
        self.opens(policy, client, host)?;
        let standing = group.parts.iter().filter(|rule| rule.until.is_none_or(|until| until > now));
        let part = standing.filter_map(|rule| Part::parse(&rule.part).ok()).find(|part| part.host() == host)?;
        CanonicalUrl::parse(&part.to_string()).ok()
    }

    /// What was typed into a search engine, if this address says so, goes to those who look after the filter's activity.
    pub(crate) fn hand_over(&self, client: &Client, url: &CanonicalUrl, now: Timestamp) {
        if let Some((engine, terms)) = filter::search_terms::of(url) {
            let kind = Kind::Searched { engine: engine.to_owned(), terms };
            self.pages.gate.recorder.alert(client.subject.clone(), kind, now);
        }
    }

    /// With what a tunnel to this host is opened for this device; nothing when it is not.
    fn opens(&self, policy: &Policy, client: &Client, host: &Host) -> Option<Arc<Authority>> {
        let name = host.name()?;
        let device = client.subject.device?;
        let (_, inspection) = in_force(policy, client, self.pages.gate.clock.now())?;
        let exempt = name.suffixes().any(|part| inspection.exempt.contains(part))
            || policy.is_spared(host)
            || self.pinned.contains_key(&(device, name.clone()));
        if exempt {
            return None;
        }
        self.authority.load_full()
    }

    /// Opens it.
    pub(crate) async fn run<S>(self: Arc<Self>, stream: S, upstream: tokio::net::TcpStream, opening: Opening)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let close = opening.close.clone();
        tokio::select! {
            () = close.cancelled() => {}
            () = self.converse(stream, upstream, opening) => {}
        }
    }

    async fn converse<S>(self: Arc<Self>, stream: S, tcp: tokio::net::TcpStream, opening: Opening)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Some(name) = opening.host.name().cloned() else { return };
        let Ok(Ok(hello)) = timeout(HANDSHAKE, LazyConfigAcceptor::new(Acceptor::default(), stream)).await else {
            return;
        };
        // The other side is asked for what the device asks for: a WebSocket needs a line of HTTP/1.1 the whole way.
        let two = hello.client_hello().alpn().is_some_and(|mut names| names.any(|name| name == b"h2"));
        let to = tcp.peer_addr();
        let secured = self.believe.secure(tcp, &name, two).await;
        let two = secured.as_ref().is_ok_and(|(_, two)| *two);
        let now = self.pages.gate.clock.now();
        let Ok(leaf) = opening.authority.leaf(&name, now) else { return };
        let mut leaf = (*leaf).clone();
        leaf.alpn_protocols = vec![if two { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
        let stream = match timeout(HANDSHAKE, hello.into_stream(Arc::new(leaf))).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) if was_refused(&error) => return self.spare(&opening.client, name),
            _ => return,
        };
        let upstream = match (secured, to) {
            (Ok((line, two)), Ok(to)) => {
                Upstream::new(
                    line,
                    two,
                    to,
                    name.clone(),
                    self.believe.clone(),
                    opening.close.clone(),
                    self.tasks.clone(),
                )
                .await
            }
            (Err(why), _) => Err(why),
            (_, Err(error)) => Err(error.to_string()),
        };
        if let Err(why) = &upstream {
            tracing::debug!(%why, "an inspected site is not believed");
        }
        let (me, opening) = (self.clone(), Arc::new(opening));
        let upstream = upstream.ok().map(Arc::new);
        let service = service_fn(move |request| {
            let (me, opening, upstream) = (me.clone(), opening.clone(), upstream.clone());
            async move {
                let answer = match upstream {
                    Some(upstream) => me.request(request, &opening, &upstream).await,
                    None => answer::whole(respond(short(
                        502,
                        "This site cannot prove who it is",
                        "Its certificate is not believed, so nothing was sent to it. Tell the office if you need it.",
                    ))),
                };
                Ok::<_, std::convert::Infallible>(answer)
            }
        });
        let stream = TokioIo::new(stream);
        let served = if two {
            hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .max_concurrent_streams(STREAMS)
                .max_header_list_size(LARGEST_HEAD as u32)
                .keep_alive_interval(Some(Duration::from_secs(60)))
                .serve_connection(stream, service)
                .await
        } else {
            hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADERS_WITHIN)
                .max_header_size(LARGEST_HEAD)
                .max_buf_size(64 << 10)
                .serve_connection(stream, service)
                .with_upgrades()
                .await
        };
        if let Err(error) = served {
            tracing::debug!(%error, "an inspected tunnel ended");
        }
    }

    /// From now on this site is not opened for this device, and somebody reads so.
    fn spare(&self, client: &Client, name: HostName) {
        let Some(device) = client.subject.device else { return };
        let kind = Kind::Spared { host: name.to_string() };
        self.pinned.insert((device, name), ());
        self.pages.gate.recorder.alert(client.subject.clone(), kind, self.pages.gate.clock.now());
    }
}

/// The group and what is inspected for it, while it lasts. Guests and what must always work are never inspected (S24, S30).
pub(crate) fn in_force<'p>(policy: &'p Policy, client: &Client, now: Timestamp) -> Option<(&'p Group, &'p Inspection)> {
    if !matches!(client.audience, Audience::Children | Audience::Adults) {
        return None;
    }
    let snapshot = policy.snapshot();
    let group = snapshot.groups.get(&*client.subject.group)?;
    let inspection = snapshot.inspection.get(&*client.subject.group).filter(|inspection| now < inspection.until)?;
    Some((group, inspection))
}

/// Whether the other side ended the handshake: it does not believe us, or the app knows its site's certificate itself.
fn was_refused(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let ended = matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
    );
    matches!(inner, Some(rustls::Error::AlertReceived(_))) || ended
}
