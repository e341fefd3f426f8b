//! Declarations of staff about their own life online (SOC-13 to SOC-15): made by oneself, decided by whom the setting's
//! switches name, looked at again on a day. Everybody reads their own; who decides reads what comes to them, and nobody else any.
//!
//! What it is not: a way to tell of somebody else, or of contact that somebody made. That is a concern.

use std::collections::BTreeSet;

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::Urgency;
use domain::ctx::Member;
use domain::declaration::{self, DeclarationKind, DeclarationOutcome};
use domain::procedure::Switches;
use domain::roster::Roster;
use domain::{DeclarationId, OpCtx, PersonId, SettingId};
use jiff::Timestamp;
use jiff::civil::Date;
use store::declarations::Declaration;
use store::{Reads, Scope};

use crate::accounts::sessions;
use crate::concerns::{Names, case};
use crate::keeping::words;
use crate::notices::{self, Matter};
use crate::{Error, Result, Services};

/// Longest text, in characters.
const LONGEST: usize = 4_000;
/// Days until one is looked at again, at most.
const LONGEST_WAIT_DAYS: i32 = 366;

/// One of them, as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Which.
    pub id: DeclarationId,
    /// Of which kind.
    pub kind: DeclarationKind,
    /// Whose.
    pub author: String,
    /// Is it the reader's own?
    pub mine: bool,
    /// What is declared.
    pub what: String,
    /// When.
    pub made_at: Timestamp,
    /// How it was decided, by whom, when, in which words.
    pub decided: Option<(DeclarationOutcome, String, Timestamp, String)>,
    /// When it is looked at again.
    pub review_on: Option<Date>,
    /// That day has come, or nobody has decided.
    pub waits: bool,
    /// Who decides it today, by name; nobody: it goes outside.
    pub deciders: Vec<String>,
    /// For lost updates.
    pub version: i64,
}

/// What is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// How.
    pub outcome: DeclarationOutcome,
    /// Why, and what was agreed.
    pub reason: String,
    /// When it is looked at again; needed while it stays.
    pub review_on: Option<Date>,
    /// What the decider had read.
    pub version: i64,
}

/// Who decides today: the roster, and the setting's switches.
struct Rule {
    roster: Roster,
    switches: Switches,
}

impl Rule {
    async fn load(db: &impl Reads, setting: SettingId, now: Timestamp) -> Result<Self> {
        let profile = sessions::profile_of(db, setting).await?;
        Ok(Self { roster: case::roster(db, setting, now).await?, switches: profile.switches })
    }

    async fn deciders(
        &self,
        db: &impl Reads,
        setting: SettingId,
        kind: DeclarationKind,
        author: PersonId,
    ) -> Result<BTreeSet<PersonId>> {
        let mut family = BTreeSet::new();
        for tie in store::people::list_relationships(db, setting, author).await? {
            family.extend([tie.person_id, tie.other_id]);
        }
        Ok(declaration::deciders(kind, author, &family, &self.roster, &self.switches))
    }
}

/// One's own, and those that one decides; newest first. Nobody else's exist for the reader.
///
/// # Errors
/// [`Refused`].
pub async fn list(services: &Services, ctx: &OpCtx) -> Result<Vec<View>> {
    authorize(&ctx.actor, Action::Declare, Relation::Own)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    let rule = Rule::load(&db, member.setting, ctx.now).await?;
    let names = Names::load(&db, member.setting).await?;
    let mut views = Vec::new();
    for row in store::declarations::list(&db, member.setting).await? {
        let deciders = rule.deciders(&db, member.setting, row.kind, row.person_id).await?;
        if reads(ctx, member, &row, &deciders) {
            views.push(view(services, ctx, member, row, &deciders, &names));
        }
    }
    Ok(views)
}

/// Those that somebody decides today, none of their own: for the rules on keeping, and for a bundle of its author's data.
pub(crate) async fn to_decide(db: &impl Reads, member: &Member, now: Timestamp) -> Result<Vec<Declaration>> {
    if !domain::access::any_allowed(&member.roles, Action::DecideDeclaration, Relation::Setting) {
        return Ok(Vec::new());
    }
    let rule = Rule::load(db, member.setting, now).await?;
    let mut found = Vec::new();
    for row in store::declarations::list(db, member.setting).await? {
        if rule.deciders(db, member.setting, row.kind, row.person_id).await?.contains(&member.person) {
            found.push(row);
        }
    }
    Ok(found)
}

/// Their own; or theirs to decide, with the second factor shown.
fn reads(ctx: &OpCtx, member: &Member, row: &Declaration, deciders: &BTreeSet<PersonId>) -> bool {
    row.person_id == member.person || decides(ctx, member, deciders)
}

fn decides(ctx: &OpCtx, member: &Member, deciders: &BTreeSet<PersonId>) -> bool {
    deciders.contains(&member.person) && authorize(&ctx.actor, Action::DecideDeclaration, Relation::Setting).is_ok()
}

fn view(
    services: &Services,
    ctx: &OpCtx,
    member: &Member,
    row: Declaration,
    deciders: &BTreeSet<PersonId>,
    names: &Names,
) -> View {
    let today = services.calendar.local(ctx.now).date();
    let decided = row
        .outcome
        .zip(row.decided_at)
        .map(|(outcome, at)| (outcome, names.of(row.decided_by), at, row.reason.clone().unwrap_or_default()));
    View {
        id: row.id,
        kind: row.kind,
        author: names.person(row.person_id),
        mine: row.person_id == member.person,
        waits: decided.is_none() || row.review_on.is_some_and(|day| day <= today),
        what: row.what,
        made_at: row.made_at,
        decided,
        review_on: row.review_on,
        deciders: deciders.iter().map(|person| names.person(*person)).collect(),
        version: row.version,
    }
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`] when it is neither one's own nor one's to decide: the two look alike.
pub async fn one(services: &Services, ctx: &OpCtx, id: DeclarationId) -> Result<(View, bool)> {
    authorize(&ctx.actor, Action::Declare, Relation::Own)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    let row = store::declarations::lookup(&db, member.setting, id).await?.ok_or(Error::NotFound)?;
    let rule = Rule::load(&db, member.setting, ctx.now).await?;
    let deciders = rule.deciders(&db, member.setting, row.kind, row.person_id).await?;
    if !reads(ctx, member, &row, &deciders) {
        return Err(Error::NotFound);
    }
    let names = Names::load(&db, member.setting).await?;
    let mine_to_decide = decides(ctx, member, &deciders);
    Ok((view(services, ctx, member, row, &deciders, &names), mine_to_decide))
}

/// Declares something about oneself; who decides is told.
///
/// # Errors
/// [`Refused`]; [`Error::Invalid`] on `what`.
pub async fn declare(services: &Services, ctx: &mut OpCtx, kind: DeclarationKind, what: &str) -> Result<DeclarationId> {
    authorize(&ctx.actor, Action::Declare, Relation::Own)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let what = words("what", what, LONGEST, "Say what it is, in a few words.")?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "declaration.make").await?;
    let row = Declaration {
        id: tx.fresh(),
        setting_id: member.setting,
        kind,
        person_id: member.person,
        what,
        made_at: ctx.now,
        outcome: None,
        reason: None,
        decided_by: None,
        decided_at: None,
        review_on: None,
        version: 0,
    };
    store::declarations::add(&mut tx, &row).await?;
    let rule = Rule::load(&tx, member.setting, ctx.now).await?;
    let deciders: Vec<PersonId> = rule.deciders(&tx, member.setting, kind, member.person).await?.into_iter().collect();
    let matter = Matter { urgency: Urgency::Prompt, link: "/declarations", concern: None };
    notices::tell(&mut tx, member.setting, &deciders, &matter).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(row.id)
}

/// Decides one, or looks at it again; its author is told.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] on `outcome`, `reason` or `review_on`; [`Error::Conflict`].
pub async fn decide(services: &Services, ctx: &mut OpCtx, id: DeclarationId, decision: Decision) -> Result<()> {
    authorize(&ctx.actor, Action::DecideDeclaration, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "declaration.decide").await?;
    let row = store::declarations::lookup(&tx, member.setting, id).await?.ok_or(Error::NotFound)?;
    let rule = Rule::load(&tx, member.setting, ctx.now).await?;
    let deciders = rule.deciders(&tx, member.setting, row.kind, row.person_id).await?;
    if !deciders.contains(&member.person) {
        return Err(Error::NotFound);
    }
    let reason = words("reason", &decision.reason, LONGEST, "Write what you agreed, and why.")?;
    if !declaration::may_be(row.kind, decision.outcome, &rule.switches) {
        let say =
            "Our policy has no exceptions here: no child and no family is a friend on somebody\u{2019}s own account.";
        return Err(Error::invalid("outcome", say));
    }
    let today = services.calendar.local(ctx.now).date();
    let within = |day: Date| day > today && today.until(day).is_ok_and(|span| span.get_days() <= LONGEST_WAIT_DAYS);
    let review_on = match decision.outcome {
        DeclarationOutcome::Ended => None,
        DeclarationOutcome::Agreed => Some(decision.review_on.filter(|day| within(*day)).ok_or_else(|| {
            Error::invalid("review_on", "Choose the day on which you look at it again, within a year.")
        })?),
    };
    let author = row.person_id;
    let decided = Declaration {
        outcome: Some(decision.outcome),
        reason: Some(reason),
        decided_by: Some(member.person),
        decided_at: Some(ctx.now),
        review_on,
        version: decision.version,
        ..row
    };
    store::declarations::set(&mut tx, &decided).await.map_err(|error| match error {
        store::Error::Conflict { .. } => {
            Error::Conflict { theirs: [("reason".to_owned(), "Somebody else decided this since.".to_owned())].into() }
        }
        other => other.into(),
    })?;
    let matter = Matter { urgency: Urgency::Prompt, link: "/declarations", concern: None };
    notices::tell(&mut tx, member.setting, &[author], &matter).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

/// How many wait for the actor to decide, or to look again.
///
/// # Errors
/// As any read.
pub async fn waiting(services: &Services, ctx: &OpCtx) -> Result<usize> {
    if authorize(&ctx.actor, Action::DecideDeclaration, Relation::Setting).is_err() {
        return Ok(0);
    }
    Ok(list(services, ctx).await?.iter().filter(|one| one.waits && !one.mine).count())
}
