//! Opening: where, with which engine, and everything that is refused before the first row is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
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
    /// Bytes held back so that reports still work on a full disk (S3). 8 MiB in life.
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
        Self { data: data.into(), engine: Engine::Sqlite, patience: Duration::from_secs(10), reserve: 8 << 20 }
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
        let (writer, readers) = match &config.engine {
            Engine::Sqlite => {
                let file = config.data.join(FILE);
                (sqlite(&file, &keys, config, 1).await?, sqlite(&file, &keys, config, 4).await?)
            }
            Engine::Postgres(url) => {
                let pool = postgres(url, config).await?;
                (pool.clone(), pool)
            }
        };
        let db = Self(Arc::new(Inner { writer, readers, keys, place }));
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
    /// # Errors
    /// As any read.
    pub async fn damaged_pages(&self) -> Result<Vec<String>> {
        if self.is_postgres() {
            return Ok(Vec::new());
        }
        // What is still in the write-ahead log would not be in the file that is checked.
        let moved = self.writer().execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.map_err(Error::from);
        match moved {
            // The check below will say which page.
            Ok(_) | Err(Error::Damaged(_) | Error::WrongKey { .. }) => {}
            Err(other) => return Err(other),
        }
        damaged_pages(&self.folder().join(FILE), self.keys()).await
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
