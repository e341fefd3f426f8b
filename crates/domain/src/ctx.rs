//! The context of one operation: who, when, chance, and from where. Built once at the edge and passed first.

use std::net::IpAddr;

use jiff::Timestamp;
use rand::Rng;
use uuid::Uuid;

use crate::concern::ConcernKind;
use crate::exclusion::CASE_ROLES;
use crate::id::{AccountId, PersonId, SessionId, SettingId};
use crate::people::{Role, RoleSet};
use crate::roster::Kinds;

/// Everything that an operation may know of the world.
pub struct OpCtx {
    /// Who acts.
    pub actor: Actor,
    /// When, in UTC. One operation has one time.
    pub now: Timestamp,
    /// Chance: seeded in tests, the system's in life.
    pub rng: Box<dyn Rng + Send + Sync>,
    /// Correlates log lines, the error page and the audit.
    pub request_id: Uuid,
    /// From where, if that may be known.
    pub client: Client,
}

/// From where a request came. Public-form routes leave it empty (S14).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// Peer address.
    pub addr: Option<IpAddr>,
    /// What the person called this browser when signing in.
    pub label: Option<String>,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Nobody is signed in.
    Nobody,
    /// A person of a setting, signed in with their own account.
    Member(Member),
    /// The program itself: jobs, probes, retention. Never reads a concern for somebody.
    System,
}

/// A signed-in person in one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The setting they act in.
    pub setting: SettingId,
    /// Who they are there.
    pub person: PersonId,
    /// Their account.
    pub account: AccountId,
    /// Their session.
    pub session: SessionId,
    /// Their roles today (appointments in force).
    pub roles: RoleSet,
    /// What they work with as a deputy.
    pub kinds: Kinds,
    /// Did they show the second factor in this session?
    pub second_factor: SecondFactor,
}

impl Member {
    /// Does no limit of a deputy stand between this person and concerns of this kind?
    pub fn works_with(&self, kind: ConcernKind) -> bool {
        let other = CASE_ROLES.iter().any(|role| *role != Role::Deputy && self.roles.contains(role));
        other || self.kinds.cover(kind)
    }
}

/// State of the second factor in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactor {
    /// Shown.
    Shown,
    /// Not shown: reporting works, case work does not (S3, S11).
    NotShown,
}

impl OpCtx {
    /// The signed-in person, if any.
    pub fn member(&self) -> Option<&Member> {
        match &self.actor {
            Actor::Member(member) => Some(member),
            Actor::Nobody | Actor::System => None,
        }
    }

    /// A fresh id of any kind: `ctx.fresh::<ConcernId>()`.
    pub fn fresh<T: From<Uuid>>(&mut self) -> T {
        T::from(crate::id::fresh(self.now, &mut *self.rng))
    }
}

impl std::fmt::Debug for OpCtx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpCtx")
            .field("actor", &self.actor)
            .field("now", &self.now)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}
