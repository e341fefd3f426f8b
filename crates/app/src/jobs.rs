//! Work that follows from an act: at least once, leased, visible when it keeps failing (S44).
//!
//! A job is queued in the transaction of the act, so that neither exists without the other. It must bear being run twice.
//! To add one: a [`Kind`], a line in `perform`, and a function that takes what [`Work`] carries.

use domain::{JobId, OpCtx, SettingId};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::jobs::{Job, NewJob};
use store::{Scope, Tx};

use crate::{Error, Result, Services, notices};

/// Kinds of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Mail one notice.
    MailNotice,
    /// Has anybody opened a concern? If not, the next person.
    Escalate,
    /// Hand the filter policy, with holds, to the gateway.
    PublishPolicy,
    /// Ask the real filter path, every day.
    SelfTest,
    /// Destroy what devices asked for when it is old enough, every day.
    ForgetActivity,
    /// A sealed entry was asked for, or something of concern was searched for.
    FilterAlert,
    /// Has anybody answered a call for help? If not, the office (S35).
    HelpUnanswered,
    /// Sign the newest link of the audit and send it out of the box, every day (S37).
    SignHead,
    /// Back up, every day (S40).
    BackUp,
    /// Mail somebody a link with which they prove their address.
    MailAddressProof,
    /// Forget drafts that nobody finished, every day (S46).
    ForgetDrafts,
    /// Has an agency answered a referral?
    ChaseReferral,
    /// Take away exports that nobody fetched for a week, every day (S47).
    ForgetExports,
    /// Shut a record that was opened in an emergency (S12).
    EndEmergency,
    /// Has somebody done what they were asked to do?
    RemindAction,
    /// Was a support plan looked at on its day?
    RemindPlan,
}

impl Kind {
    const ALL: [Self; 16] = [
        Self::MailNotice,
        Self::Escalate,
        Self::PublishPolicy,
        Self::SelfTest,
        Self::ForgetActivity,
        Self::FilterAlert,
        Self::HelpUnanswered,
        Self::SignHead,
        Self::BackUp,
        Self::MailAddressProof,
        Self::ForgetDrafts,
        Self::ChaseReferral,
        Self::ForgetExports,
        Self::EndEmergency,
        Self::RemindAction,
        Self::RemindPlan,
    ];

    /// The word for it in storage.
    pub fn key(self) -> &'static str {
        match self {
            Self::MailNotice => "notice.mail",
            Self::Escalate => "concern.escalate",
            Self::PublishPolicy => crate::filtering::publish::JOB,
            Self::SelfTest => "filter.self_test",
            Self::ForgetActivity => "activity.forget",
            Self::FilterAlert => "filter.alert",
            Self::HelpUnanswered => "help.unanswered",
            Self::SignHead => "audit.sign_head",
            Self::BackUp => "backup.make",
            Self::MailAddressProof => "person.mail_proof",
            Self::ForgetDrafts => "draft.forget",
            Self::ChaseReferral => "referral.chase",
            Self::ForgetExports => "export.forget",
            Self::EndEmergency => "emergency.end",
            Self::RemindAction => "action.remind",
            Self::RemindPlan => "plan.remind",
        }
    }
}

/// What a job carries.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// Also the Message-ID.
    pub idempotency_key: String,
    payload: Value,
}

impl Work {
    /// A part of the payload.
    pub(crate) fn get<T: DeserializeOwned>(&self, key: &str) -> Result<T> {
        let value = self.payload.get(key).cloned().unwrap_or(Value::Null);
        serde_json::from_value(value)
            .map_err(|error| Error::Internal(format!("job {} carries no usable {key}: {error}", self.idempotency_key)))
    }
}

/// Queues a job in the transaction of the act from which it follows. The same key is the same work, for ever.
pub(crate) async fn queue(
    tx: &mut Tx,
    setting: Option<SettingId>,
    kind: Kind,
    idempotency_key: String,
    payload: Value,
    run_at: Timestamp,
) -> Result<()> {
    let new = NewJob { setting, kind: kind.key().to_owned(), idempotency_key, payload, run_at };
    store::jobs::add(tx, new).await?;
    Ok(())
}

/// A worker that dies holds its jobs no longer than this.
const LEASE: SignedDuration = SignedDuration::from_mins(2);

/// Jobs taken up at once.
const AT_ONCE: u64 = 16;

/// Takes up what is due now and does it. Returns how many jobs were tried.
///
/// # Errors
/// When the database does not answer. A job that fails is not an error here: it is written down and tried again.
pub async fn run_due(services: &Services, ctx: &mut OpCtx) -> Result<usize> {
    let mut tx = services.db.write(ctx, Scope::All, "job.lease").await?;
    let jobs = store::jobs::lease(&mut tx, LEASE, AT_ONCE).await?;
    tx.commit().await?;
    let tried = jobs.len();
    for job in jobs {
        let done = perform(services, ctx, &job).await;
        finish(services, ctx, job, done).await?;
    }
    Ok(tried)
}

/// Work that comes back by itself, and how often.
const RECURRING: [(Kind, SignedDuration); 7] = [
    // What ends with a day ends in the gateway too.
    (Kind::PublishPolicy, DAY),
    (Kind::SelfTest, DAY),
    (Kind::ForgetActivity, DAY),
    (Kind::SignHead, DAY),
    (Kind::BackUp, DAY),
    (Kind::ForgetDrafts, DAY),
    (Kind::ForgetExports, DAY),
];
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Queues what is due by the calendar, for every setting. However often it is called, each slot runs once.
///
/// # Errors
/// When the database does not answer.
pub async fn schedule(services: &Services, ctx: &mut OpCtx) -> Result<()> {
    let reader = services.db.read(Scope::All).await?;
    let settings = store::settings::list(&reader).await?;
    drop(reader);
    let mut tx = services.db.write(ctx, Scope::All, "job.schedule").await?;
    for setting in &settings {
        for (kind, every) in RECURRING {
            store::jobs::add_scheduled(&mut tx, Some(setting.id), kind.key(), every).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Runs jobs until the program ends, files what the gateway has seen meanwhile, and looks after the sources of lists.
pub async fn run(services: &Services) {
    tokio::join!(run_jobs(services), crate::activity::run_ingest(services), crate::sources::work::run(services));
}

/// Runs jobs: at once when woken, else when the next is due, at the latest every ten seconds.
async fn run_jobs(services: &Services) {
    // The calendar is looked at every ten minutes: a look costs a write.
    const LOOK_SECONDS: i64 = 600;
    let mut looked = None;
    loop {
        let mut ctx = services.system();
        let look = Some(ctx.now.as_second().div_euclid(LOOK_SECONDS));
        if looked != look {
            match schedule(services, &mut ctx).await {
                Ok(()) => looked = look,
                Err(error) => tracing::error!(%error, "nothing could be scheduled: the database does not answer"),
            }
        }
        match run_due(services, &mut ctx).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => tracing::error!(%error, "jobs rest: the database does not answer"),
        }
        let patience = std::time::Duration::from_millis(wait(services, ctx.now).await);
        let _ = tokio::time::timeout(patience, services.wake.notified()).await;
    }
}

/// Milliseconds until the next job is due, within reason.
async fn wait(services: &Services, now: Timestamp) -> u64 {
    const LONGEST: i64 = 10_000;
    let Ok(reader) = services.db.read(Scope::All).await else { return LONGEST.unsigned_abs() };
    let due = store::jobs::next_due(&reader).await.ok().flatten();
    let left = due.map_or(LONGEST, |due| due.as_millisecond().saturating_sub(now.as_millisecond()));
    left.clamp(50, LONGEST).unsigned_abs()
}

async fn perform(services: &Services, ctx: &mut OpCtx, job: &Job) -> Result<()> {
    let kind = Kind::ALL
        .into_iter()
        .find(|kind| kind.key() == job.kind)
        .ok_or_else(|| Error::Internal(format!("nobody here knows the work {}", job.kind)))?;
    let work = Work { idempotency_key: job.idempotency_key.clone(), payload: job.payload.clone() };
    let setting =
        job.setting_id.ok_or_else(|| Error::Internal(format!("job {} belongs to no setting", job.idempotency_key)))?;
    match kind {
        Kind::MailNotice => notices::mail(services, ctx, setting, &work).await,
        Kind::Escalate => notices::escalate(services, ctx, setting, &work).await,
        Kind::MailAddressProof => crate::people::email::mail(services, ctx, setting, &work).await,
        Kind::ChaseReferral => crate::referrals::chase(services, ctx, setting, &work).await,
        Kind::RemindAction => crate::follow_up::remind(services, ctx, setting, &work).await,
        Kind::RemindPlan => crate::plans::remind(services, ctx, setting, &work).await,
        Kind::PublishPolicy => crate::filtering::publish::run(services, setting).await.map(|_| ()),
        Kind::SelfTest => crate::self_test::run_due(services, ctx, setting).await,
        Kind::ForgetActivity => crate::activity::forget_old(services, setting, ctx.now).await.map(|_| ()),
        Kind::FilterAlert => crate::activity::alert(services, ctx, setting, &work).await,
        Kind::HelpUnanswered => crate::help::unanswered(services, ctx, setting, &work).await,
        Kind::SignHead => crate::upkeep::sign_head(services, ctx, setting).await,
        Kind::BackUp => crate::upkeep::back_up(services, ctx, setting).await,
        Kind::ForgetExports => crate::keeping::exports::forget_old(services, ctx.now),
        Kind::EndEmergency => crate::keeping::emergency::end_due(services, ctx, setting).await,
        Kind::ForgetDrafts => {
            crate::guests::forget_ended(services, ctx, setting).await?;
            crate::guidance::open_reviews(services, ctx, setting).await?;
            crate::drafts::forget_old(services, ctx, setting).await
        }
    }
}

async fn finish(services: &Services, ctx: &mut OpCtx, job: Job, done: Result<()>) -> Result<()> {
    let mut tx = services.db.write(ctx, Scope::All, "job.finish").await?;
    match done {
        Ok(()) => store::jobs::finish(&mut tx, job).await?,
        Err(why) => {
            tracing::warn!(job = %job.id, kind = %job.kind, attempts = job.attempts, error = %why, "a job failed");
            let again = again_after(ctx.now, job.attempts);
            store::jobs::fail(&mut tx, job, &why.to_string(), again).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// 30 seconds, then twice as long each time, an hour at most.
fn again_after(now: Timestamp, attempts: i64) -> Timestamp {
    let doublings = u32::try_from(attempts.clamp(1, 8) - 1).unwrap_or(0);
    let wait = SignedDuration::from_secs((30_i64 << doublings).min(3600));
    now.saturating_add(wait).unwrap_or(now)
}

/// A job that rests after too many tries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poisoned {
    /// Its id.
    pub id: JobId,
    /// Which work.
    pub kind: String,
    /// What went wrong last.
    pub failed: String,
}

/// Jobs that rest, for the health page and `doctor`.
///
/// # Errors
/// When the database does not answer.
pub async fn poisoned(services: &Services) -> Result<Vec<Poisoned>> {
    let reader = services.db.read(Scope::All).await?;
    let resting = store::jobs::list_poisoned(&reader).await?;
    Ok(resting
        .into_iter()
        .map(|job| Poisoned { id: job.id, kind: job.kind, failed: job.failed.unwrap_or_default() })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_longer_each_time_but_never_longer_than_an_hour() {
        let now: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        let waits: Vec<i64> = (1..12).map(|n| again_after(now, n).duration_since(now).as_secs()).collect();
        assert_eq!(waits, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]);
    }
}
