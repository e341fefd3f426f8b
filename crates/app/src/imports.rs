//! Many people or devices at once, from a CSV file: looked at first, then brought in, and taken back if it was wrong (S55).
//!
//! What it is not: reading CSV ([`sheet`]), the rules for one person or device (`people`, `devices`). Nothing is written
//! before somebody has seen the preview; the file waits as a draft on the server (S46).
//! To add a kind: a word in `ImportKind`, a module like [`people`] with `read` and `put`.

pub mod devices;
pub mod people;
pub mod sheet;

use domain::access::Action;
use domain::{DraftId, OpCtx, PersonId, SettingId};
use jiff::Timestamp;
use serde_json::json;
use store::drafts::Draft;
use store::imports::Import;
use store::{Reads, Scope, Tx};
use uuid::Uuid;

pub use sheet::Fault;
pub use store::imports::ImportKind;

use crate::error::{Error, Result};
use crate::filtering::publish;
use crate::people::may;
use crate::services::Services;

/// What would happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// People or devices.
    pub what: ImportKind,
    /// Headings that were not read.
    pub ignored: Vec<String>,
    /// Line by line.
    pub lines: Vec<PreviewLine>,
}

/// What would happen with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewLine {
    /// As a text editor counts.
    pub number: u64,
    /// What it is about: the name as typed.
    pub name: String,
    /// What would be added, in words; empty when there are faults.
    pub says: String,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

impl Preview {
    /// Lines that can be brought in.
    pub fn good(&self) -> usize {
        self.lines.iter().filter(|line| line.faults.is_empty()).count()
    }

    /// Lines that cannot.
    pub fn faulty(&self) -> usize {
        self.lines.len() - self.good()
    }
}

/// What to do with lines that cannot be brought in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Faulty {
    /// Bring nothing in while there is one.
    Refuse,
    /// Leave them out.
    LeaveOut,
}

/// An import of before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportInfo {
    /// To take it back.
    pub id: Uuid,
    /// People or devices.
    pub what: ImportKind,
    /// How many.
    pub made: i64,
    /// When.
    pub made_at: Timestamp,
    /// Taken back.
    pub undone_at: Option<Timestamp>,
}

fn action(what: ImportKind) -> Action {
    match what {
        ImportKind::People => Action::KeepPeople,
        ImportKind::Devices => Action::KeepDevices,
    }
}

fn draft_key(what: ImportKind) -> String {
    format!("import/{}", what.key())
}

/// Looks at a file and keeps it until it is brought in or replaced. Nothing is added.
///
/// # Errors
/// [`Error::Invalid`] on `file` when it cannot be read at all.
pub async fn look_at(services: &Services, ctx: &mut OpCtx, what: ImportKind, file: &[u8]) -> Result<Preview> {
    let member = may(ctx, action(what))?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "import.look_at").await?;
    let preview = preview(&tx, member.setting, what, file, tx.now()).await?;
    let draft = Draft {
        id: tx.fresh::<DraftId>(),
        setting_id: member.setting,
        person_id: member.person,
        what: draft_key(what),
        fields: json!({ "file": String::from_utf8_lossy(file) }),
        saved_at: tx.now(),
    };
    store::drafts::set(&mut tx, &draft).await?;
    tx.commit().await?;
    Ok(preview)
}

/// The file that waits, looked at again with today's register.
///
/// # Errors
/// [`Error::NotFound`] when none waits.
pub async fn waiting(services: &Services, ctx: &OpCtx, what: ImportKind) -> Result<Preview> {
    let member = may(ctx, action(what))?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let file = kept(&reader, member.setting, member.person, what).await?;
    preview(&reader, member.setting, what, file.as_bytes(), ctx.now).await
}

/// Brings the waiting file in, all of it in one act. Returns the import, by which it can be taken back.
///
/// # Errors
/// [`Error::NotFound`] when none waits; [`Error::Invalid`] when lines are faulty and are not to be left out, or none is
/// good.
pub async fn bring_in(services: &Services, ctx: &mut OpCtx, what: ImportKind, faulty: Faulty) -> Result<(Uuid, usize)> {
    let member = may(ctx, action(what))?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "import.bring_in").await?;
    let file = kept(&tx, member.setting, member.person, what).await?;
    let added: Vec<Uuid> = match what {
        ImportKind::People => {
            let read = people::read(&tx, member.setting, file.as_bytes()).await?;
            refuse_faulty(faulty, read.lines.iter().any(|line| line.row.is_err()))?;
            people::put(&mut tx, member.setting, read).await?
        }
        ImportKind::Devices => {
            let read = devices::read(&tx, member.setting, file.as_bytes(), tx.now()).await?;
            refuse_faulty(faulty, read.lines.iter().any(|line| line.row.is_err()))?;
            devices::put(&mut tx, read).await?
        }
    };
    if added.is_empty() {
        return Err(Error::invalid("", "No line of this file can be brought in."));
    }
    let import = Import {
        id: tx.fresh(),
        setting_id: member.setting,
        what,
        made: i64::try_from(added.len()).unwrap_or(i64::MAX),
        rows: json!(added),
        made_by: member.person,
        made_at: tx.now(),
        undone_at: None,
        undone_by: None,
    };
    store::imports::add(&mut tx, &import).await?;
    store::drafts::discard(&mut tx, member.setting, member.person, &draft_key(what)).await?;
    publish_devices(&mut tx, member.setting, what).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok((import.id, added.len()))
}

fn refuse_faulty(faulty: Faulty, any: bool) -> Result<()> {
    if any && faulty == Faulty::Refuse {
        return Err(Error::invalid("", "Some lines have something to mend. Mend them, or choose to leave them out."));
    }
    Ok(())
}

/// Takes an import back: every row that it added, or none.
///
/// # Errors
/// [`Error::Conflict`] when one of them was changed or used since; [`Error::Invalid`] on `freed` when a device would reach more
/// without its entry; [`Error::NotFound`] when it was taken back before.
pub async fn take_back(services: &Services, ctx: &mut OpCtx, id: Uuid) -> Result<usize> {
    let setting = ctx.member().ok_or(domain::access::Refused::SignIn)?.setting;
    let reader = services.db.read(Scope::Setting(setting)).await?;
    let what = store::imports::lookup(&reader, setting, id).await?.ok_or(Error::NotFound)?.what;
    drop(reader);
    let member = may(ctx, action(what))?;
    let mut tx = services.db.write(ctx, Scope::Setting(setting), "import.take_back").await?;
    let found = store::imports::lookup(&tx, setting, id).await?;
    let mut import = found.filter(|import| import.undone_at.is_none()).ok_or(Error::NotFound)?;
    let rows: Vec<Uuid> = serde_json::from_value(import.rows.clone())
        .map_err(|error| Error::Internal(format!("import {id}: {error}")))?;
    for row in &rows {
        let removed = match what {
            ImportKind::People => people::take_back(&mut tx, setting, (*row).into()).await,
            ImportKind::Devices => devices::take_back(&mut tx, setting, (*row).into()).await,
        };
        removed?;
    }
    (import.undone_at, import.undone_by) = (Some(tx.now()), Some(member.person));
    store::imports::set(&mut tx, &import).await?;
    publish_devices(&mut tx, setting, what).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(rows.len())
}

/// What was brought in lately.
///
/// # Errors
/// Refused for who may not keep that register.
pub async fn list(services: &Services, ctx: &OpCtx, what: ImportKind) -> Result<Vec<ImportInfo>> {
    let member = may(ctx, action(what))?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let imports = store::imports::list(&reader, member.setting, 20).await?;
    let of_kind = imports.into_iter().filter(|import| import.what == what);
    Ok(of_kind
        .map(|import| ImportInfo {
            id: import.id,
            what: import.what,
            made: import.made,
            made_at: import.made_at,
            undone_at: import.undone_at,
        })
        .collect())
}

async fn kept(db: &impl Reads, setting: SettingId, person: PersonId, what: ImportKind) -> Result<String> {
    let draft = store::drafts::find_by_form(db, setting, person, &draft_key(what)).await?.ok_or(Error::NotFound)?;
    let file = draft.fields.get("file").and_then(|file| file.as_str()).ok_or(Error::NotFound)?;
    Ok(file.to_owned())
}

async fn preview(
    db: &impl Reads,
    setting: SettingId,
    what: ImportKind,
    file: &[u8],
    now: Timestamp,
) -> Result<Preview> {
    match what {
        ImportKind::People => Ok(people::read(db, setting, file).await?.preview(what)),
        ImportKind::Devices => Ok(devices::read(db, setting, file, now).await?.preview(what)),
    }
}

/// A file that was read: rows or faults, line by line.
pub(crate) struct Read<R> {
    ignored: Vec<String>,
    lines: Vec<ReadLine<R>>,
}

pub(crate) struct ReadLine<R> {
    number: u64,
    name: String,
    says: String,
    row: std::result::Result<R, Vec<Fault>>,
}

impl<R> Read<R> {
    fn preview(self, what: ImportKind) -> Preview {
        let lines = self.lines.into_iter().map(|line| PreviewLine {
            number: line.number,
            name: line.name,
            says: if line.row.is_ok() { line.says } else { String::new() },
            faults: line.row.err().unwrap_or_default(),
        });
        Preview { what, ignored: self.ignored, lines: lines.collect() }
    }
}

/// Devices change what the gateway knows; people do not.
async fn publish_devices(tx: &mut Tx, setting: SettingId, what: ImportKind) -> Result<()> {
    match what {
        ImportKind::Devices => publish::later(tx, setting).await,
        ImportKind::People => Ok(()),
    }
}

/// The store says that something hangs on a row.
fn unless_used(done: store::Result<()>, name: &str) -> Result<()> {
    match done {
        Err(store::Error::Reference(_)) => Err(Error::invalid(
            "",
            &format!("{name} has been used since (a concern, an account, a tie). Nothing was taken back."),
        )),
        other => Ok(other?),
    }
}

fn changed(name: &str) -> Error {
    Error::invalid("", &format!("{name} was changed since. Nothing was taken back; remove them one by one."))
}

/// A first sight of a name, cut for a message.
fn shown(line: &sheet::Line) -> String {
    line.get("name").unwrap_or("(no name)").chars().filter(|c| !c.is_control()).take(60).collect()
}
