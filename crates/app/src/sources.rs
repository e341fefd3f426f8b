//! Where lists come from: files that a technician lays down, and addresses on the web that are asked every day.
//!
//! What it is: the sources of a setting's policy ([`Source`]; adding or removing one is a proposal like any other change of
//! the filter), fetching ([`fetch`]), reading what came ([`unpack`]), judging it ([`judge`]), keeping versions and the word
//! of a person on doubtful ones ([`versions`]), and the work that goes on by itself ([`work`]).
//! What it is not: a reader of the sealed tier's lists, or the compiler: the gateway's side makes the file from what is
//! in force here, in a process of its own, and takes it without a restart.
//!
//! To add a known source, a table in `content/list-sources.toml`. To add a way to fetch, a variant of [`Origin`] and its arm
//! in [`work`].

pub mod fetch;
pub mod judge;
pub mod known;
pub mod unpack;
pub mod versions;
pub mod view;
pub mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use domain::SettingId;
use serde::{Deserialize, Serialize};

pub use fetch::{Fetcher, Rules};

/// Most sources of one setting.
pub const MOST: usize = 50;
/// How often a source is asked, in hours, when nobody says.
pub const DAILY: u32 = 24;

/// One source of lists, as the policy names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// As people call it.
    pub title: String,
    /// Where it comes from.
    pub from: Origin,
    /// The category that all of it feeds. None: the folders of the collection feed the categories that name them.
    #[serde(default)]
    pub category: Option<String>,
    /// Who makes it.
    pub publisher: String,
    /// Under which licence it may be used.
    pub licence: String,
    /// How often it is asked, in hours.
    pub every_hours: u32,
}

/// Where a source comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case", deny_unknown_fields)]
pub enum Origin {
    /// An address on the web.
    Web {
        /// `https://…`.
        url: String,
        /// Its publisher's minisign key; with it only what it signs (`ADDRESS.minisig`) is taken.
        #[serde(default)]
        key: Option<String>,
    },
    /// A file or folder that a technician lays into `DATA/lists/inbox`.
    Inbox {
        /// Its name there.
        name: String,
    },
}

impl Origin {
    /// As people read it.
    pub fn say(&self) -> String {
        match self {
            Self::Web { url, .. } => url.clone(),
            Self::Inbox { name } => format!("the file or folder {name} in the inbox"),
        }
    }
}

/// Why a source cannot be one, in a sentence.
///
/// # Errors
/// The sentence.
pub(crate) fn fit(source: &Source) -> Result<Source, String> {
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fit = Source {
        title: line(&source.title),
        publisher: line(&source.publisher),
        licence: line(&source.licence),
        ..source.clone()
    };
    for (text, what) in [
        (&fit.title, "Give it a name of 3 to 100 letters."),
        (&fit.publisher, "Write who makes it."),
        (&fit.licence, "Write under which licence it may be used."),
    ] {
        if !(3..=100).contains(&text.chars().count()) {
            return Err(what.to_owned());
        }
    }
    if !(1..=24 * 30).contains(&fit.every_hours) {
        return Err("It can be asked once an hour at most, and once in 30 days at least.".to_owned());
    }
    match &fit.from {
        Origin::Web { url, key } => {
            fetch::address(url)?;
            if let Some(key) = key {
                minisign_verify::PublicKey::from_base64(key.trim())
                    .map_err(|_| "This is no minisign key. It is one line of about 56 letters.".to_owned())?;
            }
        }
        Origin::Inbox { name } => {
            inbox_name(name)?;
        }
    }
    Ok(fit)
}

/// A name in the inbox leads nowhere else.
fn inbox_name(name: &str) -> Result<&str, String> {
    let plain = !name.is_empty()
        && name.len() <= 100
        && !name.starts_with('.')
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_'));
    if plain { Ok(name) } else { Err("Write the name of one file or folder in the inbox, without a path.".to_owned()) }
}

/// A key that no source has, nor had: letters and figures of the title and the end of the proposal's id. A source that is
/// added again under the same name begins anew.
pub(crate) fn fresh_key(title: &str, rule: &str) -> String {
    let words = title.to_lowercase();
    let words: Vec<&str> =
        words.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let key: String = words.join("-").chars().take(40).collect();
    let end: String = rule.chars().rev().take(6).collect();
    let parts = [key.trim_matches('-'), &end];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "source".to_owned() } else { parts.join("-") }
}

/// What differs between the sources of two policies, a line each.
pub(crate) fn difference(before: &BTreeMap<String, Source>, after: &BTreeMap<String, Source>) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, is) in after {
        match before.get(key) {
            None => lines.push(format!("New source of lists: {}, from {}", is.title, is.from.say())),
            Some(was) if was != is => lines.push(format!("Source of lists {}: changed", is.title)),
            Some(_) => {}
        }
    }
    for was in before.iter().filter(|(key, _)| !after.contains_key(*key)).map(|(_, was)| was) {
        lines.push(format!("No longer a source of lists: {}. What it blocks is let through.", was.title));
    }
    lines
}

/// A source of one setting.
pub(crate) type Key = (SettingId, String);

/// What the program remembers of its fetching: who is being asked, how far it is, and what somebody wants now.
pub struct Desk {
    pub(crate) fetcher: Fetcher,
    under_way: Mutex<BTreeMap<Key, Progress>>,
    wanted: Mutex<BTreeSet<Key>>,
    trouble: Mutex<Option<String>>,
    wake: tokio::sync::Notify,
    /// Changes whenever a policy was handed to the gateway.
    published: tokio::sync::watch::Sender<()>,
    /// One compilation at a time.
    pub(crate) compiling: tokio::sync::Mutex<()>,
}

/// How far a fetch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Bytes that came.
    pub bytes: u64,
    /// Bytes that were announced.
    pub of: Option<u64>,
}

impl Desk {
    /// A desk with a fetcher that keeps these rules.
    ///
    /// # Errors
    /// A sentence, when the rules cannot be kept: a certificate that is none.
    pub fn new(rules: Rules) -> Result<Self, String> {
        Ok(Self {
            fetcher: Fetcher::new(rules)?,
            under_way: Mutex::default(),
            wanted: Mutex::default(),
            trouble: Mutex::default(),
            wake: tokio::sync::Notify::new(),
            published: tokio::sync::watch::Sender::new(()),
            compiling: tokio::sync::Mutex::default(),
        })
    }

    /// Who asks the web, for licensed lists too.
    pub fn fetcher(&self) -> &Fetcher {
        &self.fetcher
    }

    /// Looks at the sources now rather than within a minute.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// A policy is in force: what it says of sources and feeds is looked at now.
    pub(crate) fn policy_changed(&self) {
        self.published.send_replace(());
        self.wake();
    }

    /// Says from now on when a policy came into force.
    pub fn policies(&self) -> tokio::sync::watch::Receiver<()> {
        self.published.subscribe()
    }

    /// Until somebody wakes it.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    pub(crate) fn want(&self, key: Key) {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        self.wake();
    }

    pub(crate) fn is_wanted(&self, key: &Key) -> bool {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).contains(key)
    }

    pub(crate) fn served(&self, key: &Key) {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// How far a fetch is, if one is under way.
    pub fn progress(&self, setting: SettingId, source: &str) -> Option<Progress> {
        let key = (setting, source.to_owned());
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied()
    }

    pub(crate) fn set_progress(&self, key: &Key, progress: Option<Progress>) {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        match progress {
            Some(progress) => under_way.insert(key.clone(), progress),
            None => under_way.remove(key),
        };
    }

    /// Why the newest versions are not in the filter yet, if they are not.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

/// Where a technician lays files down.
pub fn inbox(data: &Path) -> PathBuf {
    data.join("lists").join("inbox")
}

/// Where fetched versions lie.
pub(crate) fn folder(data: &Path) -> PathBuf {
    data.join("lists").join("fetched")
}

/// The folder of one version.
pub(crate) fn version_folder(data: &Path, setting: SettingId, source: &str, version: uuid::Uuid) -> PathBuf {
    folder(data).join(setting.to_string()).join(source).join(version.to_string())
}

/// The name under which a source's list stands in the compiled file: its category's id comes before the dot, which is how
/// the policy's words find it.
pub(crate) fn list_name(category: Option<&str>, key: &str) -> String {
    category.map_or_else(|| key.to_owned(), |category| format!("{category}.{key}"))
}
