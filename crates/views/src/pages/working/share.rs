//! Sharing with one of a child's adults: what of the concern, in which words, how; or why not.

use askama::Template;

use crate::form::FormView;
use crate::shell::Page;

/// The page about one adult.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/working/share.html")]
pub struct Share {
    /// Path of the page of all adults.
    pub back: String,
    /// Its own path.
    pub action: String,
    /// The concern's reference.
    pub reference: String,
    /// To whom.
    pub to: String,
    /// Their id.
    pub to_id: String,
    /// About which child.
    pub child: String,
    /// Its id.
    pub child_id: String,
    /// What must be known first.
    pub warnings: Vec<String>,
    /// What may be shared: (id, words with other names taken out, ticked).
    pub lines: Vec<(String, String, bool)>,
    /// Have they a page of their own?
    pub has_page: bool,
    /// Values and errors.
    pub form: FormView,
}

impl Page for Share {
    fn title(&self) -> String {
        format!("Concern {}: share with a family", self.reference)
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// What was shared, on the page of whom it was shared with.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/working/shared.html")]
pub struct Shared {
    /// The child, as the family calls it.
    pub child: String,
    /// Paragraphs.
    pub paragraphs: Vec<String>,
    /// From whom, and when.
    pub from: String,
}

impl Page for Shared {
    fn title(&self) -> String {
        "We would like you to know".to_owned()
    }
}
