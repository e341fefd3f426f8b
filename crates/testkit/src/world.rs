//! A world in which time stands still and chance repeats itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use domain::ctx::{Member, SecondFactor};
use domain::{AccountId, Actor, Client, OpCtx, PersonId, Role, SessionId, SettingId};
use jiff::{SignedDuration, Timestamp};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use uuid::Uuid;

/// Makes contexts. Two worlds of one seed are the same to the last id.
#[derive(Debug)]
pub struct World {
    now: Mutex<Timestamp>,
    draws: AtomicU64,
    seed: u64,
}

impl World {
    /// A world in which it is nine o'clock on Monday 2 March 2026.
    pub fn new(seed: u64) -> Self {
        let monday = Timestamp::from_second(1_772_442_000).unwrap_or(Timestamp::UNIX_EPOCH);
        Self { now: Mutex::new(monday), draws: AtomicU64::new(0), seed }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the clock; backwards too.
    pub fn pass(&self, time: SignedDuration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(time).unwrap_or(*now);
    }

    /// A context for an actor. Each context draws other chance than the one before.
    pub fn ctx(&self, actor: Actor) -> OpCtx {
        let draw = self.draws.fetch_add(1, Ordering::Relaxed);
        let mut rng = ChaCha12Rng::seed_from_u64(self.seed.wrapping_mul(1_000_003).wrapping_add(draw));
        let request_id = Uuid::from_u128(rng.random());
        OpCtx { actor, now: self.now(), rng: Box::new(rng), request_id, client: Client::default() }
    }

    /// A context of the program itself.
    pub fn system(&self) -> OpCtx {
        self.ctx(Actor::System)
    }

    /// A context of nobody.
    pub fn nobody(&self) -> OpCtx {
        self.ctx(Actor::Nobody)
    }

    /// A context of a signed-in person who has shown the second factor; account and session are theirs in every
    /// context of this world.
    pub fn member(&self, setting: SettingId, person: PersonId, roles: &[Role]) -> OpCtx {
        let of = |salt: u128| Uuid::from_u128(person.0.as_u128() ^ salt);
        self.ctx(Actor::Member(Member {
            setting,
            person,
            account: AccountId(of(1)),
            session: SessionId(of(2)),
            roles: roles.iter().copied().collect(),
            kinds: Default::default(),
            second_factor: SecondFactor::Shown,
        }))
    }
}
