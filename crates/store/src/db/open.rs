//! Opening: where, with which engine, and everything that is refused before the first row is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseConnection, SqlxPostgresConnector, SqlxSqliteConnector, Statement};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use super::{Db, Inner};
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::migrate::{self, BeforeUpgrade};
use crate::place::Place;

/// So often the pages of the file are looked at before nothing is said of them.
const LOOKS: usize = 8;
/// Between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

/// Name of the database file inside the data folder.
pub const FILE: &str = "holdfast.db";

/// Where the database is.
#[derive(Debug, Clone)]
pub struct DbConfig {
    /// The data folder: keys, reserve, lock, and the SQLite file.
    pub data: PathBuf,
    /// Which engine.
    pub engine: Engine,
    /// How long to wait for a connection or for another write to end.
    pub patience: Duration,
    /// Bytes held back so that reports still work on a full disk (S3). 16 MiB in life.
    pub reserve: u64,
}

/// Which engine.
#[derive(Clone)]
pub enum Engine {
    /// Encrypted SQLite in the data folder.
    Sqlite,
    /// PostgreSQL by URL: over TLS, on an encrypted volume; we do not encrypt it (S36).
    Postgres(String),
}

/// The address of a server may hold a password.
impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "Sqlite",
            Self::Postgres(_) => "Postgres(…)",
        })
    }
}

impl DbConfig {
    /// SQLite in a folder.
    pub fn sqlite(data: impl Into<PathBuf>) -> Self {
        Self { data: data.into(), engine: Engine::Sqlite, patience: Duration::from_secs(10), reserve: 16 << 20 }
    }

    /// PostgreSQL by URL; the folder still holds the keys.
    pub fn postgres(data: impl Into<PathBuf>, url: impl Into<String>) -> Self {
        Self { engine: Engine::Postgres(url.into()), ..Self::sqlite(data) }
    }
}

impl Db {
    /// Opens the database, creating or upgrading it. The folder is checked and locked first; an upgrade of a database
    /// that has rows is backed up to `DATA/before-upgrade/` first (S40).
    ///
    /// # Errors
    /// See [`Error`]: wrong key, folder refused, in use, damaged, migration failed, server away.
    pub async fn open(config: &DbConfig, keys: Arc<Keys>, now: Timestamp) -> Result<Self> {
        Self::open_with(config, keys, now, migrate::MIGRATIONS, &BeforeUpgrade::BackUp).await
    }

    /// As [`Db::open`], with other migrations: for tests of upgrades.
    ///
    /// # Errors
    /// As [`Db::open`].
    pub async fn open_with(
        config: &DbConfig,
        keys: Arc<Keys>,
        now: Timestamp,
        migrations: &[migrate::Migration],
        before: &BeforeUpgrade,
    ) -> Result<Self> {
        let place = Place::take(&config.data, config.reserve)?;
        let (mut writer, mut readers) = match &config.engine {
            Engine::Sqlite => {
                let file = config.data.join(FILE);
                (sqlite(&file, &keys, config, 1).await?, sqlite(&file, &keys, config, 4).await?)
            }
            Engine::Postgres(url) => {
                let pool = postgres(url, config).await?;
                (pool.clone(), pool)
            }
        };
        let statements = Arc::new(AtomicU64::new(0));
        for connection in [&mut writer, &mut readers] {
            let counted = Arc::clone(&statements);
            connection.set_metric_callback(move |_| {
                counted.fetch_add(1, Ordering::Relaxed);
            });
        }
        let db = Self(Arc::new(Inner { writer, readers, keys, place, statements }));
        migrate::run(&db, now, migrations, before).await?;
        Ok(db)
    }
}

/// A pool of SQLCipher connections. The key goes first, as a raw key: a passphrase would cost 200 ms a connection.
async fn sqlite(file: &Path, keys: &Keys, config: &DbConfig, size: u32) -> Result<DatabaseConnection> {
    super::exit::before_the_handlers();
    let raw = keys.database_key();
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .pragma("key", format!("\"x'{}'\"", raw.as_str()))
        .pragma("cipher_log_level", "NONE")
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(config.patience)
        .pragma("secure_delete", "ON")
        .pragma("trusted_schema", "OFF")
        // A page that falls out of the cache is decrypted and its seal checked again when it is next asked for. Two megabytes, the
        // engine's own choice, hold less than the concerns of a large setting; this is taken only as far as it is needed.
        .pragma("cache_size", "-16384")
        // The key is a statement like any other to a statement log.
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new()
        .max_connections(size)
        .min_connections(1)
        .acquire_timeout(config.patience)
        .test_before_acquire(true)
        // A full disk ends a transaction by itself. sqlx then fails to roll it back, still counts it, and would begin the next
        // one as a savepoint inside it: what is "committed" there is lost with the next rollback. Such a connection goes. (The
        // test before makes sure that a rollback which was on its way has been tried.)
        .before_acquire(|connection, _| Box::pin(std::future::ready(Ok(!connection.is_in_transaction()))))
        .connect_with(options)
        .await;
    let pool = match pool {
        Ok(pool) => pool,
        Err(error) => return Err(explain(error.into(), file, keys).await),
    };
    let connection = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
    // A wrong key shows only when the first page is read.
    match connection.execute_unprepared("SELECT count(*) FROM sqlite_master").await {
        Ok(_) => Ok(connection),
        Err(error) => Err(explain(error.into(), file, keys).await),
    }
}

/// Pages of an SQLite file whose seal is broken, in words. SQLCipher seals every page with an HMAC, so this needs no
/// luck: one flipped bit anywhere shows.
async fn damaged_pages(file: &Path, keys: &Keys) -> Result<Vec<String>> {
    let raw = keys.database_key();
    let options = SqliteConnectOptions::new()
        .filename(file)
        .pragma("key", format!("\"x'{}'\"", raw.as_str()))
        .pragma("cipher_log_level", "NONE")
        .disable_statement_logging();
    let mut connection = options.connect().await?;
    let found: Vec<String> = sqlx::query_scalar("PRAGMA cipher_integrity_check").fetch_all(&mut connection).await?;
    sqlx::Connection::close(connection).await?;
    Ok(found)
}

impl Db {
    /// Damaged pages of the database file, in words; PostgreSQL looks after its own.
    ///
    /// While somebody reads, a part of what was written stays in the log beside the file, and a page of the file that was never
    /// written looks like a damaged one. So nothing is called damaged that was not so twice, with all of the log in the file; a
    /// house that never comes to rest for seconds is looked at another time.
    ///
    /// # Errors
    /// As any read.
    pub async fn damaged_pages(&self) -> Result<Vec<String>> {
        if self.is_postgres() {
            return Ok(Vec::new());
        }
        let mut before: Option<Vec<String>> = None;
        for _ in 0..LOOKS {
            let all_in_the_file = self.empty_the_log().await?;
            let found = damaged_pages(&self.folder().join(FILE), self.keys()).await?;
            match (&before, found.is_empty()) {
                (_, true) => return Ok(found),
                (Some(before), false) if all_in_the_file && *before == found => return Ok(found),
                _ => before = all_in_the_file.then_some(found),
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        tracing::warn!("the pages of the database file could not be looked at: somebody reads all the time");
        Ok(Vec::new())
    }

    /// Moves what is in the write-ahead log into the file. False: somebody reads, and a part had to stay.
    async fn empty_the_log(&self) -> Result<bool> {
        let writer = self.writer();
        let sql = Statement::from_string(writer.get_database_backend(), "PRAGMA wal_checkpoint(TRUNCATE)");
        match writer.query_one_raw(sql).await.map_err(Error::from) {
            Ok(row) => Ok(row.is_none_or(|row| row.try_get::<i64>("", "busy").is_ok_and(|busy| busy == 0))),
            // The check of the pages will say which.
            Err(Error::Damaged(_) | Error::WrongKey { .. }) => Ok(true),
            Err(other) => Err(other),
        }
    }
}

/// A file that does not open: is it the key, or the disk? If only some pages fail, the key is right.
async fn explain(error: Error, file: &Path, keys: &Keys) -> Error {
    if !matches!(error, Error::WrongKey { .. } | Error::Damaged(_)) {
        return error;
    }
    let pages = std::fs::metadata(file).map_or(0, |file| file.len() / 4096);
    match damaged_pages(file, keys).await {
        Ok(bad) if !bad.is_empty() && (bad.len() as u64) < pages => Error::Damaged(bad.join(", ")),
        _ => Error::WrongKey { what: file.display().to_string() },
    }
}

/// Records of children do not cross a network unsealed, nor to a server that nobody checked (S36).
fn refuse_open_wire(options: &PgConnectOptions) -> Result<()> {
    let host = options.get_host();
    let at_home = options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match options.get_ssl_mode() {
        _ if at_home => Ok(()),
        PgSslMode::VerifyCa | PgSslMode::VerifyFull => Ok(()),
        _ => Err(Error::Unsafe(format!(
            "the PostgreSQL server {host} is on another computer: add sslmode=verify-full to its address (and \
             sslrootcert=FILE for a certificate of your own)"
        ))),
    }
}

async fn postgres(url: &str, config: &DbConfig) -> Result<DatabaseConnection> {
    let options: PgConnectOptions = url
        .parse()
        .map_err(|error: sqlx::Error| Error::Unavailable(format!("the PostgreSQL address cannot be read: {error}")))?;
    refuse_open_wire(&options)?;
    let options = options.disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(8)
        .acquire_timeout(config.patience)
        .test_before_acquire(true)
        .connect_with(options)
        .await?;
    let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
    let sql = "SELECT (rolsuper OR rolbypassrls) AS free FROM pg_roles WHERE rolname = current_user";
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let free = connection.query_one_raw(statement).await?.is_none_or(|row| row.try_get("", "free").unwrap_or(true));
    if free {
        return Err(Error::Unsafe(
            "the PostgreSQL role may ignore row security (superuser or BYPASSRLS). Give Holdfast a role of its own \
             that owns its database and nothing else"
                .into(),
        ));
    }
    Ok(connection)
}
