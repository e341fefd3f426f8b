//! The database: SQLite (SQLCipher) or PostgreSQL from one SQL text, its keys, the audit chain, backups.
//!
//! What it is: rows in, rows out, one transaction at a time, and a record of every change that cannot be altered
//! quietly. What it is not: business rules. It does not know who may close a concern; it knows who may *see* one,
//! because that has to be inside the query ([`concerns::Sees`]).
//!
//! The shape of every use:
//!
//! ```ignore
//! let reader = db.read(Scope::Setting(setting)).await?;              // one consistent view
//! let found = concerns::lookup(&reader, setting, &sees, id).await?;
//! let mut tx = db.write(&mut ctx, Scope::Setting(setting), "concern.raise").await?;
//! concerns::add(&mut tx, &concern).await?;                           // appends to the audit chain by itself
//! tx.commit().await?;                                                // on disk before this returns
//! ```
//!
//! To add a table: a numbered migration, a `table!` in `entity/`, a line in [`entity::TABLES`], a repository function.
//! The audit, backup, restore and row security follow from the declaration.

mod dialect;
mod entity;
mod error;
mod place;
mod rows;
#[expect(unreachable_pub, reason = "its traits are public for the entity derive alone")]
mod table;

pub mod accounts;
pub mod agencies;
pub mod attachments;
pub mod audit;
pub mod backup;
pub mod break_glass;
pub mod concerns;
pub mod db;
pub mod declarations;
pub mod devices;
pub mod drafts;
pub mod evidence;
pub mod filtering;
pub mod follow_up;
pub mod help;
pub mod imports;
pub mod jobs;
pub mod keeping;
pub mod keys;
pub mod lists;
pub mod migrate;
pub mod notices;
pub mod overview;
pub mod people;
pub mod procedures;
pub mod search;
pub mod settings;
pub mod shares;
pub mod supervision;
pub mod together;
pub mod vouchers;
pub mod words;
pub mod working;

pub use concerns::Sees;
pub use db::{Db, DbConfig, Engine, Reader, Reads, Scope, Tx};
pub use error::{Error, Result};
pub use keys::{Keys, MachineKey, RecoveryCode};
