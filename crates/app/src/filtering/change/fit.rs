//! What somebody typed into a proposal, brought to its one spelling, or refused in a sentence.

use std::collections::BTreeSet;

use filter::HostName;

use super::Unfit;
use crate::filtering::hours::{Does, Hours, Times};
use crate::filtering::policy::{Group, Inspected, Policy};

pub(super) fn host(name: &str) -> Result<String, Unfit> {
    HostName::parse(name.trim()).map(|host| host.as_str().to_owned()).map_err(|_| {
        Unfit(format!(
            "\u{201c}{name}\u{201d} is not a site\u{2019}s name. Write it like example.org, without http and slashes."
        ))
    })
}

/// Labels under which a country's names are sold: below them the next label is somebody's own.
const SOLD_UNDER: [&str; 14] =
    ["ac", "co", "com", "edu", "gov", "gob", "ltd", "me", "net", "nhs", "nom", "org", "plc", "sch"];

/// A rule holds for everything below its name, so `com` or `co.uk` would open, or shut, the world in one word.
pub(super) fn site(name: &str) -> Result<String, Unfit> {
    let name = host(name)?;
    let labels: Vec<&str> = name.split('.').collect();
    let too_wide = match labels.as_slice() {
        [_] => true,
        [second, top] => top.len() == 2 && SOLD_UNDER.contains(second),
        _ => false,
    };
    if too_wide {
        return Err(Unfit(format!(
            "{name} is no single site: half the internet ends like that. Write the whole name."
        )));
    }
    Ok(name)
}

/// A whole site, or a part of one where there is a path (S34).
pub(super) fn site_or_part(text: &str) -> Result<String, Unfit> {
    let text = text.trim();
    let bare = text.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
    if bare.contains(['/', '?']) { part(text) } else { site(bare) }
}

/// The hosts that a film on a page of ours opens: its own, and those that were accepted with it. None for what is no film, or
/// needs a part of a site, which nobody can tell from the rest without inspection.
pub(super) fn film_hosts(name: &str, helpers: &[String]) -> Option<BTreeSet<String>> {
    let part = filter::Part::parse(name).ok()?;
    filter::Film::of(&part)?;
    let named = helpers.iter().all(|helper| !helper.contains('/'));
    named.then(|| std::iter::once(part.host().to_string()).chain(helpers.iter().cloned()).collect())
}

/// Why a part of a site cannot be approved where pages are not inspected, and what can be done instead.
pub(super) fn no_part(part: &str, name: &str, group: &Group) -> String {
    let said = format!(
        "{part} is a part of a site. The filter can tell it from the rest only where pages are inspected, and those of {} are not.",
        group.name
    );
    let is_film = filter::Part::parse(name).is_ok_and(|part| filter::Film::of(&part).is_some());
    match (is_film, group.supervised) {
        (true, true) => format!("{said} Write the other sites that the film needs by their names alone."),
        (true, false) => format!(
            "{said} One film can be shown all the same, on a page of ours, if these devices open nothing without an adult\u{2019}s \
             session: propose that first. Or approve the whole site, or propose inspection."
        ),
        (false, _) => format!("{said} Approve the whole site, or propose inspection for the group first."),
    }
}

/// A part of a site in its one spelling; one video of YouTube stands alone on its page for embedding.
pub(super) fn part(text: &str) -> Result<String, Unfit> {
    let part = filter::Part::parse(text.trim())
        .map_err(|why| Unfit(format!("\u{201c}{text}\u{201d} cannot be a part of a site: {why}.")))?;
    site(&part.host().to_string())?;
    Ok(part.to_string())
}

/// Shortest text that can say where an assessment is, or how people were told.
const SAYS_SOMETHING: usize = 20;

/// Inspection with what has to be written down before it.
pub(super) fn recorded(how: &Inspected) -> Result<Inspected, Unfit> {
    let texts = [
        (&how.dpia, "Say where the assessment (DPIA) is, of when it is, and what came out."),
        (&how.notice, "Say how those who use the devices were told, and when."),
    ];
    if let Some((_, say)) = texts.iter().find(|(text, _)| text.trim().chars().count() < SAYS_SOMETHING) {
        return Err(Unfit((*say).to_owned()));
    }
    let exempt = how.exempt.iter().map(|name| host(name)).collect::<Result<_, _>>()?;
    Ok(Inspected { dpia: how.dpia.trim().to_owned(), notice: how.notice.trim().to_owned(), exempt, ..how.clone() })
}

/// Hours that mean something: a name, a window, a category.
pub(super) fn fit(hours: &Hours) -> Result<Hours, Unfit> {
    let name = hours.name.split_whitespace().collect::<Vec<_>>().join(" ");
    if !(3..=60).contains(&name.chars().count()) {
        return Err(Unfit("Give it a name of 3 to 60 letters, like \u{201c}Lunch break\u{201d}.".into()));
    }
    if let Times::Weekly(windows) | Times::OutsideWeekly(windows) = &hours.when
        && windows.is_empty()
    {
        return Err(Unfit("Choose at least one day, with a beginning and an end.".into()));
    }
    let empty = match &hours.does {
        Does::Close => false,
        Does::Also(categories) => categories.is_empty(),
        Does::Without(categories) => categories.is_empty(),
    };
    if empty {
        return Err(Unfit("Choose at least one category.".into()));
    }
    Ok(Hours { name, ..hours.clone() })
}

/// A name for a group that tells it apart from all others.
pub(super) fn group_name(policy: &Policy, own: Option<&String>, name: &str) -> Result<String, Unfit> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if !(3..=60).contains(&name.chars().count()) {
        return Err(Unfit("Give the group a name of 3 to 60 letters.".into()));
    }
    let mut others = policy.groups.iter().filter(|(key, _)| Some(*key) != own);
    if others.any(|(_, group)| group.name.to_lowercase() == name.to_lowercase()) {
        return Err(Unfit("There is a group of this name. Names have to tell them apart.".into()));
    }
    Ok(name)
}

/// A key that no group has: letters and figures of the name, and a number if need be.
pub(super) fn fresh_key(policy: &Policy, name: &str) -> String {
    let words: Vec<String> = name
        .to_lowercase()
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let key = if words.is_empty() { "group".to_owned() } else { words.join("-") };
    let numbered = (2_u32..).map(|number| format!("{key}-{number}"));
    std::iter::once(key.clone()).chain(numbered).find(|key| !policy.groups.contains_key(key)).unwrap_or(key)
}
