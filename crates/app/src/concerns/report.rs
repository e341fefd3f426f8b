//! Telling a concern: stage one, under a minute, refused to nobody who works here (S3, S5).
//!
//! One transaction writes everything: the concern, what was said, who must not see it, who is told, the jobs that tell
//! them and those that look again in thirty (or five) minutes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::{ConcernKind, ConcernStatus, EntryKind, Part, RouteKind, Urgency};
use domain::content::Content;
use domain::ctx::Member;
use domain::exclusion::{Sight, shut_out};
use domain::pasted::is_image_data;
use domain::people::PersonKind;
use domain::procedure::Switches;
use domain::routing;
use domain::{ConcernId, DeviceId, EntryId, OpCtx, PersonId, RoomId, SettingId};
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::concerns::{Concern, ConcernPerson, Entry, Exclusion};
use store::people::Person;
use store::words::Area;
use store::{Scope, Tx};

use super::{LONGEST_LINE, LONGEST_TEXT, NO_PICTURES, case, noisy};
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
    /// When, if the teller knows. What nobody said is not made up, and stops no clock.
    pub at: Option<Timestamp>,
}

/// What may stand beside a report, and in most does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// What the writer thinks it means. Never in one field with a fact.
    pub opinion: String,
    /// It was written on paper first, and is typed in now.
    pub paper: Option<Paper>,
    /// When somebody here first knew of it, or when it arrived, where that is earlier than now (S43).
    pub known: Option<Timestamp>,
    /// What a sender without an account says of themselves.
    pub sender: String,
    /// Concerns that the teller says belong to it: their own reports, or what they may see (never for who is not signed in).
    pub linked: Vec<ConcernId>,
    /// The record of the filter’s alert from which it comes ([`crate::activity::record`]).
    pub alert: Option<crate::activity::Record>,
}

/// A form that was filled in by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// Who wrote it.
    pub by: String,
    /// When they wrote it.
    pub at: Timestamp,
    /// Where the sheet is kept now.
    pub place: String,
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

/// How long a report waits for room on a full disk before each try.
const PAUSES: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(200), Duration::from_millis(500), Duration::from_secs(1)];

/// Tells a concern.
///
/// # Errors
/// [`Error::Invalid`] with the field to mend; [`Error::Unavailable`] when even the reserve is used up. Never because of
/// a password's age, a missing second factor or a wrong clock.
pub async fn report(services: &Services, ctx: &mut OpCtx, report: Report) -> Result<Filed> {
    report_beside(services, ctx, report, Beside::default()).await
}

/// As [`report`], with what may stand beside one.
///
/// # Errors
/// As [`report`].
pub async fn report_beside(services: &Services, ctx: &mut OpCtx, report: Report, beside: Beside) -> Result<Filed> {
    authorize(&ctx.actor, Action::ReportConcern, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    if report.kind.is_matter() {
        // A complaint or a request is begun by whoever works it; a worry about somebody never asks who tells it (S3).
        authorize(&ctx.actor, Action::ReadQueue, Relation::Setting)?;
    }
    report.check(&beside, ctx.now, clock_is_suspect(services, member.setting, ctx.now).await?)?;
    let teller = Teller::Member(&member);
    let mut filed = write(services, ctx, teller, &report, &beside).await;
    // The first failure of a full disk frees the reserve; a report is what the reserve is for (S3). Something else that
    // was being written, a backup, may take it first, and gives it back when it fails.
    for pause in PAUSES {
        if !(matches!(filed, Err(Error::Unavailable { .. })) && services.db.is_short_of_space()) {
            break;
        }
        tokio::time::sleep(pause).await;
        filed = write(services, ctx, teller, &report, &beside).await;
    }
    let filed = filed?;
    services.wake_jobs();
    Ok(filed)
}

/// Does the clock stand before what is on record (S43)? Then it cannot say which time is still to come, and a report is not
/// refused for it (S3).
async fn clock_is_suspect(services: &Services, setting: SettingId, now: Timestamp) -> Result<bool> {
    let reader = services.db.read(Scope::Setting(setting)).await?;
    Ok(store::audit::newest_at(&reader, setting).await?.is_some_and(|newest| now < newest))
}

/// Files what somebody without an account tells, under a receipt that was made before (its hash is slow, and nothing slow
/// belongs inside a write). The reserve of a full disk is not for them: it could be used up from outside.
pub(crate) async fn file_unsigned(
    services: &Services,
    ctx: &mut OpCtx,
    setting: SettingId,
    receipt_hash: &str,
    (report, beside): (&Report, &Beside),
) -> Result<()> {
    report.check(beside, ctx.now, clock_is_suspect(services, setting, ctx.now).await?)?;
    write(services, ctx, Teller::Unsigned { setting, receipt_hash }, report, beside).await?;
    services.wake_jobs();
    Ok(())
}

async fn write(
    services: &Services,
    ctx: &mut OpCtx,
    teller: Teller<'_>,
    report: &Report,
    beside: &Beside,
) -> Result<Filed> {
    let mut tx = services.db.write(ctx, Scope::Setting(teller.setting()), "concern.raise").await?;
    let filed = Filing { services, teller, report, beside, tx: &mut tx }.file(ctx).await?;
    tx.commit().await?;
    Ok(filed)
}

/// Who tells.
#[derive(Clone, Copy)]
enum Teller<'a> {
    /// Somebody signed in.
    Member(&'a Member),
    /// Somebody without an account, with the hash of the receipt that they keep.
    Unsigned { setting: SettingId, receipt_hash: &'a str },
}

impl Teller<'_> {
    fn setting(self) -> SettingId {
        match self {
            Self::Member(member) => member.setting,
            Self::Unsigned { setting, .. } => setting,
        }
    }

    fn person(self) -> Option<PersonId> {
        match self {
            Self::Member(member) => Some(member.person),
            Self::Unsigned { .. } => None,
        }
    }
}

/// One filing, inside its transaction.
struct Filing<'a> {
    services: &'a Services,
    teller: Teller<'a>,
    report: &'a Report,
    beside: &'a Beside,
    tx: &'a mut Tx,
}

impl Filing<'_> {
    async fn file(mut self, ctx: &mut OpCtx) -> Result<Filed> {
        let setting = self.teller.setting();
        self.check_places().await?;
        let (parts, about_an_adult_here) = self.people().await?;
        let ties = case::ties(self.tx, setting, &parts).await?;
        let here = case::works_here(self.tx, setting, &ties, self.tx.now()).await?;
        let excluded = shut_out(&parts, &ties, &here);
        let route = routing::route(self.report.kind, about_an_adult_here);
        let concern = self.concern(ctx, route).await?;
        let (receipt, receipt_hash) = match self.teller {
            Teller::Member(_) => {
                let receipt = domain::reference::receipt(&mut *ctx.rng);
                let hash = receipt_hash(&receipt);
                (receipt, hash)
            }
            Teller::Unsigned { receipt_hash, .. } => (String::new(), receipt_hash.to_owned()),
        };
        let concern = Concern { receipt_hash, ..concern };
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
        self.link(&concern).await?;
        let hold = self.hold(&concern).await?;
        notices::tell_first(self.tx, &concern).await?;
        let shut_out = self.teller.person().is_some_and(|person| excluded.contains(&person));
        let sight = if shut_out { Sight::Nothing } else { Sight::Receipt };
        Ok(Filed { concern: concern.id, reference: concern.reference, receipt, sight, hold })
    }

    /// A device or room of another setting, or of none, is a mistake of the form.
    async fn check_places(&self) -> Result<()> {
        let setting = self.teller.setting();
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
        let setting = self.teller.setting();
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
            setting_id: self.teller.setting(),
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
        let setting = self.teller.setting();
        let content = &self.services.content;
        let procedure = case::serving(self.tx, content, setting, self.report.kind, route).await?;
        if let Some(procedure) = &procedure {
            super::edition::keep(self.tx, setting, procedure).await?;
        }
        let newest = store::audit::newest_at(self.tx, setting).await?;
        let told = self.report.told.as_ref().and_then(|told| told.at);
        let written = self.beside.paper.as_ref().map(|paper| paper.at);
        let known_at = [told, written, self.beside.known].into_iter().flatten().fold(ctx.now, Timestamp::min);
        Ok(Concern {
            id: ctx.fresh(),
            setting_id: setting,
            reference: domain::reference::reference(&mut *ctx.rng),
            kind: self.report.kind,
            route,
            area: area(self.report.kind),
            urgency: self.report.urgency(),
            status: ConcernStatus::Received,
            procedure: procedure.as_ref().map(|known| known.id.clone()).unwrap_or_default(),
            edition: procedure.map(|known| known.edition.clone()).unwrap_or_default(),
            event_at: self.report.event_at,
            // The clock of the law starts when somebody here knew, even if by word of mouth or on paper (S43).
            known_at,
            recorded_at: ctx.now,
            clock_suspect: newest.is_some_and(|newest| ctx.now < newest),
            reporter_id: self.teller.person(),
            receipt_hash: String::new(),
            device_id: self.report.device,
            room_id: self.report.room,
            told_in_person: self.report.told.as_ref().map(|told| json!({ "who": told.who.trim(), "at": told.at })),
            // A sender without an account owes nothing more; what they add later comes as messages.
            stage_two_at: self.teller.person().is_none().then_some(ctx.now),
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
        if !self.beside.opinion.trim().is_empty() {
            said.push((EntryKind::Opinion, self.beside.opinion.trim().to_owned(), report.event_at));
        }
        if !self.beside.sender.trim().is_empty() {
            said.push((EntryKind::Note, self.beside.sender.trim().to_owned(), concern.recorded_at));
        }
        if let Some(paper) = &self.beside.paper {
            let (by, place) = (paper.by.trim(), paper.place.trim());
            let text = format!("Typed in from paper. {by} wrote it by hand. The sheet is kept here: {place}");
            said.push((EntryKind::Note, text, paper.at));
        }
        if let Some(alert) = &self.beside.alert {
            said.push((EntryKind::Note, alert.say.clone(), report.event_at));
            noisy::keep(self.tx, concern, alert).await?;
        }
        if let Some(told) = &report.told {
            let at = told.at.unwrap_or(concern.recorded_at);
            said.push((EntryKind::Told, format!("Told {} in person.", told.who.trim()), at));
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
                author_id: self.teller.person(),
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

    /// Ties it to what the teller says belongs to it. What is not theirs to see is as if it were not there, and refuses
    /// nothing (S3).
    async fn link(&mut self, concern: &Concern) -> Result<()> {
        let Teller::Member(member) = self.teller else { return Ok(()) };
        for other_id in self.beside.linked.iter().copied().take(MOST_LINKED).collect::<BTreeSet<_>>() {
            match case::at_least(&*self.tx, member, Sight::Receipt, other_id).await {
                Ok(_) => {}
                Err(Error::NotFound) => continue,
                Err(other) => return Err(other),
            }
            let row = store::working::Strand {
                id: self.tx.fresh(),
                setting_id: concern.setting_id,
                one_id: concern.id,
                other_id,
                kind: store::words::StrandKind::Related,
                reason: "Named by whoever told it.".to_owned(),
                made_by: member.person,
                made_at: concern.recorded_at,
            };
            store::working::add_strand(self.tx, &row).await?;
        }
        Ok(())
    }

    /// The report goes through even if the device cannot be held.
    async fn hold(&mut self, concern: &Concern) -> Result<Option<Result<Placed, String>>> {
        let (true, Some(device)) = (self.report.hold_device, self.report.device) else { return Ok(None) };
        // Whoever is not signed in holds nothing (S25).
        let Teller::Member(member) = self.teller else { return Ok(None) };
        match holds::place_with_report(self.tx, member, device, concern).await {
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

    fn check(&self, beside: &Beside, now: Timestamp, clock_suspect: bool) -> Result<()> {
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
            if told.at.is_some_and(to_come) {
                say("told", "That time is still to come. Check the day and the time.");
            }
        }
        for (field, text) in [
            ("what_happened", &self.what_happened),
            ("who_is_safe", &self.who_is_safe),
            ("opinion", &beside.opinion),
            ("sender", &beside.sender),
        ] {
            if is_image_data(text) {
                say(field, NO_PICTURES);
            }
        }
        if beside.opinion.chars().count() > LONGEST_TEXT {
            say("opinion", "That is longer than we can keep. Shorten it; you can add more afterwards.");
        }
        if beside.known.is_some_and(to_come) {
            say("known", "That time is still to come. Check the day and the time.");
        }
        if let Some(paper) = &beside.paper {
            let too_long = |text: &str| text.trim().is_empty() || text.chars().count() > LONGEST_LINE;
            if too_long(&paper.by) {
                say("paper_by", "Write the name of the person who filled in the sheet.");
            }
            if too_long(&paper.place) {
                say("paper_place", "Write where the sheet is kept now.");
            }
            if to_come(paper.at) {
                say("paper", "That time is still to come. Check the day and the time.");
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

/// So many concerns can be named beside a report.
const MOST_LINKED: usize = 10;

/// The area of online risk that a kind begins with; the lead may change it.
pub(crate) fn area(kind: ConcernKind) -> Area {
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
pub(crate) fn defanged(hosts: &[String]) -> String {
    let inert =
        hosts.iter().map(|host| host.chars().filter(|c| !c.is_control()).collect::<String>().replace('.', "[.]"));
    inert.collect::<Vec<_>>().join(", ")
}
