//! Held devices, one's notices, the outbox.

use app::contacts;
use app::holds::leaves::{self, LeaveWord};
use app::holds::{self, Leave};
use app::notices::{self, Way};
use domain::access::{Action, Relation, authorize};
use domain::concern::Urgency;
use domain::{DeviceId, HoldId};
use views::FormView;
use views::pages::concerns::beside::{HoldCard, Holds, Notices, Outbox};
use views::ui::{Cell, Table, Tag, Tone};

use super::case::{cut, until};
use super::{moment, options};
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend};

/// Held devices.
///
/// # Errors
/// Not for this person.
pub async fn holds(visit: Visit) -> Answer {
    visit.page(&page(&visit, FormView::new()).await?)
}

async fn page(visit: &Visit, form: FormView) -> Result<Holds, Fault> {
    let ctx = visit.ctx();
    let decides = authorize(&ctx.actor, Action::DecideHold, Relation::Setting).is_ok();
    let held = holds::list(visit.services(), &ctx).await?;
    let lists = contacts::lists(visit.services(), &ctx).await?;
    let cases = authorize(&ctx.actor, Action::ReadQueue, Relation::Setting).is_ok();
    let on_word = if cases { leaves::list(visit.services(), &ctx).await? } else { Vec::new() };
    let word = |hold: HoldId| {
        let leave = on_word.iter().find(|leave| leave.hold == hold)?;
        let whose = match leave.word {
            LeaveWord::Police => "Held on the word of the police",
            LeaveWord::Lado => "Held on the word of the LADO",
            LeaveWord::Danger => "Held because somebody was in danger",
        };
        let by = moment(visit, leave.look_again_at);
        let say = format!("{whose}, says {}: {} Ask again by {by}.", leave.given_by, leave.why);
        Some((leave.id.to_string(), say, leave.look_again_at <= ctx.now))
    };
    Ok(Holds {
        words: [("police", "the police"), ("lado", "the LADO"), ("danger", "nobody yet: somebody is in danger")]
            .map(|(key, label)| (key.to_owned(), label.to_owned()))
            .into(),
        holds: held
            .into_iter()
            .map(|hold| {
                let placed = hold.placed_by.as_deref().map(|by| {
                    format!("Held by {by}, {}, {}.", moment(visit, hold.placed_at), until(visit, hold.until))
                });
                HoldCard {
                    word: word(hold.id),
                    id: hold.id.to_string(),
                    device: hold.device_name,
                    waits: placed.is_some() && hold.confirmed_by.is_none(),
                    decides: decides && placed.is_some(),
                    cut: placed.is_some().then(|| cut(visit, hold.cut)),
                    placed,
                    custody: hold.custody,
                    reason: hold.reason,
                    can_release: !hold.for_a_concern,
                    concern: hold.concern.map(|id| format!("/concerns/{id}")),
                }
            })
            .collect(),
        decides,
        devices: options(&lists.devices),
        form,
    })
}

/// A device to hold, and why.
pub struct Device(DeviceId, String);

impl FromForm for Device {
    fn read(fields: &mut Fields) -> Option<Self> {
        let device = fields.parsed("device", "Choose the device");
        let why = fields.maybe("why", 300);
        Some(Self(device?, why?.unwrap_or_default()))
    }
}

/// Holds a device.
///
/// # Errors
/// Not for this person.
pub async fn place(visit: Visit, form: Form<Device>) -> Answer {
    let Some(Device(device, why)) = form.input else { return visit.again(&page(&visit, form.view).await?) };
    match holds::place_saying(visit.services(), &mut visit.ctx(), device, &why).await {
        Ok(placed) => visit.go_saying("/holds", Tone::Done, &format!("{} is being cut off.", placed.device)),
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?).await?),
    }
}

/// A hold to decide on.
pub struct Hold(HoldId, Option<String>);

impl FromForm for Hold {
    fn read(fields: &mut Fields) -> Option<Self> {
        let custody = fields.maybe("custody", 300);
        let hold = fields.parsed("hold", "Choose the hold");
        Some(Self(hold?, custody?))
    }
}

/// Confirms a hold.
///
/// # Errors
/// Not for this person.
pub async fn confirm(visit: Visit, form: Form<Hold>) -> Answer {
    let Some(Hold(hold, custody)) = form.input else { return visit.again(&page(&visit, form.view).await?) };
    holds::confirm(visit.services(), &mut visit.ctx(), hold, custody).await?;
    visit.go_saying("/holds", Tone::Done, "Confirmed: it stays until somebody lets it back.")
}

/// Writes down where a held device lies and whose key it is.
///
/// # Errors
/// Not for this person.
pub async fn custody(visit: Visit, form: Form<Hold>) -> Answer {
    let Some(Hold(hold, custody)) = form.input else { return visit.again(&page(&visit, form.view).await?) };
    match holds::keep(visit.services(), &mut visit.ctx(), hold, &custody.unwrap_or_default()).await {
        Ok(()) => visit.go_saying("/holds", Tone::Done, "Written down."),
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?).await?),
    }
}

/// A word that still holds.
pub struct Again {
    leave: uuid::Uuid,
    word: Leave,
    found: String,
}

impl FromForm for Again {
    fn read(fields: &mut Fields) -> Option<Self> {
        let leave = fields.parsed("leave", "Open this page again");
        let word = fields.choice(
            "word",
            |word| match word {
                "police" => Some(Leave::Police),
                "lado" => Some(Leave::Lado),
                "danger" => Some(Leave::Danger),
                _ => None,
            },
            "Choose on whose word it stays held",
        );
        let found = fields.text("found", 300, "Write whom you asked and what they said");
        Some(Self { leave: leave?, word: word?, found: found? })
    }
}

/// Somebody asked again, and it stays held.
///
/// # Errors
/// Not for this person.
pub async fn look_again(visit: Visit, form: Form<Again>) -> Answer {
    let Some(Again { leave, word, found }) = form.input else {
        return visit.again(&page(&visit, form.view).await?);
    };
    match leaves::look_again(visit.services(), &mut visit.ctx(), leave, word, &found).await {
        Ok(()) => visit.go_saying("/holds", Tone::Done, "Written down. It is asked again on its day."),
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?).await?),
    }
}

/// Lets a device back.
///
/// # Errors
/// Not for this person, or the hold belongs to a concern.
pub async fn release(visit: Visit, form: Form<Hold>) -> Answer {
    let Some(Hold(hold, _)) = form.input else { return visit.again(&page(&visit, form.view).await?) };
    holds::release(visit.services(), &mut visit.ctx(), hold).await?;
    visit.go_saying("/holds", Tone::Done, "The device is let back.")
}

/// What needs me.
///
/// # Errors
/// The records are away.
pub async fn notices(visit: Visit) -> Answer {
    let mine = notices::mine(visit.services(), &visit.ctx()).await?;
    let notices = mine.into_iter().map(|notice| {
        (notice.link, format!("Since {}", moment(&visit, notice.made_at)), notice.urgency == Urgency::Urgent)
    });
    visit.page(&Notices { notices: notices.collect() })
}

/// What was sent.
///
/// # Errors
/// Not for this person.
pub async fn outbox(visit: Visit) -> Answer {
    let outbox = notices::outbox(visit.services(), &visit.ctx()).await?;
    let mut table =
        Table::new("Sent").quiet_caption().column("To").column("How soon").column("When").column("Mail").column("Seen");
    for sent in outbox.sent {
        let urgency = match sent.urgency {
            Urgency::Urgent => Tag::new(Tone::Gap, "Urgent"),
            Urgency::Prompt => Tag::new(Tone::Calm, "Soon"),
        };
        let mail = match sent.mail {
            Way::Waiting => Tag::new(Tone::Due, "Waiting").into(),
            Way::Sent(at) => Cell::Text(moment(&visit, at)),
            Way::Failed(why) => Tag::new(Tone::Gap, &format!("Failed: {why}")).into(),
        };
        let seen = sent.seen_at.map_or_else(|| "Not yet".to_owned(), |at| moment(&visit, at));
        table.push(vec![
            Cell::Text(sent.to),
            urgency.into(),
            Cell::Text(moment(&visit, sent.made_at)),
            mail,
            Cell::Text(seen),
        ]);
    }
    visit.page(&Outbox { way: outbox.way, table })
}
