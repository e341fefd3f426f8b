//! Fields one by one: what is good comes back, what is not gets a sentence beside it.

use std::{collections::BTreeMap, str::FromStr};

use jiff::{Timestamp, civil::Date};
use views::FormView;

use super::moment;

/// The fields of a form while they are read.
#[derive(Debug)]
pub struct Fields {
    typed: BTreeMap<String, Vec<String>>,
    view: FormView,
    now: Timestamp,
    ahead: bool,
}

/// A password or code: never shown, never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The word itself, for the one function that checks it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Fields {
    /// Reads what a form has kept once more: for forms whose questions are known only after the record was opened.
    pub fn kept(view: &FormView, now: Timestamp) -> Self {
        Self::new(view.all_kept(), &[], now)
    }

    pub(super) fn new(pairs: Vec<(String, String)>, secrets: &[&str], now: Timestamp) -> Self {
        let (mut typed, mut view) = (BTreeMap::<String, Vec<String>>::new(), FormView::new());
        for (name, value) in pairs {
            // A browser sends lines as CR LF; a NUL has no place in anybody's words and PostgreSQL refuses it.
            let value = value.replace("\r\n", "\n").replace('\0', "");
            if !secrets.contains(&name.as_str()) && name != "_token" {
                view.keep(&name, value.clone());
            }
            typed.entry(name).or_default().push(value);
        }
        Self { typed, view, now, ahead: false }
    }

    /// The fields of an address (`?day-day=3`): what a page is asked to show.
    pub(crate) fn of_query(pairs: Vec<(String, String)>, now: Timestamp) -> Self {
        Self::new(pairs, &[], now)
    }

    /// What to show again.
    pub fn into_view(self) -> FormView {
        self.view
    }

    /// Was a time ahead of the clock?
    pub(super) fn is_ahead(&self) -> bool {
        self.ahead
    }

    /// What was typed, trimmed.
    pub fn raw(&self, name: &str) -> &str {
        self.typed.get(name).and_then(|all| all.first()).map_or("", |text| text.trim())
    }

    /// Says what to mend.
    pub fn error(&mut self, name: &str, say: impl Into<String>) {
        self.view.error(name, say);
    }

    /// Text that must be there: up to `max` characters; `missing` says what to do.
    pub fn text(&mut self, name: &str, max: usize, missing: &str) -> Option<String> {
        let text = self.maybe(name, max)?;
        if text.is_none() {
            self.error(name, missing);
        }
        text
    }

    /// Text that may be left out. The outer `None` is an error, the inner one is "left out".
    pub fn maybe(&mut self, name: &str, max: usize) -> Option<Option<String>> {
        let text = self.raw(name).to_owned();
        let length = text.chars().count();
        if length > max {
            self.error(name, format!("Shorten this by {} characters. It may have up to {max}", length - max));
            return None;
        }
        Some(Some(text).filter(|text| !text.is_empty()))
    }

    /// A password or code.
    pub fn secret(&mut self, name: &str, missing: &str) -> Option<Secret> {
        let word = self.typed.get(name).and_then(|all| all.first()).cloned().unwrap_or_default();
        if word.is_empty() {
            self.error(name, missing);
            return None;
        }
        // A bound on what is hashed, not a rule about passwords.
        if word.len() > 1024 {
            self.error(name, "Shorten this to 200 characters");
            return None;
        }
        Some(Secret(word))
    }

    /// One of a few: `from_key` knows them (`Role::from_key`).
    pub fn choice<T>(&mut self, name: &str, from_key: impl Fn(&str) -> Option<T>, missing: &str) -> Option<T> {
        let chosen = from_key(self.raw(name));
        if chosen.is_none() {
            self.error(name, missing);
        }
        chosen
    }

    /// Any of a few. Words that nobody offered are an error.
    pub fn several<T>(&mut self, name: &str, from_key: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
        let all = self.typed.get(name).cloned().unwrap_or_default();
        let chosen: Option<Vec<T>> = all.iter().filter(|key| !key.is_empty()).map(|key| from_key(key)).collect();
        if chosen.is_none() {
            self.error(name, "Choose from the list");
        }
        chosen
    }

    /// An id or anything else with a plain form: `fields.parsed::<DeviceId>("device", "Choose a device")`.
    pub fn parsed<T: FromStr>(&mut self, name: &str, missing: &str) -> Option<T> {
        self.choice(name, |text| text.parse().ok(), missing)
    }

    /// Is this box ticked, or "yes" chosen?
    pub fn yes(&self, name: &str) -> bool {
        matches!(self.raw(name), "yes" | "true" | "on" | "1")
    }

    /// A question that must be answered with yes or no.
    pub fn yes_or_no(&mut self, name: &str, missing: &str) -> Option<bool> {
        let from_key = |key: &str| match key {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        self.choice(name, from_key, missing)
    }

    /// A day from `NAME-day`, `NAME-month`, `NAME-year`.
    pub fn date(&mut self, name: &str, missing: &str) -> Option<Date> {
        let parts = ["day", "month", "year"].map(|part| self.raw(&format!("{name}-{part}")).to_owned());
        if parts.iter().all(String::is_empty) {
            self.error(name, missing);
            return None;
        }
        moment::date(&parts).map_err(|say| self.error(name, say)).ok()
    }

    /// A day that may be left out. The outer `None` is an error, the inner one is "left out".
    pub fn maybe_date(&mut self, name: &str) -> Option<Option<Date>> {
        let empty = ["day", "month", "year"].iter().all(|part| self.raw(&format!("{name}-{part}")).is_empty());
        if empty { Some(None) } else { self.date(name, "").map(Some) }
    }

    /// A moment from the parts of [`Self::date`] and `NAME-time`, in British time. Not in the future: people tell what
    /// happened.
    pub fn moment(&mut self, name: &str, missing: &str) -> Option<Timestamp> {
        let date = self.date(name, missing)?;
        let time = moment::time(self.raw(&format!("{name}-time")));
        let at = time.and_then(|time| moment::instant(date, time));
        match at {
            Ok(at) if at > self.now => {
                self.ahead = true;
                self.error(name, "That is still to come. Check the day and the time");
            }
            Ok(at) => return Some(at),
            Err(say) => self.error(name, say),
        }
        None
    }
}
