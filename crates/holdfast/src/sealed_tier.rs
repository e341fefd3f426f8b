//! The sealed tier's installation: whose signature counts, the commands for signed files, and licensed feeds.
//!
//! Who supplies is said in the configuration file and nowhere else: no page, role or token changes it (S27). A licensed
//! feed is fetched by us, sealed in memory under our own key, and laid into the gateway's slot; its plain text never
//! touches a disk.
//! What it is not: anything that prints an entry. What these commands say are counts, names of suppliers and dates.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use app::Services;
use app::sources::fetch::Have;
use ed25519_dalek::{SigningKey, VerifyingKey};
use filter::sealed::{self, Sight, feed::Feed};
use filter::{SealedStatus, SealedTier};
use gateway::sealed::SealedSlot;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{cli, house, output};

/// Beside the gateway's snapshots' key: whose signed lists count.
const KEYS: &str = "sealed-keys.json";
/// After a feed failed.
const AGAIN: Duration = Duration::from_secs(3600);

/// `[[sealed]]` of the configuration: one supplier.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Supplier {
    /// Id of the supplier's key, as its files name it; of a feed, any word.
    id: String,
    /// The supplier's Ed25519 key in hex, for signed files.
    #[serde(default)]
    key: Option<String>,
    /// A licensed feed's address: an address, or SHA-256 of one, a line.
    #[serde(default)]
    feed: Option<Licensed>,
}

/// A licensed feed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Licensed {
    url: String,
    /// Who supplies it, as the status says it.
    supplier: String,
    /// A file with the whole value of the `Authorization` header.
    #[serde(default)]
    authorization_file: Option<PathBuf>,
    #[serde(default = "daily")]
    every_hours: u64,
    /// How many in a hundred entries may go at once. A feed that lost more is not taken.
    #[serde(default = "share")]
    shrink_percent: u32,
}

fn daily() -> u64 {
    24
}

fn share() -> u32 {
    20
}

/// Writes down whose signature counts, for a gateway in whatever process.
///
/// # Errors
/// One sentence, when a key is none or the folder cannot be written.
pub(crate) fn configure(data: &Path, suppliers: &[Supplier], own: VerifyingKey) -> anyhow::Result<()> {
    let mut keys = BTreeMap::new();
    for supplier in suppliers {
        anyhow::ensure!(
            supplier.key.is_some() != supplier.feed.is_some(),
            "[[sealed]] “{}” must name either a key or a feed",
            supplier.id
        );
        let key = supplier.key.clone().unwrap_or_else(|| hex::encode(own.to_bytes()));
        parse_key(&key).with_context(|| format!("the key of [[sealed]] “{}”", supplier.id))?;
        anyhow::ensure!(
            keys.insert(supplier.id.clone(), key).is_none(),
            "[[sealed]] “{}” stands there twice",
            supplier.id
        );
    }
    let dir = data.join("gateway");
    house::make_folder(&dir)?;
    crate::demo::write_private(&dir.join(KEYS), &serde_json::to_vec(&keys)?)
}

/// The slot of a gateway's folder with the keys that were written down.
pub(crate) fn slot(gateway_dir: &Path) -> SealedSlot {
    let read = || {
        let keys: BTreeMap<String, String> =
            serde_json::from_slice(&std::fs::read(gateway_dir.join(KEYS)).ok()?).ok()?;
        Some(keys.into_iter().filter_map(|(id, key)| Some((id, parse_key(&key).ok()?))).collect())
    };
    SealedSlot::of(gateway_dir, read().unwrap_or_default())
}

fn parse_key(text: &str) -> anyhow::Result<VerifyingKey> {
    let mut bytes = [0_u8; 32];
    hex::decode_to_slice(text.trim(), &mut bytes).context("is not 64 hexadecimal digits")?;
    Ok(VerifyingKey::from_bytes(&bytes)?)
}

/// Fetches licensed feeds until the program ends.
pub(crate) async fn keep_feeds(services: &Services, suppliers: &[Supplier], key: &SigningKey) {
    let feeds = suppliers.iter().filter_map(|supplier| Some((supplier.id.as_str(), supplier.feed.as_ref()?)));
    futures(feeds.map(|(id, feed)| keep_feed(services, id, feed, key)).collect()).await;
}

async fn futures(all: Vec<impl Future<Output = ()>>) {
    let mut all: Vec<_> = all.into_iter().map(Box::pin).collect();
    std::future::poll_fn(move |context| {
        all.retain_mut(|one| one.as_mut().poll(context).is_pending());
        if all.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

async fn keep_feed(services: &Services, id: &str, feed: &Licensed, key: &SigningKey) {
    let mut have = Have::default();
    loop {
        let wait = match bring(services, id, feed, key, &have).await {
            Ok(marks) => {
                have = marks.unwrap_or(have);
                note_trouble(services, id, None);
                Duration::from_secs(feed.every_hours.max(1) * 3600)
            }
            Err(error) => {
                tracing::error!(feed = id, error = format!("{error:#}"), "a licensed feed was not taken");
                note_trouble(services, id, Some(&format!("{error:#}")));
                AGAIN
            }
        };
        rest(services, id, wait).await;
    }
}

/// Until the feed is due, or until two people have said that what waits may be taken.
async fn rest(services: &Services, id: &str, wait: Duration) {
    let mut policies = services.lists.policies();
    let accepted = async {
        while policies.changed().await.is_ok() {
            let waits = app::sealed::shrunk(&services.data).into_iter().find(|waits| waits.feed == id);
            let Some(waits) = waits else { continue };
            match app::sealed::may_shrink_to(services, id).await {
                Ok(Some(least)) if waits.entries >= least => return,
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "whether a shrunk feed may be taken is not known"),
            }
        }
        std::future::pending::<()>().await;
    };
    let _ = tokio::time::timeout(wait, accepted).await;
}

/// Fetches, seals and lays down one feed. `None`: nothing newer.
async fn bring(
    services: &Services,
    id: &str,
    feed: &Licensed,
    key: &SigningKey,
    have: &Have,
) -> anyhow::Result<Option<Have>> {
    let authorization = match &feed.authorization_file {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            Some(text.trim().to_owned())
        }
        None => None,
    };
    let came = services.lists.fetcher().fetch_unwritten(&feed.url, have, authorization.as_deref()).await;
    let Some((marks, bytes)) = came.map_err(anyhow::Error::msg)? else { return Ok(None) };
    let read = tokio::task::spawn_blocking(move || Feed::read(bytes.as_slice())).await??;
    anyhow::ensure!(read.unreadable <= read.len() as u64, "more of its lines cannot be read than can");
    let dir = services.data.join("gateway");
    let before = gateway::sealed::in_force(&slot(&dir)).status();
    let before = before.lists.iter().find(|list| list.by == feed.supplier);
    let held = before.map_or(0, |list| list.names + list.urls + list.hashes);
    let left = u64::from(100_u32.saturating_sub(feed.shrink_percent));
    anyhow::ensure!(!read.is_empty(), "there is no usable entry in it");
    let now = services.now();
    let entries = read.len() as u64;
    let accepted = app::sealed::may_shrink_to(services, id).await?.is_some_and(|least| entries >= least);
    let shrunk = (entries * 100 < held * left && !accepted).then(|| app::sealed::Shrunk {
        feed: id.to_owned(),
        by: feed.supplier.clone(),
        held,
        entries,
        at: now,
    });
    app::sealed::note_shrunk(services, &mut services.system(), id, shrunk.as_ref()).await?;
    anyhow::ensure!(
        shrunk.is_none(),
        "it held {held} entries and now has {entries}; two people can accept that on the page Lists"
    );
    let issued = marks.dated.as_deref().and_then(http_date).filter(|at| *at <= now).unwrap_or(now);
    let (supplier, id, signing) = (feed.supplier.clone(), id.to_owned(), key.clone());
    let file = tokio::task::spawn_blocking(move || {
        sealed::seal_with_digests(&supplier, issued, &id, rand::random(), &read.entries, &read.digests, &signing)
    })
    .await?;
    lay_down(&dir, file.as_bytes())?;
    Ok(Some(marks))
}

fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|at| at.timestamp())
}

/// Offers a file to the gateway, whole or not at all.
fn lay_down(gateway_dir: &Path, file: &[u8]) -> anyhow::Result<()> {
    let id = sealed::header(file)?.key_id;
    let folder = gateway_dir.join("sealed");
    house::make_folder(&folder)?;
    let plain: String = id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    crate::demo::write_private(&folder.join(format!("{plain}.sealed")), file)
}

fn trouble_file(data: &Path, id: &str) -> PathBuf {
    let plain: String = id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    data.join("gateway").join("sealed").join(format!("{plain}.trouble"))
}

/// So that `doctor` can say it weeks later.
fn note_trouble(services: &Services, id: &str, why: Option<&str>) {
    let path = trouble_file(&services.data, id);
    let noted = match why {
        Some(why) => house::make_folder(&services.data.join("gateway").join("sealed"))
            .and_then(|()| Ok(std::fs::write(&path, format!("{id}: {why}"))?)),
        None if path.exists() => std::fs::remove_file(&path).map_err(Into::into),
        None => Ok(()),
    };
    if let Err(error) = noted {
        tracing::warn!(%error, "a note could not be written");
    }
}

/// What is wrong with the feeds, a sentence each.
pub(crate) fn troubles(data: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(data.join("gateway").join("sealed")).into_iter().flatten().flatten();
    let notes = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "trouble"));
    notes.filter_map(|path| std::fs::read_to_string(path).ok()).collect()
}

/// `holdfast sealed`.
pub(crate) fn run(command: cli::Sealed) -> anyhow::Result<ExitCode> {
    match command {
        cli::Sealed::Status { data } => {
            let status = gateway::sealed::in_force(&slot(&data.data.join("gateway"))).status();
            output::json(&said(&status))?;
            Ok(if status.is_supplied() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        cli::Sealed::Load { data, file } => load(&data.data, &file),
        cli::Sealed::Key { out } => {
            anyhow::ensure!(!out.exists(), "{} is there already", out.display());
            let key = SigningKey::from_bytes(&rand::random());
            crate::demo::write_private(&out, hex::encode(key.to_bytes()).as_bytes())?;
            output::json(&json!({ "key": hex::encode(key.verifying_key().to_bytes()) }))?;
            Ok(ExitCode::SUCCESS)
        }
        cli::Sealed::Make { supplier, id, key, out, list } => make(&supplier, &id, &key, &out, &list),
    }
}

/// Counts, suppliers, dates, and what each way through can enforce (S26). Never an entry.
fn said(status: &SealedStatus) -> serde_json::Value {
    let way = |sight| {
        let (enforced, of) = status.enforceable(sight);
        json!({ "enforced": enforced, "of": of })
    };
    json!({
        "supplied": status.is_supplied(),
        "lists": status.lists,
        "dns": way(Sight::Names),
        "proxy_https": way(Sight::Names),
        "proxy_http": way(Sight::Urls),
    })
}

fn load(data: &Path, file: &Path) -> anyhow::Result<ExitCode> {
    let dir = data.join("gateway");
    anyhow::ensure!(dir.is_dir(), "there is no Holdfast at {}. Name its folder with --data.", data.display());
    let slot = slot(&dir);
    let bytes = sealed::read(file)?;
    // What the gateway would refuse is refused here, where somebody reads it.
    let after = SealedTier::load(&bytes, &slot.trusted, &gateway::sealed::in_force(&slot))?;
    lay_down(&dir, &bytes)?;
    output::json(&said(&after.status()))?;
    eprintln!("The gateway takes it within a second. `holdfast sealed status` says so.");
    Ok(ExitCode::SUCCESS)
}

fn make(supplier: &str, id: &str, key: &Path, out: &Path, list: &Path) -> anyhow::Result<ExitCode> {
    let mut text = String::new();
    std::fs::File::open(key)
        .and_then(|file| file.take(200).read_to_string(&mut text))
        .with_context(|| format!("cannot read {}", key.display()))?;
    let mut bytes = [0_u8; 32];
    hex::decode_to_slice(text.trim(), &mut bytes).context("the key is not 64 hexadecimal digits")?;
    let key = SigningKey::from_bytes(&bytes);
    let reader = std::fs::File::open(list).with_context(|| format!("cannot read {}", list.display()))?;
    let feed = Feed::read(std::io::BufReader::new(reader))?;
    anyhow::ensure!(!feed.is_empty(), "there is no usable entry in the list");
    let file =
        sealed::seal_with_digests(supplier, house::now(), id, rand::random(), &feed.entries, &feed.digests, &key);
    crate::demo::write_private(out, file.as_bytes())?;
    let header = sealed::header(file.as_bytes())?;
    output::json(&json!({ "names": header.names, "urls": header.urls, "hashes": header.hashes,
        "unreadable": feed.unreadable, "issued": header.issued }))?;
    Ok(ExitCode::SUCCESS)
}

/// Roots that lists from the web are trusted on besides the public ones, and whether addresses inside the building may
/// be asked: `[lists_from_web]` of the configuration, written down for the next start.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FromWeb {
    /// May addresses inside the building be asked?
    #[serde(default)]
    pub(crate) private_addresses: bool,
    /// A PEM file with more roots.
    #[serde(default)]
    pub(crate) roots: Option<PathBuf>,
}

impl FromWeb {
    /// What the fetcher is told.
    ///
    /// # Errors
    /// When the roots cannot be read.
    pub(crate) fn rules(&self) -> anyhow::Result<app::sources::Rules> {
        use rustls::pki_types::CertificateDer;
        use rustls::pki_types::pem::PemObject;
        let roots = match &self.roots {
            Some(path) => CertificateDer::pem_file_iter(path)
                .and_then(|all| all.collect::<Result<Vec<_>, _>>())
                .map_err(|error| anyhow::anyhow!("{} cannot be used: {error}", path.display()))?,
            None => Vec::new(),
        };
        Ok(app::sources::Rules { private_addresses: self.private_addresses, roots, ..Default::default() })
    }
}
