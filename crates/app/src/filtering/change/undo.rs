//! The change that takes another one away again.

use super::Change;
use super::fit::site;
use crate::filtering::policy::{Group, Policy};

impl Change {
    /// The change that takes this one away again and touches nothing that was decided after it; `None` where there is none of its own
    /// kind.
    pub fn undoing(&self, rule: &str, before: &Policy, now: &Policy) -> Option<Self> {
        let meant = |groups: &[String], key: &String| groups.is_empty() || groups.contains(key);
        let those = |groups: &[String], what: &dyn Fn(&String, &Group) -> bool| -> Vec<String> {
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
}
