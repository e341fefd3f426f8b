//! Who has a part in a concern, who is let in, who is shut out.

use app::concerns::{self, Afterwards};
use app::contacts;
use axum::extract::Path;
use domain::concern::Part;
use domain::{ConcernId, PersonId};
use views::FormView;
use views::pages::concerns::case::People;
use views::ui::Tone;

use super::options;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend};

/// The page.
///
/// # Errors
/// The concern is not for this person.
pub async fn get(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    visit.page(&page(&visit, id, FormView::new()).await?)
}

async fn page(visit: &Visit, id: ConcernId, form: FormView) -> Result<People, Fault> {
    let concern = concerns::open(visit.services(), &mut visit.ctx(), id).await?;
    let lists = contacts::lists(visit.services(), &visit.ctx()).await?;
    let workers = contacts::case_workers(visit.services(), &visit.ctx()).await?;
    let mut everybody = options(&lists.staff);
    everybody.extend(options(&lists.other_adults));
    everybody.extend(options(&lists.children));
    Ok(People {
        path: format!("/concerns/{id}"),
        reference: concern.reference,
        child_unknown: concern.child_unknown,
        child_given_up: concern.child_given_up,
        everybody,
        children: options(&lists.children),
        case_workers: options(&workers),
        form,
    })
}

/// After an act: back to the concern, or home if it goes its way without this person now.
async fn after(visit: &Visit, id: ConcernId, form: FormView, done: app::Result<Afterwards>) -> Answer {
    match done {
        Ok(Afterwards::Seen) => visit.go_saying(&format!("/concerns/{id}"), Tone::Done, "Saved."),
        Ok(Afterwards::Gone) => visit.go_saying("/", Tone::Done, "Saved. This goes its way without you now."),
        Err(error) => visit.again(&page(visit, id, mend(form, error)?).await?),
    }
}

/// The child who was not yet known.
pub struct Child(PersonId);

impl FromForm for Child {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.parsed("child", "Choose the child").map(Self)
    }
}

/// Names the child.
///
/// # Errors
/// The concern is not for this person.
pub async fn child(visit: Visit, Path(id): Path<ConcernId>, form: Form<Child>) -> Answer {
    let Some(Child(child)) = form.input else { return visit.again(&page(&visit, id, form.view).await?) };
    let done = concerns::name_child(visit.services(), &mut visit.ctx(), id, child).await;
    after(&visit, id, form.view, done).await
}

/// Why nobody can find out.
pub struct CannotKnow(String);

impl FromForm for CannotKnow {
    fn read(fields: &mut Fields) -> Option<Self> {
        let missing = "Say how you looked and why nobody can know";
        fields.text("cannot_know", concerns::LONGEST_LINE, missing).map(Self)
    }
}

/// Records that nobody can find out which child it was.
///
/// # Errors
/// The concern is not for this person, or no child is sought.
pub async fn cannot_know(visit: Visit, Path(id): Path<ConcernId>, form: Form<CannotKnow>) -> Answer {
    let Some(CannotKnow(reason)) = form.input else { return visit.again(&page(&visit, id, form.view).await?) };
    let done = concerns::child_cannot_be_known(visit.services(), &mut visit.ctx(), id, reason).await;
    after(&visit, id, form.view, done.map(|()| Afterwards::Seen)).await
}

/// Somebody with a part.
pub struct Somebody(PersonId, Part);

impl FromForm for Somebody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let person = fields.parsed("person", "Choose who");
        let part = fields.choice("part", Part::from_key, "Choose as what");
        Some(Self(person?, part?))
    }
}

/// Adds somebody.
///
/// # Errors
/// The concern is not for this person.
pub async fn part(visit: Visit, Path(id): Path<ConcernId>, form: Form<Somebody>) -> Answer {
    let Some(Somebody(person, part)) = form.input else { return visit.again(&page(&visit, id, form.view).await?) };
    let done = concerns::add_person(visit.services(), &mut visit.ctx(), id, person, part).await;
    after(&visit, id, form.view, done).await
}

/// Somebody to let in.
pub struct Colleague {
    person: PersonId,
    reason: String,
    hand_over: bool,
}

impl FromForm for Colleague {
    fn read(fields: &mut Fields) -> Option<Self> {
        let person = fields.parsed("colleague", "Choose who");
        let reason = fields.text("reason", concerns::LONGEST_LINE, "Say why, in a few words");
        Some(Self { person: person?, reason: reason?, hand_over: fields.yes("hand_over") })
    }
}

/// Lets somebody in, or hands over.
///
/// # Errors
/// The concern is not for this person.
pub async fn invite(visit: Visit, Path(id): Path<ConcernId>, form: Form<Colleague>) -> Answer {
    let Some(Colleague { person, reason, hand_over }) = form.input else {
        return visit.again(&page(&visit, id, form.view).await?);
    };
    let done = if hand_over {
        concerns::hand_over(visit.services(), &mut visit.ctx(), id, person, reason).await
    } else {
        concerns::invite(visit.services(), &mut visit.ctx(), id, person, reason).await.map(|()| Afterwards::Seen)
    };
    after(&visit, id, form.view, done).await
}

/// Somebody to shut out.
pub struct ShutOut(PersonId);

impl FromForm for ShutOut {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.parsed("shut_out", "Choose who must not see it").map(Self)
    }
}

/// Shuts somebody out.
///
/// # Errors
/// The concern is not for this person.
pub async fn exclude(visit: Visit, Path(id): Path<ConcernId>, form: Form<ShutOut>) -> Answer {
    let Some(ShutOut(person)) = form.input else { return visit.again(&page(&visit, id, form.view).await?) };
    let done = concerns::exclude(visit.services(), &mut visit.ctx(), id, person).await;
    after(&visit, id, form.view, done).await
}
