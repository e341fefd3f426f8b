//! Sessions: a browser in which somebody is signed in. Opening, recognising, locking, listing, ending.
//!
//! What it is not: the cookie (that is `web`) and the proof of who somebody is (`sign_in`). The database keeps the
//! SHA-256 of the token and never the token. A session ends after a working day however busy it is, at once when an
//! appointment ends (S12), and locks itself after the setting's minutes without a touch; drafts outlive all of it (S46).

use domain::access::{self, Action, Relation};
use domain::ctx::Member;
use domain::people::RoleSet;
use domain::roster::Kinds;
use domain::setting::Profile;
use domain::{AccountId, Actor, OpCtx, PersonId, SessionId, SettingId};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::accounts::{Account, Session};
use store::audit::{INSTALLATION, Subject};
use store::{Reads, Scope, Tx};

use super::duty::{self, Duty, Next, State};
use super::{SignedIn, Token, Visit, password};
use crate::concerns::case;
use crate::error::{Error, Result};
use crate::services::Services;

/// However busy: nobody is signed in for longer than a long working day.
const LONGEST: SignedDuration = SignedDuration::from_hours(14);
/// `seen_at` is written at most so often, so that reading a page is not a write.
const TOUCH_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// A session that was touched later than now by more than this is one of a clock that fell; less is a clock that was set right.
const A_FALLEN_CLOCK: SignedDuration = SignedDuration::from_mins(5);
/// Longest label of a browser, in characters.
const LONGEST_LABEL: usize = 60;

/// Does this request show that somebody sits there?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// A person asked for a page.
    OfLife,
    /// A page refreshed itself.
    None,
}

/// Who is behind a cookie; `None` when nobody is (any more). A person asked: it counts as a touch.
///
/// # Errors
/// [`Error::Unavailable`] when the database does not answer.
pub async fn visit(services: &Services, ctx: &mut OpCtx, token: &Token) -> Result<Option<Visit>> {
    recognise(services, ctx, token, Sign::OfLife).await
}

/// As [`visit`], for what a page does by itself (event stream, refresh): it does not keep the screen from locking.
///
/// # Errors
/// As [`visit`].
pub async fn glance(services: &Services, ctx: &mut OpCtx, token: &Token) -> Result<Option<Visit>> {
    recognise(services, ctx, token, Sign::None).await
}

async fn recognise(services: &Services, ctx: &mut OpCtx, token: &Token, sign: Sign) -> Result<Option<Visit>> {
    let reader = services.db.read(Scope::All).await?;
    let Some(session) = store::accounts::find_session(&reader, &token.digest()).await? else { return Ok(None) };
    let Some(standing) = standing(&reader, &session, ctx.now).await? else { return Ok(None) };
    drop(reader);
    let too_old = session.created_at.checked_add(LONGEST).is_ok_and(|end| ctx.now >= end);
    if too_old || standing.roles.is_empty() {
        let mut tx = services.db.write(ctx, Scope::All, "session.run_out").await?;
        store::accounts::end_session(&mut tx, session.account_id, session.id).await?;
        tx.commit().await?;
        return Ok(None);
    }
    let idle = ctx.now.duration_since(session.seen_at);
    let minutes = i64::from(standing.profile.idle_lock_minutes);
    // How long nobody was there, a fallen clock cannot say: the screen locks, and the password opens it again.
    let fell = idle <= -A_FALLEN_CLOCK;
    let locks = !session.locked && (fell || idle >= SignedDuration::from_mins(minutes));
    let touches = !session.locked && !locks && sign == Sign::OfLife && idle >= TOUCH_EVERY;
    if locks || touches {
        touch(services, ctx, token, locks).await?;
    }
    Ok(Some(standing.visit(&session, session.locked || locks)))
}

/// Reads the session again inside the write: it may have ended since.
async fn touch(services: &Services, ctx: &mut OpCtx, token: &Token, locks: bool) -> Result<()> {
    let now = ctx.now;
    let mut tx = services.db.write(ctx, Scope::All, "session.touch").await?;
    if let Some(mut session) = store::accounts::find_session(&tx, &token.digest()).await? {
        if locks {
            session.locked = true;
        } else {
            session.seen_at = now;
        }
        store::accounts::set_session(&mut tx, &session).await?;
    }
    Ok(tx.commit().await?)
}

/// What stands behind a session today.
pub(crate) struct Standing {
    pub(super) account: Account,
    pub(super) setting: SettingId,
    pub(super) profile: Profile,
    pub(super) person: store::people::Person,
    pub(super) roles: RoleSet,
    pub(super) kinds: Kinds,
    /// Settings that the account belongs to.
    pub(super) places: usize,
    pub(super) now: Timestamp,
}

/// `None` when account or membership have ended.
pub(super) async fn standing(db: &impl Reads, session: &Session, now: Timestamp) -> Result<Option<Standing>> {
    let account = store::accounts::lookup(db, session.account_id).await?.filter(|account| account.ended_at.is_none());
    let (Some(account), Some(setting)) = (account, session.setting_id) else { return Ok(None) };
    standing_of(db, account, setting, now).await
}

/// As [`standing`], before there is a session.
pub(crate) async fn standing_of(
    db: &impl Reads,
    account: Account,
    setting: SettingId,
    now: Timestamp,
) -> Result<Option<Standing>> {
    let memberships = store::people::list_memberships_of_account(db, account.id).await?;
    let places = memberships.len();
    let here = memberships.into_iter().find(|membership| membership.setting_id == setting);
    let Some(membership) = here else { return Ok(None) };
    let Some(person) = store::people::lookup(db, setting, membership.person_id).await? else { return Ok(None) };
    let (roles, kinds) = roles_of(db, setting, person.id, now).await?;
    let profile = profile_of(db, setting).await?;
    Ok(Some(Standing { account, setting, profile, person, roles, kinds, places, now }))
}

/// Roles of a person by the appointments in force, and what they work with as a deputy.
pub(crate) async fn roles_of(
    db: &impl Reads,
    setting: SettingId,
    person: PersonId,
    now: Timestamp,
) -> Result<(RoleSet, Kinds)> {
    let roster = case::roster_of(&store::people::list_appointments_of(db, setting, person, now).await?);
    Ok((roster.roles_of(person), roster.kinds_of(person)))
}

/// The profile of a setting.
pub(crate) async fn profile_of(db: &impl Reads, setting: SettingId) -> Result<Profile> {
    let row = store::settings::lookup(db, setting).await?.ok_or(Error::NotFound)?;
    serde_json::from_value(row.profile).map_err(|error| Error::Internal(format!("profile of {setting}: {error}")))
}

impl Standing {
    /// The first thing to do in a session, or none.
    pub(super) fn duty(&self, shown: bool) -> Option<Duty> {
        duty::first(&State {
            roles: &self.roles,
            shown,
            has_second_factor: self.account.totp_secret.is_some(),
            must_change: self.account.must_change,
            too_old: password::has_run_out(&self.profile, self.account.password_set_at, self.now),
            recovered_at: self.account.recovered_at,
            confirmed: self.account.recovery_confirmed_by.is_some(),
        })
    }

    fn visit(self, session: &Session, locked: bool) -> Visit {
        let duty = self.duty(session.second_factor);
        let (roles, second_factor) = duty::narrowed(&self.roles, session.second_factor, duty);
        let member = Member {
            setting: self.setting,
            person: self.person.id,
            account: self.account.id,
            session: session.id,
            roles,
            kinds: self.kinds,
            second_factor,
        };
        Visit {
            actor: if locked { Actor::Nobody } else { Actor::Member(member) },
            session: session.id,
            account: self.account.id,
            setting: self.setting,
            person: self.person.id,
            known_as: self.person.known_as,
            roles: self.roles,
            csrf: session.csrf.clone(),
            locked,
            duty,
            idle_lock_minutes: self.profile.idle_lock_minutes,
            places: self.places,
        }
    }
}

/// Opens a session inside a sign-in's write.
pub(crate) async fn open(tx: &mut Tx, ctx: &mut OpCtx, standing: &Standing, label: &str) -> Result<SignedIn> {
    let (token, csrf) = (Token::fresh(&mut *ctx.rng), Token::fresh(&mut *ctx.rng));
    let session = Session {
        id: ctx.fresh(),
        account_id: standing.account.id,
        setting_id: Some(standing.setting),
        token_hash: token.digest(),
        csrf: csrf.expose().to_owned(),
        label: tidy_label(label),
        second_factor: false,
        created_at: ctx.now,
        seen_at: ctx.now,
        locked: false,
        ended_at: None,
    };
    store::accounts::add_session(tx, &session).await?;
    let next = Next::from(standing.duty(false));
    Ok(SignedIn { token, csrf: session.csrf, session: session.id, next, places: standing.places })
}

/// A session that becomes more (second factor, unlocked, new password) gets a fresh token: what somebody saw before is
/// worth nothing after.
pub(super) async fn renew(
    tx: &mut Tx,
    ctx: &mut OpCtx,
    session: &mut Session,
    standing: &Standing,
) -> Result<SignedIn> {
    let (token, csrf) = (Token::fresh(&mut *ctx.rng), Token::fresh(&mut *ctx.rng));
    session.token_hash = token.digest();
    session.csrf = csrf.expose().to_owned();
    session.seen_at = ctx.now;
    // After a clock that fell the working day counts from here, or it would never end.
    session.created_at = session.created_at.min(ctx.now);
    session.locked = false;
    store::accounts::set_session(tx, session).await?;
    let next = Next::from(standing.duty(session.second_factor));
    Ok(SignedIn { token, csrf: session.csrf.clone(), session: session.id, next, places: standing.places })
}

/// The running session of a visit, read inside a write.
pub(super) async fn current(tx: &Tx, visit: &Visit) -> Result<Session> {
    let sessions = store::accounts::list_sessions(tx, visit.account).await?;
    sessions.into_iter().find(|session| session.id == visit.session).ok_or(Error::NotFound)
}

fn tidy_label(label: &str) -> String {
    let plain: String = label.chars().filter(|c| !c.is_control()).collect();
    let plain: String = plain.trim().chars().take(LONGEST_LABEL).collect();
    if plain.is_empty() { "A browser".to_owned() } else { plain }
}

/// A session, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInfo {
    /// To end it.
    pub id: SessionId,
    /// What it was called at sign-in.
    pub label: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Last touch.
    pub seen_at: Timestamp,
    /// This very one.
    pub here: bool,
    /// The screen has locked itself.
    pub locked: bool,
}

/// One's own running sessions, this one first, then the newest.
///
/// # Errors
/// Refused when nobody is signed in.
pub async fn list_sessions(services: &Services, ctx: &OpCtx) -> Result<Vec<SessionInfo>> {
    access::authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    let member = ctx.member().ok_or(Error::NotFound)?;
    let reader = services.db.read(Scope::All).await?;
    let sessions = store::accounts::list_sessions(&reader, member.account).await?;
    let mut list: Vec<SessionInfo> = sessions
        .into_iter()
        .map(|session| SessionInfo {
            id: session.id,
            label: session.label,
            created_at: session.created_at,
            seen_at: session.seen_at,
            here: session.id == member.session,
            locked: session.locked,
        })
        .collect();
    list.sort_by_key(|session| !session.here);
    Ok(list)
}

/// Ends one of one's own sessions.
///
/// # Errors
/// [`Error::NotFound`] when it is not one's own or has ended.
pub async fn end_session(services: &Services, ctx: &mut OpCtx, id: SessionId) -> Result<()> {
    access::authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    let account = ctx.member().ok_or(Error::NotFound)?.account;
    let mut tx = services.db.write(ctx, Scope::All, "session.end").await?;
    if !store::accounts::end_session(&mut tx, account, id).await? {
        return Err(Error::NotFound);
    }
    note(&mut tx, account).await?;
    Ok(tx.commit().await?)
}

/// Ends all of one's own sessions but this one. Returns how many.
///
/// # Errors
/// Refused when nobody is signed in.
pub async fn end_other_sessions(services: &Services, ctx: &mut OpCtx) -> Result<u64> {
    access::authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    let member = ctx.member().ok_or(Error::NotFound)?.clone();
    let mut tx = services.db.write(ctx, Scope::All, "session.end_others").await?;
    let ended = store::accounts::end_sessions(&mut tx, member.account, Some(member.session)).await?;
    note(&mut tx, member.account).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Locks this screen now, as if nobody had touched it for a while.
///
/// # Errors
/// [`Error::NotFound`] when the session has ended meanwhile.
pub async fn lock_screen(services: &Services, ctx: &mut OpCtx, visit: &Visit) -> Result<()> {
    let mut tx = services.db.write(ctx, Scope::All, "session.lock").await?;
    let mut session = current(&tx, visit).await?;
    session.locked = true;
    store::accounts::set_session(&mut tx, &session).await?;
    note(&mut tx, visit.account).await?;
    Ok(tx.commit().await?)
}

/// Signs out here. Works on a locked screen too.
///
/// # Errors
/// [`Error::Unavailable`] when the database does not answer.
pub async fn sign_out(services: &Services, ctx: &mut OpCtx, visit: &Visit) -> Result<()> {
    let mut tx = services.db.write(ctx, Scope::All, "account.sign_out").await?;
    store::accounts::end_session(&mut tx, visit.account, visit.session).await?;
    note(&mut tx, visit.account).await?;
    Ok(tx.commit().await?)
}

/// An act about an account, in the installation's chain.
pub(super) async fn note(tx: &mut Tx, account: AccountId) -> Result<()> {
    Ok(tx.note(INSTALLATION, Subject { table: "account", id: Some(account.0) }, &json!({})).await?)
}
