//! The procedures as they hold in a setting, for everybody who works there to read, and what the setting adds to them (S42):
//! one person proposes with a reason, another agrees, and the same to take it back. Both are written with their names.
//!
//! What it is not: an editor. Nothing of a procedure can be taken away or loosened here ([`domain::procedure::own`]). Open
//! concerns keep the edition with which they began.

use std::collections::BTreeMap;

use domain::access::{Action, Refused, Relation, any_allowed, authorize};
use domain::ctx::Member;
use domain::procedure::Procedure;
use domain::procedure::own::{Change, OwnRule, Word};
use domain::setting::Profile;
use domain::{OpCtx, PersonId};
use store::settings::Setting;
use store::{Reads, Scope, Tx};

use crate::concerns::case;
use crate::{Error, Result, Services};

/// A procedure as it holds here.
#[derive(Debug, Clone)]
pub struct ProcedureHere {
    /// Its text, with what the setting adds.
    pub procedure: Procedure,
    /// The setting's own rules for it, those that wait too.
    pub own: Vec<OwnView>,
    /// Why the setting's rules have no effect, if they no longer fit the edition that the program carries.
    pub misfit: Option<String>,
    /// May the reader propose and agree?
    pub may_change: bool,
    /// What the agencies of its steps are called, by key.
    pub agencies: BTreeMap<String, String>,
    /// What each role is called here.
    pub titles: BTreeMap<domain::people::Role, String>,
}

/// A rule of the setting's own.
#[derive(Debug, Clone)]
pub struct OwnView {
    /// The rule.
    pub rule: OwnRule,
    /// Who proposed it; none: it came with the setting's template.
    pub proposed_by: Option<String>,
    /// Who agreed.
    pub agreed_by: Option<String>,
    /// Who wants it gone.
    pub ending_by: Option<String>,
    /// It waits, and the reader is not the one who spoke first.
    pub can_agree: bool,
}

/// All procedures, in order of their numbers, as they hold here.
///
/// # Errors
/// When nobody is signed in.
pub async fn list(services: &Services, ctx: &OpCtx) -> Result<Vec<ProcedureHere>> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let profile = case::profile(&reader, member.setting).await?;
    let mut all = Vec::new();
    for carried in services.content.procedures.values() {
        all.push(here(services, &reader, member, &profile, carried).await?);
    }
    // P2 before P10: by the letter, then by the number.
    let number =
        |id: &str| (id.chars().next(), id.chars().skip(1).collect::<String>().parse::<u16>().unwrap_or(u16::MAX));
    all.sort_by_key(|found| {
        let (letter, number) = number(&found.procedure.id);
        // Those of the guidance first, then what fits none of them, then tasks.
        (letter != Some('P'), letter, number)
    });
    Ok(all)
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`] for a name that no procedure has.
pub async fn one(services: &Services, ctx: &OpCtx, id: &str) -> Result<ProcedureHere> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let carried = services.content.procedures.get(id).ok_or(Error::NotFound)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let profile = case::profile(&reader, member.setting).await?;
    here(services, &reader, member, &profile, carried).await
}

async fn here(
    services: &Services,
    db: &impl Reads,
    member: &Member,
    profile: &Profile,
    carried: &Procedure,
) -> Result<ProcedureHere> {
    let may_change = any_allowed(&member.roles, Action::OwnProcedure, Relation::Setting);
    let mut own = Vec::new();
    for rule in profile.own.iter().filter(|rule| rule.procedure == carried.id) {
        let first = if rule.holds() { rule.ending } else { rule.proposed };
        own.push(OwnView {
            rule: rule.clone(),
            proposed_by: name(db, member, rule.proposed).await?,
            agreed_by: name(db, member, rule.agreed).await?,
            ending_by: name(db, member, rule.ending).await?,
            can_agree: may_change && rule.waits() && first.is_some_and(|first| first.by != member.person),
        });
    }
    let agencies = crate::agencies::of(services, db, member.setting, &profile.area).await?;
    Ok(ProcedureHere {
        procedure: case::own_edition(profile, carried).into_owned(),
        own,
        misfit: profile.own_edition(carried).err(),
        may_change,
        agencies: agencies.into_iter().map(|agency| (agency.key, agency.name)).collect(),
        titles: profile.titles.clone(),
    })
}

async fn name(db: &impl Reads, member: &Member, word: Option<Word>) -> Result<Option<String>> {
    let Some(word) = word else { return Ok(None) };
    let found = store::people::lookup(db, member.setting, word.by).await?;
    Ok(found.map(|person| person.name))
}

/// Proposes a rule. It has no effect until somebody else agrees.
///
/// # Errors
/// Refused without the right; [`Error::Invalid`] with what would be weaker, or what is missing.
pub async fn propose(services: &Services, ctx: &mut OpCtx, id: &str, change: Change, why: &str) -> Result<()> {
    let member = may(ctx)?;
    let carried = services.content.procedures.get(id).ok_or(Error::NotFound)?;
    let why = why.trim();
    if !(domain::procedure::REASON_AT_LEAST..=crate::concerns::LONGEST_LINE).contains(&why.chars().count()) {
        return Err(Error::invalid("why", "Say why, in a few words."));
    }
    let rule = OwnRule {
        key: domain::reference::reference(&mut *ctx.rng)
            .to_lowercase()
            .replace(|c: char| !c.is_ascii_alphanumeric(), "_"),
        procedure: id.to_owned(),
        change,
        why: why.to_owned(),
        proposed: Some(Word { by: member.person, at: ctx.now }),
        agreed: None,
        ending: None,
    };
    services.content.check_own(&rule).map_err(|why| Error::invalid("change", &why))?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "procedure.propose").await?;
    let mut profile = case::profile(&tx, member.setting).await?;
    // As if it were agreed, together with those that hold and those that wait: a second person must be able to say yes.
    let mut together = profile.clone();
    together.own.push(rule.clone());
    for own in &mut together.own {
        own.agreed = own.agreed.or(own.proposed);
    }
    together.own_edition(carried).map_err(|why| Error::invalid("change", &why))?;
    profile.own.push(rule);
    save(&mut tx, &member, profile).await?;
    tx.commit().await?;
    Ok(())
}

/// Agrees, as the second person, to what was proposed: a rule begins, or it ends.
///
/// # Errors
/// [`Error::NotFound`] when nothing of that name waits; [`Error::Invalid`] for who spoke first.
pub async fn agree(services: &Services, ctx: &mut OpCtx, id: &str, key: &str) -> Result<()> {
    let member = may(ctx)?;
    let carried = services.content.procedures.get(id).ok_or(Error::NotFound)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "procedure.agree").await?;
    let mut profile = case::profile(&tx, member.setting).await?;
    let at = place(&profile, id, key)?;
    let rule = profile.own.get_mut(at).ok_or(Error::NotFound)?;
    let first = if rule.holds() { rule.ending } else { rule.proposed };
    let first = first.filter(|_| rule.waits()).ok_or(Error::NotFound)?;
    second_person(&member, first.by)?;
    if rule.holds() {
        profile.own.remove(at);
    } else {
        rule.agreed = Some(Word { by: member.person, at: ctx.now });
        profile.own_edition(carried).map_err(|why| Error::invalid("", &why))?;
    }
    save(&mut tx, &member, profile).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes back a rule: one that waits, at once; one that holds, when somebody else agrees.
///
/// # Errors
/// [`Error::NotFound`] when there is none of that name.
pub async fn take_back(services: &Services, ctx: &mut OpCtx, id: &str, key: &str) -> Result<()> {
    let member = may(ctx)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "procedure.take_back").await?;
    let mut profile = case::profile(&tx, member.setting).await?;
    let at = place(&profile, id, key)?;
    let rule = profile.own.get_mut(at).ok_or(Error::NotFound)?;
    match rule.holds() {
        true if rule.ending.is_some() => rule.ending = None,
        true => rule.ending = Some(Word { by: member.person, at: ctx.now }),
        false => drop(profile.own.remove(at)),
    }
    save(&mut tx, &member, profile).await?;
    tx.commit().await?;
    Ok(())
}

fn may(ctx: &OpCtx) -> Result<Member> {
    authorize(&ctx.actor, Action::OwnProcedure, Relation::Setting)?;
    Ok(ctx.member().cloned().ok_or(Refused::SignIn)?)
}

fn place(profile: &Profile, id: &str, key: &str) -> Result<usize> {
    let found = profile.own.iter().position(|rule| rule.procedure == id && rule.key == key);
    found.ok_or(Error::NotFound)
}

fn second_person(member: &Member, first: PersonId) -> Result<()> {
    if member.person != first {
        return Ok(());
    }
    Err(Error::invalid("", "It takes two: somebody else agrees to what you proposed."))
}

async fn save(tx: &mut Tx, member: &Member, profile: Profile) -> Result<()> {
    let row = store::settings::lookup(tx, member.setting).await?.ok_or(Error::NotFound)?;
    let profile = serde_json::to_value(profile).map_err(|error| Error::Internal(error.to_string()))?;
    store::settings::set(tx, &Setting { profile, ..row }).await?;
    Ok(())
}
