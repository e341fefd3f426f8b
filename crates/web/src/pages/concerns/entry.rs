//! One more entry of the chronology, or the correction of one.

use app::concerns::{self, Correction, NewEntry};
use axum::extract::Path;
use domain::concern::EntryKind;
use domain::{ConcernId, EntryId};
use jiff::Timestamp;
use views::FormView;
use views::pages::concerns::Draft;
use views::pages::concerns::step::Entry;
use views::ui::Tone;

use super::draft::{self, Keepable, Next};
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
    let fresh = with_moment(FormView::new(), &visit, "event", visit.services().now());
    let (form, draft) = draft::restored(&visit, &key(id), fresh).await?;
    visit.page(&Entry { draft: Some(draft), ..page(&visit, id, None, form).await? })
}

fn key(id: ConcernId) -> String {
    format!("entry/{id}")
}

/// Adds it.
///
/// # Errors
/// The concern is not for this person.
pub async fn post(visit: Visit, Path(id): Path<ConcernId>, form: Form<Keepable<New>>) -> Answer {
    let New { kind, text, event_at } = match form.input {
        None => return visit.again(&page(&visit, id, None, form.view).await?),
        Some(Keepable::Send(new)) => new,
        Some(Keepable::Keep(pressed)) => {
            // Who may not see the concern keeps nothing here.
            let around = page(&visit, id, None, form.view.clone()).await?;
            return match draft::done(&visit, &key(id), pressed, form.view, &around.back).await? {
                Next::Go(answer) => answer,
                Next::Again(form, draft) => visit.again(&Entry { form, draft: Some(draft), ..around }),
            };
        }
    };
    match concerns::add_entry(visit.services(), &mut visit.ctx(), id, NewEntry { kind, text, event_at }).await {
        Ok(entry) => {
            draft::sent(&visit, &key(id), &form.view).await;
            // Whoever was at a strategy meeting comes back with things to do.
            if kind == EntryKind::Strategy {
                let next = format!("/concerns/{id}/actions?entry={entry}");
                return visit.go_saying(&next, Tone::Done, "Added. What is to be done now, and by whom?");
            }
            visit.go_saying(&format!("/concerns/{id}"), Tone::Done, "Added.")
        }
        Err(error) => visit.again(&page(&visit, id, None, mend(form.view, error)?).await?),
    }
}

/// A correction.
pub struct Right(String, Timestamp);

impl FromForm for Right {
    const LIMIT: usize = 12 * concerns::LONGEST_TEXT + form::LIMIT;

    fn read(fields: &mut Fields) -> Option<Self> {
        let text = fields.text("text", concerns::LONGEST_TEXT, "Write what is right");
        let event_at = fields.moment("event", "Say when it was");
        Some(Self(text?, event_at?))
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
    let Some(Right(text, event_at)) = form.input else {
        return visit.again(&page(&visit, id, Some(entry), form.view).await?);
    };
    match concerns::correct(
        visit.services(),
        &mut visit.ctx(),
        id,
        Correction { of: entry, text, event_at: Some(event_at) },
    )
    .await
    {
        Ok(_) => visit.go_saying(&format!("/concerns/{id}"), Tone::Done, "Corrected. The old words stay beside it."),
        Err(error) => visit.again(&page(&visit, id, Some(entry), mend(form.view, error)?).await?),
    }
}

async fn page(visit: &Visit, id: ConcernId, entry: Option<EntryId>, form: FormView) -> Result<Entry, Fault> {
    let concern = concerns::open(visit.services(), &mut visit.ctx(), id).await?;
    let back = format!("/concerns/{id}");
    let (action, wrong, form) = match entry {
        None => (format!("{back}/entries"), None, form),
        Some(entry) => {
            let found = concern.chronology.iter().find(|known| known.id == Some(entry)).ok_or(Fault::NotFound)?;
            let untouched = form.value("event-day").is_empty() && !form.has_errors();
            let form = if untouched { with_moment(form, visit, "event", found.event_at) } else { form };
            (format!("{back}/entries/{entry}"), Some(found.text.clone()), form)
        }
    };
    let draft = entry.is_none().then(Draft::default);
    Ok(Entry { action, back, reference: concern.reference, wrong, form, draft })
}
