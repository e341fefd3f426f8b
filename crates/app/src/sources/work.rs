//! The work that goes on by itself: sources that are due are asked, what came is written down, and what is in force is
//! handed to the filter.
//!
//! It runs beside the jobs and not among them: a slow publisher must not keep a notice waiting. Nothing is lost by a crash:
//! when each source was asked stands in the database, and what the filter works with is compared with what it should be
//! at every turn.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use domain::access::{Action, Refused, Relation, authorize};
use domain::{OpCtx, SettingId};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use store::Scope;
use store::lists::ListCheck;
use store::words::ListState;
use uuid::Uuid;

use super::fetch::{Came, Have, Wanted};
use super::judge::Reading;
use super::unpack;
use super::versions::{self, Arrived};
use super::{Key, Origin, Progress, Source, inbox, list_name, version_folder};
use crate::filtering::decide;
use crate::{Error, Result, Services};

/// Between two looks at what is due.
const LOOK: Duration = Duration::from_secs(60);
/// A source that failed is asked again after an hour, then two, never later than its own time.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// Looks after the sources until the program ends.
pub(crate) async fn run(services: &Services) {
    loop {
        let mut ctx = services.system();
        if let Err(error) = turn(services, &mut ctx).await {
            tracing::error!(%error, "the sources of lists rest: the database does not answer");
        }
        let _ = tokio::time::timeout(LOOK, services.lists.woken()).await;
    }
}

/// One look: asks what is due, then hands over what is in force. Returns how many sources were asked.
///
/// # Errors
/// When the database does not answer. A source that fails is no error: it is written down and asked again.
pub async fn turn(services: &Services, ctx: &mut OpCtx) -> Result<usize> {
    let mut asked = 0;
    for (key, source) in sources(services).await? {
        let check = check_of(services, &key).await?;
        if !services.lists.is_wanted(&key) && !is_due(&key, &source, check.as_ref(), ctx.now) {
            continue;
        }
        ask(services, ctx, &key, &source, check).await?;
        services.lists.served(&key);
        asked += 1;
    }
    hand_over(services).await?;
    Ok(asked)
}

/// "Fetch now": the source is asked within a moment, whatever its time.
///
/// # Errors
/// [`Error::NotFound`] for what is no source of this setting.
pub async fn fetch_now(services: &Services, ctx: &mut OpCtx, source: &str) -> Result<()> {
    authorize(&ctx.actor, Action::RunSelfTest, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "list.fetch_now").await?;
    let (_, policy) = decide::in_force(&tx, member.setting).await?;
    if !policy.sources.contains_key(source) {
        return Err(Error::NotFound);
    }
    let subject = store::audit::Subject { table: "list_check", id: None };
    tx.note(member.setting, subject, &serde_json::json!({ "source": source })).await?;
    tx.commit().await?;
    services.lists.want((member.setting, source.to_owned()));
    Ok(())
}

/// Every source of every setting.
async fn sources(services: &Services) -> Result<BTreeMap<Key, Source>> {
    let reader = services.db.read(Scope::All).await?;
    let mut all = BTreeMap::new();
    for setting in store::settings::list(&reader).await? {
        let policy = match decide::in_force(&reader, setting.id).await {
            Ok((_, policy)) => policy,
            Err(Error::NotFound) => continue,
            Err(error) => return Err(error),
        };
        all.extend(policy.sources.into_iter().map(|(key, source)| ((setting.id, key), source)));
    }
    Ok(all)
}

async fn check_of(services: &Services, (setting, source): &Key) -> Result<Option<ListCheck>> {
    let reader = services.db.read(Scope::Setting(*setting)).await?;
    let checks = store::lists::list_checks(&reader, *setting).await?;
    Ok(checks.into_iter().find(|check| check.source == *source))
}

/// A day is a day give or take a tenth, by the source's own name: a publisher is not asked by everybody at once, and a
/// restart changes nothing.
fn is_due(key: &Key, source: &Source, check: Option<&ListCheck>, now: Timestamp) -> bool {
    let Some(check) = check else { return true };
    let whole = SignedDuration::from_hours(i64::from(source.every_hours));
    let wait = match check.failures {
        0 => jittered(key, whole),
        failures => {
            let doublings = u32::try_from(failures - 1).unwrap_or(8).min(8);
            AGAIN.checked_mul(1_i32 << doublings).unwrap_or(whole).min(whole)
        }
    };
    now.duration_since(check.asked_at) >= wait
}

fn jittered((setting, source): &Key, whole: SignedDuration) -> SignedDuration {
    let digest = Sha256::digest(format!("{setting} {source}"));
    let share = i64::from(digest.first().copied().unwrap_or(0)) - 128;
    // ± 128/1280 is a tenth.
    SignedDuration::from_secs(whole.as_secs() + whole.as_secs() / 1280 * share)
}

/// Asks one source and writes down how it answered.
async fn ask(
    services: &Services,
    ctx: &mut OpCtx,
    key: &Key,
    source: &Source,
    before: Option<ListCheck>,
) -> Result<()> {
    services.lists.set_progress(key, Some(Progress::default()));
    let came = bring(services, ctx, key, source, before.as_ref()).await;
    services.lists.set_progress(key, None);
    let blank = ListCheck {
        setting_id: key.0,
        source: key.1.clone(),
        asked_at: ctx.now,
        good_at: None,
        etag: None,
        dated: None,
        failures: 0,
        failed: None,
    };
    let before = ListCheck { asked_at: services.now(), ..before.unwrap_or(blank) };
    let check = match came {
        Ok(None) => ListCheck { good_at: Some(services.now()), failures: 0, failed: None, ..before },
        Ok(Some((marks, state))) => ListCheck {
            // A version that waits for a person is no good list yet.
            good_at: if state == Some(ListState::Held) { before.good_at } else { Some(services.now()) },
            etag: marks.etag,
            dated: marks.dated,
            failures: 0,
            failed: None,
            ..before
        },
        Err(Error::Unavailable { say }) => {
            tracing::warn!(source = key.1, why = say, "a source of lists failed");
            ListCheck { failures: before.failures.saturating_add(1), failed: Some(say), ..before }
        }
        Err(other) => return Err(other),
    };
    let mut tx = services.db.write(ctx, Scope::Setting(key.0), "list.ask").await?;
    store::lists::set_check(&mut tx, &check).await?;
    tx.commit().await?;
    versions::tidy(services, key).await
}

type Brought = Option<(Have, Option<ListState>)>;

/// Fetches or copies, reads through, and writes the version down. `None`: nothing newer.
async fn bring(
    services: &Services,
    ctx: &mut OpCtx,
    key: &Key,
    source: &Source,
    check: Option<&ListCheck>,
) -> Result<Brought> {
    let say = |say: String| Error::Unavailable { say };
    let have = check.map(|check| Have { etag: check.etag.clone(), dated: check.dated.clone() }).unwrap_or_default();
    let id: Uuid = ctx.fresh();
    let folder = version_folder(&services.data, key.0, &key.1, id);
    let parent = super::folder(&services.data);
    std::fs::create_dir_all(&parent).map_err(|error| say(format!("It cannot be saved: {error}.")))?;
    let aside =
        tempfile::NamedTempFile::new_in(&parent).map_err(|error| say(format!("It cannot be saved: {error}.")))?;
    let (marks, mut arrived, from) = match &source.from {
        Origin::Web { url, key: minisign } => {
            let progress = |bytes, of| services.lists.set_progress(key, Some(Progress { bytes, of }));
            let wanted = Wanted {
                url,
                have: &have,
                key: minisign.as_deref(),
                authorization: None,
                to: aside.path(),
                progress: &progress,
            };
            match services.lists.fetcher.fetch(wanted).await.map_err(say)? {
                Came::Unchanged => return Ok(None),
                Came::File { marks, bytes, digest, signed } => {
                    let dated = marks.dated.clone();
                    let reading = Reading::default();
                    (marks, Arrived { id, dated, bytes, digest, signed, reading }, aside.path().to_owned())
                }
            }
        }
        Origin::Inbox { name } => {
            let path = inbox(&services.data).join(super::inbox_name(name).map_err(say)?);
            let (bytes, digest) =
                fingerprint(&path).map_err(|error| say(format!("{name} cannot be read: {error}.")))?;
            let marks = Have { etag: Some(digest.clone()), dated: None };
            if marks.etag == have.etag {
                return Ok(None);
            }
            (marks, Arrived { id, dated: None, bytes, digest, signed: false, reading: Reading::default() }, path)
        }
    };
    let (name, several) = (list_name(source.category.as_deref(), &key.1), source.category.is_none());
    let to = folder.clone();
    let read = tokio::task::spawn_blocking(move || unpack::copy(&from, &to, &name, several));
    let read = read.await.map_err(|error| Error::Internal(error.to_string()))?;
    arrived.reading = read.map_err(|error| say(format!("It cannot be unpacked: {error}.")))?;
    let state = versions::arrive(services, ctx, key, &arrived).await?;
    if state.is_none() {
        let _ = std::fs::remove_dir_all(&folder);
    }
    Ok(Some((marks, state)))
}

/// Size and digest of a file, or of all files of a folder with their names.
fn fingerprint(path: &std::path::Path) -> std::io::Result<(u64, String)> {
    let (mut bytes, mut hasher) = (0, Sha256::new());
    let found = filter::list::source::find(path).map_err(std::io::Error::other)?;
    for (file, _) in found.iter().flat_map(|list| &list.files) {
        hasher.update(file.to_string_lossy().as_bytes());
        bytes += std::io::copy(&mut std::fs::File::open(file)?, &mut Hashing(&mut hasher))?;
    }
    Ok((bytes, hex::encode(hasher.finalize())))
}

struct Hashing<'a>(&'a mut Sha256);

impl std::io::Write for Hashing<'_> {
    fn write(&mut self, part: &[u8]) -> std::io::Result<usize> {
        self.0.update(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Hands what is in force to the filter, if that is not what it has.
async fn hand_over(services: &Services) -> Result<()> {
    let _one_at_a_time = services.lists.compiling.lock().await;
    let wanted = in_force(services).await?;
    let names: Vec<String> = wanted.iter().map(|(id, _)| id.to_string()).collect();
    let note = super::folder(&services.data).join("in-force.txt");
    let has = std::fs::read_to_string(&note).unwrap_or_default();
    if has.lines().eq(names.iter().map(String::as_str)) {
        return Ok(());
    }
    let paths = wanted.into_iter().map(|(_, path)| path).collect();
    match services.gateway.take_lists(paths).await {
        Ok(()) => {
            let written = std::fs::create_dir_all(super::folder(&services.data))
                .and_then(|()| std::fs::write(&note, names.join("\n")));
            services.lists.set_trouble(written.err().map(|error| format!("The disk refuses: {error}.")));
        }
        Err(why) => {
            tracing::error!(why, "the fetched lists could not be handed to the filter; it will be tried again");
            services.lists.set_trouble(Some(why));
        }
    }
    Ok(())
}

/// The versions in force of the sources that there are, with their folders.
async fn in_force(services: &Services) -> Result<Vec<(Uuid, PathBuf)>> {
    let there = sources(services).await?;
    let settings: std::collections::BTreeSet<SettingId> = there.keys().map(|(setting, _)| *setting).collect();
    let reader = services.db.read(Scope::All).await?;
    let mut all = Vec::new();
    for setting in settings {
        for version in store::lists::list_in(&reader, setting, ListState::InForce).await? {
            if there.contains_key(&(setting, version.source.clone())) {
                let folder = version_folder(&services.data, setting, &version.source, version.id);
                all.push((version.id, folder));
            }
        }
    }
    all.sort();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Source {
        Source {
            title: "A list".into(),
            from: Origin::Inbox { name: "a.txt".into() },
            category: None,
            publisher: "Somebody".into(),
            licence: "CC0".into(),
            every_hours: 24,
        }
    }

    #[test]
    fn daily_with_a_tenth_of_difference_and_soon_again_after_a_failure() {
        let now: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        let mut waits = std::collections::BTreeSet::new();
        for number in 0..50 {
            let key = (SettingId(Uuid::nil()), format!("source-{number}"));
            let wait = jittered(&key, SignedDuration::from_hours(24));
            assert!((21 * 60..27 * 60).contains(&wait.as_mins()), "{wait}");
            waits.insert(wait.as_mins());
        }
        assert!(waits.len() > 20, "they differ");
        let key = (SettingId(Uuid::nil()), "a".to_owned());
        let check = |hours: i64, failures| ListCheck {
            setting_id: key.0,
            source: key.1.clone(),
            asked_at: now - SignedDuration::from_hours(hours),
            good_at: None,
            etag: None,
            dated: None,
            failures,
            failed: None,
        };
        for (hours, failures, due) in [
            (20, 0, false),
            (27, 0, true),
            (0, 1, false),
            (1, 1, true),
            (1, 2, false),
            (2, 2, true),
            (23, 60, false),
            (24, 60, true),
        ] {
            assert_eq!(is_due(&key, &source(), Some(&check(hours, failures)), now), due, "{hours} {failures}");
        }
        assert!(is_due(&key, &source(), None, now));
    }
}
