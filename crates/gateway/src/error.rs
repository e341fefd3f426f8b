//! What can go wrong at the gateway's edge, as a technician reads it.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the gateway could not start, or could not read or write one of its files.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An address could not be listened on.
    #[error("{what} cannot listen on {address}: {why}")]
    Listen {
        /// "DNS", "The proxy", …
        what: &'static str,
        /// The address that was asked for.
        address: SocketAddr,
        /// In plain words, with what to do.
        why: String,
    },
    /// Another gateway runs in this folder.
    #[error("another gateway already works in {}. Stop it first", dir.display())]
    Taken {
        /// Which folder.
        dir: PathBuf,
    },
    /// A file or folder could not be read or written.
    #[error("cannot {act} {}: {source}", path.display())]
    File {
        /// "read", "write", "make", …
        act: &'static str,
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A certificate or its key cannot be used.
    #[error("the certificate {} cannot be used: {why}", path.display())]
    Tls {
        /// Which.
        path: PathBuf,
        /// In plain words.
        why: String,
    },
    /// Encrypted DNS is asked for, and there is no certificate.
    #[error("encrypted DNS needs a certificate. Name one, or leave its address out")]
    NoCertificate,
    /// Block pages over HTTPS are asked for, and there is no authority to make their certificates.
    #[error("block pages over HTTPS need an authority of their own. Name one, or leave their address out")]
    NoAuthority,
    /// A snapshot does not verify, does not parse, or is of a later format.
    #[error("the policy snapshot {} cannot be used: {why}", path.display())]
    Snapshot {
        /// Which.
        path: PathBuf,
        /// In plain words.
        why: String,
    },
    /// A spool segment cannot be opened with this key, or is damaged.
    #[error("the activity segment {} cannot be opened: {why}", path.display())]
    Segment {
        /// Which.
        path: PathBuf,
        /// In plain words.
        why: String,
    },
    /// The self-test could not speak to the gateway at all.
    #[error("the self-test could not reach {what}: {why}")]
    Probe {
        /// "DNS" or "the proxy".
        what: &'static str,
        /// In plain words.
        why: String,
    },
}

impl Error {
    /// For `map_err` on file operations.
    pub(crate) fn file(act: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { act, path, source }
    }
}
