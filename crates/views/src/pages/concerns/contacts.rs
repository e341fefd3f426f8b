//! Whom to tell, and the contact sheet that survives a dead box (S55).

use askama::Template;

use super::{Ring, Tell};
use crate::shell::{Page, Paper};

/// "Whom must I tell?"
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/whom.html")]
pub struct WhomToTell {
    /// Each: what it is about, whom first, whom else.
    pub whom: Vec<(String, Vec<Tell>, Vec<Tell>)>,
    /// Whom to ring outside.
    pub outside: Vec<Ring>,
}

impl Page for WhomToTell {
    fn title(&self) -> String {
        "Whom must I tell?".to_owned()
    }
}

/// The sheet for the wall.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/sheet.html")]
pub struct ContactSheet {
    /// The setting.
    pub setting: String,
    /// Invented people.
    pub fictional: bool,
    /// "Printed 22 November 2026".
    pub printed: String,
    /// Inside.
    pub inside: Vec<Tell>,
    /// Outside.
    pub outside: Vec<Ring>,
}

impl Page for ContactSheet {
    fn title(&self) -> String {
        "Contact sheet".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Print
    }
}

/// The form for pen and paper: needs no record, no account and no script, so that it prints while the rest is away.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/blank_form.html")]
pub struct BlankForm {
    /// Each: question, lines to write on.
    pub questions: Vec<(String, usize)>,
    /// Whom to ring outside; empty when the records are away.
    pub outside: Vec<Ring>,
}

impl Page for BlankForm {
    fn title(&self) -> String {
        "Form to print".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Print
    }
}
