//! Setting up a real nursery: the one-time link, then a list of steps in any order.

use app::setup::{self, StepKey};
use views::pages::register::RegisterThing;
use views::ui::{Banner, TaskList, Tone};

use crate::{Answer, Visit};

pub mod filtering;
pub mod first;
pub mod named;
pub mod standby;
pub mod times;

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
