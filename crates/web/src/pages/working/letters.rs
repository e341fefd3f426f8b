//! A letter to one of a child's adults: choose the one, see what must be known of them, read the letter over, print it (S13).

use app::concerns::LONGEST_TEXT;
use app::referrals::{self, Adult, NewLetter, Recipients};
use axum::extract::{Path, Query};
use domain::{ConcernId, LetterId, PersonId};
use serde::Deserialize;
use views::FormView;
use views::pages::concerns::Draft;
use views::pages::register::{RegisterForm, RegisterThing, Section, field};
use views::pages::working::Document;
use views::ui::{Banner, Cell, Table, Tone};

use super::super::concerns::draft::{self, Keepable, Next};
use crate::{Answer, Fields, Form, FromForm, Visit, fault::mend};

/// Whom.
#[derive(Debug, Default, Deserialize)]
pub struct Whom {
    #[serde(default)]
    child: String,
    #[serde(default)]
    to: String,
}

impl Whom {
    fn chosen(&self) -> Option<(PersonId, PersonId)> {
        Some((self.child.parse().ok()?, self.to.parse().ok()?))
    }
}

/// Whom to write to, or the letter to the one who was chosen.
///
/// # Errors
/// The concern is not for this person.
pub async fn get(visit: Visit, Path(id): Path<ConcernId>, Query(whom): Query<Whom>) -> Answer {
    let found = referrals::recipients(visit.services(), &visit.ctx(), id, whom.chosen()).await?;
    let chosen = whom.chosen();
    match found.adults.iter().find(|adult| chosen == Some((adult.child, adult.adult)) && adult.never.is_none()) {
        Some(adult) if found.locked.is_none() => {
            let fresh = FormView::new().with("text", found.text.clone());
            let (form, draft) = draft::restored(&visit, &key(id, adult), fresh).await?;
            visit.page(&RegisterForm { draft: Some(draft), ..write(id, &found, adult, form) })
        }
        _ => visit.page(&choose(id, &found)),
    }
}

fn key(id: ConcernId, adult: &Adult) -> String {
    format!("letter/{id}/{}/{}", adult.child, adult.adult)
}

fn choose(id: ConcernId, found: &Recipients) -> RegisterThing {
    let mut notes = Vec::new();
    if let Some(locked) = &found.locked {
        notes.push(Banner::new(Tone::Shut, &locked.say));
        notes.push(Banner::new(
            Tone::Info,
            "Have they been told all the same? Record the step as it was: that is always open.",
        ));
    }
    let mut table =
        Table::new("Adults").quiet_caption().column("Who").column("Of whom").column("Know first").column("Letter");
    for adult in &found.adults {
        let know = match &adult.never {
            Some(never) => never.clone(),
            None if adult.warnings.is_empty() => "Has parental responsibility. No warning is written down.".to_owned(),
            None => adult.warnings.join(" "),
        };
        let letter = match (&adult.never, &found.locked) {
            (None, None) => Cell::link(
                &format!("/concerns/{id}/letter?child={}&to={}", adult.child, adult.adult),
                &format!("Write to {}", adult.name),
            ),
            _ => Cell::Text("Not from here".to_owned()),
        };
        table.push(vec![
            Cell::Text(format!("{}, {}", adult.name, adult.tie)),
            Cell::Text(adult.child_name.clone()),
            Cell::Text(know),
            letter,
        ]);
    }
    RegisterThing {
        title: format!("Concern {}: a letter", found.reference),
        heading: "Whom is it safe to tell?".to_owned(),
        back: (format!("/concerns/{id}"), "Back to the concern".to_owned()),
        notes,
        sections: vec![Section {
            heading: "The adults of each child".to_owned(),
            table,
            empty: "The register knows no adult of a child of this concern. Add them in the register of people first."
                .to_owned(),
        }],
        ..RegisterThing::default()
    }
}

fn write(id: ConcernId, found: &Recipients, adult: &Adult, form: FormView) -> RegisterForm {
    let mut about: Vec<String> = adult.warnings.clone();
    about.push(format!(
        "To {}, about {}. Read it over and make it yours. Speak with them first if you can; the letter is for afterwards. Name no other child, no colleague, and nothing of what the police do.",
        adult.name, adult.child_name
    ));
    RegisterForm {
        heading: "A letter to one of a child\u{2019}s adults".to_owned(),
        back: Some((format!("/concerns/{id}/letter"), format!("Concern {}: whom to tell", found.reference))),
        about,
        fields: vec![
            format!("<input type=\"hidden\" name=\"child\" value=\"{}\">", adult.child),
            format!("<input type=\"hidden\" name=\"to\" value=\"{}\">", adult.adult),
            field(&form.area("text", "The letter").rows(16)),
        ],
        action: format!("/concerns/{id}/letter"),
        button: "Keep it, to print".to_owned(),
        draft: Some(Draft::default()),
        form,
        ..RegisterForm::default()
    }
}

/// A letter.
pub struct Written {
    child: PersonId,
    to: PersonId,
    text: String,
}

impl FromForm for Written {
    fn read(fields: &mut Fields) -> Option<Self> {
        let child = fields.parsed("child", "Choose the child");
        let to = fields.parsed("to", "Choose one of the child\u{2019}s adults");
        let text = fields.text("text", LONGEST_TEXT, "Write the letter");
        Some(Self { child: child?, to: to?, text: text? })
    }
}

/// Keeps it.
///
/// # Errors
/// The concern is not for this person.
pub async fn post(visit: Visit, Path(id): Path<ConcernId>, form: Form<Keepable<Written>>) -> Answer {
    let chosen = Whom { child: form.view.value("child").to_owned(), to: form.view.value("to").to_owned() }.chosen();
    let found = referrals::recipients(visit.services(), &visit.ctx(), id, chosen).await?;
    let adult = found.adults.iter().find(|adult| chosen == Some((adult.child, adult.adult))).cloned();
    let Some(adult) = adult.filter(|adult| adult.never.is_none() && found.locked.is_none()) else {
        return visit.again(&choose(id, &found));
    };
    let key = key(id, &adult);
    let written = match form.input {
        None => return visit.again(&write(id, &found, &adult, form.view)),
        Some(Keepable::Send(written)) => written,
        Some(Keepable::Keep(pressed)) => {
            return match draft::done(&visit, &key, pressed, form.view, &format!("/concerns/{id}")).await? {
                Next::Go(answer) => answer,
                Next::Again(form, draft) => {
                    visit.again(&RegisterForm { draft: Some(draft), ..write(id, &found, &adult, form) })
                }
            };
        }
    };
    let new = NewLetter { child: written.child, to: written.to, text: written.text };
    match referrals::write(visit.services(), &mut visit.ctx(), id, new).await {
        Ok(letter) => {
            draft::sent(&visit, &key, &form.view).await;
            visit.go(&format!("/letters/{letter}/print"))
        }
        Err(app::Error::Locked(locked)) => visit.again(&choose(id, &Recipients { locked: Some(locked), ..found })),
        Err(error) => visit.again(&write(id, &found, &adult, mend(form.view, error)?)),
    }
}

/// The letter on paper.
///
/// # Errors
/// It is not for this person, or police and advice come first.
pub async fn print(visit: Visit, Path(id): Path<LetterId>) -> Answer {
    let paper = referrals::letter_on_paper(visit.services(), &mut visit.ctx(), id).await?;
    let (concern, _) = referrals::letter(visit.services(), &visit.ctx(), id).await?;
    let back = (format!("/concerns/{concern}"), "Back to the concern".to_owned());
    let parcel = Some(format!("/exports/new?letter={id}"));
    visit.page(&Document { parcel, ..super::paper::page(&paper, None, back) })
}
