//! Short numbers for tablets (S35): one opens a session from a child's tablet, and reads nothing. Five wrong ones close it
//! until its owner chooses another, signed in.

use domain::access::{Action, Refused, Relation, any_allowed, authorize};
use domain::{OpCtx, PersonId, SettingId};
use store::supervision::Pin;
use store::{Reads, Scope, Tx};
use uuid::Uuid;

use super::{Open, Way, add};
use crate::accounts::password::{self, Match};
use crate::filtering::publish;
use crate::{Error, Result, Services};

/// Wrong ones until it is closed.
pub const TRIES: i64 = 5;
/// How many figures.
pub const FIGURES: usize = 6;
/// One sentence for a wrong name, a wrong number and a closed one: a stranger at a tablet learns nothing.
const WRONG: &str = "That is not right. After five wrong numbers, choose a new one in your account.";

/// Chooses one's own short number.
///
/// # Errors
/// [`Error::Invalid`] on `pin`.
pub async fn choose(services: &Services, ctx: &mut OpCtx, pin: &str) -> Result<()> {
    authorize(&ctx.actor, Action::OpenSession, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let pin = pin.trim();
    if pin.len() != FIGURES || !pin.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::invalid("pin", "Choose six figures."));
    }
    if is_simple(pin) {
        return Err(Error::invalid("pin", "That is too easy to guess. Choose six figures without a pattern."));
    }
    // Slow on purpose: never inside a write.
    let hash = password::hash(pin, &mut *ctx.rng).await?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "choose_pin").await?;
    let row = Pin { setting_id: member.setting, person_id: member.person, hash, set_at: tx.now(), wrong: 0 };
    store::supervision::set_pin(&mut tx, &row).await?;
    Ok(tx.commit().await?)
}

/// All the same, or counting up or down.
fn is_simple(pin: &str) -> bool {
    let steps: Vec<i16> = pin
        .as_bytes()
        .windows(2)
        .filter_map(|pair| if let [one, two] = pair { Some(i16::from(*two) - i16::from(*one)) } else { None })
        .collect();
    steps.windows(2).all(|pair| pair.first() == pair.last()) && steps.first().is_some_and(|step| step.abs() <= 1)
}

/// How one's own stands: since when, and whether it is closed.
///
/// # Errors
/// Refused for who may not open a session.
pub async fn mine(services: &Services, ctx: &OpCtx) -> Result<Option<(jiff::Timestamp, bool)>> {
    authorize(&ctx.actor, Action::OpenSession, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    let pin = store::supervision::lookup_pin(&db, member.setting, member.person).await?;
    Ok(pin.map(|pin| (pin.set_at, pin.wrong >= TRIES)))
}

/// Opens a session from a tablet whose own address has proved which it is. The session is for its group and room.
///
/// # Errors
/// [`Error::Invalid`] on `pin`, in one sentence whatever was wrong; else as [`super::open`].
pub async fn open(
    services: &Services,
    tablet: &super::super::start::Tablet,
    username: &str,
    pin: &str,
    new: Open,
) -> Result<Uuid> {
    let setting = tablet.setting;
    let (mut tx, person) = prove(services, setting, username, pin, "open_session_by_pin").await?;
    let new = Open { group: tablet.group.clone(), room: tablet.room, ..new };
    let id = match add(&mut tx, setting, person, Way::Pin, new).await {
        // Here nobody chooses a room: the register says where the tablet is.
        Err(Error::Invalid(wrong)) if tablet.room.is_none() && wrong.contains_key("room") => {
            return Err(Error::invalid("pin", "This tablet has no room in the register. Ask for it to be given one."));
        }
        added => added?,
    };
    tx.commit().await?;
    services.wake_jobs();
    publish::now(services, setting).await;
    Ok(id)
}

/// Who this number proves somebody to be, with a write in which the act itself follows. A wrong number is counted.
///
/// # Errors
/// [`Error::Invalid`] on `pin`, in one sentence whatever was wrong.
pub(crate) async fn prove(
    services: &Services,
    setting: SettingId,
    username: &str,
    pin: &str,
    act: &str,
) -> Result<(Tx, PersonId)> {
    let db = services.db.read(Scope::All).await?;
    let person = holder(&db, setting, username, services.now()).await?;
    let stored = match person {
        Some(person) => store::supervision::lookup_pin(&db, setting, person).await?,
        None => None,
    };
    drop(db);
    let live = stored.as_ref().filter(|pin| pin.wrong < TRIES);
    // The same work for a name that nobody has: the time tells nothing.
    let right = password::compare(pin.trim(), live.map(|pin| pin.hash.as_str())).await? != Match::No;
    let mut ctx = services.system();
    let act = if right { act } else { "wrong_pin" };
    let mut tx = services.db.write(&mut ctx, Scope::Setting(setting), act).await?;
    if let Some(stored) = &stored
        // Two tries at once count as two.
        && let Some(newest) = store::supervision::lookup_pin(&tx, setting, stored.person_id).await?
    {
        let wrong = if right { 0 } else { newest.wrong.saturating_add(1) };
        if right && newest.wrong >= TRIES {
            return Err(Error::invalid("pin", WRONG));
        }
        store::supervision::set_pin(&mut tx, &Pin { wrong, ..newest }).await?;
    }
    let (true, Some(person)) = (right, person) else {
        tx.commit().await?;
        return Err(Error::invalid("pin", WRONG));
    };
    Ok((tx, person))
}

/// Who signs in by this name here and may open a session.
async fn holder(db: &impl Reads, setting: SettingId, username: &str, now: jiff::Timestamp) -> Result<Option<PersonId>> {
    let Some(account) = store::accounts::find_by_username(db, username.trim()).await? else { return Ok(None) };
    if account.ended_at.is_some() {
        return Ok(None);
    }
    let Some(membership) = store::people::find_membership(db, setting, account.id).await? else { return Ok(None) };
    if membership.ended_at.is_some() {
        return Ok(None);
    }
    let held = store::people::list_appointments_of(db, setting, membership.person_id, now).await?;
    let roles: domain::RoleSet = held.iter().map(|held| held.role).collect();
    Ok(any_allowed(&roles, Action::OpenSession, Relation::Setting).then_some(membership.person_id))
}

#[cfg(test)]
mod tests {
    use super::is_simple;

    #[test]
    fn patterns_are_simple() {
        for pin in ["000000", "123456", "654321", "999999"] {
            assert!(is_simple(pin), "{pin}");
        }
        for pin in ["120456", "482913", "112233"] {
            assert!(!is_simple(pin), "{pin}");
        }
    }
}
