//! Paper: a referral, a letter, a report to the committee.

use askama::Template;

use crate::shell::{Page, Paper};
use crate::ui::Table;

/// Something to print. Needs nothing but itself.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/working/document.html")]
pub struct Document {
    /// Its name; names no child.
    pub title: String,
    /// The setting.
    pub setting: String,
    /// Invented people.
    pub fictional: bool,
    /// "Confidential: safeguarding". None on a letter.
    pub marking: Option<String>,
    /// "Printed Tuesday 3 March 2026, 2:15pm by Maya Okafor".
    pub printed: String,
    /// The newest link of the audit chain.
    pub audit_head: Option<String>,
    /// The parts.
    pub sections: Vec<DocumentSection>,
    /// Where the PDF is made, if it can be asked for: never of a case.
    pub export: Option<String>,
    /// Where it is made ready to leave, encrypted.
    pub parcel: Option<String>,
    /// The way back, not printed.
    pub back: (String, String),
}

/// A part of it.
#[derive(Debug, Clone, Default)]
pub struct DocumentSection {
    /// Its heading; empty for none.
    pub heading: String,
    /// Paragraphs.
    pub paragraphs: Vec<String>,
    /// Facts.
    pub rows: Vec<(String, String)>,
    /// A table.
    pub table: Option<Table>,
}

impl Page for Document {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn paper(&self) -> Paper {
        Paper::Print
    }
}
