//! The block page as a small web server, for devices whose DNS was pointed at it. Plain HTTP here; over HTTPS only where
//! our certificate is on the device (`secure`): elsewhere TLS would teach people to click through a warning (S28).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use filter::{Audience, Host, Outcome};
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls_pki_types::CertificateDer;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::check::{CHECK_HOST, OPEN, checked};
use super::led::Led;
use super::{HELP_PATH, Page, Way, blocked, help_is_coming, root, short, ticket, wpad};
use crate::activity::{Kind, Route};
use crate::authority::Authority;
use crate::dns::{OFFLINE, own_page};
use crate::inspect;
use crate::lock::Mutex;
use crate::policy::{Client, Gate};

/// Most connections, and how long a client may take over its headers.
const CONNECTIONS: usize = 512;
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// Most bytes of the help button's form.
const LARGEST_FORM: usize = 1024;
/// One device calls once in this many seconds; pressing on is no second call.
const SAME_CALL: i64 = 5;
/// Devices remembered for it.
const MOST_CALLERS: usize = 1024;

/// Serves block pages and the help button.
#[derive(Debug)]
pub(crate) struct BlockPages {
    pub(crate) gate: Arc<Gate>,
    pub(crate) led: Arc<Led>,
    /// Makes certificates for blocked names; none where block pages come over plain HTTP alone.
    pub(super) authority: Option<Authority>,
    /// Names under which the check page's proof is loaded: the port of the listener, where it is not HTTPS's own.
    pub(super) proof_port: Option<u16>,
    /// What browsers that look for a proxy are told, if they are told anything.
    wpad: Option<wpad::Proxy>,
    called: Mutex<Vec<(String, jiff::Timestamp)>>,
    /// The root of inspection, while there is one.
    inspection_root: Mutex<Option<CertificateDer<'static>>>,
}

impl BlockPages {
    pub(crate) fn new(
        gate: Arc<Gate>,
        led: Arc<Led>,
        authority: Option<Authority>,
        proof_port: Option<u16>,
        wpad: Option<wpad::Proxy>,
    ) -> Self {
        Self {
            gate,
            led,
            authority,
            proof_port,
            wpad,
            called: Mutex::new(Vec::new()),
            inspection_root: Mutex::default(),
        }
    }

    /// What is handed to the devices of inspected groups.
    pub(crate) fn set_inspection_root(&self, root: Option<CertificateDer<'static>>) {
        *self.inspection_root.lock() = root;
    }

    /// One request to the block listener.
    pub(crate) async fn serve(&self, request: Request<Incoming>, peer: IpAddr) -> Response<Full<Bytes>> {
        let host = request
            .headers()
            .get(header::HOST)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.parse::<http::uri::Authority>().ok())
            .and_then(|authority| Host::parse(authority.host()).ok());
        let Some(host) = host else {
            return respond(short(400, "Nothing to show", ""));
        };
        let client = self.whose(peer, &host);
        if request.uri().path() == wpad::PATH && wpad::is_wpad(&host) {
            let own = own_page(&self.gate.policy().snapshot().web_base).map(|(own, _)| own.to_owned());
            return match &self.wpad {
                Some(proxy) => proxy.file(own.as_deref()),
                None => respond(short(404, "Nothing is here", "")),
            };
        }
        self.explain(request, &client, &host).await
    }

    /// What this client is shown under this name, whichever way it came here.
    pub(super) async fn explain(
        &self,
        request: Request<Incoming>,
        client: &Client,
        host: &Host,
    ) -> Response<Full<Bytes>> {
        if request.method() == Method::POST && request.uri().path() == HELP_PATH {
            return self.help(request, client).await;
        }
        if host.to_string() == CHECK_HOST {
            return self.own(request.uri().path(), client, Route::Dns);
        }
        // What was asked for has been recorded already; this only explains it.
        let policy = self.gate.policy();
        let verdict = policy.verdict(client, host, None, self.gate.clock.now());
        respond(match verdict.outcome {
            Outcome::Block => blocked(&self.gate, &policy, client, host, &verdict, Way::Listener),
            _ => short(404, "Nothing is blocked here", "Try the page again in half a minute."),
        })
    }

    /// The pages at the check page's name: the check, and the certificate to install.
    pub(crate) fn own(&self, path: &str, client: &Client, route: Route) -> Response<Full<Bytes>> {
        let policy = self.gate.policy();
        let now = self.gate.clock.now();
        // A held device is told that it is offline and nothing else (S9).
        if client.subject.device.is_some_and(|device| policy.held(now).any(|held| held == device)) {
            return respond(short(403, OFFLINE, ""));
        }
        let snapshot = policy.snapshot();
        let inspected = inspect::in_force(&policy, client, now).is_some();
        let inspection_root = self.inspection_root.lock().clone().filter(|_| inspected);
        match path {
            root::INSPECTION_FILE => {
                root::file(inspection_root.as_ref(), "attachment; filename=\"holdfast-inspection.crt\"")
            }
            root::PAGE => root::page_of(
                self.authority.as_ref(),
                inspection_root.as_ref(),
                &snapshot.setting_name,
                &snapshot.contact,
            ),
            root::FILE => {
                let name = "attachment; filename=\"holdfast-root.crt\"";
                root::file(self.authority.as_ref().and_then(Authority::root), name)
            }
            root::PROOF => root::proof(),
            path => self.check(client, route, path == OPEN),
        }
    }

    /// The page on which a device checks itself.
    ///
    /// `answered`: its script says that a resolver elsewhere answered the device.
    fn check(&self, client: &Client, route: Route, answered: bool) -> Response<Full<Bytes>> {
        let policy = self.gate.policy();
        let now = self.gate.clock.now();
        let proof = self.authority.as_ref().map(|_| match (route, self.proof_port) {
            // Through the proxy the port is the web's own: the proxy itself answers.
            (Route::Dns | Route::BlockPage, Some(port)) if port != 443 => format!("https://{CHECK_HOST}:{port}"),
            _ => format!("https://{CHECK_HOST}"),
        });
        let (page, kind) = checked(&self.gate, &policy, client, (route, answered), proof.as_deref());
        let who = client.subject.device.map_or(client.address.to_string(), |device| device.to_string());
        // Guests are counted and never tied to anybody (S24).
        if client.audience != Audience::Guests && self.is_new_call(format!("check {who} {answered}"), now) {
            self.gate.recorder.alert(client.subject.clone(), kind, now);
        }
        respond(page)
    }

    /// The help button. It records that help was called, and nothing else (S6).
    pub(crate) async fn help(&self, request: Request<Incoming>, client: &Client) -> Response<Full<Bytes>> {
        let body = Limited::new(request.into_body(), LARGEST_FORM).collect().await;
        let Ok(body) = body.map(|b| b.to_bytes()) else {
            return respond(short(400, "Try again", ""));
        };
        let ticket = ticket(&self.gate, client);
        let given = body.strip_prefix(b"ticket=").unwrap_or(&[]);
        if !bool::from(subtle::ConstantTimeEq::ct_eq(given, ticket.as_bytes())) {
            return respond(short(400, "Go back and press the button", ""));
        }
        let now = self.gate.clock.now();
        if self.is_new_call(ticket, now) {
            let policy = self.gate.policy();
            let room = client.subject.device.and_then(|id| policy.device(id)).and_then(|d| d.room.clone());
            self.gate.recorder.alert(client.subject.clone(), Kind::HelpCalled { room }, now);
        }
        respond(help_is_coming())
    }

    pub(super) fn is_new_call(&self, caller: String, now: jiff::Timestamp) -> bool {
        let mut called = self.called.lock();
        called.retain(|(_, at)| (0..SAME_CALL).contains(&(now.as_second() - at.as_second())));
        if called.iter().any(|(who, _)| *who == caller) {
            return false;
        }
        if called.len() < MOST_CALLERS {
            called.push((caller, now));
        }
        true
    }
}

/// A page as an HTTP answer.
pub(crate) fn respond(page: Page) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(page.html)));
    *response.status_mut() = StatusCode::from_u16(page.status).unwrap_or(StatusCode::FORBIDDEN);
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in fixed {
        headers.insert(name, http::HeaderValue::from_static(value));
    }
    if let Ok(csp) = page.csp.parse() {
        headers.insert(header::CONTENT_SECURITY_POLICY, csp);
    }
    response
}

/// Serves one listening address until `stop`. Connections are short and few are kept.
pub(crate) async fn serve(pages: Arc<BlockPages>, listener: TcpListener, stop: CancellationToken, tasks: TaskTracker) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(permit) = connections.clone().try_acquire_owned() else { continue };
        let (pages, stop) = (pages.clone(), stop.clone());
        tasks.spawn(async move {
            let service = service_fn(move |request| {
                let pages = pages.clone();
                async move { Ok::<_, std::convert::Infallible>(pages.serve(request, peer.ip()).await) }
            });
            let served = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADERS_WITHIN)
                .max_buf_size(16 << 10)
                .serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                () = stop.cancelled() => {}
                _ = served => {}
            }
            drop(permit);
        });
    }
}
