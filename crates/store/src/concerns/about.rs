//! All that is written about one person or one device, across the concerns that the viewer may know of.

use domain::{ConcernId, DeviceId, PersonId, SettingId};
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef, Query, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, QueryOrder, QuerySelect};

use super::seen::{of_visible, visible_to};
use super::{Concern, Entry, Sees, StepRecord};
use crate::db::Reads;
use crate::entity::cases::{concern, concern_person, entry, step_record};
use crate::error::Result;
use crate::rows;

/// About whom or what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// Somebody who has a part.
    Person(PersonId),
    /// The device on which it was.
    Device(DeviceId),
    /// Some concerns that belong together.
    Concerns(Vec<ConcernId>),
}

impl About {
    pub(super) fn condition(&self, setting: SettingId) -> SimpleExpr {
        match self {
            Self::Person(person) => named(setting, *person),
            Self::Device(device) => concern::Column::DeviceId.eq(device.0),
            Self::Concerns(ids) => concern::Column::Id.is_in(ids.iter().map(|id| id.0)),
        }
    }
}

/// Concerns in which somebody has a part. The setting is named because the index begins with it.
pub(super) fn named(setting: SettingId, person: PersonId) -> SimpleExpr {
    let mut named = Query::select();
    named
        .column(concern_person::Column::ConcernId)
        .from(concern_person::Entity)
        .and_where(Expr::col(concern_person::Column::SettingId).eq(setting.0))
        .and_where(Expr::col(concern_person::Column::PersonId).eq(person.0));
    concern::Column::Id.in_subquery(named)
}

fn among(column: impl IntoColumnRef, setting: SettingId, sees: &Sees, about: &About) -> SimpleExpr {
    let mut visible = SelectStatement::new();
    if let About::Person(person) = about {
        // From their parts, each asked by the key of its concern: an engine that has not counted anything yet would rather walk an
        // index of all concerns.
        visible
            .column(concern_person::Column::ConcernId)
            .from(concern_person::Entity)
            .and_where(Expr::col((concern_person::Entity, concern_person::Column::SettingId)).eq(setting.0))
            .and_where(Expr::col((concern_person::Entity, concern_person::Column::PersonId)).eq(person.0))
            .and_where(of_visible((concern_person::Entity, concern_person::Column::ConcernId), setting, sees));
        return Expr::col(column).in_subquery(visible);
    }
    visible
        .column((concern::Entity, concern::Column::Id))
        .from(concern::Entity)
        .cond_where(visible_to(setting, sees).add(about.condition(setting)));
    Expr::col(column).in_subquery(visible)
}

/// Those concerns, newest first.
///
/// # Errors
/// As any read.
pub async fn list_about(db: &impl Reads, setting: SettingId, sees: &Sees, about: &About) -> Result<Vec<Concern>> {
    rows::many(db, concerns(setting, sees, about)).await
}

pub(super) fn concerns(setting: SettingId, sees: &Sees, about: &About) -> sea_orm::Select<concern::Entity> {
    let condition = visible_to(setting, sees).add(about.condition(setting));
    rows::select::<Concern>(condition).order_by_desc(concern::Column::EventAt)
}

/// How many of those concerns happened at or after a time.
///
/// # Errors
/// As any read.
pub async fn count_about(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    about: &About,
    since: Timestamp,
) -> Result<u64> {
    let condition = visible_to(setting, sees)
        .add(about.condition(setting))
        .add(concern::Column::EventAt.gte(since.as_microsecond()));
    rows::count::<Concern>(db, rows::select::<Concern>(condition)).await
}

/// Entries of those concerns that happened before a time, newest first, so many at most.
///
/// # Errors
/// As any read.
pub async fn list_entries_about(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    about: &About,
    before: Option<Timestamp>,
    limit: u64,
) -> Result<Vec<Entry>> {
    rows::many(db, entries(setting, sees, about, before).limit(limit)).await
}

pub(super) fn entries(
    setting: SettingId,
    sees: &Sees,
    about: &About,
    before: Option<Timestamp>,
) -> sea_orm::Select<entry::Entity> {
    let condition = Condition::all()
        .add(entry::Column::SettingId.eq(setting.0))
        .add(among((entry::Entity, entry::Column::ConcernId), setting, sees, about))
        .add_option(before.map(|at| entry::Column::EventAt.lt(at.as_microsecond())));
    rows::select::<Entry>(condition).order_by_desc(entry::Column::EventAt).order_by_desc(entry::Column::RecordedAt)
}

/// Records of steps of those concerns that happened before a time, newest first, so many at most.
///
/// # Errors
/// As any read.
pub async fn list_steps_about(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    about: &About,
    before: Option<Timestamp>,
    limit: u64,
) -> Result<Vec<StepRecord>> {
    let condition = Condition::all()
        .add(step_record::Column::SettingId.eq(setting.0))
        .add(among((step_record::Entity, step_record::Column::ConcernId), setting, sees, about))
        .add_option(before.map(|at| step_record::Column::EventAt.lt(at.as_microsecond())));
    let query = rows::select::<StepRecord>(condition)
        .order_by_desc(step_record::Column::EventAt)
        .order_by_desc(step_record::Column::RecordedAt)
        .limit(limit);
    rows::many(db, query).await
}
