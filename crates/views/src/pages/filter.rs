//! The filter as people read it: overview, one group, "what would it get?", the self-test.

use askama::Template;

use crate::form::FormView;
use crate::shell::{Page, Paper};
use crate::ui::{Banner, Cell, Summary, Table, Tag, Tone};

/// The overview.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter.html")]
pub struct Overview {
    /// What one must know first: not running, no licensed list.
    pub banners: Vec<Banner>,
    /// How it stands.
    pub facts: Summary,
    /// Groups.
    pub groups: Vec<GroupCard>,
    /// Proposals that wait.
    pub waiting: Table,
    /// How many people wait for an answer; none for those who do not answer.
    pub requests: Option<usize>,
    /// Turnaround and over-blocking, a sentence each (FDM-02).
    pub figures: Vec<String>,
    /// The sealed tier in its own words.
    pub sealed: Sealed,
    /// Who filters upstream, in a sentence.
    pub upstream: String,
    /// What the filter cannot see here.
    pub blind: Vec<String>,
    /// May this person propose?
    pub may_propose: bool,
    /// May this person see what devices asked for?
    pub may_see_activity: bool,
    /// The reader may keep devices.
    pub keeps_devices: bool,
}

/// The list of illegal addresses (FIL-04).
#[derive(Debug, Clone, Default)]
pub struct Sealed {
    /// Is one supplied?
    pub supplied: bool,
    /// The gateway's own words.
    pub words: String,
}

/// One group in the overview.
#[derive(Debug, Clone, Default)]
pub struct GroupCard {
    /// Its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// In a sentence: for whom, and how strict.
    pub say: String,
    /// Titles of what it cannot reach.
    pub cannot: String,
    /// What it can reach, in a sentence.
    pub can: String,
    /// Unknown devices fall here.
    pub strictest: bool,
    /// Categories with reasons: (title, why).
    pub reasons: Vec<(String, String)>,
}

impl Overview {
    fn asked(&self) -> Option<Banner> {
        let say = match self.requests? {
            0 => return None,
            1 => "Somebody waits for an answer about a blocked site.".to_owned(),
            many => format!("{many} people wait for an answer about a blocked site."),
        };
        Some(Banner::new(Tone::Due, &say).link("/filter/requests", "Answer"))
    }
}

impl Page for Overview {
    fn title(&self) -> String {
        "Filter".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}

/// Inspection of encrypted pages, group by group (S29).
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter_inspection.html")]
pub struct Inspection {
    /// Each group: whether, until when, and the way to change it.
    pub groups: Table,
    /// What is never opened: why, and which names.
    pub never: Vec<(String, String)>,
}

impl Page for Inspection {
    fn title(&self) -> String {
        "Inspection of encrypted pages".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}

/// One group.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter_group.html")]
pub struct Group {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// For whom, and how strict.
    pub say: String,
    /// Facts.
    pub facts: Summary,
    /// The whole in one or two sentences.
    pub short: String,
    /// What holds just now by the hour, if anything does.
    pub now: Option<Banner>,
    /// What it cannot reach, a sentence each.
    pub cannot: Vec<String>,
    /// What it can.
    pub can: Vec<String>,
    /// What differs at certain times: (id, sentence).
    pub times: Vec<(String, String)>,
    /// Changes for this group alone: (address, words).
    pub ways: Vec<(String, String)>,
    /// Approved material.
    pub material: Table,
    /// How ways round are closed.
    pub bypass: Vec<String>,
    /// What happens when the filter has no data.
    pub without_data: String,
    /// What the filter cannot see.
    pub blind: Vec<String>,
    /// Blocked categories with reasons.
    pub blocked: Table,
    /// Names blocked by decision.
    pub names_blocked: Table,
    /// Names allowed by decision.
    pub names_allowed: Table,
    /// May this person propose?
    pub may_propose: bool,
}

impl Page for Group {
    fn title(&self) -> String {
        format!("Filter: {}", self.name)
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}

/// "What would this group get?"
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter_check.html")]
pub struct Check {
    /// Name and group.
    pub form: FormView,
    /// Groups: (key, name).
    pub groups: Vec<(String, String)>,
    /// The answer.
    pub answer: Option<Verdict>,
    /// May this person propose?
    pub may_propose: bool,
}

/// The filter's answer.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// What was typed.
    pub host: String,
    /// It would be blocked.
    pub blocked: bool,
    /// "Blocked for Staff devices".
    pub say: String,
    /// Category, rule, reason.
    pub facts: Summary,
    /// Where a change to this is proposed, already encoded.
    pub propose: String,
}

impl Page for Check {
    fn title(&self) -> String {
        "What would it get?".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// The self-test.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/filter_self_test.html")]
pub struct SelfTest {
    /// The newest run in a sentence with its time.
    pub latest: Option<Banner>,
    /// Its parts by group, those with a failure first.
    pub groups: Vec<TestedGroup>,
    /// What stands behind the answers, each with where to read more: the categories' lists, the sealed ones.
    pub behind: Vec<Behind>,
    /// Runs of the last thirty days.
    pub runs: Table,
    /// May this person run it?
    pub may_run: bool,
}

/// One thing that stands behind the filter's answers, or does not.
#[derive(Debug, Clone)]
pub struct Behind {
    /// In a word.
    pub tag: Tag,
    /// In a sentence.
    pub words: String,
    /// Where to read more, and what is there.
    pub more: (&'static str, &'static str),
}

/// What the newest run found for one group.
#[derive(Debug, Clone)]
pub struct TestedGroup {
    /// Its name.
    pub name: String,
    /// How it came out.
    pub result: Tag,
    /// "19 by DNS, 19 by the proxy".
    pub summary: String,
    /// Something failed: its parts are open to begin with.
    pub failed: bool,
    /// Each part, failures first.
    pub parts: Table,
}

impl SelfTest {
    /// Every group in a line.
    fn in_short(&self) -> Table {
        let table = Table::new("Groups").quiet_caption().column("Group").column("Asked").column("Result");
        self.groups.iter().fold(table, |table, group| {
            table.row([Cell::from(&group.name), Cell::from(&group.summary), Cell::Tag(group.result.clone())])
        })
    }
}

impl Page for SelfTest {
    fn title(&self) -> String {
        "Filter self-test".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}
