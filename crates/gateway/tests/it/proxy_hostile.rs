//! Strangers at the proxy: requests that mean two things, floods, clients that never end, places inside, tunnels that hold
//! another name. The rows of the table in `docs/proxy.md` are tests here; `every_row_has_its_test` keeps the two together.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_proto::rr::RecordType;
use holdfast_gateway::{Kind, Patience, Targets};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::world::*;

/// A web server that keeps every byte that it was sent, and answers each head with two letters.
struct Catcher {
    port: u16,
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Catcher {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, bytes) = (listener.local_addr().unwrap().port(), Arc::<Mutex<Vec<u8>>>::default());
        let kept = bytes.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let kept = kept.clone();
                tokio::spawn(async move {
                    let (mut buffer, mut seen) = ([0; 4096], 0);
                    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                        kept.lock().unwrap().extend_from_slice(&buffer[..read]);
                        let heads = String::from_utf8_lossy(&kept.lock().unwrap()).matches("\r\n\r\n").count();
                        if heads > seen {
                            seen = heads;
                            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
                        }
                    }
                });
            }
        });
        Self { port, bytes }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }
}

/// A world whose proxy may reach a catcher.
async fn caught() -> (World, Catcher) {
    caught_with(Patience::default()).await
}

/// So that a test need not wait as a tablet would.
const SHORT: Patience = Patience { head: Duration::from_millis(500), still: Duration::from_secs(1) };

async fn caught_with(patience: Patience) -> (World, Catcher) {
    let catcher = Catcher::start().await;
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], catcher.port));
    let world = World::configured(Some(policy(1)), |config| {
        config.targets = Targets::PublicAnd(vec![address]);
        config.patience = patience;
    })
    .await;
    (world, catcher)
}

/// Sends bytes from the laptop and gives all that comes back until the line ends or falls silent.
async fn send(world: &World, bytes: &[u8]) -> String {
    let mut stream = connect(world.gateway.proxy_addr(), LAPTOP).await;
    stream.write_all(bytes).await.unwrap();
    all_of(&mut stream).await
}

async fn all_of(stream: &mut TcpStream) -> String {
    let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(Ok(read @ 1..)) = tokio::time::timeout(Duration::from_millis(700), stream.read(&mut buffer)).await {
        answer.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn post(port: u16, headers: &str, body: &str) -> Vec<u8> {
    format!("POST http://good.test:{port}/ HTTP/1.1\r\nHost: good.test:{port}\r\n{headers}\r\n{body}").into_bytes()
}

#[tokio::test]
async fn two_lengths_of_one_body_become_one() {
    let (world, catcher) = caught().await;
    let smuggled = "GET http://casino.test/ HTTP/1.1\r\nHost: casino.test\r\n\r\n";
    let headers = format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", 5 + smuggled.len());
    let answer = send(&world, &post(catcher.port, &headers, &format!("0\r\n\r\n{smuggled}"))).await;
    // Either nothing is believed; or the chunks are, and what stands behind them is never read, or is a request like any
    // other: decided.
    let sent = catcher.text().to_ascii_lowercase();
    assert!(!sent.contains("casino"), "{sent}");
    assert!(!(sent.contains("content-length") && sent.contains("transfer-encoding")), "{sent}");
    let closed = answer.to_ascii_lowercase().contains("connection: close") && answer.matches("HTTP/1.1 ").count() == 1;
    assert!(closed || answer.contains("HTTP/1.1 400 ") || answer.contains("HTTP/1.1 403 "), "{answer}");
}

#[tokio::test]
async fn headers_that_mean_two_things_are_refused() {
    let (world, catcher) = caught().await;
    for headers in [
        "Content-Length: 3\r\nContent-Length: 5\r\n",
        "Content-Length: 3, 5\r\n",
        "Content-Length: +3\r\n",
        "Content-Length: 0x3\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "X-Long: one\r\n two\r\n",
        "Content-Length : 3\r\n",
        "X-Zero: a\0b\r\n",
        " X-First: 1\r\n",
    ] {
        let answer = send(&world, &post(catcher.port, headers, "abc")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{headers:?}: {answer}");
    }
    assert_eq!(catcher.text(), "");
}

#[tokio::test]
async fn bare_line_feeds_leave_as_whole_line_ends() {
    let (world, catcher) = caught().await;
    let port = catcher.port;
    let request = format!("GET http://good.test:{port}/a HTTP/1.1\nHost: good.test:{port}\nX-One: 1\n\n");
    let answer = send(&world, request.as_bytes()).await;
    let sent = catcher.text();
    if answer.starts_with("HTTP/1.1 400 ") {
        assert_eq!(sent, "");
        return;
    }
    assert_eq!(sent.matches('\n').count(), sent.matches("\r\n").count(), "{sent:?}");
    assert_eq!(sent.matches("HTTP/1.1").count(), 1, "{sent:?}");
}

#[tokio::test]
async fn a_flood_of_headers_is_refused() {
    let (world, catcher) = caught().await;
    let many: String = (0..300).map(|n| format!("X-{n}: 1\r\n")).collect();
    let long = format!("X-Long: {}\r\n", "a".repeat(100 << 10));
    for headers in [many, long] {
        catcher.bytes.lock().unwrap().clear();
        let answer = send(&world, &post(catcher.port, &headers, "")).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{} bytes: {answer}", headers.len());
    }
    assert_eq!(catcher.text(), "");
}

#[tokio::test]
async fn a_head_that_never_ends_is_closed() {
    // Long enough a stillness that nothing but the head's own time can be what ends it.
    let patience = Patience { still: Duration::from_secs(600), ..SHORT };
    let world = World::configured(Some(policy(1)), |config| config.patience = patience).await;
    let mut stream = connect(world.gateway.proxy_addr(), LAPTOP).await;
    stream.write_all(b"GET http://good.test/ HTTP/1.1\r\nHost: go").await.unwrap();
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "still open");
    assert!(Patience::default().head <= Duration::from_secs(30));
}

#[tokio::test]
async fn a_body_that_stands_still_is_closed() {
    let (world, catcher) = caught_with(SHORT).await;
    let mut stream = connect(world.gateway.proxy_addr(), LAPTOP).await;
    // The other side answers only when it has seen the body's end.
    stream.write_all(&post(catcher.port, "Content-Length: 1000\r\nExpect: 100-continue\r\n", "half")).await.unwrap();
    until(Duration::from_secs(5), async || catcher.text().contains("half").then_some(())).await;
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "still open");
    assert!(Patience::default().still <= Duration::from_secs(300));
}

/// A server that takes a connection, reads one head, and then does `then`.
async fn rude<F>(then: impl Fn(TcpStream) -> F + Send + 'static) -> (World, u16)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let Ok(byte) = stream.read_u8().await else { break };
                head.push(byte);
            }
            tokio::spawn(then(stream));
        }
    });
    let world = World::configured(Some(policy(1)), |config| config.targets = Targets::PublicAnd(vec![address])).await;
    (world, address.port())
}

/// More than every buffer between two ends of this machine takes.
const MORE_THAN_BUFFERS: usize = 64 << 20;

#[tokio::test]
async fn an_endless_body_waits_for_who_reads_it() {
    // It takes the head, and never reads on.
    let (world, port) = rude(|stream| async move {
        let _held = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let mut stream = connect(world.gateway.proxy_addr(), LAPTOP).await;
    stream.write_all(&post(port, "Transfer-Encoding: chunked\r\n", "")).await.unwrap();
    let chunk = [b"10000\r\n".as_slice(), &[b'a'; 0x10000], b"\r\n"].concat();
    let mut written = 0;
    while let Ok(Ok(())) = tokio::time::timeout(Duration::from_millis(500), stream.write_all(&chunk)).await {
        written += chunk.len();
        assert!(written < MORE_THAN_BUFFERS, "kept in memory");
    }
}

#[tokio::test]
async fn an_endless_answer_waits_for_who_reads_it() {
    let sent = Arc::new(std::sync::atomic::AtomicUsize::default());
    let counted = sent.clone();
    let (world, port) = rude(move |mut stream| {
        let counted = counted.clone();
        async move {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            while stream.write_all(&[b'a'; 0x10000]).await.is_ok() {
                counted.fetch_add(0x10000, std::sync::atomic::Ordering::SeqCst);
            }
        }
    })
    .await;
    let mut stream = connect(world.gateway.proxy_addr(), LAPTOP).await;
    stream
        .write_all(format!("GET http://good.test:{port}/ HTTP/1.1\r\nHost: good.test:{port}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'H');
    // Nobody reads on: what was sent stops growing, below what memory would have taken.
    let mut before = 0;
    until(Duration::from_secs(20), async || {
        tokio::time::sleep(Duration::from_millis(400)).await;
        let now = sent.load(std::sync::atomic::Ordering::SeqCst);
        assert!(now < MORE_THAN_BUFFERS, "kept in memory");
        let still = now == before && now > 0;
        before = now;
        still.then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_answers_head_without_end_is_cut() {
    let (world, port) = rude(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        while stream.write_all(b"X-More: and more and more and more\r\n").await.is_ok() {}
    })
    .await;
    let answer =
        send(&world, format!("GET http://good.test:{port}/ HTTP/1.1\r\nHost: good.test:{port}\r\n\r\n").as_bytes())
            .await;
    assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
}

#[tokio::test]
async fn every_spelling_of_the_inside_is_closed() {
    let world = World::new().await;
    let proxy = world.gateway.proxy_addr().port();
    let mut targets: Vec<String> = [
        "127.0.0.1:443",
        "127.1:443",
        "2130706433:443",
        "0x7f000001:443",
        "0177.0.0.1:443",
        "0.0.0.0:443",
        "0:443",
        "10.0.0.1:443",
        "172.16.3.4:443",
        "192.168.1.1:443",
        "169.254.169.254:80",
        "100.64.0.1:443",
        "[::1]:443",
        "[::]:443",
        "[::ffff:127.0.0.1]:443",
        "[::ffff:7f00:1]:443",
        "[64:ff9b::7f00:1]:443",
        "[64:ff9b:1::a00:1]:443",
        "[2002:7f00:1::]:443",
        "[fe80::1]:443",
        "[fd00::1]:443",
        "localhost:443",
        "rebound.test:443",
    ]
    .map(str::to_owned)
    .to_vec();
    // The gateway's own doors are inside, too.
    targets.push(format!("127.0.0.1:{proxy}"));
    targets.push(format!("127.0.0.1:{}", world.gateway.dns_addr().port()));
    for from in [TABLET, LAPTOP] {
        for target in &targets {
            let (_, head) = world.tunnel(from, target).await;
            let refused = ["HTTP/1.1 403 ", "HTTP/1.1 400 ", "HTTP/1.1 502 "].iter().any(|code| head.starts_with(code));
            assert!(refused, "{from} {target}: {head}");
        }
    }
    assert_eq!(world.origin.connections(), 0);
}

#[tokio::test]
async fn one_resolution_serves_check_and_connection() {
    let world = World::new().await;
    let port = world.origin.address.port();
    // Each question gets another answer, which lives no second: the first leads to the origin, the second inside.
    let (_, head) = world.tunnel(LAPTOP, &format!("flip.test:{port}")).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let asked = world
        .upstream
        .asked
        .lock()
        .unwrap()
        .iter()
        .filter(|one| *one == &("flip.test".to_owned(), RecordType::A))
        .count();
    assert_eq!((asked, world.origin.connections()), (1, 1));
    let (_, head) = world.tunnel(LAPTOP, &format!("flip.test:{port}")).await;
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
    assert_eq!(world.origin.connections(), 1);
}

/// A world whose `good.test` sends back what it is sent.
async fn echoing() -> (World, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (mut read, mut write) = stream.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut read, &mut write).await });
        }
    });
    let world = World::configured(Some(policy(1)), |config| config.targets = Targets::PublicAnd(vec![address])).await;
    (world, address.port())
}

/// Whether a handshake for `inside`, first thing in a tunnel to `good.test`, came out at the other end.
async fn passes(world: &World, port: u16, from: IpAddr, inside: &str) -> bool {
    let (mut stream, head) = world.tunnel(from, &format!("good.test:{port}")).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let config = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let name = rustls_pki_types::ServerName::try_from(inside.to_owned()).unwrap();
    let mut hello = Vec::new();
    rustls::ClientConnection::new(config.into(), name).unwrap().write_tls(&mut hello).unwrap();
    stream.write_all(&hello).await.unwrap();
    let mut back = vec![0; hello.len()];
    let read =
        tokio::time::timeout(Duration::from_secs(3), stream.read_exact(&mut back)).await.expect("an end or an echo");
    assert!(read.is_err() || back == hello, "changed on the way");
    read.is_ok()
}

#[tokio::test]
async fn another_name_inside_a_tunnel_is_decided() {
    let (world, port) = echoing().await;
    for (from, inside, expected) in [
        (TABLET, "good.test", true),
        (TABLET, "other.test", false), // allowed by itself; a child's device has no reason to hide it
        (TABLET, "casino.test", false),
        (LAPTOP, "good.test", true),
        (LAPTOP, "other.test", true),
        (LAPTOP, "casino.test", false),
    ] {
        assert_eq!(passes(&world, port, from, inside).await, expected, "{from} {inside}");
    }
    let events = world.events().await;
    let seen = events.iter().any(|event| matches!(&event.kind, Kind::Bypass { host, .. } if host == "other.test"));
    assert!(seen, "{events:?}");
}

#[tokio::test]
async fn no_older_tls_and_no_other_protocol() {
    let (world, catcher) = caught().await;
    let port = catcher.port;
    // HTTP/2 without TLS, by preface and by upgrade.
    let answer = send(&world, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    let upgrade = format!(
        "GET http://good.test:{port}/ HTTP/1.1\r\nHost: good.test:{port}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n"
    );
    send(&world, upgrade.as_bytes()).await;
    let sent = catcher.text().to_ascii_lowercase();
    assert!(sent.contains("get / http/1.1") && !sent.contains("h2c") && !sent.contains("http2-settings"), "{sent}");
    // A handshake of TLS 1.0 at the block page: an alert or nothing, never a certificate.
    let mut hello = vec![22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 1];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0, 47, 1, 0]);
    let mut stream = connect(world.gateway.listening.block_https.unwrap(), SHOWS_PAGE).await;
    stream.write_all(&hello).await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(12), stream.read_to_end(&mut answer)).await.expect("it ends");
    assert!(answer.first().is_none_or(|kind| *kind == 21), "{answer:?}");
}

#[tokio::test]
async fn one_address_cannot_take_every_place() {
    let world = World::new().await;
    let mut held = Vec::new();
    // Past this address's share the next connection is closed at once.
    let refused = loop {
        let mut stream = connect(world.gateway.proxy_addr(), STRANGER).await;
        let read =
            tokio::time::timeout(Duration::from_millis(if held.len() < 500 { 1 } else { 150 }), stream.read_u8()).await;
        if matches!(read, Ok(Err(_))) {
            break true;
        }
        held.push(stream);
        if held.len() > 700 {
            break false;
        }
    };
    assert!(refused, "{} connections from one address", held.len());
    let answer = world.proxy(LAPTOP, "GET http://casino.test/ HTTP/1.1\r\nHost: casino.test\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
}

#[test]
fn every_row_has_its_test() {
    let table = include_str!("../../../../docs/proxy.md");
    let sources = [
        ("proxy", include_str!("proxy.rs")),
        ("proxy_hostile", include_str!("proxy_hostile.rs")),
        ("inspection", include_str!("inspection.rs")),
        ("secure_pages", include_str!("secure_pages.rs")),
        ("hello", include_str!("../../src/proxy/hello.rs")),
    ];
    let mut rows = BTreeSet::new();
    for line in table.lines().filter(|line| line.starts_with("| ")) {
        let Some(named) = line.rsplit('`').nth(1).and_then(|name| name.split_once("::")) else { continue };
        let (module, test) = named;
        let source = sources.iter().find(|(name, _)| *name == module).unwrap_or_else(|| panic!("no module {module}"));
        assert!(source.1.contains(&format!("fn {test}(")), "{module}::{test} is in the table and is no test");
        rows.insert(named);
    }
    assert!(rows.len() >= 16, "{rows:?}");
    // And each test here that proves a row stands in the table.
    let here = include_str!("proxy_hostile.rs");
    for (at, _) in here.match_indices("#[tokio::test]\nasync fn ") {
        let name = here[at + "#[tokio::test]\nasync fn ".len()..].split('(').next().unwrap();
        assert!(table.contains(&format!("proxy_hostile::{name}`")), "{name} is no row of the table");
    }
}
