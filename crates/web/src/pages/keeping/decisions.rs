//! What waits for a second person, and certificates.

use app::keeping::dispose::{self, Decision};
use axum::extract::Path;
use domain::DisposalId;
use jiff::SignedDuration;
use views::pages::register::{Act, RegisterList, RegisterThing};
use views::pages::working::{Document, DocumentSection};
use views::ui::{Banner, Cell, Summary, Table, Tone};

use crate::{Answer, Form, Visit, words};

/// Backups that are kept, one a day.
const BACKUPS: i64 = 14;

/// With the year: certificates are read for decades.
fn moment(visit: &Visit, at: jiff::Timestamp) -> String {
    words::full_moment(&visit.services().calendar.local(at))
}

/// Certificates.
///
/// # Errors
/// Not for this person.
pub async fn list(visit: Visit) -> Answer {
    let all = dispose::certificates(visit.services(), &visit.ctx()).await?;
    let mut table =
        Table::new("Certificates").quiet_caption().column("Record").column("Rule").column("Destroyed").column("By");
    for one in &all {
        let (second, at) = one.second.clone().unwrap_or_default();
        table.push(vec![
            Cell::link(&format!("/keeping/decisions/{}", one.id), &one.name),
            Cell::Text(one.rule.clone()),
            Cell::Text(moment(&visit, at)),
            Cell::Text(format!("{} and {second}", one.first.0)),
        ]);
    }
    visit.page(&RegisterList {
        heading: "Certificates of destruction".to_owned(),
        about: "What kind of record it was, why it went, who decided and when. Never what it said.".to_owned(),
        table,
        empty: (
            "Nothing has been destroyed.".to_owned(),
            "A certificate is made when two people let a record go.".to_owned(),
        ),
        ways: vec![("/keeping".to_owned(), "What is kept, and how long".to_owned())],
        ..RegisterList::default()
    })
}

fn summary(visit: &Visit, one: &Decision) -> Vec<(String, String)> {
    let row = |label: &str, value: String| (label.to_owned(), value);
    let mut rows = vec![
        row("Record", one.name.clone()),
        row("Rule", one.rule.clone()),
        row("On what it rests", one.basis.clone()),
        row("Its day", words::day(one.due)),
        row("Why it may go", one.reason.clone()),
        row("First person", format!("{}, {}", one.first.0, moment(visit, one.first.1))),
    ];
    if let Some((name, at)) = &one.second {
        let rolls_out = at.saturating_add(SignedDuration::from_hours(24 * BACKUPS)).unwrap_or(*at);
        rows.push(row("Second person", format!("{name}, {}", moment(visit, *at))));
        rows.push(row(
            "In our own backups until",
            format!(
                "{}, if one is made every day; encrypted, and a restore destroys it again",
                words::day(visit.services().calendar.local(rolls_out).date())
            ),
        ));
    }
    if let Some((rows_gone, digest)) = &one.gone {
        rows.push(row(
            "What went",
            format!("{rows_gone} rows of the database, with their files and their place in the search"),
        ));
        rows.push(row("Digest of what went", digest.clone()));
    }
    rows.push(row("Number", one.id.to_string()));
    rows
}

/// One that waits, or a certificate.
///
/// # Errors
/// It is not for this person.
pub async fn get(visit: Visit, Path(id): Path<DisposalId>) -> Answer {
    let one = dispose::decision(visit.services(), &visit.ctx(), id).await?;
    let waits = one.second.is_none();
    let rows = summary(&visit, &one);
    let sheet = rows.into_iter().fold(Summary::new(), |sheet, (label, value)| sheet.row(&label, value));
    let mut acts = Vec::new();
    let mut notes = Vec::new();
    if waits && !one.mine {
        acts.push(Act {
            action: format!("/keeping/decisions/{id}/agree"),
            button: "Agree: destroy it now".to_owned(),
            hint: "It cannot be brought back. Ask the first person what it is, and why now, before you agree."
                .to_owned(),
            grave: true,
            hidden: None,
        });
    }
    if waits {
        if one.mine {
            notes.push(Banner::new(Tone::Due, "You said that it may go. Somebody else has to agree."));
        }
        acts.push(Act {
            action: format!("/keeping/decisions/{id}/withdraw"),
            button: "Take it back".to_owned(),
            hint: "The record stays.".to_owned(),
            ..Act::default()
        });
    }
    let heading = if waits { "Waits for a second person" } else { "Certificate of destruction" };
    visit.page(&RegisterThing {
        title: heading.to_owned(),
        heading: heading.to_owned(),
        back: match waits {
            true => ("/keeping".to_owned(), "What is kept, and how long".to_owned()),
            false => ("/keeping/certificates".to_owned(), "Certificates".to_owned()),
        },
        notes,
        summary: sheet,
        ways: if waits { Vec::new() } else { vec![(format!("/keeping/decisions/{id}/print"), "Print it".to_owned())] },
        acts,
        ..RegisterThing::default()
    })
}

/// A certificate on paper.
///
/// # Errors
/// It is not for this person.
pub async fn print(visit: Visit, Path(id): Path<DisposalId>) -> Answer {
    let one = dispose::decision(visit.services(), &visit.ctx(), id).await?;
    let front =
        app::front::of(visit.services(), visit.services().now(), Some(visit.signed_in()?.visit.setting)).await?;
    visit.page(&Document {
        title: "Certificate of destruction".to_owned(),
        setting: front.setting.clone(),
        fictional: front.fictional,
        marking: None,
        printed: format!("Printed {}", moment(&visit, visit.services().now())),
        sections: vec![DocumentSection { rows: summary(&visit, &one), ..DocumentSection::default() }],
        back: (format!("/keeping/decisions/{id}"), "Back to the certificate".to_owned()),
        ..Document::default()
    })
}

/// The second person agrees.
///
/// # Errors
/// It is not for this person.
pub async fn agree(visit: Visit, Path(id): Path<DisposalId>, form: Form<()>) -> Answer {
    let back = format!("/keeping/decisions/{id}");
    if form.input.is_none() {
        return visit.go(&back);
    }
    match dispose::agree(visit.services(), &mut visit.ctx(), id).await {
        Ok(_) => visit.go_saying(&back, Tone::Done, "It is gone. This is the certificate."),
        Err(error) => refused(&visit, &back, error),
    }
}

/// Takes it back.
///
/// # Errors
/// It is not for this person.
pub async fn withdraw(visit: Visit, Path(id): Path<DisposalId>, form: Form<()>) -> Answer {
    if form.input.is_none() {
        return visit.go(&format!("/keeping/decisions/{id}"));
    }
    dispose::withdraw(visit.services(), &mut visit.ctx(), id).await?;
    visit.go_saying("/keeping", Tone::Done, "Taken back. The record stays.")
}

/// What stands in the way, said on the page from which it was tried.
fn refused(visit: &Visit, back: &str, error: app::Error) -> Answer {
    match error {
        app::Error::Invalid(why) => {
            let say = why.into_values().next().unwrap_or_default();
            visit.go_saying(back, Tone::Shut, &say)
        }
        other => Err(other.into()),
    }
}
