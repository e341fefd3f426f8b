//! Who stands in for whom.

use app::cover::{self, New, Settle};
use domain::PersonId;
use jiff::civil::Date;
use uuid::Uuid;
use views::FormView;
use views::pages::register::{Act, RegisterForm, RegisterThing, Section, field};
use views::ui::{Cell, Table, Tag, Tone};

use super::super::concerns::options;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend, words};

/// What is arranged.
///
/// # Errors
/// Not for this person.
pub async fn list(visit: Visit) -> Answer {
    let all = cover::list(visit.services(), &visit.ctx()).await?;
    let mut table = Table::new("Cover")
        .quiet_caption()
        .column("Away")
        .column("Stands in")
        .column("Days")
        .column("How it stands")
        .column("For the two of you");
    let mut acts = Vec::new();
    for row in &all {
        let tag = match (row.taken_at.is_some(), row.now) {
            (false, _) => Tag::new(Tone::Due, "Not yet taken on"),
            (true, true) => Tag::new(Tone::Info, "Today"),
            (true, false) => Tag::new(Tone::Calm, "To come"),
        };
        table.push(vec![
            Cell::Text(row.away.clone()),
            Cell::Text(row.cover.clone()),
            Cell::Text(format!("{} to {}", words::day(row.starts), words::day(row.ends))),
            tag.into(),
            Cell::Text(row.words.clone().unwrap_or_default()),
        ]);
        let hidden = Some(("cover".to_owned(), row.id.to_string()));
        if row.to_take {
            acts.push(Act {
                action: "/cover/take".to_owned(),
                button: format!("I stand in for {}", row.away),
                hint: "You look at the queue from then on.".to_owned(),
                grave: false,
                hidden: hidden.clone(),
            });
        }
        if row.to_end {
            acts.push(Act {
                action: "/cover/end".to_owned(),
                button: format!("End the cover for {}", row.away),
                hint: "They look at the queue again themselves.".to_owned(),
                grave: true,
                hidden,
            });
        }
    }
    visit.page(&RegisterThing {
        title: "Cover and hand-over".to_owned(),
        heading: "Cover and hand-over".to_owned(),
        back: ("/concerns".to_owned(), "Concerns".to_owned()),
        sections: vec![Section {
            heading: "Who stands in for whom".to_owned(),
            table,
            empty: "Nobody is away. The lead and the deputies share one queue at all times.".to_owned(),
        }],
        ways: vec![("/cover/new".to_owned(), "Arrange cover, and hand over".to_owned())],
        acts,
        ..RegisterThing::default()
    })
}

/// What is typed.
pub struct Input(New);

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let away = fields.parsed::<PersonId>("away", "Choose who is away");
        let cover = fields.parsed::<PersonId>("cover", "Choose who stands in");
        let starts: Option<Date> = fields.date("starts", "Say from which day");
        let ends: Option<Date> = fields.date("ends", "Say to which day");
        let words = fields.maybe("words", 4_000);
        Some(Self(New { away: away?, cover: cover?, starts: starts?, ends: ends?, words: words?.unwrap_or_default() }))
    }
}

/// The form.
///
/// # Errors
/// Not for this person.
pub async fn new(visit: Visit) -> Answer {
    visit.page(&page(&visit, FormView::new()).await?)
}

/// Arranges it.
///
/// # Errors
/// Not for this person.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let Some(Input(new)) = form.input else { return visit.again(&page(&visit, form.view).await?) };
    match cover::arrange(visit.services(), &mut visit.ctx(), new).await {
        Ok(_) => visit.go_saying("/cover", Tone::Done, "Arranged. Whoever stands in is told."),
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?).await?),
    }
}

async fn page(visit: &Visit, form: FormView) -> Result<RegisterForm, Fault> {
    let people = options(&cover::people(visit.services(), &visit.ctx()).await?);
    Ok(RegisterForm {
        heading: "Arrange cover".to_owned(),
        back: Some(("/cover".to_owned(), "Cover and hand-over".to_owned())),
        about: vec![
            "Speak with them first. The words below are read by the two of you alone; name no concern that one of you may not see.".to_owned(),
        ],
        fields: vec![
            field(&form.select("away", "Who is away?").option("", "Choose").options(&people)),
            field(&form.select("cover", "Who stands in?").option("", "Choose").options(&people)),
            field(&form.date("starts", "First day")),
            field(&form.date("ends", "Last day")),
            field(&form.area("words", "What must be known (if anything)").rows(5)),
        ],
        action: "/cover/new".to_owned(),
        button: "Arrange it".to_owned(),
        form,
        ..RegisterForm::default()
    })
}

/// Which.
pub struct Which(Uuid);

impl FromForm for Which {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.parsed("cover", "Choose one").map(Self)
    }
}

/// I stand in.
///
/// # Errors
/// It is not this person's.
pub async fn take(visit: Visit, form: Form<Which>) -> Answer {
    settle(visit, form, Settle::Take, "You stand in.").await
}

/// It is over.
///
/// # Errors
/// It is not this person's.
pub async fn end(visit: Visit, form: Form<Which>) -> Answer {
    settle(visit, form, Settle::End, "Ended.").await
}

async fn settle(visit: Visit, form: Form<Which>, what: Settle, said: &str) -> Answer {
    let Some(Which(id)) = form.input else { return visit.go("/cover") };
    cover::settle(visit.services(), &mut visit.ctx(), id, what).await?;
    visit.go_saying("/cover", Tone::Done, said)
}
