//! The bench as whoever redacts reads it.

use domain::redaction::{Ground, Piece, pieces, redacted};
use domain::{ConcernId, OpCtx, RedactionId};
use jiff::Timestamp;
use store::Scope;
use store::keeping::Bundle;

use super::gather::{Gathered, digest, gather, record_key, record_of};
use super::{BundleState, KeptBack, Proposal, Purpose, Undecided};
use crate::concerns::Names;
use crate::keeping::item::Item;
use crate::{Error, Result, Services};

/// The bench.
#[derive(Debug, Clone)]
pub struct Bench {
    /// The request.
    pub request: ConcernId,
    /// Its reference.
    pub reference: String,
    /// Why it stands.
    pub purpose: Purpose,
    /// The bundle.
    pub bundle: Bundle,
    /// Whose data.
    pub person: String,
    /// Every line, as it is and under the marks.
    pub lines: Vec<Line>,
    /// Names that were found and that nobody has decided on.
    pub proposals: Vec<Proposal>,
    /// Files that nobody has decided on.
    pub undecided: Vec<Undecided>,
    /// The marks.
    pub marks: Vec<MarkView>,
    /// Which records are in it: the key with which one is left out (a child's file alone), and the reference.
    pub records: Vec<(Option<String>, String)>,
    /// Which are kept back, and why.
    pub kept_back: Vec<KeptBack>,
    /// Who sent it to be checked, who checked it.
    pub sent: Option<(String, Timestamp)>,
    /// Who checked it.
    pub checked: Option<(String, Timestamp)>,
    /// Something changed since it was sent or checked.
    pub changed: bool,
    /// Is the viewer the one who sent it?
    pub mine: bool,
}

impl Bench {
    /// What would be handed out, line by line: label, record, text.
    pub fn handed_out(&self) -> Vec<(String, String, String)> {
        let out = self.lines.iter().map(|line| line.given.clone());
        out.map(|item| (item.label(), item.part, item.text)).collect()
    }
}

/// A line of the bench.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The line as it is.
    pub item: Item,
    /// Its text in pieces.
    pub pieces: Vec<Piece>,
    /// As it would be handed out.
    pub out: String,
    given: Item,
}

/// A mark, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkView {
    /// Which.
    pub id: RedactionId,
    /// What: the words, or the line.
    pub what: String,
    /// Only in one line?
    pub in_one: bool,
    /// A whole record?
    pub record: bool,
    /// Why, in a word.
    pub ground: Ground,
    /// Why, in words.
    pub reason: String,
    /// Decided to leave it in.
    pub left_in: bool,
    /// By whom, when.
    pub by: (String, Timestamp),
}

/// The bench of a request. Each record on it is looked at, and that is in the audit of the record.
///
/// # Errors
/// [`Error::NotFound`] without the right, and before it was begun.
pub async fn bench(services: &Services, ctx: &mut OpCtx, request: ConcernId) -> Result<Bench> {
    let member = ctx.member().cloned().ok_or(Error::NotFound)?;
    let gathered = gather(services, ctx, &member, request).await?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let names = Names::load(&reader, member.setting).await?;
    let Gathered { purpose, bundle, items, rows, marks, proposals, undecided, reference, kept_back, .. } = gathered;
    let (references, concerns) = (gathered.references, gathered.concerns);
    let record = |item: &str| Some(format!("Concern {}", references.get(&record_of(item)?)?));
    let digest = digest(&bundle, &items, &marks);
    let text_of = |key: &str| items.iter().find(|item| item.key == key).map(|item| item.label());
    Ok(Bench {
        request,
        reference,
        person: names.person(bundle.person_id),
        lines: items
            .iter()
            .map(|item| Line {
                pieces: pieces(&item.key, &item.text, &marks),
                out: redacted(&item.key, &item.text, &marks),
                given: item.under(&marks),
                item: item.clone(),
            })
            .collect(),
        marks: rows
            .into_iter()
            .map(|row| MarkView {
                id: row.id,
                in_one: row.item.is_some(),
                record: row.item.as_deref().and_then(record_of).is_some(),
                what: match (&row.words, &row.item) {
                    (Some(words), _) => words.clone(),
                    (None, Some(key)) => record(key)
                        .or_else(|| text_of(key))
                        .unwrap_or_else(|| "A line that is no longer there".to_owned()),
                    (None, None) => String::new(),
                },
                ground: row.ground,
                reason: row.reason,
                left_in: row.left_in,
                by: (names.person(row.made_by), row.made_at),
            })
            .collect(),
        purpose,
        proposals,
        undecided,
        kept_back,
        records: concerns
            .into_iter()
            .zip(gathered.records)
            .map(|(id, reference)| ((purpose == Purpose::Transfer).then(|| record_key(id)), reference))
            .collect(),
        sent: bundle.sent_at.map(|at| (names.of(bundle.sent_by), at)),
        checked: bundle.checked_at.map(|at| (names.of(bundle.checked_by), at)),
        changed: bundle.state != BundleState::Open && bundle.digest.as_deref() != Some(&digest),
        mine: bundle.sent_by == Some(member.person),
        bundle,
    })
}
