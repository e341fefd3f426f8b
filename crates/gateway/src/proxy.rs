//! The explicit HTTP proxy: absolute URLs and CONNECT.
//!
//! A request is identified, decided (by its whole URL where the proxy sees one, by host for CONNECT), checked for a
//! target that nobody may reach through us, and only then does anything leave: a refusal never touches the other side.
//! Who is asked for credentials, and when, is `docs/decisions/0003-who-is-behind-the-proxy.md`.
//!
//! It is not a cache, does not look into tunnels, and tells the other side nothing about the device.

mod forward;
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
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::activity::Route;
use crate::blockpage::check::CHECK_HOST;
use crate::blockpage::listen::{BlockPages, respond};
use crate::blockpage::{self, HELP_HOST, HELP_PATH, Page, Way, short};
use crate::counters::Counters;
use crate::dns::{Dns, NoAddress, own_page};
use crate::policy::{Asking, Client, Gate, Policy};
use crate::spool::Fact;
use crate::{Targets, proxy::target::Target};
pub(crate) use tunnel::Tunnels;

type Body = BoxBody<Bytes, hyper::Error>;

/// Most client connections.
const CONNECTIONS: usize = 4096;
/// A client has this long for its headers, and to say something on a connection that it keeps.
const HEADERS_WITHIN: Duration = Duration::from_secs(30);
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
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl Proxy {
    /// Serves one listening address until `stop`.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener, sign_in: SignIn) {
        let connections = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            let Ok((stream, peer)) = accepted else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let Ok(permit) = connections.clone().try_acquire_owned() else { continue };
            let me = self.clone();
            self.tasks.spawn(async move {
                let stop = me.stop.clone();
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = me.connection(stream, peer.ip(), sign_in) => {}
                }
                drop(permit);
            });
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, peer: IpAddr, sign_in: SignIn) {
        let _ = stream.set_nodelay(true);
        let service = service_fn(move |request| {
            let me = self.clone();
            async move { Ok::<_, std::convert::Infallible>(me.request(request, peer, sign_in).await) }
        });
        let served = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS_WITHIN)
            .max_buf_size(64 << 10)
            .preserve_header_case(true)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
            .await;
        if let Err(error) = served {
            tracing::debug!(%error, "a proxy connection ended");
        }
    }

    async fn request(self: Arc<Self>, request: Request<Incoming>, peer: IpAddr, sign_in: SignIn) -> Response<Body> {
        Counters::add(&self.counters.proxy_answered);
        let policy = self.gate.policy();
        let client = match self.identify(&policy, &request, peer, sign_in) {
            Ok(client) => client,
            Err(Unproved) => return challenge(),
        };
        let target = match Target::of(&request) {
            Ok(target) => target,
            Err(why) => return page(short(400, "This address cannot be used", why)),
        };
        if target.host.to_string() == CHECK_HOST && request.method() == Method::GET {
            return self.pages.check(&client, Route::Proxy).map(|body| body.map_err(|e| match e {}).boxed());
        }
        if target.host.to_string() == HELP_HOST {
            if request.method() == Method::POST && request.uri().path() == HELP_PATH {
                return self.pages.help(request, &client).await.map(|body| body.map_err(|e| match e {}).boxed());
            }
            return page(short(404, "Nothing is here", ""));
        }
        let addresses = match self.admit(&policy, &client, &target, request.method() == Method::CONNECT).await {
            Ok(addresses) => addresses,
            Err(refusal) => return page(refusal),
        };
        let close = self.stop.child_token();
        let Some(entered) = self.tunnels.enter(&client, &target.host, target.url.as_ref(), close.clone()) else {
            return page(short(503, "Too much is open", "Close something and try again."));
        };
        let Some(upstream) = connect(&addresses).await else {
            return page(short(502, "This site does not answer", "Try again later."));
        };
        if request.method() == Method::CONNECT {
            self.tasks.spawn(async move {
                if let Ok(upgraded) = hyper::upgrade::on(request).await {
                    tunnel::carry(TokioIo::new(upgraded), upstream, &close).await;
                }
                drop(entered);
            });
            return Response::new(http_body_util::Empty::new().map_err(|e| match e {}).boxed());
        }
        match forward::forward(request, upstream, entered, close, &self.tasks).await {
            Ok(response) => response,
            Err(error) => {
                tracing::debug!(%error, "an upstream request failed");
                page(short(502, "This site does not answer", "Try again later."))
            }
        }
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
                self.gate.recorder.note(&client.subject, fact, self.gate.clock.now());
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
            false => self.gate.decide(policy, client, &target.host, target.url.as_ref(), Asking::Proxy),
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
            Host::Name(_) if own && self.dns.block_addresses != (None, None) => {
                let (v4, v6) = self.dns.block_addresses;
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
async fn connect(addresses: &[SocketAddr]) -> Option<TcpStream> {
    let all = async {
        for address in addresses {
            if let Ok(Ok(stream)) = timeout(CONNECT_WITHIN, TcpStream::connect(address)).await {
                let _ = stream.set_nodelay(true);
                return Some(stream);
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
