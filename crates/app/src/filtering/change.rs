//! A change to the filter: what it does, whether it weakens protection, and how it reads in the history.

use std::collections::{BTreeMap, BTreeSet};

use filter::{Audience, HostName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::policy::{Decision, Policy, Why};

/// One change, as proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// Block a name with everything below it.
    BlockName {
        /// Host name.
        name: String,
        /// Group keys; empty is every group.
        groups: Vec<String>,
    },
    /// Allow a name although a category blocks it.
    AllowName {
        /// Host name.
        name: String,
        /// Group keys.
        groups: Vec<String>,
        /// When it ends by itself.
        #[serde(default)]
        until: Option<Timestamp>,
    },
    /// Take a decision about a name away.
    ForgetName {
        /// Host name.
        name: String,
        /// Group keys.
        groups: Vec<String>,
    },
    /// Block a category.
    BlockCategory {
        /// Category id.
        category: String,
        /// In the policy's words.
        why: Why,
        /// Group keys.
        groups: Vec<String>,
    },
    /// Stop blocking a category.
    AllowCategory {
        /// Category id.
        category: String,
        /// Group keys.
        groups: Vec<String>,
    },
    /// Fetch lists from one more place.
    AddSource {
        /// Where, whose, under which licence.
        source: Box<crate::sources::Source>,
    },
    /// Fetch no longer from a place, and let through what only its lists block.
    RemoveSource {
        /// Its key.
        key: String,
    },
    /// Go back to an earlier version as a whole.
    RollBack {
        /// Its number.
        to: i64,
        /// Its text, so that the proposal shows what was decided on.
        policy: Box<Policy>,
    },
}

/// Does a change weaken protection?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Nothing becomes reachable that was not. Immediate (S45).
    Tightens,
    /// Something becomes reachable. Another person approves.
    Loosens,
}

/// Why a change cannot be made. A sentence for the form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(pub String);

impl Change {
    /// The policy after the change.
    ///
    /// # Errors
    /// [`Unfit`] when a name is no name, a group does not exist, or a locked rule would be loosened: children's groups
    /// never lose a category that the policy's own words demand (FIL-02).
    pub fn apply(&self, policy: &Policy, rule: &str, reason: &str) -> Result<Policy, Unfit> {
        let mut after = policy.clone();
        match self {
            Self::BlockName { name, groups } => {
                let name = site(name)?;
                let decision = decision(rule, reason, None);
                for group in chosen(&mut after, groups)? {
                    group.allow.remove(&name);
                    group.block.insert(name.clone(), decision.clone());
                }
            }
            Self::AllowName { name, groups, until } => {
                let name = site(name)?;
                for group in chosen(&mut after, groups)? {
                    group.block.remove(&name);
                    group.allow.insert(name.clone(), decision(rule, reason, *until));
                }
            }
            Self::ForgetName { name, groups } => {
                let name = host(name)?;
                let mut found = false;
                for group in chosen(&mut after, groups)? {
                    found |= group.allow.remove(&name).is_some() | group.block.remove(&name).is_some();
                }
                if !found {
                    return Err(Unfit(format!("Nobody has decided anything about {name} here.")));
                }
            }
            Self::BlockCategory { category, why, groups } => {
                for group in chosen(&mut after, groups)? {
                    group.blocked.insert(category.clone(), why.clone());
                }
            }
            Self::AllowCategory { category, groups } => {
                for group in chosen(&mut after, groups)? {
                    if group.audience == Audience::Children && LOCKED_FOR_CHILDREN.contains(&category.as_str()) {
                        return Err(Unfit(format!(
                            "{} stays blocked for children. The policy promises it and nobody can change it here.",
                            group.blocked.get(category).map_or(category.as_str(), |why| why.title.as_str())
                        )));
                    }
                    group.blocked.remove(category);
                }
            }
            Self::AddSource { source } => {
                let source = crate::sources::fit(source).map_err(Unfit)?;
                if after.sources.len() >= crate::sources::MOST {
                    return Err(Unfit("There are as many sources as Holdfast keeps. Remove one first.".into()));
                }
                if after.sources.values().any(|there| there.from == source.from) {
                    return Err(Unfit("Lists are fetched from there already.".into()));
                }
                after.sources.insert(crate::sources::fresh_key(&source.title, rule), source);
            }
            Self::RemoveSource { key } => {
                if after.sources.remove(key).is_none() {
                    return Err(Unfit("There is no such source of lists.".into()));
                }
            }
            Self::RollBack { policy, .. } => after = (**policy).clone(),
        }
        keep_locked(policy, &after)?;
        Ok(after)
    }

    /// In one line for the queue and the history.
    pub fn say(&self, policy: &Policy) -> String {
        let named = |groups: &[String]| -> String {
            if groups.is_empty() {
                return "everybody".into();
            }
            let names: Vec<&str> =
                groups.iter().map(|key| policy.groups.get(key).map_or(key.as_str(), |group| &group.name)).collect();
            names.join(", ")
        };
        match self {
            Self::BlockName { name, groups } => format!("Block {name} for {}", named(groups)),
            Self::AllowName { name, groups, until: None } => format!("Allow {name} for {}", named(groups)),
            Self::AllowName { name, groups, until: Some(_) } => {
                format!("Allow {name} for {} for a time", named(groups))
            }
            Self::ForgetName { name, groups } => format!("Forget what was decided about {name} for {}", named(groups)),
            Self::BlockCategory { why, groups, .. } => format!("Block {} for {}", why.title, named(groups)),
            Self::AllowCategory { category, groups } => {
                let title = policy.groups.values().find_map(|group| group.blocked.get(category));
                let title = title.map_or(category.as_str(), |why| why.title.as_str());
                format!("Stop blocking {title} for {}", named(groups))
            }
            Self::AddSource { source } => format!("Fetch lists from {} ({})", source.title, source.from.say()),
            Self::RemoveSource { key } => {
                let title = policy.sources.get(key).map_or(key.as_str(), |source| source.title.as_str());
                format!("No longer fetch lists from {title}")
            }
            Self::RollBack { to, .. } => format!("Go back to version {to}"),
        }
    }
}

/// Categories that the policies promise to block; no change loosens them for a children's group (FIL-02).
pub const LOCKED_FOR_CHILDREN: [&str; 5] = ["pornography", "hate", "extremism", "gambling", "illegal"];

fn host(name: &str) -> Result<String, Unfit> {
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
fn site(name: &str) -> Result<String, Unfit> {
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

fn decision(rule: &str, reason: &str, until: Option<Timestamp>) -> Decision {
    Decision { rule: rule.to_owned(), reason: reason.to_owned(), until }
}

fn chosen<'p>(policy: &'p mut Policy, keys: &[String]) -> Result<Vec<&'p mut super::policy::Group>, Unfit> {
    if let Some(missing) = keys.iter().find(|key| !policy.groups.contains_key(*key)) {
        return Err(Unfit(format!("There is no group called {missing}.")));
    }
    Ok(policy
        .groups
        .iter_mut()
        .filter(|(key, _)| keys.is_empty() || keys.contains(key))
        .map(|(_, group)| group)
        .collect())
}

/// Whatever the way (a roll-back too): a children's group keeps its locked categories, stays a children's group and
/// stays the one for unknown devices.
fn keep_locked(before: &Policy, after: &Policy) -> Result<(), Unfit> {
    for (key, group) in before.groups.iter().filter(|(_, group)| group.audience == Audience::Children) {
        let Some(now) = after.groups.get(key) else {
            return Err(Unfit(format!("{} is a children\u{2019}s group and cannot go.", group.name)));
        };
        let lost = group.blocked.iter().find(|(category, _)| {
            LOCKED_FOR_CHILDREN.contains(&category.as_str()) && !now.blocked.contains_key(*category)
        });
        if now.audience != Audience::Children || lost.is_some() {
            return Err(Unfit(format!("{} must stay as strict as the policy promises.", group.name)));
        }
    }
    let strictest = after.groups.get(&after.strictest).map(|group| group.audience);
    if strictest != Some(Audience::Children) {
        return Err(Unfit("Unknown devices must fall in a children\u{2019}s group.".into()));
    }
    Ok(())
}

/// Does going from one policy to another make anything reachable that was not? Judged from the policies themselves,
/// never from the name of the change.
pub fn direction(before: &Policy, after: &Policy) -> Direction {
    for (key, was) in &before.groups {
        let Some(is) = after.groups.get(key) else { return Direction::Loosens };
        let category_gone = was.blocked.keys().any(|category| !is.blocked.contains_key(category));
        let block_gone = was.block.iter().any(|(name, then)| match is.block.get(name) {
            None => true,
            Some(now) => longer(then.until, now.until),
        });
        let allow_new = is.allow.iter().any(|(name, now)| match was.allow.get(name) {
            None => true,
            Some(then) => longer(now.until, then.until),
        });
        if category_gone || block_gone || allow_new || was.audience != is.audience {
            return Direction::Loosens;
        }
    }
    // A new source is a stranger whose lists of tomorrow nobody knows, exceptions among them, and the program goes out to
    // ask it: that waits for another person too.
    if before.sources != after.sources {
        return Direction::Loosens;
    }
    let group_new = after.groups.keys().any(|key| !before.groups.contains_key(key));
    if group_new || before.strictest != after.strictest { Direction::Loosens } else { Direction::Tightens }
}

fn longer(now: Option<Timestamp>, then: Option<Timestamp>) -> bool {
    match (now, then) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(now), Some(then)) => now > then,
    }
}

/// What remains of a policy for somebody who may not know of some proposals: decisions that came from those are left out,
/// with name and reason, wherever the policy is shown or compared (S8). The gateway always gets the whole policy.
#[must_use]
pub(crate) fn without_hidden(mut policy: Policy, known: &BTreeSet<String>) -> Policy {
    for group in policy.groups.values_mut() {
        for decisions in [&mut group.allow, &mut group.block] {
            decisions.retain(|_, decision| !is_hidden(&decision.rule, known));
        }
    }
    policy
}

/// A rule that is a proposal's id, and of none that the viewer knows.
pub(crate) fn is_hidden(rule: &str, known: &BTreeSet<String>) -> bool {
    rule.parse::<domain::ProposalId>().is_ok() && !known.contains(rule)
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
        names(&was.block, &is.block, "now blocks", "no longer blocks", &mut say);
        names(&was.allow, &is.allow, "now allows", "no longer allows", &mut say);
        for (category, why) in is.blocked.iter().filter(|(category, _)| !was.blocked.contains_key(*category)) {
            let _ = category;
            say(format!("now blocks the category {}", why.title));
        }
        for (category, why) in was.blocked.iter().filter(|(category, _)| !is.blocked.contains_key(*category)) {
            let _ = category;
            say(format!("no longer blocks the category {}", why.title));
        }
    }
    for (key, was) in &before.groups {
        if !after.groups.contains_key(key) {
            lines.push(format!("{}: group gone", was.name));
        }
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
