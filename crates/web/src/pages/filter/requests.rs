//! Who asked for a blocked site, and the answer.

use app::filtering::LOCKED_FOR_CHILDREN;
use app::filtering::ask::{self, HowLong, Reply, Yes};
use app::filtering::check::{self, Checked};
use app::filtering::outcome::Outcome;
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
    long: String,
    until: Option<Date>,
    risk: Risk,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let yes = fields.yes_or_no("answer", "Choose yes or no");
        let words = fields.text("words", 1000, "Write a sentence to the person who asked");
        let until = fields.maybe_date("until");
        let long = fields.raw("long").to_owned();
        if yes == Some(true) && !["hour", "term", "day", "changed"].contains(&long.as_str()) {
            fields.error("long", "Choose for how long");
            return None;
        }
        if yes == Some(true) && long == "day" && until == Some(None) {
            fields.error("until", "Enter the last day");
            return None;
        }
        let [harm, loss, safeguards] =
            ["harm", "loss", "safeguards"].map(|name| fields.maybe(name, 2000).map(Option::unwrap_or_default));
        let risk = Risk { harm: harm?, loss: loss?, safeguards: safeguards? };
        Some(Self { words: words?, yes: yes?, long, until: until?, risk })
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
    let figures = ask::figures(visit.services(), &visit.ctx()).await?;
    visit.page(&pages::Requests {
        figures: say_figures(&figures),
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

/// Turnaround and over-blocking, a sentence each.
pub(in crate::pages) fn say_figures(figures: &ask::Figures) -> Vec<String> {
    let mut said = vec![match figures.asked {
        0 => "Nobody asked for a blocked site in the last 90 days.".to_owned(),
        1 => "One request in the last 90 days.".to_owned(),
        many => format!("{many} requests in the last 90 days, {} of them decided.", figures.decided),
    }];
    match figures.half_way {
        0 => {}
        1 => said.push("One has a yes that waits for a second person.".to_owned()),
        many => said.push(format!("{many} have a yes that waits for a second person.")),
    }
    if let Some(minutes) = figures.median_minutes {
        let span = crate::words::span(jiff::SignedDuration::from_mins(minutes));
        said.push(format!("Half of the decisions came within {span}."));
    }
    if let Some(percent) = figures.over_blocking_percent() {
        said.push(format!(
            "{} of {} decided requests ({percent} of 100) were for something that should not have been blocked.",
            figures.over_blocked, figures.decided
        ));
    }
    said
}

/// Where a request stands, for both sides.
pub(super) fn stands(one: &RequestView) -> Tag {
    match (one.request.answer, one.outcome.as_ref().map(|outcome| outcome.state)) {
        (None, _) => Tag::new(Tone::Due, "Waiting"),
        (Some(Answered::No), _) => Tag::new(Tone::Shut, "No"),
        (Some(Answered::Proposed), Some(ProposalState::Approved)) => Tag::new(Tone::Done, "Allowed"),
        (Some(Answered::Proposed), Some(ProposalState::Refused | ProposalState::Withdrawn)) => {
            Tag::new(Tone::Shut, "Not allowed")
        }
        (Some(Answered::Proposed), _) => Tag::new(Tone::Info, "Proposed, not yet approved"),
    }
}

/// What came after the first answer, a sentence each: the second person's words, and when it closes.
pub(super) fn after(visit: &Visit, outcome: &Outcome) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some((who, words)) = &outcome.decided {
        let verb = if outcome.state == ProposalState::Approved { "approved it" } else { "refused it" };
        lines.push(match words {
            Some(words) => format!("{who} {verb}: {words}"),
            None => format!("{who} {verb}."),
        });
    }
    if let Some(until) = outcome.until {
        let verb = if visit.site().now() < until { "It is open until" } else { "It was open until" };
        lines.push(format!("{verb} {}.", say(visit, until)));
    }
    lines
}

/// One of them.
///
/// # Errors
/// It is not there.
pub async fn get(visit: Visit, Path(id): Path<Uuid>) -> Answer {
    let found = view::request(visit.services(), &visit.ctx(), id).await?;
    visit.page(&page(&visit, &found, FormView::new()).await)
}

/// Answers it.
///
/// # Errors
/// It is not there, or somebody else has answered.
pub async fn post(visit: Visit, Path(id): Path<Uuid>, form: Form<Input>) -> Answer {
    let found = view::request(visit.services(), &visit.ctx(), id).await?;
    let Some(input) = form.input else { return visit.again(&page(&visit, &found, form.view).await) };
    let verdict = if input.yes {
        let long = match (input.long.as_str(), input.until) {
            ("hour", _) => HowLong::Hour,
            ("term", _) => HowLong::EndOfTerm,
            ("day", Some(day)) => HowLong::Until(super::end_of(&visit, day)?),
            _ => HowLong::UntilChanged,
        };
        Yes::Propose { long, risk: input.risk }
    } else {
        Yes::No
    };
    match ask::reply(visit.services(), &mut visit.ctx(), Reply { id, words: input.words, verdict }).await {
        Ok(Some(proposed)) => {
            let said = match proposed.in_force {
                Some(_) => "Answered. It is open now, for an hour, and closes by itself.",
                None => "Answered, and proposed. It opens when it is approved.",
            };
            visit.go_saying(&format!("/filter/proposals/{}", proposed.id), Tone::Done, said)
        }
        Ok(None) => visit.go_saying("/filter/requests", Tone::Done, "Answered. They read your words."),
        Err(error) => visit.again(&page(&visit, &found, mend(form.view, error)?).await),
    }
}

/// What the filter says of it now; nothing where it cannot say.
async fn says(visit: &Visit, found: &RequestView) -> Option<Checked> {
    let request = &found.request;
    check::check(visit.services(), &visit.ctx(), &request.group_key, &request.host).await.ok()
}

/// How much stands against a yes, by what the policy promises.
fn risk_of(category: &str) -> &'static str {
    match LOCKED_FOR_CHILDREN.contains(&category) {
        true => "High. The policy promises to block this kind; on children\u{2019}s devices no yes opens it.",
        false => "Ordinary. Look at the site yourself before you say yes.",
    }
}

async fn page(visit: &Visit, found: &RequestView, form: FormView) -> pages::Request {
    let says = says(visit, found).await;
    let request = &found.request;
    let mut facts = Summary::new()
        .row("Asked by", Cell::Text(found.asked_by.clone()))
        .row("Site", Cell::Inert(request.host.clone()))
        .row("For", Cell::Text(found.group.clone()))
        .row("When", time(visit, request.asked_at));
    if let Some(says) = says {
        let verdict = match says.answer.verdict.as_str() {
            "block" => Tag::new(Tone::Shut, "Blocked"),
            _ => Tag::new(Tone::Done, "Not blocked any more"),
        };
        facts = facts.row("The filter says now", Cell::Tag(verdict));
        if let Some(category) = &says.category {
            facts = facts.row("Category", Cell::Text(category.clone()));
        }
        if let Some(rule) = &says.answer.rule {
            facts = facts.row("Rule or list", Cell::Text(rule.clone()));
        }
        if let Some(reason) = &says.answer.reason {
            facts = facts.row("Why it is blocked", Cell::Text(reason.clone()));
        }
        let risk = says.answer.category.as_deref().map(risk_of);
        if let Some(risk) = risk {
            facts = facts.row("Risk", Cell::Text(risk.to_owned()));
        }
    }
    facts = facts.row("They wrote", Cell::Text(request.why.clone()));
    let mut answer = Summary::new().row("Answer", Cell::Tag(stands(found)));
    if let (Some(who), Some(at)) = (&found.answered_by, request.answered_at) {
        answer = answer.row("By", Cell::Text(format!("{who}, {}", say(visit, at))));
    }
    if let Some(words) = &request.words {
        answer = answer.row("In these words", Cell::Text(words.clone()));
    }
    if let Some(outcome) = &found.outcome {
        for line in after(visit, outcome) {
            answer = answer.row("Then", Cell::Text(line));
        }
        answer = answer.row("Proposal", Cell::link(&format!("/filter/proposals/{}", outcome.proposal), "Open it"));
    }
    let open = request.answer.is_none();
    pages::Request { id: request.id.to_string(), facts, form: open.then_some(form), answer }
}
