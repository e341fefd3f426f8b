//! Addresses that a concern of this setting speaks of (S19): keyed hashes in the policy snapshot, refused to everybody in the
//! words of the sealed tier and with no others, so that nobody learns from an answer, a log or a test that there is a concern.
//!
//! What it is not: the supplier's sealed tier. It stands behind the never-log list and what a device needs to live: a person
//! typed these, and a slip of theirs must not cut off Childline or the clock.

use std::collections::{BTreeSet, HashSet};

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher24};

use crate::compiled::Asked;
use crate::hash::{prefixes, suffixes, whole};
use crate::{CanonicalUrl, Host};

/// The addresses as a snapshot carries them: no word of them can be read back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseAddresses {
    /// Key of the hashes, hex; drawn anew for each snapshot, so that two snapshots cannot be compared.
    pub salt: String,
    /// Whole sites, hex.
    pub sites: Vec<String>,
    /// Pages, with everything below them, hex. Only a path that sees URLs enforces them.
    pub pages: Vec<String>,
}

impl CaseAddresses {
    /// Hashes of these addresses. One without a path is a whole site.
    pub fn of(salt: [u8; 16], addresses: &[CanonicalUrl]) -> Self {
        let hex = |hash: u128| format!("{hash:032x}");
        let (mut sites, mut pages) = (BTreeSet::new(), BTreeSet::new());
        for address in addresses {
            let host = whole(SipHasher24::new_with_key(&salt), &Asked::new(address.host()));
            let site = host.0.finish128().as_u128();
            let mut last = None;
            prefixes(host, address, |_, hash| last = Some(hash.0.finish128().as_u128()));
            match last {
                None => sites.insert(hex(site)),
                Some(page) => pages.insert(hex(page)),
            };
        }
        if sites.is_empty() && pages.is_empty() {
            return Self::default();
        }
        Self { salt: hex::encode(salt), sites: sites.into_iter().collect(), pages: pages.into_iter().collect() }
    }
}

/// The same, ready to be asked.
#[derive(Default)]
pub(crate) struct CaseTier {
    salt: [u8; 16],
    sites: HashSet<u128>,
    pages: HashSet<u128>,
}

impl std::fmt::Debug for CaseTier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CaseTier")
    }
}

impl CaseTier {
    /// Reads what a snapshot carries; a line that is no hash speaks of nothing.
    pub(crate) fn new(addresses: &CaseAddresses) -> Self {
        let mut salt = [0; 16];
        if hex::decode_to_slice(&addresses.salt, &mut salt).is_err() {
            return Self::default();
        }
        let read = |all: &[String]| all.iter().filter_map(|text| u128::from_str_radix(text, 16).ok()).collect();
        Self { salt, sites: read(&addresses.sites), pages: read(&addresses.pages) }
    }

    /// Is this host, or this page of it, one of them?
    pub(crate) fn holds(&self, host: &Host, url: Option<&CanonicalUrl>) -> bool {
        if self.sites.is_empty() && self.pages.is_empty() {
            return false;
        }
        let asked = Asked::new(host);
        let mut found = false;
        for (_, state) in suffixes(SipHasher24::new_with_key(&self.salt), &asked) {
            found |= self.sites.contains(&state.0.finish128().as_u128());
            if let Some(url) = url.filter(|_| !self.pages.is_empty()) {
                prefixes(state, url, |_, hash| found |= self.pages.contains(&hash.0.finish128().as_u128()));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> CanonicalUrl {
        CanonicalUrl::parse(text).unwrap()
    }

    #[test]
    fn sites_cover_all_below_and_pages_only_what_shows_itself() {
        let addresses = CaseAddresses::of([7; 16], &[url("bad.example"), url("https://big.example/a/b")]);
        let tier = CaseTier::new(&addresses);
        let holds = |text: &str| (tier.holds(url(text).host(), None), tier.holds(url(text).host(), Some(&url(text))));
        assert_eq!(holds("http://www.bad.example/x"), (true, true));
        assert_eq!(holds("http://big.example/a/b/c.png"), (false, true), "a name alone does not show the page");
        assert_eq!(holds("http://big.example/a/bc"), (false, false));
        assert_eq!(holds("http://notbad.example/"), (false, false));
        let text = serde_json::to_string(&addresses).unwrap() + &format!("{tier:?}");
        assert!(!text.contains("bad") && !text.contains("big"), "{text}");
    }

    #[test]
    fn what_is_not_a_hash_is_nothing_and_an_empty_one_costs_nothing() {
        assert_eq!(CaseAddresses::of([7; 16], &[]), CaseAddresses::default());
        let broken = CaseAddresses { salt: "no".into(), sites: vec!["zz".into()], pages: Vec::new() };
        assert!(!CaseTier::new(&broken).holds(url("bad.example").host(), None));
    }
}
