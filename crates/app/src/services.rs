//! What every use case needs: database, keys, content, and the true edges. Built once by the binary.

use std::path::PathBuf;
use std::sync::Arc;

use domain::clock::Calendar;
use domain::content::Content;
use domain::ctx::Client;
use domain::{Actor, OpCtx};
use jiff::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::gateway::Gateway;
use crate::mail::Mailer;
use crate::printer::Printer;
use crate::scanner::Scanner;

/// What every use case needs. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    /// The database; it holds the keys with which it was opened.
    pub db: store::Db,
    /// Checked content.
    pub content: Arc<Content>,
    /// Working days and the time zone.
    pub calendar: Arc<Calendar>,
    /// The gateway.
    pub gateway: Arc<dyn Gateway>,
    /// The mail server.
    pub mailer: Arc<dyn Mailer>,
    /// The PDF worker.
    pub printer: Arc<dyn Printer>,
    /// The virus scanner.
    pub scanner: Arc<dyn Scanner>,
    /// The clock. Only the edge asks it; use cases have the time in their context.
    pub clock: Arc<dyn Clock>,
    /// The data folder.
    pub data: PathBuf,
    /// Our own pages as other devices reach them, e.g. `https://holdfast.local`.
    pub web_base: String,
    /// Is this a demo? (S50)
    pub demo: bool,
    /// Rung when a job was queued, so that the worker need not wait for its next look.
    pub wake: Arc<tokio::sync::Notify>,
    /// Held while a policy is handed to the gateway.
    pub publishing: Arc<tokio::sync::Mutex<()>>,
    /// What the program remembers of its own live probes, and how it knocks on its own pages.
    pub live: Arc<crate::evidence::Live>,
    /// Fetching of lists: who is asked, and how far it is.
    pub lists: Arc<crate::sources::Desk>,
}

/// Where the time comes from: the machine, or a test.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

impl Services {
    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Tells the worker that a job is due. Call it after the commit; without it the worker looks within ten seconds.
    pub fn wake_jobs(&self) {
        self.wake.notify_one();
    }

    /// A context for an actor, with fresh chance.
    pub fn context(&self, actor: Actor, client: Client) -> OpCtx {
        let now = self.now();
        let mut rng = StdRng::from_rng(&mut rand::rng());
        let request_id = domain::id::fresh(now, &mut rng);
        OpCtx { actor, now, rng: Box::new(rng), request_id, client }
    }

    /// The context in which the program itself acts: jobs, probes.
    pub fn system(&self) -> OpCtx {
        self.context(Actor::System, Client::default())
    }
}
