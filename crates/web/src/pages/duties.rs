//! Legal duties to come, and the day from which this setting follows them.

use app::duties;
use domain::access::{Action, Relation, any_allowed};
use jiff::civil::Date;
use views::FormView;
use views::pages::duties::{Duties, DutyCard};
use views::ui::{Tag, Tone};

use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend, words};

/// The duties.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit) -> Answer {
    let page = page(&visit, FormView::new()).await?;
    visit.page(&page)
}

async fn page(visit: &Visit, mut form: FormView) -> Result<Duties, Fault> {
    let ctx = visit.ctx();
    let found = duties::list(visit.services(), &ctx).await?;
    let may_change =
        ctx.member().is_some_and(|member| any_allowed(&member.roles, Action::ChangeSetting, Relation::Setting));
    let mut cards = Vec::new();
    for duty in found {
        if let (Some(day), false) = (duty.begins, form.has_errors()) {
            form.set(&format!("{}-day", duty.key), day.day().to_string());
            form.set(&format!("{}-month", duty.key), day.month().to_string());
            form.set(&format!("{}-year", duty.key), day.year().to_string());
        }
        let status = match (duty.begins, duty.on) {
            (Some(day), true) => Tag::new(Tone::Done, &format!("On since {}", words::day(day))),
            (Some(day), false) => Tag::new(Tone::Due, &format!("Begins on {}", words::day(day))),
            (None, _) => Tag::new(Tone::Info, "Off: no day entered"),
        };
        cards.push(DutyCard { key: duty.key, title: duty.title, status, text: duty.text, source: duty.source });
    }
    Ok(Duties { duties: cards, may_change, form })
}

/// A day for a duty, or none.
pub struct Begins {
    duty: String,
    from: Option<Date>,
}

impl FromForm for Begins {
    fn read(fields: &mut Fields) -> Option<Self> {
        let duty = fields.raw("duty").to_owned();
        let from = fields.maybe_date(&duty)?;
        Some(Self { duty, from })
    }
}

/// Saves the day.
///
/// # Errors
/// Not for this person, or no such duty.
pub async fn post(visit: Visit, form: Form<Begins>) -> Answer {
    let Some(input) = form.input else { return visit.again(&page(&visit, form.view).await?) };
    match duties::begin(visit.services(), &mut visit.ctx(), &input.duty, input.from).await {
        Ok(()) => visit.go_saying("/duties", Tone::Done, "Saved."),
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?).await?),
    }
}
