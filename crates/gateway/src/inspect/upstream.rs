//! The other side of an inspected tunnel: believed by the public authorities alone, over TLS 1.2 or newer, spoken to in the
//! protocol that both ends have in common.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use filter::HostName;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Error;
use crate::lock::Mutex;

/// A handshake takes no longer, nor does a new line.
const WITHIN: Duration = Duration::from_secs(10);
/// The other side has this long to begin its answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// Most bytes of an answer's head.
const LARGEST_HEAD: usize = 64 << 10;

/// Whom we believe.
#[derive(Debug, Clone)]
pub(crate) struct Believe {
    one: Arc<ClientConfig>,
    two: Arc<ClientConfig>,
}

impl Believe {
    /// The public authorities, and `more` (a setting's own, a test's).
    ///
    /// # Errors
    /// [`Error::Tls`] when the TLS library refuses its own defaults, or an authority.
    pub(crate) fn new(more: &[CertificateDer<'static>]) -> Result<Self, Error> {
        let wrong = |why: String| Error::Tls { path: "the public authorities".into(), why };
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for root in more {
            roots.add(root.clone()).map_err(|error| wrong(error.to_string()))?;
        }
        let config = |protocols: &[&[u8]]| {
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let mut config = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .map_err(|error| wrong(error.to_string()))?
                .with_root_certificates(roots.clone())
                .with_no_client_auth();
            config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
            Ok::<_, Error>(Arc::new(config))
        };
        Ok(Self { one: config(&[b"http/1.1"])?, two: config(&[b"h2", b"http/1.1"])? })
    }

    /// Speaks TLS with the site, or says why it is not believed. Gives whether HTTP/2 was agreed on.
    pub(crate) async fn secure(
        &self,
        tcp: TcpStream,
        name: &HostName,
        two: bool,
    ) -> Result<(TlsStream<TcpStream>, bool), String> {
        let config = if two { &self.two } else { &self.one };
        let server = ServerName::try_from(name.as_str().to_owned()).map_err(|error| error.to_string())?;
        let line = timeout(WITHIN, TlsConnector::from(config.clone()).connect(server, tcp)).await;
        let line = line.map_err(|_| "it does not answer".to_owned())?.map_err(|error| error.to_string())?;
        let two = line.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok((line, two))
    }
}

/// Lines to one site for one tunnel.
pub(crate) struct Upstream {
    lines: Lines,
    to: SocketAddr,
    pub(crate) name: HostName,
    believe: Believe,
    close: CancellationToken,
    tasks: TaskTracker,
}

enum Lines {
    /// One line carries all.
    Two(http2::SendRequest<Incoming>),
    /// One request at a time; the line that has answered is kept for the next.
    One(Mutex<Option<http1::SendRequest<Incoming>>>),
}

impl Upstream {
    pub(crate) async fn new(
        line: TlsStream<TcpStream>,
        two: bool,
        to: SocketAddr,
        name: HostName,
        believe: Believe,
        close: CancellationToken,
        tasks: TaskTracker,
    ) -> Result<Self, String> {
        let lines = if two {
            let (sender, connection) = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .max_header_list_size(LARGEST_HEAD as u32)
                .handshake(TokioIo::new(line))
                .await
                .map_err(|error| error.to_string())?;
            let closed = close.clone();
            tasks.spawn(async move {
                tokio::select! {
                    () = closed.cancelled() => {}
                    _ = connection => {}
                }
            });
            Lines::Two(sender)
        } else {
            Lines::One(Mutex::new(Some(one(line, &close, &tasks).await?)))
        };
        Ok(Self { lines, to, name, believe, close, tasks })
    }

    pub(crate) fn is_two(&self) -> bool {
        matches!(self.lines, Lines::Two(_))
    }

    /// Sends one request.
    pub(crate) async fn send(&self, request: Request<Incoming>) -> Result<Response<Incoming>, String> {
        match &self.lines {
            Lines::Two(sender) => {
                let mut sender = sender.clone();
                let answer = timeout(ANSWER_WITHIN, sender.send_request(request)).await;
                answer.map_err(|_| "it does not answer".to_owned())?.map_err(|error| error.to_string())
            }
            Lines::One(kept) => {
                let ready = kept.lock().take().filter(http1::SendRequest::is_ready);
                let mut request = request;
                if let Some(mut sender) = ready {
                    match timeout(ANSWER_WITHIN, sender.try_send_request(request)).await {
                        Err(_) => return Err("it does not answer".to_owned()),
                        Ok(Ok(answer)) => {
                            *kept.lock() = Some(sender);
                            return Ok(answer);
                        }
                        // The line had ended before anything was sent.
                        Ok(Err(mut failed)) => match failed.take_message() {
                            Some(unsent) => request = unsent,
                            None => return Err(failed.into_error().to_string()),
                        },
                    }
                }
                let mut sender = self.another().await?;
                let answer = timeout(ANSWER_WITHIN, sender.send_request(request)).await;
                let answer = answer.map_err(|_| "it does not answer".to_owned())?.map_err(|error| error.to_string())?;
                *kept.lock() = Some(sender);
                Ok(answer)
            }
        }
    }

    /// One more line, to the address that was decided on.
    async fn another(&self) -> Result<http1::SendRequest<Incoming>, String> {
        let tcp = timeout(WITHIN, TcpStream::connect(self.to)).await;
        let tcp = tcp.map_err(|_| "it does not answer".to_owned())?.map_err(|error| error.to_string())?;
        let _ = tcp.set_nodelay(true);
        let (line, _) = self.believe.secure(tcp, &self.name, false).await?;
        one(line, &self.close, &self.tasks).await
    }
}

async fn one(
    line: TlsStream<TcpStream>,
    close: &CancellationToken,
    tasks: &TaskTracker,
) -> Result<http1::SendRequest<Incoming>, String> {
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(LARGEST_HEAD)
        .handshake(TokioIo::new(line))
        .await
        .map_err(|error| error.to_string())?;
    let closed = close.clone();
    tasks.spawn(async move {
        tokio::select! {
            () = closed.cancelled() => {}
            _ = connection.with_upgrades() => {}
        }
    });
    Ok(sender)
}
