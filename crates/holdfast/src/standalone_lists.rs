//! Lists from the web for `holdfast gateway --standalone`: fetched, judged and compiled as a setting's sources are, with a
//! folder in the place of the records.
//!
//! What it is: the same fetcher, reader and judge (`app::sources`), and the same compiler in a process of its own. A version
//! that is no list, or shrank by too much, is left alone and said in the journal; the last good one stays.
//! What it is not: a person's word. Who wants to take a doubtful version removes the folder of its list and starts again.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use app::sources::fetch::{self, Came, Fetcher, Have};
use app::sources::judge::{self, Judgement};
use app::sources::{known, unpack};
use serde::{Deserialize, Serialize};

use crate::sealed_tier::FromWeb;
use crate::{cli, house, lists};

/// Each source is asked so often.
const DAILY: Duration = Duration::from_secs(24 * 3600);
/// And so soon again when one failed.
const AGAIN: Duration = Duration::from_secs(3600);

/// One source: `CATEGORY=ADDRESS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    category: String,
    url: String,
}

impl Wanted {
    /// Reads an option.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (category, url) = text.split_once('=').ok_or("write it as CATEGORY=https://…")?;
        let categories = lists::categories().map_err(|error| error.to_string())?;
        if categories.find(category).is_none() {
            let known: Vec<&str> = categories.all().iter().map(|category| category.id.as_str()).collect();
            return Err(format!("there is no category {category}; there are {}", known.join(", ")));
        }
        fetch::address(url)?;
        Ok(Self { category: category.to_owned(), url: url.to_owned() })
    }

    /// Its folder, which is its list's name too: the category stands before the dot, where the policy's words find it.
    fn key(&self) -> String {
        use std::hash::{Hash, Hasher};
        let mut hasher = std::hash::DefaultHasher::new();
        self.url.hash(&mut hasher);
        format!("{}.{:08x}", self.category, hasher.finish() >> 32)
    }
}

/// What is remembered of a source.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    etag: Option<String>,
    dated: Option<String>,
    entries: u64,
}

/// The sources and where their lists are kept.
pub(crate) struct Fetching {
    wanted: Vec<Wanted>,
    folder: PathBuf,
    fetcher: Fetcher,
}

impl Fetching {
    /// Nothing where nothing is to be fetched.
    ///
    /// # Errors
    /// When the folder cannot be made, or a root is none.
    pub(crate) fn of(options: &cli::GatewayArgs) -> anyhow::Result<Option<Self>> {
        let Some(folder) = options.fetched.clone().filter(|_| !options.fetch.is_empty()) else { return Ok(None) };
        house::make_folder(&folder)?;
        let from_web = FromWeb { private_addresses: options.mirror_root.is_some(), roots: options.mirror_root.clone() };
        let fetcher = Fetcher::new(from_web.rules()?).map_err(anyhow::Error::msg)?;
        Ok(Some(Self { wanted: options.fetch.clone(), folder, fetcher }))
    }

    /// The compiled file of what is in force.
    pub(crate) fn compiled(&self) -> PathBuf {
        self.folder.join("fetched.compiled")
    }

    /// Why each category that is fetched is blocked, for who blocks everything.
    pub(crate) fn reasons(&self) -> Vec<(String, filter::Reason)> {
        let Ok(categories) = lists::categories() else { return Vec::new() };
        let reason = |category: &filter::Category| filter::Reason {
            title: category.title.as_str().into(),
            why: category.why.as_str().into(),
            because: category.because.as_slice().into(),
            locked: false,
        };
        let black = self.wanted.iter().filter_map(|wanted| categories.find(&wanted.category));
        let black = black.filter(|category| category.kind == filter::Kind::Black);
        black.map(|category| (category.id.clone(), reason(category))).collect()
    }

    /// Compiles what is in force into the file that the gateway watches.
    ///
    /// # Errors
    /// What the compiler said.
    pub(crate) async fn compile(&self) -> anyhow::Result<()> {
        let there = self.wanted.iter().map(|wanted| self.folder.join(wanted.key())).filter(|folder| folder.is_dir());
        lists::compile_apart(&there.collect::<Vec<_>>(), &self.compiled()).await
    }

    /// Asks every source again and again.
    pub(crate) async fn keep(&self) -> Infallible {
        loop {
            let (mut changed, mut failed) = (false, false);
            for wanted in &self.wanted {
                match self.bring(wanted).await {
                    Ok(new) => changed |= new,
                    Err(error) => {
                        failed = true;
                        eprintln!("holdfast: {}: {error:#}", wanted.url);
                    }
                }
            }
            if changed && let Err(error) = self.compile().await {
                failed = true;
                eprintln!("holdfast: the fetched lists could not be compiled: {error:#}");
            }
            tokio::time::sleep(if failed { AGAIN } else { DAILY }).await;
        }
    }

    /// Whether a new version of it is in force.
    async fn bring(&self, wanted: &Wanted) -> anyhow::Result<bool> {
        let key = wanted.key();
        let (note, came_to) = (self.folder.join(format!("{key}.json")), self.folder.join(format!("{key}.came")));
        let in_force = self.folder.join(&key);
        let kept: Option<Kept> = match in_force.is_dir() {
            true => std::fs::read(&note).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()),
            false => None,
        };
        let have = kept
            .as_ref()
            .map_or_else(Have::default, |kept| Have { etag: kept.etag.clone(), dated: kept.dated.clone() });
        let asked = fetch::Wanted {
            url: &wanted.url,
            have: &have,
            key: None,
            authorization: None,
            to: &came_to,
            progress: &|_, _| {},
        };
        let Came::File { marks, .. } = self.fetcher.fetch(asked).await.map_err(anyhow::Error::msg)? else {
            return Ok(false);
        };
        let new = self.folder.join(format!("{key}.new"));
        clear(&new)?;
        let reading = {
            let (from, to, key) = (came_to.clone(), new.clone(), key.clone());
            tokio::task::spawn_blocking(move || unpack::unpack(&from, &to, &key, false)).await??
        };
        std::fs::remove_file(&came_to).context("what came could not be put away")?;
        let shrink = known::known()?.limits.shrink_percent;
        if let Judgement::Hold(why) = judge::judge(&reading, kept.map(|kept| kept.entries), shrink) {
            clear(&new)?;
            anyhow::bail!("{why} The last good version stays in force.");
        }
        clear(&in_force)?;
        std::fs::rename(&new, &in_force).context("the new version could not be put in its place")?;
        let kept = Kept { etag: marks.etag, dated: marks.dated, entries: reading.entries };
        std::fs::write(&note, serde_json::to_vec(&kept)?)?;
        Ok(true)
    }
}

fn clear(folder: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot clear {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_and_an_address() {
        let wanted = Wanted::parse("gambling=https://lists.example/a.txt?b=c").unwrap();
        assert_eq!((wanted.category.as_str(), wanted.url.as_str()), ("gambling", "https://lists.example/a.txt?b=c"));
        assert!(wanted.key().starts_with("gambling."));
        assert_ne!(wanted.key(), Wanted::parse("gambling=https://lists.example/b.txt").unwrap().key());
        for wrong in [
            "https://lists.example/a.txt",
            "nonsense=https://lists.example/a",
            "gambling=ftp://a.example/b",
            "gambling=x",
        ] {
            assert!(Wanted::parse(wrong).is_err(), "{wrong}");
        }
    }
}
