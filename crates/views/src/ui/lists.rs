//! Lists of facts, of things to do, of what happened.

use askama::Template;

use super::{Cell, Tag, Tone, part};

/// Facts with their names: "Device: Children's tablet. Change".
#[derive(Template, Debug, Clone, Default)]
#[template(path = "ui/summary.html")]
pub struct Summary {
    /// The facts.
    pub rows: Vec<SummaryRow>,
}

/// One fact.
#[derive(Debug, Clone)]
pub struct SummaryRow {
    /// Its name.
    pub key: String,
    /// The fact.
    pub value: Cell,
    /// Where to change it: (link, hidden words that say what is changed).
    pub change: Option<(String, String)>,
}

impl Summary {
    /// No facts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Is there no fact?
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// One more fact.
    #[must_use]
    pub fn row(mut self, key: &str, value: impl Into<Cell>) -> Self {
        self.rows.push(SummaryRow { key: key.to_owned(), value: value.into(), change: None });
        self
    }

    /// One more fact that can be changed.
    #[must_use]
    pub fn row_to_change(mut self, key: &str, value: impl Into<Cell>, href: &str) -> Self {
        let change = Some((href.to_owned(), key.to_lowercase()));
        self.rows.push(SummaryRow { key: key.to_owned(), value: value.into(), change });
        self
    }
}

/// Things to do, with how each stands.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "ui/task_list.html")]
pub struct TaskList {
    /// The tasks.
    pub tasks: Vec<Task>,
    /// Makes ids unique where a page has several lists.
    pub id: String,
}

/// One thing to do.
#[derive(Debug, Clone)]
pub struct Task {
    /// What: a verb first.
    pub title: String,
    /// Where. None: not yet, or not for this person.
    pub href: Option<String>,
    /// A line below.
    pub hint: Option<String>,
    /// How it stands.
    pub status: Tag,
}

impl TaskList {
    /// An empty list; `id` is unique on the page.
    pub fn new(id: &str) -> Self {
        Self { tasks: Vec::new(), id: id.to_owned() }
    }

    /// One more task.
    #[must_use]
    pub fn task(mut self, title: &str, href: Option<&str>, hint: Option<&str>, tone: Tone, word: &str) -> Self {
        self.tasks.push(Task {
            title: title.to_owned(),
            href: href.map(str::to_owned),
            hint: hint.map(str::to_owned),
            status: Tag::new(tone, word),
        });
        self
    }
}

/// What happened, newest last, so that it reads aloud as a story.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "ui/chronology.html")]
pub struct Chronology {
    /// The entries in order.
    pub entries: Vec<ChronologyEntry>,
}

/// One thing that happened.
#[derive(Debug, Clone, Default)]
pub struct ChronologyEntry {
    /// When it happened: "Tuesday 3 March, 2:15pm".
    pub when: String,
    /// The same for machines, RFC 3339.
    pub datetime: String,
    /// What kind: "The child's words", "What we saw", "Holdfast".
    pub kind: String,
    /// How it is drawn.
    pub tone: Tone,
    /// The words; lines are kept.
    pub words: String,
    /// Who wrote it, and when they knew and recorded it, if that differs.
    pub by: String,
    /// Recorded although its turn had not come: marked for ever (S1).
    pub out_of_order: bool,
    /// Corrected by a later entry: shown, struck.
    pub superseded: bool,
}

part!(Summary, TaskList, Chronology);
