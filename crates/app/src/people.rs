//! The register of people: who they are, who belongs to whom, who holds which role, whose address is proved.
//!
//! What it is not: accounts (`accounts`), although an account is given here to a person. Person, account and membership
//! are three things (S41). To add a field of a person: the migration, [`PersonDraft`], its form.

pub mod appointments;
pub mod case_manager;
pub mod email;
pub mod ties;

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Refused, Relation, any_allowed, authorize};
use domain::ctx::Member;
use domain::people::{PersonKind, RoleSet};
use domain::{MembershipId, OpCtx, PersonId, RoomId, SettingId};
use jiff::civil::Date;
use serde_json::json;
use store::people::{Membership, Person, Room};
use store::{Reads, Scope};

use crate::accounts::{HandOver, choose, password, sign_in};
use crate::error::{Error, Result};
use crate::services::Services;

pub use appointments::{AppointmentInfo, Ended, appoint, end_appointment, limit, list_appointments};
pub use case_manager::{CaseManager, case_manager, name_case_manager};
pub use email::{send_verification, verify_email};
pub use store::words::Tie;
pub use ties::{TieDraft, TieInfo, add_tie, remove_tie};

/// Longest name, in characters.
pub const LONGEST_NAME: usize = 120;

/// What is typed about a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonDraft {
    /// Staff, child, family, visitor.
    pub kind: PersonKind,
    /// Full name.
    pub name: String,
    /// What people call them; empty: the first word of the name.
    pub known_as: String,
    /// Date of birth.
    pub born: Option<Date>,
    /// Own mail address.
    pub email: Option<String>,
    /// Telephone, as people write it.
    pub phone: Option<String>,
    /// Usual room.
    pub room: Option<RoomId>,
    /// First day.
    pub joined: Option<Date>,
    /// Last day.
    pub gone: Option<Date>,
}

/// A person in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonLine {
    /// Who.
    pub id: PersonId,
    /// Kind.
    pub kind: PersonKind,
    /// Full name.
    pub name: String,
    /// Usual room's name.
    pub room: Option<String>,
    /// Roles in force.
    pub roles: RoleSet,
    /// Can they sign in?
    pub has_account: bool,
    /// Have they left?
    pub gone: bool,
}

/// A person, with everything that the register holds.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonView {
    /// The row; its version goes back with an edit.
    pub person: Person,
    /// Usual room's name.
    pub room: Option<String>,
    /// Roles in force, with what ends them.
    pub appointments: Vec<AppointmentInfo>,
    /// Who belongs to them.
    pub ties: Vec<TieInfo>,
    /// Their username, if they can sign in.
    pub username: Option<String>,
    /// Have they a second factor?
    pub second_factor: bool,
}

/// May see the register: who keeps it, who appoints, who resets passwords.
pub(crate) fn may_read(ctx: &OpCtx) -> Result<Member> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let way = [Action::KeepPeople, Action::Appoint, Action::ResetPassword]
        .into_iter()
        .find(|action| any_allowed(&member.roles, *action, Relation::Setting));
    authorize(&ctx.actor, way.unwrap_or(Action::KeepPeople), Relation::Setting)?;
    Ok(member.clone())
}

pub(crate) fn may(ctx: &OpCtx, action: Action) -> Result<Member> {
    authorize(&ctx.actor, action, Relation::Setting)?;
    Ok(ctx.member().ok_or(Refused::SignIn)?.clone())
}

/// The register, or one kind of people in it, by name.
///
/// # Errors
/// Refused for who may not see it.
pub async fn list(services: &Services, ctx: &OpCtx, kind: Option<PersonKind>) -> Result<Vec<PersonLine>> {
    let member = may_read(ctx)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let rooms = room_names(&reader, member.setting).await?;
    let with_account: BTreeSet<PersonId> = store::people::list_memberships(&reader, member.setting)
        .await?
        .into_iter()
        .map(|membership| membership.person_id)
        .collect();
    let mut roles: BTreeMap<PersonId, RoleSet> = BTreeMap::new();
    for appointment in store::people::list_appointments(&reader, member.setting, ctx.now).await? {
        roles.entry(appointment.person_id).or_default().insert(appointment.role);
    }
    let today = services.calendar.local(ctx.now).date();
    let people = store::people::list(&reader, member.setting, kind).await?;
    Ok(people
        .into_iter()
        .map(|person| PersonLine {
            id: person.id,
            kind: person.kind,
            room: person.room_id.and_then(|room| rooms.get(&room).cloned()),
            roles: roles.remove(&person.id).unwrap_or_default(),
            has_account: with_account.contains(&person.id),
            gone: person.gone.is_some_and(|gone| gone < today),
            name: person.name,
        })
        .collect())
}

/// One person.
///
/// # Errors
/// [`Error::NotFound`]; refused for who may not see the register.
pub async fn lookup(services: &Services, ctx: &OpCtx, id: PersonId) -> Result<PersonView> {
    let member = may_read(ctx)?;
    let reader = services.db.read(Scope::All).await?;
    let person = store::people::lookup(&reader, member.setting, id).await?.ok_or(Error::NotFound)?;
    let rooms = room_names(&reader, member.setting).await?;
    let account = match store::people::find_membership_of_person(&reader, member.setting, id).await? {
        Some(membership) => store::accounts::lookup(&reader, membership.account_id).await?,
        None => None,
    };
    Ok(PersonView {
        room: person.room_id.and_then(|room| rooms.get(&room).cloned()),
        appointments: appointments::of(&reader, member.setting, id, ctx.now).await?,
        ties: ties::of(&reader, member.setting, id).await?,
        second_factor: account.as_ref().is_some_and(|account| account.totp_secret.is_some()),
        username: account.map(|account| account.username),
        person,
    })
}

/// Adds a person.
///
/// # Errors
/// [`Error::Invalid`] by field.
pub async fn add(services: &Services, ctx: &mut OpCtx, draft: PersonDraft) -> Result<PersonId> {
    let member = may(ctx, Action::KeepPeople)?;
    let draft = checked(draft)?;
    let person = draft.into_row(ctx.fresh(), member.setting);
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "person.add").await?;
    store::people::add(&mut tx, &person).await?;
    tx.commit().await?;
    Ok(person.id)
}

/// Changes what the register says of a person. A new address has to be proved again (S10).
///
/// # Errors
/// [`Error::Conflict`] with what stands now, if somebody was faster; [`Error::Invalid`] by field.
pub async fn edit(services: &Services, ctx: &mut OpCtx, id: PersonId, version: i64, draft: PersonDraft) -> Result<()> {
    let member = may(ctx, Action::KeepPeople)?;
    let draft = checked(draft)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "person.edit").await?;
    let before = store::people::lookup(&tx, member.setting, id).await?.ok_or(Error::NotFound)?;
    if before.version != version {
        let theirs = BTreeMap::from([
            ("name".to_owned(), before.name),
            ("email".to_owned(), before.email.unwrap_or_default()),
            ("phone".to_owned(), before.phone.unwrap_or_default()),
        ]);
        return Err(Error::Conflict { theirs });
    }
    let verified = before.email_verified_at.filter(|_| before.email == draft.email);
    let mut after = draft.into_row(id, member.setting);
    (after.version, after.email_verified_at) = (version, verified);
    store::people::set(&mut tx, &after).await?;
    Ok(tx.commit().await?)
}

impl PersonDraft {
    /// The row of a new person.
    pub(crate) fn into_row(self, id: PersonId, setting: SettingId) -> Person {
        let first = self.name.split_whitespace().next().unwrap_or_default().to_owned();
        Person {
            id,
            setting_id: setting,
            kind: self.kind,
            known_as: if self.known_as.is_empty() { first } else { self.known_as },
            name: self.name,
            born: self.born,
            email: self.email,
            email_verified_at: None,
            phone: self.phone,
            room_id: self.room,
            joined: self.joined,
            gone: self.gone,
            version: 0,
        }
    }
}

/// Trims, and says what is wrong, by field.
pub(crate) fn checked(mut draft: PersonDraft) -> Result<PersonDraft> {
    let mut wrong = BTreeMap::new();
    draft.name = draft.name.split_whitespace().collect::<Vec<_>>().join(" ");
    draft.known_as = draft.known_as.split_whitespace().collect::<Vec<_>>().join(" ");
    draft.email = draft.email.map(|email| email.trim().to_owned()).filter(|email| !email.is_empty());
    draft.phone = draft.phone.map(|phone| phone.trim().to_owned()).filter(|phone| !phone.is_empty());
    if draft.name.is_empty() {
        wrong.insert("name".to_owned(), "Enter the name.".to_owned());
    } else if draft.name.chars().count() > LONGEST_NAME || draft.known_as.chars().count() > LONGEST_NAME {
        wrong.insert("name".to_owned(), format!("Use at most {LONGEST_NAME} characters."));
    }
    if draft.email.as_deref().is_some_and(|email| !email::looks_right(email)) {
        wrong.insert("email".to_owned(), "Enter an address like name@example.org.".to_owned());
    }
    if draft.phone.as_deref().is_some_and(|phone| !is_phone(phone)) {
        wrong.insert("phone".to_owned(), "Enter a telephone number: digits, spaces and a leading +.".to_owned());
    }
    if let (Some(joined), Some(gone)) = (draft.joined, draft.gone)
        && gone < joined
    {
        wrong.insert("gone".to_owned(), "The last day is before the first day.".to_owned());
    }
    if wrong.is_empty() { Ok(draft) } else { Err(Error::Invalid(wrong)) }
}

/// Digits as people write them.
pub(crate) fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let plain = text.strip_prefix('+').unwrap_or(text);
    (3..=16).contains(&digits) && plain.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '(' | ')' | '-'))
}

/// Rooms, by name.
///
/// # Errors
/// Refused when nobody is signed in.
pub async fn list_rooms(services: &Services, ctx: &OpCtx) -> Result<Vec<Room>> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    Ok(store::people::list_rooms(&reader, member.setting).await?)
}

/// Adds a room.
///
/// # Errors
/// [`Error::Invalid`] on `room` when it is empty or there already.
pub async fn add_room(services: &Services, ctx: &mut OpCtx, name: &str) -> Result<RoomId> {
    let member = may(ctx, Action::KeepPeople)?;
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > 60 {
        return Err(Error::invalid("room", "Enter the room's name, at most 60 characters."));
    }
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "room.add").await?;
    let rooms = store::people::list_rooms(&tx, member.setting).await?;
    if rooms.iter().any(|room| room.name.to_lowercase() == name.to_lowercase()) {
        return Err(Error::invalid("room", "There is a room of this name."));
    }
    let room = Room { id: tx.fresh(), setting_id: member.setting, name };
    store::people::add_room(&mut tx, &room).await?;
    tx.commit().await?;
    Ok(room.id)
}

pub(crate) async fn room_names(db: &impl Reads, setting: SettingId) -> Result<BTreeMap<RoomId, String>> {
    Ok(store::people::list_rooms(db, setting).await?.into_iter().map(|room| (room.id, room.name)).collect())
}

/// Gives a person a sign-in: a username, and a link with which they choose their password themselves. The link is handed
/// over in person; nobody else learns the password (S11).
///
/// # Errors
/// [`Error::Invalid`] on `username`; refused without the right to reset passwords.
pub async fn give_account(services: &Services, ctx: &mut OpCtx, id: PersonId, username: &str) -> Result<HandOver> {
    let member = may(ctx, Action::ResetPassword)?;
    let username = sign_in::fold_username(username);
    check_username(&username)?;
    let nobody_knows = crate::accounts::Token::fresh(&mut *ctx.rng);
    let hash = password::hash(nobody_knows.expose(), &mut *ctx.rng).await?;
    let mut tx = services.db.write(ctx, Scope::All, "account.give").await?;
    let person = store::people::lookup(&tx, member.setting, id).await?.ok_or(Error::NotFound)?;
    if person.kind == PersonKind::Child {
        return Err(Error::invalid("username", "Children have no sign-in."));
    }
    if store::people::find_membership_of_person(&tx, member.setting, id).await?.is_some() {
        return Err(Error::invalid("username", "This person has a sign-in already."));
    }
    if store::accounts::find_by_username(&tx, &username).await?.is_some() {
        return Err(Error::invalid("username", "This username is taken."));
    }
    let account = new_account(ctx, username, hash);
    store::accounts::add(&mut tx, &account).await?;
    let membership = new_membership(ctx, member.setting, account.id, id);
    store::people::add_membership(&mut tx, &membership).await?;
    let hand_over = choose::link(&mut tx, ctx, account.id, Some((member.setting, id)), Some(member.person)).await?;
    let subject = store::audit::Subject { table: "account", id: Some(account.id.0) };
    tx.note(member.setting, subject, &json!({ "person": id.to_string() })).await?;
    tx.commit().await?;
    Ok(hand_over)
}

/// Ends a person's sign-in here, at once (S12).
///
/// # Errors
/// [`Error::NotFound`] when they have none.
pub async fn end_account(services: &Services, ctx: &mut OpCtx, id: PersonId) -> Result<()> {
    let member = may(ctx, Action::ResetPassword)?;
    let mut tx = services.db.write(ctx, Scope::All, "account.end").await?;
    let membership = store::people::find_membership_of_person(&tx, member.setting, id).await?.ok_or(Error::NotFound)?;
    let account = membership.account_id;
    store::people::end_membership(&mut tx, membership).await?;
    store::accounts::end_sessions(&mut tx, account, None).await?;
    let subject = store::audit::Subject { table: "account", id: Some(account.0) };
    tx.note(member.setting, subject, &json!({ "person": id.to_string() })).await?;
    Ok(tx.commit().await?)
}

/// Letters, figures, dots and dashes; three to forty.
pub(crate) fn check_username(username: &str) -> Result<()> {
    let good = (3..=40).contains(&username.chars().count())
        && username.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@'));
    if good {
        Ok(())
    } else {
        Err(Error::invalid("username", "Use 3 to 40 letters, figures, dots or dashes, without spaces."))
    }
}

pub(crate) fn new_account(ctx: &mut OpCtx, username: String, password_hash: String) -> store::accounts::Account {
    store::accounts::Account {
        id: ctx.fresh(),
        username,
        password_hash,
        password_set_at: ctx.now,
        totp_secret: None,
        totp_last_step: None,
        failed_attempts: 0,
        locked_until: None,
        must_change: true,
        recovered_at: None,
        recovery_confirmed_by: None,
        created_at: ctx.now,
        ended_at: None,
    }
}

pub(crate) fn new_membership(
    ctx: &mut OpCtx,
    setting: SettingId,
    account: domain::AccountId,
    person: PersonId,
) -> Membership {
    let id: MembershipId = ctx.fresh();
    Membership { id, setting_id: setting, account_id: account, person_id: person, created_at: ctx.now, ended_at: None }
}
