//! The explicit HTTP proxy: absolute URLs and CONNECT.
//!
//! A request is identified, decided (by its whole URL where the proxy sees one, by host for CONNECT), checked for a
//! target that nobody may reach through us, and only then does anything leave: a refusal never touches the other side.
//! Who is asked for credentials, and when, is `docs/decisions/0003-who-is-behind-the-proxy.md`.
//!
//! It is not a cache, does not look into tunnels, and tells the other side nothing about the device.

mod both_ways;
mod forward;
mod hello;
mod target;
mod tunnel;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use bytes::Bytes;
use filter::{Audience, Cause, Host, Outcome, Verdict};
use http::{Method, Request, Response, header};
use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::activity::Route;
use crate::blockpage::check::CHECK_HOST;
use crate::blockpage::listen::{BlockPages, respond};
use crate::blockpage::{self, HELP_HOST, HELP_PATH, Page, Way, short};
use crate::counters::Counters;
use crate::dns::doors::Doors;
use crate::dns::{Dns, NoAddress, own_page};
use crate::inspect::{Inspector, Look};
use crate::lock::Mutex;
use crate::policy::{Asking, Client, Gate, Policy};
use crate::spool::Fact;
use crate::{Patience, Targets, proxy::target::Target};
use forward::{Forwarded, Line};
pub(crate) use forward::{strip, wants_web_socket};
use hello::{Begun, First, Fits};
use tunnel::{Counted, Moved, until_idle};
pub(crate) use tunnel::{Tunnels, carry};

type Body = BoxBody<Bytes, hyper::Error>;

/// Most client connections, in all and from one address.
const CONNECTIONS: usize = 4096;
const CONNECTIONS_EACH: usize = 512;
/// Most bytes of a request's head.
const LARGEST_HEAD: usize = 32 << 10;
/// A tunnel's first message comes within this time; where the other side may speak first, nobody waits longer than that.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
const HELLO_ELSEWHERE: Duration = Duration::from_millis(300);
/// One address is given this long, all of them together the second.
const CONNECT_WITHIN: Duration = Duration::from_secs(4);
const CONNECT_ALL_WITHIN: Duration = Duration::from_secs(12);

/// When a client is asked for credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignIn {
    /// Only when those it gave are wrong.
    WhenWrong,
    /// Also when it gave none.
    Always,
}

/// A client that must say who it is before anything else.
struct Unproved;

/// The proxy service.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) gate: Arc<Gate>,
    pub(crate) dns: Arc<Dns>,
    pub(crate) tunnels: Arc<Tunnels>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) pages: Arc<BlockPages>,
    pub(crate) targets: Targets,
    pub(crate) patience: Patience,
    pub(crate) inspector: Arc<Inspector>,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl Proxy {
    /// Serves one listening address until `stop`.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener, sign_in: SignIn) {
        let doors = Doors::new(CONNECTIONS, CONNECTIONS_EACH);
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            let Ok((stream, peer)) = accepted else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let Some(place) = doors.enter(peer.ip()) else { continue };
            let me = self.clone();
            self.tasks.spawn(async move {
                let stop = me.stop.clone();
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = me.connection(stream, peer.ip(), sign_in) => {}
                }
                drop(place);
            });
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, peer: IpAddr, sign_in: SignIn) {
        let _ = stream.set_nodelay(true);
        // One line to the other side is kept for the next request of this connection.
        let line: Arc<Mutex<Option<Line>>> = Arc::default();
        let patience = self.patience;
        let service = service_fn(move |request| {
            let (me, line) = (self.clone(), line.clone());
            async move { Ok::<_, std::convert::Infallible>(me.request(request, peer, sign_in, &line).await) }
        });
        let moved = Moved::default();
        let stream = Counted { inner: stream, moved: moved.clone() };
        let served = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(patience.head)
            .max_buf_size(64 << 10)
            .max_header_size(LARGEST_HEAD)
            .preserve_header_case(true)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        // A body that comes or is taken drop by drop is carried; one that stands still for five minutes is not.
        tokio::select! {
            () = until_idle(&moved, patience.still) => {}
            served = served => if let Err(error) = served {
                tracing::debug!(%error, "a proxy connection ended");
            },
        }
    }

    async fn request(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: IpAddr,
        sign_in: SignIn,
        line: &Mutex<Option<Line>>,
    ) -> Response<Body> {
        Counters::add(&self.counters.proxy_answered);
        let policy = self.gate.policy();
        let client = match self.identify(&policy, &request, peer, sign_in) {
            Ok(client) => client,
            Err(Unproved) => return challenge(),
        };
        let mut target = match Target::of(&request) {
            Ok(target) => target,
            Err(why) => return page(short(400, "This address cannot be used", why)),
        };
        let connects = request.method() == Method::CONNECT;
        if target.host.to_string() == CHECK_HOST {
            if request.method() == Method::GET {
                let path = request.uri().path();
                return self.pages.own(path, &client, Route::Proxy).map(|body| body.map_err(|e| match e {}).boxed());
            }
            if connects && self.pages.may_explain(&policy, &client, &target.host) {
                return self.explain(request, client, target.host);
            }
        }
        if target.host.to_string() == HELP_HOST {
            if request.method() == Method::POST && request.uri().path() == HELP_PATH {
                return self.pages.help(request, &client).await.map(|body| body.map_err(|e| match e {}).boxed());
            }
            return page(short(404, "Nothing is here", ""));
        }
        if connects {
            // Where only a part of the site is approved and the tunnel will be looked into, the part is what is decided here;
            // inside, each address is.
            target.url = self.inspector.part(&policy, &client, &target.host);
        }
        let addresses = match self.admit(&policy, &client, &target, connects).await {
            Ok(addresses) => addresses,
            // A browser throws away what comes with a refused tunnel, so a device that trusts our certificate is shown the
            // page inside; nothing goes upstream (S28).
            Err(_) if connects && self.pages.may_explain(&policy, &client, &target.host) => {
                return self.explain(request, client, target.host);
            }
            Err(refusal) => return page(refusal),
        };
        if connects {
            return self.open_tunnel(request, client, target, &addresses).await;
        }
        self.pass_on(request, &client, &target, &addresses, line).await
    }

    /// CONNECT: the other side is reached first, so that what cannot be reached is said; then bytes are carried.
    async fn open_tunnel(
        self: Arc<Self>,
        request: Request<Incoming>,
        client: Client,
        target: Target,
        addresses: &[SocketAddr],
    ) -> Response<Body> {
        let close = self.stop.child_token();
        let Some(entered) = self.tunnels.enter(&client, &target.host, target.url.as_ref(), close.clone()) else {
            return page(short(503, "Too much is open", "Close something and try again."));
        };
        let Some((upstream, _)) = connect(addresses).await else {
            return page(short(502, "This site does not answer", "Try again later."));
        };
        let me = self.clone();
        self.tasks.spawn(async move {
            if let Ok(upgraded) = hyper::upgrade::on(request).await {
                me.carry(TokioIo::new(upgraded), upstream, &client, &target, &close).await;
            }
            drop(entered);
        });
        Response::new(http_body_util::Empty::new().map_err(|e| match e {}).boxed())
    }

    /// A tunnel's bytes, once its first message has been looked at.
    async fn carry<S>(
        &self,
        mut stream: S,
        upstream: TcpStream,
        client: &Client,
        target: &Target,
        close: &CancellationToken,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let strict = matches!(client.audience, Audience::Children | Audience::Guests);
        // Whoever speaks first on the web's port is the client; elsewhere the other side may.
        let within = if target.port == 443 { HELLO_WITHIN } else { HELLO_ELSEWHERE };
        let first = tokio::select! {
            () = close.cancelled() => return,
            first = hello::first(&mut stream, within) => first,
        };
        let Ok((first, before)) = first else { return };
        let fits = match first.fits(&target.host, target.port, strict) {
            Fits::Yes => true,
            Fits::No => false,
            Fits::Ask(inside) => self.may_be_inside(client, inside, strict),
        };
        let opening = matches!(&first, First::Tls(Some(inside)) if *inside == target.host)
            .then(|| self.inspector.wanted(&self.gate.policy(), client, &target.host, target.port, close))
            .flatten();
        if let (true, Some(opening)) = (fits, opening) {
            // In a place of its own: what it needs is large, and every tunnel would keep room for it.
            return Box::pin(self.inspector.clone().run(Begun::new(before, stream), upstream, opening)).await;
        }
        // Let through for a part of the site: where nobody can see which part, nothing passes.
        if fits && target.url.is_none() {
            tunnel::carry(Begun::new(before, stream), upstream, close, self.patience.still).await;
        } else {
            tracing::debug!(?first, "a tunnel held something else than was asked for");
        }
    }

    /// A name inside a tunnel that was asked for under another one. Children's and guests' devices have no reason for that;
    /// for others the name inside is decided like any other.
    fn may_be_inside(&self, client: &Client, inside: &Host, strict: bool) -> bool {
        let policy = self.gate.policy();
        let verdict = self.gate.decide(&policy, client, inside, None, Asking::Proxy, self.gate.clock.now());
        if verdict.outcome == Outcome::Allow && strict {
            let cause = Cause::Bypass { what: "another name inside a tunnel".into() };
            let verdict = Verdict { outcome: Outcome::Block, cause };
            self.gate.record(client, inside, &verdict, Route::Proxy, self.gate.clock.now());
        }
        verdict.outcome == Outcome::Allow && !strict
    }

    /// A plain request, over the line that this client's connection kept or over a new one.
    async fn pass_on(
        self: Arc<Self>,
        mut request: Request<Incoming>,
        client: &Client,
        target: &Target,
        addresses: &[SocketAddr],
        kept: &Mutex<Option<Line>>,
    ) -> Response<Body> {
        let authority = request.uri().authority().map(|a| a.as_str().to_owned()).unwrap_or_default();
        let (policy, now) = (self.gate.policy(), self.gate.clock.now());
        let look = Look::at(&policy, client, now);
        if let Some(url) = target.url.as_ref().filter(|_| look.is_inspected() && request.method() == Method::GET) {
            self.inspector.hand_over(client, url, now);
        }
        let weigh = look.prepare(request.headers_mut());
        // A line that changes its protocol is nobody's afterwards.
        let again = !forward::wants_web_socket(request.headers());
        let mut old = kept.lock().take().filter(|line| again && line.fits(&authority, addresses));
        // The second time with a new line, if the kept one turned out to have ended.
        loop {
            let fresh = old.is_none();
            let line = match old.take() {
                Some(line) => line,
                None => match self.line(addresses, &authority).await {
                    Some(line) => line,
                    None => return page(short(502, "This site does not answer", "Try again later.")),
                },
            };
            let close = line.close.clone();
            let mut entered = self.tunnels.enter(client, &target.host, target.url.as_ref(), close);
            if entered.is_none() {
                return page(short(503, "Too much is open", "Close something and try again."));
            }
            match forward::forward(request, line, &mut entered, self.patience.still, &self.tasks).await {
                Ok(Forwarded::Answer(response, line)) => {
                    let Some(url) = target.url.as_ref().filter(|_| line.is_some() && look.has_work(weigh)) else {
                        *kept.lock() = line;
                        return response;
                    };
                    return match look.judge(response, url, weigh).await {
                        Ok(response) => {
                            *kept.lock() = line;
                            response
                        }
                        // What is left of it is on that line, which goes.
                        Err(verdict) => {
                            Counters::add(&self.counters.proxy_blocked);
                            self.gate.record(client, &target.host, &verdict, Route::Proxy, now);
                            page(blockpage::blocked(&self.gate, &policy, client, &target.host, &verdict, Way::Proxy))
                        }
                    };
                }
                Ok(Forwarded::Unsent(unsent)) if !fresh => request = unsent,
                Ok(Forwarded::Unsent(_)) => {
                    return page(short(502, "This site does not answer", "Try again later."));
                }
                Err(error) => {
                    tracing::debug!(%error, "an upstream request failed");
                    return page(short(502, "This site does not answer", "Try again later."));
                }
            }
        }
    }

    async fn line(&self, addresses: &[SocketAddr], authority: &str) -> Option<Line> {
        let (stream, to) = connect(addresses).await?;
        Line::open(stream, to, authority.to_owned(), &self.stop, &self.tasks).await.ok()
    }

    /// Opens a refused tunnel as far as to show the page in it.
    fn explain(&self, request: Request<Incoming>, client: Client, host: Host) -> Response<Body> {
        let (pages, stop) = (self.pages.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            if let Ok(upgraded) = hyper::upgrade::on(request).await {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = pages.explain_tunnel(TokioIo::new(upgraded), client, host) => {}
                }
            }
        });
        Response::new(http_body_util::Empty::new().map_err(|e| match e {}).boxed())
    }

    /// Who asks. A credential that is wrong, and on the sign-in port one that is missing, is asked for.
    fn identify(
        &self,
        policy: &Policy,
        request: &Request<Incoming>,
        peer: IpAddr,
        sign_in: SignIn,
    ) -> Result<Client, Unproved> {
        let Some(value) = request.headers().get(header::PROXY_AUTHORIZATION) else {
            return match sign_in {
                SignIn::WhenWrong => Ok(policy.client(peer, None)),
                SignIn::Always => Err(Unproved),
            };
        };
        let credential = value.to_str().ok().and_then(basic);
        let pair = credential.as_ref().map(|(user, password)| (user.as_str(), password.as_str()));
        match pair {
            Some(pair) if !policy.refuses_credential(pair) => Ok(policy.client(peer, Some(pair))),
            _ => {
                let client = policy.client(peer, None);
                let fact = Fact::Unidentified { address: client.address, wrong_credential: true };
                self.gate.recorder.note([(&client.subject, fact)], self.gate.clock.now());
                Err(Unproved)
            }
        }
    }

    /// Decides; what is let through comes with the addresses to try.
    async fn admit(
        &self,
        policy: &Policy,
        client: &Client,
        target: &Target,
        connect: bool,
    ) -> Result<Vec<SocketAddr>, Page> {
        let own = is_own_page(policy, target);
        let verdict = match own {
            // Our own pages may stand at an address inside, on any port; only a held device does not see them.
            true => policy.verdict(client, &target.host, target.url.as_ref(), self.gate.clock.now()),
            false => {
                let now = self.gate.clock.now();
                self.gate.decide(policy, client, &target.host, target.url.as_ref(), Asking::Proxy, now)
            }
        };
        let refused = |verdict: &Verdict| {
            Counters::add(&self.counters.proxy_blocked);
            if verdict.cause == Cause::Held {
                self.counters.cut(client.subject.device, |cut| cut.proxy_refused += 1);
            }
            blockpage::blocked(&self.gate, policy, client, &target.host, verdict, Way::Proxy)
        };
        if verdict.outcome == Outcome::Block && (!own || matches!(verdict.cause, Cause::Held | Cause::Sealed)) {
            return Err(refused(&verdict));
        }
        let bypass = |what: &str| {
            let silent = own || matches!(verdict.cause, Cause::NeverLogged | Cause::Always);
            let cause = Cause::Bypass { what: what.into() };
            let verdict = Verdict { outcome: Outcome::Block, cause };
            if !silent {
                self.gate.record(client, &target.host, &verdict, Route::Proxy, self.gate.clock.now());
            }
            refused(&verdict)
        };
        if !own {
            let strict = matches!(client.audience, Audience::Children | Audience::Guests);
            if strict && matches!(target.host, Host::Ip(_)) {
                return Err(bypass("an address instead of a name"));
            }
            if !target::port_is_open(client.audience, connect, target.port, &self.targets) {
                return Err(bypass("a port that is not the web's"));
            }
        }
        let addresses = match &target.host {
            Host::Ip(ip) => vec![*ip],
            Host::Name(_) if own && self.dns.own_addresses != (None, None) => {
                let (v4, v6) = self.dns.own_addresses;
                v4.map(IpAddr::V4).into_iter().chain(v6.map(IpAddr::V6)).collect()
            }
            Host::Name(name) => match self.dns.addresses(policy, client, name, &verdict).await {
                Ok(addresses) => addresses,
                Err(NoAddress::Blocked(verdict)) => {
                    self.gate.record(client, &target.host, &verdict, Route::Proxy, self.gate.clock.now());
                    return Err(refused(&verdict));
                }
                Err(NoAddress::Unknown) => return Err(short(502, "There is no such site", "Check the address.")),
                Err(NoAddress::Unreachable) => {
                    return Err(short(502, "The internet does not answer", "Tell the office if this goes on."));
                }
            },
        };
        let open: Vec<_> = addresses
            .into_iter()
            .map(|ip| SocketAddr::new(ip, target.port))
            .filter(|address| own || target::address_is_open(*address, &self.targets))
            .collect();
        if open.is_empty() {
            return Err(bypass("an address inside the building"));
        }
        if !own {
            self.gate.record(client, &target.host, &verdict, Route::Proxy, self.gate.clock.now());
        }
        Ok(open)
    }
}

/// Whether it is a page of our own web server: host and port of `web_base`.
fn is_own_page(policy: &Policy, target: &Target) -> bool {
    let Some((host, port)) = own_page(&policy.snapshot().web_base) else { return false };
    target.port == port && Host::parse(host).is_ok_and(|own| own == target.host)
}

/// The first address that answers.
async fn connect(addresses: &[SocketAddr]) -> Option<(TcpStream, SocketAddr)> {
    let all = async {
        for address in addresses {
            if let Ok(Ok(stream)) = timeout(CONNECT_WITHIN, TcpStream::connect(address)).await {
                let _ = stream.set_nodelay(true);
                return Some((stream, *address));
            }
        }
        None
    };
    timeout(CONNECT_ALL_WITHIN, all).await.ok().flatten()
}

/// User name and password of a `Basic` credential.
fn basic(value: &str) -> Option<(String, String)> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

fn challenge() -> Response<Body> {
    let mut response = page(short(407, "This device needs its own sign-in", "Ask the office."));
    let value = http::HeaderValue::from_static("Basic realm=\"Holdfast\", charset=\"UTF-8\"");
    response.headers_mut().insert(header::PROXY_AUTHENTICATE, value);
    response
}

fn page(page: Page) -> Response<Body> {
    respond(page).map(|body| body.map_err(|never| match never {}).boxed())
}
