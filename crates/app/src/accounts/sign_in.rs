//! Coming in: the password, the six figures, the locked screen.
//!
//! A wrong password, a locked account and a name that nobody has get the same sentence after the same work. Failures are
//! counted on the account, through both steps, until both have been shown: a known password does not buy more guesses at
//! the figures.

use domain::concern::Urgency;
use domain::{AccountId, OpCtx, PersonId, SettingId};
use jiff::Timestamp;
use serde_json::json;
use store::accounts::Account;
use store::audit::{INSTALLATION, Subject};
use store::{Scope, Tx};

use super::password::{self, Match};
use super::sessions::{self, Standing};
use super::{Credentials, SignedIn, Visit, codes, lock, second_factor};
use crate::error::{Error, Result};
use crate::notices::{self, Matter};
use crate::services::Services;

/// The one sentence for every way of not coming in.
const REFUSED: &str = "That username and password do not go together, or there were too many tries. After five wrong \
                       tries Holdfast waits a minute, then longer. You can report a concern without signing in.";
/// The same for the figures.
const WRONG_CODE: &str = "That code is not right, was used before, or there were too many tries. Wait for the next six \
                          figures, or use one of your recovery codes.";
/// For whoever has a password and no place.
const NO_PLACE: &str = "You have no role here today. Ask the manager. You can report a concern without signing in.";

/// How a username is kept and compared: without case, outer spaces and endless length.
pub fn fold_username(typed: &str) -> String {
    typed.trim().to_lowercase().chars().take(100).collect()
}

/// Username and password give a session; [`SignedIn::next`] says what comes first in it.
///
/// # Errors
/// [`Error::Invalid`] with one and the same sentence for every way in which they do not fit.
pub async fn sign_in(services: &Services, ctx: &mut OpCtx, credentials: Credentials) -> Result<SignedIn> {
    let username = fold_username(&credentials.username);
    let reader = services.db.read(Scope::All).await?;
    let found = store::accounts::find_by_username(&reader, &username).await?;
    let found = found.filter(|account| account.ended_at.is_none());
    drop(reader);
    let stored = found.as_ref().map(|account| account.password_hash.as_str());
    let matched = password::compare(&credentials.password, stored).await?;
    let rehashed = match matched {
        Match::YesButOld => Some(password::hash(&credentials.password, &mut *ctx.rng).await?),
        Match::Yes | Match::No => None,
    };
    let mut tx = services.db.write(ctx, Scope::All, "account.sign_in").await?;
    let Some(found) = found else {
        // The same write as for a name that somebody has.
        refused(&mut tx, None).await?;
        tx.commit().await?;
        return Err(Error::invalid("", REFUSED));
    };
    // Again, inside the write: many tries at once must not all see the count of before.
    let mut account = store::accounts::lookup(&tx, found.id).await?.ok_or(Error::NotFound)?;
    let changed_meanwhile = account.password_hash != found.password_hash;
    if matched == Match::No || changed_meanwhile || lock::is_locked(ctx, account.locked_until) {
        fail(&mut tx, ctx, account).await?;
        tx.commit().await?;
        return Err(Error::invalid("", REFUSED));
    }
    if let Some(hash) = rehashed {
        account.password_hash = hash;
    }
    let Some(standing) = place(&tx, account, ctx.now).await? else {
        refused(&mut tx, Some(&found)).await?;
        tx.commit().await?;
        return Err(Error::invalid("", NO_PLACE));
    };
    let signed_in = sessions::open(&mut tx, ctx, &standing, &credentials.label).await?;
    let mut account = standing.account;
    if account.totp_secret.is_none() {
        (account.failed_attempts, account.locked_until) = (0, None);
    }
    store::accounts::set(&mut tx, &account).await?;
    let subject = Subject { table: "account", id: Some(account.id.0) };
    tx.note(INSTALLATION, subject, &json!({ "session": signed_in.session.to_string() })).await?;
    tx.commit().await?;
    Ok(signed_in)
}

/// The first setting in which the account has a role today.
async fn place(tx: &Tx, account: Account, now: Timestamp) -> Result<Option<Standing>> {
    for membership in store::people::list_memberships_of_account(tx, account.id).await? {
        let standing = sessions::standing_of(tx, account.clone(), membership.setting_id, now).await?;
        if let Some(standing) = standing.filter(|standing| !standing.roles.is_empty()) {
            return Ok(Some(standing));
        }
    }
    Ok(None)
}

/// Six figures, or a recovery code. The session gets a fresh token.
///
/// A recovery code lets somebody in; their cases and the filter wait until another lead has confirmed that it was them,
/// and the leads and the chair are told (S11).
///
/// # Errors
/// [`Error::Invalid`] on `code`, with one sentence for wrong, used and locked.
pub async fn show_second_factor(services: &Services, ctx: &mut OpCtx, visit: &Visit, typed: &str) -> Result<SignedIn> {
    if visit.locked {
        return Err(Error::invalid("code", "Unlock the screen with your password first."));
    }
    let mut tx = services.db.write(ctx, Scope::All, "account.show_second_factor").await?;
    let mut session = sessions::current(&tx, visit).await?;
    let standing = sessions::standing(&tx, &session, ctx.now).await?.ok_or(Error::NotFound)?;
    let mut account = standing.account.clone();
    let Some(secret) = account.totp_secret.clone() else { return Err(Error::NotFound) };
    let locked = lock::is_locked(ctx, account.locked_until);
    let step = second_factor::matched_step(&secret, typed, account.totp_last_step, ctx.now)?;
    let by_figures = !locked && step.is_some();
    let by_paper = !locked
        && !by_figures
        && match codes::digest(typed) {
            Some(hash) => store::accounts::use_recovery_code(&mut tx, account.id, &hash).await?,
            None => false,
        };
    if !by_figures && !by_paper {
        fail(&mut tx, ctx, account).await?;
        tx.commit().await?;
        return Err(Error::invalid("code", WRONG_CODE));
    }
    account.totp_last_step = step.or(account.totp_last_step);
    (account.failed_attempts, account.locked_until) = (0, None);
    if by_paper {
        super::recovery::begin_waiting(&mut tx, ctx, &standing, &mut account).await?;
    }
    store::accounts::set(&mut tx, &account).await?;
    session.second_factor = true;
    let standing = Standing { account, ..standing };
    let signed_in = sessions::renew(&mut tx, ctx, &mut session, &standing).await?;
    let subject = Subject { table: "account", id: Some(visit.account.0) };
    tx.note(INSTALLATION, subject, &json!({ "by": if by_paper { "recovery code" } else { "figures" } })).await?;
    tx.commit().await?;
    Ok(signed_in)
}

/// The password again, on a screen that locked itself. The session gets a fresh token; drafts are where they were.
///
/// # Errors
/// [`Error::Invalid`] on `password`.
pub async fn unlock(services: &Services, ctx: &mut OpCtx, visit: &Visit, password: &str) -> Result<SignedIn> {
    let reader = services.db.read(Scope::All).await?;
    let found = store::accounts::lookup(&reader, visit.account).await?.ok_or(Error::NotFound)?;
    drop(reader);
    let matched = password::compare(password, Some(&found.password_hash)).await?;
    let mut tx = services.db.write(ctx, Scope::All, "session.unlock").await?;
    let mut session = sessions::current(&tx, visit).await?;
    let standing = sessions::standing(&tx, &session, ctx.now).await?.ok_or(Error::NotFound)?;
    let same = standing.account.password_hash == found.password_hash;
    if matched == Match::No || !same || lock::is_locked(ctx, standing.account.locked_until) {
        fail(&mut tx, ctx, standing.account).await?;
        tx.commit().await?;
        let say = "That is not your password, or there were too many tries. Your draft is kept.";
        return Err(Error::invalid("password", say));
    }
    let signed_in = sessions::renew(&mut tx, ctx, &mut session, &standing).await?;
    sessions::note(&mut tx, visit.account).await?;
    tx.commit().await?;
    Ok(signed_in)
}

/// Is this one's own password (and code, where the account has a second factor)? For what asks again: tokens, ending the
/// second factor. A wrong answer counts as a failed try.
///
/// # Errors
/// [`Error::Invalid`] on `password` or `code`.
pub(super) async fn prove(services: &Services, ctx: &mut OpCtx, password: &str, code: &str) -> Result<()> {
    let id = ctx.member().ok_or(Error::NotFound)?.account;
    let reader = services.db.read(Scope::All).await?;
    let found = store::accounts::lookup(&reader, id).await?.ok_or(Error::NotFound)?;
    drop(reader);
    let matched = password::compare(password, Some(&found.password_hash)).await?;
    let mut tx = services.db.write(ctx, Scope::All, "account.prove").await?;
    let mut account = store::accounts::lookup(&tx, id).await?.ok_or(Error::NotFound)?;
    let locked = lock::is_locked(ctx, account.locked_until);
    let step = match &account.totp_secret {
        Some(secret) => second_factor::matched_step(secret, code, account.totp_last_step, ctx.now)?.map(Some),
        None => Some(None),
    };
    let fault = if matched == Match::No || locked || account.password_hash != found.password_hash {
        Some(Error::invalid("password", "That is not your password, or there were too many tries."))
    } else if step.is_none() {
        Some(Error::invalid("code", WRONG_CODE))
    } else {
        None
    };
    if let Some(fault) = fault {
        fail(&mut tx, ctx, account).await?;
        tx.commit().await?;
        return Err(fault);
    }
    account.totp_last_step = step.flatten().or(account.totp_last_step);
    (account.failed_attempts, account.locked_until) = (0, None);
    store::accounts::set(&mut tx, &account).await?;
    Ok(tx.commit().await?)
}

/// The same at a terminal, before a command prints records (S16): audited, and the person is told.
///
/// # Errors
/// As [`prove`].
pub async fn prove_at_terminal(services: &Services, ctx: &mut OpCtx, password: &str, code: &str) -> Result<()> {
    prove(services, ctx, password, code).await?;
    let member = ctx.member().ok_or(Error::NotFound)?.clone();
    let mut tx = services.db.write(ctx, Scope::All, "terminal.records").await?;
    let subject = Subject { table: "account", id: Some(member.account.0) };
    tx.note(member.setting, subject, &json!({})).await?;
    tell(&mut tx, member.setting, member.person, "/account").await?;
    Ok(tx.commit().await?)
}

/// Counts a failure and, when that begins a wait, tells the owner.
async fn fail(tx: &mut Tx, ctx: &OpCtx, mut account: Account) -> Result<()> {
    refused(tx, Some(&account)).await?;
    if lock::is_locked(ctx, account.locked_until) {
        return Ok(());
    }
    (account.failed_attempts, account.locked_until) = lock::after_failure(account.failed_attempts, ctx.now);
    store::accounts::set(tx, &account).await?;
    if account.failed_attempts == lock::FREE_TRIES + 1 {
        for membership in store::people::list_memberships_of_account(tx, account.id).await? {
            tell(tx, membership.setting_id, membership.person_id, "/account").await?;
        }
    }
    Ok(())
}

async fn refused(tx: &mut Tx, account: Option<&Account>) -> Result<()> {
    let subject = Subject { table: "account", id: account.map(|account| account.id.0) };
    Ok(tx.note_as("account.refused", INSTALLATION, subject, &json!({})).await?)
}

/// A wrong old password on the page of the new one is a failed try like any other.
pub(super) async fn count_failure(services: &Services, ctx: &mut OpCtx, id: AccountId) -> Result<()> {
    let mut tx = services.db.write(ctx, Scope::All, "account.prove").await?;
    let account = store::accounts::lookup(&tx, id).await?.ok_or(Error::NotFound)?;
    fail(&mut tx, ctx, account).await?;
    Ok(tx.commit().await?)
}

/// "Something in Holdfast needs you", about an account.
pub(crate) async fn tell(tx: &mut Tx, setting: SettingId, person: PersonId, link: &str) -> Result<()> {
    let matter = Matter { urgency: Urgency::Prompt, link, concern: None };
    notices::tell(tx, setting, &[person], &matter).await
}
