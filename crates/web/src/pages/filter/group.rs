//! One group of devices.

use std::collections::BTreeMap;

use app::filtering::{Audience, Decision, summary, view};
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
    let said = summary::of(&found.policy, &key).ok_or(Fault::NotFound)?;
    let falls_here = found.policy.strictest == key;
    let unknown = match (falls_here, group.supervised, found.policy.groups.values().any(|other| other.supervised)) {
        (true, false, true) => {
            "Yes, but another group needs an adult\u{2019}s session: a tablet of that group that loses its settings reaches more here"
        }
        (true, ..) => "Yes: this is the strictest group",
        (false, ..) => "No",
    };
    let facts = Summary::new()
        .row("Search engines", Cell::Text(said.search))
        .row("Unknown devices fall here", Cell::Text(unknown.to_owned()));
    visit.page(&Group {
        name: group.name.clone(),
        say: audience(group.audience).to_owned(),
        facts,
        blocked,
        short: said.short,
        now: None,
        cannot: said.cannot,
        can: said.can,
        times: said.times,
        ways: ways(&key, group, falls_here),
        material: material(&visit, group),
        bypass: said.bypass,
        without_data: said.without_data,
        blind: said.blind.into_iter().map(str::to_owned).collect(),
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

/// What can be proposed for one group alone.
fn ways(key: &str, group: &app::filtering::Group, falls_here: bool) -> Vec<(String, String)> {
    let to = |what: &str, words: &str| {
        (format!("/filter/groups/{}/change/{what}", crate::visit::encode(key)), words.to_owned())
    };
    let mut ways = vec![to("hours", "Add a schedule: close, block or open at certain hours")];
    if group.audience == Audience::Children {
        ways.push(match group.supervised {
            true => to("supervise", "No longer need a session"),
            false => to("supervise", "Only approved material, and only with an adult"),
        });
        ways.push(to("approve", "Approve material for children"));
        if !falls_here {
            ways.push(to("unknown", "Let devices that nobody knows fall in this group"));
        }
    } else {
        ways.push(to("search", "Hold search engines to safe search, or let go"));
    }
    if matches!(group.audience, Audience::Children | Audience::Adults) {
        ways.push(to("inspect", "Inspect encrypted pages, until a day"));
    }
    ways.push(to("files", "Choose which files are refused"));
    ways.push(to("copy", "Make a new group like this one"));
    ways.push(to("rename", "Give this group another name"));
    if !falls_here && group.audience != Audience::Essential {
        ways.push(to("remove", "Remove this group"));
    }
    ways
}

fn material(visit: &Visit, group: &app::filtering::Group) -> Table {
    let table =
        Table::new("Approved material").quiet_caption().column("What").column("Site").column("With").column("For");
    group.material().into_iter().fold(
        table.column("What was found").column("Decision"),
        |table, (site, (approved, helpers))| {
            let rule = group.allow.get(site).map(|decision| decision.rule.clone()).unwrap_or_default();
            let until = group.allow.get(site).and_then(|decision| decision.until);
            let title = match until {
                Some(until) => format!("{}, until {}", approved.title, say(visit, until)),
                None => approved.title.clone(),
            };
            table.row([
                Cell::Text(title),
                Cell::Inert(site.to_owned()),
                Cell::Inert(helpers.join(", ")),
                Cell::Text(approved.purpose.clone()),
                Cell::Text(approved.evaluation.clone()),
                Cell::link(&format!("/filter/proposals/{rule}"), "Proposal"),
            ])
        },
    )
}
