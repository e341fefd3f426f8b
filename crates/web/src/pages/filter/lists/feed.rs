//! A licensed list of illegal addresses that lost more entries than it may by itself: proposing to take it all the same.
//! What it is not: a way to see or change what is in it. Only two people together let it shrink (S45).

use app::filtering::Change;
use app::sealed::{self, Shrunk};
use axum::extract::Path;
use views::FormView;
use views::pages::filter_lists as pages;

use super::change::{Why, send};
use super::{count, say};
use crate::{Answer, Fault, Fields, Form, FromForm, Visit};

/// Why it should be taken.
pub struct Input(Why);

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        Why::read(fields).map(Self)
    }
}

/// The form.
///
/// # Errors
/// No such list waits.
pub async fn get(visit: Visit, Path(key): Path<String>) -> Answer {
    let (_, page) = waits(&visit, &key)?;
    visit.page(&page)
}

/// Proposes it.
///
/// # Errors
/// No such list waits.
pub async fn post(visit: Visit, Path(key): Path<String>, form: Form<Input>) -> Answer {
    let (shrunk, page) = waits(&visit, &key)?;
    let Some(Input(why)) = form.input else { return visit.again(&pages::Feed { form: form.view, ..page }) };
    let change = Change::AcceptShrunkFeed { feed: shrunk.feed, entries: shrunk.entries, until: None };
    send(&visit, change, why, form.view, "reason", |form| Ok(pages::Feed { form, ..page })).await
}

fn waits(visit: &Visit, key: &str) -> Result<(Shrunk, pages::Feed), Fault> {
    let found = sealed::shrunk(&visit.services().data).into_iter().find(|one| one.feed == key);
    let shrunk = found.ok_or(app::Error::NotFound)?;
    let page = pages::Feed { key: crate::visit::encode(key), say: say_of(visit, &shrunk), form: FormView::new() };
    Ok((shrunk, page))
}

/// What happened.
pub(super) fn say_of(visit: &Visit, shrunk: &Shrunk) -> String {
    format!(
        "The list from {} held {} entries and had {} when it came on {}.",
        shrunk.by,
        count(shrunk.held),
        count(shrunk.entries),
        say(visit, shrunk.at)
    )
}

/// Its page.
pub(super) fn here(feed: &str) -> String {
    format!("/filter/feeds/{}", crate::visit::encode(feed))
}
