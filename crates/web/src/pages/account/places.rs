//! Which setting? For people who belong to several (S41).

use app::accounts;
use domain::SettingId;
use views::FormView;
use views::pages::register::{RegisterForm, field};

use crate::{
    Answer, Fields, Form, FromForm, Visit, doorway,
    fault::{Fault, mend},
};

/// The chosen one.
pub struct Chosen(SettingId);

impl FromForm for Chosen {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.parsed("setting", "Choose a setting").map(Self)
    }
}

async fn page(visit: &Visit, form: FormView) -> Result<RegisterForm, Fault> {
    let places = accounts::list_places(visit.services(), &visit.ctx()).await?;
    let here = places.iter().find(|place| place.here).map(|place| place.setting.to_string());
    let form = match here {
        Some(here) if form.value("setting").is_empty() => form.with("setting", here),
        _ => form,
    };
    let mut radios = form.radios("setting", "Where are you working now?");
    for place in &places {
        radios = radios.option_with(&place.setting.to_string(), &place.name, &place.titles.join(", "));
    }
    Ok(RegisterForm {
        heading: "Which setting?".into(),
        about: vec!["You belong to several. What you see and do belongs to the one that you choose.".into()],
        fields: vec![field(&radios)],
        form,
        action: "/account/settings".into(),
        button: "Go there".into(),
        ..RegisterForm::default()
    })
}

/// The choice.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit) -> Answer {
    visit.page(&page(&visit, FormView::new()).await?)
}

/// Goes there: the session gets a fresh word.
///
/// # Errors
/// One has no role there, or the records are away.
pub async fn post(visit: Visit, form: Form<Chosen>) -> Answer {
    let Some(Chosen(setting)) = form.input else { return visit.again(&page(&visit, form.view).await?) };
    let session = &visit.signed_in()?.visit;
    match accounts::choose_place(visit.services(), &mut visit.ctx(), session, setting).await {
        Ok(signed_in) => Ok(doorway::with_session(&visit, visit.go("/")?, &signed_in)),
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?).await?),
    }
}
