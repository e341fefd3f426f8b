//! The filter's self-test (FDM-05): harmless names through the real DNS and proxy path, from every group's point of view.
//! The result is a dated proof; a failure tells the lead and the technician at once.

use domain::access::{Action, Relation, authorize};
use domain::concern::Urgency;
use domain::{OpCtx, PersonId, Role, SettingId};
use jiff::{SignedDuration, Timestamp};
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

/// The daily job. That the gateway does not run is a proof of a gap, written down and told; the job has done its work.
pub(crate) async fn run_due(services: &Services, ctx: &mut OpCtx, setting: SettingId) -> Result<()> {
    match run_for(services, ctx, setting).await {
        Ok(_) | Err(Error::Unavailable { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// One run, as it was written down.
#[derive(Debug, Clone)]
pub struct Run {
    /// When.
    pub at: Timestamp,
    /// Did every part pass?
    pub ok: bool,
    /// In a sentence.
    pub summary: String,
    /// Its parts; none when it could not run.
    pub results: Vec<ProbeResult>,
}

/// The runs of the last thirty days, newest first.
///
/// # Errors
/// As any read.
pub async fn history(services: &Services, ctx: &OpCtx) -> Result<Vec<Run>> {
    authorize(&ctx.actor, Action::ReadFilter, Relation::Setting)?;
    let setting = ctx.member().ok_or(domain::access::Refused::SignIn)?.setting;
    let since = ctx.now.saturating_sub(SignedDuration::from_hours(24 * 30)).unwrap_or(ctx.now);
    let reader = services.db.read(Scope::Setting(setting)).await?;
    let rows = store::evidence::list(&reader, setting, Some(KIND), since).await?;
    Ok(rows
        .into_iter()
        .map(|row| Run {
            at: row.effective_at,
            ok: row.ok,
            summary: row.summary.clone(),
            // A run that could not begin holds none; the sentence says so.
            results: serde_json::from_value(row.detail.clone()).unwrap_or_default(),
        })
        .collect())
}

/// Runs it for a setting: the daily job, the command, the evidence.
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
