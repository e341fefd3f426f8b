//! What is to be done, given from a concern: from one of its steps, from a note in its record, or from it as a whole.

use app::concerns::{self, what_in_words};
use app::follow_up::{self, NewTask, Origin};
use axum::extract::{Path, Query};
use domain::{ConcernId, PersonId};
use jiff::civil::Date;
use serde::Deserialize;
use views::FormView;
use views::pages::register::{RegisterForm, field};
use views::ui::{Cell, Table, Tag, Tone};

use super::super::concerns::options;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend, words};

/// From where one comes.
#[derive(Debug, Default, Deserialize)]
pub struct From {
    #[serde(default)]
    step: String,
    #[serde(default)]
    entry: String,
}

/// The form, with what was given before.
///
/// # Errors
/// The concern is not for this person.
pub async fn get(visit: Visit, Path(id): Path<ConcernId>, Query(from): Query<From>) -> Answer {
    let form = FormView::new().with("step", from.step).with("entry", from.entry);
    visit.page(&page(&visit, id, form).await?)
}

async fn page(visit: &Visit, id: ConcernId, form: FormView) -> Result<RegisterForm, Fault> {
    let concern = concerns::open(visit.services(), &mut visit.ctx(), id).await?;
    let (step, entry) = (form.value("step").to_owned(), form.value("entry").to_owned());
    let ctx = visit.ctx();
    let tasks = follow_up::tasks(visit.services(), &ctx, true).await?;
    let mut table =
        Table::new("What was given").quiet_caption().column("What").column("Who").column("From").column("Until");
    for task in tasks.into_iter().filter(|task| task.concern == Some(id)) {
        let tag = match (task.done.is_some(), task.late) {
            (true, _) => Tag::new(Tone::Done, "Done"),
            (false, true) => Tag::new(Tone::Gap, "Late"),
            (false, false) => Tag::new(Tone::Due, &words::day(task.due)),
        };
        let from = task.origin.unwrap_or_else(|| "The concern".to_owned());
        table.push(vec![Cell::Text(task.title), Cell::Text(task.owner), Cell::Text(from), tag.into()]);
    }
    let from = match (step.as_str(), entry.as_str()) {
        ("", "") => None,
        ("", entry) => concern
            .chronology
            .iter()
            .find(|known| known.id.is_some_and(|id| id.to_string() == entry))
            .map(|known| format!("From the record: {}.", what_in_words(known.what))),
        (key, _) => concern
            .steps
            .iter()
            .find(|known| known.step.key == key)
            .map(|known| format!("From the step “{}”.", known.step.title)),
    };
    let owners = follow_up::owners(visit.services(), &ctx).await?;
    let hidden = [("step", step), ("entry", entry)].into_iter().filter(|(_, value)| {
        !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    });
    let mut fields: Vec<String> =
        hidden.map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")).collect();
    fields.extend([
        field(
            &form
                .text("title", "What is to be done?")
                .hint("Name no child: whoever does it need not know of this concern.")
                .max(200),
        ),
        field(&form.select("owner", "Who does it?").option("", "Choose").options(&options(&owners))),
        field(
            &form
                .date("due", "Until when?")
                .hint("They are reminded on the morning of that day, and you when it is over."),
        ),
    ]);
    Ok(RegisterForm {
        heading: "Give somebody something to do".to_owned(),
        back: Some((format!("/concerns/{id}"), "Back to the concern".to_owned())),
        about: from.into_iter().collect(),
        table: (!table.is_empty()).then_some(table),
        fields,
        action: format!("/concerns/{id}/actions"),
        button: "Give it to them".to_owned(),
        form,
        ..RegisterForm::default()
    })
}

/// What is typed.
pub struct Input {
    title: String,
    owner: PersonId,
    due: Date,
    origin: Origin,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let title = fields.text("title", 200, "Say what is to be done");
        let owner = fields.parsed("owner", "Choose who does it");
        let due = fields.date("due", "Say until when");
        let origin = match (fields.raw("step"), fields.raw("entry").parse().ok()) {
            ("", None) => Origin::Concern,
            ("", Some(entry)) => Origin::Entry(entry),
            (key, _) => Origin::Step(key.to_owned()),
        };
        Some(Self { title: title?, owner: owner?, due: due?, origin })
    }
}

/// Gives it.
///
/// # Errors
/// The concern is not for this person.
pub async fn post(visit: Visit, Path(id): Path<ConcernId>, form: Form<Input>) -> Answer {
    let Some(Input { title, owner, due, origin }) = form.input else {
        return visit.again(&page(&visit, id, form.view).await?);
    };
    let task = NewTask { title, owner, due };
    match follow_up::add_from(visit.services(), &mut visit.ctx(), id, origin, task).await {
        Ok(_) => visit.go_saying(&format!("/concerns/{id}"), Tone::Done, "Saved. They are told."),
        Err(error) => visit.again(&page(&visit, id, mend(form.view, error)?).await?),
    }
}
