//! What a gateway is told when it starts. What it is told later comes in snapshots.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::VerifyingKey;

mod upstream;

pub use upstream::{Upstream, Way};

/// Everything that a gateway needs to start.
#[derive(Debug, Clone)]
pub struct Config {
    /// `GATEWAY_DIR`: snapshots, spool and status live below it. Made if it is not there.
    pub dir: PathBuf,
    /// Where DNS listens, UDP and TCP on the same port. Port 0 takes a free one.
    pub dns: SocketAddr,
    /// Where DNS over TLS listens (port 853 in life). Needs [`Config::tls`].
    pub dot: Option<SocketAddr>,
    /// Where DNS over HTTPS listens. Needs [`Config::tls`].
    pub doh: Option<SocketAddr>,
    /// What encrypted DNS proves itself with. Read again when the files change.
    pub tls: Option<TlsFiles>,
    /// The name that encrypted DNS goes by; a device asks DNS over TLS for `ITS-SECRET.NAME`.
    pub tls_name: Option<String>,
    /// Where the explicit proxy listens.
    pub proxy: SocketAddr,
    /// A second proxy port that asks for credentials (407) whenever none came: for browsers, which send them only
    /// when asked (`docs/decisions`, "who is behind the proxy").
    pub proxy_sign_in: Option<SocketAddr>,
    /// Where the block page listens for devices whose DNS was pointed at it (port 80 in life).
    pub block_http: Option<SocketAddr>,
    /// Where the block page listens for HTTPS (port 443 in life). Needs [`Config::block_authority`].
    pub block_https: Option<SocketAddr>,
    /// The authority that block pages' certificates are made by: its certificate, then the root that devices install, and
    /// its key. With it the proxy shows block pages over HTTPS too.
    pub block_authority: Option<TlsFiles>,
    /// The addresses that DNS hands out for a blocked name to devices that show the block page.
    pub block_addresses: (Option<Ipv4Addr>, Option<Ipv6Addr>),
    /// Whether browsers that look for a proxy by the name `wpad` are led to ours; needs the block page's listener.
    pub wpad: bool,
    /// Where our own pages' name leads; nobody above knows it. Empty: DNS does not speak of it.
    pub own_addresses: (Option<Ipv4Addr>, Option<Ipv6Addr>),
    /// The setting's filtering provider's resolvers (S26), tried in order. Empty: those of `/etc/resolv.conf`.
    pub upstreams: Vec<Upstream>,
    /// The compiled list file. A newer one at the same path is picked up while running; a bad one is not (S30).
    pub lists: Option<PathBuf>,
    /// A second one over it: what control fetched from the sources of lists. An empty file says that there are none.
    pub fetched_lists: Option<PathBuf>,
    /// How the lists' names map to the policy's categories (`content/categories.toml`).
    pub categories: filter::Categories,
    /// The sealed tier, loaded by whoever starts the gateway; it stands before every policy, the baseline too (S27).
    pub sealed: Arc<filter::SealedTier>,
    /// Where signed lists for the sealed tier are offered while it runs.
    pub sealed_slot: crate::sealed::SealedSlot,
    /// How this process is kept from everything that is not the gateway's, for the status (S31).
    pub sandbox: crate::status::Sandbox,
    /// The public key that snapshots must verify with.
    pub snapshot_key: VerifyingKey,
    /// The store's public key: who can open the spool.
    pub spool_recipient: age::x25519::Recipient,
    /// Most bytes that the spool may take on disk.
    pub spool_limit: u64,
    /// Where the proxy may connect to.
    pub targets: Targets,
    /// How long the proxy waits for a client.
    pub patience: Patience,
    /// Authorities that inspected sites are believed by, beside the public ones: a setting's own, a test's.
    pub more_roots: Vec<rustls_pki_types::CertificateDer<'static>>,
}

/// How long the proxy waits for a client that says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a whole head, and for the next one.
    pub head: Duration,
    /// For any byte of what is under way: a body, an answer, a tunnel.
    pub still: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { head: Duration::from_secs(30), still: Duration::from_secs(300) }
    }
}

impl Config {
    /// The defaults of the contract (DNS 127.0.0.1:5335, proxy 127.0.0.1:3128, 64 MB of spool), no block port.
    pub fn new(dir: impl Into<PathBuf>, snapshot_key: VerifyingKey, spool_recipient: age::x25519::Recipient) -> Self {
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self {
            dir: dir.into(),
            dns: SocketAddr::new(loopback, 5335),
            dot: None,
            doh: None,
            tls: None,
            tls_name: None,
            proxy: SocketAddr::new(loopback, 3128),
            proxy_sign_in: None,
            block_http: None,
            block_https: None,
            block_authority: None,
            block_addresses: (None, None),
            own_addresses: (None, None),
            wpad: false,
            upstreams: Vec::new(),
            lists: None,
            fetched_lists: None,
            categories: filter::Categories::default(),
            sealed: Arc::new(filter::SealedTier::not_supplied()),
            sealed_slot: crate::sealed::SealedSlot::default(),
            sandbox: Default::default(),
            snapshot_key,
            spool_recipient,
            spool_limit: 64 << 20,
            targets: Targets::Public,
            patience: Patience::default(),
            more_roots: Vec::new(),
        }
    }

    /// Where control puts inspection's authority when it is approved (S29), and takes it away at its end.
    pub fn inspection_files(&self) -> TlsFiles {
        inspection_files(&self.dir)
    }

    /// Where control puts signed snapshots.
    pub fn snapshot_dir(&self) -> PathBuf {
        snapshot_dir(&self.dir)
    }

    /// Where the gateway puts sealed events.
    pub fn spool_dir(&self) -> PathBuf {
        spool_dir(&self.dir)
    }
}

/// Inspection's authority in a gateway's folder.
pub fn inspection_files(gateway_dir: &Path) -> TlsFiles {
    TlsFiles { chain: gateway_dir.join("inspection.crt"), key: gateway_dir.join("inspection.key") }
}

/// `GATEWAY_DIR/snapshots`.
pub fn snapshot_dir(gateway_dir: &Path) -> PathBuf {
    gateway_dir.join("snapshots")
}

/// `GATEWAY_DIR/spool`.
pub(crate) fn spool_dir(gateway_dir: &Path) -> PathBuf {
    gateway_dir.join("spool")
}

/// A certificate and its key, as PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, then those that vouch for it.
    pub chain: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Where the proxy may connect to. A page must not reach the setting's own machines through it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Targets {
    /// Public addresses, and our own pages. Children and guests: the web's ports alone.
    #[default]
    Public,
    /// As `Public`, and these too, with whatever port they carry: a test's own servers.
    PublicAnd(Vec<SocketAddr>),
}
