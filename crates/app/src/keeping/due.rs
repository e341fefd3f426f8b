//! What is due: each record with the day on which people look at it again, why it must not go, and what was decided.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::{ConcernKind, ConcernStatus, Part};
use domain::ctx::Member;
use domain::referral::ReferralState;
use domain::retention::{Due, Elsewhere, Facts, RecordKind, Rule, due};
use domain::{ConcernId, OpCtx, PersonId, SettingId};
use jiff::Timestamp;
use jiff::civil::Date;
use store::keeping::{Closed, Disposal, LegalHold, Resting};
pub use store::words::DisposalState;
use store::{Reads, Scope};
use uuid::Uuid;

use crate::concerns::{Names, case};
use crate::sight::sees;
use crate::{Error, Result, Services};

/// A record that is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Which kind.
    pub record: RecordKind,
    /// Which.
    pub id: Uuid,
    /// What people call it: a reference, never what it says.
    pub name: String,
    /// Where it can be read.
    pub href: String,
    /// The adult whom a low-level concern is about, or whose declaration it is.
    pub about: Option<PersonId>,
    /// When people look at it again.
    pub due: Due,
    /// The rule in plain words.
    pub rule: Option<Rule>,
    /// Why it must not go. Empty: nothing holds it.
    pub held: Vec<String>,
    /// What was decided last, and stands.
    pub decision: Option<Disposal>,
}

impl Record {
    /// The day on which people look again: the rule's, or the later one to which it was kept.
    pub fn day(&self) -> Option<Date> {
        day_of(&self.due, self.decision.as_ref())
    }

    /// Has its day come?
    pub fn is_due(&self, today: Date) -> bool {
        self.day().is_some_and(|day| day <= today)
    }
}

fn day_of(due: &Due, decision: Option<&Disposal>) -> Option<Date> {
    let Due::On { day, .. } = due else { return None };
    let kept = decision.filter(|last| last.state == DisposalState::Kept);
    Some(kept.and_then(|last| last.keep_until).map_or(*day, |until| until.max(*day)))
}

/// One of the lists of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// Their day has come.
    Due,
    /// Proposed by one person, waiting for another.
    Proposed,
    /// Within the next year.
    Soon,
    /// Closed, and a date is missing.
    Unclear,
}

impl List {
    /// Every list, in the order of the page.
    pub const ALL: [Self; 4] = [Self::Due, Self::Proposed, Self::Soon, Self::Unclear];

    /// The word for it in an address.
    pub fn key(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Proposed => "proposed",
            Self::Soon => "soon",
            Self::Unclear => "unclear",
        }
    }
}

/// A part of a list: so many records are shown at once, whatever a setting keeps.
#[derive(Debug, Clone, PartialEq)]
pub struct Excerpt {
    /// Of which list.
    pub list: List,
    /// The records of this part.
    pub records: Vec<Record>,
    /// Where the part begins: so many records come before it.
    pub from: usize,
    /// How many records the whole list has.
    pub all: usize,
}

/// The page: what is due, what comes next, and what cannot be reckoned.
#[derive(Debug, Clone, Default)]
pub struct Wall {
    /// The lists, in the order of [`List::ALL`], or the one that was asked for.
    pub parts: Vec<Excerpt>,
    /// How many are due, and how many wait for a second person.
    pub counts: (usize, usize),
    /// Later than within a year: how many.
    pub later: usize,
    /// The rules.
    pub rules: Vec<Rule>,
    /// What goes by another clock.
    pub elsewhere: Vec<Elsewhere>,
    /// Days of the backups that lie in the data folder.
    pub backups: Vec<String>,
}

impl Wall {
    /// The part of a list that was asked for.
    pub fn part(&self, list: List) -> Option<&Excerpt> {
        self.parts.iter().find(|part| part.list == list)
    }
}

/// Records of a list that are shown at once.
pub const SHOWN: usize = 50;

/// What is due, for those who may decide: the beginning of every list, or one part of one list.
///
/// # Errors
/// [`Refused`].
pub async fn wall(services: &Services, ctx: &OpCtx, of: Option<(List, usize)>) -> Result<Wall> {
    authorize(&ctx.actor, Action::KeepRetention, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let today = services.calendar.local(ctx.now).date();
    let year = today.checked_add(jiff::Span::new().years(1)).unwrap_or(today);
    let mut later = 0;
    let mut lists: [Vec<Reckoned>; 4] = Default::default();
    let [due, proposed, soon, unclear] = &mut lists;
    for one in reckoned(services, &reader, member, ctx.now, Which::All).await? {
        let waits = one.decision.as_ref().is_some_and(|last| last.state == DisposalState::Proposed);
        match (waits, one.day()) {
            (true, _) => proposed.push(one),
            (_, None) => unclear.push(one),
            (_, Some(day)) if day <= today => due.push(one),
            (_, Some(day)) if day <= year => soon.push(one),
            _ => later += 1,
        }
    }
    let counts = (lists[0].len(), lists[1].len());
    // Why something must not go is asked for what is shown alone.
    let obstacles = Obstacles::load(&reader, member.setting).await?;
    let mut parts = Vec::new();
    for (list, mut all) in List::ALL.into_iter().zip(lists) {
        let from = match of {
            Some((one, page)) if one == list => page.saturating_mul(SHOWN).min(all.len()),
            Some(_) => continue,
            None => 0,
        };
        all.sort_by_key(Reckoned::day);
        let count = all.len();
        let shown = all.into_iter().skip(from).take(SHOWN);
        let records = shown.map(|one| one.whole(&services.content.retention, &obstacles)).collect();
        parts.push(Excerpt { list, records, from, all: count });
    }
    Ok(Wall {
        parts,
        counts,
        later,
        rules: services.content.retention.clone(),
        elsewhere: services.content.kept_elsewhere.clone(),
        backups: backups(services),
    })
}

/// Days of the backups beside the database, oldest first.
pub(crate) fn backups(services: &Services) -> Vec<String> {
    let Ok(folder) = std::fs::read_dir(services.data.join("backups")) else { return Vec::new() };
    let names = folder.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut days: Vec<String> = names.filter_map(|name| name.strip_suffix(".backup").map(str::to_owned)).collect();
    days.sort();
    days
}

/// One record.
///
/// # Errors
/// [`Error::NotFound`] for who may not see it.
pub async fn one(services: &Services, ctx: &OpCtx, record: RecordKind, id: Uuid) -> Result<Record> {
    authorize(&ctx.actor, Action::KeepRetention, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    find(services, &reader, member, ctx.now, record, id).await
}

pub(super) async fn find(
    services: &Services,
    db: &impl Reads,
    member: &Member,
    now: Timestamp,
    record: RecordKind,
    id: Uuid,
) -> Result<Record> {
    let found = reckoned(services, db, member, now, Which::One(record, id)).await?;
    let found = found.into_iter().find(|one| one.candidate.facts.record == record && one.candidate.id == id);
    let obstacles = Obstacles::load(db, member.setting).await?;
    Ok(found.ok_or(Error::NotFound)?.whole(&services.content.retention, &obstacles))
}

/// Which records to reckon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    One(RecordKind, Uuid),
}

impl Which {
    fn has(self, record: RecordKind) -> bool {
        matches!(self, Self::All) || matches!(self, Self::One(kind, _) if kind == record)
    }

    /// The one concern that is asked for.
    fn concern(self) -> Option<ConcernId> {
        match self {
            Self::One(RecordKind::Concern, id) => Some(ConcernId(id)),
            Self::One(..) | Self::All => None,
        }
    }
}

/// A record whose day is known, before anybody asked what holds it.
struct Reckoned {
    candidate: Candidate,
    due: Due,
    decision: Option<Disposal>,
}

impl Reckoned {
    fn day(&self) -> Option<Date> {
        day_of(&self.due, self.decision.as_ref())
    }

    fn whole(self, rules: &[Rule], obstacles: &Obstacles) -> Record {
        let Self { candidate, due, decision } = self;
        let key = match &due {
            Due::On { rule, .. } => Some(rule),
            Due::NotYet(_) => None,
        };
        Record {
            record: candidate.facts.record,
            id: candidate.id,
            about: candidate.about,
            held: obstacles.of(&candidate),
            rule: rules.iter().find(|rule| Some(&rule.key) == key).cloned(),
            decision,
            name: candidate.name,
            href: candidate.href,
            due,
        }
    }
}

/// The records that are closed or complete and that the member may see, each with its day.
async fn reckoned(
    services: &Services,
    db: &impl Reads,
    member: &Member,
    now: Timestamp,
    which: Which,
) -> Result<Vec<Reckoned>> {
    let setting = member.setting;
    let candidates = candidates(services, db, member, now, which).await?;
    let longer = case::profile(db, setting).await?.retention;
    let states = [DisposalState::Kept, DisposalState::Proposed, DisposalState::Withdrawn];
    let mut last: BTreeMap<(RecordKind, Uuid), Disposal> = BTreeMap::new();
    for row in store::keeping::list_disposals_for_program(db, setting, &states).await? {
        last.entry((row.record, row.record_id)).or_insert(row);
    }
    let rules = &services.content.retention;
    let reckon = |candidate: Candidate| Reckoned {
        due: due(rules, &longer, &candidate.facts),
        decision: last.remove(&(candidate.facts.record, candidate.id)),
        candidate,
    };
    Ok(candidates.into_iter().map(reckon).collect())
}

/// A record before the rules were asked.
struct Candidate {
    id: Uuid,
    name: String,
    href: String,
    facts: Facts,
    named: BTreeSet<PersonId>,
    concern: Option<ConcernId>,
    about: Option<PersonId>,
}

async fn candidates(
    services: &Services,
    db: &impl Reads,
    member: &Member,
    now: Timestamp,
    which: Which,
) -> Result<Vec<Candidate>> {
    let setting = member.setting;
    let day = |at: Timestamp| services.calendar.local(at).date();
    let dates: BTreeMap<PersonId, (Option<Date>, Option<Date>)> =
        store::keeping::list_dates(db, setting).await?.into_iter().map(|(id, born, gone)| (id, (born, gone))).collect();
    let born = |person: &PersonId| dates.get(person).and_then(|dates| dates.0);
    let gone = |person: &PersonId| dates.get(person).and_then(|dates| dates.1);
    let mut found = Vec::new();
    if which.has(RecordKind::Concern) {
        let mut by_concern: BTreeMap<ConcernId, Vec<(PersonId, Part)>> = BTreeMap::new();
        for (concern, person, part) in store::keeping::list_parts_for_program(db, setting, which.concern()).await? {
            by_concern.entry(concern).or_default().push((person, part));
        }
        let mut ever = ever_said(services, db, setting, which.concern()).await?;
        for concern in store::keeping::list_closed(db, setting, &sees(member), which.concern()).await? {
            let parts = by_concern.remove(&concern.id).unwrap_or_default();
            found.push(Candidate {
                id: concern.id.0,
                name: format!("Concern {}", concern.reference),
                href: format!("/concerns/{}", concern.id),
                facts: facts_of(&concern, &parts, ever.remove(&concern.id), &born, &day),
                named: parts.iter().map(|(person, _)| *person).collect(),
                concern: Some(concern.id),
                about: None,
            });
        }
    }
    let plain = |record, recorded: Date| Facts {
        record,
        kind: None,
        ever: BTreeSet::new(),
        route: None,
        children: Vec::new(),
        adults: Vec::new(),
        left: Vec::new(),
        recorded,
        closed: None,
        sent: None,
    };
    let may = |action| domain::access::any_allowed(&member.roles, action, Relation::Setting);
    if which.has(RecordKind::LowLevel) && may(Action::KeepLowLevel) {
        let shut: Vec<PersonId> = crate::low_level::not_for(db, member).await?.into_iter().collect();
        let names = Names::load(db, setting).await?;
        for row in store::keeping::list_low_level_but(db, setting, Some(member.person), &shut).await? {
            let recorded = day(row.recorded_at);
            found.push(Candidate {
                id: row.id,
                name: format!(
                    "Low-level concern about {}, {}",
                    names.person(row.person_id),
                    domain::clock::say_day(recorded)
                ),
                href: "/low-level".to_owned(),
                facts: Facts { left: vec![gone(&row.person_id)], ..plain(RecordKind::LowLevel, recorded) },
                named: BTreeSet::from([row.person_id]),
                concern: None,
                about: Some(row.person_id),
            });
        }
    }
    if which.has(RecordKind::Declaration) {
        let names = Names::load(db, setting).await?;
        for row in crate::declarations::to_decide(db, member, now).await? {
            let recorded = day(row.made_at);
            found.push(Candidate {
                id: row.id.0,
                name: format!("Declaration of {}, {}", names.person(row.person_id), domain::clock::say_day(recorded)),
                href: format!("/declarations/{}", row.id),
                facts: Facts { left: vec![gone(&row.person_id)], ..plain(RecordKind::Declaration, recorded) },
                named: BTreeSet::from([row.person_id]),
                concern: None,
                about: Some(row.person_id),
            });
        }
    }
    if which.has(RecordKind::Transfer) && may(Action::MoveFile) {
        for row in store::working::list_transfers(db, setting, &sees(member), None).await? {
            found.push(Candidate {
                id: row.id.0,
                name: format!("File for {}", row.to_name),
                href: format!("/transfers/{}", row.id),
                facts: Facts {
                    children: vec![born(&row.child_id)],
                    sent: row.sent_at.map(day),
                    ..plain(RecordKind::Transfer, day(row.made_at))
                },
                named: BTreeSet::from([row.child_id]),
                concern: None,
                about: None,
            });
        }
    }
    if !which.has(RecordKind::Person) {
        return Ok(found);
    }
    for person in store::people::list(db, setting, None).await? {
        let Some(gone) = person.gone else { continue };
        found.push(Candidate {
            id: person.id.0,
            name: format!("Entry of {} in the register", person.name),
            href: format!("/people/{}", person.id),
            facts: Facts { left: vec![Some(gone)], ..plain(RecordKind::Person, gone) },
            named: BTreeSet::from([person.id]),
            concern: None,
            about: None,
        });
    }
    Ok(found)
}

/// Why an entry of the register stays. The same words whatever it is that names somebody, or they would tell whoever is shut out from
/// it that there is something (S8).
pub(super) const NAMED: &str = "Records that are kept name this person, or roles and sign-ins that they had.";

/// How many closed concerns have come to their day, and how many of those nobody has decided on within ninety days: for the
/// evidence, of concerns whose sight the caller has asked about.
pub(crate) async fn neglected(
    services: &Services,
    db: &impl Reads,
    setting: SettingId,
    concerns: &[store::concerns::Concern],
    now: Timestamp,
) -> Result<(usize, usize)> {
    let today = services.calendar.local(now).date();
    let patience = today.checked_sub(jiff::Span::new().days(PATIENCE_DAYS)).unwrap_or(today);
    let longer = case::profile(db, setting).await?.retention;
    let closed: Vec<Closed> = concerns
        .iter()
        .filter(|concern| concern.status == ConcernStatus::Closed)
        .map(|concern| Closed {
            id: concern.id,
            reference: concern.reference.clone(),
            kind: concern.kind,
            route: concern.route,
            recorded_at: concern.recorded_at,
            closed_at: concern.closed_at,
        })
        .collect();
    if closed.is_empty() {
        return Ok((0, 0));
    }
    let dates: BTreeMap<PersonId, Option<Date>> =
        store::keeping::list_dates(db, setting).await?.into_iter().map(|(id, born, _)| (id, born)).collect();
    let mut parts: BTreeMap<ConcernId, Vec<(PersonId, Part)>> = BTreeMap::new();
    for (concern, person, part) in store::keeping::list_parts_for_program(db, setting, None).await? {
        parts.entry(concern).or_default().push((person, part));
    }
    let mut ever = ever_said(services, db, setting, None).await?;
    let states = [DisposalState::Kept, DisposalState::Proposed, DisposalState::Withdrawn];
    let mut last: BTreeMap<Uuid, Disposal> = BTreeMap::new();
    for row in store::keeping::list_disposals_for_program(db, setting, &states).await? {
        last.entry(row.record_id).or_insert(row);
    }
    let day = |at: Timestamp| services.calendar.local(at).date();
    let (mut came, mut late) = (0, 0);
    for concern in closed {
        let parts = parts.remove(&concern.id).unwrap_or_default();
        let ever = ever.remove(&concern.id);
        let facts = facts_of(&concern, &parts, ever, &|person| dates.get(person).copied().flatten(), &day);
        let Due::On { day, .. } = due(&services.content.retention, &longer, &facts) else { continue };
        let kept =
            last.get(&concern.id.0).filter(|last| last.state == DisposalState::Kept).and_then(|last| last.keep_until);
        let day = kept.map_or(day, |until| until.max(day));
        came += usize::from(day <= today);
        late += usize::from(day < patience);
    }
    Ok((came, late))
}

/// What the rules ask of a concern.
/// To which questions of the rules somebody ever answered yes or not sure, by concern. Only the reckoning sees it.
async fn ever_said(
    services: &Services,
    db: &impl Reads,
    setting: SettingId,
    only: Option<ConcernId>,
) -> Result<BTreeMap<ConcernId, BTreeSet<String>>> {
    let mut ever: BTreeMap<ConcernId, BTreeSet<String>> = BTreeMap::new();
    let asked = services.content.retention.iter().flat_map(|rule| &rule.ever).map(|one| one.field.as_str());
    for field in asked.collect::<BTreeSet<&str>>() {
        let said = (field, &["yes", "not_sure"][..]);
        for id in store::keeping::list_ever_answered_for_program(db, setting, only, said).await? {
            ever.entry(id).or_default().insert(field.to_owned());
        }
    }
    Ok(ever)
}

fn facts_of(
    concern: &Closed,
    parts: &[(PersonId, Part)],
    ever: Option<BTreeSet<String>>,
    born: &dyn Fn(&PersonId) -> Option<Date>,
    day: &dyn Fn(Timestamp) -> Date,
) -> Facts {
    let with = |part: Part| parts.iter().filter(move |(_, own)| *own == part).map(|(person, _)| person);
    Facts {
        record: RecordKind::Concern,
        kind: Some(concern.kind),
        ever: ever.unwrap_or_default(),
        route: Some(concern.route),
        children: with(Part::Child).map(born).collect(),
        adults: with(Part::About).map(born).collect(),
        left: Vec::new(),
        recorded: day(concern.recorded_at),
        closed: concern.closed_at.map(day),
        sent: None,
    }
}

/// So long a record may be due before the evidence says so.
const PATIENCE_DAYS: i64 = 90;

/// Why records must not go, gathered over everything: a hold that the viewer may not see holds all the same.
struct Obstacles {
    holds: Vec<LegalHold>,
    resting: Vec<(ConcernId, Resting)>,
    asked: BTreeSet<PersonId>,
    tied_to_open: BTreeSet<ConcernId>,
    waiting: BTreeSet<ConcernId>,
    lent: BTreeSet<ConcernId>,
    sealing: BTreeSet<ConcernId>,
    moving: BTreeSet<PersonId>,
    kept: BTreeSet<PersonId>,
}

impl Obstacles {
    async fn load(db: &impl Reads, setting: SettingId) -> Result<Self> {
        let worked = store::keeping::list_worked_for_program(db, setting).await?;
        let open: BTreeSet<ConcernId> = worked.iter().map(|(id, _)| *id).collect();
        let mut asked = BTreeSet::new();
        for (request, _) in worked.iter().filter(|(_, kind)| *kind == ConcernKind::AccessRequest) {
            let parts = store::concerns::list_parts_for_program(db, setting, *request).await?;
            asked.extend(parts.into_iter().map(|part| part.person_id));
            let bundle = store::keeping::find_bundle_for_program(db, setting, *request).await?;
            asked.extend(bundle.map(|bundle| bundle.person_id));
        }
        let mut tied_to_open = BTreeSet::new();
        for strand in store::working::list_all_strands_for_program(db, setting).await? {
            if open.contains(&strand.one_id) || open.contains(&strand.other_id) {
                tied_to_open.extend([strand.one_id, strand.other_id]);
            }
        }
        let unanswered = [ReferralState::Drafted, ReferralState::Sent, ReferralState::Acknowledged];
        let moving = store::keeping::list_transfers_for_program(db, setting).await?;
        let mut kept = store::keeping::list_named_for_program(db, setting).await?;
        kept.extend(moving.iter().map(|row| row.child_id));
        for row in store::keeping::list_low_level_but(db, setting, None, &[]).await? {
            kept.extend([row.person_id, row.author_id]);
        }
        for row in store::declarations::list(db, setting).await? {
            kept.extend([Some(row.person_id), row.decided_by].into_iter().flatten());
        }
        kept.extend(store::people::list_all_appointments(db, setting).await?.into_iter().map(|row| row.person_id));
        kept.extend(store::overview::memberships(db, setting).await?.into_iter().map(|row| row.person_id));
        Ok(Self {
            holds: store::keeping::list_holds_for_program(db, setting).await?,
            resting: store::keeping::list_resting(db, setting).await?,
            asked,
            tied_to_open,
            waiting: store::keeping::list_referred_for_program(db, setting, &unanswered).await?,
            lent: store::together::list_lenders_for_program(db, setting).await?,
            sealing: store::together::list_addresses_for_gateway(db, setting)
                .await?
                .into_iter()
                .map(|row| row.concern_id)
                .collect(),
            kept,
            moving: moving.into_iter().filter(|row| row.receipt_at.is_none()).map(|row| row.child_id).collect(),
        })
    }

    fn of(&self, one: &Candidate) -> Vec<String> {
        let mut why = Vec::new();
        for hold in &self.holds {
            let reaches = match (hold.concern_id, hold.person_id) {
                (None, None) => true,
                (concern, person) => {
                    (concern.is_some() && concern == one.concern)
                        || person.is_some_and(|person| one.named.contains(&person))
                }
            };
            if reaches {
                why.push(format!("A legal hold: {}.", super::holds::say(hold.ground)));
            }
        }
        let is = |set: &BTreeSet<ConcernId>| one.concern.is_some_and(|concern| set.contains(&concern));
        for (_, resting) in self.resting.iter().filter(|(concern, _)| one.concern == Some(*concern)) {
            why.push(match resting {
                Resting::Device => "A device of it is still held.".to_owned(),
                Resting::File => "A file of it is sealed or waits for a second person.".to_owned(),
            });
        }
        if one.named.iter().any(|person| self.asked.contains(person)) {
            why.push("Somebody whom it names has asked for their data.".to_owned());
        }
        if is(&self.tied_to_open) {
            why.push("What belongs to it is still worked.".to_owned());
        }
        if is(&self.waiting) {
            why.push("An agency has not answered its referral.".to_owned());
        }
        if is(&self.lent) {
            why.push("Words of it stand in another concern too.".to_owned());
        }
        // Only a release opens it (S19); with its concern nobody could release it any more.
        if is(&self.sealing) {
            why.push("An address of it is still sealed.".to_owned());
        }
        if one.named.iter().any(|person| self.moving.contains(person)) {
            why.push("A child’s file is on its way, without a receipt.".to_owned());
        }
        if one.facts.record == RecordKind::Person && one.named.iter().any(|person| self.kept.contains(person)) {
            why.push(NAMED.to_owned());
        }
        why.sort();
        why.dedup();
        why
    }
}
