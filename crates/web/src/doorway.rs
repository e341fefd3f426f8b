//! Between the pages of coming in and `app::accounts`: one small function for each use case, and the cookie.
//!
//! What it is not: a rule. Whether a word is right, what comes next and what is written in the audit is `app`'s.

use app::{
    Error, Result,
    accounts::{self, Credentials, Duty, Enrolment, Next, PasswordChange, RecoveryCodes, SignedIn},
};
use axum::response::Response;
use domain::{SessionId, access::Refused};
use views::pages::account::{Account, DeviceLine, SessionLine, TokenLine};

use crate::{Answer, Session, Visit, session, visit, words};

/// After a step of coming in: a fresh cookie, then what has to be done first, or where one wanted to go.
///
/// # Errors
/// None; an [`Answer`] so that it can end a handler.
pub fn enter(visit: &Visit, signed_in: &SignedIn, wanted: &str) -> Answer {
    let wanted = match visit::local(wanted) {
        "/" if signed_in.places > 1 => "/account/settings",
        wanted => wanted,
    };
    let to = match signed_in.next {
        Next::Home | Next::First(Duty::AwaitConfirmation) => wanted.to_owned(),
        Next::First(duty) => format!("{}?next={}", door_of(duty), visit::encode(wanted)),
    };
    let response = visit.go(&to)?;
    Ok(with_session(visit, response, signed_in))
}

/// Puts the session's word into the answer.
pub fn with_session(visit: &Visit, mut response: Response, signed_in: &SignedIn) -> Response {
    let site = visit.site();
    let cookie = session::cookie(site, session::cookie_name(site).to_owned(), signed_in.token.expose().to_owned());
    visit::add_cookie(&mut response, cookie);
    response
}

/// The page on which a duty is done.
pub fn door_of(duty: Duty) -> &'static str {
    match duty {
        Duty::PasswordReset | Duty::PasswordTooOld => "/account/password",
        Duty::SetUpSecondFactor => "/account/second-step",
        Duty::ShowSecondFactor => "/sign-in/second-step",
        Duty::AwaitConfirmation => "/account",
    }
}

/// The sentence above the form for a new password.
pub fn why_a_new_password(session: &Session) -> Option<String> {
    match session.visit.duty? {
        Duty::PasswordReset => {
            Some("Somebody else set your password. Choose your own now: only you should know it.".to_owned())
        }
        Duty::PasswordTooOld => Some("Your password is older than your setting allows. Choose a new one.".to_owned()),
        Duty::SetUpSecondFactor | Duty::ShowSecondFactor | Duty::AwaitConfirmation => None,
    }
}

/// Username and password.
///
/// # Errors
/// Wrong words, or the records are away.
pub async fn sign_in(visit: &Visit, credentials: Credentials) -> Result<SignedIn> {
    accounts::sign_in(visit.services(), &mut visit.ctx(), credentials).await
}

/// Six figures or a recovery code.
///
/// # Errors
/// Wrong figures, or the records are away.
pub async fn show_second_factor(visit: &Visit, code: &str) -> Result<SignedIn> {
    accounts::show_second_factor(visit.services(), &mut visit.ctx(), of(visit)?, code).await
}

/// A key that waits to be proved; nothing where there is a second factor already.
///
/// # Errors
/// The records are away.
pub async fn begin_second_factor(visit: &Visit) -> Result<Option<Enrolment>> {
    match accounts::begin_second_factor(visit.services(), &mut visit.ctx()).await {
        Ok(enrolment) => Ok(Some(enrolment)),
        Err(Error::Conflict { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Begins anew although there is one.
///
/// # Errors
/// Wrong words, or the records are away.
pub async fn replace_second_factor(visit: &Visit, password: &str, code: &str) -> Result<()> {
    accounts::replace_second_factor(visit.services(), &mut visit.ctx(), password, code).await
}

/// Proves it. The recovery codes are shown once, by the page that answers.
///
/// # Errors
/// Wrong figures, or the records are away.
pub async fn confirm_second_factor(visit: &Visit, code: &str) -> Result<(SignedIn, RecoveryCodes)> {
    accounts::confirm_second_factor(visit.services(), &mut visit.ctx(), of(visit)?, code).await
}

/// Password again.
///
/// # Errors
/// Wrong password, or the records are away.
pub async fn unlock(visit: &Visit, password: &str) -> Result<SignedIn> {
    accounts::unlock(visit.services(), &mut visit.ctx(), of(visit)?, password).await
}

/// Locks this screen.
///
/// # Errors
/// The records are away.
pub async fn lock(visit: &Visit) -> Result<()> {
    accounts::lock_screen(visit.services(), &mut visit.ctx(), of(visit)?).await
}

/// Ends this session.
///
/// # Errors
/// The records are away.
pub async fn sign_out(visit: &Visit) -> Result<()> {
    accounts::sign_out(visit.services(), &mut visit.ctx(), of(visit)?).await
}

/// My account and my sessions, in words.
///
/// # Errors
/// The records are away.
pub async fn account(visit: &Visit) -> Result<Account> {
    let ctx = visit.ctx();
    let session = visit.session().ok_or(Refused::SignIn)?;
    let own = accounts::own_account(visit.services(), &ctx).await?;
    let calendar = &visit.services().calendar;
    let sessions = accounts::list_sessions(visit.services(), &ctx).await?;
    let devices = app::devices::list_mine(visit.services(), &ctx).await?;
    let tokens = accounts::list_tokens(visit.services(), &ctx).await?;
    let password = match own.password_until {
        Some(until) => format!("Only you know it. It lasts until {}", words::day(calendar.local(until).date())),
        None => "Only you know it. It does not run out".to_owned(),
    };
    Ok(Account {
        password,
        recovery_codes: own.second_factor.then_some(own.recovery_codes),
        several_settings: session.visit.places > 1,
        devices: devices
            .into_iter()
            .map(|line| DeviceLine {
                name: line.name,
                group: line.group,
                checked: line.check_passed_at.map(|at| words::day(calendar.local(at).date())),
            })
            .collect(),
        tokens: tokens
            .into_iter()
            .map(|line| TokenLine {
                id: line.id.to_string(),
                scope: line.scope,
                until: words::moment(&calendar.local(line.expires_at)),
            })
            .collect(),
        name: session.visit.known_as.clone(),
        username: own.username,
        roles: vec![session.role_title.clone()],
        second_factor: own.second_factor,
        sessions: sessions
            .into_iter()
            .map(|line| SessionLine {
                id: line.id.to_string(),
                label: line.label,
                since: format!("Since {}", words::moment(&calendar.local(line.created_at))),
                used: format!("Last used {}", words::moment(&calendar.local(line.seen_at))),
                here: line.here,
            })
            .collect(),
    })
}

/// Ends another session of mine.
///
/// # Errors
/// It is not mine, or the records are away.
pub async fn end_session(visit: &Visit, id: SessionId) -> Result<()> {
    accounts::end_session(visit.services(), &mut visit.ctx(), id).await
}

/// A new password.
///
/// # Errors
/// The old one is wrong, the new one is weak, or the records are away.
pub async fn choose_password(visit: &Visit, change: PasswordChange) -> Result<SignedIn> {
    accounts::choose_password(visit.services(), &mut visit.ctx(), of(visit)?, change).await
}

fn of(visit: &Visit) -> Result<&accounts::Visit> {
    Ok(&visit.session().ok_or(Refused::SignIn)?.visit)
}
