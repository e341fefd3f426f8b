//! The whole of a concern, for those who may see it. Every look is in the audit (INC-02); the first one stops the
//! escalation and is what the reporter reads as "opened at".

mod answers;

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Refused, Relation, any_allowed};
use domain::concern::{ConcernKind, ConcernStatus, EntryKind, Part, RouteKind, Urgency};
use domain::content::Agency;
use domain::ctx::Member;
use domain::procedure::{Act, Answers, Locked, MustNot, Procedure, State, Step, StepRecord, Switches};
use domain::{ActionId, ConcernId, DeviceId, EntryId, OpCtx, PersonId, ProposalId, ReviewId, SettingId};
use jiff::Timestamp;
use jiff::civil::Date;
use store::audit::Subject;
use store::concerns::Concern;
use store::words::{Area, ProposalState};
use store::{Reads, Scope};

pub use answers::AnswerView;
pub(super) use answers::several;
pub(crate) use answers::{Names, in_words};

use super::case::{self, Case};
use super::clocks::{Around, ClockView, clocks};
use super::people::FamilyAdult;
use crate::holds;
pub use crate::holds::HoldView;
use crate::sight::sees;
use crate::{Result, Services};

/// A concern, whole.
#[derive(Debug, Clone)]
pub struct ConcernView {
    /// Which.
    pub id: ConcernId,
    /// For the telephone.
    pub reference: String,
    /// What it is about.
    pub kind: ConcernKind,
    /// Which way it goes.
    pub route: RouteKind,
    /// Content, contact, conduct, commerce.
    pub area: Area,
    /// How soon.
    pub urgency: Urgency,
    /// Where it stands.
    pub status: ConcernStatus,
    /// When it happened.
    pub event_at: Timestamp,
    /// When somebody here knew.
    pub known_at: Timestamp,
    /// When it was written.
    pub recorded_at: Timestamp,
    /// The clock stood wrong then (S43).
    pub clock_suspect: bool,
    /// Who told it.
    pub reporter: Option<String>,
    /// Told without an account: its times show as days (S14), and the sender can be answered.
    pub unsigned: bool,
    /// Whoever told it can be asked: without an account, or on the page of their report.
    pub can_be_asked: bool,
    /// On which device.
    pub device: Option<(DeviceId, String)>,
    /// In which room.
    pub room: Option<String>,
    /// "Told in person": whom, when.
    pub told_in_person: Option<(String, Option<Timestamp>)>,
    /// The exact words are still owed (S5).
    pub words_owed: bool,
    /// When it was first opened, by whom.
    pub opened: Option<(Timestamp, String)>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Its procedure; none when this version does not carry it.
    pub procedure: Option<ProcedureView>,
    /// What must not be done.
    pub must_not: Vec<MustNot>,
    /// Steps, in the procedure's order.
    pub steps: Vec<StepView>,
    /// Key of the step to show large.
    pub next: Option<String>,
    /// Clocks that run or ran.
    pub clocks: Vec<ClockView>,
    /// The chronology, newest last.
    pub chronology: Vec<EntryView>,
    /// Who has a part.
    pub people: Vec<PersonView>,
    /// Is the child still to be found out?
    pub child_unknown: bool,
    /// Was it decided that nobody can find out which child it was?
    pub child_given_up: bool,
    /// Who must not know. For those who work it, so that they say nothing by mistake; not why.
    pub must_not_know: Vec<String>,
    /// The adults of its children, with what must be known before anybody is told (S13).
    pub family: Vec<FamilyAdult>,
    /// Who was let in by name.
    pub let_in: Vec<String>,
    /// Holds in force.
    pub holds: Vec<HoldView>,
    /// Filter changes proposed from it.
    pub proposals: Vec<ProposalView>,
    /// Actions and reviews that came of it.
    pub follow_up: Vec<FollowUp>,
    /// May it be closed? If not, why not.
    pub may_close: Result<(), String>,
}

/// The procedure and its edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcedureView {
    /// `P1`.
    pub id: String,
    /// In plain words.
    pub title: String,
    /// The edition that the concern began with.
    pub edition: String,
    /// The edition that this program carries.
    pub carried: String,
    /// The edition whose steps are shown: the one with which it began, unless its text is lost.
    pub shown: String,
    /// Edition and carried differ (S42): the page says so until somebody records the move.
    pub moved_on: bool,
    /// What it rests on.
    pub sources: Vec<String>,
}

/// One step.
#[derive(Debug, Clone)]
pub struct StepView {
    /// The step as the procedure has it.
    pub step: Step,
    /// How it stands.
    pub state: State,
    /// Shut gates, in words.
    pub locked_by: Vec<Locked>,
    /// May this viewer mark it as the next step?
    pub yours: bool,
    /// May this viewer waive its gates?
    pub may_waive: bool,
    /// The newest answers, for the form.
    pub answers: Answers,
    /// The newest answers, in words.
    pub said: Vec<AnswerView>,
    /// How many records it has: what an editor has seen, so that two editors notice each other.
    pub seen: usize,
    /// Its records, oldest first.
    pub records: Vec<StepRecordView>,
    /// It was recorded out of its order, once and for ever.
    pub ever_out_of_order: bool,
    /// Its gates were waived: why.
    pub waived: Option<String>,
    /// Numbers to ring.
    pub agencies: Vec<Agency>,
}

/// One record of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRecordView {
    /// What kind.
    pub act: Act,
    /// By whom.
    pub by: String,
    /// When it happened.
    pub event_at: Timestamp,
    /// When it was written.
    pub recorded_at: Timestamp,
    /// Why.
    pub reason: Option<String>,
    /// Out of its order.
    pub out_of_order: bool,
}

/// An entry of the chronology: something said, or a step recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryView {
    /// Its id, if it can be corrected.
    pub id: Option<EntryId>,
    /// What it is.
    pub what: What,
    /// The text.
    pub text: String,
    /// Answers of a step, in words.
    pub answers: Vec<AnswerView>,
    /// When it happened.
    pub event_at: Timestamp,
    /// When it was written.
    pub recorded_at: Timestamp,
    /// By whom; none: not signed in, or the program.
    pub author: Option<String>,
    /// It was corrected since.
    pub corrected: bool,
    /// What it corrects.
    pub corrects: Option<String>,
    /// Out of its order, for ever.
    pub out_of_order: bool,
    /// It was written in another concern, from which this one was split.
    pub from_elsewhere: bool,
}

impl EntryView {
    /// Did somebody without an account write it? Then its time shows as a day (S14).
    pub fn is_from_sender(&self) -> bool {
        let sends = [EntryKind::Fact, EntryKind::Opinion, EntryKind::Safety, EntryKind::Note, EntryKind::FromSender];
        let said = matches!(self.what, What::Said(kind) if sends.contains(&kind));
        self.author.is_none() && said
    }
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Something said.
    Said(EntryKind),
    /// A step.
    Step(Act),
}

/// A person's part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonView {
    /// Who.
    pub id: PersonId,
    /// Their name.
    pub name: String,
    /// As what.
    pub part: Part,
}

/// A filter change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalView {
    /// Which.
    pub id: ProposalId,
    /// Why it was proposed.
    pub reason: String,
    /// Where it stands.
    pub state: ProposalState,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FollowUp {
    /// Something to be done.
    Action {
        /// Which.
        id: ActionId,
        /// What.
        title: String,
        /// By whom.
        owner: String,
        /// Until.
        due: Date,
        /// Done when.
        done_at: Option<Timestamp>,
    },
    /// A review.
    Review {
        /// Which.
        id: ReviewId,
        /// Of what: `policy`, `filtering`, `curriculum`.
        what: String,
        /// Until.
        due: Date,
        /// Finished when.
        closed_at: Option<Timestamp>,
    },
}

/// Opens a concern: the first look stops the escalation, every look is audited.
///
/// # Errors
/// [`crate::Error::NotFound`] for who may not see it.
pub async fn open(services: &Services, ctx: &mut OpCtx, id: ConcernId) -> Result<ConcernView> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.view").await?;
    let mut case = case::of(&tx, ctx, Action::OpenConcern, id).await?;
    // Opened first; or taken anew, because whoever had opened it was shut out since.
    let taken_anew = case.concern.status == ConcernStatus::Received;
    if case.concern.opened_at.is_none() || taken_anew {
        let status = if taken_anew { ConcernStatus::Open } else { case.concern.status };
        let opened_at = case.concern.opened_at.or(Some(ctx.now));
        let opened = Concern { opened_at, opened_by: Some(member.person), status, ..case.concern.clone() };
        let version = store::concerns::set(&mut tx, &opened).await?;
        case.concern = Concern { version, ..opened };
    }
    store::notices::set_seen(&mut tx, member.setting, member.person, &format!("/concerns/{id}")).await?;
    shown(services, tx, &member, &case).await
}

/// A look of another kind: a print, an export, the bench. Written down as what it is; it does not count as opening, so that the
/// escalation goes on until somebody has the page before them (S4).
pub(super) async fn look(
    services: &Services,
    ctx: &mut OpCtx,
    id: ConcernId,
    action: Action,
    act: &str,
) -> Result<ConcernView> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let tx = services.db.write(ctx, Scope::Setting(member.setting), act).await?;
    let case = case::of(&tx, ctx, action, id).await?;
    shown(services, tx, &member, &case).await
}

async fn shown(services: &Services, mut tx: store::Tx, member: &Member, case: &Case) -> Result<ConcernView> {
    let now = tx.now();
    let subject = Subject { table: "concern", id: Some(case.concern.id.0) };
    tx.note(member.setting, subject, &serde_json::json!({})).await?;
    let view = whole(services, &tx, member, case, now).await?;
    tx.commit().await?;
    Ok(view)
}

async fn whole(
    services: &Services,
    db: &impl Reads,
    member: &Member,
    case: &Case,
    now: Timestamp,
) -> Result<ConcernView> {
    let concern = &case.concern;
    let setting = case.setting();
    let viewer = sees(member);
    let profile = case::profile(db, setting).await?;
    let names = Names::load(db, setting).await?;
    let rows = store::concerns::list_steps(db, setting, &viewer, concern.id).await?;
    let records = case::for_engine(&rows);
    let procedure = case::procedure(db, &services.content, concern).await?;
    let procedure = procedure.as_deref();
    let carried = services.content.procedures.get(&concern.procedure);
    let carried = carried.map(|carried| case::own_edition(&profile, carried).edition.clone());
    let switches = case::switches(&profile, &services.calendar, concern);
    let agencies = crate::agencies::of(services, db, setting, &profile.area).await?;
    let steps = procedure.map_or_else(Vec::new, |procedure| {
        steps(procedure, &rows, &records, &switches, member, &names, &agencies, services)
    });
    let rests = store::together::list_rests_for_program(db, setting, &[concern.id]).await?;
    let around = Around { switches: &switches, terms: &profile.terms, rests: &rests, calendar: &services.calendar };
    let before = super::retype::before(db, concern).await?;
    let unnamed = super::people::unknown_child(db, case).await?;
    let family = super::people::family_of(db, case).await?;
    let parts = store::concerns::list_people(db, setting, &viewer, concern.id).await?;
    let children: BTreeSet<PersonId> =
        parts.iter().filter(|row| row.part == Part::Child).map(|row| row.person_id).collect();
    let entries = store::concerns::list_entries(db, setting, &viewer, concern.id).await?;
    let holds = holds::views(services, db, member, now).await?;
    let proposals = store::filtering::list_proposals(db, setting, &viewer, None).await?;
    Ok(ConcernView {
        id: concern.id,
        reference: concern.reference.clone(),
        kind: concern.kind,
        route: concern.route,
        area: concern.area,
        urgency: concern.urgency,
        status: concern.status,
        event_at: concern.event_at,
        known_at: concern.known_at,
        recorded_at: concern.recorded_at,
        clock_suspect: concern.clock_suspect,
        reporter: concern.reporter_id.map(|person| names.person(person)),
        unsigned: crate::telling::is_unsigned(concern),
        can_be_asked: super::sender::asked(case, member.person).is_some(),
        device: concern.device_id.map(|device| (device, names.device(device))),
        room: concern.room_id.map(|room| names.room(room)),
        told_in_person: concern.told_in_person.as_ref().and_then(told),
        words_owed: concern.stage_two_at.is_none(),
        opened: concern.opened_at.map(|at| (at, names.of(concern.opened_by))),
        closed_at: concern.closed_at,
        procedure: procedure.map(|procedure| ProcedureView {
            id: procedure.id.clone(),
            title: procedure.title.clone(),
            edition: concern.edition.clone(),
            moved_on: carried.as_ref().is_some_and(|carried| *carried != concern.edition),
            carried: carried.unwrap_or_else(|| procedure.edition.clone()),
            shown: procedure.edition.clone(),
            sources: procedure.sources.clone(),
        }),
        must_not: procedure.map(|procedure| procedure.must_not.clone()).unwrap_or_default(),
        next: steps.iter().find(|step| step.state == State::Ready).map(|step| step.step.key.clone()),
        clocks: match procedure {
            Some(procedure) => clocks(procedure, &records, &around, concern, now)?,
            None => Vec::new(),
        },
        chronology: chronology(concern.id, &entries, &rows, procedure.into_iter().chain(&before), &names, services),
        child_unknown: unnamed.as_ref().is_some_and(super::people::UnknownChild::is_sought),
        child_given_up: unnamed.as_ref().is_some_and(|child| !child.is_sought()),
        people: parts
            .into_iter()
            .map(|row| PersonView { id: row.person_id, name: names.person(row.person_id), part: row.part })
            .collect(),
        // A child who is tied to the adult concerned is shut out of nothing that a child could see, and is no secret.
        must_not_know: case
            .excluded
            .iter()
            .filter(|person| !children.contains(person))
            .map(|person| names.person(*person))
            .collect(),
        family,
        let_in: case.invited.iter().chain(&case.reached).map(|person| names.person(*person)).collect(),
        holds: holds.into_iter().filter(|hold| hold.concern == Some(concern.id)).collect(),
        proposals: proposals
            .into_iter()
            .filter(|row| row.concern_id == Some(concern.id))
            .map(|row| ProposalView { id: row.id, reason: row.reason, state: row.state })
            .collect(),
        follow_up: follow_up(db, setting, member, concern.id, &names).await?,
        may_close: match super::finish::may_close(procedure, &records, &switches) {
            Err(locked) => Err(locked.say),
            Ok(()) => super::strands::owed_by_strands(services, db, member, concern.id).await?.map_or(Ok(()), Err),
        },
        steps,
    })
}

#[expect(clippy::too_many_arguments, reason = "everything that one step's view is made of, none of it optional")]
fn steps(
    procedure: &Procedure,
    rows: &[store::concerns::StepRecord],
    records: &[StepRecord],
    switches: &Switches,
    member: &Member,
    names: &Names,
    agencies: &[Agency],
    services: &Services,
) -> Vec<StepView> {
    let standing = procedure.standing(records, switches);
    let may_work = any_allowed(&member.roles, Action::WorkConcern, Relation::Case);
    let views = standing.steps.into_iter().map(|state| {
        let own: Vec<_> = rows.iter().filter(|row| row.step == state.step.key).collect();
        let waivers = state.step.waiver.iter().flat_map(|waiver| &waiver.who);
        StepView {
            yours: may_work && member.roles.iter().any(|role| state.step.who.contains(role)),
            may_waive: !state.locked_by.is_empty()
                && state.locked_by.iter().all(|locked| locked.waivable)
                && waivers.into_iter().any(|role| member.roles.contains(role)),
            state: state.state,
            said: answers::in_words(state.step, &state.answers, names, &services.calendar),
            answers: state.answers,
            seen: own.len(),
            records: own.iter().map(|row| record_view(row, names)).collect(),
            ever_out_of_order: state.ever_out_of_order,
            waived: state.waived.and_then(|record| record.reason.clone()),
            agencies: agencies.iter().filter(|agency| state.step.agencies.contains(&agency.key)).cloned().collect(),
            locked_by: state.locked_by,
            step: state.step.clone(),
        }
    });
    views.collect()
}

fn record_view(row: &store::concerns::StepRecord, names: &Names) -> StepRecordView {
    StepRecordView {
        act: case::act(row.act),
        by: names.person(row.author_id),
        event_at: row.event_at,
        recorded_at: row.recorded_at,
        reason: row.reason.clone(),
        out_of_order: row.out_of_order,
    }
}

/// Whom somebody told in person, and when, if they said.
pub(crate) fn told(value: &serde_json::Value) -> Option<(String, Option<Timestamp>)> {
    let who = value.get("who")?.as_str()?.to_owned();
    let at = value.get("at").and_then(|at| at.as_str()?.parse().ok());
    Some((who, at))
}

fn chronology<'a>(
    here: ConcernId,
    entries: &[store::concerns::Entry],
    steps: &[store::concerns::StepRecord],
    procedures: impl Iterator<Item = &'a Procedure> + Clone,
    names: &Names,
    services: &Services,
) -> Vec<EntryView> {
    let by_id: BTreeMap<EntryId, &store::concerns::Entry> = entries.iter().map(|entry| (entry.id, entry)).collect();
    let said = entries.iter().map(|entry| EntryView {
        id: (!matches!(entry.kind, EntryKind::System)).then_some(entry.id),
        what: What::Said(entry.kind),
        text: entry.text.clone(),
        answers: Vec::new(),
        event_at: entry.event_at,
        recorded_at: entry.recorded_at,
        author: entry.author_id.map(|person| names.person(person)),
        corrected: entries.iter().any(|other| other.supersedes == Some(entry.id)),
        corrects: entry.supersedes.and_then(|id| by_id.get(&id)).map(|wrong| wrong.text.clone()),
        out_of_order: entry.out_of_order,
        from_elsewhere: entry.concern_id != here,
    });
    let done = steps.iter().map(|row| {
        let step = procedures.clone().find_map(|procedure| procedure.step(&row.step));
        let fields = case::answers(&row.fields);
        EntryView {
            id: None,
            what: What::Step(case::act(row.act)),
            text: match (&row.reason, step) {
                (Some(reason), Some(step)) => format!("{}: {reason}", step.title),
                (None, Some(step)) => step.title.clone(),
                (reason, None) => reason.clone().unwrap_or_else(|| row.step.clone()),
            },
            answers: step.map(|step| answers::in_words(step, &fields, names, &services.calendar)).unwrap_or_default(),
            event_at: row.event_at,
            recorded_at: row.recorded_at,
            author: Some(names.person(row.author_id)),
            corrected: false,
            corrects: None,
            out_of_order: row.out_of_order,
            from_elsewhere: false,
        }
    });
    let mut all: Vec<EntryView> = said.chain(done).collect();
    all.sort_by_key(|entry| (entry.event_at, entry.recorded_at));
    all
}

async fn follow_up(
    db: &impl Reads,
    setting: SettingId,
    member: &Member,
    concern: ConcernId,
    names: &Names,
) -> Result<Vec<FollowUp>> {
    use store::follow_up::{Filter, Which, list, list_reviews};
    let viewer = sees(member);
    let filter = Filter { concern: Some(concern), which: Which::All, ..Filter::default() };
    let actions = list(db, setting, &viewer, &filter).await?;
    let reviews = list_reviews(db, setting, &viewer, Which::All).await?;
    let actions = actions.into_iter().map(|row| FollowUp::Action {
        id: row.id,
        title: row.title,
        owner: names.person(row.owner_id),
        due: row.due,
        done_at: row.done_at,
    });
    let reviews = reviews.into_iter().filter(|row| row.concern_id == Some(concern)).map(|row| FollowUp::Review {
        id: row.id,
        what: row.what,
        due: row.due,
        closed_at: row.closed_at,
    });
    Ok(actions.chain(reviews).collect())
}
