//! Inspection: off by default, opened for a group while its end has not come, never for who is exempt, and the other side is
//! believed by its certificate alone (S29).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use filter::{Download, Inspection, PolicySnapshot};
use holdfast_gateway::{Kind, Targets};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::world::*;

/// A site on the web, under an authority that the gateway believes; it keeps what it was asked, and answers by the path.
struct Site {
    port: u16,
    root: CertificateDer<'static>,
    asked: Arc<Mutex<Vec<String>>>,
    lines: Arc<AtomicUsize>,
}

impl Site {
    async fn start(names: &[&str]) -> Self {
        Self::with(names, &[], 1).await
    }

    /// `extra` certificates of no use stand in its chain.
    async fn with(names: &[&str], protocols: &[&[u8]], extra: usize) -> Self {
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "A public authority");
        let root = rcgen::CertifiedIssuer::self_signed(params, rcgen::KeyPair::generate().unwrap()).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let leaf = rcgen::CertificateParams::new(names).unwrap().signed_by(&key, &root).unwrap();
        let mut chain = vec![leaf.der().clone()];
        chain.extend(std::iter::repeat_n(root.der().clone(), extra));
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let mut config =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(chain, key)
                .unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let me = Self {
            port: listener.local_addr().unwrap().port(),
            root: root.der().clone(),
            asked: Arc::default(),
            lines: Arc::default(),
        };
        let (asked, lines) = (me.asked.clone(), me.lines.clone());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                lines.fetch_add(1, Ordering::SeqCst);
                let (acceptor, asked) = (acceptor.clone(), asked.clone());
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let service = hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
                        asked.lock().unwrap().push(format!(
                            "{:?} {} {} {:?}",
                            request.version(),
                            request.method(),
                            request.uri().path_and_query().unwrap(),
                            request.headers()
                        ));
                        async move { Ok::<_, std::convert::Infallible>(answer(request.uri().path())) }
                    });
                    let io = hyper_util::rt::TokioIo::new(stream);
                    let _ = hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new())
                        .serve_connection_with_upgrades(io, service)
                        .await;
                });
            }
        });
        me
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(path: &str) -> http::Response<http_body_util::Full<bytes::Bytes>> {
    let casino = include_str!("../../../../content/words-samples/meant/casino.txt");
    let help = include_str!("../../../../content/words-samples/ordinary/help-gambling.txt");
    let (kind, body): (&str, Vec<u8>) = match path {
        "/odds" => ("text/html", format!("<html><p>{casino}</p></html>").into()),
        "/help" => ("text/html", format!("<html><p>{help}</p></html>").into()),
        "/setup.exe" => ("application/octet-stream", b"MZ program".to_vec()),
        "/picture" => ("application/octet-stream", b"MZ program under another name".to_vec()),
        "/zipped" => {
            let packed = gzip(format!("<html><p>{casino}</p></html>").as_bytes());
            let page = http::Response::builder().header("content-type", "text/html").header("content-encoding", "gzip");
            return page.body(http_body_util::Full::new(packed.into())).unwrap();
        }
        "/bomb" => {
            let packed = gzip(&vec![b'a'; 64 << 20]);
            let page = http::Response::builder().header("content-type", "text/html").header("content-encoding", "gzip");
            return page.body(http_body_util::Full::new(packed.into())).unwrap();
        }
        "/photo.jpg" => ("image/jpeg", b"\xff\xd8\xff".to_vec()),
        _ => ("text/html", b"<p>an ordinary page</p>".to_vec()),
    };
    http::Response::builder().header("content-type", kind).body(http_body_util::Full::new(body.into())).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// Everything that may be inspected, until then.
fn inspected(version: u64, until: &str) -> PolicySnapshot {
    let mut policy = policy(version);
    let inspection = Inspection {
        until: until.parse().unwrap(),
        exempt: BTreeSet::from(["bank.test".to_owned()]),
        downloads: BTreeSet::from([Download::Programs]),
        words: true,
    };
    for group in ["children", "staff", "guests"] {
        policy.inspection.insert(group.into(), inspection.clone());
    }
    policy
}

const LATER: &str = "2027-01-31T00:00:00Z";

struct Inspected {
    world: World,
    site: Site,
    /// The root of inspection.
    root: CertificateDer<'static>,
}

impl Inspected {
    async fn new(policy: PolicySnapshot, site: Site) -> Self {
        let mut root = None;
        let (port, believed) = (site.port, site.root.clone());
        let world = World::configured(Some(policy), |config| {
            config.targets = Targets::PublicAnd(vec![([127, 0, 0, 1], port).into()]);
            config.more_roots = vec![believed];
            std::fs::create_dir_all(&config.dir).unwrap();
            // The test's authority is made under the names that control uses.
            root = Some(authority(&config.dir));
        })
        .await;
        Self { world, site, root: root.unwrap() }
    }

    /// Asks one page through a tunnel; the device believes `root` alone. Nothing when the handshake fails.
    async fn ask(&self, from: IpAddr, host: &str, path: &str, root: &CertificateDer<'static>) -> Option<String> {
        let (stream, head) = self.world.tunnel(from, &format!("{host}:{}", self.site.port)).await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let mut stream = tls_over(stream, host, root, &[b"http/1.1"]).await.ok()?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}:{}\r\nAccept: text/html\r\nAccept-Encoding: gzip, br\r\nX-Forwarded-For: 10.0.0.7\r\nYouTube-Restrict: no\r\n\
             Connection: close\r\n\r\n",
            self.site.port
        );
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        Some(String::from_utf8_lossy(&answer).into_owned())
    }
}

/// An authority for inspection in the gateway's folder, and its root.
fn authority(dir: &std::path::Path) -> CertificateDer<'static> {
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    params.distinguished_name.push(rcgen::DnType::CommonName, "Inspection");
    let root = rcgen::CertifiedIssuer::self_signed(params, rcgen::KeyPair::generate().unwrap()).unwrap();
    std::fs::write(dir.join("inspection.key"), root.key().serialize_pem()).unwrap();
    std::fs::write(dir.join("inspection.crt"), root.pem()).unwrap();
    root.der().clone()
}

#[tokio::test]
async fn nobody_is_inspected_unless_the_policy_says_so() {
    let it = Inspected::new(policy(1), Site::start(&["good.test"]).await).await;
    for from in [TABLET, LAPTOP, GUEST] {
        let page = it.ask(from, "good.test", "/", &it.site.root).await.expect("the site's own certificate");
        assert!(page.contains("an ordinary page"), "{page}");
        assert!(it.ask(from, "good.test", "/", &it.root).await.is_none(), "{from}");
    }
}

#[tokio::test]
async fn an_inspected_group_sees_our_certificate_and_guests_and_strangers_never_do() {
    let it =
        Inspected::new(inspected(1, LATER), Site::start(&["good.test", "bank.test", "childline.org.uk"]).await).await;
    for from in [TABLET, LAPTOP] {
        let page = it.ask(from, "good.test", "/a?b=1", &it.root).await.expect("our certificate");
        assert!(page.starts_with("HTTP/1.1 200 ") && page.contains("an ordinary page"), "{page}");
    }
    let sent = it.site.asked().join("\n").to_ascii_lowercase();
    assert!(sent.contains("/a?b=1") && !sent.contains("10.0.0.7") && !sent.contains("youtube-restrict"), "{sent}");
    // Guests, devices that nobody knows, and exempt sites keep the site's own certificate.
    for (from, host) in [(GUEST, "good.test"), (STRANGER, "good.test"), (LAPTOP, "bank.test")] {
        assert!(it.ask(from, host, "/", &it.root).await.is_none(), "{from} {host}");
        assert!(it.ask(from, host, "/", &it.site.root).await.is_some(), "{from} {host}");
    }
}

#[tokio::test]
async fn it_ends_by_itself_and_the_name_is_still_filtered() {
    let soon = now() + jiff::SignedDuration::from_secs(2);
    let it = Inspected::new(inspected(1, &soon.to_string()), Site::start(&["good.test"]).await).await;
    until(Duration::from_secs(10), async || it.ask(TABLET, "good.test", "/", &it.site.root).await).await;
    assert!(it.ask(TABLET, "good.test", "/", &it.root).await.is_none());
    let (_, head) = it.world.tunnel(TABLET, &format!("casino.test:{}", it.site.port)).await;
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
    // The same without an authority: nothing is opened, everything is filtered.
    std::fs::remove_file(it.world.gateway_dir().join("inspection.crt")).unwrap();
    let (_, head) = it.world.tunnel(TABLET, &format!("casino.test:{}", it.site.port)).await;
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
}

#[tokio::test]
async fn whole_addresses_words_and_kinds_of_files_are_decided() {
    let it = Inspected::new(inspected(1, LATER), Site::start(&["good.test", "mixed.test"]).await).await;
    for (host, path, expected) in [
        ("mixed.test", "/bets/today", 403), // an address on the list of gambling
        ("mixed.test", "/about", 200),
        ("good.test", "/odds", 403), // its words
        ("good.test", "/help", 200), // the same words, explained
        ("good.test", "/setup.exe", 403),
        ("good.test", "/picture", 403), // called otherwise, begins like a program
        ("good.test", "/photo.jpg", 200),
    ] {
        let page = it.ask(LAPTOP, host, path, &it.root).await.expect("our certificate");
        assert!(page.starts_with(&format!("HTTP/1.1 {expected} ")), "{host}{path}: {page}");
        if path == "/odds" {
            assert!(page.contains("the words on the page") && page.contains("Gambling"), "{page}");
        }
    }
    assert!(!it.site.asked().iter().any(|asked| asked.contains("/bets")), "a blocked address was asked for");
}

#[tokio::test]
async fn who_does_not_believe_us_is_spared_and_it_is_said() {
    let it = Inspected::new(inspected(1, LATER), Site::start(&["good.test"]).await).await;
    // An app that knows its own site's certificate.
    assert!(it.ask(LAPTOP, "good.test", "/", &it.site.root).await.is_none());
    // From then on the site is tunnelled for that device, and for no other.
    assert!(it.ask(LAPTOP, "good.test", "/", &it.site.root).await.is_some());
    assert!(it.ask(TABLET, "good.test", "/", &it.root).await.is_some());
    let events = it.world.events().await;
    let spared: Vec<_> =
        events.iter().filter(|event| matches!(&event.kind, Kind::Spared { host } if host == "good.test")).collect();
    assert_eq!((spared.len(), spared[0].device), (1, Some(device_id(2))), "{events:?}");
}

#[tokio::test]
async fn a_site_that_cannot_prove_itself_is_not_shown() {
    // Under an authority that nobody believes, and for another name.
    let it = Inspected::new(inspected(1, LATER), Site::start(&["other.test"]).await).await;
    let page = it.ask(LAPTOP, "good.test", "/", &it.root).await.expect("our page");
    assert!(page.starts_with("HTTP/1.1 502 ") && page.contains("cannot prove who it is"), "{page}");
    assert!(it.site.asked().is_empty(), "something was sent");
}

#[tokio::test]
async fn a_chain_of_certificates_without_end_is_refused() {
    let it = Inspected::new(inspected(1, LATER), Site::with(&["good.test"], &[], 400).await).await;
    let page = it.ask(LAPTOP, "good.test", "/", &it.root).await.expect("our page");
    assert!(page.starts_with("HTTP/1.1 502 "), "{page}");
    assert!(it.site.asked().is_empty(), "something was sent");
}

#[tokio::test]
async fn two_speaks_two_to_the_site_and_many_requests_share_a_line() {
    let it = Inspected::new(inspected(1, LATER), Site::with(&["good.test"], &[b"h2", b"http/1.1"], 1).await).await;
    let (stream, _) = it.world.tunnel(LAPTOP, &format!("good.test:{}", it.site.port)).await;
    let stream = tls_over(stream, "good.test", &it.root, &[b"h2", b"http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(executor, hyper_util::rt::TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    for path in ["/one", "/two", "/setup.exe"] {
        let uri = format!("https://good.test:{}{path}", it.site.port);
        let request = http::Request::get(uri).body(http_body_util::Empty::<bytes::Bytes>::new()).unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), if path == "/setup.exe" { 403 } else { 200 }, "{path}");
    }
    assert!(it.site.asked().iter().all(|asked| asked.starts_with("HTTP/2.0 ")), "{:?}", it.site.asked());
    assert_eq!(it.site.lines.load(Ordering::SeqCst), 1);
    // Another name over the same line is none of its business.
    let request =
        http::Request::get("https://casino.test/").body(http_body_util::Empty::<bytes::Bytes>::new()).unwrap();
    assert_eq!(sender.send_request(request).await.unwrap().status(), 421);
}

#[tokio::test]
async fn what_was_typed_into_a_search_engine_is_handed_over_once_and_video_is_held() {
    let names = ["www.youtube.com", "good.test"];
    let mut policy = inspected(1, LATER);
    policy.groups.get_mut("staff").unwrap().safe_search = filter::SafeSearch::Moderate;
    let it = Inspected::new(policy, Site::start(&names).await).await;
    let page = it.ask(LAPTOP, "www.youtube.com", "/results?search_query=how+to+draw", &it.root).await.expect("ours");
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    let sent = it.site.asked().join("\n");
    assert!(sent.contains("\"youtube-restrict\": \"Moderate\""), "{sent}");
    let events = it.world.events().await;
    let typed: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.kind {
            Kind::Searched { engine, terms } => Some((engine.as_str(), terms.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(typed, [("YouTube", "how to draw")]);
}

#[tokio::test]
async fn packed_pages_are_weighed_like_others_and_arrive_packed_and_bombs_pass_unopened() {
    let it = Inspected::new(inspected(1, LATER), Site::start(&["good.test"]).await).await;
    let page = it.ask(LAPTOP, "good.test", "/zipped", &it.root).await.unwrap();
    assert!(page.starts_with("HTTP/1.1 403 ") && page.contains("the words on the page"), "{page}");
    let bomb = it.ask(LAPTOP, "good.test", "/bomb", &it.root).await.unwrap();
    assert!(bomb.starts_with("HTTP/1.1 200 ") && bomb.contains("content-encoding: gzip"), "{}", bomb.len());
    assert!(bomb.len() < 400_000, "as it came: {}", bomb.len());
    let sent = it.site.asked().join("\n");
    assert!(sent.contains("\"accept-encoding\": \"gzip\"") && !sent.contains("br"), "{sent}");
}

/// Children's tablets in a session, with one part of `good.test` approved.
fn in_part(policy: &mut PolicySnapshot) {
    let children = policy.groups.get_mut("children").unwrap();
    children.supervised = true;
    let part = |part: &str| filter::PartRule {
        part: part.into(),
        rule: "change-9".into(),
        reason: "Looked at by two of us.".into(),
        until: None,
    };
    children.parts = vec![part("good.test/shows"), part("www.youtube-nocookie.com/embed/abcdefghij_")];
    policy.sessions = vec![filter::Session {
        id: device_id(77),
        group: "children".into(),
        room: Some("Limpets room".into()),
        until: LATER.parse().unwrap(),
    }];
}

#[tokio::test]
async fn a_part_of_a_site_and_one_video_open_and_nothing_beside_them() {
    let mut policy = inspected(1, LATER);
    in_part(&mut policy);
    let it = Inspected::new(policy.clone(), Site::start(&["good.test", "www.youtube-nocookie.com"]).await).await;
    for (host, path, expected) in [
        ("good.test", "/shows", 200),
        ("good.test", "/shows/one?a=b", 200),
        ("good.test", "/", 403),
        ("good.test", "/showsmore", 403),
        ("good.test", "/shows/../games", 403),
        ("good.test", "/shows/%2e%2e/games", 403),
        ("www.youtube-nocookie.com", "/embed/abcdefghij_?rel=0", 200),
        ("www.youtube-nocookie.com", "/embed/abcdefghijk", 403),
        ("www.youtube-nocookie.com", "/watch?v=abcdefghij_", 403),
        ("www.youtube-nocookie.com", "/", 403),
    ] {
        let page = it.ask(TABLET, host, path, &it.root).await.expect("our certificate");
        assert!(page.starts_with(&format!("HTTP/1.1 {expected} ")), "{host}{path}: {page}");
    }
    let sent = it.site.asked().join("\n");
    assert!(!sent.contains("games") && !sent.contains("showsmore"), "{sent}");
    // The name alone opens nothing: not by DNS, not for what holds no handshake, nor for another name inside.
    let answer = it.world.ask(TABLET, "good.test.", hickory_proto::rr::RecordType::A).await;
    assert!(answer.answers.is_empty(), "{answer:?}");
    let (mut stream, head) = it.world.tunnel(TABLET, &format!("good.test:{}", it.site.port)).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    stream.write_all(b"GET /games HTTP/1.1\r\nHost: good.test\r\n\r\n").await.unwrap();
    let mut nothing = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut nothing)).await;
    assert!(ended.is_ok() && nothing.is_empty(), "{nothing:?}");
    // The session ends, and a line that is open ends with it.
    let (stream, _) = it.world.tunnel(TABLET, &format!("good.test:{}", it.site.port)).await;
    let mut line = tls_over(stream, "good.test", &it.root, &[b"http/1.1"]).await.unwrap();
    policy.version = 2;
    policy.sessions.clear();
    it.world.publish(&policy);
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(10), line.read_to_end(&mut rest)).await;
    assert!(closed.is_ok(), "still open");
}

#[tokio::test]
async fn a_part_stays_closed_where_nobody_can_see_which_part_is_open() {
    // The same approval; the group is not inspected.
    let mut closed = policy(1);
    in_part(&mut closed);
    let it = Inspected::new(closed, Site::start(&["good.test"]).await).await;
    let (_, head) = it.world.tunnel(TABLET, &format!("good.test:{}", it.site.port)).await;
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
    // A device that does not believe our certificate is not looked into from then on: the part closes for it.
    let mut open = inspected(1, LATER);
    in_part(&mut open);
    let it = Inspected::new(open, Site::start(&["good.test"]).await).await;
    assert!(it.ask(TABLET, "good.test", "/shows", &it.site.root).await.is_none());
    let (_, head) = it.world.tunnel(TABLET, &format!("good.test:{}", it.site.port)).await;
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
    assert!(it.site.asked().is_empty());
}

#[tokio::test]
async fn kinds_of_files_are_refused_in_plain_requests_too_by_name_type_and_beginning() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = hyper::service::service_fn(|request: http::Request<hyper::body::Incoming>| async move {
                let (kind, named, body): (&str, Option<&str>, &[u8]) = match request.uri().path() {
                    "/setup.exe" => ("application/octet-stream", None, b"MZ"),
                    "/typed" => ("application/x-msdownload", None, b"MZ"),
                    "/named" => ("text/html", Some("attachment; filename=\"game.apk\""), b"PK"),
                    "/hidden" => ("application/octet-stream", None, b"MZ under another name"),
                    "/a.zip" => ("application/zip", None, b"PK\x03\x04"),
                    "/page.exe.html" => ("text/html", None, b"about programs"),
                    _ => ("text/plain", None, b"words"),
                };
                let mut answer = http::Response::builder().header("content-type", kind);
                if let Some(named) = named {
                    answer = answer.header("content-disposition", named);
                }
                answer.body(http_body_util::Full::new(bytes::Bytes::from_static(body)))
            });
            let io = hyper_util::rt::TokioIo::new(stream);
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(io, service));
        }
    });
    let mut policy = policy(1);
    policy.groups.get_mut("staff").unwrap().downloads = BTreeSet::from([Download::Programs]);
    let world = World::configured(Some(policy), |config| config.targets = Targets::PublicAnd(vec![at])).await;
    for (from, path, expected) in [
        (LAPTOP, "/setup.exe", 403),
        (LAPTOP, "/typed", 403),
        (LAPTOP, "/named", 403),
        (LAPTOP, "/hidden", 403),
        (LAPTOP, "/a.zip", 200),
        (LAPTOP, "/page.exe.html", 200),
        (LAPTOP, "/words", 200),
        // Another group, which refuses none.
        (TABLET, "/setup.exe", 200),
        (TABLET, "/hidden", 200),
    ] {
        let host = format!("good.test:{}", at.port());
        let request = format!("GET http://{host}{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = world.proxy(from, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected} ")), "{from} {path}: {answer}");
        assert!(expected == 200 || !answer.contains("MZ"), "{answer}");
    }
}

#[tokio::test]
async fn a_leaf_is_for_its_name_alone_and_for_a_few_days() {
    use rustls::client::danger::ServerCertVerifier;
    let it = Inspected::new(inspected(1, LATER), Site::start(&["good.test"]).await).await;
    let (stream, _) = it.world.tunnel(LAPTOP, &format!("good.test:{}", it.site.port)).await;
    let stream = tls_over(stream, "good.test", &it.root, &[]).await.unwrap();
    let chain: Vec<_> = stream.get_ref().1.peer_certificates().unwrap().to_vec();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(it.root.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let believed = |name: &str, days: i64| {
        let at = (now() + jiff::SignedDuration::from_hours(24 * days)).as_second().unsigned_abs();
        let at = rustls_pki_types::UnixTime::since_unix_epoch(Duration::from_secs(at));
        let name = rustls_pki_types::ServerName::try_from(name.to_owned()).unwrap();
        verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], at).is_ok()
    };
    assert!(believed("good.test", 0) && believed("good.test", 2));
    assert!(!believed("good.test", -2) && !believed("good.test", 4));
    for other in ["www.good.test", "test", "bank.test"] {
        assert!(!believed(other, 0), "{other}");
    }
}
