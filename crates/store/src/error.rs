//! What can go wrong below the use cases. A variant names the failed act and carries what a person needs to mend it;
//! engine words stay inside [`Error::Database`].

use std::path::PathBuf;

use sea_orm::{DbErr, RuntimeErr};

/// Result of the store.
pub type Result<T> = std::result::Result<T, Error>;

/// Failures of the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else changed the row since it was read (S43). Keep both texts.
    #[error("{table} {row} was changed by somebody else in the meantime")]
    Conflict {
        /// Table.
        table: &'static str,
        /// Key of the row.
        row: String,
    },
    /// A row with this key or unique value is there already.
    #[error("there is already such a row ({0})")]
    Duplicate(String),
    /// The row to change is not there.
    #[error("there is no {table} {row}")]
    Missing {
        /// Table.
        table: &'static str,
        /// Key of the row.
        row: String,
    },
    /// A row points to something that is not in this setting.
    #[error("a row points outside its setting or to nothing ({0})")]
    Reference(String),
    /// A write for one setting inside a transaction of another.
    #[error("a row of setting {row} cannot be written in a transaction of setting {scope}")]
    OutOfScope {
        /// Setting of the transaction.
        scope: String,
        /// Setting of the row.
        row: String,
    },
    /// The disk is full. The reserve has been given back: one more try of something small will work (S3).
    #[error("the disk is full")]
    Full,
    /// The database server does not answer, or the pool is exhausted.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// A stored value is not what its column promises.
    #[error("the database holds a value that makes no sense: table {table}, column {column}, row {row}: {why}")]
    BadData {
        /// Table.
        table: &'static str,
        /// Column.
        column: &'static str,
        /// Key of the row.
        row: String,
        /// What is wrong with it.
        why: String,
    },
    /// The database file is damaged.
    #[error("the database file is damaged ({0}). Stop Holdfast, keep the file, and restore the last good backup")]
    Damaged(String),
    /// The key does not open it.
    #[error(
        "this key does not open {what}. Nothing was changed. Check that the key belongs to this data folder; the recovery code opens it as well"
    )]
    WrongKey {
        /// What was to be opened.
        what: String,
    },
    /// A key file or recovery code that cannot be read.
    #[error("{0}")]
    Key(String),
    /// Another program has the data folder.
    #[error("another Holdfast is already using {}. Stop it first", .0.display())]
    InUse(PathBuf),
    /// The data folder is on a network disk.
    #[error("{} is on a network or shared disk ({kind}). Locks and saves are not safe there; choose a folder on this computer's own disk", .path.display())]
    RemoteFolder {
        /// The folder.
        path: PathBuf,
        /// Kind of file system.
        kind: String,
    },
    /// The data folder is copied elsewhere by a synchronising program.
    #[error("{} lies in a folder that {by} copies elsewhere. Records of children must not leave this computer that way, and the copies damage the database; choose another folder", .path.display())]
    SyncedFolder {
        /// The folder.
        path: PathBuf,
        /// Which program.
        by: &'static str,
    },
    /// The data folder cannot be written.
    #[error("cannot write in {}: {why}", .path.display())]
    NotWritable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// A migration could not be applied. Nothing was changed.
    #[error("the database could not be brought up to date (step {number}): {why}. Nothing was changed")]
    Migration {
        /// Number of the migration.
        number: i64,
        /// What went wrong.
        why: String,
    },
    /// The database was written by a newer Holdfast, or its history is not ours.
    #[error("the database does not fit this Holdfast: {0}")]
    Version(String),
    /// The PostgreSQL role would walk past row security.
    #[error("{0}")]
    Unsafe(String),
    /// A backup or export file that cannot be read.
    #[error("{0}")]
    File(String),
    /// Reading or writing a file.
    #[error("{what}: {source}")]
    Io {
        /// What was attempted.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Anything else that the engine said.
    #[error("database error: {0}")]
    Database(String),
}

impl Error {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| {
            if source.kind() == std::io::ErrorKind::StorageFull { Self::Full } else { Self::Io { what, source } }
        }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match error {
            DbErr::Conn(RuntimeErr::SqlxError(inner))
            | DbErr::Exec(RuntimeErr::SqlxError(inner))
            | DbErr::Query(RuntimeErr::SqlxError(inner)) => from_sqlx(&inner),
            DbErr::ConnectionAcquire(why) => Self::Unavailable(why.to_string()),
            other => Self::Database(other.to_string()),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        from_sqlx(&error)
    }
}

/// SQLite's codes are decimal and extended (the low byte is the class), PostgreSQL's are five-letter SQLSTATEs.
fn from_sqlx(error: &sqlx::Error) -> Error {
    let database = match error {
        sqlx::Error::Database(database) => database,
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => return Error::Unavailable(error.to_string()),
        other => return Error::Database(other.to_string()),
    };
    let code = database.code().unwrap_or_default();
    let said = database.message().to_owned();
    if let (true, Ok(number)) = (code.len() < 5, code.parse::<u32>()) {
        return match (number, number & 0xff) {
            (1555 | 2067, _) => Error::Duplicate(said),
            (787, _) => Error::Reference(said),
            (_, 13) => Error::Full,
            (_, 11) => Error::Damaged(said),
            (_, 26) => Error::WrongKey { what: "the database".into() },
            (_, 5 | 6 | 14) => Error::Unavailable(said),
            _ => Error::Database(said),
        };
    }
    match code.as_ref() {
        "23505" => Error::Duplicate(said),
        "23503" => Error::Reference(said),
        "42501" => Error::Reference(said),
        "53100" => Error::Full,
        "XX001" | "XX002" => Error::Damaged(said),
        class if class.starts_with("08") || class.starts_with("57P") || class.starts_with("53") => {
            Error::Unavailable(said)
        }
        _ => Error::Database(said),
    }
}
