//! Holds: a device taken off the network while something is looked into (S9, S25).
//!
//! Signed-in staff hold a child-room device for four hours; a lead confirms. The host, the gateways, phones, alarms and
//! door entry cannot be held. A held device says "This device is offline. Ask the office." and nothing else. What is made
//! from a concern inherits its exclusions: who is shut out does not see the hold here either. Whoever merely may not open the
//! concern sees that the device is held, which they meet anyway, and nothing else (S7).
//! What it is not: the cutting itself (the gateway, by a job after the commit), nor the release of a device that a
//! procedure gates (`concerns::record`).

pub mod leaves;

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::Part;
use domain::ctx::Member;
use domain::{ConcernId, DeviceId, HoldId, OpCtx, PersonId, SettingId};
use jiff::{SignedDuration, Timestamp};
use store::concerns::Concern;
use store::devices::{Device, Hold};
use store::{Reads, Scope, Tx};

use crate::concerns::case;
use crate::filtering::publish;
use crate::sight::sees;
use crate::{Error, Result, Services, concerns};

/// How long a hold by staff lasts unless a lead confirms it.
pub const BY_STAFF: SignedDuration = SignedDuration::from_hours(4);

/// Shorter says nothing, in letters.
const SHORTEST_REASON: usize = 5;

/// A device was held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The hold.
    pub hold: HoldId,
    /// The device's label.
    pub device: String,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
}

/// Why a device of the person concerned is held all the same (S9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// None: then it waits.
    None,
    /// The police said so.
    Police,
    /// The LADO said so.
    Lado,
    /// Somebody is in danger now.
    Danger,
}

impl Leave {
    /// As it stands in the record from then on.
    fn say(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Police => Some("Who did it said that the police had agreed."),
            Self::Lado => Some("Who did it said that the LADO had agreed."),
            Self::Danger => Some("Who did it said that somebody was in danger."),
        }
    }
}

/// A hold, as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldView {
    /// Its id.
    pub id: HoldId,
    /// The device.
    pub device: DeviceId,
    /// Its label.
    pub device_name: String,
    /// From which concern, if the viewer sees that.
    pub concern: Option<ConcernId>,
    /// It belongs to a concern, whether the viewer sees that or not: it is released there.
    pub for_a_concern: bool,
    /// Who placed it. `None`: it came from a concern that is not the viewer's, and all that they may know is that the device
    /// is held: not by whom, until when, where it lies, nor why.
    pub placed_by: Option<String>,
    /// When.
    pub placed_at: Timestamp,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// Who confirmed it.
    pub confirmed_by: Option<String>,
    /// Where it lies, whose key.
    pub custody: Option<String>,
    /// Why it was held outside any concern; for those who decide on holds, and nobody else.
    pub reason: Option<String>,
    /// What the gateway says that it cut.
    pub cut: Cut,
}

/// What was really cut, and what was not (S25).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The gateway does not run: nothing is known to be cut. Lock the device away.
    NotKnown,
    /// The gateway runs but has not taken the hold up yet.
    NotYet,
    /// Cut off at the gateway since then. Mobile data is not.
    Since {
        /// Since when.
        at: Timestamp,
        /// Open connections that were closed.
        closed: u64,
        /// Questions refused since.
        refused: u64,
    },
}

/// Holds a device.
///
/// # Errors
/// [`Error::Invalid`] on `device` when it cannot be held, or waits for advice.
pub async fn place(
    services: &Services,
    ctx: &mut OpCtx,
    device: DeviceId,
    concern: Option<ConcernId>,
    leave: Leave,
) -> Result<Placed> {
    place_on(services, ctx, device, concern, (leave, None)).await
}

/// As [`place`], from a concern, on somebody's word with what they said (S9).
///
/// # Errors
/// As [`place`]; [`Error::Invalid`] on `reason`.
pub async fn place_on_word(
    services: &Services,
    ctx: &mut OpCtx,
    device: DeviceId,
    concern: ConcernId,
    (leave, why): (Leave, &str),
) -> Result<Placed> {
    place_on(services, ctx, device, Some(concern), (leave, Some(why))).await
}

async fn place_on(
    services: &Services,
    ctx: &mut OpCtx,
    device: DeviceId,
    concern: Option<ConcernId>,
    (leave, why): (Leave, Option<&str>),
) -> Result<Placed> {
    authorize(&ctx.actor, Action::HoldDevice, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "device.hold").await?;
    let concern = match concern {
        Some(id) => Some(case::of(&tx, ctx, Action::WorkConcern, id).await?.concern),
        None => None,
    };
    let placed = place_in(&mut tx, &member, device, concern.as_ref(), (leave, why)).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(placed)
}

/// Takes a device off the network outside any concern, with the reason: unsuitable use, or more of it than work needs
/// (SOC-06). Staff who hold a child's tablet in a hurry may leave the reason out; who decides on holds may not.
///
/// # Errors
/// [`Error::Invalid`] on `why`, or on `device` when it cannot be held.
pub async fn place_saying(services: &Services, ctx: &mut OpCtx, device: DeviceId, why: &str) -> Result<Placed> {
    authorize(&ctx.actor, Action::HoldDevice, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let why = why.trim();
    let decides = authorize(&ctx.actor, Action::DecideHold, Relation::Setting).is_ok();
    if decides && why.chars().count() < SHORTEST_REASON {
        return Err(Error::invalid(
            "why",
            "Say why, in a few words. It stays with the hold, and the device shows none of it.",
        ));
    }
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "device.hold").await?;
    if is_of_somebody_concerned(&tx, &member, device).await? {
        return Err(of_the_person_concerned());
    }
    let placed = place_in(&mut tx, &member, device, None, (Leave::None, None)).await?;
    let row = store::devices::lookup_hold(&tx, member.setting, &sees(&member), placed.hold).await?;
    if let Some(row) = row.filter(|row| !why.is_empty() && row.reason.is_none()) {
        store::devices::set_hold(&mut tx, &Hold { reason: Some(why.to_owned()), ..row }).await?;
    }
    tx.commit().await?;
    services.wake_jobs();
    Ok(placed)
}

/// As part of a report: a child-room device, four hours, whoever reports.
pub(crate) async fn place_with_report(
    tx: &mut Tx,
    member: &Member,
    device: DeviceId,
    concern: &Concern,
) -> Result<Placed> {
    place_in(tx, member, device, Some(concern), (Leave::None, None)).await
}

/// Inside the transaction of the act that it belongs to. On somebody's word it needs the reason beside it: what they said, or
/// what the danger is. It is looked at again on its day ([`leaves`]).
pub(crate) async fn place_in(
    tx: &mut Tx,
    member: &Member,
    device: DeviceId,
    concern: Option<&Concern>,
    (leave, why): (Leave, Option<&str>),
) -> Result<Placed> {
    let setting = member.setting;
    let device = store::devices::lookup(tx, setting, device).await?.filter(|device| device.retired_at.is_none());
    let device = device.ok_or_else(|| Error::invalid("device", "Choose a device from the list."))?;
    let lead = authorize(&domain::Actor::Member(member.clone()), Action::DecideHold, Relation::Setting).is_ok();
    may_be_held(tx, &device, concern, leave, lead).await?;
    let word = leaves::word(leave).filter(|_| concern.is_some());
    let why = why.map(str::trim).unwrap_or_default();
    if word.is_some() && why.chars().count() < domain::procedure::REASON_AT_LEAST {
        return Err(Error::invalid("reason", "Write who said so and what they said, or what the danger is."));
    }
    let there = store::devices::list_holds_for_gateway(tx, setting, tx.now()).await?;
    if let Some(hold) =
        there.into_iter().find(|hold| hold.device_id == device.id && hold.concern_id == concern.map(|c| c.id))
    {
        return Ok(Placed { hold: hold.id, device: device.name, until: hold.until_at });
    }
    let now = tx.now();
    let until = if lead { None } else { Some(now.saturating_add(BY_STAFF).unwrap_or(now)) };
    let hold = Hold {
        id: tx.fresh(),
        setting_id: setting,
        device_id: device.id,
        concern_id: concern.map(|concern| concern.id),
        placed_by: member.person,
        placed_at: now,
        until_at: until,
        confirmed_by: lead.then_some(member.person),
        released_at: None,
        released_by: None,
        custody: None,
        reason: None,
    };
    store::devices::add_hold(tx, &hold).await?;
    if let Some(concern) = concern {
        let text = match until {
            Some(_) => format!("{} was held for four hours. A lead confirms or ends the hold.", device.name),
            None => format!("{} was held until somebody releases it.", device.name),
        };
        let text = leave.say().map(|say| format!("{text} {say} {why}")).unwrap_or(text);
        concerns::by_the_program(tx, concern, &text).await?;
        if let Some(word) = word {
            leaves::give(tx, member, concern, hold.id, word, why).await?;
        }
    }
    publish::later(tx, setting).await?;
    Ok(Placed { hold: hold.id, device: device.name, until })
}

async fn may_be_held(
    db: &impl Reads,
    device: &Device,
    concern: Option<&Concern>,
    leave: Leave,
    lead: bool,
) -> Result<()> {
    if device.cannot_hold {
        return Err(Error::invalid(
            "device",
            "This device cannot be cut off: calls, alarms, doors or the filter itself depend on it. Lock it away instead.",
        ));
    }
    if !lead && (device.person_id.is_some() || device.room_id.is_none()) {
        return Err(Error::invalid(
            "device",
            "You can hold the devices of a children's room. For this one, ask the safeguarding lead.",
        ));
    }
    if let (Some(concern), Some(owner)) = (concern, device.person_id)
        && leave == Leave::None
        && is_about(db, concern, owner).await?
    {
        return Err(of_the_person_concerned());
    }
    Ok(())
}

fn of_the_person_concerned() -> Error {
    Error::invalid(
        "device",
        "This is the device of the person concerned. Holding it would tell them. Ask the police or the LADO first, then hold it from the concern.",
    )
}

/// Is it the device of somebody whom an open concern is about that this member sees? Who sees none is told nothing by it (S8).
async fn is_of_somebody_concerned(db: &impl Reads, member: &Member, device: DeviceId) -> Result<bool> {
    let device = store::devices::lookup(db, member.setting, device).await?;
    let Some(owner) = device.and_then(|device| device.person_id) else { return Ok(false) };
    let with_a_part = store::concerns::About::Person(owner);
    for concern in store::concerns::list_about(db, member.setting, &sees(member), &with_a_part).await? {
        if concern.status != domain::concern::ConcernStatus::Closed && is_about(db, &concern, owner).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn is_about(db: &impl Reads, concern: &Concern, person: PersonId) -> Result<bool> {
    let people = store::concerns::list_parts_for_program(db, concern.setting_id, concern.id).await?;
    Ok(people.iter().any(|row| row.person_id == person && row.part == Part::About))
}

/// A lead confirms a hold: it lasts until somebody releases it.
///
/// # Errors
/// [`Error::NotFound`] for a hold from a concern that is not the actor's.
pub async fn confirm(services: &Services, ctx: &mut OpCtx, id: HoldId, custody: Option<String>) -> Result<()> {
    authorize(&ctx.actor, Action::DecideHold, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "device.confirm_hold").await?;
    let hold = standing(&tx, &member, id).await?;
    let custody = custody.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let hold = Hold { until_at: None, confirmed_by: Some(member.person), custody: custody.or(hold.custody), ..hold };
    store::devices::set_hold(&mut tx, &hold).await?;
    publish::later(&mut tx, member.setting).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

/// Writes down where a held device lies, and whose key that is. The device is as held as before.
///
/// # Errors
/// [`Error::NotFound`] for a hold from a concern that is not the actor's; [`Error::Invalid`] on `custody`.
pub async fn keep(services: &Services, ctx: &mut OpCtx, id: HoldId, custody: &str) -> Result<()> {
    authorize(&ctx.actor, Action::DecideHold, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let custody = custody.trim();
    if !(3..=concerns::LONGEST_LINE).contains(&custody.chars().count()) {
        return Err(Error::invalid("custody", "Write where it lies and who has the key."));
    }
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "device.keep_held").await?;
    let hold = standing(&tx, &member, id).await?;
    let hold = Hold { custody: Some(custody.to_owned()), ..hold };
    store::devices::set_hold(&mut tx, &hold).await?;
    // In the record of its concern too, where others read it years later.
    if let Some(concern) = hold.concern_id
        && let Some(concern) = store::concerns::lookup(&tx, member.setting, &sees(&member), concern).await?
    {
        let device = store::devices::lookup(&tx, member.setting, hold.device_id).await?;
        let name = device.map_or_else(|| "The device".to_owned(), |device| device.name);
        concerns::by_the_program(&mut tx, &concern, &format!("{name} lies: {custody}")).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Releases a hold that comes from no concern. Holds of a concern are released by its procedure's step alone, whose
/// gates may wait for the police (S1, S20).
///
/// # Errors
/// [`Error::Locked`] for a hold that belongs to an open concern.
pub async fn release(services: &Services, ctx: &mut OpCtx, id: HoldId) -> Result<()> {
    authorize(&ctx.actor, Action::DecideHold, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "device.release_hold").await?;
    let hold = standing(&tx, &member, id).await?;
    if hold.concern_id.is_some() {
        return Err(Error::Locked(domain::procedure::Locked {
            say: "This device is held for a concern. Release it from there, when its steps allow.".into(),
            waivable: false,
        }));
    }
    end(&mut tx, hold, member.person).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

/// Ends every hold of a concern. The caller has asked the procedure.
pub(crate) async fn release_all(tx: &mut Tx, concern: &Concern, by: PersonId) -> Result<usize> {
    let now = tx.now();
    let holds = store::devices::list_holds_for_gateway(tx, concern.setting_id, now).await?;
    let mut ended = 0;
    for hold in holds.into_iter().filter(|hold| hold.concern_id == Some(concern.id)) {
        end(tx, hold, by).await?;
        ended += 1;
    }
    Ok(ended)
}

async fn end(tx: &mut Tx, hold: Hold, by: PersonId) -> Result<()> {
    let setting = hold.setting_id;
    let hold = Hold { released_at: Some(tx.now()), released_by: Some(by), ..hold };
    store::devices::set_hold(tx, &hold).await?;
    publish::later(tx, setting).await
}

/// A hold to decide about: one that comes from a concern is for those who may open that, and for the others as if it were
/// not there. They know that the device is held, and nothing that a decision could rest on.
async fn standing(db: &impl Reads, member: &Member, id: HoldId) -> Result<Hold> {
    let viewer = sees(member);
    let hold = store::devices::lookup_hold(db, member.setting, &viewer, id).await?;
    let hold = hold.filter(|hold| hold.released_at.is_none()).ok_or(Error::NotFound)?;
    if let Some(concern) = hold.concern_id {
        store::concerns::lookup(db, member.setting, &viewer, concern).await?.ok_or(Error::NotFound)?;
    }
    Ok(hold)
}

/// Holds in force that the actor may know of, with what the gateway says that it cut.
///
/// # Errors
/// [`domain::access::Refused`] for who holds nothing.
pub async fn list(services: &Services, ctx: &OpCtx) -> Result<Vec<HoldView>> {
    authorize(&ctx.actor, Action::HoldDevice, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    views(services, &reader, member, ctx.now).await
}

/// As [`list`], inside a read that is already open.
pub(crate) async fn views(
    services: &Services,
    db: &impl Reads,
    member: &Member,
    now: Timestamp,
) -> Result<Vec<HoldView>> {
    let state = services.gateway.status();
    let viewer = sees(member);
    // What somebody did at work is not for every colleague who may hold a tablet.
    let decides = authorize(&domain::Actor::Member(member.clone()), Action::DecideHold, Relation::Setting).is_ok();
    let mut views = Vec::new();
    for hold in store::devices::list_holds(db, member.setting, &viewer, now).await? {
        let device = store::devices::lookup(db, member.setting, hold.device_id).await?;
        let seen = match hold.concern_id {
            Some(id) => store::concerns::lookup(db, member.setting, &viewer, id).await?.map(|concern| concern.id),
            None => None,
        };
        let shown = hold.concern_id.is_none() || seen.is_some();
        views.push(HoldView {
            id: hold.id,
            device: hold.device_id,
            device_name: device.map_or_else(|| "A device that is gone".into(), |device| device.name),
            concern: seen,
            for_a_concern: hold.concern_id.is_some(),
            placed_by: match shown {
                true => Some(name(db, member.setting, hold.placed_by).await?),
                false => None,
            },
            placed_at: hold.placed_at,
            until: hold.until_at.filter(|_| shown),
            confirmed_by: match hold.confirmed_by.filter(|_| shown) {
                Some(person) => Some(name(db, member.setting, person).await?),
                None => None,
            },
            custody: hold.custody.filter(|_| shown),
            reason: hold.reason.filter(|_| decides && shown),
            cut: cut(state.as_ref(), hold.device_id, now),
        });
    }
    Ok(views)
}

/// A gateway that has said nothing for so long does not run.
const SILENCE: SignedDuration = SignedDuration::from_secs(15);

fn cut(state: Option<&crate::gateway::GatewayState>, device: DeviceId, now: Timestamp) -> Cut {
    let Some(state) = state.filter(|state| now.duration_since(state.at) <= SILENCE) else { return Cut::NotKnown };
    let found = state.cuts.iter().find(|(id, _)| *id == device).map(|(_, cut)| cut);
    match found.and_then(|cut| cut.since.map(|at| (at, cut))) {
        Some((at, cut)) => Cut::Since { at, closed: cut.tunnels_closed, refused: cut.refused },
        None => Cut::NotYet,
    }
}

async fn name(db: &impl Reads, setting: SettingId, person: PersonId) -> Result<String> {
    let found = store::people::lookup(db, setting, person).await?;
    Ok(found.map_or_else(|| "Somebody who is gone".to_owned(), |person| person.name))
}
