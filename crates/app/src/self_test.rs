//! The filter's self-test (FDM-05): harmless names through the real DNS and proxy path, from every group's point of view.
//! The result is a dated proof; a failure tells the lead and the technician at once.

use domain::access::{Action, Relation, authorize};
use domain::concern::Urgency;
use domain::{OpCtx, PersonId, Role, SettingId};
use store::Scope;
use store::evidence::Evidence;

use crate::filtering::publish;
use crate::gateway::ProbeResult;
use crate::notices::{self, Matter};
use crate::{Error, Result, Services};

/// Kind of the evidence rows.
pub const KIND: &str = "self_test";

/// Runs it for the actor's setting.
///
/// # Errors
/// [`Error::Unavailable`] when the gateway does not run; that too is a proof, of a gap.
pub async fn run(services: &Services, ctx: &mut OpCtx) -> Result<Vec<ProbeResult>> {
    authorize(&ctx.actor, Action::RunSelfTest, Relation::Setting)?;
    let setting = ctx.member().ok_or(domain::access::Refused::SignIn)?.setting;
    run_for(services, ctx, setting).await
}

/// Runs it for a setting: the daily job.
///
/// # Errors
/// As [`run`].
pub async fn run_for(services: &Services, ctx: &mut OpCtx, setting: SettingId) -> Result<Vec<ProbeResult>> {
    let reader = services.db.read(Scope::Setting(setting)).await?;
    let snapshot = publish::snapshot(services, &reader, setting, 1, ctx.now).await?;
    drop(reader);
    let results = services.gateway.probe(snapshot).await;
    let (ok, summary, detail) = match &results {
        Ok(results) => {
            let failed = results.iter().filter(|result| !result.passed).count();
            let summary = match failed {
                0 => format!("All {} parts passed, through DNS and proxy.", results.len()),
                _ => format!("{failed} of {} parts failed.", results.len()),
            };
            (failed == 0 && !results.is_empty(), summary, serde_json::to_value(results))
        }
        Err(why) => (false, format!("The self-test could not run: {why}"), Ok(serde_json::Value::Null)),
    };
    let mut tx = services.db.write(ctx, Scope::Setting(setting), Action::RunSelfTest.key()).await?;
    let proof = Evidence {
        id: tx.fresh(),
        setting_id: setting,
        kind: KIND.to_owned(),
        ok,
        summary,
        detail: detail.map_err(|error| Error::Internal(error.to_string()))?,
        effective_at: ctx.now,
        recorded_at: ctx.now,
        signed_by: None,
        fictional: false,
    };
    store::evidence::add(&mut tx, &proof).await?;
    if !ok {
        let mut people: Vec<PersonId> = Vec::new();
        for role in [Role::Dsl, Role::Deputy, Role::Technician] {
            let holders = store::people::find_by_role(&tx, setting, role, ctx.now).await?;
            people.extend(holders.iter().map(|holder| holder.person_id));
        }
        people.sort();
        people.dedup();
        let matter = Matter { urgency: Urgency::Prompt, link: "/filter/self-test", concern: None };
        notices::tell(&mut tx, setting, &people, &matter).await?;
    }
    tx.commit().await?;
    results.map_err(|say| Error::Unavailable { say })
}
