//! Setting up the second factor: a secret shown once as a picture and as letters, proved by a code, ten recovery codes.
//!
//! The secret waits in `pending` until a code has proved it; only then does the account carry it. Replacing an existing
//! one asks for the password and a code of the old one first.

use std::collections::BTreeMap;

use domain::access::{self, Action, Relation};
use domain::{OpCtx, PersonId};
use jiff::SignedDuration;
use serde_json::json;
use store::accounts::{Pending, PendingKind};
use store::{Scope, Tx};

use super::sessions::{self, Standing};
use super::{SignedIn, Visit, codes, second_factor, sign_in};
use crate::error::{Error, Result};
use crate::services::Services;

/// A secret that nobody proved in time is forgotten.
const WAITS: SignedDuration = SignedDuration::from_mins(30);

/// What the set-up page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// Base32; show it in groups ([`second_factor::in_groups`]).
    pub secret: String,
    /// For the picture: `otpauth://totp/…`.
    pub address: String,
}

/// Ten codes, shown once: for paper, not for the same phone.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCodes(pub Vec<String>);

impl std::fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RecoveryCodes({})", self.0.len())
    }
}

/// A second factor to scan. Asked again within half an hour it is the same one, so that a reload or a mistyped code does
/// not throw away what was scanned.
///
/// # Errors
/// [`Error::Conflict`] when the account has one already: [`replace_second_factor`] asks for it first.
pub async fn begin_second_factor(services: &Services, ctx: &mut OpCtx) -> Result<Enrolment> {
    access::authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    let id = ctx.member().ok_or(Error::NotFound)?.account;
    let mut tx = services.db.write(ctx, Scope::All, "account.begin_second_factor").await?;
    let account = store::accounts::lookup(&tx, id).await?.ok_or(Error::NotFound)?;
    let waiting = waiting(&tx, ctx, id).await?;
    if account.totp_secret.is_some() && waiting.is_none() {
        return Err(Error::Conflict { theirs: BTreeMap::new() });
    }
    let secret = match waiting {
        Some(pending) => secret_of(&pending)?,
        None => put(&mut tx, ctx, id).await?,
    };
    tx.commit().await?;
    let address = second_factor::address(&secret, &account.username)?;
    Ok(Enrolment { secret, address })
}

/// Begins anew although there is one: a new phone. Asks for the password and a code of the old one.
///
/// # Errors
/// [`Error::Invalid`] on `password` or `code`.
pub async fn replace_second_factor(services: &Services, ctx: &mut OpCtx, password: &str, code: &str) -> Result<()> {
    access::authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    sign_in::prove(services, ctx, password, code).await?;
    let id = ctx.member().ok_or(Error::NotFound)?.account;
    let mut tx = services.db.write(ctx, Scope::All, "account.replace_second_factor").await?;
    put(&mut tx, ctx, id).await?;
    sessions::note(&mut tx, id).await?;
    Ok(tx.commit().await?)
}

/// Proves the secret with its first code: the account has a second factor, this session has shown it, all other sessions
/// end, and there are ten fresh recovery codes.
///
/// # Errors
/// [`Error::Invalid`] on `code`; [`Error::NotFound`] when nothing was begun in the last half hour.
pub async fn confirm_second_factor(
    services: &Services,
    ctx: &mut OpCtx,
    visit: &Visit,
    typed: &str,
) -> Result<(SignedIn, RecoveryCodes)> {
    access::authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    let fresh = fresh_codes(ctx);
    let mut tx = services.db.write(ctx, Scope::All, "account.confirm_second_factor").await?;
    let mut pending = waiting(&tx, ctx, visit.account).await?.ok_or(Error::NotFound)?;
    let secret = secret_of(&pending)?;
    let Some(step) = second_factor::matched_step(&secret, typed, None, ctx.now)? else {
        let say = "That code does not belong to this picture. Check the clock of your phone, and type the newest six figures.";
        return Err(Error::invalid("code", say));
    };
    let mut session = sessions::current(&tx, visit).await?;
    let standing = sessions::standing(&tx, &session, ctx.now).await?.ok_or(Error::NotFound)?;
    let mut account = standing.account.clone();
    account.totp_secret = Some(secret);
    account.totp_last_step = Some(step);
    store::accounts::set(&mut tx, &account).await?;
    keep_codes(&mut tx, account.id, &fresh).await?;
    pending.used_at = Some(ctx.now);
    // The secret now lies in the account; a second copy would only be one more to lose.
    pending.payload = json!({});
    store::accounts::set_pending(&mut tx, &pending).await?;
    store::accounts::end_sessions(&mut tx, account.id, Some(session.id)).await?;
    session.second_factor = true;
    let standing = Standing { account, ..standing };
    let signed_in = sessions::renew(&mut tx, ctx, &mut session, &standing).await?;
    sessions::note(&mut tx, visit.account).await?;
    tx.commit().await?;
    Ok((signed_in, fresh))
}

/// Ten fresh recovery codes; the old ones stop working. Asks for the password and a code.
///
/// # Errors
/// [`Error::Invalid`] on `password` or `code`.
pub async fn new_recovery_codes(
    services: &Services,
    ctx: &mut OpCtx,
    password: &str,
    code: &str,
) -> Result<RecoveryCodes> {
    access::authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    sign_in::prove(services, ctx, password, code).await?;
    let id = ctx.member().ok_or(Error::NotFound)?.account;
    let fresh = fresh_codes(ctx);
    let mut tx = services.db.write(ctx, Scope::All, "account.new_recovery_codes").await?;
    keep_codes(&mut tx, id, &fresh).await?;
    sessions::note(&mut tx, id).await?;
    tx.commit().await?;
    Ok(fresh)
}

/// How one's own account stands, for "your account".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnAccount {
    /// Username.
    pub username: String,
    /// When the password was chosen.
    pub password_set_at: jiff::Timestamp,
    /// When it must change, if the setting asks for that.
    pub password_until: Option<jiff::Timestamp>,
    /// Is there a second factor?
    pub second_factor: bool,
    /// Recovery codes that are left.
    pub recovery_codes: u64,
    /// Who one is here.
    pub person: PersonId,
}

/// How one's own account stands.
///
/// # Errors
/// Refused when nobody is signed in.
pub async fn own_account(services: &Services, ctx: &OpCtx) -> Result<OwnAccount> {
    access::authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    let member = ctx.member().ok_or(Error::NotFound)?;
    let reader = services.db.read(Scope::All).await?;
    let account = store::accounts::lookup(&reader, member.account).await?.ok_or(Error::NotFound)?;
    let profile = sessions::profile_of(&reader, member.setting).await?;
    let recovery_codes = store::accounts::count_recovery_codes(&reader, member.account).await?;
    Ok(OwnAccount {
        username: account.username,
        password_set_at: account.password_set_at,
        password_until: super::password::runs_out_at(&profile, account.password_set_at),
        second_factor: account.totp_secret.is_some(),
        recovery_codes,
        person: member.person,
    })
}

fn fresh_codes(ctx: &mut OpCtx) -> RecoveryCodes {
    RecoveryCodes((0..codes::RECOVERY_CODES).map(|_| codes::fresh(&mut *ctx.rng)).collect())
}

async fn keep_codes(tx: &mut Tx, account: domain::AccountId, fresh: &RecoveryCodes) -> Result<()> {
    let hashes: Vec<String> = fresh.0.iter().filter_map(|code| codes::digest(code)).collect();
    Ok(store::accounts::set_recovery_codes(tx, account, &hashes).await?)
}

async fn waiting(tx: &Tx, ctx: &OpCtx, account: domain::AccountId) -> Result<Option<Pending>> {
    Ok(store::accounts::list_pending(tx, PendingKind::SecondFactor, Some(account), ctx.now).await?.into_iter().next())
}

async fn put(tx: &mut Tx, ctx: &mut OpCtx, account: domain::AccountId) -> Result<String> {
    store::accounts::end_pending(tx, PendingKind::SecondFactor, account).await?;
    let secret = second_factor::fresh_secret(&mut *ctx.rng);
    let pending = Pending {
        id: ctx.fresh(),
        kind: PendingKind::SecondFactor,
        setting_id: None,
        account_id: Some(account),
        person_id: None,
        token_hash: None,
        payload: json!({ "secret": secret }),
        made_by: None,
        created_at: ctx.now,
        expires_at: ctx.now.checked_add(WAITS).unwrap_or(ctx.now),
        used_at: None,
    };
    store::accounts::add_pending(tx, &pending).await?;
    Ok(secret)
}

fn secret_of(pending: &Pending) -> Result<String> {
    let secret = pending.payload.get("secret").and_then(|secret| secret.as_str());
    secret.map(str::to_owned).ok_or_else(|| Error::Internal("a pending second factor without a secret".into()))
}
