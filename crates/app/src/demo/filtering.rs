//! What people of the demo did with the filter: proposals with their second person, requests with their answers, sessions
//! with children. All of it through the use cases, by those whom the file names.

use domain::content::demo::{FilterChange, FilterRequest, FilterSession};
use jiff::Timestamp;

use super::history::{Teller, minutes};
use crate::filtering::ask::{self, Ask, HowLong, Reply, Yes};
use crate::filtering::sessions::{self, Open, Youngest};
use crate::filtering::{Decide, Propose, Risk, Verdict, decide};
use crate::{Error, Result};

pub(super) async fn change(teller: &Teller<'_>, told: &FilterChange, at: Timestamp) -> Result<()> {
    let mut ctx = teller.as_person(teller.person(&told.by)?, at);
    let wrong = |error: serde_json::Error| Error::Internal(format!("a change of the demo: {error}"));
    let new = Propose {
        change: serde_json::from_value(told.change.clone()).map_err(wrong)?,
        reason: told.reason.clone(),
        risk: Risk { harm: told.harm.clone(), loss: told.loss.clone(), safeguards: told.safeguards.clone() },
        concern: None,
    };
    let id = decide::propose(teller.services, &mut ctx, new).await?.id;
    let Some(by) = &told.approved_by else { return Ok(()) };
    let mut ctx = teller.as_person(teller.person(by)?, at + minutes(30));
    let version = crate::filtering::view::proposal(teller.services, &ctx, id).await?.proposal.version;
    let yes = Decide { id, version, note: "Agreed.".into(), verdict: Verdict::Approve };
    decide::decide(teller.services, &mut ctx, yes).await?;
    Ok(())
}

pub(super) async fn request(teller: &Teller<'_>, told: &FilterRequest, at: Timestamp) -> Result<()> {
    let mut ctx = teller.as_person(teller.person(&told.by)?, at);
    let new = Ask {
        host: told.host.clone(),
        group: told.group.clone(),
        category: told.category.clone(),
        why: told.why.clone(),
    };
    let id = ask::ask(teller.services, &mut ctx, new).await?;
    let Some(by) = &told.answered_by else { return Ok(()) };
    let mut ctx = teller.as_person(teller.person(by)?, at + minutes(90));
    let risk = Risk {
        harm: "The site shows adverts beside what is needed.".into(),
        loss: "The work waits until somebody finds it elsewhere.".into(),
        safeguards: "On the staff laptop, for an hour, with no child in the room.".into(),
    };
    let verdict = match told.answer.as_deref() {
        Some("hour") => Yes::Propose { long: HowLong::Hour, risk },
        _ => Yes::No,
    };
    ask::reply(teller.services, &mut ctx, Reply { id, words: told.words.clone(), verdict }).await?;
    Ok(())
}

pub(super) async fn session(teller: &Teller<'_>, told: &FilterSession, at: Timestamp) -> Result<()> {
    let mut ctx = teller.as_person(teller.person(&told.by)?, at);
    let room = teller.built.rooms.get(&told.room).copied();
    let new = Open {
        group: told.group.clone(),
        room,
        minutes: told.minutes,
        youngest: Youngest::from_key(&told.youngest).unwrap_or(Youngest::TwoToFive),
        lesson: told.lesson.clone(),
        plan: told.plan.clone(),
    };
    sessions::open(teller.services, &mut ctx, new).await.map(|_| ())
}
