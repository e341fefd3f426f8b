//! A new password: chosen by its owner, always. Management can only hand over a link that lets the owner choose (S11).

use std::collections::BTreeMap;

use domain::access::{self, Action, Relation};
use domain::{AccountId, OpCtx, PersonId};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::accounts::{Account, Pending, PendingKind};
use store::{Reads, Scope, Tx};

use super::duty::Duty;
use super::password::{self, Match};
use super::sessions::{self, Standing};
use super::{SignedIn, Token, Visit, sign_in};
use crate::error::{Error, Result};
use crate::services::Services;

/// How long a handed-over link works.
pub const LINK_LASTS: SignedDuration = SignedDuration::from_hours(48);

/// A new password, typed twice, with the old one.
pub struct PasswordChange {
    /// The one of before. Not asked for when a handed-over link has just been used.
    pub old: String,
    /// The new one.
    pub new: String,
    /// The new one again.
    pub again: String,
}

impl std::fmt::Debug for PasswordChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordChange(…)")
    }
}

/// Changes one's own password. All other sessions end; this one gets a fresh token.
///
/// # Errors
/// [`Error::Invalid`] on `old`, `new` or `again`.
pub async fn choose_password(
    services: &Services,
    ctx: &mut OpCtx,
    visit: &Visit,
    change: PasswordChange,
) -> Result<SignedIn> {
    access::authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    // Whoever has a second factor shows it before the password changes, or a stolen password would be kept by its thief.
    if visit.duty == Some(Duty::ShowSecondFactor) {
        return Err(Error::Refused(access::Refused::SecondFactor));
    }
    let reader = services.db.read(Scope::All).await?;
    let found = store::accounts::lookup(&reader, visit.account).await?.ok_or(Error::NotFound)?;
    let mut wrong = faults(&reader, &found, &change.new, &change.again).await?;
    drop(reader);
    let matched = password::compare(&change.old, Some(&found.password_hash)).await?;
    if matched == Match::No {
        wrong.insert("old".into(), "That is not your password of before.".into());
    } else if change.old == change.new {
        wrong.insert("new".into(), "Choose a password that differs from the one of before.".into());
    }
    if !wrong.is_empty() {
        if matched == Match::No {
            sign_in::count_failure(services, ctx, visit.account).await?;
        }
        return Err(Error::Invalid(wrong));
    }
    let hash = password::hash(&change.new, &mut *ctx.rng).await?;
    let mut tx = services.db.write(ctx, Scope::All, "account.choose_password").await?;
    let mut session = sessions::current(&tx, visit).await?;
    let standing = sessions::standing(&tx, &session, ctx.now).await?.ok_or(Error::NotFound)?;
    if super::lock::is_locked(ctx, standing.account.locked_until) {
        return Err(Error::invalid("old", "There were too many wrong tries. Wait a little, then try again."));
    }
    let mut account = standing.account.clone();
    (account.password_hash, account.password_set_at, account.must_change) = (hash, ctx.now, false);
    store::accounts::set(&mut tx, &account).await?;
    store::accounts::end_sessions(&mut tx, account.id, Some(session.id)).await?;
    let standing = Standing { account, ..standing };
    let signed_in = sessions::renew(&mut tx, ctx, &mut session, &standing).await?;
    sessions::note(&mut tx, visit.account).await?;
    tx.commit().await?;
    Ok(signed_in)
}

/// What is wrong with a new password, by field.
async fn faults(db: &impl Reads, account: &Account, new: &str, again: &str) -> Result<BTreeMap<String, String>> {
    let mut known = vec![account.username.clone()];
    for membership in store::people::list_memberships_of_account(db, account.id).await? {
        if let Some(setting) = store::settings::lookup(db, membership.setting_id).await? {
            known.push(setting.name);
        }
        if let Some(person) = store::people::lookup(db, membership.setting_id, membership.person_id).await? {
            known.push(person.name);
        }
    }
    Ok(faults_of(new, again, &known.iter().map(String::as_str).collect::<Vec<_>>()))
}

/// As [`faults`], for who has no account yet.
pub(crate) fn faults_of(new: &str, again: &str, known: &[&str]) -> BTreeMap<String, String> {
    let mut wrong = BTreeMap::new();
    if let Err(say) = password::check(new, known) {
        wrong.insert("new".to_owned(), say);
    } else if new != again {
        wrong.insert("again".to_owned(), "The two do not match. Type the new password again.".to_owned());
    }
    wrong
}

/// A link with which the owner of an account chooses a password. Shown once, to be handed over in person.
#[derive(Debug)]
pub struct HandOver {
    /// The path, with the token in it: `/set-password/…`.
    pub path: String,
    /// Works until.
    pub until: Timestamp,
}

/// Resets somebody's password: the old one stops, their sessions end, and a link to choose a new one is handed over.
/// Nobody learns a password, nobody signs in as somebody else (S11).
///
/// # Errors
/// Refused without the right to; [`Error::NotFound`] when the person has no account here, or is oneself.
pub async fn reset_password(services: &Services, ctx: &mut OpCtx, person: PersonId) -> Result<HandOver> {
    access::authorize(&ctx.actor, Action::ResetPassword, Relation::Setting)?;
    let member = ctx.member().ok_or(Error::NotFound)?.clone();
    if member.person == person {
        return Err(Error::invalid("", "Choose your own new password on the page of your account."));
    }
    let nobody_knows = password::hash(Token::fresh(&mut *ctx.rng).expose(), &mut *ctx.rng).await?;
    let mut tx = services.db.write(ctx, Scope::All, "account.reset_password").await?;
    let membership = store::people::find_membership_of_person(&tx, member.setting, person).await?;
    let membership = membership.ok_or(Error::NotFound)?;
    let mut account = store::accounts::lookup(&tx, membership.account_id).await?.ok_or(Error::NotFound)?;
    (account.password_hash, account.password_set_at, account.must_change) = (nobody_knows, ctx.now, true);
    (account.failed_attempts, account.locked_until) = (0, None);
    store::accounts::set(&mut tx, &account).await?;
    store::accounts::end_sessions(&mut tx, account.id, None).await?;
    let hand_over = link(&mut tx, ctx, account.id, Some((member.setting, person)), Some(member.person)).await?;
    let subject = store::audit::Subject { table: "account", id: Some(account.id.0) };
    tx.note(member.setting, subject, &json!({ "person": person.to_string() })).await?;
    sign_in::tell(&mut tx, member.setting, person, "/account").await?;
    tx.commit().await?;
    Ok(hand_over)
}

/// Makes the link; older ones of the account stop working.
pub(crate) async fn link(
    tx: &mut Tx,
    ctx: &mut OpCtx,
    account: AccountId,
    of: Option<(domain::SettingId, PersonId)>,
    made_by: Option<PersonId>,
) -> Result<HandOver> {
    store::accounts::end_pending(tx, PendingKind::SetPassword, account).await?;
    let token = Token::fresh(&mut *ctx.rng);
    let until = ctx.now.checked_add(LINK_LASTS).unwrap_or(ctx.now);
    let pending = Pending {
        id: ctx.fresh(),
        kind: PendingKind::SetPassword,
        setting_id: of.map(|(setting, _)| setting),
        account_id: Some(account),
        person_id: of.map(|(_, person)| person),
        token_hash: Some(token.digest()),
        payload: json!({}),
        made_by,
        created_at: ctx.now,
        expires_at: until,
        used_at: None,
    };
    store::accounts::add_pending(tx, &pending).await?;
    Ok(HandOver { path: format!("/set-password/{}", token.expose()), until })
}

/// Whose link is this? Their username, for the page; `None` when it does not work any more.
///
/// # Errors
/// [`Error::Unavailable`] when the database does not answer.
pub async fn who_may_choose(services: &Services, ctx: &OpCtx, token: &Token) -> Result<Option<String>> {
    let reader = services.db.read(Scope::All).await?;
    Ok(owner(&reader, ctx.now, token).await?.map(|(_, account)| account.username))
}

async fn owner(db: &impl Reads, now: Timestamp, token: &Token) -> Result<Option<(Pending, Account)>> {
    let found = store::accounts::find_pending(db, PendingKind::SetPassword, &token.digest(), now).await?;
    let Some((pending, id)) = found.and_then(|pending| pending.account_id.map(|id| (pending, id))) else {
        return Ok(None);
    };
    let account = store::accounts::lookup(db, id).await?.filter(|account| account.ended_at.is_none());
    Ok(account.map(|account| (pending, account)))
}

/// Chooses a password with a handed-over link. It works once. The owner then signs in as on any day, with their second
/// factor if they have one: a link in the wrong hands opens no case.
///
/// # Errors
/// [`Error::NotFound`] when the link does not work any more; [`Error::Invalid`] on `new` or `again`.
pub async fn choose_with_link(
    services: &Services,
    ctx: &mut OpCtx,
    token: &Token,
    new: &str,
    again: &str,
) -> Result<String> {
    let reader = services.db.read(Scope::All).await?;
    let (_, account) = owner(&reader, ctx.now, token).await?.ok_or(Error::NotFound)?;
    let wrong = faults(&reader, &account, new, again).await?;
    drop(reader);
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let hash = password::hash(new, &mut *ctx.rng).await?;
    let mut tx = services.db.write(ctx, Scope::All, "account.choose_with_link").await?;
    let (mut pending, mut account) = owner(&tx, ctx.now, token).await?.ok_or(Error::NotFound)?;
    pending.used_at = Some(ctx.now);
    store::accounts::set_pending(&mut tx, &pending).await?;
    (account.password_hash, account.password_set_at, account.must_change) = (hash, ctx.now, false);
    store::accounts::set(&mut tx, &account).await?;
    store::accounts::end_sessions(&mut tx, account.id, None).await?;
    sessions::note(&mut tx, account.id).await?;
    tx.commit().await?;
    Ok(account.username)
}
