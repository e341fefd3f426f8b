//! What is due to be looked at again, and one record: why it is kept, what holds it, what can be decided.

use app::keeping::dispose::{self, Keep};
use app::keeping::due::{self, Excerpt, List, Record, SHOWN};
use axum::extract::{Path, Query};
use domain::retention::{Due, RecordKind};
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;
use views::FormView;
use views::pages::register::{RegisterForm, RegisterThing, Section, field};
use views::ui::{Banner, Cell, Summary, Table, Tag, Tone};

use super::moment;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend, words};

/// Which list, and which part of it; nothing: the beginning of each.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    list: String,
    #[serde(default)]
    page: usize,
}

/// The wall of what is due.
///
/// # Errors
/// Not for this person.
pub async fn get(visit: Visit, Query(asked): Query<Asked>) -> Answer {
    if let Some(list) = List::ALL.into_iter().find(|list| list.key() == asked.list) {
        return of_one_list(&visit, list, asked.page).await;
    }
    let wall = due::wall(visit.services(), &visit.ctx(), None).await?;
    let waiting = dispose::list_waiting(visit.services(), &visit.ctx()).await?;
    let mut notes = Vec::new();
    for one in waiting.iter().filter(|one| !one.mine) {
        notes.push(
            Banner::new(Tone::Due, &format!("{}: one person says that it may go. It waits for a second.", one.name))
                .link(&format!("/keeping/decisions/{}", one.id), "Look at it"),
        );
    }
    let mut rules = Table::new("Rules")
        .quiet_caption()
        .column("Of what")
        .column("How long")
        .column("On what it rests")
        .column("Source");
    for rule in &wall.rules {
        let keep: Vec<String> = rule.keep.iter().map(|period| period_in_words(*period)).collect();
        rules.push(vec![
            Cell::Text(rule.title.clone()),
            Cell::Text(keep.join("; ")),
            Cell::Text(rule.basis.clone()),
            Cell::Noted(rule.source.clone(), vec![format!("Edition {}", rule.edition)]),
        ]);
    }
    let mut elsewhere = Table::new("Other clocks").quiet_caption().column("What").column("How long").column("Source");
    for one in &wall.elsewhere {
        elsewhere.push(vec![Cell::from(&one.title), Cell::from(&one.says), Cell::from(&one.source)]);
    }
    let until = "What is destroyed today stays in them until the last rolls out, fourteen backups from now; they open with the recovery code alone, and a restore destroys it again by a list that lies beside them.";
    let said = |name: &String| name.parse().map_or_else(|_| name.clone(), words::day);
    let backups = match wall.backups.as_slice() {
        [] => "There is no backup in the data folder.".to_owned(),
        [one] => format!("One backup lies in the data folder, of {}. {until}", said(one)),
        [oldest, .., newest] => format!(
            "{} backups lie in the data folder, from {} to {}. {until}",
            wall.backups.len(),
            said(oldest),
            said(newest)
        ),
    };
    notes.push(Banner::new(
        Tone::Info,
        &format!("{backups} Copies that somebody took elsewhere, prints and exports are beyond this program: their list is under Exports."),
    ));
    visit.page(&RegisterThing {
        title: "What is kept, and how long".to_owned(),
        heading: "What is kept, and how long".to_owned(),
        back: ("/".to_owned(), "Home".to_owned()),
        notes,
        summary: Summary::new()
            .row("Due now", wall.counts.0.to_string())
            .row("Waiting for a second person", wall.counts.1.to_string())
            .row("Later than a year", wall.later.to_string()),
        sections: wall
            .parts
            .iter()
            .map(section)
            .chain([
                Section { heading: "The rules".to_owned(), table: rules, empty: String::new() },
                Section { heading: "What goes by another clock".to_owned(), table: elsewhere, empty: String::new() },
            ])
            .collect(),
        ways: wall
            .parts
            .iter()
            .filter(|part| part.all > SHOWN)
            .map(|part| (address(part.list, 0), format!("{}: all {}, part by part", words_of(part.list).0, part.all)))
            .chain([
                ("/keeping/holds".to_owned(), "Legal holds: what must not go".to_owned()),
                ("/keeping/certificates".to_owned(), "Certificates of destruction".to_owned()),
                ("/exports".to_owned(), "Exports: what left the building".to_owned()),
            ])
            .collect(),
        ..RegisterThing::default()
    })
}

/// One part of one list: what does not fit on the page of all.
async fn of_one_list(visit: &Visit, list: List, page: usize) -> Answer {
    let wall = due::wall(visit.services(), &visit.ctx(), Some((list, page))).await?;
    let part = wall.parts.first().ok_or(Fault::NotFound)?;
    let (heading, _) = words_of(list);
    let last = part.from.saturating_add(part.records.len());
    let mut ways = Vec::new();
    if last < part.all {
        ways.push((address(list, page.saturating_add(1)), "The next part".to_owned()));
    }
    if part.from > 0 {
        // From beyond the end back to the last part that there is.
        let before = part.from.saturating_sub(1) / SHOWN;
        ways.push((address(list, before), "The part before".to_owned()));
    }
    let from = part.from.saturating_add(usize::from(!part.records.is_empty()));
    visit.page(&RegisterThing {
        title: "What is kept, and how long".to_owned(),
        heading: heading.to_owned(),
        back: ("/keeping".to_owned(), "What is kept, and how long".to_owned()),
        summary: Summary::new().row("Records", format!("{from} to {last} of {}", part.all)),
        sections: vec![section(part)],
        ways,
        ..RegisterThing::default()
    })
}

fn address(list: List, page: usize) -> String {
    format!("/keeping?list={}&page={page}", list.key())
}

/// What a list is called, and what stands there when it is empty.
fn words_of(list: List) -> (&'static str, &'static str) {
    match list {
        List::Due => (
            "Due to be looked at",
            "Nothing is due. A record appears here on the day on which its time has come. Nothing goes by itself.",
        ),
        List::Proposed => ("Waiting for a second person", "Nothing waits."),
        List::Soon => ("Within a year", "Nothing comes due within a year."),
        List::Unclear => ("Cannot be reckoned", "Every record has the dates that its rule asks for."),
    }
}

fn section(part: &Excerpt) -> Section {
    let (heading, empty) = words_of(part.list);
    Section { heading: heading.to_owned(), table: table(heading, &part.records), empty: empty.to_owned() }
}

fn table(heading: &str, records: &[Record]) -> Table {
    let mut table =
        Table::new(heading).quiet_caption().column("Record").column("Day").column("Rule").column("How it stands");
    for one in records {
        table.push(vec![
            Cell::link(&format!("/keeping/records/{}/{}", one.record.key(), one.id), &one.name),
            Cell::Text(day(one)),
            Cell::Text(one.rule.as_ref().map_or_else(String::new, |rule| rule.title.clone())),
            stands(one),
        ]);
    }
    table
}

fn stands(one: &Record) -> Cell {
    if one.held.is_empty() {
        Tag::new(Tone::Calm, "Nothing holds it").into()
    } else {
        Cell::Noted("Must not go".to_owned(), one.held.clone())
    }
}

fn day(one: &Record) -> String {
    match (&one.due, one.day()) {
        (Due::NotYet(missing), _) => missing.say().to_owned(),
        (_, Some(day)) => words::day(day),
        (_, None) => String::new(),
    }
}

/// A period in words.
fn period_in_words(period: domain::retention::Period) -> String {
    use domain::retention::Trigger as T;
    let from = match period.from {
        T::ChildBorn => "from the birth of the youngest child",
        T::AdultBorn => "from the birth of the adult",
        T::Closed => "from the day on which it was closed",
        T::ClosedWithoutChild => "from closing, where no child is named",
        T::Recorded => "from the day on which it was written",
        T::Sent => "from the day on which the file left",
        T::EmploymentEnded => "from the adult’s last day here",
        T::LastDay => "from their last day here",
    };
    match period.years {
        0 => format!("until looked at, {from}"),
        1 => format!("1 year {from}"),
        years => format!("{years} years {from}"),
    }
}

fn kind(what: &str) -> Result<RecordKind, Fault> {
    RecordKind::from_key(what).ok_or(Fault::NotFound)
}

/// One record.
///
/// # Errors
/// It is not for this person.
pub async fn one(visit: Visit, Path((what, id)): Path<(String, Uuid)>) -> Answer {
    let record = due::one(visit.services(), &visit.ctx(), kind(&what)?, id).await?;
    visit.page(&page(&visit, &record))
}

fn page(visit: &Visit, record: &Record) -> RegisterThing {
    let path = format!("/keeping/records/{}/{}", record.record.key(), record.id);
    let mut summary = Summary::new().row("Day", day(record));
    if let Some(rule) = &record.rule {
        summary = summary
            .row("Rule", format!("{}, edition {}", rule.title, rule.edition))
            .row("Period", rule.keep.iter().map(|one| period_in_words(*one)).collect::<Vec<_>>().join("; "))
            .row("On what it rests", rule.basis.clone())
            .row("Source", rule.source.clone());
    }
    let mut waits = None;
    if let Some(last) = &record.decision {
        use app::keeping::due::DisposalState as S;
        let at = moment(visit, last.decided_at);
        summary = match last.state {
            S::Kept => summary.row(
                "Kept",
                format!("until {}, decided {at}: {}", last.keep_until.map(words::day).unwrap_or_default(), last.reason),
            ),
            S::Proposed => {
                waits = Some(last.id);
                summary.row("May go, says one person", format!("{at}: {}", last.reason))
            }
            S::Withdrawn => summary.row("Taken back", format!("That it may go, said {at}, was taken back.")),
            S::Destroyed => summary,
        };
    }
    let notes = record.held.iter().map(|why| Banner::new(Tone::Shut, &format!("It must not go. {why}"))).collect();
    let mut ways = vec![(record.href.clone(), "Read it".to_owned())];
    if let Some(id) = waits {
        ways.push((format!("/keeping/decisions/{id}"), "It waits for a second person".to_owned()));
    } else if record.held.is_empty() && record.is_due(visit.services().calendar.local(visit.services().now()).date()) {
        ways.push((format!("{path}/propose"), "Say that it may go".to_owned()));
    }
    if record.day().is_some() {
        ways.push((format!("{path}/keep"), "Keep it longer, with a reason".to_owned()));
    }
    ways.push(("/keeping/holds/new".to_owned(), "Place a legal hold".to_owned()));
    RegisterThing {
        title: "A record that is kept".to_owned(),
        heading: record.name.clone(),
        back: ("/keeping".to_owned(), "What is kept, and how long".to_owned()),
        notes,
        summary,
        ways,
        ..RegisterThing::default()
    }
}

/// A day and a reason.
pub struct Longer {
    until: Date,
    reason: String,
}

impl FromForm for Longer {
    fn read(fields: &mut Fields) -> Option<Self> {
        let until = fields.date("until", "Say when to look at it again");
        let reason = fields.text("reason", 1_000, "Write why it is kept");
        Some(Self { until: until?, reason: reason? })
    }
}

/// The form to keep it longer.
///
/// # Errors
/// It is not for this person.
pub async fn keep_form(visit: Visit, Path((what, id)): Path<(String, Uuid)>) -> Answer {
    let record = due::one(visit.services(), &visit.ctx(), kind(&what)?, id).await?;
    visit.page(&keep_page(&record, FormView::new()))
}

fn keep_page(record: &Record, form: FormView) -> RegisterForm {
    let path = format!("/keeping/records/{}/{}", record.record.key(), record.id);
    RegisterForm {
        heading: "Keep it longer".to_owned(),
        back: Some((path.clone(), record.name.clone())),
        about: vec![
            "The decision is written down with your name, and it comes back on the day that you choose.".to_owned(),
        ],
        fields: vec![
            field(&form.date("until", "When to look at it again")),
            field(
                &form.area("reason", "Why it is kept").hint("Name nobody: this stays when the record has gone").rows(3),
            ),
        ],
        action: format!("{path}/keep"),
        button: "Keep it".to_owned(),
        form,
        ..RegisterForm::default()
    }
}

/// Keeps it longer.
///
/// # Errors
/// It is not for this person.
pub async fn keep(visit: Visit, Path((what, id)): Path<(String, Uuid)>, form: Form<Longer>) -> Answer {
    let kind = kind(&what)?;
    let record = due::one(visit.services(), &visit.ctx(), kind, id).await?;
    let Some(Longer { until, reason }) = form.input else { return visit.again(&keep_page(&record, form.view)) };
    match dispose::keep(visit.services(), &mut visit.ctx(), kind, id, Keep { until, reason }).await {
        Ok(_) => visit.go_saying("/keeping", Tone::Done, "It is kept, and comes back on that day."),
        Err(error) => visit.again(&keep_page(&record, mend(form.view, error)?)),
    }
}

/// A reason.
pub struct Why(String);

impl FromForm for Why {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("reason", 1_000, "Write why it is no longer needed").map(Self)
    }
}

/// The form to say that it may go.
///
/// # Errors
/// It is not for this person.
pub async fn propose_form(visit: Visit, Path((what, id)): Path<(String, Uuid)>) -> Answer {
    let record = due::one(visit.services(), &visit.ctx(), kind(&what)?, id).await?;
    visit.page(&propose_page(&record, FormView::new()))
}

fn propose_page(record: &Record, form: FormView) -> RegisterForm {
    let path = format!("/keeping/records/{}/{}", record.record.key(), record.id);
    RegisterForm {
        heading: "Say that it may go".to_owned(),
        back: Some((path.clone(), record.name.clone())),
        about: vec![
            "Nothing goes yet. A second person has to agree; then the record, its files and its place in the search are gone for good, and a certificate says what kind of record it was, why, who and when.".to_owned(),
            "Read it once more first. Is an inquiry, a claim or a complaint under way? Then place a legal hold instead.".to_owned(),
        ],
        fields: vec![
            field(&form.area("reason", "Why it is no longer needed").hint("Name nobody: this stands on the certificate").rows(3)),
        ],
        action: format!("{path}/propose"),
        button: "It may go".to_owned(),
        form,
        ..RegisterForm::default()
    }
}

/// Says that it may go.
///
/// # Errors
/// It is not for this person.
pub async fn propose(visit: Visit, Path((what, id)): Path<(String, Uuid)>, form: Form<Why>) -> Answer {
    let kind = kind(&what)?;
    let record = due::one(visit.services(), &visit.ctx(), kind, id).await?;
    let Some(Why(reason)) = form.input else { return visit.again(&propose_page(&record, form.view)) };
    match dispose::propose(visit.services(), &mut visit.ctx(), kind, id, &reason).await {
        Ok(_) => visit.go_saying("/keeping", Tone::Due, "Written down. A second person has to agree."),
        Err(error) => visit.again(&propose_page(&record, mend(form.view, error)?)),
    }
}
