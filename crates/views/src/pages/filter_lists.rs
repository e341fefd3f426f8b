//! Lists: where they come from, one source with its versions, adding and removing one.

use askama::Template;

use crate::form::FormView;
use crate::shell::{Page, Paper};
use crate::ui::{Banner, Summary, Table, Tag};

/// All of them.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter_lists.html")]
pub struct Lists {
    /// What one must know first.
    pub banners: Vec<Banner>,
    /// What the filter works with.
    pub facts: Summary,
    /// Sources, those that need somebody first.
    pub sources: Table,
    /// The sealed tier.
    pub sealed: Sealed,
    /// Known sources that are none here.
    pub known: Vec<Known>,
    /// May this person propose one?
    pub may_propose: bool,
}

/// The sealed tier, as far as anybody may know of it.
#[derive(Debug, Clone, Default)]
pub struct Sealed {
    /// How it stands.
    pub tag: Option<Tag>,
    /// In a sentence.
    pub say: String,
    /// Who supplied what, and how much of it each way through can enforce; empty without a list here.
    pub facts: Summary,
    /// How to get one; empty when one is supplied.
    pub how: String,
    /// Licensed lists that wait for two people: a sentence, and the form.
    pub shrunk: Vec<(String, String)>,
}

/// A known source.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// As people call it.
    pub title: String,
    /// What one should know before one takes it.
    pub say: String,
    /// Publisher and licence.
    pub whose: String,
    /// The form, filled in.
    pub href: String,
}

impl Page for Lists {
    fn title(&self) -> String {
        "Lists".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}

/// One source.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter_list.html")]
pub struct Source {
    /// Its key.
    pub key: String,
    /// As people call it.
    pub title: String,
    /// How it stands, first.
    pub banners: Vec<Banner>,
    /// Where from, whose, which licence, when.
    pub facts: Summary,
    /// A version that waits for a person.
    pub held: Option<Held>,
    /// The reason for the word on it.
    pub form: FormView,
    /// Versions, newest first.
    pub versions: Table,
    /// A fetch is under way: in a sentence.
    pub progress: Option<String>,
    /// May this person have it fetched?
    pub may_fetch: bool,
    /// May this person say whether a version is taken?
    pub may_decide: bool,
    /// May this person propose to remove it?
    pub may_propose: bool,
}

/// A version that waits for a person.
#[derive(Debug, Clone, Default)]
pub struct Held {
    /// Its id.
    pub id: String,
    /// The version of the row that is shown.
    pub version: String,
    /// Why it waits.
    pub why: String,
    /// What it holds.
    pub facts: Summary,
    /// There is something in it that could be taken.
    pub can_be_taken: bool,
}

impl Page for Source {
    fn title(&self) -> String {
        format!("Lists: {}", self.title)
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// A source being proposed.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter_list_add.html")]
pub struct Add {
    /// Values and errors.
    pub form: FormView,
    /// Categories: (id, title).
    pub categories: Vec<(String, String)>,
    /// Where a technician lays files down.
    pub inbox: String,
}

impl Page for Add {
    fn title(&self) -> String {
        "Propose a source of lists".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// A source that somebody proposes to remove.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter_list_remove.html")]
pub struct Remove {
    /// Its key.
    pub key: String,
    /// As people call it.
    pub name: String,
    /// Values and errors.
    pub form: FormView,
}

impl Page for Remove {
    fn title(&self) -> String {
        "Propose to remove a source of lists".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// A licensed list that lost more entries than it may by itself.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter_feed.html")]
pub struct Feed {
    /// Its id.
    pub key: String,
    /// What happened, in a sentence.
    pub say: String,
    /// Values and errors.
    pub form: FormView,
}

impl Page for Feed {
    fn title(&self) -> String {
        "A licensed list that shrank".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}
