//! The strings over which a supplier's plain hashes go: SHA-256 of `host/path` in the canonical spelling, for the host
//! and each name above it, and for the path, each folder above it and the root, as Safe Browsing's expressions are made.
//!
//! What it is not: a way back from a hash to what it stands for.

use sha2::{Digest, Sha256};

use crate::compiled::Asked;
use crate::list::DEEPEST;
use crate::name::suffixes;
use crate::{CanonicalUrl, Host};

/// The digest of one expression.
pub(super) fn of(expression: &str) -> [u8; 32] {
    Sha256::digest(expression).into()
}

/// The digests of everything that an entry could mean which covers this host, or this URL.
pub(super) fn expressions(host: &Host, url: Option<&CanonicalUrl>) -> impl Iterator<Item = [u8; 32]> {
    let paths = url.map_or_else(|| vec!["/".to_owned()], paths);
    hosts(host)
        .into_iter()
        .flat_map(move |host| paths.iter().map(|path| of(&format!("{host}{path}"))).collect::<Vec<_>>())
}

/// The host and the names above it; of an address, itself alone.
fn hosts(host: &Host) -> Vec<String> {
    let asked = Asked::new(host);
    match asked.is_ip() {
        true => vec![asked.as_str().to_owned()],
        false => suffixes(asked.as_str()).map(str::to_owned).collect(),
    }
}

/// `/`, each folder with its closing slash, the path, and the path with its query.
fn paths(url: &CanonicalUrl) -> Vec<String> {
    let path = url.path();
    let mut all: Vec<String> =
        path.match_indices('/').take(DEEPEST).filter_map(|(at, _)| path.get(..=at).map(str::to_owned)).collect();
    if !path.ends_with('/') {
        all.push(path.to_owned());
    }
    all.extend(url.query().map(|query| format!("{path}?{query}")));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every string that a list could hold for this address.
    fn all(text: &str) -> Vec<String> {
        let url = CanonicalUrl::parse(text).unwrap();
        let paths = paths(&url);
        hosts(url.host()).iter().flat_map(|host| paths.iter().map(move |path| format!("{host}{path}"))).collect()
    }

    /// The examples of Safe Browsing's own page ("Suffix/prefix expressions"). We ask for more than it does: every name above
    /// the host, at any depth.
    #[test]
    fn safe_browsings_expressions() {
        for (text, expected) in [
            (
                "http://a.b.c/1/2.html?param=1",
                &[
                    "a.b.c/1/2.html?param=1",
                    "a.b.c/1/2.html",
                    "a.b.c/",
                    "a.b.c/1/",
                    "b.c/1/2.html?param=1",
                    "b.c/1/2.html",
                    "b.c/",
                    "b.c/1/",
                ][..],
            ),
            (
                "http://a.b.c.d.e.f.g/1.html",
                &[
                    "a.b.c.d.e.f.g/1.html",
                    "a.b.c.d.e.f.g/",
                    "c.d.e.f.g/1.html",
                    "c.d.e.f.g/",
                    "d.e.f.g/1.html",
                    "d.e.f.g/",
                    "e.f.g/1.html",
                    "e.f.g/",
                    "f.g/1.html",
                    "f.g/",
                ],
            ),
            ("http://1.2.3.4/1/", &["1.2.3.4/1/", "1.2.3.4/"]),
        ] {
            let all = all(text);
            for expression in expected {
                assert!(all.iter().any(|one| one == expression), "{text}: {expression} is not in {all:?}");
            }
        }
        assert_eq!(all("http://1.2.3.4/1/").len(), 2, "an address has nothing above it");
    }

    /// FIPS 180-2, example B1, as on the same page.
    #[test]
    fn the_digest_is_the_published_one() {
        assert_eq!(of("abc")[..4], [0xba, 0x78, 0x16, 0xbf]);
    }
}
