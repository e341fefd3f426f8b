//! Networks whose devices nobody knows one by one, and the group of each.

use askama::Template;

use crate::form::FormView;
use crate::shell::Page;
use crate::ui::Table;

/// All of them, and the form.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter_networks.html")]
pub struct Networks {
    /// What is in force.
    pub networks: Table,
    /// The group of everybody else, by name.
    pub strictest: String,
    /// Groups: (key, name).
    pub groups: Vec<(String, String)>,
    /// Values and errors.
    pub form: FormView,
    /// May this person propose a change?
    pub may_propose: bool,
}

impl Page for Networks {
    fn title(&self) -> String {
        "Networks".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}
