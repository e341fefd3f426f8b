//! Changes in words.

use std::collections::BTreeSet;

use super::Change;
use crate::filtering::policy::Policy;

impl Change {
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

/// Kinds of files, for who reads a list of changes.
pub(crate) fn files_in_words(kinds: &BTreeSet<filter::Download>) -> String {
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

/// How search is held, in words.
pub fn search_word(level: filter::SafeSearch) -> &'static str {
    match level {
        filter::SafeSearch::Strict => "always safe, videos in their strictest mode",
        filter::SafeSearch::Moderate => "safe, videos in their moderate mode",
        filter::SafeSearch::Off | filter::SafeSearch::ByAudience => "as the device sets it",
    }
}
