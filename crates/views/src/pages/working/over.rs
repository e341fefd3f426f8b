//! Looking over the work: the wall of clocks, chronologies, trends, who looked.

use askama::Template;

use crate::pages::concerns::Word;
use crate::shell::{Page, Paper};
use crate::ui::{Bars, Chronology as Story, Table};

/// Every clock of the concerns that the reader may see, and what else has a day.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/working/wall.html")]
pub struct Wall {
    /// "Sunday 22 November 2026, 5:12pm".
    pub now: String,
    /// Past its time.
    pub late: Table,
    /// Still running.
    pub running: Table,
    /// Met, or met late.
    pub met: Table,
}

impl Page for Wall {
    fn title(&self) -> String {
        "What is due".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}

/// A chronology.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/working/chronology.html")]
pub struct ChronologyPage {
    /// Whose.
    pub heading: String,
    /// The way back.
    pub back: (String, String),
    /// For paper: the whole of it, with the marking and who printed it.
    pub printed: Option<String>,
    /// Where it is printed, from the page.
    pub print: String,
    /// Several small things that may be one bigger one.
    pub pattern: Option<String>,
    /// The concerns: (link, words, how they stand).
    pub concerns: Vec<(String, String, Word)>,
    /// What happened, newest last.
    pub story: Story,
    /// What came before.
    pub earlier: Option<String>,
}

impl Page for ChronologyPage {
    fn title(&self) -> String {
        "Chronology".to_owned()
    }

    fn paper(&self) -> Paper {
        if self.printed.is_some() { Paper::Print } else { Paper::Wide }
    }
}

/// Counts with charts.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/working/trends.html")]
pub struct TrendsPage {
    /// "Term 1 2026".
    pub period: String,
    /// Others: (link, name).
    pub periods: Vec<(String, String)>,
    /// What these counts are, in a sentence.
    pub about: String,
    /// "23", "kept back".
    pub total: String,
    /// By area, by kind, by room …
    pub tables: Vec<Tally>,
    /// The termly report.
    pub report: String,
}

/// One count in pieces, drawn and in figures.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// "By area of risk".
    pub title: String,
    /// The bars.
    pub chart: Bars,
    /// The same numbers.
    pub table: Table,
    /// What there was none of, in a sentence.
    pub none: Option<String>,
}

impl Page for TrendsPage {
    fn title(&self) -> String {
        "Trends".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}
