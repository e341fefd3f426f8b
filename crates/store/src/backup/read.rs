//! Reading a backup: a stranger's file until its seal has opened, and bounded even then.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use age::x25519::Identity;
use jiff::Timestamp;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Begin, FORMAT, Header, Summary};
use crate::entity;
use crate::error::{Error, Result};
use crate::keys::RecoveryCode;
use crate::rows;
use crate::table::{Fields, TableDef};

/// Longest line: a row with a very long chronology entry has some hundred thousand letters.
const LINE: u64 = 32 << 20;
/// Longest first line.
const HEADER: u64 = 4 << 10;

/// An opened backup.
pub(super) struct Backup {
    pub(super) header: Header,
    pub(super) begin: Begin,
    pub(super) identity: Identity,
    /// The secrets; none in a backup of one setting.
    pub(super) keys: Option<Value>,
    lines: BufReader<age::stream::StreamReader<BufReader<File>>>,
    pending: Option<Value>,
    rows: u64,
}

/// Reads a backup to its end: the seal of every block, every row of every table. Nothing is written.
///
/// # Errors
/// [`Error::WrongKey`] if the code is another one's, [`Error::File`] if it is damaged, cut, or no backup.
pub fn verify(file: &Path, code: &RecoveryCode) -> Result<Summary> {
    let mut backup = Backup::open(file, code)?;
    while let Some((def, fields)) = backup.next()? {
        rows::check(def, &fields)?;
    }
    backup.summary(file)
}

impl Backup {
    pub(super) fn open(path: &Path, code: &RecoveryCode) -> Result<Self> {
        let file = File::open(path).map_err(Error::io(format!("opening {}", path.display())))?;
        let mut file = BufReader::new(file);
        let mut first = Vec::new();
        (&mut file).take(HEADER).read_until(b'\n', &mut first).map_err(Error::io("reading a backup"))?;
        let header: Header = serde_json::from_slice(&first)
            .ok()
            .filter(|header: &Header| header.format == FORMAT)
            .ok_or_else(|| Error::File(format!("{} is not a backup of Holdfast", path.display())))?;
        let identity = code.identity(&header.recovery)?;
        if identity.to_public().to_string() != header.recipient {
            return Err(Error::WrongKey { what: "this backup".into() });
        }
        let decryptor = age::Decryptor::new(file).map_err(|error| damaged(&error))?;
        let stream =
            decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).map_err(|error| damaged(&error))?;
        let mut backup = Self {
            header,
            begin: Begin { schema: 0, setting: None },
            identity,
            keys: None,
            lines: BufReader::new(stream),
            pending: None,
            rows: 0,
        };
        let begin = backup.line()?.get("begin").cloned().unwrap_or_default();
        backup.begin = serde_json::from_value(begin).map_err(|error| damaged(&error))?;
        let next = backup.line()?;
        match next.get("keys") {
            Some(keys) => backup.keys = Some(keys.clone()),
            None => backup.pending = Some(next),
        }
        Ok(backup)
    }

    /// The next row; none after the last, once the end has said how many there were.
    pub(super) fn next(&mut self) -> Result<Option<(&'static TableDef, Fields)>> {
        let line = match self.pending.take() {
            Some(line) => line,
            None => self.line()?,
        };
        if let Some(end) = line.get("end") {
            if end.get("rows").and_then(Value::as_u64) != Some(self.rows) {
                return Err(damaged(&"it holds another number of rows than it says"));
            }
            return Ok(None);
        }
        let name = line.get("t").and_then(Value::as_str).unwrap_or_default();
        let def = entity::named(name).ok_or_else(|| damaged(&format!("table “{name}” is not known")))?;
        match line.get("r") {
            Some(Value::Object(fields)) => {
                self.rows += 1;
                Ok(Some((def, fields.clone())))
            }
            _ => Err(damaged(&"a line is not a row")),
        }
    }

    pub(super) fn summary(&self, file: &Path) -> Result<Summary> {
        let bytes = std::fs::metadata(file).map_or(0, |about| about.len());
        let made_at = Timestamp::from_microsecond(self.header.made_at).map_err(|error| damaged(&error))?;
        Ok(Summary { made_at, setting: self.begin.setting, rows: self.rows, bytes })
    }

    fn line(&mut self) -> Result<Value> {
        let mut text = Zeroizing::new(Vec::new());
        let read = (&mut self.lines).take(LINE).read_until(b'\n', &mut text).map_err(|error| damaged(&error))?;
        if read == 0 {
            return Err(damaged(&"its end is missing"));
        }
        serde_json::from_slice(&text).map_err(|error| damaged(&error))
    }
}

fn damaged(why: &dyn std::fmt::Display) -> Error {
    Error::File(format!("the backup is damaged: {why}. Use another copy"))
}
