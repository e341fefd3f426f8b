//! `DATA/running.json`: where a running Holdfast serves, for commands that must ask it because the database is its own.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::up::Up;

const FILE: &str = "running.json";

/// Where it serves.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Running {
    /// Address of the pages, e.g. `http://127.0.0.1:8080`.
    pub(crate) web: String,
    /// DNS.
    pub(crate) dns: SocketAddr,
    /// Proxy.
    pub(crate) proxy: SocketAddr,
    /// The block page, over plain HTTP and over HTTPS.
    #[serde(default)]
    pub(crate) block_http: Option<SocketAddr>,
    /// See there.
    #[serde(default)]
    pub(crate) block_https: Option<SocketAddr>,
    /// Process id.
    pub(crate) pid: u32,
}

/// Writes it down.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn note(data: &Path, up: &Up) -> anyhow::Result<()> {
    let running = Running {
        web: up.web_url(),
        dns: up.dns,
        proxy: up.proxy,
        block_http: up.block_http,
        block_https: up.block_https,
        pid: std::process::id(),
    };
    let path = data.join(FILE);
    std::fs::write(&path, serde_json::to_vec_pretty(&running)?)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Takes it away.
pub(crate) fn forget(data: &Path) {
    // A file that is left behind is noticed by its process id.
    let _ = std::fs::remove_file(data.join(FILE));
}
