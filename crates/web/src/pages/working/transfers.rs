//! Files that move on with a child, each with its receipt.

use app::transfers::{self, Change, New, TransferView};
use axum::extract::{Path, Query};
use domain::clock::Standing;
use domain::{PersonId, TransferId};
use jiff::civil::Date;
use views::FormView;
use views::pages::register::{RegisterForm, RegisterList, RegisterThing, Section, field};
use views::ui::{Cell, Summary, Table, Tag, Tone};

use super::super::concerns::options;
use super::{moment, version_field, with_now};
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend, words};

fn tag(file: &TransferView) -> Tag {
    match (file.receipt.is_some(), file.sent.is_some(), file.standing) {
        (true, ..) => Tag::new(Tone::Done, "Received"),
        (false, true, _) => Tag::new(Tone::Due, "Sent, no receipt yet"),
        (false, false, Standing::Late) => Tag::new(Tone::Gap, "Late: not sent"),
        (false, false, _) => Tag::new(Tone::Due, "To be sent"),
    }
}

/// The list.
///
/// # Errors
/// Not for this person.
pub async fn list(visit: Visit) -> Answer {
    let all = transfers::list(visit.services(), &visit.ctx()).await?;
    let mut table = Table::new("Files")
        .quiet_caption()
        .column("Child")
        .column("To")
        .column("Last day here")
        .column("Due")
        .column("How it stands");
    for file in &all {
        table.push(vec![
            Cell::link(&format!("/transfers/{}", file.id), &file.child),
            Cell::Text(file.to_name.clone()),
            Cell::Text(words::day(file.left_on)),
            Cell::Text(moment(&visit, file.due)),
            tag(file).into(),
        ]);
    }
    visit.page(&RegisterList {
        heading: "Files that move on".to_owned(),
        about: "When a child moves to another setting or to school, its safeguarding file goes there within five days, apart from other papers and by a safe way. It is ours until they say that they have it.".to_owned(),
        table,
        empty: ("No file is on its way.".to_owned(), "Begin one when a child leaves.".to_owned()),
        add: Some(("/transfers/new".to_owned(), "Begin a file".to_owned())),
        ..RegisterList::default()
    })
}

/// What is typed.
pub struct Input(New);

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let child = fields.parsed::<PersonId>("child", "Choose the child");
        let to_name = fields.text("to_name", 300, "Write the name of the setting or school");
        let to_lead = fields.text("to_lead", 300, "Write the name of their safeguarding lead");
        let left_on: Option<Date> = fields.date("left_on", "Say which was the child\u{2019}s last day here");
        let note = fields.maybe("note", 4_000);
        Some(Self(New {
            child: child?,
            to_name: to_name?,
            to_lead: to_lead?,
            left_on: left_on?,
            note: note?.unwrap_or_default(),
        }))
    }
}

/// The form.
///
/// # Errors
/// Not for this person.
pub async fn new(visit: Visit, Query(of): Query<Of>) -> Answer {
    let form = FormView::new().with("child", of.child.map(|child| child.to_string()).unwrap_or_default());
    visit.page(&page(&visit, form).await?)
}

/// Of which child, from the record of its move.
#[derive(Debug, Default, serde::Deserialize)]
pub struct Of {
    #[serde(default)]
    child: Option<PersonId>,
}

/// Begins a file.
///
/// # Errors
/// Not for this person.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let Some(Input(new)) = form.input else { return visit.again(&page(&visit, form.view).await?) };
    match transfers::begin(visit.services(), &mut visit.ctx(), new).await {
        Ok(id) => visit.go_saying(&format!("/transfers/{id}"), Tone::Done, "Begun."),
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?).await?),
    }
}

async fn page(visit: &Visit, form: FormView) -> Result<RegisterForm, Fault> {
    let children = options(&transfers::children(visit.services(), &visit.ctx()).await?);
    Ok(RegisterForm {
        heading: "Begin a file".to_owned(),
        back: Some(("/transfers".to_owned(), "Files that move on".to_owned())),
        about: vec!["Speak with their lead first, and agree how the file comes to them.".to_owned()],
        fields: vec![
            field(&form.select("child", "Which child?").option("", "Choose").options(&children)),
            field(&form.text("to_name", "To which setting or school?").max(300)),
            field(&form.text("to_lead", "Their safeguarding lead").max(300)),
            field(&form.date("left_on", "The child\u{2019}s last day here")),
            field(&form.area("note", "What they must know before the child comes (if anything)").rows(4)),
        ],
        action: "/transfers/new".to_owned(),
        button: "Begin it".to_owned(),
        form,
        ..RegisterForm::default()
    })
}

/// One file.
///
/// # Errors
/// It is not for this person.
pub async fn get(visit: Visit, Path(id): Path<TransferId>) -> Answer {
    let file = transfers::one(visit.services(), &visit.ctx(), id).await?;
    let mut summary = Summary::new()
        .row("Child", file.child.clone())
        .row("To", format!("{}, {}", file.to_name, file.to_lead))
        .row("Last day here", words::day(file.left_on))
        .row("Due", moment(&visit, file.due))
        .row("How it stands", tag(&file));
    if !file.note.is_empty() {
        summary = summary.row("They must know", file.note.clone());
    }
    if let Some((at, how)) = &file.sent {
        summary = summary.row("Sent", format!("{}, {how}", moment(&visit, *at)));
    }
    if let Some((at, from)) = &file.receipt {
        summary = summary.row("Received", format!("{}, says {from}", moment(&visit, *at)));
    }
    let mut table = Table::new("Concerns").quiet_caption().column("Concern").column("On paper");
    for (concern, reference) in &file.concerns {
        table.push(vec![
            Cell::link(&format!("/concerns/{concern}"), reference),
            Cell::link(&format!("/concerns/{concern}/print"), &format!("Print {reference}")),
        ]);
    }
    let mut ways = Vec::new();
    match file.bench {
        _ if file.sent.is_some() => {}
        Some(bench) => ways.push((
            format!("/concerns/{bench}/bundle"),
            "Make the file ready: choose what goes along, black out others, read over by two, encrypted".to_owned(),
        )),
        None => ways.push((
            "/concerns/report/file_transfer".to_owned(),
            "Write down that the child moves on: then the file is made ready there, redacted and encrypted".to_owned(),
        )),
    }
    if file.sent.is_none() {
        ways.push((format!("/transfers/{id}/record/sent"), "It has gone: record how and when".to_owned()));
    } else if file.receipt.is_none() {
        ways.push((format!("/transfers/{id}/record/received"), "They have it: record the receipt".to_owned()));
    }
    visit.page(&RegisterThing {
        title: "A file that moves on".to_owned(),
        heading: "A file that moves on".to_owned(),
        back: ("/transfers".to_owned(), "Files that move on".to_owned()),
        summary,
        sections: vec![Section {
            heading: "What goes along".to_owned(),
            table,
            empty: "No concern goes along: say so to their lead, and send the rest of the file.".to_owned(),
        }],
        ways,
        ..RegisterThing::default()
    })
}

/// The form for what happened.
///
/// # Errors
/// It is not for this person.
pub async fn record(visit: Visit, Path((id, act)): Path<(TransferId, String)>) -> Answer {
    let file = transfers::one(visit.services(), &visit.ctx(), id).await?;
    let form = with_now(FormView::new().with("version", file.version.to_string()), &visit, "at");
    visit.page(&record_form(&file, &act, form).ok_or(Fault::NotFound)?)
}

fn record_form(file: &TransferView, act: &str, form: FormView) -> Option<RegisterForm> {
    let words = match act {
        "sent" => field(&form.text("how", "How did it go?").hint("For example: by hand, secure mail").max(300)),
        "received" => field(&form.text("from", "Who says that they have it?").max(300)),
        _ => return None,
    };
    Some(RegisterForm {
        heading: if act == "sent" { "It has gone" } else { "They have it" }.to_owned(),
        back: Some((format!("/transfers/{}", file.id), "Back to the file".to_owned())),
        fields: vec![
            version_field(form.value("version").parse().unwrap_or(file.version)),
            words,
            field(&form.moment("at", "When was it?").hint("For example 3 3 2027, 2:15pm")),
        ],
        action: format!("/transfers/{}/record/{act}", file.id),
        button: "Record it".to_owned(),
        form,
        ..RegisterForm::default()
    })
}

/// What happened.
pub struct Happened {
    how: String,
    from: String,
    at: jiff::Timestamp,
    version: i64,
}

impl FromForm for Happened {
    fn read(fields: &mut Fields) -> Option<Self> {
        let at = fields.moment("at", "Say when it was");
        Some(Self {
            how: fields.raw("how").to_owned(),
            from: fields.raw("from").to_owned(),
            version: fields.raw("version").parse().unwrap_or(-1),
            at: at?,
        })
    }
}

/// Records it.
///
/// # Errors
/// It is not for this person.
pub async fn post_record(visit: Visit, Path((id, act)): Path<(TransferId, String)>, form: Form<Happened>) -> Answer {
    let file = transfers::one(visit.services(), &visit.ctx(), id).await?;
    let drawn = |form: FormView| record_form(&file, &act, form).ok_or(Fault::NotFound);
    let Some(Happened { how, from, at, version }) = form.input else { return visit.again(&drawn(form.view)?) };
    let change = match act.as_str() {
        "sent" => Change::Sent { how, at },
        "received" => Change::Received { from, at },
        _ => return Err(Fault::NotFound),
    };
    match transfers::change(visit.services(), &mut visit.ctx(), id, change, version).await {
        Ok(()) => visit.go_saying(&format!("/transfers/{id}"), Tone::Done, "Recorded."),
        Err(error) => visit.again(&drawn(mend(form.view, error)?)?),
    }
}
