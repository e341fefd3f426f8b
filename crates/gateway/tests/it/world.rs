//! A gateway with everything around it that is not ours: resolver, web server, clients.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ed25519_dalek::SigningKey;
use filter::policy::FORMAT;
use filter::{Audience, Categories, Device, FileKey, Group, NameRule, PolicySnapshot, Reason};
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::{A, CNAME};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use holdfast_gateway::spool::SpoolReader;
use holdfast_gateway::{ActivityEvent, Clock, Config, Running, Targets, TlsFiles, snapshot, start, status};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use uuid::Uuid;

pub(crate) const TABLET: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 11));
pub(crate) const LAPTOP: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 12));
pub(crate) const GUEST: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 13));
pub(crate) const SHOWS_PAGE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 14));
pub(crate) const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 99));
pub(crate) const PASSWORD: &str = "c0ffee";
pub(crate) const TLS_NAME: &str = "dns.test";

pub(crate) fn device_id(n: u8) -> Uuid {
    Uuid::from_bytes([1, 2, 3, 4, 5, 6, 0x70, 8, 0x80, 10, 11, 12, 13, 14, 15, n])
}

/// A clock that runs, from a fixed day.
pub(crate) fn clock() -> Clock {
    let began = std::time::Instant::now();
    let start: Timestamp = "2026-11-02T09:00:00Z".parse().unwrap();
    Clock::new(move || start + jiff::SignedDuration::try_from(began.elapsed()).unwrap())
}

pub(crate) fn now() -> Timestamp {
    "2026-11-02T09:00:00Z".parse().unwrap()
}

pub(crate) fn policy(version: u64) -> PolicySnapshot {
    let reason = |title: &str| Reason {
        title: title.into(),
        why: format!("{title} is blocked by our online safety policy.").into(),
        because: ["FIL-02".to_owned()].into(),
        locked: false,
    };
    let blocked: BTreeMap<_, _> =
        [("gambling".to_owned(), reason("Gambling")), ("games".to_owned(), reason("Games"))].into();
    let group = |name: &str, audience, blocked: &BTreeMap<String, Reason>| Group {
        name: name.into(),
        audience,
        blocked: blocked.clone(),
        allow: Vec::new(),
        block: Vec::new(),
        safe_search: Default::default(),
        hours: Vec::new(),
        supervised: false,
        parts: Vec::new(),
        downloads: Default::default(),
        open_until: None,
    };
    let mut only_gambling = blocked.clone();
    only_gambling.remove("games");
    let device = |n: u8, group: &str, address: IpAddr| Device {
        id: device_id(n),
        name: format!("device {n}"),
        group: group.into(),
        room: Some("Limpets room".into()),
        proxy_user: Some(format!("device-{n}")),
        proxy_password_sha256: Some(hex::encode(Sha256::digest(PASSWORD))),
        doh_path: Some(format!("secret{n}")),
        source_addresses: vec![address],
        mac: None,
        shows_block_page: false,
        person: Some(device_id(200 + n)),
    };
    let mut showing = device(4, "children", SHOWS_PAGE);
    showing.shows_block_page = true;
    PolicySnapshot {
        format: FORMAT,
        version,
        setting: device_id(100),
        setting_name: "Little Limpets".into(),
        contact: "Ms Adeyemi".into(),
        web_base: "https://holdfast.test".into(),
        made_at: now(),
        groups: [
            ("children".to_owned(), group("Children's tablets", Audience::Children, &blocked)),
            ("staff".to_owned(), group("Staff", Audience::Adults, &only_gambling)),
            ("guests".to_owned(), group("Guests", Audience::Guests, &only_gambling)),
        ]
        .into(),
        strictest: "children".into(),
        devices: vec![device(1, "children", TABLET), device(2, "staff", LAPTOP), device(3, "guests", GUEST), showing],
        holds: Vec::new(),
        never_log: BTreeSet::from(["childline.org.uk".to_owned()]),
        always: BTreeSet::from(["time.test".to_owned()]),
        networks: Vec::new(),
        calendar: Default::default(),
        sessions: Vec::new(),
        case_addresses: filter::CaseAddresses::default(),
        inspection: Default::default(),
    }
}

/// Where names outside lead.
pub(crate) const OUTSIDE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
/// An address that the list of gambling names.
pub(crate) const LISTED_ADDRESS: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 66);

pub(crate) fn block_rule(name: &str) -> NameRule {
    NameRule { name: name.into(), rule: "change-7".into(), reason: "It upset a child.".into(), until: None }
}

/// The resolver above: fixed names, a count of questions, and a switch that makes it silent.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    pub(crate) asked: Arc<Mutex<Vec<(String, RecordType)>>>,
    pub(crate) silent: Arc<AtomicBool>,
    /// The questions as they came.
    pub(crate) packets: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Upstream {
    pub(crate) async fn start() -> Self {
        let (udp, tcp) = loop {
            let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()).await {
                break (udp, tcp);
            }
        };
        let me = Self {
            address: udp.local_addr().unwrap(),
            asked: Arc::default(),
            silent: Arc::default(),
            packets: Arc::default(),
        };
        let (asked, silent, packets) = (me.asked.clone(), me.silent.clone(), me.packets.clone());
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            loop {
                let (length, peer) = udp.recv_from(&mut buffer).await.unwrap();
                if silent.load(Ordering::SeqCst) {
                    continue;
                }
                packets.lock().unwrap().push(buffer[..length].to_vec());
                let mut answer = zone(&buffer[..length], &asked);
                if answer.to_vec().unwrap().len() > 1232 {
                    answer = answer.truncate();
                }
                udp.send_to(&answer.to_vec().unwrap(), peer).await.unwrap();
            }
        });
        let asked = me.asked.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = tcp.accept().await.unwrap();
                let length = stream.read_u16().await.unwrap();
                let mut query = vec![0; length.into()];
                stream.read_exact(&mut query).await.unwrap();
                let answer = zone(&query, &asked).to_vec().unwrap();
                stream.write_u16(answer.len() as u16).await.unwrap();
                stream.write_all(&answer).await.unwrap();
            }
        });
        me
    }

    pub(crate) fn times_asked(&self, name: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|(asked, _)| asked == name).count()
    }
}

pub(crate) fn zone(packet: &[u8], asked: &Mutex<Vec<(String, RecordType)>>) -> Message {
    let query = Message::from_vec(packet).unwrap();
    let question = query.queries[0].clone();
    let (name, kind) = (question.name().clone(), question.query_type());
    let text = name.to_ascii().to_lowercase();
    let text = text.trim_end_matches('.');
    asked.lock().unwrap().push((text.to_owned(), kind));
    let mut answer = Message::response(query.metadata.id, OpCode::Query);
    answer.metadata.recursion_available = true;
    answer.add_query(question);
    // What is for tests may lead to this machine; other names lead outside, as names outside must.
    let ours = ["test", ".youtube.com", ".youtube-nocookie.com"].iter().any(|end| text.ends_with(end));
    let place = if ours { Ipv4Addr::LOCALHOST } else { OUTSIDE };
    let here = |ttl| Record::from_rdata(name.clone(), ttl, RData::A(A(place)));
    match (text, kind) {
        (text, _) if text.starts_with("missing.") => answer.metadata.response_code = ResponseCode::NXDomain,
        ("cloaked.test", RecordType::A) => {
            let target = Name::from_ascii("bets.casino.test.").unwrap();
            answer.add_answer(Record::from_rdata(name.clone(), 300, RData::CNAME(CNAME(target.clone()))));
            answer.add_answer(Record::from_rdata(target, 300, RData::A(A(Ipv4Addr::LOCALHOST))));
        }
        ("large.test", RecordType::A) => {
            for n in 0..100 {
                let ip = Ipv4Addr::new(192, 0, 2, n);
                answer.add_answer(Record::from_rdata(name.clone(), 300, RData::A(A(ip))));
            }
        }
        ("brief.test", RecordType::A) => drop(answer.add_answer(here(1))),
        // Another answer each time, for no longer than this moment.
        ("flip.test", RecordType::A) => {
            let times = asked.lock().unwrap().iter().filter(|one| *one == &("flip.test".to_owned(), kind)).count();
            let place = if times == 1 { Ipv4Addr::LOCALHOST } else { Ipv4Addr::new(10, 0, 0, 1) };
            answer.add_answer(Record::from_rdata(name.clone(), 0, RData::A(A(place))));
        }
        ("broken.test", _) => answer.metadata.response_code = ResponseCode::ServFail,
        ("validated.test", _) => {
            answer.metadata.authentic_data = query.metadata.authentic_data;
            answer.add_answer(here(300));
        }
        // Ten aliases, the last of which is blocked for children.
        ("deep.test", RecordType::A) => {
            let link =
                |n: u8| Name::from_ascii(if n == 10 { "arcade.test.".into() } else { format!("d{n}.test.") }).unwrap();
            let mut owner = name.clone();
            for n in 1..=10 {
                answer.add_answer(Record::from_rdata(owner, 300, RData::CNAME(CNAME(link(n)))));
                owner = link(n);
            }
            answer.add_answer(Record::from_rdata(owner, 300, RData::A(A(Ipv4Addr::LOCALHOST))));
        }
        ("listed-address.test", RecordType::A) => {
            answer.add_answer(Record::from_rdata(name.clone(), 300, RData::A(A(LISTED_ADDRESS))));
        }
        ("hint.test", RecordType::HTTPS) => {
            use hickory_proto::rr::rdata::svcb::{IpHint, SvcParamKey, SvcParamValue};
            use hickory_proto::rr::rdata::{HTTPS, SVCB};
            let hint = SvcParamValue::Ipv4Hint(IpHint(vec![A(LISTED_ADDRESS)]));
            let https = HTTPS(SVCB::new(1, Name::root(), vec![(SvcParamKey::Ipv4Hint, hint)]));
            answer.add_answer(Record::from_rdata(name.clone(), 300, RData::HTTPS(https)));
        }
        ("target.test", RecordType::HTTPS) => {
            use hickory_proto::rr::rdata::{HTTPS, SVCB};
            let https = HTTPS(SVCB::new(1, Name::from_ascii("x.casino.test.").unwrap(), Vec::new()));
            answer.add_answer(Record::from_rdata(name.clone(), 300, RData::HTTPS(https)));
        }
        ("public.example" | "printer.lan" | "opened.example", RecordType::A) => {
            answer.add_answer(Record::from_rdata(name.clone(), 300, RData::A(A(Ipv4Addr::new(192, 168, 1, 9)))));
        }
        ("ech.test", RecordType::HTTPS) => {
            use hickory_proto::rr::rdata::svcb::{Alpn, EchConfigList, SvcParamKey, SvcParamValue};
            use hickory_proto::rr::rdata::{HTTPS, SVCB};
            let parameters = vec![
                (SvcParamKey::Alpn, SvcParamValue::Alpn(Alpn(vec!["h2".into()]))),
                (SvcParamKey::EchConfigList, SvcParamValue::EchConfigList(EchConfigList(vec![0, 2, 1, 1]))),
            ];
            let https = HTTPS(SVCB::new(1, Name::root(), parameters));
            answer.add_answer(Record::from_rdata(name.clone(), 300, RData::HTTPS(https)));
        }
        (_, RecordType::A) => drop(answer.add_answer(here(300))),
        _ => {}
    }
    if answer.edns.is_none() && query.edns.is_some() {
        answer.set_edns(Edns::new());
    }
    answer
}

/// A web server that counts connections, echoes what it saw, and speaks no more than that.
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    pub(crate) connections: Arc<AtomicUsize>,
}

impl Origin {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let me = Self { address: listener.local_addr().unwrap(), connections: Arc::default() };
        let connections = me.connections.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(Self::serve(stream));
            }
        });
        me
    }

    /// Answers each request with its own head as the body; what is no request is echoed, so that a tunnel can be tried.
    async fn serve(stream: TcpStream) {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read);
        let mut head = String::new();
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            if head.is_empty() && !line.contains("HTTP/1.1") {
                if write.write_all(line.as_bytes()).await.is_err() {
                    return;
                }
                continue;
            }
            head.push_str(&line);
            if line != "\r\n" {
                continue;
            }
            if head.to_ascii_lowercase().contains("upgrade: websocket") {
                let switch = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
                write.write_all(switch.as_bytes()).await.unwrap();
                let mut line = String::new();
                lines.read_line(&mut line).await.unwrap();
                write.write_all(line.as_bytes()).await.unwrap();
                return;
            }
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nX-Origin: yes\r\n\r\n{head}", head.len());
            if write.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
            head.clear();
        }
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Everything together.
pub(crate) struct World {
    pub(crate) gateway: Running,
    pub(crate) upstream: Upstream,
    pub(crate) origin: Origin,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) signing: SigningKey,
    pub(crate) opening: age::x25519::Identity,
    /// What encrypted DNS proves itself with.
    pub(crate) certificate: rustls_pki_types::CertificateDer<'static>,
    /// The root over the authority of block pages.
    pub(crate) block_root: rustls_pki_types::CertificateDer<'static>,
    pub(crate) began: std::time::Instant,
}

impl World {
    /// With the policy of [`policy`] in force.
    pub(crate) async fn new() -> Self {
        Self::with(policy(1)).await
    }

    pub(crate) async fn with(policy: PolicySnapshot) -> Self {
        Self::configured(Some(policy), |_| {}).await
    }

    /// With one name in the sealed tier.
    pub(crate) async fn sealed(name: &str) -> Self {
        let key = SigningKey::from_bytes(&[5; 32]);
        let entry = filter::CanonicalUrl::parse(&format!("http://{name}/")).unwrap();
        let file = filter::sealed::seal("A supplier", now(), "k1", [1; 16], &[entry], &key);
        let trusted = [("k1".to_owned(), key.verifying_key())].into();
        let tier = filter::SealedTier::load(file.as_bytes(), &trusted, &filter::SealedTier::not_supplied()).unwrap();
        Self::configured(Some(policy(1)), |config| config.sealed = Arc::new(tier)).await
    }

    pub(crate) async fn configured(policy: Option<PolicySnapshot>, change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let signing = SigningKey::from_bytes(&[7; 32]);
        let opening = age::x25519::Identity::generate();
        let (upstream, origin) = (Upstream::start().await, Origin::start().await);
        let mut config = Config::new(dir.path().join("gateway"), signing.verifying_key(), opening.to_public());
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        (config.dns, config.proxy, config.block_http) = (any, any, Some(any));
        config.proxy_sign_in = Some(any);
        config.block_addresses = (Some(Ipv4Addr::new(192, 0, 2, 80)), None);
        config.upstreams = vec![upstream.address.into()];
        (config.dot, config.doh) = (Some(any), Some(any));
        config.tls_name = Some(TLS_NAME.into());
        let certificate =
            rcgen::generate_simple_self_signed([TLS_NAME.into(), format!("*.{TLS_NAME}"), "127.0.0.1".into()]);
        let certificate = certificate.unwrap();
        let files = TlsFiles { chain: dir.path().join("tls.crt"), key: dir.path().join("tls.key") };
        std::fs::write(&files.chain, certificate.cert.pem()).unwrap();
        std::fs::write(&files.key, certificate.signing_key.serialize_pem()).unwrap();
        config.tls = Some(files);
        let block_root = block_authority(dir.path());
        let files = TlsFiles { chain: dir.path().join("block.crt"), key: dir.path().join("block.key") };
        (config.block_authority, config.block_https) = (Some(files), Some(any));
        config.own_addresses = config.block_addresses;
        config.targets = Targets::PublicAnd(vec![origin.address]);
        config.lists = Some(lists(dir.path()));
        config.categories = categories();
        change(&mut config);
        if let Some(policy) = policy {
            snapshot::write(&config.snapshot_dir(), &policy, &signing).unwrap();
        }
        let began = std::time::Instant::now();
        let gateway = start(config, clock()).await.unwrap();
        Self {
            gateway,
            upstream,
            origin,
            dir,
            signing,
            opening,
            certificate: certificate.cert.der().clone(),
            block_root,
            began,
        }
    }

    pub(crate) fn gateway_dir(&self) -> PathBuf {
        self.dir.path().join("gateway")
    }

    pub(crate) fn publish(&self, policy: &PolicySnapshot) {
        snapshot::write(&self.gateway_dir().join("snapshots"), policy, &self.signing).unwrap();
    }

    /// The gateway's time.
    pub(crate) fn now(&self) -> Timestamp {
        now() + jiff::SignedDuration::try_from(self.began.elapsed()).unwrap()
    }

    pub(crate) fn status(&self) -> status::Status {
        status::read(&self.gateway_dir()).unwrap()
    }

    /// Asks over UDP from an address.
    pub(crate) async fn ask(&self, from: IpAddr, name: &str, kind: RecordType) -> Message {
        let packet = query(name, kind);
        let answer = self.udp(from, &packet).await.expect("an answer");
        Message::from_vec(&answer).unwrap()
    }

    pub(crate) async fn udp(&self, from: IpAddr, packet: &[u8]) -> Option<Vec<u8>> {
        let socket = UdpSocket::bind((from, 0)).await.unwrap();
        socket.connect(self.gateway.dns_addr()).await.unwrap();
        socket.send(packet).await.unwrap();
        let mut buffer = vec![0; 65536];
        let received = tokio::time::timeout(Duration::from_secs(8), socket.recv(&mut buffer)).await;
        let length = received.ok()?.unwrap();
        buffer.truncate(length);
        Some(buffer)
    }

    /// Sends raw bytes to the proxy and reads until the end, or until `enough` is seen.
    pub(crate) async fn proxy(&self, from: IpAddr, request: &str) -> String {
        talk(self.gateway.proxy_addr(), from, request).await
    }

    pub(crate) async fn tunnel(&self, from: IpAddr, target: &str) -> (TcpStream, String) {
        let mut stream = connect(self.gateway.proxy_addr(), from).await;
        let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        (stream, String::from_utf8(head).unwrap())
    }

    /// Stops the gateway and gives everything that it recorded.
    pub(crate) async fn events(self) -> Vec<ActivityEvent> {
        let (dir, opening) = (self.gateway_dir(), self.opening.clone());
        self.gateway.shutdown().await;
        drain(&SpoolReader::new(&dir, opening))
    }
}

pub(crate) fn drain(reader: &SpoolReader) -> Vec<ActivityEvent> {
    let mut events = Vec::new();
    while let Some(batch) = reader.next_batch().unwrap() {
        reader.remove(&batch).unwrap();
        events.extend(batch.events);
    }
    events
}

pub(crate) fn query(name: &str, kind: RecordType) -> Vec<u8> {
    let mut message = Message::new(rand::random(), MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    let mut edns = Edns::new();
    edns.set_max_payload(4096);
    message.set_edns(edns);
    message.to_vec().unwrap()
}

/// The Extended DNS Error of an answer.
pub(crate) fn ede(message: &Message) -> Option<(u16, String)> {
    use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
    match message.edns.as_ref()?.option(EdnsCode::Unknown(15))? {
        EdnsOption::Unknown(_, data) => {
            Some((u16::from_be_bytes([data[0], data[1]]), String::from_utf8(data[2..].to_vec()).unwrap()))
        }
        _ => None,
    }
}

pub(crate) async fn connect(to: SocketAddr, from: IpAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    socket.connect(to).await.unwrap()
}

/// One request, its whole answer. Asks for the connection to be closed.
pub(crate) async fn talk(to: SocketAddr, from: IpAddr, request: &str) -> String {
    let mut stream = connect(to, from).await;
    let request = request.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), read).await.expect("an end").unwrap();
    String::from_utf8(answer).unwrap()
}

/// Looks again until `seen` holds; the test fails when it does not within `limit`.
pub(crate) async fn until<T>(limit: Duration, mut seen: impl AsyncFnMut() -> Option<T>) -> T {
    let began = std::time::Instant::now();
    loop {
        if let Some(found) = seen().await {
            return found;
        }
        assert!(began.elapsed() < limit, "not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// As [`until`], by a clock that goes no faster than this program can: a beat is a look and a rest of ten milliseconds, and
/// on a busy machine both last longer. What comes too late on an idle one comes too late here.
pub(crate) async fn until_beats<T>(beats: usize, mut seen: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..beats {
        if let Some(found) = seen().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not within {beats} beats")
}

pub(crate) fn categories() -> Categories {
    let mut text = String::new();
    for (id, title) in [("gambling", "Gambling"), ("games", "Games")] {
        text.push_str(&format!(
            "[[category]]\nid = \"{id}\"\ntitle = \"{title}\"\nwhy = \"w\"\nlists = [\"{id}\"]\nkind = \"black\"\n"
        ));
    }
    Categories::parse(&text).unwrap()
}

fn lists(dir: &std::path::Path) -> PathBuf {
    for (list, names) in [("gambling", "casino.test\npoker.test\n198.51.100.66\n"), ("games", "arcade.test\n")] {
        let folder = dir.join("sources").join(list);
        std::fs::create_dir_all(&folder).unwrap();
        if list == "gambling" {
            std::fs::write(folder.join("urls"), "mixed.test/bets\n").unwrap();
        }
        std::fs::write(folder.join("domains"), names).unwrap();
    }
    let out = dir.join("lists.compiled");
    filter::compile(&[dir.join("sources")], &out, FileKey([3; 16])).unwrap();
    out
}

/// A root, and an authority under it that may not speak for the help line. Gives the root.
fn block_authority(dir: &std::path::Path) -> rustls_pki_types::CertificateDer<'static> {
    use rcgen::{BasicConstraints, CertificateParams, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints};
    let params = |room: u8| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, format!("room for {room}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(room));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params
    };
    let root = rcgen::CertifiedIssuer::self_signed(params(1), KeyPair::generate().unwrap()).unwrap();
    let mut under = params(0);
    let help = GeneralSubtree::DnsName("childline.org.uk".into());
    under.name_constraints = Some(NameConstraints { permitted_subtrees: Vec::new(), excluded_subtrees: vec![help] });
    let key = KeyPair::generate().unwrap();
    let authority = under.signed_by(&key, &root).unwrap();
    std::fs::write(dir.join("block.crt"), format!("{}{}", authority.pem(), root.pem())).unwrap();
    std::fs::write(dir.join("block.key"), key.serialize_pem()).unwrap();
    root.der().clone()
}

/// A device that trusts these roots and nobody else, speaking TLS over a line that is there.
pub(crate) async fn tls_over<S>(
    stream: S,
    name: &str,
    root: &rustls_pki_types::CertificateDer<'static>,
    protocols: &[&[u8]],
) -> std::io::Result<tokio_rustls::client::TlsStream<S>>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let mut client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(OnTheDay(verifier)))
        .with_no_client_auth();
    client.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let name = rustls_pki_types::ServerName::try_from(name.to_owned()).unwrap();
    tokio_rustls::TlsConnector::from(Arc::new(client)).connect(name, stream).await
}

/// The usual verification, on the day of these tests.
#[derive(Debug)]
struct OnTheDay(Arc<rustls::client::WebPkiServerVerifier>);

impl rustls::client::danger::ServerCertVerifier for OnTheDay {
    fn verify_server_cert(
        &self,
        leaf: &rustls_pki_types::CertificateDer<'_>,
        between: &[rustls_pki_types::CertificateDer<'_>],
        name: &rustls_pki_types::ServerName<'_>,
        ocsp: &[u8],
        _: rustls_pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        let day = Duration::from_secs(u64::try_from(now().as_second()).unwrap());
        self.0.verify_server_cert(leaf, between, name, ocsp, rustls_pki_types::UnixTime::since_unix_epoch(day))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &rustls_pki_types::CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, leaf, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &rustls_pki_types::CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
