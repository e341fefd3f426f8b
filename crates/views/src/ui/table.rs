//! Tables that become cards on a phone.

use askama::Template;

use super::{Tag, part};

/// A table. Its caption is read first by screen readers; each cell knows its column, for the cards on a phone.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "ui/table.html")]
pub struct Table {
    caption: String,
    columns: Vec<Column>,
    rows: Vec<Row>,
    quiet_caption: bool,
}

#[derive(Debug, Clone)]
struct Column {
    name: String,
    number: bool,
}

/// One row.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Its cells; the first heads the card on a phone.
    pub cells: Vec<Cell>,
}

/// What stands in a cell.
#[derive(Template, Debug, Clone)]
#[template(path = "ui/cell.html")]
pub enum Cell {
    /// Words.
    Text(String),
    /// A way.
    Link {
        /// Where.
        href: String,
        /// The words.
        text: String,
    },
    /// How it stands.
    Tag(Tag),
    /// A host or address from outside: shown, never a link (S19).
    Inert(String),
    /// A telephone number.
    Phone(String),
    /// A moment: (RFC 3339, words).
    Time(String, String),
    /// Words, and smaller lines under them.
    Noted(String, Vec<String>),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Tag> for Cell {
    fn from(tag: Tag) -> Self {
        Self::Tag(tag)
    }
}

impl Cell {
    /// A way.
    pub fn link(href: &str, text: &str) -> Self {
        Self::Link { href: href.to_owned(), text: text.to_owned() }
    }
}

impl Table {
    /// A table with its caption.
    pub fn new(caption: &str) -> Self {
        Self { caption: caption.to_owned(), ..Self::default() }
    }

    /// The caption repeats the heading above: only screen readers get it.
    #[must_use]
    pub fn quiet_caption(mut self) -> Self {
        self.quiet_caption = true;
        self
    }

    /// One more column.
    #[must_use]
    pub fn column(mut self, name: &str) -> Self {
        self.columns.push(Column { name: name.to_owned(), number: false });
        self
    }

    /// One more column, of figures.
    #[must_use]
    pub fn figures(mut self, name: &str) -> Self {
        self.columns.push(Column { name: name.to_owned(), number: true });
        self
    }

    /// One more row; as many cells as columns.
    #[must_use]
    pub fn row<const N: usize>(mut self, cells: [Cell; N]) -> Self {
        self.push(cells.into());
        self
    }

    /// One more row, in a loop.
    pub fn push(&mut self, cells: Vec<Cell>) {
        self.rows.push(Row { cells });
    }

    /// Has it no row? Then show an [`super::Empty`] in its place.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn laid_out<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (&'a Column, &'a Cell)> {
        self.columns.iter().zip(&row.cells)
    }
}

part!(Table, Cell);
