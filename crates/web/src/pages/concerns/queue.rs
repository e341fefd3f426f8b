//! The queue and the search.

use app::concerns::{self, Asked, QueueRow, Shelf, kind_in_words};
use axum::extract::Query;
use domain::access::Action;
use domain::clock::Standing;
use domain::concern::{ConcernKind, ConcernStatus, Urgency};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use views::FormView;
use views::pages::concerns::case::{Queue, Search};
use views::ui::{Cell, Pages, Table, Tag, Tone};

use super::{moment, on_day};
use crate::pages::people::kinds::in_words;
use crate::{Answer, Fields, Visit, words};

/// Which part of the queue.
#[derive(Debug, Default, Deserialize)]
pub struct Part {
    #[serde(default)]
    shelf: String,
    #[serde(default)]
    page: usize,
}

/// The queue.
///
/// # Errors
/// Not for this person.
pub async fn get(visit: Visit, Query(part): Query<Part>) -> Answer {
    let shelf = if part.shelf == "closed" { Shelf::Closed } else { Shelf::Unfinished };
    let queue = concerns::queue(visit.services(), &visit.ctx(), shelf, part.page).await?;
    let mut table = Table::new("Concerns")
        .quiet_caption()
        .column("Concern")
        .column("How it stands")
        .column("Told")
        .column("Next")
        .column("Due");
    for row in &queue.rows {
        table.push(cells(&visit, row));
    }
    let link = |page: usize| format!("/concerns?shelf={}&page={page}", part.shelf_key());
    let pages = Pages {
        previous: part.page.checked_sub(1).map(link),
        next: queue.more.then(|| link(part.page.saturating_add(1))),
        where_we_are: format!("Part {}", part.page.saturating_add(1)),
    };
    visit.page(&Queue {
        table,
        closed_shelf: shelf == Shelf::Closed,
        only: in_words(&queue.kinds),
        unfinished: queue.unfinished,
        closed: queue.closed,
        outbox: visit.may(Action::ReadOutbox),
        pages,
    })
}

impl Part {
    /// Only our own words go into a link.
    fn shelf_key(&self) -> &'static str {
        if self.shelf == "closed" { "closed" } else { "open" }
    }
}

fn cells(visit: &Visit, row: &QueueRow) -> Vec<Cell> {
    let title = format!("{} {}", kind_in_words(row.kind), row.reference);
    let stands = match (row.status, row.urgency) {
        (ConcernStatus::Closed | ConcernStatus::Destroyed, _) => Tag::new(Tone::Done, "Closed"),
        (_, Urgency::Urgent) if row.opened_at.is_none() => Tag::new(Tone::Gap, "Urgent, not opened"),
        (_, Urgency::Urgent) => Tag::new(Tone::Gap, "Urgent"),
        (ConcernStatus::Received, _) => Tag::new(Tone::Due, "Not opened"),
        (ConcernStatus::Open, _) => Tag::new(Tone::Info, "Open"),
    };
    let age = words::span(visit.services().now().duration_since(row.recorded_at));
    let next = match (&row.next, row.words_owed) {
        (Some(next), false) => next.clone(),
        (Some(next), true) => format!("{next}. The reporter’s exact words are still to come."),
        (None, true) => "The reporter’s exact words are still to come.".to_owned(),
        (None, false) => String::new(),
    };
    let due = match &row.due {
        None => Cell::Text(String::new()),
        Some((what, at, Standing::Late)) => {
            Tag::new(Tone::Gap, &format!("Late: {what}, {}", moment(visit, *at))).into()
        }
        Some((what, at, _)) => Cell::Text(format!("{what}: {}", moment(visit, *at))),
    };
    vec![
        Cell::link(&format!("/concerns/{}", row.id), &title),
        stands.into(),
        Cell::Text(match row.unsigned {
            true => on_day(visit, row.recorded_at),
            false => format!("{}, {age} ago", moment(visit, row.recorded_at)),
        }),
        Cell::Text(next),
        due,
    ]
}

/// Search over concerns that one may see: words, names, a reference; narrowed by kind, state and day.
///
/// # Errors
/// Not for this person.
pub async fn search(visit: Visit, Query(pairs): Query<Vec<(String, String)>>) -> Answer {
    let number: u64 =
        pairs.iter().find(|(name, _)| name == "page").and_then(|(_, page)| page.parse().ok()).unwrap_or(1);
    let asked_for: Vec<(String, String)> = pairs.iter().filter(|(name, _)| name != "page").cloned().collect();
    let mut fields = Fields::of_query(pairs, visit.services().now());
    let start = |day: Option<Date>| -> Option<Timestamp> {
        let zone = visit.services().calendar.zone().clone();
        Some(day?.at(0, 0, 0, 0).to_zoned(zone).ok()?.timestamp())
    };
    let from = fields.maybe_date("from").flatten();
    let to = fields.maybe_date("to").flatten().and_then(|day| day.tomorrow().ok());
    let asked = Asked {
        words: fields.raw("q").to_owned(),
        kinds: ConcernKind::from_key(fields.raw("kind")).into_iter().collect(),
        status: ConcernStatus::from_key(fields.raw("status")).into_iter().collect(),
        from: start(from),
        to: start(to),
    };
    let form = fields.into_view();
    if form.has_errors() {
        return visit.again(&searching(form));
    }
    if asked == Asked::default() {
        return visit.page(&searching(form));
    }
    let found = concerns::search_for(visit.services(), &mut visit.ctx(), asked, number).await?;
    let mut table = Table::new("Found").quiet_caption().column("Concern").column("Happened").column("How it stands");
    for hit in found.hits {
        let stands = match hit.status {
            ConcernStatus::Closed | ConcernStatus::Destroyed => Tag::new(Tone::Done, "Closed"),
            ConcernStatus::Received => Tag::new(Tone::Due, "Not opened"),
            ConcernStatus::Open => Tag::new(Tone::Info, "Open"),
        };
        let title = format!("{} {}", kind_in_words(hit.kind), hit.reference);
        let link = Cell::link(&format!("/concerns/{}", hit.id), &title);
        table.push(vec![link, Cell::Text(moment(&visit, hit.event_at)), stands.into()]);
    }
    let other = |page: u64| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&asked_for).append_pair("page", &page.to_string());
        format!("/search?{}", query.finish())
    };
    let pages = Pages {
        previous: (number > 1).then(|| other(number - 1)),
        next: found.more.then(|| other(number + 1)),
        where_we_are: format!("Page {number}, newest first"),
    };
    visit.page(&Search { found: Some(table), pages, ..searching(form) })
}

fn searching(form: FormView) -> Search {
    let kinds =
        ConcernKind::ALL.into_iter().map(|kind| (kind.key().to_owned(), kind_in_words(kind).to_owned())).collect();
    Search { kinds, form, ..Search::default() }
}
