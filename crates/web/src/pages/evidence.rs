//! Evidence by clause, one duty, checks to sign; actions, reviews, and who did what.
//!
//! To add a page of this area: a module below, a line in `routes`.

pub mod actions;
pub mod audit;
pub mod checks;
pub mod reviews;

use std::collections::BTreeMap;

use app::evidence::{ControlStatus, ObligationStatus, Standing};
use axum::extract::{Path, Query};
use domain::control::Status;
use serde::Deserialize;
use views::pages::evidence::{Control, Count, Evidence, Obligation, Section, tone};
use views::ui::{Cell, Table, Tag};

use super::concerns::paper;
use crate::{Answer, Fault, Form, Visit, words};

/// What of the evidence is to be shown.
#[derive(Debug, Default, Deserialize)]
pub struct Shown {
    /// Only duties that stand so.
    #[serde(default)]
    status: String,
}

const ALL: [Status; 5] = [Status::Gap, Status::Due, Status::Met, Status::NotBuilt, Status::NotApplicable];

fn word(status: Status) -> &'static str {
    match status {
        Status::Met => "met",
        Status::Due => "due soon",
        Status::Gap => "gap",
        Status::NotBuilt => "not built",
        Status::NotApplicable => "not in this policy",
    }
}

fn tag(status: Status) -> Tag {
    let word = word(status);
    let mut letters = word.chars();
    let capital = letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>());
    Tag::new(tone(status.key()), &format!("{capital}{}", letters.as_str()))
}

/// Every duty.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit, Query(shown): Query<Shown>) -> Answer {
    let page = all(&visit, &shown, false).await?;
    visit.page(&page)
}

/// The same on paper.
///
/// # Errors
/// The records are away.
pub async fn print(visit: Visit, Query(shown): Query<Shown>) -> Answer {
    let page = all(&visit, &shown, true).await?;
    visit.page(&page)
}

/// The pack as a PDF to keep. A POST: it leaves the building, and the audit says so.
///
/// # Errors
/// The records are away.
pub async fn export(visit: Visit, form: Form<()>) -> Answer {
    if form.input.is_none() {
        return visit.go("/evidence");
    }
    let document = app::evidence::pack(visit.services(), &mut visit.ctx()).await?;
    let day = visit.services().calendar.local(visit.services().now()).date();
    paper::answer(&visit, &document, &format!("evidence-{day}"), "/evidence/print").await
}

async fn all(visit: &Visit, shown: &Shown, print: bool) -> Result<Evidence, Fault> {
    let standing = app::evidence::evaluate(visit.services(), &mut visit.ctx()).await?;
    let only = ALL.into_iter().find(|status| status.key() == shown.status);
    let counts = ALL.into_iter().filter(|status| standing.count(*status) > 0).map(|status| Count {
        tag: Tag::new(tone(status.key()), &format!("{} {}", standing.count(status), word(status))),
        href: format!("/evidence?status={}", status.key()),
        chosen: only == Some(status),
    });
    let query = only.map_or_else(String::new, |status| format!("?status={}", status.key()));
    Ok(Evidence {
        setting: standing.setting.clone(),
        seed: standing.policy().to_owned(),
        at: visit.services().calendar.say(standing.at),
        counts: counts.collect(),
        sections: sections(visit, &standing, only, print),
        print,
        print_href: format!("/evidence/print{query}"),
    })
}

fn clauses(duty: &ObligationStatus, seed: &str) -> String {
    duty.clauses.get(seed).map_or_else(|| "none".to_owned(), |all| all.join(", "))
}

fn sections(visit: &Visit, standing: &Standing, only: Option<Status>, print: bool) -> Vec<Section> {
    let mut order: Vec<&str> = Vec::new();
    let mut of: BTreeMap<&str, Vec<&ObligationStatus>> = BTreeMap::new();
    for duty in &standing.obligations {
        let known = of.entry(&duty.section).or_default();
        if known.is_empty() {
            order.push(&duty.section);
        }
        known.push(duty);
    }
    let section = |(at, title): (usize, &str)| {
        let duties = of.get(title)?;
        let mut table =
            Table::new(title).quiet_caption().column("Duty").column("What it asks").column("Clause").column("Stands");
        for duty in duties.iter().filter(|duty| only.is_none_or(|status| duty.status == status)) {
            // Paper has no page behind a link: it carries what shows each duty.
            let (id, asks) = match print {
                true => (Cell::from(&duty.id), Cell::Noted(duty.duty.clone(), shown_by(visit, duty))),
                false => (Cell::link(&format!("/evidence/{}", duty.id), &duty.id), Cell::from(&duty.duty)),
            };
            table.push(vec![id, asks, Cell::from(clauses(duty, &standing.seed)), Cell::Tag(tag(duty.status))]);
        }
        let counts = ALL.into_iter().filter_map(|status| {
            let count = duties.iter().filter(|duty| duty.status == status).count();
            (count > 0).then(|| format!("{count} {}", word(status)))
        });
        let summary = counts.collect::<Vec<_>>().join(", ");
        let anchor = format!("section-{}", at + 1);
        (!table.is_empty()).then(|| Section { title: title.to_owned(), anchor, summary, duties: table })
    };
    order.into_iter().enumerate().filter_map(section).collect()
}

/// What shows a duty, and what is to be done where it is not met, in sentences for paper.
fn shown_by(visit: &Visit, duty: &ObligationStatus) -> Vec<String> {
    let said = |control: &ControlStatus| {
        let found = control.evidence.iter().map(|one| {
            let at = words::day(visit.services().calendar.local(one.at).date());
            format!("{} ({at})", one.what)
        });
        let mend = (control.status != Status::Met).then(|| format!("To do: {}", control.mend));
        found.chain(mend).collect::<Vec<_>>()
    };
    duty.controls.iter().flat_map(said).collect()
}

/// One duty.
///
/// # Errors
/// There is none of this id, or the records are away.
pub async fn one(visit: Visit, Path(id): Path<String>) -> Answer {
    let standing = app::evidence::evaluate(visit.services(), &mut visit.ctx()).await?;
    let duty = standing.find(&id).ok_or(Fault::NotFound)?;
    let own = duty.clauses.get(&standing.seed);
    let why_none = match duty.status {
        Status::NotApplicable => "The policy of this setting does not have this duty. The other one does.",
        _ => "This version of Holdfast does not build this. It says so, so that nobody takes it for met.",
    };
    visit.page(&Obligation {
        id: duty.id.clone(),
        section: duty.section.clone(),
        duty: duty.duty.clone(),
        clauses: own.into_iter().flatten().map(|clause| format!("Clause {clause} of {}", standing.policy())).collect(),
        status: Some(tag(duty.status)),
        controls: duty.controls.iter().map(|control| of_control(&visit, control)).collect(),
        why_none: why_none.to_owned(),
    })
}

fn of_control(visit: &Visit, control: &ControlStatus) -> Control {
    let when = |at| match control.live {
        true => format!("Asked of the running program, {}.", visit.services().calendar.say(at)),
        false => format!("As of {}.", visit.services().calendar.say(at)),
    };
    let to_mend = control.status != Status::Met;
    Control {
        title: control.title.clone(),
        status: tag(control.status),
        found: control.evidence.iter().map(|one| (one.what.clone(), when(one.at))).collect(),
        mend: to_mend.then(|| control.mend.clone()),
        page: control.page.clone().filter(|_| to_mend),
    }
}
