//! The open door: telling without an account, and coming back with six words (S14).
//!
//! Doors of this kind are [`crate::Access::Nameless`]: no session is read, no cookie is set, the context carries nothing of
//! the sender. What a page must remember from one step to the next (which report, until when) travels in the form, signed.
//! Everything that writes or hashes comes past [`crate::calm`] first.

mod back;
mod form;
mod poster;
mod sender;

pub use back::{get as back, open, read};
pub use form::{get as new, post as send};
pub use poster::get as poster;
pub use sender::{get as sender, post as answer};

use app::telling::{self, Door};
use axum::extract::Path;
use axum::response::Response;
use views::Page;
use views::pages::tell::{Door as DoorPage, Nowhere, Signs};

use super::concerns::ring;
use crate::calm::{For, Pace};
use crate::{Answer, Fault, Visit};

/// What this is, and who can read it.
///
/// # Errors
/// No setting has this word.
pub async fn get(visit: Visit, Path(word): Path<String>) -> Answer {
    let door = of(&visit, &word).await?;
    visit.page(&DoorPage {
        path: path(&door),
        setting: door.name.clone(),
        fictional: door.fictional,
        outside: door.outside.iter().map(ring).collect(),
    })
}

/// What a family may notice, to read or to print.
///
/// # Errors
/// No setting has this word.
pub async fn signs(visit: Visit, Path(word): Path<String>) -> Answer {
    let door = of(&visit, &word).await?;
    visit.page(&Signs {
        path: path(&door),
        setting: door.name.clone(),
        outside: door.outside.iter().map(ring).collect(),
    })
}

/// Without a word: to the one door there is, or a page that says where the word stands.
///
/// # Errors
/// The records are away.
pub async fn anywhere(visit: Visit) -> Answer {
    match telling::doors(visit.services()).await?.as_slice() {
        [only] => visit.go(&format!("/tell/{only}")),
        _ => visit.page(&Nowhere),
    }
}

async fn of(visit: &Visit, word: &str) -> Result<Door, Fault> {
    Ok(telling::door(visit.services(), visit.services().now(), word).await?)
}

fn path(door: &Door) -> String {
    format!("/tell/{}", door.word)
}

/// What came of knocking.
enum Knock {
    /// Go on; the place in the line is given back when this is dropped.
    Go(tokio::sync::OwnedSemaphorePermit),
    /// Seconds until it is worth trying again.
    Wait(u64),
}

/// Knocks, waits if that is asked, and takes a turn.
async fn knock(visit: &Visit, what: For) -> Knock {
    let calm = visit.site().calm();
    match calm.knock(visit.sender(), what, visit.services().now()) {
        Pace::Now => {}
        Pace::After(wait) => tokio::time::sleep(wait).await,
        Pace::Later(seconds) => return Knock::Wait(seconds),
    }
    match calm.turn().await {
        Some(turn) => Knock::Go(turn),
        None => Knock::Wait(10),
    }
}

/// The page again, with everything that was typed, and when to try once more.
fn later<P: Page>(visit: &Visit, page: &P, seconds: u64) -> Result<Response, Fault> {
    visit.later(page, seconds)
}
