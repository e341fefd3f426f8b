//! A gateway on 127.0.0.1 that blocks every name of one list for one group, to be measured with dnsperf:
//!
//! ```sh
//! cargo run --release -p holdfast-gateway --example dns_server -- names.txt 5335 [lists.compiled [port of a resolver]]
//! dnsperf -s 127.0.0.1 -p 5335 -d queries.txt -l 10
//! ```

use std::collections::BTreeMap;

use filter::{Categories, FileKey, Reason};
use holdfast_gateway::{Clock, Config, snapshot, start};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(names), Some(port)) = (arguments.next(), arguments.next()) else {
        return Err("usage: dns_server NAMES.txt PORT [LISTS.compiled] [PORT ABOVE]".into());
    };
    let dir = tempfile::tempdir()?;
    // Somebody outside may put another file there: the gateway takes it within a second.
    let lists = arguments.next().map_or_else(|| dir.path().join("lists.compiled"), std::path::PathBuf::from);
    let above = arguments.next().unwrap_or_else(|| "9".into());
    let source = dir.path().join("source").join("listed").join("domains");
    std::fs::create_dir_all(source.parent().unwrap_or(dir.path()))?;
    std::fs::copy(names, &source)?;
    let report = filter::compile(&[dir.path().join("source")], &lists, FileKey([1; 16]))?;
    let began = std::time::Instant::now();
    let clock = Clock::new(move || {
        jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::try_from(began.elapsed()).unwrap_or_default()
    });
    let key = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
    let opening = age::x25519::Identity::generate();
    let mut config = Config::new(dir.path().join("gateway"), key.verifying_key(), opening.to_public());
    config.dns = format!("127.0.0.1:{port}").parse()?;
    config.proxy = "127.0.0.1:0".parse()?;
    config.upstreams = vec![format!("127.0.0.1:{above}").parse()?];
    config.lists = Some(lists);
    config.categories = Categories::parse(
        "[[category]]\nid = \"listed\"\ntitle = \"Listed\"\nwhy = \"Measured.\"\nlists = [\"listed\"]\nkind = \"black\"\n",
    )?;
    let reason = Reason { title: "Listed".into(), why: "Measured.".into(), because: Default::default(), locked: false };
    let group = filter::Group {
        name: "Everybody".into(),
        audience: filter::Audience::Children,
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
    let policy = filter::PolicySnapshot {
        format: filter::policy::FORMAT,
        version: 1,
        setting: uuid::Uuid::nil(),
        setting_name: "Measured".into(),
        contact: "nobody".into(),
        web_base: String::new(),
        made_at: clock.now(),
        groups: BTreeMap::from([("everybody".to_owned(), group)]),
        strictest: "everybody".into(),
        devices: Vec::new(),
        holds: Vec::new(),
        never_log: Default::default(),
        always: Default::default(),
        networks: Vec::new(),
        calendar: Default::default(),
        sessions: Vec::new(),
        case_addresses: filter::CaseAddresses::default(),
        inspection: Default::default(),
    };
    snapshot::write(&config.snapshot_dir(), &policy, &key)?;
    let running = start(config, clock).await?;
    println!("{} names, DNS on {}", report.names, running.dns_addr());
    tokio::signal::ctrl_c().await?;
    running.shutdown().await;
    Ok(())
}
