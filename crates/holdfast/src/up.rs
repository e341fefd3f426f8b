//! Everything that runs while Holdfast runs: gateway, web, jobs; started in an order that lets DNS answer first, stopped
//! in the reverse one.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use store::Scope;
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use crate::cli::Listen;
use crate::house::{self, House};

/// Before a gateway that ended is started again.
const AGAIN: Duration = Duration::from_millis(500);

/// Where the gateway runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GatewayIn {
    /// This process: the demo.
    Process,
    /// A child process, started again if it ends (S31).
    Child,
}

/// What is up.
pub(crate) struct Up {
    pub(crate) web: SocketAddr,
    pub(crate) https: bool,
    pub(crate) dns: SocketAddr,
    pub(crate) dot: Option<SocketAddr>,
    pub(crate) doh: Option<SocketAddr>,
    /// The name that encrypted DNS goes by.
    pub(crate) tls_name: Option<String>,
    pub(crate) proxy: SocketAddr,
    pub(crate) proxy_sign_in: Option<SocketAddr>,
    pub(crate) block_http: Option<SocketAddr>,
    pub(crate) block_https: Option<SocketAddr>,
    /// Our pages as devices reach them.
    web_base: String,
    serving: web::Serving,
    gateway: Option<gateway::Running>,
    stop: CancellationToken,
    work: Vec<tokio::task::JoinHandle<()>>,
}

/// Starts everything in an open house.
///
/// # Errors
/// A taken port, an unusable folder: one sentence.
pub(crate) async fn start(
    house: &House,
    door: web::Door,
    listen: &Listen,
    gateway_in: GatewayIn,
    https: bool,
) -> anyhow::Result<Up> {
    let services = house.services.clone();
    let data = services.data.clone();
    publish_all(house).await?;
    let listen = &crate::encrypted_dns::prepare(&data, &services.web_base, listen)?;
    let listen = &crate::block_https::prepare(house, door.addr, listen)?;
    let started = house::now();
    let stop = CancellationToken::new();
    let mut work = Vec::new();
    let (gateway, listening) = match gateway_in {
        GatewayIn::Process => {
            let running = gateway::start(gateway_config(house, listen)?, gateway::Clock::new(house::now)).await?;
            let listening = running.listening.clone();
            (Some(running), listening)
        }
        GatewayIn::Child => {
            let key = hex::encode(house.keys.verifying_key().to_bytes());
            let path = data.join("gateway").join("snapshot.pub");
            std::fs::write(&path, key).with_context(|| format!("cannot write {}", path.display()))?;
            retire_orphan(&data.join("gateway")).await;
            let upstream = resolvers(&services, &listen.upstream).await.unwrap_or_else(|| listen.upstream.clone());
            let mut child = spawn(&data, &Listen { upstream: upstream.clone(), ..listen.clone() })?;
            let listening = wait_for_gateway(&mut child, &data, started).await?;
            // A free port that was taken once stays the port.
            let listen = Listen {
                dns: Some(listening.dns),
                dot: listening.dot,
                doh: listening.doh,
                proxy: Some(listening.proxy),
                proxy_sign_in: listening.proxy_sign_in,
                block_http: listening.block_http,
                block_https: listening.block_https,
                ..listen.clone()
            };
            work.push(tokio::spawn(keep_child(child, upstream, services.clone(), listen, stop.clone())));
            (None, listening)
        }
    };
    let key = *house.keys.derive("web/forms");
    let edge = web::Edge::system();
    let config = web::Config { https, styleguide: services.demo, key };
    let site = web::Site::new(config, edge, services.clone());
    anyhow::ensure!(
        https || listen.plain.is_none(),
        "`plain` leads to HTTPS, and the pages are not served over HTTPS. Take it away, or set `https`."
    );
    let names = names(door.addr, &services.web_base);
    let plan = web::Listen { web: door, plain: listen.plain, https, tls_folder: data.join("tls"), names };
    let serving = web::serve(plan, house::now(), web::router(site))?;
    let jobs = services.clone();
    let stopped = stop.clone();
    work.push(tokio::spawn(async move {
        tokio::select! {
            () = app::jobs::run(&jobs) => {}
            () = stopped.cancelled() => {}
        }
    }));
    let (ahead, stopped) = (services.clone(), stop.clone());
    work.push(tokio::spawn(async move {
        // Whoever asks for the evidence hears of an error; here nobody does.
        tokio::select! {
            _ = app::evidence::chain(&ahead, house::now(), Duration::ZERO) => {}
            () = stopped.cancelled() => {}
        }
    }));
    Ok(Up {
        web: serving.web,
        https,
        dns: listening.dns,
        dot: listening.dot,
        doh: listening.doh,
        tls_name: listening.tls_name,
        proxy: listening.proxy,
        proxy_sign_in: listening.proxy_sign_in,
        block_http: listening.block_http,
        block_https: listening.block_https,
        web_base: services.web_base.trim_end_matches('/').to_owned(),
        serving,
        gateway,
        stop,
        work,
    })
}

impl Up {
    /// The address of the pages: the listener's own, or the configured one where that listens everywhere.
    pub(crate) fn web_url(&self) -> String {
        if self.web.ip().is_unspecified() {
            return self.web_base.clone();
        }
        format!("{}://{}", if self.https { "https" } else { "http" }, self.web)
    }

    /// A listener as devices reach it.
    pub(crate) fn as_reached(&self, listens: SocketAddr) -> String {
        match listens.ip().is_unspecified() {
            true => format!("{}:{}", host_of(&self.web_base), listens.port()),
            false => listens.to_string(),
        }
    }

    /// Where devices get the certificate, and by what they know it; nothing without HTTPS.
    pub(crate) fn certificate(&self) -> Vec<String> {
        let Some(fingerprint) = &self.serving.root else { return Vec::new() };
        let place = self.serving.plain.map(|plain| format!("http://{}/certificate", self.as_reached(plain)));
        let place = place.unwrap_or_else(|| "tls/root.crt in the data folder (set `plain` to hand it out)".to_owned());
        vec![format!("Certificate for devices: {place}"), format!("  its fingerprint (SHA-256): {fingerprint}")]
    }

    /// Stops web, jobs and gateway, in this order, so that DNS answers longest.
    pub(crate) async fn stop(self) {
        self.serving.stop().await;
        self.stop.cancel();
        for task in self.work {
            if let Err(error) = task.await {
                tracing::warn!(%error, "a task ended badly");
            }
        }
        if let Some(gateway) = self.gateway {
            gateway.shutdown().await;
        }
    }
}

/// Every setting's policy is handed to the gateway at start: whatever happened while we were down is in force now.
async fn publish_all(house: &House) -> anyhow::Result<()> {
    let services = &house.services;
    let reader = services.db.read(Scope::All).await?;
    let settings = store::settings::list(&reader).await?;
    drop(reader);
    for setting in settings {
        match app::filtering::publish::run(services, setting.id).await {
            Ok(_) | Err(app::Error::NotFound) => {}
            Err(error) => return Err(error).context("the filter policy could not be handed to the gateway"),
        }
    }
    Ok(())
}

/// What the gateway needs, in this process or in a child.
///
/// # Errors
/// When the spool's key cannot be read.
pub(crate) fn gateway_config(house: &House, listen: &Listen) -> anyhow::Result<gateway::Config> {
    let data = &house.services.data;
    let recipient = house.keys.spool_identity()?.to_public();
    let mut config = gateway::Config::new(data.join("gateway"), house.keys.verifying_key(), recipient);
    config.lists = Some(house::compiled_lists(data));
    config.fetched_lists = Some(house::fetched_lists(data));
    config.sealed_slot = crate::sealed_tier::slot(&data.join("gateway"));
    apply(&mut config, listen)?;
    Ok(config)
}

/// What every gateway of ours needs alike: the policy's words for list categories, and the addresses of the command line.
///
/// # Errors
/// When the built-in categories cannot be read, which the build has checked.
pub(crate) fn apply(config: &mut gateway::Config, listen: &Listen) -> anyhow::Result<()> {
    config.categories = crate::lists::categories()?;
    config.dns = listen.dns.unwrap_or(config.dns);
    config.dot = listen.dot;
    config.doh = listen.doh;
    config.tls =
        listen.dns_certificate.clone().zip(listen.dns_key.clone()).map(|(chain, key)| gateway::TlsFiles { chain, key });
    config.tls_name.clone_from(&listen.dns_name);
    config.proxy = listen.proxy.unwrap_or(config.proxy);
    config.proxy_sign_in = listen.proxy_sign_in;
    config.block_http = listen.block_http;
    config.block_https = listen.block_https;
    let files = listen.block_certificate.clone().zip(listen.block_key.clone());
    config.block_authority = files.map(|(chain, key)| gateway::TlsFiles { chain, key });
    config.block_addresses = crate::block_https::one_of_each(&listen.block_address);
    config.wpad = listen.wpad;
    config.own_addresses = crate::block_https::one_of_each(&listen.own_address);
    config.upstreams.clone_from(&listen.upstream);
    Ok(())
}

/// The child says where it listens by its status. One that ends by itself has said why: a taken port, a bad folder.
async fn wait_for_gateway(
    child: &mut Child,
    data: &Path,
    since: jiff::Timestamp,
) -> anyhow::Result<gateway::status::Listening> {
    for _ in 0..200 {
        if let Ok(status) = gateway::status::read(&data.join("gateway"))
            && status.started_at >= since
        {
            return Ok(status.listening);
        }
        let ended = child.try_wait().context("the gateway cannot be watched")?;
        anyhow::ensure!(ended.is_none(), "the gateway did not start; its own message stands above");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("the gateway did not start within ten seconds; its own message stands above")
}

/// Runs the gateway as a process of its own and starts it again when it ends; a crash of either side never stops the
/// other for longer than a moment (S31). It gets no database key: what it needs lies in its own folder. When somebody
/// writes down another filtering provider, it is started anew with that one's resolvers.
async fn keep_child(
    mut child: Child,
    mut upstream: Vec<gateway::Upstream>,
    services: app::Services,
    listen: Listen,
    stop: CancellationToken,
) {
    loop {
        tokio::select! {
            ended = child.wait() => {
                tracing::error!(?ended, "the gateway ended; it is started again");
                tokio::time::sleep(AGAIN).await;
            }
            () = other_resolvers(&services, &listen.upstream, &upstream) => terminate(&mut child).await,
            () = stop.cancelled() => return terminate(&mut child).await,
        }
        child = loop {
            if stop.is_cancelled() {
                return;
            }
            // A locked store must not keep DNS waiting: then the resolvers of before will do.
            if let Ok(Some(now)) = tokio::time::timeout(AGAIN, resolvers(&services, &listen.upstream)).await {
                upstream = now;
            }
            match spawn(&services.data, &Listen { upstream: upstream.clone(), ..listen.clone() }) {
                Ok(child) => break child,
                // The program file may be away for a moment, while it is replaced by a newer one.
                Err(error) => tracing::error!(%error, "the gateway cannot be started; it is tried again"),
            }
            tokio::time::sleep(AGAIN).await;
        };
    }
}

/// A gateway outlives a control that was killed, and goes on answering (S31). It has our ports, and perhaps yesterday's
/// configuration: it is asked to hand over, and a new one starts.
async fn retire_orphan(dir: &Path) {
    let Some(pid) = gateway::holder(dir) else { return };
    let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else { return };
    tracing::info!("a gateway of an earlier start still answers; it hands over");
    for (signal, patience) in [(rustix::process::Signal::TERM, 100), (rustix::process::Signal::KILL, 20)] {
        // The lock says that it is the gateway of this folder, and not another program that was given its number.
        if rustix::process::kill_process(pid, signal).is_err() {
            return;
        }
        for _ in 0..patience {
            if gateway::holder(dir).is_none() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Ends when the resolvers that are written down are no longer those in use.
async fn other_resolvers(services: &app::Services, configured: &[gateway::Upstream], in_use: &[gateway::Upstream]) {
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        if resolvers(services, configured).await.is_some_and(|now| now != in_use) {
            return;
        }
    }
}

/// The filtering provider's resolvers (S26): those of the configuration, else those that the setting wrote down. `None`
/// while the records are away: no reason to change anything.
async fn resolvers(services: &app::Services, configured: &[gateway::Upstream]) -> Option<Vec<gateway::Upstream>> {
    if !configured.is_empty() {
        return Some(configured.to_vec());
    }
    let written = app::setup::resolvers(services).await.ok()?;
    Some(written.iter().filter_map(|text| text.parse().ok()).collect())
}

fn spawn(data: &Path, listen: &Listen) -> anyhow::Result<Child> {
    let mut command = Command::new(std::env::current_exe().context("where am I?")?);
    command.arg("gateway").arg("--dir").arg(data.join("gateway"));
    command.arg("--lists").arg(house::compiled_lists(data));
    command.arg("--fetched-lists").arg(house::fetched_lists(data));
    let mut address = |flag: &str, address: Option<SocketAddr>| {
        if let Some(address) = address {
            command.arg(flag).arg(address.to_string());
        }
    };
    address("--dns", listen.dns);
    address("--dot", listen.dot);
    address("--doh", listen.doh);
    address("--proxy", listen.proxy);
    address("--proxy-sign-in", listen.proxy_sign_in);
    address("--block-http", listen.block_http);
    address("--block-https", listen.block_https);
    if let (Some(certificate), Some(key)) = (&listen.block_certificate, &listen.block_key) {
        command.arg("--block-certificate").arg(certificate).arg("--block-key").arg(key);
    }
    for (flag, addresses) in [("--block-address", &listen.block_address), ("--own-address", &listen.own_address)] {
        for address in addresses {
            command.arg(flag).arg(address.to_string());
        }
    }
    if let (Some(chain), Some(key), Some(name)) = (&listen.dns_certificate, &listen.dns_key, &listen.dns_name) {
        command.arg("--dns-certificate").arg(chain).arg("--dns-key").arg(key).arg("--dns-name").arg(name);
    }
    if listen.wpad {
        command.arg("--wpad");
    }
    for upstream in &listen.upstream {
        command.arg("--upstream").arg(upstream.to_string());
    }
    // Nothing of ours but what it needs: no key in its environment, no terminal.
    command.env_remove("CREDENTIALS_DIRECTORY").stdin(Stdio::null()).kill_on_drop(true);
    command.spawn().context("the gateway could not be started")
}

async fn terminate(child: &mut Child) {
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(rustix::process::Pid::from_raw) {
        // It may have ended by itself this moment.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    if tokio::time::timeout(Duration::from_secs(5), child.wait()).await.is_err() {
        let _ = child.kill().await;
    }
}

/// The block page and our own pages never share an address (`docs/decisions/0011`).
///
/// # Errors
/// When they would.
pub(crate) fn apart(listen: &Listen) -> anyhow::Result<()> {
    let pairs = [
        ("plain", listen.plain, "block_http", listen.block_http),
        ("web", listen.web, "block_https", listen.block_https),
    ];
    for (name, ours, other, block) in pairs {
        let (Some(ours), Some(block)) = (ours, block) else { continue };
        let everywhere = ours.ip().is_unspecified() || block.ip().is_unspecified();
        let same = ours.port() == block.port() && ours.port() != 0 && (ours.ip() == block.ip() || everywhere);
        anyhow::ensure!(
            !same,
            "`{name}` ({ours}) and `{other}` ({block}) are the same place. The block page needs an address of its own: \
             give this machine a second one, or `{name}` another port."
        );
    }
    Ok(())
}

/// By which names people reach us; they stand in the certificate.
fn names(web: SocketAddr, web_base: &str) -> Vec<String> {
    // A certificate names an IPv6 address without its brackets.
    let host = host_of(web_base).trim_matches(['[', ']']);
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    if !web.ip().is_unspecified() {
        names.push(web.ip().to_string());
    }
    if !host.is_empty() {
        names.push(host.to_owned());
    }
    names.sort();
    names.dedup();
    names
}

/// The host of an address of ours, an IPv6 one with its brackets.
fn host_of(web_base: &str) -> &str {
    let rest = web_base.split_once("://").map_or(web_base, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.find(']') {
        Some(end) => authority.get(..=end).unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

/// Waits for Ctrl-C or SIGTERM. It listens from the call on, not from the first wait: whoever reads in `running.json` that we
/// serve may stop us at that very moment.
pub(crate) fn stop_signal() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = signal(SignalKind::terminate());
    async move {
        let Ok(mut terminate) = terminate else {
            let _ = tokio::signal::ctrl_c().await;
            return;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    }
}
