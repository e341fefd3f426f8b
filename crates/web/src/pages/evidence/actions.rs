//! Actions: what is to be done, by whom, until when.

use app::follow_up::{self, NewTask, Task};
use axum::extract::{Path, Query};
use domain::access::{Action, Relation, authorize};
use domain::{ActionId, PersonId};
use jiff::civil::Date;
use serde::Deserialize;
use views::FormView;
use views::pages::follow_up::{ActionCard, Actions};
use views::ui::{Tag, Tone};

use crate::fault::mend;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, words};

/// Done ones too?
#[derive(Debug, Default, Deserialize)]
pub struct Shown {
    /// "yes".
    #[serde(default)]
    done: String,
}

/// The actions that one may know of.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit, Query(shown): Query<Shown>) -> Answer {
    let page = page(&visit, shown.done == "yes", FormView::new(), None).await?;
    visit.page(&page)
}

/// `wrong`: the action whose note could not be taken, with what was typed.
async fn page(
    visit: &Visit,
    with_done: bool,
    form: FormView,
    wrong: Option<(ActionId, FormView)>,
) -> Result<Actions, Fault> {
    let ctx = visit.ctx();
    let tasks = follow_up::tasks(visit.services(), &ctx, with_done).await?;
    let leads = authorize(&ctx.actor, Action::KeepActions, Relation::Setting).is_ok();
    let people = if leads { follow_up::owners(visit.services(), &ctx).await? } else { Vec::new() };
    let error = |id| wrong.as_ref().filter(|(of, _)| *of == id).and_then(|(_, view)| view.errors().first());
    let cards = tasks.into_iter().map(|task| {
        let error = error(task.id).map(|error| error.message.clone());
        card(visit, task, error)
    });
    Ok(Actions {
        tasks: cards.collect(),
        form: leads.then_some(form),
        people: people.into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
        with_done,
        mend: wrong.map(|(_, view)| view).unwrap_or_default(),
    })
}

fn card(visit: &Visit, task: Task, error: Option<String>) -> ActionCard {
    let status = match (&task.done, task.late) {
        (Some(_), _) => Tag::new(Tone::Done, "Done"),
        (None, true) => Tag::new(Tone::Gap, "Late"),
        (None, false) => Tag::new(Tone::Due, "To do"),
    };
    let owner = if task.mine { "You".to_owned() } else { task.owner };
    ActionCard {
        id: task.id.to_string(),
        title: task.title,
        who: format!("{owner}, until {}.", words::day(task.due)),
        status,
        done: task.done.map(|done| format!("{}: {} {}", visit.services().calendar.say(done.at), done.by, done.note)),
        concern: task.concern.map(|id| format!("/concerns/{id}")),
        error,
    }
}

/// A new action.
pub struct New {
    title: String,
    owner: PersonId,
    due: Date,
}

impl FromForm for New {
    fn read(fields: &mut Fields) -> Option<Self> {
        let title = fields.text("title", 200, "Say what is to be done");
        let owner = fields.parsed("owner", "Choose who does it");
        let due = fields.date("due", "Say until when");
        Some(Self { title: title?, owner: owner?, due: due? })
    }
}

/// Makes an action.
///
/// # Errors
/// The records are away.
pub async fn post(visit: Visit, form: Form<New>) -> Answer {
    let Some(new) = form.input else {
        let page = page(&visit, false, form.view, None).await?;
        return visit.again(&page);
    };
    let task = NewTask { title: new.title, owner: new.owner, due: new.due };
    match follow_up::add(visit.services(), &mut visit.ctx(), task).await {
        Ok(_) => visit.go_saying("/actions", Tone::Done, "Saved. Its owner is told."),
        Err(error) => {
            let page = page(&visit, false, mend(form.view, error)?, None).await?;
            visit.again(&page)
        }
    }
}

/// What was done.
pub struct Finished {
    note: String,
}

impl FromForm for Finished {
    fn read(fields: &mut Fields) -> Option<Self> {
        let note = fields.maybe("note", 2000);
        Some(Self { note: note?.unwrap_or_default() })
    }
}

/// Marks one as done.
///
/// # Errors
/// It is not this person's, somebody was faster, or the records are away.
pub async fn done(visit: Visit, Path(id): Path<ActionId>, form: Form<Finished>) -> Answer {
    let note = form.input.map(|input| input.note).unwrap_or_default();
    match follow_up::finish(visit.services(), &mut visit.ctx(), id, &note).await {
        Ok(()) => visit.go_saying("/actions", Tone::Done, "Done."),
        Err(app::Error::Invalid(wrong)) => {
            let mut view = form.view;
            for say in wrong.values() {
                view.error(&format!("note-{id}"), say.as_str());
            }
            let page = page(&visit, false, FormView::new(), Some((id, view))).await?;
            visit.again(&page)
        }
        Err(other) => Err(other.into()),
    }
}
