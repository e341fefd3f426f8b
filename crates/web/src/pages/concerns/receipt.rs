//! One's own reports: the list, the receipt of one, and the exact words afterwards.

use app::concerns::{self, Receipt as Read, StageTwo};
use axum::extract::Path;
use domain::ConcernId;
use views::FormView;
use views::pages::concerns::Draft;
use views::pages::concerns::report::{Mine, Receipt, Sent, Words};
use views::ui::{Cell, Table, Tag, Tone};

use super::draft::{self, Next, Pressed};
use super::{moment, ring, tell};
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend, form};

/// Every report of mine that I may see.
///
/// # Errors
/// The records are away.
pub async fn mine(visit: Visit) -> Answer {
    let reports = concerns::mine(visit.services(), &visit.ctx()).await?;
    let mut table = Table::new("Your reports")
        .quiet_caption()
        .column("Report")
        .column("Told")
        .column("Opened")
        .column("Still to do");
    for report in reports {
        let opened = match report.opened_at {
            Some(at) => Cell::Text(moment(&visit, at)),
            None => Tag::new(Tone::Due, "Nobody has opened this yet").into(),
        };
        let owed = if report.words_owed {
            Cell::link(&format!("/reports/{}/words", report.concern), "The exact words")
        } else {
            Cell::Text("Nothing".to_owned())
        };
        let link = Cell::link(&format!("/reports/{}", report.concern), &report.reference);
        table.push(vec![link, Cell::Text(moment(&visit, report.recorded_at)), opened, owed]);
    }
    visit.page(&Mine { table })
}

/// The receipt of one.
///
/// # Errors
/// It is not mine, or not for my eyes any more.
pub async fn get(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    let receipt = concerns::receipt(visit.services(), &visit.ctx(), id).await?;
    if !receipt.messages.is_empty() {
        app::notices::seen(visit.services(), &mut visit.ctx(), &format!("/reports/{id}")).await?;
    }
    visit.page(&page(&visit, receipt, FormView::new()))
}

/// An answer to what was asked.
pub struct Answered(String);

impl FromForm for Answered {
    const LIMIT: usize = 12 * concerns::LONGEST_TEXT + form::LIMIT;

    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("text", concerns::LONGEST_TEXT, "Write your answer").map(Self)
    }
}

/// Answers what was asked.
///
/// # Errors
/// As [`get`].
pub async fn answer(visit: Visit, Path(id): Path<ConcernId>, form: Form<Answered>) -> Answer {
    let receipt = concerns::receipt(visit.services(), &visit.ctx(), id).await?;
    let Some(Answered(text)) = form.input else { return visit.again(&page(&visit, receipt, form.view)) };
    match concerns::answer_holder(visit.services(), &mut visit.ctx(), id, &text).await {
        Ok(()) => visit.go_saying(&format!("/reports/{id}"), Tone::Done, "Sent. Whoever works this was told."),
        Err(error) => visit.again(&page(&visit, receipt, mend(form.view, error)?)),
    }
}

fn page(visit: &Visit, receipt: Read, form: FormView) -> Receipt {
    let again = match receipt.passed_on {
        0 => None,
        _ => Some("Nobody had opened it in time, so the next person was told.".to_owned()),
    };
    let words = format!("/reports/{}/words", receipt.concern);
    Receipt {
        reference: receipt.reference,
        told_at: moment(visit, receipt.recorded_at),
        opened_at: receipt.opened_at.map(|at| format!("Opened {}.", moment(visit, at))),
        passed_on: again.filter(|_| receipt.opened_at.is_none()),
        tell: tell(receipt.tell),
        outside: receipt.outside.iter().map(ring).collect(),
        words_owed: receipt.words_owed.then(|| words.clone()),
        words: receipt.words.into_iter().map(|(at, text)| (moment(visit, at), text)).collect(),
        add: words,
        messages: receipt.messages.into_iter().map(|(asked, text, at)| (asked, text, moment(visit, at))).collect(),
        answer: format!("/reports/{}/answer", receipt.concern),
        form,
    }
}

/// It was sent, and is not for the sender's eyes.
///
/// # Errors
/// The records are away.
pub async fn sent(visit: Visit) -> Answer {
    let sheet = app::contacts::sheet(visit.services(), &visit.ctx()).await?;
    let shown = ["emergency", "front_door", "lado", "ofsted"];
    let outside = sheet.outside.iter().filter(|agency| shown.contains(&agency.key.as_str())).map(ring).collect();
    visit.page(&Sent { outside })
}

/// The exact words.
pub enum Input {
    /// To be kept for later, or thrown away.
    Keep(Pressed),
    /// To be signed and sent.
    Sign(StageTwo),
}

impl FromForm for Input {
    // Six long texts, each letter up to four bytes, each byte up to three signs.
    const LIMIT: usize = 6 * 12 * concerns::LONGEST_TEXT + form::LIMIT;

    fn read(fields: &mut Fields) -> Option<Self> {
        if let Some(pressed) = draft::pressed(fields) {
            return Some(Self::Keep(pressed));
        }
        let mut text = |name: &str| fields.maybe(name, concerns::LONGEST_TEXT).map(Option::unwrap_or_default);
        let (child_words, adult_words, facts) = (text("child_words"), text("adult_words"), text("facts"));
        let (present, told, opinion) = (text("present"), text("told"), text("opinion"));
        Some(Self::Sign(StageTwo {
            child_words: child_words?,
            adult_words: adult_words?,
            facts: facts?,
            present: present?,
            told: told?,
            opinion: opinion?,
            event_at: None,
        }))
    }
}

/// The form for the exact words.
///
/// # Errors
/// It is not mine.
pub async fn words(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    let (form, draft) = draft::restored(&visit, &key(id), FormView::new()).await?;
    visit.page(&Words { draft: Some(draft), ..words_page(&visit, id, form).await? })
}

fn key(id: ConcernId) -> String {
    format!("words/{id}")
}

/// Sends the exact words.
///
/// # Errors
/// It is not mine, or the records are away.
pub async fn add_words(visit: Visit, Path(id): Path<ConcernId>, form: Form<Input>) -> Answer {
    let stage = match form.input {
        None => return visit.again(&words_page(&visit, id, form.view).await?),
        Some(Input::Sign(stage)) => stage,
        Some(Input::Keep(pressed)) => {
            // Whose report it is not keeps nothing here.
            concerns::receipt(visit.services(), &visit.ctx(), id).await?;
            return match draft::done(&visit, &key(id), pressed, form.view, "/reports").await? {
                Next::Go(answer) => answer,
                Next::Again(form, draft) => {
                    visit.again(&Words { draft: Some(draft), ..words_page(&visit, id, form).await? })
                }
            };
        }
    };
    match concerns::add_words(visit.services(), &mut visit.ctx(), id, stage).await {
        Ok(()) => {
            draft::sent(&visit, &key(id), &form.view).await;
            visit.go_saying(&format!("/reports/{id}"), Tone::Done, "Saved and signed.")
        }
        Err(error) => visit.again(&words_page(&visit, id, mend(form.view, error)?).await?),
    }
}

async fn words_page(visit: &Visit, id: ConcernId, form: FormView) -> Result<Words, Fault> {
    let receipt = concerns::receipt(visit.services(), &visit.ctx(), id).await?;
    let signs = visit.session().map(|session| session.visit.known_as.clone()).unwrap_or_default();
    Ok(Words {
        action: format!("/reports/{id}/words"),
        reference: receipt.reference,
        signs,
        form,
        draft: Some(Draft::default()),
    })
}
