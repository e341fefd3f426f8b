//! Actions and reviews: what follows from a finding (POL-12).

use domain::{ActionId, PersonId, ReviewId, SettingId};
use jiff::civil::Date;
use sea_orm::{ColumnTrait, Condition, QueryOrder};

use crate::concerns::{Sees, inherits};
use crate::db::{Reads, Tx};
use crate::entity::policy::{action, review};
use crate::entity::together::action_change;
use crate::error::Result;
use crate::rows;

pub use crate::entity::policy::{ActionRow as Action, Review};
pub use crate::entity::together::ActionChange;

/// Which actions to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this person's.
    pub owner: Option<PersonId>,
    /// Only due before this day.
    pub due_before: Option<Date>,
    /// Only those from this concern.
    pub concern: Option<domain::ConcernId>,
    /// Done ones too?
    pub which: Which,
}

/// Done or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Which {
    /// Only what is still to be done.
    #[default]
    Open,
    /// Everything.
    All,
}

/// The action of an id, if the viewer may know of it.
///
/// # Errors
/// As any read.
pub async fn lookup(db: &impl Reads, setting: SettingId, sees: &Sees, id: ActionId) -> Result<Option<Action>> {
    let condition = actions(setting, sees).add(action::Column::Id.eq(id.0));
    rows::one(db, rows::select::<Action>(condition)).await
}

/// The action of an id, for the job that reminds its owner. Never for a page.
///
/// # Errors
/// As any read.
pub async fn lookup_for_program(db: &impl Reads, setting: SettingId, id: ActionId) -> Result<Option<Action>> {
    let condition = Condition::all().add(action::Column::SettingId.eq(setting.0)).add(action::Column::Id.eq(id.0));
    rows::one(db, rows::select::<Action>(condition)).await
}

/// Actions that the viewer may know of, soonest first.
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId, sees: &Sees, filter: &Filter) -> Result<Vec<Action>> {
    let condition = actions(setting, sees)
        .add_option(filter.owner.map(|owner| action::Column::OwnerId.eq(owner.0)))
        .add_option(filter.due_before.map(|day| action::Column::Due.lt(day.to_string())))
        .add_option(filter.concern.map(|concern| action::Column::ConcernId.eq(concern.0)))
        .add_option((filter.which == Which::Open).then(|| action::Column::DoneAt.is_null()));
    rows::many(db, rows::select::<Action>(condition).order_by_asc(action::Column::Due)).await
}

/// Adds an action.
///
/// # Errors
/// As any write.
pub async fn add(tx: &mut Tx, action: &Action) -> Result<()> {
    rows::add(tx, action).await
}

/// Writes an action over its older self and returns the new version.
///
/// # Errors
/// [`crate::Error::Conflict`] if it was changed since.
pub async fn set(tx: &mut Tx, action: &Action) -> Result<i64> {
    rows::set(tx, action).await
}

/// Writes down what became of an action on its way.
///
/// # Errors
/// As any write.
pub async fn add_change(tx: &mut Tx, change: &ActionChange) -> Result<()> {
    rows::add(tx, change).await
}

/// What became of some actions on their way, oldest first; the caller found them by sight.
///
/// # Errors
/// As any read.
pub async fn list_changes_for_program(
    db: &impl Reads,
    setting: SettingId,
    ids: &[ActionId],
) -> Result<Vec<ActionChange>> {
    let condition = Condition::all()
        .add(action_change::Column::SettingId.eq(setting.0))
        .add(action_change::Column::ActionId.is_in(ids.iter().map(|id| id.0)));
    rows::many(db, rows::select::<ActionChange>(condition).order_by_asc(action_change::Column::ChangedAt)).await
}

fn actions(setting: SettingId, sees: &Sees) -> Condition {
    Condition::all().add(action::Column::SettingId.eq(setting.0)).add(inherits(action::Entity, sees))
}

/// The review of an id, if the viewer may know of it.
///
/// # Errors
/// As any read.
pub async fn lookup_review(db: &impl Reads, setting: SettingId, sees: &Sees, id: ReviewId) -> Result<Option<Review>> {
    let condition = reviews(setting, sees).add(review::Column::Id.eq(id.0));
    rows::one(db, rows::select::<Review>(condition)).await
}

/// Reviews that the viewer may know of, newest first.
///
/// # Errors
/// As any read.
pub async fn list_reviews(db: &impl Reads, setting: SettingId, sees: &Sees, which: Which) -> Result<Vec<Review>> {
    let condition =
        reviews(setting, sees).add_option((which == Which::Open).then(|| review::Column::ClosedAt.is_null()));
    rows::many(db, rows::select::<Review>(condition).order_by_desc(review::Column::OpenedAt)).await
}

/// Opens a review.
///
/// # Errors
/// As any write.
pub async fn add_review(tx: &mut Tx, review: &Review) -> Result<()> {
    rows::add(tx, review).await
}

/// Closes a review, or changes its date. Read it in the same transaction.
///
/// # Errors
/// As any write.
pub async fn set_review(tx: &mut Tx, review: &Review) -> Result<()> {
    rows::set(tx, review).await.map(|_| ())
}

fn reviews(setting: SettingId, sees: &Sees) -> Condition {
    Condition::all().add(review::Column::SettingId.eq(setting.0)).add(inherits(review::Entity, sees))
}
