//! Sources that are known by name, and the limits of fetching: `content/list-sources.toml`.

use serde::Deserialize;

use super::{Origin, Source};
use crate::{Error, Result, content};

/// What the file holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Limits of what takes a place without a person.
    pub limits: Limits,
    /// Sources, in the order of the file.
    #[serde(rename = "source")]
    pub sources: Vec<Preset>,
}

/// Limits of what takes a place without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// How many in a hundred entries may go from one version to the next.
    pub shrink_percent: u32,
    /// A source that gave no list for so many days is stale.
    pub stale_days: i64,
}

/// A known source.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Its key in the file.
    pub key: String,
    /// As people call it.
    pub title: String,
    /// Its address.
    pub url: String,
    /// The category that it feeds; none for a collection that names its own.
    #[serde(default)]
    pub category: Option<String>,
    /// Who makes it.
    pub publisher: String,
    /// Under which licence.
    pub licence: String,
    /// Its publisher's minisign key, where one signs.
    #[serde(default)]
    pub minisign: Option<String>,
    /// What one should know before one takes it.
    pub say: String,
}

impl Preset {
    /// The source that it is.
    pub fn source(&self) -> Source {
        Source {
            title: self.title.clone(),
            from: Origin::Web { url: self.url.clone(), key: self.minisign.clone() },
            category: self.category.clone(),
            publisher: self.publisher.clone(),
            licence: self.licence.clone(),
            every_hours: super::DAILY,
        }
    }
}

/// The file.
///
/// # Errors
/// [`Error::Internal`] when the embedded file is broken, which a test rules out.
pub fn known() -> Result<Known> {
    let files = content::files();
    let text = files.get("list-sources.toml").ok_or_else(|| Error::Internal("no list-sources.toml".into()))?;
    toml::from_str(text).map_err(|error| Error::Internal(format!("list-sources.toml: {error}")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_known_source_is_one_that_could_be_proposed() {
        let known = known().unwrap();
        assert!(known.limits.shrink_percent <= 50 && known.limits.stale_days >= 2);
        let categories: BTreeSet<String> =
            crate::filtering::categories::choices().unwrap().into_iter().map(|choice| choice.id).collect();
        let mut keys = BTreeSet::new();
        for preset in &known.sources {
            let source = preset.source();
            assert_eq!(super::super::fit(&source).as_ref(), Ok(&source), "{}", preset.key);
            assert!(preset.url.starts_with("https://"), "{}", preset.key);
            assert!(preset.category.as_ref().is_none_or(|id| categories.contains(id)), "{}", preset.key);
            assert!(keys.insert(&preset.key) && !preset.say.is_empty(), "{}", preset.key);
        }
    }
}
