//! The one door by which a case leaves as files: packed, marked on every page, encrypted, and in the list in the same transaction (S47).
//!
//! What it is not: the permission, which whoever gathers has asked for, thing by thing.

use domain::access::{Action, Refused};
use domain::{ConcernId, ExportId, OpCtx, PersonId};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::Scope;
use store::audit::Subject;
use store::keeping::Export;
use store::words::ExportOf;

use super::exports::{For, Made, path};
use super::item::Item;
use super::parcel::{self, Piece};
use crate::concerns::{self, ConcernView, Names, case};
use crate::referrals::{Paper, PaperSection, document};
use crate::{Error, Result, Services};

/// A document of a parcel.
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) sections: Vec<PaperSection>,
    /// Of one concern: with its steps, as the print page shows it.
    pub(super) concern: Option<Box<ConcernView>>,
}

impl Sheet {
    pub(super) fn new(name: &str, title: &str, sections: Vec<PaperSection>) -> Self {
        Self { name: name.to_owned(), title: title.to_owned(), sections, concern: None }
    }
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
    /// Files of the records, as they are.
    pub(super) files: Vec<Piece>,
    /// What is written into a record when it has left: not in the parcel itself.
    pub(super) beside: Vec<(ConcernId, String)>,
}

impl Leaving {
    /// Nothing yet.
    pub(super) fn of(of: ExportOf) -> Self {
        let (concerns, items, sheets, files) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { of, concerns, person: None, told: For::default(), items, sheets, files, beside: Vec::new() }
    }

    /// One paper of a concern: its facts and paragraphs become lines of the table too.
    pub(super) fn paper(&mut self, of: ExportOf, name: &str, concern: ConcernId, paper: Paper) {
        let id = concern.to_string();
        for section in &paper.sections {
            let line = |what: &str, text: &str| Item::new(&id, &paper.title, what, None, None, text);
            self.items.extend(section.paragraphs.iter().map(|text| line("Text", text)));
            self.items.extend(section.rows.iter().map(|(what, text)| line(what, text)));
        }
        self.of = of;
        self.concerns = vec![concern];
        self.sheets = vec![Sheet::new(name, &paper.title, paper.sections)];
    }
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
        let printed = match &sheet.concern {
            Some(concern) => concerns::document(concern, &paper, &services.calendar),
            None => document(&paper),
        };
        match services.printer.pdf(&printed).await {
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
    pieces.extend(leaving.files);
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
    // What came over the bench was read there; that it left is another act. The others were noted when they were taken.
    if matches!(leaving.of, ExportOf::Bundle | ExportOf::Transfer) {
        for id in &leaving.concerns {
            let subject = Subject { table: "concern", id: Some(id.0) };
            tx.note_as("concern.export", member.setting, subject, &json!({})).await?;
        }
    }
    for (id, text) in &leaving.beside {
        let case = case::of(&tx, ctx, Action::ExportConcern, *id).await?;
        concerns::by_the_program(&mut tx, &case.concern, text).await?;
        concerns::tell_holders(&mut tx, &case, member.person).await?;
    }
    lay_ready(services, row.id, &packed)?;
    tx.commit().await?;
    Ok(Made { id: row.id, number, passphrase, with_pdf })
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
            file: None,
        };
        let text = csv("Export", &[item]);
        assert!(text.contains("\"'=HYPERLINK(\"\"x\"\")\""), "{text}");
    }
}
