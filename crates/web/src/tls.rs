//! Our own certificates: a root that devices install once, and a leaf that is renewed under it (S48).
//!
//! Kept in `DATA/tls`, keys readable by us alone. This root is for our own pages and the block page; inspection has
//! another one, made only when inspection is approved (S29), and nothing here makes it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::{Timestamp, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use sha2::{Digest, Sha256};

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The folder cannot be read or written.
    #[error("cannot use {path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A certificate cannot be made.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// A file does not hold what it should.
    #[error("{path} does not hold a certificate or key: {why}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The root is from before block pages over HTTPS, and may sign no authority for them.
    #[error(
        "the root certificate {} is from before block pages over HTTPS and cannot be used for them. Move the folder away, start \
         again, and install the new certificate on every device that has the old one",
        path.display()
    )]
    OldRoot {
        /// Which file.
        path: PathBuf,
    },
    /// TLS refuses it.
    #[error("the certificate cannot be used: {0}")]
    Use(#[from] rustls::Error),
}

/// What the listener needs.
pub struct Certificates {
    /// Speaks TLS.
    pub server: Arc<ServerConfig>,
    /// For devices to install.
    pub root: Root,
}

/// What devices trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// The certificate.
    pub pem: String,
    /// SHA-256 of it as devices show it: `A1:B2:…`. Whoever installs it compares.
    pub fingerprint: String,
}

/// Opens the root or makes one, and makes a fresh leaf for these names. A leaf lives a year and is new at every start, so
/// none runs out while the program is looked after; Safari refuses more than 825 days even under one's own root.
///
/// # Errors
/// The folder or what is in it.
pub fn open_or_make(folder: &Path, names: &[String], now: Timestamp) -> Result<Certificates, TlsError> {
    let root_file = folder.join("root.crt");
    let leaf = issue(folder, names, now)?;
    let unreadable = |why: String| TlsError::Unreadable { path: root_file.clone(), why };
    let chain = CertificateDer::pem_slice_iter(leaf.chain_pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unreadable(error.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(leaf.key_pem.as_bytes()).map_err(|error| unreadable(error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let root =
        CertificateDer::from_pem_slice(leaf.root_pem.as_bytes()).map_err(|error| unreadable(error.to_string()))?;
    let fingerprint = in_pairs(&Sha256::digest(&root));
    Ok(Certificates { server: Arc::new(server), root: Root { pem: leaf.root_pem, fingerprint } })
}

/// A fresh leaf under our root, as text: for a listener of another process, which is not to have the root's key.
pub struct Leaf {
    /// The leaf, then the root.
    pub chain_pem: String,
    /// The leaf's key.
    pub key_pem: String,
    /// The root alone.
    pub root_pem: String,
}

/// Opens the root or makes one, and signs a fresh leaf for these names; `*.` in front of one stands for what is below it.
///
/// # Errors
/// The folder or what is in it.
pub fn issue(folder: &Path, names: &[String], now: Timestamp) -> Result<Leaf, TlsError> {
    let root_key_file = folder.join("root.key");
    let root_file = folder.join("root.crt");
    if !root_key_file.exists() || !root_file.exists() {
        make_root(&root_file, &root_key_file, now)?;
    }
    let (root_pem, root_key) = (read(&root_file)?, read(&root_key_file)?);
    let key = KeyPair::from_pem(&root_key)?;
    let issuer = Issuer::from_ca_cert_pem(&root_pem, key)?;

    let leaf_key = KeyPair::generate()?;
    let mut names: Vec<String> = names.to_vec();
    for always in ["localhost", "127.0.0.1", "::1"] {
        if !names.iter().any(|name| name == always) {
            names.push(always.to_owned());
        }
    }
    let mut leaf = CertificateParams::new(names)?;
    leaf.distinguished_name.push(DnType::CommonName, "Holdfast");
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.use_authority_key_identifier_extension = true;
    valid(&mut leaf, now, 1);
    let leaf = leaf.signed_by(&leaf_key, &issuer)?;
    Ok(Leaf { chain_pem: format!("{}{root_pem}", leaf.pem()), key_pem: leaf_key.serialize_pem(), root_pem })
}

/// A fresh authority under our root, for the block pages of a gateway: it makes a certificate for whatever name is blocked,
/// but for the names given (with all below them) and for no address. The gateway gets this key and never the root's (S29).
///
/// # Errors
/// The folder or what is in it; [`TlsError::OldRoot`].
pub fn issue_authority(folder: &Path, never: &[String], now: Timestamp) -> Result<Leaf, TlsError> {
    let (root_file, root_key_file) = (folder.join("root.crt"), folder.join("root.key"));
    if !root_key_file.exists() || !root_file.exists() {
        make_root(&root_file, &root_key_file, now)?;
    }
    let (root_pem, root_key) = (read(&root_file)?, read(&root_key_file)?);
    if !may_sign_authorities(&root_pem) {
        return Err(TlsError::OldRoot { path: root_file });
    }
    let issuer = Issuer::from_ca_cert_pem(&root_pem, KeyPair::from_pem(&root_key)?)?;
    authority_under(&issuer, "Holdfast block pages", &root_pem, never, &[], now, None)
}

/// An authority for leaves alone. `only` are the names that it may speak for, none: all but `never`.
pub(crate) fn authority_under(
    issuer: &Issuer<'_, KeyPair>,
    called: &str,
    root_pem: &str,
    never: &[String],
    only: &[String],
    now: Timestamp,
    until: Option<Timestamp>,
) -> Result<Leaf, TlsError> {
    let key = KeyPair::generate()?;
    let mut authority = CertificateParams::default();
    authority.distinguished_name = rcgen::DistinguishedName::new();
    authority.distinguished_name.push(DnType::CommonName, called);
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    authority.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    authority.use_authority_key_identifier_extension = true;
    let names = |names: &[String]| names.iter().map(|name| GeneralSubtree::DnsName(name.clone())).collect::<Vec<_>>();
    let mut excluded = names(never);
    excluded.push(GeneralSubtree::IpAddress(CidrSubnet::V4([0; 4], [0; 4])));
    excluded.push(GeneralSubtree::IpAddress(CidrSubnet::V6([0; 16], [0; 16])));
    authority.name_constraints = Some(NameConstraints { permitted_subtrees: names(only), excluded_subtrees: excluded });
    valid(&mut authority, now, 1);
    if let Some(until) = until {
        // The day after, so that the last day counts; who uses it keeps to the moment.
        let end = until.to_zoned(TimeZone::UTC).date().tomorrow().unwrap_or(jiff::civil::Date::MAX);
        authority.not_after =
            date_time_ymd(i32::from(end.year()), end.month().unsigned_abs(), end.day().unsigned_abs());
    }
    let authority = authority.signed_by(&key, issuer)?;
    Ok(Leaf {
        chain_pem: format!("{}{root_pem}", authority.pem()),
        key_pem: key.serialize_pem(),
        root_pem: root_pem.to_owned(),
    })
}

/// A root for inspection, as certificate and key. It is not our pages' root, and never becomes it (S29); whoever calls keeps
/// the key encrypted.
///
/// # Errors
/// When none can be made.
pub fn make_inspection_root(now: Timestamp) -> Result<(String, String), TlsError> {
    let key = KeyPair::generate()?;
    let mut root = CertificateParams::default();
    root.distinguished_name = rcgen::DistinguishedName::new();
    root.distinguished_name.push(DnType::CommonName, "Holdfast inspection of this setting");
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    valid(&mut root, now, 3);
    Ok((root.self_signed(&key)?.pem(), key.serialize_pem()))
}

/// An authority for inspection under its root: until a day, and never for the names given.
///
/// # Errors
/// When the root cannot be read, or none can be made.
pub fn inspection_authority(
    root_pem: &str,
    root_key: &str,
    never: &[String],
    now: Timestamp,
    until: Timestamp,
) -> Result<Leaf, TlsError> {
    let issuer = Issuer::from_ca_cert_pem(root_pem, KeyPair::from_pem(root_key)?)?;
    authority_under(&issuer, "Holdfast inspection", root_pem, never, &[], now, Some(until))
}

/// Whether there is room for an authority under this root.
fn may_sign_authorities(root_pem: &str) -> bool {
    let Ok((_, pem)) = x509_parser::pem::parse_x509_pem(root_pem.as_bytes()) else { return false };
    let Ok(certificate) = pem.parse_x509() else { return false };
    let constraints = certificate.basic_constraints().ok().flatten();
    constraints.is_some_and(|found| found.value.ca && found.value.path_len_constraint.is_none_or(|room| room > 0))
}

/// `A1:B2:…`
fn in_pairs(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

fn make_root(file: &Path, key_file: &Path, now: Timestamp) -> Result<(), TlsError> {
    let key = KeyPair::generate()?;
    let mut root = CertificateParams::default();
    root.distinguished_name = rcgen::DistinguishedName::new();
    root.distinguished_name.push(DnType::CommonName, "Holdfast of this setting");
    // It signs sites, and the one authority that makes block pages' certificates; that one signs no further ones.
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid(&mut root, now, 10);
    let root = root.self_signed(&key)?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|source| TlsError::File { path: folder.to_owned(), source })?;
    }
    write(key_file, &key.serialize_pem(), 0o600)?;
    write(file, &root.pem(), 0o644)
}

/// From yesterday, for devices whose clock lags, until so many years later.
fn valid(params: &mut CertificateParams, now: Timestamp, years: i16) {
    let today = now.to_zoned(TimeZone::UTC).date();
    let yesterday = today.yesterday().unwrap_or(today);
    let day = |year: i16, date: jiff::civil::Date| {
        // The 29th of February has no anniversary in most years.
        date_time_ymd(i32::from(year), date.month().unsigned_abs(), date.day().unsigned_abs().min(28))
    };
    params.not_before = day(yesterday.year(), yesterday);
    params.not_after = day(today.year().saturating_add(years), today);
}

fn read(path: &Path) -> Result<String, TlsError> {
    fs::read_to_string(path).map_err(|source| TlsError::File { path: path.to_owned(), source })
}

/// Writes a file that nobody else could open for even a moment.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), TlsError> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let open = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path);
    open.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(|source| TlsError::File { path: path.to_owned(), source })
}
