//! Break-glass for adults' devices (S30): the form, what is open, and what somebody else found afterwards.

use app::filtering::break_glass::{self, Open, View};
use axum::extract::Path;
use uuid::Uuid;
use views::FormView;
use views::pages::break_glass::{BreakGlass, BreakGlassCard};
use views::ui::Tone;

use super::say;
use crate::pages::sessions::Press;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend};

/// The form and the list. Whoever was told has seen it.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit) -> Answer {
    app::notices::seen(visit.services(), &mut visit.ctx(), break_glass::LINK).await?;
    visit.page(&page(&visit, FormView::new()).await?)
}

async fn page(visit: &Visit, form: FormView) -> Result<BreakGlass, Fault> {
    let found = break_glass::standing(visit.services(), &visit.ctx()).await?;
    let cards = found.all.iter().map(|one| card(visit, one, found.may_open)).collect();
    Ok(BreakGlass { groups: found.groups, may_open: found.may_open, form, cards })
}

fn card(visit: &Visit, one: &View, may_end: bool) -> BreakGlassCard {
    BreakGlassCard {
        heading: format!("{}, opened by {}", one.group, one.by),
        times: format!("{} until {}", say(visit, one.from), say(visit, one.until)),
        reason: one.reason.clone(),
        end: (one.open && may_end).then(|| format!("{}/{}/end", break_glass::LINK, one.id)),
        open: one.open,
        review: one.review.as_ref().map(|(by, at, said)| format!("{said} ({by}, {})", say(visit, *at))),
        action: one.mine_to_review.then(|| format!("{}/{}/review", break_glass::LINK, one.id)),
    }
}

/// What somebody typed.
pub struct Input(Open);

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let group = fields.text("group", 100, "Choose the devices");
        let hours = fields.choice("hours", |hours| hours.parse().ok(), "Choose how long");
        let reason = fields.text("reason", 2_000, "Say what happened, and what must be reached");
        let again = fields.text("again", 100, "Type the name of the group once more");
        Some(Self(Open { group: group?, hours: hours?, reason: reason?, again: again? }))
    }
}

/// Opens a group.
///
/// # Errors
/// The records are away.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let Some(Input(new)) = form.input else { return visit.again(&page(&visit, form.view).await?) };
    match break_glass::open(visit.services(), &mut visit.ctx(), new).await {
        Ok(_) => {
            let words = "Open. It ends by itself; end it sooner when you are done. The lead and the manager know.";
            visit.go_saying(break_glass::LINK, Tone::Due, words)
        }
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?).await?),
    }
}

/// Ends one before its time.
///
/// # Errors
/// None of that id is open.
pub async fn end(visit: Visit, Path(id): Path<Uuid>, form: Form<Press>) -> Answer {
    if form.input.is_none() {
        return visit.go_saying(break_glass::LINK, Tone::Due, "Nothing was done. Press the button once more.");
    }
    break_glass::end(visit.services(), &mut visit.ctx(), id).await?;
    visit.go_saying(break_glass::LINK, Tone::Done, "It has ended. The filter is as before.")
}

/// What somebody else found.
pub struct Finding(String);

impl FromForm for Finding {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("finding", 2_000, "Write what you found").map(Self)
    }
}

/// Writes it down.
///
/// # Errors
/// It is not for this person.
pub async fn review(visit: Visit, Path(id): Path<Uuid>, form: Form<Finding>) -> Answer {
    let Some(Finding(finding)) = form.input else { return visit.again(&page(&visit, form.view).await?) };
    match break_glass::review(visit.services(), &mut visit.ctx(), id, &finding).await {
        Ok(()) => visit.go_saying(break_glass::LINK, Tone::Done, "Written down."),
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?).await?),
    }
}
