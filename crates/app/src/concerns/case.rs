//! The only way to a concern: looked up inside the viewer's sight, and asked again of the one rule in `domain`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Refused, Relation, authorize};
use domain::clock::Calendar;
use domain::concern::{ConcernKind, Part, RouteKind};
use domain::content::Content;
use domain::ctx::Member;
use domain::exclusion::{Sight, Tie, Walls, sight_of};
use domain::people::PersonKind;
use domain::procedure::{Act, Answers, Procedure, StepRecord, Switches};
use domain::roster::{Kinds, Roster};
use domain::setting::Profile;
use domain::{ConcernId, OpCtx, PersonId, SettingId};
use jiff::Timestamp;
use store::Reads;
use store::concerns::{Concern, Invitation};
use store::people::Appointment;
use store::words::StepAct;

use crate::keeping::emergency;
use crate::sight::sees;
use crate::{Error, Result};

/// A concern that the actor may see in full.
pub(crate) struct Case {
    pub(crate) concern: Concern,
    pub(crate) excluded: BTreeSet<PersonId>,
    pub(crate) invited: BTreeSet<PersonId>,
    pub(crate) reached: BTreeSet<PersonId>,
}

impl Case {
    pub(crate) fn walls(&self) -> Walls<'_> {
        Walls {
            route: self.concern.route,
            kind: self.concern.kind,
            reporter: self.concern.reporter_id,
            excluded: &self.excluded,
            invited: &self.invited,
            reached: &self.reached,
        }
    }

    pub(crate) fn setting(&self) -> SettingId {
        self.concern.setting_id
    }
}

/// The concern, for an act upon it. Whoever may not see it learns nothing: not even that roles stand in the way.
pub(crate) async fn of(db: &impl Reads, ctx: &OpCtx, action: Action, id: ConcernId) -> Result<Case> {
    match authorize(&ctx.actor, action, Relation::Case) {
        Err(Refused::Role) => return Err(Error::NotFound),
        other => other?,
    }
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let case = at_least(db, member, Sight::Case, id).await?;
    if case.invited.contains(&member.person) && emergency::is_over(db, member, id, ctx.now).await? {
        return Err(Error::NotFound);
    }
    Ok(case)
}

/// The concern, if the member sees at least so much of it.
pub(crate) async fn at_least(db: &impl Reads, member: &Member, least: Sight, id: ConcernId) -> Result<Case> {
    let setting = member.setting;
    let concern = match least {
        Sight::Case => store::concerns::lookup(db, setting, &sees(member), id).await?,
        // A receipt is not within the sight that queries know; the rule below decides alone.
        Sight::Receipt | Sight::Nothing => store::concerns::lookup_for_program(db, setting, id).await?,
    };
    // What is not there is asked about as far as what one may not see: the two cost the same (S8).
    let walls = walls(db, setting, id).await?;
    let case = walls.around(concern.ok_or(Error::NotFound)?);
    if sight_of(&case.walls(), member) < least.max(Sight::Receipt) {
        return Err(Error::NotFound);
    }
    Ok(case)
}

/// A concern with its walls, for the program itself. Never for a page.
pub(crate) async fn loaded(db: &impl Reads, concern: Concern) -> Result<Case> {
    Ok(walls(db, concern.setting_id, concern.id).await?.around(concern))
}

/// Who is shut out of a concern, and who was let in, whether it exists or not.
struct Around {
    excluded: BTreeSet<PersonId>,
    invited: BTreeSet<PersonId>,
    reached: BTreeSet<PersonId>,
}

impl Around {
    fn around(self, concern: Concern) -> Case {
        let Self { excluded, invited, reached } = self;
        Case { concern, excluded, invited, reached }
    }
}

/// As far as a look at a concern that one may not see goes, where there is none: the two cost the same (S8).
pub(crate) async fn look_at_nothing(db: &impl Reads, setting: SettingId) -> Result<()> {
    walls(db, setting, ConcernId(uuid::Uuid::nil())).await.map(|_| ())
}

async fn walls(db: &impl Reads, setting: SettingId, id: ConcernId) -> Result<Around> {
    let excluded = store::concerns::list_exclusions(db, setting, id).await?;
    let invitations = store::concerns::list_invitations(db, setting, id).await?;
    let (reached, invited): (Vec<Invitation>, Vec<Invitation>) =
        invitations.into_iter().partition(|invitation| invitation.reason == REACHED);
    Ok(Around {
        excluded: excluded.into_iter().map(|row| row.person_id).collect(),
        invited: invited.into_iter().map(|row| row.person_id).collect(),
        reached: reached.into_iter().map(|row| row.person_id).collect(),
    })
}

/// The reason on the invitation of whom routing reached (S4, S7). Nobody types it.
pub(crate) const REACHED: &str = "told by routing";

/// Who holds which role at a time, in the order of appointment.
pub(crate) async fn roster(db: &impl Reads, setting: SettingId, at: Timestamp) -> Result<Roster> {
    Ok(roster_of(&store::people::list_appointments(db, setting, at).await?))
}

/// The same of appointments that were read before.
pub(crate) fn roster_of(held: &[Appointment]) -> Roster {
    held.iter().map(|held| (held.role, held.person_id, Kinds::from_stored(held.kinds.as_deref()))).collect()
}

/// The ties of everybody who matters for exclusion.
pub(crate) async fn ties(db: &impl Reads, setting: SettingId, parts: &[(PersonId, Part)]) -> Result<Vec<Tie>> {
    let mut ties = Vec::new();
    for (person, part) in parts {
        if *part != Part::Witness {
            let found = store::people::list_relationships(db, setting, *person).await?;
            ties.extend(found.into_iter().map(|tie| Tie { person: tie.person_id, other: tie.other_id }));
        }
    }
    Ok(ties)
}

/// What was recorded about steps, as the engine reads it.
pub(crate) fn for_engine(rows: &[store::concerns::StepRecord]) -> Vec<StepRecord> {
    rows.iter()
        .map(|row| StepRecord {
            step: row.step.clone(),
            act: act(row.act),
            answers: answers(&row.fields),
            reason: row.reason.clone(),
            event_at: row.event_at,
            recorded_at: row.recorded_at,
            out_of_order: row.out_of_order,
        })
        .collect()
}

pub(crate) fn act(act: StepAct) -> Act {
    match act {
        StepAct::Done => Act::Done,
        StepAct::AlreadyHappened => Act::AlreadyHappened,
        StepAct::Waived => Act::Waived,
        StepAct::Reopened => Act::Reopened,
    }
}

pub(crate) fn stored_act(act: Act) -> StepAct {
    match act {
        Act::Done => StepAct::Done,
        Act::AlreadyHappened => StepAct::AlreadyHappened,
        Act::Waived => StepAct::Waived,
        Act::Reopened => StepAct::Reopened,
    }
}

/// Answers as they lie in a row. What is not text there was never an answer.
pub(crate) fn answers(fields: &serde_json::Value) -> Answers {
    let entries = fields.as_object().into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect::<BTreeMap<_, _>>()
}

/// The procedure that a concern began with or was moved to (S42): what this program carries, or the text that was kept.
/// Where neither has that edition, what the program carries; `None` when it carries none of that name.
pub(crate) async fn procedure<'a>(
    db: &impl Reads,
    content: &'a Content,
    concern: &Concern,
) -> Result<Option<Cow<'a, Procedure>>> {
    let carried = content.procedures.get(&concern.procedure);
    if let Some(same) = carried.filter(|carried| carried.edition == concern.edition) {
        return Ok(Some(Cow::Borrowed(same)));
    }
    let kept = store::procedures::lookup(db, concern.setting_id, &concern.procedure, &concern.edition).await?;
    match kept {
        Some(kept) => Ok(Some(Cow::Owned(read_text(kept.text)?))),
        None => Ok(carried.map(Cow::Borrowed)),
    }
}

/// A procedure as it holds in a setting: with what the setting adds to it (S42). A rule that no longer fits the edition that
/// this program carries has no effect, so that it can never stand in the way of a report (S3); the page of the procedure
/// says so.
pub(crate) fn own_edition<'a>(profile: &Profile, carried: &'a Procedure) -> Cow<'a, Procedure> {
    match profile.own_edition(carried) {
        Ok(own) if own.edition != carried.edition => Cow::Owned(own),
        Ok(_) | Err(_) => Cow::Borrowed(carried),
    }
}

/// The procedure that serves a kind of concern in a setting, as it holds there.
pub(crate) async fn serving<'a>(
    db: &impl Reads,
    content: &'a Content,
    setting: SettingId,
    kind: ConcernKind,
    route: RouteKind,
) -> Result<Option<Cow<'a, Procedure>>> {
    let profile = profile(db, setting).await?;
    Ok(content.serving(kind, route).map(|carried| own_edition(&profile, carried)))
}

/// A text that was kept. An older one lacks what later versions ask for; that has its default.
pub(crate) fn read_text(text: serde_json::Value) -> Result<Procedure> {
    serde_json::from_value(text).map_err(|error| Error::Internal(format!("a procedure that was kept: {error}")))
}

/// The switches as a concern's procedure asks for them: with the duties that had begun when it became known.
pub(crate) fn switches(profile: &Profile, calendar: &Calendar, concern: &Concern) -> Switches {
    profile.switches_on(calendar.local(concern.known_at).date())
}

/// Does somebody hold a role of those who work here or run it? A parent's account is none.
pub(crate) fn holds_staff_role(roster: &Roster, person: PersonId) -> bool {
    roster.iter().any(|(role, holders)| role.is_staff() && holders.contains(&person))
}

/// Who of those tied to somebody works or volunteers here, or helps to run it.
pub(crate) async fn works_here(
    db: &impl Reads,
    setting: SettingId,
    ties: &[Tie],
    at: Timestamp,
) -> Result<BTreeSet<PersonId>> {
    let roster = roster(db, setting, at).await?;
    let staff = roster.iter().filter(|(role, _)| role.is_staff());
    let mut here: BTreeSet<PersonId> = staff.flat_map(|(_, holders)| holders).copied().collect();
    for person in ties.iter().flat_map(|tie| [tie.person, tie.other]) {
        let found = store::people::lookup(db, setting, person).await?;
        if found.is_some_and(|found| found.kind == PersonKind::Staff) {
            here.insert(person);
        }
    }
    Ok(here)
}

/// The setting's profile.
pub(crate) async fn profile(db: &impl Reads, setting: SettingId) -> Result<Profile> {
    let found = store::settings::lookup(db, setting).await?.ok_or(Error::NotFound)?;
    serde_json::from_value(found.profile).map_err(|error| Error::Internal(format!("the setting's profile: {error}")))
}
