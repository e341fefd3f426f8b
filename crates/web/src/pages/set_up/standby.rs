//! What must be there on a bad day: the recovery code, help, systems that always work.

use app::setup::essential::{self, Where};
use app::setup::{self};
use domain::access::Action;
use views::FormView;
use views::pages::register::{RegisterForm, field};
use views::ui::Tone;

use super::back;
use crate::{
    Answer, Fields, Form, FromForm, Secret, Visit,
    fault::{Fault, mend},
};

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
