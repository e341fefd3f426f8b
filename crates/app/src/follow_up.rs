//! Actions and reviews: what follows from a finding, until somebody has done it (POL-12).
//!
//! What is made from a concern inherits its walls (S8): whoever is shut out of the concern never learns of either. Whoever
//! owns an action sees it, even without the right to the concern; others see only actions from concerns that they may
//! open. A review names no child and is the whole setting's work, so everybody who keeps reviews sees it; but one that comes
//! of an allegation would tell that there is one, and stays with those who may open that (S7).
//!
//! `origin` says from which step or note an action came, `remind` tells its owner on its day, `turn` gives it
//! to another person or day, or drops it.

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::{RouteKind, Urgency};
use domain::ctx::Member;
use domain::{ActionId, ConcernId, OpCtx, PersonId, ReviewId};
use jiff::Timestamp;
use jiff::civil::Date;
use store::follow_up::{Filter, Review, Which};
use store::{Reads, Scope};

pub use crate::concerns::REVIEWS;
use crate::concerns::case;
use crate::filtering::overrides::{self, Override};
use crate::notices::{self, Matter};
use crate::sight::sees;
use crate::{Error, Result, Services};

mod origin;
mod remind;
mod turn;

pub use origin::Origin;
pub(crate) use remind::{morning_of, remind};
pub use store::words::ActionTurn;
pub use turn::{Turn, Turned, turn};

const LONGEST_LINE: usize = 200;
const LONGEST: usize = 2_000;
const SHORTEST: usize = 3;

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: ActionId,
    /// What.
    pub title: String,
    /// By whom.
    pub owner: String,
    /// By the actor?
    pub mine: bool,
    /// Until.
    pub due: Date,
    /// Past its day and not done.
    pub late: bool,
    /// The concern that it comes from, if the actor may open that.
    pub concern: Option<ConcernId>,
    /// The step or the kind of note that it came from, for who may open the concern.
    pub origin: Option<String>,
    /// Done when, by whom, with which words.
    pub done: Option<Done>,
    /// What became of it on its way, oldest first.
    pub turned: Vec<Turned>,
    /// May the actor give it to another person or day, or drop it?
    pub may_turn: bool,
    /// For lost updates.
    pub version: i64,
}

/// That something was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// What was done.
    pub note: String,
}

/// A review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewView {
    /// Its id.
    pub id: ReviewId,
    /// `policy`, `filtering` or `curriculum`.
    pub what: String,
    /// Why now.
    pub why: String,
    /// Since when.
    pub opened_at: Timestamp,
    /// Until.
    pub due: Date,
    /// Past its day and not closed.
    pub late: bool,
    /// Closed when, by whom, with which outcome.
    pub closed: Option<Done>,
    /// Of the filtering: what was open for a time since the review before, until this one was closed (FDM-02).
    pub overrides: Vec<Override>,
}

/// A new action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// What. Names no child: its owner need not know of any concern.
    pub title: String,
    /// By whom.
    pub owner: PersonId,
    /// Until.
    pub due: Date,
}

/// Actions, soonest first: everybody's for those who lead, else one's own.
///
/// # Errors
/// [`Refused`] when nobody is signed in.
pub async fn tasks(services: &Services, ctx: &OpCtx, done_too: bool) -> Result<Vec<Task>> {
    authorize(&ctx.actor, Action::KeepActions, Relation::Own)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let everybodys = authorize(&ctx.actor, Action::KeepActions, Relation::Setting).is_ok();
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    let today = services.calendar.local(ctx.now).date();
    let filter = Filter {
        owner: (!everybodys).then_some(member.person),
        which: if done_too { Which::All } else { Which::Open },
        ..Filter::default()
    };
    let rows = store::follow_up::list(&db, member.setting, &sees(member), &filter).await?;
    let mut origins = origin::in_words(services, &db, member, &rows).await?;
    let ids: Vec<ActionId> = rows.iter().map(|row| row.id).collect();
    let changes = store::follow_up::list_changes_for_program(&db, member.setting, &ids).await?;
    let mut tasks = Vec::new();
    for row in rows {
        let mine = row.owner_id == member.person;
        let Some(concern) = known(&db, member, row.concern_id, mine).await? else { continue };
        let done = match row.done_at {
            Some(at) => {
                let by = name(&db, member, row.done_by).await?;
                Some(Done { at, by, note: row.done_note.unwrap_or_default() })
            }
            None => None,
        };
        let mut turned = Vec::new();
        for change in changes.iter().filter(|change| change.action_id == row.id) {
            turned.push(Turned {
                at: change.changed_at,
                by: name(&db, member, Some(change.changed_by)).await?,
                was: (name(&db, member, Some(change.was_owner)).await?, change.was_due),
                what: change.what,
                reason: change.reason.clone(),
            });
        }
        tasks.push(Task {
            id: row.id,
            // From a concern that one may not open, one decides nothing.
            may_turn: everybodys && done.is_none() && (row.concern_id.is_none() || concern.is_some()),
            turned,
            version: row.version,
            title: row.title,
            owner: name(&db, member, Some(row.owner_id)).await?,
            mine,
            due: row.due,
            late: done.is_none() && row.due < today,
            origin: concern.and_then(|_| origins.remove(&row.id)),
            concern,
            done,
        });
    }
    Ok(tasks)
}

/// May the actor know what comes from this concern? `None`: no. `Some(id)`: and may open the concern itself.
async fn known(
    db: &impl Reads,
    member: &Member,
    concern: Option<ConcernId>,
    mine: bool,
) -> Result<Option<Option<ConcernId>>> {
    let Some(id) = concern else { return Ok(Some(None)) };
    let open = store::concerns::lookup(db, member.setting, &sees(member), id).await?.map(|concern| concern.id);
    Ok((mine || open.is_some()).then_some(open))
}

/// May the actor know of a review from this concern, of which they are not shut out? The manager changes the policy and
/// need not be able to read what it came of; an allegation is another matter (S7).
async fn may_review(db: &impl Reads, member: &Member, concern: Option<ConcernId>) -> Result<bool> {
    let Some(id) = concern else { return Ok(true) };
    let concern = store::concerns::lookup_for_program(db, member.setting, id).await?;
    let shared = concern.is_some_and(|concern| concern.route == RouteKind::Safeguarding);
    Ok(shared || store::concerns::lookup(db, member.setting, &sees(member), id).await?.is_some())
}

/// Marks an action as done.
///
/// # Errors
/// [`Error::NotFound`] for one that is not the actor's to do; [`Error::Invalid`] on `note`; [`Error::Conflict`] when
/// somebody else was faster.
pub async fn finish(services: &Services, ctx: &mut OpCtx, id: ActionId, note: &str) -> Result<()> {
    authorize(&ctx.actor, Action::KeepActions, Relation::Own)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let everybodys = authorize(&ctx.actor, Action::KeepActions, Relation::Setting).is_ok();
    let note = words("note", note, LONGEST, "Say in a few words what was done.")?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "action.finish").await?;
    let row = store::follow_up::lookup(&tx, member.setting, &sees(&member), id).await?.ok_or(Error::NotFound)?;
    let mine = row.owner_id == member.person;
    if (!mine && !everybodys) || known(&tx, &member, row.concern_id, mine).await?.is_none() {
        return Err(Error::NotFound);
    }
    if row.done_at.is_some() {
        let by = name(&tx, &member, row.done_by).await?;
        return Err(Error::Conflict {
            theirs: [("note".to_owned(), format!("{by}: {}", row.done_note.unwrap_or_default()))].into(),
        });
    }
    let done =
        store::follow_up::Action { done_at: Some(ctx.now), done_by: Some(member.person), done_note: Some(note), ..row };
    store::follow_up::set(&mut tx, &done).await?;
    tx.commit().await?;
    Ok(())
}

/// Makes an action that comes from no concern.
///
/// # Errors
/// [`Error::Invalid`] on `title`, `owner` or `due`.
pub async fn add(services: &Services, ctx: &mut OpCtx, new: NewTask) -> Result<ActionId> {
    authorize(&ctx.actor, Action::KeepActions, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let title = words("title", &new.title, LONGEST_LINE, "Say what is to be done, in one line.")?;
    still_to_come(services, ctx, new.due)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "action.add").await?;
    let holds_a_role = store::people::list_appointments_of(&tx, member.setting, new.owner, ctx.now).await?;
    if holds_a_role.is_empty() {
        return Err(Error::invalid("owner", "Choose somebody from the list."));
    }
    let id = make(&mut tx, services, member.setting, member.person, None, NewTask { title, ..new }).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(id)
}

/// Gives somebody something to do from a concern: from one of its steps, from a note in its record, or from it as a whole. The
/// owner need not be able to read the concern, so its title names no child; whoever is shut out of it is not asked (S8).
///
/// # Errors
/// [`Error::NotFound`] for who may not see the concern or for an origin that it does not have; [`Error::Invalid`] on `title`,
/// `owner` or `due`.
pub async fn add_from(
    services: &Services,
    ctx: &mut OpCtx,
    concern: ConcernId,
    origin: Origin,
    new: NewTask,
) -> Result<ActionId> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let title = words("title", &new.title, LONGEST_LINE, "Say what is to be done, in one line.")?;
    still_to_come(services, ctx, new.due)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.action").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, concern).await?;
    origin::check(services, &tx, &member, &case, &origin).await?;
    let holds_a_role = store::people::list_appointments_of(&tx, member.setting, new.owner, ctx.now).await?;
    if holds_a_role.is_empty() || case.excluded.contains(&new.owner) {
        return Err(Error::invalid("owner", "Choose somebody from the list."));
    }
    let task = NewTask { title, ..new };
    let id = make(&mut tx, services, member.setting, member.person, Some(concern), task).await?;
    origin::keep(&mut tx, member.setting, id, &origin).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(id)
}

/// Writes an action inside the transaction of its act, tells its owner, and sets the reminders.
pub(crate) async fn make(
    tx: &mut store::Tx,
    services: &Services,
    setting: domain::SettingId,
    by: PersonId,
    concern: Option<ConcernId>,
    new: NewTask,
) -> Result<ActionId> {
    let row = store::follow_up::Action {
        id: tx.fresh(),
        setting_id: setting,
        concern_id: concern,
        title: new.title,
        owner_id: new.owner,
        due: new.due,
        made_by: by,
        made_at: tx.now(),
        done_at: None,
        done_by: None,
        done_note: None,
        version: 0,
    };
    store::follow_up::add(tx, &row).await?;
    if new.owner != by || concern.is_some() {
        let matter = Matter { urgency: Urgency::Prompt, link: "/actions", concern };
        notices::tell(tx, setting, &[new.owner], &matter).await?;
    }
    remind::set(tx, services, &row).await?;
    Ok(row.id)
}

/// To whom an action can be given: everybody who works here or governs, by name.
///
/// # Errors
/// [`Refused`] for who may not give one.
pub async fn owners(services: &Services, ctx: &OpCtx) -> Result<Vec<(PersonId, String)>> {
    authorize(&ctx.actor, Action::KeepActions, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    let held = store::people::list_appointments(&db, member.setting, ctx.now).await?;
    let staff = |id: PersonId| held.iter().any(|row| row.person_id == id && row.role.is_staff());
    let people = store::people::list(&db, member.setting, None).await?;
    Ok(people.into_iter().filter(|person| staff(person.id)).map(|person| (person.id, person.name)).collect())
}

/// Reviews, newest first, without the overrides that stand in their record.
///
/// # Errors
/// [`Refused`] for who may not keep them.
pub async fn reviews(services: &Services, ctx: &OpCtx, closed_too: bool) -> Result<Vec<ReviewView>> {
    listed(services, ctx, closed_too, false).await
}

/// The same with what was open for a time, for the page on which somebody reviews: it reads every version of the filter.
///
/// # Errors
/// As [`reviews`].
pub async fn reviews_with_record(services: &Services, ctx: &OpCtx, closed_too: bool) -> Result<Vec<ReviewView>> {
    listed(services, ctx, closed_too, true).await
}

async fn listed(services: &Services, ctx: &OpCtx, closed_too: bool, record: bool) -> Result<Vec<ReviewView>> {
    authorize(&ctx.actor, Action::KeepReviews, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    let today = services.calendar.local(ctx.now).date();
    let which = if closed_too { Which::All } else { Which::Open };
    let mut reviews = Vec::new();
    let all = store::follow_up::list_reviews(&db, member.setting, &sees(member), Which::All).await?;
    let before = |row: &Review| {
        let earlier = all.iter().filter(|other| other.what == row.what && other.id != row.id);
        earlier.filter_map(|other| other.closed_at).filter(|closed| *closed <= row.opened_at).max()
    };
    for row in store::follow_up::list_reviews(&db, member.setting, &sees(member), which).await? {
        if !may_review(&db, member, row.concern_id).await? {
            continue;
        }
        let overrides = match (row.what.as_str(), row.concern_id) {
            ("filtering", None) if record => {
                let since = before(&row).unwrap_or(Timestamp::MIN);
                overrides::between(&db, member, since, row.closed_at.unwrap_or(ctx.now)).await?
            }
            _ => Vec::new(),
        };
        let closed = match row.closed_at {
            Some(at) => {
                let by = name(&db, member, row.closed_by).await?;
                Some(Done { at, by, note: row.outcome.unwrap_or_default() })
            }
            None => None,
        };
        reviews.push(ReviewView {
            overrides,
            id: row.id,
            what: row.what,
            why: row.why,
            opened_at: row.opened_at,
            due: row.due,
            late: closed.is_none() && row.due < today,
            closed,
        });
    }
    Ok(reviews)
}

/// Opens a review that comes from no concern: a change in guidance or of technology (POL-07).
///
/// # Errors
/// [`Error::Invalid`] on `what`, `why` or `due`.
pub async fn open_review(services: &Services, ctx: &mut OpCtx, what: &str, why: &str, due: Date) -> Result<ReviewId> {
    authorize(&ctx.actor, Action::KeepReviews, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    if !REVIEWS.contains(&what) {
        return Err(Error::invalid("what", "Choose what to review."));
    }
    let why = words("why", why, LONGEST_LINE, "Say why now, in one line.")?;
    still_to_come(services, ctx, due)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "review.open").await?;
    let row = Review {
        id: tx.fresh(),
        setting_id: member.setting,
        concern_id: None,
        what: what.to_owned(),
        why,
        opened_at: ctx.now,
        opened_by: Some(member.person),
        due,
        closed_at: None,
        closed_by: None,
        outcome: None,
    };
    store::follow_up::add_review(&mut tx, &row).await?;
    tx.commit().await?;
    Ok(row.id)
}

/// Closes a review with its outcome.
///
/// # Errors
/// [`Error::Invalid`] on `outcome`; [`Error::NotFound`] for one that the actor may not know of.
pub async fn close_review(services: &Services, ctx: &mut OpCtx, id: ReviewId, outcome: &str) -> Result<()> {
    authorize(&ctx.actor, Action::KeepReviews, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let outcome = words("outcome", outcome, LONGEST, "Say what was decided, in a few words.")?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "review.close").await?;
    let row = store::follow_up::lookup_review(&tx, member.setting, &sees(&member), id).await?.ok_or(Error::NotFound)?;
    if !may_review(&tx, &member, row.concern_id).await? {
        return Err(Error::NotFound);
    }
    if row.closed_at.is_some() {
        let by = name(&tx, &member, row.closed_by).await?;
        return Err(Error::Conflict {
            theirs: [("outcome".to_owned(), format!("{by}: {}", row.outcome.unwrap_or_default()))].into(),
        });
    }
    let closed = Review { closed_at: Some(ctx.now), closed_by: Some(member.person), outcome: Some(outcome), ..row };
    store::follow_up::set_review(&mut tx, &closed).await?;
    tx.commit().await?;
    Ok(())
}

fn words(field: &str, text: &str, longest: usize, say: &str) -> Result<String> {
    let text = text.trim();
    if text.chars().count() < SHORTEST {
        return Err(Error::invalid(field, say));
    }
    if text.chars().count() > longest {
        return Err(Error::invalid(field, &format!("Shorten this to {longest} characters.")));
    }
    Ok(text.to_owned())
}

fn still_to_come(services: &Services, ctx: &OpCtx, due: Date) -> Result<()> {
    if due < services.calendar.local(ctx.now).date() {
        return Err(Error::invalid("due", "Choose a day that is still to come."));
    }
    Ok(())
}

async fn name(db: &impl Reads, member: &Member, person: Option<PersonId>) -> Result<String> {
    let Some(person) = person else { return Ok("Holdfast".to_owned()) };
    let found = store::people::lookup(db, member.setting, person).await?;
    Ok(found.map_or_else(|| "somebody who is gone".to_owned(), |person| person.name))
}
