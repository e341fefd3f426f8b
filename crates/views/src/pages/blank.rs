//! The hidden screen, for those without our script: an empty page with a way back.

use askama::Template;

use crate::shell::{Page, Paper};

/// Nothing, and the way back.
#[derive(Template, Debug, Clone)]
#[template(path = "pages/blank.html")]
pub struct Blank {
    /// One of our own paths.
    pub back: String,
}

impl Page for Blank {
    fn title(&self) -> String {
        "Welcome".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Bare
    }
}
