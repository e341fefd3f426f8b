//! Support plans: all of them, the form of a new one, and looking at one again.

use app::concerns;
use app::plans::{self, Look, New};
use axum::extract::Path;
use domain::{ConcernId, PersonId, PlanId};
use jiff::civil::Date;
use views::FormView;
use views::pages::concerns::Draft;
use views::pages::register::{RegisterForm, RegisterList, field};
use views::ui::{Cell, Table, Tag, Tone};

use super::super::concerns::draft::{self, Keepable, Next};
use super::super::concerns::options;
use super::version_field;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend, form, words};

/// Longest part of a plan, in characters.
const LONGEST: usize = 4_000;

/// Every plan that one may see.
///
/// # Errors
/// Not for this person.
pub async fn list(visit: Visit) -> Answer {
    let mut table = Table::new("Support plans")
        .quiet_caption()
        .column("Child")
        .column("Need")
        .column("Who sees to it")
        .column("Looked at again");
    for plan in plans::read(visit.services(), &mut visit.ctx()).await? {
        let day = words::day(plan.review_on);
        let tag = match (plan.ended_at.is_some(), plan.late) {
            (true, _) => Tag::new(Tone::Done, "Ended"),
            (false, true) => Tag::new(Tone::Gap, &format!("Since {day}")),
            (false, false) => Tag::new(Tone::Due, &day),
        };
        table.push(vec![
            Cell::link(&format!("/plans/{}", plan.id), &plan.child),
            Cell::Text(plan.need),
            Cell::Text(plan.owner),
            tag.into(),
        ]);
    }
    visit.page(&RegisterList {
        heading: "Support plans".to_owned(),
        about: "How children are helped, and when that is looked at again. A plan is made in its concern.".to_owned(),
        table,
        empty: (
            "No child has a support plan.".to_owned(),
            "Open a concern and choose “Make a support plan”.".to_owned(),
        ),
        ways: vec![("/concerns".to_owned(), "Concerns".to_owned())],
        ..RegisterList::default()
    })
}

/// The form of a new one.
///
/// # Errors
/// The concern is not for this person.
pub async fn new(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    let (form, draft) = draft::restored(&visit, &key(id), FormView::new()).await?;
    visit.page(&RegisterForm { draft: Some(draft), ..new_page(&visit, id, form).await? })
}

fn key(id: ConcernId) -> String {
    format!("plan/{id}")
}

async fn new_page(visit: &Visit, id: ConcernId, form: FormView) -> Result<RegisterForm, Fault> {
    let (services, ctx) = (visit.services(), visit.ctx());
    let children = plans::children(services, &ctx, id).await?;
    let owners = plans::owners(services, &ctx, id).await?;
    let mut about = Vec::new();
    if children.is_empty() {
        about.push("No child is named in this concern yet. Name the child first, under “who is involved”.".to_owned());
    }
    Ok(RegisterForm {
        heading: "Make a support plan".to_owned(),
        back: Some((format!("/concerns/{id}"), "Back to the concern".to_owned())),
        about,
        fields: vec![
            field(&form.select("child", "For which child?").option("", "Choose").options(&options(&children))),
            field(&form.area("need", "What does the child need?").rows(3)),
            field(&form.area("help", "What is done, by whom, how often?").rows(3)),
            field(
                &form
                    .area("voice", "What does the child say, show or wish?")
                    .hint("In the child’s own words where there are any; else what you saw, or how you will ask.")
                    .rows(3),
            ),
            field(&form.select("owner", "Who sees to it?").option("", "Choose").options(&options(&owners))),
            field(&form.date("review_on", "When do you look at it again?").hint("A few weeks are usual.")),
        ],
        action: format!("/concerns/{id}/plan"),
        button: "Keep the plan".to_owned(),
        draft: Some(Draft::default()),
        form,
        ..RegisterForm::default()
    })
}

/// A plan, as typed.
pub struct Plan {
    child: PersonId,
    need: String,
    help: String,
    voice: String,
    owner: PersonId,
    review_on: Date,
}

impl FromForm for Plan {
    const LIMIT: usize = 3 * 12 * LONGEST + form::LIMIT;

    fn read(fields: &mut Fields) -> Option<Self> {
        let child = fields.parsed("child", "Choose the child");
        let need = fields.text("need", LONGEST, "Say what the child needs");
        let help = fields.text("help", LONGEST, "Say what is done, and how often");
        let voice = fields.text("voice", LONGEST, "Write what the child said or showed, or how you asked");
        let owner = fields.parsed("owner", "Choose who sees to it");
        let review_on = fields.date("review_on", "Say when you look at it again");
        Some(Self { child: child?, need: need?, help: help?, voice: voice?, owner: owner?, review_on: review_on? })
    }
}

/// Keeps it.
///
/// # Errors
/// The concern is not for this person.
pub async fn add(visit: Visit, Path(id): Path<ConcernId>, form: Form<Keepable<Plan>>) -> Answer {
    let Plan { child, need, help, voice, owner, review_on } = match form.input {
        None => return visit.again(&new_page(&visit, id, form.view).await?),
        Some(Keepable::Send(plan)) => plan,
        Some(Keepable::Keep(pressed)) => {
            // Who may not see the concern keeps nothing here.
            new_page(&visit, id, FormView::new()).await?;
            return match draft::done(&visit, &key(id), pressed, form.view, &format!("/concerns/{id}")).await? {
                Next::Go(answer) => answer,
                Next::Again(form, draft) => {
                    visit.again(&RegisterForm { draft: Some(draft), ..new_page(&visit, id, form).await? })
                }
            };
        }
    };
    let new = New { child, need, help, voice, owner, review_on };
    match plans::add(visit.services(), &mut visit.ctx(), id, new).await {
        Ok(_) => {
            draft::sent(&visit, &key(id), &form.view).await;
            visit.go_saying(&format!("/concerns/{id}"), Tone::Done, "The plan is kept, and in the record.")
        }
        Err(error) => visit.again(&new_page(&visit, id, mend(form.view, error)?).await?),
    }
}

/// One plan, and the form for looking at it again.
///
/// # Errors
/// Its concern is not for this person.
pub async fn one(visit: Visit, Path(id): Path<PlanId>) -> Answer {
    visit.page(&look_page(&visit, id, FormView::new()).await?)
}

async fn look_page(visit: &Visit, id: PlanId, form: FormView) -> Result<RegisterForm, Fault> {
    let plan = plans::one(visit.services(), &visit.ctx(), id).await?;
    concerns::open(visit.services(), &mut visit.ctx(), plan.concern).await?;
    let seen = form.value("version").parse().ok().filter(|_| form.has_errors()).unwrap_or(plan.version);
    let mut table = Table::new("The plan").quiet_caption().column("What").column("Words");
    for (what, words) in [
        ("Child", &plan.child),
        ("Need", &plan.need),
        ("Help", &plan.help),
        ("The child’s voice", &plan.voice),
        ("Seen to by", &plan.owner),
    ] {
        table.push(vec![Cell::Text(what.to_owned()), Cell::Text(words.clone())]);
    }
    Ok(RegisterForm {
        heading: "Look at a support plan".to_owned(),
        back: Some((format!("/concerns/{}", plan.concern), "To the concern".to_owned())),
        about: vec![match plan.ended_at {
            Some(_) => "This plan has ended.".to_owned(),
            None => format!("To be looked at on {}.", words::day(plan.review_on)),
        }],
        table: Some(table),
        fields: vec![
            version_field(seen),
            field(&form.area("outcome", "What has changed?").rows(3)),
            field(&form.area("voice", "What does the child say, show or wish now?").rows(3)),
            field(&form.date("again", "When do you look again?").hint("Leave it out to end the plan.")),
        ],
        action: format!("/plans/{id}"),
        button: "Write it down".to_owned(),
        form,
        ..RegisterForm::default()
    })
}

/// A look, as typed.
pub struct Looked(Look);

impl FromForm for Looked {
    const LIMIT: usize = 2 * 12 * LONGEST + form::LIMIT;

    fn read(fields: &mut Fields) -> Option<Self> {
        let outcome = fields.text("outcome", LONGEST, "Say what has changed");
        let voice = fields.text("voice", LONGEST, "Write what the child says or shows now");
        let again = fields.maybe_date("again");
        let version = fields.raw("version").parse().unwrap_or(0);
        Some(Self(Look { outcome: outcome?, voice: voice?, again: again?, version }))
    }
}

/// Writes down that it was looked at.
///
/// # Errors
/// Its concern is not for this person.
pub async fn look(visit: Visit, Path(id): Path<PlanId>, form: Form<Looked>) -> Answer {
    let Some(Looked(look)) = form.input else { return visit.again(&look_page(&visit, id, form.view).await?) };
    match plans::look(visit.services(), &mut visit.ctx(), id, look).await {
        Ok(concern) => visit.go_saying(&format!("/concerns/{concern}"), Tone::Done, "Written down, in the record too."),
        Err(error) => visit.again(&look_page(&visit, id, mend(form.view, error)?).await?),
    }
}
