//! Walking one chain, link by link: the part of verification that needs no database, shared with exported files.

use std::fmt;

use serde_json::Value;

use super::chain;
use crate::entity::running::{AuditContent, AuditHead, AuditRow};
use crate::table::{Fields, Row};

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A field of a row differs from what the chain has.
    Altered {
        /// Table.
        table: String,
        /// Key of the row.
        row: String,
        /// Field; "one of its fields" where content was destroyed and nothing else can tell.
        field: String,
    },
    /// A row that the chain knows is gone.
    Deleted {
        /// Table.
        table: String,
        /// Key of the row.
        row: String,
    },
    /// A row that the chain does not know.
    Added {
        /// Table.
        table: String,
        /// Key of the row.
        row: String,
    },
    /// Links are missing from the chain.
    Gap {
        /// Whose chain.
        chain: String,
        /// First missing link.
        from: i64,
        /// Last missing link.
        to: i64,
    },
    /// The chain is not the one of which a head was signed: it was written anew at or before this link.
    Rewritten {
        /// Whose chain.
        chain: String,
        /// The signed link.
        seq: i64,
    },
    /// A head whose signature is not ours.
    Forged {
        /// Whose chain.
        chain: String,
        /// The link that it names.
        seq: i64,
    },
    /// Pages of the database file are damaged: not a change of a record, but of the disk.
    Page(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { table, row, field } => {
                write!(f, "table {table}, row {row}, field {field}: altered after it was written")
            }
            Self::Deleted { table, row } => write!(f, "table {table}, row {row}: deleted behind the program's back"),
            Self::Added { table, row } => write!(f, "table {table}, row {row}: added behind the program's back"),
            Self::Gap { chain, from, to } if from == to => write!(f, "audit of {chain}: link {from} is missing"),
            Self::Gap { chain, from, to } => write!(f, "audit of {chain}: links {from} to {to} are missing"),
            Self::Rewritten { chain, seq } => {
                write!(f, "audit of {chain}: written anew at or before link {seq}; a signed head says otherwise")
            }
            Self::Forged { chain, seq } => {
                write!(f, "audit of {chain}: the head at link {seq} is not signed with our key")
            }
            Self::Page(pages) => write!(
                f,
                "{pages}: this database page is damaged. The disk may be failing: keep the file and restore the last good backup"
            ),
        }
    }
}

/// Walks the links of all chains in order of chain and number.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    last: Option<AuditRow>,
    /// A link whose own hash is wrong and that only its successor can explain: is it the hash that was altered?
    unclear: Option<(AuditRow, String)>,
    heads: Vec<AuditHead>,
    pub(crate) links: u64,
    pub(crate) findings: Vec<Finding>,
}

impl Walk {
    /// With signed heads, whose signatures were checked before.
    pub(crate) fn new(heads: Vec<AuditHead>) -> Self {
        Self { heads, ..Self::default() }
    }

    /// The next link, with its content if it is there.
    pub(crate) fn step(&mut self, link: AuditRow, content: Option<&AuditContent>) {
        self.links = self.links.saturating_add(1);
        let follows = self.last.take().filter(|last| last.setting_id == link.setting_id);
        if follows.is_none() {
            self.settle(None);
        }
        let (expected, previous) = follows
            .as_ref()
            .map_or((1, chain::GENESIS.to_owned()), |last| (last.seq.saturating_add(1), last.hash.clone()));
        if link.seq != expected {
            let to = link.seq.saturating_sub(1);
            self.findings.push(Finding::Gap { chain: link.setting_id.to_string(), from: expected, to });
        }
        self.settle(Some(&link));
        let links_up = link.previous == previous || link.seq != expected;
        let hash = chain::hash(&link);
        let own = hash == link.hash;
        let said = content.map(|content| (kept(content, &link), content));
        match (own, &said) {
            (true, Some((false, content))) => self.content_altered(content, &link),
            (true, _) if !links_up => self.altered(&link, "previous"),
            (true, _) => {}
            (false, Some((true, content))) => match changed_fields(&link, content) {
                fields if !fields.is_empty() => fields.iter().for_each(|field| self.altered(&link, field)),
                _ if !links_up => self.altered(&link, "previous"),
                _ => self.altered(&link, "hash"),
            },
            (false, Some((false, _))) if links_up => self.altered(&link, "commitment"),
            (false, _) if !links_up => self.altered(&link, "previous"),
            (false, _) => self.unclear = Some((link.clone(), hash)),
        }
        for head in self.heads.iter().filter(|head| head.setting_id == link.setting_id && head.seq == link.seq) {
            if head.hash != link.hash {
                self.findings.push(Finding::Rewritten { chain: link.setting_id.to_string(), seq: link.seq });
            }
        }
        self.heads.retain(|head| (head.setting_id, head.seq) != (link.setting_id, link.seq));
        self.last = Some(link);
    }

    /// After the last link: heads that found no link name what was cut off.
    pub(crate) fn finish(mut self) -> (u64, Vec<Finding>) {
        self.settle(None);
        for head in std::mem::take(&mut self.heads) {
            let there = self.findings.iter().any(|finding| {
                matches!(finding, Finding::Gap { chain, from, to }
                    if *chain == head.setting_id.to_string() && (*from..=*to).contains(&head.seq))
            });
            if !there {
                self.findings.push(Finding::Rewritten { chain: head.setting_id.to_string(), seq: head.seq });
            }
        }
        (self.links, self.findings)
    }

    fn settle(&mut self, next: Option<&AuditRow>) {
        if let Some((link, hash)) = self.unclear.take() {
            let hash_alone = next.is_some_and(|next| next.previous == hash);
            self.altered(&link, if hash_alone { "hash" } else { "one of its fields" });
        }
    }

    fn altered(&mut self, link: &AuditRow, field: &str) {
        let row = format!("{} {}", link.setting_id, link.seq);
        self.findings.push(Finding::Altered { table: "audit".into(), row, field: field.into() });
    }

    fn content_altered(&mut self, content: &AuditContent, link: &AuditRow) {
        // The text still tells its own link apart from another's; otherwise text or salt, and nothing can tell which.
        let field = if serde_json::from_str::<Value>(&content.content).is_ok() { "content or salt" } else { "content" };
        let row = link.id.to_string();
        self.findings.push(Finding::Altered { table: "audit_content".into(), row, field: field.into() });
    }
}

/// Is the content what the link committed to?
fn kept(content: &AuditContent, link: &AuditRow) -> bool {
    hex::decode(&content.salt).is_ok_and(|salt| chain::commit(&salt, &content.content) == link.commitment)
}

/// Fields of the link that differ from the copy in its own content.
fn changed_fields(link: &AuditRow, content: &AuditContent) -> Vec<String> {
    let copy = serde_json::from_str::<Value>(&content.content).ok();
    let Some(Value::Object(copy)) = copy.as_ref().and_then(|copy| copy.get("link")) else { return Vec::new() };
    differing(&chain::envelope(link), copy)
}

/// Names of fields that differ, either way.
pub(crate) fn differing(one: &Fields, other: &Fields) -> Vec<String> {
    let mut names: Vec<_> =
        one.keys().chain(other.keys()).filter(|name| one.get(*name) != other.get(*name)).cloned().collect();
    names.sort();
    names.dedup();
    names
}

/// A link out of fields, as the export has them.
pub(crate) fn link_of(fields: &Fields) -> Option<AuditRow> {
    use crate::table::Stored;
    let text = |name: &str| fields.get(name)?.as_str().map(str::to_owned);
    let id = |name: &str| fields.get(name)?.as_str()?.parse::<uuid::Uuid>().ok();
    let long = |name: &str| fields.get(name)?.as_i64();
    let known = AuditRow::DEF.columns().all(|column| fields.contains_key(column.name));
    if !known {
        return None;
    }
    Some(AuditRow {
        setting_id: id("setting_id")?.into(),
        seq: long("seq")?,
        id: id("id")?.into(),
        at: jiff::Timestamp::read(long("at")?).ok()?,
        actor: text("actor")?,
        act: text("act")?,
        subject_table: text("subject_table")?,
        subject_id: id("subject_id"),
        subject_version: long("subject_version"),
        commitment: text("commitment")?,
        previous: text("previous")?,
        hash: text("hash")?,
    })
}

/// A head out of fields.
pub(crate) fn head_of(fields: &Fields) -> Option<AuditHead> {
    use crate::table::Stored;
    Some(AuditHead {
        setting_id: fields.get("setting_id")?.as_str()?.parse().ok()?,
        seq: fields.get("seq")?.as_i64()?,
        hash: fields.get("hash")?.as_str()?.to_owned(),
        at: jiff::Timestamp::read(fields.get("at")?.as_i64()?).ok()?,
        signature: fields.get("signature")?.as_str()?.to_owned(),
    })
}
