//! The home page, actions, reviews, and who did what.

use askama::Template;

use crate::{
    form::FormView,
    shell::{Page, Paper},
    ui::{Pages, Table, Tag, TaskList},
};

/// What waits for somebody.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/home.html")]
pub struct Home {
    /// What they are called.
    pub name: String,
    /// "Tuesday 3 March".
    pub day: String,
    /// What needs them.
    pub todo: TaskList,
    /// For who answers them: how requests for blocked sites are answered, a sentence each.
    pub asking: Vec<String>,
    /// Where their roles lead: (address, words).
    pub ways: Vec<(String, String)>,
}

impl Page for Home {
    fn title(&self) -> String {
        "Your page".to_owned()
    }
}

/// Actions.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/actions.html")]
pub struct Actions {
    /// The form for a new one, for those who may give one; else none.
    pub form: Option<FormView>,
    /// Whom one may give it to: (id, name).
    pub people: Vec<(String, String)>,
    /// The actions.
    pub tasks: Vec<ActionCard>,
    /// Done ones are shown too.
    pub with_done: bool,
    /// What was typed for the one that could not be finished.
    pub mend: FormView,
}

/// One action.
#[derive(Debug, Clone)]
pub struct ActionCard {
    /// Its id.
    pub id: String,
    /// What.
    pub title: String,
    /// By whom, until when.
    pub who: String,
    /// How it stands.
    pub status: Tag,
    /// What was done.
    pub done: Option<String>,
    /// The concern that it comes from, for who may open it.
    pub concern: Option<String>,
    /// Its note could not be taken: say why beside it.
    pub error: Option<String>,
    /// What became of it on its way: a sentence each.
    pub turned: Vec<String>,
    /// Where it is given to another person or day, or dropped; none: not by the reader.
    pub turn: Option<String>,
}

impl Page for Actions {
    fn title(&self) -> String {
        "Actions".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.mend.has_errors() || self.form.as_ref().is_some_and(FormView::has_errors)
    }
}

/// Reviews.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/reviews.html")]
pub struct Reviews {
    /// The form for a new one.
    pub form: FormView,
    /// The reviews.
    pub reviews: Vec<ReviewCard>,
    /// Closed ones are shown too.
    pub with_closed: bool,
    /// What was typed for the one that could not be closed.
    pub mend: FormView,
}

/// One review.
#[derive(Debug, Clone)]
pub struct ReviewCard {
    /// Its id.
    pub id: String,
    /// "Review of the policy".
    pub title: String,
    /// Why now.
    pub why: String,
    /// Since when, until when.
    pub when: String,
    /// How it stands.
    pub status: Tag,
    /// The outcome.
    pub closed: Option<String>,
    /// What was open for a time since the review before, if it is of the filtering.
    pub overrides: Vec<OverrideLine>,
    /// Its outcome could not be taken: say why beside it.
    pub error: Option<String>,
}

/// A site that was open for a time.
#[derive(Debug, Clone)]
pub struct OverrideLine {
    /// The change that opened it.
    pub href: String,
    /// The sites: inert.
    pub names: String,
    /// On which devices.
    pub groups: String,
    /// From when until when.
    pub when: String,
    /// Who asked and who allowed it.
    pub who: String,
    /// Why.
    pub why: String,
}

impl Page for Reviews {
    fn title(&self) -> String {
        "Reviews".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.mend.has_errors() || self.form.has_errors()
    }
}

/// Who did what.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/audit.html")]
pub struct Audit {
    /// The lines.
    pub lines: Table,
    /// Ways to the other parts.
    pub pages: Pages,
}

impl Page for Audit {
    fn title(&self) -> String {
        "Who did what".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}
