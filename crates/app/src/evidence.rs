//! How every duty of the policies stands today, with what shows it (S51).
//!
//! *Met* means dated evidence, for this setting, today. `domain::control` says what a piece of evidence is worth; here it
//! is gathered: rows of the setting ([`facts`]), the running program ([`live`]), and dated rows that a person or the
//! scheduled self-test signed ([`signed`]). What it is not: a place where anything is true because it is written here.
//! No answer is a constant; a probe is asked, never read from a row.
//!
//! Nobody learns of a concern by it (S8): for each viewer the concerns that they are shut out of, and allegations that are
//! not theirs, are taken out *before* anything is counted; sentences carry no figure below five, and no link to a concern.
//!
//! To add a control: name its question in `content/controls.toml`, then a function and a line in the table of
//! [`records`] or [`probes`]. A test asks that each question has one answer and each answer a question.

pub mod external;
mod facts;
mod live;
mod pack;
mod probes;
mod records;
pub mod signed;

use std::collections::BTreeMap;

use domain::access::{Action, Refused, Relation, authorize};
use domain::control::{self, Control, Evidence, Obligation, Proof, Status};
use domain::ctx::{Actor, Client, Member};
use domain::{OpCtx, SettingId};
use jiff::Timestamp;
use serde::Serialize;

pub(crate) use live::PAGE_WAITS;
pub use live::{Chain, Counts, Knock, Live, chain};
pub use pack::pack;

use crate::{Result, Services};
use facts::Facts;
use live::Found;

/// A duty, today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObligationStatus {
    /// `FIL-02`.
    pub id: String,
    /// Family of duties.
    pub section: String,
    /// The duty in one sentence.
    pub duty: String,
    /// Clauses by seed.
    pub clauses: BTreeMap<String, Vec<String>>,
    /// How it stands.
    pub status: Status,
    /// What shows it.
    pub controls: Vec<ControlStatus>,
}

/// A control, today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ControlStatus {
    /// Stable key.
    pub key: String,
    /// What it shows.
    pub title: String,
    /// How it stands.
    pub status: Status,
    /// What was found; empty: nothing.
    pub evidence: Vec<Evidence>,
    /// What to do when it is not met.
    pub mend: String,
    /// Page that mends it.
    pub page: Option<String>,
    /// Asked of the running program just now, rather than read from records.
    pub live: bool,
}

/// All duties, today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The setting's name.
    pub setting: String,
    /// Whose clauses are in force: `H` or `N`.
    pub seed: String,
    /// When it was reckoned.
    pub at: Timestamp,
    /// Every duty of `content/`, in the register's order.
    pub obligations: Vec<ObligationStatus>,
}

/// For whom it is reckoned.
#[derive(Debug, Clone, Copy)]
pub enum Viewer<'a> {
    /// The program itself, or whoever owns the machine (S15).
    Program,
    /// Somebody signed in.
    Member(&'a Member),
}

/// What was asked and what came back: an answer to a control's question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    ok: bool,
    what: String,
    at: Timestamp,
}

impl Answer {
    fn new(ok: bool, what: impl Into<String>, at: Timestamp) -> Self {
        Self { ok, what: what.into(), at }
    }
}

/// How every duty stands, for the actor.
///
/// # Errors
/// [`Refused`] for who may not read it; [`crate::Error::Unavailable`] when the database does not answer.
pub async fn evaluate(services: &Services, ctx: &mut OpCtx) -> Result<Standing> {
    authorize(&ctx.actor, Action::ReadEvidence, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    reckon(services, ctx, member.setting, Viewer::Member(&member)).await
}

/// How many duties stand how, for the actor's first page: everybody opens that, and with ten thousand concerns reckoning
/// takes a second. So it is remembered for this person alone (S8): for a minute while nothing was written, in a large house
/// for five.
///
/// # Errors
/// As [`evaluate`].
pub async fn counts(services: &Services, ctx: &mut OpCtx) -> Result<Counts> {
    let (member, heads) = heads(services, ctx).await?;
    if let Some(counts) = services.live.counts_of(member.person, &heads, ctx.now).await {
        return Ok(counts);
    }
    let mut counts = Counts::new();
    for duty in evaluate(services, ctx).await?.obligations {
        *counts.entry(duty.status).or_default() += 1;
    }
    // What rests on a walk that has not ended is not worth remembering.
    if !services.live.walks() {
        services.live.remember(member.person, heads, ctx.now, &counts).await;
    }
    Ok(counts)
}

/// As [`counts`], for a page that must not wait: in a large house what was reckoned within the last half hour, and `None`
/// before anything was. Meanwhile it is reckoned anew, once for each person.
///
/// # Errors
/// As [`evaluate`].
pub async fn counts_at_hand(services: &Services, ctx: &mut OpCtx) -> Result<Option<Counts>> {
    let (member, heads) = heads(services, ctx).await?;
    if !services.live.is_large(&heads) {
        return counts(services, ctx).await.map(Some);
    }
    if let Some(counts) = services.live.counts_of(member.person, &heads, ctx.now).await {
        return Ok(Some(counts));
    }
    if let Some(reckoning) = live::Reckoning::begin(&services.live, member.person) {
        let services = services.clone();
        let mut own = services.context(Actor::Member(member.clone()), Client::default());
        own.now = ctx.now;
        tokio::spawn(async move {
            let _until_it_ends = reckoning;
            let reckoned = async {
                // What rests on a walk along the chain that has not ended is not remembered: so the walk comes first. Nor would
                // both at once leave a thread to those who ask.
                chain(&services, own.now, live::WALK_AT_MOST).await?;
                counts(&services, &mut own).await
            };
            if let Err(why) = reckoned.await {
                tracing::warn!(%why, "the duties could not be reckoned for a first page");
            }
        });
    }
    Ok(services.live.at_hand(member.person, ctx.now).await)
}

/// Who asks, and the newest links of the chains that what they read rests on.
async fn heads(services: &Services, ctx: &OpCtx) -> Result<(Member, live::Heads)> {
    authorize(&ctx.actor, Action::ReadEvidence, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let reader = services.db.read(store::Scope::All).await?;
    let setting = store::audit::newest(&reader, member.setting).await?.map(|link| link.seq);
    let installation = store::audit::newest(&reader, store::audit::INSTALLATION).await?.map(|link| link.seq);
    let heads = (member.setting, setting, installation);
    Ok((member, heads))
}

/// As [`evaluate`], for the program itself: the command line on the machine, whose owner can read everything (S15, S16).
///
/// # Errors
/// As [`evaluate`].
pub async fn evaluate_for(services: &Services, ctx: &mut OpCtx, setting: SettingId) -> Result<Standing> {
    reckon(services, ctx, setting, Viewer::Program).await
}

async fn reckon(services: &Services, ctx: &mut OpCtx, setting: SettingId, viewer: Viewer<'_>) -> Result<Standing> {
    let found = live::ask(services, ctx, setting).await?;
    let facts = Facts::load(services, setting, ctx.now, viewer).await?;
    let controls: BTreeMap<&str, ControlStatus> = services
        .content
        .controls
        .values()
        .map(|control| (control.key.as_str(), status_of(control, &facts, &found)))
        .collect();
    let obligations =
        services.content.obligations.iter().map(|duty| standing_of(duty, &facts.profile.seed, &controls)).collect();
    Ok(Standing { setting: facts.name.clone(), seed: facts.profile.seed.clone(), at: ctx.now, obligations })
}

fn standing_of(duty: &Obligation, seed: &str, controls: &BTreeMap<&str, ControlStatus>) -> ObligationStatus {
    let own: Vec<ControlStatus> = duty.controls.iter().filter_map(|key| controls.get(key.as_str()).cloned()).collect();
    let each: Vec<Status> = own.iter().map(|control| control.status).collect();
    let status = control::worst(duty, seed, &each);
    ObligationStatus {
        id: duty.id.clone(),
        section: duty.section.clone(),
        duty: duty.duty.clone(),
        clauses: duty.clauses.clone(),
        status,
        // What does not apply here is not shown as if it did.
        controls: if status == Status::NotApplicable { Vec::new() } else { own },
    }
}

fn status_of(control: &Control, facts: &Facts, found: &Found) -> ControlStatus {
    let answer = match &control.proof {
        Proof::Probe(question) => Some(asked(probes::answer(question, facts, found), facts.now)),
        Proof::Records(question) => Some(asked(records::answer(question, facts), facts.now)),
        Proof::Signed(kind) => signed::newest(kind, facts),
    };
    // A queue of concerns shows each person their own; nothing else of a concern is ever linked from here.
    let link = control.page.clone().filter(|page| page != "/concerns");
    let evidence = answer.map(|answer| Evidence { what: answer.what, at: answer.at, link, ok: answer.ok });
    ControlStatus {
        key: control.key.clone(),
        title: control.title.clone(),
        status: control::stands(control, evidence.as_ref(), facts.now),
        evidence: evidence.into_iter().collect(),
        mend: control.mend.clone(),
        page: control.page.clone(),
        live: matches!(control.proof, Proof::Probe(_)),
    }
}

/// A question that nobody here can answer is a gap, said plainly.
fn asked(answer: Option<Answer>, now: Timestamp) -> Answer {
    answer.unwrap_or_else(|| Answer::new(false, "This version of the program cannot answer that.", now))
}

/// Every question that can be answered, so that a test can compare with `content/`.
pub fn answered() -> Vec<Proof> {
    let probes = probes::answers().map(|question| Proof::Probe(question.to_owned()));
    let records = records::answers().map(|question| Proof::Records(question.to_owned()));
    let signed = signed::kinds().map(|kind| Proof::Signed(kind.to_owned()));
    probes.chain(records).chain(signed).collect()
}

/// A number that says no more than it must: never a figure below five, never the last digit (S8).
fn about(count: usize) -> String {
    match count {
        0 => "none".to_owned(),
        1..5 => "fewer than five".to_owned(),
        more => format!("{} or more", more / 5 * 5),
    }
}

impl Standing {
    /// The policy whose clauses are in force, as people name it.
    pub fn policy(&self) -> &'static str {
        match self.seed.as_str() {
            "H" => "the policy of February 2018",
            "N" => "the policy of October 2018",
            _ => "the policy",
        }
    }

    /// How many duties stand so.
    pub fn count(&self, status: Status) -> usize {
        self.obligations.iter().filter(|duty| duty.status == status).count()
    }

    /// The duty of an id.
    pub fn find(&self, id: &str) -> Option<&ObligationStatus> {
        self.obligations.iter().find(|duty| duty.id == id)
    }
}

/// A duty as the contract prints it: command line and API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// `FIL-02`.
    pub id: String,
    /// `met`, `due`, `gap`, `not_applicable`, `not_built`.
    pub status: &'static str,
    /// What shows it.
    pub controls: Vec<RowControl>,
    /// What was found, of all controls.
    pub evidence: Vec<RowEvidence>,
}

/// A control as the contract prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowControl {
    /// Stable key.
    pub key: String,
    /// What it shows.
    pub title: String,
    /// How it stands.
    pub status: &'static str,
    /// What to do when it is not met.
    pub mend: String,
}

/// A piece of evidence as the contract prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowEvidence {
    /// One sentence.
    pub what: String,
    /// When it was true.
    pub at: Timestamp,
    /// Page that shows it.
    pub link: Option<String>,
}

impl From<&ObligationStatus> for Row {
    fn from(duty: &ObligationStatus) -> Self {
        let control = |control: &ControlStatus| RowControl {
            key: control.key.clone(),
            title: control.title.clone(),
            status: control.status.key(),
            mend: control.mend.clone(),
        };
        let evidence = |one: &Evidence| RowEvidence { what: one.what.clone(), at: one.at, link: one.link.clone() };
        Self {
            id: duty.id.clone(),
            status: duty.status.key(),
            controls: duty.controls.iter().map(control).collect(),
            evidence: duty.controls.iter().flat_map(|control| &control.evidence).map(evidence).collect(),
        }
    }
}

impl Standing {
    /// Every duty as the contract prints it.
    pub fn rows(&self) -> Vec<Row> {
        self.obligations.iter().map(Row::from).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_are_never_said() {
        assert_eq!(
            ["none", "fewer than five", "fewer than five"],
            [about(0), about(1), about(4)].each_ref().map(String::as_str)
        );
        assert_eq!(about(5), about(9));
        assert_eq!(about(12), "10 or more");
    }
}
