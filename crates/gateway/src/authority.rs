//! An authority of the gateway's own: it makes a certificate for one name, at the moment when that name needs one.
//!
//! Two of them exist and never mix (S29): one for block pages, whose key was signed by the setting's root, and one for
//! inspection, which is there only while inspection is approved. Both are handed to the gateway as files; the roots' keys
//! never are. Who may have a certificate for which name is decided by the caller, each time: a name that was blocked a
//! moment ago and is allowed now gets none, whatever lies in the cache.
//! What it is not: a place that trusts anybody. Whom the gateway itself trusts is `webpki-roots`.

use std::sync::Arc;
use std::time::Duration;

use filter::HostName;
use jiff::Timestamp;
use moka::sync::Cache;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::server::NoServerSessionStorage;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};

use crate::Error;
use crate::config::TlsFiles;

/// Leaves kept for the next time, and how long.
const KEPT: u64 = 512;
const KEPT_FOR: Duration = Duration::from_secs(6 * 3600);
/// Seconds.
const DAY: i64 = 86_400;

/// Makes leaves.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// What stands behind each leaf: the authority itself, then the root.
    chain: Vec<CertificateDer<'static>>,
    /// One key for all leaves: making one costs more than a signature, and it protects no more than the authority's own.
    leaf_key: KeyPair,
    protocols: Vec<Vec<u8>>,
    leaves: Cache<HostName, Arc<ServerConfig>>,
    files: TlsFiles,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Nothing of a key is ever printed.
        f.debug_struct("Authority").field("files", &self.files.chain).finish_non_exhaustive()
    }
}

impl Authority {
    /// Reads certificate (with what vouches for it) and key. Its leaves speak one of `protocols`.
    ///
    /// # Errors
    /// [`Error::Tls`] when a file cannot be read or does not hold an authority.
    pub(crate) fn open(files: &TlsFiles, protocols: &[&[u8]]) -> Result<Self, Error> {
        let wrong = |why: String| Error::Tls { path: files.chain.clone(), why };
        let chain = CertificateDer::pem_file_iter(&files.chain)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| wrong(error.to_string()))?;
        let own = chain.first().ok_or_else(|| wrong("it holds no certificate".into()))?;
        let key = std::fs::read_to_string(&files.key).map_err(|error| wrong(error.to_string()))?;
        let key = KeyPair::from_pem(&key).map_err(|error| wrong(error.to_string()))?;
        let issuer = Issuer::from_ca_cert_der(own, key).map_err(|error| wrong(error.to_string()))?;
        let leaf_key = KeyPair::generate().map_err(|error| wrong(error.to_string()))?;
        let leaves = Cache::builder().max_capacity(KEPT).time_to_live(KEPT_FOR).build();
        let protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Ok(Self { issuer, chain, leaf_key, protocols, leaves, files: files.clone() })
    }

    /// The root that devices install: the last of the chain.
    pub(crate) fn root(&self) -> Option<&CertificateDer<'static>> {
        self.chain.last()
    }

    /// What a connection that asks for `name` is shown: a leaf for this name alone.
    ///
    /// # Errors
    /// [`Error::Tls`] when none can be made.
    pub(crate) fn leaf(&self, name: &HostName, now: Timestamp) -> Result<Arc<ServerConfig>, Error> {
        if let Some(kept) = self.leaves.get(name) {
            return Ok(kept);
        }
        let made = Arc::new(self.make(name, now).map_err(|why| Error::Tls { path: self.files.chain.clone(), why })?);
        self.leaves.insert(name.clone(), made.clone());
        Ok(made)
    }

    fn make(&self, name: &HostName, now: Timestamp) -> Result<ServerConfig, String> {
        let mut leaf = CertificateParams::new([name.as_str().to_owned()]).map_err(|error| error.to_string())?;
        // The name stands in the list of names alone: a common name has room for 64 letters.
        leaf.distinguished_name = DistinguishedName::new();
        leaf.distinguished_name.push(DnType::CommonName, "Holdfast");
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.use_authority_key_identifier_extension = true;
        set_times(&mut leaf, now);
        let leaf = leaf.signed_by(&self.leaf_key, &self.issuer).map_err(|error| error.to_string())?;
        let chain = std::iter::once(leaf.der().clone()).chain(self.chain.iter().cloned()).collect();
        let key = PrivateKeyDer::try_from(self.leaf_key.serialize_der()).map_err(str::to_owned)?;
        let mut server = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| error.to_string())?;
        // Every connection is decided anew; nothing is to be resumed.
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        server.alpn_protocols.clone_from(&self.protocols);
        Ok(server)
    }
}

/// `A1:B2:…` of a certificate, as devices show it.
pub(crate) fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let pairs: Vec<_> = Sha256::digest(certificate).iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

/// A certificate as a text file.
pub(crate) fn pem(certificate: &CertificateDer<'_>) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(certificate);
    let mut out = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in text.as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out.push_str("-----END CERTIFICATE-----\n");
    out
}

/// From yesterday, for clocks that lag, for a few days.
fn set_times(leaf: &mut CertificateParams, now: Timestamp) {
    let day = |seconds: i64| {
        let day = now.saturating_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(now);
        day.to_zoned(jiff::tz::TimeZone::UTC).date()
    };
    let (from, until) = (day(-DAY), day(3 * DAY));
    leaf.not_before = date_time_ymd(i32::from(from.year()), from.month().unsigned_abs(), from.day().unsigned_abs());
    leaf.not_after = date_time_ymd(i32::from(until.year()), until.month().unsigned_abs(), until.day().unsigned_abs());
}
