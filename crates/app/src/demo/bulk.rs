//! Ten thousand invented concerns with two hundred thousand entries, fifty staff and a hundred and twenty children, for measuring pages:
//! entered below the use cases, in large transactions, audited like any other row.

use domain::concern::{ConcernKind, ConcernStatus, EntryKind, Part, RouteKind, Urgency};
use domain::people::{PersonKind, Role};
use domain::{EntryId, OpCtx, PersonId, SettingId};
use jiff::SignedDuration;
use store::Scope;
use store::concerns::{Concern, ConcernPerson, Entry};
use store::people::{Appointment, Person};
use store::words::Area;

use crate::{Error, Result, Services};

const AT_ONCE: usize = 100;

/// Allegations are the manager's alone, and a list of them would measure nothing.
const KINDS: [ConcernKind; 4] =
    [ConcernKind::FilterBreach, ConcernKind::ChildAtRisk, ConcernKind::Radicalisation, ConcernKind::SomethingElse];

const SAID: [(EntryKind, &str); 4] = [
    (EntryKind::Fact, "Invented for measuring: at the sand tray, two children disagreed over a picture on a screen."),
    (EntryKind::Told, "Invented for measuring: the lead was told at the door."),
    (EntryKind::Note, "Invented for measuring: spoken with both families; nothing further."),
    (EntryKind::Strategy, "Invented for measuring: agreed who rings whom, and by when."),
];

/// A referral that was sent and acknowledged.
fn referral(
    id: domain::ReferralId,
    concern: &Concern,
    made_by: Option<domain::PersonId>,
    at: jiff::Timestamp,
) -> Result<store::working::Referral> {
    Ok(store::working::Referral {
        id,
        setting_id: concern.setting_id,
        concern_id: concern.id,
        agency: "front_door".into(),
        step: None,
        state: domain::referral::ReferralState::Acknowledged,
        answers: serde_json::json!({ "concern": "Invented for measuring." }),
        consent: domain::referral::Consent::Given,
        consent_reason: None,
        reason: None,
        how: Some("telephone".into()),
        sent_at: Some(at),
        reference: Some("FD 1".into()),
        acknowledged_at: Some(at),
        outcome: None,
        outcome_at: None,
        chase_at: Some(at),
        made_by: made_by.ok_or_else(|| Error::Internal("the demo has no practitioner".into()))?,
        made_at: at,
        version: 0,
    })
}

/// Entries of each concern, and of the one that has gone on for years.
const ENTRIES: usize = 20;
const ENTRIES_OF_THE_LARGEST: usize = 400;

/// People of a large setting: at least so many.
const STAFF: usize = 50;
const CHILDREN: usize = 120;

const FIRST: [&str; 12] =
    ["Alba", "Bram", "Cleo", "Dara", "Esme", "Finn", "Gwen", "Hugo", "Iris", "Jude", "Kira", "Levi"];
const LAST: [&str; 17] = [
    "Appleyard",
    "Barrow",
    "Catchpole",
    "Dunmore",
    "Elver",
    "Fairlie",
    "Garner",
    "Hazel",
    "Ingle",
    "Jessop",
    "Kettle",
    "Larch",
    "Marl",
    "Nettle",
    "Orchard",
    "Pennywort",
    "Quill",
];

/// Invented people until there are as many as a large setting has. Staff are practitioners without a sign-in.
async fn crowd(services: &Services, ctx: &mut OpCtx, setting: SettingId) -> Result<()> {
    let mut tx = services.db.write(ctx, Scope::Setting(setting), "demo.bulk").await?;
    for (kind, least, from) in [(PersonKind::Staff, STAFF, 0), (PersonKind::Child, CHILDREN, STAFF)] {
        let there = store::people::list(&tx, setting, Some(kind)).await?.len();
        for number in there..least {
            // Twelve and seventeen have no divisor in common: 204 different names.
            let at = number.saturating_add(from);
            let first = FIRST.get(at % FIRST.len()).copied().unwrap_or_default();
            let last = LAST.get(at % LAST.len()).copied().unwrap_or_default();
            let id: PersonId = tx.fresh();
            let row = Person {
                id,
                setting_id: setting,
                kind,
                name: format!("{first} {last}"),
                known_as: first.to_owned(),
                born: None,
                email: None,
                email_verified_at: None,
                phone: None,
                room_id: None,
                joined: None,
                gone: None,
                version: 0,
            };
            store::people::add(&mut tx, &row).await?;
            if kind == PersonKind::Staff {
                let row = Appointment {
                    id: tx.fresh(),
                    setting_id: setting,
                    person_id: id,
                    role: Role::Practitioner,
                    starts_at: tx.now(),
                    ends_at: None,
                    made_by: None,
                    kinds: None,
                };
                store::people::add_appointment(&mut tx, &row).await?;
            }
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Adds so many concerns to a demo's setting: nine in ten closed, each with a child, a device and twenty entries, one with
/// four hundred, one in twenty with a referral; over all kinds and areas.
///
/// # Errors
/// [`Error::Unavailable`] outside a demo.
pub async fn add(services: &Services, ctx: &mut OpCtx, setting: SettingId, count: usize) -> Result<()> {
    if !services.demo {
        return Err(Error::Unavailable { say: "Only a demo takes invented concerns.".into() });
    }
    crowd(services, ctx, setting).await?;
    let reader = services.db.read(Scope::Setting(setting)).await?;
    let children = store::people::list(&reader, setting, Some(PersonKind::Child)).await?;
    let staff = store::people::list(&reader, setting, Some(PersonKind::Staff)).await?;
    let devices = store::devices::list(&reader, setting).await?;
    drop(reader);
    let now = ctx.now;
    // Of the open ones the oldest, which leads the queue.
    let largest = count.saturating_sub(1) / 10 * 10;
    for first in (0..count).step_by(AT_ONCE) {
        let mut tx = services.db.write(ctx, Scope::Setting(setting), "demo.bulk").await?;
        for procedure in
            services.content.procedures.values().filter(|it| KINDS.iter().any(|kind| it.kinds.contains(kind)))
        {
            crate::concerns::edition::keep(&mut tx, setting, procedure).await?;
        }
        for number in first..count.min(first + AT_ONCE) {
            let minutes = i64::try_from(number).unwrap_or(0) * 37;
            let at = now.saturating_sub(SignedDuration::from_mins(minutes + 60)).unwrap_or(now);
            let closed = number % 10 != 0;
            let reference = {
                let id: EntryId = tx.fresh();
                let digits = id.0.simple().to_string().to_uppercase();
                format!("B{}-{}", digits.get(20..25).unwrap_or("00000"), digits.get(25..32).unwrap_or("0000000"))
            };
            let by = |at: usize| staff.get(at % staff.len().max(1)).map(|person| person.id);
            let reporter = by(number);
            let kind = KINDS.get(number % KINDS.len()).copied().unwrap_or(ConcernKind::SomethingElse);
            let procedure = services
                .content
                .procedures
                .values()
                .find(|procedure| procedure.kinds.contains(&kind))
                .ok_or_else(|| Error::Internal(format!("no procedure for {}", kind.key())))?;
            let concern = Concern {
                id: tx.fresh(),
                setting_id: setting,
                receipt_hash: reference.clone(),
                reference,
                kind,
                route: RouteKind::Safeguarding,
                area: Area::ALL.get(number % Area::ALL.len()).copied().unwrap_or(Area::Conduct),
                urgency: Urgency::Prompt,
                status: if closed { ConcernStatus::Closed } else { ConcernStatus::Open },
                procedure: procedure.id.clone(),
                edition: procedure.edition.clone(),
                event_at: at,
                known_at: at,
                recorded_at: at,
                clock_suspect: false,
                reporter_id: reporter,
                device_id: devices.get(number % devices.len().max(1)).map(|device| device.id),
                room_id: None,
                told_in_person: None,
                stage_two_at: Some(at),
                opened_at: Some(at),
                opened_by: reporter,
                closed_at: closed.then_some(at),
                version: 0,
            };
            store::concerns::add(&mut tx, &concern).await?;
            if let Some(child) = children.get(number % children.len().max(1)) {
                let person = ConcernPerson {
                    setting_id: setting,
                    concern_id: concern.id,
                    person_id: child.id,
                    part: Part::Child,
                };
                store::concerns::add_person(&mut tx, &person).await?;
            }
            if number % 20 == 0 {
                let id = tx.fresh();
                store::working::add_referral(&mut tx, &referral(id, &concern, reporter, at)?).await?;
            }
            let entries = if number == largest { ENTRIES_OF_THE_LARGEST } else { ENTRIES };
            for (at_entry, (kind, text)) in SAID.iter().copied().cycle().take(entries).enumerate() {
                let entry = Entry {
                    id: tx.fresh(),
                    setting_id: setting,
                    concern_id: concern.id,
                    kind,
                    text: format!("{text} ({number})"),
                    event_at: at,
                    recorded_at: at,
                    author_id: by(number.saturating_add(at_entry)),
                    supersedes: None,
                    out_of_order: false,
                };
                store::concerns::add_entry(&mut tx, &entry).await?;
            }
        }
        tx.commit().await?;
    }
    services.db.tend().await?;
    Ok(())
}
