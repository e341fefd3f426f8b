//! Asking for a blocked name, and the answer with words (FDM-02). A sealed entry cannot be asked for: the page never
//! offers it and this use case is never told the name.

use std::collections::BTreeMap;

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::Urgency;
use domain::{OpCtx, PersonId};
use filter::HostName;
use jiff::Timestamp;
use store::Scope;
use store::filtering::AccessRequest;
use store::words::{Answer, ProposalState};
use uuid::Uuid;

use super::change::Change;
use super::decide::{Propose, Proposed, Risk};
use super::{outcome, promised};
use crate::notices::Matter;
use crate::{Error, Result, Services};

/// "I need this because …", as typed.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Host name.
    pub host: String,
    /// Group key of the device.
    pub group: String,
    /// Category that blocks it, as the block page said.
    pub category: Option<String>,
    /// Why.
    pub why: String,
}

/// Asks. Goes to those who answer for the filter.
///
/// # Errors
/// [`Error::Invalid`] with the field to mend.
pub async fn ask(services: &Services, ctx: &mut OpCtx, new: Ask) -> Result<Uuid> {
    authorize(&ctx.actor, Action::AskForAccess, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let host = HostName::parse(new.host.trim()).map(|host| host.as_str().to_owned());
    let mut wrong = BTreeMap::new();
    if host.is_err() {
        wrong.insert("host".to_owned(), "Write the site\u{2019}s name, like example.org.".to_owned());
    }
    let length = new.why.trim().chars().count();
    if !(5..=1000).contains(&length) {
        wrong.insert("why".to_owned(), "Say what you need it for, in a sentence or two.".to_owned());
    }
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let (_, policy) = super::decide::in_force(&reader, member.setting).await?;
    drop(reader);
    if !policy.groups.contains_key(&new.group) {
        wrong.insert("group".to_owned(), "Choose the devices that you need it on.".to_owned());
    }
    let (true, Ok(host)) = (wrong.is_empty(), host) else { return Err(Error::Invalid(wrong)) };
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), Action::AskForAccess.key()).await?;
    let request = AccessRequest {
        id: tx.fresh(),
        setting_id: member.setting,
        host,
        group_key: new.group,
        // The page hands it on; only a category that we know is kept.
        category: new.category.filter(|id| policy.groups.values().any(|group| group.blocked.contains_key(id))),
        why: new.why.trim().to_owned(),
        asked_by: Some(member.person),
        asked_at: ctx.now,
        answer: None,
        answered_by: None,
        answered_at: None,
        words: None,
        proposal_id: None,
        decided_at: None,
    };
    store::filtering::add_request(&mut tx, &request).await?;
    let mut people: Vec<PersonId> = Vec::new();
    for role in [domain::Role::Dsl, domain::Role::Deputy, domain::Role::Manager] {
        people
            .extend(store::people::find_by_role(&tx, member.setting, role, ctx.now).await?.iter().map(|a| a.person_id));
    }
    people.sort();
    people.dedup();
    let matter = Matter { urgency: Urgency::Prompt, link: "/filter/requests", concern: None };
    crate::notices::tell(&mut tx, member.setting, &people, &matter).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(request.id)
}

/// The answer, as typed.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The request.
    pub id: Uuid,
    /// Words to who asked.
    pub words: String,
    /// Yes, for how long and with which risk; or no.
    pub verdict: Yes,
}

/// Yes or no. A yes is a proposal like any other: it lets more through, so another person approves it.
#[derive(Debug, Clone)]
pub enum Yes {
    /// Yes.
    Propose {
        /// For how long.
        long: HowLong,
        /// What could go wrong.
        risk: Risk,
    },
    /// No.
    No,
}

/// For how long a yes holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HowLong {
    /// An hour from the moment when it opens. On adults' devices a lead's yes is enough: the asker is the other person.
    Hour,
    /// Until the last day of this term, or of the next.
    EndOfTerm,
    /// Until a moment.
    Until(Timestamp),
    /// For this group, until somebody changes it.
    UntilChanged,
}

/// The last moment of the term that this day is in, or of the next one.
fn end_of_term(services: &Services, profile: &domain::setting::Profile, now: Timestamp) -> Result<Timestamp> {
    let today = services.calendar.local(now).date();
    let last = profile.terms.iter().map(|term| term.to).filter(|last| *last >= today).min();
    let last = last.ok_or_else(|| {
        Error::invalid("long", "No term dates are written down for after today. Choose a day instead.")
    })?;
    let end = last.at(23, 59, 59, 0).to_zoned(services.calendar.zone().clone());
    end.map(|end| end.timestamp()).map_err(|error| Error::Internal(error.to_string()))
}

/// Answers somebody who asked.
///
/// # Errors
/// [`Error::Conflict`] when somebody else answered.
pub async fn reply(services: &Services, ctx: &mut OpCtx, reply: Reply) -> Result<Option<Proposed>> {
    authorize(&ctx.actor, Action::AnswerAccess, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    if reply.words.trim().chars().count() < 5 {
        return Err(Error::invalid("words", "Write a sentence to the person who asked."));
    }
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let request = store::filtering::lookup_request(&reader, member.setting, reply.id).await?.ok_or(Error::NotFound)?;
    let profile = super::decide::profile(&reader, member.setting).await?;
    drop(reader);
    let new = match &reply.verdict {
        Yes::No => None,
        Yes::Propose { long, risk } => {
            authorize(&ctx.actor, Action::ProposeChange, Relation::Setting)?;
            let change = opening(services, &profile, &request, *long, ctx.now)?;
            promised::opens_something(services, ctx, &member, &change).await?;
            Some((*long, Propose { change, reason: request.why.clone(), risk: risk.clone(), concern: None }))
        }
    };
    // The answer and what it proposes are one act: a request never stands answered without its proposal, nor the other way.
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), Action::AnswerAccess.key()).await?;
    let request = store::filtering::lookup_request(&tx, member.setting, reply.id).await?.ok_or(Error::NotFound)?;
    if request.answer.is_some() {
        let said = "Somebody else has answered this in the meantime.".to_owned();
        return Err(Error::Conflict { theirs: BTreeMap::from([(String::new(), said)]) });
    }
    let proposed = match &new {
        None => None,
        Some((long, new)) => Some(put(&mut tx, ctx, &member, &request, *long, new).await?),
    };
    // Decided now: with a "no", or where this yes needed nobody else.
    let waits = proposed.is_some_and(|proposed| proposed.in_force.is_none());
    let answered = AccessRequest {
        answer: Some(if proposed.is_some() { Answer::Proposed } else { Answer::No }),
        answered_by: Some(member.person),
        answered_at: Some(ctx.now),
        words: Some(reply.words.trim().to_owned()),
        proposal_id: proposed.map(|proposed| proposed.id),
        decided_at: (!waits).then_some(ctx.now),
        ..request
    };
    store::filtering::set_request(&mut tx, &answered).await?;
    if let Some(asker) = answered.asked_by {
        let matter = Matter { urgency: Urgency::Prompt, link: outcome::ASKED, concern: None };
        crate::notices::tell(&mut tx, member.setting, &[asker], &matter).await?;
    }
    tx.commit().await?;
    match proposed {
        Some(proposed) => super::decide::publish_for(services, member.setting, proposed).await,
        None => services.wake_jobs(),
    }
    Ok(proposed)
}

/// What a yes opens.
fn opening(
    services: &Services,
    profile: &domain::setting::Profile,
    request: &AccessRequest,
    long: HowLong,
    now: Timestamp,
) -> Result<Change> {
    let (name, groups) = (request.host.clone(), vec![request.group_key.clone()]);
    let until = match long {
        HowLong::Hour => return Ok(Change::AllowForAWhile { name, groups, minutes: 60 }),
        HowLong::EndOfTerm => Some(end_of_term(services, profile, now)?),
        HowLong::Until(until) => Some(until),
        HowLong::UntilChanged => None,
    };
    Ok(Change::AllowName { name, groups, until })
}

/// Proposes what a yes opens. For an hour, on adults' devices, a lead's yes is enough: whoever asked is the other person.
async fn put(
    tx: &mut store::Tx,
    ctx: &OpCtx,
    member: &domain::ctx::Member,
    request: &AccessRequest,
    long: HowLong,
    new: &Propose,
) -> Result<Proposed> {
    let (_, policy) = super::decide::in_force(&*tx, member.setting).await?;
    let audience = policy.groups.get(&request.group_key).map(|group| group.audience);
    let lead = authorize(&ctx.actor, Action::AgreeWeakening, Relation::Setting).is_ok();
    let asker = request.asked_by.filter(|asker| *asker != member.person);
    match asker {
        Some(asker) if long == HowLong::Hour && audience == Some(super::Audience::Adults) && lead => {
            super::decide::grant_within(tx, member, asker, new).await
        }
        _ => super::decide::propose_within(tx, member, new).await,
    }
}

/// How quickly people have a decision, and how often the filter was in the way without need (FDM-02).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Asked for in the last ninety days.
    pub asked: usize,
    /// Of them decided: with a no, or by the second person whom a yes needs.
    pub decided: usize,
    /// Of them with a yes that a second person has still to decide on.
    pub half_way: usize,
    /// Of those decided, with a yes: the block was in the way without need.
    pub over_blocked: usize,
    /// Half of the decisions came within so many minutes.
    pub median_minutes: Option<i64>,
}

impl Figures {
    /// From requests of a while, each with where the proposal stands that its "yes" made.
    fn of<'r>(requests: impl Iterator<Item = (&'r AccessRequest, Option<ProposalState>)>) -> Self {
        let mut figures = Self::default();
        let mut minutes: Vec<i64> = Vec::new();
        for (request, state) in requests {
            figures.asked += 1;
            let Some(at) = request.decided_at else {
                figures.half_way += usize::from(request.answer.is_some());
                continue;
            };
            figures.decided += 1;
            minutes.push(at.duration_since(request.asked_at).as_mins().max(0));
            figures.over_blocked += usize::from(state == Some(ProposalState::Approved));
        }
        minutes.sort_unstable();
        figures.median_minutes = minutes.get(minutes.len() / 2).copied();
        figures
    }

    /// Of a hundred decided requests, how many were for something that should not have been blocked.
    pub fn over_blocking_percent(&self) -> Option<usize> {
        (self.decided > 0).then(|| self.over_blocked * 100 / self.decided)
    }
}

/// The figures of the last ninety days.
///
/// # Errors
/// As any read.
pub async fn figures(services: &Services, ctx: &OpCtx) -> Result<Figures> {
    authorize(&ctx.actor, Action::ReadFilter, Relation::Setting)?;
    let setting = ctx.member().ok_or(Refused::SignIn)?.setting;
    let since = ctx.now.saturating_sub(jiff::SignedDuration::from_hours(24 * 90)).unwrap_or(ctx.now);
    let reader = services.db.read(Scope::Setting(setting)).await?;
    let requests = store::filtering::list_requests(&reader, setting, since).await?;
    let mut states = Vec::with_capacity(requests.len());
    for request in &requests {
        states.push(outcome::of(&reader, request).await?.map(|outcome| outcome.state));
    }
    Ok(Figures::of(requests.iter().zip(states)))
}
