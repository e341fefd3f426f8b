//! The chains as a file that anybody can verify without the database and without a key to the records: links and heads,
//! no content. One JSON object a line; the last line is signed over all bytes before it.

use std::io::{BufRead, Read, Write};

use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use sea_orm::Condition;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::verify_head;
use super::walk::{Finding, Walk, head_of, link_of};
use crate::db::{Db, Scope};
use crate::entity::running::{AuditHead, AuditRow};
use crate::error::{Error, Result};
use crate::rows;
use crate::table::Row;

const FORMAT: &str = "holdfast-audit-export-1";
/// Longest line that is read: a link has well under a thousand letters.
const LINE: u64 = 16 << 10;

/// Writes the chains of every setting (`scope` all) or of one. Returns the number of links.
///
/// # Errors
/// As any read; [`Error::Io`] of `out`.
pub async fn export(db: &Db, scope: Scope, out: &mut (impl Write + Send)) -> Result<u64> {
    let reader = db.read(scope).await?;
    let condition = || match scope {
        Scope::All => Condition::all(),
        Scope::Setting(id) => {
            Condition::all().add(sea_orm::ColumnTrait::eq(&crate::entity::running::audit::Column::SettingId, id.0))
        }
    };
    let mut digest = Sha256::new();
    let mut line = |value: Value, out: &mut (dyn Write + Send)| -> Result<()> {
        let text = format!("{value}\n");
        digest.update(text.as_bytes());
        out.write_all(text.as_bytes()).map_err(Error::io("writing the audit export"))
    };
    let key = hex::encode(db.keys().verifying_key().to_bytes());
    line(json!({"format": FORMAT, "verifying_key": key}), out)?;
    for (name, def) in [("head", AuditHead::DEF), ("link", AuditRow::DEF)] {
        let mut pages = rows::Pages::new(def, condition(), 500);
        let mut written = 0;
        loop {
            let page = pages.next(&reader).await?;
            if page.is_empty() {
                break;
            }
            written += page.len() as u64;
            for fields in page {
                line(json!({name: fields}), out)?;
            }
        }
        if name == "link" {
            line(json!({"links": written}), out)?;
            let signature = db.keys().sign(&digest.finalize());
            writeln!(out, "{}", json!({"signature": signature})).map_err(Error::io("writing the audit export"))?;
            return Ok(written);
        }
    }
    Ok(0)
}

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// The key that the file names, in hex: compare it with the one on paper, unless one was pinned.
    pub verifying_key: String,
    /// Links walked.
    pub links: u64,
    /// What is wrong; empty: nothing.
    pub findings: Vec<Finding>,
}

/// Verifies an exported file; with a pinned key (hex) it must be that one.
///
/// # Errors
/// [`Error::File`] if it is not such a file, was cut, altered, or signed with another key.
pub fn verify_file(file: impl BufRead, pinned: Option<&str>) -> Result<FileReport> {
    let mut lines = Lines { file, digest: Sha256::new(), number: 0 };
    let first = lines.next()?.ok_or_else(|| Error::File("the file is empty".into()))?;
    if first.get("format").and_then(Value::as_str) != Some(FORMAT) {
        return Err(Error::File("this is not an audit export of Holdfast".into()));
    }
    let named = first.get("verifying_key").and_then(Value::as_str).unwrap_or_default().to_owned();
    if pinned.is_some_and(|pinned| !pinned.eq_ignore_ascii_case(&named)) {
        return Err(Error::File("the file was signed with another key than the one you named".into()));
    }
    let mut bytes = [0_u8; 32];
    let key = hex::decode_to_slice(&named, &mut bytes)
        .ok()
        .and_then(|()| VerifyingKey::from_bytes(&bytes).ok())
        .ok_or_else(|| Error::File("the file names no key".into()))?;
    let mut walk: Option<Walk> = None;
    let mut heads = Vec::new();
    let mut findings = Vec::new();
    let mut links = 0_u64;
    loop {
        let sealed = lines.digest.clone().finalize();
        let line = lines.next()?.ok_or_else(|| Error::File("the file was cut: its last line is missing".into()))?;
        if let Some(signature) = line.get("signature").and_then(Value::as_str) {
            let mut bytes = [0_u8; 64];
            let right = hex::decode_to_slice(signature, &mut bytes).is_ok()
                && key.verify(&sealed, &Signature::from_bytes(&bytes)).is_ok();
            if !right {
                return Err(Error::File("the file was altered after it was signed".into()));
            }
            let (walked, found) = walk.unwrap_or_else(|| Walk::new(heads)).finish();
            findings.extend(found);
            return match links == walked {
                true => Ok(FileReport { verifying_key: named, links, findings }),
                false => Err(Error::File("the file does not hold as many links as it says".into())),
            };
        }
        let object = |name: &str| line.get(name).and_then(Value::as_object);
        if let Some(head) = object("head") {
            let head = head_of(head).ok_or_else(|| lines.wrong())?;
            match verify_head(&key, &head) {
                true => heads.push(head),
                false => {
                    findings.push(Finding::Forged { chain: head.setting_id.to_string(), seq: head.seq });
                }
            }
        } else if let Some(link) = object("link") {
            let link = link_of(link).ok_or_else(|| lines.wrong())?;
            walk.get_or_insert_with(|| Walk::new(std::mem::take(&mut heads))).step(link, None);
        } else if let Some(count) = line.get("links").and_then(Value::as_u64) {
            links = count;
        } else {
            return Err(lines.wrong());
        }
    }
}

/// Lines of a stranger's file: bounded, hashed as they pass.
struct Lines<R> {
    file: R,
    digest: Sha256,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> Result<Option<Value>> {
        let mut text = Vec::new();
        let read =
            (&mut self.file).take(LINE).read_until(b'\n', &mut text).map_err(Error::io("reading the audit export"))?;
        self.number += 1;
        if read == 0 {
            return Ok(None);
        }
        self.digest.update(&text);
        serde_json::from_slice(&text).map(Some).map_err(|_| self.wrong())
    }

    fn wrong(&self) -> Error {
        Error::File(format!("line {} of the file cannot be understood", self.number))
    }
}
