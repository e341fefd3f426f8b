//! Beside the concerns: held devices, one's notices, the outbox.

use askama::Template;

use crate::FormView;
use crate::shell::{Page, Paper};
use crate::ui::Table;

/// Held devices.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/holds.html")]
pub struct Holds {
    /// In force.
    pub holds: Vec<HoldCard>,
    /// May this reader confirm and release?
    pub decides: bool,
    /// Devices to choose from.
    pub devices: Vec<(String, String)>,
    /// Whose word it may be: (key, label).
    pub words: Vec<(String, String)>,
    /// Values and errors.
    pub form: FormView,
}

/// One hold.
#[derive(Debug, Clone, Default)]
pub struct HoldCard {
    /// Its id.
    pub id: String,
    /// The device's label.
    pub device: String,
    /// Who placed it, when, until when; nothing for whom it is not to know.
    pub placed: Option<String>,
    /// What was really cut.
    pub cut: Option<String>,
    /// Where it lies.
    pub custody: Option<String>,
    /// Why, outside any concern; for who decides.
    pub reason: Option<String>,
    /// Not confirmed yet.
    pub waits: bool,
    /// From a concern: its path, if the reader sees it. Released there.
    pub concern: Option<String>,
    /// The reader decides about this one.
    pub decides: bool,
    /// It can be released here.
    pub can_release: bool,
    /// On whose word it is held, to be looked at again: (id, in a sentence, past its day).
    pub word: Option<(String, String, bool)>,
}

impl Page for Holds {
    fn title(&self) -> String {
        "Held devices".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// One's notices.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/notices.html")]
pub struct Notices {
    /// (link, since when, urgent).
    pub notices: Vec<(String, String, bool)>,
}

impl Page for Notices {
    fn title(&self) -> String {
        "What needs you".to_owned()
    }
}

/// The outbox.
#[derive(Template, Debug, Clone)]
#[template(path = "pages/concerns/outbox.html")]
pub struct Outbox {
    /// How mail leaves.
    pub way: String,
    /// What was sent.
    pub table: Table,
}

impl Page for Outbox {
    fn title(&self) -> String {
        "Outbox".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}
