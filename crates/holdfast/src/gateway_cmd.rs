//! `holdfast gateway`: the child of `serve` (`--dir`), or filter only (`--standalone`). No record, no database, no key
//! to either.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use ed25519_dalek::{SigningKey, VerifyingKey};
use filter::policy::FORMAT;
use filter::{Audience, Group, Lists, PolicySnapshot, SafeSearch};
use gateway::status::Sandbox;

use crate::standalone_lists::Fetching;
use crate::{cli, house, up};

pub(crate) async fn run(options: cli::GatewayArgs, sandbox: Sandbox) -> anyhow::Result<ExitCode> {
    let fetching = Fetching::of(&options)?;
    let config = match (&options.dir, &options.control) {
        (Some(dir), _) => gateway::Config { sandbox, ..child(dir, &options)? },
        (None, None) if options.standalone => standalone(&options, fetching.as_ref()).await?,
        (None, Some(_)) => anyhow::bail!(
            "a gateway on another machine is not built yet. Run one beside the records, or one alone with --standalone."
        ),
        (None, None) => anyhow::bail!("say --standalone with --policy, or start it through `holdfast serve`"),
    };
    let running = gateway::start(config, gateway::Clock::new(house::now)).await?;
    eprintln!("Gateway: DNS {}, proxy {}.", running.listening.dns, running.listening.proxy);
    match fetching {
        Some(fetching) => tokio::select! {
            () = up::stop_signal() => {}
            never = fetching.keep() => match never {},
        },
        None => up::stop_signal().await,
    }
    running.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

/// What it needs lies in its folder, written by `serve`: whose signature counts, and for whom the spool is sealed.
fn child(dir: &Path, options: &cli::GatewayArgs) -> anyhow::Result<gateway::Config> {
    let read = |name: &str| {
        let path = dir.join(name);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let mut key = [0_u8; 32];
    hex::decode_to_slice(read("snapshot.pub")?.trim(), &mut key).context("snapshot.pub is damaged")?;
    let recipient = read("spool.pub")?.trim().parse().map_err(|why: &str| anyhow::anyhow!("spool.pub: {why}"))?;
    let mut config = gateway::Config::new(dir, VerifyingKey::from_bytes(&key)?, recipient);
    config.lists.clone_from(&options.listen.lists);
    config.fetched_lists.clone_from(&options.listen.fetched_lists);
    config.sealed_slot = crate::sealed_tier::slot(dir);
    up::apply(&mut config, &options.listen)?;
    Ok(config)
}

/// A folder that is thrown away at the end, a key that nobody else has, one policy from a file.
async fn standalone(options: &cli::GatewayArgs, fetching: Option<&Fetching>) -> anyhow::Result<gateway::Config> {
    let folder = tempfile::Builder::new().prefix("holdfast-gateway").tempdir()?.keep();
    house::refresh_lists(&folder, options.listen.lists.as_deref())?;
    let lists: PathBuf = house::compiled_lists(&folder);
    let path = options.policy.as_ref().context("--policy names the policy file")?;
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let snapshot = match text.trim() {
        "" => everything_black(&lists, fetching)?,
        json => serde_json::from_str(json).with_context(|| format!("{} is no policy", path.display()))?,
    };
    let key = SigningKey::from_bytes(&rand::random());
    let nobody = age::x25519::Identity::generate().to_public();
    let mut config = gateway::Config::new(folder.join("gateway"), key.verifying_key(), nobody);
    gateway::snapshot::write(&config.snapshot_dir(), &snapshot, &key)?;
    config.lists = Some(lists);
    if let Some(fetching) = fetching {
        // The last good ones, before the first question.
        fetching.compile().await?;
        config.fetched_lists = Some(fetching.compiled());
    }
    up::apply(&mut config, &options.listen)?;
    Ok(config)
}

/// An empty policy file blocks every black-type name for everybody.
fn everything_black(lists: &Path, fetching: Option<&Fetching>) -> anyhow::Result<PolicySnapshot> {
    let lists = Lists::open(lists)?.with_categories(&crate::lists::categories()?);
    let mut blocked = lists.black();
    blocked.extend(fetching.into_iter().flat_map(Fetching::reasons));
    let group = Group {
        name: "Everybody".to_owned(),
        audience: Audience::Adults,
        blocked,
        allow: Vec::new(),
        block: Vec::new(),
        safe_search: SafeSearch::ByAudience,
        hours: Vec::new(),
        supervised: false,
        parts: Vec::new(),
        downloads: Default::default(),
        open_until: None,
    };
    Ok(PolicySnapshot {
        format: FORMAT,
        version: 1,
        setting: uuid::Uuid::nil(),
        setting_name: "Holdfast".to_owned(),
        contact: "the office".to_owned(),
        web_base: String::new(),
        made_at: house::now(),
        groups: [("everybody".to_owned(), group)].into(),
        strictest: "everybody".to_owned(),
        devices: Vec::new(),
        holds: Vec::new(),
        never_log: app::content::embedded()?.never_log.into_iter().map(|entry| entry.name).collect(),
        always: app::filtering::policy::LIFELINES.iter().map(|name| (*name).to_owned()).collect(),
        networks: Vec::new(),
        calendar: filter::Calendar::default(),
        sessions: Vec::new(),
        case_addresses: filter::CaseAddresses::default(),
        inspection: Default::default(),
    })
}
