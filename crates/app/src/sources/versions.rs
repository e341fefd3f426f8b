//! Versions of a list: taken, held for a person, refused; the person's word with its reason, audited.
//!
//! What it is not: fetching ([`super::work`]) or judging ([`super::judge`]). The row is the record; the files of a version lie
//! in its folder for as long as it is in force, waits, or was the last one before.

use std::path::Path;

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::Urgency;
use domain::{OpCtx, Role, SettingId};
pub use store::lists::ListVersion;
pub use store::words::ListState as State;
use store::words::ListState;
use store::{Scope, Tx};
use uuid::Uuid;

use super::judge::{self, Judgement, Reading};
use super::{Key, known, version_folder};
use crate::notices::{self, Matter};
use crate::{Error, Result, Services};

/// Versions that are looked at for one source.
const SHOWN: u64 = 20;
const SHORTEST: usize = 10;

/// What came, before anybody judged it.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) id: Uuid,
    pub(crate) dated: Option<String>,
    pub(crate) bytes: u64,
    pub(crate) digest: String,
    pub(crate) signed: bool,
    pub(crate) reading: Reading,
}

/// Writes down what came and what becomes of it. A version that waits for a person tells those whose word it waits for;
/// one that was refused before is not asked about again.
///
/// # Errors
/// As any write.
pub(crate) async fn arrive(
    services: &Services,
    ctx: &mut OpCtx,
    key: &Key,
    arrived: &Arrived,
) -> Result<Option<ListState>> {
    let (setting, source) = key;
    let shrink = known::known()?.limits.shrink_percent;
    let mut tx = services.db.write(ctx, Scope::Setting(*setting), "list.fetch").await?;
    let before = store::lists::list(&tx, *setting, source, SHOWN).await?;
    if before.iter().any(|version| version.digest == arrived.digest && version.state != ListState::Replaced) {
        return Ok(None);
    }
    let in_force = before.iter().find(|version| version.state == ListState::InForce);
    let judgement = judge::judge(&arrived.reading, in_force.map(|version| version.entries.unsigned_abs()), shrink);
    let (state, why) = match judgement {
        Judgement::Take => (ListState::InForce, None),
        Judgement::Hold(why) => (ListState::Held, Some(why)),
    };
    let row = ListVersion {
        id: arrived.id,
        setting_id: *setting,
        source: source.clone(),
        fetched_at: tx.now(),
        dated: arrived.dated.clone(),
        bytes: signed(arrived.bytes),
        digest: arrived.digest.clone(),
        signed: arrived.signed,
        entries: signed(arrived.reading.entries),
        unreadable: signed(arrived.reading.unreadable),
        licence: arrived.reading.licence.clone(),
        state,
        why,
        decided_by: None,
        decided_at: None,
        words: None,
        version: 0,
    };
    // Whatever is newer is what one would have to decide about.
    let gives_way = |version: &&ListVersion| match version.state {
        ListState::Held => true,
        ListState::InForce => state == ListState::InForce,
        ListState::Refused | ListState::Replaced => false,
    };
    for old in before.iter().filter(gives_way) {
        replace(&mut tx, old).await?;
    }
    store::lists::add(&mut tx, &row).await?;
    if state == ListState::Held {
        let people = deciders(&tx, *setting).await?;
        let link = link(source);
        let matter = Matter { urgency: Urgency::Prompt, link: &link, concern: None };
        notices::tell(&mut tx, *setting, &people, &matter).await?;
    }
    tx.commit().await?;
    services.wake_jobs();
    Ok(Some(state))
}

async fn replace(tx: &mut Tx, old: &ListVersion) -> Result<()> {
    store::lists::set(tx, &ListVersion { state: ListState::Replaced, ..old.clone() }).await?;
    Ok(())
}

/// The page of a source.
pub(crate) fn link(source: &str) -> String {
    format!("/filter/lists/{source}")
}

/// Those who may say whether a doubtful list is taken, and the technician, who can find out what happened to it.
pub(crate) async fn deciders(tx: &Tx, setting: SettingId) -> Result<Vec<domain::PersonId>> {
    let mut people = std::collections::BTreeSet::new();
    for role in [Role::Manager, Role::Chair, Role::Technician] {
        let holders = store::people::find_by_role(tx, setting, role, tx.now()).await?;
        people.extend(holders.iter().map(|holder| holder.person_id));
    }
    Ok(people.into_iter().collect())
}

/// A person's word on a version that waits.
#[derive(Debug, Clone)]
pub struct Word {
    /// Which.
    pub id: Uuid,
    /// The version of the row that was read.
    pub version: i64,
    /// Take it?
    pub take: Take,
    /// Why.
    pub words: String,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// It takes the place of the one in force.
    Accept,
    /// The one in force stays, and this very version is not asked about again.
    Refuse,
}

/// Accepts or refuses a version that waits.
///
/// # Errors
/// [`Error::Invalid`] without a reason, or to accept what holds nothing; [`Error::Conflict`] when somebody else decided.
pub async fn decide(services: &Services, ctx: &mut OpCtx, source: &str, word: Word) -> Result<()> {
    authorize(&ctx.actor, Action::ApproveChange, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    if word.words.trim().chars().count() < SHORTEST {
        return Err(Error::invalid("words", "Say why, in a sentence. It stays beside this version."));
    }
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "list.decide").await?;
    let held = store::lists::lookup(&tx, member.setting, word.id).await?.filter(|version| version.source == source);
    let held = held.ok_or(Error::NotFound)?;
    if held.state != ListState::Held || held.version != word.version {
        let said = "This was decided, or a newer version came, in the meantime.".to_owned();
        return Err(Error::Conflict { theirs: [(String::new(), said)].into() });
    }
    if word.take == Take::Accept && !judge::can_be_accepted(held.entries.unsigned_abs()) {
        return Err(Error::invalid(
            "",
            "There is nothing in this version that could block anything. It can only be refused.",
        ));
    }
    if word.take == Take::Accept {
        let all = store::lists::list(&tx, member.setting, source, SHOWN).await?;
        for old in all.iter().filter(|version| version.state == ListState::InForce) {
            replace(&mut tx, old).await?;
        }
    }
    let decided = ListVersion {
        state: if word.take == Take::Accept { ListState::InForce } else { ListState::Refused },
        decided_by: Some(member.person),
        decided_at: Some(ctx.now),
        words: Some(word.words.trim().to_owned()),
        ..held
    };
    store::lists::set(&mut tx, &decided).await?;
    tx.commit().await?;
    services.lists.wake();
    Ok(())
}

/// Removes the folders of versions that nobody needs: all but those in force, those that wait, and the last one before.
pub(crate) async fn tidy(services: &Services, key: &Key) -> Result<()> {
    let (setting, source) = key;
    let reader = services.db.read(Scope::Setting(*setting)).await?;
    let all = store::lists::list(&reader, *setting, source, SHOWN).await?;
    let mut before = all.iter().filter(|version| version.state == ListState::Replaced).map(|version| version.id);
    let last = before.next();
    let kept = |id: &Uuid| {
        Some(*id) == last
            || all
                .iter()
                .any(|version| version.id == *id && matches!(version.state, ListState::InForce | ListState::Held))
    };
    let folder = version_folder(&services.data, *setting, source, Uuid::nil());
    let Some(folder) = folder.parent().map(Path::to_owned) else { return Ok(()) };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let id = entry.file_name().to_str().and_then(|name| name.parse::<Uuid>().ok());
        if id.is_some_and(|id| !kept(&id)) {
            // What stays for a while longer does no harm.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
