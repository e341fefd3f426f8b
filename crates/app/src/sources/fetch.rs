//! Fetching over HTTP: bounded, over TLS that is verified, never from inside the building.
//!
//! Who is asked is what a person typed, and where that leads is what a stranger's DNS and redirects say. So every name is
//! resolved here and every hop is looked at: public addresses alone, unless the installation says otherwise; never from
//! HTTPS to HTTP; five hops, a size, a time.
//! What it is not: a judge of what came.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Response, StatusCode, Url, header, redirect};
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

/// Hops from the address that was typed to the one that answers.
const HOPS: usize = 5;
/// A signature is a few lines.
const SIGNATURE: u64 = 4096;

/// What an installation allows.
#[derive(Debug, Clone)]
pub struct Rules {
    /// May addresses inside the building be asked? A mirror of one's own, a test.
    pub private_addresses: bool,
    /// Roots that are trusted besides the public ones.
    pub roots: Vec<CertificateDer<'static>>,
    /// Most bytes that are taken.
    pub most_bytes: u64,
    /// Longest that one fetch may take.
    pub longest: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self { private_addresses: false, roots: Vec::new(), most_bytes: 256 << 20, longest: Duration::from_secs(600) }
    }
}

/// What we have already, in the publisher's own marks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Have {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub dated: Option<String>,
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// Nothing newer than what we have.
    Unchanged,
    /// A file, written where it was wanted.
    File {
        /// Its marks.
        marks: Have,
        /// Its size.
        bytes: u64,
        /// SHA-256 in hex.
        digest: String,
        /// A signature was asked for, and fits.
        signed: bool,
    },
}

/// One fetch.
pub struct Wanted<'a> {
    /// The address.
    pub url: &'a str,
    /// What we have.
    pub have: &'a Have,
    /// The publisher's minisign key, if there is one.
    pub key: Option<&'a str>,
    /// A whole value of the `Authorization` header, for what is licensed.
    pub authorization: Option<&'a str>,
    /// Where to write.
    pub to: &'a Path,
    /// Told how far it is: bytes, and of how many.
    pub progress: &'a (dyn Fn(u64, Option<u64>) + Send + Sync),
}

/// Asks the web.
pub struct Fetcher {
    client: reqwest::Client,
    rules: Rules,
}

impl Fetcher {
    /// A fetcher that keeps these rules.
    ///
    /// # Errors
    /// A sentence, when a root is no certificate.
    pub fn new(rules: Rules) -> Result<Self, String> {
        let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for root in &rules.roots {
            roots
                .add(root.clone())
                .map_err(|error| format!("a root for lists from the web cannot be used: {error}"))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .no_gzip()
            .connect_timeout(Duration::from_secs(20))
            .read_timeout(Duration::from_secs(60))
            .timeout(rules.longest)
            .user_agent(concat!("holdfast/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(OutsideOnly { private: rules.private_addresses })
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { client, rules })
    }

    /// Fetches, unless the publisher says that nothing changed.
    ///
    /// # Errors
    /// A sentence for a technician. Nothing is left at `to` that could be taken for a list.
    pub async fn fetch(&self, wanted: Wanted<'_>) -> Result<Came, String> {
        let url = address(wanted.url)?;
        let response = self.ask(url.clone(), Some(wanted.have), wanted.authorization).await?;
        match response.status() {
            StatusCode::NOT_MODIFIED => return Ok(Came::Unchanged),
            status if status.is_success() => {}
            status => return Err(format!("{} answered {status}.", host(&url))),
        }
        let marks = marks(&response);
        let mut hasher = Sha256::new();
        let bytes = self.save(response, wanted.to, &mut hasher, wanted.progress).await?;
        let signed = match wanted.key {
            Some(key) => self.check_signature(&url, key, wanted.authorization, wanted.to).await.map(|()| true)?,
            None => false,
        };
        Ok(Came::File { marks, bytes, digest: hex::encode(hasher.finalize()), signed })
    }

    /// Fetches what must not lie on a disk as it comes: a licensed list in plain text. `None`: nothing newer.
    ///
    /// # Errors
    /// A sentence for a technician, which says nothing of what came.
    pub async fn fetch_unwritten(
        &self,
        url: &str,
        have: &Have,
        authorization: Option<&str>,
    ) -> Result<Option<(Have, Vec<u8>)>, String> {
        let url = address(url)?;
        let response = self.ask(url.clone(), Some(have), authorization).await?;
        match response.status() {
            StatusCode::NOT_MODIFIED => return Ok(None),
            status if status.is_success() => {}
            status => return Err(format!("{} answered {status}.", host(&url))),
        }
        let marks = marks(&response);
        let mut bytes = Vec::new();
        let mut stream = response.bytes_stream();
        while let Some(part) = stream.next().await {
            bytes.extend_from_slice(&part.map_err(|error| format!("The answer broke off: {}.", plain(&error)))?);
            if bytes.len() as u64 > self.rules.most_bytes {
                return Err(format!("It is larger than {} MB, and no list is.", self.rules.most_bytes >> 20));
            }
        }
        Ok(Some((marks, bytes)))
    }

    /// Asks, and follows where the answer leads, looking at every hop.
    async fn ask(&self, mut url: Url, have: Option<&Have>, authorization: Option<&str>) -> Result<Response, String> {
        let first = url.clone();
        for _ in 0..=HOPS {
            self.look_at(&url)?;
            let mut request = self.client.get(url.clone());
            if let Some(have) = have {
                for (name, value) in [(header::IF_NONE_MATCH, &have.etag), (header::IF_MODIFIED_SINCE, &have.dated)] {
                    if let Some(value) = value {
                        request = request.header(name, value);
                    }
                }
            }
            // A password goes to whom it was meant for and to nobody whom they name.
            if let Some(value) = authorization.filter(|_| url.origin() == first.origin()) {
                request = request.header(header::AUTHORIZATION, value);
            }
            let response = request.send().await.map_err(|error| why(&url, &error))?;
            if !response.status().is_redirection() || response.status() == StatusCode::NOT_MODIFIED {
                return Ok(response);
            }
            let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
            let to = to.ok_or_else(|| format!("{} sends us on without saying where.", host(&url)))?;
            let next = url.join(to).map_err(|_| format!("{} sends us on to what is no address.", host(&url)))?;
            if url.scheme() == "https" && next.scheme() != "https" {
                return Err(format!("{} sends us on without encryption.", host(&url)));
            }
            url = address(next.as_str())?;
        }
        Err(format!("{} sends us on and on.", host(&first)))
    }

    /// A literal address passes no resolver: it is looked at here.
    fn look_at(&self, url: &Url) -> Result<(), String> {
        let literal = url.host_str().and_then(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
        match literal {
            Some(ip) if !self.rules.private_addresses && !filter::address::is_public(ip) => Err(inside(&host(url))),
            _ => Ok(()),
        }
    }

    async fn save(
        &self,
        response: Response,
        to: &Path,
        digest: &mut Sha256,
        progress: &(dyn Fn(u64, Option<u64>) + Send + Sync),
    ) -> Result<u64, String> {
        let too_large = || format!("It is larger than {} MB, and no list is.", self.rules.most_bytes >> 20);
        let of = response.content_length();
        if of.is_some_and(|of| of > self.rules.most_bytes) {
            return Err(too_large());
        }
        let cannot = |error: std::io::Error| format!("It cannot be saved: {error}.");
        let mut file = tokio::fs::File::create(to).await.map_err(cannot)?;
        let mut stream = response.bytes_stream();
        let mut bytes = 0_u64;
        while let Some(part) = stream.next().await {
            let part = part.map_err(|error| format!("The answer broke off: {}.", plain(&error)))?;
            bytes += part.len() as u64;
            if bytes > self.rules.most_bytes {
                return Err(too_large());
            }
            digest.update(&part);
            file.write_all(&part).await.map_err(cannot)?;
            progress(bytes, of);
        }
        file.sync_all().await.map_err(cannot)?;
        if of.is_some_and(|of| of != bytes) {
            return Err("The answer broke off.".to_owned());
        }
        Ok(bytes)
    }

    async fn check_signature(
        &self,
        url: &Url,
        key: &str,
        authorization: Option<&str>,
        file: &Path,
    ) -> Result<(), String> {
        let beside = address(&format!("{url}.minisig"))?;
        let response = self.ask(beside, None, authorization).await?;
        if !response.status().is_success() {
            return Err(format!("Its signature is not there: {} answered {}.", host(url), response.status()));
        }
        let mut text = Vec::new();
        let mut stream = response.bytes_stream();
        while let Some(part) = stream.next().await {
            text.extend_from_slice(&part.map_err(|error| format!("The signature broke off: {}.", plain(&error)))?);
            if text.len() as u64 > SIGNATURE {
                return Err("What lies in the signature\u{2019}s place is no signature.".to_owned());
            }
        }
        let (key, file) = (key.trim().to_owned(), file.to_owned());
        let checked = tokio::task::spawn_blocking(move || verify(&file, &key, &String::from_utf8_lossy(&text)));
        checked.await.map_err(|error| error.to_string())?
    }
}

fn marks(response: &Response) -> Have {
    let mark = |name: header::HeaderName| {
        let value = response.headers().get(name)?.to_str().ok()?;
        (value.len() <= 200).then(|| value.to_owned())
    };
    Have { etag: mark(header::ETAG), dated: mark(header::LAST_MODIFIED) }
}

/// Does the signature fit the file? Only the prehashed kind is taken, which every minisign since 2015 makes.
fn verify(file: &Path, key: &str, signature: &str) -> Result<(), String> {
    use std::io::Read;
    const DOES_NOT_FIT: &str =
        "Its signature does not fit. It was changed on its way, or is not its publisher\u{2019}s.";
    let key =
        minisign_verify::PublicKey::from_base64(key).map_err(|_| "The source\u{2019}s key is no minisign key.")?;
    let signature = minisign_verify::Signature::decode(signature)
        .map_err(|_| "What lies in the signature\u{2019}s place is no signature.")?;
    let mut check = key.verify_stream(&signature).map_err(|_| DOES_NOT_FIT)?;
    let cannot = |error: std::io::Error| format!("It cannot be read again: {error}.");
    let mut file = std::fs::File::open(file).map_err(cannot)?;
    let mut part = vec![0_u8; 1 << 16];
    loop {
        match file.read(&mut part).map_err(cannot)? {
            0 => return check.finalize().map_err(|_| DOES_NOT_FIT.to_owned()),
            read => check.update(part.get(..read).unwrap_or_default()),
        }
    }
}

/// An address that may be asked at all.
///
/// # Errors
/// A sentence for whoever typed it.
pub fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.trim()).map_err(|_| "Write a whole address, like https://example.org/list.txt")?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err("The address must begin with https:// (or http://).".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("The address must not hold a password: this page is read by others.".to_owned());
    }
    if text.len() > 500 {
        return Err("The address is longer than 500 letters.".to_owned());
    }
    Ok(url)
}

/// Names lead to public addresses alone, whatever DNS says.
struct OutsideOnly {
    private: bool,
}

impl Resolve for OutsideOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let open: Vec<SocketAddr> =
                found.iter().copied().filter(|at| private || filter::address::is_public(at.ip())).collect();
            if open.is_empty() && !found.is_empty() {
                return Err(Inside(name.as_str().to_owned()).into());
            }
            Ok(Box::new(open.into_iter()) as Addrs)
        })
    }
}

/// A name leads into the building.
#[derive(Debug, thiserror::Error)]
#[error("{}", inside(.0))]
struct Inside(String);

fn inside(host: &str) -> String {
    format!("{host} is an address inside the building, and lists are not fetched from there.")
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// Why nobody answered, in a sentence.
fn why(url: &Url, error: &reqwest::Error) -> String {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(inside) = cause.downcast_ref::<Inside>() {
            return inside.to_string();
        }
        source = cause.source();
    }
    if error.is_timeout() {
        return format!("{} does not answer in time.", host(url));
    }
    format!("{} cannot be reached: {}.", host(url), plain(error))
}

/// The innermost cause: the outer ones repeat the address.
fn plain(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_may_be_asked() {
        for bad in ["", "example.org/list", "ftp://example.org/x", "file:///etc/passwd", "https://a:b@example.org/"] {
            assert!(address(bad).is_err(), "{bad}");
        }
        assert!(address(" https://example.org/list.txt ").is_ok());
    }

    #[tokio::test]
    async fn nothing_inside_the_building_is_asked() {
        let fetcher = Fetcher::new(Rules::default()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("list");
        for url in [
            "http://127.0.0.1:1/",
            "http://[::1]/",
            "http://169.254.169.254/latest",
            "http://0x7f.1/",
            "http://localhost/",
        ] {
            let wanted =
                Wanted { url, have: &Have::default(), key: None, authorization: None, to: &to, progress: &|_, _| () };
            let why = fetcher.fetch(wanted).await.unwrap_err();
            assert!(why.contains("inside the building"), "{url}: {why}");
        }
        assert!(!to.exists());
    }
}
