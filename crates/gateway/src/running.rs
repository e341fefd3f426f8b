//! Starting and stopping: sockets are bound before anything is answered, so that a taken port is said at once.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::alone::Alone;
use crate::authority::Authority;
use crate::blockpage::led::Led;
use crate::blockpage::listen::BlockPages;
use crate::blockpage::wpad;
use crate::counters::Counters;
use crate::dns::limit::Limiter;
use crate::dns::upstream::{Upstreams, is_ourselves, of_this_machine};
use crate::dns::{self, Cookies, Dns, Resolver};
use crate::inspect::Inspector;
use crate::policy::Gate;
use crate::proxy::{Proxy, SignIn, Tunnels};
use crate::spool::Recorder;
use crate::status::Listening;
use crate::tls::Certificate;
use crate::watch::Watch;
use crate::{Clock, Config, Error, Upstream, blockpage};

/// Answers under way get this long when the gateway stops.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// A burst of questions while both processors are busy must not be dropped by the kernel, bytes.
const UDP_BUFFER: usize = 4 << 20;
/// A free port for UDP and TCP at once is found within this many tries.
const PORT_TRIES: usize = 16;

/// A gateway that serves until [`Running::shutdown`] or until it is dropped with its runtime.
#[derive(Debug)]
pub struct Running {
    /// Where it really listens.
    pub listening: Listening,
    stop: CancellationToken,
    /// Threads of ours end when this is dropped without [`Running::shutdown`].
    _stop_at_last: DropGuard,
    tasks: TaskTracker,
    recording: tokio::task::JoinHandle<()>,
    stop_recording: CancellationToken,
    _alone: Alone,
}

impl Running {
    /// Where DNS really listens.
    pub fn dns_addr(&self) -> SocketAddr {
        self.listening.dns
    }

    /// Where the proxy really listens.
    pub fn proxy_addr(&self) -> SocketAddr {
        self.listening.proxy
    }

    /// Stops listening, closes tunnels, gives answers under way two seconds, then flushes the spool.
    pub async fn shutdown(self) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(LAST_ANSWERS, self.tasks.wait()).await.is_err() {
            tracing::warn!("some answers were still under way when the gateway stopped");
        }
        self.stop_recording.cancel();
        if let Err(error) = self.recording.await {
            tracing::error!(%error, "the activity queue did not stop by itself");
        }
    }
}

/// Binds every socket and serves on the current tokio runtime.
///
/// # Errors
/// [`Error::Listen`] with a sentence for the technician; [`Error::Taken`] when another gateway runs in
/// the folder; [`Error::File`] when it cannot be used. A missing or
/// damaged snapshot or list is not an error: the baseline serves (S30) and `status.json` says why.
pub async fn start(config: Config, clock: Clock) -> Result<Running, Error> {
    std::fs::create_dir_all(&config.dir).map_err(Error::file("make", &config.dir))?;
    let alone = Alone::take(&config.dir).await?;
    let (udp, tcp, dns_addr) = bind_dns(config.dns).await?;
    let (proxy_listener, proxy_addr) = bind("The proxy", config.proxy).await?;
    let sign_in = match config.proxy_sign_in {
        Some(address) => Some(bind("The proxy's sign-in port", address).await?),
        None => None,
    };
    let block = match config.block_http {
        Some(address) => Some(bind("The block page", address).await?),
        None => None,
    };
    let block_tls = match config.block_https {
        Some(address) => Some(bind("The block page (HTTPS)", address).await?),
        None => None,
    };
    // Closed lines are how a name that needs no page answers: HTTP/1.1 is all that a page needs.
    let authority = config.block_authority.as_ref().map(|files| Authority::open(files, &[b"http/1.1"])).transpose()?;
    if block_tls.is_some() && authority.is_none() {
        return Err(Error::NoAuthority);
    }
    let secure = Secure::bind(&config).await?;
    let listening = Listening {
        dns: dns_addr,
        dot: secure.as_ref().and_then(|secure| secure.dot.as_ref()).map(|(_, address)| *address),
        doh: secure.as_ref().and_then(|secure| secure.doh.as_ref()).map(|(_, address)| *address),
        tls_name: secure.as_ref().and_then(|_| config.tls_name.clone()),
        proxy: proxy_addr,
        proxy_sign_in: sign_in.as_ref().map(|(_, address)| *address),
        block_http: block.as_ref().map(|(_, address)| *address),
        block_https: block_tls.as_ref().map(|(_, address)| *address),
    };

    let stop = CancellationToken::new();
    let stop_recording = CancellationToken::new();
    let tasks = TaskTracker::new();
    let (recorder, recording) = Recorder::open(
        &config.spool_dir(),
        config.spool_recipient.clone(),
        config.spool_limit,
        clock.clone(),
        stop_recording.clone(),
    )?;
    let recording = tokio::spawn(recording);
    let counters = Arc::new(Counters::default());
    let tunnels = Arc::new(Tunnels::default());
    let resolver = Resolver::new(Upstreams::new(upstreams(&config, dns_addr)));
    let certificate = secure.as_ref().map(|secure| secure.certificate.clone());
    let (mut watch, policy) = Watch::begin(&config, listening.clone(), certificate, &clock)?;
    let gate = Arc::new(Gate::new(policy, recorder, clock, rand::random()));
    let led = Arc::new(Led::default());
    let dns = Arc::new(Dns {
        gate: gate.clone(),
        resolver: resolver.clone(),
        counters: counters.clone(),
        limiter: Limiter::default(),
        cookies: Cookies::new(rand::random()),
        block_addresses: config.block_addresses,
        own_addresses: config.own_addresses,
        led: led.clone(),
        wpad: config.wpad,
    });
    let proxy_at = config.wpad.then(|| wpad::Proxy::new(proxy_addr, config.block_addresses));
    let pages = BlockPages::new(gate.clone(), led, authority, listening.block_https.map(|at| at.port()), proxy_at);
    let pages = Arc::new(pages);
    let inspector = Inspector::new(
        config.inspection_files(),
        &config.more_roots,
        pages.clone(),
        tasks.clone(),
        config.patience.still,
    )?;
    watch.keeps(inspector.clone());
    let proxy = Arc::new(Proxy {
        gate: gate.clone(),
        dns: dns.clone(),
        tunnels: tunnels.clone(),
        counters: counters.clone(),
        pages: pages.clone(),
        targets: config.targets.clone(),
        patience: config.patience,
        inspector,
        tasks: tasks.clone(),
        stop: stop.clone(),
    });

    let udp = Arc::new(udp);
    for _ in 0..std::thread::available_parallelism().map_or(1, |n| n.get().min(4)) {
        dns::listen::udp(dns.clone(), udp.clone(), stop.clone(), tasks.clone())
            .map_err(|e| cannot_listen("DNS (UDP)", dns_addr, &e))?;
    }
    if let Some(secure) = secure {
        secure.serve(&dns, config.tls_name.as_deref(), &stop, &tasks)?;
    }
    tasks.spawn(dns::listen::tcp(dns, tcp, stop.clone(), tasks.clone()));
    tasks.spawn(proxy.clone().serve(proxy_listener, SignIn::WhenWrong));
    if let Some((listener, _)) = sign_in {
        tasks.spawn(proxy.serve(listener, SignIn::Always));
    }
    if let Some((listener, _)) = block_tls {
        tasks.spawn(pages.clone().serve_tls(listener, stop.clone(), tasks.clone()));
    }
    if let Some((listener, _)) = block {
        tasks.spawn(blockpage::listen::serve(pages, listener, stop.clone(), tasks.clone()));
    }
    watch.settle(&gate, &counters);
    watch.write_status(&gate, &counters, &tunnels, &resolver);
    tasks.spawn(watch.serve(gate, counters, tunnels, resolver, stop.clone()));
    let _stop_at_last = stop.clone().drop_guard();
    Ok(Running { listening, stop, _stop_at_last, tasks, recording, stop_recording, _alone: alone })
}

/// The gateway as a process of its own (S31): serves until the process is told to stop (SIGTERM or SIGINT).
///
/// # Errors
/// As [`start`].
pub async fn run_child(config: Config, clock: Clock) -> Result<(), Error> {
    let running = start(config, clock).await?;
    stop_signal().await;
    running.shutdown().await;
    Ok(())
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

/// The configured resolvers, or this machine's; never ourselves, which would ask in a circle.
fn upstreams(config: &Config, ourselves: SocketAddr) -> Vec<Upstream> {
    if config.upstreams.is_empty() {
        return of_this_machine(ourselves);
    }
    config.upstreams.iter().filter(|server| !is_ourselves(server.address, ourselves)).cloned().collect()
}

/// The listeners of encrypted DNS.
struct Secure {
    certificate: Arc<Certificate>,
    dot: Option<(TcpListener, SocketAddr)>,
    doh: Option<(TcpListener, SocketAddr)>,
}

impl Secure {
    /// None when nobody asked for it.
    async fn bind(config: &Config) -> Result<Option<Self>, Error> {
        if config.dot.is_none() && config.doh.is_none() {
            return Ok(None);
        }
        let certificate = Certificate::open(config.tls.as_ref().ok_or(Error::NoCertificate)?)?;
        let dot = match config.dot {
            Some(address) => Some(bind("DNS over TLS", address).await?),
            None => None,
        };
        let doh = match config.doh {
            Some(address) => Some(bind("DNS over HTTPS", address).await?),
            None => None,
        };
        Ok(Some(Self { certificate, dot, doh }))
    }

    fn serve(
        self,
        dns: &Arc<Dns>,
        name: Option<&str>,
        stop: &CancellationToken,
        tasks: &TaskTracker,
    ) -> Result<(), Error> {
        let (stop, all) = (stop.clone(), tasks.clone());
        if let Some((listener, _)) = self.dot {
            let acceptor = self.certificate.acceptor(&[b"dot"])?;
            let name = name.map(|name| Arc::from(name.to_ascii_lowercase()));
            tasks.spawn(dns::stream::tls(dns.clone(), listener, acceptor, name, stop.clone(), all.clone()));
        }
        if let Some((listener, _)) = self.doh {
            let acceptor = self.certificate.acceptor(&[b"h2", b"http/1.1"])?;
            tasks.spawn(dns::https::serve(dns.clone(), listener, acceptor, stop, all));
        }
        Ok(())
    }
}

async fn bind(what: &'static str, address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let listener = TcpListener::bind(address).await.map_err(|e| cannot_listen(what, address, &e))?;
    let real = listener.local_addr().map_err(|e| cannot_listen(what, address, &e))?;
    Ok((listener, real))
}

/// UDP and TCP on one port; for port 0, one that is free for both.
async fn bind_dns(address: SocketAddr) -> Result<(UdpSocket, TcpListener, SocketAddr), Error> {
    let mut tries = 0;
    loop {
        let (tcp, real) = bind("DNS (TCP)", address).await?;
        match bind_udp(real) {
            Ok(udp) => return Ok((udp, tcp, real)),
            Err(_) if address.port() == 0 && tries < PORT_TRIES => tries += 1,
            Err(e) => return Err(cannot_listen("DNS (UDP)", address, &e)),
        }
    }
}

fn bind_udp(address: SocketAddr) -> std::io::Result<UdpSocket> {
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    // The kernel may grant less than we ask for; what it grants is enough to start.
    let _ = socket.set_recv_buffer_size(UDP_BUFFER);
    let _ = socket.set_send_buffer_size(UDP_BUFFER);
    // Our threads wait in it, and look up now and then whether they shall stop.
    socket.set_read_timeout(Some(dns::listen::LOOK_UP))?;
    socket.set_write_timeout(Some(LAST_ANSWERS))?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

fn cannot_listen(what: &'static str, address: SocketAddr, error: &std::io::Error) -> Error {
    use std::io::ErrorKind;
    let why = match error.kind() {
        ErrorKind::AddrInUse => "another program has this port. Stop that program or choose another port".to_owned(),
        ErrorKind::PermissionDenied => {
            "ports below 1024 need a permission. Run the installer, or choose a higher port".to_owned()
        }
        ErrorKind::AddrNotAvailable => "this machine does not have that address".to_owned(),
        _ => error.to_string(),
    };
    Error::Listen { what, address, why }
}
