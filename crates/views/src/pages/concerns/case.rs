//! Working: the queue, the concern, its people, its paper.

use askama::Template;

use super::{Ring, Word};
use crate::FormView;
use crate::shell::{Page, Paper};
use crate::ui::{Chronology, Pages, Summary, Table};

/// The queue of those who hold cases.
#[derive(Template, Debug, Clone)]
#[template(path = "pages/concerns/queue.html")]
pub struct Queue {
    /// The concerns of this shelf.
    pub table: Table,
    /// The closed shelf?
    pub closed_shelf: bool,
    /// The kinds that they work with, where it is not all of them.
    pub only: Option<String>,
    /// How many wait or are worked.
    pub unfinished: u64,
    /// How many are closed.
    pub closed: u64,
    /// May they look at what was sent?
    pub outbox: bool,
    /// Earlier, later.
    pub pages: Pages,
}

impl Page for Queue {
    fn title(&self) -> String {
        "Concerns".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}

/// Search.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/search.html")]
pub struct Search {
    /// What was typed and chosen.
    pub form: FormView,
    /// Every kind of concern.
    pub kinds: Vec<(String, String)>,
    /// What was found; `None` before a search.
    pub found: Option<Table>,
    /// Where there is more than one page.
    pub pages: Pages,
}

impl Page for Search {
    fn title(&self) -> String {
        "Search".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}

/// A concern.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/case.html")]
pub struct Case {
    /// Path of the concern: `/concerns/ID`.
    pub path: String,
    /// For the telephone.
    pub reference: String,
    /// What it is about.
    pub kind: String,
    /// Urgent, open, closed …
    pub words: Vec<Word>,
    /// Facts.
    pub facts: Summary,
    /// Sentences that must be read first: words owed, clock suspect, child unknown.
    pub heed: Vec<String>,
    /// What must not be done: (sentence, source).
    pub must_not: Vec<(String, String)>,
    /// The one step to show large.
    pub next: Option<StepCard>,
    /// The others.
    pub steps: Vec<StepCard>,
    /// The procedure, with its edition.
    pub procedure: Option<String>,
    /// The program carries another edition than the one with which the concern began: which, in a sentence.
    pub moved_on: Option<String>,
    /// Clocks: (what, due and left, word).
    pub clocks: Vec<(String, String, Word)>,
    /// What happened.
    pub chronology: Chronology,
    /// Entries that can be corrected: (link, words).
    pub correctable: Vec<(String, String)>,
    /// Holds: (device, what was cut and what was not, until).
    pub holds: Vec<(String, String, String)>,
    /// Filter changes: (link, words, word).
    pub proposals: Vec<(String, String, Word)>,
    /// Actions and reviews: (words, word).
    pub follow_up: Vec<(String, Word)>,
    /// Referrals: (link, to whom, word).
    pub referrals: Vec<(String, String, Word)>,
    /// What can be done from here, and what belongs to it: (heading, (link, words)).
    pub beside: Vec<(String, Vec<(String, String)>)>,
    /// Who has a part: (name, part).
    pub people: Vec<(String, String)>,
    /// Who was let in.
    pub let_in: Vec<String>,
    /// Who must not know.
    pub must_not_know: Vec<String>,
    /// Somebody may have been shut out by mistake: in a sentence, while a second person has to say.
    pub mistake: Option<String>,
    /// Is it closed?
    pub closed: bool,
    /// May it be closed now?
    pub may_close: bool,
    /// For opening it again, and for a note.
    pub form: FormView,
}

/// One step on the concern's page.
#[derive(Debug, Clone, Default)]
pub struct StepCard {
    /// Link to its form.
    pub href: String,
    /// Verb first.
    pub title: String,
    /// What to do.
    pub text: String,
    /// How it stands.
    pub word: Word,
    /// Why it is shut.
    pub locks: Vec<String>,
    /// May this reader mark it done?
    pub can_do: bool,
    /// Link to waive its gates.
    pub waive: Option<String>,
    /// Link to record that it has already happened. Always there.
    pub already: String,
    /// The button's words: "Do this", "Record this".
    pub button: String,
    /// Its own must-nots.
    pub must_not: Vec<String>,
    /// Whom to ring.
    pub agencies: Vec<Ring>,
    /// What the program helps with: (link, words).
    pub ways: Vec<(String, String)>,
    /// Answers so far: (question, answer).
    pub said: Vec<(String, String)>,
    /// Marks that stay for ever: "Recorded out of its order", "Waived: …".
    pub marks: Vec<String>,
    /// Where it comes from.
    pub source: String,
}

impl Page for Case {
    fn title(&self) -> String {
        format!("Concern {}", self.reference)
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}

/// Who has a part, who may see, who must not.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/people.html")]
pub struct People {
    /// Path of the concern.
    pub path: String,
    /// Its reference.
    pub reference: String,
    /// Is the child still to be found out?
    pub child_unknown: bool,
    /// Was it decided that nobody can find out?
    pub child_given_up: bool,
    /// Everybody of the register, to choose from.
    pub everybody: Vec<(String, String)>,
    /// Children.
    pub children: Vec<(String, String)>,
    /// Those who hold cases.
    pub case_workers: Vec<(String, String)>,
    /// Who is shut out, to choose from.
    pub shut_out: Vec<(String, String)>,
    /// Who was, says somebody, shut out by mistake.
    pub mistakes: Vec<Mistake>,
    /// Values and errors.
    pub form: FormView,
}

/// Somebody says that another one was shut out by mistake.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mistake {
    /// Id of the proposal.
    pub id: String,
    /// Who was shut out.
    pub who: String,
    /// Why that was a mistake.
    pub why: String,
    /// Who says so, and when.
    pub by: String,
    /// How it was decided, by whom and when; none: it waits.
    pub decided: Option<String>,
    /// May the reader agree or not?
    pub to_decide: bool,
    /// May the reader take it back?
    pub mine: bool,
}

impl Page for People {
    fn title(&self) -> String {
        format!("Concern {}: people", self.reference)
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// A concern on paper. Needs nothing but itself.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/concerns/paper.html")]
pub struct OnPaper {
    /// The setting.
    pub setting: String,
    /// Invented people.
    pub fictional: bool,
    /// For the telephone.
    pub reference: String,
    /// What it is about.
    pub kind: String,
    /// "Printed Tuesday 3 March 2026, 2:15pm by Maya Okafor".
    pub printed: String,
    /// The newest link of the audit chain.
    pub audit_head: Option<String>,
    /// Facts.
    pub facts: Vec<(String, String)>,
    /// People: (name, part).
    pub people: Vec<(String, String)>,
    /// Steps: (title, how it stands, by and when).
    pub steps: Vec<(String, String, String)>,
    /// What happened.
    pub chronology: Chronology,
}

impl Page for OnPaper {
    fn title(&self) -> String {
        format!("Concern {}", self.reference)
    }

    fn paper(&self) -> Paper {
        Paper::Print
    }
}
