//! A legal clock that rests while one waits for an answer, and goes on.

use app::concerns;
use axum::extract::Path;
use domain::ConcernId;
use jiff::Timestamp;
use views::FormView;
use views::pages::register::{RegisterForm, field};
use views::ui::Tone;

use super::{moment, with_now};
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend};

/// The form.
///
/// # Errors
/// The concern is not for this person, or the clock may not rest.
pub async fn get(visit: Visit, Path((id, key)): Path<(ConcernId, String)>) -> Answer {
    visit.page(&page(&visit, id, &key, FormView::new()).await?)
}

async fn page(visit: &Visit, id: ConcernId, key: &str, form: FormView) -> Result<RegisterForm, Fault> {
    let clock = concerns::rest_form(visit.services(), &visit.ctx(), id, key).await?;
    let form = with_now(form, visit, "at");
    let (heading, about, fields, button) = match clock.resting {
        None => (
            "Let a clock rest",
            vec![format!("{}.", clock.title), format!("By law: {}.", clock.law)],
            vec![
                field(&form.moment("at", "Since when?").hint("When you asked. For example 3 3 2027, 2:15pm")),
                field(&form.text("reason", "What did you ask, and whom?").max(300)),
            ],
            "Let it rest",
        ),
        Some((since, reason)) => (
            "Let a clock go on",
            vec![format!("{}. It rests since {}: {reason}", clock.title, moment(visit, since))],
            vec![field(&form.moment("at", "When did the answer come?").hint("It goes on from then."))],
            "Let it go on",
        ),
    };
    Ok(RegisterForm {
        heading: heading.to_owned(),
        back: Some((format!("/concerns/{id}"), "Back to the concern".to_owned())),
        about,
        fields,
        action: format!("/concerns/{id}/clocks/{key}"),
        button: button.to_owned(),
        form,
        ..RegisterForm::default()
    })
}

/// What is typed.
pub struct Input {
    at: Timestamp,
    reason: String,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let at = fields.moment("at", "Say when");
        let reason = fields.maybe("reason", 300);
        Some(Self { at: at?, reason: reason?.unwrap_or_default() })
    }
}

/// Lets it rest, or go on.
///
/// # Errors
/// The concern is not for this person, or the clock may not rest.
pub async fn post(visit: Visit, Path((id, key)): Path<(ConcernId, String)>, form: Form<Input>) -> Answer {
    let Some(Input { at, reason }) = form.input else { return visit.again(&page(&visit, id, &key, form.view).await?) };
    let rests = concerns::rest_form(visit.services(), &visit.ctx(), id, &key).await?.resting.is_some();
    let done = match rests {
        // A form for a rest, sent twice or by two people, must not end the rest that the first one began.
        true if !reason.is_empty() => Err(app::Error::invalid("at", "It rests already. Nothing was changed.")),
        true => concerns::go_on(visit.services(), &mut visit.ctx(), id, &key, at).await,
        false => concerns::rest(visit.services(), &mut visit.ctx(), id, &key, at, &reason).await,
    };
    match done {
        Ok(()) if rests => visit.go_saying(&format!("/concerns/{id}"), Tone::Done, "The clock goes on."),
        Ok(()) => visit.go_saying(&format!("/concerns/{id}"), Tone::Done, "The clock rests."),
        Err(app::Error::Invalid(wrong)) => {
            let mut view = form.view;
            for (name, say) in &wrong {
                view.error(if name == "reason" { "reason" } else { "at" }, say.as_str());
            }
            visit.again(&page(&visit, id, &key, view).await?)
        }
        Err(error) => visit.again(&page(&visit, id, &key, mend(form.view, error)?).await?),
    }
}
