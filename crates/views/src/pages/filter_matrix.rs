//! What was checked, where, on what and when; and the form for the public test of filtering.

use askama::Template;

use crate::form::FormView;
use crate::shell::{Page, Paper};
use crate::ui::Table;

/// Device, place, group.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter_matrix.html")]
pub struct Matrix {
    /// The whole in a sentence.
    pub short: String,
    /// Checks from the devices themselves.
    pub devices: Table,
    /// The self-test by group.
    pub groups: Table,
    /// When it ran.
    pub tested: Option<String>,
    /// The public test.
    pub outside: Table,
    /// May the reader record one?
    pub may_record: bool,
}

impl Page for Matrix {
    fn title(&self) -> String {
        "Device, place, group: what was checked".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}

/// The four results of the public test.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter_external.html")]
pub struct External {
    /// What was typed.
    pub form: FormView,
    /// Devices: (id, name).
    pub devices: Vec<(String, String)>,
    /// Its parts: (field, what is tried).
    pub parts: Vec<(String, String)>,
}

impl Page for External {
    fn title(&self) -> String {
        "The public test of filtering".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}
