//! Telling: what it is about, one short form, the receipt, one's own reports, the exact words afterwards.

use askama::Template;

use super::{Draft, Ring, Tell};
use crate::FormView;
use crate::shell::{Page, Paper};
use crate::ui::Table;

/// "What is it about?": one tap.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/report_kind.html")]
pub struct ReportKind {
    /// Kinds that stand together.
    pub groups: Vec<KindGroup>,
}

/// Kinds under one heading.
#[derive(Debug, Clone, Default)]
pub struct KindGroup {
    /// The heading.
    pub title: String,
    /// The kinds, the most frequent first.
    pub kinds: Vec<KindLink>,
}

/// One kind.
#[derive(Debug, Clone, Default)]
pub struct KindLink {
    /// Its form.
    pub href: String,
    /// In plain words.
    pub label: String,
    /// What belongs here.
    pub guidance: String,
    /// When 999 comes first.
    pub danger: Option<String>,
}

impl Page for ReportKind {
    fn title(&self) -> String {
        "Report a concern".to_owned()
    }
}

/// The one short form.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/report_form.html")]
pub struct ReportForm {
    /// Where it is sent.
    pub action: String,
    /// What it is about.
    pub heading: String,
    /// What to do with that screen right now (BRE-01). Empty for other kinds.
    pub first_words: Vec<String>,
    /// When 999 comes first for this kind.
    pub danger: Option<String>,
    /// What happens after sending.
    pub next: Option<String>,
    /// Whom to tell in person.
    pub tell: Vec<Tell>,
    /// It is something that arrives and has a day of its own: a complaint, a request.
    pub arrives: bool,
    /// Who the adult is, is asked.
    pub asks_about: bool,
    /// Device and hosts are asked.
    pub asks_device: bool,
    /// Values and errors.
    pub form: FormView,
    /// Children to choose from.
    pub children: Vec<(String, String)>,
    /// Adults to choose from.
    pub adults: Vec<(String, String)>,
    /// Rooms to choose from.
    pub rooms: Vec<(String, String)>,
    /// Devices to choose from.
    pub devices: Vec<(String, String)>,
    /// Concerns that may belong to it, of those that the teller may name.
    pub linked: Vec<(String, String)>,
    /// The record of the filter’s alert from which this comes; it is filed with it.
    pub record: Option<String>,
    /// What the device had asked for around then: (host, words). `None`: not looked yet.
    pub hosts: Option<Vec<(String, String)>>,
    /// It can be kept for later; what is known of its draft.
    pub draft: Option<Draft>,
}

impl Page for ReportForm {
    fn title(&self) -> String {
        "Report a concern".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// After telling: filing is not telling (S4).
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/receipt.html")]
pub struct Receipt {
    /// For the telephone.
    pub reference: String,
    /// When it was told.
    pub told_at: String,
    /// When somebody opened it.
    pub opened_at: Option<String>,
    /// "The next person was told, because nobody had opened it."
    pub passed_on: Option<String>,
    /// Whom to tell in person now.
    pub tell: Vec<Tell>,
    /// Whom to ring outside.
    pub outside: Vec<Ring>,
    /// Link to the second stage, while it is owed.
    pub words_owed: Option<String>,
    /// One's own words: (when, text).
    pub words: Vec<(String, String)>,
    /// Link to add more.
    pub add: String,
    /// What one was asked and answered: asked?, words, when.
    pub messages: Vec<(bool, String, String)>,
    /// Where an answer goes.
    pub answer: String,
    /// Values and errors of an answer.
    pub form: FormView,
}

impl Page for Receipt {
    fn title(&self) -> String {
        "Your report".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// Told, and not for the teller's eyes any more.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/sent.html")]
pub struct Sent {
    /// Whom to ring outside.
    pub outside: Vec<Ring>,
}

impl Page for Sent {
    fn title(&self) -> String {
        "Your report was sent".to_owned()
    }
}

/// One's own reports.
#[derive(Template, Debug, Clone)]
#[template(path = "pages/concerns/mine.html")]
pub struct Mine {
    /// The reports.
    pub table: Table,
}

impl Page for Mine {
    fn title(&self) -> String {
        "Your reports".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}

/// The exact words, the same day.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/words.html")]
pub struct Words {
    /// Where it is sent.
    pub action: String,
    /// The reference.
    pub reference: String,
    /// Who signs by sending.
    pub signs: String,
    /// It can be kept for later; what is known of its draft.
    pub draft: Option<Draft>,
    /// Values and errors.
    pub form: FormView,
}

impl Page for Words {
    fn title(&self) -> String {
        "Complete your report".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}
