//! Cover and hand-over (DSL-02): who stands in for whom, from when to when, and what the one must know who does. Who said yes
//! is told first of what comes on the safeguarding route and is named where people look for somebody to tell. An allegation
//! goes its own narrow way (S7): no cover widens that.
//!
//! The words of a hand-over are read by the two of them alone. They name no concern that one of them may not see: they are
//! typed by people, and the form says so.

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::Urgency;
use domain::exclusion::CASE_ROLES;
use domain::roster::Roster;
use domain::{OpCtx, PersonId};
use jiff::Timestamp;
use jiff::civil::Date;
use store::working::Cover as CoverRow;
use store::{Reads, Scope};
use uuid::Uuid;

use crate::concerns::{Names, case};
use crate::notices::{self, Matter};
use crate::{Error, Result, Services};

/// One cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverView {
    /// Which.
    pub id: Uuid,
    /// Who is away.
    pub away: String,
    /// Who stands in.
    pub cover: String,
    /// From this day.
    pub starts: Date,
    /// To this day, with it.
    pub ends: Date,
    /// Today?
    pub now: bool,
    /// For the two of them alone.
    pub words: Option<String>,
    /// When the one who stands in said yes.
    pub taken_at: Option<Timestamp>,
    /// Is it the reader's to take on?
    pub to_take: bool,
    /// May the reader end it?
    pub to_end: bool,
}

/// A new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// Who is away.
    pub away: PersonId,
    /// Who stands in.
    pub cover: PersonId,
    /// From this day.
    pub starts: Date,
    /// To this day, with it.
    pub ends: Date,
    /// What must be known.
    pub words: String,
}

/// Covers that are not over, soonest first.
///
/// # Errors
/// [`Refused`].
pub async fn list(services: &Services, ctx: &OpCtx) -> Result<Vec<CoverView>> {
    authorize(&ctx.actor, Action::ArrangeCover, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let today = services.calendar.local(ctx.now).date();
    let names = Names::load(&reader, member.setting).await?;
    let mut all: Vec<CoverView> = store::working::list_covers(&reader, member.setting)
        .await?
        .into_iter()
        .filter(|row| row.ended_at.is_none() && row.ends >= today)
        .map(|row| {
            let theirs = [row.away_id, row.cover_id].contains(&member.person);
            CoverView {
                id: row.id,
                away: names.person(row.away_id),
                cover: names.person(row.cover_id),
                now: row.starts <= today,
                words: theirs.then_some(row.words).filter(|words| !words.is_empty()),
                to_take: row.cover_id == member.person && row.taken_at.is_none(),
                to_end: theirs,
                taken_at: row.taken_at,
                starts: row.starts,
                ends: row.ends,
            }
        })
        .collect();
    all.sort_by_key(|cover| cover.starts);
    Ok(all)
}

/// Who is away today and who stands in for them, said yes and still works cases.
pub(crate) async fn standing_in(
    db: &impl Reads,
    setting: domain::SettingId,
    roster: &Roster,
    today: Date,
) -> Result<Vec<(PersonId, PersonId)>> {
    let works = |person| CASE_ROLES.iter().filter_map(|role| roster.get(role)).flatten().any(|held| *held == person);
    let rows = store::working::list_covers(db, setting).await?.into_iter().filter(|row| works(row.cover_id));
    let now =
        rows.filter(|row| row.ended_at.is_none() && row.taken_at.is_some() && row.starts <= today && today <= row.ends);
    Ok(now.map(|row| (row.away_id, row.cover_id)).collect())
}

/// Who works cases today, for the form.
///
/// # Errors
/// [`Refused`].
pub async fn people(services: &Services, ctx: &OpCtx) -> Result<Vec<(PersonId, String)>> {
    authorize(&ctx.actor, Action::ArrangeCover, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    workers(&reader, ctx, member.setting).await
}

async fn workers(db: &impl Reads, ctx: &OpCtx, setting: domain::SettingId) -> Result<Vec<(PersonId, String)>> {
    let roster = case::roster(db, setting, ctx.now).await?;
    let names = Names::load(db, setting).await?;
    let holders: std::collections::BTreeSet<PersonId> =
        CASE_ROLES.iter().filter_map(|role| roster.get(role)).flatten().copied().collect();
    Ok(holders.into_iter().map(|person| (person, names.person(person))).collect())
}

/// Arranges a cover and tells the one who stands in.
///
/// # Errors
/// [`Refused`]; [`Error::Invalid`] on `away`, `cover`, `starts`, `ends` or `words`.
pub async fn arrange(services: &Services, ctx: &mut OpCtx, new: New) -> Result<Uuid> {
    authorize(&ctx.actor, Action::ArrangeCover, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let today = services.calendar.local(ctx.now).date();
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "cover.arrange").await?;
    let workers = workers(&tx, ctx, member.setting).await?;
    let works = |person: PersonId| workers.iter().any(|(id, _)| *id == person);
    if !works(new.away) {
        return Err(Error::invalid("away", "Choose somebody from the list."));
    }
    if !works(new.cover) || new.cover == new.away {
        return Err(Error::invalid("cover", "Choose somebody else from the list."));
    }
    if new.starts < today {
        return Err(Error::invalid("starts", "Choose today or a day that is still to come."));
    }
    if new.ends < new.starts {
        return Err(Error::invalid("ends", "The last day cannot be before the first."));
    }
    let words = new.words.trim();
    if words.chars().count() > 4_000 {
        return Err(Error::invalid("words", "Shorten this to 4,000 characters."));
    }
    let row = CoverRow {
        id: tx.fresh(),
        setting_id: member.setting,
        away_id: new.away,
        cover_id: new.cover,
        starts: new.starts,
        ends: new.ends,
        words: words.to_owned(),
        made_at: ctx.now,
        taken_at: (new.cover == member.person).then_some(ctx.now),
        ended_at: None,
    };
    store::working::add_cover(&mut tx, &row).await?;
    if new.cover != member.person {
        let matter = Matter { urgency: Urgency::Prompt, link: "/cover", concern: None };
        notices::tell(&mut tx, member.setting, &[new.cover], &matter).await?;
    }
    tx.commit().await?;
    services.wake_jobs();
    Ok(row.id)
}

/// The one who stands in says yes; or one of the two ends it early.
///
/// # Errors
/// [`Error::NotFound`] for one that is not the actor's.
pub async fn settle(services: &Services, ctx: &mut OpCtx, id: Uuid, what: Settle) -> Result<()> {
    authorize(&ctx.actor, Action::ArrangeCover, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "cover.settle").await?;
    let row = store::working::lookup_cover(&tx, member.setting, id).await?.ok_or(Error::NotFound)?;
    let theirs = match what {
        Settle::Take => row.cover_id == member.person && row.taken_at.is_none(),
        Settle::End => [row.away_id, row.cover_id].contains(&member.person) && row.ended_at.is_none(),
    };
    if !theirs {
        return Err(Error::NotFound);
    }
    let row = match what {
        Settle::Take => CoverRow { taken_at: Some(ctx.now), ..row },
        Settle::End => CoverRow { ended_at: Some(ctx.now), ..row },
    };
    store::working::set_cover(&mut tx, &row).await?;
    store::notices::set_seen(&mut tx, member.setting, member.person, "/cover").await?;
    tx.commit().await?;
    Ok(())
}

/// What becomes of a cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settle {
    /// I stand in.
    Take,
    /// It is over.
    End,
}
