//! The self-test: what it found, and running it now.

use std::collections::BTreeMap;

use app::self_test::{self, Run};
use domain::access::Action;
use views::pages::filter::SelfTest;
use views::ui::{Banner, Cell, Table, Tag, Tone};

use super::{may, say, time};
use crate::{Answer, Form, Visit};

/// What it found.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit) -> Answer {
    let runs = self_test::history(visit.services(), &visit.ctx()).await?;
    app::notices::seen(visit.services(), &mut visit.ctx(), "/filter/self-test").await?;
    let groups = app::devices::groups(visit.services(), &visit.ctx()).await?;
    let latest = runs.first().map(|run| {
        let tone = if run.ok { Tone::Done } else { Tone::Gap };
        Banner::new(tone, &format!("{}: {}", say(&visit, run.at), run.summary))
    });
    let table =
        Table::new("Runs of the last 30 days").quiet_caption().column("When").column("Result").column("In words");
    let listed = runs
        .iter()
        .fold(table, |table, run| table.row([time(&visit, run.at), passed(run.ok), Cell::Text(run.summary.clone())]));
    let parts = runs.first().map(|run| parts(run, &groups)).unwrap_or_default();
    visit.page(&SelfTest { latest, parts, runs: listed, may_run: may(&visit, Action::RunSelfTest) })
}

/// Runs it; the result is on the page that follows.
///
/// # Errors
/// The records are away.
pub async fn post(visit: Visit, form: Form<()>) -> Answer {
    const HERE: &str = "/filter/self-test";
    if form.input.is_none() {
        return visit.go_saying(HERE, Tone::Due, "It did not run. Press the button once more.");
    }
    match self_test::run(visit.services(), &mut visit.ctx()).await {
        Ok(results) if !results.is_empty() && results.iter().all(|result| result.passed) => {
            visit.go_saying(HERE, Tone::Done, "The self-test has run. Every part passed.")
        }
        Ok(_) => visit.go_saying(HERE, Tone::Gap, "The self-test has run. Something failed: see below."),
        Err(app::Error::Unavailable { say }) => visit.go_saying(HERE, Tone::Gap, &say),
        Err(error) => Err(error.into()),
    }
}

fn passed(ok: bool) -> Cell {
    Cell::Tag(if ok { Tag::new(Tone::Done, "Passed") } else { Tag::new(Tone::Gap, "Failed") })
}

fn parts(run: &Run, groups: &BTreeMap<String, String>) -> Table {
    let table = Table::new("Parts of the newest run").quiet_caption().column("Group").column("Way").column("What");
    let table = table.column("Should be").column("Was").column("Result");
    let mut results: Vec<_> = run.results.iter().collect();
    results.sort_by_key(|result| (result.passed, result.group.clone(), result.path.clone()));
    results.into_iter().fold(table, |table, result| {
        let way = if result.path == "dns" { "DNS".to_owned() } else { result.path.clone() };
        table.row([
            Cell::Text(groups.get(&result.group).unwrap_or(&result.group).clone()),
            Cell::Text(way),
            Cell::Text(result.what.clone()),
            Cell::Text(result.expected.clone()),
            Cell::Text(result.got.clone()),
            passed(result.passed),
        ])
    })
}
