//! Concerns. Every read takes the viewer: who may know is inside the query, so that a count, a list, a search and a
//! lookup can never disagree (S8).

mod about;
mod back;
mod counts;
mod program;
mod seen;
mod ways;

use domain::concern::{ConcernStatus, EntryKind};
use domain::{ConcernId, PersonId, SettingId};
use jiff::Timestamp;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryOrder, QuerySelect};

use crate::db::{Reads, Tx, sealed::Connected};
use crate::dialect;
use crate::entity::cases::{concern, concern_person, entry, exclusion, invitation, step_record};
use crate::error::Result;
use crate::rows;
use crate::together;

pub use crate::entity::cases::{Concern, ConcernPerson, Entry, Exclusion, Invitation, StepRecord};
pub use about::{About, count_about, list_about, list_entries_about, list_steps_about};
pub use back::{LetBack, add_let_back, list_let_back, set_let_back};
pub use counts::{Counted, Fact, facts};
pub use program::{
    count_unsigned_for_program, find_by_reference_for_program, has_reference, list_entries_of_author,
    list_ids_of_people_for_program, list_messages_for_program, list_parts_for_program, list_said_of_files_for_program,
    list_steps_for_program, list_steps_of_several_for_program,
};
pub use seen::Sees;
pub(crate) use seen::{
    inherits, is_there, not_excluded as not_shut_out, of_visible, of_visible_even_destroyed, visible_to,
};
pub use ways::ways;

/// Which concerns to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only in one of these states; empty: in any.
    pub status: Vec<ConcernStatus>,
    /// Only about, or with, this person.
    pub person: Option<PersonId>,
    /// Only recorded at or after this time.
    pub since: Option<Timestamp>,
    /// At most so many; none: all.
    pub limit: Option<u64>,
    /// Without the first so many. Only together with a limit.
    pub skip: Option<u64>,
}

impl Filter {
    /// Received and open ones.
    pub fn unfinished() -> Self {
        Self { status: vec![ConcernStatus::Received, ConcernStatus::Open], ..Self::default() }
    }

    fn condition(&self, setting: SettingId) -> Condition {
        let mut condition = Condition::all();
        if !self.status.is_empty() {
            condition = condition.add(concern::Column::Status.is_in(self.status.iter().map(|status| status.key())));
        }
        if let Some(person) = self.person {
            condition = condition.add(about::named(setting, person));
        }
        condition.add_option(self.since.map(|since| concern::Column::RecordedAt.gte(since.as_microsecond())))
    }
}

/// The concern of an id, if the viewer may know of it. What one may not see is not there.
///
/// # Errors
/// As any read.
pub async fn lookup(db: &impl Reads, setting: SettingId, sees: &Sees, id: ConcernId) -> Result<Option<Concern>> {
    let condition = visible_to(setting, sees).add(concern::Column::Id.eq(id.0));
    rows::one(db, rows::select::<Concern>(condition)).await
}

/// The concern of a reference that a person typed, if the viewer may know of it.
///
/// # Errors
/// As any read.
pub async fn find_by_reference(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    reference: &str,
) -> Result<Option<Concern>> {
    let condition = visible_to(setting, sees).add(concern::Column::Reference.eq(reference));
    rows::one(db, rows::select::<Concern>(condition)).await
}

/// The references of some concerns, of those that the viewer may know of.
///
/// # Errors
/// As any read.
pub async fn list_references(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    ids: &[ConcernId],
) -> Result<Vec<(ConcernId, String)>> {
    let condition = visible_to(setting, sees).add(concern::Column::Id.is_in(ids.iter().map(|id| id.0)));
    let found: Vec<Concern> = rows::many(db, rows::select::<Concern>(condition)).await?;
    Ok(found.into_iter().map(|concern| (concern.id, concern.reference)).collect())
}

/// Concerns that the viewer may know of, newest first.
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId, sees: &Sees, filter: &Filter) -> Result<Vec<Concern>> {
    let condition = visible_to(setting, sees).add(filter.condition(setting));
    let query = rows::select::<Concern>(condition)
        .order_by_desc(concern::Column::RecordedAt)
        .order_by_desc(concern::Column::Id)
        .offset(filter.skip.filter(|_| filter.limit.is_some()))
        .limit(filter.limit);
    rows::many(db, query).await
}

/// One part of the queue of unfinished concerns: urgent first, of those the unopened, then what waits longest. Sorted and
/// cut by the database, so that a long queue costs no more memory than a short one.
///
/// # Errors
/// As any read.
pub async fn list_queue(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    skip: u64,
    take: u64,
) -> Result<Vec<Concern>> {
    use domain::concern::Urgency;
    use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait};
    let condition = visible_to(setting, sees).add(Filter::unfinished().condition(setting));
    let first = |column: concern::Column, key: &'static str| {
        let this = Expr::col((concern::Entity, column)).eq(key);
        Expr::expr(CaseStatement::new().case(this, 0).finally(1))
    };
    let query = rows::select::<Concern>(condition)
        .order_by_asc(first(concern::Column::Urgency, Urgency::Urgent.key()))
        .order_by_asc(first(concern::Column::Status, ConcernStatus::Received.key()))
        .order_by_asc(concern::Column::RecordedAt)
        .order_by_asc(concern::Column::Id)
        .offset(skip)
        .limit(take);
    rows::many(db, query).await
}

/// How many concerns the viewer may know of. Totals are computed for each viewer (S8).
///
/// # Errors
/// As any read.
pub async fn count(db: &impl Reads, setting: SettingId, sees: &Sees, filter: &Filter) -> Result<u64> {
    let condition = visible_to(setting, sees).add(filter.condition(setting));
    rows::count::<Concern>(db, rows::select::<Concern>(condition)).await
}

/// What a reporter may see of what they filed: that it was, and whether somebody has opened it. Never the case.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// Its id.
    pub id: ConcernId,
    /// What was printed on the receipt.
    pub reference: String,
    /// When it was filed.
    pub recorded_at: Timestamp,
    /// None: exact words still owed (S5).
    pub stage_two_at: Option<Timestamp>,
    /// None: nobody has opened it yet; escalation runs (S4).
    pub opened_at: Option<Timestamp>,
}

/// What a person filed, newest first, but for what they are excluded from.
///
/// # Errors
/// As any read.
pub async fn list_receipts(db: &impl Reads, setting: SettingId, reporter: PersonId) -> Result<Vec<Receipt>> {
    let condition = Condition::all()
        .add(concern::Column::SettingId.eq(setting.0))
        .add(concern::Column::ReporterId.eq(reporter.0))
        .add(seen::not_excluded((concern::Entity, concern::Column::Id), reporter));
    let query = rows::select::<Concern>(condition).order_by_desc(concern::Column::RecordedAt);
    Ok(rows::many::<Concern>(db, query).await?.into_iter().map(Receipt::from).collect())
}

/// The receipt of a hash, for somebody who was not signed in (S14).
///
/// # Errors
/// As any read.
pub async fn find_receipt(db: &impl Reads, setting: SettingId, receipt_hash: &str) -> Result<Option<Receipt>> {
    let condition = Condition::all()
        .add(concern::Column::SettingId.eq(setting.0))
        .add(concern::Column::ReceiptHash.eq(receipt_hash));
    Ok(rows::one::<Concern>(db, rows::select::<Concern>(condition)).await?.map(Receipt::from))
}

impl From<Concern> for Receipt {
    fn from(concern: Concern) -> Self {
        let Concern { id, reference, recorded_at, stage_two_at, opened_at, .. } = concern;
        Self { id, reference, recorded_at, stage_two_at, opened_at }
    }
}

/// Concerns that nobody has opened, filed before a time: for the escalation job, for nobody's eyes (S4).
///
/// # Errors
/// As any read.
pub async fn list_unopened(db: &impl Reads, setting: SettingId, before: Timestamp) -> Result<Vec<Concern>> {
    let condition = Condition::all()
        .add(concern::Column::SettingId.eq(setting.0))
        .add(concern::Column::Status.eq(ConcernStatus::Received.key()))
        .add(concern::Column::RecordedAt.lt(before.as_microsecond()));
    rows::many(db, rows::select::<Concern>(condition).order_by_asc(concern::Column::RecordedAt)).await
}

/// The concern of an id, for the program itself (jobs, filing stage two by its reporter). Never for a page.
///
/// # Errors
/// As any read.
pub async fn lookup_for_program(db: &impl Reads, setting: SettingId, id: ConcernId) -> Result<Option<Concern>> {
    let condition = Condition::all()
        .add(concern::Column::SettingId.eq(setting.0))
        .add(concern::Column::Id.eq(id.0))
        .add(is_there());
    rows::one(db, rows::select::<Concern>(condition)).await
}

/// Adds a concern.
///
/// # Errors
/// [`crate::Error::Duplicate`] if the reference is taken: draw another.
pub async fn add(tx: &mut Tx, concern: &Concern) -> Result<()> {
    rows::add(tx, concern).await
}

/// Writes a concern over its older self and returns the new version.
///
/// # Errors
/// [`crate::Error::Conflict`] if it was changed since it was read.
pub async fn set(tx: &mut Tx, concern: &Concern) -> Result<i64> {
    rows::set(tx, concern).await
}

/// Who must not see a concern, and who was invited: for the rules in `domain`, never for a page of somebody excluded.
///
/// # Errors
/// As any read.
pub async fn list_exclusions(db: &impl Reads, setting: SettingId, id: ConcernId) -> Result<Vec<Exclusion>> {
    let condition =
        Condition::all().add(exclusion::Column::SettingId.eq(setting.0)).add(exclusion::Column::ConcernId.eq(id.0));
    rows::many(db, rows::select::<Exclusion>(condition)).await
}

/// Shuts somebody out. Twice is once.
///
/// # Errors
/// As any write.
pub async fn add_exclusion(tx: &mut Tx, exclusion: &Exclusion) -> Result<()> {
    let there = list_exclusions(tx, exclusion.setting_id, exclusion.concern_id).await?;
    if there.iter().any(|known| known.person_id == exclusion.person_id) {
        return Ok(());
    }
    rows::add(tx, exclusion).await
}

/// Lets somebody in again who was shut out by mistake.
///
/// # Errors
/// [`crate::Error::Missing`] if they were not shut out.
pub async fn lift_exclusion(tx: &mut Tx, exclusion: &Exclusion) -> Result<()> {
    rows::remove(tx, exclusion).await
}

/// Whom the holder added.
///
/// # Errors
/// As any read.
pub async fn list_invitations(db: &impl Reads, setting: SettingId, id: ConcernId) -> Result<Vec<Invitation>> {
    let condition =
        Condition::all().add(invitation::Column::SettingId.eq(setting.0)).add(invitation::Column::ConcernId.eq(id.0));
    rows::many(db, rows::select::<Invitation>(condition).order_by_asc(invitation::Column::At)).await
}

/// Adds somebody by name (S7).
///
/// # Errors
/// [`crate::Error::Duplicate`] if they were added before.
pub async fn add_invitation(tx: &mut Tx, invitation: &Invitation) -> Result<()> {
    rows::add(tx, invitation).await
}

/// Takes an invitation back.
///
/// # Errors
/// [`crate::Error::Missing`] if there was none.
pub async fn revoke_invitation(tx: &mut Tx, invitation: &Invitation) -> Result<()> {
    rows::remove(tx, invitation).await
}

/// The people of a concern that the viewer may know of.
///
/// # Errors
/// As any read.
pub async fn list_people(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    id: ConcernId,
) -> Result<Vec<ConcernPerson>> {
    rows::many(db, people(setting, sees, id)).await
}

fn people(setting: SettingId, sees: &Sees, id: ConcernId) -> sea_orm::Select<concern_person::Entity> {
    rows::select::<ConcernPerson>(Condition::all().add(concern_person::Column::ConcernId.eq(id.0)).add(of_visible(
        (concern_person::Entity, concern_person::Column::ConcernId),
        setting,
        sees,
    )))
}

/// Adds a person's part.
///
/// # Errors
/// [`crate::Error::Duplicate`] if they have that part already.
pub async fn add_person(tx: &mut Tx, person: &ConcernPerson) -> Result<()> {
    rows::add(tx, person).await
}

/// Takes a part away that was entered by mistake.
///
/// # Errors
/// [`crate::Error::Missing`] if it was not there.
pub async fn remove_person(tx: &mut Tx, person: &ConcernPerson) -> Result<()> {
    rows::remove(tx, person).await
}

/// The chronology that the viewer may know of, by event time: what was written in the concern, and what was shared into it
/// from one of which the viewer is not shut out.
///
/// # Errors
/// As any read.
pub async fn list_entries(db: &impl Reads, setting: SettingId, sees: &Sees, id: ConcernId) -> Result<Vec<Entry>> {
    let visible = visible_to(setting, sees).add(concern::Column::Id.eq(id.0));
    if rows::count::<Concern>(db, rows::select::<Concern>(visible)).await? == 0 {
        return Ok(Vec::new());
    }
    rows::many(db, entries(setting, sees, id)).await
}

/// The setting is asked inside [`together::stands_in`] alone: named here too, SQLite walks an index of the whole setting.
fn entries(setting: SettingId, sees: &Sees, id: ConcernId) -> sea_orm::Select<entry::Entity> {
    let condition = Condition::all().add(together::stands_in(setting, id)).add(together::written_where_seen(sees));
    rows::select::<Entry>(condition)
        .order_by_asc(entry::Column::EventAt)
        .order_by_asc(entry::Column::RecordedAt)
        .order_by_asc(entry::Column::Id)
}

/// Adds an entry, and its words to the search.
///
/// # Errors
/// As any write.
pub async fn add_entry(tx: &mut Tx, entry: &Entry) -> Result<()> {
    rows::add(tx, entry).await?;
    if entry.kind == EntryKind::System {
        return Ok(());
    }
    let engine = tx.connection().get_database_backend();
    tx.exec_raw(dialect::index(engine, entry.setting_id.0, entry.concern_id, entry.id.0, &entry.text)).await?;
    Ok(())
}

/// What was recorded about the steps, as the viewer may know it, in the order of recording.
///
/// # Errors
/// As any read.
pub async fn list_steps(db: &impl Reads, setting: SettingId, sees: &Sees, id: ConcernId) -> Result<Vec<StepRecord>> {
    rows::many(db, steps(setting, sees, id)).await
}

fn steps(setting: SettingId, sees: &Sees, id: ConcernId) -> sea_orm::Select<step_record::Entity> {
    let condition = Condition::all()
        .add(step_record::Column::SettingId.eq(setting.0))
        .add(step_record::Column::ConcernId.eq(id.0))
        .add(of_visible((step_record::Entity, step_record::Column::ConcernId), setting, sees));
    rows::select::<StepRecord>(condition)
        .order_by_asc(step_record::Column::RecordedAt)
        .order_by_asc(step_record::Column::Id)
}

/// Records something about a step.
///
/// # Errors
/// As any write.
pub async fn add_step(tx: &mut Tx, step: &StepRecord) -> Result<()> {
    rows::add(tx, step).await
}
