//! What encrypted DNS proves itself with: a certificate that somebody else made and renews.
//!
//! What it is not: an authority. The setting's root stays with the pages; this crate only ever sees a leaf and its key.

use std::sync::Arc;
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::config::TlsFiles;
use crate::lock::Mutex;
use crate::{Error, config};

/// The certificate in force. A renewed file is taken when it can be read; a bad one never replaces a good one.
#[derive(Debug)]
pub(crate) struct Certificate {
    files: TlsFiles,
    in_force: arc_swap::ArcSwap<CertifiedKey>,
    /// When the files that were last judged were written.
    seen: Mutex<Option<SystemTime>>,
}

impl Certificate {
    /// Reads it.
    ///
    /// # Errors
    /// [`Error::Tls`] when a file cannot be read, or key and certificate do not belong together.
    pub(crate) fn open(files: &config::TlsFiles) -> Result<Arc<Self>, Error> {
        let in_force = arc_swap::ArcSwap::from_pointee(read(files)?);
        Ok(Arc::new(Self { files: files.clone(), in_force, seen: Mutex::new(written(files)) }))
    }

    /// Takes a renewed one.
    pub(crate) fn look(&self) {
        let now = written(&self.files);
        let mut seen = self.seen.lock();
        if *seen == now {
            return;
        }
        *seen = now;
        match read(&self.files) {
            Ok(renewed) => self.in_force.store(Arc::new(renewed)),
            Err(error) => tracing::warn!(%error, "a renewed certificate was not taken"),
        }
    }

    /// For a listener that speaks one of `protocols`.
    ///
    /// # Errors
    /// [`Error::Tls`] when the TLS library refuses its own defaults.
    pub(crate) fn acceptor(self: &Arc<Self>, protocols: &[&[u8]]) -> Result<TlsAcceptor, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| wrong(&self.files, e.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        server.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(TlsAcceptor::from(Arc::new(server)))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.in_force.load_full())
    }
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, Error> {
    let chain = CertificateDer::pem_file_iter(&files.chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|e| wrong(files, e.to_string()))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| wrong(files, e.to_string()))?;
    CertifiedKey::from_der(chain, key, &rustls::crypto::ring::default_provider())
        .map_err(|e| wrong(files, e.to_string()))
}

fn wrong(files: &TlsFiles, why: String) -> Error {
    Error::Tls { path: files.chain.clone(), why }
}

fn written(files: &TlsFiles) -> Option<SystemTime> {
    [&files.chain, &files.key].into_iter().filter_map(|path| path.metadata().ok()?.modified().ok()).max()
}
