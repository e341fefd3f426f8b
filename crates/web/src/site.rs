//! What every request shares: the services of `app`, the configuration of this listener, time and chance.

use std::sync::Arc;

use domain::{Actor, Client, OpCtx};
use jiff::Timestamp;
use rand::Rng;
use uuid::Uuid;

use crate::{fault::Fault, session::Session};

/// Where time and chance enter (`clippy.toml` bans asking the machine anywhere else). Tests hand in their own.
#[derive(Clone)]
pub struct Edge {
    /// The time.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// A fresh source of chance for one operation.
    pub rng: Arc<dyn Fn() -> Box<dyn Rng + Send> + Send + Sync>,
}

impl Edge {
    /// The machine's clock and the system's chance.
    pub fn system() -> Self {
        #[allow(clippy::disallowed_methods, reason = "this is the edge where time enters")]
        let now = || Timestamp::now();
        Self { now: Arc::new(now), rng: Arc::new(|| Box::new(rand::make_rng::<rand::rngs::StdRng>())) }
    }
}

/// How this listener is served.
#[derive(Clone)]
pub struct Config {
    /// Do people reach us over HTTPS? Then cookies carry `__Host-` and `Secure`, and answers carry HSTS (S48).
    pub https: bool,
    /// Serve `/styleguide`.
    pub styleguide: bool,
    /// Signs flash messages and the tokens of forms for people who are not signed in. Thirty-two random bytes; a new
    /// one at each start only costs somebody a second press of the button.
    pub key: [u8; 32],
    /// The setting that people see before they sign in.
    pub front: Front,
}

/// What the frame says to somebody who has not signed in.
#[derive(Debug, Clone, Default)]
pub struct Front {
    /// The setting's name; "Holdfast" before one exists or where there are many.
    pub setting: String,
    /// Invented people only (S50).
    pub fictional: bool,
    /// Whom to ring (DSL-01).
    pub contact: Option<views::shell::Contact>,
}

/// The shared state of all routes.
#[derive(Clone)]
pub struct Site(Arc<Inner>);

struct Inner {
    config: Config,
    edge: Edge,
}

impl Site {
    /// A site.
    pub fn new(config: Config, edge: Edge) -> Self {
        Self(Arc::new(Inner { config, edge }))
    }

    /// How this listener is served.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        (self.0.edge.now)()
    }

    /// A source of chance.
    pub fn rng(&self) -> Box<dyn Rng + Send> {
        (self.0.edge.rng)()
    }

    /// The context of one operation.
    pub fn ctx(&self, actor: Actor, request_id: Uuid, client: Client) -> OpCtx {
        OpCtx { actor, now: self.now(), rng: self.rng(), request_id, client }
    }

    /// Who is behind this word, if it lives.
    ///
    /// # Errors
    /// The records cannot be asked.
    pub async fn session_of(&self, _: &app::accounts::Token) -> Result<Option<Session>, Fault> {
        Ok(None)
    }

    /// What does not serve, by part.
    pub async fn failing(&self) -> Vec<String> {
        Vec::new()
    }
}
