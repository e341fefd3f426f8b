//! What leaves the building: a concern, or all that is written about one person, as PDF, CSV and open JSON in an encrypted
//! parcel (S47). Every page says for whom it was made, by whom and when; the list says who took what and why.
//!
//! The parcel lies in `DATA/exports` for a week. Its passphrase is shown once and kept nowhere: a forgotten one means a new
//! export. What it is not: paper for one's own desk, which is the print page.

use std::path::PathBuf;

use domain::access::{Action, Refused, Relation, authorize};
use domain::{ConcernId, ExportId, OpCtx, PersonId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::Scope;
use store::audit::Subject;
use store::concerns::About;
use store::keeping::Export;
use store::words::ExportOf;

use super::bundle::{Item, items_of};
use super::parcel::{self, Piece};
use super::words;
use crate::concerns::{LONGEST_LINE, Names, for_export};
use crate::referrals::{Paper, PaperSection, document};
use crate::sight::sees;
use crate::{Error, Result, Services};

/// How long a parcel waits to be fetched.
const WAITS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What is to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// One concern.
    Concern(ConcernId),
    /// All concerns that name a person and that the actor may see.
    File(PersonId),
}

/// For whom, why, how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct For {
    /// Who gets it.
    pub for_whom: String,
    /// Why.
    pub why: String,
    /// By which other way the passphrase goes.
    pub other_way: String,
}

/// A parcel that was made. The passphrase is shown now and never again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Which.
    pub id: ExportId,
    /// Its number.
    pub number: String,
    /// To be told by another way.
    pub passphrase: String,
    /// Could the PDFs be made? If not, plain text is in the parcel.
    pub with_pdf: bool,
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportView {
    /// Which.
    pub id: ExportId,
    /// Stands on every page of it.
    pub number: String,
    /// Of what, in words that name nobody.
    pub what: &'static str,
    /// For whom.
    pub for_whom: String,
    /// Why.
    pub why: String,
    /// How the passphrase went.
    pub other_way: String,
    /// By whom, when.
    pub made: (String, Timestamp),
    /// How often it was fetched, when last.
    pub taken: (i64, Option<Timestamp>),
    /// Digest of the parcel.
    pub sha256: String,
    /// It still lies here.
    pub waits: bool,
    /// Did the actor make it? Only then may they fetch it.
    pub mine: bool,
}

/// What left, newest first: without what holds a concern that the actor may not see.
///
/// # Errors
/// [`Refused`].
pub async fn list(services: &Services, ctx: &OpCtx) -> Result<Vec<ExportView>> {
    views(services, ctx, None).await
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn one(services: &Services, ctx: &OpCtx, id: ExportId) -> Result<ExportView> {
    views(services, ctx, Some(id)).await?.into_iter().next().ok_or(Error::NotFound)
}

async fn views(services: &Services, ctx: &OpCtx, id: Option<ExportId>) -> Result<Vec<ExportView>> {
    authorize(&ctx.actor, Action::ExportConcern, Relation::Case)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let names = Names::load(&reader, member.setting).await?;
    let rows = store::keeping::list_exports(&reader, member.setting, &sees(member), id).await?;
    Ok(rows
        .into_iter()
        .map(|row| ExportView {
            waits: path(services, row.id).exists(),
            id: row.id,
            number: row.number,
            what: match row.what {
                ExportOf::Concern => "One concern",
                ExportOf::File => "All about one person",
                ExportOf::Bundle => "Somebody’s own data, redacted",
            },
            for_whom: row.for_whom,
            why: row.why,
            other_way: row.other_way,
            made: (names.person(row.made_by), row.made_at),
            taken: (row.taken, row.taken_at),
            sha256: row.sha256,
            mine: row.made_by == member.person,
        })
        .collect())
}

/// Makes a parcel.
///
/// # Errors
/// [`Error::NotFound`] for what the actor may not see; [`Error::Invalid`] on `for_whom`, `why` or `other_way`.
pub async fn make(services: &Services, ctx: &mut OpCtx, what: What, told: For) -> Result<Made> {
    authorize(&ctx.actor, Action::ExportConcern, Relation::Case)?;
    let told = told.checked()?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let ids = match what {
        What::Concern(id) => vec![id],
        What::File(person) => {
            let reader = services.db.read(Scope::Setting(member.setting)).await?;
            let about = About::Person(person);
            let found = store::concerns::list_about(&reader, member.setting, &sees(&member), &about).await?;
            found.into_iter().map(|concern| concern.id).collect()
        }
    };
    if ids.is_empty() {
        return Err(Error::NotFound);
    }
    let mut items = Vec::new();
    for id in &ids {
        let view = for_export(services, ctx, *id).await?;
        items.extend(items_of(&view, &services.calendar));
    }
    let (of, person) = match what {
        What::Concern(_) => (ExportOf::Concern, None),
        What::File(person) => (ExportOf::File, Some(person)),
    };
    let sheets =
        vec![Sheet { name: "records".into(), title: "Safeguarding records".into(), sections: sections(&items) }];
    let leaving = Leaving { of, concerns: ids, person, told, items, sheets };
    leave(services, ctx, leaving).await
}

/// A document of a parcel.
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) sections: Vec<PaperSection>,
}

/// Everything that leaves, gathered.
pub(super) struct Leaving {
    pub(super) of: ExportOf,
    /// Whoever may not see one of them does not see that it left.
    pub(super) concerns: Vec<ConcernId>,
    pub(super) person: Option<PersonId>,
    pub(super) told: For,
    pub(super) items: Vec<Item>,
    pub(super) sheets: Vec<Sheet>,
}

/// Packs what leaves, writes it down, and lays it ready.
pub(super) async fn leave(services: &Services, ctx: &mut OpCtx, leaving: Leaving) -> Result<Made> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let (number, passphrase) = (parcel::number(&mut *ctx.rng), parcel::passphrase(&mut *ctx.rng));
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let setting = store::settings::lookup(&reader, member.setting).await?.ok_or(Error::NotFound)?;
    let who = Names::load(&reader, member.setting).await?.person(member.person);
    let head = store::audit::newest(&reader, member.setting).await?;
    drop(reader);
    let mark = format!("Export {number}, for {}, by {who}, {}", leaving.told.for_whom, services.calendar.say(ctx.now));
    let blank = Paper {
        setting: setting.name.clone(),
        fictional: setting.fictional,
        // On every page: whoever finds one knows whose it was.
        marking: Some(format!("Confidential. {mark}")),
        printed_by: who,
        printed_at: services.calendar.say(ctx.now),
        audit_head: head.map(|link| link.on_paper()),
        ..Paper::default()
    };
    let mut with_pdf = true;
    let mut pieces = Vec::new();
    for sheet in leaving.sheets {
        let paper = Paper { title: sheet.title, sections: sheet.sections, ..blank.clone() };
        match services.printer.pdf(&document(&paper)).await {
            Ok(bytes) => pieces.push(Piece { name: format!("{}.pdf", sheet.name), bytes }),
            Err(_) => {
                with_pdf = false;
                pieces.push(Piece { name: format!("{}.txt", sheet.name), bytes: plain(&paper).into_bytes() });
            }
        }
    }
    pieces.push(Piece { name: "records.csv".into(), bytes: csv(&mark, &leaving.items).into_bytes() });
    let open = json!({
        "format": "holdfast-records-1", "watermark": mark, "setting": setting.name,
        "records": leaving.items.iter().map(Item::open).collect::<Vec<Value>>(),
    });
    pieces.push(Piece { name: "records.json".into(), bytes: format!("{open:#}\n").into_bytes() });
    let packed = parcel::pack(&pieces, &passphrase)?;
    let row = Export {
        id: ctx.fresh(),
        setting_id: member.setting,
        number: number.clone(),
        what: leaving.of,
        concern_id: leaving.concerns.first().copied().filter(|_| leaving.of != ExportOf::File),
        person_id: leaving.person,
        for_whom: leaving.told.for_whom,
        why: leaving.told.why,
        other_way: leaving.told.other_way,
        bytes: i64::try_from(packed.len()).unwrap_or(i64::MAX),
        sha256: hex::encode(Sha256::digest(&packed)),
        made_by: member.person,
        made_at: ctx.now,
        taken: 0,
        taken_at: None,
        version: 0,
    };
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "export.make").await?;
    store::keeping::add_export(&mut tx, &row, &leaving.concerns).await?;
    lay_ready(services, row.id, &packed)?;
    tx.commit().await?;
    Ok(Made { id: row.id, number, passphrase, with_pdf })
}

fn path(services: &Services, id: ExportId) -> PathBuf {
    services.data.join("exports").join(format!("{id}.zip"))
}

fn lay_ready(services: &Services, id: ExportId, packed: &[u8]) -> Result<()> {
    let cannot =
        |error: std::io::Error| Error::Unavailable { say: format!("The export could not be laid ready: {error}") };
    let path = path(services, id);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(cannot)?;
    }
    std::fs::write(path, packed).map_err(cannot)
}

/// The parcel, for who made it. Each fetch is in the audit.
///
/// # Errors
/// [`Error::NotFound`] for anybody else, and after a week.
pub async fn fetch(services: &Services, ctx: &mut OpCtx, id: ExportId) -> Result<(String, Vec<u8>)> {
    authorize(&ctx.actor, Action::ExportConcern, Relation::Case)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let bytes = std::fs::read(path(services, id)).map_err(|_| Error::NotFound)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "export.fetch").await?;
    let found = store::keeping::list_exports(&tx, member.setting, &sees(&member), Some(id)).await?;
    let row = found.into_iter().find(|row| row.made_by == member.person).ok_or(Error::NotFound)?;
    if hex::encode(Sha256::digest(&bytes)) != row.sha256 {
        return Err(Error::Internal(format!("the parcel of export {id} is not the one that was made")));
    }
    let name = format!("export-{}.zip", row.number);
    let taken = Export { taken: row.taken.saturating_add(1), taken_at: Some(ctx.now), ..row };
    store::keeping::set_export(&mut tx, &taken).await?;
    tx.note(member.setting, Subject { table: "export", id: Some(id.0) }, &json!({})).await?;
    tx.commit().await?;
    Ok((name, bytes))
}

/// Takes away what lay ready for a week, every day. The list stays.
///
/// # Errors
/// [`Error::Unavailable`] when a file cannot be taken away.
pub(crate) fn forget_old(services: &Services, now: Timestamp) -> Result<()> {
    let Ok(folder) = std::fs::read_dir(services.data.join("exports")) else { return Ok(()) };
    for entry in folder.flatten() {
        let made = entry.path().file_stem().and_then(|stem| stem.to_str()?.parse::<uuid::Uuid>().ok());
        let made = made.and_then(|id| id.get_timestamp()).and_then(|at| {
            let (seconds, _) = at.to_unix();
            Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
        });
        let old = made.is_none_or(|at| now.duration_since(at) > WAITS);
        if old {
            let say = |error: std::io::Error| Error::Unavailable { say: format!("An old export stays: {error}") };
            std::fs::remove_file(entry.path()).map_err(say)?;
        }
    }
    Ok(())
}

impl For {
    pub(super) fn checked(&self) -> Result<Self> {
        Ok(Self {
            for_whom: words(
                "for_whom",
                &self.for_whom,
                LONGEST_LINE,
                "Write who gets it: a name and where they work.",
            )?,
            why: words("why", &self.why, 1_000, "Write why they get it. Name no child.")?,
            other_way: words(
                "other_way",
                &self.other_way,
                LONGEST_LINE,
                "Write how you tell them the passphrase: not by the same way.",
            )?,
        })
    }
}

/// The parts of a document: one for each record, its facts as rows.
pub(super) fn sections(items: &[Item]) -> Vec<PaperSection> {
    let mut sections: Vec<PaperSection> = Vec::new();
    for item in items {
        let row = (item.label(), item.text.clone());
        match sections.last_mut().filter(|last| last.heading == item.part) {
            Some(last) => last.rows.push(row),
            None => {
                sections.push(PaperSection { heading: item.part.clone(), rows: vec![row], ..PaperSection::default() })
            }
        }
    }
    sections
}

/// As text that any screen reader takes, where no PDF can be made.
fn plain(paper: &Paper) -> String {
    let mut out = format!("{}\n{}\n{}\n", paper.title, paper.setting, paper.marking.clone().unwrap_or_default());
    for section in &paper.sections {
        out.push_str(&format!("\n{}\n", section.heading));
        section.paragraphs.iter().for_each(|text| out.push_str(&format!("{text}\n")));
        section.rows.iter().for_each(|(label, text)| out.push_str(&format!("{label}: {text}\n")));
    }
    out
}

/// A table that every spreadsheet opens. A cell that a spreadsheet would take for a formula begins with an apostrophe.
fn csv(mark: &str, items: &[Item]) -> String {
    let cell = |text: &str| {
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
    };
    let line = |cells: &[&str]| cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(",") + "\r\n";
    let mut out = line(&[mark, "", "", "", ""]);
    out.push_str(&line(&["record", "what", "when", "who", "text"]));
    for item in items {
        out.push_str(&line(&[
            &item.part,
            &item.what,
            item.at.as_deref().unwrap_or_default(),
            item.by.as_deref().unwrap_or_default(),
            &item.text,
        ]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_runs_nothing_of_what_somebody_wrote() {
        let item = Item {
            key: "a".into(),
            part: "Concern 1".into(),
            what: "Note".into(),
            at: None,
            by: None,
            text: "=HYPERLINK(\"x\")".into(),
        };
        let text = csv("Export", &[item]);
        assert!(text.contains("\"'=HYPERLINK(\"\"x\"\")\""), "{text}");
    }
}
