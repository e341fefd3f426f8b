//! Every row of a setting at once, for the program to reckon how the duties stand. Never for a page: what a viewer may
//! know is decided by whoever calls, before a single figure is made of it (S8).
//!
//! To add a table: a function here; keep a bound in time, for these are read each time somebody looks at the evidence.

use domain::concern::{ConcernKind, EntryKind};
use domain::{ConcernId, SettingId};
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, QueryOrder, QuerySelect};

use crate::concerns::{Concern, Entry, Exclusion, Invitation, StepRecord};
use crate::db::Reads;
use crate::devices::Hold;
use crate::entity::cases::{concern, entry, exclusion, invitation, step_record};
use crate::entity::policy::{action, proposal, review};
use crate::entity::register::{hold, membership};
use crate::entity::running::{audit, notice};
use crate::entity::working::referral;
use crate::error::Result;
use crate::filtering::Proposal;
use crate::follow_up::{Action, Review};
use crate::notices::Notice;
use crate::people::Membership;
use crate::rows;
use crate::working::Referral;

/// Looks at concerns beyond so many are not read: a bound, not a promise.
const MOST_LOOKS: u64 = 50_000;

fn of<C: ColumnTrait>(column: C, setting: SettingId) -> Condition {
    Condition::all().add(column.eq(setting.0))
}

/// Every concern that was not destroyed.
///
/// # Errors
/// As any read.
pub async fn concerns(db: &impl Reads, setting: SettingId) -> Result<Vec<Concern>> {
    let there = of(concern::Column::SettingId, setting).add(crate::concerns::is_there());
    rows::many(db, rows::select::<Concern>(there)).await
}

/// Who must not see which concern.
///
/// # Errors
/// As any read.
pub async fn exclusions(db: &impl Reads, setting: SettingId) -> Result<Vec<Exclusion>> {
    rows::many(db, rows::select::<Exclusion>(of(exclusion::Column::SettingId, setting))).await
}

/// Who was added to which concern by name.
///
/// # Errors
/// As any read.
pub async fn invitations(db: &impl Reads, setting: SettingId) -> Result<Vec<Invitation>> {
    rows::many(db, rows::select::<Invitation>(of(invitation::Column::SettingId, setting))).await
}

/// Records of these steps in every concern, and of every step in concerns of this kind, in the order of recording.
///
/// # Errors
/// As any read.
pub async fn steps(
    db: &impl Reads,
    setting: SettingId,
    of_all: &[String],
    kinds: &[ConcernKind],
) -> Result<Vec<StepRecord>> {
    let condition = of(step_record::Column::SettingId, setting).add(
        Condition::any()
            .add(step_record::Column::Step.is_in(of_all.iter().map(String::as_str)))
            .add(Expr::col(step_record::Column::ConcernId).in_subquery(of_kinds(setting, kinds))),
    );
    let query = rows::select::<StepRecord>(condition)
        .order_by_asc(step_record::Column::RecordedAt)
        .order_by_asc(step_record::Column::Id);
    rows::many(db, query).await
}

/// Entries of one kind whose words begin so, by their concerns.
///
/// # Errors
/// As any read.
pub async fn with_entry(
    db: &impl Reads,
    setting: SettingId,
    kind: EntryKind,
    begins: &str,
    since: Timestamp,
) -> Result<Vec<ConcernId>> {
    let condition = of(entry::Column::SettingId, setting)
        .add(entry::Column::Kind.eq(kind.key()))
        .add(entry::Column::RecordedAt.gte(since.as_microsecond()))
        .add(entry::Column::Text.starts_with(begins));
    let found: Vec<Entry> = rows::many(db, rows::select::<Entry>(condition)).await?;
    Ok(found.into_iter().map(|entry| entry.concern_id).collect())
}

/// Notices made since a time, whoever they are for.
///
/// # Errors
/// As any read.
pub async fn notices(db: &impl Reads, setting: SettingId, since: Timestamp) -> Result<Vec<Notice>> {
    let condition = of(notice::Column::SettingId, setting).add(notice::Column::MadeAt.gte(since.as_microsecond()));
    rows::many(db, rows::select::<Notice>(condition).order_by_asc(notice::Column::MadeAt)).await
}

/// Every proposal to change the filter.
///
/// # Errors
/// As any read.
pub async fn proposals(db: &impl Reads, setting: SettingId) -> Result<Vec<Proposal>> {
    rows::many(db, rows::select::<Proposal>(of(proposal::Column::SettingId, setting))).await
}

/// Every hold that ever was.
///
/// # Errors
/// As any read.
pub async fn holds(db: &impl Reads, setting: SettingId) -> Result<Vec<Hold>> {
    rows::many(db, rows::select::<Hold>(of(hold::Column::SettingId, setting))).await
}

/// Every action.
///
/// # Errors
/// As any read.
pub async fn actions(db: &impl Reads, setting: SettingId) -> Result<Vec<Action>> {
    rows::many(db, rows::select::<Action>(of(action::Column::SettingId, setting))).await
}

/// Every referral.
///
/// # Errors
/// As any read.
pub async fn referrals(db: &impl Reads, setting: SettingId) -> Result<Vec<Referral>> {
    rows::many(db, rows::select::<Referral>(of(referral::Column::SettingId, setting))).await
}

/// Every review.
///
/// # Errors
/// As any read.
pub async fn reviews(db: &impl Reads, setting: SettingId) -> Result<Vec<Review>> {
    rows::many(db, rows::select::<Review>(of(review::Column::SettingId, setting))).await
}

/// Every membership, ended ones too: whose account an old act in the audit was.
///
/// # Errors
/// As any read.
pub async fn memberships(db: &impl Reads, setting: SettingId) -> Result<Vec<Membership>> {
    rows::many(db, rows::select::<Membership>(of(membership::Column::SettingId, setting))).await
}

/// A look at a concern: opened, printed, exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Which concern.
    pub concern: ConcernId,
    /// Account id, or a word of the program.
    pub actor: String,
    /// When.
    pub at: Timestamp,
}

/// What the audit knows of looks at concerns, by these acts.
///
/// # Errors
/// As any read.
pub async fn looks(db: &impl Reads, setting: SettingId, acts: &[&str]) -> Result<Vec<Look>> {
    let condition = of(audit::Column::SettingId, setting)
        .add(audit::Column::Act.is_in(acts.iter().copied()))
        .add(audit::Column::SubjectTable.eq("concern"));
    let query = rows::select::<crate::audit::AuditRow>(condition).order_by_desc(audit::Column::Seq).limit(MOST_LOOKS);
    let found: Vec<crate::audit::AuditRow> = rows::many(db, query).await?;
    let look =
        |row: crate::audit::AuditRow| Some(Look { concern: ConcernId(row.subject_id?), actor: row.actor, at: row.at });
    Ok(found.into_iter().filter_map(look).collect())
}

/// Chronologies that are asked whether they showed a concern: the newest.
const READ_CHRONOLOGIES: u64 = 200;

/// Looks at one concern by one act, newest first: at its own page, or in a chronology that showed it.
///
/// # Errors
/// As any read.
pub async fn looks_at(db: &impl Reads, setting: SettingId, act: &str, id: ConcernId) -> Result<Vec<Look>> {
    let own = of(audit::Column::SettingId, setting)
        .add(audit::Column::SubjectTable.eq("concern"))
        .add(audit::Column::SubjectId.eq(id.0))
        .add(audit::Column::Act.eq(act));
    let query = rows::select::<crate::audit::AuditRow>(own).order_by_desc(audit::Column::Seq).limit(MOST_LOOKS);
    let mut found: Vec<crate::audit::AuditRow> = rows::many(db, query).await?;
    let read = of(audit::Column::SettingId, setting)
        .add(audit::Column::SubjectTable.eq("chronology"))
        .add(audit::Column::Act.eq(act));
    let query = rows::select::<crate::audit::AuditRow>(read).order_by_desc(audit::Column::Seq).limit(READ_CHRONOLOGIES);
    let chronologies: Vec<crate::audit::AuditRow> = rows::many(db, query).await?;
    for row in chronologies {
        let content = crate::audit::find_content(db, setting, row.id).await?;
        let shown = content.as_ref().and_then(|content| content.get("note")?.get("concerns")?.as_array());
        let id = id.to_string();
        if shown.is_some_and(|shown| shown.iter().any(|one| one.as_str() == Some(id.as_str()))) {
            found.push(row);
        }
    }
    Ok(found.into_iter().map(|row| Look { concern: id, actor: row.actor, at: row.at }).collect())
}

/// What was done to the files of a concern by one act, newest first, once for each time it was done.
///
/// # Errors
/// As any read.
pub async fn looks_at_files(
    db: &impl Reads,
    setting: SettingId,
    act: &str,
    id: ConcernId,
    files: &[domain::AttachmentId],
) -> Result<Vec<Look>> {
    let condition = of(audit::Column::SettingId, setting)
        .add(audit::Column::SubjectTable.eq(crate::attachments::TABLE))
        .add(audit::Column::SubjectId.is_in(files.iter().map(|file| file.0)))
        .add(audit::Column::Act.eq(act));
    let query = rows::select::<crate::audit::AuditRow>(condition).order_by_desc(audit::Column::Seq).limit(MOST_LOOKS);
    let found: Vec<crate::audit::AuditRow> = rows::many(db, query).await?;
    Ok(found.into_iter().map(|row| Look { concern: id, actor: row.actor, at: row.at }).collect())
}

fn of_kinds(setting: SettingId, kinds: &[ConcernKind]) -> sea_orm::sea_query::SelectStatement {
    let mut concerns = Query::select();
    concerns
        .column(concern::Column::Id)
        .from(concern::Entity)
        .and_where(Expr::col(concern::Column::SettingId).eq(setting.0))
        .and_where(Expr::col(concern::Column::Kind).is_in(kinds.iter().map(|kind| kind.key())));
    concerns
}
