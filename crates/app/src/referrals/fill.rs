//! What the record already knows, put into a referral's form. The writer reads it over; nothing is sent from here.

use std::fmt::Write as _;

use domain::concern::{EntryKind, Part};
use domain::ctx::Member;
use domain::procedure::{Answers, State};
use domain::referral::{Fill, ReferralForm};
use domain::{OpCtx, PersonId};
use store::Reads;
use store::concerns::Entry;

use crate::concerns::case::{self, Case};
use crate::concerns::told;
use crate::sight::sees;
use crate::{Error, Result, Services};

/// Answers with which a form begins.
pub(super) async fn answers(
    services: &Services,
    db: &impl Reads,
    ctx: &OpCtx,
    case: &Case,
    form: &ReferralForm,
) -> Result<Answers> {
    let member = ctx.member().ok_or(Error::NotFound)?;
    let record = Record { services, db, member, case };
    let mut answers = Answers::new();
    for field in &form.fields {
        let Some(fill) = field.fill else { continue };
        let text = record.text(fill, ctx).await?;
        if !text.trim().is_empty() {
            answers.insert(field.key.clone(), text.trim().to_owned());
        }
    }
    Ok(answers)
}

struct Record<'a, D> {
    services: &'a Services,
    db: &'a D,
    member: &'a Member,
    case: &'a Case,
}

impl<D: Reads> Record<'_, D> {
    async fn text(&self, fill: Fill, ctx: &OpCtx) -> Result<String> {
        match fill {
            Fill::Setting => self.setting().await,
            Fill::Writer => self.writer(ctx).await,
            Fill::Children => self.people(Part::Child).await,
            Fill::About => self.people(Part::About).await,
            Fill::Adults => self.adults().await,
            Fill::Facts => self.entries(&[EntryKind::Fact]).await,
            Fill::Words => self.entries(&[EntryKind::ChildWords, EntryKind::Voice]).await,
            Fill::Told => self.told().await,
            Fill::Times => {
                let (concern, say) = (&self.case.concern, |at| self.services.calendar.say(at));
                Ok(format!("Happened {}. Known here {}.", say(concern.event_at), say(concern.known_at)))
            }
            Fill::Done => self.done().await,
            Fill::Device => self.device(ctx).await,
        }
    }

    async fn setting(&self) -> Result<String> {
        let row = store::settings::lookup(self.db, self.case.setting()).await?.ok_or(Error::NotFound)?;
        let urn = case::profile(self.db, self.case.setting()).await?.ofsted_urn;
        Ok(urn.map_or_else(|| row.name.clone(), |urn| format!("{}, Ofsted number {urn}", row.name)))
    }

    async fn writer(&self, ctx: &OpCtx) -> Result<String> {
        let found = store::people::lookup(self.db, self.case.setting(), self.member.person).await?;
        let Some(person) = found else { return Ok(String::new()) };
        let profile = case::profile(self.db, self.case.setting()).await?;
        let held = store::people::list_appointments_of(self.db, self.case.setting(), person.id, ctx.now).await?;
        let title = domain::exclusion::CASE_ROLES
            .iter()
            .find(|role| held.iter().any(|appointment| appointment.role == **role))
            .map(|role| profile.title(*role).to_owned());
        Ok([Some(person.name), title, person.phone].into_iter().flatten().collect::<Vec<_>>().join(", "))
    }

    async fn parts(&self, part: Part) -> Result<Vec<PersonId>> {
        let rows = store::concerns::list_people(self.db, self.case.setting(), &sees(self.member), self.case.concern.id)
            .await?;
        Ok(rows.into_iter().filter(|row| row.part == part).map(|row| row.person_id).collect())
    }

    async fn people(&self, part: Part) -> Result<String> {
        let mut lines = Vec::new();
        for id in self.parts(part).await? {
            let Some(person) = store::people::lookup(self.db, self.case.setting(), id).await? else { continue };
            let born = person.born.map(|day| format!(", born {}", domain::clock::say_day(day))).unwrap_or_default();
            lines.push(format!("{}{born}", person.name));
        }
        Ok(lines.join("\n"))
    }

    /// A child's adults, with what must be known before anybody speaks to them (S13).
    async fn adults(&self) -> Result<String> {
        let mut lines = Vec::new();
        for child in self.parts(Part::Child).await? {
            for tie in store::people::list_relationships(self.db, self.case.setting(), child).await? {
                let other = if tie.person_id == child { tie.other_id } else { tie.person_id };
                let Some(adult) = store::people::lookup(self.db, self.case.setting(), other).await? else { continue };
                let mut line = format!("{}, {}", adult.name, tie.kind.key());
                if tie.parental_responsibility {
                    line.push_str(", has parental responsibility");
                }
                if tie.never_disclose_address {
                    line.push_str("; must never learn the address");
                }
                if tie.do_not_contact {
                    line.push_str("; must not be contacted");
                }
                if let Some(order) = &tie.court_order {
                    let _ = write!(line, "; court order: {order}");
                }
                lines.push(line);
            }
        }
        Ok(lines.join("\n"))
    }

    async fn entries(&self, kinds: &[EntryKind]) -> Result<String> {
        let all = store::concerns::list_entries(self.db, self.case.setting(), &sees(self.member), self.case.concern.id)
            .await?;
        let corrected = |entry: &Entry| all.iter().any(|other| other.supersedes == Some(entry.id));
        let texts = all.iter().filter(|entry| kinds.contains(&entry.kind) && !corrected(entry));
        Ok(texts.map(|entry| entry.text.as_str()).collect::<Vec<_>>().join("\n"))
    }

    async fn told(&self) -> Result<String> {
        let mut text = self.entries(&[EntryKind::Told]).await?;
        if let Some((who, at)) = self.case.concern.told_in_person.as_ref().and_then(told) {
            let at = at.map(|at| format!(", {}", self.services.calendar.say(at))).unwrap_or_default();
            let _ = write!(text, "\n{who}, in person{at}");
        }
        Ok(text)
    }

    async fn done(&self) -> Result<String> {
        let concern = &self.case.concern;
        let procedure = case::procedure(self.db, &self.services.content, concern).await?;
        let Some(procedure) = procedure else { return Ok(String::new()) };
        let rows = store::concerns::list_steps_for_program(self.db, self.case.setting(), concern.id).await?;
        let profile = case::profile(self.db, self.case.setting()).await?;
        let switches = case::switches(&profile, &self.services.calendar, concern);
        let records = case::for_engine(&rows);
        let standing = procedure.standing(&records, &switches);
        let done = standing.steps.iter().filter(|state| matches!(state.state, State::Done | State::OutOfOrder));
        let lines = done.filter_map(|state| {
            let last = records.iter().rfind(|record| record.step == state.step.key)?;
            Some(format!("{}: {}", state.step.title, self.services.calendar.say(last.event_at)))
        });
        Ok(lines.collect::<Vec<_>>().join("\n"))
    }

    async fn device(&self, ctx: &OpCtx) -> Result<String> {
        let Some(id) = self.case.concern.device_id else { return Ok(String::new()) };
        let device = store::devices::lookup(self.db, self.case.setting(), id).await?;
        let held = store::devices::list_holds(self.db, self.case.setting(), &sees(self.member), ctx.now).await?;
        let custody = held.into_iter().find(|hold| hold.device_id == id).and_then(|hold| hold.custody);
        let name = device.map(|device| device.name);
        Ok(name.into_iter().chain(custody).collect::<Vec<_>>().join(". "))
    }
}
