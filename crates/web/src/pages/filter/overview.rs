//! The overview.

use app::filtering::view::{self, Overview};
use app::filtering::{Audience, Group};
use app::sealed::Standing;
use domain::access::Action;
use jiff::SignedDuration;
use views::pages::filter as pages;
use views::ui::{Banner, Cell, Summary, Table, Tag, Tone};

use super::{audience, may, say, state};
use crate::{Answer, Visit};

/// Lists older than this are due; the control `lists_fresh` says the same (TEC-03).
const FRESH: SignedDuration = SignedDuration::from_hours(24 * 30);

/// What each group can reach, and why.
///
/// # Errors
/// The records are away, or there is no policy yet.
pub async fn get(visit: Visit) -> Answer {
    let services = visit.services();
    let found = view::overview(services, &visit.ctx()).await?;
    let choices = app::filtering::categories::choices()?;
    let groups = found.policy.groups.iter().map(|(key, group)| card(key, group, &found, &choices)).collect();
    let page = pages::Overview {
        banners: banners(&visit, &found),
        facts: facts(&visit, &found),
        groups,
        waiting: waiting(&visit, &found),
        requests: may(&visit, Action::AnswerAccess).then_some(found.requests),
        figures: super::requests::say_figures(&app::filtering::ask::figures(services, &visit.ctx()).await?),
        sealed: sealed(&visit, &found),
        upstream: upstream(&found),
        blind: app::filtering::summary::blind_spots(&found.policy),
        may_propose: may(&visit, Action::ProposeChange),
        may_see_activity: may(&visit, Action::ReadActivity),
        keeps_devices: may(&visit, Action::KeepDevices),
    };
    visit.page(&page)
}

fn banners(visit: &Visit, found: &Overview) -> Vec<Banner> {
    let mut banners = Vec::new();
    if !visit.site().gateway_serves() {
        let words =
            "The filter does not answer. Devices may have no internet, or go round it. Tell your technician now.";
        banners.push(Banner::new(Tone::Gap, words));
        return banners;
    }
    let Some(gateway) = &found.gateway else { return banners };
    if let Some(of) = gateway.role_card {
        let words = format!(
            "The filter could read no policy, and runs on the role card of {}: adults\u{2019} devices and essential systems as they were then, children\u{2019}s devices closed. Publish a change, or restart the records.",
            say(visit, of)
        );
        banners.push(Banner::new(Tone::Gap, &words));
    } else if gateway.policy.is_none() {
        let words =
            "The filter runs on its built-in minimum: help services and our own pages only. Tell your technician.";
        banners.push(Banner::new(Tone::Gap, words));
    }
    if gateway.list_names.is_none() {
        let words =
            "No list is loaded. Children's devices reach only what is allowed by name. Load a collection of lists.";
        banners.push(Banner::new(Tone::Gap, words));
    }
    if let Some(why) = &gateway.lists_refused {
        let words = format!("The newest lists were not taken, and the last good ones are in use: {why}");
        banners.push(Banner::new(Tone::Due, &words));
    }
    if found.one_person {
        let words = "Only one person approves changes of the filter here. The chair approves theirs, or a day passes after everybody was told. A second person who may approve would close this gap.";
        banners.push(Banner::new(Tone::Due, words));
    }
    match &found.sealed {
        Standing::NotSupplied => {
            let words = "No licensed list of illegal addresses is supplied here.";
            banners.push(Banner::new(Tone::Gap, words).link("/filter#sealed", "What to do"));
        }
        Standing::Stale(_) => {
            let words = "The lists of illegal addresses are stale.";
            banners.push(Banner::new(Tone::Gap, words).link("/filter/lists#sealed", "What to do"));
        }
        Standing::Supplied(_) => {}
    }
    banners
}

fn facts(visit: &Visit, found: &Overview) -> Summary {
    let runs = visit.site().gateway_serves();
    let running = if runs { Tag::new(Tone::Done, "Running") } else { Tag::new(Tone::Gap, "Not running") };
    let mut facts = Summary::new().row("Filter", Cell::Tag(running));
    if let Some(gateway) = found.gateway.as_ref().filter(|_| runs) {
        let names = gateway.list_names.map_or("None".to_owned(), |names| format!("{names} names"));
        facts = facts.row("Lists", Cell::Text(names));
        facts = facts.row("Lists last changed", lists_changed(visit, gateway.lists_changed_at));
        let counts = format!("{} questions answered, {} of them blocked", gateway.answered, gateway.blocked);
        facts = facts.row("Since it started", Cell::Text(counts));
        if gateway.lost > 0 {
            facts = facts.row("Records lost", Cell::Text(format!("{}: the queue was full", gateway.lost)));
        }
        let silent: Vec<&str> = gateway.upstreams.iter().filter(|(_, up)| !up).map(|(name, _)| name.as_str()).collect();
        let upstream = match (gateway.upstreams.len(), silent.len()) {
            (0, _) => Tag::new(Tone::Due, "None set"),
            (_, 0) => Tag::new(Tone::Done, "Answer"),
            (all, silent) => Tag::new(Tone::Gap, &format!("{silent} of {all} do not answer")),
        };
        facts = facts.row("Resolvers upstream", Cell::Tag(upstream));
    }
    facts = facts.row("Policy in force", Cell::link("/filter/history", &format!("Version {}", found.number)));
    let test = match &found.last_test {
        None => Tag::new(Tone::Due, "Never run"),
        Some(run) if run.ok => Tag::new(Tone::Done, &format!("Passed, {}", say(visit, run.effective_at))),
        Some(run) => Tag::new(Tone::Gap, &format!("Failed, {}", say(visit, run.effective_at))),
    };
    facts.row("Self-test", Cell::Tag(test))
}

fn lists_changed(visit: &Visit, at: Option<jiff::Timestamp>) -> Cell {
    let Some(at) = at else { return Cell::Tag(Tag::new(Tone::Gap, "Never")) };
    let old = visit.site().now().duration_since(at) > FRESH;
    let words = say(visit, at);
    if old { Cell::Tag(Tag::new(Tone::Due, &format!("{words}: older than 30 days"))) } else { Cell::Text(words) }
}

fn card(
    key: &str,
    group: &Group,
    found: &Overview,
    choices: &[app::filtering::categories::Choice],
) -> pages::GroupCard {
    let titles: Vec<&str> = group.blocked.values().map(|why| why.title.as_str()).collect();
    let open = choices.iter().filter(|choice| !group.blocked.contains_key(&choice.id));
    let open: Vec<&str> = open.map(|choice| choice.why.title.as_str()).collect();
    let mut cannot =
        if titles.is_empty() { "no category is blocked.".to_owned() } else { format!("{}.", titles.join(", ")) };
    if !group.block.is_empty() {
        cannot.push_str(&format!(" And {}.", sites(group.block.len(), "blocked by name")));
    }
    let mut can = match (group.audience, open.is_empty()) {
        (_, true) => "every site that no list names.".to_owned(),
        (Audience::Essential, false) => "everything else that it needs.".to_owned(),
        (_, false) => format!("every site that no list names, and: {}.", open.join(", ")),
    };
    if group.supervised {
        cannot.insert_str(0, "every site that nobody approved for them. ");
        can = match group.material().len() {
            0 => "nothing yet: approve material first.".to_owned(),
            1 => "one thing that is approved, while an adult has a session open.".to_owned(),
            many => format!("{many} things that are approved, while an adult has a session open."),
        };
    } else if !group.allow.is_empty() {
        can.push_str(&format!(" And {}.", sites(group.allow.len(), "allowed by name")));
    }
    pages::GroupCard {
        href: format!("/filter/groups/{}", crate::visit::encode(key)),
        name: group.name.clone(),
        say: audience(group.audience).to_owned(),
        cannot,
        can,
        strictest: found.policy.strictest == key,
        reasons: group.blocked.values().map(|why| (why.title.clone(), why.why.clone())).collect(),
    }
}

fn sites(count: usize, how: &str) -> String {
    if count == 1 { format!("one site {how}") } else { format!("{count} sites {how}") }
}

fn waiting(visit: &Visit, found: &Overview) -> Table {
    let table = Table::new("Changes that wait").quiet_caption().column("Change").column("Proposed by").column("When");
    found.waiting.iter().fold(table.column("State"), |table, one| {
        let href = format!("/filter/proposals/{}", one.proposal.id);
        table.row([
            Cell::link(&href, &one.say),
            Cell::Text(one.proposed_by.clone()),
            super::time(visit, one.proposal.proposed_at),
            Cell::Tag(state(one.proposal.state, one.proposal.applied_number.is_some())),
        ])
    })
}

fn sealed(visit: &Visit, found: &Overview) -> pages::Sealed {
    let said = found.sealed.say(|at| say(visit, at));
    let here = found.gateway.as_ref().map_or("The filter does not say more: it is not running.", |g| g.sealed.as_str());
    let words = if found.sealed.is_supplied() { format!("{said} {here}") } else { said };
    pages::Sealed { supplied: found.sealed.is_supplied(), words }
}

fn upstream(found: &Overview) -> String {
    match (&found.provider, found.upstream.is_empty()) {
        (Some(name), false) => format!("{name}. Their resolvers are set: {}.", found.upstream.join(", ")),
        (Some(name), true) => {
            format!("{name}. Their resolvers are not set here: ask them, and have your technician set them.")
        }
        (None, false) => format!("Nobody has written down who. Resolvers are set: {}.", found.upstream.join(", ")),
        (None, true) => {
            "Nobody has written down who filters this line. That is a gap: ask your internet provider.".to_owned()
        }
    }
}
