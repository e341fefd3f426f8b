//! A change to the filter: what it does, whether it weakens protection, and how it reads in the history.

use std::collections::BTreeSet;

use filter::{Audience, HostName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::hours::{Does, Hours, Times};
use super::policy::{AcceptedFeed, Approved, Decision, Inspected, Policy, Why};

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
    /// Allow a name for some minutes, counted from the moment when it is approved.
    AllowForAWhile {
        /// Host name.
        name: String,
        /// Group keys.
        groups: Vec<String>,
        /// For how long.
        minutes: u32,
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
    /// Whoever asks from a network and is nobody that the register knows is in a group (S33).
    SetNetwork {
        /// `192.168.20.0/24`.
        cidr: String,
        /// Group key.
        group: String,
    },
    /// Such devices fall in the strictest group again.
    RemoveNetwork {
        /// As it stands in the policy.
        cidr: String,
    },
    /// Devices that nobody knows, and those that cannot prove which one they are, fall in this group (S33).
    UnknownDevices {
        /// Key of a children's group.
        group: String,
    },
    /// Take a licensed feed of illegal addresses although it lost more entries than it may by itself.
    AcceptShrunkFeed {
        /// Its id, as the configuration names it.
        feed: String,
        /// As many entries as it has now.
        entries: u64,
        /// Until when; some days from the moment when it is approved.
        #[serde(default)]
        until: Option<Timestamp>,
    },
    /// Hold search engines to their safe search, or let go.
    SetSearch {
        /// How.
        level: filter::SafeSearch,
        /// Group keys.
        groups: Vec<String>,
    },
    /// Something that holds at certain times.
    AddHours {
        /// What and when.
        hours: Hours,
        /// Group keys.
        groups: Vec<String>,
    },
    /// End something that holds at certain times.
    RemoveHours {
        /// Its id.
        id: String,
        /// Group keys.
        groups: Vec<String>,
    },
    /// Kinds of files that are not let through where the proxy sees them: these, and no others.
    RefuseFiles {
        /// Which.
        kinds: std::collections::BTreeSet<filter::Download>,
        /// Group keys.
        groups: Vec<String>,
    },
    /// Nothing but approved material, and only while an adult has a session open (CLS-07); or no longer so.
    Supervise {
        /// From now on, or no longer.
        on: bool,
        /// Group keys.
        groups: Vec<String>,
    },
    /// Material that somebody looked at before children use it (CLS-04).
    Approve {
        /// The site; or a part of it, as `host/path`, where the group's pages are inspected (S34).
        name: String,
        /// Sites, and parts of sites, that it needs to work, accepted one by one (S34).
        helpers: Vec<String>,
        /// What it is.
        title: String,
        /// What the children do with it.
        purpose: String,
        /// What was found by whoever looked at all of it.
        evaluation: String,
        /// Group keys.
        groups: Vec<String>,
        /// When it ends by itself.
        #[serde(default)]
        until: Option<Timestamp>,
    },
    /// Open encrypted pages to decide them by their whole address, until a day (S29).
    Inspect {
        /// What is recorded, and how.
        how: Box<Inspected>,
        /// Group keys.
        groups: Vec<String>,
    },
    /// End that.
    EndInspection {
        /// Group keys.
        groups: Vec<String>,
    },
    /// A device goes to a group that reaches more. The policy stays as it is ([`super::moving`]).
    MoveDevice {
        /// Which.
        device: domain::DeviceId,
        /// As on its label when it was proposed.
        name: String,
        /// Key of the group that it is in.
        from: String,
        /// Key of the group that it goes to.
        to: String,
    },
    /// A new group that begins as a copy of another.
    AddGroup {
        /// As people call it.
        name: String,
        /// Key of the group that it is like.
        like: String,
    },
    /// A group is called something else.
    RenameGroup {
        /// Its key, which stays.
        group: String,
        /// As people will call it.
        name: String,
    },
    /// A group goes; its devices fall in the strictest one.
    RemoveGroup {
        /// Its key.
        group: String,
    },
    /// Something that holds at certain times holds at others, or does something else.
    SetHours {
        /// Its id.
        id: String,
        /// What and when, from now on.
        hours: Hours,
        /// Group keys.
        groups: Vec<String>,
    },
    /// Go back to an earlier version as a whole. Groups that were added since stay as they are.
    RollBack {
        /// Its number.
        to: i64,
        /// Its text, so that the proposal shows what was decided on.
        policy: Box<Policy>,
    },
}

/// Most networks of one setting.
const MOST_NETWORKS: usize = 50;
/// For so long a shrunk feed that was accepted may be taken: its supplier is asked once a day.
const FEED_MAY_SHRINK: jiff::SignedDuration = jiff::SignedDuration::from_hours(72);

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
    /// The change as it takes effect at a moment: a while begins to run.
    #[must_use]
    pub fn starting(&self, now: Timestamp) -> Self {
        match self {
            Self::AllowForAWhile { name, groups, minutes } => {
                let end = now.saturating_add(jiff::SignedDuration::from_mins(i64::from(*minutes))).unwrap_or(now);
                Self::AllowName { name: name.clone(), groups: groups.clone(), until: Some(end) }
            }
            Self::AcceptShrunkFeed { feed, entries, .. } => {
                let until = Some(now.saturating_add(FEED_MAY_SHRINK).unwrap_or(now));
                Self::AcceptShrunkFeed { feed: feed.clone(), entries: *entries, until }
            }
            other => other.clone(),
        }
    }

    /// The names that a change opens, and for which groups.
    pub(crate) fn opens(&self) -> Option<(Vec<&str>, &[String])> {
        match self {
            Self::AllowName { name, groups, .. } | Self::AllowForAWhile { name, groups, .. } => {
                Some((vec![name], groups))
            }
            Self::Approve { name, helpers, groups, .. } => {
                Some((std::iter::once(name).chain(helpers).map(String::as_str).collect(), groups))
            }
            _ => None,
        }
    }

    /// When what it opens closes by itself; `None` for what stands until somebody changes it, and for a while that has not begun.
    pub fn ends(&self) -> Option<Timestamp> {
        match self {
            Self::AllowName { until, .. } | Self::Approve { until, .. } => *until,
            _ => None,
        }
    }

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
            // Looked at before it begins to run: only where it leads.
            Self::AllowForAWhile { name, groups, .. } => {
                let open = Self::AllowName { name: name.clone(), groups: groups.clone(), until: None };
                return open.apply(policy, rule, reason);
            }
            Self::ForgetName { name, groups } => {
                let name = if name.contains('/') { part(name)? } else { host(name)? };
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
            Self::SetNetwork { cidr, group } => {
                let cidr = filter::Network::spelt(cidr).ok_or_else(|| {
                    Unfit("Write a network like 192.168.20.0/24. It may not be wider than /8 (or /32 of IPv6).".into())
                })?;
                if !after.groups.contains_key(group) {
                    return Err(Unfit(format!("There is no group called {group}.")));
                }
                after.networks.insert(cidr, group.clone());
                if after.networks.len() > MOST_NETWORKS {
                    return Err(Unfit("There are as many networks as Holdfast keeps. Remove one first.".into()));
                }
            }
            Self::RemoveNetwork { cidr } => {
                if after.networks.remove(cidr).is_none() {
                    return Err(Unfit("There is no such network.".into()));
                }
            }
            Self::UnknownDevices { group } => {
                if !after.groups.contains_key(group) || *group == after.strictest {
                    return Err(Unfit("They fall in this group already, or there is no such group.".into()));
                }
                after.strictest.clone_from(group);
            }
            Self::AcceptShrunkFeed { feed, entries, until } => {
                if *entries == 0 || feed.is_empty() || feed.len() > 100 {
                    return Err(Unfit("A list without entries protects nobody.".into()));
                }
                let accepted = AcceptedFeed { entries: *entries, until: until.unwrap_or(Timestamp::MAX) };
                after.feeds.insert(feed.clone(), accepted);
            }
            Self::SetSearch { level, groups } => {
                for group in chosen(&mut after, groups)? {
                    if group.audience == Audience::Children && *level != filter::SafeSearch::Strict {
                        return Err(Unfit("Children\u{2019}s search stays safe. Nobody can change it here.".into()));
                    }
                    group.search = Some(*level);
                }
            }
            Self::RefuseFiles { kinds, groups } => {
                for group in chosen(&mut after, groups)? {
                    group.downloads.clone_from(kinds);
                }
            }
            Self::AddHours { hours, groups } => {
                let hours = fit(hours)?;
                for group in chosen(&mut after, groups)? {
                    if group.hours.values().any(|there| there.same_as(&hours)) {
                        continue;
                    }
                    group.hours.insert(rule.to_owned(), hours.clone());
                }
            }
            Self::RemoveHours { id, groups } => {
                let mut found = false;
                for group in chosen(&mut after, groups)? {
                    found |= group.hours.remove(id).is_some();
                }
                if !found {
                    return Err(Unfit("Nothing of that kind holds here at certain times.".into()));
                }
            }
            Self::SetHours { id, hours, groups } => {
                let hours = fit(hours)?;
                let mut found = false;
                for group in chosen(&mut after, groups)? {
                    if let Some(there) = group.hours.get_mut(id) {
                        there.clone_from(&hours);
                        found = true;
                    }
                }
                if !found {
                    return Err(Unfit("Nothing of that kind holds here at certain times.".into()));
                }
            }
            Self::Supervise { on, groups } => {
                for group in chosen(&mut after, groups)? {
                    if group.audience != Audience::Children {
                        return Err(Unfit(format!("{} is no children\u{2019}s group.", group.name)));
                    }
                    group.supervised = *on;
                    if !*on {
                        // Approved for sessions; with none they go, so that the day when sessions come back opens nothing.
                        group.allow.retain(|_, decision| decision.film().is_none());
                    }
                }
            }
            Self::Approve { name, helpers, title, purpose, evaluation, groups, until } => {
                let name = site_or_part(name)?;
                let texts =
                    [(title, "what it is"), (purpose, "what the children do with it"), (evaluation, "what you found")];
                if let Some((_, what)) = texts.iter().find(|(text, _)| text.trim().chars().count() < 3) {
                    return Err(Unfit(format!("Write {what}.")));
                }
                let helpers = helpers.iter().map(|helper| site_or_part(helper)).collect::<Result<Vec<_>, _>>()?;
                let approved = Approved {
                    title: title.trim().to_owned(),
                    purpose: purpose.trim().to_owned(),
                    evaluation: evaluation.trim().to_owned(),
                    site: name.clone(),
                    film: None,
                };
                let seen: BTreeSet<String> = after.inspection.keys().cloned().collect();
                let film = film_hosts(&name, &helpers);
                if let Some(part) = std::iter::once(&name).chain(&helpers).find(|name| name.contains('/')) {
                    let meant = |key: &&String| groups.is_empty() || groups.contains(key);
                    let open = after.groups.iter().filter(|(key, _)| meant(key) && !seen.contains(*key));
                    let by_film = |group: &super::policy::Group| film.is_some() && group.supervised;
                    if let Some((_, group)) = open.into_iter().find(|(_, group)| !by_film(group)) {
                        return Err(Unfit(no_part(part, &name, group)));
                    }
                }
                chosen(&mut after, groups)?;
                for (key, group) in
                    after.groups.iter_mut().filter(|(key, _)| groups.is_empty() || groups.contains(*key))
                {
                    if let Some(hosts) = film.as_ref().filter(|_| !seen.contains(key)) {
                        group.block.retain(|name, _| !hosts.contains(name));
                        let approved = Approved { film: Some(hosts.clone()), ..approved.clone() };
                        let decision = Decision { approved: Some(approved), ..decision(rule, reason, *until) };
                        group.allow.insert(name.clone(), decision);
                        continue;
                    }
                    for name in std::iter::once(&name).chain(&helpers) {
                        let decision = Decision { approved: Some(approved.clone()), ..decision(rule, reason, *until) };
                        group.block.remove(name);
                        group.allow.insert(name.clone(), decision);
                    }
                }
            }
            Self::Inspect { how, groups } => {
                let how = recorded(how)?;
                if groups.is_empty() {
                    return Err(Unfit("Choose whose devices are inspected.".into()));
                }
                for group in chosen(&mut after, groups)? {
                    if !super::policy::may_be_inspected(group) {
                        return Err(Unfit(format!(
                            "{} is never inspected: visitors and personal devices are nobody\u{2019}s to open.",
                            group.name
                        )));
                    }
                }
                after.inspection.extend(groups.iter().map(|key| (key.clone(), how.clone())));
            }
            Self::EndInspection { groups } => {
                let before = after.inspection.len();
                after.inspection.retain(|key, _| !groups.is_empty() && !groups.contains(key));
                if after.inspection.len() == before {
                    return Err(Unfit("Nothing is inspected there.".into()));
                }
            }
            Self::AddGroup { name, like } => {
                let name = group_name(&after, None, name)?;
                let like = after.groups.get(like).ok_or_else(|| Unfit("Choose a group that it is like.".into()))?;
                let group = super::policy::Group { name: name.clone(), ..like.clone() };
                after.groups.insert(fresh_key(&after, &name), group);
            }
            Self::RenameGroup { group, name } => {
                let name = group_name(&after, Some(group), name)?;
                let group = after.groups.get_mut(group).ok_or_else(|| no_group(group))?;
                group.name = name;
            }
            Self::RemoveGroup { group: key } => {
                let group = after.groups.remove(key).ok_or_else(|| no_group(key))?;
                if *key == after.strictest {
                    return Err(Unfit(format!(
                        "Devices that nobody knows are in {}. Choose another group for them first.",
                        group.name
                    )));
                }
                if group.audience == Audience::Essential {
                    return Err(Unfit("Calls, alarms and medical devices would be closed. This group stays.".into()));
                }
                after.networks.retain(|_, of| of != key);
                after.inspection.remove(key);
            }
            Self::MoveDevice { from, to, .. } => {
                let known = [from, to].iter().all(|key| policy.groups.contains_key(*key));
                return if known { Ok(after) } else { Err(Unfit("That group is gone.".into())) };
            }
            Self::RollBack { policy: then, .. } => {
                // What was added since is nobody's to lose: its devices would be without a group.
                let since = after.groups.into_iter().filter(|(key, _)| !then.groups.contains_key(key));
                after = (**then).clone();
                after.groups.extend(since);
            }
        }
        keep_locked(policy, &after)?;
        Ok(after)
    }

    /// The change that takes this one away again and touches nothing that was decided after it; `None` where there is none of its own
    /// kind.
    pub fn undoing(&self, rule: &str, before: &Policy, now: &Policy) -> Option<Self> {
        let meant = |groups: &[String], key: &String| groups.is_empty() || groups.contains(key);
        let those = |groups: &[String], what: &dyn Fn(&String, &super::policy::Group) -> bool| -> Vec<String> {
            let there = before.groups.iter().filter(|(key, _)| meant(groups, key) && now.groups.contains_key(*key));
            there.filter(|(key, group)| what(key, group)).map(|(key, _)| key.clone()).collect()
        };
        let some = |keys: Vec<String>| Some(keys).filter(|keys| !keys.is_empty());
        match self {
            Self::BlockName { name, groups } => {
                let name = site(name).ok()?;
                // An allowance that it replaced does not come back by forgetting the block.
                let replaced = before.groups.values().any(|group| group.allow.contains_key(&name));
                let holds = |key: &String| {
                    now.groups.get(key).and_then(|group| group.block.get(&name)).is_some_and(|there| there.rule == rule)
                };
                let groups = some(those(groups, &|key, was| holds(key) && !was.block.contains_key(&name)))?;
                (!replaced).then_some(Self::ForgetName { name, groups })
            }
            Self::BlockCategory { category, groups, .. } => {
                let holds =
                    |key: &String| now.groups.get(key).is_some_and(|group| group.blocked.contains_key(category));
                let groups = some(those(groups, &|key, was| holds(key) && !was.blocked.contains_key(category)))?;
                Some(Self::AllowCategory { category: category.clone(), groups })
            }
            Self::AddHours { groups, .. } => {
                let groups = some(those(groups, &|key, _| {
                    now.groups.get(key).is_some_and(|group| group.hours.contains_key(rule))
                }))?;
                Some(Self::RemoveHours { id: rule.to_owned(), groups })
            }
            Self::Supervise { on: true, groups } => {
                let groups = some(those(groups, &|key, was| {
                    !was.supervised && now.groups.get(key).is_some_and(|group| group.supervised)
                }))?;
                Some(Self::Supervise { on: false, groups })
            }
            Self::RenameGroup { group, .. } => {
                let name = before.groups.get(group)?.name.clone();
                Some(Self::RenameGroup { group: group.clone(), name })
            }
            _ => None,
        }
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
            Self::AllowForAWhile { name, groups, minutes } => {
                format!("Allow {name} for {}, for {minutes} minutes", named(groups))
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
            Self::MoveDevice { name, from, to, .. } => {
                let group = |key: &str| policy.groups.get(key).map_or(key.to_owned(), |group| group.name.clone());
                format!("Move {name} from {} to {}", group(from), group(to))
            }
            Self::SetNetwork { cidr, group } => {
                format!("Devices that nobody knows on {cidr}: {}", named(std::slice::from_ref(group)))
            }
            Self::RemoveNetwork { cidr } => format!("Devices that nobody knows on {cidr}: as everywhere else"),
            Self::UnknownDevices { group } => {
                format!("Devices that nobody knows: {}", named(std::slice::from_ref(group)))
            }
            Self::AcceptShrunkFeed { feed, entries, .. } => {
                format!("Take the licensed list \u{201c}{feed}\u{201d} although it has only {entries} entries now")
            }
            Self::SetSearch { level, groups } => format!("Search for {}: {}", named(groups), search_word(*level)),
            Self::RefuseFiles { kinds, groups } => {
                format!("Files that are refused for {}: {}", named(groups), files_in_words(kinds))
            }
            Self::AddHours { hours, groups } => format!("{} for {}", hours.name, named(groups)),
            Self::RemoveHours { id, groups } => {
                let name = policy.groups.values().find_map(|group| group.hours.get(id)).map(|hours| &hours.name);
                format!("End \u{201c}{}\u{201d} for {}", name.map_or(id.as_str(), String::as_str), named(groups))
            }
            Self::Supervise { on: true, groups } => {
                format!("Only approved material, with an adult, for {}", named(groups))
            }
            Self::Supervise { on: false, groups } => format!("No supervised sessions any more for {}", named(groups)),
            Self::Approve { title, name, groups, .. } => format!("Approve {title} ({name}) for {}", named(groups)),
            Self::Inspect { groups, .. } => format!("Inspect encrypted pages for {}", named(groups)),
            Self::EndInspection { groups } => format!("No longer inspect encrypted pages for {}", named(groups)),
            Self::AddGroup { name, like } => {
                format!("New group {name}, like {}", named(std::slice::from_ref(like)))
            }
            Self::RenameGroup { group, name } => {
                format!("Call the group {} \u{201c}{}\u{201d}", named(std::slice::from_ref(group)), name.trim())
            }
            Self::RemoveGroup { group } => format!(
                "Remove the group {}; its devices go to {}",
                named(std::slice::from_ref(group)),
                named(std::slice::from_ref(&policy.strictest))
            ),
            Self::SetHours { id, groups, .. } => {
                let name = policy.groups.values().find_map(|group| group.hours.get(id)).map(|hours| &hours.name);
                format!("Change \u{201c}{}\u{201d} for {}", name.map_or(id.as_str(), String::as_str), named(groups))
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

/// A whole site, or a part of one where there is a path (S34).
fn site_or_part(text: &str) -> Result<String, Unfit> {
    let text = text.trim();
    let bare = text.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
    if bare.contains(['/', '?']) { part(text) } else { site(bare) }
}

/// The hosts that a film on a page of ours opens: its own, and those that were accepted with it. None for what is no film, or
/// needs a part of a site, which nobody can tell from the rest without inspection.
fn film_hosts(name: &str, helpers: &[String]) -> Option<BTreeSet<String>> {
    let part = filter::Part::parse(name).ok()?;
    filter::Film::of(&part)?;
    let named = helpers.iter().all(|helper| !helper.contains('/'));
    named.then(|| std::iter::once(part.host().to_string()).chain(helpers.iter().cloned()).collect())
}

/// Why a part of a site cannot be approved where pages are not inspected, and what can be done instead.
fn no_part(part: &str, name: &str, group: &super::policy::Group) -> String {
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
fn part(text: &str) -> Result<String, Unfit> {
    let part = filter::Part::parse(text.trim())
        .map_err(|why| Unfit(format!("\u{201c}{text}\u{201d} cannot be a part of a site: {why}.")))?;
    site(&part.host().to_string())?;
    Ok(part.to_string())
}

/// Kinds of files, for who reads a list of changes.
pub(crate) fn files_in_words(kinds: &std::collections::BTreeSet<filter::Download>) -> String {
    let words: Vec<&str> = kinds
        .iter()
        .map(|kind| match kind {
            filter::Download::Programs => "programs",
            filter::Download::Archives => "archives",
            filter::Download::Macros => "office files that may hold macros",
            filter::Download::Disks => "images of disks",
        })
        .collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

/// Shortest text that can say where an assessment is, or how people were told.
const SAYS_SOMETHING: usize = 20;

/// Inspection with what has to be written down before it.
fn recorded(how: &Inspected) -> Result<Inspected, Unfit> {
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
fn fit(hours: &Hours) -> Result<Hours, Unfit> {
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
fn group_name(policy: &Policy, own: Option<&String>, name: &str) -> Result<String, Unfit> {
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

fn no_group(key: &str) -> Unfit {
    Unfit(format!("There is no group called {key}."))
}

/// A key that no group has: letters and figures of the name, and a number if need be.
fn fresh_key(policy: &Policy, name: &str) -> String {
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

/// How search is held, in words.
pub fn search_word(level: filter::SafeSearch) -> &'static str {
    match level {
        filter::SafeSearch::Strict => "always safe, videos in their strictest mode",
        filter::SafeSearch::Moderate => "safe, videos in their moderate mode",
        filter::SafeSearch::Off | filter::SafeSearch::ByAudience => "as the device sets it",
    }
}

fn decision(rule: &str, reason: &str, until: Option<Timestamp>) -> Decision {
    Decision { rule: rule.to_owned(), reason: reason.to_owned(), until, approved: None }
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
            // Its devices fall in the strictest group: where that reaches more, or asks for no session, they would be freed.
            if super::compare::falls_looser(group, after) {
                return Err(Unfit(format!(
                    "{} is a children\u{2019}s group, and its devices would reach more where devices fall that nobody knows. It cannot go.",
                    group.name
                )));
            }
            continue;
        };
        let lost = group.blocked.iter().find(|(category, _)| {
            LOCKED_FOR_CHILDREN.contains(&category.as_str()) && !now.blocked.contains_key(*category)
        });
        let at_times = now.hours.values().any(|hours| {
            matches!(&hours.does, Does::Without(open) if open.iter().any(|id| LOCKED_FOR_CHILDREN.contains(&id.as_str())))
        });
        if at_times {
            return Err(Unfit("What the policy promises to children holds at every hour.".into()));
        }
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

/// The proposals of a setting as a viewer may know them, by their ids as rules name them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// Those that the viewer may know of.
    pub(crate) ids: BTreeSet<String>,
    /// Those among them that came from a concern which the viewer may not open: of the words nothing (S7, S8).
    pub(crate) unread: BTreeSet<String>,
}

/// Instead of a reason that comes from a concern which is not the reader's.
pub(crate) const REASON_UNREAD: &str = "It came from something that is not yours to read. Ask whoever proposed it.";

/// What remains of a policy for somebody who may not know of some proposals: decisions that came from those are left out,
/// with name and reason, wherever the policy is shown or compared (S8). Of those whose concern they merely may not open the
/// change is shown, and not the reason. The gateway always gets the whole policy.
#[must_use]
pub(crate) fn without_hidden(mut policy: Policy, known: &Known) -> Policy {
    for group in policy.groups.values_mut() {
        for decisions in [&mut group.allow, &mut group.block] {
            decisions.retain(|_, decision| !is_hidden(&decision.rule, known));
            for decision in decisions.values_mut().filter(|decision| known.unread.contains(&decision.rule)) {
                REASON_UNREAD.clone_into(&mut decision.reason);
            }
        }
    }
    policy
}

/// A rule that is a proposal's id, and of none that the viewer knows.
pub(crate) fn is_hidden(rule: &str, known: &Known) -> bool {
    rule.parse::<domain::ProposalId>().is_ok() && !known.ids.contains(rule)
}
