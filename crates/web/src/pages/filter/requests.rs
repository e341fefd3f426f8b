//! Who asked for a blocked site, and the answer.

use app::filtering::ask::{self, Reply, Yes};
use app::filtering::view::{self, RequestView};
use app::filtering::{Answered, ProposalState, Risk};
use axum::extract::Path;
use jiff::civil::Date;
use uuid::Uuid;
use views::FormView;
use views::pages::filter_changes as pages;
use views::ui::{Cell, Summary, Table, Tag, Tone};

use super::{say, time};
use crate::{Answer, Fields, Form, FromForm, Visit, fault::mend};

/// The answer as typed.
pub struct Input {
    words: String,
    yes: bool,
    until: Option<Date>,
    risk: Risk,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let yes = fields.yes_or_no("answer", "Choose yes or no");
        let words = fields.text("words", 1000, "Write a sentence to the person who asked");
        let until = fields.maybe_date("until");
        let [harm, loss, safeguards] =
            ["harm", "loss", "safeguards"].map(|name| fields.maybe(name, 2000).map(Option::unwrap_or_default));
        let risk = Risk { harm: harm?, loss: loss?, safeguards: safeguards? };
        Some(Self { words: words?, yes: yes?, until: until?, risk })
    }
}

/// All of the last ninety days.
///
/// # Errors
/// The records are away.
pub async fn list(visit: Visit) -> Answer {
    let all = view::requests(visit.services(), &visit.ctx()).await?;
    app::notices::seen(visit.services(), &mut visit.ctx(), "/filter/requests").await?;
    let (answered, waiting): (Vec<_>, Vec<_>) = all.iter().partition(|one| one.request.answer.is_some());
    visit.page(&pages::Requests {
        waiting: table(&visit, "Waiting for an answer", &waiting),
        answered: table(&visit, "Answered", &answered),
    })
}

fn table(visit: &Visit, caption: &str, all: &[&RequestView]) -> Table {
    let table = Table::new(caption).quiet_caption().column("Who").column("Site").column("For").column("When");
    all.iter().fold(table.column("State"), |table, one| {
        let name = format!("{}: open the request", one.asked_by);
        table.row([
            Cell::link(&format!("/filter/requests/{}", one.request.id), &name),
            Cell::Inert(one.request.host.clone()),
            Cell::Text(one.group.clone()),
            time(visit, one.request.asked_at),
            Cell::Tag(stands(one)),
        ])
    })
}

/// Where a request stands, for both sides.
pub(super) fn stands(one: &RequestView) -> Tag {
    match (one.request.answer, one.outcome.map(|(_, state)| state)) {
        (None, _) => Tag::new(Tone::Due, "Waiting"),
        (Some(Answered::No), _) => Tag::new(Tone::Shut, "No"),
        (Some(Answered::Proposed), Some(ProposalState::Approved)) => Tag::new(Tone::Done, "Allowed"),
        (Some(Answered::Proposed), Some(ProposalState::Refused | ProposalState::Withdrawn)) => {
            Tag::new(Tone::Shut, "Not allowed")
        }
        (Some(Answered::Proposed), _) => Tag::new(Tone::Info, "Proposed, not yet approved"),
    }
}

/// One of them.
///
/// # Errors
/// It is not there.
pub async fn get(visit: Visit, Path(id): Path<Uuid>) -> Answer {
    let found = view::request(visit.services(), &visit.ctx(), id).await?;
    visit.page(&page(&visit, &found, FormView::new()))
}

/// Answers it.
///
/// # Errors
/// It is not there, or somebody else has answered.
pub async fn post(visit: Visit, Path(id): Path<Uuid>, form: Form<Input>) -> Answer {
    let found = view::request(visit.services(), &visit.ctx(), id).await?;
    let Some(input) = form.input else { return visit.again(&page(&visit, &found, form.view)) };
    let verdict = if input.yes {
        let until = input.until.map(|day| super::end_of(&visit, day)).transpose()?;
        Yes::Propose { until, risk: input.risk }
    } else {
        Yes::No
    };
    match ask::reply(visit.services(), &mut visit.ctx(), Reply { id, words: input.words, verdict }).await {
        Ok(Some(proposed)) => {
            let said = "Answered, and proposed. It opens when it is approved.";
            visit.go_saying(&format!("/filter/proposals/{}", proposed.id), Tone::Done, said)
        }
        Ok(None) => visit.go_saying("/filter/requests", Tone::Done, "Answered. They read your words."),
        Err(error) => visit.again(&page(&visit, &found, mend(form.view, error)?)),
    }
}

fn page(visit: &Visit, found: &RequestView, form: FormView) -> pages::Request {
    let request = &found.request;
    let mut facts = Summary::new()
        .row("Asked by", Cell::Text(found.asked_by.clone()))
        .row("Site", Cell::Inert(request.host.clone()))
        .row("For", Cell::Text(found.group.clone()))
        .row("When", time(visit, request.asked_at));
    if let Some(category) = &request.category {
        facts = facts.row("Blocked as", Cell::Text(category.clone()));
    }
    facts = facts.row("They wrote", Cell::Text(request.why.clone()));
    let mut answer = Summary::new().row("Answer", Cell::Tag(stands(found)));
    if let (Some(who), Some(at)) = (&found.answered_by, request.answered_at) {
        answer = answer.row("By", Cell::Text(format!("{who}, {}", say(visit, at))));
    }
    if let Some(words) = &request.words {
        answer = answer.row("In these words", Cell::Text(words.clone()));
    }
    if let Some((id, _)) = found.outcome {
        answer = answer.row("Proposal", Cell::link(&format!("/filter/proposals/{id}"), "Open it"));
    }
    let open = request.answer.is_none();
    pages::Request { id: request.id.to_string(), facts, form: open.then_some(form), answer }
}
