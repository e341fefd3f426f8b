//! Inspection in a real browser, on and off (S29). The gateway runs in this process: the program itself believes only the
//! public authorities, and a test has no site on the web.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use filter::{Audience, Categories, FileKey, Group, Inspection, PolicySnapshot, Reason};
use gateway::{Clock, Config, Targets, snapshot};
use serde_json::json;
use tokio::net::TcpListener;

use super::chrome::{Chromedriver, Trust};
use super::network::{Upstream, line_from};
use super::secure::trusting_home;

const CASINO: &str = include_str!("../../../../../content/words-samples/meant/casino.txt");
const LAPTOP: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 12));

#[expect(clippy::disallowed_methods, reason = "a browser has the machine's time, and asks certificates for theirs")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// An authority, written where it is wanted.
fn authority(name: &str, certificate: &Path, key: Option<&Path>) -> rcgen::CertifiedIssuer<'static, rcgen::KeyPair> {
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let made = rcgen::CertifiedIssuer::self_signed(params, rcgen::KeyPair::generate().expect("a key")).expect("a root");
    std::fs::write(certificate, made.pem()).expect("written");
    if let Some(key) = key {
        std::fs::write(key, made.key().serialize_pem()).expect("written");
    }
    made
}

/// A site: an ordinary page, and one about betting.
async fn site(root: &rcgen::CertifiedIssuer<'static, rcgen::KeyPair>) -> SocketAddr {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut leaf = rcgen::CertificateParams::new(["good.test".to_owned()]).expect("a name");
    // Browsers refuse a leaf that lives for ever.
    (leaf.not_before, leaf.not_after) = (rcgen::date_time_ymd(2026, 11, 1), rcgen::date_time_ymd(2027, 10, 1));
    leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let leaf = leaf.signed_by(&key, root).expect("a leaf");
    let key = rustls_pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .expect("a certificate");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = hyper::service::service_fn(async |request: http::Request<hyper::body::Incoming>| {
                    let body = match request.uri().path() {
                        "/odds" => format!("<p>{CASINO}</p>"),
                        _ => "<h1>An ordinary page</h1>".to_owned(),
                    };
                    let body = http_body_util::Full::new(hyper::body::Bytes::from(body));
                    http::Response::builder().header("content-type", "text/html").body(body)
                });
                let served = hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new())
                    .serve_connection(hyper_util::rt::TokioIo::new(stream), service)
                    .await;
                drop(served);
            });
        }
    });
    address
}

fn policy(version: u64, inspected: bool) -> PolicySnapshot {
    let why = Reason {
        title: "Gambling".into(),
        why: "It is blocked by our policy.".into(),
        because: ["FIL-02".to_owned()].into(),
        locked: false,
    };
    let staff = Group {
        name: "Staff".into(),
        audience: Audience::Adults,
        blocked: [("gambling".to_owned(), why)].into(),
        allow: Vec::new(),
        block: Vec::new(),
        safe_search: Default::default(),
        hours: Vec::new(),
        supervised: false,
        parts: Vec::new(),
        downloads: Default::default(),
    };
    let laptop = filter::Device {
        id: uuid::Uuid::from_u128(7),
        name: "Laptop".into(),
        group: "staff".into(),
        room: None,
        proxy_user: None,
        proxy_password_sha256: None,
        doh_path: None,
        source_addresses: vec![LAPTOP],
        mac: None,
        shows_block_page: false,
        person: None,
    };
    let until = now() + jiff::SignedDuration::from_hours(24);
    let inspection = Inspection { until, exempt: BTreeSet::new(), downloads: BTreeSet::new(), words: true };
    PolicySnapshot {
        format: filter::policy::FORMAT,
        version,
        setting: uuid::Uuid::nil(),
        setting_name: "Little Limpets".into(),
        contact: "Ms Adeyemi".into(),
        web_base: String::new(),
        made_at: now(),
        groups: [("staff".to_owned(), staff)].into(),
        strictest: "staff".into(),
        devices: vec![laptop],
        holds: Vec::new(),
        never_log: Default::default(),
        always: Default::default(),
        networks: Vec::new(),
        calendar: Default::default(),
        sessions: Vec::new(),
        case_addresses: Default::default(),
        inspection: inspected.then(|| ("staff".to_owned(), inspection)).into_iter().collect(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_is_inspected_when_that_was_agreed_and_not_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let public = authority("A public authority", &at("public.crt"), None);
    let site = site(&public).await;
    let above = Upstream::start_at(Ipv4Addr::LOCALHOST).await;
    let key = ed25519_dalek::SigningKey::from_bytes(&[3; 32]);
    let opening = age::x25519::Identity::generate();
    let mut config = Config::new(at("gateway"), key.verifying_key(), opening.to_public());
    std::fs::create_dir_all(&config.dir).expect("a folder");
    let files = config.inspection_files();
    authority("Inspection", &files.chain, Some(&files.key));
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    (config.dns, config.proxy) = (any, any);
    config.upstreams = vec![above.address.into()];
    config.targets = Targets::PublicAnd(vec![site]);
    config.more_roots = vec![public.der().clone()];
    config.categories = Categories::parse(
        "[[category]]\nid = \"gambling\"\ntitle = \"Gambling\"\nwhy = \"w\"\nlists = [\"gambling\"]\nkind = \"black\"\n",
    )
    .expect("a category");
    std::fs::create_dir_all(at("source/gambling")).expect("a folder");
    std::fs::write(at("source/gambling/domains"), "casino.test\n").expect("a list");
    filter::compile(&[at("source")], &at("lists.compiled"), FileKey([3; 16])).expect("compiled");
    config.lists = Some(at("lists.compiled"));
    let snapshots = config.snapshot_dir();
    let root = files.chain.clone();
    snapshot::write(&snapshots, &policy(1, true), &key).expect("published");
    let running = gateway::start(config, Clock::new(now)).await.expect("a gateway");
    let line = line_from(LAPTOP, running.proxy_addr()).await;
    let (page, odds) =
        (format!("https://good.test:{}/", site.port()), format!("https://good.test:{}/odds", site.port()));

    // This browser believes inspection's root and not the site's own.
    let home = trusting_home(&root);
    let chromedriver = Chromedriver::start_in(Some(home.path())).await;
    let browser = chromedriver.open_as(Trust::Store, Some(line), &[], json!({})).await;
    browser.go(&page).await;
    browser.see("An ordinary page").await;
    browser.go(&odds).await;
    browser.see("This page is blocked").await;
    browser.see("the words on the page").await;
    browser.picture("inspected-01-words").await;
    browser.close().await;

    chromedriver.stop().await;

    // Off: the site's own certificate comes, which another browser believes, and its pages are not weighed.
    snapshot::write(&snapshots, &policy(2, false), &key).expect("published");
    let home = trusting_home(&at("public.crt"));
    let chromedriver = Chromedriver::start_in(Some(home.path())).await;
    let browser = chromedriver.open_as(Trust::Store, Some(line), &[], json!({})).await;
    browser.until_it_opens(&page, "An ordinary page").await;
    browser.go(&odds).await;
    browser.see("Daily jackpot").await;
    browser.close().await;
    chromedriver.stop().await;
    running.shutdown().await;
}
