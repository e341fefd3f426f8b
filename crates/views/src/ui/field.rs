//! Fields that take typed text, and the summary of what is to be mended.

use askama::Template;

use super::part;
use crate::form::FormView;

/// One thing to mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name and id.
    pub name: String,
    /// What to do, in words: "Enter your username".
    pub message: String,
}

/// The list of errors at the top of a form. Prints nothing when there is none.
#[derive(Template, Debug, Clone)]
#[template(path = "ui/error_summary.html")]
pub struct ErrorSummary {
    pub(crate) errors: Vec<FieldError>,
}

/// One line of text.
#[derive(Template, Debug, Clone)]
#[template(path = "ui/input.html")]
pub struct Input {
    name: String,
    label: String,
    value: String,
    error: Option<String>,
    hint: Option<String>,
    kind: &'static str,
    autocomplete: Option<&'static str>,
    inputmode: Option<&'static str>,
    width: Option<&'static str>,
    max: Option<u32>,
    large: bool,
}

impl Input {
    pub(crate) fn text(name: &str, label: &str, value: &str, error: Option<&str>) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            value: value.to_owned(),
            error: error.map(str::to_owned),
            hint: None,
            kind: "text",
            autocomplete: None,
            inputmode: None,
            width: None,
            max: None,
            large: false,
        }
    }

    pub(crate) fn password(name: &str, label: &str, error: Option<&str>) -> Self {
        Self { kind: "password", autocomplete: Some("current-password"), ..Self::text(name, label, "", error) }
    }

    /// A line between label and field.
    #[must_use]
    pub fn hint(mut self, hint: &str) -> Self {
        self.hint = Some(hint.to_owned());
        self
    }

    /// What the browser may fill in: `username`, `new-password`, `one-time-code`, `off`.
    #[must_use]
    pub fn autocomplete(mut self, purpose: &'static str) -> Self {
        self.autocomplete = Some(purpose);
        self
    }

    /// Which keyboard a phone shows: `numeric`, `tel`, `email`.
    #[must_use]
    pub fn keyboard(mut self, mode: &'static str) -> Self {
        self.inputmode = Some(mode);
        self
    }

    /// As wide as this many characters: 2, 3, 4, 5, 10, 20, 30. Other numbers leave it full.
    #[must_use]
    pub fn width(mut self, characters: u8) -> Self {
        self.width = match characters {
            2 => Some("govuk-input--width-2"),
            3 => Some("govuk-input--width-3"),
            4 => Some("govuk-input--width-4"),
            5 => Some("govuk-input--width-5"),
            10 => Some("govuk-input--width-10"),
            20 => Some("govuk-input--width-20"),
            30 => Some("govuk-input--width-30"),
            _ => None,
        };
        self
    }

    /// The longest text that the server takes, in characters.
    #[must_use]
    pub fn max(mut self, characters: u32) -> Self {
        self.max = Some(characters);
        self
    }

    /// The label is the page's question: it stands large, inside the heading.
    #[must_use]
    pub fn as_heading(mut self) -> Self {
        self.large = true;
        self
    }

    fn described_by(&self) -> String {
        described_by(&self.name, self.hint.is_some(), self.error.is_some())
    }
}

/// Several lines of text, with what is left of them.
#[derive(Template, Debug, Clone)]
#[template(path = "ui/area.html")]
pub struct Area {
    name: String,
    label: String,
    value: String,
    error: Option<String>,
    hint: Option<String>,
    rows: u8,
    max: Option<u32>,
    large: bool,
}

impl Area {
    pub(crate) fn new(name: &str, label: &str, value: &str, error: Option<&str>) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            value: value.to_owned(),
            error: error.map(str::to_owned),
            hint: None,
            rows: 5,
            max: None,
            large: false,
        }
    }

    /// A line between label and field.
    #[must_use]
    pub fn hint(mut self, hint: &str) -> Self {
        self.hint = Some(hint.to_owned());
        self
    }

    /// How tall, in lines.
    #[must_use]
    pub fn rows(mut self, rows: u8) -> Self {
        self.rows = rows;
        self
    }

    /// The longest text that the server takes, in characters; says how many are left.
    #[must_use]
    pub fn max(mut self, characters: u32) -> Self {
        self.max = Some(characters);
        self
    }

    /// The label is the page's question: it stands large, inside the heading.
    #[must_use]
    pub fn as_heading(mut self) -> Self {
        self.large = true;
        self
    }

    fn described_by(&self) -> String {
        let mut ids = described_by(&self.name, self.hint.is_some(), self.error.is_some());
        if self.max.is_some() {
            if !ids.is_empty() {
                ids.push(' ');
            }
            ids.push_str(&self.name);
            ids.push_str("-info");
        }
        ids
    }
}

/// A day, or a day and a time of day, typed in parts.
#[derive(Template, Debug, Clone)]
#[template(path = "ui/moment.html")]
pub struct Moment {
    name: String,
    legend: String,
    error: Option<String>,
    hint: Option<String>,
    parts: Vec<MomentField>,
}

/// One part of a [`Moment`].
#[derive(Debug, Clone)]
pub struct MomentField {
    /// `day`, `month`, `year`, `time`.
    pub key: &'static str,
    /// Its label.
    pub label: &'static str,
    /// Its width class.
    pub width: &'static str,
    /// The phone's keyboard.
    pub inputmode: &'static str,
    /// What was typed.
    pub value: String,
}

impl Moment {
    pub(crate) fn new(form: &FormView, name: &str, legend: &str, with_time: bool) -> Self {
        let part = |key, label, width, inputmode| MomentField {
            key,
            label,
            width,
            inputmode,
            value: form.value(&format!("{name}-{key}")).to_owned(),
        };
        let mut parts = vec![
            part("day", "Day", "govuk-input--width-2", "numeric"),
            part("month", "Month", "govuk-input--width-2", "numeric"),
            part("year", "Year", "govuk-input--width-4", "numeric"),
        ];
        if with_time {
            parts.push(part("time", "Time", "govuk-input--width-5", "text"));
        }
        Self {
            name: name.to_owned(),
            legend: legend.to_owned(),
            error: form.error_of(name).map(str::to_owned),
            hint: None,
            parts,
        }
    }

    /// A line between legend and fields: "For example 3 3 2027, 2:15pm".
    #[must_use]
    pub fn hint(mut self, hint: &str) -> Self {
        self.hint = Some(hint.to_owned());
        self
    }

    fn described_by(&self) -> String {
        described_by(&self.name, self.hint.is_some(), self.error.is_some())
    }

    /// The summary's link lands on the first part.
    fn id_of(&self, key: &str) -> String {
        if key == "day" { self.name.clone() } else { format!("{}-{key}", self.name) }
    }
}

pub(super) fn described_by(name: &str, hint: bool, error: bool) -> String {
    match (hint, error) {
        (false, false) => String::new(),
        (true, false) => format!("{name}-hint"),
        (false, true) => format!("{name}-error"),
        (true, true) => format!("{name}-hint {name}-error"),
    }
}

part!(ErrorSummary, Input, Area, Moment);
