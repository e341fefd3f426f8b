//! Reading referrals: one, those of a concern, the list of all that the viewer may know of.

use std::collections::BTreeMap;

use domain::access::{Action, Refused, Relation, authorize};
use domain::content::Agency;
use domain::ctx::Member;
use domain::procedure::{Answers, Locked};
use domain::referral::{Consent, ReferralForm, ReferralState};
use domain::{ConcernId, OpCtx, ReferralId};
use jiff::Timestamp;
use store::audit::Subject;
use store::working::{First, Referral, Referrals};
use store::{Reads, Scope};

use crate::concerns::case;
use crate::sight::sees;
use crate::{Error, Result, Services, agencies};

/// A referral, whole.
#[derive(Debug, Clone)]
pub struct ReferralView {
    /// Which.
    pub id: ReferralId,
    /// From which concern.
    pub concern: ConcernId,
    /// Its reference.
    pub concern_reference: String,
    /// To whom.
    pub to: String,
    /// The agency, with its numbers; none when no pack knows it any more.
    pub agency: Option<Agency>,
    /// What it asks for.
    pub form: ReferralForm,
    /// What was written, by field.
    pub answers: Answers,
    /// Questions that must be answered before it is sent, and are not.
    pub missing: Vec<String>,
    /// Where it stands.
    pub state: ReferralState,
    /// Do those with parental responsibility agree?
    pub consent: Consent,
    /// Why it goes without them.
    pub consent_reason: Option<String>,
    /// Why it was not made.
    pub reason: Option<String>,
    /// How it went.
    pub how: Option<String>,
    /// When.
    pub sent_at: Option<Timestamp>,
    /// Their reference.
    pub reference: Option<String>,
    /// When they answered.
    pub acknowledged_at: Option<Timestamp>,
    /// What they decided.
    pub outcome: Option<String>,
    /// When.
    pub outcome_at: Option<Timestamp>,
    /// When to ask them again.
    pub chase_at: Option<Timestamp>,
    /// That time is past, and they have not answered.
    pub late: bool,
    /// Who wrote it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
    /// "Police or advice first", where that stands before this recipient.
    pub locked: Option<Locked>,
    /// For lost updates.
    pub version: i64,
}

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf {
    /// Drafts, and what waits for an answer.
    Open,
    /// With an outcome, or not made.
    Finished,
}

/// How a referral stands, for people.
pub fn state_in_words(state: ReferralState) -> &'static str {
    match state {
        ReferralState::Drafted => "Drafted, not sent",
        ReferralState::Sent => "Sent, no answer yet",
        ReferralState::Acknowledged => "They have it",
        ReferralState::Outcome => "Outcome known",
        ReferralState::NotMade => "Not made",
    }
}

/// One referral. Reading it is a look at its concern, and in the audit as such.
///
/// # Errors
/// [`Error::NotFound`] for who may not see its concern.
pub async fn one(services: &Services, ctx: &mut OpCtx, id: ReferralId) -> Result<ReferralView> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.view").await?;
    let row = store::working::lookup_referral(&tx, member.setting, &sees(&member), id).await?.ok_or(Error::NotFound)?;
    let case = case::of(&tx, ctx, Action::OpenConcern, row.concern_id).await?;
    let subject = Subject { table: "concern", id: Some(row.concern_id.0) };
    tx.note(member.setting, subject, &serde_json::json!({ "referral": id })).await?;
    let around = Around::load(services, &tx, &member).await?;
    let agency = around.agency(&row.agency).cloned();
    let locked = match &agency {
        Some(agency) => super::shut(services, &tx, &case, agency, row.step.as_deref()).await?,
        None => None,
    };
    let names = crate::concerns::Names::load(&tx, member.setting).await?;
    let view = around.view(services, row, case.concern.reference.clone(), &names, ctx.now)?;
    tx.commit().await?;
    Ok(ReferralView { locked, ..view })
}

/// The referrals of a concern, oldest first.
///
/// # Errors
/// [`Error::NotFound`] for who may not see it.
pub async fn of_concern(services: &Services, ctx: &OpCtx, id: ConcernId) -> Result<Vec<ReferralView>> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let case = case::of(&reader, ctx, Action::OpenConcern, id).await?;
    let which = Referrals { concern: Some(id), ..Referrals::default() };
    let mut rows = store::working::list_referrals(&reader, member.setting, &sees(member), &which).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    rows.reverse();
    let around = Around::load(services, &reader, member).await?;
    let names = crate::concerns::Names::load(&reader, member.setting).await?;
    rows.into_iter().map(|row| around.view(services, row, case.concern.reference.clone(), &names, ctx.now)).collect()
}

/// Rows of one part of a list.
const SHOWN: usize = 50;

/// A part of a list.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// Its rows.
    pub rows: Vec<ReferralView>,
    /// There are more after them.
    pub more: bool,
}

/// Referrals of all concerns that the viewer may know of, part by part: on the open shelf those to be asked about soonest first,
/// and so the late ones before all others; on the other the newest first.
///
/// # Errors
/// [`Refused`] for who holds no cases.
pub async fn list(services: &Services, ctx: &OpCtx, shelf: Shelf, part: usize) -> Result<Listed> {
    authorize(&ctx.actor, Action::ReadQueue, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let viewer = sees(member);
    let which = Referrals {
        first: if shelf == Shelf::Open { First::ToAskAbout } else { First::Newest },
        // One more than is shown says that there are more; the bound keeps the number within what databases count with.
        limit: Some(SHOWN as u64 + 1),
        skip: Some(u64::try_from(part).unwrap_or(u64::MAX).min(1_000_000).saturating_mul(SHOWN as u64)),
        ..of_shelf(shelf)
    };
    let mut rows = store::working::list_referrals(&reader, member.setting, &viewer, &which).await?;
    let more = rows.len() > SHOWN;
    rows.truncate(SHOWN);
    let ids: Vec<ConcernId> = rows.iter().map(|row| row.concern_id).collect();
    let references = store::concerns::list_references(&reader, member.setting, &viewer, &ids).await?;
    let references: BTreeMap<ConcernId, String> = references.into_iter().collect();
    let around = Around::load(services, &reader, member).await?;
    let names = crate::concerns::Names::load(&reader, member.setting).await?;
    let mut views = Vec::new();
    for row in rows {
        let Some(reference) = references.get(&row.concern_id).cloned() else { continue };
        views.push(around.view(services, row, reference, &names, ctx.now)?);
    }
    Ok(Listed { rows: views, more })
}

/// A referral whose agency is to be asked again if it has not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ToAsk {
    pub(crate) id: ReferralId,
    pub(crate) to: String,
    pub(crate) concern_reference: String,
    pub(crate) since: Timestamp,
    pub(crate) by: Timestamp,
    pub(crate) source: String,
}

/// The open referrals of concerns that the viewer may know of that are to be asked about soonest, so many at most.
pub(crate) async fn to_ask(services: &Services, ctx: &OpCtx, most: u64) -> Result<Vec<ToAsk>> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let viewer = sees(member);
    let which = Referrals { first: First::ToAskAbout, limit: Some(most), ..of_shelf(Shelf::Open) };
    let rows = store::working::list_referrals(&reader, member.setting, &viewer, &which).await?;
    let ids: Vec<ConcernId> = rows.iter().map(|row| row.concern_id).collect();
    let references = store::concerns::list_references(&reader, member.setting, &viewer, &ids).await?;
    let references: BTreeMap<ConcernId, String> = references.into_iter().collect();
    let around = Around::load(services, &reader, member).await?;
    let mut found = Vec::new();
    for row in rows {
        let (Some(by), Some(reference)) = (row.chase_at, references.get(&row.concern_id)) else { continue };
        found.push(ToAsk {
            id: row.id,
            to: around.agency(&row.agency).map_or_else(|| row.agency.clone(), |agency| agency.name.clone()),
            concern_reference: reference.clone(),
            since: row.sent_at.unwrap_or(row.made_at),
            by,
            source: super::form_of(services, &row.agency)?.source.clone(),
        });
    }
    Ok(found)
}

fn of_shelf(shelf: Shelf) -> Referrals {
    let states = ReferralState::ALL.into_iter().filter(|state| state.is_open() == (shelf == Shelf::Open)).collect();
    Referrals { states, ..Referrals::default() }
}

/// What several referrals share.
struct Around {
    agencies: Vec<Agency>,
}

impl Around {
    async fn load(services: &Services, db: &impl Reads, member: &Member) -> Result<Self> {
        let area = case::profile(db, member.setting).await?.area;
        Ok(Self { agencies: agencies::of(services, db, member.setting, &area).await? })
    }

    fn agency(&self, key: &str) -> Option<&Agency> {
        self.agencies.iter().find(|agency| agency.key == key)
    }

    fn view(
        &self,
        services: &Services,
        row: Referral,
        concern_reference: String,
        names: &crate::concerns::Names,
        now: Timestamp,
    ) -> Result<ReferralView> {
        let form = super::form_of(services, &row.agency)?.clone();
        let agency = self.agency(&row.agency).cloned();
        let answers = case::answers(&row.answers);
        let missing = form
            .fields
            .iter()
            .filter(|field| field.required && !answers.contains_key(&field.key))
            .map(|field| field.label.clone())
            .collect();
        Ok(ReferralView {
            id: row.id,
            concern: row.concern_id,
            concern_reference,
            to: agency.as_ref().map_or_else(|| row.agency.clone(), |agency| agency.name.clone()),
            agency,
            form,
            answers,
            missing,
            state: row.state,
            consent: row.consent,
            consent_reason: row.consent_reason,
            reason: row.reason,
            how: row.how,
            sent_at: row.sent_at,
            reference: row.reference,
            acknowledged_at: row.acknowledged_at,
            outcome: row.outcome,
            outcome_at: row.outcome_at,
            late: row.state.is_open() && row.chase_at.is_some_and(|at| at < now),
            chase_at: row.chase_at,
            made_by: names.person(row.made_by),
            made_at: row.made_at,
            locked: None,
            version: row.version,
        })
    }
}
