//! One group of devices.

use std::collections::BTreeMap;

use app::filtering::{Audience, Decision, view};
use axum::extract::Path;
use domain::access::Action;
use views::pages::filter::Group;
use views::ui::{Cell, Summary, Table};

use super::{audience, may, say};
use crate::{Answer, Fault, Visit};

/// What it can and cannot reach.
///
/// # Errors
/// There is no such group.
pub async fn get(visit: Visit, Path(key): Path<String>) -> Answer {
    let found = view::overview(visit.services(), &visit.ctx()).await?;
    let group = found.policy.groups.get(&key).ok_or(Fault::NotFound)?;
    let blocked = Table::new("Blocked categories").quiet_caption().column("Category").column("Why").column("Policy");
    let blocked = group.blocked.values().fold(blocked, |table, why| {
        table.row([Cell::Text(why.title.clone()), Cell::Text(why.why.clone()), Cell::Text(why.because.join(", "))])
    });
    let choices = app::filtering::categories::choices()?;
    let open = choices.into_iter().filter(|choice| !group.blocked.contains_key(&choice.id));
    let search = match group.audience {
        Audience::Children => "Always safe, locked",
        Audience::Guests => "Moderate",
        Audience::Adults | Audience::Essential => "As the device sets it",
    };
    let unknown = if found.policy.strictest == key { "Yes: this is the strictest group" } else { "No" };
    let facts = Summary::new()
        .row("Search engines", Cell::Text(search.to_owned()))
        .row("Unknown devices fall here", Cell::Text(unknown.to_owned()));
    visit.page(&Group {
        name: group.name.clone(),
        say: audience(group.audience).to_owned(),
        facts,
        blocked,
        open: open.map(|choice| choice.why.title).collect(),
        names_blocked: names(&visit, "Sites blocked by name", &group.block),
        names_allowed: names(&visit, "Sites allowed by name", &group.allow),
        may_propose: may(&visit, Action::ProposeChange),
        key,
    })
}

fn names(visit: &Visit, caption: &str, decisions: &BTreeMap<String, Decision>) -> Table {
    let table = Table::new(caption).quiet_caption().column("Site").column("Why").column("Until").column("Decision");
    decisions.iter().fold(table, |table, (name, decision)| {
        let until = decision.until.map_or("Until changed".to_owned(), |until| say(visit, until));
        let by_proposal = decision.rule.parse::<domain::ProposalId>().is_ok();
        let rule = if by_proposal {
            Cell::link(&format!("/filter/proposals/{}", decision.rule), "Proposal")
        } else {
            Cell::Text(decision.rule.clone())
        };
        table.row([Cell::Inert(name.clone()), Cell::Text(decision.reason.clone()), Cell::Text(until), rule])
    })
}
