//! Opening the database, and the two ways into it: [`Db::read`] and [`Db::write`].
//!
//! SQLite: one writer that begins IMMEDIATE, a few readers, WAL, `synchronous=FULL`. PostgreSQL: a pool, row security,
//! and one writer per setting, so that both engines promise the same. A write cannot be opened without saying who acts
//! and what the act is: that is what the audit writes down.
//! Nothing slow (network, mail, hashing, PDF) belongs between `write` and `commit`.

mod exit;
mod open;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::{Actor, OpCtx, SettingId};
use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, ExecResult, IsolationLevel,
    SqliteTransactionMode, Statement, StatementBuilder, TransactionOptions, TransactionTrait,
};
use uuid::Uuid;

use crate::audit::chain::Link;
use crate::dialect;
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::place::Place;

pub use open::{DbConfig, Engine, FILE};

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    writer: DatabaseConnection,
    readers: DatabaseConnection,
    keys: Arc<Keys>,
    place: Place,
    statements: Arc<AtomicU64>,
}

/// Whose rows a transaction may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One setting's.
    Setting(SettingId),
    /// Everybody's: sign-in, jobs, backups, verification.
    All,
}

/// Something that can be read from: a [`Reader`] or a [`Tx`].
pub trait Reads: sealed::Connected + Sync {}

pub(crate) mod sealed {
    /// Not for callers outside the crate.
    pub trait Connected {
        #[doc(hidden)]
        fn connection(&self) -> &sea_orm::DatabaseTransaction;
    }
}

/// A consistent view that changes nothing.
pub struct Reader {
    transaction: DatabaseTransaction,
}

/// One write, by one actor, for one act. Dropped without [`Tx::commit`], it never happened.
pub struct Tx {
    transaction: DatabaseTransaction,
    db: Db,
    scope: Scope,
    pub(crate) actor: String,
    pub(crate) act: String,
    pub(crate) now: Timestamp,
    pub(crate) rng: StdRng,
    /// Newest link of each chain touched here. Writers are alone in their setting, so it cannot grow stale.
    pub(crate) heads: HashMap<SettingId, Link>,
}

impl sealed::Connected for Reader {
    fn connection(&self) -> &DatabaseTransaction {
        &self.transaction
    }
}

impl sealed::Connected for Tx {
    fn connection(&self) -> &DatabaseTransaction {
        &self.transaction
    }
}

impl Reads for Reader {}
impl Reads for Tx {}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").field("engine", &self.0.writer.get_database_backend()).finish_non_exhaustive()
    }
}

impl Db {
    /// Begins a consistent view.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    pub async fn read(&self, scope: Scope) -> Result<Reader> {
        let options = TransactionOptions {
            isolation_level: self.is_postgres().then_some(IsolationLevel::RepeatableRead),
            access_mode: self.is_postgres().then_some(AccessMode::ReadOnly),
            sqlite_transaction_mode: None,
        };
        let transaction = self.0.readers.begin_with_options(options).await?;
        dialect::set_scope(&transaction, scope).await?;
        Ok(Reader { transaction })
    }

    /// Begins a write for one act (a word of the program such as `concern.raise`) in the name of the context's actor.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer, or another write does not end.
    pub async fn write(&self, ctx: &mut OpCtx, scope: Scope, act: &str) -> Result<Tx> {
        let mut seed = [0_u8; 32];
        ctx.rng.fill_bytes(&mut seed);
        let options = TransactionOptions {
            isolation_level: None,
            access_mode: None,
            sqlite_transaction_mode: (!self.is_postgres()).then_some(SqliteTransactionMode::Immediate),
        };
        let transaction =
            self.0.writer.begin_with_options(options).await.map_err(|error| self.noticed(error.into()))?;
        dialect::set_scope(&transaction, scope).await?;
        dialect::lock_scope(&transaction, scope).await?;
        let actor = match &ctx.actor {
            Actor::Nobody => "nobody".to_owned(),
            Actor::System => "system".to_owned(),
            Actor::Member(member) => member.account.to_string(),
        };
        Ok(Tx {
            transaction,
            db: self.clone(),
            scope,
            actor,
            act: act.to_owned(),
            now: ctx.now,
            rng: StdRng::from_seed(seed),
            heads: HashMap::new(),
        })
    }

    /// The keys with which it was opened.
    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// The data folder.
    pub fn folder(&self) -> &std::path::Path {
        &self.0.place.folder
    }

    /// True since the disk was full and until [`Db::refill_reserve`] succeeded. Reports still work; say so on pages.
    pub fn is_short_of_space(&self) -> bool {
        self.0.place.short.load(Ordering::Relaxed)
    }

    /// Sets the reserve file up again once there is room (a job calls this).
    ///
    /// # Errors
    /// [`Error::Full`] while there is not.
    pub fn refill_reserve(&self) -> Result<()> {
        self.0.place.fill_reserve()
    }

    /// Is this PostgreSQL?
    pub fn is_postgres(&self) -> bool {
        self.0.writer.get_database_backend() == DbBackend::Postgres
    }

    /// One trivial question, for the health page.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if there is no answer.
    pub async fn ping(&self) -> Result<()> {
        self.0.readers.execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// Lets the engine look at how many rows there are of what, by which it chooses its ways through the indices. SQLite
    /// looks only where much has changed since; a PostgreSQL server does so by itself too, but not at once.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    pub async fn tend(&self) -> Result<()> {
        self.0.writer.execute_unprepared(dialect::tend(self.0.writer.get_database_backend())).await?;
        Ok(())
    }

    /// How the engine is set, as it says itself: for `doctor` and the health page. SQLite's `synchronous` is 2 for FULL.
    ///
    /// # Errors
    /// As any read.
    pub async fn assurances(&self) -> Result<Vec<(&'static str, String)>> {
        let mut all = Vec::new();
        let engine = self.0.writer.get_database_backend();
        for (name, sql) in dialect::assurances(engine) {
            let row = self.0.writer.query_one_raw(Statement::from_string(engine, *sql)).await?;
            let value = row.and_then(|row| {
                let text = row.try_get_by_index::<String>(0).ok();
                text.or_else(|| row.try_get_by_index::<i64>(0).ok().map(|number| number.to_string()))
            });
            all.push((*name, value.unwrap_or_default()));
        }
        Ok(all)
    }

    /// Prepares every raw statement on this engine and returns how many there are: a word that only the other engine
    /// knows shows here, not on the day it is needed.
    ///
    /// # Errors
    /// What the engine does not understand.
    pub async fn check_statements(&self) -> Result<usize> {
        let all = dialect::prepared(self.0.writer.get_database_backend());
        for sql in &all {
            self.0.writer.execute_unprepared(sql).await?;
        }
        Ok(all.len())
    }

    /// Closes all connections and gives the folder free.
    pub async fn close(self) {
        // Errors here have nobody to tell: everything committed is on disk already.
        let _ = self.0.readers.close_by_ref().await;
        let _ = self.0.writer.close_by_ref().await;
    }

    /// How many statements were run since it was opened. What somebody may not see must cost exactly as many as what does not
    /// exist (S8): this says so without a clock.
    pub fn statements(&self) -> u64 {
        self.0.statements.load(Ordering::Relaxed)
    }

    pub(crate) fn writer(&self) -> &DatabaseConnection {
        &self.0.writer
    }

    fn noticed(&self, error: Error) -> Error {
        if matches!(error, Error::Full) {
            self.0.place.give_reserve_back();
        }
        error
    }
}

impl Tx {
    /// Makes it so: on disk before this returns (S39).
    ///
    /// # Errors
    /// [`Error::Full`] when the disk is full; nothing happened, and the reserve is free for one more try.
    pub async fn commit(self) -> Result<()> {
        let Self { transaction, db, .. } = self;
        transaction.commit().await.map_err(|error| db.noticed(error.into()))
    }

    /// The time of the act.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A fresh id of any kind.
    pub fn fresh<T: From<Uuid>>(&mut self) -> T {
        T::from(domain::id::fresh(self.now, &mut self.rng))
    }

    /// Every change goes through here.
    pub(crate) async fn exec(&self, statement: &impl StatementBuilder) -> Result<ExecResult> {
        self.transaction.execute(statement).await.map_err(|error| self.db.noticed(error.into()))
    }

    pub(crate) async fn exec_raw(&self, statement: Statement) -> Result<ExecResult> {
        self.transaction.execute_raw(statement).await.map_err(|error| self.db.noticed(error.into()))
    }

    /// SQLite has no row security: at least no row of another setting is written by mistake.
    pub(crate) fn check_scope(&self, setting: Uuid) -> Result<()> {
        match self.scope {
            Scope::Setting(scope) if scope.0 != setting => {
                Err(Error::OutOfScope { scope: scope.to_string(), row: setting.to_string() })
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn keys(&self) -> &Keys {
        self.db.keys()
    }
}
