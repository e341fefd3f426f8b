//! Numbered migrations, forward only, each in a transaction of its own. A released one never changes: its hash is
//! written down when it is applied and compared at every start.
//!
//! To add one: `migrations/NNNN_what.sql` (one text for both engines, with the placeholders of `dialect::translate`) and
//! a line in [`MIGRATIONS`]. What the engines cannot say alike goes into `sqlite` and `postgres`.

use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, TransactionTrait};
use sha2::{Digest, Sha256};

use crate::db::Db;
use crate::entity::TABLES;
use crate::error::{Error, Result};
use crate::{dialect, place};

/// A step in the life of the schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// 1, 2, 3 …
    pub number: i64,
    /// What it brings, in a word.
    pub name: &'static str,
    /// One text for both engines.
    pub both: &'static str,
    /// What only SQLite understands.
    pub sqlite: &'static str,
    /// What only PostgreSQL understands.
    pub postgres: &'static str,
}

/// All of them, in order.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "house",
        both: include_str!("../migrations/0001_house.sql"),
        sqlite: include_str!("../migrations/0001_house.sqlite.sql"),
        postgres: include_str!("../migrations/0001_house.postgres.sql"),
    },
    Migration {
        number: 2,
        name: "accounts",
        both: include_str!("../migrations/0002_accounts.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 3,
        name: "clock",
        both: include_str!("../migrations/0003_clock.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 4,
        name: "telling",
        both: include_str!("../migrations/0004_telling.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 5,
        name: "working",
        both: include_str!("../migrations/0005_working.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 6,
        name: "supervision",
        both: include_str!("../migrations/0006_supervision.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 8,
        name: "procedures",
        both: include_str!("../migrations/0008_procedures.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 10,
        name: "lists",
        both: include_str!("../migrations/0010_lists.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 13,
        name: "whose_device",
        both: include_str!("../migrations/0013_whose_device.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 14,
        name: "keeping",
        both: include_str!("../migrations/0014_keeping.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 15,
        name: "together",
        both: include_str!("../migrations/0015_together.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 16,
        name: "indices",
        both: include_str!("../migrations/0016_indices.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 22,
        name: "why_held",
        both: include_str!("../migrations/0022_why_held.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 24,
        name: "counts",
        both: include_str!("../migrations/0024_counts.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 25,
        name: "declarations",
        both: include_str!("../migrations/0025_declarations.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 26,
        name: "help_and_break_glass",
        both: include_str!("../migrations/0026_help_and_break_glass.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 27,
        name: "let_back_and_notes",
        both: include_str!("../migrations/0027_let_back_and_notes.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 28,
        name: "shares_and_leave",
        both: include_str!("../migrations/0028_shares_and_leave.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 32,
        name: "asked_and_decided",
        both: include_str!("../migrations/0032_asked_and_decided.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 33,
        name: "everybody_told",
        both: include_str!("../migrations/0033_everybody_told.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 34,
        name: "voucher_group",
        both: include_str!("../migrations/0034_voucher_group.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 35,
        name: "actions_change",
        both: include_str!("../migrations/0035_actions_change.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 36,
        name: "search_by_concern",
        both: "",
        sqlite: include_str!("../migrations/0036_search_by_concern.sqlite.sql"),
        postgres: "",
    },
    Migration {
        number: 37,
        name: "search_of_concern",
        both: "",
        sqlite: include_str!("../migrations/0037_search_of_concern.sqlite.sql"),
        postgres: include_str!("../migrations/0037_search_of_concern.postgres.sql"),
    },
    Migration {
        number: 38,
        name: "need_to_know",
        both: include_str!("../migrations/0038_need_to_know.sql"),
        sqlite: "",
        postgres: "",
    },
    Migration {
        number: 39,
        name: "alert_rule",
        both: include_str!("../migrations/0039_alert_rule.sql"),
        sqlite: "",
        postgres: "",
    },
];

/// What happens before a database that has rows is upgraded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BeforeUpgrade {
    /// A backup is written to `DATA/before-upgrade/` (S40).
    BackUp,
    /// Somebody has just made one.
    BackedUp,
}

impl Migration {
    fn sql(&self, engine: DbBackend) -> String {
        let own = if engine == DbBackend::Postgres { self.postgres } else { self.sqlite };
        format!("{}\n{own}", dialect::translate(self.both, engine))
    }

    /// Over all three texts, so that the same database moved to the other engine has the same history.
    fn hash(&self) -> String {
        hex::encode(Sha256::digest(format!("{}\n{}\n{}", self.both, self.sqlite, self.postgres)))
    }
}

const HISTORY: &str = "CREATE TABLE IF NOT EXISTS schema_history (number BIGINT PRIMARY KEY, name TEXT NOT NULL, \
                       hash TEXT NOT NULL, applied_at BIGINT NOT NULL)";

/// Number of the newest migration that this program knows.
pub fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.number)
}

/// Short name of the newest schema: changes whenever a migration does.
pub fn fingerprint() -> String {
    let all: Vec<_> = MIGRATIONS.iter().map(Migration::hash).collect();
    hex::encode(Sha256::digest(all.join(" "))).chars().take(16).collect()
}

pub(crate) async fn run(db: &Db, now: Timestamp, migrations: &[Migration], before: &BeforeUpgrade) -> Result<()> {
    db.writer().execute_unprepared(HISTORY).await?;
    let applied = history(db).await?;
    for (number, hash) in &applied {
        match migrations.iter().find(|migration| migration.number == *number) {
            None => {
                return Err(Error::Version(format!(
                    "it has been used by a newer version (step {number}). Install that version, or restore a backup"
                )));
            }
            Some(migration) if migration.hash() != *hash => {
                return Err(Error::Version(format!("step {number} was a different one when it was applied")));
            }
            Some(_) => {}
        }
    }
    let pending: Vec<_> =
        migrations.iter().filter(|migration| applied.iter().all(|(number, _)| *number != migration.number)).collect();
    if pending.is_empty() {
        return Ok(());
    }
    if !applied.is_empty() {
        prepare(db, now, *before).await?;
    }
    for migration in &pending {
        let is_last = pending.last().is_some_and(|last| last.number == migration.number);
        apply(db, migration, now, is_last).await.map_err(|error| match error {
            Error::Full => Error::Full,
            other => Error::Migration { number: migration.number, why: other.to_string() },
        })?;
    }
    Ok(())
}

pub(crate) async fn history(db: &Db) -> Result<Vec<(i64, String)>> {
    let engine = db.writer().get_database_backend();
    let sql = "SELECT number, hash FROM schema_history ORDER BY number";
    let rows = db.writer().query_all_raw(Statement::from_string(engine, sql)).await?;
    rows.iter().map(|row| Ok((row.try_get("", "number")?, row.try_get("", "hash")?))).collect()
}

/// Room for a second copy, and a backup, before anything is touched.
async fn prepare(db: &Db, now: Timestamp, before: BeforeUpgrade) -> Result<()> {
    let file = db.folder().join(crate::db::FILE);
    let size = std::fs::metadata(file).map_or(0, |file| file.len());
    let needed = size.saturating_mul(2).saturating_add(16 << 20);
    let free = place::space(db.folder())?;
    if free < needed {
        return Err(Error::Version(format!(
            "bringing it up to date needs {} MB of free disk and there are {}. Nothing was changed",
            needed >> 20,
            free >> 20
        )));
    }
    match before {
        BeforeUpgrade::BackUp => crate::backup::before_upgrade(db, now).await,
        BeforeUpgrade::BackedUp => Ok(()),
    }
}

async fn apply(db: &Db, migration: &Migration, now: Timestamp, is_last: bool) -> Result<()> {
    let transaction = db.writer().begin().await?;
    let engine = transaction.get_database_backend();
    transaction.execute_unprepared(&migration.sql(engine)).await?;
    if is_last && engine == DbBackend::Postgres {
        secure(&transaction).await?;
    }
    transaction
        .execute_raw(Statement::from_sql_and_values(
            engine,
            match engine {
                DbBackend::Postgres => "INSERT INTO schema_history VALUES ($1, $2, $3, $4)",
                _ => "INSERT INTO schema_history VALUES (?, ?, ?, ?)",
            },
            [migration.number.into(), migration.name.into(), migration.hash().into(), now.as_microsecond().into()],
        ))
        .await?;
    transaction.commit().await?;
    Ok(())
}

/// Row security on every table that belongs to a setting, again after the last of each run of migrations
/// so that a new table cannot be forgotten.
async fn secure(on: &DatabaseTransaction) -> Result<()> {
    for (table, column) in dialect::secured(TABLES) {
        on.execute_unprepared(&dialect::row_security(table, column)).await?;
    }
    Ok(())
}
