//! Fields that offer answers.

use askama::Template;

use super::{field::described_by, part};

/// Radio buttons or checkboxes.
#[derive(Template, Debug, Clone)]
#[template(path = "ui/choices.html")]
pub struct Choices {
    kind: &'static str,
    name: String,
    legend: String,
    chosen: Vec<String>,
    error: Option<String>,
    hint: Option<String>,
    items: Vec<Item>,
    large: bool,
    inline: bool,
}

#[derive(Debug, Clone)]
struct Item {
    value: String,
    label: String,
    hint: Option<String>,
    checked: bool,
}

impl Choices {
    fn new(kind: &'static str, name: &str, legend: &str, chosen: &[String], error: Option<&str>) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            legend: legend.to_owned(),
            chosen: chosen.to_vec(),
            error: error.map(str::to_owned),
            hint: None,
            items: Vec::new(),
            large: false,
            inline: false,
        }
    }

    pub(crate) fn radios(name: &str, legend: &str, chosen: &[String], error: Option<&str>) -> Self {
        Self::new("radios", name, legend, chosen, error)
    }

    pub(crate) fn checkboxes(name: &str, legend: &str, chosen: &[String], error: Option<&str>) -> Self {
        Self::new("checkboxes", name, legend, chosen, error)
    }

    /// A line below the question.
    #[must_use]
    pub fn hint(mut self, hint: &str) -> Self {
        self.hint = Some(hint.to_owned());
        self
    }

    /// One more answer.
    #[must_use]
    pub fn option(mut self, value: &str, label: &str) -> Self {
        self.push(value, label, None);
        self
    }

    /// One more answer, with a line that explains it.
    #[must_use]
    pub fn option_with(mut self, value: &str, label: &str, hint: &str) -> Self {
        self.push(value, label, Some(hint.to_owned()));
        self
    }

    /// Answers that come from data: (value, label).
    #[must_use]
    pub fn options(mut self, all: &[(String, String)]) -> Self {
        for (value, label) in all {
            self.push(value, label, None);
        }
        self
    }

    /// Side by side on a wide screen: yes and no.
    #[must_use]
    pub fn inline(mut self) -> Self {
        self.inline = true;
        self
    }

    /// The legend is the page's question: it stands large, inside the heading.
    #[must_use]
    pub fn as_heading(mut self) -> Self {
        self.large = true;
        self
    }

    fn push(&mut self, value: &str, label: &str, hint: Option<String>) {
        let checked = self.chosen.iter().any(|chosen| chosen == value);
        self.items.push(Item { value: value.to_owned(), label: label.to_owned(), hint, checked });
    }

    fn input_type(&self) -> &'static str {
        if self.kind == "radios" { "radio" } else { "checkbox" }
    }

    /// The summary's link lands on the first answer.
    fn id_of(&self, index: &usize) -> String {
        if *index == 0 { self.name.clone() } else { format!("{}-{}", self.name, index + 1) }
    }

    fn described_by(&self) -> String {
        described_by(&self.name, self.hint.is_some(), self.error.is_some())
    }
}

/// One of many, in a list that opens.
#[derive(Template, Debug, Clone)]
#[template(path = "ui/select.html")]
pub struct Select {
    name: String,
    label: String,
    chosen: String,
    error: Option<String>,
    hint: Option<String>,
    items: Vec<(String, String)>,
}

impl Select {
    pub(crate) fn new(name: &str, label: &str, chosen: &str, error: Option<&str>) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            chosen: chosen.to_owned(),
            error: error.map(str::to_owned),
            hint: None,
            items: Vec::new(),
        }
    }

    /// A line between label and field.
    #[must_use]
    pub fn hint(mut self, hint: &str) -> Self {
        self.hint = Some(hint.to_owned());
        self
    }

    /// One more answer. An empty value reads "Choose".
    #[must_use]
    pub fn option(mut self, value: &str, label: &str) -> Self {
        self.items.push((value.to_owned(), label.to_owned()));
        self
    }

    /// Answers that come from data: (value, label).
    #[must_use]
    pub fn options(mut self, all: &[(String, String)]) -> Self {
        self.items.extend_from_slice(all);
        self
    }

    fn described_by(&self) -> String {
        described_by(&self.name, self.hint.is_some(), self.error.is_some())
    }
}

part!(Choices, Select);
