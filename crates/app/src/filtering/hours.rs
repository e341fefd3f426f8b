//! What differs for a group at certain times, as people decide it: in opening hours, in the lunch break, at night.
//!
//! What it is not: the reckoning, which is the gateway's (`filter::hours`). Opening hours and terms are the setting's own,
//! so that a change of them moves every group that keeps them.

use std::collections::{BTreeMap, BTreeSet};

pub use filter::hours::{Day, Days, Window};
use filter::hours::{Effect, Schedule, When};
use serde::{Deserialize, Serialize};

use super::policy::Why;

/// Opening hours by weekday, as a profile keeps them.
pub type Opening = BTreeMap<String, domain::setting::Hours>;

/// Something that holds at certain times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// As people call it: "Lunch break".
    pub name: String,
    /// When.
    pub when: Times,
    /// On which days of the calendar.
    #[serde(default)]
    pub days: Days,
    /// What then.
    pub does: Does,
}

/// When.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Times {
    /// While the setting is open.
    Opening,
    /// While it is not.
    OutsideOpening,
    /// In these windows of the week.
    Weekly(Vec<Window>),
    /// Outside them.
    OutsideWeekly(Vec<Window>),
}

/// What then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Does {
    /// The devices reach help and what they need to live, nothing else.
    Close,
    /// These categories are blocked as well.
    Also(BTreeMap<String, Why>),
    /// These categories are not blocked.
    Without(BTreeSet<String>),
}

impl Hours {
    /// Whether it takes something away.
    pub fn tightens(&self) -> bool {
        !matches!(self.does, Does::Without(_))
    }

    /// The same times and effect, whatever it is called?
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        (&self.when, self.days, &self.does) == (&other.when, other.days, &other.does)
    }

    /// For the gateway. Nothing, if it would loosen at opening hours that nobody has written down.
    pub(crate) fn for_gateway(&self, id: &str, opening: &Opening) -> Option<Schedule> {
        let (windows, outside) = match &self.when {
            Times::Opening => (windows_of(opening), false),
            Times::OutsideOpening => (windows_of(opening), true),
            Times::Weekly(windows) => (windows.clone(), false),
            Times::OutsideWeekly(windows) => (windows.clone(), true),
        };
        if windows.is_empty() && outside && !self.tightens() {
            return None;
        }
        let effect = match &self.does {
            Does::Close => Effect::Closed,
            Does::Also(categories) => {
                Effect::Also(categories.iter().map(|(id, why)| (id.clone(), why.for_gateway(false))).collect())
            }
            Does::Without(categories) => Effect::Without(categories.clone()),
        };
        let when = When { windows, days: self.days, outside };
        Some(Schedule { id: id.to_owned(), name: self.name.clone(), when, effect })
    }

    /// In one sentence: "While we are open, on days of term: Social media is blocked too."
    pub fn say(&self, title: impl Fn(&str) -> String) -> String {
        let days = match self.days {
            Days::Every => "",
            Days::Term => ", on days of term",
        };
        let when = match &self.when {
            Times::Opening => "While we are open".to_owned(),
            Times::OutsideOpening => "While we are closed".to_owned(),
            Times::Weekly(windows) => say_windows(windows),
            Times::OutsideWeekly(windows) => format!("Outside {}", lower(&say_windows(windows))),
        };
        let list = |ids: Vec<String>| ids.join(", ");
        let does = match &self.does {
            Does::Close => "nothing can be reached but help services and our own pages".to_owned(),
            Does::Also(categories) => {
                format!("{} is blocked too", list(categories.values().map(|why| why.title.clone()).collect()))
            }
            Does::Without(categories) => {
                format!("{} is not blocked", list(categories.iter().map(|id| title(id)).collect()))
            }
        };
        format!("{when}{days}: {does}.")
    }
}

fn windows_of(opening: &Opening) -> Vec<Window> {
    let of = |day: Day| opening.get(day.key()).map(|hours| Window { day, from: hours.from, to: hours.to });
    Day::WEEK.into_iter().filter_map(of).collect()
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// "Monday to Friday 12:00 to 13:00", with equal windows taken together.
fn say_windows(windows: &[Window]) -> String {
    let mut spans: BTreeMap<(jiff::civil::Time, jiff::civil::Time), Vec<Day>> = BTreeMap::new();
    for window in windows {
        spans.entry((window.from, window.to)).or_default().push(window.day);
    }
    let said: Vec<String> = spans
        .into_iter()
        .map(|((from, to), days)| {
            let night = if to <= from { " the next day" } else { "" };
            format!("{} {} to {}{night}", say_days(days), from.strftime("%H:%M"), to.strftime("%H:%M"))
        })
        .collect();
    if said.is_empty() { "Never".to_owned() } else { said.join(" and ") }
}

fn say_days(mut days: Vec<Day>) -> String {
    days.sort_unstable();
    days.dedup();
    let name = |day: &Day| {
        let key = day.key();
        let (first, rest) = key.split_at(1);
        format!("{}{rest}", first.to_uppercase())
    };
    let run = days.windows(2).all(|pair| matches!(pair, [one, two] if *two as u8 == *one as u8 + 1));
    match (days.first(), days.last()) {
        (Some(first), Some(last)) if days.len() > 2 && run => format!("{} to {}", name(first), name(last)),
        _ => days.iter().map(name).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(when: Times, does: Does) -> Hours {
        Hours { name: "N".into(), when, days: Days::Term, does }
    }

    fn week(from: &str, to: &str) -> Vec<Window> {
        let of = |day| Window { day, from: from.parse().unwrap(), to: to.parse().unwrap() };
        Day::WEEK.into_iter().take(5).map(of).collect()
    }

    #[test]
    fn hours_are_said_as_people_say_them() {
        let lunch = hours(Times::Weekly(week("12:00", "13:00")), Does::Without(["games".to_owned()].into()));
        let said = lunch.say(|id| id.to_uppercase());
        assert_eq!(said, "Monday to Friday 12:00 to 13:00, on days of term: GAMES is not blocked.");
        let night = Window { day: Day::Sunday, from: "20:00".parse().unwrap(), to: "07:00".parse().unwrap() };
        let said = hours(Times::OutsideWeekly(vec![night]), Does::Close).say(str::to_owned);
        assert!(said.starts_with("Outside sunday 20:00 to 07:00 the next day"), "{said}");
    }

    #[test]
    fn hours_that_nobody_wrote_down_open_nothing() {
        let open = hours(Times::OutsideOpening, Does::Without(["games".to_owned()].into()));
        assert_eq!(open.for_gateway("x", &Opening::new()), None);
        let close = hours(Times::OutsideOpening, Does::Close);
        assert!(close.for_gateway("x", &Opening::new()).is_some(), "closed, rather than open by mistake");
    }
}
