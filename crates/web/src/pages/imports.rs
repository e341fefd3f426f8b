//! Many people or devices at once: paste the lines, look at them, bring them in, take them back (S55).

use app::imports::{self, Faulty, ImportKind};
use axum::extract::Path;
use uuid::Uuid;
use views::FormView;
use views::pages::register::{Act, RegisterForm, RegisterThing, Section, field};
use views::ui::{Banner, Cell, Table, Tag, Tone};

use crate::{
    Answer, Fields, Form, FromForm, Visit,
    fault::{Fault, mend},
    words,
};

/// The pasted lines.
pub struct Lines(String);

impl FromForm for Lines {
    const LIMIT: usize = 3 * imports::sheet::LARGEST + 64 * 1024;

    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("file", imports::sheet::LARGEST, "Paste the lines, with the headings first").map(Self)
    }
}

/// What to do with lines that cannot be brought in.
pub struct Decide(Faulty);

impl FromForm for Decide {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self(if fields.raw("faulty") == "leave_out" { Faulty::LeaveOut } else { Faulty::Refuse }))
    }
}

/// Which import to take back.
pub struct Back(Uuid);

impl FromForm for Back {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.parsed("import", "Choose one of the imports").map(Self)
    }
}

fn kind(key: &str) -> Result<ImportKind, Fault> {
    ImportKind::from_key(key).ok_or(Fault::NotFound)
}

fn form_page(what: ImportKind, form: FormView) -> RegisterForm {
    let (headings, example, noun) = match what {
        ImportKind::People => (imports::people::HEADINGS.join(", "), imports::people::EXAMPLE, "people"),
        ImportKind::Devices => (imports::devices::HEADINGS.join(", "), imports::devices::EXAMPLE, "devices"),
    };
    let area = form
        .area("file", "The lines, with the headings first")
        .rows(12)
        .hint("Copy them from your spreadsheet, or open the CSV file and copy all of it.");
    RegisterForm {
        heading: format!("Add many {noun}"),
        back: Some((format!("/{noun}"), "Back".into())),
        about: vec![
            format!("Headings that are read: {headings}. In any order; those that you do not need may be missing."),
            "You will see what would happen, line by line, before anything is added.".into(),
        ],
        table: Some(example_table(example)),
        fields: vec![field(&area)],
        form,
        action: format!("/imports/{}", what.key()),
        button: "Look at it".into(),
        ..RegisterForm::default()
    }
}

/// The headings and one line, as a spreadsheet shows them. The examples hold no comma of their own.
fn example_table(example: &str) -> Table {
    let mut lines = example.lines().map(|line| line.split(','));
    let headings = lines.next().into_iter().flatten();
    let mut table = headings.fold(Table::new("For example"), |table, heading| table.column(heading));
    if let Some(line) = lines.next() {
        table.push(line.map(Cell::from).collect());
    }
    table
}

/// Where to paste, and what was brought in lately.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit, Path(key): Path<String>) -> Answer {
    let what = kind(&key)?;
    // Asked first, so that who may not import is told so before anything is typed.
    imports::list(visit.services(), &visit.ctx(), what).await?;
    visit.page(&form_page(what, FormView::new()))
}

/// Looks at the lines.
///
/// # Errors
/// The records are away.
pub async fn look(visit: Visit, Path(key): Path<String>, form: Form<Lines>) -> Answer {
    let what = kind(&key)?;
    let Some(Lines(text)) = form.input else { return visit.again(&form_page(what, form.view)) };
    match imports::look_at(visit.services(), &mut visit.ctx(), what, text.as_bytes()).await {
        Ok(_) => visit.go(&format!("/imports/{key}/preview")),
        Err(error) => visit.again(&form_page(what, mend(form.view, error)?)),
    }
}

/// What would happen, line by line; and the imports of before.
///
/// # Errors
/// The records are away.
pub async fn preview(visit: Visit, Path(key): Path<String>) -> Answer {
    let what = kind(&key)?;
    let (services, ctx) = (visit.services(), visit.ctx());
    let mut page = RegisterThing {
        title: "Import".into(),
        heading: "What would be added".into(),
        back: (format!("/imports/{key}"), "Paste other lines".into()),
        ..RegisterThing::default()
    };
    match imports::waiting(services, &ctx, what).await {
        Ok(seen) => {
            let mut table =
                Table::new("Lines").quiet_caption().column("Line").column("Name").column("What would happen");
            for line in &seen.lines {
                let says = if line.faults.is_empty() {
                    Cell::from(&line.says)
                } else {
                    let faults: Vec<String> =
                        line.faults.iter().map(|fault| format!("{}: {}", fault.column, fault.say)).collect();
                    Cell::Tag(Tag::new(Tone::Gap, &faults.join(" ")))
                };
                table.push(vec![line.number.to_string().into(), (&line.name).into(), says]);
            }
            if !seen.ignored.is_empty() {
                page.notes.push(Banner::new(Tone::Info, &format!("Not read: {}.", seen.ignored.join(", "))));
            }
            let (good, faulty) = (seen.good(), seen.faulty());
            page.sections.push(Section {
                heading: format!("{good} good, {faulty} to mend"),
                table,
                empty: String::new(),
            });
            if good > 0 {
                let hidden = if faulty > 0 { "leave_out" } else { "refuse" };
                let button =
                    if faulty > 0 { format!("Add {good}, leave {faulty} out") } else { format!("Add all {good}") };
                page.acts.push(Act {
                    action: format!("/imports/{key}/bring-in"),
                    button,
                    hint: "You can take them back while nothing else points to them.".into(),
                    grave: false,
                    hidden: Some(("faulty".into(), hidden.into())),
                });
            }
        }
        Err(app::Error::NotFound) => page.heading = "Imports".into(),
        Err(error) => return Err(error.into()),
    }
    let mut before = Table::new("Imports of before").quiet_caption().column("When").column("How many").column("State");
    for import in imports::list(services, &ctx, what).await? {
        let when = words::moment(&services.calendar.local(import.made_at));
        let state = if import.undone_at.is_some() { "Taken back" } else { "In the register" };
        if import.undone_at.is_none() {
            page.acts.push(Act {
                action: format!("/imports/{key}/take-back"),
                button: format!("Take back the {} of {when}", import.made),
                hint: String::new(),
                grave: true,
                hidden: Some(("import".into(), import.id.to_string())),
            });
        }
        before.push(vec![when.into(), import.made.to_string().into(), state.into()]);
    }
    page.sections.push(Section { heading: "Imports of before".into(), table: before, empty: "None yet.".into() });
    visit.page(&page)
}

/// Brings them in.
///
/// # Errors
/// The records are away.
pub async fn bring_in(visit: Visit, Path(key): Path<String>, form: Form<Decide>) -> Answer {
    let what = kind(&key)?;
    let to = format!("/imports/{key}/preview");
    let Some(Decide(faulty)) = form.input else {
        return visit.go_saying(&to, Tone::Due, "Nothing was added. Press the button once more.");
    };
    match imports::bring_in(visit.services(), &mut visit.ctx(), what, faulty).await {
        Ok((_, added)) => visit.go_saying(&to, Tone::Done, &format!("{added} added.")),
        Err(app::Error::Invalid(said)) => visit.go_saying(&to, Tone::Gap, &joined(said)),
        Err(error) => Err(error.into()),
    }
}

/// Takes an import back.
///
/// # Errors
/// The records are away.
pub async fn take_back(visit: Visit, Path(key): Path<String>, form: Form<Back>) -> Answer {
    kind(&key)?;
    let to = format!("/imports/{key}/preview");
    let Some(Back(id)) = form.input else {
        return visit.go_saying(&to, Tone::Due, "Nothing was taken back. Press the button once more.");
    };
    match imports::take_back(visit.services(), &mut visit.ctx(), id).await {
        Ok(rows) => visit.go_saying(&to, Tone::Done, &format!("{rows} taken back.")),
        Err(app::Error::Invalid(said)) if said.contains_key("freed") => visit.go_saying(&to, Tone::Gap, &joined(said)),
        // The sentence may hold a name, and a flash travels in a cookie.
        Err(app::Error::Invalid(_)) => {
            visit.go_saying(&to, Tone::Gap, "Something of it was used or changed since. Nothing was taken back.")
        }
        Err(error) => Err(error.into()),
    }
}

fn joined(said: std::collections::BTreeMap<String, String>) -> String {
    said.into_values().collect::<Vec<_>>().join(" ")
}
