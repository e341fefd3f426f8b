//! Between the pages of coming in and `app::accounts`: one small function for each use case, and the cookie.
//!
//! What it is not: a rule. Whether a word is right, what comes next and what is written in the audit is `app`'s.

use app::{
    Error, Result,
    accounts::{Credentials, Duty, Next, SignedIn},
};
use axum::response::Response;
use domain::SessionId;
use views::pages::account::Account;

use crate::{Answer, Session, Visit, session, visit};

/// A second factor that waits to be proved.
pub struct Begun {
    /// The `otpauth` address.
    pub uri: String,
    /// The key in base32.
    pub key: String,
}

/// After a step of coming in: a fresh cookie, then what has to be done first, or where one wanted to go.
///
/// # Errors
/// None; an [`Answer`] so that it can end a handler.
pub fn enter(visit: &Visit, signed_in: &SignedIn, wanted: &str) -> Answer {
    let wanted = visit::local(wanted);
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
pub async fn sign_in(_: &Visit, _: Credentials) -> Result<SignedIn> {
    away()
}

/// Six figures or a recovery code.
///
/// # Errors
/// Wrong figures, or the records are away.
pub async fn show_second_factor(_: &Visit, _: &str) -> Result<SignedIn> {
    away()
}

/// A key that waits to be proved.
///
/// # Errors
/// The records are away.
pub async fn begin_second_factor(_: &Visit) -> Result<Begun> {
    away()
}

/// Proves it.
///
/// # Errors
/// Wrong figures, or the records are away.
pub async fn confirm_second_factor(_: &Visit, _: &str) -> Result<SignedIn> {
    away()
}

/// Password again.
///
/// # Errors
/// Wrong password, or the records are away.
pub async fn unlock(_: &Visit, _: &str) -> Result<SignedIn> {
    away()
}

/// Locks this screen.
///
/// # Errors
/// The records are away.
pub async fn lock(_: &Visit) -> Result<()> {
    away()
}

/// Ends this session.
///
/// # Errors
/// The records are away.
pub async fn sign_out(_: &Visit) -> Result<()> {
    away()
}

/// My account and my sessions, in words.
///
/// # Errors
/// The records are away.
pub async fn account(_: &Visit) -> Result<Account> {
    away()
}

/// Ends another session of mine.
///
/// # Errors
/// It is not mine, or the records are away.
pub async fn end_session(_: &Visit, _: SessionId) -> Result<()> {
    away()
}

/// A new password.
///
/// # Errors
/// The old one is wrong, the new one is weak, or the records are away.
pub async fn choose_password(_: &Visit, _: &str, _: &str) -> Result<SignedIn> {
    away()
}

fn away<T>() -> Result<T> {
    Err(Error::Unavailable { say: "Holdfast cannot open its records, so nobody can sign in.".to_owned() })
}
