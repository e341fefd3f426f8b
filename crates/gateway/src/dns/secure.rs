//! Encrypted ways up: DNS over TLS and DNS over HTTPS, on connections that are kept.
//!
//! The resolver's certificate must be for the name that stands in the configuration, or for its address, under an
//! authority that browsers trust, or one that the configuration names. The self-test comes in by the same two ways, from below.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use hickory_proto::op::Message;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::upstream::{Ask, accept, converse, encode};
use crate::config::{Upstream, Way};
use crate::lock::Mutex;

/// Idle connections of DNS over TLS that are kept for the next question.
const KEPT: usize = 8;
const MESSAGE: &str = "application/dns-message";

/// Browsers' authorities.
static AUTHORITIES: LazyLock<RootCertStore> =
    LazyLock::new(|| RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });

/// What is kept open to one resolver.
pub(crate) struct Line {
    upstream: Upstream,
    /// The address of ours that it is asked from; `None` leaves that to the machine.
    from: Option<IpAddr>,
    /// Why there can be no connection, or how one is made.
    connector: Option<Result<TlsConnector, String>>,
    idle: Mutex<Vec<TlsStream<TcpStream>>>,
    http: tokio::sync::Mutex<Option<SendRequest<Full<Bytes>>>>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Line").field(&self.upstream).finish()
    }
}

impl Line {
    pub(super) fn new(upstream: &Upstream) -> Self {
        Self::under(upstream, None, || match &upstream.authority {
            None => Ok(AUTHORITIES.clone()),
            Some(path) => with(RootCertStore::empty(), path),
        })
    }

    /// To our own door, as a device comes to it: from this address, under our own root or one that browsers trust.
    pub(crate) fn as_a_device(upstream: &Upstream, from: IpAddr) -> Self {
        Self::under(upstream, Some(from), || match upstream.authority.as_deref().filter(|path| path.is_file()) {
            None => Ok(AUTHORITIES.clone()),
            Some(path) => with(AUTHORITIES.clone(), path),
        })
    }

    fn under(upstream: &Upstream, from: Option<IpAddr>, roots: impl FnOnce() -> Result<RootCertStore, String>) -> Self {
        let alpn = match &upstream.way {
            Way::Plain => None,
            Way::Tls => Some(&b"dot"[..]),
            Way::Https { .. } => Some(&b"h2"[..]),
        };
        Self {
            connector: alpn.map(|alpn| roots().and_then(|roots| connector(roots, alpn))),
            upstream: upstream.clone(),
            from,
            idle: Mutex::default(),
            http: tokio::sync::Mutex::default(),
        }
    }

    /// One question and its answer.
    pub(crate) async fn exchange(&self, ask: &Ask) -> io::Result<Message> {
        match &self.upstream.way {
            Way::Https { path } => self.over_https(ask, path).await,
            _ => self.over_tls(ask).await,
        }
    }

    async fn over_tls(&self, ask: &Ask) -> io::Result<Message> {
        let id = rand::random();
        let query = encode(id, ask)?;
        // The other side may have closed a kept one by now: that is no failure yet.
        let kept = self.idle.lock().pop();
        if let Some(mut stream) = kept
            && let Ok(message) = converse(&mut stream, &query, id, ask).await
        {
            self.keep(stream);
            return Ok(message);
        }
        let mut stream = self.connect().await?;
        let message = converse(&mut stream, &query, id, ask).await?;
        self.keep(stream);
        Ok(message)
    }

    fn keep(&self, stream: TlsStream<TcpStream>) {
        let mut idle = self.idle.lock();
        if idle.len() < KEPT {
            idle.push(stream);
        }
    }

    async fn over_https(&self, ask: &Ask, path: &str) -> io::Result<Message> {
        // RFC 8484, section 4.1: the id is 0, the connection tells answers apart.
        let query = Bytes::from(encode(0, ask)?);
        let mut sender = self.sender().await?;
        let authority = match &self.upstream.name {
            Some(name) => format!("{name}:{}", self.upstream.address.port()),
            None => self.upstream.address.to_string(),
        };
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("https://{authority}{path}"))
            .header(header::CONTENT_TYPE, MESSAGE)
            .header(header::ACCEPT, MESSAGE)
            .body(Full::new(query))
            .map_err(io::Error::other)?;
        let response = sender.send_request(request).await.map_err(io::Error::other)?;
        if !response.status().is_success() {
            return Err(io::Error::other(format!("it answered with status {}", response.status())));
        }
        let body = Limited::new(response.into_body(), usize::from(u16::MAX)).collect().await;
        let body = body.map_err(io::Error::other)?.to_bytes();
        accept(&body, 0, ask).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// The connection under way, or a new one. Others wait for it meanwhile: one handshake serves them all.
    async fn sender(&self) -> io::Result<SendRequest<Full<Bytes>>> {
        let mut kept = self.http.lock().await;
        if let Some(sender) = kept.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(sender.clone());
        }
        let stream = TokioIo::new(self.connect().await?);
        let (sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(std::time::Duration::from_secs(20))
            .keep_alive_timeout(std::time::Duration::from_secs(5))
            .handshake(stream)
            .await
            .map_err(io::Error::other)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "the connection to a resolver ended");
            }
        });
        *kept = Some(sender.clone());
        Ok(sender)
    }

    async fn connect(&self) -> io::Result<TlsStream<TcpStream>> {
        let connector = match &self.connector {
            Some(Ok(connector)) => connector,
            Some(Err(why)) => return Err(io::Error::other(why.clone())),
            None => return Err(io::ErrorKind::Unsupported.into()),
        };
        let name = match &self.upstream.name {
            Some(name) => ServerName::try_from(name.clone()).map_err(io::Error::other)?,
            None => ServerName::from(self.upstream.address.ip()),
        };
        let stream = match self.from {
            None => TcpStream::connect(self.upstream.address).await?,
            Some(from) => {
                let socket = if from.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
                socket.bind((from, 0).into())?;
                socket.connect(self.upstream.address).await?
            }
        };
        stream.set_nodelay(true)?;
        connector.connect(name, stream).await
    }
}

/// These authorities, and those of a file (PEM).
fn with(mut roots: RootCertStore, path: &Path) -> Result<RootCertStore, String> {
    let cannot = |why: String| format!("{}: {why}", path.display());
    for certificate in CertificateDer::pem_file_iter(path).map_err(|e| cannot(e.to_string()))? {
        let certificate = certificate.map_err(|e| cannot(e.to_string()))?;
        roots.add(certificate).map_err(|e| cannot(e.to_string()))?;
    }
    Ok(roots)
}

fn connector(roots: RootCertStore, alpn: &[u8]) -> Result<TlsConnector, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}
