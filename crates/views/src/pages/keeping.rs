//! Keeping and handing out: the redaction bench, emergencies, what an inspector is shown. The rest has the shapes of the
//! registers.

use askama::Template;

use crate::form::FormView;
use crate::shell::{Page, Paper};
use crate::ui::{Summary, Table};

/// The bench: left what is written, right what is handed out.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/keeping/bench.html")]
pub struct BenchPage {
    /// Its own path.
    pub path: String,
    /// The request.
    pub back: String,
    /// The request's reference.
    pub reference: String,
    /// Whose data.
    pub person: String,
    /// "3 concerns".
    pub records: String,
    /// What is kept back, and why.
    pub kept_back: Vec<BenchRecord>,
    /// It is the file of a child who moves on.
    pub moves_on: bool,
    /// Records that go along, each to be left out by a choice: of a child who moves on.
    pub along: Vec<BenchRecord>,
    /// The lines.
    pub lines: Vec<BenchLine>,
    /// Names that somebody decides on.
    pub proposals: Vec<BenchProposal>,
    /// Files that somebody decides on.
    pub files: Vec<BenchFile>,
    /// What is marked.
    pub marks: Vec<BenchMark>,
    /// Why something can be left out: key and words.
    pub grounds: Vec<(String, String)>,
    /// Where it stands.
    pub stage: Stage,
    /// "Sent to be checked by …".
    pub sent: Option<String>,
    /// "Read over by …".
    pub checked: Option<String>,
    /// Something changed since.
    pub changed: bool,
    /// The letter, and errors.
    pub form: FormView,
}

/// Where a bundle stands, for who looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// Being redacted.
    #[default]
    Open,
    /// Sent by the viewer; waits for somebody else.
    Waits,
    /// The viewer may read it over.
    Check,
    /// The parcel can be made.
    Ready,
}

/// A whole record.
#[derive(Debug, Clone, Default)]
pub struct BenchRecord {
    /// For the choice, where there is one.
    pub key: Option<String>,
    /// Its reference.
    pub reference: String,
    /// Why it is kept back.
    pub why: String,
}

/// A file that somebody decides on.
#[derive(Debug, Clone, Default)]
pub struct BenchFile {
    /// For its mark.
    pub key: String,
    /// Of which record, and what it is.
    pub what: String,
    /// A picture: what is on it cannot be blacked out here.
    pub picture: bool,
}

/// A line.
#[derive(Debug, Clone, Default)]
pub struct BenchLine {
    /// For its marks.
    pub key: String,
    /// The record, on its first line.
    pub part: Option<String>,
    /// What it is.
    pub what: String,
    /// When, by whom.
    pub with: String,
    /// As it is written.
    pub pieces: Vec<BenchPiece>,
    /// As it is handed out.
    pub out: String,
}

/// A stretch of it.
#[derive(Debug, Clone, Default)]
pub struct BenchPiece {
    /// Its text.
    pub text: String,
    /// Is it left out?
    pub black: bool,
}

/// A name that was found.
#[derive(Debug, Clone, Default)]
pub struct BenchProposal {
    /// The words.
    pub words: String,
    /// "a child".
    pub whose: String,
    /// Key of the ground.
    pub ground: String,
    /// "3 lines".
    pub lines: String,
}

/// A mark.
#[derive(Debug, Clone, Default)]
pub struct BenchMark {
    /// To take it back.
    pub id: String,
    /// Words or line.
    pub what: String,
    /// "everywhere".
    pub where_: String,
    /// Why.
    pub why: String,
    /// In words.
    pub reason: String,
    /// By whom, when.
    pub by: String,
}

impl BenchPage {
    fn is_open(&self) -> bool {
        self.stage == Stage::Open
    }
    fn is_check(&self) -> bool {
        self.stage == Stage::Check
    }
    fn is_waits(&self) -> bool {
        self.stage == Stage::Waits
    }
    fn is_ready(&self) -> bool {
        self.stage == Stage::Ready
    }
}

impl Page for BenchPage {
    fn title(&self) -> String {
        "The redaction bench".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}

/// Emergencies.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/keeping/emergency.html")]
pub struct EmergencyPage {
    /// Those that were.
    pub cards: Vec<EmergencyCard>,
    /// The form.
    pub form: FormView,
}

/// One of them.
#[derive(Debug, Clone, Default)]
pub struct EmergencyCard {
    /// Which, by whom.
    pub heading: String,
    /// From, until.
    pub times: String,
    /// Is it open now?
    pub lasts: bool,
    /// Why.
    pub reason: String,
    /// What a review said.
    pub review: Option<String>,
    /// Where the viewer's review goes, if they may.
    pub action: Option<String>,
}

impl Page for EmergencyPage {
    fn title(&self) -> String {
        "Open a record in an emergency".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// What an inspector is shown.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/keeping/inspection.html")]
pub struct InspectionPage {
    /// The setting.
    pub setting: String,
    /// Duties by how they stand.
    pub duties: Summary,
    /// Roles and whether they are held.
    pub roles: Table,
    /// Of which time the counts are, and the total.
    pub period: Option<String>,
    /// Counts, small ones kept back.
    pub counts: Vec<Table>,
    /// Procedures.
    pub procedures: Table,
    /// Rules of keeping.
    pub keeping: Table,
    /// Records destroyed with a certificate.
    pub destroyed: String,
    /// May the viewer show one case?
    pub may_show: bool,
    /// The form for that.
    pub form: FormView,
}

impl Page for InspectionPage {
    fn title(&self) -> String {
        "What an inspector is shown".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }

    fn paper(&self) -> Paper {
        Paper::Wide
    }
}
