//! `holdfast serve`: a real setting. The configuration is one file; everything that a nursery decides is in the
//! database, behind pages.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use app::mail::{Mailer, NoMail, Smtp, SmtpConfig};
use serde::{Deserialize, Serialize};
use store::Scope;

use crate::house::{self, House, Plan};
use crate::up::{self, GatewayIn};
use crate::{addresses, cli, control, running, sealed_tier};

/// Beside the data, so that commands find the same database without the configuration.
const DATABASE: &str = "database.json";

/// The configuration file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The data folder.
    data: PathBuf,
    /// Our own pages as other devices reach them, e.g. `https://holdfast.local`.
    web_base: String,
    /// Where to listen.
    #[serde(default)]
    listen: ListenConfig,
    /// Resolvers of the filtering provider (S26).
    #[serde(default)]
    upstream: Vec<gateway::Upstream>,
    /// Lists: a UT1 folder, a list file, a folder of those, or a compiled file.
    #[serde(default)]
    lists: Option<PathBuf>,
    /// Who supplies lists of illegal addresses, by signed file or licensed feed (S26).
    #[serde(default)]
    sealed: Vec<sealed_tier::Supplier>,
    /// How lists are fetched from the web.
    #[serde(default)]
    lists_from_web: sealed_tier::FromWeb,
    /// PostgreSQL instead of the encrypted SQLite file.
    #[serde(default)]
    database_url: Option<String>,
    /// The mail server. Without one people see what needs them on their pages only.
    #[serde(default)]
    mail: Option<SmtpConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListenConfig {
    web: Option<SocketAddr>,
    /// HTTPS on loopback too; beyond it is always so.
    #[serde(default)]
    https: bool,
    /// Plain HTTP beside HTTPS: the certificate to install, and the way to HTTPS. Not the block page's address.
    plain: Option<SocketAddr>,
    dns: Option<SocketAddr>,
    dot: Option<SocketAddr>,
    doh: Option<SocketAddr>,
    /// A certificate for encrypted DNS in the place of one of our own, its key, and the name that it is for.
    dns_certificate: Option<PathBuf>,
    dns_key: Option<PathBuf>,
    dns_name: Option<String>,
    proxy: Option<SocketAddr>,
    proxy_sign_in: Option<SocketAddr>,
    block_http: Option<SocketAddr>,
}

pub(crate) async fn run(options: cli::Serve) -> anyhow::Result<ExitCode> {
    let config = read(&options.config)?;
    let data = config.data.clone();
    anyhow::ensure!(
        !data.join(crate::demo::CREDENTIALS).exists(),
        "{} holds a demo, and a demo never becomes a real setting. Choose another folder.",
        data.display()
    );
    up::apart(config.listen.plain, config.listen.block_http)?;
    house::make_folder(&data)?;
    if let Some(report) = house::refresh_lists(&data, config.lists.as_deref())? {
        tracing::info!(names = report.names, refused = report.rejected_total, "lists compiled");
    }
    if let Some(why) = house::refused_lists(&data) {
        tracing::warn!("the lists were not taken: {why}");
    }
    remember_database(&data, config.database_url.as_deref())?;
    let listen = cli::Listen {
        web: config.listen.web,
        plain: config.listen.plain,
        dns: config.listen.dns,
        dot: config.listen.dot,
        doh: config.listen.doh,
        dns_certificate: config.listen.dns_certificate,
        dns_key: config.listen.dns_key,
        dns_name: config.listen.dns_name,
        proxy: config.listen.proxy,
        proxy_sign_in: config.listen.proxy_sign_in,
        block_http: config.listen.block_http,
        block_https: None,
        upstream: config.upstream,
        lists: config.lists,
        fetched_lists: None,
    };
    let plan = Plan {
        data: data.clone(),
        database_url: config.database_url,
        web_base: config.web_base,
        mailer: mailer(config.mail.as_ref())?,
        demo: false,
        from_web: config.lists_from_web,
    };
    let house = Arc::new(House::open(plan).await?);
    sealed_tier::configure(&data, &config.sealed, house.keys.verifying_key())?;
    let door = web::Door::take(listen.web.unwrap_or(addresses::WEB))?;
    let https = config.listen.https || !door.addr.ip().is_loopback();
    let up = up::start(&house, door, &listen, GatewayIn::Child, https).await?;
    let (feeding, suppliers) = (house.clone(), config.sealed);
    let feeds = tokio::spawn(async move {
        sealed_tier::keep_feeds(&feeding.services, &suppliers, &feeding.keys.signing_key()).await;
    });
    let answering = control::listen(house.clone())?;
    let stop = up::stop_signal();
    running::note(&data, &up)?;
    println!("Holdfast serves at {}. DNS {}, proxy {}.", up.web_url(), up.as_reached(up.dns), up.as_reached(up.proxy));
    for line in up.certificate() {
        println!("{line}");
    }
    set_up_link(&house, &up.web_url()).await?;
    stop.await;
    running::forget(&data);
    answering.abort();
    feeds.abort();
    up.stop().await;
    house.services.db.clone().close().await;
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> anyhow::Result<Config> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} cannot be used", path.display()))
}

fn mailer(config: Option<&SmtpConfig>) -> anyhow::Result<Arc<dyn Mailer>> {
    Ok(match config {
        Some(config) => Arc::new(Smtp::new(config).map_err(anyhow::Error::msg)?),
        None => Arc::new(NoMail),
    })
}

/// The first start with no data prints a one-time link; a later one prints it again until somebody has used it.
async fn set_up_link(house: &House, web: &str) -> anyhow::Result<()> {
    let reader = house.services.db.read(Scope::All).await?;
    let none_yet = store::settings::list(&reader).await?.is_empty();
    drop(reader);
    if !none_yet {
        return Ok(());
    }
    let mut ctx = house.services.system();
    let code = house.fresh_recovery_code.as_ref().map(store::RecoveryCode::printable);
    if let Some(path) =
        app::setup::make_link(&house.services, &mut ctx, code.as_ref().map(|code| code.as_str())).await?
    {
        println!(
            "\nNobody has set this up yet. Open this link once, on this computer or over a line that you trust:\n"
        );
        println!("  {web}{path}\n");
    }
    Ok(())
}

#[derive(Serialize, Deserialize)]
struct Remembered {
    url: Option<String>,
}

fn remember_database(data: &Path, url: Option<&str>) -> anyhow::Result<()> {
    let text = serde_json::to_vec(&Remembered { url: url.map(str::to_owned) })?;
    crate::demo::write_private(&data.join(DATABASE), &text)
}

/// The PostgreSQL address of a data folder, if it has one.
///
/// # Errors
/// When the note beside the data cannot be understood.
pub(crate) fn database_url(data: &Path) -> anyhow::Result<Option<String>> {
    match std::fs::read(data.join(DATABASE)) {
        Ok(text) => Ok(serde_json::from_slice::<Remembered>(&text)?.url),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context("cannot read database.json"),
    }
}

/// For the demo with PostgreSQL, which commands must find too.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn remember(data: &Path, url: Option<&str>) -> anyhow::Result<()> {
    remember_database(data, url)
}
