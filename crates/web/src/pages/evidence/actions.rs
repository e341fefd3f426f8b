//! Actions: what is to be done, by whom, until when.

use app::follow_up::{self, ActionTurn, NewTask, Task, Turn, Turned};
use axum::extract::{Path, Query};
use domain::access::{Action, Relation, authorize};
use domain::{ActionId, PersonId};
use jiff::civil::Date;
use serde::Deserialize;
use views::FormView;
use views::pages::follow_up::{ActionCard, Actions};
use views::pages::register::{RegisterForm, field};
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
    let dropped = task.turned.iter().any(|turned| turned.what == ActionTurn::Dropped);
    let status = match (&task.done, task.late) {
        (Some(_), _) if dropped => Tag::new(Tone::Calm, "Dropped"),
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
        turned: task.turned.iter().map(|turned| say(visit, turned)).collect(),
        turn: task.may_turn.then(|| format!("/actions/{}/turn", task.id)),
    }
}

/// What became of an action, in a sentence: what it was, what changed, by whom, why.
fn say(visit: &Visit, turned: &Turned) -> String {
    let (owner, day) = &turned.was;
    let was = match turned.what {
        ActionTurn::Owner => format!("It was {owner}\u{2019}s"),
        ActionTurn::Day => format!("It was to be done until {}", words::day(*day)),
        ActionTurn::Dropped => "It was dropped".to_owned(),
    };
    format!("{was}; {} said on {}: {}", turned.by, visit.services().calendar.say(turned.at), turned.reason)
}

/// The form for another person, another day, or none.
///
/// # Errors
/// It is not this person's to decide.
pub async fn turn_form(visit: Visit, Path(id): Path<ActionId>) -> Answer {
    let task = one(&visit, id).await?;
    let form = FormView::new().with("version", task.version.to_string());
    visit.page(&turn_page(&visit, &task, form).await?)
}

async fn one(visit: &Visit, id: ActionId) -> Result<Task, Fault> {
    let tasks = follow_up::tasks(visit.services(), &visit.ctx(), false).await?;
    tasks.into_iter().find(|task| task.id == id && task.may_turn).ok_or(Fault::NotFound)
}

async fn turn_page(visit: &Visit, task: &Task, form: FormView) -> Result<RegisterForm, Fault> {
    let people = follow_up::owners(visit.services(), &visit.ctx()).await?;
    let people: Vec<(String, String)> = people.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
    let owner = if task.mine { "you".to_owned() } else { task.owner.clone() };
    let version: i64 = form.value("version").parse().unwrap_or(task.version);
    Ok(RegisterForm {
        heading: task.title.clone(),
        back: Some(("/actions".to_owned(), "Actions".to_owned())),
        about: vec![
            format!("To be done by {owner}, until {}.", words::day(task.due)),
            "What it was stays beside what it becomes, with your reason. Whoever has it, and whoever had it, are told."
                .to_owned(),
        ],
        fields: vec![
            format!("<input type=\"hidden\" name=\"version\" value=\"{version}\">"),
            field(
                &form
                    .radios("turn", "What becomes of it?")
                    .option("owner", "Somebody else does it")
                    .option("day", "It is done on another day")
                    .option("drop", "It is dropped: it need not be done"),
            ),
            field(&form.select("owner", "If somebody else: who?").option("", "Choose").options(&people)),
            field(&form.date("due", "If another day: until when?")),
            field(&form.area("reason", "Why?").hint("Name no child: its owner need not know of any concern.").rows(2)),
        ],
        action: format!("/actions/{}/turn", task.id),
        button: "Record it".to_owned(),
        form,
        ..RegisterForm::default()
    })
}

/// What becomes of it.
pub struct Turning {
    turn: Turn,
    reason: String,
    version: i64,
}

impl FromForm for Turning {
    fn read(fields: &mut Fields) -> Option<Self> {
        let kind = fields.raw("turn").to_owned();
        let reason = fields.text("reason", 2000, "Say in a few words why");
        let version = fields.raw("version").parse().unwrap_or(-1);
        let turn = match kind.as_str() {
            "owner" => fields.parsed("owner", "Choose who does it").map(Turn::To),
            "day" => fields.date("due", "Say until when").map(Turn::Until),
            "drop" => Some(Turn::Drop),
            _ => {
                fields.error("turn", "Choose what becomes of it");
                None
            }
        };
        Some(Self { turn: turn?, reason: reason?, version })
    }
}

/// Gives it to another person or day, or drops it.
///
/// # Errors
/// It is not this person's to decide, or the records are away.
pub async fn turn(visit: Visit, Path(id): Path<ActionId>, form: Form<Turning>) -> Answer {
    let task = one(&visit, id).await?;
    let Some(Turning { turn, reason, version }) = form.input else {
        return visit.again(&turn_page(&visit, &task, form.view).await?);
    };
    match follow_up::turn(visit.services(), &mut visit.ctx(), id, turn, (&reason, version)).await {
        Ok(()) => visit.go_saying("/actions", Tone::Done, "Recorded. Whoever has it, and whoever had it, are told."),
        Err(error) => visit.again(&turn_page(&visit, &task, mend(form.view, error)?).await?),
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
