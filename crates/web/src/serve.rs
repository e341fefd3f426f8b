//! Listening. Plain HTTP on loopback; beyond it HTTPS only, with a small plain listener for the root certificate and a
//! redirect (S48). Stops gently: what is being saved is saved.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    pin::Pin,
    time::Duration,
};

use axum::Router;
use axum_server::{Handle, Server, accept::Accept};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use crate::{plain, tls};

/// A port that is ours already, and not served yet. Taken early: then a taken port is said before anything is built,
/// and links can carry the real number where 0 was asked for.
#[derive(Debug)]
pub struct Door {
    /// The address that was taken.
    pub addr: SocketAddr,
    listener: TcpListener,
}

impl Door {
    /// Takes a port; 0 takes a free one.
    ///
    /// # Errors
    /// [`ServeError::Bind`].
    pub fn take(addr: SocketAddr) -> Result<Self, ServeError> {
        let (addr, listener) = bind(addr)?;
        Ok(Self { addr, listener })
    }
}

/// Where to listen.
#[derive(Debug)]
pub struct Listen {
    /// The pages' own port.
    pub web: Door,
    /// Where plain HTTP hands out the root and redirects. Only with HTTPS; port 0 takes a free one.
    pub plain: Option<SocketAddr>,
    /// HTTPS even on loopback; beyond loopback it is always so.
    pub https: bool,
    /// Where the certificates are kept: `DATA/tls`.
    pub tls_folder: PathBuf,
    /// Names and addresses by which people reach us; they stand in the certificate.
    pub names: Vec<String>,
}

impl Listen {
    /// Will it be HTTPS? [`crate::site::Config::https`] must say the same.
    pub fn is_https(&self) -> bool {
        self.https || !self.web.addr.ip().is_loopback()
    }
}

/// Why nothing listens.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port is taken, or not ours to take.
    #[error("the pages cannot listen on {addr}: {}", in_words(why))]
    Bind {
        /// Which.
        addr: SocketAddr,
        /// Why. Not a `source`: the sentence has said it already.
        why: io::Error,
    },
    /// The certificates.
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
}

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program has this port. Stop that program or choose another port".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            "ports below 1024 need a permission. Run the installer, or choose a higher port".to_owned()
        }
        io::ErrorKind::AddrNotAvailable => "this machine does not have that address".to_owned(),
        _ => error.to_string(),
    }
}

/// A site that serves.
pub struct Serving {
    /// The address that was taken.
    pub web: SocketAddr,
    /// The plain listener's, if any.
    pub plain: Option<SocketAddr>,
    /// With HTTPS: the fingerprint of the root certificate that devices install.
    pub root: Option<String>,
    handles: Vec<Handle<SocketAddr>>,
    tasks: Vec<JoinHandle<io::Result<()>>>,
}

impl Serving {
    /// Takes no more, and waits for what is under way, ten seconds at most.
    pub async fn stop(self) {
        for handle in &self.handles {
            handle.graceful_shutdown(Some(Duration::from_secs(10)));
        }
        for task in self.tasks {
            if let Ok(Err(error)) = task.await {
                tracing::warn!(%error, "the web listener ended with an error");
            }
        }
    }
}

/// Serves in the background until [`Serving::stop`].
///
/// # Errors
/// A port or a certificate.
pub fn serve(listen: Listen, now: jiff::Timestamp, router: Router) -> Result<Serving, ServeError> {
    let https = listen.is_https();
    let Door { addr: web, listener } = listen.web;
    let mut serving = Serving { web, plain: None, root: None, handles: Vec::new(), tasks: Vec::new() };
    if !https {
        serving.start(listener, router, Line::Plain)?;
        return Ok(serving);
    }
    let certificates = tls::open_or_make(&listen.tls_folder, &listen.names, now)?;
    serving.root = Some(certificates.root.fingerprint.clone());
    serving.start(listener, router, Line::Tls(TlsAcceptor::from(certificates.server)))?;
    if let Some(plain) = listen.plain {
        let (addr, listener) = bind(plain)?;
        serving.plain = Some(addr);
        serving.start(listener, plain::router(&certificates.root, web.port()), Line::Plain)?;
    }
    Ok(serving)
}

impl Serving {
    fn start(&mut self, listener: TcpListener, router: Router, line: Line) -> Result<(), ServeError> {
        let handle = Handle::new();
        let addr = listener.local_addr().unwrap_or(self.web);
        let server: Server<SocketAddr> =
            axum_server::from_tcp(listener).map_err(|why| ServeError::Bind { addr, why })?;
        let mut server = server.handle(handle.clone()).acceptor(line);
        // A client that opens a line and says nothing is let go.
        server
            .http_builder()
            .http1()
            .timer(hyper_util::rt::TokioTimer::new())
            .header_read_timeout(Duration::from_secs(20));
        let make = router.into_make_service_with_connect_info::<SocketAddr>();
        self.tasks.push(tokio::spawn(server.serve(make)));
        self.handles.push(handle);
        Ok(())
    }
}

/// How bytes come: as they are, or through TLS.
#[derive(Clone)]
enum Line {
    Plain,
    Tls(TlsAcceptor),
}

/// Bytes in and out.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

impl<S: Send + 'static> Accept<TcpStream, S> for Line {
    type Stream = Box<dyn Wire>;
    type Service = S;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, S)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let line = self.clone();
        Box::pin(async move {
            stream.set_nodelay(true)?;
            let wire: Self::Stream = match line {
                Self::Plain => Box::new(stream),
                // A handshake that takes longer is no browser.
                Self::Tls(tls) => Box::new(tokio::time::timeout(Duration::from_secs(10), tls.accept(stream)).await??),
            };
            Ok((wire, service))
        })
    }
}

fn bind(addr: SocketAddr) -> Result<(SocketAddr, TcpListener), ServeError> {
    let taken = |why| ServeError::Bind { addr, why };
    let listener = TcpListener::bind(addr).map_err(taken)?;
    listener.set_nonblocking(true).map_err(taken)?;
    Ok((listener.local_addr().map_err(taken)?, listener))
}
