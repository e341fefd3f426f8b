//! One source: how it stands, its versions, the word on one that waits, fetching it now.

use app::sources::view::{self, One, SourceView, Standing};
use app::sources::{judge, versions, work};
use axum::extract::Path;
use domain::access::Action;
use views::FormView;
use views::pages::filter_lists as pages;
use views::ui::{Banner, Cell, Summary, Table, Tag, Tone};

use super::super::{may, say, time};
use super::{count, here};
use crate::{Answer, Fields, Form, FromForm, Visit, fault::mend};

/// A word on a version that waits.
pub struct Input(versions::Word);

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let id = fields.parsed("id", "Open the page again");
        let version = fields.parsed("version", "Open the page again");
        let take = fields.choice(
            "take",
            |word| match word {
                "accept" => Some(versions::Take::Accept),
                "refuse" => Some(versions::Take::Refuse),
                _ => None,
            },
            "Press one of the two buttons",
        );
        let words = fields.maybe("words", 2000);
        Some(Self(versions::Word { id: id?, version: version?, take: take?, words: words?.unwrap_or_default() }))
    }
}

/// The source.
///
/// # Errors
/// There is no such source.
pub async fn get(visit: Visit, Path(key): Path<String>) -> Answer {
    let found = view::one(visit.services(), &visit.ctx(), &key).await?;
    app::notices::seen(visit.services(), &mut visit.ctx(), &here(&key)).await?;
    visit.page(&page(&visit, found, FormView::new()))
}

/// Accepts or refuses a version that waits.
///
/// # Errors
/// Somebody else decided, or it is not this person's to decide.
pub async fn decide(visit: Visit, Path(key): Path<String>, form: Form<Input>) -> Answer {
    let found = view::one(visit.services(), &visit.ctx(), &key).await?;
    let Some(Input(word)) = form.input else { return visit.again(&page(&visit, found, form.view)) };
    let take = word.take;
    match versions::decide(visit.services(), &mut visit.ctx(), &key, word).await {
        Ok(()) => {
            let said = match take {
                versions::Take::Accept => "Taken. It is in use within a minute.",
                versions::Take::Refuse => "Refused. The version before it stays in use.",
            };
            visit.go_saying(&here(&key), Tone::Done, said)
        }
        Err(error) => {
            let form = mend(form.view, error)?;
            visit.again(&page(&visit, found, form))
        }
    }
}

/// Asks the source now.
///
/// # Errors
/// There is no such source.
pub async fn fetch(visit: Visit, Path(key): Path<String>, form: Form<()>) -> Answer {
    if form.input.is_none() {
        return visit.go_saying(&here(&key), Tone::Due, "Nothing was fetched. Press the button once more.");
    }
    work::fetch_now(visit.services(), &mut visit.ctx(), &key).await?;
    visit.go_saying(&here(&key), Tone::Info, "It is being asked. Look again in a moment.")
}

fn page(visit: &Visit, found: One, form: FormView) -> pages::Source {
    let One { view, versions } = found;
    pages::Source {
        title: view.source.title.clone(),
        banners: banners(visit, &view),
        facts: facts(visit, &view),
        held: view.held.as_ref().map(|held| pages::Held {
            id: held.id.to_string(),
            version: held.version.to_string(),
            why: held.why.clone().unwrap_or_default(),
            facts: Summary::new()
                .row("Fetched", time(visit, held.fetched_at))
                .row("Entries", Cell::Text(count(held.entries.unsigned_abs())))
                .row("Lines that cannot be read", Cell::Text(count(held.unreadable.unsigned_abs())))
                .row("Size", Cell::Text(size(held.bytes))),
            can_be_taken: judge::can_be_accepted(held.entries.unsigned_abs()),
        }),
        form,
        versions: table(visit, &versions),
        progress: progress(&view),
        may_fetch: may(visit, Action::RunSelfTest),
        may_decide: may(visit, Action::ApproveChange),
        may_propose: may(visit, Action::ProposeChange),
        key: view.key,
    }
}

fn banners(visit: &Visit, view: &SourceView) -> Vec<Banner> {
    let failed = view.check.as_ref().and_then(|check| check.failed.as_ref().map(|why| (why, check.failures)));
    let mut banners = Vec::new();
    match view.standing {
        Standing::Stale => {
            let good = view.check.as_ref().and_then(|check| check.good_at);
            let since = good.map_or("ever".to_owned(), |at| format!("since {}", say(visit, at)));
            banners
                .push(Banner::new(Tone::Gap, &format!("It has given no list {since}. The last good one is in use.")));
        }
        Standing::Failing => banners.push(Banner::new(Tone::Gap, "Nothing of it is in use yet.")),
        Standing::New => banners.push(Banner::new(Tone::Info, "It has not been asked yet.")),
        Standing::Held | Standing::Fresh => {}
    }
    if let Some((why, times)) = failed {
        let times =
            if times == 1 { "The last try failed".to_owned() } else { format!("The last {times} tries failed") };
        banners.push(Banner::new(Tone::Due, &format!("{times}. {why} It is tried again by itself.")));
    }
    banners
}

fn facts(visit: &Visit, view: &SourceView) -> Summary {
    let source = &view.source;
    let mut facts = Summary::new()
        .row("State", Cell::Tag(super::standing(view)))
        .row("Comes from", Cell::Inert(source.from.say()))
        .row("Publisher", Cell::Text(source.publisher.clone()))
        .row("Licence", Cell::Text(source.licence.clone()))
        .row("Feeds", Cell::Text(source.category.clone().unwrap_or_else(|| "the categories of its own folders".into())))
        .row("Asked every", Cell::Text(format!("{} hours", source.every_hours)));
    if let app::sources::Origin::Web { key: Some(_), .. } = &source.from {
        facts = facts.row("Signature", Cell::Text("Asked for; nothing unsigned is taken".into()));
    }
    if let Some(check) = &view.check {
        facts = facts.row("Last asked", time(visit, check.asked_at));
        if let Some(good) = check.good_at {
            facts = facts.row("Last good answer", time(visit, good));
        }
    }
    if let Some(version) = &view.in_force {
        facts = facts
            .row("In use since", time(visit, version.fetched_at))
            .row("Entries in use", Cell::Text(count(version.entries.unsigned_abs())));
        if let Some(dated) = &version.dated {
            facts = facts.row("Its publisher dates it", Cell::Text(dated.clone()));
        }
        if let Some(licence) = &version.licence {
            facts = facts.row("The list itself says of its licence", Cell::Text(licence.clone()));
        }
    }
    facts
}

fn progress(view: &SourceView) -> Option<String> {
    let mega = |bytes: u64| format!("{:.1}", bytes as f64 / 1e6);
    match (view.progress, view.wanted) {
        (Some(app::sources::Progress { bytes, of: Some(of) }), _) => {
            Some(format!("It is being fetched: {} of {} MB so far.", mega(bytes), mega(of)))
        }
        (Some(app::sources::Progress { bytes, of: None }), _) => {
            Some(format!("It is being fetched: {} MB so far.", mega(bytes)))
        }
        (None, true) => Some("It will be asked in a moment.".to_owned()),
        (None, false) => None,
    }
}

fn table(visit: &Visit, versions: &[view::Decided]) -> Table {
    let table = Table::new("Versions").quiet_caption().column("Fetched").column("State").column("Entries");
    let table = table.column("Not readable").column("Size").column("Digest").column("Why");
    versions.iter().fold(table, |table, (version, by)| {
        let mut why: Vec<String> = version.why.iter().cloned().collect();
        if let (Some(words), Some(by)) = (&version.words, by) {
            why.push(format!("{by}: {words}"));
        }
        let signed = if version.signed { " signed" } else { "" };
        let digest: String = version.digest.chars().take(12).collect();
        table.row([
            time(visit, version.fetched_at),
            Cell::Tag(state(version.state)),
            Cell::Text(count(version.entries.unsigned_abs())),
            Cell::Text(count(version.unreadable.unsigned_abs())),
            Cell::Text(size(version.bytes)),
            Cell::Text(format!("{digest}{signed}")),
            Cell::Text(why.join(" ")),
        ])
    })
}

fn size(bytes: i64) -> String {
    match bytes {
        ..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

/// Where a version stands, in a word.
fn state(state: versions::State) -> Tag {
    match state {
        versions::State::InForce => Tag::new(Tone::Done, "In use"),
        versions::State::Held => Tag::new(Tone::Due, "Waits for a person"),
        versions::State::Refused => Tag::new(Tone::Shut, "Refused"),
        versions::State::Replaced => Tag::new(Tone::Calm, "A later one came"),
    }
}
