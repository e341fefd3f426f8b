//! The audit chain (S37): one a setting, ids and commitments in it, content and salt beside it.
//!
//! Changes of audited rows append by themselves (see `rows`). What has no row — a view, an export, a sign-in — is
//! written with [`Tx::note`]. [`verify`] walks everything; [`export`] and [`verify_file`] do it without the database.

pub(crate) mod chain;
mod export;
mod head;
mod verify;
mod walk;

use domain::{AuditId, SettingId};
use jiff::Timestamp;
use sea_orm::{ColumnTrait, Condition, QueryOrder, QuerySelect};
use serde_json::Value;
use uuid::Uuid;

use crate::db::{Reads, Tx};
use crate::entity::running::{audit, audit_content};
use crate::error::Result;
use crate::rows;

pub use crate::entity::running::{AuditContent, AuditHead, AuditRow};
pub use export::{FileReport, export, verify_file};
pub use head::{find_head, sign_head, verify_head};
pub use verify::{Report, verify};
pub use walk::Finding;

/// The chain of the installation itself: sign-ins, accounts, restores.
pub const INSTALLATION: SettingId = SettingId(Uuid::nil());

/// The act that explains why content is missing.
pub(crate) const DESTROY: &str = "audit.destroy_content";

/// The act that says that a record itself was destroyed, by two people: a restore destroys it again.
pub(crate) const DESTROY_RECORD: &str = "audit.destroy_record";

/// What an act was done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject<'a> {
    /// Table, or another word of the program (`report`, `export`).
    pub table: &'a str,
    /// Which.
    pub id: Option<Uuid>,
}

impl Tx {
    /// Writes an act into the chain that changes no audited row: a view, an export, a sign-in. No names in `act`;
    /// `content` can be destroyed later, so details belong there. The installation's own chain needs [`crate::Scope::All`].
    ///
    /// # Errors
    /// As any write.
    pub async fn note(&mut self, setting: SettingId, subject: Subject<'_>, content: &Value) -> Result<()> {
        chain::append(self, setting, subject, None, chain::Content::Note(content)).await
    }

    /// As [`Tx::note`], under another act than the transaction's own: a use case that does two things.
    ///
    /// # Errors
    /// As any write.
    pub async fn note_as(
        &mut self,
        act: &str,
        setting: SettingId,
        subject: Subject<'_>,
        content: &Value,
    ) -> Result<()> {
        let own = std::mem::replace(&mut self.act, act.to_owned());
        let done = chain::append(self, setting, subject, None, chain::Content::Note(content)).await;
        self.act = own;
        done
    }
}

impl AuditRow {
    /// The link as it stands on paper, so that paper bears witness too (S37): the first letters of its hash. Never its
    /// number: two papers would tell how much was written between them that their reader may not see (S8). The letters stand in
    /// the export of the chain, where whoever checks finds them.
    pub fn on_paper(&self) -> String {
        self.hash.chars().take(16).collect()
    }
}

/// Which links to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only of this account.
    pub actor: Option<String>,
    /// Only this act, or acts that begin so (`concern.`).
    pub act: Option<String>,
    /// Only about this row.
    pub subject: Option<Uuid>,
    /// Only before this link (for paging).
    pub before: Option<i64>,
}

/// Links of a chain, newest first.
///
/// # Errors
/// As any read.
pub async fn list(db: &impl Reads, setting: SettingId, filter: &Filter, limit: u64) -> Result<Vec<AuditRow>> {
    let mut condition = Condition::all().add(audit::Column::SettingId.eq(setting.0));
    if let Some(actor) = &filter.actor {
        condition = condition.add(audit::Column::Actor.eq(actor));
    }
    if let Some(act) = &filter.act {
        condition = condition.add(audit::Column::Act.starts_with(act));
    }
    if let Some(subject) = filter.subject {
        condition = condition.add(audit::Column::SubjectId.eq(subject));
    }
    if let Some(before) = filter.before {
        condition = condition.add(audit::Column::Seq.lt(before));
    }
    rows::many(db, rows::select::<AuditRow>(condition).order_by_desc(audit::Column::Seq).limit(limit)).await
}

/// The newest link of a chain.
///
/// # Errors
/// As any read.
pub async fn newest(db: &impl Reads, setting: SettingId) -> Result<Option<AuditRow>> {
    Ok(list(db, setting, &Filter::default(), 1).await?.pop())
}

/// The number of a link that a page named by its id: pages never show numbers (S8).
///
/// # Errors
/// As any read.
pub async fn find_seq(db: &impl Reads, setting: SettingId, id: AuditId) -> Result<Option<i64>> {
    let condition = Condition::all().add(audit::Column::SettingId.eq(setting.0)).add(audit::Column::Id.eq(id.0));
    Ok(rows::one::<AuditRow>(db, rows::select::<AuditRow>(condition)).await?.map(|link| link.seq))
}

/// How many different rows of a table a chain has links about.
///
/// # Errors
/// As any read.
pub async fn count_subjects(db: &impl Reads, setting: SettingId, table: &str) -> Result<usize> {
    let of_table =
        Condition::all().add(audit::Column::SettingId.eq(setting.0)).add(audit::Column::SubjectTable.eq(table));
    let links: Vec<AuditRow> = rows::many(db, rows::select::<AuditRow>(of_table)).await?;
    Ok(links.into_iter().filter_map(|link| link.subject_id).collect::<std::collections::BTreeSet<_>>().len())
}

/// The latest time that any link of a chain carries: a clock that stands before it is suspect (S43). Not the time of the
/// newest link: the first one that a fallen clock writes would make that clock honest.
///
/// # Errors
/// As any read.
pub async fn newest_at(db: &impl Reads, setting: SettingId) -> Result<Option<Timestamp>> {
    let of_chain = Condition::all().add(audit::Column::SettingId.eq(setting.0));
    let latest = rows::select::<AuditRow>(of_chain).order_by_desc(audit::Column::At).limit(1);
    Ok(rows::one::<AuditRow>(db, latest).await?.map(|link| link.at))
}

/// The time by which it is judged who holds which role, and what has ended by itself: now, but never earlier than the latest
/// link of the chain. An appointment is written in the chain, its beginning and its end, so that a clock that fell back
/// neither makes it "not begun" nor gives it back (S1, S12, S43).
///
/// What it is not: the time of anything that is written down. A clock that fell is shown as it stands.
///
/// # Errors
/// As any read.
pub async fn judged_at(db: &impl Reads, setting: SettingId, now: Timestamp) -> Result<Timestamp> {
    Ok(newest_at(db, setting).await?.map_or(now, |newest| newest.max(now)))
}

/// The content of a link, unless it was destroyed.
///
/// # Errors
/// As any read.
pub async fn find_content(db: &impl Reads, setting: SettingId, id: AuditId) -> Result<Option<Value>> {
    let condition = Condition::all()
        .add(audit_content::Column::AuditId.eq(id.0))
        .add(audit_content::Column::SettingId.eq(setting.0));
    let found: Option<AuditContent> = rows::one(db, rows::select::<AuditContent>(condition)).await?;
    Ok(found.and_then(|content| serde_json::from_str(&content.content).ok()))
}

/// Destroys content and salt of every link about a row, with a link that says so. The chain stays whole; what was
/// there can no longer be read or guessed. Returns how many were destroyed.
///
/// # Errors
/// As any write.
pub async fn destroy_content(tx: &mut Tx, setting: SettingId, subject: Subject<'_>, why: &str) -> Result<u64> {
    use sea_orm::sea_query::{Expr, ExprTrait, Query};
    let mut links = Query::select();
    links.column(audit::Column::Id).from(audit::Entity).cond_where(
        Condition::all()
            .add(audit::Column::SettingId.eq(setting.0))
            .add(audit::Column::SubjectTable.eq(subject.table))
            .add(audit::Column::SubjectId.eq(subject.id)),
    );
    let mut delete = Query::delete();
    delete
        .from_table(audit_content::Entity)
        .and_where(Expr::col(audit_content::Column::SettingId).eq(setting.0))
        .and_where(Expr::col(audit_content::Column::AuditId).in_subquery(links));
    let destroyed = tx.exec(&delete).await?.rows_affected();
    tx.note_as(DESTROY, setting, subject, &serde_json::json!({"destroyed": destroyed, "why": why})).await?;
    Ok(destroyed)
}
