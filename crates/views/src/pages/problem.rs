//! Something went wrong, or is not there, or is not yours: a plain sentence, a way back, a reference.

use askama::Template;

use crate::shell::Page;

/// The page for everything that is not the page one asked for.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/problem.html")]
pub struct Problem {
    /// What happened: "This page is not here".
    pub heading: String,
    /// What it means and what to do, a sentence a paragraph.
    pub sentences: Vec<String>,
    /// The way on: (link, words).
    pub way: Option<(String, String)>,
    /// What can be done on paper meanwhile: (link, words).
    pub on_paper: Option<(String, String)>,
    /// What to read out to a technician; only where something broke.
    pub reference: Option<String>,
    /// Texts that could not be saved, so that nothing typed is lost: (field's name, text).
    pub kept: Vec<(String, String)>,
}

impl Page for Problem {
    fn title(&self) -> String {
        self.heading.clone()
    }
}
