//! The wall: everything that has a time, over all concerns that the reader may see. The procedures' clocks, referrals that
//! wait for an answer, files on their way to the next setting, and actions that came of a concern.
//!
//! What one may not see has no clock here either: every line comes from a query that knows its reader (S8). A new kind of
//! line is a function here.

use domain::OpCtx;
use domain::access::{Action, Relation, authorize};
use domain::clock::{Standing, standing};
use jiff::Timestamp;

use crate::concerns::{self, kind_in_words};
use crate::holds::leaves;
use crate::{Error, Result, Services, follow_up, plans, referrals, transfers};

/// Something that has a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What is due.
    pub what: String,
    /// Of what: the concern's reference, the agency.
    pub of: String,
    /// Where to go.
    pub href: String,
    /// When.
    pub due: Timestamp,
    /// When it was done.
    pub stopped: Option<Timestamp>,
    /// How it stands.
    pub standing: Standing,
    /// Where the time comes from.
    pub source: String,
}

/// The wall.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wall {
    /// Past, longest first.
    pub late: Vec<Line>,
    /// Running, soonest first.
    pub running: Vec<Line>,
    /// Met, newest first.
    pub met: Vec<Line>,
}

/// So many lines of a part are shown.
const SHOWN: usize = 200;

/// The wall of the actor.
///
/// # Errors
/// [`domain::access::Refused`] for who holds no cases.
pub async fn wall(services: &Services, ctx: &OpCtx) -> Result<Wall> {
    authorize(&ctx.actor, Action::ReadQueue, Relation::Setting)?;
    let mut lines = untaken(services, ctx).await?;
    lines.extend(of_procedures(services, ctx).await?);
    lines.extend(of_referrals(services, ctx).await?);
    if authorize(&ctx.actor, Action::MoveFile, Relation::Setting).is_ok() {
        lines.extend(of_files(services, ctx).await?);
    }
    lines.extend(of_actions(services, ctx).await?);
    lines.extend(of_plans(services, ctx).await?);
    lines.extend(of_holds(services, ctx).await?);
    Ok(sorted(lines))
}

fn sorted(lines: Vec<Line>) -> Wall {
    let mut wall = Wall::default();
    for line in lines {
        match line.standing {
            Standing::Late => wall.late.push(line),
            Standing::Running | Standing::Soon => wall.running.push(line),
            Standing::MetInTime | Standing::MetLate => wall.met.push(line),
        }
    }
    wall.late.sort_by_key(|line| line.due);
    wall.running.sort_by_key(|line| line.due);
    wall.met.sort_by_key(|line| std::cmp::Reverse(line.stopped));
    for part in [&mut wall.late, &mut wall.running, &mut wall.met] {
        part.truncate(SHOWN);
    }
    wall
}

/// Concerns that nobody has opened: everybody who can is told again and again until somebody does.
async fn untaken(services: &Services, ctx: &OpCtx) -> Result<Vec<Line>> {
    let waiting = concerns::unopened(services, ctx, SHOWN as u64).await?;
    let lines = waiting.into_iter().map(|one| Line {
        what: "Open it: nobody has taken it".to_owned(),
        of: format!("{} {}", kind_in_words(one.kind), one.reference),
        href: format!("/concerns/{}", one.id),
        due: one.by,
        stopped: None,
        standing: standing(one.recorded_at, one.by, None, ctx.now),
        source: "Our own: then the next person is told, and at last everybody again until somebody opens it".to_owned(),
    });
    Ok(lines.collect())
}

async fn of_procedures(services: &Services, ctx: &OpCtx) -> Result<Vec<Line>> {
    let due = concerns::clocks_due(services, ctx).await?;
    let lines = due.into_iter().map(|due| Line {
        what: due.clock.title,
        of: format!("{} {}", kind_in_words(due.kind), due.reference),
        href: format!("/concerns/{}", due.concern),
        due: due.clock.due,
        stopped: due.clock.stopped,
        standing: due.clock.standing,
        source: due.clock.source,
    });
    Ok(lines.collect())
}

async fn of_referrals(services: &Services, ctx: &OpCtx) -> Result<Vec<Line>> {
    let to_ask = referrals::to_ask(services, ctx, SHOWN as u64).await?;
    let lines = to_ask.into_iter().map(|row| Line {
        what: "Ask again if they have not answered".to_owned(),
        of: format!("{}, {}", row.to, row.concern_reference),
        href: format!("/referrals/{}", row.id),
        due: row.by,
        stopped: None,
        standing: standing(row.since, row.by, None, ctx.now),
        source: row.source,
    });
    Ok(lines.collect())
}

async fn of_files(services: &Services, ctx: &OpCtx) -> Result<Vec<Line>> {
    let all = transfers::list(services, ctx).await?;
    let lines = all.into_iter().map(|file| Line {
        what: "Send the child\u{2019}s file on, with its receipt".to_owned(),
        of: file.to_name,
        href: format!("/transfers/{}", file.id),
        due: file.due,
        stopped: file.sent.as_ref().map(|(at, _)| *at),
        standing: file.standing,
        source: "KCSIE 2026: within five days".to_owned(),
    });
    Ok(lines.collect())
}

/// Devices held on somebody's word, to be looked at again.
async fn of_holds(services: &Services, ctx: &OpCtx) -> Result<Vec<Line>> {
    let leaves = leaves::list(services, ctx).await?;
    let lines = leaves.into_iter().map(|leave| Line {
        what: "Ask again whether a held device must stay held".to_owned(),
        of: format!("{}, {}", leave.device, leave.reference),
        href: "/holds".to_owned(),
        due: leave.look_again_at,
        stopped: None,
        standing: standing(leave.given_at, leave.look_again_at, None, ctx.now),
        source: "Our own: a hold on somebody\u{2019}s word is looked at again".to_owned(),
    });
    Ok(lines.collect())
}

/// Support plans to be looked at again.
async fn of_plans(services: &Services, ctx: &OpCtx) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for plan in plans::list(services, ctx, None).await?.into_iter().filter(|plan| plan.ended_at.is_none()) {
        let end = plan.review_on.at(23, 59, 59, 0).to_zoned(services.calendar.zone().clone());
        let due = end.map_err(|error| Error::Internal(error.to_string()))?.timestamp();
        lines.push(Line {
            what: "Look at the support plan again".to_owned(),
            of: format!("{}, {}", plan.owner, plan.reference),
            href: format!("/plans/{}", plan.id),
            due,
            stopped: None,
            standing: standing(plan.reviewed_at.unwrap_or(ctx.now).min(ctx.now), due, None, ctx.now),
            source: "Our own".to_owned(),
        });
    }
    Ok(lines)
}

/// What somebody has promised to do, where it came from a concern that the reader may see.
async fn of_actions(services: &Services, ctx: &OpCtx) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for task in follow_up::tasks(services, ctx, false).await?.into_iter().filter(|task| task.concern.is_some()) {
        let end = task.due.at(23, 59, 59, 0).to_zoned(services.calendar.zone().clone());
        let due = end.map_err(|error| Error::Internal(error.to_string()))?.timestamp();
        lines.push(Line {
            what: task.title,
            of: task.owner,
            href: "/actions".to_owned(),
            due,
            stopped: None,
            standing: standing(ctx.now, due, None, ctx.now),
            source: "Our own".to_owned(),
        });
    }
    Ok(lines)
}
