//! A concern on paper: the print page, and the data for the PDF of a parcel. Both are in the audit as what they are, and both
//! carry the head of the audit chain, so that paper bears witness too (S37). Files leave by one door: `keeping::exports` (S47).

use domain::access::Action;
use domain::clock::Calendar;
use domain::concern::{EntryKind, Part};
use domain::procedure::{Act, State};
use domain::{ConcernId, OpCtx};
use serde_json::{Value, json};
use store::Scope;

use super::view::{ConcernView, EntryView, What, look};
use crate::referrals::Paper;
use crate::{Error, Result, Services};

/// A concern to be printed, with the head of the chain at that moment.
#[derive(Debug, Clone)]
pub struct Print {
    /// The concern.
    pub concern: ConcernView,
    /// The setting's name.
    pub setting: String,
    /// Is it an invented setting?
    pub fictional: bool,
    /// Who prints.
    pub printed_by: String,
    /// The newest link of the audit chain: number and first letters of its hash.
    pub audit_head: Option<String>,
}

/// A concern for the print page.
///
/// # Errors
/// [`Error::NotFound`] for who may not see it.
pub async fn print(services: &Services, ctx: &mut OpCtx, id: ConcernId) -> Result<Print> {
    let concern = look(services, ctx, id, Action::ExportConcern, "concern.print").await?;
    let member = ctx.member().ok_or(Error::NotFound)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let setting = store::settings::lookup(&reader, member.setting).await?.ok_or(Error::NotFound)?;
    let who = store::people::lookup(&reader, member.setting, member.person).await?;
    let head = store::audit::newest(&reader, member.setting).await?;
    Ok(Print {
        concern,
        setting: setting.name,
        fictional: setting.fictional,
        printed_by: who.map(|person| person.name).unwrap_or_default(),
        audit_head: head.map(|link| link.on_paper()),
    })
}

/// A concern for the bench on which somebody's data or a file are made ready: read, and not yet exported.
///
/// # Errors
/// [`Error::NotFound`] for who may not see it.
pub(crate) async fn for_bench(services: &Services, ctx: &mut OpCtx, id: ConcernId) -> Result<ConcernView> {
    look(services, ctx, id, Action::ExportConcern, "concern.bench").await
}

/// A concern for what leaves the building.
///
/// # Errors
/// [`Error::NotFound`] for who may not see it.
pub(crate) async fn for_export(services: &Services, ctx: &mut OpCtx, id: ConcernId) -> Result<ConcernView> {
    look(services, ctx, id, Action::ExportConcern, "concern.export").await
}

/// The shape is the worker's (`holdfast-reports`, template `concern`).
pub(crate) fn document(concern: &ConcernView, on: &Paper, calendar: &Calendar) -> Value {
    json!({ "template": "concern", "data": {
        "title": format!("Concern {}", concern.reference),
        "setting": on.setting,
        "printed_by": on.printed_by,
        "printed_at": on.printed_at,
        "marking": on.marking,
        "fictional": on.fictional,
        "audit_head": on.audit_head,
        "reference": concern.reference,
        "sections": [facts(concern, calendar), people(concern)],
        "steps": concern.steps.iter().filter(|step| step.state != State::NotNeeded).map(|step| json!({
            "title": step.step.title,
            "state": state(step.state, concern.next.as_deref() == Some(step.step.key.as_str())),
            "who": step.records.last().map(|record| record.by.clone()),
            "at": step.records.last().map(|record| calendar.say(record.event_at)),
            "note": step.waived,
        })).collect::<Vec<_>>(),
        "chronology": concern.chronology.iter().map(|entry| line(entry, calendar)).collect::<Vec<_>>(),
    }})
}

fn facts(concern: &ConcernView, calendar: &Calendar) -> Value {
    let row = |label: &str, value: String| json!({ "label": label, "value": value });
    // The minute in which somebody without an account wrote is nobody's business (S14).
    let say = |at| match concern.unsigned {
        true => domain::clock::say_day(calendar.local(at).date()),
        false => calendar.say(at),
    };
    let mut rows = vec![
        row("What it is about", kind_in_words(concern.kind).to_owned()),
        row("Happened", say(concern.event_at)),
        row("Known here", say(concern.known_at)),
        row("Written down", say(concern.recorded_at)),
    ];
    if let Some((at, by)) = &concern.opened {
        rows.push(row("First opened", format!("{} by {by}", calendar.say(*at))));
    }
    if let Some(at) = concern.closed_at {
        rows.push(row("Closed", calendar.say(at)));
    }
    if let Some((_, device)) = &concern.device {
        rows.push(row("Device", device.clone()));
    }
    if let Some(procedure) = &concern.procedure {
        rows.push(row("Procedure", format!("{}, edition {}", procedure.title, procedure.edition)));
    }
    json!({ "heading": "The facts", "rows": rows })
}

fn people(concern: &ConcernView) -> Value {
    let part = |part: Part| match part {
        Part::Child => "Child",
        Part::About => "Adult it is about",
        Part::Witness => "Witness",
    };
    let mut rows: Vec<Value> =
        concern.people.iter().map(|person| json!({ "label": part(person.part), "value": person.name })).collect();
    if let Some(reporter) = &concern.reporter {
        rows.push(json!({ "label": "Told by", "value": reporter }));
    }
    json!({ "heading": "People", "rows": rows })
}

fn line(entry: &EntryView, calendar: &Calendar) -> Value {
    let mut text = entry.text.clone();
    for answer in &entry.answers {
        text.push_str(&format!("\n{}: {}", answer.label, answer.value));
    }
    if entry.out_of_order {
        text.push_str("\nRecorded out of its order.");
    }
    if entry.corrected {
        text.push_str("\nCorrected later.");
    }
    let sent = entry.is_from_sender();
    let say = |at| match sent {
        true => domain::clock::say_day(calendar.local(at).date()),
        false => calendar.say(at),
    };
    let nobody = if sent { "The sender, without an account" } else { "Holdfast" };
    json!({
        "at": say(entry.event_at),
        "recorded_at": (entry.recorded_at != entry.event_at && !sent).then(|| say(entry.recorded_at)),
        "author": entry.author.clone().unwrap_or_else(|| nobody.into()),
        "kind": what_in_words(entry.what),
        "text": text,
    })
}

fn state(state: State, next: bool) -> &'static str {
    match state {
        State::Done => "done",
        State::OutOfOrder => "out_of_order",
        State::Waived | State::NotNeeded => "waived",
        State::Ready if next => "next",
        State::Ready | State::Locked => "later",
    }
}

/// What an entry is, for people.
pub fn what_in_words(what: What) -> &'static str {
    match what {
        What::Said(EntryKind::Fact) => "What was seen and heard",
        What::Said(EntryKind::ChildWords) => "The child's exact words",
        What::Said(EntryKind::AdultWords) => "What the adult said",
        What::Said(EntryKind::Opinion) => "What the writer thinks it means",
        What::Said(EntryKind::Safety) => "Who is safe",
        What::Said(EntryKind::Told) => "Who was told",
        What::Said(EntryKind::Present) => "Who was there",
        What::Said(EntryKind::AlreadyHappened) => "It had already happened",
        What::Said(EntryKind::Correction) => "Correction",
        What::Said(EntryKind::Note) => "Note",
        What::Said(EntryKind::Strategy) => "Strategy note",
        What::Said(EntryKind::Voice) => "The child's wishes and feelings",
        What::Said(EntryKind::Threshold) => "Why this level of need",
        What::Said(EntryKind::Plan) => "Support plan",
        What::Said(EntryKind::Withheld) => "Why the parents were not told",
        What::Said(EntryKind::Referral) => "Referral",
        What::Said(EntryKind::System) => "Holdfast",
        What::Said(EntryKind::FromSender) => "From the sender",
        What::Said(EntryKind::ToSender) => "To the sender",
        What::Said(EntryKind::Viewing) => "Declared before looking",
        What::Said(EntryKind::CouldShow) => "Before a file was added",
        What::Said(EntryKind::CannotShow) => "Why files may be added again",
        What::Step(Act::Done) => "Step done",
        What::Step(Act::AlreadyHappened) => "Step that had already happened",
        What::Step(Act::Waived) => "Waived, with a reason",
        What::Step(Act::Reopened) => "To be done again",
    }
}

/// What a concern is about, for people.
pub fn kind_in_words(kind: domain::concern::ConcernKind) -> &'static str {
    kind.in_words()
}
