//! Setting up a real nursery: the one-time link, then a list of steps in any order.

use app::accounts::Token;
use app::setup::{self, DayHours, FilteringAnswers, FirstPerson, NamedPerson, StepKey, steps::DAYS};
use axum::extract::Path;
use domain::Role;
use views::FormView;
use views::pages::register::{HoursDay, HoursTable, RegisterForm, RegisterThing, field};
use views::ui::{Banner, TaskList, Tone};

use crate::{
    Answer, Fields, Form, FromForm, Secret, Visit, doorway,
    fault::{Fault, mend},
    pages::people::sign_in::handed_over,
};

/// The first page.
pub struct First {
    setting_name: String,
    template: String,
    name: String,
    username: String,
    new: Secret,
    again: Secret,
}

impl FromForm for First {
    const SECRETS: &'static [&'static str] = &["new", "again"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let setting_name = fields.text("setting_name", 120, "Enter the nursery's name");
        let template = fields.text("template", 20, "Choose the one that is nearest");
        let name = fields.text("name", 120, "Enter your name");
        let username = fields.text("username", 40, "Enter a username");
        let new = fields.secret("new", "Enter a password");
        let again = fields.secret("again", "Enter the password a second time");
        Some(Self {
            setting_name: setting_name?,
            template: template?,
            name: name?,
            username: username?,
            new: new?,
            again: again?,
        })
    }
}

fn first_page(visit: &Visit, token: &Token, form: FormView) -> RegisterForm {
    let mut templates = form.radios("template", "Which is nearest to how you work?");
    for (key, words) in setup::templates(visit.services()) {
        templates = templates.option(&key, &words);
    }
    let fields = vec![
        field(&form.text("setting_name", "The nursery's name").max(120)),
        field(&templates),
        field(
            &form
                .text("name", "Your name")
                .hint("You manage the setting in Holdfast. You can hand that over later.")
                .autocomplete("name"),
        ),
        field(&form.text("username", "Your username").width(20).autocomplete("username")),
        field(
            &form
                .password("new", "Your password")
                .hint("At least 12 characters: three or four words that do not belong together.")
                .autocomplete("new-password"),
        ),
        field(&form.password("again", "The same password again").autocomplete("new-password")),
    ];
    RegisterForm {
        heading: "Set up Holdfast".into(),
        about: vec![
            "This makes your setting and your own sign-in. The rest follows as a list that you can leave at any time."
                .into(),
        ],
        fields,
        form,
        action: format!("/set-up/{}", token.expose()),
        button: "Begin".into(),
        ..RegisterForm::default()
    }
}

/// The one-time link.
///
/// # Errors
/// It does not work (any more).
pub async fn first_get(visit: Visit, Path(token): Path<String>) -> Answer {
    let token = Token::given(&token);
    setup::check_link(visit.services(), &visit.ctx(), &token).await?;
    visit.page(&first_page(&visit, &token, FormView::new()))
}

/// Makes the setting and signs its first person in.
///
/// # Errors
/// The link does not work (any more), or the records are away.
pub async fn first_post(visit: Visit, Path(token): Path<String>, form: Form<First>) -> Answer {
    let token = Token::given(&token);
    setup::check_link(visit.services(), &visit.ctx(), &token).await?;
    let Some(input) = form.input else { return visit.again(&first_page(&visit, &token, form.view)) };
    let first = FirstPerson {
        setting_name: input.setting_name,
        template: input.template,
        name: input.name,
        username: input.username,
        new: input.new.reveal().to_owned(),
        again: input.again.reveal().to_owned(),
        label: visit.browser().to_owned(),
    };
    match setup::begin(visit.services(), &mut visit.ctx(), &token, first).await {
        Ok(signed_in) => doorway::enter(&visit, &signed_in, "/set-up"),
        Err(error) => visit.again(&first_page(&visit, &token, mend(form.view, error)?)),
    }
}

fn words_of(key: StepKey) -> (&'static str, &'static str, &'static str) {
    match key {
        StepKey::SecondFactor => {
            ("Your second step", "/account/second-step", "An app on your phone shows six figures.")
        }
        StepKey::Lead => ("Name the safeguarding lead", "/set-up/lead", "Their name stands on every page."),
        StepKey::Chair => ("Name the chair or owner", "/set-up/chair", "Hears what is about the manager."),
        StepKey::Filtering => {
            ("Say who filters now", "/set-up/filtering", "Holdfast stands in front of them, not instead.")
        }
        StepKey::Hours => ("Opening hours", "/set-up/hours", "Clocks and alerts follow them."),
        StepKey::Devices => ("Add the devices", "/devices", "One by one, or pasted from a spreadsheet."),
        StepKey::RecoveryCode => {
            ("Print the recovery code", "/set-up/recovery-code", "Two people keep it; one types it back.")
        }
    }
}

/// The list of steps.
///
/// # Errors
/// The records are away.
pub async fn list(visit: Visit) -> Answer {
    let steps = setup::steps(visit.services(), &visit.ctx()).await?;
    let mut tasks = TaskList::new("steps");
    for step in &steps {
        let (title, href, hint) = match (words_of(step.key), step.key, step.done) {
            // Naming somebody again would name a second one: who is named is changed among the roles.
            ((title, ..), StepKey::Lead | StepKey::Chair, true) => (title, "/people/roles", "See or change who it is."),
            (first, ..) => first,
        };
        let (tone, word) = if step.done { (Tone::Done, "Done") } else { (Tone::Due, "To do") };
        tasks = tasks.task(title, Some(href), Some(hint), tone, word);
    }
    let notes = if steps.iter().all(|step| step.done) {
        vec![Banner::new(Tone::Done, "Your setting is set up.")]
    } else {
        Vec::new()
    };
    visit.page(&RegisterThing {
        title: "Set up".into(),
        heading: "Set up your setting".into(),
        back: ("/account".into(), "Your account".into()),
        notes,
        tasks: Some(tasks),
        ways: vec![
            ("/set-up/terms".into(), "Term dates".into()),
            ("/agencies/area".into(), "Your area, and whom to turn to there".into()),
        ],
        ..RegisterThing::default()
    })
}

fn back() -> Option<(String, String)> {
    Some(("/set-up".into(), "All steps".into()))
}

/// Who is named.
pub struct Named(NamedPerson);

impl FromForm for Named {
    fn read(fields: &mut Fields) -> Option<Self> {
        let myself = fields.yes("myself");
        let name =
            if myself { fields.maybe("name", 120) } else { fields.text("name", 120, "Enter the name").map(Some) };
        let username = fields.maybe("username", 40);
        let email = fields.maybe("email", 254);
        let phone = fields.maybe("phone", 30);
        Some(Self(NamedPerson {
            name: name?.unwrap_or_default(),
            username: username?.unwrap_or_default(),
            email: email?,
            phone: phone?,
            myself,
        }))
    }
}

fn role_of(key: &str) -> Result<Role, Fault> {
    match key {
        "lead" => Ok(Role::Dsl),
        "chair" => Ok(Role::Chair),
        _ => Err(Fault::NotFound),
    }
}

fn named_page(key: &str, role: Role, form: FormView) -> RegisterForm {
    let mut fields = Vec::new();
    if role == Role::Dsl {
        fields.push(field(&form.checkboxes("myself", "Is it you?").option("yes", "I am the safeguarding lead")));
    }
    fields.push(field(&form.text("name", "Full name").max(120)));
    fields.push(field(&form.text("phone", "Telephone").keyboard("tel").width(20)));
    fields.push(field(&form.text("email", "Their own mail address").keyboard("email")));
    fields.push(field(
        &form
            .text("username", "Username")
            .hint("You get a link to hand over. Leave it empty if they sign in later.")
            .width(20),
    ));
    let heading = if role == Role::Dsl { "Name the safeguarding lead" } else { "Name the chair or owner" };
    RegisterForm {
        heading: heading.into(),
        back: back(),
        fields,
        form,
        action: format!("/set-up/name/{key}"),
        button: "Save".into(),
        ..RegisterForm::default()
    }
}

/// The form for the lead.
///
/// # Errors
/// A template failed.
pub async fn lead(visit: Visit) -> Answer {
    visit.page(&named_page("lead", Role::Dsl, FormView::new()))
}

/// The form for the chair.
///
/// # Errors
/// A template failed.
pub async fn chair(visit: Visit) -> Answer {
    visit.page(&named_page("chair", Role::Chair, FormView::new()))
}

/// Names somebody.
///
/// # Errors
/// The records are away.
pub async fn named(visit: Visit, Path(key): Path<String>, form: Form<Named>) -> Answer {
    let role = role_of(&key)?;
    let Some(Named(person)) = form.input else { return visit.again(&named_page(&key, role, form.view)) };
    match setup::name_somebody(visit.services(), &mut visit.ctx(), role, person).await {
        Ok(Some(handed)) => visit.page(&handed_over(&visit, &handed, "/set-up".into())),
        Ok(None) => visit.go_saying("/set-up", Tone::Done, "Saved."),
        Err(error) => visit.again(&named_page(&key, role, mend(form.view, error)?)),
    }
}

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
pub async fn filtering_get(visit: Visit) -> Answer {
    visit.page(&filtering_page(FormView::new()))
}

/// Saves it.
///
/// # Errors
/// The records are away.
pub async fn filtering_post(visit: Visit, form: Form<Filtering>) -> Answer {
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

/// The typed-back code.
pub struct Code(Secret);

impl FromForm for Code {
    const SECRETS: &'static [&'static str] = &["code"];

    fn read(fields: &mut Fields) -> Option<Self> {
        fields.secret("code", "Type the code from the paper").map(Self)
    }
}

async fn code_page(visit: &Visit, form: FormView) -> Result<RegisterForm, Fault> {
    let code = setup::printed_code(visit.services(), &visit.ctx()).await?;
    let about = match &code {
        Some(_) => vec![
            "If this computer breaks or is stolen, this code opens the backups. Nothing else does.".to_owned(),
            "Print this page twice. Two people keep one each, not beside this computer. Then type it from the paper: the page shows it no more afterwards.".to_owned(),
        ],
        None => vec![
            "The code is on paper with two people. You can check a paper here: type it.".to_owned(),
        ],
    };
    let typed = form
        .text("code", "Type the code from the paper")
        .hint("Eight groups of four. Capitals and dashes do not matter.");
    Ok(RegisterForm {
        heading: "The recovery code".into(),
        back: back(),
        about,
        fields: vec![field(&typed)],
        form,
        paper_code: code.map(|code| code.0),
        action: "/set-up/recovery-code".into(),
        button: "This is what the paper says".into(),
        ..RegisterForm::default()
    })
}

/// The code to print, and where to type it back.
///
/// # Errors
/// The records are away.
pub async fn code_get(visit: Visit) -> Answer {
    visit.page(&code_page(&visit, FormView::new()).await?)
}

/// Typed back.
///
/// # Errors
/// The records are away.
pub async fn code_post(visit: Visit, form: Form<Code>) -> Answer {
    let Some(Code(code)) = form.input else { return visit.again(&code_page(&visit, form.view).await?) };
    match setup::type_back(visit.services(), &mut visit.ctx(), code.reveal()).await {
        Ok(()) => visit.go_saying("/set-up", Tone::Done, "The paper is right. It opens this Holdfast and its backups."),
        Err(error) => visit.again(&code_page(&visit, mend(form.view, error)?).await?),
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
