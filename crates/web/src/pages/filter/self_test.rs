//! The self-test: what it found, and running it now.

use std::collections::BTreeMap;

use app::filtering::supply;
use app::gateway::ProbeResult;
use app::sealed::Standing;
use app::self_test::{self, Run};
use domain::access::Action;
use views::pages::filter::{Behind, SelfTest, TestedGroup};
use views::ui::{Banner, Cell, Table, Tag, Tone};

use super::{may, say, time};
use crate::{Answer, Fault, Form, Visit};

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
    let groups = runs.first().map(|run| groups_of(run, &groups)).unwrap_or_default();
    let behind = behind(&visit).await?;
    visit.page(&SelfTest { latest, groups, behind, runs: listed, may_run: may(&visit, Action::RunSelfTest) })
}

/// What the mechanism has to work with, which no probe can show (S26).
async fn behind(visit: &Visit) -> Result<Vec<Behind>, Fault> {
    let found = supply::behind(visit.services(), &visit.ctx()).await?;
    let (tag, words) = match found.thin.len() {
        0 if found.kinds == 0 => (Tag::new(Tone::Gap, "Nothing"), "The filter blocks no kind of site yet.".to_owned()),
        0 => (
            Tag::new(Tone::Done, "There"),
            format!("Each of the {} kinds of site that your groups block has a real list behind it.", found.kinds),
        ),
        some => (
            Tag::new(Tone::Due, "Thin"),
            format!(
                "{some} of the {} kinds of site that your groups block have only Holdfast\u{2019}s own small list behind them, or none: {}.",
                found.kinds,
                found.thin.join(", ")
            ),
        ),
    };
    let sealed = match &found.sealed {
        Standing::Supplied(_) => Tag::new(Tone::Done, "Supplied"),
        Standing::Stale(_) => Tag::new(Tone::Gap, "Stale"),
        Standing::NotSupplied => Tag::new(Tone::Gap, "Not supplied"),
    };
    Ok(vec![
        Behind { tag, words, more: ("/filter/lists", "Where lists come from") },
        Behind {
            tag: sealed,
            words: found.sealed.say(|at| say(visit, at)),
            more: ("/filter#sealed", "About lists of illegal addresses"),
        },
    ])
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

/// The parts of a run, group by group; what failed stands first, and open.
fn groups_of(run: &Run, names: &BTreeMap<String, String>) -> Vec<TestedGroup> {
    let mut by_group: BTreeMap<&str, Vec<&ProbeResult>> = BTreeMap::new();
    for result in &run.results {
        by_group.entry(&result.group).or_default().push(result);
    }
    let mut groups: Vec<TestedGroup> = by_group.into_iter().map(|(key, results)| group(key, results, names)).collect();
    groups.sort_by_key(|group| (!group.failed, group.name.clone()));
    groups
}

fn group(key: &str, mut results: Vec<&ProbeResult>, names: &BTreeMap<String, String>) -> TestedGroup {
    let name = names.get(key).map_or_else(|| key.to_owned(), Clone::clone);
    let mut ways: BTreeMap<String, usize> = BTreeMap::new();
    for result in &results {
        *ways.entry(way(result)).or_default() += 1;
    }
    let summary = ways.iter().map(|(way, count)| format!("{count} by {way}")).collect::<Vec<_>>().join(", ");
    let failed = results.iter().filter(|result| !result.passed).count();
    let result = match failed {
        0 => Tag::new(Tone::Done, "All passed"),
        some => Tag::new(Tone::Gap, &format!("{some} failed")),
    };
    results.sort_by_key(|result| (result.passed, way(result)));
    let table = Table::new(&format!("Parts for {name}")).quiet_caption().column("What").column("Way");
    let table = table.column("Should be").column("Was").column("Result");
    let parts = results.into_iter().fold(table, |table, result| {
        table.row([
            Cell::from(&result.what),
            Cell::from(way(result)),
            Cell::from(&result.expected),
            Cell::from(&result.got),
            passed(result.passed),
        ])
    });
    TestedGroup { name, result, summary, failed: failed > 0, parts }
}

fn way(result: &ProbeResult) -> String {
    match result.path.as_str() {
        "dns" => "DNS".to_owned(),
        "dns over tls" => "DNS over TLS".to_owned(),
        "dns over https" => "DNS over HTTPS".to_owned(),
        other => other.to_owned(),
    }
}
