//! Accounts: coming in, staying in, the second factor, sessions, tokens, and what happens when one of them is lost.
//!
//! What it is not: the register of people (`people`), nor the rule who may do what (`domain::access`). Nothing in here
//! can stand between a person and reporting a concern (S3): a password that has run out, a second factor that is not
//! there and a recovery that nobody has confirmed all narrow what an account may *read*, never what it may tell.
//!
//! The order of a sign-in, each step a use case and a page of its own:
//!
//! 1. `sign_in(&services, &mut ctx, Credentials) -> Result<SignedIn>`: username and password give a session.
//! 2. `show_second_factor(&services, &mut ctx, &Visit, code) -> Result<SignedIn>` (six figures or a recovery code), or
//!    `begin_second_factor` and `confirm_second_factor` for who has none yet.
//! 3. `choose_password(&services, &mut ctx, &Visit, PasswordChange) -> Result<SignedIn>` where a [`Duty`] says so.
//!
//! Every request: `visit(&services, &mut ctx, &Token) -> Result<Option<Visit>>` turns the cookie into a [`Visit`], whose
//! `actor` goes into the context. `unlock(&services, &mut ctx, &Visit, password) -> Result<SignedIn>` opens a locked
//! screen; `sign_out(&services, &mut ctx, &Visit)` ends it. Wrong words are [`crate::Error::Invalid`] on their field.
//!
//! To add one more way in, make a module that opens its session as `sign_in` does: that writes the audit and the label.

pub mod api_tokens;
pub mod choose;
pub mod codes;
pub mod duty;
pub mod enrol;
pub mod lock;
pub mod password;
pub mod places;
pub mod recovery;
pub mod second_factor;
pub mod sessions;
pub mod sign_in;
pub mod token;

pub use api_tokens::{ApiScope, Bearer, Proof, TokenRequest, bearer, end_token, list_tokens, make_token};
pub use choose::{HandOver, PasswordChange, choose_password, choose_with_link, reset_password, who_may_choose};
pub use duty::{Duty, Next};
pub use enrol::{
    Enrolment, OwnAccount, RecoveryCodes, begin_second_factor, confirm_second_factor, new_recovery_codes, own_account,
    replace_second_factor,
};
pub use places::{Place, choose_place, list_places};
pub use recovery::{Recovery, Vouched, confirm_recovery, list_recoveries, vouch};
pub use sessions::{SessionInfo, end_other_sessions, end_session, glance, list_sessions, lock_screen, sign_out, visit};
pub use sign_in::{prove_at_terminal, show_second_factor, sign_in, unlock};
pub use token::Token;

use domain::people::RoleSet;
use domain::{AccountId, Actor, PersonId, SessionId, SettingId};

/// What somebody typed to come in.
pub struct Credentials {
    /// Username, as typed; compared without case and outer spaces.
    pub username: String,
    /// Password, as typed.
    pub password: String,
    /// What this browser is to be called in the list of sessions; empty: "A browser".
    pub label: String,
}

/// A session was opened, or became more.
#[derive(Debug)]
pub struct SignedIn {
    /// For the cookie; stored nowhere else (the database keeps its SHA-256). A session that becomes more gets a fresh
    /// one.
    pub token: Token,
    /// The form token of this session.
    pub csrf: String,
    /// The session.
    pub session: SessionId,
    /// Where to go.
    pub next: Next,
    /// Settings that the account belongs to; with several, one chooses (S41).
    pub places: usize,
}

/// Who is behind a cookie, today.
#[derive(Debug, Clone)]
pub struct Visit {
    /// For the context. `Nobody` while the screen is locked: one may report, and read nothing.
    pub actor: Actor,
    /// The session.
    pub session: SessionId,
    /// The account.
    pub account: AccountId,
    /// The setting they act in.
    pub setting: SettingId,
    /// Who they are there.
    pub person: PersonId,
    /// What people call them.
    pub known_as: String,
    /// Roles in force today, for titles in the bar. What the actor may do is in `actor`, narrowed by `duty`.
    pub roles: RoleSet,
    /// The form token.
    pub csrf: String,
    /// The screen locked itself: password again (`unlock`); drafts stay.
    pub locked: bool,
    /// What has to be done before anything but reporting and one's own account. The actor is narrowed meanwhile.
    pub duty: Option<Duty>,
    /// Minutes after which the screen locks itself.
    pub idle_lock_minutes: u32,
    /// Settings that the account belongs to.
    pub places: usize,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("label", &self.label).finish_non_exhaustive()
    }
}
