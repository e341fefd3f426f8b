//! Filing is not telling: a concern that nobody opens goes to the next person who is not excluded, and at the end the
//! reporter is given numbers outside (S4, S7); then everybody inside is told again, and again, until somebody takes it. Pages carry it; a dead mail server changes nothing.

use std::collections::BTreeSet;

use domain::concern::{ConcernStatus, Part, RouteKind};
use domain::exclusion::{CASE_ROLES, Sight, sight};
use domain::roster::Roster;
use domain::routing::{Ladder, Way, ladder};
use domain::{ConcernId, OpCtx, PersonId, Role, SettingId};
use jiff::SignedDuration;
use serde_json::json;
use store::concerns::{Concern, Invitation};
use store::{Reads, Scope, Sees, Tx};

use super::{Mailing, Matter, tell_by};
use crate::concerns::case::{self, Case, REACHED};
use crate::{Result, Services, concerns, jobs};

/// The ladder of a concern with today's roles and today's exclusions.
pub(crate) async fn ladder_now(db: &impl Reads, case: &Case, at: jiff::Timestamp) -> Result<Ladder> {
    ladder_but(db, case, at, &case.excluded).await
}

/// As if nobody were shut out: who stands at its top in this setting.
pub(crate) async fn ladder_whole(db: &impl Reads, case: &Case, at: jiff::Timestamp) -> Result<Ladder> {
    ladder_but(db, case, at, &BTreeSet::new()).await
}

async fn ladder_but(
    db: &impl Reads,
    case: &Case,
    at: jiff::Timestamp,
    excluded: &BTreeSet<PersonId>,
) -> Result<Ladder> {
    let roster = case::roster(db, case.setting(), at).await?;
    let profile = case::profile(db, case.setting()).await?;
    let switches = profile.switches;
    let parts = store::concerns::list_parts_for_program(db, case.setting(), case.concern.id).await?;
    let about = parts.into_iter().filter(|row| row.part == Part::About).map(|row| row.person_id).collect();
    let way = Way::of(case.concern.route, case.concern.kind, &switches).named(profile.case_manager);
    let way = way.about(&about, &roster, &switches);
    let ladder = ladder(&way, &roster, excluded);
    if case.concern.route == RouteKind::Allegation {
        return Ok(ladder);
    }
    let today = at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let covers = crate::cover::standing_in(db, case.setting(), &roster, today).await?;
    Ok(ladder.covered(&covers, excluded))
}

/// Everybody who has been told: by role on the safeguarding route, by name on any.
pub(crate) async fn told_so_far(db: &impl Reads, case: &Case, at: jiff::Timestamp) -> Result<BTreeSet<PersonId>> {
    let mut told = &case.reached | &case.invited;
    if case.concern.route == RouteKind::Safeguarding {
        let roster = case::roster(db, case.setting(), at).await?;
        told.extend(roster.by_role(case.concern.kind));
    }
    Ok(told)
}

/// Tells the first rung, and sets the clock for the next. With nobody inside, the receipt shows who is outside.
pub(crate) async fn tell_first(tx: &mut Tx, concern: &Concern) -> Result<()> {
    let case = case::loaded(tx, concern.clone()).await?;
    let ladder = ladder_now(tx, &case, tx.now()).await?;
    reach(tx, &case.concern, ladder.first()).await?;
    if !ladder.rungs.is_empty() {
        look_again(tx, concern, Look { chain: 0, rung: 1, times: 0 }, passing(concern)).await?;
    }
    Ok(())
}

/// Somebody was shut out after filing. Whoever is left and was told hears of it, if one of those shut out works cases here; if
/// nobody is left, the next is told at once, and at last the outside. A concern that was opened by somebody who is shut out
/// now is opened by nobody: it goes up again until somebody takes it (S4, S7).
pub(crate) async fn after_exclusion(tx: &mut Tx, concern: &Concern, out: &BTreeSet<PersonId>) -> Result<()> {
    let case = case::loaded(tx, concern.clone()).await?;
    let now = tx.now();
    let ladder = ladder_now(tx, &case, now).await?;
    let roster = case::roster(tx, case.setting(), now).await?;
    let worked = CASE_ROLES.iter().filter_map(|role| roster.get(role)).flatten().any(|holder| out.contains(holder));
    let left = holding(&case, &roster);
    let on_the_ladder = ladder.rungs.iter().flatten().any(|person| left.contains(person));
    let dropped = case.concern.status == ConcernStatus::Open
        && case.concern.opened_by.is_some_and(|person| out.contains(&person));
    let mut concern = case.concern.clone();
    if dropped {
        concern.status = ConcernStatus::Received;
        concern.version = store::concerns::set(tx, &concern).await?;
    }
    if worked && !left.is_empty() {
        let text = "Somebody who works cases was shut out. Everybody else who holds this was told.";
        concerns::by_the_program(tx, &concern, text).await?;
        reach(tx, &concern, &left).await?;
    }
    if !on_the_ladder && !ladder.rungs.is_empty() {
        let text = "Nobody who had been told of this in its turn may see it any more. The next person was told.";
        concerns::by_the_program(tx, &concern, text).await?;
        reach(tx, &concern, ladder.first()).await?;
    } else if left.is_empty() {
        concerns::by_the_program(tx, &concern, NOBODY_INSIDE).await?;
    }
    if dropped {
        begin_again(tx, &concern).await?;
    }
    Ok(())
}

/// A concern that had been opened and that nobody holds now goes up from the beginning.
pub(crate) async fn begin_again(tx: &mut Tx, concern: &Concern) -> Result<()> {
    let look = Look { chain: tx.now().as_microsecond(), rung: 1, times: 0 };
    look_again(tx, concern, look, passing(concern)).await
}

/// Who works cases today and may see this one: the lead and deputies of its kind by their role, others because they were told or let in.
pub(crate) fn holding(case: &Case, roster: &Roster) -> Vec<PersonId> {
    let held = |role: &Role| roster.get(role).into_iter().flatten().copied();
    let sees = |person: &PersonId| {
        sight(&case.walls(), *person, &roster.roles_of(*person), &roster.kinds_of(*person)) == Sight::Case
    };
    let all: BTreeSet<PersonId> = CASE_ROLES.iter().flat_map(held).collect();
    all.into_iter().filter(sees).collect()
}

/// When the last rung is reached and nobody is left inside.
const NOBODY_INSIDE: &str =
    "Nobody inside is left who may see this. The reporter\u{2019}s receipt says whom to ring outside.";

/// The job: has anybody opened it? If not, the next person; when everybody was told, all of them once more, more rarely each
/// time and never less than once a day, until somebody opens it.
pub(crate) async fn escalate(services: &Services, ctx: &mut OpCtx, setting: SettingId, job: &jobs::Work) -> Result<()> {
    let id: ConcernId = job.get("concern")?;
    let look = Look {
        chain: job.get::<Option<i64>>("chain")?.unwrap_or(0),
        rung: job.get("rung")?,
        times: job.get::<Option<u64>>("times")?.unwrap_or(0),
    };
    let mut tx = services.db.write(ctx, Scope::Setting(setting), "concern.escalate").await?;
    let Some(concern) = store::concerns::lookup_for_program(&tx, setting, id).await? else { return Ok(()) };
    if concern.status != ConcernStatus::Received {
        return Ok(());
    }
    let case = case::loaded(&tx, concern).await?;
    let ladder = ladder_now(&tx, &case, ctx.now).await?;
    let told = told_so_far(&tx, &case, ctx.now).await?;
    let next = Look { rung: look.rung.saturating_add(1), ..look };
    if let Some(rung) = ladder.after(&told).map(<[PersonId]>::to_vec) {
        // Somebody was told a moment ago, because another one was shut out: they have their time first.
        let reached = store::concerns::list_invitations(&tx, setting, id).await?;
        let reached = reached.iter().filter(|row| row.reason == REACHED).map(|row| row.at).max();
        let left = reached.map_or(SignedDuration::ZERO, |at| passing(&case.concern) - ctx.now.duration_since(at));
        if left.is_positive() {
            look_again(&mut tx, &case.concern, next, left).await?;
            tx.commit().await?;
            return Ok(());
        }
        let new: Vec<PersonId> = rung.into_iter().filter(|person| !told.contains(person)).collect();
        concerns::by_the_program(&mut tx, &case.concern, "Nobody had opened this. The next person was told.").await?;
        reach(&mut tx, &case.concern, &new).await?;
        look_again(&mut tx, &case.concern, next, passing(&case.concern)).await?;
    } else {
        if look.times == 0 {
            let text = "Nobody had opened this, and nobody else is left inside. The reporter\u{2019}s receipt says whom to ring outside.";
            concerns::by_the_program(&mut tx, &case.concern, text).await?;
        }
        let everybody: Vec<PersonId> = ladder.rungs.iter().flatten().copied().collect();
        if !everybody.is_empty() {
            remind(&mut tx, &case.concern, &everybody, look.times).await?;
            let again = case::profile(&tx, setting).await?.told_again.minutes(case.concern.urgency, look.times);
            let next = Look { times: look.times.saturating_add(1), ..next };
            look_again(&mut tx, &case.concern, next, SignedDuration::from_mins(again)).await?;
        }
    }
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

/// Tells people once more of what they have not looked at: the line on their page is there, the mail goes again. Whoever has
/// no line any more gets one.
async fn remind(tx: &mut Tx, concern: &Concern, people: &[PersonId], times: u64) -> Result<()> {
    let link = format!("/concerns/{}", concern.id);
    let mailing = mailing(tx, concern).await?;
    for person in people {
        let viewer = Sees::by_name(*person);
        let unseen = store::notices::list_unseen(tx, concern.setting_id, &viewer).await?;
        let Some(there) = unseen.into_iter().find(|notice| notice.link == link) else {
            let matter = Matter { urgency: concern.urgency, link: &link, concern: Some(concern.id) };
            tell_by(tx, concern.setting_id, &[*person], &matter, mailing).await?;
            continue;
        };
        let key = match mailing {
            Mailing::Each => format!("notice/{}/again/{times}", there.id),
            Mailing::Hourly => super::hourly(*person, tx.now()),
        };
        let payload = json!({ "notice": there.id, "person": person, "again": true });
        let now = tx.now();
        jobs::queue(tx, Some(concern.setting_id), jobs::Kind::MailNotice, key, payload, now).await?;
    }
    Ok(())
}

/// Tells people of a concern. Those who do not see it by their role are let in by name.
pub(crate) async fn reach(tx: &mut Tx, concern: &Concern, people: &[PersonId]) -> Result<()> {
    let by_role = match concern.route {
        RouteKind::Safeguarding => case::roster(tx, concern.setting_id, tx.now()).await?.by_role(concern.kind),
        RouteKind::Allegation => BTreeSet::new(),
    };
    let there = store::concerns::list_invitations(tx, concern.setting_id, concern.id).await?;
    for person in people {
        if by_role.contains(person) || there.iter().any(|known| known.person_id == *person) {
            continue;
        }
        let invitation = Invitation {
            concern_id: concern.id,
            person_id: *person,
            setting_id: concern.setting_id,
            invited_by: *person,
            at: tx.now(),
            reason: REACHED.into(),
        };
        store::concerns::add_invitation(tx, &invitation).await?;
    }
    let link = format!("/concerns/{}", concern.id);
    let matter = Matter { urgency: concern.urgency, link: &link, concern: Some(concern.id) };
    tell_by(tx, concern.setting_id, people, &matter, mailing(tx, concern).await?).await
}

/// So many reports without an account in one hour are mailed one by one.
const CALM: u64 = 20;

/// Reports of people with accounts are always mailed.
async fn mailing(tx: &Tx, concern: &Concern) -> Result<Mailing> {
    if concern.reporter_id.is_some() {
        return Ok(Mailing::Each);
    }
    let since = tx.now().saturating_sub(SignedDuration::from_hours(1)).unwrap_or(tx.now());
    let many = store::concerns::count_unsigned_for_program(tx, concern.setting_id, since).await? > CALM;
    Ok(if many { Mailing::Hourly } else { Mailing::Each })
}

/// Where an escalation stands: which one it is, how many rungs were told, and how often all of them were told once more.
#[derive(Debug, Clone, Copy)]
struct Look {
    chain: i64,
    rung: u64,
    times: u64,
}

/// So long an unopened concern waits before it goes to the next person.
fn passing(concern: &Concern) -> SignedDuration {
    SignedDuration::from_mins(concern.urgency.escalates_after_minutes())
}

async fn look_again(tx: &mut Tx, concern: &Concern, look: Look, wait: SignedDuration) -> Result<()> {
    let at = tx.now().saturating_add(wait).unwrap_or(tx.now());
    let Look { chain, rung, times } = look;
    let key = match chain {
        0 => format!("escalate/{}/{rung}", concern.id),
        _ => format!("escalate/{}/{chain}/{rung}", concern.id),
    };
    let payload = json!({ "concern": concern.id, "chain": chain, "rung": rung, "times": times });
    jobs::queue(tx, Some(concern.setting_id), jobs::Kind::Escalate, key, payload, at).await
}
