//! To and fro with whoever told a concern, with or without an account, for whoever works it.

use app::concerns::{self, LONGEST_TEXT};
use axum::extract::Path;
use domain::ConcernId;
use views::FormView;
use views::pages::tell::Sender;
use views::ui::Tone;

use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend, form, words};

/// So far, and the form for an answer.
///
/// # Errors
/// Not for this person, or nobody is there to be asked.
pub async fn get(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    visit.page(&page(&visit, id, FormView::new()).await?)
}

/// An answer.
pub struct Input(String);

impl FromForm for Input {
    const LIMIT: usize = 12 * LONGEST_TEXT + form::LIMIT;

    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("text", LONGEST_TEXT, "Write your answer").map(Self)
    }
}

/// Leaves an answer.
///
/// # Errors
/// As [`get`].
pub async fn post(visit: Visit, Path(id): Path<ConcernId>, form: Form<Input>) -> Answer {
    let Some(Input(text)) = form.input else { return visit.again(&page(&visit, id, form.view).await?) };
    match concerns::answer_sender(visit.services(), &mut visit.ctx(), id, &text).await {
        Ok(()) => visit.go_saying(&format!("/concerns/{id}/sender"), Tone::Done, "It is there for whoever told this."),
        Err(error) => visit.again(&page(&visit, id, mend(form.view, error)?).await?),
    }
}

async fn page(visit: &Visit, id: ConcernId, form: FormView) -> Result<Sender, Fault> {
    let letters = concerns::letters(visit.services(), &mut visit.ctx(), id).await?;
    let calendar = &visit.services().calendar;
    let signed = letters.reporter.is_some();
    let messages = letters.messages.into_iter().map(|(from_us, text, at)| {
        let local = calendar.local(at);
        // The sender's own minute is nobody's business (S14).
        let when = if from_us || signed { words::moment(&local) } else { words::day(local.date()) };
        (from_us, text, when)
    });
    Ok(Sender {
        path: format!("/concerns/{id}"),
        reference: letters.reference,
        reporter: letters.reporter,
        messages: messages.collect(),
        form,
    })
}
