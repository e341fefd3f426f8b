//! Setting up a real nursery: the one-time link, then a list of steps in any order.

use app::accounts::Token;
use app::setup::essential::{self, Where};
use app::setup::{self, DayHours, FilteringAnswers, FirstPerson, NamedPerson, StepKey, steps::DAYS};
use axum::extract::Path;
use domain::Role;
use domain::access::Action;
use domain::setting::{ByPerson, FourEyes};
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
        StepKey::Essential => {
            ("Calls, alarms, medical devices, doors", "/set-up/essential", "What must work whatever the filter does.")
        }
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
            ("/set-up/approving".into(), "Who approves a change of the filter".into()),
            ("/set-up/help".into(), "When a child calls for help".into()),
            ("/set-up/by-person".into(), "Whose device asked: by person, or by device alone".into()),
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

/// How long a call rings in its room.
pub struct HelpAfter(u32);

impl FromForm for HelpAfter {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.parsed::<u32>("seconds", "Enter seconds, for example 60").map(Self)
    }
}

fn help_page(form: FormView) -> RegisterForm {
    let seconds = form
        .text("seconds", "After how many seconds is the office called too?")
        .hint("From 15 to 300. 60 is a good start.")
        .keyboard("numeric")
        .width(4);
    RegisterForm {
        heading: "When a child calls for help".into(),
        back: back(),
        about: vec![
            "The tablet sounds at once, with or without a network. The other devices of its room show the call and ring. When nobody there presses \u{201c}I\u{2019}m coming\u{201d} in time, the manager, the lead and the deputies are called too.".into(),
            "A room in which no other device stands open at its start page has nobody to ring: there the office is called at once.".into(),
        ],
        fields: vec![field(&seconds)],
        form,
        action: "/set-up/help".into(),
        button: "Save".into(),
        ..RegisterForm::default()
    }
}

/// The form, with what stands.
///
/// # Errors
/// The records are away.
pub async fn help_get(visit: Visit) -> Answer {
    let seconds = setup::help_after(visit.services(), &visit.ctx()).await?;
    visit.page(&help_page(FormView::new().with("seconds", seconds.to_string())))
}

/// Saves it.
///
/// # Errors
/// The records are away.
pub async fn help_post(visit: Visit, form: Form<HelpAfter>) -> Answer {
    let Some(HelpAfter(seconds)) = form.input else { return visit.again(&help_page(form.view)) };
    match setup::set_help_after(visit.services(), &mut visit.ctx(), seconds).await {
        Ok(()) => visit.go_saying("/set-up", Tone::Done, "Saved."),
        Err(error) => visit.again(&help_page(mend(form.view, error)?)),
    }
}

/// Where each system is.
pub struct Essential(essential::Answers);

impl FromForm for Essential {
    fn read(fields: &mut Fields) -> Option<Self> {
        let mut answers = essential::Answers::new();
        for (key, _) in essential::SYSTEMS {
            if let Some(answer) = fields.choice(key, Where::from_key, "Say where it is, or that there is none") {
                answers.insert(key.to_owned(), answer);
            }
        }
        (answers.len() == essential::SYSTEMS.len()).then_some(Self(answers))
    }
}

async fn essential_page(visit: &Visit, form: FormView) -> Result<RegisterForm, Fault> {
    let found = essential::standing(visit.services(), &visit.ctx()).await?;
    let mut about = vec![
        "Some devices must never wait for a filter: whoever rings 999, the fire alarm, a child\u{2019}s glucose monitor, the lock of the front door. They belong in the group of essential systems: for it only illegal addresses and malware are closed, it works when the lists are missing, and none of its devices can be held.".to_owned(),
        "Each device there is open to nearly everything, so it is for machines alone: never for a tablet or a computer at which somebody sits.".to_owned(),
    ];
    about.push(match found.devices.as_slice() {
        [] => {
            "No device is in that group. Add each one in the register of devices, with the group of essential systems."
                .to_owned()
        }
        names => format!("In that group now: {}.", names.join(", ")),
    });
    let mut fields = Vec::new();
    for (key, words) in essential::SYSTEMS {
        fields.push(field(
            &form
                .radios(key, words)
                .option_with("here", "It uses this network", "Its devices belong in the group of essential systems")
                .option_with("elsewhere", "It has a line of its own", "A telephone line, a SIM card")
                .option("none", "There is none, or it uses no network"),
        ));
    }
    Ok(RegisterForm {
        heading: "What must always work?".into(),
        // Whoever keeps the devices need not be who sets the rest up.
        back: back()
            .filter(|_| visit.may(Action::ChangeSetting))
            .or_else(|| Some(("/filter".into(), "The filter".into()))),
        about,
        fields,
        form,
        action: "/set-up/essential".into(),
        button: "Save".into(),
        ..RegisterForm::default()
    })
}

/// The form, with what was answered.
///
/// # Errors
/// The records are away.
pub async fn essential_get(visit: Visit) -> Answer {
    let found = essential::standing(visit.services(), &visit.ctx()).await?;
    let answers = found.answers.unwrap_or_default();
    let form = answers.iter().fold(FormView::new(), |form, (key, answer)| form.with(key, answer.key()));
    visit.page(&essential_page(&visit, form).await?)
}

/// Saves it.
///
/// # Errors
/// The records are away.
pub async fn essential_post(visit: Visit, form: Form<Essential>) -> Answer {
    let Some(Essential(answers)) = form.input else { return visit.again(&essential_page(&visit, form.view).await?) };
    match essential::answer(visit.services(), &mut visit.ctx(), answers).await {
        Ok(()) => visit.go_saying(
            "/set-up/essential",
            Tone::Done,
            "Saved. Put what uses this network in the group of essential systems.",
        ),
        Err(error) => visit.again(&essential_page(&visit, mend(form.view, error)?).await?),
    }
}
