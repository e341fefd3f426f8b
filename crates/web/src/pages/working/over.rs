//! Looking over the work: chronologies, trends, the termly report, who looked.

use app::chronology::{self, Chronology, Much, Of};
use app::concerns::{kind_in_words, what_in_words};
use app::trends;
use axum::extract::{Path, Query};
use domain::concern::ConcernStatus;
use domain::{ConcernId, DeviceId, PersonId};
use jiff::Timestamp;
use serde::Deserialize;
use views::pages::concerns::Word;
use views::pages::register::RegisterList;
use views::pages::working::{ChronologyPage, Tally, TrendsPage};
use views::ui::{Bars, Cell, Chronology as Story, ChronologyEntry, Table, Tone};

use super::moment;
use crate::{Answer, Form, Visit, words};

/// From when back.
#[derive(Debug, Default, Deserialize)]
pub struct Before {
    #[serde(default)]
    before: String,
}

impl Before {
    fn time(&self) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.before.parse().ok()?).ok()
    }
}

/// The chronology of a child or an adult.
///
/// # Errors
/// Not for this person, or nobody of this setting.
pub async fn of_person(visit: Visit, Path(id): Path<PersonId>, Query(before): Query<Before>) -> Answer {
    page(&visit, Of::Person(id), before.time(), Much::Page).await
}

/// The same on paper.
///
/// # Errors
/// As [`of_person`].
pub async fn print_person(visit: Visit, Path(id): Path<PersonId>, Query(before): Query<Before>) -> Answer {
    page(&visit, Of::Person(id), before.time(), Much::Paper).await
}

/// The chronology of a device.
///
/// # Errors
/// Not for this person, or nothing of this setting.
pub async fn of_device(visit: Visit, Path(id): Path<DeviceId>, Query(before): Query<Before>) -> Answer {
    page(&visit, Of::Device(id), before.time(), Much::Page).await
}

/// The same on paper.
///
/// # Errors
/// As [`of_device`].
pub async fn print_device(visit: Visit, Path(id): Path<DeviceId>, Query(before): Query<Before>) -> Answer {
    page(&visit, Of::Device(id), before.time(), Much::Paper).await
}

/// The chronology of a concern with those that belong to it.
///
/// # Errors
/// The concern is not for this person.
pub async fn of_concern(visit: Visit, Path(id): Path<ConcernId>, Query(before): Query<Before>) -> Answer {
    page(&visit, Of::Concern(id), before.time(), Much::Page).await
}

/// The same on paper.
///
/// # Errors
/// As [`of_concern`].
pub async fn print_concern(visit: Visit, Path(id): Path<ConcernId>, Query(before): Query<Before>) -> Answer {
    page(&visit, Of::Concern(id), before.time(), Much::Paper).await
}

/// Where a chronology is read.
pub(crate) fn path(of: Of) -> String {
    match of {
        Of::Person(id) => format!("/people/{id}/chronology"),
        Of::Device(id) => format!("/devices/{id}/chronology"),
        Of::Concern(id) => format!("/concerns/{id}/chronology"),
    }
}

async fn page(visit: &Visit, of: Of, before: Option<Timestamp>, much: Much) -> Answer {
    let mut ctx = visit.ctx();
    let found = chronology::read(visit.services(), &mut ctx, of, before, much).await?;
    let printed = (much == Much::Paper).then(|| {
        let sheet = match (before, found.earlier) {
            (None, None) => "",
            (None, Some(_)) => " This is the newest sheet; what came before is on a sheet of its own.",
            (Some(_), Some(_)) => " One sheet of several: what came before and after is on sheets of their own.",
            (Some(_), None) => " This is the oldest sheet; what came after is on a sheet of its own.",
        };
        let (name, head) = &found.read_by;
        let head = head.as_ref().map(|head| format!(" Audit head {head}.")).unwrap_or_default();
        format!("Printed {} by {name}.{head}{sheet}", visit.services().calendar.say(ctx.now))
    });
    let back = match of {
        Of::Person(_) | Of::Device(_) => ("/concerns".to_owned(), "Concerns".to_owned()),
        Of::Concern(id) => (format!("/concerns/{id}"), "Back to the concern".to_owned()),
    };
    let print = format!("{}/print", path(of));
    let place = if much == Much::Paper { print.clone() } else { path(of) };
    visit.page(&ChronologyPage {
        heading: found.heading.clone(),
        back,
        printed,
        print,
        pattern: found.pattern.clone(),
        concerns: found
            .concerns
            .iter()
            .map(|strand| {
                let word = match strand.status {
                    ConcernStatus::Closed | ConcernStatus::Destroyed => Word::new(Tone::Done, "Closed"),
                    ConcernStatus::Received => Word::new(Tone::Due, "Not opened"),
                    ConcernStatus::Open => Word::new(Tone::Info, "Open"),
                };
                let words =
                    format!("{} {}, {}", kind_in_words(strand.kind), strand.reference, full(visit, strand.event_at));
                (format!("/concerns/{}", strand.id), words, word)
            })
            .collect(),
        story: story(visit, &found),
        earlier: found.earlier.map(|at| format!("{place}?before={}", at.as_microsecond())),
    })
}

fn full(visit: &Visit, at: Timestamp) -> String {
    words::full_moment(&visit.services().calendar.local(at))
}

fn story(visit: &Visit, found: &Chronology) -> Story {
    let entries = found.lines.iter().map(|line| {
        let mut said = line.text.clone();
        for answer in &line.answers {
            said.push_str(&format!("\n{}: {}", answer.label, answer.value));
        }
        let mut by = line.author.clone().unwrap_or_else(|| "Holdfast".to_owned());
        if line.recorded_at != line.event_at {
            by.push_str(&format!(", written {}", full(visit, line.recorded_at)));
        }
        ChronologyEntry {
            when: full(visit, line.event_at),
            datetime: line.event_at.to_string(),
            kind: format!("{} ({})", what_in_words(line.what), line.reference),
            tone: Tone::Calm,
            words: said,
            by,
            out_of_order: line.out_of_order,
            superseded: false,
        }
    });
    Story { entries: entries.collect() }
}

/// Which time.
#[derive(Debug, Default, Deserialize)]
pub struct When {
    #[serde(default)]
    period: String,
}

impl When {
    fn key(&self) -> Option<&str> {
        Some(self.period.as_str()).filter(|key| !key.is_empty())
    }
}

/// Trends.
///
/// # Errors
/// Not for this person, or no such time.
pub async fn trends(visit: Visit, Query(when): Query<When>) -> Answer {
    let found = trends::of(visit.services(), &visit.ctx(), when.key()).await?;
    let about = if found.exact {
        format!(
            "From {} to {}: what you may see, exactly. Do not pass these numbers on; the report below keeps small ones back.",
            words::day(found.period.from),
            words::day(found.period.to)
        )
    } else {
        format!(
            "From {} to {}. Numbers below {} are kept back, and others from which one could be worked out. Allegations about adults do not count here.",
            words::day(found.period.from),
            words::day(found.period.to),
            domain::small_numbers::LEAST
        )
    };
    let tables = found.tables.iter().map(|counts| {
        let mut chart = Bars::new(&counts.title);
        let mut table = Table::new(&counts.title).quiet_caption().column("Which").figures("How many");
        for (label, shown) in counts.told() {
            chart.push(label, shown.count());
            table.push(vec![Cell::Text(label.clone()), Cell::Text(trends::in_words(*shown))]);
        }
        Tally { title: counts.title.clone(), chart, table, none: counts.none() }
    });
    let last = found.periods.iter().find(|period| period.key != "year").map(|period| period.key.clone());
    visit.page(&TrendsPage {
        period: found.period.name.clone(),
        periods: found
            .periods
            .iter()
            .map(|period| (format!("/trends?period={}", period.key), period.name.clone()))
            .collect(),
        about,
        total: trends::in_words(found.total),
        tables: tables.collect(),
        report: match last {
            Some(key) if !found.exact => format!("/trends/report?period={key}"),
            _ => "/trends/report".to_owned(),
        },
    })
}

/// The termly report, to print.
///
/// # Errors
/// Not for this person, or no such time.
pub async fn report(visit: Visit, Query(when): Query<When>) -> Answer {
    let paper = trends::report(visit.services(), &mut visit.ctx(), when.key()).await?;
    let export = when.key().map_or_else(
        || "/trends/report/export".to_owned(),
        |key| format!("/trends/report/export?period={}", crate::visit::encode(key)),
    );
    visit.page(&super::paper::page(&paper, Some(export), ("/trends".to_owned(), "Trends".to_owned())))
}

/// The termly report as a PDF.
///
/// # Errors
/// As [`report`].
pub async fn export(visit: Visit, Query(when): Query<When>, form: Form<()>) -> Answer {
    if form.input.is_none() {
        return visit.go("/trends/report");
    }
    let paper = trends::report(visit.services(), &mut visit.ctx(), when.key()).await?;
    super::paper::pdf(&visit, &paper, "/trends/report".to_owned()).await
}

/// Who has looked at a concern.
///
/// # Errors
/// The concern is not for this person.
pub async fn looks(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    let (reference, looks) = app::concerns::looks(visit.services(), &visit.ctx(), id).await?;
    let mut table = Table::new("Looks").quiet_caption().column("When").column("Who").column("What they did");
    for look in looks {
        table.push(vec![Cell::Text(moment(&visit, look.at)), Cell::Text(look.who), Cell::Text(look.did)]);
    }
    visit.page(&RegisterList {
        heading: format!("Concern {reference}: who looked"),
        about: "Every look, print and export, newest first.".to_owned(),
        table,
        empty: ("Nobody has looked yet.".to_owned(), "Each look is written down here.".to_owned()),
        ways: vec![(format!("/concerns/{id}"), "Back to the concern".to_owned())],
        ..RegisterList::default()
    })
}
