//! A paper as a page to print; and, of counts alone, as a PDF by the worker. What holds words of a case leaves by `/exports` (S47).

use app::referrals::{Paper, document};
use views::pages::problem::Problem;
use views::pages::working::{Document, DocumentSection};

use super::super::concerns::paper::attachment;
use crate::{Answer, Visit};

/// As a page.
pub(crate) fn page(paper: &Paper, export: Option<String>, back: (String, String)) -> Document {
    Document {
        title: paper.title.clone(),
        setting: paper.setting.clone(),
        fictional: paper.fictional,
        marking: paper.marking.clone(),
        printed: format!("Printed {} by {}", paper.printed_at, paper.printed_by),
        audit_head: paper.audit_head.clone(),
        sections: paper
            .sections
            .iter()
            .map(|section| DocumentSection {
                heading: section.heading.clone(),
                paragraphs: section.paragraphs.clone(),
                rows: section.rows.clone(),
                table: None,
            })
            .collect(),
        export,
        back,
        ..Document::default()
    }
}

/// As a PDF; without the worker a page that says so and offers the print page.
pub(crate) async fn pdf(visit: &Visit, paper: &Paper, print: String) -> Answer {
    match visit.services().printer.pdf(&document(paper)).await {
        Ok(pdf) => Ok(attachment(&paper.reference, pdf)),
        Err(say) => visit.unavailable(&Problem {
            heading: "There is no PDF just now".to_owned(),
            sentences: vec![
                say,
                "The print page shows the same. From there, your browser can print it or save it as a file.".to_owned(),
            ],
            way: Some((print, "To the print page".to_owned())),
            ..Problem::default()
        }),
    }
}
