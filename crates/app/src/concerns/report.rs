//! Telling a concern: stage one, under a minute, refused to nobody who works here (S3, S5).
//!
//! One transaction writes everything: the concern, what was said, who must not see it, who is told, the jobs that tell
//! them and those that look again in thirty (or five) minutes.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::{ConcernKind, ConcernStatus, EntryKind, Part, RouteKind, Urgency};
use domain::content::Content;
use domain::ctx::Member;
use domain::exclusion::{Sight, shut_out};
use domain::people::PersonKind;
use domain::procedure::Switches;
use domain::routing;
use domain::{ConcernId, DeviceId, EntryId, OpCtx, PersonId, RoomId};
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::concerns::{Concern, ConcernPerson, Entry, Exclusion};
use store::people::Person;
use store::words::Area;
use store::{Scope, Tx};

use super::{LONGEST_LINE, LONGEST_TEXT, case};
use crate::holds::{self, Placed};
use crate::{Error, Result, Services, notices};

/// Stage one, as the form asks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The first choice.
    pub kind: ConcernKind,
    /// What happened, in short.
    pub what_happened: String,
    /// Is everybody safe now?
    pub safe_now: SafeNow,
    /// Who is safe and how, or who is not.
    pub who_is_safe: String,
    /// When it happened.
    pub event_at: Timestamp,
    /// On which device.
    pub device: Option<DeviceId>,
    /// In which room.
    pub room: Option<RoomId>,
    /// Hosts that the reporter ticked as what was seen; inert text.
    pub hosts: Vec<String>,
    /// The adult it is about.
    pub about: About,
    /// The children.
    pub children: Children,
    /// Whom they have told in person already (S4).
    pub told: Option<Told>,
    /// Also cut the device off for four hours (S25).
    pub hold_device: bool,
}

/// Is everybody safe now? Anything but yes is urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SafeNow {
    /// Everybody.
    Yes,
    /// Somebody is not.
    No,
    /// Not known: treated as no.
    NotSure,
}

/// The adult it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// No adult of the register.
    Nobody,
    /// Somebody of the register. Shut out from this moment.
    Person(PersonId),
}

/// The children it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Children {
    /// These.
    Known(Vec<PersonId>),
    /// There is one, but who is still to be found out.
    NotYetKnown,
    /// None.
    Nobody,
}

/// "Told in person at".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Whom.
    pub who: String,
    /// When.
    pub at: Timestamp,
}

/// What the reporter gets.
#[derive(Debug, Clone)]
pub struct Filed {
    /// The concern, for the receipt page.
    pub concern: ConcernId,
    /// For the telephone.
    pub reference: String,
    /// Shown once; only its hash is kept.
    pub receipt: String,
    /// What the reporter may see of it from now on. Nothing, when it is about themselves or a relative.
    pub sight: Sight,
    /// What became of the device, if it was to be held.
    pub hold: Option<Result<Placed, String>>,
}

/// The very first words of the form, from the procedure that serves this kind (BRE-01).
pub fn first_words<'a>(content: &'a Content, switches: &Switches, kind: ConcernKind) -> &'a [String] {
    content.serving(kind, RouteKind::Safeguarding).map_or(&[], |procedure| procedure.first_words_for(switches))
}

/// The first words for the actor's own setting, with its switch `screen`.
///
/// # Errors
/// When nobody is signed in.
pub async fn first_words_here(services: &Services, ctx: &OpCtx, kind: ConcernKind) -> Result<Vec<String>> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let profile = case::profile(&reader, member.setting).await?;
    Ok(first_words(&services.content, &profile.switches, kind).to_vec())
}

/// Tells a concern.
///
/// # Errors
/// [`Error::Invalid`] with the field to mend; [`Error::Unavailable`] when even the reserve is used up. Never because of
/// a password's age, a missing second factor or a wrong clock.
pub async fn report(services: &Services, ctx: &mut OpCtx, report: Report) -> Result<Filed> {
    authorize(&ctx.actor, Action::ReportConcern, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    if report.kind.is_matter() {
        // A complaint or a request is begun by whoever works it; a worry about somebody never asks who tells it (S3).
        authorize(&ctx.actor, Action::ReadQueue, Relation::Setting)?;
    }
    report.check(ctx.now, clock_is_suspect(services, &member, ctx.now).await?)?;
    let filed = match write(services, ctx, &member, &report).await {
        // The first failure of a full disk frees the reserve; a report is what the reserve is for (S3).
        Err(Error::Unavailable { .. }) if services.db.is_short_of_space() => {
            write(services, ctx, &member, &report).await?
        }
        filed => filed?,
    };
    services.wake_jobs();
    Ok(filed)
}

/// Does the clock stand before what is on record (S43)? Then it cannot say which time is still to come, and a report is not
/// refused for it (S3).
async fn clock_is_suspect(services: &Services, member: &Member, now: Timestamp) -> Result<bool> {
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    Ok(store::audit::newest_at(&reader, member.setting).await?.is_some_and(|newest| now < newest))
}

async fn write(services: &Services, ctx: &mut OpCtx, member: &Member, report: &Report) -> Result<Filed> {
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.raise").await?;
    let filed = Filing { services, member, report, tx: &mut tx }.file(ctx).await?;
    tx.commit().await?;
    Ok(filed)
}

/// One filing, inside its transaction.
struct Filing<'a> {
    services: &'a Services,
    member: &'a Member,
    report: &'a Report,
    tx: &'a mut Tx,
}

impl Filing<'_> {
    async fn file(mut self, ctx: &mut OpCtx) -> Result<Filed> {
        let setting = self.member.setting;
        self.check_places().await?;
        let (parts, about_an_adult_here) = self.people().await?;
        let ties = case::ties(self.tx, setting, &parts).await?;
        let here = case::works_here(self.tx, setting, &ties, self.tx.now()).await?;
        let excluded = shut_out(&parts, &ties, &here);
        let route = routing::route(self.report.kind, about_an_adult_here);
        let concern = self.concern(ctx, route).await?;
        let receipt = domain::reference::receipt(&mut *ctx.rng);
        let concern = Concern { receipt_hash: receipt_hash(&receipt), ..concern };
        let concern = self.add(ctx, concern).await?;
        for (person_id, part) in &parts {
            let row = ConcernPerson { concern_id: concern.id, person_id: *person_id, part: *part, setting_id: setting };
            store::concerns::add_person(self.tx, &row).await?;
        }
        for person_id in &excluded {
            let row =
                Exclusion { concern_id: concern.id, person_id: *person_id, setting_id: setting, added_at: ctx.now };
            store::concerns::add_exclusion(self.tx, &row).await?;
        }
        self.words(&concern).await?;
        let hold = self.hold(&concern).await?;
        notices::tell_first(self.tx, &concern).await?;
        let sight = if excluded.contains(&self.member.person) { Sight::Nothing } else { Sight::Receipt };
        Ok(Filed { concern: concern.id, reference: concern.reference, receipt, sight, hold })
    }

    /// A device or room of another setting, or of none, is a mistake of the form.
    async fn check_places(&self) -> Result<()> {
        let setting = self.member.setting;
        if let Some(device) = self.report.device
            && store::devices::lookup(self.tx, setting, device).await?.is_none()
        {
            return Err(Error::invalid("device", "Choose a device from the list."));
        }
        if let Some(room) = self.report.room
            && store::people::lookup_room(self.tx, setting, room).await?.is_none()
        {
            return Err(Error::invalid("room", "Choose a room from the list."));
        }
        Ok(())
    }

    /// Everybody who has a part in it, and whether the adult works here.
    async fn people(&mut self) -> Result<(Vec<(PersonId, Part)>, bool)> {
        let setting = self.member.setting;
        let mut parts = Vec::new();
        let mut works_here = false;
        if let About::Person(person) = self.report.about {
            let found = store::people::lookup(self.tx, setting, person).await?;
            let found = found.ok_or_else(|| Error::invalid("about", "Choose somebody from the list."))?;
            let roster = case::roster(self.tx, setting, self.tx.now()).await?;
            works_here = found.kind == PersonKind::Staff || case::holds_staff_role(&roster, person);
            parts.push((person, Part::About));
        }
        match &self.report.children {
            Children::Known(children) => {
                for child in children.iter().copied().collect::<BTreeSet<_>>() {
                    let found = store::people::lookup(self.tx, setting, child).await?;
                    if found.is_none_or(|person| person.kind != PersonKind::Child) {
                        return Err(Error::invalid("children", "Choose the children from the list."));
                    }
                    parts.push((child, Part::Child));
                }
            }
            Children::NotYetKnown => parts.push((self.unknown_child().await?, Part::Child)),
            Children::Nobody => {}
        }
        Ok((parts, works_here))
    }

    /// A place for a child whose name is still to be found out. It must be resolved before closing.
    async fn unknown_child(&mut self) -> Result<PersonId> {
        let person = Person {
            id: self.tx.fresh(),
            setting_id: self.member.setting,
            kind: PersonKind::Unknown,
            name: "Child not yet known".into(),
            known_as: "Child not yet known".into(),
            born: None,
            email: None,
            email_verified_at: None,
            phone: None,
            room_id: None,
            joined: None,
            gone: None,
            version: 0,
        };
        store::people::add(self.tx, &person).await?;
        Ok(person.id)
    }

    async fn concern(&mut self, ctx: &mut OpCtx, route: RouteKind) -> Result<Concern> {
        let setting = self.member.setting;
        let content = &self.services.content;
        let procedure = content.serving(self.report.kind, route);
        if let Some(procedure) = procedure {
            super::edition::keep(self.tx, setting, procedure).await?;
        }
        let newest = store::audit::newest_at(self.tx, setting).await?;
        let told = self.report.told.as_ref();
        Ok(Concern {
            id: ctx.fresh(),
            setting_id: setting,
            reference: domain::reference::reference(&mut *ctx.rng),
            kind: self.report.kind,
            route,
            area: area(self.report.kind),
            urgency: self.report.urgency(),
            status: ConcernStatus::Received,
            procedure: procedure.map(|known| known.id.clone()).unwrap_or_default(),
            edition: procedure.map(|known| known.edition.clone()).unwrap_or_default(),
            event_at: self.report.event_at,
            // The clock of the law starts when somebody here was told, even if by word of mouth (S43).
            known_at: told.map_or(ctx.now, |told| told.at.min(ctx.now)),
            recorded_at: ctx.now,
            clock_suspect: newest.is_some_and(|newest| ctx.now < newest),
            reporter_id: Some(self.member.person),
            receipt_hash: String::new(),
            device_id: self.report.device,
            room_id: self.report.room,
            told_in_person: told.map(|told| json!({ "who": told.who.trim(), "at": told.at })),
            stage_two_at: None,
            opened_at: None,
            opened_by: None,
            closed_at: None,
            version: 0,
        })
    }

    /// Two concerns with one reference: once in many lifetimes, and even then nobody is refused.
    async fn add(&mut self, ctx: &mut OpCtx, mut concern: Concern) -> Result<Concern> {
        while store::concerns::has_reference(self.tx, concern.setting_id, &concern.reference).await? {
            concern.reference = domain::reference::reference(&mut *ctx.rng);
        }
        store::concerns::add(self.tx, &concern).await?;
        Ok(concern)
    }

    /// What was said, as the first entries of the chronology.
    async fn words(&mut self, concern: &Concern) -> Result<()> {
        let report = self.report;
        let safe = match report.safe_now {
            SafeNow::Yes => "Everybody is safe now.",
            SafeNow::No => "Somebody is not safe now.",
            SafeNow::NotSure => "Not sure that everybody is safe.",
        };
        let safety = format!("{safe} {}", report.who_is_safe.trim());
        let mut said = vec![
            (EntryKind::Fact, report.what_happened.trim().to_owned(), report.event_at),
            (EntryKind::Safety, safety.trim_end().to_owned(), concern.recorded_at),
        ];
        if !report.hosts.is_empty() {
            let hosts = format!("Names that the device had asked for around then: {}", defanged(&report.hosts));
            said.push((EntryKind::Fact, hosts, report.event_at));
        }
        if let Some(told) = &report.told {
            said.push((EntryKind::Told, format!("Told {} in person.", told.who.trim()), told.at));
        }
        for (kind, text, event_at) in said {
            let entry = Entry {
                id: self.tx.fresh::<EntryId>(),
                setting_id: concern.setting_id,
                concern_id: concern.id,
                kind,
                text,
                event_at,
                recorded_at: concern.recorded_at,
                author_id: Some(self.member.person),
                supersedes: None,
                out_of_order: false,
            };
            store::concerns::add_entry(self.tx, &entry).await?;
        }
        if concern.clock_suspect {
            let text = "This computer's clock stood earlier than records that were already there. Check the times.";
            super::entries::by_the_program(self.tx, concern, text).await?;
        }
        Ok(())
    }

    /// The report goes through even if the device cannot be held.
    async fn hold(&mut self, concern: &Concern) -> Result<Option<Result<Placed, String>>> {
        let (true, Some(device)) = (self.report.hold_device, self.report.device) else { return Ok(None) };
        match holds::place_with_report(self.tx, self.member, device, concern).await {
            Ok(placed) => Ok(Some(Ok(placed))),
            Err(Error::Invalid(why)) => Ok(Some(Err(why.into_values().collect::<Vec<_>>().join(" ")))),
            Err(other) => Err(other),
        }
    }
}

impl Report {
    fn urgency(&self) -> Urgency {
        match self.safe_now {
            SafeNow::Yes => Urgency::Prompt,
            SafeNow::No | SafeNow::NotSure => Urgency::Urgent,
        }
    }

    fn check(&self, now: Timestamp, clock_suspect: bool) -> Result<()> {
        let to_come = |at: Timestamp| !clock_suspect && at > now.saturating_add(A_FAST_CLOCK).unwrap_or(now);
        let mut wrong = BTreeMap::new();
        let mut say = |field: &str, words: &str| {
            wrong.entry(field.to_owned()).or_insert_with(|| words.to_owned());
        };
        if self.what_happened.trim().is_empty() {
            say("what_happened", "Say what happened, in a few words.");
        }
        if self.what_happened.chars().count() > LONGEST_TEXT {
            say("what_happened", "That is longer than we can keep. Shorten it; you can add more afterwards.");
        }
        if self.who_is_safe.chars().count() > LONGEST_TEXT {
            say("who_is_safe", "That is longer than we can keep. Shorten it; you can add more afterwards.");
        }
        if to_come(self.event_at) {
            say("event_at", "That time is still to come. Check the day and the time.");
        }
        if let Some(told) = &self.told {
            if told.who.trim().is_empty() || told.who.chars().count() > LONGEST_LINE {
                say("told_who", "Write the name of the person you told.");
            }
            if to_come(told.at) {
                say("told_at", "That time is still to come. Check the day and the time.");
            }
        }
        if self.hosts.iter().any(|host| host.len() > 253) || self.hosts.len() > 200 {
            say("hosts", "Choose fewer names.");
        }
        if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
    }
}

/// A browser's clock may run ahead of ours; that is no reason to refuse a report.
const A_FAST_CLOCK: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);

/// The area of online risk that a kind begins with; the lead may change it.
fn area(kind: ConcernKind) -> Area {
    use ConcernKind as K;
    match kind {
        K::FilterBreach | K::Radicalisation | K::MonitoringAlert | K::Hate | K::IndecentImage | K::AiTool => {
            Area::Content
        }
        K::ChildAtRisk | K::PersonalContact | K::Message => Area::Contact,
        K::Attack => Area::Commerce,
        K::AdultHere
        | K::PersonalDevice
        | K::Bullying
        | K::YoungPersonsImage
        | K::AlteredImage
        | K::PhotoPublished
        | K::ParentPosted
        | K::DataLost
        | K::SmartDevice
        | K::Crime
        | K::SomethingElse
        | K::DataComplaint
        | K::AccessRequest
        | K::FileTransfer => Area::Conduct,
    }
}

/// Receipts are kept as digests only (S14): 78 bits of chance need no slow hash.
pub(super) fn receipt_hash(receipt: &str) -> String {
    hex::encode(Sha256::digest(domain::reference::normalise(receipt).as_bytes()))
}

/// Names that nobody can tap by accident (S19).
fn defanged(hosts: &[String]) -> String {
    let inert =
        hosts.iter().map(|host| host.chars().filter(|c| !c.is_control()).collect::<String>().replace('.', "[.]"));
    inert.collect::<Vec<_>>().join(", ")
}
