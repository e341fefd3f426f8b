//! A device goes to another group: at once to a stricter one, by a proposal to one that reaches more.

use app::devices;
use app::filtering::Risk;
use app::filtering::moving::{self, Move, Moved};
use axum::extract::Path;
use domain::DeviceId;
use views::pages::register::{RegisterForm, field};
use views::{FormView, ui::Tone};

use crate::fault::mend;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit};

/// As typed.
pub struct Input {
    group: String,
    reason: String,
    risk: Risk,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let group = fields.text("group", 60, "Choose a group");
        let mut text = |name: &str| fields.maybe(name, 2000).map(Option::unwrap_or_default);
        let (reason, harm, loss, safeguards) = (text("reason"), text("harm"), text("loss"), text("safeguards"));
        Some(Self { group: group?, reason: reason?, risk: Risk { harm: harm?, loss: loss?, safeguards: safeguards? } })
    }
}

/// The form.
///
/// # Errors
/// There is no such device, or the records are away.
pub async fn get(visit: Visit, Path(id): Path<DeviceId>) -> Answer {
    let page = page(&visit, id, FormView::new()).await?;
    visit.page(&page)
}

/// Moves it, or proposes to.
///
/// # Errors
/// There is no such device, or the records are away.
pub async fn post(visit: Visit, Path(id): Path<DeviceId>, form: Form<Input>) -> Answer {
    let Some(input) = form.input else { return visit.again(&page(&visit, id, form.view).await?) };
    let new = Move { device: id, to: input.group, reason: input.reason, risk: input.risk };
    match moving::propose(visit.services(), &mut visit.ctx(), new).await {
        Ok(Moved::Now) => {
            visit.go_saying(&format!("/devices/{id}"), Tone::Done, "It is in its new group now, which reaches no more.")
        }
        Ok(Moved::Waits(proposed)) => {
            let say =
                "Proposed. The device stays where it is until a safeguarding lead agrees and another person approves.";
            visit.go_saying(&format!("/filter/proposals/{}", proposed.id), Tone::Due, say)
        }
        Err(error) => visit.again(&page(&visit, id, mend(form.view, error)?).await?),
    }
}

async fn page(visit: &Visit, id: DeviceId, form: FormView) -> Result<RegisterForm, Fault> {
    let (services, ctx) = (visit.services(), visit.ctx());
    let view = devices::lookup(services, &ctx, id).await?;
    let groups = devices::groups(services, &ctx).await?;
    let others: Vec<(String, String)> = groups.into_iter().filter(|(key, _)| *key != view.device.group_key).collect();
    let why = "For a stricter group you may leave this and the rest empty.";
    let fields = vec![
        field(&form.select("group", "To which group?").option("", "Choose").options(&others)),
        field(&form.area("reason", "Why?").hint(why).max(2000).rows(3)),
        field(&form.area("harm", "Who could be harmed, and how?").max(2000).rows(2)),
        field(&form.area("loss", "What teaching or work could suffer?").max(2000).rows(2)),
        field(&form.area("safeguards", "What keeps people safe?").max(2000).rows(2)),
    ];
    Ok(RegisterForm {
        heading: format!("Move {} to another group", view.device.name),
        back: Some((format!("/devices/{id}"), "Back".into())),
        about: vec![
            format!("It is in {} now.", view.group),
            "To a group that reaches no more it goes at once. To one that reaches more it goes when a safeguarding lead has agreed and another person has approved.".into(),
        ],
        form,
        fields,
        action: format!("/devices/{id}/move"),
        button: "Move it".into(),
        ..RegisterForm::default()
    })
}
