//! Support plans: what a child needs, what is done about it, what the child wishes and feels, who sees to it, and the day on
//! which it is looked at again. Each look is in the record of its concern, with the child's voice beside it.
//!
//! What it is not: a plan of another agency (that is a paper of theirs, and a file of the concern).

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::{EntryKind, Part, Urgency};
use domain::exclusion::CASE_ROLES;
use domain::people::PersonKind;
use domain::{ConcernId, OpCtx, PersonId, PlanId, SettingId};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;
use store::together::SupportPlan;
use store::{Reads, Scope, Tx};

use crate::concerns::{NO_PICTURES, Names, append, case};
use crate::jobs::{self, Kind, Work};
use crate::notices::{self, Matter};
use crate::sight::sees;
use crate::{Error, Result, Services, follow_up};

/// The longest part of a plan, in characters.
const LONGEST: usize = 4_000;
/// Days until a plan is looked at again, at most.
const LONGEST_WAIT_DAYS: i32 = 366;

/// A plan, as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanView {
    /// Which.
    pub id: PlanId,
    /// From which concern.
    pub concern: ConcernId,
    /// Its reference.
    pub reference: String,
    /// Who is helped.
    pub child: String,
    /// What the child needs.
    pub need: String,
    /// What is done.
    pub help: String,
    /// What the child wishes and feels.
    pub voice: String,
    /// Who sees to it.
    pub owner: String,
    /// When it is looked at again.
    pub review_on: Date,
    /// That day is over and nobody looked.
    pub late: bool,
    /// When it was looked at last.
    pub reviewed_at: Option<Timestamp>,
    /// When it came to its end.
    pub ended_at: Option<Timestamp>,
    /// For lost updates.
    pub version: i64,
}

/// A new plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// Who is helped: a child of the concern.
    pub child: PersonId,
    /// What the child needs.
    pub need: String,
    /// What is done.
    pub help: String,
    /// What the child wishes and feels, or how that was sought.
    pub voice: String,
    /// Who sees to it.
    pub owner: PersonId,
    /// When it is looked at again.
    pub review_on: Date,
}

/// What came of looking at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// What has changed.
    pub outcome: String,
    /// What the child says now.
    pub voice: String,
    /// Looked at again on this day; none: the plan ends.
    pub again: Option<Date>,
    /// The version that was before the writer's eyes.
    pub version: i64,
}

/// The plans of all that the actor may see, read on their own page: a look at each concern of one, and written down there.
///
/// # Errors
/// As [`list`].
pub async fn read(services: &Services, ctx: &mut OpCtx) -> Result<Vec<PlanView>> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let views = list(services, ctx, None).await?;
    let shown: std::collections::BTreeSet<ConcernId> = views.iter().map(|plan| plan.concern).collect();
    if !shown.is_empty() {
        let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.plans").await?;
        for id in shown {
            let subject = store::audit::Subject { table: "concern", id: Some(id.0) };
            tx.note(member.setting, subject, &serde_json::json!({})).await?;
        }
        tx.commit().await?;
    }
    Ok(views)
}

/// The plans of one concern, or of all that the actor may see; what is looked at soonest first, then what has ended.
///
/// # Errors
/// [`Refused`] for who holds no cases.
pub async fn list(services: &Services, ctx: &OpCtx, of: Option<ConcernId>) -> Result<Vec<PlanView>> {
    authorize(&ctx.actor, Action::ReadQueue, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let rows = store::together::list_plans(&reader, member.setting, &sees(member), of).await?;
    let ids: Vec<ConcernId> = rows.iter().map(|row| row.concern_id).collect();
    let references = store::concerns::list_references(&reader, member.setting, &sees(member), &ids).await?;
    let names = Names::load(&reader, member.setting).await?;
    let today = services.calendar.local(ctx.now).date();
    let mut views: Vec<PlanView> = rows
        .into_iter()
        .map(|row| PlanView {
            id: row.id,
            concern: row.concern_id,
            reference: references
                .iter()
                .find(|(id, _)| *id == row.concern_id)
                .map(|(_, text)| text.clone())
                .unwrap_or_default(),
            child: names.person(row.child_id),
            need: row.need,
            help: row.help,
            voice: row.voice,
            owner: names.person(row.owner_id),
            review_on: row.review_on,
            late: row.ended_at.is_none() && row.review_on < today,
            reviewed_at: row.reviewed_at,
            ended_at: row.ended_at,
            version: row.version,
        })
        .collect();
    views.sort_by_key(|plan| (plan.ended_at.is_some(), plan.review_on));
    Ok(views)
}

/// One plan.
///
/// # Errors
/// [`Error::NotFound`] for who may not see its concern.
pub async fn one(services: &Services, ctx: &OpCtx, id: PlanId) -> Result<PlanView> {
    list(services, ctx, None).await?.into_iter().find(|plan| plan.id == id).ok_or(Error::NotFound)
}

/// The children of a concern, to choose whom a plan is for.
///
/// # Errors
/// [`Error::NotFound`] for who may not see it.
pub async fn children(services: &Services, ctx: &OpCtx, id: ConcernId) -> Result<Vec<(PersonId, String)>> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    case::of(&reader, ctx, Action::WorkConcern, id).await?;
    let names = Names::load(&reader, member.setting).await?;
    let children = children_of(&reader, member.setting, id).await?;
    Ok(children.into_iter().map(|child| (child, names.person(child))).collect())
}

async fn children_of(db: &impl Reads, setting: SettingId, id: ConcernId) -> Result<Vec<PersonId>> {
    let mut children = Vec::new();
    for row in store::concerns::list_parts_for_program(db, setting, id).await? {
        let found = store::people::lookup(db, setting, row.person_id).await?;
        if row.part == Part::Child && found.is_some_and(|person| person.kind == PersonKind::Child) {
            children.push(row.person_id);
        }
    }
    Ok(children)
}

/// Who can see to a plan: whoever holds a role that works cases and is not shut out of the concern.
///
/// # Errors
/// [`Error::NotFound`] for who may not see it.
pub async fn owners(services: &Services, ctx: &OpCtx, id: ConcernId) -> Result<Vec<(PersonId, String)>> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let case = case::of(&reader, ctx, Action::WorkConcern, id).await?;
    let roster = case::roster(&reader, member.setting, ctx.now).await?;
    let works = |id: &PersonId| CASE_ROLES.iter().any(|role| roster.get(role).is_some_and(|held| held.contains(id)));
    let people = store::people::list(&reader, member.setting, None).await?;
    let able = people.into_iter().filter(|person| works(&person.id) && !case.excluded.contains(&person.id));
    Ok(able.map(|person| (person.id, person.name)).collect())
}

/// Makes a plan.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] on `child`, `need`, `help`, `voice`, `owner` or `review_on`.
pub async fn add(services: &Services, ctx: &mut OpCtx, id: ConcernId, new: New) -> Result<PlanId> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let need = words("need", &new.need, "Say what the child needs.")?;
    let help = words("help", &new.help, "Say what is done, and how often.")?;
    let voice = words("voice", &new.voice, "Write what the child said or showed, or how you asked.")?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.plan").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    if !children_of(&tx, member.setting, id).await?.contains(&new.child) {
        return Err(Error::invalid("child", "Choose a child of this concern."));
    }
    let roles = store::people::list_appointments_of(&tx, member.setting, new.owner, ctx.now).await?;
    let works_cases = roles.iter().any(|held| CASE_ROLES.contains(&held.role));
    if !works_cases || case.excluded.contains(&new.owner) {
        return Err(Error::invalid("owner", "Choose somebody from the list."));
    }
    check_day(services, ctx, new.review_on)?;
    let row = SupportPlan {
        id: tx.fresh(),
        setting_id: member.setting,
        concern_id: id,
        child_id: new.child,
        need,
        help,
        voice,
        owner_id: new.owner,
        review_on: new.review_on,
        made_by: member.person,
        made_at: ctx.now,
        reviewed_at: None,
        ended_at: None,
        ended_by: None,
        version: 0,
    };
    store::together::add_plan(&mut tx, &row).await?;
    let say = domain::clock::say_day(row.review_on);
    let plan = format!("Need: {}\nHelp: {}\nLooked at again on {say}.", row.need, row.help);
    append(&mut tx, &case.concern, EntryKind::Plan, &plan, ctx.now, Some(member.person), None).await?;
    append(&mut tx, &case.concern, EntryKind::Voice, &row.voice, ctx.now, Some(member.person), None).await?;
    set_reminder(&mut tx, services, &row).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(row.id)
}

/// Writes down that a plan was looked at: what changed, what the child says now, and when again; or that it ends.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] on `outcome`, `voice` or `again`; [`Error::Conflict`] when somebody looked since.
pub async fn look(services: &Services, ctx: &mut OpCtx, id: PlanId, look: Look) -> Result<ConcernId> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let outcome = words("outcome", &look.outcome, "Say what has changed.")?;
    let voice = words("voice", &look.voice, "Write what the child says or shows now.")?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.plan_look").await?;
    let row = store::together::lookup_plan(&tx, member.setting, &sees(&member), id).await?.ok_or(Error::NotFound)?;
    let case = case::of(&tx, ctx, Action::WorkConcern, row.concern_id).await?;
    if row.ended_at.is_some() {
        return Err(Error::invalid("outcome", "This plan has ended. Make a new one."));
    }
    let row = match look.again {
        Some(day) => {
            check_day(services, ctx, day).map_err(|_| Error::invalid("again", "Choose a day within a year."))?;
            SupportPlan { review_on: day, reviewed_at: Some(ctx.now), version: look.version, ..row }
        }
        None => SupportPlan {
            reviewed_at: Some(ctx.now),
            ended_at: Some(ctx.now),
            ended_by: Some(member.person),
            version: look.version,
            ..row
        },
    };
    let row = SupportPlan { voice: voice.clone(), ..row };
    let version = store::together::set_plan(&mut tx, &row).await.map_err(|error| match error {
        store::Error::Conflict { .. } => Error::Conflict {
            theirs: [("outcome".to_owned(), "Somebody else looked at this plan since.".to_owned())].into(),
        },
        other => other.into(),
    })?;
    let next = match look.again {
        Some(day) => format!("Looked at again on {}.", domain::clock::say_day(day)),
        None => "The plan has ended.".to_owned(),
    };
    let text = format!("Looked at again: {outcome}\n{next}");
    append(&mut tx, &case.concern, EntryKind::Plan, &text, ctx.now, Some(member.person), None).await?;
    append(&mut tx, &case.concern, EntryKind::Voice, &voice, ctx.now, Some(member.person), None).await?;
    if row.ended_at.is_none() {
        set_reminder(&mut tx, services, &SupportPlan { version, ..row.clone() }).await?;
    }
    tx.commit().await?;
    services.wake_jobs();
    Ok(row.concern_id)
}

fn words(field: &str, text: &str, say: &str) -> Result<String> {
    let text = text.trim();
    if text.chars().count() < 3 {
        return Err(Error::invalid(field, say));
    }
    if text.chars().count() > LONGEST {
        return Err(Error::invalid(
            field,
            "That is longer than we can keep. Shorten it; notes can be added to the record.",
        ));
    }
    if domain::pasted::is_image_data(text) {
        return Err(Error::invalid(field, NO_PICTURES));
    }
    Ok(text.to_owned())
}

fn check_day(services: &Services, ctx: &OpCtx, day: Date) -> Result<()> {
    let today = services.calendar.local(ctx.now).date();
    let days = today.until(day).map_or(0, |span| span.get_days());
    if day < today || days > LONGEST_WAIT_DAYS {
        return Err(Error::invalid("review_on", "Choose a day within a year."));
    }
    Ok(())
}

async fn set_reminder(tx: &mut Tx, services: &Services, plan: &SupportPlan) -> Result<()> {
    let key = format!("plan.remind/{}/{}", plan.id, plan.review_on);
    let payload = json!({ "plan": plan.id, "day": plan.review_on });
    let at = follow_up::morning_of(services, plan.review_on)?;
    jobs::queue(tx, Some(plan.setting_id), Kind::RemindPlan, key, payload, at).await
}

/// The job: on its day, whoever sees to it is told, unless it was looked at or has ended meanwhile.
pub(crate) async fn remind(services: &Services, ctx: &mut OpCtx, setting: SettingId, job: &Work) -> Result<()> {
    let (id, day): (PlanId, Date) = (job.get("plan")?, job.get("day")?);
    let mut tx = services.db.write(ctx, Scope::Setting(setting), "plan.remind").await?;
    let found = store::together::lookup_plan_for_program(&tx, setting, id).await?;
    let Some(plan) = found.filter(|plan| plan.ended_at.is_none() && plan.review_on == day) else { return Ok(()) };
    // Who made it hears of it too: whoever sees to it may be away.
    let mut people = vec![plan.owner_id];
    people.extend((plan.made_by != plan.owner_id).then_some(plan.made_by));
    let matter = Matter { urgency: Urgency::Prompt, link: "/plans", concern: Some(plan.concern_id) };
    notices::tell(&mut tx, setting, &people, &matter).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}
