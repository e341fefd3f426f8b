//! What is made while a concern is worked: referrals, letters, strands, files that move on with a child; and who stands in for whom.
//! Whatever hangs on a concern is seen by those who see the concern, and by nobody else: the sight is in the query (S8).

use domain::referral::ReferralState;
use domain::{ConcernId, LetterId, PersonId, ReferralId, SettingId, TransferId};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::concerns::{Sees, not_shut_out, of_visible};
use crate::db::{Reads, Tx};
use crate::entity::working::{cover, letter, low_level, low_level_link, referral, strand, transfer, transfer_concern};
use crate::error::Result;
use crate::rows;

pub use crate::entity::working::{Cover, Letter, LowLevel, LowLevelLink, Referral, Strand, Transfer, TransferConcern};

/// The referral of an id, if the viewer may know of its concern.
///
/// # Errors
/// As any read.
pub async fn lookup_referral(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    id: ReferralId,
) -> Result<Option<Referral>> {
    rows::one(db, rows::select::<Referral>(referrals(setting, sees).add(referral::Column::Id.eq(id.0)))).await
}

/// The referral of an id, for the job that asks whether it was answered. Never for a page.
///
/// # Errors
/// As any read.
pub async fn lookup_referral_for_program(
    db: &impl Reads,
    setting: SettingId,
    id: ReferralId,
) -> Result<Option<Referral>> {
    let condition = Condition::all().add(referral::Column::SettingId.eq(setting.0)).add(referral::Column::Id.eq(id.0));
    rows::one(db, rows::select::<Referral>(condition)).await
}

/// Which referrals to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Referrals {
    /// Only in one of these states; empty: in any.
    pub states: Vec<ReferralState>,
    /// Only of this concern.
    pub concern: Option<ConcernId>,
    /// What comes first.
    pub first: First,
    /// At most so many; none: all.
    pub limit: Option<u64>,
    /// Without the first so many. Only together with a limit.
    pub skip: Option<u64>,
}

/// What comes first in a list of referrals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum First {
    /// The newest.
    #[default]
    Newest,
    /// What is to be asked about soonest, or was long ago; then the newest of the rest.
    ToAskAbout,
}

/// Referrals of concerns that the viewer may know of.
///
/// # Errors
/// As any read.
pub async fn list_referrals(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    which: &Referrals,
) -> Result<Vec<Referral>> {
    let mut condition =
        referrals(setting, sees).add_option(which.concern.map(|id| referral::Column::ConcernId.eq(id.0)));
    if !which.states.is_empty() {
        condition = condition.add(referral::Column::State.is_in(which.states.iter().map(|state| state.key())));
    }
    let mut query = rows::select::<Referral>(condition);
    if which.first == First::ToAskAbout {
        // The engines disagree on where nothing stands in an order.
        query = query.order_by_asc(referral::Column::ChaseAt.is_null()).order_by_asc(referral::Column::ChaseAt);
    }
    let query = query
        .order_by_desc(referral::Column::MadeAt)
        .order_by_desc(referral::Column::Id)
        .offset(which.skip.filter(|_| which.limit.is_some()))
        .limit(which.limit);
    rows::many(db, query).await
}

/// Adds a referral.
///
/// # Errors
/// As any write.
pub async fn add_referral(tx: &mut Tx, referral: &Referral) -> Result<()> {
    rows::add(tx, referral).await
}

/// Writes a referral over its older self; the chain keeps both.
///
/// # Errors
/// [`crate::Error::Conflict`] if it was changed since.
pub async fn set_referral(tx: &mut Tx, referral: &Referral) -> Result<i64> {
    rows::set(tx, referral).await
}

fn referrals(setting: SettingId, sees: &Sees) -> Condition {
    Condition::all().add(referral::Column::SettingId.eq(setting.0)).add(of_visible(
        (referral::Entity, referral::Column::ConcernId),
        setting,
        sees,
    ))
}

/// The letter of an id, if the viewer may know of its concern.
///
/// # Errors
/// As any read.
pub async fn lookup_letter(db: &impl Reads, setting: SettingId, sees: &Sees, id: LetterId) -> Result<Option<Letter>> {
    rows::one(db, rows::select::<Letter>(letters(setting, sees).add(letter::Column::Id.eq(id.0)))).await
}

/// The letters of a concern, oldest first.
///
/// # Errors
/// As any read.
pub async fn list_letters(db: &impl Reads, setting: SettingId, sees: &Sees, id: ConcernId) -> Result<Vec<Letter>> {
    let condition = letters(setting, sees).add(letter::Column::ConcernId.eq(id.0));
    rows::many(db, rows::select::<Letter>(condition).order_by_asc(letter::Column::MadeAt)).await
}

/// Every tie between concerns, for the rules of keeping. Never for a page.
///
/// # Errors
/// As any read.
pub async fn list_all_strands_for_program(db: &impl Reads, setting: SettingId) -> Result<Vec<Strand>> {
    rows::many(db, rows::select::<Strand>(Condition::all().add(strand::Column::SettingId.eq(setting.0)))).await
}

/// Adds a letter.
///
/// # Errors
/// As any write.
pub async fn add_letter(tx: &mut Tx, letter: &Letter) -> Result<()> {
    rows::add(tx, letter).await
}

fn letters(setting: SettingId, sees: &Sees) -> Condition {
    Condition::all().add(letter::Column::SettingId.eq(setting.0)).add(of_visible(
        (letter::Entity, letter::Column::ConcernId),
        setting,
        sees,
    ))
}

/// What belongs together with a concern. A link shows only to those who may see both of its ends.
///
/// # Errors
/// As any read.
pub async fn list_strands(db: &impl Reads, setting: SettingId, sees: &Sees, id: ConcernId) -> Result<Vec<Strand>> {
    let condition = Condition::all()
        .add(strand::Column::SettingId.eq(setting.0))
        .add(strand::Column::OneId.eq(id.0).or(strand::Column::OtherId.eq(id.0)))
        .add(of_visible((strand::Entity, strand::Column::OneId), setting, sees))
        .add(of_visible((strand::Entity, strand::Column::OtherId), setting, sees));
    rows::many(db, rows::select::<Strand>(condition).order_by_asc(strand::Column::MadeAt)).await
}

/// Every tie of some concerns, whoever may see the other end: for walls that must hold across it (S17). Never for a page.
///
/// # Errors
/// As any read.
pub async fn list_strands_for_program(db: &impl Reads, setting: SettingId, ids: &[ConcernId]) -> Result<Vec<Strand>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let condition = Condition::all()
        .add(strand::Column::SettingId.eq(setting.0))
        .add(strand::Column::OneId.is_in(ids.clone()).or(strand::Column::OtherId.is_in(ids)));
    rows::many(db, rows::select::<Strand>(condition).order_by_asc(strand::Column::MadeAt)).await
}

/// Ties two concerns together.
///
/// # Errors
/// As any write.
pub async fn add_strand(tx: &mut Tx, strand: &Strand) -> Result<()> {
    rows::add(tx, strand).await
}

/// Low-level concerns about one person or about everybody, newest first. Who may ask is the caller's rule; whose own they
/// are is left out here, so that no list can forget it.
///
/// # Errors
/// As any read.
pub async fn list_low_level(
    db: &impl Reads,
    setting: SettingId,
    viewer: PersonId,
    not_for: &[PersonId],
) -> Result<Vec<LowLevel>> {
    let condition = Condition::all()
        .add(low_level::Column::SettingId.eq(setting.0))
        .add(low_level::Column::PersonId.is_not_in(not_for.iter().map(|person| person.0)))
        .add(made_from_nothing_shut(viewer));
    let query = rows::select::<LowLevel>(condition)
        .order_by_desc(low_level::Column::EventAt)
        .order_by_desc(low_level::Column::Id);
    rows::many(db, query).await
}

/// The note was made from no concern from which the viewer is shut out: what comes of a concern inherits that (S8).
pub(crate) fn made_from_nothing_shut(viewer: PersonId) -> SimpleExpr {
    let mut shut = Query::select();
    shut.expr(Expr::val(1))
        .from(low_level_link::Entity)
        .and_where(
            Expr::col((low_level_link::Entity, low_level_link::Column::LowLevelId))
                .equals((low_level::Entity, low_level::Column::Id)),
        )
        .and_where(Expr::col((low_level_link::Entity, low_level_link::Column::Made)).eq(true))
        .and_where(not_shut_out((low_level_link::Entity, low_level_link::Column::ConcernId), viewer).not());
    Expr::exists(shut).not()
}

/// Which notes belong to which concerns, of those concerns that the viewer may know of.
///
/// # Errors
/// As any read.
pub async fn list_low_level_links(db: &impl Reads, setting: SettingId, sees: &Sees) -> Result<Vec<LowLevelLink>> {
    let condition = Condition::all().add(low_level_link::Column::SettingId.eq(setting.0)).add(of_visible(
        (low_level_link::Entity, low_level_link::Column::ConcernId),
        setting,
        sees,
    ));
    rows::many(db, rows::select::<LowLevelLink>(condition).order_by_asc(low_level_link::Column::LinkedAt)).await
}

/// The concerns to which a note belongs, for its next version. Never for a page.
///
/// # Errors
/// As any read.
pub async fn list_low_level_links_for_program(
    db: &impl Reads,
    setting: SettingId,
    note: Uuid,
) -> Result<Vec<LowLevelLink>> {
    let condition = Condition::all()
        .add(low_level_link::Column::SettingId.eq(setting.0))
        .add(low_level_link::Column::LowLevelId.eq(note));
    rows::many(db, rows::select::<LowLevelLink>(condition)).await
}

/// The newest note about somebody that was made from a concern, for the step that makes it. Never for a page.
///
/// # Errors
/// As any read.
pub async fn find_low_level_made(
    db: &impl Reads,
    setting: SettingId,
    concern: ConcernId,
    about: PersonId,
) -> Result<Option<LowLevel>> {
    let mut made = Query::select();
    made.column(low_level_link::Column::LowLevelId)
        .from(low_level_link::Entity)
        .and_where(Expr::col(low_level_link::Column::ConcernId).eq(concern.0))
        .and_where(Expr::col(low_level_link::Column::Made).eq(true));
    let condition = Condition::all()
        .add(low_level::Column::SettingId.eq(setting.0))
        .add(low_level::Column::PersonId.eq(about.0))
        .add(low_level::Column::Id.in_subquery(made));
    let query = rows::select::<LowLevel>(condition)
        .order_by_desc(low_level::Column::RecordedAt)
        .order_by_desc(low_level::Column::Id);
    Ok(rows::many(db, query).await?.into_iter().next())
}

/// A note belongs to a concern. Twice is once.
///
/// # Errors
/// As any write.
pub async fn link_low_level(tx: &mut Tx, row: &LowLevelLink) -> Result<()> {
    let condition = Condition::all()
        .add(low_level_link::Column::LowLevelId.eq(row.low_level_id))
        .add(low_level_link::Column::ConcernId.eq(row.concern_id.0));
    if rows::one::<LowLevelLink>(tx, rows::select::<LowLevelLink>(condition)).await?.is_some() {
        return Ok(());
    }
    rows::add(tx, row).await
}

/// Writes one down.
///
/// # Errors
/// As any write.
pub async fn add_low_level(tx: &mut Tx, row: &LowLevel) -> Result<()> {
    rows::add(tx, row).await
}

/// Every cover that was ever arranged, newest first.
///
/// # Errors
/// As any read.
pub async fn list_covers(db: &impl Reads, setting: SettingId) -> Result<Vec<Cover>> {
    let condition = Condition::all().add(cover::Column::SettingId.eq(setting.0));
    rows::many(db, rows::select::<Cover>(condition).order_by_desc(cover::Column::MadeAt)).await
}

/// Arranges a cover.
///
/// # Errors
/// As any write.
pub async fn add_cover(tx: &mut Tx, cover: &Cover) -> Result<()> {
    rows::add(tx, cover).await
}

/// Takes it on, or ends it early.
///
/// # Errors
/// As any write.
pub async fn set_cover(tx: &mut Tx, cover: &Cover) -> Result<()> {
    rows::set(tx, cover).await.map(|_| ())
}

/// Files that moved or move on with a child, newest first: only those of whose every concern the viewer may know.
///
/// # Errors
/// As any read.
pub async fn list_transfers(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    id: Option<TransferId>,
) -> Result<Vec<Transfer>> {
    let mut hidden = Query::select();
    hidden
        .column(transfer_concern::Column::TransferId)
        .from(transfer_concern::Entity)
        .and_where(Expr::col(transfer_concern::Column::SettingId).eq(setting.0))
        .and_where(of_visible((transfer_concern::Entity, transfer_concern::Column::ConcernId), setting, sees).not());
    let condition = Condition::all()
        .add(transfer::Column::SettingId.eq(setting.0))
        .add(transfer::Column::Id.not_in_subquery(hidden))
        .add_option(id.map(|id| transfer::Column::Id.eq(id.0)));
    rows::many(db, rows::select::<Transfer>(condition).order_by_desc(transfer::Column::MadeAt)).await
}

/// Which concerns are part of a file.
///
/// # Errors
/// As any read.
pub async fn list_transfer_concerns(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    id: TransferId,
) -> Result<Vec<ConcernId>> {
    let condition = Condition::all()
        .add(transfer_concern::Column::SettingId.eq(setting.0))
        .add(transfer_concern::Column::TransferId.eq(id.0))
        .add(of_visible((transfer_concern::Entity, transfer_concern::Column::ConcernId), setting, sees));
    let found: Vec<TransferConcern> = rows::many(db, rows::select::<TransferConcern>(condition)).await?;
    Ok(found.into_iter().map(|row| row.concern_id).collect())
}

/// Begins the file of a child who leaves.
///
/// # Errors
/// As any write.
pub async fn add_transfer(tx: &mut Tx, transfer: &Transfer, concerns: &[ConcernId]) -> Result<()> {
    rows::add(tx, transfer).await?;
    for concern_id in concerns {
        let row =
            TransferConcern { transfer_id: transfer.id, concern_id: *concern_id, setting_id: transfer.setting_id };
        rows::add(tx, &row).await?;
    }
    Ok(())
}

/// Sent, or received: over its older self.
///
/// # Errors
/// [`crate::Error::Conflict`] if it was changed since.
pub async fn set_transfer(tx: &mut Tx, transfer: &Transfer) -> Result<i64> {
    rows::set(tx, transfer).await
}

/// The cover of an id.
///
/// # Errors
/// As any read.
pub async fn lookup_cover(db: &impl Reads, setting: SettingId, id: Uuid) -> Result<Option<Cover>> {
    let condition = Condition::all().add(cover::Column::SettingId.eq(setting.0)).add(cover::Column::Id.eq(id));
    rows::one(db, rows::select::<Cover>(condition)).await
}
