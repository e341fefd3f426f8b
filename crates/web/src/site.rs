//! What every request shares: the services of `app`, the configuration of this listener, time and chance.

use std::sync::Arc;

use app::Services;
use domain::{Actor, Client, OpCtx, Role};
use jiff::Timestamp;
use rand::Rng;
use uuid::Uuid;

use crate::{
    calm::Calm,
    fault::Fault,
    once::Once,
    session::{Session, Sign},
};

/// Where time and chance enter (`clippy.toml` bans asking the machine anywhere else). Tests hand in their own.
#[derive(Clone)]
pub struct Edge {
    /// The time.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// A fresh source of chance for one operation.
    pub rng: Arc<dyn Fn() -> Box<dyn Rng + Send + Sync> + Send + Sync>,
}

impl Edge {
    /// The machine's clock and the system's chance.
    pub fn system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the edge where time enters")]
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
}

/// Of several roles, the one that the bar names: whoever bears most of the responsibility.
const FOREMOST: [Role; 9] = [
    Role::Dsl,
    Role::Deputy,
    Role::Manager,
    Role::Chair,
    Role::Technician,
    Role::Committee,
    Role::Practitioner,
    Role::Parent,
    Role::Inspector,
];

/// What the frame says of the setting: its name, whether it is invented, whom to ring.
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
    services: Services,
    calm: Calm,
    once: Once,
}

/// A site that may be gone.
#[derive(Clone)]
pub(crate) struct WeakSite(std::sync::Weak<Inner>);

impl WeakSite {
    /// The site, while it is there.
    pub(crate) fn upgrade(&self) -> Option<Site> {
        self.0.upgrade().map(Site)
    }
}

impl Site {
    /// A site.
    pub fn new(config: Config, edge: Edge, services: Services) -> Self {
        Self(Arc::new(Inner { config, edge, services, calm: Calm::default(), once: Once::default() }))
    }

    /// A way back to this site that does not keep it alive.
    pub(crate) fn downgrade(&self) -> WeakSite {
        WeakSite(Arc::downgrade(&self.0))
    }

    /// How this listener is served.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The use cases' services.
    pub fn services(&self) -> &Services {
        &self.0.services
    }

    /// How the open door keeps calm.
    pub fn calm(&self) -> &Calm {
        &self.0.calm
    }

    /// What was answered to forms of the open door.
    pub fn once(&self) -> &Once {
        &self.0.once
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        (self.0.edge.now)()
    }

    /// A source of chance.
    pub fn rng(&self) -> Box<dyn Rng + Send + Sync> {
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
    pub async fn session_of(&self, token: &app::accounts::Token, sign: Sign) -> Result<Option<Session>, Fault> {
        let mut rng = self.rng();
        let request_id = domain::id::fresh(self.now(), &mut *rng);
        let mut ctx = self.ctx(Actor::Nobody, request_id, Client::default());
        let found = match sign {
            Sign::OfLife => app::accounts::visit(self.services(), &mut ctx, token).await?,
            Sign::None => app::accounts::glance(self.services(), &mut ctx, token).await?,
        };
        let Some(visit) = found else { return Ok(None) };
        let front = app::front::of(self.services(), ctx.now, Some(visit.setting)).await?;
        let foremost = FOREMOST.into_iter().find(|role| visit.roles.contains(role));
        let role_title = foremost.map(|role| front.title(role)).unwrap_or_default();
        Ok(Some(Session { visit, role_title, front: front.into() }))
    }

    /// What the frame says to somebody who has not signed in. With the records away it says less, and still serves.
    pub async fn front(&self) -> Front {
        match app::front::of(self.services(), self.now(), None).await {
            Ok(front) => front.into(),
            Err(_) => Front { setting: "Holdfast".to_owned(), ..Front::default() },
        }
    }

    /// What does not serve, by part.
    pub async fn failing(&self) -> Vec<String> {
        let mut failing = Vec::new();
        if self.services().db.ping().await.is_err() {
            failing.push("store".to_owned());
        }
        failing.extend(self.failing_of_gateway());
        failing
    }

    /// What of the gateway does not serve. Asks no record.
    pub fn failing_of_gateway(&self) -> Vec<String> {
        let parts: &[&str] = if self.gateway_serves() { &[] } else { &["dns", "proxy"] };
        parts.iter().map(|part| (*part).to_owned()).collect()
    }

    /// Has the gateway said within the last fifteen seconds that it runs?
    pub fn gateway_serves(&self) -> bool {
        let status = self.services().gateway.status();
        status.is_some_and(|status| self.now().duration_since(status.at).as_secs().abs() < 15)
    }
}

impl From<app::front::Front> for Front {
    fn from(front: app::front::Front) -> Self {
        let contact = front.contact.map(|contact| views::shell::Contact {
            title: contact.title,
            name: contact.name,
            phone: contact.phone.unwrap_or_default(),
            holder: front.stand_in.map(|other| views::shell::Holder {
                title: other.title,
                name: other.name,
                phone: other.phone.unwrap_or_default(),
            }),
        });
        Self { setting: front.setting, fictional: front.fictional, contact }
    }
}
