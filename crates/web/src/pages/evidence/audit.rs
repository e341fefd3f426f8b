//! Who did what.

use app::evidence::Chain;
use axum::extract::Query;
use serde::Deserialize;
use views::pages::follow_up::Audit;
use views::ui::{Cell, Pages, Table, Tone};

use crate::{Answer, Form, Visit};

/// Which part.
#[derive(Debug, Default, Deserialize)]
pub struct Part {
    /// Only before this link.
    before: Option<domain::AuditId>,
}

/// The lines that one may see.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit, Query(part): Query<Part>) -> Answer {
    let trail = app::trail::read(visit.services(), &visit.ctx(), part.before).await?;
    let calendar = &visit.services().calendar;
    let mut lines = Table::new("Who did what").quiet_caption().column("When").column("Who").column("Did").column("To");
    for line in trail.lines {
        lines.push(vec![
            Cell::Time(line.at.to_string(), calendar.say(line.at)),
            Cell::from(line.who),
            Cell::from(line.did),
            Cell::from(line.to),
        ]);
    }
    let pages = Pages {
        previous: part.before.map(|_| "/audit".to_owned()),
        next: trail.earlier.map(|before| format!("/audit?before={before}")),
        where_we_are: "Newest first".to_owned(),
    };
    visit.page(&Audit { lines, pages })
}

/// Walks the whole chain.
///
/// # Errors
/// The records are away.
pub async fn verify(visit: Visit, form: Form<()>) -> Answer {
    if form.input.is_none() {
        return visit.go_saying("/audit", Tone::Due, "That was not checked. Press the button once more.");
    }
    match app::trail::verify(visit.services(), &mut visit.ctx()).await? {
        Chain::Whole => {
            visit.go_saying("/audit", Tone::Done, "The chain holds, from its first entry to its last.")
        }
        Chain::Broken => visit.go_saying(
            "/audit",
            Tone::Gap,
            "The chain does not hold. Change nothing; run: holdfast audit verify. Then restore the last good backup.",
        ),
        Chain::Walking => visit.go_saying(
            "/audit",
            Tone::Due,
            "The chain is long and is still being walked. It takes some minutes; the page Evidence then says whether it holds.",
        ),
    }
}
