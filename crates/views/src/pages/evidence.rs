//! Evidence by clause, one duty, checks to sign.

use askama::Template;

use crate::{
    form::FormView,
    shell::{Page, Paper},
    ui::{Table, Tag, Tone},
};

/// Every duty of the seed in force, by section.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/evidence.html")]
pub struct Evidence {
    /// The setting.
    pub setting: String,
    /// "The policy of October 2018 (N)".
    pub seed: String,
    /// "Tuesday 3 March 2026, 2:15pm".
    pub at: String,
    /// How many stand how, each a way to see only those.
    pub counts: Vec<Count>,
    /// The sections with what is shown of them.
    pub sections: Vec<Section>,
    /// Made for paper.
    pub print: bool,
    /// The way to the same on paper.
    pub print_href: String,
}

impl Evidence {
    fn is_filtered(&self) -> bool {
        self.counts.iter().any(|count| count.chosen)
    }
}

/// How many duties stand so.
#[derive(Debug, Clone)]
pub struct Count {
    /// "12 met".
    pub tag: Tag,
    /// To see only those.
    pub href: String,
    /// This is what is shown.
    pub chosen: bool,
}

/// A family of duties.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// Its name.
    pub title: String,
    /// For the address within the page.
    pub anchor: String,
    /// "3 met, 1 gap".
    pub summary: String,
    /// The duties.
    pub duties: Table,
}

impl Page for Evidence {
    fn title(&self) -> String {
        "Evidence".to_owned()
    }

    fn paper(&self) -> Paper {
        if self.print { Paper::Print } else { Paper::Wide }
    }
}

/// One duty.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/obligation.html")]
pub struct Obligation {
    /// `FIL-02`.
    pub id: String,
    /// Its family.
    pub section: String,
    /// The duty.
    pub duty: String,
    /// "Clause 7.2.1 of the policy".
    pub clauses: Vec<String>,
    /// How it stands.
    pub status: Option<Tag>,
    /// What shows it.
    pub controls: Vec<Control>,
    /// What to know when there are none: not built, or not of this policy.
    pub why_none: String,
}

/// One control.
#[derive(Debug, Clone)]
pub struct Control {
    /// What it shows.
    pub title: String,
    /// How it stands.
    pub status: Tag,
    /// What was found: sentence, and "Asked just now" or a day.
    pub found: Vec<(String, String)>,
    /// What to do.
    pub mend: Option<String>,
    /// Where.
    pub page: Option<String>,
}

impl Page for Obligation {
    fn title(&self) -> String {
        format!("Evidence for {}", self.id)
    }
}

/// Checks that people sign.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/checks.html")]
pub struct Checks {
    /// The checks.
    pub checks: Vec<CheckCard>,
}

/// One check.
#[derive(Debug, Clone)]
pub struct CheckCard {
    /// What it is.
    pub title: String,
    /// What one signs.
    pub statement: String,
    /// How it stands.
    pub status: Tag,
    /// The newest, in a sentence.
    pub last: Option<String>,
    /// Its notes.
    pub notes: String,
    /// The way to sign it; none: not this person's.
    pub href: Option<String>,
}

impl Page for Checks {
    fn title(&self) -> String {
        "Checks".to_owned()
    }
}

/// Signing one check.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/check.html")]
pub struct Check {
    /// The form.
    pub form: FormView,
    /// Kind of check.
    pub kind: String,
    /// What it is.
    pub title: String,
    /// What one signs.
    pub statement: String,
}

impl Page for Check {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// The tone of a status word of the contract.
pub fn tone(status: &str) -> Tone {
    match status {
        "met" => Tone::Done,
        "due" => Tone::Due,
        "gap" => Tone::Gap,
        _ => Tone::Calm,
    }
}
