//! Low-level concerns about adults here: the file, its form, one note with its older versions, and what it belongs to.

use app::low_level::{self, Correction, New, Row};
use axum::extract::Path;
use domain::PersonId;
use jiff::Timestamp;
use uuid::Uuid;
use views::FormView;
use views::pages::concerns::Draft;
use views::pages::register::{RegisterForm, RegisterList, RegisterThing, Section, field};
use views::ui::{Banner, Cell, Summary, Table, Tag, Tone};

use super::super::concerns::draft::{self, Keepable, Next};
use super::super::concerns::{options, with_moment};
use super::{moment, with_now};
use crate::{Answer, Fields, Form, FromForm, Visit, fault::mend};

/// The file.
///
/// # Errors
/// Not for this person.
pub async fn list(visit: Visit) -> Answer {
    let file = low_level::read(visit.services(), &mut visit.ctx()).await?;
    let mut table = Table::new("Low-level concerns")
        .quiet_caption()
        .column("About")
        .column("What")
        .column("What was done")
        .column("When")
        .column("Written by")
        .column("How it stands");
    for row in &file.rows {
        table.push(vec![
            Cell::link(&format!("/low-level/{}", row.id), &row.about),
            Cell::Text(row.what.clone()),
            Cell::Text(row.response.clone()),
            Cell::Text(moment(&visit, row.event_at)),
            Cell::Text(format!("{}, {}", row.author, moment(&visit, row.recorded_at))),
            tag(row).into(),
        ]);
    }
    let notes = file.patterns.iter().map(|pattern| {
        let say = format!(
            "{} about {} within a year. Read them together: is this an allegation? Then report it as a concern about an adult; if unsure, ask the LADO\u{2019}s advice line.",
            pattern.count, pattern.about
        );
        Banner::new(Tone::Due, &say).link("/concerns/report/adult_here", "Report it as a concern")
    });
    visit.page(&RegisterList {
        heading: "Low-level concerns".to_owned(),
        about: "Behaviour of an adult here that does not fit and is not an allegation. Nobody reads what is about themselves or their family; what is about the manager, the chair reads.".to_owned(),
        notes: notes.collect(),
        table,
        empty: ("Nothing is written here.".to_owned(), "What you write down stands here, newest first.".to_owned()),
        add: Some(("/low-level/new".to_owned(), "Write one down".to_owned())),
        ..RegisterList::default()
    })
}

fn tag(row: &Row) -> Tag {
    match (&row.corrected, &row.corrects) {
        (Some(_), _) => Tag::new(Tone::Calm, "Corrected since"),
        (None, Some(_)) => Tag::new(Tone::Done, "A correction"),
        (None, None) => Tag::new(Tone::Done, "Stands"),
    }
}

/// What is typed.
pub struct Input {
    about: PersonId,
    what: String,
    response: String,
    event_at: Timestamp,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let about = fields.parsed("about", "Choose somebody from the list");
        let what = fields.text("what", 20_000, "Say what was seen or heard");
        let response = fields.text("response", 20_000, "Say what was done about it");
        let event_at = fields.moment("at", "Say when it was");
        Some(Self { about: about?, what: what?, response: response?, event_at: event_at? })
    }
}

/// The form.
///
/// # Errors
/// Not for this person.
pub async fn new(visit: Visit) -> Answer {
    let adults = low_level::adults(visit.services(), &visit.ctx()).await?;
    let (form, draft) = draft::restored(&visit, KEY, with_now(FormView::new(), &visit, "at")).await?;
    visit.page(&RegisterForm { draft: Some(draft), ..page(&adults, form) })
}

/// Of the draft.
const KEY: &str = "low-level";

/// Writes one down.
///
/// # Errors
/// Not for this person.
pub async fn post(visit: Visit, form: Form<Keepable<Input>>) -> Answer {
    let adults = low_level::adults(visit.services(), &visit.ctx()).await?;
    let Input { about, what, response, event_at } = match form.input {
        None => return visit.again(&page(&adults, form.view)),
        Some(Keepable::Send(input)) => input,
        Some(Keepable::Keep(pressed)) => {
            return match draft::done(&visit, KEY, pressed, form.view, "/low-level").await? {
                Next::Go(answer) => answer,
                Next::Again(form, draft) => visit.again(&RegisterForm { draft: Some(draft), ..page(&adults, form) }),
            };
        }
    };
    match low_level::add(visit.services(), &mut visit.ctx(), New { about, what, response, event_at }).await {
        Ok(_) => {
            draft::sent(&visit, KEY, &form.view).await;
            visit.go_saying("/low-level", Tone::Done, "Written down.")
        }
        Err(error) => visit.again(&page(&adults, mend(form.view, error)?)),
    }
}

fn page(adults: &[(PersonId, String)], form: FormView) -> RegisterForm {
    RegisterForm {
        heading: "A low-level concern".to_owned(),
        back: Some(("/low-level".to_owned(), "Low-level concerns".to_owned())),
        about: vec![
            "Did somebody harm a child, may they have, or may they not be suitable to work with children? That is an allegation: report it now as a concern about an adult, and write nothing here.".to_owned(),
        ],
        fields: vec![
            field(&form.select("about", "About whom?").option("", "Choose").options(&options(adults))),
            field(&form.area("what", "What was seen or heard, as fact").rows(4)),
            field(&form.moment("at", "When was it?").hint("For example 3 3 2027, 2:15pm")),
            field(&form.area("response", "What was done about it").rows(3)),
        ],
        action: "/low-level/new".to_owned(),
        button: "Write it down".to_owned(),
        draft: Some(Draft::default()),
        form,
        ..RegisterForm::default()
    }
}

/// One note, with its older and newer versions.
///
/// # Errors
/// Not for this person.
pub async fn one(visit: Visit, Path(id): Path<Uuid>) -> Answer {
    let note = low_level::one(visit.services(), &mut visit.ctx(), id).await?;
    let row = &note.row;
    let mut summary = Summary::new()
        .row("What was seen or heard", &row.what)
        .row("What was done about it", &row.response)
        .row("When it was", moment(&visit, row.event_at))
        .row("Written by", format!("{}, {}", row.author, moment(&visit, row.recorded_at)));
    if let Some(why) = &row.corrects {
        summary = summary.row("It corrects an older note, because", why);
    }
    if let Some((by, at)) = &row.corrected {
        summary =
            summary.row("It was corrected", format!("{by}, {}. The correction stands below.", moment(&visit, *at)));
    }
    let mut versions = Table::new("Versions").quiet_caption().column("When").column("What").column("How it stands");
    for version in &note.versions {
        versions.push(vec![
            Cell::link(&format!("/low-level/{}", version.id), &moment(&visit, version.recorded_at)),
            Cell::Text(version.what.clone()),
            tag(version).into(),
        ]);
    }
    let mut concerns = Table::new("Concerns").quiet_caption().column("Concern");
    for (concern, reference) in &row.concerns {
        concerns.push(vec![Cell::link(&format!("/concerns/{concern}"), reference)]);
    }
    let mut ways = vec![(format!("/low-level/{id}/link"), "It belongs to a concern".to_owned())];
    if row.corrected.is_none() {
        ways.insert(0, (format!("/low-level/{id}/correct"), "Correct it".to_owned()));
    }
    visit.page(&RegisterThing {
        title: "A low-level concern".to_owned(),
        heading: format!("A low-level concern about {}", row.about),
        back: ("/low-level".to_owned(), "Low-level concerns".to_owned()),
        summary,
        sections: vec![
            Section {
                heading: "Other versions of this note".to_owned(),
                table: versions,
                empty: "It was written once. A correction would stand here, beside what it corrects.".to_owned(),
            },
            Section {
                heading: "Concerns it belongs to".to_owned(),
                table: concerns,
                empty: "None that you may see.".to_owned(),
            },
        ],
        ways,
        ..RegisterThing::default()
    })
}

/// A correction, as typed.
pub struct Corrected(Correction);

impl FromForm for Corrected {
    fn read(fields: &mut Fields) -> Option<Self> {
        let what = fields.text("what", 20_000, "Say what was seen or heard");
        let response = fields.text("response", 20_000, "Say what was done about it");
        let event_at = fields.moment("at", "Say when it was");
        let why = fields.text("why", 300, "Say what was wrong with it");
        Some(Self(Correction { what: what?, response: response?, event_at: event_at?, why: why? }))
    }
}

/// The form to correct a note, with what it says.
///
/// # Errors
/// Not for this person.
pub async fn get_correct(visit: Visit, Path(id): Path<Uuid>) -> Answer {
    let row = low_level::one(visit.services(), &mut visit.ctx(), id).await?.row;
    let form = FormView::new().with("what", &row.what).with("response", &row.response);
    let form = with_moment(form, &visit, "at", row.event_at);
    visit.page(&correct_page(id, form))
}

fn correct_page(id: Uuid, form: FormView) -> RegisterForm {
    RegisterForm {
        heading: "Correct a note".to_owned(),
        back: Some((format!("/low-level/{id}"), "The note".to_owned())),
        about: vec![
            "The note that was wrong stays, and says that it was corrected. This one stands from now on.".to_owned(),
        ],
        fields: vec![
            field(&form.area("what", "What was seen or heard, as fact").rows(4)),
            field(&form.moment("at", "When was it?").hint("For example 3 3 2027, 2:15pm")),
            field(&form.area("response", "What was done about it").rows(3)),
            field(&form.text("why", "What was wrong with the note?").max(300)),
        ],
        action: format!("/low-level/{id}/correct"),
        button: "Write the correction".to_owned(),
        form,
        ..RegisterForm::default()
    }
}

/// Corrects a note.
///
/// # Errors
/// Not for this person.
pub async fn correct(visit: Visit, Path(id): Path<Uuid>, form: Form<Corrected>) -> Answer {
    low_level::one(visit.services(), &mut visit.ctx(), id).await?;
    let Some(Corrected(correction)) = form.input else { return visit.again(&correct_page(id, form.view)) };
    match low_level::correct(visit.services(), &mut visit.ctx(), id, correction).await {
        Ok(newer) => {
            visit.go_saying(&format!("/low-level/{newer}"), Tone::Done, "Corrected. The older note stays below.")
        }
        Err(error) => visit.again(&correct_page(id, mend(form.view, error)?)),
    }
}

/// The reference of a concern.
pub struct Reference(String);

impl FromForm for Reference {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("reference", 40, "Type the reference of the concern").map(Self)
    }
}

/// The form to say to which concern a note belongs.
///
/// # Errors
/// Not for this person.
pub async fn get_link(visit: Visit, Path(id): Path<Uuid>) -> Answer {
    low_level::one(visit.services(), &mut visit.ctx(), id).await?;
    visit.page(&link_page(id, FormView::new()))
}

fn link_page(id: Uuid, form: FormView) -> RegisterForm {
    RegisterForm {
        heading: "It belongs to a concern".to_owned(),
        back: Some((format!("/low-level/{id}"), "The note".to_owned())),
        about: vec!["Several notes became an allegation? Report that first. Then link each note to it, by its reference. Who may not see the concern sees no link.".to_owned()],
        fields: vec![field(&form.text("reference", "Reference of the concern").max(40))],
        action: format!("/low-level/{id}/link"),
        button: "Link them".to_owned(),
        form,
        ..RegisterForm::default()
    }
}

/// Links a note to a concern.
///
/// # Errors
/// Not for this person.
pub async fn link(visit: Visit, Path(id): Path<Uuid>, form: Form<Reference>) -> Answer {
    low_level::one(visit.services(), &mut visit.ctx(), id).await?;
    let Some(Reference(reference)) = form.input else { return visit.again(&link_page(id, form.view)) };
    match low_level::link(visit.services(), &mut visit.ctx(), id, &reference).await {
        Ok(()) => visit.go_saying(&format!("/low-level/{id}"), Tone::Done, "Linked."),
        Err(error) => visit.again(&link_page(id, mend(form.view, error)?)),
    }
}
