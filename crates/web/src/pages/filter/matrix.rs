//! What was checked, where, on what and when (DfE V4): checks from the devices themselves by kind, place and group; the
//! self-test by group; the public test by device. And the form for the public test's four results.

use std::collections::BTreeMap;

use app::activity::checks;
use app::evidence::external::{self, ExternalTest, Outcome, PARTS};
use app::self_test;
use domain::DeviceId;
use domain::access::Action;
use jiff::civil::Date;
use views::FormView;
use views::pages::filter_matrix as pages;
use views::pages::working::{Document, DocumentSection};
use views::ui::{Cell, Table, Tag, Tone};

use super::{may, say};
use crate::fault::mend;
use crate::pages::devices::kind_in_words;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, words};

/// Everything that the matrix shows, gathered once for the page and for paper.
async fn gathered(visit: &Visit) -> Result<pages::Matrix, Fault> {
    let (services, ctx) = (visit.services(), visit.ctx());
    let cells = checks::matrix(services, &ctx).await?;
    let runs = self_test::history(services, &ctx).await?;
    let names = app::devices::groups(services, &ctx).await?;
    let outside = external::list(services, &ctx).await?;
    let open: usize = cells.iter().map(|cell| cell.devices - cell.good).sum();
    let all: usize = cells.iter().map(|cell| cell.devices).sum();
    Ok(pages::Matrix {
        short: match (all, open) {
            (0, _) => "No device is in the register yet.".to_owned(),
            (_, 0) => format!("All {all} devices checked themselves within a term, and are protected."),
            _ => format!("{open} of {all} devices have no good check of this term."),
        },
        devices: devices(visit, &cells),
        groups: groups(runs.first(), &names),
        tested: runs.first().map(|run| say(visit, run.at)),
        outside: outside_table(visit, &outside),
        may_record: may(visit, Action::SignCheck),
    })
}

/// The matrix.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit) -> Answer {
    let page = gathered(&visit).await?;
    visit.page(&page)
}

/// The matrix on paper, for the yearly review with its dates (DfE V4).
///
/// # Errors
/// The records are away.
pub async fn print(visit: Visit) -> Answer {
    let found = gathered(&visit).await?;
    let now = visit.services().now();
    let front = app::front::of(visit.services(), now, Some(visit.signed_in()?.visit.setting)).await?;
    let part = |heading: &str, none: &str, table: Table| DocumentSection {
        heading: heading.to_owned(),
        paragraphs: if table.is_empty() { vec![none.to_owned()] } else { Vec::new() },
        table: (!table.is_empty()).then_some(table),
        ..DocumentSection::default()
    };
    visit.page(&Document {
        title: "What was checked: device, place, group".to_owned(),
        setting: front.setting.clone(),
        fictional: front.fictional,
        printed: format!("Printed {}", visit.services().calendar.say(now)),
        sections: vec![
            DocumentSection { paragraphs: vec![found.short], ..DocumentSection::default() },
            part("On the devices themselves", "No device is in the register yet.", found.devices),
            DocumentSection {
                paragraphs: vec![match found.tested {
                    Some(at) => format!("The self-test ran {at}, through the real DNS and proxy."),
                    None => "The self-test has not run yet.".to_owned(),
                }],
                heading: "From each group, by itself".to_owned(),
                table: (!found.groups.is_empty()).then_some(found.groups),
                ..DocumentSection::default()
            },
            part("From outside: testfiltering.com", "Nobody has recorded it yet.", found.outside),
        ],
        back: ("/filter/matrix".to_owned(), "What was checked".to_owned()),
        ..Document::default()
    })
}

fn devices(visit: &Visit, cells: &[checks::Cell]) -> Table {
    let table = Table::new("Checks from the devices").quiet_caption().column("Device").column("Place").column("Group");
    let table = table.column("Checked and protected").column("Oldest check").column("Still to do");
    cells.iter().fold(table, |table, cell| {
        let tone = if cell.good == cell.devices { Tone::Done } else { Tone::Due };
        table.row([
            Cell::from(kind_in_words(cell.kind)),
            Cell::Text(cell.place.clone().unwrap_or_else(|| "No room".to_owned())),
            Cell::Text(cell.group.clone()),
            Cell::Tag(Tag::new(tone, &format!("{} of {}", cell.good, cell.devices))),
            match cell.oldest {
                Some(at) => Cell::Text(words::day(visit.services().calendar.local(at).date())),
                None => Cell::from("Not yet"),
            },
            Cell::Text(if cell.open.is_empty() { "Nothing".to_owned() } else { cell.open.join(", ") }),
        ])
    })
}

/// What the self-test asks for, in the order in which people ask about it: words of its parts, and a heading.
const ASKED: [(&str, &str); 5] = [
    ("a name in the category", "Kinds of sites"),
    ("a search engine", "Safe search"),
    ("a way round", "Ways round"),
    ("a name of the sealed tier", "Sealed"),
    ("", "Sessions, pages, what must open"),
];

fn groups(run: Option<&self_test::Run>, names: &BTreeMap<String, String>) -> Table {
    let mut table = Table::new("The self-test by group").quiet_caption().column("Group");
    for (_, heading) in ASKED {
        table = table.column(heading);
    }
    let Some(run) = run else { return table };
    for (key, name) in names {
        let mut counts = [(0_usize, 0_usize); ASKED.len()];
        for result in run.results.iter().filter(|result| result.group == *key) {
            let at = ASKED.iter().position(|(begin, _)| result.what.starts_with(begin)).unwrap_or_default();
            if let Some((all, failed)) = counts.get_mut(at) {
                *all += 1;
                *failed += usize::from(!result.passed);
            }
        }
        let cells = counts.map(|(all, failed)| match (all, failed) {
            (0, _) => Cell::from("–"),
            (all, 0) => Cell::Tag(Tag::new(Tone::Done, &format!("{all} passed"))),
            (_, failed) => Cell::Tag(Tag::new(Tone::Gap, &format!("{failed} failed"))),
        });
        table.push([Cell::Text(name.clone())].into_iter().chain(cells).collect());
    }
    table
}

fn outside_table(visit: &Visit, runs: &[external::Run]) -> Table {
    let mut table = Table::new("The public test").quiet_caption().column("When").column("Device").column("Place");
    for heading in ["Illegal pictures", "Terrorism", "Adult site", "Bad language"] {
        table = table.column(heading);
    }
    for run in runs {
        let outcomes = run.written.outcomes.iter().zip(PARTS).map(|(outcome, (_, _, must))| {
            Cell::Tag(match outcome {
                Outcome::Blocked => Tag::new(Tone::Done, "Blocked"),
                Outcome::Reached if must => Tag::new(Tone::Gap, "Came through"),
                Outcome::Reached => Tag::new(Tone::Due, "Came through"),
                Outcome::NotTried => Tag::new(Tone::Calm, "Not tried"),
            })
        });
        let first = [
            Cell::Text(words::day(visit.services().calendar.local(run.at).date())),
            Cell::Text(format!("{} ({})", run.written.name, run.written.group)),
            Cell::Text(run.written.place.clone().unwrap_or_else(|| "No room".to_owned())),
        ];
        table.push(first.into_iter().chain(outcomes).collect());
    }
    table
}

/// What somebody saw.
pub struct Input(ExternalTest);

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let device = fields.parsed::<DeviceId>("device", "Choose the device that you tried it on");
        let outcomes = PARTS.map(|(key, ..)| fields.choice(key, Outcome::from_key, "Say what came"));
        let on: Option<Date> = fields.date("on", "Say on which day you tried it");
        let notes = fields.text("notes", 2000, "Say what you noticed");
        let [one, two, three, four] = outcomes;
        Some(Self(ExternalTest { on: on?, device: device?, outcomes: [one?, two?, three?, four?], notes: notes? }))
    }
}

/// The form.
///
/// # Errors
/// The records are away.
pub async fn external(visit: Visit) -> Answer {
    let page = form(&visit, FormView::new()).await?;
    visit.page(&page)
}

/// Records a run.
///
/// # Errors
/// The records are away.
pub async fn record(visit: Visit, typed: Form<Input>) -> Answer {
    let Some(Input(new)) = typed.input else { return visit.again(&form(&visit, typed.view).await?) };
    match external::record(visit.services(), &mut visit.ctx(), new).await {
        Ok(()) => visit.go_saying("/checks", Tone::Done, "Recorded. It is in the evidence now."),
        Err(error) => visit.again(&form(&visit, mend(typed.view, error)?).await?),
    }
}

async fn form(visit: &Visit, form: FormView) -> Result<pages::External, Fault> {
    let devices = checks::devices(visit.services(), &visit.ctx()).await?;
    Ok(pages::External {
        form,
        devices: devices.into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
        parts: PARTS.iter().map(|(key, what, _)| ((*key).to_owned(), (*what).to_owned())).collect(),
    })
}
