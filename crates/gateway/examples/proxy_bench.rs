//! What `cargo xtask bench proxy` starts: our proxy on the full lists, a small web server, and the load.
//!
//! ```sh
//! proxy_bench serve NAMES.txt PORT ORIGIN_PORT     # our gateway; resolves every name to 127.0.0.1 by itself
//! proxy_bench origin PORT                          # 100 bytes to whoever asks, and an echo to whoever does not speak HTTP
//! proxy_bench get PROXY HOST:PORT SECONDS LINES    # plain requests over kept lines; prints JSON
//! proxy_bench connect PROXY HOST:PORT SECONDS LINES
//! proxy_bench pull PROXY HOST:PORT SECONDS LINES   # large bodies through tunnels; `all` and `a_second` are megabytes
//! proxy_bench paced PROXY HOST:PORT SECONDS LINES A_SECOND  # plain requests at a steady pace, for what waiting costs
//! proxy_bench hold PROXY HOST:PORT HOW_MANY        # opens tunnels, says so, waits
//! proxy_bench inspected SECONDS                    # one line over TLS, not opened and opened; prints both medians
//! ```

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use filter::{Categories, FileKey, Reason};
use hickory_proto::op::{Message, OpCode};
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{RData, Record, RecordType};
use holdfast_gateway::{Clock, Config, Running, Targets, snapshot, start};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Addresses that the load comes from, each a device of the register.
const DEVICES: u8 = 8;

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", names, port, origin] => serve(names, port.parse()?, origin.parse()?).await,
        ["origin", port] => origin(port.parse()?).await,
        ["get", proxy, to, seconds, lines] => load(proxy.parse()?, to, seconds.parse()?, lines.parse()?, get).await,
        ["connect", proxy, to, seconds, lines] => {
            load(proxy.parse()?, to, seconds.parse()?, lines.parse()?, connect).await
        }
        ["pull", proxy, to, seconds, lines] => {
            let (proxy, seconds): (SocketAddr, u64) = (proxy.parse()?, seconds.parse()?);
            pull(proxy, to, seconds, lines.parse()?).await
        }
        ["paced", proxy, to, seconds, lines, a_second] => {
            let (lines, a_second): (usize, f64) = (lines.parse()?, a_second.parse()?);
            let apart = Duration::from_secs_f64(lines as f64 / a_second.max(1.0));
            let one = move |proxy, to, device, until| paced(proxy, to, device, until, apart);
            load(proxy.parse()?, to, seconds.parse()?, lines, one).await
        }
        ["inspected", seconds] => inspected(seconds.parse()?).await,
        ["hold", proxy, to, many] => hold(proxy.parse()?, to, many.parse()?).await,
        _ => Err("see the head of this file".into()),
    }
}

async fn serve(names: &str, port: u16, origin: u16) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let lists = compiled(dir.path(), &std::fs::read(names)?)?;
    let running = gateway(dir.path(), lists, port, origin, &policy(), Vec::new()).await?;
    println!("proxy on {}", running.proxy_addr());
    tokio::signal::ctrl_c().await?;
    running.shutdown().await;
    Ok(())
}

/// A compiled list of these names.
fn compiled(dir: &Path, names: &[u8]) -> Result<PathBuf> {
    let source = dir.join("source").join("listed");
    std::fs::create_dir_all(&source)?;
    std::fs::write(source.join("domains"), names)?;
    let lists = dir.join("lists.compiled");
    filter::compile(&[dir.join("source")], &lists, FileKey([1; 16]))?;
    Ok(lists)
}

async fn gateway(
    dir: &Path,
    lists: PathBuf,
    port: u16,
    origin: u16,
    policy: &filter::PolicySnapshot,
    believed: Vec<CertificateDer<'static>>,
) -> Result<Running> {
    let began = Instant::now();
    let clock = Clock::new(move || {
        jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::try_from(began.elapsed()).unwrap_or_default()
    });
    let key = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
    let opening = age::x25519::Identity::generate();
    let mut config = Config::new(dir.join("gateway"), key.verifying_key(), opening.to_public());
    config.dns = "127.0.0.1:0".parse()?;
    config.proxy = SocketAddr::from(([127, 0, 0, 1], port));
    config.upstreams = vec![above().await?.into()];
    config.lists = Some(lists);
    config.more_roots = believed;
    config.targets = Targets::PublicAnd(vec![SocketAddr::from(([127, 0, 0, 1], origin))]);
    config.categories = Categories::parse(
        "[[category]]\nid = \"listed\"\ntitle = \"Listed\"\nwhy = \"Measured.\"\nlists = [\"listed\"]\nkind = \"black\"\n",
    )?;
    snapshot::write(&config.snapshot_dir(), policy, &key)?;
    Ok(start(config, clock).await?)
}

fn policy() -> filter::PolicySnapshot {
    let reason = Reason { title: "Listed".into(), why: "Measured.".into(), because: Default::default(), locked: false };
    let group = filter::Group {
        name: "Everybody".into(),
        audience: filter::Audience::Adults,
        blocked: BTreeMap::from([("listed".to_owned(), reason)]),
        allow: Vec::new(),
        block: Vec::new(),
        safe_search: filter::SafeSearch::default(),
        hours: Vec::new(),
        supervised: false,
        parts: Vec::new(),
        downloads: Default::default(),
        open_until: None,
    };
    let device = |at: u8| filter::Device {
        id: uuid::Uuid::from_u128(u128::from(at)),
        name: format!("device {at}"),
        group: "everybody".into(),
        room: None,
        proxy_user: None,
        proxy_password_sha256: None,
        doh_path: None,
        source_addresses: vec![address(at)],
        mac: None,
        shows_block_page: false,
        person: None,
    };
    filter::PolicySnapshot {
        format: filter::policy::FORMAT,
        version: 1,
        setting: uuid::Uuid::nil(),
        setting_name: "Measured".into(),
        contact: "nobody".into(),
        web_base: String::new(),
        made_at: jiff::Timestamp::UNIX_EPOCH,
        groups: BTreeMap::from([("everybody".to_owned(), group)]),
        strictest: "everybody".into(),
        devices: (0..DEVICES).map(device).collect(),
        holds: Vec::new(),
        never_log: Default::default(),
        always: Default::default(),
        networks: Vec::new(),
        calendar: Default::default(),
        sessions: Vec::new(),
        case_addresses: Default::default(),
        inspection: Default::default(),
    }
}

fn address(device: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 1, 1 + device))
}

/// A resolver that knows one answer.
async fn above() -> Result<SocketAddr> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    let at = socket.local_addr()?;
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
            let Some(query) = buffer.get(..length).and_then(|bytes| Message::from_vec(bytes).ok()) else { continue };
            let Some(question) = query.queries.first() else { continue };
            let mut answer = Message::response(query.metadata.id, OpCode::Query);
            if question.query_type() == RecordType::A {
                let here = RData::A(A(Ipv4Addr::LOCALHOST));
                answer.add_answer(Record::from_rdata(question.name().clone(), 300, here));
            }
            answer.add_query(question.clone());
            if let Ok(bytes) = answer.to_vec() {
                let _ = socket.send_to(&bytes, peer).await;
            }
        }
    });
    Ok(at)
}

async fn origin(port: u16) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("origin on {port}");
    loop {
        let (mut stream, _) = listener.accept().await?;
        let _ = stream.set_nodelay(true);
        tokio::spawn(async move {
            let mut buffer = [0; 8192];
            let mut held = 0;
            let large = vec![0; 256 << 10];
            let answer = small_answer();
            while let Ok(read @ 1..) = stream.read(buffer.get_mut(held..).unwrap_or_default()).await {
                held += read;
                let seen = buffer.get(..held).unwrap_or_default();
                if seen == BULK {
                    while stream.write_all(&large).await.is_ok() {}
                    return;
                }
                if !seen.starts_with(b"GET ") {
                    if stream.write_all(seen).await.is_err() {
                        return;
                    }
                    held = 0;
                } else if seen.ends_with(b"\r\n\r\n") {
                    if stream.write_all(&answer).await.is_err() {
                        return;
                    }
                    held = 0;
                }
            }
        });
    }
}

/// What a tunnel asks the origin for large bodies with.
const BULK: &[u8] = b"BULK\n";

fn small_answer() -> Vec<u8> {
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n".to_vec();
    answer.extend([b'a'; 100]);
    answer
}

/// Bytes through tunnels, as fast as they come.
async fn pull(proxy: SocketAddr, to: &str, seconds: u64, lines: usize) -> Result<()> {
    let began = Instant::now();
    let until = began + Duration::from_secs(seconds);
    let all: Vec<_> = (0..lines)
        .map(|device| {
            let request = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n");
            tokio::spawn(async move {
                let mut stream = line(proxy, device).await?;
                stream.write_all(request.as_bytes()).await?;
                answer(&mut stream, &mut Vec::new(), 0).await?;
                stream.write_all(BULK).await?;
                let (mut buffer, mut bytes) = (vec![0; 256 << 10], 0_u64);
                while Instant::now() < until {
                    bytes += stream.read(&mut buffer).await? as u64;
                }
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(bytes)
            })
        })
        .collect();
    let mut bytes = 0;
    for one in all {
        bytes += one.await??;
    }
    let megabytes = bytes as f64 / 1e6;
    println!("{{\"all\": {megabytes:.1}, \"a_second\": {:.1}}}", megabytes / began.elapsed().as_secs_f64());
    Ok(())
}

/// Plain requests, each at its time: one that waits for the one before is as late as that makes it.
async fn paced(proxy: SocketAddr, to: String, device: usize, until: Instant, apart: Duration) -> Result<Vec<u32>> {
    let request = format!("GET http://{to}/ HTTP/1.1\r\nHost: {to}\r\n\r\n");
    let (mut kept, mut took) = (Kept::open(proxy, device).await?, Vec::new());
    let mut next = Instant::now() + apart.mul_f64((device % 32) as f64 / 32.0);
    while next < until {
        tokio::time::sleep_until(next.into()).await;
        // The timer's own lateness is not the proxy's.
        let began = Instant::now();
        kept.ask(request.as_bytes()).await?;
        took.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
        next += apart;
    }
    Ok(took)
}

/// One line over TLS through the proxy, by name alone and opened, one request after the other.
async fn inspected(seconds: u64) -> Result<()> {
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = rcgen::CertifiedIssuer::self_signed(params, rcgen::KeyPair::generate()?)?;
    let key = rcgen::KeyPair::generate()?;
    let leaf = rcgen::CertificateParams::new(["origin.test".to_owned()])?.signed_by(&key, &root)?;
    let key = PrivateKeyDer::try_from(key.serialize_der())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)?;
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(server));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let origin = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            let _ = stream.set_nodelay(true);
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let (mut buffer, mut seen) = ([0; 8192], Vec::new());
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    seen.extend_from_slice(buffer.get(..read).unwrap_or_default());
                    if seen.ends_with(b"\r\n\r\n") {
                        seen.clear();
                        let sent = stream.write_all(&small_answer()).await;
                        if sent.is_err() || stream.flush().await.is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    let mut figures = Vec::new();
    for opened in [false, true] {
        let dir = tempfile::tempdir()?;
        let mut policy = policy();
        let mut believed = root.der().clone();
        if opened {
            let mut params = rcgen::CertificateParams::default();
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
            let authority = rcgen::CertifiedIssuer::self_signed(params, rcgen::KeyPair::generate()?)?;
            let folder = dir.path().join("gateway");
            std::fs::create_dir_all(&folder)?;
            std::fs::write(folder.join("inspection.key"), authority.key().serialize_pem())?;
            std::fs::write(folder.join("inspection.crt"), authority.pem())?;
            let inspection = filter::Inspection {
                until: jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(1),
                exempt: Default::default(),
                downloads: [filter::Download::Programs].into(),
                words: true,
            };
            policy.inspection.insert("everybody".into(), inspection);
            believed = authority.der().clone();
        }
        let lists = compiled(dir.path(), b"listed.test\n")?;
        let running = gateway(dir.path(), lists, 0, origin, &policy, vec![root.der().clone()]).await?;
        let mut stream = line(running.proxy_addr(), 0).await?;
        let to = format!("origin.test:{origin}");
        stream.write_all(format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n").as_bytes()).await?;
        answer(&mut stream, &mut Vec::new(), 0).await?;
        let client = rustls::ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Only(believed)))
            .with_no_client_auth();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
        let mut stream = connector.connect(ServerName::try_from("origin.test")?, stream).await?;
        let request = format!("GET / HTTP/1.1\r\nHost: {to}\r\nAccept: text/html\r\n\r\n");
        let (mut took, mut buffer) = (Vec::new(), Vec::new());
        let until = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < until {
            let began = Instant::now();
            stream.write_all(request.as_bytes()).await?;
            stream.flush().await?;
            answer(&mut stream, &mut buffer, 100).await?;
            took.push(began.elapsed().as_micros());
        }
        took.sort_unstable();
        figures.push(took.get(took.len() / 2).copied().unwrap_or_default());
        drop(stream);
        running.shutdown().await;
    }
    let [without, with] = figures.as_slice() else { return Err("two were to be measured".into()) };
    println!("{{\"without_us\": {without}, \"with_us\": {with}}}");
    Ok(())
}

/// Believes what this certificate vouches for, and looks at nothing but who vouches: the clock here begins in 1970.
#[derive(Debug)]
struct Only(CertificateDer<'static>);

impl rustls::client::danger::ServerCertVerifier for Only {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: rustls_pki_types::UnixTime,
    ) -> std::result::Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        // The site's own chain is its leaf; what is opened comes with inspection's authority behind it.
        match chain.last().is_none_or(|last| *last == self.0) {
            true => Ok(rustls::client::danger::ServerCertVerified::assertion()),
            false => Err(rustls::Error::General("somebody else vouches for it".into())),
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> std::result::Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("TLS 1.3 is spoken here".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> std::result::Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let known = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, leaf, signature, &known)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

async fn line(proxy: SocketAddr, device: usize) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(address(u8::try_from(device % usize::from(DEVICES))?), 0))?;
    let stream = socket.connect(proxy).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A line that is kept as long as the proxy keeps it. One that ends it after each answer (tinyproxy) makes the client open another,
/// and that is part of what its requests cost.
struct Kept {
    proxy: SocketAddr,
    device: usize,
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Kept {
    async fn open(proxy: SocketAddr, device: usize) -> Result<Self> {
        Ok(Self { proxy, device, stream: line(proxy, device).await?, buffer: Vec::new() })
    }

    async fn ask(&mut self, request: &[u8]) -> Result<()> {
        self.buffer.clear();
        let sent = self.stream.write_all(request).await;
        let heard = match sent {
            Ok(()) => answer(&mut self.stream, &mut self.buffer, 100).await,
            Err(error) => Err(error.into()),
        };
        match heard {
            // Nothing came: the line had ended before. On a fresh one it is the proxy's answer.
            Err(_) if self.buffer.is_empty() => {
                self.stream = line(self.proxy, self.device).await?;
                self.stream.write_all(request).await?;
                answer(&mut self.stream, &mut self.buffer, 100).await
            }
            heard => heard,
        }
    }
}

/// Reads one answer's head, and the body that the origin sends.
async fn answer<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>, body: usize) -> Result<()> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err("the line ended".into());
        }
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            if !buffer.starts_with(b"HTTP/1.1 200") && !buffer.starts_with(b"HTTP/1.0 200") {
                return Err(String::from_utf8_lossy(buffer.get(..end).unwrap_or_default()).into_owned().into());
            }
            if buffer.len() >= end + 4 + body {
                return Ok(());
            }
        }
    }
}

async fn get(proxy: SocketAddr, to: String, device: usize, until: Instant) -> Result<Vec<u32>> {
    let request = format!("GET http://{to}/ HTTP/1.1\r\nHost: {to}\r\n\r\n");
    let (mut kept, mut took) = (Kept::open(proxy, device).await?, Vec::new());
    while Instant::now() < until {
        let began = Instant::now();
        kept.ask(request.as_bytes()).await?;
        took.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    Ok(took)
}

async fn connect(proxy: SocketAddr, to: String, device: usize, until: Instant) -> Result<Vec<u32>> {
    let request = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n");
    let (mut buffer, mut took, mut echo) = (Vec::new(), Vec::new(), [0; 5]);
    while Instant::now() < until {
        let began = Instant::now();
        let mut stream = line(proxy, device).await?;
        stream.write_all(request.as_bytes()).await?;
        answer(&mut stream, &mut buffer, 0).await?;
        // A tunnel counts once something has come back through it.
        stream.write_all(b"hello").await?;
        stream.read_exact(&mut echo).await?;
        took.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    Ok(took)
}

async fn load<F>(
    proxy: SocketAddr,
    to: &str,
    seconds: u64,
    lines: usize,
    one: impl Fn(SocketAddr, String, usize, Instant) -> F,
) -> Result<()>
where
    F: Future<Output = Result<Vec<u32>>> + Send + 'static,
{
    let began = Instant::now();
    let until = began + Duration::from_secs(seconds);
    let all: Vec<_> = (0..lines).map(|device| tokio::spawn(one(proxy, to.to_owned(), device, until))).collect();
    let mut took = Vec::new();
    for one in all {
        took.extend(one.await??);
    }
    let elapsed = began.elapsed().as_secs_f64();
    took.sort_unstable();
    let at = |share: usize| took.get(took.len() * share / 100).copied().unwrap_or_default();
    let (half, most) = (at(50), at(99));
    println!(
        "{{\"all\": {}, \"a_second\": {:.1}, \"p50_us\": {half}, \"p99_us\": {most}}}",
        took.len(),
        took.len() as f64 / elapsed
    );
    Ok(())
}

async fn hold(proxy: SocketAddr, to: &str, many: usize) -> Result<()> {
    let request = Arc::new(format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n"));
    let (mut held, mut buffer) = (Vec::new(), Vec::new());
    for device in 0..many {
        let mut stream = line(proxy, device).await?;
        stream.write_all(request.as_bytes()).await?;
        answer(&mut stream, &mut buffer, 0).await?;
        held.push(stream);
    }
    println!("{} open", held.len());
    tokio::time::sleep(Duration::from_secs(3600)).await;
    Ok(())
}
