//! Appending a link.
//!
//! The hash covers every field, each with its length before it, so that no two links read alike. The commitment is an
//! HMAC keyed with the link's own random salt: without the salt, the content cannot be guessed by trying.

use domain::{AuditId, SettingId};
use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use sea_orm::{ColumnTrait, Condition, QueryOrder, QuerySelect};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Subject;
use crate::db::Tx;
use crate::entity::running::{AuditContent, AuditRow, audit};
use crate::error::Result;
use crate::rows;
use crate::table::{Fields, Row, TableDef};

/// `previous` of the first link.
pub(crate) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The newest link of a chain.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) seq: i64,
    pub(crate) hash: String,
}

/// What a link commits to.
pub(crate) enum Content<'a> {
    /// A version of a row; null: it was taken away.
    Row(&'a Value),
    /// An act without a row.
    Note(&'a Value),
}

/// The version of a row, or that it was taken away (`now` is none).
pub(crate) async fn append_row(tx: &mut Tx, def: &TableDef, now: Option<&Fields>, key: &Fields) -> Result<()> {
    let setting = SettingId(def.setting_of(key));
    let subject = Subject { table: def.name, id: Some(def.subject_of(key)) };
    let version = now.and_then(|fields| fields.get("version")).and_then(Value::as_i64);
    let content = now.map_or(Value::Null, |fields| Value::Object(fields.clone()));
    append(tx, setting, subject, version, Content::Row(&content)).await
}

pub(crate) async fn append(
    tx: &mut Tx,
    setting: SettingId,
    subject: Subject<'_>,
    version: Option<i64>,
    content: Content<'_>,
) -> Result<()> {
    tx.check_scope(setting.0)?;
    let last = match tx.heads.get(&setting) {
        Some(link) => link.clone(),
        None => newest(tx, setting).await?,
    };
    let mut link = AuditRow {
        setting_id: setting,
        seq: last.seq.saturating_add(1),
        id: tx.fresh::<AuditId>(),
        at: tx.now,
        actor: tx.actor.clone(),
        act: tx.act.clone(),
        subject_table: subject.table.to_owned(),
        subject_id: subject.id,
        subject_version: version,
        commitment: String::new(),
        previous: last.hash,
        hash: String::new(),
    };
    let mut salt = [0_u8; 32];
    tx.rng.fill_bytes(&mut salt);
    let (kind, content) = match content {
        Content::Row(content) => ("row", content),
        Content::Note(content) => ("note", content),
    };
    let text = canonical(&json!({ "link": envelope(&link), kind: content }));
    link.commitment = commit(&salt, &text);
    link.hash = hash(&link);
    rows::insert(tx, AuditRow::DEF, &link.fields()).await?;
    let kept = AuditContent { audit_id: link.id, setting_id: setting, salt: hex::encode(salt), content: text };
    rows::insert(tx, AuditContent::DEF, &kept.fields()).await?;
    tx.heads.insert(setting, Link { seq: link.seq, hash: link.hash });
    Ok(())
}

async fn newest(tx: &Tx, setting: SettingId) -> Result<Link> {
    let query = rows::select::<AuditRow>(Condition::all().add(audit::Column::SettingId.eq(setting.0)));
    let found = rows::one::<AuditRow>(tx, query.order_by_desc(audit::Column::Seq).limit(1)).await?;
    Ok(found.map_or(Link { seq: 0, hash: GENESIS.into() }, |row| Link { seq: row.seq, hash: row.hash }))
}

/// The link's own words, kept in the content as well: that is how verification can name the field of a link that was
/// altered, and not only the link.
pub(crate) fn envelope(link: &AuditRow) -> Fields {
    let mut fields = link.fields();
    for later in ["commitment", "previous", "hash"] {
        fields.remove(later);
    }
    fields
}

/// Keys sorted, no spaces: one text for one content, whatever the map's own order.
pub(crate) fn canonical(value: &Value) -> String {
    fn write(value: &Value, out: &mut String) {
        match value {
            Value::Object(map) => {
                let mut keys: Vec<_> = map.iter().collect();
                keys.sort_by_key(|(key, _)| *key);
                out.push('{');
                for (position, (key, inner)) in keys.into_iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                    }
                    out.push_str(&Value::from(key.as_str()).to_string());
                    out.push(':');
                    write(inner, out);
                }
                out.push('}');
            }
            Value::Array(items) => {
                out.push('[');
                for (position, inner) in items.iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                    }
                    write(inner, out);
                }
                out.push(']');
            }
            plain => out.push_str(&plain.to_string()),
        }
    }
    let mut out = String::new();
    write(value, &mut out);
    out
}

/// HMAC-SHA-256 of the content, keyed with the salt, in hex.
pub(crate) fn commit(salt: &[u8], content: &str) -> String {
    // HMAC takes a key of any length, so there is no failure to report; an empty text would fail every comparison.
    Hmac::<Sha256>::new_from_slice(salt)
        .map(|mut mac| {
            mac.update(content.as_bytes());
            hex::encode(mac.finalize().into_bytes())
        })
        .unwrap_or_default()
}

/// SHA-256 over all fields of a link but the hash itself, in hex.
pub(crate) fn hash(link: &AuditRow) -> String {
    let mut digest = Sha256::new();
    digest.update(b"holdfast-audit-1");
    let mut field = |text: &str| {
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text.as_bytes());
    };
    field(&link.setting_id.to_string());
    field(&link.seq.to_string());
    field(&link.id.to_string());
    field(&link.at.as_microsecond().to_string());
    field(&link.actor);
    field(&link.act);
    field(&link.subject_table);
    field(&link.subject_id.map(|id| id.to_string()).unwrap_or_default());
    field(&link.subject_version.map(|version| version.to_string()).unwrap_or_default());
    field(&link.commitment);
    field(&link.previous);
    hex::encode(digest.finalize())
}
