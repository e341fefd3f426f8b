//! What is made while a concern is worked to its end: entries that stand in two concerns, procedures of before, clocks that
//! rest, support plans, sealed addresses, the rule of an alert. Whatever hangs on a concern is seen by those who see the
//! concern (S8).

use std::collections::BTreeSet;

use domain::{ActionId, ConcernId, EntryId, PlanId, SealedAddressId, SettingId};
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef, Query, SelectStatement, SimpleExpr, UnionType};
use sea_orm::{ColumnTrait, Condition, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::concerns::{Sees, StepRecord, of_visible};
use crate::db::{Reads, Tx};
use crate::entity::cases::{concern, entry, step_record};
use crate::entity::together::{
    action_origin, alert_rule, clock_rest, past_procedure, sealed_address, shared_entry, support_plan,
};
use crate::error::Result;
use crate::rows;

pub use crate::entity::together::{
    ActionOrigin, AlertRule, ClockRest, PastProcedure, SealedAddress, SharedEntry, SupportPlan,
};

/// The entry stands in this concern: written there, or shared into it. Two lists by their indices, one after the other: with
/// an `OR` the whole table is read.
pub(crate) fn stands_in(setting: SettingId, id: ConcernId) -> SimpleExpr {
    let mut here = Query::select();
    here.column(entry::Column::Id)
        .from(entry::Entity)
        .and_where(Expr::col(entry::Column::SettingId).eq(setting.0))
        .and_where(Expr::col(entry::Column::ConcernId).eq(id.0))
        .union(UnionType::All, shared_into(setting, id));
    entry::Column::Id.in_subquery(here)
}

fn shared_into(setting: SettingId, id: ConcernId) -> SelectStatement {
    // By its own concern's setting: named as a column of the share, SQLite walks an index of all shares of the setting.
    let mut of_setting = Query::select();
    of_setting
        .column(concern::Column::Id)
        .from(concern::Entity)
        .and_where(Expr::col(concern::Column::SettingId).eq(setting.0))
        .and_where(Expr::col(concern::Column::Id).eq(id.0));
    let mut shared = Query::select();
    shared
        .column(shared_entry::Column::EntryId)
        .from(shared_entry::Entity)
        .and_where(Expr::col(shared_entry::Column::ConcernId).in_subquery(of_setting));
    shared
}

/// The viewer is not shut out of the concern in which the entry was written: what is made from a concern keeps its walls.
pub(crate) fn written_where_seen(sees: &Sees) -> SimpleExpr {
    crate::concerns::not_shut_out((entry::Entity, entry::Column::ConcernId), sees.person)
}

/// Concerns some of whose entries stand in another one too: for the rules of keeping. Never for a page.
///
/// # Errors
/// As any read.
pub async fn list_lenders_for_program(db: &impl Reads, setting: SettingId) -> Result<BTreeSet<ConcernId>> {
    let mut shared = Query::select();
    shared
        .column(shared_entry::Column::EntryId)
        .from(shared_entry::Entity)
        .and_where(Expr::col(shared_entry::Column::SettingId).eq(setting.0));
    // By key alone: the setting is asked of the shares, and there are few of them.
    let found: Vec<Uuid> =
        rows::select::<crate::concerns::Entry>(Condition::all().add(entry::Column::Id.in_subquery(shared)))
            .select_only()
            .column(entry::Column::ConcernId)
            .distinct()
            .into_tuple()
            .all(db.connection())
            .await?;
    Ok(found.into_iter().map(ConcernId).collect())
}

/// Puts an entry into another concern too. Twice is once.
///
/// # Errors
/// As any write.
pub async fn share_entry(tx: &mut Tx, shared: &SharedEntry) -> Result<()> {
    let there = list_shares_of_entry(tx, shared.setting_id, shared.entry_id).await?;
    if there.iter().any(|known| known.concern_id == shared.concern_id) {
        return Ok(());
    }
    rows::add(tx, shared).await
}

/// In which other concerns an entry stands: for the program, so that a correction goes where the words went.
///
/// # Errors
/// As any read.
pub async fn list_shares_of_entry(db: &impl Reads, setting: SettingId, entry: EntryId) -> Result<Vec<SharedEntry>> {
    let condition = Condition::all()
        .add(shared_entry::Column::SettingId.eq(setting.0))
        .add(shared_entry::Column::EntryId.eq(entry.0));
    rows::many(db, rows::select::<SharedEntry>(condition)).await
}

/// Writes down that a concern no longer follows a procedure. Twice is once.
///
/// # Errors
/// As any write.
pub async fn add_past_procedure(tx: &mut Tx, past: &PastProcedure) -> Result<()> {
    let there = list_past_procedures_for_program(tx, past.setting_id, &[past.concern_id]).await?;
    if there.contains(&past.procedure) {
        return Ok(());
    }
    rows::add(tx, past).await
}

/// Every procedure that these concerns followed before.
///
/// # Errors
/// As any read.
pub async fn list_past_procedures_for_program(
    db: &impl Reads,
    setting: SettingId,
    ids: &[ConcernId],
) -> Result<BTreeSet<String>> {
    let condition = Condition::all()
        .add(past_procedure::Column::SettingId.eq(setting.0))
        .add(past_procedure::Column::ConcernId.is_in(ids.iter().map(|id| id.0)));
    let found: Vec<PastProcedure> = rows::many(db, rows::select::<PastProcedure>(condition)).await?;
    Ok(found.into_iter().map(|row| row.procedure).collect())
}

/// The procedures that a concern followed before, with their editions, oldest first.
///
/// # Errors
/// As any read.
pub async fn list_past_editions_for_program(
    db: &impl Reads,
    setting: SettingId,
    id: ConcernId,
) -> Result<Vec<PastProcedure>> {
    let condition = Condition::all()
        .add(past_procedure::Column::SettingId.eq(setting.0))
        .add(past_procedure::Column::ConcernId.eq(id.0));
    rows::many(db, rows::select::<PastProcedure>(condition).order_by_asc(past_procedure::Column::UntilAt)).await
}

/// Every rest of the clocks of some concerns that were found by sight already, oldest first.
///
/// # Errors
/// As any read.
pub async fn list_rests_for_program(db: &impl Reads, setting: SettingId, ids: &[ConcernId]) -> Result<Vec<ClockRest>> {
    let condition = Condition::all()
        .add(clock_rest::Column::SettingId.eq(setting.0))
        .add(clock_rest::Column::ConcernId.is_in(ids.iter().map(|id| id.0)));
    rows::many(db, rows::select::<ClockRest>(condition).order_by_asc(clock_rest::Column::FromAt)).await
}

/// Every rest of the setting, for the evidence.
///
/// # Errors
/// As any read.
pub async fn list_rests(db: &impl Reads, setting: SettingId) -> Result<Vec<ClockRest>> {
    let condition = Condition::all().add(clock_rest::Column::SettingId.eq(setting.0));
    rows::many(db, rows::select::<ClockRest>(condition)).await
}

/// Lets a clock rest.
///
/// # Errors
/// As any write.
pub async fn add_rest(tx: &mut Tx, rest: &ClockRest) -> Result<()> {
    rows::add(tx, rest).await
}

/// Lets it go on.
///
/// # Errors
/// [`crate::Error::Conflict`] if somebody else did.
pub async fn set_rest(tx: &mut Tx, rest: &ClockRest) -> Result<i64> {
    rows::set(tx, rest).await
}

/// Writes down by which rule the alert was raised from which a concern was made.
///
/// # Errors
/// As any write.
pub async fn add_alert_rule(tx: &mut Tx, rule: &AlertRule) -> Result<()> {
    rows::add(tx, rule).await
}

/// The rule behind a concern that the viewer may know of; none where it came from no alert.
///
/// # Errors
/// As any read.
pub async fn lookup_alert_rule(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    id: ConcernId,
) -> Result<Option<AlertRule>> {
    let condition = Condition::all()
        .add(alert_rule::Column::SettingId.eq(setting.0))
        .add(alert_rule::Column::ConcernId.eq(id.0))
        .add(of_visible((alert_rule::Entity, alert_rule::Column::ConcernId), setting, sees));
    rows::one(db, rows::select::<AlertRule>(condition)).await
}

/// What was recorded since a time about one step, in those concerns from alerts of one rule that the viewer may know of;
/// oldest first.
///
/// # Errors
/// As any read.
pub async fn list_steps_of_rule(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    rule: &str,
    step: &str,
    since: Timestamp,
) -> Result<Vec<StepRecord>> {
    let mut raised = Query::select();
    raised
        .column(alert_rule::Column::ConcernId)
        .from(alert_rule::Entity)
        .and_where(Expr::col(alert_rule::Column::SettingId).eq(setting.0))
        .and_where(Expr::col(alert_rule::Column::Rule).eq(rule));
    let condition = Condition::all()
        .add(step_record::Column::SettingId.eq(setting.0))
        .add(step_record::Column::Step.eq(step))
        .add(step_record::Column::RecordedAt.gte(since.as_microsecond()))
        .add(step_record::Column::ConcernId.in_subquery(raised))
        .add(of_visible((step_record::Entity, step_record::Column::ConcernId), setting, sees));
    rows::many(db, rows::select::<StepRecord>(condition).order_by_asc(step_record::Column::RecordedAt)).await
}

/// Writes down from where an action came.
///
/// # Errors
/// As any write.
pub async fn add_origin(tx: &mut Tx, origin: &ActionOrigin) -> Result<()> {
    rows::add(tx, origin).await
}

/// From where some actions came; the caller found them by sight.
///
/// # Errors
/// As any read.
pub async fn list_origins_for_program(
    db: &impl Reads,
    setting: SettingId,
    ids: &[ActionId],
) -> Result<Vec<ActionOrigin>> {
    let condition = Condition::all()
        .add(action_origin::Column::SettingId.eq(setting.0))
        .add(action_origin::Column::ActionId.is_in(ids.iter().map(|id| id.0)));
    rows::many(db, rows::select::<ActionOrigin>(condition)).await
}

fn seen(column: impl IntoColumnRef, setting: SettingId, sees: &Sees) -> SimpleExpr {
    of_visible(column, setting, sees)
}

/// The support plans of the concerns that the viewer may know of, or of one of them; what is looked at soonest first.
///
/// # Errors
/// As any read.
pub async fn list_plans(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    of: Option<ConcernId>,
) -> Result<Vec<SupportPlan>> {
    let condition = Condition::all()
        .add(support_plan::Column::SettingId.eq(setting.0))
        .add_option(of.map(|id| support_plan::Column::ConcernId.eq(id.0)))
        .add(seen((support_plan::Entity, support_plan::Column::ConcernId), setting, sees));
    rows::many(db, rows::select::<SupportPlan>(condition).order_by_asc(support_plan::Column::ReviewOn)).await
}

/// Every plan of the setting, for the evidence.
///
/// # Errors
/// As any read.
pub async fn list_plans_for_program(db: &impl Reads, setting: SettingId) -> Result<Vec<SupportPlan>> {
    let condition = Condition::all().add(support_plan::Column::SettingId.eq(setting.0));
    rows::many(db, rows::select::<SupportPlan>(condition)).await
}

/// The plan of an id, if the viewer may know of its concern.
///
/// # Errors
/// As any read.
pub async fn lookup_plan(db: &impl Reads, setting: SettingId, sees: &Sees, id: PlanId) -> Result<Option<SupportPlan>> {
    let condition = Condition::all()
        .add(support_plan::Column::SettingId.eq(setting.0))
        .add(support_plan::Column::Id.eq(id.0))
        .add(seen((support_plan::Entity, support_plan::Column::ConcernId), setting, sees));
    rows::one(db, rows::select::<SupportPlan>(condition)).await
}

/// The plan of an id, for the job that reminds its owner. Never for a page.
///
/// # Errors
/// As any read.
pub async fn lookup_plan_for_program(db: &impl Reads, setting: SettingId, id: PlanId) -> Result<Option<SupportPlan>> {
    let condition =
        Condition::all().add(support_plan::Column::SettingId.eq(setting.0)).add(support_plan::Column::Id.eq(id.0));
    rows::one(db, rows::select::<SupportPlan>(condition)).await
}

/// Makes a plan.
///
/// # Errors
/// As any write.
pub async fn add_plan(tx: &mut Tx, plan: &SupportPlan) -> Result<()> {
    rows::add(tx, plan).await
}

/// Writes a plan over its older self; the chain keeps both.
///
/// # Errors
/// [`crate::Error::Conflict`] if it was changed since it was read.
pub async fn set_plan(tx: &mut Tx, plan: &SupportPlan) -> Result<i64> {
    rows::set(tx, plan).await
}

/// The sealed addresses of a concern that the viewer may know of, oldest first.
///
/// # Errors
/// As any read.
pub async fn list_addresses(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    id: ConcernId,
) -> Result<Vec<SealedAddress>> {
    let condition = Condition::all()
        .add(sealed_address::Column::SettingId.eq(setting.0))
        .add(sealed_address::Column::ConcernId.eq(id.0))
        .add(seen((sealed_address::Entity, sealed_address::Column::ConcernId), setting, sees));
    rows::many(db, rows::select::<SealedAddress>(condition).order_by_asc(sealed_address::Column::SealedAt)).await
}

/// One of them.
///
/// # Errors
/// As any read.
pub async fn lookup_address(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    id: SealedAddressId,
) -> Result<Option<SealedAddress>> {
    let condition = Condition::all()
        .add(sealed_address::Column::SettingId.eq(setting.0))
        .add(sealed_address::Column::Id.eq(id.0))
        .add(seen((sealed_address::Entity, sealed_address::Column::ConcernId), setting, sees));
    rows::one(db, rows::select::<SealedAddress>(condition)).await
}

/// Every address in force, for the gateway: hashed before it leaves, shown to nobody.
///
/// # Errors
/// As any read.
pub async fn list_addresses_for_gateway(db: &impl Reads, setting: SettingId) -> Result<Vec<SealedAddress>> {
    let condition = Condition::all()
        .add(sealed_address::Column::SettingId.eq(setting.0))
        .add(sealed_address::Column::ReleasedAt.is_null());
    rows::many(db, rows::select::<SealedAddress>(condition).order_by_asc(sealed_address::Column::Id)).await
}

/// Seals an address.
///
/// # Errors
/// As any write.
pub async fn add_address(tx: &mut Tx, address: &SealedAddress) -> Result<()> {
    rows::add(tx, address).await
}

/// Lets an address go.
///
/// # Errors
/// [`crate::Error::Conflict`] if somebody else did.
pub async fn set_address(tx: &mut Tx, address: &SealedAddress) -> Result<i64> {
    rows::set(tx, address).await
}
