//! Plain HTTP to the other side: the request without what belongs to this hop, the answer streamed back, WebSockets
//! handed over.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode, Uri, Version};
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Body;
use super::tunnel::{Entered, carry};

/// The other side has this long to begin its answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// Most bytes of an answer's head.
const LARGEST_HEAD: usize = 64 << 10;

/// Headers of one hop (RFC 9110, 7.6.1), with those that only a proxy reads.
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// A line to the other side that one client's connection may use again. It is never shared between clients: whatever
/// somebody smuggles into it, only he reads it.
pub(super) struct Line {
    to: SocketAddr,
    authority: String,
    sender: SendRequest<Incoming>,
    /// Ends the line, and whatever is under way on it.
    pub(super) close: CancellationToken,
}

impl Line {
    /// A new one.
    pub(super) async fn open(
        stream: TcpStream,
        to: SocketAddr,
        authority: String,
        stop: &CancellationToken,
        tasks: &TaskTracker,
    ) -> hyper::Result<Self> {
        let (sender, connection) = hyper::client::conn::http1::Builder::new()
            .preserve_header_case(true)
            .max_buf_size(LARGEST_HEAD)
            .max_header_size(LARGEST_HEAD)
            .handshake(TokioIo::new(stream))
            .await?;
        let close = stop.child_token();
        let closed = close.clone();
        tasks.spawn(async move {
            tokio::select! {
                () = closed.cancelled() => {}
                _ = connection.with_upgrades() => {}
            }
        });
        Ok(Self { to, authority, sender, close })
    }

    /// Whether the next request may go over it: to the same site, at an address that this request was let through to.
    pub(super) fn fits(&self, authority: &str, open: &[SocketAddr]) -> bool {
        self.authority == authority && open.contains(&self.to) && self.sender.is_ready() && !self.close.is_cancelled()
    }
}

/// What a request came to.
pub(super) enum Forwarded {
    /// An answer; the line may serve again once the answer has been read.
    Answer(Response<Body>, Option<Line>),
    /// The other side had closed the line before the request was begun: nothing was sent.
    Unsent(Request<Incoming>),
}

/// Sends one request. `entered` is given back when the answer has been read to its end.
pub(super) async fn forward(
    mut request: Request<Incoming>,
    mut line: Line,
    entered: &mut Option<Entered>,
    still: Duration,
    tasks: &TaskTracker,
) -> Result<Forwarded, Box<dyn std::error::Error + Send + Sync>> {
    let web_socket = wants_web_socket(request.headers());
    let client_side = web_socket.then(|| hyper::upgrade::on(&mut request));
    let original = request.uri().clone();
    prepare(&mut request, web_socket)?;
    let mut response = match timeout(ANSWER_WITHIN, line.sender.try_send_request(request)).await? {
        Ok(response) => response,
        Err(mut failed) => match failed.take_message() {
            Some(mut request) => {
                *request.uri_mut() = original;
                return Ok(Forwarded::Unsent(request));
            }
            None => return Err(failed.into_error().into()),
        },
    };
    let (close, entered) = (line.close.clone(), entered.take());
    let switched = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    let upgrade = response.headers().get(header::UPGRADE).cloned();
    strip(response.headers_mut());
    if !switched {
        return Ok(Forwarded::Answer(response.map(|body| Held { body, _entered: entered }.boxed()), Some(line)));
    }
    let (Some(client_side), Some(protocol)) = (client_side, upgrade) else {
        return Err("the other side changed protocol unasked".into());
    };
    let server_side = hyper::upgrade::on(&mut response);
    tasks.spawn(async move {
        if let (Ok(client), Ok(server)) = tokio::join!(client_side, server_side) {
            carry(TokioIo::new(client), TokioIo::new(server), &close, still).await;
        }
        drop(entered);
    });
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    response.headers_mut().insert(header::UPGRADE, protocol);
    let empty = http_body_util::Empty::new().map_err(|never| match never {}).boxed();
    Ok(Forwarded::Answer(response.map(|_| empty), None))
}

/// Makes an origin's request out of a proxy's: path only, one `Host`, nothing of this hop, nothing about the device.
fn prepare(request: &mut Request<Incoming>, web_socket: bool) -> Result<(), http::Error> {
    let authority = request.uri().authority().map(|a| a.as_str().to_owned()).unwrap_or_default();
    let path = request.uri().path_and_query().map_or("/", |p| p.as_str()).to_owned();
    *request.uri_mut() = Uri::builder().path_and_query(path).build()?;
    *request.version_mut() = Version::HTTP_11;
    let headers = request.headers_mut();
    strip(headers);
    headers.insert(header::HOST, HeaderValue::from_str(&authority)?);
    for about_the_device in ["forwarded", "x-forwarded-for", "x-real-ip", "proxy-connection"] {
        headers.remove(about_the_device);
    }
    // RFC 9110 asks every proxy to name itself; a pseudonym says nothing of the setting.
    let via = HeaderValue::from_static("1.1 proxy");
    // A request that is sent a second time, since its line had ended, says it once.
    if !headers.get_all(header::VIA).iter().any(|named| *named == via) {
        headers.append(header::VIA, via);
    }
    if web_socket {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    }
    Ok(())
}

/// Takes out what `Connection` names, then what is always of one hop.
pub(crate) fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        // A client may not use this to take away what the other side needs to know whom it serves.
        .filter(|name| *name != header::HOST)
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

pub(crate) fn wants_web_socket(headers: &HeaderMap) -> bool {
    let value = |name| headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok()).unwrap_or("").to_ascii_lowercase();
    value(header::UPGRADE) == "websocket" && value(header::CONNECTION).split(',').any(|t| t.trim() == "upgrade")
}

/// A body that keeps its place in the registry until it has been read or dropped.
struct Held {
    body: Incoming,
    _entered: Option<Entered>,
}

impl hyper::body::Body for Held {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
