//! Break-glass for adults' devices (S30): in an emergency one person opens a group of adults for at most four hours, with a
//! reason and the group's name typed once more. The leads and the manager are told at once, it ends by itself (the end
//! stands in the gateway's signed snapshot), and somebody else looks at it afterwards.
//!
//! What it is not: a way for children's, supervised, guests' or unknown devices ([`may_be_opened`]), or past the sealed tier,
//! addresses of concerns, malware, ways round the filter, or what two people blocked by name: the filter's own order
//! (`filter::decide`) keeps those shut.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::Urgency;
use domain::{OpCtx, PersonId, Role, SettingId};
use filter::Audience;
use jiff::{SignedDuration, Timestamp};
use store::break_glass::BreakGlass;
use store::{Reads, Scope, Tx};
use uuid::Uuid;

use super::policy::{Group, Policy};
use super::{decide, publish};
use crate::notices::{self, Matter};
use crate::{Error, Result, Services};

/// The longest that a group may be open, in hours.
pub const HOURS: std::ops::RangeInclusive<u32> = 1..=4;
/// Where it is read.
pub const LINK: &str = "/filter/break-glass";
const SHORTEST: usize = 10;
const LONGEST: usize = 2_000;

/// What somebody typed to open a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Key of the group.
    pub group: String,
    /// For how many hours, one of [`HOURS`].
    pub hours: u32,
    /// What happened, and what is needed.
    pub reason: String,
    /// The group's name, typed once more.
    pub again: String,
}

/// One of them, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Its id.
    pub id: Uuid,
    /// The group's name.
    pub group: String,
    /// Who opened it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// From.
    pub from: Timestamp,
    /// Until: by itself, or when somebody ended it.
    pub until: Timestamp,
    /// It is open now.
    pub open: bool,
    /// What somebody else found afterwards: who, when, in which words.
    pub review: Option<(String, Timestamp, String)>,
    /// It is over, nobody has looked at it, and the viewer may.
    pub mine_to_review: bool,
}

/// How break-glass stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Groups that may be opened: key and name.
    pub groups: Vec<(String, String)>,
    /// All that ever were, newest first.
    pub all: Vec<View>,
    /// The viewer may open one.
    pub may_open: bool,
}

/// Adults' devices, and no others: not where a session is needed, not where devices fall that nobody knows.
fn may_be_opened(policy: &Policy, key: &str, group: &Group) -> bool {
    group.audience == Audience::Adults && !group.supervised && policy.strictest != key
}

/// How it stands now.
///
/// # Errors
/// Refused for who may not read the filter.
pub async fn standing(services: &Services, ctx: &OpCtx) -> Result<Standing> {
    authorize(&ctx.actor, Action::ReadFilter, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let may_open = authorize(&ctx.actor, Action::BreakGlass, Relation::Setting).is_ok();
    let may_review = authorize(&ctx.actor, Action::KeepReviews, Relation::Setting).is_ok();
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    let (_, policy) = decide::in_force(&db, member.setting).await?;
    let mut all = Vec::new();
    for row in store::break_glass::list(&db, member.setting).await? {
        let open = is_open(&row, ctx.now);
        let unseen = !open && row.reviewed_at.is_none();
        all.push(View {
            id: row.id,
            group: policy.groups.get(&row.group_key).map_or_else(|| row.group_key.clone(), |group| group.name.clone()),
            by: name(&db, member.setting, row.opened_by).await?,
            reason: row.reason.clone(),
            from: row.opened_at,
            until: row.ended_at.unwrap_or(row.until_at),
            open,
            mine_to_review: unseen && may_review && row.opened_by != member.person,
            review: match (row.reviewed_by, row.reviewed_at, row.finding) {
                (Some(by), Some(at), Some(finding)) => Some((name(&db, member.setting, by).await?, at, finding)),
                _ => None,
            },
        });
    }
    let groups = policy.groups.iter().filter(|(key, group)| may_be_opened(&policy, key, group));
    Ok(Standing { groups: groups.map(|(key, group)| (key.clone(), group.name.clone())).collect(), all, may_open })
}

async fn name(db: &impl Reads, setting: SettingId, person: PersonId) -> Result<String> {
    let found = store::people::lookup(db, setting, person).await?;
    Ok(found.map_or_else(|| "somebody".to_owned(), |person| person.name))
}

fn is_open(row: &BreakGlass, now: Timestamp) -> bool {
    row.until_at > now && row.ended_at.is_none_or(|end| end > now)
}

/// Opens a group of adults' devices. In force within a second; whoever leads here is told at once.
///
/// # Errors
/// [`Error::Invalid`] by field: no such group of adults, too long, no reason, the name not typed as it is.
pub async fn open(services: &Services, ctx: &mut OpCtx, new: Open) -> Result<Uuid> {
    authorize(&ctx.actor, Action::BreakGlass, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), Action::BreakGlass.key()).await?;
    let (_, policy) = decide::in_force(&tx, member.setting).await?;
    let mut wrong = BTreeMap::new();
    let group = policy.groups.get(&new.group).filter(|group| may_be_opened(&policy, &new.group, group));
    match group {
        None => {
            let say = "Choose a group of adults\u{2019} devices. Children\u{2019}s are never opened.";
            wrong.insert("group".to_owned(), say.to_owned());
        }
        Some(group) if group.name.trim() != new.again.trim() => {
            wrong.insert("again".to_owned(), format!("Type the name of the group as it stands: {}.", group.name));
        }
        Some(_) => {}
    }
    if !HOURS.contains(&new.hours) {
        wrong.insert("hours".to_owned(), "Choose one to four hours.".to_owned());
    }
    if !(SHORTEST..=LONGEST).contains(&new.reason.trim().chars().count()) {
        wrong.insert("reason".to_owned(), "Say what happened, and what must be reached. Name no child.".to_owned());
    }
    let now = tx.now();
    // A clock that stands wrong could make four hours into days (S43).
    if store::audit::newest_at(&tx, member.setting).await?.is_some_and(|newest| now < newest) {
        let say = "The clock of the Holdfast computer is wrong. Have it set right first: the end of this hangs on it.";
        wrong.insert("hours".to_owned(), say.to_owned());
    }
    if store::break_glass::list_open(&tx, member.setting, now).await?.iter().any(|one| one.group_key == new.group) {
        wrong.insert("group".to_owned(), "It is open already. End it first, or let it end.".to_owned());
    }
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let lasts = SignedDuration::from_hours(i64::from(new.hours));
    let row = BreakGlass {
        id: tx.fresh(),
        setting_id: member.setting,
        group_key: new.group,
        opened_by: member.person,
        opened_at: now,
        until_at: now.saturating_add(lasts).unwrap_or(now),
        reason: new.reason.trim().to_owned(),
        ended_at: None,
        ended_by: None,
        reviewed_by: None,
        reviewed_at: None,
        finding: None,
    };
    store::break_glass::add(&mut tx, &row).await?;
    decide::look_again(&mut tx, member.setting, member.person, None).await?;
    alarm(&mut tx, member.setting, member.person).await?;
    publish::later(&mut tx, member.setting).await?;
    tx.commit().await?;
    services.wake_jobs();
    publish::now(services, member.setting).await;
    Ok(row.id)
}

/// The lead, the deputies, the manager and the chair hear of it at once; whoever did it knows.
async fn alarm(tx: &mut Tx, setting: SettingId, by: PersonId) -> Result<()> {
    let mut people = BTreeSet::new();
    for role in [Role::Dsl, Role::Deputy, Role::Manager, Role::Chair] {
        let holders = store::people::find_by_role(&*tx, setting, role, tx.now()).await?;
        people.extend(holders.iter().map(|holder| holder.person_id));
    }
    people.remove(&by);
    let people: Vec<PersonId> = people.into_iter().collect();
    notices::tell(tx, setting, &people, &Matter { urgency: Urgency::Urgent, link: LINK, concern: None }).await
}

/// Ends one before its time.
///
/// # Errors
/// [`Error::NotFound`] when none of that id is open.
pub async fn end(services: &Services, ctx: &mut OpCtx, id: Uuid) -> Result<()> {
    authorize(&ctx.actor, Action::BreakGlass, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "break_glass.end").await?;
    let now = tx.now();
    let row = store::break_glass::lookup(&tx, member.setting, id).await?;
    let row = row.filter(|row| is_open(row, now)).ok_or(Error::NotFound)?;
    store::break_glass::set(&mut tx, &BreakGlass { ended_at: Some(now), ended_by: Some(member.person), ..row }).await?;
    publish::later(&mut tx, member.setting).await?;
    tx.commit().await?;
    services.wake_jobs();
    publish::now(services, member.setting).await;
    Ok(())
}

/// Writes down what somebody else found afterwards.
///
/// # Errors
/// [`Error::NotFound`] while it is open, once somebody has looked, and for whoever opened it; [`Error::Invalid`] on `finding`.
pub async fn review(services: &Services, ctx: &mut OpCtx, id: Uuid, finding: &str) -> Result<()> {
    authorize(&ctx.actor, Action::KeepReviews, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let finding = finding.trim();
    if !(SHORTEST..=LONGEST).contains(&finding.chars().count()) {
        return Err(Error::invalid("finding", "Say whether it was right, and what has to change."));
    }
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "break_glass.review").await?;
    let now = tx.now();
    let row = store::break_glass::lookup(&tx, member.setting, id).await?.ok_or(Error::NotFound)?;
    if is_open(&row, now) || row.reviewed_at.is_some() || row.opened_by == member.person {
        return Err(Error::NotFound);
    }
    let looked = BreakGlass {
        reviewed_by: Some(member.person),
        reviewed_at: Some(now),
        finding: Some(finding.to_owned()),
        ..row
    };
    store::break_glass::set(&mut tx, &looked).await?;
    Ok(tx.commit().await?)
}

/// Groups that are open, each with its end, for the gateway's snapshot.
pub(crate) async fn for_gateway(
    db: &impl Reads,
    setting: SettingId,
    now: Timestamp,
) -> Result<BTreeMap<String, Timestamp>> {
    let rows = store::break_glass::list_open(db, setting, now).await?;
    Ok(rows.into_iter().map(|row| (row.group_key, row.ended_at.unwrap_or(row.until_at))).collect())
}

/// What of break-glass waits on a home page: groups that are open (name, end), and how many nobody has looked at.
pub(crate) async fn waits(services: &Services, ctx: &OpCtx) -> Result<(Vec<(String, Timestamp)>, usize)> {
    let found = standing(services, ctx).await?;
    let open = found.all.iter().filter(|one| one.open).map(|one| (one.group.clone(), one.until)).collect();
    Ok((open, found.all.iter().filter(|one| one.mine_to_review).count()))
}
