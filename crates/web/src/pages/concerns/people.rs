//! Who has a part in a concern, who is let in, who is shut out.

use app::concerns::{self, Afterwards, Foreseen, back};
use app::contacts;
use axum::extract::Path;
use domain::concern::Part;
use domain::{ConcernId, PersonId};
use uuid::Uuid;
use views::FormView;
use views::pages::concerns::case::{Mistake, People};
use views::pages::register::RegisterForm;
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
    let out = back::shut_out_of(visit.services(), &visit.ctx(), id).await?;
    Ok(People {
        path: format!("/concerns/{id}"),
        reference: concern.reference,
        child_unknown: concern.child_unknown,
        child_given_up: concern.child_given_up,
        everybody,
        children: options(&lists.children),
        case_workers: options(&workers),
        shut_out: options(&out.people),
        mistakes: out.proposals.iter().map(|one| mistake(visit, one)).collect(),
        form,
    })
}

fn mistake(visit: &Visit, one: &back::Proposal) -> Mistake {
    let say = |at| visit.services().calendar.say(at);
    Mistake {
        id: one.id.to_string(),
        who: one.who.clone(),
        why: one.reason.clone(),
        by: format!("{}, {}", one.by.0, say(one.by.1)),
        decided: one.decided.as_ref().map(|(who, at, agreed)| {
            let how = if *agreed { "Agreed" } else { "Not agreed, or taken back" };
            format!("{how}: {who}, {}", say(*at))
        }),
        to_decide: one.to_decide,
        mine: one.mine,
    }
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
pub struct Somebody {
    person: PersonId,
    part: Part,
    /// Who loses sight by it was shown.
    shown: bool,
}

impl FromForm for Somebody {
    fn read(fields: &mut Fields) -> Option<Self> {
        let person = fields.parsed("person", "Choose who");
        let part = fields.choice("part", Part::from_key, "Choose as what");
        Some(Self { person: person?, part: part?, shown: fields.yes("shown") })
    }
}

/// Adds somebody.
///
/// # Errors
/// The concern is not for this person.
pub async fn part(visit: Visit, Path(id): Path<ConcernId>, form: Form<Somebody>) -> Answer {
    let Some(Somebody { person, part, shown }) = form.input else {
        return visit.again(&page(&visit, id, form.view).await?);
    };
    if !shown {
        match concerns::foresee(visit.services(), &mut visit.ctx(), id, person, part).await {
            Ok(foreseen) if part == Part::About || !foreseen.lose.is_empty() => {
                return visit.page(&before(&visit, id, (person, part), &foreseen).await?);
            }
            Ok(_) => {}
            Err(error) => return visit.again(&page(&visit, id, mend(form.view, error)?).await?),
        }
    }
    let done = concerns::add_person(visit.services(), &mut visit.ctx(), id, person, part).await;
    after(&visit, id, form.view, done).await
}

/// Who loses sight, said before it happens.
async fn before(
    visit: &Visit,
    id: ConcernId,
    (person, part): (PersonId, Part),
    foreseen: &Foreseen,
) -> Result<RegisterForm, Fault> {
    let concern = concerns::open(visit.services(), &mut visit.ctx(), id).await?;
    let mut about = Vec::new();
    if foreseen.rerouted {
        about
            .push("It becomes a concern about an adult who works here, and goes to the case manager alone.".to_owned());
    }
    about.push(match foreseen.lose.as_slice() {
        [] => "Nobody who sees this concern now loses sight of it.".to_owned(),
        names => format!("From then on these no longer see it, nor learn that it exists: {}.", names.join(", ")),
    });
    if foreseen.me {
        about.push(
            "You are one of them. Tell whoever takes it what you know before you go on; you cannot come back to it."
                .to_owned(),
        );
    }
    about.push("Nobody who is shut out is told. It can be undone by two people only.".to_owned());
    let (person, key) = (person.to_string(), part.key());
    Ok(RegisterForm {
        heading: format!("Concern {}: who loses sight of it", concern.reference),
        back: Some((format!("/concerns/{id}/people"), "Not now: back to who is involved".to_owned())),
        about,
        fields: [("person", person.as_str()), ("part", key), ("shown", "yes")]
            .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">"))
            .into(),
        action: format!("/concerns/{id}/people/part"),
        button: "Add them, and shut these out".to_owned(),
        ..RegisterForm::default()
    })
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

/// Who was shut out by mistake, and why.
pub struct Back {
    person: PersonId,
    reason: String,
}

impl FromForm for Back {
    fn read(fields: &mut Fields) -> Option<Self> {
        let person = fields.parsed("back", "Choose who was shut out by mistake");
        let reason = fields.text("why_back", concerns::LONGEST_LINE, "Say why that was a mistake");
        Some(Self { person: person?, reason: reason? })
    }
}

/// Says that somebody was shut out by mistake.
///
/// # Errors
/// The concern is not for this person.
pub async fn back(visit: Visit, Path(id): Path<ConcernId>, form: Form<Back>) -> Answer {
    let Some(Back { person, reason }) = form.input else { return visit.again(&page(&visit, id, form.view).await?) };
    match back::propose(visit.services(), &mut visit.ctx(), id, person, &reason).await {
        Ok(_) => {
            let say = "Written down. Somebody else who works this concern has to agree.";
            visit.go_saying(&format!("/concerns/{id}/people"), Tone::Done, say)
        }
        Err(error) => visit.again(&page(&visit, id, mend(form.view, error)?).await?),
    }
}

/// The second person's word.
pub struct Decided {
    proposal: Uuid,
    word: back::Word,
}

impl FromForm for Decided {
    fn read(fields: &mut Fields) -> Option<Self> {
        let proposal = fields.parsed("proposal", "Open this page again");
        let word = fields.choice(
            "word",
            |word| match word {
                "agree" => Some(back::Word::Agree),
                "refuse" => Some(back::Word::Refuse),
                _ => None,
            },
            "Agree, or not",
        );
        Some(Self { proposal: proposal?, word: word? })
    }
}

/// Agrees that somebody is let back, or does not.
///
/// # Errors
/// The concern is not for this person, or nothing waits.
pub async fn decide_back(visit: Visit, Path(id): Path<ConcernId>, form: Form<Decided>) -> Answer {
    let Some(Decided { proposal, word }) = form.input else {
        return visit.again(&page(&visit, id, form.view).await?);
    };
    let done = back::decide(visit.services(), &mut visit.ctx(), id, proposal, word).await;
    after(&visit, id, form.view, done.map(|()| Afterwards::Seen)).await
}
