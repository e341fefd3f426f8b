//! Changing the filter: propose, decide, look back; asking for a blocked name, and the answer.

use askama::Template;

use crate::form::FormView;
use crate::shell::{Page, Paper};
use crate::ui::{Banner, Summary, Table, Tag};

/// A proposal being written.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter_propose.html")]
pub struct Propose {
    /// Values and errors.
    pub form: FormView,
    /// Categories: (id, title).
    pub categories: Vec<(String, String)>,
    /// Groups: (key, name).
    pub groups: Vec<(String, String)>,
    /// The version to go back to, when that is the change.
    pub back_to: Option<i64>,
    /// What it would change, after "Check what this changes".
    pub preview: Option<Preview>,
    /// It comes from a concern: whoever may not know of that will not see this either.
    pub from_concern: bool,
    /// It undoes another change: that one's id, and what it did.
    pub undo: Option<(String, String)>,
}

/// What a change would do.
#[derive(Debug, Clone, Default)]
pub struct Preview {
    /// In one line.
    pub say: String,
    /// A line each.
    pub difference: Vec<String>,
    /// It lets more through.
    pub loosens: bool,
}

impl Page for Propose {
    fn title(&self) -> String {
        "Propose a change to the filter".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// A change to how one group is: its hours, its search, its sessions.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter_shape.html")]
pub struct Shape {
    /// What it is about.
    pub heading: String,
    /// A sentence each.
    pub about: Vec<String>,
    /// Where one comes from: address and words.
    pub back: (String, String),
    /// Where it goes.
    pub action: String,
    /// Values and errors.
    pub form: FormView,
    /// What goes along unseen: (name, value).
    pub hidden: Vec<(String, String)>,
    /// The questions, drawn.
    pub fields: Vec<String>,
    /// What it would change, after "Check what this changes".
    pub preview: Option<Preview>,
}

impl Page for Shape {
    fn title(&self) -> String {
        self.heading.clone()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// One proposal.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter_proposal.html")]
pub struct Proposal {
    /// Its id.
    pub id: String,
    /// The version that is shown; a decision on an older one is a conflict.
    pub version: String,
    /// In one line.
    pub say: String,
    /// Where it stands.
    pub state: Option<Tag>,
    /// What one must know before deciding.
    pub banner: Option<Banner>,
    /// A line each.
    pub difference: Vec<String>,
    /// Who, when, why.
    pub facts: Summary,
    /// The risk assessment.
    pub risk: Summary,
    /// The note to its author.
    pub form: FormView,
    /// This person may approve or refuse.
    pub may_decide: bool,
    /// Approving waits for the lead; only "no" is possible.
    pub waits_for_lead: bool,
    /// This person may agree as lead.
    pub may_agree: bool,
    /// This person wrote it and may take it back.
    pub may_withdraw: bool,
    /// It is in force, and this person may propose to undo it.
    pub may_undo: bool,
}

impl Page for Proposal {
    fn title(&self) -> String {
        "Proposed change to the filter".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// All proposals.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter_proposals.html")]
pub struct Proposals {
    /// Newest first.
    pub all: Table,
    /// May this person propose?
    pub may_propose: bool,
}

impl Page for Proposals {
    fn title(&self) -> String {
        "Proposed changes".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}

/// Every version of the policy.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter_history.html")]
pub struct History {
    /// Newest first.
    pub versions: Vec<Version>,
    /// May this person propose to go back?
    pub may_propose: bool,
}

/// One version.
#[derive(Debug, Clone, Default)]
pub struct Version {
    /// Its number.
    pub number: i64,
    /// Since when.
    pub when: String,
    /// The same for machines.
    pub datetime: String,
    /// By whom.
    pub by: String,
    /// In one line.
    pub note: String,
    /// A line for each difference to the version before.
    pub difference: Vec<String>,
    /// In force.
    pub current: bool,
}

impl Page for History {
    fn title(&self) -> String {
        "History of the filter".to_owned()
    }
}

/// Who asked for a blocked name.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter_requests.html")]
pub struct Requests {
    /// Turnaround and over-blocking, a sentence each.
    pub figures: Vec<String>,
    /// Those that wait.
    pub waiting: Table,
    /// Those that were answered.
    pub answered: Table,
}

impl Page for Requests {
    fn title(&self) -> String {
        "Requests for blocked sites".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}

/// One request, to be answered.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter_request.html")]
pub struct Request {
    /// Its id.
    pub id: String,
    /// Who asked for what, why.
    pub facts: Summary,
    /// The answer being written; none once answered.
    pub form: Option<FormView>,
    /// The answer that was given.
    pub answer: Summary,
}

impl Page for Request {
    fn title(&self) -> String {
        "Request for a blocked site".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.as_ref().is_some_and(FormView::has_errors)
    }
}

/// "I need this because …", and what became of earlier ones.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter_ask.html")]
pub struct Ask {
    /// Values and errors.
    pub form: FormView,
    /// Groups: (key, name).
    pub groups: Vec<(String, String)>,
    /// One's own requests, newest first.
    pub mine: Vec<Asked>,
}

/// One of one's own requests.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The site: inert.
    pub host: String,
    /// When, for which devices.
    pub when: String,
    /// Where it stands.
    pub state: Tag,
    /// Why, in one's own words.
    pub why: String,
    /// Who answered, in which words.
    pub answer: Option<(String, String)>,
    /// Who decided after that, in which words; and when it closes.
    pub decided: Vec<String>,
}

impl Page for Ask {
    fn title(&self) -> String {
        "Ask for a blocked site".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}
