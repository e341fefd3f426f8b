//! The filter of a new setting: who filters now, who approves changes, whether activity is kept by person.

use app::setup::{self, FilteringAnswers};
use domain::setting::{ByPerson, FourEyes};
use views::FormView;
use views::pages::register::{RegisterForm, field};
use views::ui::Tone;

use super::back;
use crate::{Answer, Fields, Form, FromForm, Visit, fault::mend};

/// Who filters now.
pub struct Filtering(FilteringAnswers, Option<String>);

impl FromForm for Filtering {
    fn read(fields: &mut Fields) -> Option<Self> {
        let internet = fields.maybe("internet", 120);
        let filtering = fields.text("filtering", 120, "Say who filters the internet here now");
        let resolvers = fields.text("resolvers", 400, "Enter the addresses of their resolvers");
        let progress = fields.maybe("progress", 120);
        let answers =
            FilteringAnswers { internet: internet?.unwrap_or_default(), filtering: filtering?, resolvers: resolvers? };
        Some(Self(answers, progress?))
    }
}

fn filtering_page(form: FormView) -> RegisterForm {
    let fields = vec![
        field(&form.text("internet", "Who provides the internet?")),
        field(&form.text("filtering", "Who filters it now?").hint("Often the same company, or the council.")),
        field(
            &form
                .area("resolvers", "Their resolvers")
                .rows(3)
                .hint("The DNS addresses that the router shows, for example 192.0.2.53"),
        ),
        field(&form.text("progress", "Which app shows families their children\u{2019}s progress?").hint(
            "Tapestry, Famly or another; leave it empty to change nothing. It belongs on our own devices alone.",
        )),
    ];
    RegisterForm {
        heading: "Who filters now?".into(),
        back: back(),
        about: vec![
            "Holdfast asks them for every name that it allows. Their lists of illegal content stay in force.".into(),
        ],
        fields,
        form,
        action: "/set-up/filtering".into(),
        button: "Save".into(),
        ..RegisterForm::default()
    }
}

/// The form.
///
/// # Errors
/// A template failed.
pub async fn get(visit: Visit) -> Answer {
    visit.page(&filtering_page(FormView::new()))
}

/// Saves it.
///
/// # Errors
/// The records are away.
pub async fn post(visit: Visit, form: Form<Filtering>) -> Answer {
    let Some(Filtering(answers, progress)) = form.input else { return visit.again(&filtering_page(form.view)) };
    let services = visit.services();
    let saved = match (setup::set_filtering(services, &mut visit.ctx(), answers).await, progress) {
        (Ok(()), Some(app)) => setup::set_progress_app(services, &mut visit.ctx(), &app).await,
        (saved, _) => saved,
    };
    match saved {
        Ok(()) => visit.go_saying("/set-up", Tone::Done, "Saved."),
        Err(error) => visit.again(&filtering_page(mend(form.view, error)?)),
    }
}

/// Whether activity is recorded by person; `None`: by device alone.
pub struct Recorded(Option<ByPerson>);

impl FromForm for Recorded {
    fn read(fields: &mut Fields) -> Option<Self> {
        match fields.raw("recorded") {
            "device" => return Some(Self(None)),
            "person" => {}
            _ => {
                fields.error("recorded", "Choose one.");
                return None;
            }
        }
        let dpia = fields.text("dpia", 1_000, "Say where the assessment lies and what it found");
        let notice = fields.text("notice", 1_000, "Say how and when everybody was told");
        let until = fields.date("until", "Say until when");
        Some(Self(Some(ByPerson { dpia: dpia?, notice: notice?, until: until? })))
    }
}

fn by_person_page(form: FormView) -> RegisterForm {
    let recorded = form
        .radios("recorded", "What does the record say of who asked?")
        .option_with("device", "The device alone", "Enough to find out what happened, together with who had it.")
        .option_with(
            "person",
            "The device and the person to whom it is given",
            "Staff only: never guests, never personal devices.",
        );
    RegisterForm {
        heading: "Whose device asked".into(),
        back: back(),
        about: vec![
            "Recording what a person asked for is monitoring at work. The law asks that you weigh its risks first (a data protection impact assessment), tell everybody, and set an end. Without these three the record names the device and nobody.".into(),
            "It is never for judging how well somebody works. The leads and the chair hear of each change.".into(),
        ],
        fields: vec![
            field(&recorded),
            field(&form.area("dpia", "The assessment (if by person)").hint("Where it lies, who made it, what it found").rows(3)),
            field(&form.area("notice", "How everybody was told, and when (if by person)").rows(3)),
            field(&form.date("until", "The last day (if by person)").hint("A year from now at most; then you look at it again")),
        ],
        form,
        action: "/set-up/by-person".into(),
        button: "Save".into(),
        ..RegisterForm::default()
    }
}

/// The form, with what stands.
///
/// # Errors
/// The records are away.
pub async fn by_person_get(visit: Visit) -> Answer {
    let form = match setup::by_person(visit.services(), &visit.ctx()).await? {
        None => FormView::new().with("recorded", "device"),
        Some(record) => FormView::new()
            .with("recorded", "person")
            .with("dpia", record.dpia)
            .with("notice", record.notice)
            .with("until-day", record.until.day().to_string())
            .with("until-month", record.until.month().to_string())
            .with("until-year", record.until.year().to_string()),
    };
    visit.page(&by_person_page(form))
}

/// Saves it.
///
/// # Errors
/// The records are away.
pub async fn by_person_post(visit: Visit, form: Form<Recorded>) -> Answer {
    let Some(Recorded(record)) = form.input else { return visit.again(&by_person_page(form.view)) };
    match setup::set_by_person(visit.services(), &mut visit.ctx(), record).await {
        Ok(()) => visit.go_saying("/set-up", Tone::Done, "Saved. The leads and the chair were told."),
        Err(error) => visit.again(&by_person_page(mend(form.view, error)?)),
    }
}

/// Who approves a change of the filter.
pub struct Approves(FourEyes);

impl FromForm for Approves {
    fn read(fields: &mut Fields) -> Option<Self> {
        let read = |word: &str| match word {
            "another" => Some(FourEyes::AnotherPerson),
            "chair_or_delay" => Some(FourEyes::ChairOrDelay),
            _ => None,
        };
        fields.choice("approving", read, "Say how many people may approve a change").map(Self)
    }
}

fn approving_page(form: FormView, standing: setup::Approving) -> RegisterForm {
    let asked = form
        .radios("approving", "How many people here may approve a change of the filter?")
        .option_with("another", "Two or more", "Whoever proposes a change never approves it")
        .option_with(
            "chair_or_delay",
            "Only one",
            "The chair approves what that person proposes; or a day passes after everybody was told, and then they may. Never for what weakens children\u{2019}s protection: that is always the chair\u{2019}s",
        );
    let now = match standing.approvers {
        1 => "One person may approve here now, beside the chair.".to_owned(),
        many => format!("{many} people may approve here now, beside the chair."),
    };
    RegisterForm {
        heading: "Who approves a change of the filter".into(),
        back: back(),
        about: vec![
            "What blocks more is in force at once. What lets more through waits for another person, and for a safeguarding lead."
                .into(),
            "With only one person who may approve, that can be the chair. A change that waited a day instead shows as a gap in the evidence.".into(),
            now,
        ],
        fields: vec![field(&asked)],
        form,
        action: "/set-up/approving".into(),
        button: "Save".into(),
        ..RegisterForm::default()
    }
}

/// The question, with what stands.
///
/// # Errors
/// The records are away.
pub async fn approving_get(visit: Visit) -> Answer {
    let standing = setup::approving(visit.services(), &visit.ctx()).await?;
    let word = if standing.four_eyes == FourEyes::ChairOrDelay { "chair_or_delay" } else { "another" };
    visit.page(&approving_page(FormView::new().with("approving", word), standing))
}

/// Saves it.
///
/// # Errors
/// The records are away.
pub async fn approving_post(visit: Visit, form: Form<Approves>) -> Answer {
    let standing = setup::approving(visit.services(), &visit.ctx()).await?;
    let Some(Approves(how)) = form.input else { return visit.again(&approving_page(form.view, standing)) };
    match setup::set_approving(visit.services(), &mut visit.ctx(), how).await {
        Ok(()) => visit.go_saying("/set-up", Tone::Done, "Saved."),
        Err(error) => visit.again(&approving_page(mend(form.view, error)?, standing)),
    }
}
