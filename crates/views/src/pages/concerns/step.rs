//! Recording a step, an entry, a correction; the debrief; closing. Forms that are made from a procedure's fields.

use std::fmt;

use askama::Template;

use super::{Draft, Ring};
use crate::FormView;
use crate::pages::register::OnlyIf;
use crate::shell::Page;
use crate::ui::{Area, Choices, Input, Moment, Select, Summary};

/// One question.
#[derive(Debug, Clone)]
pub enum Control {
    /// One line.
    Line(Input),
    /// Several lines.
    Text(Area),
    /// One or several of a few.
    Choice(Choices),
    /// One of many.
    Select(Select),
    /// A moment.
    When(Moment),
    /// One of these that is asked only after some answers to another; without scripts it is always there, and says so.
    Only {
        /// The other question.
        field: String,
        /// Its answers, with spaces between.
        is: String,
        /// What is asked then.
        asks: Box<Control>,
    },
}

impl fmt::Display for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(it) => it.fmt(f),
            Self::Text(it) => it.fmt(f),
            Self::Choice(it) => it.fmt(f),
            Self::Select(it) => it.fmt(f),
            Self::When(it) => it.fmt(f),
            Self::Only { field, is, asks } => OnlyIf { field, is, asks: &asks.to_string() }.fmt(f),
        }
    }
}

impl askama::filters::HtmlSafe for Control {}

/// What somebody else wrote meanwhile.
#[derive(Debug, Clone, Default)]
pub struct Theirs {
    /// Who.
    pub by: String,
    /// When.
    pub at: String,
    /// (question, answer).
    pub said: Vec<(String, String)>,
}

/// The form of a step.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/step.html")]
pub struct Step {
    /// Where it is sent.
    pub action: String,
    /// The way back.
    pub back: String,
    /// The reference.
    pub reference: String,
    /// Verb first.
    pub heading: String,
    /// What to do.
    pub text: String,
    /// What the gates say, while they are shut.
    pub locks: Vec<String>,
    /// "You are recording something that has already happened …".
    pub already: Option<String>,
    /// Must-nots.
    pub must_not: Vec<String>,
    /// Whom to ring.
    pub agencies: Vec<Ring>,
    /// The questions.
    pub controls: Vec<Control>,
    /// Values and errors.
    pub form: FormView,
    /// What somebody else wrote meanwhile, and how many records there are now.
    pub theirs: Option<Theirs>,
    /// A link to what the program offers for this step: (link, words).
    pub help: Option<(String, String)>,
    /// How many records the writer has seen.
    pub seen: usize,
    /// `done`, `already_happened`, `waived`, `reopened`.
    pub act: String,
    /// The button.
    pub button: String,
    /// It can be kept for later; what is known of its draft.
    pub draft: Option<Draft>,
    /// Link to record that it has already happened, where gates are shut.
    pub open_way: Option<String>,
}

impl Page for Step {
    fn title(&self) -> String {
        format!("Concern {}: a step", self.reference)
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors() || self.theirs.is_some()
    }
}

/// What was learned, and what follows.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/debrief.html")]
pub struct Debrief {
    /// Where it is sent.
    pub action: String,
    /// The way back.
    pub back: String,
    /// The reference.
    pub reference: String,
    /// The procedure's own sentence.
    pub text: String,
    /// What the gates say, while they are shut.
    pub locks: Vec<String>,
    /// The procedure's questions.
    pub controls: Vec<Control>,
    /// Lessons that fit on the page: their numbers.
    pub lessons: Vec<usize>,
    /// Staff to choose from.
    pub staff: Vec<(String, String)>,
    /// How many records the writer has seen.
    pub seen: usize,
    /// Values and errors.
    pub form: FormView,
    /// Its draft.
    pub draft: Option<Draft>,
}

impl Page for Debrief {
    fn title(&self) -> String {
        format!("Concern {}: what we learned", self.reference)
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// A time that is wrong.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/times.html")]
pub struct Times {
    /// The concern.
    pub back: String,
    /// The reference.
    pub reference: String,
    /// What the record says.
    pub now: Summary,
    /// Values and errors.
    pub form: FormView,
}

impl Page for Times {
    fn title(&self) -> String {
        format!("Concern {}: put a time right", self.reference)
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// A word for the chronology, or a correction of one.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/entry.html")]
pub struct Entry {
    /// Where it is sent.
    pub action: String,
    /// The way back.
    pub back: String,
    /// The reference.
    pub reference: String,
    /// What is to be corrected; `None`: a new entry.
    pub wrong: Option<String>,
    /// Values and errors.
    pub form: FormView,
    /// Its draft; a correction has none.
    pub draft: Option<Draft>,
}

impl Page for Entry {
    fn title(&self) -> String {
        format!("Concern {}: add to the record", self.reference)
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}
