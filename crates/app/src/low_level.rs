//! Low-level concerns about adults here: behaviour that does not fit and is not an allegation. The manager's own file, and
//! the chair's about the manager; nobody reads what is about themselves or about their family. Several together are
//! read again: they may be an allegation after all. Append-only: a correction is another note, and the one that it corrects
//! stays readable. A note may belong to a concern: made from its procedure's step, or linked later by whoever sees both.
//!
//! What it is not: a way around the case manager. An allegation is told as a concern, at once.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::Part;
use domain::ctx::Member;
use domain::people::PersonKind;
use domain::{ConcernId, OpCtx, PersonId};
use jiff::{SignedDuration, Timestamp};
use store::working::{LowLevel, LowLevelLink};
use store::{Reads, Scope, Tx};
use uuid::Uuid;

use crate::concerns::case::Case;
use crate::concerns::{LONGEST_LINE, LONGEST_TEXT, Names};
use crate::sight::sees;
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
    /// Why it was written again: it corrects an older note.
    pub corrects: Option<String>,
    /// It was corrected since, by whom and when. It stays readable, and counts no more.
    pub corrected: Option<(String, Timestamp)>,
    /// Concerns to which it belongs, of those that the reader may see.
    pub concerns: Vec<(ConcernId, String)>,
}

/// A note with what it corrects and what corrects it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The note itself.
    pub row: Row,
    /// Older and newer versions of it, oldest first, without itself.
    pub versions: Vec<Row>,
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
    let notes = Notes::load(&tx, &member).await?;
    let since = ctx.now.saturating_sub(YEAR).unwrap_or(ctx.now);
    let mut recent: BTreeMap<PersonId, usize> = BTreeMap::new();
    for row in notes.rows.iter().filter(|row| row.event_at >= since && !notes.is_corrected(row.id)) {
        *recent.entry(row.person_id).or_default() += 1;
    }
    let patterns = recent
        .into_iter()
        .filter(|(_, count)| *count >= MANY)
        .map(|(person, count)| Pattern { about: notes.names.person(person), count })
        .collect();
    tx.note(member.setting, store::audit::Subject { table: "low_level", id: None }, &serde_json::json!({})).await?;
    tx.commit().await?;
    Ok(File { rows: notes.rows.iter().map(|row| notes.view(row)).collect(), patterns })
}

/// One note, with its older and newer versions.
///
/// # Errors
/// [`Error::NotFound`] for one about the reader or their family, and for one that came of a concern from which they are shut out.
pub async fn one(services: &Services, ctx: &mut OpCtx, id: Uuid) -> Result<Note> {
    authorize(&ctx.actor, Action::KeepLowLevel, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "low_level.read").await?;
    let notes = Notes::load(&tx, &member).await?;
    let row = notes.find(id)?;
    let mut family = BTreeSet::from([id]);
    // Versions hang together as a line; each pass finds the next ones, until none is new.
    loop {
        let before = family.len();
        for row in &notes.rows {
            if row.supersedes.is_some_and(|older| family.contains(&older)) {
                family.insert(row.id);
            }
            if let Some(older) = row.supersedes.filter(|_| family.contains(&row.id)) {
                family.insert(older);
            }
        }
        if family.len() == before {
            break;
        }
    }
    let mut versions: Vec<&LowLevel> =
        notes.rows.iter().filter(|other| other.id != id && family.contains(&other.id)).collect();
    versions.sort_by_key(|row| row.recorded_at);
    let note = Note { row: notes.view(row), versions: versions.into_iter().map(|row| notes.view(row)).collect() };
    tx.note(member.setting, store::audit::Subject { table: "low_level", id: Some(id) }, &serde_json::json!({})).await?;
    tx.commit().await?;
    Ok(note)
}

/// Everything that one reader may see of the file.
struct Notes {
    rows: Vec<LowLevel>,
    links: Vec<LowLevelLink>,
    references: BTreeMap<ConcernId, String>,
    names: Names,
}

impl Notes {
    async fn load(db: &impl Reads, member: &Member) -> Result<Self> {
        let shut: Vec<PersonId> = not_for(db, member).await?.into_iter().collect();
        let rows = store::working::list_low_level(db, member.setting, member.person, &shut).await?;
        let viewer = sees(member);
        let links = store::working::list_low_level_links(db, member.setting, &viewer).await?;
        let ids: Vec<ConcernId> = links.iter().map(|link| link.concern_id).collect();
        let references = store::concerns::list_references(db, member.setting, &viewer, &ids).await?;
        let names = Names::load(db, member.setting).await?;
        Ok(Self { rows, links, references: references.into_iter().collect(), names })
    }

    fn find(&self, id: Uuid) -> Result<&LowLevel> {
        self.rows.iter().find(|row| row.id == id).ok_or(Error::NotFound)
    }

    fn correction(&self, id: Uuid) -> Option<&LowLevel> {
        self.rows.iter().find(|row| row.supersedes == Some(id))
    }

    fn is_corrected(&self, id: Uuid) -> bool {
        self.correction(id).is_some()
    }

    fn view(&self, row: &LowLevel) -> Row {
        let own = self.links.iter().filter(|link| link.low_level_id == row.id);
        Row {
            id: row.id,
            about: self.names.person(row.person_id),
            what: row.what.clone(),
            response: row.response.clone(),
            event_at: row.event_at,
            recorded_at: row.recorded_at,
            author: self.names.person(row.author_id),
            corrects: row.supersedes.map(|_| row.why.clone().unwrap_or_default()),
            corrected: self.correction(row.id).map(|newer| (self.names.person(newer.author_id), newer.recorded_at)),
            concerns: own
                .filter_map(|link| Some((link.concern_id, self.references.get(&link.concern_id)?.clone())))
                .collect(),
        }
    }
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
    check(&new.what, &new.response)?;
    crate::wrong_clock::has_come(&tx, member.setting, ("at", new.event_at), ctx.now).await?;
    let row = note(&mut tx, &member, &new);
    store::working::add_low_level(&mut tx, &row).await?;
    tx.commit().await?;
    Ok(row.id)
}

fn check(what: &str, response: &str) -> Result<()> {
    for (field, text, missing) in [
        ("what", what, "Say what was seen or heard, as fact."),
        ("response", response, "Say what was done about it: a talk, training, nothing yet."),
    ] {
        if text.trim().chars().count() < 3 || text.chars().count() > LONGEST_TEXT {
            return Err(Error::invalid(field, missing));
        }
    }
    Ok(())
}

fn note(tx: &mut Tx, member: &Member, new: &New) -> LowLevel {
    LowLevel {
        id: tx.fresh(),
        setting_id: member.setting,
        person_id: new.about,
        what: new.what.trim().to_owned(),
        response: new.response.trim().to_owned(),
        event_at: new.event_at,
        recorded_at: tx.now(),
        author_id: member.person,
        supersedes: None,
        why: None,
    }
}

/// A correction of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// What was seen or heard.
    pub what: String,
    /// What was done about it.
    pub response: String,
    /// When it happened.
    pub event_at: Timestamp,
    /// Why the note was wrong.
    pub why: String,
}

/// Corrects a note: a new one, which says why. The one that was wrong stays, and says that it was corrected.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] on `what`, `response`, `at` or `why`; [`Error::Conflict`] when it was corrected since.
pub async fn correct(services: &Services, ctx: &mut OpCtx, id: Uuid, correction: Correction) -> Result<Uuid> {
    authorize(&ctx.actor, Action::KeepLowLevel, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "low_level.correct").await?;
    let notes = Notes::load(&tx, &member).await?;
    let wrong = notes.find(id)?.clone();
    if let Some(newer) = notes.correction(id) {
        return Err(Error::Conflict { theirs: [("what".to_owned(), newer.what.clone())].into() });
    }
    check(&correction.what, &correction.response)?;
    let why = crate::keeping::words("why", &correction.why, LONGEST_LINE, "Say what was wrong with it.")?;
    crate::wrong_clock::has_come(&tx, member.setting, ("at", correction.event_at), ctx.now).await?;
    let Correction { what, response, event_at, .. } = correction;
    let new = New { about: wrong.person_id, what, response, event_at };
    let row = LowLevel { supersedes: Some(id), why: Some(why), ..note(&mut tx, &member, &new) };
    add_version(&mut tx, &row, id).await?;
    tx.commit().await?;
    Ok(row.id)
}

/// A newer version stands where the older one stood: it belongs to the same concerns, and inherits who must not see them.
async fn add_version(tx: &mut Tx, row: &LowLevel, older: Uuid) -> Result<()> {
    store::working::add_low_level(tx, row).await?;
    for link in store::working::list_low_level_links_for_program(tx, row.setting_id, older).await? {
        let link = LowLevelLink { low_level_id: row.id, linked_by: row.author_id, linked_at: tx.now(), ..link };
        store::working::link_low_level(tx, &link).await?;
    }
    Ok(())
}

/// Says that a note belongs to a concern that the actor may see, by its reference: several notes became an allegation.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] on `reference`, in the same words whether there is none or it is not the actor's.
pub async fn link(services: &Services, ctx: &mut OpCtx, id: Uuid, reference: &str) -> Result<()> {
    authorize(&ctx.actor, Action::KeepLowLevel, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "low_level.link").await?;
    Notes::load(&tx, &member).await?.find(id)?;
    let viewer = sees(&member);
    let reference = reference.trim().to_uppercase();
    let found = store::concerns::find_by_reference(&tx, member.setting, &viewer, &reference).await?;
    let concern = found.ok_or_else(|| Error::invalid("reference", "You see no concern with this reference."))?;
    let row = LowLevelLink {
        low_level_id: id,
        concern_id: concern.id,
        setting_id: member.setting,
        made: false,
        linked_by: member.person,
        linked_at: ctx.now,
    };
    store::working::link_low_level(&mut tx, &row).await?;
    let text = "A note in the log of low-level concerns belongs to this.";
    crate::concerns::by_the_program(&mut tx, &concern, text).await?;
    tx.commit().await?;
    Ok(())
}

/// What the step of a procedure enters: a note about each adult whom the concern is about and who works here, linked to the
/// concern. Entered once; entered again, it corrects what was entered before. Returns how many: none while nobody who works here
/// is named, and the page says so. The step itself is recorded all the same (S1).
///
/// # Errors
/// As any write.
pub(crate) async fn from_step(tx: &mut Tx, member: &Member, case: &Case, what: &str, response: &str) -> Result<usize> {
    let (setting, concern) = (case.setting(), case.concern.id);
    let parts = store::concerns::list_parts_for_program(tx, setting, concern).await?;
    let mut adults = Vec::new();
    for part in parts.into_iter().filter(|row| row.part == Part::About) {
        let found = store::people::lookup(tx, setting, part.person_id).await?;
        adults.extend(found.filter(|person| person.kind == PersonKind::Staff).map(|person| person.id));
    }
    if adults.is_empty() {
        return Ok(0);
    }
    // What already happened is recorded whatever is missing before it (S1): then the note says that it is missing.
    let what = if what.trim().is_empty() { "The record did not say yet what was seen or heard." } else { what };
    for about in &adults {
        let new = New {
            about: *about,
            what: what.to_owned(),
            response: response.to_owned(),
            event_at: case.concern.event_at,
        };
        let row = note(tx, member, &new);
        let before = store::working::find_low_level_made(tx, setting, concern, *about).await?;
        match before {
            Some(older) => {
                let why = Some("The step of the concern was recorded again.".to_owned());
                add_version(tx, &LowLevel { supersedes: Some(older.id), why, ..row }, older.id).await?;
            }
            None => {
                store::working::add_low_level(tx, &row).await?;
                let link = LowLevelLink {
                    low_level_id: row.id,
                    concern_id: concern,
                    setting_id: setting,
                    made: true,
                    linked_by: member.person,
                    linked_at: tx.now(),
                };
                store::working::link_low_level(tx, &link).await?;
            }
        }
    }
    Ok(adults.len())
}
