//! A concern on paper. That it was printed is written down.

use app::concerns::{self, kind_in_words};
use axum::extract::Path;
use domain::ConcernId;
use views::pages::concerns::case::OnPaper;

use super::case::{chronology, part, word};
use super::moment;
use crate::{Answer, Visit, words};

/// The print page.
///
/// # Errors
/// The concern is not for this person.
pub async fn get(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    let print = concerns::print(visit.services(), &mut visit.ctx(), id).await?;
    let concern = &print.concern;
    let full = |at| words::full_moment(&visit.services().calendar.local(at));
    let mut facts = vec![
        ("Happened".to_owned(), full(concern.event_at)),
        ("Known here".to_owned(), full(concern.known_at)),
        ("Written down".to_owned(), full(concern.recorded_at)),
    ];
    if let Some(reporter) = &concern.reporter {
        facts.push(("Told by".to_owned(), reporter.clone()));
    }
    if let Some((_, device)) = &concern.device {
        facts.push(("Device".to_owned(), device.clone()));
    }
    if let Some(at) = concern.closed_at {
        facts.push(("Closed".to_owned(), full(at)));
    }
    let steps = concern.steps.iter().map(|step| {
        let by = step.records.last().map(|record| format!("{}, {}", record.by, moment(&visit, record.event_at)));
        (step.step.title.clone(), word(step.state).word, by.unwrap_or_default())
    });
    visit.page(&OnPaper {
        setting: print.setting.clone(),
        fictional: print.fictional,
        reference: concern.reference.clone(),
        kind: kind_in_words(concern.kind).to_owned(),
        printed: format!("Printed {} by {}", full(visit.services().now()), print.printed_by),
        audit_head: print.audit_head.clone(),
        facts,
        people: concern.people.iter().map(|person| (person.name.clone(), part(person.part).to_owned())).collect(),
        steps: steps.collect(),
        chronology: chronology(&visit, &concern.chronology),
    })
}
