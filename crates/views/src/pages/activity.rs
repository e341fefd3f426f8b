//! What devices asked for, and what the filter calls people for.

use askama::Template;

use crate::form::FormView;
use crate::shell::{Page, Paper};
use crate::ui::{Summary, Table};

/// What devices asked for on one day.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/activity.html")]
pub struct Activity {
    /// Day, device, hours.
    pub form: FormView,
    /// Devices: (id, name).
    pub devices: Vec<(String, String)>,
    /// "Monday 2 March, 12:00am to 2:15pm".
    pub span: String,
    /// Counts.
    pub facts: Summary,
    /// Blocked, sealed, ways round: most recent first.
    pub blocked: Table,
    /// Allowed.
    pub allowed: Table,
    /// Calls for help, held devices, unknown devices, lost records.
    pub other: Table,
    /// More was there than is shown.
    pub cut_short: bool,
    /// Where to report what got through, with device and time; already encoded.
    pub report: String,
}

impl Page for Activity {
    fn title(&self) -> String {
        "What devices asked for".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// Calls for help and sealed entries of the last day.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/alerts.html")]
pub struct Alerts {
    /// Calls for help, newest first.
    pub help: Table,
    /// Calls to which nobody's name stands yet: where one says that one went there, and the button's words.
    pub open: Vec<(String, String)>,
    /// When sealed entries were asked for; none for all but the leads.
    pub sealed: Option<Table>,
    /// Searches of concern; none for all but the leads.
    pub searches: Option<Table>,
}

impl Page for Alerts {
    fn title(&self) -> String {
        "Alerts".to_owned()
    }
}
