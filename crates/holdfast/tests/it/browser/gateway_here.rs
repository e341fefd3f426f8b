//! A gateway in this process, with a site behind it and a laptop and a tablet before it. The program itself believes only the
//! public authorities, and a test has no site on the web; nor could it inspect one.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use filter::{Audience, Categories, FileKey, Group, Inspection, NameRule, PartRule, PolicySnapshot, Reason, Session};
use gateway::{Clock, Config, Running, Targets, TlsFiles, snapshot};
use tokio::net::TcpListener;

use super::network::{Upstream, line_from};

pub(super) const CASINO: &str = include_str!("../../../../../content/words-samples/meant/casino.txt");
const LAPTOP: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 12));
const TABLET: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 13));

/// What stands between two policies.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Now {
    /// Both groups are inspected.
    pub(super) inspected: bool,
    /// An adult sits with the children.
    pub(super) session: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Who {
    Staff,
    Children,
}

/// All of it.
pub(super) struct Here {
    folder: tempfile::TempDir,
    key: ed25519_dalek::SigningKey,
    snapshots: PathBuf,
    version: u64,
    port: u16,
    pub(super) gateway: Running,
}

#[expect(clippy::disallowed_methods, reason = "a browser has the machine's time, and asks certificates for theirs")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

impl Here {
    /// Staff lose `casino.test`. Children reach `songs.test` and the part `good.test/ok`, in a session.
    pub(super) async fn start(first: Now) -> Self {
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
        (config.dns, config.proxy, config.doh) = (any, any, Some(any));
        config.tls = Some(leaf(&public, &["127.0.0.1"], folder.path()));
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
        snapshot::write(&snapshots, &policy(1, first), &key).expect("published");
        let gateway = gateway::start(config, Clock::new(now)).await.expect("a gateway");
        Self { folder, key, snapshots, version: 1, port: site.port(), gateway }
    }

    /// The next policy. It is in force when the gateway has read it.
    pub(super) fn publish(&mut self, now: Now) {
        self.version += 1;
        snapshot::write(&self.snapshots, &policy(self.version, now), &self.key).expect("published");
    }

    /// The root of the site, and of the gateway's DNS over HTTPS.
    pub(super) fn public_root(&self) -> PathBuf {
        self.folder.path().join("public.crt")
    }

    /// Inspection's own root.
    pub(super) fn inspection_root(&self) -> PathBuf {
        gateway::inspection_files(&self.folder.path().join("gateway")).chain
    }

    pub(super) async fn proxy_of(&self, who: Who) -> SocketAddr {
        let address = match who {
            Who::Staff => LAPTOP,
            Who::Children => TABLET,
        };
        line_from(address, self.gateway.proxy_addr()).await
    }

    /// What Chromium is told for DNS over HTTPS as this device.
    pub(super) fn doh_of(&self, who: Who) -> serde_json::Value {
        let at = self.gateway.listening.doh.expect("its door");
        let secret = secret(who);
        serde_json::json!({
            "dns_over_https.mode": "secure",
            "dns_over_https.templates": format!("https://{at}/dns-query/{secret}"),
        })
    }

    pub(super) fn url(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.port)
    }
}

fn secret(who: Who) -> &'static str {
    match who {
        Who::Staff => "of-the-laptop",
        Who::Children => "of-the-tablet",
    }
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

type Root = rcgen::CertifiedIssuer<'static, rcgen::KeyPair>;

fn signed(root: &Root, names: &[&str]) -> (rcgen::Certificate, rcgen::KeyPair) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut leaf = rcgen::CertificateParams::new(names).expect("names");
    // Browsers refuse a leaf that lives for ever.
    let today = now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = |days: i32| {
        let day = today.saturating_add(jiff::Span::new().days(days));
        rcgen::date_time_ymd(day.year().into(), day.month().unsigned_abs(), day.day().unsigned_abs())
    };
    (leaf.not_before, leaf.not_after) = (day(-7), day(90));
    leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    (leaf.signed_by(&key, root).expect("a leaf"), key)
}

fn leaf(root: &Root, names: &[&str], folder: &Path) -> TlsFiles {
    let (leaf, key) = signed(root, names);
    let files = TlsFiles { chain: folder.join("doors.crt"), key: folder.join("doors.key") };
    std::fs::write(&files.chain, leaf.pem()).expect("written");
    std::fs::write(&files.key, key.serialize_pem()).expect("written");
    files
}

/// A site: an ordinary page, and one about betting.
async fn site(root: &Root) -> SocketAddr {
    let (leaf, key) = signed(root, &["good.test", "songs.test", "casino.test"]);
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

fn group(name: &str, audience: Audience) -> Group {
    let why = Reason {
        title: "Gambling".into(),
        why: "It is blocked by our policy.".into(),
        because: ["FIL-02".to_owned()].into(),
        locked: false,
    };
    Group {
        name: name.into(),
        audience,
        blocked: [("gambling".to_owned(), why)].into(),
        allow: Vec::new(),
        block: Vec::new(),
        safe_search: Default::default(),
        hours: Vec::new(),
        supervised: false,
        parts: Vec::new(),
        downloads: Default::default(),
        open_until: None,
    }
}

fn device(n: u128, name: &str, group: &str, who: Who, address: IpAddr) -> filter::Device {
    filter::Device {
        id: uuid::Uuid::from_u128(n),
        name: name.into(),
        group: group.into(),
        room: None,
        proxy_user: None,
        proxy_password_sha256: None,
        doh_path: Some(secret(who).into()),
        source_addresses: vec![address],
        mac: None,
        shows_block_page: false,
        person: None,
    }
}

fn policy(version: u64, now_is: Now) -> PolicySnapshot {
    let tomorrow = now() + jiff::SignedDuration::from_hours(24);
    let (rule, reason) = ("approved".to_owned(), "Songs for the morning.".to_owned());
    let children = Group {
        supervised: true,
        allow: vec![NameRule { name: "songs.test".into(), rule: rule.clone(), reason: reason.clone(), until: None }],
        parts: vec![PartRule { part: "good.test/ok".into(), rule, reason, until: None }],
        ..group("Tablets", Audience::Children)
    };
    let inspection = Inspection { until: tomorrow, exempt: BTreeSet::new(), downloads: BTreeSet::new(), words: true };
    let inspected = ["staff", "children"].map(|group| (group.to_owned(), inspection.clone()));
    let session = Session { id: uuid::Uuid::from_u128(9), group: "children".into(), room: None, until: tomorrow };
    PolicySnapshot {
        format: filter::policy::FORMAT,
        version,
        setting: uuid::Uuid::nil(),
        setting_name: "Little Limpets".into(),
        contact: "Ms Adeyemi".into(),
        web_base: String::new(),
        made_at: now(),
        groups: [("staff".to_owned(), group("Staff", Audience::Adults)), ("children".to_owned(), children)].into(),
        strictest: "children".into(),
        devices: vec![
            device(7, "Laptop", "staff", Who::Staff, LAPTOP),
            device(8, "Tablet", "children", Who::Children, TABLET),
        ],
        holds: Vec::new(),
        never_log: Default::default(),
        always: Default::default(),
        networks: Vec::new(),
        calendar: Default::default(),
        sessions: if now_is.session { vec![session] } else { Vec::new() },
        case_addresses: Default::default(),
        inspection: if now_is.inspected { inspected.into() } else { Default::default() },
    }
}
