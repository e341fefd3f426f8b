//! Two versions of the policy side by side: does anything become reachable, and what differs, in words.
//!
//! What it is not: a judgement by the name of a change. To let a policy hold one more thing, add it to [`loosens`] and to
//! [`difference`]; the property tests of the rules then ask the filter itself.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::change::{Direction, files_in_words, search_word};
use super::hours::{Does, Hours};
use super::policy::{Decision, Group, Policy};

/// Does going from one policy to another make anything reachable that was not? Judged from the policies themselves,
/// never from the name of the change.
pub fn direction(before: &Policy, after: &Policy) -> Direction {
    let groups = before.groups.iter().any(|(key, was)| after.groups.get(key).is_none_or(|is| loosens(was, is)));
    // A new group opens nothing if one that is there opens as much: whoever keeps devices could put them there already.
    let new = after.groups.iter().filter(|(key, _)| !before.groups.contains_key(*key));
    let opens = |is: &Group| before.groups.values().all(|was| loosens(was, is));
    let group_new = new.into_iter().any(|(_, is)| opens(is));
    // A new source is a stranger whose lists of tomorrow nobody knows, exceptions among them, and the program goes out to
    // ask it: that waits for another person too.
    let elsewhere = networks_loosen(before, after) || feeds_loosen(before, after);
    // Opening people's encrypted pages takes something from them, whatever it closes: another person decides (S29).
    let inspects = after.inspection.iter().any(|(key, is)| before.inspection.get(key) != Some(is));
    let unknown = falls(before).zip(falls(after)).is_none_or(|(was, is)| loosens(was, is));
    let unknown = before.strictest != after.strictest && unknown;
    let other = before.sources != after.sources || unknown || inspects || elsewhere;
    match groups || group_new || other {
        true => Direction::Loosens,
        false => Direction::Tightens,
    }
}

/// Where devices fall that nobody knows.
fn falls(policy: &Policy) -> Option<&Group> {
    policy.groups.get(&policy.strictest)
}

/// Would a device of this group reach more in the one of devices that nobody knows? What is approved there was agreed on for children
/// already; to need a session for it is the stricter way.
pub(super) fn falls_looser(group: &Group, policy: &Policy) -> bool {
    falls(policy).is_none_or(|strictest| {
        let mut strictest = strictest.clone();
        if strictest.supervised {
            strictest.allow.retain(|_, decision| decision.approved.is_none());
        }
        loosens(group, &strictest)
    })
}

/// A network leads devices out of the group of unknown ones, or away from one that lies over it. One that leads into that group
/// takes something away, and so does the last one that goes; but for devices that needed an adult's session where they were.
fn networks_loosen(before: &Policy, after: &Policy) -> bool {
    let needs_a_session = |policy: &Policy, key: &String| policy.groups.get(key).is_some_and(|group| group.supervised);
    let freed = |cidr: &String, to: &String| {
        before.networks.get(cidr).is_some_and(|was| needs_a_session(before, was)) && !needs_a_session(after, to)
    };
    let new = after.networks.iter().any(|(cidr, group)| {
        before.networks.get(cidr) != Some(group) && (*group != after.strictest || freed(cidr, group))
    });
    let mut gone = before.networks.keys().filter(|cidr| !after.networks.contains_key(*cidr)).peekable();
    let last_one_goes = after.networks.is_empty();
    new || (gone.peek().is_some() && (!last_one_goes || gone.any(|cidr| freed(cidr, &after.strictest))))
}

/// A licensed list may shrink that might not, further, or for longer.
fn feeds_loosen(before: &Policy, after: &Policy) -> bool {
    after
        .feeds
        .iter()
        .any(|(feed, is)| before.feeds.get(feed).is_none_or(|was| is.entries < was.entries || is.until > was.until))
}

/// Does a group reach anything that it did not?
fn loosens(was: &Group, is: &Group) -> bool {
    let category_gone = was.blocked.keys().any(|category| !is.blocked.contains_key(category));
    let block_gone = was.block.iter().any(|(name, then)| match is.block.get(name) {
        None => true,
        Some(now) => longer(then.until, now.until),
    });
    let allow_new = is.allow.iter().any(|(name, now)| match was.allow.get(name) {
        None => true,
        Some(then) => longer(now.until, then.until),
    });
    // What a film opens stands with it; the same host may serve another one for longer.
    let film_host_new = is
        .film_hosts()
        .any(|(host, now)| !was.film_hosts().any(|(name, then)| name == host && !longer(now.until, then.until)));
    let kept = |one: &Hours, among: &BTreeMap<String, Hours>| among.values().any(|other| one.same_as(other));
    // What was closed at certain times and is closed at every hour now is not gone, unless some hours open it.
    let opened = |id: &String| is.hours.values().any(|one| matches!(&one.does, Does::Without(ids) if ids.contains(id)));
    let always = |hours: &Hours| match &hours.does {
        Does::Also(ids) => ids.keys().all(|id| is.blocked.contains_key(id) && !opened(id)),
        _ => false,
    };
    let closing_gone = was.hours.values().any(|hours| hours.tightens() && !kept(hours, &is.hours) && !always(hours));
    let opening_new = is.hours.values().any(|hours| !hours.tightens() && !kept(hours, &was.hours));
    category_gone
        || block_gone
        || allow_new
        || film_host_new
        || closing_gone
        || opening_new
        || (was.supervised && !is.supervised)
        || !was.downloads.is_subset(&is.downloads)
        || strictness(is) < strictness(was)
        || was.audience != is.audience
}

fn strictness(group: &Group) -> u8 {
    match group.search() {
        filter::SafeSearch::Off | filter::SafeSearch::ByAudience => 0,
        filter::SafeSearch::Moderate => 1,
        filter::SafeSearch::Strict => 2,
    }
}

fn longer(now: Option<Timestamp>, then: Option<Timestamp>) -> bool {
    match (now, then) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(now), Some(then)) => now > then,
    }
}

/// What differs between two versions, a line each: "Children's tablets: now blocks x.org".
pub fn difference(before: &Policy, after: &Policy) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, is) in &after.groups {
        let Some(was) = before.groups.get(key) else {
            lines.push(format!("{}: new group", is.name));
            continue;
        };
        let mut say = |text: String| lines.push(format!("{}: {text}", is.name));
        if was.name != is.name {
            say(format!("was called {} before", was.name));
        }
        names(&was.block, &is.block, "now blocks", "no longer blocks", &mut say);
        names(&was.allow, &is.allow, "now allows", "no longer allows", &mut say);
        films(was, is, &mut say);
        for (category, why) in is.blocked.iter().filter(|(category, _)| !was.blocked.contains_key(*category)) {
            let _ = category;
            say(format!("now blocks the category {}", why.title));
        }
        for (category, why) in was.blocked.iter().filter(|(category, _)| !is.blocked.contains_key(*category)) {
            let _ = category;
            say(format!("no longer blocks the category {}", why.title));
        }
        for hours in is.hours.values().filter(|hours| !was.hours.values().any(|other| other == *hours)) {
            say(format!("{}: {}", hours.name, hours.say(|id| title_in(after, id))));
        }
        for hours in was.hours.values().filter(|hours| !is.hours.values().any(|other| other == *hours)) {
            say(format!("no longer \u{201c}{}\u{201d}", hours.name));
        }
        match (was.supervised, is.supervised) {
            (false, true) => say("now reaches approved material only, while an adult has a session open".to_owned()),
            (true, false) => say("no longer needs a session, and reaches more than approved material".to_owned()),
            _ => {}
        }
        if was.downloads != is.downloads {
            say(format!("files that are refused are now: {}", files_in_words(&is.downloads)));
        }
        if was.search() != is.search() {
            say(format!("search is now {}", search_word(is.search())));
        }
    }
    for (key, was) in &before.groups {
        if !after.groups.contains_key(key) {
            let to = falls(after).map_or("the strictest group", |group| &group.name);
            lines.push(format!("{}: group gone; its devices go to {to}", was.name));
        }
    }
    let named = |key: &String| after.groups.get(key).map_or(key.clone(), |group| group.name.clone());
    if before.strictest != after.strictest {
        lines.push(format!("Devices that nobody knows are in: {}", named(&after.strictest)));
    }
    for (cidr, group) in after.networks.iter().filter(|(cidr, group)| before.networks.get(*cidr) != Some(*group)) {
        lines.push(format!("Devices that nobody knows on {cidr} are in: {}", named(group)));
    }
    for cidr in before.networks.keys().filter(|cidr| !after.networks.contains_key(*cidr)) {
        lines.push(format!("Devices that nobody knows on {cidr} are as everywhere else"));
    }
    for (feed, accepted) in after.feeds.iter().filter(|(feed, is)| before.feeds.get(*feed) != Some(*is)) {
        lines.push(format!(
            "The licensed list {feed} may be taken with {} entries, which is fewer than before",
            accepted.entries
        ));
    }
    for (key, is) in after.inspection.iter().filter(|(key, is)| before.inspection.get(*key) != Some(*is)) {
        let name = after.groups.get(key).map_or(key.as_str(), |group| &group.name);
        let until =
            is.until.to_zoned(jiff::tz::TimeZone::get("Europe/London").unwrap_or(jiff::tz::TimeZone::UTC)).date();
        lines.push(format!("{name}: encrypted pages are inspected until {until}"));
        lines.push(format!("{name}: assessment: {}", is.dpia));
        lines.push(format!("{name}: notice: {}", is.notice));
    }
    for key in before.inspection.keys().filter(|key| !after.inspection.contains_key(*key)) {
        let name = after.groups.get(key).map_or(key.as_str(), |group| &group.name);
        lines.push(format!("{name}: encrypted pages are no longer inspected"));
    }
    lines.extend(crate::sources::difference(&before.sources, &after.sources));
    lines
}

fn names(
    was: &BTreeMap<String, Decision>,
    is: &BTreeMap<String, Decision>,
    now: &str,
    no_longer: &str,
    say: &mut impl FnMut(String),
) {
    for (name, decision) in is {
        match was.get(name) {
            None => say(format!("{now} {name}")),
            Some(then) if then.until != decision.until => say(format!("{now} {name} until another time")),
            Some(_) => {}
        }
    }
    for name in was.keys().filter(|name| !is.contains_key(*name)) {
        say(format!("{no_longer} {name}"));
    }
}

/// Hosts that are open by their name, in a session, for films on a page of ours.
fn films(was: &Group, is: &Group, say: &mut impl FnMut(String)) {
    let hosts = |group: &Group| group.film_hosts().map(|(host, _)| host.clone()).collect::<BTreeSet<_>>();
    let (before, after) = (hosts(was), hosts(is));
    for host in after.difference(&before) {
        say(format!("{host} opens as a whole, in a session, for films on our own page"));
    }
    for host in before.difference(&after) {
        say(format!("{host} no longer opens for films"));
    }
}

/// A category's title, in this policy's words.
pub(crate) fn title_in(policy: &Policy, category: &str) -> String {
    let why = policy.groups.values().find_map(|group| group.blocked.get(category));
    why.map_or_else(|| category.to_owned(), |why| why.title.clone())
}
