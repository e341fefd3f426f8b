//! DNS over HTTPS (RFC 8484): GET and POST, HTTP/1.1 and HTTP/2. A device is known by the last part of its address,
//! `/dns-query/ITS-SECRET`; without one, or with one that nobody has, it is a stranger and in the strictest group.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::doors::Doors;
use super::stream::{HANDSHAKE, accept};
use super::{Dns, Seen, Transport, packed};

/// The path of every device's address, before its secret.
pub(crate) const PATH: &str = "/dns-query";
const MESSAGE: &str = "application/dns-message";
/// Most connections, in all and from one address. A device needs one.
const CONNECTIONS: usize = 512;
const CONNECTIONS_EACH: usize = 16;
/// Questions under way on one connection.
const STREAMS: u32 = 64;
/// A client has this long for its headers, and as long for a body.
const WITHIN: Duration = Duration::from_secs(10);
/// A connection on which nothing was asked for so long is closed.
const IDLE: Duration = Duration::from_secs(120);

/// Serves until `stop`.
pub(crate) async fn serve(
    dns: Arc<Dns>,
    listener: TcpListener,
    acceptor: TlsAcceptor,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    let doors = Doors::new(CONNECTIONS, CONNECTIONS_EACH);
    while let Some((stream, peer)) = accept(&listener, &stop).await {
        let Some(place) = doors.enter(peer.ip()) else { continue };
        let (dns, stop, acceptor) = (dns.clone(), stop.clone(), acceptor.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = connection(dns, acceptor, stream, peer.ip()) => {}
            }
            drop(place);
        });
    }
}

async fn connection(dns: Arc<Dns>, acceptor: TlsAcceptor, stream: TcpStream, peer: IpAddr) {
    let Ok(Ok(stream)) = timeout(HANDSHAKE, acceptor.accept(stream)).await else { return };
    let began = Instant::now();
    // Seconds after `began` at which somebody last asked.
    let last = Arc::new(AtomicU64::new(0));
    let asked = last.clone();
    let service = service_fn(move |request| {
        asked.store(began.elapsed().as_secs(), Ordering::Relaxed);
        let dns = dns.clone();
        async move { Ok::<_, std::convert::Infallible>(respond(&dns, peer, request).await) }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(WITHIN).max_buf_size(16 << 10);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(STREAMS).max_header_list_size(8 << 10);
    builder.http2().keep_alive_interval(Duration::from_secs(30)).keep_alive_timeout(WITHIN);
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    loop {
        let idle = began + Duration::from_secs(last.load(Ordering::Relaxed)) + IDLE;
        tokio::select! {
            ended = serving.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection of DNS over HTTPS ended");
                }
                return;
            }
            () = tokio::time::sleep_until(idle) => {
                if Duration::from_secs(last.load(Ordering::Relaxed)) + IDLE > began.elapsed() {
                    continue;
                }
                // It is told, and given a moment to hear it.
                serving.as_mut().graceful_shutdown();
                let _ = timeout(WITHIN, serving.as_mut()).await;
                return;
            }
        }
    }
}

async fn respond(dns: &Dns, peer: IpAddr, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let Some(secret) = secret(request.uri().path()).map(|secret| secret.map(str::to_owned)) else {
        return plain(StatusCode::NOT_FOUND);
    };
    let question = match question(request).await {
        Ok(question) => question,
        Err(status) => return plain(status),
    };
    let seen = Seen { address: peer, secret: secret.as_deref() };
    let Some(answer) = dns.answer(&question, &seen, Transport::Encrypted).await else {
        return plain(StatusCode::BAD_REQUEST);
    };
    // RFC 8484, section 5.1: no longer than the first record lives. What a device may see is its own, so nobody
    // between us and it may keep it.
    let age = format!("private, max-age={}", packed::least_ttl(&answer));
    let mut response = Response::new(Full::new(Bytes::from(answer)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MESSAGE));
    if let Ok(age) = age.parse() {
        headers.insert(header::CACHE_CONTROL, age);
    }
    response
}

/// What stands behind [`PATH`]: nothing, or a device's secret. `None` for any other path.
fn secret(path: &str) -> Option<Option<&str>> {
    let rest = path.strip_prefix(PATH)?;
    match rest.strip_prefix('/') {
        None if rest.is_empty() => Some(None),
        Some("") => Some(None),
        Some(secret) if !secret.contains('/') => Some(Some(secret)),
        _ => None,
    }
}

/// The message inside a request.
async fn question(request: Request<Incoming>) -> Result<Bytes, StatusCode> {
    match *request.method() {
        Method::GET => {
            let query = request.uri().query().unwrap_or_default();
            let text = query.split('&').find_map(|pair| pair.strip_prefix("dns=")).ok_or(StatusCode::BAD_REQUEST)?;
            // The standard's form has no padding; some clients send it all the same.
            let bytes = URL_SAFE_NO_PAD.decode(text).or_else(|_| URL_SAFE.decode(text.replace("%3D", "=")));
            bytes.map(Bytes::from).map_err(|_| StatusCode::BAD_REQUEST)
        }
        Method::POST => {
            let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            if kind.is_none_or(|kind| !kind.eq_ignore_ascii_case(MESSAGE)) {
                return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
            }
            let body = Limited::new(request.into_body(), usize::from(u16::MAX)).collect();
            match timeout(WITHIN, body).await {
                Ok(Ok(body)) => Ok(body.to_bytes()),
                Ok(Err(_)) => Err(StatusCode::PAYLOAD_TOO_LARGE),
                Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
            }
        }
        _ => Err(StatusCode::METHOD_NOT_ALLOWED),
    }
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_the_last_part_of_its_address() {
        assert_eq!(secret("/dns-query/abc"), Some(Some("abc")));
        assert_eq!(secret("/dns-query"), Some(None));
        assert_eq!(secret("/dns-query/"), Some(None));
        for other in ["/", "/dns-query2", "/dns-query/a/b", "/dns-queryabc", "//dns-query/abc"] {
            assert_eq!(secret(other), None, "{other}");
        }
    }
}
