//! Some weeks of history, told through the use cases by the people of the story, at the times of the story.

use std::collections::BTreeMap;

use domain::content::demo::{
    Beside, Demo, FilterChange, FilterRequest, FilterSession, Story, StoryStep, UnsignedStory,
};
use domain::ctx::{Client, Member, SecondFactor};
use domain::procedure::{Act, Answers, FieldKind, Procedure, ProgramAct, Step};
use domain::roster::Roster;
use domain::{AccountId, Actor, ConcernId, OpCtx, PersonId, SessionId};
use jiff::{SignedDuration, Timestamp, ToSpan};
use store::Scope;

use super::Built;
use crate::concerns::{self, About, Children, Debrief, Lesson, Report, SafeNow, StageTwo, StepAttempt};
use crate::holds::Leave;
use crate::{Error, Result, Services};

/// Enters everything that happened, all moments in one order: the audit chain never runs backwards.
pub(super) async fn enter(services: &Services, demo: &Demo, built: &Built, now: Timestamp) -> Result<()> {
    let mut teller = Teller { services, built, roster: roster(services, built, now).await?, told: BTreeMap::new() };
    let mut moments: Vec<(Timestamp, usize, Moment<'_>)> = Vec::new();
    for (index, story) in demo.stories.iter().enumerate() {
        let told = teller.at(story.days_ago, (10, 30), now)?;
        moments.push((told, index, Moment::Told(story)));
        let steps =
            story.steps.iter().map(|step| (told + minutes(step.after_minutes), index, Moment::Step(story, step)));
        moments.extend(steps.filter(|(at, ..)| *at < now));
        let beside = story.beside.iter().map(|deed| (told + minutes(deed.after_minutes), index, Moment::Beside(deed)));
        moments.extend(beside.filter(|(at, ..)| *at < now));
    }
    let mut index = demo.stories.len();
    for story in &demo.unsigned {
        moments.push((teller.at(story.days_ago, (16, 10), now)?, index, Moment::Unsigned(story)));
        index += 1;
    }
    for change in &demo.filter.changes {
        moments.push((teller.at(change.days_ago, (8, 0), now)?, index, Moment::Change(change)));
        index += 1;
    }
    for request in &demo.filter.requests {
        moments.push((teller.at(request.days_ago, (7, 45), now)?, index, Moment::Request(request)));
        index += 1;
    }
    for session in demo.filter.sessions.iter().filter(|session| session.days_ago > 0) {
        moments.push((teller.at(session.days_ago, (9, 30), now)?, index, Moment::Session(session)));
        index += 1;
    }
    moments.sort_by_key(|(at, index, _)| (*at, *index));
    for (at, index, moment) in moments {
        match moment {
            Moment::Told(story) => {
                let id = teller.report(story, at).await?;
                teller.told.insert(index, (id, at));
            }
            Moment::Step(story, step) => {
                if let Some((id, told)) = teller.told.get(&index).copied() {
                    teller.step(story, id, told, step, at).await?;
                }
            }
            Moment::Beside(deed) => {
                if let Some((id, _)) = teller.told.get(&index).copied() {
                    super::beside::act(&teller, demo, id, deed, at).await?;
                }
            }
            Moment::Unsigned(story) => super::beside::unsigned(&teller, story, at).await?,
            Moment::Change(change) => super::filtering::change(&teller, change, at).await?,
            Moment::Request(request) => super::filtering::request(&teller, request, at).await?,
            Moment::Session(session) => super::filtering::session(&teller, session, at).await?,
        }
    }
    Ok(())
}

/// What has to be true when the demo begins: a session that is open, a file on its way, a hold.
pub(super) async fn today(services: &Services, demo: &Demo, built: &Built, now: Timestamp) -> Result<()> {
    let teller = Teller { services, built, roster: roster(services, built, now).await?, told: BTreeMap::new() };
    super::beside::leaving(&teller, demo, now).await?;
    super::beside::read_what_is_old(&teller, now).await?;
    for session in demo.filter.sessions.iter().filter(|session| session.days_ago == 0) {
        super::filtering::session(&teller, session, now).await?;
    }
    Ok(())
}

/// Something that happened.
enum Moment<'d> {
    Told(&'d Story),
    Step(&'d Story, &'d StoryStep),
    Beside(&'d Beside),
    Unsigned(&'d UnsignedStory),
    Change(&'d FilterChange),
    Request(&'d FilterRequest),
    Session(&'d FilterSession),
}

/// Who tells it: acts as each person of the file in turn.
pub(super) struct Teller<'a> {
    pub(super) services: &'a Services,
    pub(super) built: &'a Built,
    roster: Roster,
    /// Which concern each story became, and when.
    pub(super) told: BTreeMap<usize, (ConcernId, Timestamp)>,
}

impl Teller<'_> {
    /// So many days ago, at this hour of local time.
    fn at(&self, days_ago: u16, (hour, minute): (i8, i8), now: Timestamp) -> Result<Timestamp> {
        let day = self.services.calendar.local(now).date().checked_sub(i64::from(days_ago).days());
        let at = day.and_then(|day| day.at(hour, minute, 0, 0).to_zoned(self.services.calendar.zone().clone()));
        let at = at.map_err(|error| Error::Internal(error.to_string()))?.timestamp();
        // What is of today must not lie ahead of a demo that starts early in the day.
        Ok(at.min(now - minutes(115)))
    }

    pub(super) fn person(&self, key: &str) -> Result<PersonId> {
        self.built.people.get(key).copied().ok_or_else(|| Error::Internal(format!("the demo has nobody called {key}")))
    }

    /// The context in which somebody of the story acts: their own roles, their second factor shown.
    pub(super) fn as_person(&self, person: PersonId, at: Timestamp) -> OpCtx {
        let (roles, kinds) = (self.roster.roles_of(person), self.roster.kinds_of(person));
        let mut ctx = self.services.context(Actor::Nobody, Client::default());
        ctx.now = at;
        let (account, session) = (ctx.fresh::<AccountId>(), ctx.fresh::<SessionId>());
        let setting = self.built.setting;
        ctx.actor = Actor::Member(Member {
            setting,
            person,
            account,
            session,
            roles,
            kinds,
            second_factor: SecondFactor::Shown,
        });
        ctx
    }

    async fn report(&self, story: &Story, at: Timestamp) -> Result<ConcernId> {
        let mut ctx = self.as_person(self.person(&story.reporter)?, at);
        let children: Vec<PersonId> = story.children.iter().map(|key| self.person(key)).collect::<Result<_>>()?;
        let first = story.words.split_inclusive(". ").next().unwrap_or(&story.words).trim();
        let report = Report {
            kind: story.kind,
            what_happened: first.to_owned(),
            safe_now: SafeNow::Yes,
            who_is_safe: "Everybody.".to_owned(),
            event_at: at - minutes(5),
            device: story.device.as_ref().and_then(|key| self.built.devices.get(key)).copied(),
            room: None,
            hosts: story.hosts.clone(),
            about: About::Nobody,
            children: if children.is_empty() { Children::Nobody } else { Children::Known(children) },
            told: None,
            hold_device: false,
        };
        let filed = concerns::report(self.services, &mut ctx, report).await?;
        if first.len() < story.words.len() {
            let stage = StageTwo { facts: story.words.clone(), ..StageTwo::default() };
            ctx.now = at + minutes(3);
            concerns::add_words(self.services, &mut ctx, filed.concern, stage).await?;
        }
        Ok(filed.concern)
    }

    /// A step by whoever did it; what people without case rights did is written down by the lead, with its own time.
    async fn step(&self, story: &Story, id: ConcernId, told: Timestamp, step: &StoryStep, at: Timestamp) -> Result<()> {
        let mut by = self.person(&step.by)?;
        let works_cases = |person: PersonId| {
            domain::exclusion::CASE_ROLES.iter().any(|role| self.roster.get(role).is_some_and(|p| p.contains(&person)))
        };
        if !works_cases(by) {
            let lead = self.roster.get(&domain::Role::Dsl).and_then(|leads| leads.first());
            by = *lead.ok_or_else(|| Error::Internal("the demo has no lead".into()))?;
        }
        let mut ctx = self.as_person(by, at);
        concerns::open(self.services, &mut ctx, id).await?;
        let procedure = self.services.content.procedures.values().find(|known| known.kinds.contains(&story.kind));
        let rules = procedure.and_then(|procedure: &Procedure| procedure.step(&step.step)).ok_or_else(|| {
            Error::Internal(format!("the procedure for {} has no step {}", story.kind.key(), step.step))
        })?;
        let answers = self.answers(rules, step, told)?;
        match rules.act {
            Some(ProgramAct::Debrief) => {
                let lessons = self.lessons(step, at)?;
                concerns::debrief(self.services, &mut ctx, id, Debrief { answers, lessons, seen: 0 }).await
            }
            Some(ProgramAct::Close) => concerns::close(self.services, &mut ctx, id, answers, 0).await,
            _ => self.record(&mut ctx, story, id, step, answers).await,
        }
    }

    /// What the debrief led to: an action of the manager's, a review of the policy.
    fn lessons(&self, step: &StoryStep, at: Timestamp) -> Result<Vec<Lesson>> {
        let within = |days: i64| {
            let due = self.services.calendar.local(at).date().checked_add(days.days());
            due.map_err(|error| Error::Internal(error.to_string()))
        };
        let mut lessons = Vec::new();
        if let Some(title) = &step.lesson {
            lessons.push(Lesson::Action { title: title.clone(), owner: self.person("manager")?, due: within(14)? });
        }
        if let Some(why) = &step.review {
            lessons.push(Lesson::Review { what: "policy".to_owned(), why: why.clone(), due: within(30)? });
        }
        Ok(lessons)
    }

    async fn record(
        &self,
        ctx: &mut OpCtx,
        story: &Story,
        id: ConcernId,
        step: &StoryStep,
        answers: Answers,
    ) -> Result<()> {
        let device = story.device.as_ref().and_then(|key| self.built.devices.get(key)).copied();
        let mut attempt = StepAttempt {
            step: step.step.clone(),
            act: Act::Done,
            answers,
            reason: None,
            event_at: ctx.now,
            seen: 0,
            device,
            leave: Leave::None,
        };
        match concerns::record(self.services, ctx, id, attempt.clone()).await {
            Err(Error::Locked(_) | Error::Refused(_)) => {
                attempt.act = Act::AlreadyHappened;
                concerns::record(self.services, ctx, id, attempt).await?;
            }
            other => {
                other?;
            }
        }
        Ok(())
    }

    /// Keys of the file become ids, minutes become times.
    fn answers(&self, rules: &Step, step: &StoryStep, told: Timestamp) -> Result<Answers> {
        let mut answers = Answers::new();
        for (key, text) in &step.answers {
            let kind = rules.fields.iter().find(|field| field.key == *key).map(|field| field.kind);
            let answer = match kind {
                Some(FieldKind::Children | FieldKind::Staff | FieldKind::Family) => {
                    let ids: Vec<String> = text
                        .split(',')
                        .map(|key| self.person(key.trim()).map(|id| id.to_string()))
                        .collect::<Result<_>>()?;
                    ids.join(",")
                }
                Some(FieldKind::Device) => self.built.devices.get(text).map(ToString::to_string).unwrap_or_default(),
                Some(FieldKind::When) => {
                    let after: u32 =
                        text.trim().parse().map_err(|_| Error::Internal(format!("{text} is no number")))?;
                    (told + minutes(after)).to_string()
                }
                _ => text.clone(),
            };
            answers.insert(key.clone(), answer);
        }
        Ok(answers)
    }
}

async fn roster(services: &Services, built: &Built, now: Timestamp) -> Result<Roster> {
    let reader = services.db.read(Scope::Setting(built.setting)).await?;
    crate::concerns::case::roster(&reader, built.setting, now).await
}

pub(super) fn minutes(count: u32) -> SignedDuration {
    SignedDuration::from_mins(i64::from(count))
}
