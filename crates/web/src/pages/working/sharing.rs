//! Sharing with a family: whom it is safe to tell, one adult at a time; and what was shared, on the family's own page.

use std::collections::BTreeSet;

use app::concerns::{LONGEST_LINE, LONGEST_TEXT};
use app::referrals::NewLetter;
use app::sharing::{self, FamilyWay, Sharing, Told};
use axum::extract::{Path, Query};
use domain::{ConcernId, EntryId, PersonId};
use serde::Deserialize;
use uuid::Uuid;
use views::FormView;
use views::pages::register::{RegisterList, RegisterThing, Section};
use views::pages::working::{Share, Shared};
use views::ui::{Banner, Cell, Table, Tag, Tone};

use super::moment;
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

/// Whom it is safe to tell and what they were told; or the page about one of them.
///
/// # Errors
/// The concern is not for this person.
pub async fn get(visit: Visit, Path(id): Path<ConcernId>, Query(whom): Query<Whom>) -> Answer {
    if let Some(chosen) = whom.chosen() {
        let (sharing, told) = sharing::lines_for(visit.services(), &visit.ctx(), id, chosen).await?;
        if sharing.locked.is_none() {
            return visit.page(&one(id, &sharing, &told, FormView::new()));
        }
    }
    let sharing = sharing::page(visit.services(), &visit.ctx(), id).await?;
    visit.page(&all(&visit, id, &sharing))
}

fn all(visit: &Visit, id: ConcernId, sharing: &Sharing) -> RegisterThing {
    let mut notes = Vec::new();
    if let Some(locked) = &sharing.locked {
        notes.push(Banner::new(Tone::Shut, &locked.say));
        let say = "Have they been told all the same? Record the step as it was: that is always open.";
        notes.push(Banner::new(Tone::Info, say).link(&format!("/concerns/{id}"), "To the steps"));
    }
    let mut table =
        Table::new("Adults").quiet_caption().column("Who").column("Of whom").column("Know first").column("Share");
    let mut told =
        Table::new("Told").quiet_caption().column("Who").column("How").column("What, or why not").column("When");
    for one in &sharing.adults {
        let adult = &one.adult;
        let know = match &adult.never {
            Some(never) => never.clone(),
            None if adult.warnings.is_empty() => "Has parental responsibility. No warning is written down.".to_owned(),
            None => adult.warnings.join(" "),
        };
        let way = match (&adult.never, &sharing.locked) {
            (None, None) => Cell::link(
                &format!("/concerns/{id}/share?child={}&to={}", adult.child, adult.adult),
                &format!("Share with {}, or not", adult.name),
            ),
            (Some(_), _) => Tag::new(Tone::Shut, "Not safe").into(),
            (None, Some(_)) => Cell::Text("Not yet".to_owned()),
        };
        table.push(vec![
            Cell::Text(format!("{}, {}", adult.name, adult.tie)),
            Cell::Text(adult.child_name.clone()),
            Cell::Text(know),
            way,
        ]);
        for share in &one.shares {
            let how = match (share.way, share.seen_at) {
                (FamilyWay::Portal, Some(at)) => {
                    Tag::new(Tone::Done, &format!("Their page, opened {}", moment(visit, at)))
                }
                (FamilyWay::Portal, None) => Tag::new(Tone::Due, "Their page, not opened yet"),
                (FamilyWay::Letter, _) => Tag::new(Tone::Done, "Letter"),
                (FamilyWay::Spoken, _) => Tag::new(Tone::Done, "Told in person"),
                (FamilyWay::Withheld, _) => Tag::new(Tone::Shut, "Not told"),
            };
            told.push(vec![
                Cell::Text(format!("{}, about {}", adult.name, adult.child_name)),
                how.into(),
                Cell::Text(share.text.clone()),
                Cell::Text(format!("{}, {}", share.by, moment(visit, share.at))),
            ]);
        }
    }
    RegisterThing {
        title: format!("Concern {}: share with a family", sharing.reference),
        heading: "Whom is it safe to tell?".to_owned(),
        back: (format!("/concerns/{id}"), "Back to the concern".to_owned()),
        notes,
        sections: vec![
            Section {
                heading: "The adults of each child".to_owned(),
                table,
                empty:
                    "The register knows no adult of a child of this concern. Add them in the register of people first."
                        .to_owned(),
            },
            Section {
                heading: "What they were told, and what not".to_owned(),
                table: told,
                empty: "Nobody of the family has been told from here.".to_owned(),
            },
        ],
        ways: vec![(format!("/concerns/{id}"), "The steps: decide whom it is safe to tell".to_owned())],
        ..RegisterThing::default()
    }
}

fn one(id: ConcernId, sharing: &Sharing, told: &Told, form: FormView) -> Share {
    let adult = &told.adult;
    let ticked = form.values("entry");
    Share {
        back: format!("/concerns/{id}/share"),
        action: format!("/concerns/{id}/share"),
        reference: sharing.reference.clone(),
        to: adult.name.clone(),
        to_id: adult.adult.to_string(),
        child: adult.child_name.clone(),
        child_id: adult.child.to_string(),
        warnings: adult.warnings.clone(),
        lines: sharing
            .lines
            .iter()
            .map(|(entry, words)| (entry.to_string(), words.clone(), ticked.contains(&entry.to_string())))
            .collect(),
        has_page: told.has_page,
        form,
    }
}

/// What was pressed.
pub enum Pressed {
    /// Make the text.
    Prepare(BTreeSet<EntryId>),
    /// Share it.
    Share(String, FamilyWay),
    /// Do not.
    Withhold(String),
}

impl FromForm for Pressed {
    fn read(fields: &mut Fields) -> Option<Self> {
        match fields.raw("act") {
            "prepare" => {
                let ticked = fields.several("entry", |id| id.parse::<EntryId>().ok());
                Some(Self::Prepare(ticked.unwrap_or_default().into_iter().collect()))
            }
            "withhold" => fields.text("why", LONGEST_LINE, "Say why they are not told").map(Self::Withhold),
            _ => {
                let text = fields.text("text", LONGEST_TEXT, "Write what they are told");
                let way = fields.choice("way", FamilyWay::from_key, "Choose how it reaches them");
                Some(Self::Share(text?, way?))
            }
        }
    }
}

/// Makes the text, shares it, or writes down that it is withheld.
///
/// # Errors
/// The concern is not for this person.
pub async fn post(visit: Visit, Path(id): Path<ConcernId>, form: Form<Pressed>) -> Answer {
    let chosen = Whom { child: form.view.value("child").to_owned(), to: form.view.value("to").to_owned() }.chosen();
    let Some(chosen) = chosen else {
        let sharing = sharing::page(visit.services(), &visit.ctx(), id).await?;
        return visit.again(&all(&visit, id, &sharing));
    };
    let (sharing, told) = sharing::lines_for(visit.services(), &visit.ctx(), id, chosen).await?;
    let Some(pressed) = form.input else { return visit.again(&one(id, &sharing, &told, form.view)) };
    let done = match pressed {
        Pressed::Prepare(ticked) => {
            let text = match sharing::prepare(visit.services(), &visit.ctx(), id, chosen, &ticked).await {
                Ok(text) => text,
                Err(app::Error::Locked(_)) => return visit.page(&all(&visit, id, &sharing)),
                Err(other) => return Err(other.into()),
            };
            let mut form = form.view;
            form.set("text", text);
            return visit.page(&one(id, &sharing, &told, form));
        }
        Pressed::Share(text, way) => {
            let new = NewLetter { child: chosen.0, to: chosen.1, text };
            sharing::share(visit.services(), &mut visit.ctx(), id, new, way).await
        }
        Pressed::Withhold(why) => {
            sharing::withhold(visit.services(), &mut visit.ctx(), id, chosen, &why).await.map(|()| None)
        }
    };
    match done {
        Ok(Some(letter)) => visit.go(&format!("/letters/{letter}/print")),
        Ok(None) => visit.go_saying(&format!("/concerns/{id}/share"), Tone::Done, "Written down."),
        Err(app::Error::Locked(locked)) => visit.again(&all(&visit, id, &Sharing { locked: Some(locked), ..sharing })),
        Err(error) => visit.again(&one(id, &sharing, &told, mend(form.view, error)?)),
    }
}

/// What was shared with whoever looks.
///
/// # Errors
/// Nobody is signed in.
pub async fn mine(visit: Visit) -> Answer {
    let mut table = Table::new("Shared with you").quiet_caption().column("About").column("From").column("When");
    for one in sharing::mine(visit.services(), &visit.ctx()).await? {
        table.push(vec![
            Cell::link(&format!("/shared/{}", one.id), &one.child),
            Cell::Text(one.by.clone()),
            Cell::Text(moment(&visit, one.at)),
        ]);
    }
    visit.page(&RegisterList {
        heading: "What we shared with you".to_owned(),
        about: "What we wanted you to know about your child. Nobody else sees this page.".to_owned(),
        table,
        empty: (
            "Nothing was shared with you here.".to_owned(),
            "When we do, you are told, and find it on this page.".to_owned(),
        ),
        ways: vec![("/concerns/report".to_owned(), "Tell us something".to_owned())],
        ..RegisterList::default()
    })
}

/// One of them.
///
/// # Errors
/// It was not shared with this person, or is not for them any more.
pub async fn shared(visit: Visit, Path(id): Path<Uuid>) -> Answer {
    let one = sharing::open(visit.services(), &mut visit.ctx(), id).await?;
    visit.page(&Shared {
        child: one.child,
        paragraphs: one.text.split("\n\n").map(str::to_owned).collect(),
        from: format!("{}, {}", one.by, moment(&visit, one.at)),
    })
}
