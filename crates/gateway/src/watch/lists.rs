//! The compiled list files in force: the base, and over it what was fetched from the sources of lists. A new file is
//! taken while the gateway runs; a bad one is not, and neither half waits for the other.

use std::path::PathBuf;
use std::time::SystemTime;

use filter::{Categories, Lists};
use jiff::Timestamp;

use crate::policy::Policy;
use crate::{Config, sealed, status};

/// What is in force, and what became of the newest files.
#[derive(Debug)]
pub(super) struct ListFiles {
    base: ListFile,
    fetched: ListFile,
    categories: Categories,
    /// Both together.
    pub(super) lists: Lists,
}

impl ListFiles {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            base: ListFile::new(config.lists.clone()),
            fetched: ListFile::new(config.fetched_lists.clone()),
            categories: config.categories.clone(),
            lists: Lists::missing(),
        }
    }

    /// Whether other lists are in force now than before.
    pub(super) fn look(&mut self) -> bool {
        // Both look, whatever the other found.
        let changed = self.base.look() | self.fetched.look();
        if changed {
            self.lists = match self.base.path.is_some() && self.base.lists.is_missing() {
                // Half of the lists would let through what the other half blocks: without the base all is closed (S30).
                true => Lists::missing(),
                false => self.base.lists.clone().and(self.fetched.lists.clone()).with_categories(&self.categories),
            };
        }
        changed
    }

    pub(super) fn status(&self, policy: &Policy, slot: &sealed::Sealed) -> status::Lists {
        let supplied = policy.sealed_status();
        status::Lists {
            loaded: !self.lists.is_missing(),
            names: self.lists.lists().iter().map(|list| list.names).sum(),
            changed_at: self.base.changed_at,
            fetched_at: self.fetched.changed_at,
            refused: self.base.refused.clone().or_else(|| self.fetched.refused.clone()),
            sealed_supplied: supplied.is_supplied(),
            sealed: in_words(&supplied),
            sealed_lists: supplied.lists,
            sealed_refused: slot.refused.clone(),
        }
    }
}

/// The sealed tier as a person reads it, with what each way through enforces (S26).
fn in_words(supplied: &filter::SealedStatus) -> String {
    use filter::sealed::Sight;
    if !supplied.is_supplied() {
        return "Not supplied.".into();
    }
    let who: Vec<_> = supplied.lists.iter().map(|list| format!("{} on {}", list.by, day(list.at))).collect();
    let (names, all) = supplied.enforceable(Sight::Names);
    let (urls, _) = supplied.enforceable(Sight::Urls);
    let hashes: u64 = supplied.lists.iter().map(|list| list.hashes).sum();
    let hashed = match hashes {
        0 => String::new(),
        some => {
            format!(" Of {some} the supplier gave a hash alone; those that mean a whole site hold on every way too.")
        }
    };
    format!(
        "Supplied by {}. Of {all} entries, DNS and HTTPS through the proxy enforce {names}, which name a whole site; plain \
         HTTP through the proxy enforces {urls}.{hashed}",
        who.join(" and ")
    )
}

fn day(at: Timestamp) -> String {
    at.strftime("%-d %B %Y").to_string()
}

/// One compiled file and what became of it.
#[derive(Debug)]
struct ListFile {
    path: Option<PathBuf>,
    lists: Lists,
    /// Length and time of change of the file that was last judged.
    seen: Option<(u64, Option<SystemTime>)>,
    changed_at: Option<Timestamp>,
    refused: Option<String>,
}

impl ListFile {
    fn new(path: Option<PathBuf>) -> Self {
        Self { path, lists: Lists::missing(), seen: None, changed_at: None, refused: None }
    }

    /// Whether another file is in force now than before.
    fn look(&mut self) -> bool {
        let Some(path) = &self.path else { return false };
        let seen = std::fs::metadata(path).ok().map(|m| (m.len(), m.modified().ok()));
        // A file that went is no reason to let go of what it held: only an empty one says that there are no lists.
        if seen == self.seen || seen.is_none() {
            return false;
        }
        self.seen = seen;
        let opened = match seen {
            Some((0, _)) => Ok(Lists::missing()),
            // Read, not mapped: were the file overwritten where it lies, its pages would change, or go, under the answers.
            _ => Lists::read(path).map_err(|error| error.to_string()),
        };
        match opened {
            Ok(lists) => {
                self.lists = lists;
                self.changed_at = seen.and_then(|(_, at)| Timestamp::try_from(at?).ok());
                self.refused = None;
                true
            }
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "a list file was refused");
                self.refused = Some(error);
                false
            }
        }
    }
}
