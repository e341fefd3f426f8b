//! Legal duties to come: what they are, and the day from which this setting follows them.

use askama::Template;

use crate::FormView;
use crate::shell::Page;
use crate::ui::Tag;

/// The page.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/duties.html")]
pub struct Duties {
    /// The duties.
    pub duties: Vec<DutyCard>,
    /// May the reader enter the day?
    pub may_change: bool,
    /// Values and errors; each day's name is the duty's key.
    pub form: FormView,
}

/// One duty.
#[derive(Debug, Clone)]
pub struct DutyCard {
    /// Its key.
    pub key: String,
    /// What it is called.
    pub title: String,
    /// How it stands.
    pub status: Tag,
    /// What changes.
    pub text: String,
    /// Where it comes from.
    pub source: String,
}

impl Page for Duties {
    fn title(&self) -> String {
        "Duties to come".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}
