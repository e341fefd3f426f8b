//! Who holds which role, from when to when (GOV-01, S12). Ending always succeeds and ends sessions at once; a role that
//! nobody holds any more is a vacancy, shown in red, and the next in line receives meanwhile.

use std::collections::BTreeSet;

use domain::access::Action;
use domain::people::{PersonKind, Role};
use domain::roster::Kinds;
use domain::{OpCtx, PersonId, SettingId};
use jiff::Timestamp;
use serde_json::json;
use store::people::Appointment;
use store::{Reads, Scope, Tx};
use uuid::Uuid;

use crate::accounts::sign_in;
use crate::error::{Error, Result};
use crate::services::Services;

/// Roles that should never stand empty.
pub const NEEDED: [Role; 3] = [Role::Dsl, Role::Manager, Role::Chair];

/// An appointment, as the register shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentInfo {
    /// To end it.
    pub id: Uuid,
    /// Who.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// As what.
    pub role: Role,
    /// Since when.
    pub since: Timestamp,
    /// What they work with, as a deputy.
    pub kinds: Kinds,
}

/// Appointments in force, and the roles that nobody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    /// In force, by role.
    pub held: Vec<AppointmentInfo>,
    /// Vacant.
    pub vacant: Vec<Role>,
}

/// What ending an appointment left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The role stands empty now.
    pub vacancy: Option<Role>,
    /// Who receives its work meanwhile, by name.
    pub next_in_line: Vec<String>,
}

pub(super) async fn of(
    db: &impl Reads,
    setting: SettingId,
    person: PersonId,
    at: Timestamp,
) -> Result<Vec<AppointmentInfo>> {
    let name = store::people::lookup(db, setting, person).await?.map(|person| person.name).unwrap_or_default();
    let appointments = store::people::list_appointments_of(db, setting, person, at).await?;
    Ok(appointments.into_iter().map(|appointment| info(appointment, name.clone())).collect())
}

fn info(appointment: Appointment, name: String) -> AppointmentInfo {
    AppointmentInfo {
        id: appointment.id,
        person: appointment.person_id,
        name,
        role: appointment.role,
        since: appointment.starts_at,
        kinds: Kinds::from_stored(appointment.kinds.as_deref()),
    }
}

/// Who holds which role today, and what is vacant.
///
/// # Errors
/// Refused for who may not see the register.
pub async fn list_appointments(services: &Services, ctx: &OpCtx) -> Result<Roster> {
    let member = super::may_read(ctx)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let mut held = Vec::new();
    for appointment in store::people::list_appointments(&reader, member.setting, ctx.now).await? {
        let person = store::people::lookup(&reader, member.setting, appointment.person_id).await?;
        held.push(info(appointment, person.map(|person| person.name).unwrap_or_default()));
    }
    held.sort_by(|a, b| (a.role, &a.name).cmp(&(b.role, &b.name)));
    let vacant = NEEDED.into_iter().filter(|role| !held.iter().any(|held| held.role == *role)).collect();
    Ok(Roster { held, vacant })
}

/// Appoints somebody, from now. The leads, the manager and the chair are told of every role that works cases or decides
/// the filter; sessions of the person begin anew, so that a new role asks for its second factor.
///
/// # Errors
/// [`Error::Invalid`] on `role`: children hold none, nobody holds one twice.
pub async fn appoint(services: &Services, ctx: &mut OpCtx, person: PersonId, role: Role) -> Result<Uuid> {
    let member = super::may(ctx, Action::Appoint)?;
    let mut tx = services.db.write(ctx, Scope::All, "appointment.make").await?;
    let found = store::people::lookup(&tx, member.setting, person).await?.ok_or(Error::NotFound)?;
    if matches!(found.kind, PersonKind::Child | PersonKind::Unknown) {
        return Err(Error::invalid("role", "Children hold no role."));
    }
    let now = ctx.now;
    let held = store::people::list_appointments_of(&tx, member.setting, person, now).await?;
    if held.iter().any(|appointment| appointment.role == role) {
        return Err(Error::invalid("role", "They hold this role already."));
    }
    let judged = store::audit::judged_at(&tx, member.setting, now).await?;
    let appointment = Appointment {
        id: ctx.fresh(),
        setting_id: member.setting,
        person_id: person,
        role,
        starts_at: now,
        // An inspector's sign-in is for the visit: it ends by itself.
        ends_at: (role == Role::Inspector)
            .then(|| judged.saturating_add(crate::keeping::inspector::SIGN_IN_LASTS).unwrap_or(judged)),
        made_by: Some(member.person),
        kinds: None,
    };
    store::people::add_appointment(&mut tx, &appointment).await?;
    end_sessions_of(&mut tx, member.setting, person, Some(member.session)).await?;
    if role.is_staff() {
        crate::concerns::people::after_register(&mut tx, member.setting, &[person]).await?;
    }
    if role.needs_second_factor() {
        tell_leads(&mut tx, member.setting, member.person, now).await?;
    }
    tx.commit().await?;
    Ok(appointment.id)
}

/// Says which kinds of concern a deputy works with, from now: one appointment ends and another begins, so that the register
/// keeps which was when. The deputy, the leads, the manager and the chair are told. What the deputy was told or let in to by
/// name stays.
///
/// # Errors
/// [`Error::NotFound`] when they are no deputy; [`Error::Invalid`] on `kinds` for none, or one that is nobody's by role.
pub async fn limit(services: &Services, ctx: &mut OpCtx, person: PersonId, kinds: Kinds) -> Result<()> {
    let member = super::may(ctx, Action::Appoint)?;
    if let Kinds::Only(kinds) = &kinds
        && (kinds.is_empty() || !kinds.iter().all(|kind| Kinds::choices().any(|choice| choice == *kind)))
    {
        return Err(Error::invalid("kinds", "Choose at least one kind of concern"));
    }
    let mut tx = services.db.write(ctx, Scope::All, "appointment.limit").await?;
    let held = store::people::list_appointments_of(&tx, member.setting, person, ctx.now).await?;
    let was = held.into_iter().find(|held| held.role == Role::Deputy).ok_or(Error::NotFound)?;
    if Kinds::from_stored(was.kinds.as_deref()) == kinds {
        return Ok(());
    }
    let is = Appointment {
        id: ctx.fresh(),
        starts_at: ctx.now,
        made_by: Some(member.person),
        kinds: kinds.stored(),
        ..was.clone()
    };
    store::people::end_appointment(&mut tx, was).await?;
    store::people::add_appointment(&mut tx, &is).await?;
    sign_in::tell(&mut tx, member.setting, person, "/concerns").await?;
    tell_leads(&mut tx, member.setting, member.person, ctx.now).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends an appointment now. It always succeeds, the last of its kind too; the person's sessions end at once (S12).
///
/// # Errors
/// [`Error::NotFound`] when it is not in force here.
pub async fn end_appointment(services: &Services, ctx: &mut OpCtx, id: Uuid) -> Result<Ended> {
    let member = super::may(ctx, Action::Appoint)?;
    let mut tx = services.db.write(ctx, Scope::All, "appointment.end").await?;
    let now = ctx.now;
    let all = store::people::list_appointments(&tx, member.setting, now).await?;
    let appointment = all.iter().find(|appointment| appointment.id == id).cloned().ok_or(Error::NotFound)?;
    let (role, person) = (appointment.role, appointment.person_id);
    let left: BTreeSet<PersonId> =
        all.iter().filter(|other| other.role == role && other.id != id).map(|other| other.person_id).collect();
    store::people::end_appointment(&mut tx, appointment).await?;
    end_sessions_of(&mut tx, member.setting, person, None).await?;
    let vacancy = (left.is_empty() && NEEDED.contains(&role)).then_some(role);
    let mut next_in_line = Vec::new();
    if vacancy.is_some() {
        for next in next_roles(role) {
            for holder in all.iter().filter(|other| other.role == *next && other.id != id) {
                sign_in::tell(&mut tx, member.setting, holder.person_id, "/people/roles").await?;
                let person = store::people::lookup(&tx, member.setting, holder.person_id).await?;
                next_in_line.extend(person.map(|person| person.name));
            }
            if !next_in_line.is_empty() {
                break;
            }
        }
        let subject = store::audit::Subject { table: "appointment", id: Some(id) };
        tx.note_as("appointment.vacancy", member.setting, subject, &json!({ "role": role.key() })).await?;
    }
    tx.commit().await?;
    Ok(Ended { vacancy, next_in_line })
}

/// Who receives while a role stands empty, nearest first (as `domain::routing` orders them).
fn next_roles(role: Role) -> &'static [Role] {
    match role {
        Role::Dsl => &[Role::Deputy, Role::Manager, Role::Chair],
        Role::Manager => &[Role::Chair, Role::Dsl],
        _ => &[Role::Manager, Role::Dsl],
    }
}

/// Ends the sessions of a person's account, but perhaps the one in which the actor sits.
async fn end_sessions_of(
    tx: &mut Tx,
    setting: SettingId,
    person: PersonId,
    but: Option<domain::SessionId>,
) -> Result<()> {
    if let Some(membership) = store::people::find_membership_of_person(tx, setting, person).await? {
        store::accounts::end_sessions(tx, membership.account_id, but).await?;
    }
    Ok(())
}

async fn tell_leads(tx: &mut Tx, setting: SettingId, but: PersonId, now: Timestamp) -> Result<()> {
    let mut told = BTreeSet::new();
    for role in [Role::Dsl, Role::Manager, Role::Chair] {
        for holder in store::people::find_by_role(tx, setting, role, now).await? {
            if holder.person_id != but && told.insert(holder.person_id) {
                sign_in::tell(tx, setting, holder.person_id, "/people/roles").await?;
            }
        }
    }
    Ok(())
}
