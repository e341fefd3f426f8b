//! The register of people: rooms, persons, memberships, appointments, relationships.

use domain::people::{PersonKind, Role};
use domain::{AccountId, PersonId, RoomId, SettingId};
use jiff::Timestamp;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, Condition, QueryOrder};
use uuid::Uuid;

use crate::db::{Reads, Tx};
use crate::entity::register::{appointment, membership, person, relationship, room};
use crate::error::Result;
use crate::rows;

pub use crate::entity::register::{Appointment, Membership, Person, Relationship, Room};

/// The person of an id.
///
/// # Errors
/// As any read.
pub async fn lookup(db: &impl Reads, setting: SettingId, id: PersonId) -> Result<Option<Person>> {
    rows::one(db, rows::select::<Person>(of(setting).add(person::Column::Id.eq(id.0)))).await
}

/// All people of a setting, or those of one kind, by name.
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId, kind: Option<PersonKind>) -> Result<Vec<Person>> {
    let condition = of(setting).add_option(kind.map(|kind| person::Column::Kind.eq(kind.key())));
    rows::many(db, rows::select::<Person>(condition).order_by_asc(person::Column::Name)).await
}

/// Adds a person.
///
/// # Errors
/// As any write.
pub async fn add(tx: &mut Tx, person: &Person) -> Result<()> {
    rows::add(tx, person).await
}

/// Writes a person over their older self and returns the new version.
///
/// # Errors
/// [`crate::Error::Conflict`] if they were changed since.
pub async fn set(tx: &mut Tx, person: &Person) -> Result<i64> {
    rows::set(tx, person).await
}

/// Takes a person away who was entered by mistake and on whom nothing hangs (S55).
///
/// # Errors
/// [`crate::Error::Reference`] if a concern, an account or a tie points to them.
pub async fn remove(tx: &mut Tx, person: &Person) -> Result<()> {
    rows::remove(tx, person).await
}

/// The membership of an account in a setting, while it lasts.
///
/// # Errors
/// As any read.
pub async fn find_membership(db: &impl Reads, setting: SettingId, account: AccountId) -> Result<Option<Membership>> {
    let condition = Condition::all()
        .add(membership::Column::SettingId.eq(setting.0))
        .add(membership::Column::AccountId.eq(account.0))
        .add(membership::Column::EndedAt.is_null());
    rows::one(db, rows::select::<Membership>(condition)).await
}

/// The membership of a person, while it lasts.
///
/// # Errors
/// As any read.
pub async fn find_membership_of_person(
    db: &impl Reads,
    setting: SettingId,
    person: PersonId,
) -> Result<Option<Membership>> {
    let condition = Condition::all()
        .add(membership::Column::SettingId.eq(setting.0))
        .add(membership::Column::PersonId.eq(person.0))
        .add(membership::Column::EndedAt.is_null());
    rows::one(db, rows::select::<Membership>(condition)).await
}

/// The memberships of an account, in every setting.
///
/// # Errors
/// As any read.
pub async fn list_memberships_of_account(db: &impl Reads, account: AccountId) -> Result<Vec<Membership>> {
    let condition =
        Condition::all().add(membership::Column::AccountId.eq(account.0)).add(membership::Column::EndedAt.is_null());
    rows::many(db, rows::select::<Membership>(condition).order_by_asc(membership::Column::CreatedAt)).await
}

/// The memberships of a setting.
///
/// # Errors
/// As any read.
pub async fn list_memberships(db: &impl Reads, setting: SettingId) -> Result<Vec<Membership>> {
    let condition =
        Condition::all().add(membership::Column::SettingId.eq(setting.0)).add(membership::Column::EndedAt.is_null());
    rows::many(db, rows::select::<Membership>(condition).order_by_asc(membership::Column::CreatedAt)).await
}

/// Adds a membership.
///
/// # Errors
/// As any write.
pub async fn add_membership(tx: &mut Tx, membership: &Membership) -> Result<()> {
    rows::add(tx, membership).await
}

/// Ends a membership now (S12).
///
/// # Errors
/// As any write.
pub async fn end_membership(tx: &mut Tx, mut membership: Membership) -> Result<()> {
    membership.ended_at = Some(tx.now());
    rows::set(tx, &membership).await.map(|_| ())
}

/// Appointments in force: who holds which role. Like the two below judged by [`crate::audit::judged_at`], whatever the clock
/// says; for the past there is [`list_all_appointments`].
///
/// # Errors
/// As any read.
pub async fn list_appointments(db: &impl Reads, setting: SettingId, now: Timestamp) -> Result<Vec<Appointment>> {
    in_force(db, setting, now, Condition::all()).await
}

/// Appointments of one person in force.
///
/// # Errors
/// As any read.
pub async fn list_appointments_of(
    db: &impl Reads,
    setting: SettingId,
    person: PersonId,
    now: Timestamp,
) -> Result<Vec<Appointment>> {
    let mine = Condition::all().add(appointment::Column::PersonId.eq(person.0));
    in_force(db, setting, now, mine).await
}

/// Appointments to one role in force, longest first.
///
/// # Errors
/// As any read.
pub async fn find_by_role(db: &impl Reads, setting: SettingId, role: Role, now: Timestamp) -> Result<Vec<Appointment>> {
    let holds = Condition::all().add(appointment::Column::Role.eq(role.key()));
    in_force(db, setting, now, holds).await
}

/// Every appointment that ever was, newest first.
///
/// # Errors
/// As any read.
pub async fn list_all_appointments(db: &impl Reads, setting: SettingId) -> Result<Vec<Appointment>> {
    let condition = Condition::all().add(appointment::Column::SettingId.eq(setting.0));
    rows::many(db, rows::select::<Appointment>(condition).order_by_desc(appointment::Column::StartsAt)).await
}

async fn in_force(db: &impl Reads, setting: SettingId, now: Timestamp, more: Condition) -> Result<Vec<Appointment>> {
    let at = crate::audit::judged_at(db, setting, now).await?.as_microsecond();
    let condition = Condition::all()
        .add(appointment::Column::SettingId.eq(setting.0))
        .add(appointment::Column::StartsAt.lte(at))
        .add(appointment::Column::EndsAt.is_null().or(appointment::Column::EndsAt.gt(at)))
        .add(more);
    rows::many(db, rows::select::<Appointment>(condition).order_by_asc(appointment::Column::StartsAt)).await
}

/// Appoints.
///
/// # Errors
/// As any write.
pub async fn add_appointment(tx: &mut Tx, appointment: &Appointment) -> Result<()> {
    rows::add(tx, appointment).await
}

/// Ends an appointment now. Always succeeds while the database does (S12).
///
/// # Errors
/// As any write.
pub async fn end_appointment(tx: &mut Tx, mut appointment: Appointment) -> Result<()> {
    appointment.ends_at = Some(tx.now());
    rows::set(tx, &appointment).await.map(|_| ())
}

/// All ties of a person, from either side.
///
/// # Errors
/// As any read.
pub async fn list_relationships(db: &impl Reads, setting: SettingId, person: PersonId) -> Result<Vec<Relationship>> {
    let condition = Condition::all()
        .add(relationship::Column::SettingId.eq(setting.0))
        .add(relationship::Column::PersonId.eq(person.0).or(relationship::Column::OtherId.eq(person.0)));
    rows::many(db, rows::select::<Relationship>(condition).order_by_asc(relationship::Column::Id)).await
}

/// All ties of a setting.
///
/// # Errors
/// As any read.
pub async fn list_all_relationships(db: &impl Reads, setting: SettingId) -> Result<Vec<Relationship>> {
    let condition = Condition::all().add(relationship::Column::SettingId.eq(setting.0));
    rows::many(db, rows::select::<Relationship>(condition)).await
}

/// Adds a tie.
///
/// # Errors
/// As any write.
pub async fn add_relationship(tx: &mut Tx, relationship: &Relationship) -> Result<()> {
    rows::add(tx, relationship).await
}

/// Writes a tie over its older self.
///
/// # Errors
/// As any write.
pub async fn set_relationship(tx: &mut Tx, relationship: &Relationship) -> Result<()> {
    rows::set(tx, relationship).await.map(|_| ())
}

/// Takes a tie away that was entered by mistake.
///
/// # Errors
/// As any write.
pub async fn remove_relationship(tx: &mut Tx, setting: SettingId, id: Uuid) -> Result<()> {
    let condition =
        Condition::all().add(relationship::Column::SettingId.eq(setting.0)).add(relationship::Column::Id.eq(id));
    match rows::one::<Relationship>(tx, rows::select::<Relationship>(condition)).await? {
        Some(found) => rows::remove(tx, &found).await,
        None => Ok(()),
    }
}

/// The room of an id.
///
/// # Errors
/// As any read.
pub async fn lookup_room(db: &impl Reads, setting: SettingId, id: RoomId) -> Result<Option<Room>> {
    let condition = Condition::all().add(room::Column::SettingId.eq(setting.0)).add(room::Column::Id.eq(id.0));
    rows::one(db, rows::select::<Room>(condition)).await
}

/// The rooms of a setting, by name.
///
/// # Errors
/// As any read.
pub async fn list_rooms(db: &impl Reads, setting: SettingId) -> Result<Vec<Room>> {
    let condition = Condition::all().add(room::Column::SettingId.eq(setting.0));
    rows::many(db, rows::select::<Room>(condition).order_by_asc(room::Column::Name)).await
}

/// Adds a room.
///
/// # Errors
/// As any write.
pub async fn add_room(tx: &mut Tx, room: &Room) -> Result<()> {
    rows::add(tx, room).await
}

fn of(setting: SettingId) -> Condition {
    Condition::all().add(person::Column::SettingId.eq(setting.0))
}
