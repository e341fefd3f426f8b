//! The files of a concern, the question before any, and what two people decide about a sealed one.

use askama::Template;

use super::Word;
use crate::FormView;
use crate::shell::Page;

/// One file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileLine {
    /// Path of the file; where it is fetched and decided about.
    pub path: String,
    /// Its name; empty where nobody sees it.
    pub name: String,
    /// What it is, and why it is needed.
    pub what: String,
    /// "12 kB, by Maya, Tuesday 3 March, 2:15pm".
    pub about: String,
    /// How it stands.
    pub word: Word,
    /// It may be fetched.
    pub here: bool,
    /// It may be sealed.
    pub may_seal: bool,
    /// A word from outside may be recorded.
    pub may_order: bool,
    /// What waits for a second person, in a sentence.
    pub waiting: Option<String>,
    /// The viewer may be that second person.
    pub may_agree: bool,
    /// The viewer recorded it, and may take it back.
    pub may_withdraw: bool,
}

/// The files, and the question.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/files.html")]
pub struct Files {
    /// The concern's path.
    pub path: String,
    /// For the telephone.
    pub reference: String,
    /// Why no files are taken here, and what to do with the device.
    pub none_here: Option<String>,
    /// Somebody said that a file could show what none may: none is added until somebody else has decided.
    pub stopped: bool,
    /// The viewer may be that one.
    pub decides: bool,
    /// The question is answered: no file, and what to do instead.
    pub stop: bool,
    /// The viewer may add one: the question.
    pub asks: bool,
    /// The question is answered: a file may be chosen.
    pub choose: bool,
    /// The viewer may declare a viewing.
    pub declares: bool,
    /// The files.
    pub files: Vec<FileLine>,
    /// Values and errors.
    pub form: FormView,
}

impl Page for Files {
    fn title(&self) -> String {
        "Files".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// A word from outside about a file.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/file_word.html")]
pub struct FileWord {
    /// Path of the file.
    pub path: String,
    /// Path of the files.
    pub back: String,
    /// Values and errors.
    pub form: FormView,
}

impl Page for FileWord {
    fn title(&self) -> String {
        "A word from outside".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// Before looking at an image (S18).
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/viewing.html")]
pub struct Viewing {
    /// The concern's path.
    pub path: String,
    /// Values and errors.
    pub form: FormView,
}

impl Page for Viewing {
    fn title(&self) -> String {
        "Before looking".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}
