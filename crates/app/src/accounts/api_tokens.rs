//! Tokens for the JSON API (S16): made with one's own password and second factor, for an hour or a few, for evidence and
//! filter, never for cases; audited, and told to their owner.

use std::collections::BTreeSet;

use domain::access::{self, Action, Relation};
use domain::ctx::{Member, SecondFactor};
use domain::people::{Role, RoleSet};
use domain::{Actor, OpCtx, SessionId};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::Scope;
use store::accounts::ApiToken;
use uuid::Uuid;

use super::{Token, password, sessions, sign_in};
use crate::error::{Error, Result};
use crate::services::Services;

/// Longest life of a token.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 30);

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApiScope {
    /// Read the evidence, clause by clause.
    Evidence,
    /// Read the filter's policy and ask it what it would say.
    Filter,
}

impl ApiScope {
    /// Every scope.
    pub const ALL: [Self; 2] = [Self::Evidence, Self::Filter];

    /// The word for it on the command line and in the database.
    pub fn key(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Filter => "filter",
        }
    }

    /// The scope of this word.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.key() == key)
    }

    /// The actions that it opens, for people who may do them.
    pub fn opens(self, action: Action) -> bool {
        match self {
            Self::Evidence => matches!(action, Action::ReadEvidence),
            Self::Filter => matches!(action, Action::ReadFilter | Action::RunSelfTest),
        }
    }
}

/// What a token is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRequest {
    /// How long it works; at most [`LONGEST`].
    pub lasts: SignedDuration,
    /// What it may do.
    pub scopes: BTreeSet<ApiScope>,
}

/// How the maker of a token proves to be themselves.
pub enum Proof<'a> {
    /// In life: password and, where there is one, the second factor.
    Own {
        /// Password.
        password: &'a str,
        /// Six figures.
        code: &'a str,
    },
    /// In the demo, whose people are invented; refused elsewhere.
    Demo,
}

/// Makes a token for the actor. It is shown once.
///
/// # Errors
/// [`Error::Invalid`] on `password`, `code`, `expires` or `scope`.
pub async fn make_token(
    services: &Services,
    ctx: &mut OpCtx,
    request: &TokenRequest,
    proof: Proof<'_>,
) -> Result<(Token, Timestamp)> {
    access::authorize(&ctx.actor, Action::MakeToken, Relation::Setting)?;
    if request.lasts <= SignedDuration::ZERO || request.lasts > LONGEST {
        return Err(Error::invalid("expires", "Choose between one minute and thirty days."));
    }
    if request.scopes.is_empty() {
        return Err(Error::invalid("scope", "Say what the token is for: evidence, filter."));
    }
    match proof {
        Proof::Own { password, code } => sign_in::prove(services, ctx, password, code).await?,
        Proof::Demo if services.demo => {}
        Proof::Demo => return Err(Error::invalid("password", "Outside the demo a token needs your password.")),
    }
    let member = ctx.member().ok_or(Error::NotFound)?.clone();
    let token = Token::fresh(&mut *ctx.rng);
    let until = ctx.now.checked_add(request.lasts).map_err(|error| Error::Internal(error.to_string()))?;
    let scope = request.scopes.iter().map(|scope| scope.key()).collect::<Vec<_>>().join(" ");
    let row = ApiToken {
        id: ctx.fresh(),
        account_id: member.account,
        setting_id: member.setting,
        token_hash: token.digest(),
        scope: scope.clone(),
        created_at: ctx.now,
        expires_at: until,
        ended_at: None,
    };
    let mut tx = services.db.write(ctx, Scope::All, "token.make").await?;
    store::accounts::add_token(&mut tx, &row).await?;
    let subject = store::audit::Subject { table: "api_token", id: Some(row.id) };
    tx.note(member.setting, subject, &json!({ "scope": scope, "until": until.to_string() })).await?;
    sign_in::tell(&mut tx, member.setting, member.person, "/account").await?;
    tx.commit().await?;
    Ok((token, until))
}

/// The member whom the command line names, for [`make_token`]. It does not sign in: the proof is asked there.
///
/// # Errors
/// [`Error::NotFound`] when nobody of that name has a role today.
pub async fn member_by_username(services: &Services, ctx: &OpCtx, username: &str) -> Result<Member> {
    let reader = services.db.read(Scope::All).await?;
    let account = store::accounts::find_by_username(&reader, &sign_in::fold_username(username)).await?;
    let account = account.filter(|account| account.ended_at.is_none()).ok_or(Error::NotFound)?;
    for membership in store::people::list_memberships_of_account(&reader, account.id).await? {
        let (roles, kinds) = sessions::roles_of(&reader, membership.setting_id, membership.person_id, ctx.now).await?;
        if !roles.is_empty() {
            return Ok(Member {
                setting: membership.setting_id,
                person: membership.person_id,
                account: account.id,
                session: SessionId(Uuid::nil()),
                roles,
                kinds,
                second_factor: SecondFactor::Shown,
            });
        }
    }
    Err(Error::NotFound)
}

/// Who is behind a bearer token, and what it may do. The routes of the API ask [`Bearer::opens`] before the use case asks
/// the person's roles.
#[derive(Debug, Clone)]
pub struct Bearer {
    /// For the context. Case roles are left out, so that no route can read a case with a token.
    pub actor: Actor,
    /// Its scopes.
    pub scopes: BTreeSet<ApiScope>,
}

impl Bearer {
    /// May this token be used for that?
    pub fn opens(&self, action: Action) -> bool {
        self.scopes.iter().any(|scope| scope.opens(action))
    }
}

/// Who is behind a bearer token today; `None` when it does not work (any more).
///
/// # Errors
/// [`Error::Unavailable`] when the database does not answer.
pub async fn bearer(services: &Services, ctx: &OpCtx, token: &Token) -> Result<Option<Bearer>> {
    let reader = services.db.read(Scope::All).await?;
    let Some(row) = store::accounts::find_token(&reader, &token.digest(), ctx.now).await? else { return Ok(None) };
    if row.expires_at <= store::audit::judged_at(&reader, row.setting_id, ctx.now).await? {
        return Ok(None);
    }
    let account = store::accounts::lookup(&reader, row.account_id).await?.filter(|account| account.ended_at.is_none());
    let Some(account) = account else { return Ok(None) };
    let Some(standing) = sessions::standing_of(&reader, account, row.setting_id, ctx.now).await? else {
        return Ok(None);
    };
    let waits = standing.duty(true).is_some();
    let too_old = password::has_run_out(&standing.profile, standing.account.password_set_at, ctx.now);
    if waits || too_old || standing.roles.is_empty() {
        return Ok(None);
    }
    let member = Member {
        setting: row.setting_id,
        person: standing.person.id,
        account: row.account_id,
        session: SessionId(row.id),
        roles: without_cases(&standing.roles),
        kinds: standing.kinds,
        second_factor: SecondFactor::Shown,
    };
    let scopes = row.scope.split_whitespace().filter_map(ApiScope::from_key).collect();
    Ok(Some(Bearer { actor: Actor::Member(member), scopes }))
}

/// Leads and managers read evidence and filter through a token as a technician does; nothing of a case (S16).
fn without_cases(roles: &RoleSet) -> RoleSet {
    roles
        .iter()
        .map(|role| match role {
            Role::Dsl | Role::Deputy | Role::Manager | Role::Chair => Role::Technician,
            other => *other,
        })
        .collect()
}

/// One of one's own tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInfo {
    /// To end it.
    pub id: Uuid,
    /// What it may do.
    pub scope: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// One's own tokens that still work.
///
/// # Errors
/// Refused when nobody is signed in.
pub async fn list_tokens(services: &Services, ctx: &OpCtx) -> Result<Vec<TokenInfo>> {
    access::authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    let account = ctx.member().ok_or(Error::NotFound)?.account;
    let reader = services.db.read(Scope::All).await?;
    let tokens = store::accounts::list_tokens(&reader, account).await?;
    let works = tokens.into_iter().filter(|token| token.ended_at.is_none() && token.expires_at > ctx.now);
    Ok(works
        .map(|token| TokenInfo {
            id: token.id,
            scope: token.scope,
            created_at: token.created_at,
            expires_at: token.expires_at,
        })
        .collect())
}

/// Ends one of one's own tokens.
///
/// # Errors
/// [`Error::NotFound`] when it is not one's own or has ended.
pub async fn end_token(services: &Services, ctx: &mut OpCtx, id: Uuid) -> Result<()> {
    access::authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    let account = ctx.member().ok_or(Error::NotFound)?.account;
    let mut tx = services.db.write(ctx, Scope::All, "token.end").await?;
    if !store::accounts::end_token(&mut tx, account, id).await? {
        return Err(Error::NotFound);
    }
    sessions::note(&mut tx, account).await?;
    Ok(tx.commit().await?)
}
