//! "Whom must I tell?" and the contact sheet (S55).

use app::concerns::kind_in_words;
use app::contacts;
use views::pages::concerns::contacts::{ContactSheet, WhomToTell};

use super::{ring, tell};
use crate::{Answer, Visit, words};

/// "Whom must I tell?"
///
/// # Errors
/// The records are away.
pub async fn whom(visit: Visit) -> Answer {
    let sheet = contacts::sheet(visit.services(), &visit.ctx()).await?;
    let whom = sheet.whom.into_iter().map(|row| (kind_in_words(row.kind).to_owned(), tell(row.first), tell(row.then)));
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
