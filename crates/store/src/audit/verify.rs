//! Verification of everything: the file's pages, the chains, the signed heads, and every audited row against the newest
//! version that the chain has of it.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, Condition};
use serde_json::Value;
use uuid::Uuid;

use super::verify_head;
use super::walk::{Finding, Walk, differing};
use crate::db::{Db, Reader, Scope};
use crate::entity::TABLES;
use crate::entity::running::{AuditContent, AuditHead, AuditRow, audit_content};
use crate::error::Result;
use crate::rows;
use crate::table::{Fields, Kept, Row, TableDef};

/// Rows in memory at once.
const PAGE: u64 = 500;

/// What verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Links walked.
    pub links: u64,
    /// Heads whose signature was checked.
    pub heads: u64,
    /// Rows compared with the chain.
    pub rows: u64,
    /// Rows whose content in the chain was destroyed lawfully: they cannot be compared.
    pub destroyed: u64,
    /// What is wrong; empty: nothing.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Is everything as it was written?
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }
}

/// What the chain knows of a row.
enum Known {
    /// Its newest version is the content of this link.
    Version(Uuid),
    /// It was taken away.
    Removed,
    /// The content was destroyed.
    Destroyed,
}

/// Verifies everything. `outside` are heads that had left the box (a mail, a print): they show what nothing inside can.
///
/// # Errors
/// [`crate::Error::Damaged`] if the file cannot even be read; as any read.
pub async fn verify(db: &Db, outside: &[AuditHead]) -> Result<Report> {
    let mut report = Report::default();
    report.findings.extend(db.damaged_pages().await?.into_iter().map(Finding::Page));
    if !report.is_whole() {
        // What stands on damaged pages would only add false accusations.
        return Ok(report);
    }
    let reader = db.read(Scope::All).await?;
    let mut heads: Vec<AuditHead> = rows::many(&reader, rows::select::<AuditHead>(Condition::all())).await?;
    heads.extend_from_slice(outside);
    let key = db.keys().verifying_key();
    report.heads = heads.len() as u64;
    let (signed, forged): (Vec<_>, Vec<_>) = heads.into_iter().partition(|head| verify_head(&key, head));
    report
        .findings
        .extend(forged.iter().map(|head| Finding::Forged { chain: head.setting_id.to_string(), seq: head.seq }));
    let mut known = Memory::default();
    let (links, findings) = walk(&reader, signed, &mut known).await?;
    report.links = links;
    report.findings.extend(findings);
    for def in TABLES.iter().filter(|def| def.kept == Kept::Audited) {
        compare(&reader, def, &mut known, &mut report).await?;
    }
    report.findings.extend(known.rest());
    Ok(report)
}

/// What the chains say of all rows.
#[derive(Default)]
struct Memory {
    rows: HashMap<Subject, Known>,
    /// Links without content: each needs a later link that says that it was destroyed.
    unexplained: HashMap<Subject, Vec<Uuid>>,
}

/// Table and row.
type Subject = (String, Option<Uuid>);

impl Memory {
    fn learn(&mut self, link: &AuditRow, content: Option<&AuditContent>) {
        let subject = (link.subject_table.clone(), link.subject_id);
        if link.act == super::DESTROY {
            self.unexplained.remove(&subject);
        }
        let Some(content) = content else {
            self.unexplained.entry(subject.clone()).or_default().push(link.id.0);
            self.rows.insert(subject, Known::Destroyed);
            return;
        };
        match row_of(content) {
            Some(Value::Null) => self.rows.insert(subject, Known::Removed),
            Some(_) => self.rows.insert(subject, Known::Version(link.id.0)),
            // A note about the row: a view, an export, the destruction itself.
            None => None,
        };
    }

    fn take(&mut self, def: &TableDef, fields: &Fields) -> Option<Known> {
        self.rows.remove(&(def.name.to_owned(), Some(def.subject_of(fields))))
    }

    /// What nobody accounted for: content that vanished, rows that are gone.
    fn rest(self) -> Vec<Finding> {
        let vanished = self.unexplained.into_values().flatten().map(|id| ("audit_content".to_owned(), id.to_string()));
        let gone = self.rows.into_iter().filter(|(_, known)| matches!(known, Known::Version(_)));
        let gone = gone.map(|((table, row), _)| (table, row.map(|id| id.to_string()).unwrap_or_default()));
        let mut all: Vec<_> = vanished.chain(gone).collect();
        all.sort();
        all.into_iter().map(|(table, row)| Finding::Deleted { table, row }).collect()
    }
}

async fn walk(reader: &Reader, heads: Vec<AuditHead>, known: &mut Memory) -> Result<(u64, Vec<Finding>)> {
    let mut walk = Walk::new(heads);
    let mut pages = rows::Pages::new(AuditRow::DEF, Condition::all(), PAGE);
    loop {
        let page = pages.next(reader).await?;
        if page.is_empty() {
            return Ok(walk.finish());
        }
        let links: Vec<AuditRow> = page.iter().filter_map(super::walk::link_of).collect();
        let contents = contents(reader, links.iter().map(|link| link.id.0)).await?;
        for link in links {
            let content = contents.get(&link.id.0);
            known.learn(&link, content);
            walk.step(link, content);
        }
    }
}

async fn contents(reader: &Reader, ids: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, AuditContent>> {
    let condition = Condition::all().add(audit_content::Column::AuditId.is_in(ids));
    let found: Vec<AuditContent> = rows::many(reader, rows::select::<AuditContent>(condition)).await?;
    Ok(found.into_iter().map(|content| (content.audit_id.0, content)).collect())
}

fn row_of(content: &AuditContent) -> Option<Value> {
    serde_json::from_str::<Value>(&content.content).ok()?.get("row").cloned()
}

async fn compare(reader: &Reader, def: &'static TableDef, known: &mut Memory, report: &mut Report) -> Result<()> {
    let mut pages = rows::Pages::new(def, Condition::all(), PAGE);
    loop {
        let page = pages.next(reader).await?;
        if page.is_empty() {
            return Ok(());
        }
        let subjects: Vec<(Fields, Option<Known>)> = page
            .into_iter()
            .map(|fields| {
                let state = known.take(def, &fields);
                (fields, state)
            })
            .collect();
        let ids = subjects.iter().filter_map(|(_, state)| match state {
            Some(Known::Version(id)) => Some(*id),
            _ => None,
        });
        let contents = contents(reader, ids).await?;
        for (fields, state) in subjects {
            report.rows += 1;
            let (table, row) = (def.name.to_owned(), def.key_of(&fields));
            match state {
                Some(Known::Version(id)) => {
                    let Some(Value::Object(written)) = contents.get(&id).and_then(row_of) else { continue };
                    report.findings.extend(differing(&fields, &written).into_iter().map(|field| Finding::Altered {
                        table: table.clone(),
                        row: row.clone(),
                        field,
                    }));
                }
                Some(Known::Destroyed) => report.destroyed += 1,
                Some(Known::Removed) | None => report.findings.push(Finding::Added { table, row }),
            }
        }
    }
}
