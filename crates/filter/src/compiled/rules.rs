//! The rules of a file that are more than a bare name: under circumstances, or patterns.
//!
//! What it is: what stands in the file's section of rules, made ready when the file is opened.
//! What it is not: where a rule's name is found; the table of names says that there are some ([`Member::RULES`]).

use regex::{RegexSet, RegexSetBuilder};
use serde::{Deserialize, Serialize};

use super::hash64::Keys;
use crate::list::pattern;
use crate::rule::{Rule, Target};

/// Most rules that one file may hold: each is text in memory.
pub(crate) const MOST: usize = 200_000;

/// A rule with the list that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Held {
    pub(super) list: u16,
    pub(super) rule: Rule,
}

/// All of a file.
#[derive(Debug, Default)]
pub(super) struct Rules {
    all: Vec<Held>,
    /// Hash of a rule's name → its place, sorted.
    by_name: Vec<(u64, u32)>,
    /// Places of the patterns that look at names, in the order of the set; then those that look at addresses of pages.
    on_names: Patterns,
    on_urls: Patterns,
    /// Whether any is an exception.
    pub(super) exceptions: bool,
}

/// Patterns that are matched together.
#[derive(Debug, Default)]
struct Patterns {
    set: Option<RegexSet>,
    places: Vec<u32>,
}

impl Rules {
    /// Makes them ready; `None` when one of them cannot be.
    pub(super) fn new(all: Vec<Held>, keys: &Keys) -> Option<Self> {
        let mut by_name = Vec::new();
        let (mut on_names, mut on_urls) = (Vec::new(), Vec::new());
        for (at, held) in all.iter().enumerate() {
            let at = u32::try_from(at).ok().filter(|at| (*at as usize) < MOST)?;
            match &held.rule.target {
                Target::Name { name, .. } => {
                    let ip = name.parse::<std::net::IpAddr>().is_ok();
                    by_name.push((keys.whole(name, ip), at));
                }
                Target::Pattern { source, urls } => {
                    if *urls { &mut on_urls } else { &mut on_names }.push((source.as_str(), at))
                }
            }
        }
        by_name.sort_unstable();
        if on_names.len() + on_urls.len() > pattern::MOST {
            return None;
        }
        let (on_names, on_urls) = (Patterns::new(&on_names)?, Patterns::new(&on_urls)?);
        let exceptions = all.iter().any(|held| held.rule.effect.allow);
        Some(Self { all, by_name, on_names, on_urls, exceptions })
    }

    pub(super) fn patterns(&self) -> u64 {
        (self.on_names.places.len() + self.on_urls.places.len()) as u64
    }

    /// The rules about the name with this hash.
    pub(super) fn of(&self, hash: u64) -> impl Iterator<Item = &Held> {
        let from = self.by_name.partition_point(|(known, _)| *known < hash);
        let places = self.by_name.get(from..).unwrap_or_default().iter().take_while(move |(known, _)| *known == hash);
        places.filter_map(|(_, at)| self.all.get(*at as usize))
    }

    /// Calls `found` for every pattern that matches the host, or the address where the path shows.
    pub(super) fn matching<'a>(&'a self, host: &str, address: Option<&str>, mut found: impl FnMut(&'a Held)) {
        let address = address.unwrap_or(host);
        for (patterns, text) in [(&self.on_names, host), (&self.on_urls, address)] {
            // The first question allocates nothing; the second is asked seldom.
            let Some(set) = patterns.set.as_ref().filter(|set| set.is_match(text)) else { continue };
            for at in set.matches(text) {
                if let Some(held) = patterns.places.get(at).and_then(|at| self.all.get(*at as usize)) {
                    found(held);
                }
            }
        }
    }

    /// Whether some pattern wants to see the whole address.
    pub(super) fn see_urls(&self) -> bool {
        self.on_urls.set.is_some()
    }
}

impl Patterns {
    fn new(all: &[(&str, u32)]) -> Option<Self> {
        if all.is_empty() {
            return Some(Self::default());
        }
        let set = RegexSetBuilder::new(all.iter().map(|(source, _)| source))
            .case_insensitive(true)
            .nest_limit(50)
            .size_limit(pattern::LARGEST * pattern::MOST)
            .build()
            .ok()?;
        Some(Self { set: Some(set), places: all.iter().map(|(_, at)| *at).collect() })
    }
}
