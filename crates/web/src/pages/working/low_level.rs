//! Low-level concerns about adults here: the file and its form.

use app::low_level::{self, New};
use domain::PersonId;
use jiff::Timestamp;
use views::FormView;
use views::pages::register::{RegisterForm, RegisterList, field};
use views::ui::{Banner, Cell, Table, Tone};

use super::super::concerns::options;
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
        .column("Written by");
    for row in &file.rows {
        table.push(vec![
            Cell::Text(row.about.clone()),
            Cell::Text(row.what.clone()),
            Cell::Text(row.response.clone()),
            Cell::Text(moment(&visit, row.event_at)),
            Cell::Text(format!("{}, {}", row.author, moment(&visit, row.recorded_at))),
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
    let form = with_now(FormView::new(), &visit, "at");
    visit.page(&page(&adults, form))
}

/// Writes one down.
///
/// # Errors
/// Not for this person.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let adults = low_level::adults(visit.services(), &visit.ctx()).await?;
    let Some(Input { about, what, response, event_at }) = form.input else {
        return visit.again(&page(&adults, form.view));
    };
    match low_level::add(visit.services(), &mut visit.ctx(), New { about, what, response, event_at }).await {
        Ok(_) => visit.go_saying("/low-level", Tone::Done, "Written down."),
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
        form,
        ..RegisterForm::default()
    }
}
