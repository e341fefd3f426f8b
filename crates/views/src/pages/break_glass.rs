//! Break-glass for adults' devices: opening a group, what is open, what somebody found afterwards.

use askama::Template;

use crate::form::FormView;
use crate::shell::Page;

/// The form and the list.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/break_glass.html")]
pub struct BreakGlass {
    /// Groups that may be opened: (key, name).
    pub groups: Vec<(String, String)>,
    /// The viewer may open one.
    pub may_open: bool,
    /// Opening.
    pub form: FormView,
    /// What was opened so, newest first.
    pub cards: Vec<BreakGlassCard>,
}

/// One of them.
#[derive(Debug, Clone, Default)]
pub struct BreakGlassCard {
    /// "Staff devices, opened by Ida".
    pub heading: String,
    /// From when until when.
    pub times: String,
    /// Why.
    pub reason: String,
    /// Where it is ended, while it is open and the viewer may.
    pub end: Option<String>,
    /// It is open.
    pub open: bool,
    /// What was found.
    pub review: Option<String>,
    /// Where the viewer writes down what they found.
    pub action: Option<String>,
}

impl Page for BreakGlass {
    fn title(&self) -> String {
        "Break-glass".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}
