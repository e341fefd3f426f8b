//! A schedule of a group: its questions, and what was answered.

use app::filtering::hours::{Day, Days, Does, Hours, Times, Window};
use app::filtering::{Audience, Group, LOCKED_FOR_CHILDREN, categories};
use jiff::civil::Time;
use views::FormView;
use views::pages::register::field_if;

use crate::{Fault, Fields};

/// With these answers days and times are asked for.
const CHOSEN: &str = "weekly outside_weekly";
const TO: &str = "Like 13:00. An end before the beginning is on the next day";

/// The hours of a schedule as the form asks for them.
pub(super) fn typed(form: &mut FormView, hours: &Hours) {
    form.set("name", hours.name.clone());
    let (when, windows) = match &hours.when {
        Times::Opening => ("opening", [].as_slice()),
        Times::OutsideOpening => ("outside_opening", [].as_slice()),
        Times::Weekly(windows) => ("weekly", windows.as_slice()),
        Times::OutsideWeekly(windows) => ("outside_weekly", windows.as_slice()),
    };
    form.set("when", when);
    for window in windows {
        form.keep("days", window.day.key());
    }
    if let Some(window) = windows.first() {
        form.set("from", window.from.strftime("%H:%M").to_string());
        form.set("to", window.to.strftime("%H:%M").to_string());
    }
    form.set("term", if hours.days == Days::Term { "term" } else { "every" });
    match &hours.does {
        Does::Close => form.set("does", "close"),
        Does::Also(ids) => {
            form.set("does", "also");
            ids.keys().for_each(|id| form.keep("also", id.clone()));
        }
        Does::Without(ids) => {
            form.set("does", "without");
            ids.iter().for_each(|id| form.keep("without", id.clone()));
        }
    }
}

/// The questions; those that follow from an answer wait for it.
pub(super) fn fields(form: &FormView, group: &Group) -> Result<Vec<String>, Fault> {
    let all = categories::choices()?;
    let blocked: Vec<(String, String)> = all
        .iter()
        .filter(|choice| group.blocked.contains_key(&choice.id))
        .filter(|choice| group.audience != Audience::Children || !LOCKED_FOR_CHILDREN.contains(&choice.id.as_str()))
        .map(|choice| (choice.id.clone(), choice.why.title.clone()))
        .collect();
    let open: Vec<(String, String)> = all
        .iter()
        .filter(|choice| !group.blocked.contains_key(&choice.id))
        .map(|choice| (choice.id.clone(), choice.why.title.clone()))
        .collect();
    let days: Vec<(String, String)> = Day::WEEK
        .iter()
        .map(|day| {
            let key = day.key();
            let (first, rest) = key.split_at(1);
            (key.to_owned(), format!("{}{rest}", first.to_uppercase()))
        })
        .collect();
    let mut does = form.radios("does", "What happens then?").option_with(
        "close",
        "The devices are closed",
        "Help services and our own pages still work",
    );
    if !open.is_empty() {
        does = does.option("also", "More kinds of sites are blocked");
    }
    if !blocked.is_empty() {
        does = does.option("without", "Some kinds of sites open");
    }
    let begin =
        form.checkboxes("days", "On which days?").hint("The days on which the hours begin").options(&days).inline();
    let mut fields = vec![
        form.text("name", "What do you call it?")
            .hint("Like \u{201c}Lunch break\u{201d} or \u{201c}Night\u{201d}")
            .max(60)
            .to_string(),
        form.radios("when", "When?")
            .option("opening", "While we are open")
            .option("outside_opening", "While we are closed")
            .option_with("weekly", "At hours that I choose", "On some days, from one time to another")
            .option("outside_weekly", "Outside the hours that I choose")
            .to_string(),
        field_if("when", CHOSEN, &begin),
        field_if("when", CHOSEN, &form.text("from", "From").hint("Like 12:00").width(5).max(5)),
        field_if("when", CHOSEN, &form.text("to", "To").hint(TO).width(5).max(5)),
        form.radios("term", "In holidays too?")
            .option("every", "Yes, all year")
            .option("term", "No, on days of term only")
            .to_string(),
        does.to_string(),
    ];
    if !open.is_empty() {
        let also = form.checkboxes("also", "Kinds of sites to block then").options(&open);
        fields.push(field_if("does", "also", &also));
    }
    if !blocked.is_empty() {
        let without = form.checkboxes("without", "Kinds of sites to open then").options(&blocked);
        fields.push(field_if("does", "without", &without));
    }
    Ok(fields)
}

/// What was answered.
pub(super) fn read(fields: &mut Fields) -> Option<Hours> {
    let name = fields.text("name", 60, "Give it a name");
    let when = match fields.raw("when") {
        "opening" => Some(Times::Opening),
        "outside_opening" => Some(Times::OutsideOpening),
        "weekly" => windows(fields).map(Times::Weekly),
        "outside_weekly" => windows(fields).map(Times::OutsideWeekly),
        _ => {
            fields.error("when", "Choose when");
            None
        }
    };
    let days = |key: &str| match key {
        "every" => Some(Days::Every),
        "term" => Some(Days::Term),
        _ => None,
    };
    let days = fields.choice("term", days, "Say whether it holds in holidays");
    let does = match fields.raw("does") {
        "close" => Some(Does::Close),
        "also" => chosen(fields, "also").and_then(|ids| {
            let all = categories::choices().ok()?;
            let of =
                |id: &String| all.iter().find(|choice| choice.id == *id).map(|choice| (id.clone(), choice.why.clone()));
            Some(Does::Also(ids.iter().filter_map(of).collect()))
        }),
        "without" => chosen(fields, "without").map(|ids| Does::Without(ids.into_iter().collect())),
        _ => {
            fields.error("does", "Choose what happens then");
            None
        }
    };
    Some(Hours { name: name?, when: when?, days: days?, does: does? })
}

fn chosen(fields: &mut Fields, name: &str) -> Option<Vec<String>> {
    let chosen = fields.several(name, |id| Some(id.to_owned()))?;
    if chosen.is_empty() {
        fields.error(name, "Choose at least one");
        return None;
    }
    Some(chosen)
}

fn windows(fields: &mut Fields) -> Option<Vec<Window>> {
    let days = fields.several("days", |key| Day::WEEK.into_iter().find(|day| day.key() == key));
    if days.as_ref().is_some_and(Vec::is_empty) {
        fields.error("days", "Choose at least one day");
    }
    let from = fields.choice("from", time, "Write a time like 12:00");
    let to = fields.choice("to", time, "Write a time like 13:00");
    let (days, from, to) = (days?, from?, to?);
    (!days.is_empty()).then(|| days.into_iter().map(|day| Window { day, from, to }).collect())
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once([':', '.'])?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}
