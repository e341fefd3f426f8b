//! A concern on paper: the print page, which says on every sheet who printed it and when, as the audit does. A case leaves as files by
//! `/exports` alone (S47); the PDFs here are those of duties and counts, which name no case.

use app::concerns::{self, kind_in_words};
use axum::extract::Path;
use axum::response::IntoResponse;
use domain::ConcernId;
use http::{StatusCode, header};
use views::pages::concerns::case::OnPaper;
use views::pages::problem::Problem;

use super::case::{chronology, part, word};
use super::{moment, on_day};
use crate::{Answer, Visit, words};

/// The print page.
///
/// # Errors
/// The concern is not for this person.
pub async fn get(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    let print = concerns::print(visit.services(), &mut visit.ctx(), id).await?;
    let concern = &print.concern;
    let full = |at| words::full_moment(&visit.services().calendar.local(at));
    // The minute in which somebody without an account wrote is nobody's business (S14).
    let told = |at| if concern.unsigned { on_day(&visit, at) } else { full(at) };
    let mut facts = vec![
        ("Happened".to_owned(), told(concern.event_at)),
        ("Known here".to_owned(), told(concern.known_at)),
        ("Written down".to_owned(), told(concern.recorded_at)),
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

/// The worker's PDF of a document as a download of this name; without the worker, the way to the print page.
///
/// # Errors
/// None: a worker that is away is a page that says so.
pub(crate) async fn answer(visit: &Visit, document: &serde_json::Value, name: &str, print_page: &str) -> Answer {
    match visit.services().printer.pdf(document).await {
        Ok(pdf) => Ok(attachment(name, pdf)),
        Err(say) => visit.unavailable(&Problem {
            heading: "There is no PDF just now".to_owned(),
            sentences: vec![
                say,
                "The print page shows the same record. From there, your browser can print it or save it as a file."
                    .to_owned(),
            ],
            way: Some((print_page.to_owned(), "To the print page".to_owned())),
            ..Problem::default()
        }),
    }
}

/// A PDF to be saved. Only letters, figures and dashes reach the header.
pub(crate) fn attachment(name: &str, pdf: Vec<u8>) -> axum::response::Response {
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let disposition = format!("attachment; filename=\"{name}.pdf\"");
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (StatusCode::OK, headers, pdf).into_response()
}
