//! The open door: telling without an account, the six words, the answer; and the poster that leads there.
//!
//! Written for families: short sentences, reading age nine to eleven, nothing that a frightened person must know already.

use askama::Template;

use super::concerns::Ring;
use crate::FormView;
use crate::shell::{Page, Paper};

/// Neutral: it stands in a tab and in a history that others may read (S14).
const TITLE: &str = "Information";

/// What this is, what happens, and who can read it.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/tell/door.html")]
pub struct Door {
    /// `/tell/WORD`.
    pub path: String,
    /// The setting's name.
    pub setting: String,
    /// Invented people only.
    pub fictional: bool,
    /// Whom to ring outside.
    pub outside: Vec<Ring>,
}

/// What a family may notice when something online harms a child (PAR-04).
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/tell/signs.html")]
pub struct Signs {
    /// `/tell/WORD`.
    pub path: String,
    /// The setting's name.
    pub setting: String,
    /// Whom to ring outside.
    pub outside: Vec<Ring>,
}

/// No word, or a wrong one.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/tell/nowhere.html")]
pub struct Nowhere;

/// The form.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/tell/form.html")]
pub struct Form {
    /// `/tell/WORD`.
    pub path: String,
    /// The setting's name.
    pub setting: String,
    /// People in charge: (key, name and title).
    pub named: Vec<(String, String)>,
    /// Values and errors.
    pub form: FormView,
    /// Too many at once: seconds until another try.
    pub wait: Option<u64>,
    /// Whom to ring outside.
    pub outside: Vec<Ring>,
}

/// It was told: the six words, once.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/tell/sent.html")]
pub struct Sent {
    /// `/tell/WORD`.
    pub path: String,
    /// The six words.
    pub words: Vec<String>,
    /// Whom to ring outside.
    pub outside: Vec<Ring>,
}

/// "Write your six words."
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/tell/back.html")]
pub struct Back {
    /// `/tell/WORD`.
    pub path: String,
    /// Values and errors.
    pub form: FormView,
    /// Too many at once: seconds until another try.
    pub wait: Option<u64>,
    /// A message was being written when the pass ran out: it is kept.
    pub kept: bool,
    /// Whom to ring outside.
    pub outside: Vec<Ring>,
}

/// What waits for the sender.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/tell/inbox.html")]
pub struct Inbox {
    /// `/tell/WORD`.
    pub path: String,
    /// The day on which it was told.
    pub told_on: String,
    /// Somebody has read it.
    pub read: bool,
    /// It is closed.
    pub closed: bool,
    /// From us?, words, day.
    pub messages: Vec<(bool, String, String)>,
    /// The message just sent is there.
    pub thanks: bool,
    /// Values and errors; `pass` is among them.
    pub form: FormView,
    /// Too many at once: seconds until another try.
    pub wait: Option<u64>,
    /// Whom to ring outside.
    pub outside: Vec<Ring>,
}

macro_rules! open_pages {
    ($($page:ident: $errors:expr;)*) => {$(
        impl Page for $page {
            fn title(&self) -> String {
                TITLE.to_owned()
            }

            fn has_errors(&self) -> bool {
                let errors: fn(&Self) -> bool = $errors;
                errors(self)
            }

            fn paper(&self) -> Paper {
                Paper::Open
            }
        }
    )*};
}

open_pages! {
    Door: |_| false;
    Nowhere: |_| false;
    Signs: |_| false;
    Form: |page| page.form.has_errors();
    Sent: |_| false;
    Back: |page| page.form.has_errors();
    Inbox: |page| page.form.has_errors();
}

/// The poster for the wall.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/tell/poster.html")]
pub struct Poster {
    /// The setting's name.
    pub setting: String,
    /// Invented people only.
    pub fictional: bool,
    /// The picture code: our own markup.
    pub picture_svg: String,
    /// The address under it, to type.
    pub address: String,
    /// Whom to tell in person: name and title.
    pub inside: Vec<super::concerns::Tell>,
    /// Whom to ring outside.
    pub outside: Vec<Ring>,
}

impl Page for Poster {
    fn title(&self) -> String {
        "Poster for parents and visitors".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Print
    }
}

/// To and fro with somebody who told without an account, for whoever works the concern.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/tell/sender.html")]
pub struct Sender {
    /// The concern's path.
    pub path: String,
    /// For the telephone.
    pub reference: String,
    /// The reporter's name; `None`: a sender without an account.
    pub reporter: Option<String>,
    /// From us?, words, when.
    pub messages: Vec<(bool, String, String)>,
    /// Values and errors.
    pub form: FormView,
}

impl Page for Sender {
    fn title(&self) -> String {
        "Write to the sender".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}
