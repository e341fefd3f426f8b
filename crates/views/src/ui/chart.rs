//! A chart of bars that reads well in print and aloud: a title, a label and a figure at each bar, and always the same
//! numbers in a table beside it.

use askama::Template;

use super::part;

/// Bars, one below the other.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "ui/bars.html")]
pub struct Bars {
    title: String,
    bars: Vec<Bar>,
}

#[derive(Debug, Clone)]
struct Bar {
    label: String,
    /// None: kept back, because it is small.
    count: Option<u64>,
}

/// Width of the longest bar, in the units of the drawing.
const LONGEST: u64 = 300;
/// Height of a label with its bar below it, in the same units: beside it, a long label would be cut off.
const LINE: usize = 46;

impl Bars {
    /// A chart with its title.
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned(), bars: Vec::new() }
    }

    /// One more bar; a count that is kept back is a word and no bar.
    pub fn push(&mut self, label: &str, count: Option<u64>) {
        self.bars.push(Bar { label: label.to_owned(), count });
    }

    /// Is there anything to draw?
    pub fn has_length(&self) -> bool {
        self.bars.iter().any(|bar| bar.count.is_some_and(|count| count > 0))
    }

    fn height(&self) -> usize {
        self.bars.len() * LINE + 6
    }

    /// Each bar as it is drawn: its top, its length, its label, its figure.
    fn drawn(&self) -> impl Iterator<Item = (usize, u64, &str, String)> {
        let most = self.bars.iter().filter_map(|bar| bar.count).max().unwrap_or(0).max(1);
        self.bars.iter().enumerate().map(move |(at, bar)| {
            let length = bar.count.unwrap_or(0).saturating_mul(LONGEST) / most;
            let figure = bar.count.map_or_else(|| "kept back".to_owned(), |count| count.to_string());
            (at * LINE, length, bar.label.as_str(), figure)
        })
    }
}

part!(Bars);
