//! A concern that turns out to be two, or to be about something else.

use app::concerns::{self, Afterwards, Split, kind_in_words, what_in_words};
use app::contacts;
use axum::extract::Path;
use domain::concern::{ConcernKind, EntryKind};
use domain::{ConcernId, EntryId, PersonId};
use views::FormView;
use views::pages::register::{RegisterForm, field};
use views::ui::Tone;

use super::super::concerns::options;
use super::moment;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend};

/// Kinds that a concern can be about, but for tasks with a clock.
fn kinds() -> Vec<(String, String)> {
    let worries = ConcernKind::ALL.into_iter().filter(|kind| !kind.is_matter());
    worries.map(|kind| (kind.key().to_owned(), kind_in_words(kind).to_owned())).collect()
}

/// The form with which a part becomes a concern of its own.
///
/// # Errors
/// The concern is not for this person.
pub async fn get(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    visit.page(&page(&visit, id, FormView::new()).await?)
}

async fn page(visit: &Visit, id: ConcernId, form: FormView) -> Result<RegisterForm, Fault> {
    const SHOWN: usize = 90;
    let concern = concerns::open(visit.services(), &mut visit.ctx(), id).await?;
    let lists = contacts::lists(visit.services(), &visit.ctx()).await?;
    let mut adults = options(&lists.staff);
    adults.extend(options(&lists.other_adults));
    let entries: Vec<(String, String)> = concern
        .chronology
        .iter()
        .filter(|entry| !matches!(entry.what, concerns::What::Said(EntryKind::System)))
        .filter_map(|entry| {
            let line = entry.text.lines().next().unwrap_or_default();
            let mut words: String = line.chars().take(SHOWN).collect();
            if words.len() < entry.text.len() {
                words.push('…');
            }
            let label = format!("{}, {}: {words}", moment(visit, entry.event_at), what_in_words(entry.what));
            Some((entry.id?.to_string(), label))
        })
        .collect();
    Ok(RegisterForm {
        heading: "Split this concern".to_owned(),
        back: Some((format!("/concerns/{id}"), "Back to the concern".to_owned())),
        about: vec![
            "A part of it becomes a concern of its own, with its own steps and clocks. The words you choose stand in both; nothing is taken away here.".to_owned(),
            "Files, held devices and steps stay here. Whoever must not know of this one must not know of the new one.".to_owned(),
        ],
        fields: vec![
            field(&form.checkboxes("entries", "Which words belong to it?").options(&entries)),
            field(&form.select("kind", "What is that part about?").option("", "Choose").options(&kinds())),
            field(
                &form
                    .select("about", "Which adult is it about?")
                    .hint("If that adult works here, the new concern goes to the case manager alone, and is not yours unless that is you.")
                    .option("", "Choose, or leave it out")
                    .options(&adults),
            ),
            field(&form.text("reason", "Why is it another matter?").max(300)),
        ],
        action: format!("/concerns/{id}/split"),
        button: "Make it a concern of its own".to_owned(),
        form,
        ..RegisterForm::default()
    })
}

/// A part.
pub struct Input {
    kind: ConcernKind,
    entries: Vec<EntryId>,
    about: Option<PersonId>,
    reason: String,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let entries = fields.several("entries", |id| id.parse().ok());
        let kind = fields.choice("kind", ConcernKind::from_key, "Choose what that part is about");
        let about = fields.raw("about").parse().ok();
        let reason = fields.text("reason", 300, "Say why, in a few words");
        Some(Self { kind: kind?, entries: entries?, about, reason: reason? })
    }
}

/// Splits it.
///
/// # Errors
/// The concern is not for this person.
pub async fn post(visit: Visit, Path(id): Path<ConcernId>, form: Form<Input>) -> Answer {
    let Some(Input { kind, entries, about, reason }) = form.input else {
        return visit.again(&page(&visit, id, form.view).await?);
    };
    let split = Split { kind, entries, about, reason };
    match concerns::split(visit.services(), &mut visit.ctx(), id, split).await {
        Ok(part) if part.afterwards == Afterwards::Seen => {
            visit.go_saying(&format!("/concerns/{}", part.concern), Tone::Done, "Split. Both show the words you chose.")
        }
        Ok(_) => visit.go_saying(
            &format!("/concerns/{id}"),
            Tone::Done,
            "Split. The new concern goes its own way, to whoever may know of it. Speak of it to nobody.",
        ),
        Err(error) => visit.again(&page(&visit, id, mend(form.view, error)?).await?),
    }
}

/// The form for "it is about something else".
///
/// # Errors
/// The concern is not for this person.
pub async fn kind_get(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    visit.page(&kind_page(&visit, id, FormView::new()).await?)
}

async fn kind_page(visit: &Visit, id: ConcernId, form: FormView) -> Result<RegisterForm, Fault> {
    let concern = concerns::open(visit.services(), &mut visit.ctx(), id).await?;
    Ok(RegisterForm {
        heading: "It is about something else".to_owned(),
        back: Some((format!("/concerns/{id}"), "Back to the concern".to_owned())),
        about: vec![
            format!("It was told as: {}. Another kind brings the steps and clocks of its own procedure.", kind_in_words(concern.kind)),
            "Every word and every step that was recorded stays. What was sealed stays sealed, and where no files were taken, none are.".to_owned(),
        ],
        fields: vec![
            field(&form.select("kind", "What is it about?").option("", "Choose").options(&kinds())),
            field(&form.text("reason", "How do you know?").max(300)),
        ],
        action: format!("/concerns/{id}/kind"),
        button: "Go on as that".to_owned(),
        form,
        ..RegisterForm::default()
    })
}

/// Another kind.
pub struct Kind {
    kind: ConcernKind,
    reason: String,
}

impl FromForm for Kind {
    fn read(fields: &mut Fields) -> Option<Self> {
        let kind = fields.choice("kind", ConcernKind::from_key, "Choose what it is about");
        let reason = fields.text("reason", 300, "Say how you know, in a few words");
        Some(Self { kind: kind?, reason: reason? })
    }
}

/// Goes on as that.
///
/// # Errors
/// The concern is not for this person.
pub async fn kind_post(visit: Visit, Path(id): Path<ConcernId>, form: Form<Kind>) -> Answer {
    let Some(Kind { kind, reason }) = form.input else {
        return visit.again(&kind_page(&visit, id, form.view).await?);
    };
    match concerns::retype(visit.services(), &mut visit.ctx(), id, kind, &reason).await {
        Ok(()) => visit.go_saying(&format!("/concerns/{id}"), Tone::Done, "It goes on under the other procedure."),
        Err(error) => visit.again(&kind_page(&visit, id, mend(form.view, error)?).await?),
    }
}
