//! "Whom must I tell?" and the contact sheet (S55).

use app::concerns::kind_in_words;
use app::contacts;
use views::pages::concerns::contacts::{BlankForm, ContactSheet, WhomToTell};

use super::{ring, tell};
use crate::{Answer, Visit, words};

/// "Whom must I tell?"
///
/// # Errors
/// The records are away.
pub async fn whom(visit: Visit) -> Answer {
    let sheet = contacts::sheet(visit.services(), &visit.ctx()).await?;
    // Kinds that go to the same people in the same order stand under one heading.
    let mut whom: Vec<(Vec<&str>, contacts::Whom)> = Vec::new();
    for row in sheet.whom.into_iter().filter(|row| !row.kind.is_matter()) {
        let label = kind_in_words(row.kind);
        match whom.iter_mut().find(|(_, known)| known.first == row.first && known.then == row.then) {
            Some((labels, _)) => labels.push(label),
            None => whom.push((vec![label], row)),
        }
    }
    let whom = whom.into_iter().map(|(labels, row)| {
        let about = match labels.as_slice() {
            [one] => (*one).to_owned(),
            _ => "A worry about a child, a family, or something on a screen".to_owned(),
        };
        (about, tell(row.first), tell(row.then))
    });
    visit.page(&WhomToTell { whom: whom.collect(), outside: sheet.outside.iter().map(ring).collect() })
}

/// The sheet for the wall.
///
/// # Errors
/// The records are away.
pub async fn sheet(visit: Visit) -> Answer {
    let sheet = contacts::sheet(visit.services(), &visit.ctx()).await?;
    let today = visit.services().calendar.local(visit.services().now()).date();
    visit.page(&ContactSheet {
        setting: sheet.setting,
        fictional: sheet.fictional,
        printed: format!("Printed {}", words::day(today)),
        inside: tell(sheet.inside),
        outside: sheet.outside.iter().filter(|agency| agency.phone.is_some()).map(ring).collect(),
    })
}

/// What the report form asks, for a pen: question and lines.
const BY_HAND: [(&str, usize); 12] = [
    ("Is everybody safe now? Who is with the children?", 2),
    ("What happened? What you saw and heard, in short. Do not describe a sexual image of a child.", 4),
    ("Day and time when it happened", 1),
    ("Where? On which device?", 1),
    ("Which child or children?", 1),
    ("Which adult, if it is about one?", 1),
    ("The child’s own words, as exactly as you can", 3),
    ("What you said, as exactly as you can", 2),
    ("Who else was there?", 1),
    ("Whom you told in person, and at what time", 1),
    ("What you think it means (kept apart from what you saw and heard)", 2),
    ("Your name, the day and time of writing, your signature", 2),
];

/// The form for pen and paper (S3). It needs nothing of the database: with the records away it only leaves out numbers.
///
/// # Errors
/// A template failed.
pub async fn blank_form(visit: Visit) -> Answer {
    let outside = match contacts::sheet(visit.services(), &visit.ctx()).await {
        Ok(sheet) => sheet.outside.iter().filter(|agency| agency.phone.is_some()).map(ring).collect(),
        Err(_) => Vec::new(),
    };
    let questions = BY_HAND.map(|(question, lines)| (question.to_owned(), lines)).into();
    visit.page(&BlankForm { questions, outside })
}
