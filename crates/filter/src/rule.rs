//! What one rule of a list says beyond a bare name: how far it reaches, under which circumstances, and what follows.
//!
//! What it is: the types that parsers fill, the compiled file keeps and a lookup weighs.
//! What it is not: a syntax ([`crate::list`] reads those), or a person's decision ([`crate::NameRule`]).
//! To add a circumstance: a field of [`Only`], its line in [`Only::holds`], its option in `list/adguard.rs`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::Audience;
use crate::name::suffixes;

/// Which names a rule's name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The name and everything below it.
    #[default]
    Below,
    /// The name alone: hosts files, `|example.com^`.
    Exact,
    /// What is below the name, not itself: `||*.example.com^`, RPZ's `*.example.com`.
    OnlyBelow,
}

impl Scope {
    /// Whether a rule of this scope speaks of a host that is the rule's own name (`whole`) or below it.
    pub fn covers(self, whole: bool) -> bool {
        match self {
            Self::Below => true,
            Self::Exact => whole,
            Self::OnlyBelow => !whole,
        }
    }
}

/// What a rule does to what it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Effect {
    /// `@@`: it takes back what its own list says, and no other list's word.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow: bool,
    /// `$important`: an exception of its list only holds against it when that is important too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub important: bool,
}

impl Effect {
    /// Whether an exception with this effect takes back a block with that one.
    pub fn takes_back(self, block: Effect) -> bool {
        self.allow && !block.allow && (self.important || !block.important)
    }
}

/// What a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A name or an address.
    Name {
        /// In its one spelling.
        name: String,
        /// How far.
        #[serde(default)]
        scope: Scope,
    },
    /// A regular expression, in the syntax of the `regex` crate, that takes no regard of case.
    Pattern {
        /// Its source.
        source: String,
        /// Whether it looks at `host/path?query` where the path shows, or at the host alone.
        #[serde(default)]
        urls: bool,
    },
}

/// A rule that needs more than a bare name: a pattern, or a name under circumstances.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// What it is about.
    pub target: Target,
    /// What it does.
    #[serde(flatten)]
    pub effect: Effect,
    /// Under which circumstances.
    #[serde(default, skip_serializing_if = "Only::is_always")]
    pub only: Only,
    /// `$dnsrewrite` to a search engine's safe name; then it is no block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewrite: Option<String>,
    /// As the list wrote it, cut to [`Rule::TEXT`] characters.
    pub text: String,
}

impl Rule {
    /// How much of a rule's text is kept, in characters.
    pub const TEXT: usize = 300;
}

/// The circumstances of a rule. Every part that says something must hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Only {
    /// `$dnstype`.
    #[serde(default, skip_serializing_if = "Choice::is_empty")]
    pub types: Choice<u16>,
    /// `$client`.
    #[serde(default, skip_serializing_if = "Choice::is_empty")]
    pub clients: Choice<ClientMark>,
    /// `$ctag`, as far as a group's audience answers it.
    #[serde(default, skip_serializing_if = "Choice::is_empty")]
    pub audiences: Choice<Audience>,
    /// `$denyallow`: names that stay out of it, each with everything below.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_below: Vec<String>,
}

/// "One of these, none of those"; an empty side says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Choice<T> {
    /// One of them must hold, if there are any.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub yes: Vec<T>,
    /// None of them may hold.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub no: Vec<T>,
}

impl<T> Default for Choice<T> {
    fn default() -> Self {
        Self { yes: Vec::new(), no: Vec::new() }
    }
}

impl<T> Choice<T> {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.yes.is_empty() && self.no.is_empty()
    }

    fn holds(&self, is: impl Fn(&T) -> bool) -> bool {
        (self.yes.is_empty() || self.yes.iter().any(&is)) && !self.no.iter().any(&is)
    }
}

/// How `$client` names somebody.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientMark {
    /// A device's name in the register, or its DoH path, in lower case.
    Name(String),
    /// An address, or a network with the length of its prefix.
    Net(IpAddr, u8),
}

/// What is known of a question besides its name: what circumstances are held against.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    /// Record type, as its number; a connection (proxy) needs an address, so nothing reads as `A`.
    pub rtype: Option<u16>,
    /// Where the question came from.
    pub from: Option<IpAddr>,
    /// The device's name in the register.
    pub device: Option<&'a str>,
    /// The device's DoH path.
    pub doh_path: Option<&'a str>,
    /// For whom the group is.
    pub audience: Option<Audience>,
}

/// The record type of addresses (RFC 1035).
const A: u16 = 1;

impl Only {
    /// Whether there are no circumstances.
    pub fn is_always(&self) -> bool {
        self.types.is_empty() && self.clients.is_empty() && self.audiences.is_empty() && self.not_below.is_empty()
    }

    /// Whether they hold for a question about `host`. Does not allocate.
    pub fn holds(&self, host: &str, about: &About<'_>) -> bool {
        self.leaves(host)
            && self.types.holds(|kind| *kind == about.rtype.unwrap_or(A))
            && self.clients.holds(|mark| mark.is(about))
            && self.audiences.holds(|audience| about.audience == Some(*audience))
    }

    /// Whether no `$denyallow` name covers the host.
    pub(crate) fn leaves(&self, host: &str) -> bool {
        self.not_below.is_empty() || !suffixes(host).any(|suffix| self.not_below.iter().any(|name| name == suffix))
    }
}

impl ClientMark {
    fn is(&self, about: &About<'_>) -> bool {
        match self {
            Self::Name(name) => {
                [about.device, about.doh_path].into_iter().flatten().any(|known| known.eq_ignore_ascii_case(name))
            }
            Self::Net(net, length) => about.from.is_some_and(|from| within(from.to_canonical(), *net, *length)),
        }
    }
}

/// Whether an address lies in a network.
fn within(address: IpAddr, net: IpAddr, length: u8) -> bool {
    // A shift by the whole width is none for a machine: a prefix of no bits covers everything.
    match (address, net) {
        (IpAddr::V4(address), IpAddr::V4(net)) => {
            let differs = u32::from(address) ^ u32::from(net);
            differs.checked_shr(32_u32.saturating_sub(length.into())).unwrap_or(0) == 0
        }
        (IpAddr::V6(address), IpAddr::V6(net)) => {
            let differs = u128::from(address) ^ u128::from(net);
            differs.checked_shr(128_u32.saturating_sub(length.into())).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        for (address, net, length, inside) in [
            ("192.0.2.7", "192.0.2.0", 24, true),
            ("192.0.3.7", "192.0.2.0", 24, false),
            ("192.0.3.7", "192.0.2.0", 0, true),
            ("192.0.2.7", "192.0.2.7", 32, true),
            ("192.0.2.6", "192.0.2.7", 32, false),
            ("2001:db8::1", "2001:db8::", 32, true),
            ("2001:db9::1", "2001:db8::", 32, false),
            ("2001:db9::1", "::", 0, true),
            ("192.0.2.7", "::", 0, false),
        ] {
            let net: IpAddr = net.parse().unwrap();
            assert_eq!(within(address.parse().unwrap(), net, length), inside, "{address} in {net}/{length}");
        }
    }

    #[test]
    fn every_circumstance_must_hold() {
        let only = Only {
            types: Choice { yes: vec![28], no: Vec::new() },
            clients: Choice { yes: Vec::new(), no: vec![ClientMark::Name("office".into())] },
            audiences: Choice { yes: vec![Audience::Children], no: Vec::new() },
            not_below: vec!["good.example.com".into()],
        };
        let about =
            About { rtype: Some(28), device: Some("Tablet"), audience: Some(Audience::Children), ..About::default() };
        assert!(only.holds("a.example.com", &about));
        assert!(!only.holds("x.good.example.com", &about));
        assert!(only.holds("notgood.example.com", &about));
        assert!(!only.holds("a.example.com", &About { rtype: None, ..about }));
        assert!(!only.holds("a.example.com", &About { device: Some("OFFICE"), ..about }));
        assert!(!only.holds("a.example.com", &About { audience: Some(Audience::Adults), ..about }));
    }

    #[test]
    fn what_takes_back_what() {
        let (block, allow) = (Effect::default(), Effect { allow: true, important: false });
        let important = |effect: Effect| Effect { important: true, ..effect };
        assert!(allow.takes_back(block) && important(allow).takes_back(important(block)));
        assert!(!allow.takes_back(important(block)) && !block.takes_back(block) && !allow.takes_back(allow));
    }
}
