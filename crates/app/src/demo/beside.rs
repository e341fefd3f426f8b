//! What people of the demo did beside the steps of a procedure: letters, referrals, files, plans, addresses, strands,
//! exports, an answer to somebody without an account, a file that moves on, a hold.
//!
//! To add one more kind of deed: a variant of [`Deed`], an arm in [`act`], a line in `content/demo/*.toml`.

use domain::content::demo::{Beside, Deed, Demo, UnsignedStory};
use domain::referral::Consent;
use domain::{ConcernId, OpCtx, PersonId};
use jiff::{Timestamp, ToSpan};
use store::Scope;
use store::words::HoldGround;

use super::history::{Teller, minutes};
use crate::attachments::{self, CouldShow, NewFile};
use crate::concerns::{self, SafeNow, StrandKind};
use crate::keeping::{exports, holds};
use crate::referrals::{self, Change, Decision, NewLetter};
use crate::telling::{self, Matter, SenderIs, Unsigned};
use crate::{Error, Result, addresses, plans, transfers};

pub(super) async fn act(teller: &Teller<'_>, demo: &Demo, id: ConcernId, deed: &Beside, at: Timestamp) -> Result<()> {
    let services = teller.services;
    let mut ctx = teller.as_person(teller.person(&deed.by)?, at);
    concerns::open(services, &mut ctx, id).await?;
    match &deed.what {
        Deed::Letter { child, to, wrote } => {
            let (child, to) = (teller.person(child)?, teller.person(to)?);
            let mut text = referrals::recipients(services, &ctx, id, Some((child, to))).await?.text;
            for words in wrote {
                let (Some(from), Some(until)) = (text.find('['), text.find(']')) else { break };
                text.replace_range(from..=until, words);
            }
            // In the child's bag, and on her own page, for the day on which the letter is lost.
            referrals::write(services, &mut ctx, id, NewLetter { child, to, text: text.clone() }).await?;
            let way = store::words::FamilyWay::Portal;
            crate::sharing::share(services, &mut ctx, id, NewLetter { child, to, text }, way).await?;
        }
        Deed::Referral { agency, answers } => {
            let begun = referrals::begin(services, &ctx, id, Some(agency), None).await?;
            let mut filled = begun.filled;
            filled.extend(answers.clone());
            let text = referrals::Text { answers: filled, consent: Consent::Given, consent_reason: None };
            let new = referrals::New { agency: agency.clone(), step: None, decision: Decision::Refer(text) };
            referrals::add(services, &mut ctx, id, new).await?;
            let sent = Change::Sent { how: "telephone".into(), at, reference: None, before_its_turn: false };
            happened(teller, &mut ctx, id, sent).await?;
        }
        Deed::Acknowledged { reference, words } => {
            let (reference, words) = (Some(reference.clone()), words.clone());
            happened(teller, &mut ctx, id, Change::Acknowledged { at, reference, words }).await?;
        }
        Deed::Outcome { words } => {
            happened(teller, &mut ctx, id, Change::Outcome { at, words: words.clone() }).await?;
        }
        Deed::File { name, what, text } => {
            let content = text.clone().into_bytes();
            let new = NewFile { could_show: CouldShow::No, what: what.clone(), name: name.clone(), content };
            attachments::add(services, &mut ctx, id, new).await?;
        }
        Deed::Plan { child, need, help, voice, again_after_days } => {
            let today = services.calendar.local(at).date();
            let again = today.checked_add(i64::from(*again_after_days).days());
            let new = plans::New {
                child: teller.person(child)?,
                need: need.clone(),
                help: help.clone(),
                voice: voice.clone(),
                owner: ctx.member().map(|member| member.person).ok_or(Error::NotFound)?,
                review_on: again.map_err(|error| Error::Internal(error.to_string()))?,
            };
            plans::add(services, &mut ctx, id, new).await?;
        }
        Deed::Seal { address } => {
            addresses::seal(services, &mut ctx, id, address, false).await?;
        }
        Deed::Touches { story, reason } => {
            let other = demo.stories.iter().position(|one| one.key.as_ref() == Some(story));
            let (other, _) = other.and_then(|at| teller.told.get(&at)).copied().ok_or(Error::NotFound)?;
            let reference = concerns::open(services, &mut ctx, other).await?.reference;
            concerns::tie(services, &mut ctx, id, &reference, StrandKind::Related, reason).await?;
        }
        Deed::Export { for_whom, why, other_way } => {
            // The story's parcels go to a health visitor, who may be told at any time.
            let told = exports::For {
                for_whom: for_whom.clone(),
                why: why.clone(),
                other_way: other_way.clone(),
                agency: Some("nhs".into()),
                waiver: None,
            };
            exports::make(services, &mut ctx, exports::What::Concern(id), told).await?;
        }
    }
    Ok(())
}

/// Something happened to the concern's newest referral.
async fn happened(teller: &Teller<'_>, ctx: &mut OpCtx, id: ConcernId, change: Change) -> Result<()> {
    let all = referrals::of_concern(teller.services, ctx, id).await?;
    let newest = all.last().ok_or(Error::NotFound)?;
    referrals::change(teller.services, ctx, newest.id, change, newest.version).await?;
    Ok(())
}

/// Somebody without an account tells; the lead reads it and leaves an answer.
pub(super) async fn unsigned(teller: &Teller<'_>, story: &UnsignedStory, at: Timestamp) -> Result<()> {
    let services = teller.services;
    let mut ctx = services.context(domain::Actor::Nobody, domain::ctx::Client::default());
    ctx.now = at;
    let door = telling::door(services, at, &telling::word_of(teller.built.setting)).await?;
    let told = Unsigned {
        matter: Matter::Else,
        about: None,
        safe_now: SafeNow::Yes,
        what_happened: story.words.clone(),
        worry: story.worry.clone(),
        day: None,
        sender: SenderIs::Visitor,
        name: String::new(),
        reach: String::new(),
    };
    telling::tell(services, &mut ctx, &door, told).await?;
    let reader = services.db.read(Scope::Setting(teller.built.setting)).await?;
    let all = store::overview::concerns(&reader, teller.built.setting).await?;
    drop(reader);
    let newest = all.iter().filter(|one| one.reporter_id.is_none()).max_by_key(|one| one.recorded_at);
    let id = newest.map(|one| one.id).ok_or(Error::NotFound)?;
    let mut ctx = teller.as_person(teller.person("dsl")?, at + minutes(20));
    concerns::open(services, &mut ctx, id).await?;
    concerns::answer_sender(services, &mut ctx, id, &story.answer).await
}

/// A file that moves on with a child, and a hold that somebody from outside asked for.
pub(super) async fn leaving(teller: &Teller<'_>, demo: &Demo, now: Timestamp) -> Result<()> {
    let as_one = |key: &str| -> Result<OpCtx> {
        let person: PersonId = teller.person(key)?;
        Ok(teller.as_person(person, now))
    };
    if let Some(told) = &demo.leaving {
        let last = teller.services.calendar.local(now).date().checked_sub(i64::from(told.left_days_ago).days());
        let new = transfers::New {
            child: teller.person(&told.child)?,
            to_name: told.to_name.clone(),
            to_lead: told.to_lead.clone(),
            left_on: last.map_err(|error| Error::Internal(error.to_string()))?,
            note: told.note.clone(),
        };
        transfers::begin(teller.services, &mut as_one("dsl")?, new).await?;
    }
    if let Some(told) = &demo.legal_hold {
        let new = holds::New {
            reach: holds::Reach::Person(teller.person(&told.child)?),
            ground: HoldGround::Inquiry,
            asked_by: told.asked_by.clone(),
            reason: told.reason.clone(),
        };
        holds::place(teller.services, &mut as_one("dsl")?, new).await?;
    }
    Ok(())
}

/// Whoever was told of something days ago has long read it.
pub(super) async fn read_what_is_old(teller: &Teller<'_>, now: Timestamp) -> Result<()> {
    let setting = teller.built.setting;
    let reader = teller.services.db.read(Scope::Setting(setting)).await?;
    let all = store::overview::notices(&reader, setting, Timestamp::UNIX_EPOCH).await?;
    drop(reader);
    let mut ctx = teller.services.system();
    ctx.now = now;
    let mut tx = teller.services.db.write(&mut ctx, Scope::Setting(setting), "demo.read").await?;
    for notice in all.iter().filter(|one| one.seen_at.is_none() && one.made_at < now - minutes(20 * 60)) {
        store::notices::set_seen(&mut tx, setting, notice.person_id, &notice.link).await?;
    }
    Ok(tx.commit().await?)
}
