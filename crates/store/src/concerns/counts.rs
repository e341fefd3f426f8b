//! What counts are made of: for each concern its few facts, without a word of it. Who may weigh in a count is in the query.

use domain::concern::RouteKind;
use domain::{PersonId, SettingId};
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, QuerySelect};
use uuid::Uuid;

use super::seen::{not_excluded, visible_to};
use super::{Concern, Sees};
use crate::db::Reads;
use crate::entity::cases::{concern, invitation};
use crate::error::Result;
use crate::rows;

/// For whose eyes a count is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counted {
    /// Of what the viewer may open.
    Visible(Sees),
    /// Of what may weigh in what this person reads: not what they are shut out from, and no allegation that is not theirs.
    For(PersonId),
}

/// A concern as a count sees it: the words of its area, kind and status, and where and when it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Content, contact, conduct, commerce.
    pub area: String,
    /// What it is about.
    pub kind: String,
    /// Where it stands.
    pub status: String,
    /// In which room.
    pub room: Option<Uuid>,
    /// On which device.
    pub device: Option<Uuid>,
    /// When it happened.
    pub event_at: Timestamp,
    /// When it was told.
    pub recorded_at: Timestamp,
}

impl Counted {
    fn condition(&self, setting: SettingId) -> Condition {
        let person = match self {
            Self::Visible(sees) => return visible_to(setting, sees),
            Self::For(person) => *person,
        };
        let mut invited = Query::select();
        invited
            .column(invitation::Column::ConcernId)
            .from(invitation::Entity)
            .and_where(Expr::col(invitation::Column::PersonId).eq(person.0));
        Condition::all()
            .add(concern::Column::SettingId.eq(setting.0))
            .add(super::seen::is_there())
            .add(
                Condition::any()
                    .add(concern::Column::Route.eq(RouteKind::Safeguarding.key()))
                    .add(concern::Column::Id.in_subquery(invited)),
            )
            .add(not_excluded((concern::Entity, concern::Column::Id), person))
    }
}

/// The facts of the concerns that were told in a time, from its beginning and before its end.
///
/// # Errors
/// As any read.
pub async fn facts(
    db: &impl Reads,
    setting: SettingId,
    counted: &Counted,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Fact>> {
    type Columns = (String, String, String, Option<Uuid>, Option<Uuid>, i64, i64);
    let condition = counted
        .condition(setting)
        .add(concern::Column::RecordedAt.gte(from.as_microsecond()))
        .add(concern::Column::RecordedAt.lt(to.as_microsecond()));
    let found: Vec<Columns> = rows::select::<Concern>(condition)
        .select_only()
        .columns([
            concern::Column::Area,
            concern::Column::Kind,
            concern::Column::Status,
            concern::Column::RoomId,
            concern::Column::DeviceId,
            concern::Column::EventAt,
            concern::Column::RecordedAt,
        ])
        .into_tuple()
        .all(db.connection())
        .await?;
    let at = |micros: i64| Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(found
        .into_iter()
        .map(|(area, kind, status, room, device, event_at, recorded_at)| Fact {
            area,
            kind,
            status,
            room,
            device,
            event_at: at(event_at),
            recorded_at: at(recorded_at),
        })
        .collect())
}
