//! Who comes: from the cookie's random word to a person in a setting.
//!
//! The browser holds 256 random bits; the store holds their SHA-256 only (`app::accounts::Token`), so that a copy of the
//! database signs nobody in. What it is not: the rules of signing in, which live in `app::accounts`.

use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use domain::access::{Action, Relation, any_allowed};
use domain::ctx::{Actor, Member};
use rand::Rng;

use crate::{fault::Fault, site::Site};

/// A signed-in browser, as the frame and the doors need it.
#[derive(Debug, Clone)]
pub struct Session {
    /// Who is behind the cookie, as `app` says.
    pub visit: app::accounts::Visit,
    /// The title of their first role here.
    pub role_title: String,
    /// The setting's name, its contact and whether it is invented.
    pub front: crate::site::Front,
}

impl Session {
    /// Who may act; nothing while the screen is locked.
    pub fn member(&self) -> Option<&Member> {
        match &self.visit.actor {
            Actor::Member(member) => Some(member),
            Actor::Nobody | Actor::System => None,
        }
    }

    /// Is there anything of which their roles may do this? For ways that a page offers; each use case asks again.
    pub fn may(&self, action: Action) -> bool {
        let roles = self.member().map(|member| &member.roles);
        roles.is_some_and(|roles| Relation::ALL.into_iter().any(|relation| any_allowed(roles, action, relation)))
    }
}

/// Does the request show that somebody sits there?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// A person asked.
    OfLife,
    /// A page asked by itself.
    None,
}

/// The name of the session's cookie.
pub fn cookie_name(site: &Site) -> &'static str {
    if site.config().https { "__Host-holdfast" } else { "holdfast" }
}

/// A fresh word for a cookie: 256 random bits as 64 hex digits.
pub fn fresh_word(rng: &mut dyn Rng) -> String {
    let mut bytes = [0_u8; 32];
    rng.fill_bytes(&mut bytes);
    hex::encode(bytes)
}

/// A cookie with everything that ours have: not for scripts, not for other sites, only over HTTPS where there is any.
pub fn cookie(site: &Site, name: String, value: String) -> Cookie<'static> {
    Cookie::build((name, value)).path("/").http_only(true).same_site(SameSite::Lax).secure(site.config().https).build()
}

/// The session of this request, if it carries a living one.
///
/// # Errors
/// The store cannot be asked.
pub async fn resolve(site: &Site, jar: &CookieJar, sign: Sign) -> Result<Option<Session>, Fault> {
    let Some(word) = jar.get(cookie_name(site)).map(Cookie::value).filter(|word| !word.is_empty()) else {
        return Ok(None);
    };
    site.session_of(&app::accounts::Token::given(word), sign).await
}
