//! Supervised sessions (CLS-07): children's devices reach approved material, and only while a named adult sits with them.
//!
//! A session names its adult, room and plan, says what the children learned first (EDU-02), and ends by itself: the end
//! stands in the gateway's signed snapshot, so that it comes when this program is down. Screen time is counted against the
//! guidance and shown; nothing is stopped by it.
//! What it is not: what is approved, which is a decision about the filter ([`super::decide`]).

pub mod pin;

use std::collections::BTreeMap;

use domain::access::{Action, Refused, Relation, authorize};
use domain::{OpCtx, PersonId, RoomId, SettingId};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use store::people::Room;
use store::supervision::Supervised;
pub use store::words::{Way, Youngest};
use store::{Reads, Scope, Tx};
use uuid::Uuid;

use super::policy::Policy;
use super::{decide, publish};
use crate::{Error, Result, Services};

/// How long a session may be, in minutes. The guidance speaks of an hour a day.
pub const LENGTHS: [u32; 4] = [10, 20, 30, 60];
/// Days of screen time that are shown.
const SHOWN: i64 = 7;
const SHORTEST: usize = 5;
const LONGEST: usize = 500;

/// A session, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Key of a supervised group.
    pub group: String,
    /// In which room; none: wherever the group is.
    pub room: Option<RoomId>,
    /// For how many minutes, one of [`LENGTHS`].
    pub minutes: u32,
    /// The youngest child.
    pub youngest: Youngest,
    /// What the children learned first.
    pub lesson: String,
    /// What it is for.
    pub plan: String,
}

/// A session, for a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    /// Its id.
    pub id: Uuid,
    /// The group's name.
    pub group: String,
    /// The room's name.
    pub room: Option<String>,
    /// Who sits there.
    pub by: String,
    /// From.
    pub from: Timestamp,
    /// Until; when it ended, if it was ended before.
    pub until: Timestamp,
    /// What it is for.
    pub plan: String,
    /// What the children learned first.
    pub lesson: String,
}

/// A supervised group with what it may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupervisedGroup {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Approved material: what it is, the site, what for.
    pub material: Vec<Material>,
}

/// Something approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Material {
    /// What it is.
    pub title: String,
    /// The site.
    pub site: String,
    /// Sites that it needs to work.
    pub helpers: Vec<String>,
    /// What the children do with it.
    pub purpose: String,
    /// What was found by whoever looked at it.
    pub evaluation: String,
    /// The proposal by which it was approved.
    pub decision: String,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
}

/// Screen time of a group in a room on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScreenTime {
    /// The day.
    pub day: Date,
    /// Group and room, in words.
    pub who: String,
    /// Minutes, sessions that run counted until now.
    pub minutes: i64,
    /// The youngest child that day.
    pub youngest: Youngest,
}

impl ScreenTime {
    /// Minutes a day by the guidance on screen use in early years; none where it sets no figure.
    pub fn limit(&self) -> Option<i64> {
        limit(self.youngest)
    }

    /// More than the guidance says.
    pub fn is_over(&self) -> bool {
        self.limit().is_some_and(|limit| self.minutes > limit)
    }
}

/// `content/guidance.toml`, `screen_use`: none under two, at most an hour a day from two to five.
pub fn limit(youngest: Youngest) -> Option<i64> {
    match youngest {
        Youngest::UnderTwo => Some(0),
        Youngest::TwoToFive => Some(60),
        Youngest::Older => None,
    }
}

/// How sessions stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Open now.
    pub open: Vec<SessionView>,
    /// Groups that need one.
    pub groups: Vec<SupervisedGroup>,
    /// Rooms: id and name.
    pub rooms: Vec<(RoomId, String)>,
    /// Screen time of the last days, newest first.
    pub screen_time: Vec<ScreenTime>,
}

/// How sessions stand now.
///
/// # Errors
/// Refused for who may not open one.
pub async fn standing(services: &Services, ctx: &OpCtx) -> Result<Standing> {
    authorize(&ctx.actor, Action::OpenSession, Relation::Setting)?;
    let setting = ctx.member().ok_or(Refused::SignIn)?.setting;
    let db = services.db.read(Scope::Setting(setting)).await?;
    let (_, policy) = decide::in_force(&db, setting).await?;
    let rooms = store::people::list_rooms(&db, setting).await?;
    let mut open = Vec::new();
    for row in store::supervision::list_open(&db, setting, ctx.now).await? {
        open.push(view(&db, &policy, &rooms, row).await?);
    }
    Ok(Standing {
        open,
        groups: supervised(&policy, ctx.now),
        screen_time: screen_time(services, &db, &policy, &rooms, setting, ctx.now).await?,
        rooms: rooms.into_iter().map(|room| (room.id, room.name)).collect(),
    })
}

/// Groups that reach approved material only, with it.
fn supervised(policy: &Policy, now: Timestamp) -> Vec<SupervisedGroup> {
    let in_force = |until: Option<Timestamp>| until.is_none_or(|until| until > now);
    let of = |(key, group): (&String, &super::Group)| {
        let material = group.material().into_iter().filter_map(|(site, (approved, helpers))| {
            let decision = group.allow.get(site).filter(|decision| in_force(decision.until))?;
            Some(Material {
                title: approved.title.clone(),
                site: site.to_owned(),
                helpers: helpers.into_iter().map(str::to_owned).collect(),
                purpose: approved.purpose.clone(),
                evaluation: approved.evaluation.clone(),
                decision: decision.rule.clone(),
                until: decision.until,
            })
        });
        SupervisedGroup { key: key.clone(), name: group.name.clone(), material: material.collect() }
    };
    policy.groups.iter().filter(|(_, group)| group.supervised).map(of).collect()
}

/// Opens a session. The gateway knows of it within a second.
///
/// # Errors
/// [`Error::Invalid`] by field: no supervised group, no lesson first, one is open there already.
pub async fn open(services: &Services, ctx: &mut OpCtx, new: Open) -> Result<Uuid> {
    authorize(&ctx.actor, Action::OpenSession, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), Action::OpenSession.key()).await?;
    let id = add(&mut tx, member.setting, member.person, Way::SignedIn, new).await?;
    tx.commit().await?;
    services.wake_jobs();
    publish::now(services, member.setting).await;
    Ok(id)
}

async fn add(tx: &mut Tx, setting: SettingId, person: PersonId, way: Way, new: Open) -> Result<Uuid> {
    let now = tx.now();
    let (_, policy) = decide::in_force(&*tx, setting).await?;
    let mut wrong = BTreeMap::new();
    if !policy.groups.get(&new.group).is_some_and(|group| group.supervised) {
        wrong.insert("group".to_owned(), "Choose the children\u{2019}s devices.".to_owned());
    }
    if !LENGTHS.contains(&new.minutes) {
        wrong.insert("minutes".to_owned(), "Choose how long.".to_owned());
    }
    for (field, text, say) in [
        ("lesson", &new.lesson, "Say what you told or showed the children before this, in a few words."),
        ("plan", &new.plan, "Say what they will do, in a few words. Name no child."),
    ] {
        if !(SHORTEST..=LONGEST).contains(&text.trim().chars().count()) {
            wrong.insert(field.to_owned(), say.to_owned());
        }
    }
    // A session is where its adult sits (CLS-07). Only a house without rooms in its register has one place.
    let rooms = store::people::list_rooms(&*tx, setting).await?;
    let is_one = new.room.map_or(rooms.is_empty(), |room| rooms.iter().any(|known| known.id == room));
    if !is_one {
        wrong.insert("room".to_owned(), "Choose the room in which you sit with the children.".to_owned());
    }
    let there = store::supervision::list_open(&*tx, setting, now).await?;
    if there.iter().any(|open| open.opened_by == person && open.room_id != new.room) {
        wrong.insert(
            "room".to_owned(),
            "Your session in another room is open. End it first: nobody sits in two.".to_owned(),
        );
    }
    if there.iter().any(|open| open.group_key == new.group && open.room_id == new.room) {
        wrong.insert("room".to_owned(), "A session is open there. End it first, or use it.".to_owned());
    }
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let row = Supervised {
        id: tx.fresh(),
        setting_id: setting,
        group_key: new.group,
        room_id: new.room,
        opened_by: person,
        opened_at: now,
        until_at: now.saturating_add(SignedDuration::from_mins(i64::from(new.minutes))).unwrap_or(now),
        ended_at: None,
        ended_by: None,
        youngest: new.youngest,
        lesson: new.lesson.trim().to_owned(),
        plan: new.plan.trim().to_owned(),
        way,
    };
    store::supervision::add(tx, &row).await?;
    publish::later(tx, setting).await?;
    Ok(row.id)
}

/// Ends a session before its time. Whoever may open one may end one: a colleague takes over, a child needs it off.
///
/// # Errors
/// [`Error::NotFound`] when none of that id is open.
pub async fn end(services: &Services, ctx: &mut OpCtx, id: Uuid) -> Result<()> {
    authorize(&ctx.actor, Action::OpenSession, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "end_session").await?;
    let row = store::supervision::lookup(&tx, member.setting, id).await?.ok_or(Error::NotFound)?;
    if row.ended_at.is_some() || row.until_at <= tx.now() {
        return Err(Error::NotFound);
    }
    let ended = Supervised { ended_at: Some(tx.now()), ended_by: Some(member.person), ..row };
    store::supervision::set(&mut tx, &ended).await?;
    publish::later(&mut tx, member.setting).await?;
    tx.commit().await?;
    services.wake_jobs();
    publish::now(services, member.setting).await;
    Ok(())
}

/// The sessions that the gateway has to know of.
pub(crate) async fn for_gateway(
    db: &impl Reads,
    setting: SettingId,
    now: Timestamp,
    rooms: &[Room],
) -> Result<Vec<filter::Session>> {
    let name = |id: RoomId| rooms.iter().find(|room| room.id == id).map(|room| room.name.clone());
    let rows = store::supervision::list_open(db, setting, now).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let room = match row.room_id {
                // A room that is gone is no room: the session must not reach every one.
                Some(id) => Some(name(id)?),
                None => None,
            };
            Some(filter::Session { id: row.id, group: row.group_key, room, until: row.until_at })
        })
        .collect())
}

async fn view(db: &impl Reads, policy: &Policy, rooms: &[Room], row: Supervised) -> Result<SessionView> {
    let by = store::people::lookup(db, row.setting_id, row.opened_by).await?;
    Ok(SessionView {
        id: row.id,
        group: group_name(policy, &row.group_key),
        room: row.room_id.and_then(|id| rooms.iter().find(|room| room.id == id)).map(|room| room.name.clone()),
        by: by.map_or("somebody".to_owned(), |person| person.name),
        from: row.opened_at,
        until: row.ended_at.unwrap_or(row.until_at),
        plan: row.plan,
        lesson: row.lesson,
    })
}

fn group_name(policy: &Policy, key: &str) -> String {
    policy.groups.get(key).map_or_else(|| key.to_owned(), |group| group.name.clone())
}

async fn screen_time(
    services: &Services,
    db: &impl Reads,
    policy: &Policy,
    rooms: &[Room],
    setting: SettingId,
    now: Timestamp,
) -> Result<Vec<ScreenTime>> {
    let since = now.saturating_sub(SignedDuration::from_hours(24 * SHOWN)).unwrap_or(now);
    let mut days: BTreeMap<(Date, String), (i64, Youngest)> = BTreeMap::new();
    for row in store::supervision::list(db, setting, since).await? {
        let room = row.room_id.and_then(|id| rooms.iter().find(|room| room.id == id));
        let group = group_name(policy, &row.group_key);
        let who = room.map_or_else(|| group.clone(), |room| format!("{group}, {}", room.name));
        let end = row.ended_at.unwrap_or(row.until_at).min(now);
        let seconds = end.duration_since(row.opened_at).as_secs().max(0);
        let entry = days.entry((services.calendar.local(row.opened_at).date(), who)).or_insert((0, row.youngest));
        // A minute that has begun counts.
        entry.0 += (seconds + 59) / 60;
        entry.1 = entry.1.min(row.youngest);
    }
    let mut all: Vec<ScreenTime> =
        days.into_iter().map(|((day, who), (minutes, youngest))| ScreenTime { day, who, minutes, youngest }).collect();
    all.sort_by(|one, other| other.day.cmp(&one.day).then_with(|| one.who.cmp(&other.who)));
    Ok(all)
}
