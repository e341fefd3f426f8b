//! The policy after a change, or why there can be none.

use std::collections::BTreeSet;

use filter::Audience;
use jiff::Timestamp;

use super::fit::{film_hosts, fit, fresh_key, group_name, host, no_part, part, recorded, site, site_or_part};
use super::{Change, LOCKED_FOR_CHILDREN, Unfit};
use crate::filtering::compare;
use crate::filtering::hours::Does;
use crate::filtering::policy::{AcceptedFeed, Approved, Decision, Group, Policy, may_be_inspected};

/// Most networks of one setting.
const MOST_NETWORKS: usize = 50;

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
                    let by_film = |group: &Group| film.is_some() && group.supervised;
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
                    if !may_be_inspected(group) {
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
                let group = Group { name: name.clone(), ..like.clone() };
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
}

fn no_group(key: &str) -> Unfit {
    Unfit(format!("There is no group called {key}."))
}

fn decision(rule: &str, reason: &str, until: Option<Timestamp>) -> Decision {
    Decision { rule: rule.to_owned(), reason: reason.to_owned(), until, approved: None }
}

fn chosen<'p>(policy: &'p mut Policy, keys: &[String]) -> Result<Vec<&'p mut Group>, Unfit> {
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
            if compare::falls_looser(group, after) {
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
