//! The job queue (S44): at least once, so a job must bear being run twice; its idempotency key (also the Message-ID)
//! makes sure that it is queued once. A worker takes a lease; if it dies, another takes the job up after the lease. After
//! [`POISON`] tries a job rests, visible, until a person revives it.

use domain::{JobId, SettingId};
use jiff::{SignedDuration, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, OnConflict, Query};
use sea_orm::{ColumnTrait, Condition, QueryOrder, QuerySelect};
use serde_json::Value;

use crate::db::{Reads, Tx};
use crate::entity::running::job;
use crate::error::Result;
use crate::rows;
use crate::table::Row;

pub use crate::entity::running::Job;

/// Tries after which a job rests.
pub const POISON: i64 = 10;

/// A job to be queued.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// For which setting; none: for the installation.
    pub setting: Option<SettingId>,
    /// Which work.
    pub kind: String,
    /// The same key is the same work, for ever.
    pub idempotency_key: String,
    /// What the work needs. Ids, not names.
    pub payload: Value,
    /// Not before.
    pub run_at: Timestamp,
}

/// Was it queued?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queued {
    /// Yes.
    Now(JobId),
    /// The same work had been queued before.
    Before,
}

/// Queues a job, in the transaction of the act from which it follows.
///
/// # Errors
/// As any write.
pub async fn add(tx: &mut Tx, new: NewJob) -> Result<Queued> {
    let job = Job {
        id: tx.fresh(),
        setting_id: new.setting,
        kind: new.kind,
        idempotency_key: new.idempotency_key,
        payload: new.payload,
        run_at: new.run_at,
        attempts: 0,
        leased_until: None,
        done_at: None,
        failed: None,
    };
    let mut conflict = OnConflict::column(job::Column::IdempotencyKey);
    conflict.do_nothing();
    let added = rows::insert_unless(tx, Job::DEF, &job.fields(), conflict).await?;
    Ok(if added { Queued::Now(job.id) } else { Queued::Before })
}

/// Queues the newest due slot of a schedule. However many slots were missed (the box was off), it runs once.
///
/// # Errors
/// As any write.
pub async fn add_scheduled(
    tx: &mut Tx,
    setting: Option<SettingId>,
    kind: &str,
    every: SignedDuration,
) -> Result<Queued> {
    let period = every.as_micros().max(1);
    let slot = i128::from(tx.now().as_microsecond()).div_euclid(period);
    let whose = setting.map(|id| id.to_string()).unwrap_or_default();
    let new = NewJob {
        setting,
        kind: kind.to_owned(),
        idempotency_key: format!("{kind}/{whose}/{slot}"),
        payload: Value::Null,
        run_at: tx.now(),
    };
    if unfinished(tx, setting, kind).await? { Ok(Queued::Before) } else { add(tx, new).await }
}

/// A slot that still waits (the box was on, the worker was not) is enough.
async fn unfinished(tx: &Tx, setting: Option<SettingId>, kind: &str) -> Result<bool> {
    let whose = match setting {
        Some(id) => job::Column::SettingId.eq(id.0),
        None => job::Column::SettingId.is_null(),
    };
    let condition = waiting()
        .add(job::Column::Kind.eq(kind))
        .add(job::Column::IdempotencyKey.starts_with(format!("{kind}/")))
        .add(whose);
    Ok(rows::count::<Job>(tx, rows::select::<Job>(condition)).await? > 0)
}

/// Takes up due jobs, oldest first, and counts the try. Commit before working: the lease is what others see.
///
/// # Errors
/// As any write.
pub async fn lease(tx: &mut Tx, length: SignedDuration, limit: u64) -> Result<Vec<Job>> {
    let now = tx.now().as_microsecond();
    let condition = waiting()
        .add(job::Column::RunAt.lte(now))
        .add(job::Column::LeasedUntil.is_null().or(job::Column::LeasedUntil.lte(now)));
    let query = rows::select::<Job>(condition)
        .order_by_asc(job::Column::RunAt)
        .order_by_asc(job::Column::Id)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    let mut due = rows::many::<Job>(tx, query).await?;
    for job in &mut due {
        job.attempts = job.attempts.saturating_add(1);
        job.leased_until = tx.now().checked_add(length).ok();
        rows::set(tx, job).await?;
    }
    Ok(due)
}

/// Done.
///
/// # Errors
/// As any write.
pub async fn finish(tx: &mut Tx, mut job: Job) -> Result<()> {
    job.done_at = Some(tx.now());
    job.leased_until = None;
    rows::set(tx, &job).await.map(|_| ())
}

/// Failed: why (no names), and when to try again.
///
/// # Errors
/// As any write.
pub async fn fail(tx: &mut Tx, mut job: Job, why: &str, again_at: Timestamp) -> Result<()> {
    job.failed = Some(why.to_owned());
    job.leased_until = None;
    job.run_at = again_at;
    rows::set(tx, &job).await.map(|_| ())
}

/// Lets a resting job try again, from the first try.
///
/// # Errors
/// As any write.
pub async fn revive(tx: &mut Tx, id: JobId) -> Result<bool> {
    let mut update = Query::update();
    update
        .table(job::Entity)
        .value(job::Column::Attempts, 0_i64)
        .value(job::Column::RunAt, tx.now().as_microsecond())
        .and_where(Expr::col(job::Column::Id).eq(id.0))
        .and_where(Expr::col(job::Column::DoneAt).is_null());
    Ok(tx.exec(&update).await?.rows_affected() == 1)
}

/// Jobs that rest after too many tries: red on the health page.
///
/// # Errors
/// As any read.
pub async fn list_poisoned(db: &impl Reads) -> Result<Vec<Job>> {
    let condition = Condition::all().add(job::Column::DoneAt.is_null()).add(job::Column::Attempts.gte(POISON));
    rows::many(db, rows::select::<Job>(condition).order_by_asc(job::Column::RunAt)).await
}

/// How many jobs wait or run.
///
/// # Errors
/// As any read.
pub async fn count_waiting(db: &impl Reads) -> Result<u64> {
    rows::count::<Job>(db, rows::select::<Job>(waiting())).await
}

/// When the next job is due; none: nothing waits.
///
/// # Errors
/// As any read.
pub async fn next_due(db: &impl Reads) -> Result<Option<Timestamp>> {
    let query = rows::select::<Job>(waiting()).order_by_asc(job::Column::RunAt).limit(1);
    Ok(rows::one::<Job>(db, query).await?.map(|job| job.run_at))
}

/// Forgets jobs that were done before a time. Returns how many.
///
/// # Errors
/// As any write.
pub async fn cleanup(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    let mut delete = Query::delete();
    delete.from_table(job::Entity).and_where(Expr::col(job::Column::DoneAt).lt(before.as_microsecond()));
    Ok(tx.exec(&delete).await?.rows_affected())
}

fn waiting() -> Condition {
    Condition::all().add(job::Column::DoneAt.is_null()).add(job::Column::Attempts.lt(POISON))
}
