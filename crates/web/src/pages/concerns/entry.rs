//! One more entry of the chronology, or the correction of one.

use app::concerns::{self, Correction, NewEntry};
use axum::extract::Path;
use domain::concern::EntryKind;
use domain::{ConcernId, EntryId};
use jiff::Timestamp;
use views::FormView;
use views::pages::concerns::step::Entry;
use views::ui::Tone;

use super::with_moment;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend, form};

/// A new entry.
pub struct New {
    kind: EntryKind,
    text: String,
    event_at: Timestamp,
}

impl FromForm for New {
    const LIMIT: usize = 12 * concerns::LONGEST_TEXT + form::LIMIT;

    fn read(fields: &mut Fields) -> Option<Self> {
        let kind = fields.choice("kind", EntryKind::from_key, "Choose what you are adding");
        let text = fields.text("text", concerns::LONGEST_TEXT, "Write a few words");
        let event_at = fields.moment("event", "Say when it was");
        Some(Self { kind: kind?, text: text?, event_at: event_at? })
    }
}

/// The form for a new entry.
///
/// # Errors
/// The concern is not for this person.
pub async fn get(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    let form = with_moment(FormView::new(), &visit, "event", visit.services().now());
    visit.page(&page(&visit, id, None, form).await?)
}

/// Adds it.
///
/// # Errors
/// The concern is not for this person.
pub async fn post(visit: Visit, Path(id): Path<ConcernId>, form: Form<New>) -> Answer {
    let Some(New { kind, text, event_at }) = form.input else {
        return visit.again(&page(&visit, id, None, form.view).await?);
    };
    match concerns::add_entry(visit.services(), &mut visit.ctx(), id, NewEntry { kind, text, event_at }).await {
        // Whoever was at a strategy meeting comes back with things to do.
        Ok(entry) if kind == EntryKind::Strategy => visit.go_saying(
            &format!("/concerns/{id}/actions?entry={entry}"),
            Tone::Done,
            "Added. What is to be done now, and by whom?",
        ),
        Ok(_) => visit.go_saying(&format!("/concerns/{id}"), Tone::Done, "Added."),
        Err(error) => visit.again(&page(&visit, id, None, mend(form.view, error)?).await?),
    }
}

/// A correction.
pub struct Right(String);

impl FromForm for Right {
    const LIMIT: usize = 12 * concerns::LONGEST_TEXT + form::LIMIT;

    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("text", concerns::LONGEST_TEXT, "Write what is right").map(Self)
    }
}

/// The form for a correction.
///
/// # Errors
/// The concern is not for this person, or the entry is not there.
pub async fn get_correction(visit: Visit, Path((id, entry)): Path<(ConcernId, EntryId)>) -> Answer {
    visit.page(&page(&visit, id, Some(entry), FormView::new()).await?)
}

/// Corrects it.
///
/// # Errors
/// The concern is not for this person, or the entry is not there.
pub async fn correct(visit: Visit, Path((id, entry)): Path<(ConcernId, EntryId)>, form: Form<Right>) -> Answer {
    let Some(Right(text)) = form.input else {
        return visit.again(&page(&visit, id, Some(entry), form.view).await?);
    };
    match concerns::correct(visit.services(), &mut visit.ctx(), id, Correction { of: entry, text }).await {
        Ok(_) => visit.go_saying(&format!("/concerns/{id}"), Tone::Done, "Corrected. The old words stay beside it."),
        Err(error) => visit.again(&page(&visit, id, Some(entry), mend(form.view, error)?).await?),
    }
}

async fn page(visit: &Visit, id: ConcernId, entry: Option<EntryId>, form: FormView) -> Result<Entry, Fault> {
    let concern = concerns::open(visit.services(), &mut visit.ctx(), id).await?;
    let back = format!("/concerns/{id}");
    let (action, wrong) = match entry {
        None => (format!("{back}/entries"), None),
        Some(entry) => {
            let found = concern.chronology.iter().find(|known| known.id == Some(entry)).ok_or(Fault::NotFound)?;
            (format!("{back}/entries/{entry}"), Some(found.text.clone()))
        }
    };
    Ok(Entry { action, back, reference: concern.reference, wrong, form })
}
