//! Lawful destruction of one record: the rows, what the chain kept of their words, the search entries, the keys of files (S37).
//!
//! The chain stays: links hold ids and digests. Of a concern stays an empty place, because what was made from it (a block, a
//! hold) must for ever know who must not see it (S8). What hangs on a concern goes unless [`STAYS`] names it, so that a table
//! of tomorrow is destroyed with the rest; a test compares the list with the tables.
//!
//! What it is not: the permission. `app::keeping` asks for two people, the day, and that nothing holds it.

use domain::concern::ConcernStatus;
use domain::retention::RecordKind;
use domain::{ConcernId, SettingId};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::audit::{self, Subject, chain};
use crate::concerns::{Concern, Invitation, list_invitations, lookup_for_program};
use crate::db::{Reads, Tx, sealed::Connected};
use crate::entity::cases::draft;
use crate::entity::working::strand;
use crate::entity::{TABLES, named};
use crate::error::{Error, Result};
use crate::table::{Fields, Kept, Row, TableDef};
use crate::{attachments, dialect, rows};

/// What stays of what hangs on a concern: who must not see it, and what has a life of its own and no words of the case.
pub const STAYS: [&str; 9] =
    ["low_level_link", "exclusion", "invitation", "hold", "proposal", "disposal", "export", "export_concern", "audit"];

/// What went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// How many rows.
    pub rows: u64,
    /// SHA-256 over every row as it was, in the order in which they went, in hex.
    pub digest: String,
}

struct Going {
    setting: SettingId,
    rows: u64,
    digest: Sha256,
    why: String,
}

/// Destroys a record for good. Everything or, with an error, nothing: it is one transaction.
///
/// # Errors
/// [`Error::Missing`] if it is not there; [`Error::Reference`] for a person whom something that is kept still names; as any write.
pub async fn destroy(tx: &mut Tx, setting: SettingId, record: RecordKind, id: Uuid, why: &str) -> Result<Gone> {
    let mut going = Going { setting, rows: 0, digest: Sha256::new(), why: why.to_owned() };
    match record {
        RecordKind::Concern => going.concern(tx, id.into()).await?,
        RecordKind::LowLevel | RecordKind::Transfer | RecordKind::Person | RecordKind::Declaration => {
            let def = named(record.key()).ok_or_else(|| Error::Missing { table: "record", row: id.to_string() })?;
            if record == RecordKind::Transfer {
                let parts = named("transfer_concern");
                let of = Condition::all().add(Expr::col("transfer_id").eq(id));
                going.all(tx, parts.into_iter(), &of).await?;
            }
            if record == RecordKind::LowLevel {
                let of = Condition::all().add(Expr::col("low_level_id").eq(id));
                going.all(tx, named("low_level_link").into_iter(), &of).await?;
            }
            if record == RecordKind::Person {
                let either = Condition::any().add(Expr::col("person_id").eq(id)).add(Expr::col("other_id").eq(id));
                going.all(tx, named("relationship").into_iter(), &either).await?;
            }
            let before = going.rows;
            going.all(tx, std::iter::once(def), &Condition::all().add(Expr::col("id").eq(id))).await?;
            if going.rows == before {
                return Err(Error::Missing { table: def.name, row: id.to_string() });
            }
        }
    }
    let subject = Subject { table: record.key(), id: Some(id) };
    tx.note_as(audit::DESTROY_RECORD, setting, subject, &serde_json::json!({ "why": why })).await?;
    Ok(Gone { rows: going.rows, digest: hex::encode(going.digest.finalize()) })
}

/// Is there such a record still? For the replay after a restore.
pub(crate) async fn is_there(db: &impl Reads, setting: SettingId, record: RecordKind, id: Uuid) -> Result<bool> {
    let Some(def) = named(record.key()) else { return Ok(false) };
    let of = Condition::all().add(Expr::col("setting_id").eq(setting.0)).add(Expr::col("id").eq(id));
    let found = rows::first(db, def, of, 1).await?;
    let status = |fields: &Fields| fields.get("status").and_then(Value::as_str).map(str::to_owned);
    Ok(found.first().is_some_and(|row| status(row).as_deref() != Some(ConcernStatus::Destroyed.key())))
}

/// Tables whose rows hang on a concern and go with it, those that point at others first.
pub fn goes_with_a_concern() -> impl Iterator<Item = &'static str> {
    going_tables().map(|def| def.name)
}

fn going_tables() -> impl Iterator<Item = &'static TableDef> {
    TABLES.iter().rev().copied().filter(|def| def.has("concern_id") && !STAYS.contains(&def.name))
}

impl Going {
    async fn concern(&mut self, tx: &mut Tx, id: ConcernId) -> Result<()> {
        let missing = || Error::Missing { table: "concern", row: id.to_string() };
        let concern = lookup_for_program(tx, self.setting, id).await?.ok_or_else(missing)?;
        for file in attachments::list_for_program(tx, self.setting, id).await? {
            attachments::forget_content(tx, self.setting, file.id).await?;
        }
        let of = Condition::all().add(Expr::col("concern_id").eq(id.0));
        self.all(
            tx,
            named("action_origin").into_iter(),
            &points_at(&[("action_id", "action"), ("entry_id", "entry")], id),
        )
        .await?;
        self.all(tx, named("action_change").into_iter(), &points_at(&[("action_id", "action")], id)).await?;
        self.all(tx, named("shared_entry").into_iter(), &points_at(&[("entry_id", "entry")], id)).await?;
        self.all(tx, going_tables(), &of).await?;
        let either = Condition::any().add(strand::Column::OneId.eq(id.0)).add(strand::Column::OtherId.eq(id.0));
        self.all(tx, named("strand").into_iter(), &either).await?;
        let engine = tx.connection().get_database_backend();
        tx.exec_raw(dialect::forget(engine, id)).await?;
        let mut drafts = Query::delete();
        drafts
            .from_table(draft::Entity)
            .and_where(Expr::col(draft::Column::SettingId).eq(self.setting.0))
            .and_where(Expr::col(draft::Column::What).like(format!("%{id}%")));
        tx.exec(&drafts).await?;
        for invitation in list_invitations(tx, self.setting, id).await? {
            self.without_words(tx, invitation).await?;
        }
        self.count(&concern.fields());
        self.forget(tx, Concern::DEF, &concern.fields()).await?;
        rows::set(tx, &empty_place(concern)).await?;
        Ok(())
    }

    /// Who was let in stays, why they were does not: except for the program's own word.
    async fn without_words(&mut self, tx: &mut Tx, invitation: Invitation) -> Result<()> {
        const ROUTING: &str = "told by routing";
        if invitation.reason == ROUTING {
            return Ok(());
        }
        self.count(&invitation.fields());
        self.forget(tx, Invitation::DEF, &invitation.fields()).await?;
        rows::set(tx, &Invitation { reason: String::new(), ..invitation }).await.map(|_| ())
    }

    async fn all(
        &mut self,
        tx: &mut Tx,
        tables: impl Iterator<Item = &'static TableDef>,
        of: &Condition,
    ) -> Result<()> {
        for def in tables {
            let of = Condition::all().add(of.clone()).add(Expr::col("setting_id").eq(self.setting.0));
            loop {
                let page = rows::first(tx, def, of.clone(), 200).await?;
                if page.is_empty() {
                    break;
                }
                for fields in page {
                    self.count(&fields);
                    rows::remove_fields(tx, def, &fields).await?;
                    self.forget(tx, def, &fields).await?;
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, fields: &Fields) {
        self.rows += 1;
        self.digest.update(chain::canonical(&Value::Object(fields.clone())).as_bytes());
        self.digest.update(b"\n");
    }

    /// What the chain kept of a row's versions.
    async fn forget(&self, tx: &mut Tx, def: &TableDef, fields: &Fields) -> Result<()> {
        if def.kept == Kept::Quiet {
            return Ok(());
        }
        let subject = Subject { table: def.name, id: Some(def.subject_of(fields)) };
        audit::destroy_content(tx, self.setting, subject, &self.why).await.map(|_| ())
    }
}

/// Rows that hang on a concern by what hangs on it, and have no column for it.
fn points_at(columns: &[(&'static str, &'static str)], id: ConcernId) -> Condition {
    columns.iter().fold(Condition::any(), |any, (column, table)| {
        let mut of = Query::select();
        of.column("id").from(*table).and_where(Expr::col("concern_id").eq(id.0));
        any.add(Expr::col(*column).in_subquery(of))
    })
}

/// What stays of a concern.
fn empty_place(concern: Concern) -> Concern {
    Concern {
        kind: domain::concern::ConcernKind::SomethingElse,
        status: ConcernStatus::Destroyed,
        procedure: String::new(),
        edition: String::new(),
        event_at: concern.recorded_at,
        known_at: concern.recorded_at,
        reporter_id: None,
        receipt_hash: String::new(),
        device_id: None,
        room_id: None,
        told_in_person: None,
        opened_by: None,
        ..concern
    }
}
