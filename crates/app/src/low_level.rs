//! Low-level concerns about adults here: behaviour that does not fit and is not an allegation. The manager's own file, and
//! the chair's about the manager; nobody reads what is about themselves or about their family. Several together are
//! read again: they may be an allegation after all.
//!
//! What it is not: a way around the case manager. An allegation is told as a concern, at once.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Refused, Relation, authorize};
use domain::ctx::Member;
use domain::people::PersonKind;
use domain::{OpCtx, PersonId};
use jiff::{SignedDuration, Timestamp};
use store::working::LowLevel;
use store::{Reads, Scope};
use uuid::Uuid;

use crate::concerns::{LONGEST_TEXT, Names};
use crate::{Error, Result, Services};

/// The file.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// Newest first.
    pub rows: Vec<Row>,
    /// About whom there are several within a year.
    pub patterns: Vec<Pattern>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which.
    pub id: Uuid,
    /// About whom.
    pub about: String,
    /// What was seen or heard.
    pub what: String,
    /// What was done about it.
    pub response: String,
    /// When it happened.
    pub event_at: Timestamp,
    /// When it was written.
    pub recorded_at: Timestamp,
    /// By whom.
    pub author: String,
}

/// Several about one adult within a year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// About whom.
    pub about: String,
    /// How many.
    pub count: usize,
}

/// A new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// About whom.
    pub about: PersonId,
    /// What was seen or heard.
    pub what: String,
    /// What was done about it.
    pub response: String,
    /// When it happened.
    pub event_at: Timestamp,
}

/// So many within a year are read together.
const MANY: usize = 3;
const YEAR: SignedDuration = SignedDuration::from_hours(24 * 365);

/// The file, without what is about the reader or the reader's family. Reading it is in the audit.
///
/// # Errors
/// [`Refused`].
pub async fn read(services: &Services, ctx: &mut OpCtx) -> Result<File> {
    authorize(&ctx.actor, Action::KeepLowLevel, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "low_level.read").await?;
    let shut: Vec<PersonId> = not_for(&tx, &member).await?.into_iter().collect();
    let rows = store::working::list_low_level(&tx, member.setting, &shut, None).await?;
    let names = Names::load(&tx, member.setting).await?;
    let since = ctx.now.saturating_sub(YEAR).unwrap_or(ctx.now);
    let mut recent: BTreeMap<PersonId, usize> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.event_at >= since) {
        *recent.entry(row.person_id).or_default() += 1;
    }
    let patterns = recent
        .into_iter()
        .filter(|(_, count)| *count >= MANY)
        .map(|(person, count)| Pattern { about: names.person(person), count })
        .collect();
    tx.note(member.setting, store::audit::Subject { table: "low_level", id: None }, &serde_json::json!({})).await?;
    tx.commit().await?;
    let rows = rows
        .into_iter()
        .map(|row| Row {
            id: row.id,
            about: names.person(row.person_id),
            what: row.what,
            response: row.response,
            event_at: row.event_at,
            recorded_at: row.recorded_at,
            author: names.person(row.author_id),
        })
        .collect();
    Ok(File { rows, patterns })
}

/// Adults here about whom the actor may write: neither themselves nor their family.
///
/// # Errors
/// [`Refused`].
pub async fn adults(services: &Services, ctx: &OpCtx) -> Result<Vec<(PersonId, String)>> {
    authorize(&ctx.actor, Action::KeepLowLevel, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let shut = not_for(&reader, member).await?;
    let staff = store::people::list(&reader, member.setting, Some(PersonKind::Staff)).await?;
    Ok(staff.into_iter().filter(|one| !shut.contains(&one.id)).map(|one| (one.id, one.name)).collect())
}

/// Oneself, and one's family as the register knows it.
pub(crate) async fn not_for(db: &impl Reads, member: &Member) -> Result<BTreeSet<PersonId>> {
    let mut shut = BTreeSet::from([member.person]);
    for tie in store::people::list_relationships(db, member.setting, member.person).await? {
        shut.extend([tie.person_id, tie.other_id]);
    }
    Ok(shut)
}

/// Writes one down.
///
/// # Errors
/// [`Refused`]; [`Error::Invalid`] on `about`, `what`, `response` or `at`.
pub async fn add(services: &Services, ctx: &mut OpCtx, new: New) -> Result<Uuid> {
    authorize(&ctx.actor, Action::KeepLowLevel, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "low_level.add").await?;
    let found = store::people::lookup(&tx, member.setting, new.about).await?;
    let shut = not_for(&tx, &member).await?;
    if found.is_none_or(|person| person.kind != PersonKind::Staff) || shut.contains(&new.about) {
        return Err(Error::invalid("about", "Choose somebody from the list."));
    }
    for (field, text, missing) in [
        ("what", &new.what, "Say what was seen or heard, as fact."),
        ("response", &new.response, "Say what was done about it: a talk, training, nothing yet."),
    ] {
        if text.trim().chars().count() < 3 || text.chars().count() > LONGEST_TEXT {
            return Err(Error::invalid(field, missing));
        }
    }
    crate::wrong_clock::has_come(&tx, member.setting, ("at", new.event_at), ctx.now).await?;
    let row = LowLevel {
        id: tx.fresh(),
        setting_id: member.setting,
        person_id: new.about,
        what: new.what.trim().to_owned(),
        response: new.response.trim().to_owned(),
        event_at: new.event_at,
        recorded_at: ctx.now,
        author_id: member.person,
    };
    store::working::add_low_level(&mut tx, &row).await?;
    tx.commit().await?;
    Ok(row.id)
}
