//! The evidence pack: every duty with its status and what shows it, as the PDF worker takes it. It leaves the building, so
//! it is in the audit, and carries the head of the audit chain (S37).
//!
//! What it is not: a second reckoning. It words what [`super::evaluate`] found, for the same reader, with the same silence
//! about small numbers and about concerns that are not theirs (S8).

use domain::OpCtx;
use domain::access::Refused;
use domain::clock::Calendar;
use domain::control::Status;
use serde_json::{Value, json};
use store::Scope;
use store::audit::Subject;

use super::{ControlStatus, ObligationStatus, Standing, evaluate};
use crate::{Error, Result, Services};

/// What stands on the front of the pack.
struct Front {
    fictional: bool,
    printed_by: String,
    audit_head: Option<String>,
}

/// The pack for the actor, today.
///
/// # Errors
/// As [`evaluate`].
pub async fn pack(services: &Services, ctx: &mut OpCtx) -> Result<Value> {
    let standing = evaluate(services, ctx).await?;
    let front = taken_away(services, ctx).await?;
    Ok(document(&standing, &front, &services.calendar))
}

/// Writes down that the pack was taken, and reads what stands on its front.
async fn taken_away(services: &Services, ctx: &mut OpCtx) -> Result<Front> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "evidence.export").await?;
    tx.note(member.setting, Subject { table: "evidence", id: None }, &json!({})).await?;
    tx.commit().await?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let setting = store::settings::lookup(&reader, member.setting).await?.ok_or(Error::NotFound)?;
    let who = store::people::lookup(&reader, member.setting, member.person).await?;
    let head = store::audit::newest(&reader, member.setting).await?;
    Ok(Front {
        fictional: setting.fictional,
        printed_by: who.map(|person| person.name).unwrap_or_default(),
        audit_head: head.map(|link| link.on_paper()),
    })
}

/// The shape is the worker's (`holdfast-reports`, template `evidence`).
fn document(standing: &Standing, front: &Front, calendar: &Calendar) -> Value {
    let summary = [Status::Met, Status::Due, Status::Gap, Status::NotBuilt, Status::NotApplicable]
        .into_iter()
        .filter(|status| standing.count(*status) > 0)
        .map(|status| json!({ "label": label(status), "value": standing.count(status).to_string() }));
    json!({ "template": "evidence", "data": {
        "title": "Evidence, clause by clause",
        "setting": standing.setting,
        "printed_by": front.printed_by,
        "printed_at": calendar.say(standing.at),
        "fictional": front.fictional,
        "audit_head": front.audit_head,
        "edition": standing.policy(),
        "summary": summary.collect::<Vec<_>>(),
        "clauses": standing.obligations.iter().map(|duty| clause(duty, standing, calendar)).collect::<Vec<_>>(),
    }})
}

fn clause(duty: &ObligationStatus, standing: &Standing, calendar: &Calendar) -> Value {
    json!({
        "id": duty.id,
        "duty": duty.duty,
        "source": duty.clauses.get(&standing.seed).map(|clauses| format!("Clause {}", clauses.join(", "))),
        "status": duty.status.key(),
        "evidence": duty.controls.iter().flat_map(|control| items(control, calendar)).collect::<Vec<_>>(),
    })
}

/// What was found for one control; where it is not met, what to do.
fn items(control: &ControlStatus, calendar: &Calendar) -> Vec<Value> {
    let found = control.evidence.iter().map(|one| json!({ "what": one.what, "at": calendar.say(one.at) }));
    let mend = (control.status != Status::Met).then(|| json!({ "what": format!("To do: {}", control.mend) }));
    found.chain(mend).collect()
}

fn label(status: Status) -> &'static str {
    match status {
        Status::Met => "Met",
        Status::Due => "Due soon",
        Status::Gap => "Gap",
        Status::NotBuilt => "Not built yet",
        Status::NotApplicable => "Not in this policy",
    }
}
