//! What was learned, and what follows; then closing.

use app::concerns::{self, Debrief as Learned, Lesson, REVIEWS};
use axum::extract::Path;
use domain::ConcernId;
use domain::procedure::{Act, ProgramAct};
use views::FormView;
use views::pages::concerns::Draft;
use views::pages::concerns::step::{Debrief, Step};
use views::ui::Tone;

use super::draft::{self, Next};
use super::step::{Around, Typed};
use super::{chosen, options};
use crate::{Answer, Fields, Form, Visit, fault::mend};

/// Lessons that one page takes; more can be added by recording it anew.
const LESSONS: usize = 3;

/// The form.
///
/// # Errors
/// The concern is not for this person, or its procedure has no debrief.
pub async fn get(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    let around = Around::of_act(&visit, id, ProgramAct::Debrief).await?;
    let (form, draft) = draft::restored(&visit, &key(id), around.started(&visit, Act::Done)).await?;
    visit.page(&Debrief { draft: Some(draft), ..page(&around, form) })
}

fn key(id: ConcernId) -> String {
    format!("debrief/{id}")
}

fn page(around: &Around, form: FormView) -> Debrief {
    Debrief {
        action: format!("{}/debrief", around.back()),
        back: around.back(),
        reference: around.concern.reference.clone(),
        text: around.step.step.text.clone(),
        locks: around.step.locked_by.iter().map(|locked| locked.say.clone()).collect(),
        controls: around.controls(&form),
        lessons: (0..LESSONS).collect(),
        staff: options(&around.lists.staff),
        // As it was begun: what another wrote down meanwhile is shown, never written over.
        seen: form.value("seen").parse().unwrap_or(around.step.seen),
        draft: Some(Draft::default()),
        form,
    }
}

/// Saves what was learned.
///
/// # Errors
/// The concern is not for this person.
pub async fn post(visit: Visit, Path(id): Path<ConcernId>, form: Form<Typed>) -> Answer {
    let around = Around::of_act(&visit, id, ProgramAct::Debrief).await?;
    if form.input.is_none() {
        return visit.again(&page(&around, form.view));
    }
    let mut fields = Fields::kept(&form.view, visit.latest().await);
    if let Some(pressed) = draft::pressed(&fields) {
        return match draft::done(&visit, &key(id), pressed, form.view, &around.back()).await? {
            Next::Go(answer) => answer,
            Next::Again(form, draft) => visit.again(&Debrief { draft: Some(draft), ..page(&around, form) }),
        };
    }
    let answers = around.answers(&mut fields);
    let lessons = (0..LESSONS).filter_map(|n| lesson(&mut fields, n)).collect();
    let seen = fields.raw("seen").parse().unwrap_or(0);
    let view = fields.into_view();
    if view.has_errors() {
        return visit.again(&page(&around, view));
    }
    match concerns::debrief(visit.services(), &mut visit.ctx(), id, Learned { answers, lessons, seen }).await {
        Ok(()) => {
            draft::sent(&visit, &key(id), &view).await;
            visit.go_saying(&format!("/concerns/{id}"), Tone::Done, "Saved. Whoever has something to do was told.")
        }
        Err(app::Error::Locked(locked)) => {
            let mut view = view;
            view.error("", locked.say);
            visit.again(&page(&around, view))
        }
        Err(error @ app::Error::Conflict { .. }) => around.refused(&visit, Act::Done, view, error).await,
        Err(error) => visit.again(&page(&around, mend(view, error)?)),
    }
}

fn lesson(fields: &mut Fields, n: usize) -> Option<Lesson> {
    let field = |part: &str| format!("lesson-{n}-{part}");
    let kind = fields.raw(&field("kind")).to_owned();
    if kind.is_empty() {
        if !fields.raw(&field("what")).is_empty() {
            fields.error(&field("kind"), "Choose what kind of thing follows.");
        }
        return None;
    }
    let what = fields.text(&field("what"), concerns::LONGEST_LINE, "Say what is to be done, in one line");
    let due = fields.date(&field("due"), "Say until when");
    if REVIEWS.contains(&kind.as_str()) {
        return Some(Lesson::Review { what: kind, why: what?, due: due? });
    }
    let Some(owner) = chosen(fields.raw(&field("owner"))) else {
        fields.error(&field("owner"), "Choose who does it.");
        return None;
    };
    Some(Lesson::Action { title: what?, owner, due: due? })
}

/// The last step.
///
/// # Errors
/// The concern is not for this person.
pub async fn close(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    let around = Around::of_act(&visit, id, ProgramAct::Close).await?;
    let form = around.started(&visit, Act::Done);
    visit.page(&closing(&around, form))
}

fn closing(around: &Around, form: FormView) -> Step {
    let owed = around.concern.may_close.clone().err();
    Step {
        action: format!("{}/close", around.back()),
        back: around.back(),
        reference: around.concern.reference.clone(),
        heading: around.step.step.title.clone(),
        text: around.step.step.text.clone(),
        controls: if owed.is_some() { Vec::new() } else { around.controls(&form) },
        button: if owed.is_some() { String::new() } else { "Close the concern".to_owned() },
        locks: owed.into_iter().collect(),
        seen: around.step.seen,
        act: Act::Done.key().to_owned(),
        form,
        ..Step::default()
    }
}

/// Closes it.
///
/// # Errors
/// The concern is not for this person.
pub async fn post_close(visit: Visit, Path(id): Path<ConcernId>, form: Form<Typed>) -> Answer {
    let around = Around::of_act(&visit, id, ProgramAct::Close).await?;
    if form.input.is_none() {
        return visit.again(&closing(&around, form.view));
    }
    let mut fields = Fields::kept(&form.view, visit.latest().await);
    let answers = around.answers(&mut fields);
    let seen = fields.raw("seen").parse().unwrap_or(0);
    let mut view = fields.into_view();
    match concerns::close(visit.services(), &mut visit.ctx(), id, answers, seen).await {
        Ok(()) => {
            visit.go_saying("/concerns", Tone::Done, "The concern is closed. It can be opened again at any time.")
        }
        Err(app::Error::Locked(locked)) => {
            view.error("", locked.say);
            visit.again(&closing(&around, view))
        }
        Err(error) => visit.again(&closing(&around, mend(view, error)?)),
    }
}
