//! What the program itself must know of a concern to keep the rules: never for a page, never for a viewer.

use domain::concern::EntryKind;
use domain::{ConcernId, PersonId, SettingId};
use jiff::Timestamp;
use sea_orm::{ColumnTrait, Condition, QueryOrder};

use super::{Concern, ConcernPerson, Entry, StepRecord};
use crate::db::Reads;
use crate::entity::cases::{concern, concern_person, entry, step_record};
use crate::error::Result;
use crate::rows;

/// Is this reference taken already? They are drawn by chance (S8).
///
/// # Errors
/// As any read.
pub async fn has_reference(db: &impl Reads, setting: SettingId, reference: &str) -> Result<bool> {
    let condition =
        Condition::all().add(concern::Column::SettingId.eq(setting.0)).add(concern::Column::Reference.eq(reference));
    Ok(rows::count::<Concern>(db, rows::select::<Concern>(condition)).await? > 0)
}

/// The concern of a reference that somebody typed in an emergency. The caller asks who is shut out, and answers no differently.
///
/// # Errors
/// As any read.
pub async fn find_by_reference_for_program(
    db: &impl Reads,
    setting: SettingId,
    reference: &str,
) -> Result<Option<Concern>> {
    let condition = Condition::all()
        .add(concern::Column::SettingId.eq(setting.0))
        .add(concern::Column::Reference.eq(reference))
        .add(super::is_there());
    rows::one(db, rows::select::<Concern>(condition)).await
}

/// How many concerns were told since a time by people without an account.
///
/// # Errors
/// As any read.
pub async fn count_unsigned_for_program(db: &impl Reads, setting: SettingId, since: Timestamp) -> Result<u64> {
    let condition = Condition::all()
        .add(concern::Column::SettingId.eq(setting.0))
        .add(concern::Column::ReporterId.is_null())
        .add(concern::Column::RecordedAt.gte(since.as_microsecond()));
    rows::count::<Concern>(db, rows::select::<Concern>(condition)).await
}

/// What went to and fro between a sender without an account and us, oldest first. The caller has asked for the receipt.
///
/// # Errors
/// As any read.
pub async fn list_messages_for_program(db: &impl Reads, setting: SettingId, id: ConcernId) -> Result<Vec<Entry>> {
    let kinds = [EntryKind::FromSender, EntryKind::ToSender].map(EntryKind::key);
    let condition = Condition::all()
        .add(entry::Column::SettingId.eq(setting.0))
        .add(entry::Column::ConcernId.eq(id.0))
        .add(entry::Column::Kind.is_in(kinds));
    let query =
        rows::select::<Entry>(condition).order_by_asc(entry::Column::RecordedAt).order_by_asc(entry::Column::Id);
    rows::many(db, query).await
}

/// What was said of files that nobody added, and what others decided about that, in several concerns, in the order of recording.
///
/// # Errors
/// As any read.
pub async fn list_said_of_files_for_program(
    db: &impl Reads,
    setting: SettingId,
    ids: &[ConcernId],
) -> Result<Vec<Entry>> {
    let kinds = [EntryKind::CouldShow, EntryKind::CannotShow].map(EntryKind::key);
    let condition = Condition::all()
        .add(entry::Column::SettingId.eq(setting.0))
        .add(entry::Column::ConcernId.is_in(ids.iter().map(|id| id.0)))
        .add(entry::Column::Kind.is_in(kinds));
    let query =
        rows::select::<Entry>(condition).order_by_asc(entry::Column::RecordedAt).order_by_asc(entry::Column::Id);
    rows::many(db, query).await
}

/// Everybody who has a part, from which the rules reckon who must not see it.
///
/// # Errors
/// As any read.
pub async fn list_parts_for_program(db: &impl Reads, setting: SettingId, id: ConcernId) -> Result<Vec<ConcernPerson>> {
    let condition = Condition::all()
        .add(concern_person::Column::SettingId.eq(setting.0))
        .add(concern_person::Column::ConcernId.eq(id.0));
    rows::many(db, rows::select::<ConcernPerson>(condition)).await
}

/// What one author wrote in a concern: a reporter's own words, whose sight the caller has asked about.
///
/// # Errors
/// As any read.
pub async fn list_entries_of_author(
    db: &impl Reads,
    setting: SettingId,
    id: ConcernId,
    author: PersonId,
) -> Result<Vec<Entry>> {
    let condition = Condition::all()
        .add(entry::Column::SettingId.eq(setting.0))
        .add(entry::Column::ConcernId.eq(id.0))
        .add(entry::Column::AuthorId.eq(author.0));
    let query =
        rows::select::<Entry>(condition).order_by_asc(entry::Column::RecordedAt).order_by_asc(entry::Column::Id);
    rows::many(db, query).await
}

/// What was recorded about the steps, for the procedure engine. The caller has asked about sight.
///
/// # Errors
/// As any read.
pub async fn list_steps_for_program(db: &impl Reads, setting: SettingId, id: ConcernId) -> Result<Vec<StepRecord>> {
    let condition =
        Condition::all().add(step_record::Column::SettingId.eq(setting.0)).add(step_record::Column::ConcernId.eq(id.0));
    let query = rows::select::<StepRecord>(condition)
        .order_by_asc(step_record::Column::RecordedAt)
        .order_by_asc(step_record::Column::Id);
    rows::many(db, query).await
}

/// What was recorded about the steps of several concerns at once, in the order of recording: for a list whose concerns
/// were found by sight already.
///
/// # Errors
/// As any read.
pub async fn list_steps_of_several_for_program(
    db: &impl Reads,
    setting: SettingId,
    ids: &[ConcernId],
) -> Result<Vec<StepRecord>> {
    let condition = Condition::all()
        .add(step_record::Column::SettingId.eq(setting.0))
        .add(step_record::Column::ConcernId.is_in(ids.iter().map(|id| id.0)));
    let query = rows::select::<StepRecord>(condition)
        .order_by_asc(step_record::Column::RecordedAt)
        .order_by_asc(step_record::Column::Id);
    rows::many(db, query).await
}

/// Concerns in which any of these people has a part that matters for exclusion, as a child or as the adult concerned.
///
/// # Errors
/// As any read.
pub async fn list_ids_of_people_for_program(
    db: &impl Reads,
    setting: SettingId,
    people: &std::collections::BTreeSet<PersonId>,
) -> Result<std::collections::BTreeSet<ConcernId>> {
    let condition = Condition::all()
        .add(concern_person::Column::SettingId.eq(setting.0))
        .add(concern_person::Column::Part.ne(domain::concern::Part::Witness.key()))
        .add(concern_person::Column::PersonId.is_in(people.iter().map(|person| person.0)));
    let rows: Vec<ConcernPerson> = rows::many(db, rows::select::<ConcernPerson>(condition)).await?;
    Ok(rows.into_iter().map(|row| row.concern_id).collect())
}
