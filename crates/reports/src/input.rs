//! What may be printed: `{"template": "concern" | "contact_sheet" | "evidence" | "paper", "data": {…}}`.
//!
//! Every string is plain text, shown as it is; a line break stays a line break. Times are already in words
//! ("Tuesday 3 March, 2:15pm"). Unknown fields are refused, so that a caller's misspelling is found by its test and
//! not by an inspector.

use std::io::Read;

use serde::{Deserialize, Serialize};

/// Largest input, in bytes.
const LARGEST: u64 = 4 << 20;

/// One document of a known kind.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "template", content = "data", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Document {
    /// A concern through its whole life, for those who may see it.
    Concern(Concern),
    /// Whom to ring when the box is dead (S55).
    ContactSheet(ContactSheet),
    /// Every obligation with its status, clause by clause.
    Evidence(Evidence),
    /// A referral, a letter, a report to those who govern.
    Paper(Paper),
}

/// What stands on every document.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Front {
    /// Title of the document. Names no child: it stands in the window of the reader.
    pub(crate) title: String,
    /// Name of the setting.
    pub(crate) setting: String,
    /// Who printed it.
    pub(crate) printed_by: String,
    /// When, in words.
    pub(crate) printed_at: String,
    /// Words at the top of each page, for example "Confidential: safeguarding record".
    #[serde(default)]
    pub(crate) marking: Option<String>,
    /// The setting is invented (the demo): every page says so.
    #[serde(default)]
    pub(crate) fictional: bool,
    /// Signed head of the audit chain at printing, so that paper bears witness too (S37).
    #[serde(default)]
    pub(crate) audit_head: Option<String>,
}

/// See [`Document::Concern`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Concern {
    #[serde(flatten)]
    front: Front,
    /// The reference that people use.
    reference: String,
    /// Facts in groups: what happened, who is involved, what was decided.
    #[serde(default)]
    sections: Vec<Section>,
    /// The procedure, step by step.
    #[serde(default)]
    steps: Vec<Step>,
    /// Newest last.
    #[serde(default)]
    chronology: Vec<Entry>,
}

/// A heading with paragraphs and facts under it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Section {
    heading: String,
    #[serde(default)]
    paragraphs: Vec<String>,
    #[serde(default)]
    rows: Vec<Row>,
}

/// One fact.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    label: String,
    value: String,
}

/// One step of the procedure.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    title: String,
    state: StepState,
    #[serde(default)]
    who: Option<String>,
    #[serde(default)]
    at: Option<String>,
    #[serde(default)]
    note: Option<String>,
}

/// Where a step stands.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StepState {
    Done,
    Next,
    Later,
    /// Not done, and somebody said why.
    Waived,
    /// Recorded as having happened before its turn (S1).
    OutOfOrder,
}

/// One entry of the chronology.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// When it happened.
    at: String,
    /// When it was written down, where that differs.
    #[serde(default)]
    recorded_at: Option<String>,
    author: String,
    /// "What was seen", "The child's exact words", …
    kind: String,
    text: String,
}

/// See [`Document::ContactSheet`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ContactSheet {
    #[serde(flatten)]
    front: Front,
    /// First words, for example what to do in danger.
    #[serde(default)]
    lead: Option<String>,
    groups: Vec<ContactGroup>,
}

/// Contacts that belong together.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactGroup {
    heading: String,
    #[serde(default)]
    note: Option<String>,
    rows: Vec<Contact>,
}

/// Somebody to ring.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contact {
    name: String,
    /// What they are for, or when to ring.
    #[serde(default)]
    about: Option<String>,
    /// One number, or an address.
    number: String,
    /// When somebody last checked it.
    #[serde(default)]
    checked: Option<String>,
}

/// See [`Document::Evidence`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Evidence {
    #[serde(flatten)]
    front: Front,
    /// Which register of obligations this follows.
    edition: String,
    /// Counts in words, one a line.
    #[serde(default)]
    summary: Vec<Row>,
    clauses: Vec<Clause>,
}

/// One obligation.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Clause {
    id: String,
    duty: String,
    /// Where in the policy it stands.
    #[serde(default)]
    source: Option<String>,
    status: ClauseStatus,
    #[serde(default)]
    evidence: Vec<EvidenceItem>,
}

/// The statuses of `holdfast evidence`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClauseStatus {
    Met,
    Due,
    Gap,
    NotApplicable,
    NotBuilt,
}

/// One dated piece of evidence.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvidenceItem {
    what: String,
    #[serde(default)]
    at: Option<String>,
}

/// See [`Document::Paper`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Paper {
    #[serde(flatten)]
    front: Front,
    /// Paragraphs and facts, in groups.
    sections: Vec<Section>,
}

/// Why an input was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("the input could not be read: {0}")]
    Read(#[from] std::io::Error),
    #[error("the input is longer than {LARGEST} bytes")]
    TooLong,
    #[error("the input is not a document that this program knows: {0}")]
    NotADocument(String),
}

/// Reads one document.
///
/// # Errors
/// [`Refused`] when it is longer than 4 MiB, or not JSON of a known kind.
pub(crate) fn read(from: impl Read) -> Result<Document, Refused> {
    let mut bytes = Vec::new();
    from.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Refused::TooLong);
    }
    serde_json::from_slice(&bytes).map_err(|error| Refused::NotADocument(without_content(&error)))
}

/// Serde quotes the offending value, which may be somebody's words; only its place and kind may be logged.
fn without_content(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Io => "it could not be read",
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Data => "a field is missing, unknown or of the wrong kind",
        serde_json::error::Category::Eof => "it ends too early",
    };
    format!("{kind} (line {}, column {})", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_never_repeats_what_was_written() {
        let input = r#"{"template":"evidence","data":{"title":{"Ada Lovelace":1}}}"#;
        let refused = read(input.as_bytes()).expect_err("a map is no title").to_string();
        assert!(!refused.contains("Ada"), "{refused}");
    }

    #[test]
    fn exactly_the_limit_is_read_and_one_more_byte_is_not() {
        let limit = usize::try_from(LARGEST).expect("fits");
        assert!(matches!(read(vec![b' '; limit].as_slice()), Err(Refused::NotADocument(_))));
        assert!(matches!(read(vec![b' '; limit + 1].as_slice()), Err(Refused::TooLong)));
    }
}
