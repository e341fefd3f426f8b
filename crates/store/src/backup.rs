//! Backups: the rows themselves, one JSON object a line, the same for both engines, encrypted with age to the recovery
//! code. The code alone opens one on a bare machine: how it becomes a key stands, open, in the first line.
//!
//! ```text
//! {"format":"holdfast-backup-1", "recovery":{…}, "recipient":"age1…", "made_at":…}
//! age( {"begin":{"schema":1,"setting":null,…}}  {"keys":{…}}  {"t":"person","r":{…}} …  {"end":{"rows":…}} )
//! ```
//!
//! What it is not: a copy of the SQLite file. Sign-in sessions are left out; everybody signs in again. The search index is
//! made anew on restoring. Keys of attachments lie in a file of their own beside it ([`file_keys`]).

mod file_keys;
mod read;
mod restore;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use domain::SettingId;
use jiff::Timestamp;
use sea_orm::Condition;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::db::{Db, Reader, Scope};
use crate::entity::TABLES;
use crate::entity::house::{account, recovery_code};
use crate::entity::register::membership;
use crate::error::{Error, Result};
use crate::keys::Derivation;
use crate::table::TableDef;
use crate::{dialect, migrate, place, rows};

pub use file_keys::write as write_file_keys;
pub use read::verify;
pub use restore::{Destruction, Restored, list_destructions, restore, write_destructions};

const FORMAT: &str = "holdfast-backup-1";

/// Rows in memory at once.
const PAGE: u64 = 500;

/// The first line: open to everybody.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Header {
    format: String,
    /// How the recovery code becomes a key.
    recovery: Derivation,
    /// To whom it is encrypted: tells a wrong code from a damaged file.
    recipient: String,
    /// Microseconds since 1970.
    made_at: i64,
}

/// The first encrypted line.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Begin {
    /// Number of the newest migration.
    schema: i64,
    /// One setting alone; none: everything.
    setting: Option<SettingId>,
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// When it was made.
    pub made_at: Timestamp,
    /// One setting alone; none: everything.
    pub setting: Option<SettingId>,
    /// Rows of all tables.
    pub rows: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// Writes a backup of everything ([`Scope::All`]) or of one setting. The file appears only when it is whole.
///
/// # Errors
/// As any read; [`Error::Io`] of the file, [`Error::Full`] if its disk is full.
pub async fn create(db: &Db, scope: Scope, file: &Path, now: Timestamp) -> Result<Summary> {
    let setting = match scope {
        Scope::All => None,
        Scope::Setting(id) => Some(id),
    };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let aside =
        tempfile::NamedTempFile::new_in(folder).map_err(Error::io(format!("writing in {}", folder.display())))?;
    let mut out = Writer::begin(db, aside.as_file().try_clone().map_err(Error::io("writing a backup"))?, now)?;
    let schema = db.schema().await?;
    out.line(&json!({"begin": Begin { schema, setting }}))?;
    if setting.is_none() {
        out.line(&json!({"keys": db.keys().secrets_for_backup()?}))?;
    }
    // Accounts belong to no setting, and a backup reads across on purpose: the conditions below do the choosing.
    let reader = db.read(Scope::All).await?;
    let mut count = 0;
    for def in TABLES.iter().filter(|def| !matches!(def.name, "session" | "attachment_key")) {
        let Some(condition) = chosen(def, setting) else { continue };
        let condition = condition.add_option((def.name == "attachment_part").then(file_keys::may_travel));
        count += table(&reader, def, condition, &mut out).await?;
    }
    out.line(&json!({"end": {"rows": count}}))?;
    out.finish()?;
    let written = aside.persist(file).map_err(|error| Error::io("writing a backup")(error.error))?;
    written.sync_all().map_err(Error::io("writing a backup"))?;
    file_keys::write(db, scope, folder, now).await?;
    write_destructions(db, folder).await?;
    let bytes = written.metadata().map_or(0, |about| about.len());
    Ok(Summary { made_at: now, setting, rows: count, bytes })
}

/// Every row of every table as one text, keys left out: for tests that ask whether something is kept anywhere at all.
///
/// # Errors
/// As any read.
#[doc(hidden)]
pub async fn every_row(db: &Db) -> Result<String> {
    let reader = db.read(Scope::All).await?;
    let mut all = String::new();
    for def in TABLES.iter().filter(|def| def.name != "attachment_key") {
        let page = rows::first(&reader, def, Condition::all(), u64::from(u32::MAX)).await?;
        for fields in page {
            all.push_str(&json!({"t": def.name, "r": fields}).to_string());
            all.push('\n');
        }
    }
    Ok(all)
}

/// Before an upgrade: everything, beside the database, under the number that it had.
pub(crate) async fn before_upgrade(db: &Db, now: Timestamp) -> Result<()> {
    let folder = db.folder().join("before-upgrade");
    place::make(&folder)?;
    let file = folder.join(format!("from-step-{}.holdfast-backup", db.schema().await?));
    create(db, Scope::All, &file, now).await.map(|_| ())
}

/// Which rows of a table; none: no row of it.
fn chosen(def: &TableDef, setting: Option<SettingId>) -> Option<Condition> {
    let Some(setting) = setting else { return Some(Condition::all()) };
    // Heads are signed with a key that does not travel with one setting; what is pending ends with the move.
    if matches!(def.name, "audit_head" | "pending") {
        return None;
    }
    if let Some(column) = def.setting_column() {
        return Some(Condition::all().add(Expr::col(column).eq(setting.0)));
    }
    let mut members = Query::select();
    members
        .column(membership::Column::AccountId)
        .from(membership::Entity)
        .and_where(Expr::col(membership::Column::SettingId).eq(setting.0));
    match def.name {
        "account" => Some(Condition::all().add(Expr::col(account::Column::Id).in_subquery(members))),
        "recovery_code" => Some(Condition::all().add(Expr::col(recovery_code::Column::AccountId).in_subquery(members))),
        _ => None,
    }
}

async fn table(reader: &Reader, def: &'static TableDef, condition: Condition, out: &mut Writer) -> Result<u64> {
    let columns = dialect::columns(reader, def).await?;
    let mut pages = rows::Pages::with_columns(def, columns, condition, PAGE);
    let mut written = 0;
    loop {
        let page = pages.next(reader).await?;
        if page.is_empty() {
            return Ok(written);
        }
        written += page.len() as u64;
        for fields in page {
            out.line(&json!({"t": def.name, "r": fields}))?;
        }
    }
}

struct Writer(age::stream::StreamWriter<BufWriter<File>>);

impl Writer {
    fn begin(db: &Db, file: File, now: Timestamp) -> Result<Self> {
        Self::begin_as(FORMAT, db, file, now)
    }

    fn begin_as(format: &str, db: &Db, file: File, now: Timestamp) -> Result<Self> {
        let recipient = db.keys().recovery_recipient()?;
        let header = Header {
            format: format.into(),
            recovery: db.keys().derivation().clone(),
            recipient: recipient.to_string(),
            made_at: now.as_microsecond(),
        };
        let mut file = BufWriter::new(file);
        let header = serde_json::to_string(&header).map_err(|error| Error::File(error.to_string()))?;
        writeln!(file, "{header}").map_err(Error::io("writing a backup"))?;
        let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
            .map_err(|error| Error::File(error.to_string()))?;
        Ok(Self(encryptor.wrap_output(file).map_err(Error::io("writing a backup"))?))
    }

    fn line(&mut self, value: &Value) -> Result<()> {
        let text = Zeroizing::new(format!("{value}\n"));
        self.0.write_all(text.as_bytes()).map_err(Error::io("writing a backup"))
    }

    fn finish(self) -> Result<()> {
        let file = self.0.finish().map_err(Error::io("writing a backup"))?;
        let file = file.into_inner().map_err(|error| Error::io("writing a backup")(error.into_error()))?;
        file.sync_all().map_err(Error::io("writing a backup"))
    }
}

impl Db {
    /// Number of the newest migration that was applied.
    async fn schema(&self) -> Result<i64> {
        Ok(migrate::history(self).await?.last().map_or(0, |(number, _)| *number))
    }
}
