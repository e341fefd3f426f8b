//! Lists: where they come from, how fresh they are, and the sealed tier as far as anybody may know of it.

pub mod change;
pub mod feed;
pub mod one;

use app::sources::view::{self, Overview, SourceView, Standing};
use app::{sealed, sources};
use domain::access::Action;
use views::pages::filter_lists as pages;
use views::ui::{Banner, Cell, Summary, Table, Tag, Tone};

use super::{may, say};
use crate::{Answer, Visit};

/// All sources, and what the filter works with.
///
/// # Errors
/// The records are away, or there is no policy yet.
pub async fn get(visit: Visit) -> Answer {
    let found = view::overview(visit.services(), &visit.ctx()).await?;
    let page = pages::Lists {
        banners: banners(&visit, &found),
        facts: facts(&visit, &found),
        sources: table(&visit, &found.sources),
        sealed: sealed_tier(&visit, &found),
        known: found.presets.iter().map(known).collect(),
        may_propose: may(&visit, Action::ProposeChange),
    };
    visit.page(&page)
}

fn banners(visit: &Visit, found: &Overview) -> Vec<Banner> {
    let mut banners = Vec::new();
    if !found.sealed.is_supplied() {
        let words = "No licensed list of illegal addresses is supplied here.";
        banners.push(Banner::new(Tone::Gap, words).link("/filter/lists#sealed", "What to do"));
    }
    if let Some(gateway) = found.gateway.as_ref().filter(|_| visit.site().gateway_serves()) {
        if let Some(why) = &gateway.lists_refused {
            let words = format!("The newest lists were not taken, and the last good ones are in use: {why}");
            banners.push(Banner::new(Tone::Gap, &words));
        }
    } else {
        banners.push(Banner::new(Tone::Gap, "The filter does not answer. Tell your technician now."));
    }
    if let Some(why) = &found.trouble {
        let words = format!("The newest versions are not in the filter yet; it is tried again every minute. {why}");
        banners.push(Banner::new(Tone::Gap, &words));
    }
    for held in found.sources.iter().filter(|view| view.standing == Standing::Held) {
        let words = format!("A new version of {} waits for a person.", held.source.title);
        banners.push(Banner::new(Tone::Due, &words).link(&here(&held.key), "Decide"));
    }
    banners
}

fn facts(visit: &Visit, found: &Overview) -> Summary {
    let Some(gateway) = found.gateway.as_ref().filter(|_| visit.site().gateway_serves()) else {
        return Summary::new();
    };
    let names = gateway.list_names.map_or("None".to_owned(), count);
    let at = |at: Option<jiff::Timestamp>| at.map_or("Never".to_owned(), |at| say(visit, at));
    Summary::new()
        .row("Names that the filter knows", Cell::Text(names))
        .row("Its base was last changed", Cell::Text(at(gateway.lists_changed_at)))
        .row("What was fetched last changed", Cell::Text(at(gateway.fetched_at)))
}

fn table(visit: &Visit, sources: &[SourceView]) -> Table {
    let table = Table::new("Sources of lists").quiet_caption().column("Source").column("State").column("Entries");
    let table = table.column("Last good answer").column("Publisher and licence");
    sources.iter().fold(table, |table, view| {
        let entries = view.in_force.as_ref().map_or("None yet".to_owned(), |one| count(one.entries.unsigned_abs()));
        let good = view.check.as_ref().and_then(|check| check.good_at).map_or("Never".to_owned(), |at| say(visit, at));
        table.row([
            Cell::link(&here(&view.key), &view.source.title),
            Cell::Tag(standing(view)),
            Cell::Text(entries),
            Cell::Text(good),
            Cell::Text(format!("{}, {}", view.source.publisher, view.source.licence)),
        ])
    })
}

/// How a source stands, in a word.
fn standing(view: &SourceView) -> Tag {
    if view.progress.is_some() {
        return Tag::new(Tone::Info, "Being fetched");
    }
    match view.standing {
        Standing::Held => Tag::new(Tone::Due, "A version waits"),
        Standing::Failing => Tag::new(Tone::Gap, "No list yet"),
        Standing::Stale => Tag::new(Tone::Gap, "Stale"),
        Standing::New => Tag::new(Tone::Calm, "Not asked yet"),
        Standing::Fresh => Tag::new(Tone::Done, "Fresh"),
    }
}

fn sealed_tier(visit: &Visit, found: &Overview) -> pages::Sealed {
    let tag = match &found.sealed {
        sealed::Standing::Supplied(_) => Tag::new(Tone::Done, "Supplied"),
        sealed::Standing::Stale(_) => Tag::new(Tone::Gap, "Stale"),
        sealed::Standing::NotSupplied => Tag::new(Tone::Gap, "Not supplied"),
    };
    let mut facts = Summary::new();
    if let Some(gateway) = &found.gateway {
        for list in &gateway.sealed_lists {
            let said = format!(
                "{}: {} sites, {} addresses, {} hashes",
                say(visit, list.at),
                list.names,
                list.urls,
                list.hashes
            );
            facts = facts.row(&format!("From {}", list.by), Cell::Text(said));
        }
        if gateway.sealed_supplied {
            facts = ways(facts, &gateway.sealed_lists);
        }
        if let Some(why) = &gateway.sealed_refused {
            facts = facts.row("The newest was not taken", Cell::Text(why.clone()));
        }
    }
    let how = if found.sealed.is_supplied() { String::new() } else { sealed::HOW.to_owned() };
    let shrunk = sealed::shrunk(&visit.services().data);
    let shrunk = shrunk.iter().map(|one| (feed::say_of(visit, one), feed::here(&one.feed))).collect();
    pages::Sealed { tag: Some(tag), say: found.sealed.say(|at| say(visit, at)), facts, how, shrunk }
}

/// How much of the sealed lists each way through can enforce (S26).
fn ways(facts: Summary, lists: &[sealed::List]) -> Summary {
    let (names, all) = sealed::enforceable(lists);
    let of = |enforced: u64| Cell::Text(format!("{enforced} of {all} entries"));
    facts
        .row("DNS enforces", of(names))
        .row("HTTPS through the proxy enforces", of(names))
        .row("Plain HTTP through the proxy enforces", of(all))
}

fn known(preset: &sources::known::Preset) -> pages::Known {
    pages::Known {
        title: preset.title.clone(),
        say: preset.say.clone(),
        whose: format!("{}, {}", preset.publisher, preset.licence),
        href: format!("/filter/lists/add?known={}", preset.key),
    }
}

/// The page of a source.
fn here(key: &str) -> String {
    format!("/filter/lists/{}", crate::visit::encode(key))
}

/// A large number as people read it.
fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
