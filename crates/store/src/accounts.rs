//! Accounts, recovery codes, sessions and tokens: what a sign-in needs. These rows are quiet in the audit; the acts are
//! written with [`Tx::note`] (S16).

use domain::{AccountId, SessionId};
use jiff::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, QueryOrder};
use uuid::Uuid;

use crate::db::{Reads, Tx};
use crate::entity::house::{account, api_token, pending, recovery_code, session};
use crate::error::Result;
use crate::rows;

pub use crate::entity::house::{Account, ApiToken, Pending, RecoveryHash, Session};
pub use crate::words::PendingKind;

/// The account of an id.
///
/// # Errors
/// As any read.
pub async fn lookup(db: &impl Reads, id: AccountId) -> Result<Option<Account>> {
    rows::one(db, rows::select::<Account>(Condition::all().add(account::Column::Id.eq(id.0)))).await
}

/// The account of a user name, as stored (callers fold case before).
///
/// # Errors
/// As any read.
pub async fn find_by_username(db: &impl Reads, username: &str) -> Result<Option<Account>> {
    rows::one(db, rows::select::<Account>(Condition::all().add(account::Column::Username.eq(username)))).await
}

/// Adds an account.
///
/// # Errors
/// [`crate::Error::Duplicate`] if the user name is taken.
pub async fn add(tx: &mut Tx, account: &Account) -> Result<()> {
    rows::add(tx, account).await
}

/// Writes an account over its older self. Read it in the same transaction.
///
/// # Errors
/// As any write.
pub async fn set(tx: &mut Tx, account: &Account) -> Result<()> {
    rows::set(tx, account).await.map(|_| ())
}

/// Replaces somebody's recovery codes.
///
/// # Errors
/// As any write.
pub async fn set_recovery_codes(tx: &mut Tx, account: AccountId, hashes: &[String]) -> Result<()> {
    let mut delete = Query::delete();
    delete.from_table(recovery_code::Entity).and_where(Expr::col(recovery_code::Column::AccountId).eq(account.0));
    tx.exec(&delete).await?;
    for hash in hashes {
        rows::add(tx, &RecoveryHash { account_id: account, code_hash: hash.clone(), used_at: None }).await?;
    }
    Ok(())
}

/// Uses a recovery code up. False: unknown, or used before.
///
/// # Errors
/// As any write.
pub async fn use_recovery_code(tx: &mut Tx, account: AccountId, hash: &str) -> Result<bool> {
    let mut update = Query::update();
    update
        .table(recovery_code::Entity)
        .value(recovery_code::Column::UsedAt, tx.now().as_microsecond())
        .and_where(Expr::col(recovery_code::Column::AccountId).eq(account.0))
        .and_where(Expr::col(recovery_code::Column::CodeHash).eq(hash))
        .and_where(Expr::col(recovery_code::Column::UsedAt).is_null());
    Ok(tx.exec(&update).await?.rows_affected() == 1)
}

/// How many recovery codes are left.
///
/// # Errors
/// As any read.
pub async fn count_recovery_codes(db: &impl Reads, account: AccountId) -> Result<u64> {
    let condition = Condition::all()
        .add(recovery_code::Column::AccountId.eq(account.0))
        .add(recovery_code::Column::UsedAt.is_null());
    rows::count::<RecoveryHash>(db, rows::select::<RecoveryHash>(condition)).await
}

/// The running session of a cookie's hash.
///
/// # Errors
/// As any read.
pub async fn find_session(db: &impl Reads, token_hash: &str) -> Result<Option<Session>> {
    let condition =
        Condition::all().add(session::Column::TokenHash.eq(token_hash)).add(session::Column::EndedAt.is_null());
    rows::one(db, rows::select::<Session>(condition)).await
}

/// Somebody's running sessions, newest first.
///
/// # Errors
/// As any read.
pub async fn list_sessions(db: &impl Reads, account: AccountId) -> Result<Vec<Session>> {
    let condition =
        Condition::all().add(session::Column::AccountId.eq(account.0)).add(session::Column::EndedAt.is_null());
    rows::many(db, rows::select::<Session>(condition).order_by_desc(session::Column::SeenAt)).await
}

/// Adds a session.
///
/// # Errors
/// As any write.
pub async fn add_session(tx: &mut Tx, session: &Session) -> Result<()> {
    rows::add(tx, session).await
}

/// Writes a session over its older self: seen, locked, second factor, setting.
///
/// # Errors
/// As any write.
pub async fn set_session(tx: &mut Tx, session: &Session) -> Result<()> {
    rows::set(tx, session).await.map(|_| ())
}

/// Ends a session of an account. False: it was not running, or not theirs.
///
/// # Errors
/// As any write.
pub async fn end_session(tx: &mut Tx, account: AccountId, id: SessionId) -> Result<bool> {
    let mut update = ending(tx);
    update
        .and_where(Expr::col(session::Column::AccountId).eq(account.0))
        .and_where(Expr::col(session::Column::Id).eq(id.0));
    Ok(tx.exec(&update).await?.rows_affected() == 1)
}

/// Ends all sessions of an account, but one if named. Returns how many.
///
/// # Errors
/// As any write.
pub async fn end_sessions(tx: &mut Tx, account: AccountId, but: Option<SessionId>) -> Result<u64> {
    let mut update = ending(tx);
    update.and_where(Expr::col(session::Column::AccountId).eq(account.0));
    if let Some(keep) = but {
        update.and_where(Expr::col(session::Column::Id).ne(keep.0));
    }
    Ok(tx.exec(&update).await?.rows_affected())
}

/// Forgets sessions that ended or were last seen before a time. Returns how many.
///
/// # Errors
/// As any write.
pub async fn cleanup_sessions(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    let mut delete = Query::delete();
    delete.from_table(session::Entity).and_where(Expr::col(session::Column::SeenAt).lt(before.as_microsecond()));
    Ok(tx.exec(&delete).await?.rows_affected())
}

fn ending(tx: &Tx) -> sea_orm::sea_query::UpdateStatement {
    let mut update = Query::update();
    update
        .table(session::Entity)
        .value(session::Column::EndedAt, tx.now().as_microsecond())
        .and_where(Expr::col(session::Column::EndedAt).is_null());
    update
}

/// The token of a hash, if it still works.
///
/// # Errors
/// As any read.
pub async fn find_token(db: &impl Reads, token_hash: &str, now: Timestamp) -> Result<Option<ApiToken>> {
    let condition = Condition::all()
        .add(api_token::Column::TokenHash.eq(token_hash))
        .add(api_token::Column::EndedAt.is_null())
        .add(api_token::Column::ExpiresAt.gt(now.as_microsecond()));
    rows::one(db, rows::select::<ApiToken>(condition)).await
}

/// Somebody's tokens, newest first, ended ones too.
///
/// # Errors
/// As any read.
pub async fn list_tokens(db: &impl Reads, account: AccountId) -> Result<Vec<ApiToken>> {
    let condition = Condition::all().add(api_token::Column::AccountId.eq(account.0));
    rows::many(db, rows::select::<ApiToken>(condition).order_by_desc(api_token::Column::CreatedAt)).await
}

/// Adds a token.
///
/// # Errors
/// As any write.
pub async fn add_token(tx: &mut Tx, token: &ApiToken) -> Result<()> {
    rows::add(tx, token).await
}

/// Ends a token of an account. False: it was not theirs, or ended before.
///
/// # Errors
/// As any write.
pub async fn end_token(tx: &mut Tx, account: AccountId, id: Uuid) -> Result<bool> {
    let mut update = Query::update();
    update
        .table(api_token::Entity)
        .value(api_token::Column::EndedAt, tx.now().as_microsecond())
        .and_where(Expr::col(api_token::Column::AccountId).eq(account.0))
        .and_where(Expr::col(api_token::Column::Id).eq(id))
        .and_where(Expr::col(api_token::Column::EndedAt).is_null());
    Ok(tx.exec(&update).await?.rows_affected() == 1)
}

/// Something pending that a link's token opens, while it can be finished.
///
/// # Errors
/// As any read.
pub async fn find_pending(
    db: &impl Reads,
    kind: PendingKind,
    token_hash: &str,
    now: Timestamp,
) -> Result<Option<Pending>> {
    rows::one(db, rows::select::<Pending>(running(kind, now).add(pending::Column::TokenHash.eq(token_hash)))).await
}

/// Everything pending of a kind that can be finished, of one account or of all, oldest first.
///
/// # Errors
/// As any read.
pub async fn list_pending(
    db: &impl Reads,
    kind: PendingKind,
    account: Option<AccountId>,
    now: Timestamp,
) -> Result<Vec<Pending>> {
    let condition = running(kind, now).add_option(account.map(|account| pending::Column::AccountId.eq(account.0)));
    rows::many(db, rows::select::<Pending>(condition).order_by_asc(pending::Column::CreatedAt)).await
}

/// What was finished of a kind and an account.
///
/// # Errors
/// As any read.
pub async fn list_used_pending(db: &impl Reads, kind: PendingKind, account: AccountId) -> Result<Vec<Pending>> {
    let condition = Condition::all()
        .add(pending::Column::Kind.eq(kind.key()))
        .add(pending::Column::AccountId.eq(account.0))
        .add(pending::Column::UsedAt.is_not_null());
    rows::many(db, rows::select::<Pending>(condition).order_by_asc(pending::Column::CreatedAt)).await
}

/// Adds something pending.
///
/// # Errors
/// As any write.
pub async fn add_pending(tx: &mut Tx, pending: &Pending) -> Result<()> {
    rows::add(tx, pending).await
}

/// Writes something pending over its older self: used, or further along.
///
/// # Errors
/// As any write.
pub async fn set_pending(tx: &mut Tx, pending: &Pending) -> Result<()> {
    rows::set(tx, pending).await.map(|_| ())
}

/// Withdraws everything pending of a kind and an account. Returns how many.
///
/// # Errors
/// As any write.
pub async fn end_pending(tx: &mut Tx, kind: PendingKind, account: AccountId) -> Result<u64> {
    let mut update = Query::update();
    update
        .table(pending::Entity)
        .value(pending::Column::UsedAt, tx.now().as_microsecond())
        .and_where(Expr::col(pending::Column::Kind).eq(kind.key()))
        .and_where(Expr::col(pending::Column::AccountId).eq(account.0))
        .and_where(Expr::col(pending::Column::UsedAt).is_null());
    Ok(tx.exec(&update).await?.rows_affected())
}

fn running(kind: PendingKind, now: Timestamp) -> Condition {
    Condition::all()
        .add(pending::Column::Kind.eq(kind.key()))
        .add(pending::Column::UsedAt.is_null())
        .add(pending::Column::ExpiresAt.gt(now.as_microsecond()))
}
