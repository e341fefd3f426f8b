//! Keeping and handing out: holds, decisions about records whose time has come and their certificates, what left the
//! building, bundles for people who ask for their data, records opened in an emergency.
//!
//! Whatever hangs on a concern is seen by those who see the concern; the sight is in the query (S8).

mod destroy;

use std::collections::BTreeSet;

use domain::concern::{ConcernKind, ConcernStatus, Part, RouteKind};
use domain::people::PersonKind;
use domain::referral::ReferralState;
use domain::retention::RecordKind;
use domain::{BundleId, ConcernId, DisposalId, EmergencyId, ExportId, LegalHoldId, PersonId, RedactionId, SettingId};
use jiff::Timestamp;
use jiff::civil::Date;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::concerns::{Concern, ConcernPerson, Sees, StepRecord, of_visible, of_visible_even_destroyed, visible_to};
use crate::db::{Reads, Tx};
use crate::entity::cases::{concern, concern_person, step_record};
use crate::entity::files::attachment;
use crate::entity::keeping::{bundle, disposal, emergency, export, export_concern, legal_hold, redaction};
use crate::entity::register::{hold, person};
use crate::entity::working::{low_level, referral, transfer};
use crate::error::Result;
use crate::people::Person;
use crate::rows;
use crate::words::DisposalState;
use crate::working::{LowLevel, Referral, Transfer};

pub use crate::entity::keeping::{Bundle, Disposal, Emergency, Export, ExportConcern, LegalHold, Redaction};
pub(crate) use destroy::is_there;
pub use destroy::{Gone, STAYS, destroy, goes_with_a_concern};

fn of<C: ColumnTrait>(column: C, setting: SettingId) -> Condition {
    Condition::all().add(column.eq(setting.0))
}

/// A closed concern as the rules of keeping reckon with it: none of its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Which.
    pub id: ConcernId,
    /// For the telephone.
    pub reference: String,
    /// What it was about.
    pub kind: ConcernKind,
    /// Which way it went.
    pub route: RouteKind,
    /// When it was written.
    pub recorded_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
}

/// The concerns in which a field of a step was ever answered with one of some values, also where another answer followed.
///
/// # Errors
/// As any read.
pub async fn list_ever_answered_for_program(
    db: &impl Reads,
    setting: SettingId,
    only: Option<ConcernId>,
    (field, values): (&str, &[&str]),
) -> Result<Vec<ConcernId>> {
    // Fields are JSON as text, on both engines; keys and values are words of the program.
    let said = values.iter().fold(Condition::any(), |any, value| {
        any.add(Expr::col(step_record::Column::Fields).like(format!("%\"{field}\":\"{value}\"%")))
    });
    let condition = Condition::all()
        .add(step_record::Column::SettingId.eq(setting.0))
        .add_option(only.map(|id| step_record::Column::ConcernId.eq(id.0)))
        .add(said);
    let found: Vec<Uuid> = rows::select::<StepRecord>(condition)
        .select_only()
        .column(step_record::Column::ConcernId)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(found.into_iter().map(ConcernId).collect())
}

/// The closed concerns that a viewer may know of, or one of them; what was written first comes first. Of ten thousand only the few
/// columns that the rules ask for.
///
/// # Errors
/// As any read, and a row whose words are of no kind that we know.
pub async fn list_closed(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    only: Option<ConcernId>,
) -> Result<Vec<Closed>> {
    let condition = visible_to(setting, sees)
        .add(concern::Column::Status.eq(ConcernStatus::Closed.key()))
        .add_option(only.map(|id| concern::Column::Id.eq(id.0)));
    let found: Vec<(Uuid, String, String, String, i64, Option<i64>)> = rows::select::<Concern>(condition)
        .select_only()
        .columns([
            concern::Column::Id,
            concern::Column::Reference,
            concern::Column::Kind,
            concern::Column::Route,
            concern::Column::RecordedAt,
            concern::Column::ClosedAt,
        ])
        .order_by_asc(concern::Column::RecordedAt)
        .into_tuple()
        .all(db.connection())
        .await?;
    let wrong = |id: Uuid| crate::Error::Database(format!("concern {id}: a word or a time that is none"));
    found
        .into_iter()
        .map(|(id, reference, kind, route, recorded_at, closed_at)| {
            let at = |micros| Timestamp::from_microsecond(micros).map_err(|_| wrong(id));
            Ok(Closed {
                id: ConcernId(id),
                reference,
                kind: ConcernKind::from_key(&kind).ok_or_else(|| wrong(id))?,
                route: RouteKind::from_key(&route).ok_or_else(|| wrong(id))?,
                recorded_at: at(recorded_at)?,
                closed_at: closed_at.map(at).transpose()?,
            })
        })
        .collect()
}

/// Concerns that are still worked, with what they are about, whoever may see them: for the rules. Never for a page.
///
/// # Errors
/// As any read.
pub async fn list_worked_for_program(db: &impl Reads, setting: SettingId) -> Result<Vec<(ConcernId, ConcernKind)>> {
    let worked = [ConcernStatus::Received, ConcernStatus::Open].map(ConcernStatus::key);
    let condition = of(concern::Column::SettingId, setting).add(concern::Column::Status.is_in(worked));
    let found: Vec<(Uuid, String)> = rows::select::<Concern>(condition)
        .select_only()
        .columns([concern::Column::Id, concern::Column::Kind])
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(found.into_iter().filter_map(|(id, kind)| Some((ConcernId(id), ConcernKind::from_key(&kind)?))).collect())
}

/// Concerns with a referral in one of these states, whoever may see them: for the rules. Never for a page.
///
/// # Errors
/// As any read.
pub async fn list_referred_for_program(
    db: &impl Reads,
    setting: SettingId,
    states: &[ReferralState],
) -> Result<BTreeSet<ConcernId>> {
    let condition = of(referral::Column::SettingId, setting)
        .add(referral::Column::State.is_in(states.iter().map(|state| state.key())));
    let found: Vec<Uuid> = rows::select::<Referral>(condition)
        .select_only()
        .column(referral::Column::ConcernId)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(found.into_iter().map(ConcernId).collect())
}

/// Everybody who has a part in a concern or told one, for the rule that their entry of the register stays. Never for a page.
///
/// # Errors
/// As any read.
pub async fn list_named_for_program(db: &impl Reads, setting: SettingId) -> Result<BTreeSet<PersonId>> {
    let parts: Vec<Uuid> = rows::select::<ConcernPerson>(of(concern_person::Column::SettingId, setting))
        .select_only()
        .column(concern_person::Column::PersonId)
        .distinct()
        .into_tuple()
        .all(db.connection())
        .await?;
    let told = of(concern::Column::SettingId, setting)
        .add(crate::concerns::is_there())
        .add(concern::Column::ReporterId.is_not_null());
    let told: Vec<Uuid> = rows::select::<Concern>(told)
        .select_only()
        .column(concern::Column::ReporterId)
        .distinct()
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(parts.into_iter().chain(told).map(PersonId).collect())
}

/// Every part of somebody in a concern, or in one concern, for the rules of keeping. Never for a page.
///
/// # Errors
/// As any read.
pub async fn list_parts_for_program(
    db: &impl Reads,
    setting: SettingId,
    only: Option<ConcernId>,
) -> Result<Vec<(ConcernId, PersonId, Part)>> {
    let condition = of(concern_person::Column::SettingId, setting)
        .add_option(only.map(|id| concern_person::Column::ConcernId.eq(id.0)));
    let found: Vec<(Uuid, Uuid, String)> = rows::select::<ConcernPerson>(condition)
        .select_only()
        .columns([concern_person::Column::ConcernId, concern_person::Column::PersonId, concern_person::Column::Part])
        .into_tuple()
        .all(db.connection())
        .await?;
    let wrong = |id: Uuid| crate::Error::Database(format!("concern_person {id}: a part that is none"));
    found
        .into_iter()
        .map(|(id, person, part)| {
            Ok((ConcernId(id), PersonId(person), Part::from_key(&part).ok_or_else(|| wrong(id))?))
        })
        .collect()
}

/// Dates of birth and last days of everybody, for reckoning.
///
/// # Errors
/// As any read.
pub async fn list_dates(db: &impl Reads, setting: SettingId) -> Result<Vec<(PersonId, Option<Date>, Option<Date>)>> {
    let found: Vec<Person> = rows::many(db, rows::select::<Person>(of(person::Column::SettingId, setting))).await?;
    Ok(found.into_iter().map(|person| (person.id, person.born, person.gone)).collect())
}

/// Low-level concerns but those about these people, and those that the viewer may not know of; no viewer: for the program.
///
/// # Errors
/// As any read.
pub async fn list_low_level_but(
    db: &impl Reads,
    setting: SettingId,
    viewer: Option<PersonId>,
    not: &[PersonId],
) -> Result<Vec<LowLevel>> {
    let condition = of(low_level::Column::SettingId, setting)
        .add(low_level::Column::PersonId.is_not_in(not.iter().map(|id| id.0)))
        .add_option(viewer.map(crate::working::made_from_nothing_shut));
    rows::many(db, rows::select::<LowLevel>(condition).order_by_asc(low_level::Column::RecordedAt)).await
}

/// One low-level concern or transfer for the program, whose sight the caller has asked about.
///
/// # Errors
/// As any read.
pub async fn lookup_low_level(db: &impl Reads, setting: SettingId, id: Uuid) -> Result<Option<LowLevel>> {
    let condition = of(low_level::Column::SettingId, setting).add(low_level::Column::Id.eq(id));
    rows::one(db, rows::select::<LowLevel>(condition)).await
}

/// Every transfer, for the rules.
///
/// # Errors
/// As any read.
pub async fn list_transfers_for_program(db: &impl Reads, setting: SettingId) -> Result<Vec<Transfer>> {
    rows::many(db, rows::select::<Transfer>(of(transfer::Column::SettingId, setting))).await
}

/// Children who are on roll, or were.
///
/// # Errors
/// As any read.
pub async fn list_children(db: &impl Reads, setting: SettingId) -> Result<Vec<Person>> {
    let condition = of(person::Column::SettingId, setting).add(person::Column::Kind.eq(PersonKind::Child.key()));
    rows::many(db, rows::select::<Person>(condition).order_by_asc(person::Column::Name)).await
}

/// Concerns on which something in the house still rests: a device that is held, a file that is sealed or whose order waits.
///
/// # Errors
/// As any read.
pub async fn list_resting(db: &impl Reads, setting: SettingId) -> Result<Vec<(ConcernId, Resting)>> {
    let held = of(hold::Column::SettingId, setting)
        .add(hold::Column::ConcernId.is_not_null())
        .add(hold::Column::ReleasedAt.is_null());
    let held: Vec<crate::devices::Hold> = rows::many(db, rows::select::<crate::devices::Hold>(held)).await?;
    let sealed = of(attachment::Column::SettingId, setting).add(attachment::Column::DestroyedAt.is_null()).add(
        Condition::any().add(attachment::Column::SealedAt.is_not_null()).add(attachment::Column::Ordered.is_not_null()),
    );
    let sealed: Vec<crate::attachments::Attachment> =
        rows::many(db, rows::select::<crate::attachments::Attachment>(sealed)).await?;
    let held = held.into_iter().filter_map(|hold| Some((hold.concern_id?, Resting::Device)));
    Ok(held.chain(sealed.into_iter().map(|file| (file.concern_id, Resting::File))).collect())
}

/// What rests on a concern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resting {
    /// A device is held.
    Device,
    /// A file is sealed, or waits for a second person.
    File,
}

/// Holds in force, whoever may see them: for the rule that nothing held goes. Never for a page.
///
/// # Errors
/// As any read.
pub async fn list_holds_for_program(db: &impl Reads, setting: SettingId) -> Result<Vec<LegalHold>> {
    let condition = of(legal_hold::Column::SettingId, setting).add(legal_hold::Column::LiftedAt.is_null());
    rows::many(db, rows::select::<LegalHold>(condition)).await
}

/// Holds that a viewer may know of, newest first: those of concerns that they see, and those of no concern but theirs.
///
/// # Errors
/// As any read.
pub async fn list_holds(db: &impl Reads, setting: SettingId, sees: &Sees) -> Result<Vec<LegalHold>> {
    let visible = Condition::any().add(legal_hold::Column::ConcernId.is_null()).add(of_visible(
        (legal_hold::Entity, legal_hold::Column::ConcernId),
        setting,
        sees,
    ));
    // A hold upon all that names somebody would tell that person that there is something.
    let not_theirs = Condition::any()
        .add(legal_hold::Column::PersonId.is_null())
        .add(legal_hold::Column::PersonId.ne(sees.person.0));
    let condition = of(legal_hold::Column::SettingId, setting).add(visible).add(not_theirs);
    rows::many(db, rows::select::<LegalHold>(condition).order_by_desc(legal_hold::Column::PlacedAt)).await
}

/// A hold of an id, if the viewer may know of it.
///
/// # Errors
/// As any read.
pub async fn lookup_hold(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    id: LegalHoldId,
) -> Result<Option<LegalHold>> {
    Ok(list_holds(db, setting, sees).await?.into_iter().find(|hold| hold.id == id))
}

/// Places a hold.
///
/// # Errors
/// As any write.
pub async fn add_hold(tx: &mut Tx, hold: &LegalHold) -> Result<()> {
    rows::add(tx, hold).await
}

/// Lifts a hold: over its older self.
///
/// # Errors
/// [`crate::Error::Conflict`] if it was changed since.
pub async fn set_hold(tx: &mut Tx, hold: &LegalHold) -> Result<i64> {
    rows::set(tx, hold).await
}

/// Decisions in these states, newest first, for the program: the caller asks who may see which.
///
/// # Errors
/// As any read.
pub async fn list_disposals_for_program(
    db: &impl Reads,
    setting: SettingId,
    states: &[DisposalState],
) -> Result<Vec<Disposal>> {
    let condition = of(disposal::Column::SettingId, setting)
        .add(disposal::Column::State.is_in(states.iter().map(|state| state.key())));
    let query = rows::select::<Disposal>(condition)
        .order_by_desc(disposal::Column::DecidedAt)
        .order_by_desc(disposal::Column::Id);
    rows::many(db, query).await
}

/// A concern or the empty place of a destroyed one, with what is still known of it. Never for a page: the caller asks who may know.
///
/// # Errors
/// As any read.
pub async fn lookup_place(db: &impl Reads, setting: SettingId, id: ConcernId) -> Result<Option<Concern>> {
    let condition = of(concern::Column::SettingId, setting).add(concern::Column::Id.eq(id.0));
    rows::one(db, rows::select::<Concern>(condition)).await
}

/// The decision of an id, for the program: the caller asks who may see it.
///
/// # Errors
/// As any read.
pub async fn lookup_disposal(db: &impl Reads, setting: SettingId, id: DisposalId) -> Result<Option<Disposal>> {
    let condition = of(disposal::Column::SettingId, setting).add(disposal::Column::Id.eq(id.0));
    rows::one(db, rows::select::<Disposal>(condition)).await
}

/// Every decision about one record, newest first.
///
/// # Errors
/// As any read.
pub async fn list_disposals_of(
    db: &impl Reads,
    setting: SettingId,
    record: RecordKind,
    id: Uuid,
) -> Result<Vec<Disposal>> {
    let condition = of(disposal::Column::SettingId, setting)
        .add(disposal::Column::Record.eq(record.key()))
        .add(disposal::Column::RecordId.eq(id));
    rows::many(db, rows::select::<Disposal>(condition).order_by_desc(disposal::Column::DecidedAt)).await
}

/// Writes a decision down.
///
/// # Errors
/// As any write.
pub async fn add_disposal(tx: &mut Tx, disposal: &Disposal) -> Result<()> {
    rows::add(tx, disposal).await
}

/// A decision over its older self; the chain keeps both.
///
/// # Errors
/// [`crate::Error::Conflict`] if it was changed since.
pub async fn set_disposal(tx: &mut Tx, disposal: &Disposal) -> Result<i64> {
    rows::set(tx, disposal).await
}

/// Exports whose every concern the viewer may know of, newest first.
///
/// # Errors
/// As any read.
pub async fn list_exports(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    id: Option<ExportId>,
) -> Result<Vec<Export>> {
    let mut hidden = Query::select();
    hidden
        .column(export_concern::Column::ExportId)
        .from(export_concern::Entity)
        .and_where(Expr::col(export_concern::Column::SettingId).eq(setting.0))
        .and_where(
            of_visible_even_destroyed((export_concern::Entity, export_concern::Column::ConcernId), setting, sees).not(),
        );
    let condition = of(export::Column::SettingId, setting)
        .add(export::Column::Id.not_in_subquery(hidden))
        .add_option(id.map(|id| export::Column::Id.eq(id.0)));
    rows::many(db, rows::select::<Export>(condition).order_by_desc(export::Column::MadeAt)).await
}

/// Writes down that something leaves, with the concerns that are in it.
///
/// # Errors
/// As any write.
pub async fn add_export(tx: &mut Tx, export: &Export, concerns: &[ConcernId]) -> Result<()> {
    rows::add(tx, export).await?;
    for concern_id in concerns {
        let row = ExportConcern { export_id: export.id, concern_id: *concern_id, setting_id: export.setting_id };
        rows::add(tx, &row).await?;
    }
    Ok(())
}

/// It was fetched.
///
/// # Errors
/// [`crate::Error::Conflict`] if it was changed since.
pub async fn set_export(tx: &mut Tx, export: &Export) -> Result<i64> {
    rows::set(tx, export).await
}

/// Every export since a time, for the program.
///
/// # Errors
/// As any read.
pub async fn list_exports_for_program(db: &impl Reads, setting: SettingId, since: Timestamp) -> Result<Vec<Export>> {
    let condition = of(export::Column::SettingId, setting).add(export::Column::MadeAt.gte(since.as_microsecond()));
    rows::many(db, rows::select::<Export>(condition)).await
}

/// The bundle of a request, if the viewer may know of that concern.
///
/// # Errors
/// As any read.
pub async fn find_bundle(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    request: ConcernId,
) -> Result<Option<Bundle>> {
    let condition = of(bundle::Column::SettingId, setting)
        .add(bundle::Column::ConcernId.eq(request.0))
        .add(of_visible((bundle::Entity, bundle::Column::ConcernId), setting, sees));
    rows::one(db, rows::select::<Bundle>(condition)).await
}

/// The bundle of a request, for the rules. Never for a page.
///
/// # Errors
/// As any read.
pub async fn find_bundle_for_program(
    db: &impl Reads,
    setting: SettingId,
    request: ConcernId,
) -> Result<Option<Bundle>> {
    let condition = of(bundle::Column::SettingId, setting).add(bundle::Column::ConcernId.eq(request.0));
    rows::one(db, rows::select::<Bundle>(condition)).await
}

/// Bundles whose requests the viewer may know of, newest first.
///
/// # Errors
/// As any read.
pub async fn list_bundles(db: &impl Reads, setting: SettingId, sees: &Sees) -> Result<Vec<Bundle>> {
    let condition = of(bundle::Column::SettingId, setting).add(of_visible(
        (bundle::Entity, bundle::Column::ConcernId),
        setting,
        sees,
    ));
    rows::many(db, rows::select::<Bundle>(condition).order_by_desc(bundle::Column::BegunAt)).await
}

/// Begins a bundle.
///
/// # Errors
/// [`crate::Error::Duplicate`] if the request has one.
pub async fn add_bundle(tx: &mut Tx, bundle: &Bundle) -> Result<()> {
    rows::add(tx, bundle).await
}

/// A bundle over its older self.
///
/// # Errors
/// [`crate::Error::Conflict`] if it was changed since.
pub async fn set_bundle(tx: &mut Tx, bundle: &Bundle) -> Result<i64> {
    rows::set(tx, bundle).await
}

/// The marks of a bundle that stand, oldest first. The caller has found the bundle by sight.
///
/// # Errors
/// As any read.
pub async fn list_redactions(db: &impl Reads, setting: SettingId, id: BundleId) -> Result<Vec<Redaction>> {
    let condition = of(redaction::Column::SettingId, setting)
        .add(redaction::Column::BundleId.eq(id.0))
        .add(redaction::Column::EndedAt.is_null());
    let query = rows::select::<Redaction>(condition)
        .order_by_asc(redaction::Column::MadeAt)
        .order_by_asc(redaction::Column::Id);
    rows::many(db, query).await
}

/// Sets a mark.
///
/// # Errors
/// As any write.
pub async fn add_redaction(tx: &mut Tx, redaction: &Redaction) -> Result<()> {
    rows::add(tx, redaction).await
}

/// Takes a mark back; the chain keeps that it was there.
///
/// # Errors
/// [`crate::Error::Missing`] if there is none.
pub async fn end_redaction(
    tx: &mut Tx,
    setting: SettingId,
    bundle: BundleId,
    id: RedactionId,
    by: PersonId,
    at: Timestamp,
) -> Result<()> {
    let all = list_redactions(tx, setting, bundle).await?;
    let found = all.into_iter().find(|mark| mark.id == id);
    let mark = found.ok_or_else(|| crate::Error::Missing { table: "redaction", row: id.to_string() })?;
    rows::set(tx, &Redaction { ended_by: Some(by), ended_at: Some(at), ..mark }).await.map(|_| ())
}

/// Emergencies that the viewer may know of, newest first: those of concerns that they see, and their own.
///
/// # Errors
/// As any read.
pub async fn list_emergencies(db: &impl Reads, setting: SettingId, sees: &Sees) -> Result<Vec<Emergency>> {
    let condition = of(emergency::Column::SettingId, setting).add(
        Condition::any()
            .add(of_visible((emergency::Entity, emergency::Column::ConcernId), setting, sees))
            .add(emergency::Column::PersonId.eq(sees.person.0)),
    );
    let condition = condition.add(crate::concerns::inherits(emergency::Entity, sees));
    rows::many(db, rows::select::<Emergency>(condition).order_by_desc(emergency::Column::OpenedAt)).await
}

/// Emergencies that are not shut yet, for the job that shuts them and the rule that they end.
///
/// # Errors
/// As any read.
pub async fn list_open_emergencies(db: &impl Reads, setting: SettingId) -> Result<Vec<Emergency>> {
    let condition = of(emergency::Column::SettingId, setting).add(emergency::Column::EndedAt.is_null());
    rows::many(db, rows::select::<Emergency>(condition)).await
}

/// Every emergency, for the program.
///
/// # Errors
/// As any read.
pub async fn list_emergencies_for_program(db: &impl Reads, setting: SettingId) -> Result<Vec<Emergency>> {
    rows::many(db, rows::select::<Emergency>(of(emergency::Column::SettingId, setting))).await
}

/// The emergency of an id, if the viewer may know of it.
///
/// # Errors
/// As any read.
pub async fn lookup_emergency(
    db: &impl Reads,
    setting: SettingId,
    sees: &Sees,
    id: EmergencyId,
) -> Result<Option<Emergency>> {
    Ok(list_emergencies(db, setting, sees).await?.into_iter().find(|one| one.id == id))
}

/// Opens a record in an emergency.
///
/// # Errors
/// As any write.
pub async fn add_emergency(tx: &mut Tx, emergency: &Emergency) -> Result<()> {
    rows::add(tx, emergency).await
}

/// Shut, or reviewed: over its older self.
///
/// # Errors
/// [`crate::Error::Conflict`] if it was changed since.
pub async fn set_emergency(tx: &mut Tx, emergency: &Emergency) -> Result<i64> {
    rows::set(tx, emergency).await
}
