//! What a bench found out.

use serde::Serialize;
use serde_json::Value;

/// One bench's result.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    /// Short name, also of its part of the page.
    pub(crate) name: &'static str,
    /// In words.
    pub(crate) title: &'static str,
    /// How to get them again.
    pub(crate) command: String,
    /// The machine: processor and cores.
    pub(crate) machine: String,
    /// What was measured, and the figure in words with its unit.
    pub(crate) rows: Vec<(String, String)>,
}

impl Figures {
    /// None yet.
    pub(crate) fn new(name: &'static str, title: &'static str, command: String) -> Self {
        Self { name, title, command, machine: machine(), rows: Vec::new() }
    }

    /// One more.
    pub(crate) fn add(&mut self, what: impl Into<String>, figure: impl Into<String>) {
        self.rows.push((what.into(), figure.into()));
    }

    /// All numbers and words of a JSON object, nested names joined.
    pub(crate) fn add_json(&mut self, prefix: &str, value: &Value) {
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    let key = key.replace('_', " ");
                    let name = if prefix.is_empty() { key } else { format!("{prefix}: {key}") };
                    self.add_json(&name, inner);
                }
            }
            Value::Number(number) => self.add(prefix, number.as_f64().map_or_else(|| number.to_string(), in_words)),
            Value::String(text) => self.add(prefix, text.clone()),
            other => self.add(prefix, other.to_string()),
        }
    }

    /// For a terminal.
    pub(crate) fn table(&self) -> String {
        let width = self.rows.iter().map(|(what, _)| what.chars().count()).max().unwrap_or(0);
        let rows: String = self.rows.iter().map(|(what, figure)| format!("  {what:<width$}  {figure}\n")).collect();
        format!("{}\n{rows}", self.title)
    }
}

/// Four figures are as many as a run on a shared machine can vouch for.
pub(crate) fn in_words(number: f64) -> String {
    let size = number.abs();
    let plain = if size >= 1000.0 || number.fract() == 0.0 {
        format!("{number:.0}")
    } else if size >= 10.0 {
        format!("{number:.1}")
    } else {
        format!("{number:.3}")
    };
    let (whole, rest) = plain.split_once('.').map_or((plain.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    rest.map_or_else(|| format!("{sign}{grouped}"), |rest| format!("{sign}{grouped}.{rest}"))
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split(':').nth(1));
    format!("{}, {cores} cores", model.map_or("unknown processor", str::trim))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_people_can_read() {
        assert_eq!(in_words(1_234_567.8), "1,234,568");
        assert_eq!(in_words(-1000.0), "-1,000");
        assert_eq!(in_words(42.0), "42");
        assert_eq!(in_words(42.25), "42.2");
        assert_eq!(in_words(0.123_45), "0.123");
    }

    #[test]
    fn nested_json_becomes_rows() {
        let mut figures = Figures::new("x", "X", String::new());
        figures.add_json("", &serde_json::json!({ "ns_per_lookup": 120.4, "peer": { "name": "HashMap" } }));
        assert_eq!(
            figures.rows,
            [("ns per lookup".to_owned(), "120.4".to_owned()), ("peer: name".to_owned(), "HashMap".to_owned())]
        );
    }
}
