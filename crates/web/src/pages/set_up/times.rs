//! Opening hours and term dates.

use app::setup::{self, DayHours, steps::DAYS};
use views::FormView;
use views::pages::register::{HoursDay, HoursTable, RegisterForm, field};
use views::ui::Tone;

use super::back;
use crate::{Answer, Fields, Form, FromForm, Visit, fault::mend};

/// Opening hours.
pub struct Hours(Vec<DayHours>);

impl FromForm for Hours {
    fn read(fields: &mut Fields) -> Option<Self> {
        let day = |day: &&str| DayHours {
            day: (*day).to_owned(),
            from: fields.raw(&format!("{day}-from")).chars().take(5).collect(),
            to: fields.raw(&format!("{day}-to")).chars().take(5).collect(),
        };
        Some(Self(DAYS.iter().map(day).collect()))
    }
}

fn hours_page(form: FormView) -> RegisterForm {
    let day = |day: &str| {
        let (from, to) = (format!("{day}-from"), format!("{day}-to"));
        HoursDay {
            key: day.to_owned(),
            name: format!("{}{}", day.get(..1).unwrap_or_default().to_uppercase(), day.get(1..).unwrap_or_default()),
            from: form.value(&from).to_owned(),
            to: form.value(&to).to_owned(),
            error: form.errors().iter().find(|error| error.name == from || error.name == to).cloned(),
        }
    };
    let fields = vec![field(&HoursTable { days: DAYS.iter().map(|key| day(key)).collect() })];
    RegisterForm {
        heading: "When are you open?".into(),
        back: back(),
        about: vec!["Write times like 08:00. Empty both on days when you are closed.".into()],
        fields,
        form,
        action: "/set-up/hours".into(),
        button: "Save".into(),
        ..RegisterForm::default()
    }
}

/// The form, with what stands; before anything does, with the hours of most nurseries.
///
/// # Errors
/// The records are away.
pub async fn hours_get(visit: Visit) -> Answer {
    let mut form = FormView::new();
    for typed in setup::hours(visit.services(), &visit.ctx()).await? {
        form = form.with(&format!("{}-from", typed.day), typed.from).with(&format!("{}-to", typed.day), typed.to);
    }
    visit.page(&hours_page(form))
}

/// Saves them.
///
/// # Errors
/// The records are away.
pub async fn hours_post(visit: Visit, form: Form<Hours>) -> Answer {
    let Some(Hours(days)) = form.input else { return visit.again(&hours_page(form.view)) };
    match setup::set_hours(visit.services(), &mut visit.ctx(), &days).await {
        Ok(()) => visit.go_saying("/set-up", Tone::Done, "Saved."),
        Err(error) => visit.again(&hours_page(mend(form.view, error)?)),
    }
}

fn terms_page(form: FormView) -> RegisterForm {
    let labels = ["Every day", "Working days: Monday to Friday without bank holidays", "Days of term"];
    let mut radios = form.radios("file_days", "How do you count the five days in which a child\u{2019}s file goes on?");
    for (key, label) in setup::FILE_DAYS.1.iter().zip(labels) {
        radios = radios.option(key, label);
    }
    RegisterForm {
        heading: "Terms".into(),
        back: back(),
        about: vec![
            "Terms count in clocks, in the hours of the filter and in the termly report. Bank holidays come with the program.".into(),
            "The guidance says five days and not which. Every day is the shortest reading; ask your council before you choose another.".into(),
        ],
        fields: vec![
            field(&form.area("lines", "Terms, one a line").hint("For example: Autumn 2026: 2/9/2026 to 18/12/2026").rows(6)),
            field(&radios),
        ],
        form,
        action: "/set-up/terms".into(),
        button: "Save".into(),
        ..RegisterForm::default()
    }
}

/// Terms, and how days are counted.
///
/// # Errors
/// The records are away.
pub async fn terms_get(visit: Visit) -> Answer {
    let terms = setup::terms(visit.services(), &visit.ctx()).await?;
    visit.page(&terms_page(FormView::new().with("lines", terms.lines).with("file_days", terms.file_days)))
}

/// Terms, as typed.
pub struct TypedTerms(setup::Terms);

impl FromForm for TypedTerms {
    fn read(fields: &mut Fields) -> Option<Self> {
        let lines = fields.maybe("lines", 4_000);
        let file_days = fields.choice("file_days", |key| Some(key.to_owned()), "Choose how the days are counted");
        Some(Self(setup::Terms { lines: lines?.unwrap_or_default(), file_days: file_days? }))
    }
}

/// Saves them.
///
/// # Errors
/// The records are away.
pub async fn terms_post(visit: Visit, form: Form<TypedTerms>) -> Answer {
    let Some(TypedTerms(terms)) = form.input else { return visit.again(&terms_page(form.view)) };
    match setup::set_terms(visit.services(), &mut visit.ctx(), &terms).await {
        Ok(()) => visit.go_saying("/set-up", Tone::Done, "Saved."),
        Err(error) => visit.again(&terms_page(mend(form.view, error)?)),
    }
}
