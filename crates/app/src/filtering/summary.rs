//! What a group can and cannot reach, in plain English, made from the policy in force and from nothing else.
//!
//! Each sentence has its ground in the configuration or in the filter's own tables, so that it changes with them. To add
//! one: a line in [`of`], and what it is made from.

use filter::{Audience, safesearch};

use super::compare::title_in;
use super::policy::{Group, Policy};

/// A group in sentences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// The whole in one or two sentences.
    pub short: String,
    /// What it cannot reach.
    pub cannot: Vec<String>,
    /// What it can.
    pub can: Vec<String>,
    /// What differs at certain times: id and sentence.
    pub times: Vec<(String, String)>,
    /// How ways round the filter are closed.
    pub bypass: Vec<String>,
    /// What happens when the filter has no data.
    pub without_data: String,
    /// How search is held.
    pub search: String,
    /// What the filter cannot see here.
    pub blind: Vec<&'static str>,
}

/// A group of a policy in sentences.
pub fn of(policy: &Policy, key: &str) -> Option<Summary> {
    let group = policy.groups.get(key)?;
    let known = super::categories::choices().unwrap_or_default();
    let open: Vec<String> = known
        .iter()
        .filter(|choice| !group.blocked.contains_key(&choice.id))
        .map(|choice| choice.why.title.clone())
        .collect();
    Some(Summary {
        short: short(group),
        cannot: cannot(group),
        can: can(group, &open),
        times: group
            .hours
            .iter()
            .map(|(id, hours)| (id.clone(), format!("{}. {}", hours.name, hours.say(|id| title_in(policy, id)))))
            .collect(),
        bypass: bypass(group),
        without_data: without_data(group).to_owned(),
        search: search(group),
        blind: blind(group, policy.inspection.contains_key(key)),
    })
}

/// What the filter cannot see in the whole setting: what holds for every group first, then what holds for some, with their names.
pub fn blind_spots(policy: &Policy) -> Vec<String> {
    let mut spots: Vec<(&'static str, Vec<&str>)> = Vec::new();
    for (key, group) in &policy.groups {
        for say in blind(group, policy.inspection.contains_key(key)) {
            match spots.iter_mut().find(|(known, _)| *known == say) {
                Some((_, names)) => names.push(&group.name),
                None => spots.push((say, vec![&group.name])),
            }
        }
    }
    spots.sort_by_key(|(_, names)| std::cmp::Reverse(names.len()));
    let all = policy.groups.len();
    let say = |(say, names): (&str, Vec<&str>)| match names.len() {
        few if few < all => format!("{say} So it is in: {}.", names.join(", ")),
        _ => say.to_owned(),
    };
    spots.into_iter().map(say).collect()
}

fn short(group: &Group) -> String {
    if group.supervised {
        let approved = group.material().len();
        let material = match approved {
            0 => "Nothing is approved yet, so nothing opens".to_owned(),
            1 => "One thing is approved".to_owned(),
            many => format!("{many} things are approved"),
        };
        return format!(
            "These devices reach approved material and nothing else, and only while an adult has a session open. {material}."
        );
    }
    let blocked = match group.blocked.len() {
        0 => "No kind of site is blocked".to_owned(),
        1 => "One kind of site is blocked".to_owned(),
        many => format!("{many} kinds of sites are blocked"),
    };
    format!("{blocked}. Every other site opens, unless somebody blocked it by name.")
}

fn cannot(group: &Group) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    if group.supervised {
        all.push("Every site that nobody approved for them, and without an open session those too.".to_owned());
    }
    all.extend(group.blocked.values().map(|why| format!("{}. {}", why.title, why.why)));
    match group.block.len() {
        0 => {}
        1 => all.push("One site that we blocked by name.".to_owned()),
        many => all.push(format!("{many} sites that we blocked by name.")),
    }
    if !group.downloads.is_empty() {
        all.push(format!(
            "Files of these kinds, where the filter sees them: {}.",
            super::change::files_in_words(&group.downloads)
        ));
    }
    all.push(
        "Addresses of illegal pictures of children, as far as a list of them is supplied. Nobody can open these."
            .to_owned(),
    );
    all
}

fn can(group: &Group, open: &[String]) -> Vec<String> {
    let mut all =
        vec!["Help services such as Childline, the NSPCC and the police. No record is made of them.".to_owned()];
    all.push("Our own pages, the time, and what a device needs to work.".to_owned());
    if group.supervised {
        all.extend(group.material().values().map(|(approved, helpers)| match helpers.len() {
            _ if approved.film.is_some() => format!(
                "{}, one film on a page of ours, in a session. For it these open by name, as a whole: {}.",
                approved.title,
                helpers.join(", ")
            ),
            0 => format!("{}, in a session.", approved.title),
            1 => format!("{}, in a session, with one site that it needs.", approved.title),
            many => format!("{}, in a session, with {many} sites that it needs.", approved.title),
        }));
        return all;
    }
    match group.allow.len() {
        0 => {}
        1 => all.push("One site that we allowed by name.".to_owned()),
        many => all.push(format!("{many} sites that we allowed by name.")),
    }
    if !open.is_empty() {
        all.push(format!("These kinds of sites: {}.", open.join(", ")));
    }
    all.push("Every site that no list names.".to_owned());
    all
}

/// From the filter's own table of ways round it, and what the proxy refuses to this audience.
fn bypass(group: &Group) -> Vec<String> {
    let mut ways: Vec<&str> = filter::decide::ways_round().map(|(_, what)| what).collect();
    ways.dedup();
    let mut all = vec![format!("Refused to every group, whatever is decided: {}.", ways.join("; "))];
    let listed = group.blocked.contains_key("bypass");
    all.push(
        match listed {
            true => "Sites of VPNs, proxies and other ways round are blocked.",
            false => "Sites of VPNs, proxies and other ways round are not blocked for this group.",
        }
        .to_owned(),
    );
    if matches!(group.audience, Audience::Children | Audience::Guests) {
        all.push("Addresses made of numbers, and doors other than the web\u{2019}s, are closed.".to_owned());
    }
    all.push("A device inside the building cannot be reached through the proxy.".to_owned());
    all
}

fn without_data(group: &Group) -> &'static str {
    match group.audience {
        Audience::Children | Audience::Adults | Audience::Guests => {
            "If the filter loses its lists, this group is closed: help services, our own pages and sites allowed by name still open."
        }
        Audience::Essential => {
            "If the filter loses its lists, this group stays open: calls, alarms and medical apps must work."
        }
    }
}

fn search(group: &Group) -> String {
    match safesearch::level(group.audience, group.search()) {
        Some(safesearch::Level::Strict) if group.audience == Audience::Children => {
            "Search is always safe, and nobody can switch that off. Engines that cannot be held to it are blocked."
                .to_owned()
        }
        Some(safesearch::Level::Strict) => "Search is held to safe search, videos in their strictest mode.".to_owned(),
        Some(safesearch::Level::Moderate) => "Search is held to safe search, videos in their moderate mode.".to_owned(),
        None => "Search is as the device sets it.".to_owned(),
    }
}

fn blind(group: &Group, inspected: bool) -> Vec<&'static str> {
    let mut all = vec!["Mobile data. A device with its own SIM card does not come through here."];
    all.extend(match inspected {
        true => [
            "Pictures and films on a page that it lets through. It reads addresses, kinds of files and, where you chose so, words.",
            "Sites that are never opened: banks, health, help services, and apps that allow nobody to look. It allows or blocks these whole.",
        ],
        false => [
            "What is on a page that it lets through. It knows the site\u{2019}s name, not the picture.",
            "Part of a site, when the connection is encrypted. It allows or blocks the whole site.",
        ],
    });
    all.extend([
        "What is already on a device, in an app, or in a message.",
        "A site that is new today. Lists are always behind.",
    ]);
    if group.supervised || !group.hours.is_empty() {
        all.push(
            "What is open already on a device that uses our DNS alone. When a session or the hours end, nothing new opens there; connections are cut at once only where they go through our proxy.",
        );
    }
    if group.audience == Audience::Guests {
        all.push("Who it was. What guests ask for is counted and never tied to anybody.");
    }
    all
}
