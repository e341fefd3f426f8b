//! What a form holds between two renderings: the values that were typed and the errors, field by field.
//!
//! `web` fills it; templates ask it for fields: `{{ form.text("username", "Username") }}`. A secret is never put in.

use std::collections::BTreeMap;

use crate::ui::{Area, Choices, ErrorSummary, FieldError, Input, Moment, Select};

/// Values and errors of one form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormView {
    values: BTreeMap<String, Vec<String>>,
    errors: Vec<FieldError>,
}

impl FormView {
    /// An empty form, as on the first visit.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same form with a value to start from.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.entry(name.to_owned()).or_default().push(value.into());
        self
    }

    /// Keeps a typed value. Repeated fields (checkboxes) keep each.
    pub fn keep(&mut self, name: &str, value: impl Into<String>) {
        self.values.entry(name.to_owned()).or_default().push(value.into());
    }

    /// Replaces what a field holds.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.values.insert(name.to_owned(), vec![value.into()]);
    }

    /// Forgets a field: secrets are never sent back.
    pub fn forget(&mut self, name: &str) {
        self.values.remove(name);
    }

    /// Says what is to be mended in a field. The first word to a field is the one beside it.
    pub fn error(&mut self, name: &str, message: impl Into<String>) {
        self.errors.push(FieldError { name: name.to_owned(), message: message.into() });
    }

    /// Everything typed, for a page that hands it back: (field, text). Empty ones are left out.
    pub fn all_kept(&self) -> Vec<(String, String)> {
        let pairs = self.values.iter().flat_map(|(name, all)| all.iter().map(move |text| (name.clone(), text.clone())));
        pairs.filter(|(_, text)| !text.trim().is_empty()).collect()
    }

    /// Every error, in the order of the fields.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// Is there something to mend?
    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// The first value of a field, or nothing typed.
    pub fn value(&self, name: &str) -> &str {
        self.values.get(name).and_then(|all| all.first()).map_or("", String::as_str)
    }

    /// Every value of a repeated field.
    pub fn values(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// The word beside a field.
    pub fn error_of(&self, name: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.name == name).map(|error| error.message.as_str())
    }

    /// The list of errors above the form; nothing when there is none.
    pub fn summary(&self) -> ErrorSummary {
        ErrorSummary { errors: self.errors.clone() }
    }

    /// One line of text.
    pub fn text(&self, name: &str, label: &str) -> Input {
        Input::text(name, label, self.value(name), self.error_of(name))
    }

    /// A password: masked, never filled in by us.
    pub fn password(&self, name: &str, label: &str) -> Input {
        Input::password(name, label, self.error_of(name))
    }

    /// Several lines of text.
    pub fn area(&self, name: &str, label: &str) -> Area {
        Area::new(name, label, self.value(name), self.error_of(name))
    }

    /// One of a few.
    pub fn radios(&self, name: &str, legend: &str) -> Choices {
        Choices::radios(name, legend, self.values(name), self.error_of(name))
    }

    /// Any of a few.
    pub fn checkboxes(&self, name: &str, legend: &str) -> Choices {
        Choices::checkboxes(name, legend, self.values(name), self.error_of(name))
    }

    /// One of many.
    pub fn select(&self, name: &str, label: &str) -> Select {
        Select::new(name, label, self.value(name), self.error_of(name))
    }

    /// A day: fields `NAME-day`, `NAME-month`, `NAME-year`; errors belong to `NAME`.
    pub fn date(&self, name: &str, legend: &str) -> Moment {
        Moment::new(self, name, legend, false)
    }

    /// A day and a time of day: as [`Self::date`], with `NAME-time`.
    pub fn moment(&self, name: &str, legend: &str) -> Moment {
        Moment::new(self, name, legend, true)
    }
}
