//! The chronology of a child, of an adult, of a device, of concerns that belong together: everything that was written in
//! the concerns that the reader may see, in the order in which it happened. What one may not see leaves no gap (S8).
//!
//! Reading one is a look at every concern whose words it shows, and in the audit as such.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::{ConcernKind, ConcernStatus};
use domain::people::PersonKind;
use domain::{ConcernId, DeviceId, OpCtx, PersonId, SettingId};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::audit::Subject;
use store::concerns::{About, Concern, Entry, StepRecord};
use store::{Reads, Scope, Sees};

use crate::concerns::{AnswerView, Names, What, case, in_words};
use crate::sight::sees;
use crate::{Error, Result, Services};

/// Of whom or what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// A child or an adult.
    Person(PersonId),
    /// A device.
    Device(DeviceId),
    /// A concern, with those that belong to it.
    Concern(ConcernId),
}

/// A chronology, or a part of one.
#[derive(Debug, Clone)]
pub struct Chronology {
    /// Whose: a name, for the page's heading, never for its title.
    pub heading: String,
    /// Is it a child's?
    pub of_a_child: bool,
    /// The concerns from which it comes, newest first.
    pub concerns: Vec<Strand>,
    /// What happened, oldest first.
    pub lines: Vec<Line>,
    /// There is more before this time.
    pub earlier: Option<Timestamp>,
    /// Several small things that may be one bigger one, in a sentence.
    pub pattern: Option<String>,
    /// Who reads it, by their whole name; and the link of the audit that says so (S37).
    pub read_by: (String, Option<String>),
}

/// One concern of a chronology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strand {
    /// Which.
    pub id: ConcernId,
    /// For the telephone.
    pub reference: String,
    /// What it is about.
    pub kind: ConcernKind,
    /// Where it stands.
    pub status: ConcernStatus,
    /// When it happened.
    pub event_at: Timestamp,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// In which concern.
    pub concern: ConcernId,
    /// Its reference.
    pub reference: String,
    /// What it is.
    pub what: What,
    /// The words.
    pub text: String,
    /// Answers of a step.
    pub answers: Vec<AnswerView>,
    /// When it happened.
    pub event_at: Timestamp,
    /// When it was written.
    pub recorded_at: Timestamp,
    /// By whom.
    pub author: Option<String>,
    /// Recorded out of its order, for ever.
    pub out_of_order: bool,
}

/// How many things one page shows, and how many a print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Much {
    /// A page: a hundred.
    Page,
    /// Paper: two thousand on one sheet, and the way to the sheet before it. However long a chronology is, one answer is no longer.
    Paper,
}

impl Much {
    fn lines(self) -> u64 {
        match self {
            Self::Page => 100,
            Self::Paper => 2_000,
        }
    }
}

/// So many concerns about one child or device within so many days are read together.
const MANY: usize = 3;
/// Days for a person.
const DAYS_PERSON: i64 = 90;
/// Days for a device.
const DAYS_DEVICE: i64 = 30;

/// What happened at one moment stands on one page, up to so many of each kind: a sheet that is typed in later gives all of its
/// lines the same time.
const AT_ONCE: u64 = 1_000;

/// A page's part of a chronology.
struct Part {
    entries: Vec<Entry>,
    steps: Vec<StepRecord>,
    /// Before this time there is more.
    earlier: Option<Timestamp>,
}

async fn part(
    db: &impl Reads,
    setting: SettingId,
    viewer: &Sees,
    about: &About,
    before: Option<Timestamp>,
    lines: u64,
) -> Result<Part> {
    use store::concerns::{list_entries_about, list_steps_about};
    let mut entries = list_entries_about(db, setting, viewer, about, before, lines + 1).await?;
    let mut steps = list_steps_about(db, setting, viewer, about, before, lines + 1).await?;
    let mut times: Vec<Timestamp> = entries.iter().map(|row| row.event_at).collect();
    times.extend(steps.iter().map(|row| row.event_at));
    times.sort_by(|one, other| other.cmp(one));
    let shown = usize::try_from(lines).unwrap_or(usize::MAX);
    let edge = times.get(shown.saturating_sub(1)).copied().filter(|_| times.len() > shown);
    let Some(edge) = edge else { return Ok(Part { entries, steps, earlier: None }) };
    // The page ends with a whole moment, of which the queries may have seen a part.
    let up_to = Some(edge.saturating_add(SignedDuration::from_micros(1)).unwrap_or(edge));
    entries.retain(|row| row.event_at > edge);
    steps.retain(|row| row.event_at > edge);
    let at_the_edge = list_entries_about(db, setting, viewer, about, up_to, AT_ONCE).await?;
    entries.extend(at_the_edge.into_iter().filter(|row| row.event_at == edge));
    let at_the_edge = list_steps_about(db, setting, viewer, about, up_to, AT_ONCE).await?;
    steps.extend(at_the_edge.into_iter().filter(|row| row.event_at == edge));
    let rest = list_entries_about(db, setting, viewer, about, Some(edge), 1).await?.is_empty()
        && list_steps_about(db, setting, viewer, about, Some(edge), 1).await?.is_empty();
    Ok(Part { entries, steps, earlier: (!rest).then_some(edge) })
}

/// A chronology, the newest part or the part before a time.
///
/// # Errors
/// [`Refused`] for who holds no cases; [`Error::NotFound`] for nobody and nothing of this setting, or for a concern that
/// the reader may not see.
pub async fn read(
    services: &Services,
    ctx: &mut OpCtx,
    of: Of,
    before: Option<Timestamp>,
    much: Much,
) -> Result<Chronology> {
    authorize(&ctx.actor, Action::ReadQueue, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let viewer = sees(&member);
    let act = if much == Much::Paper { "concern.print_chronology" } else { "concern.chronology" };
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), act).await?;
    let (heading, of_a_child, about) = begun(&tx, ctx, of).await?;
    let concerns = store::concerns::list_about(&tx, member.setting, &viewer, &about).await?;
    let Part { entries, steps, earlier } = part(&tx, member.setting, &viewer, &about, before, much.lines()).await?;
    let by_id: BTreeMap<ConcernId, &Concern> = concerns.iter().map(|concern| (concern.id, concern)).collect();
    let names = Names::load(&tx, member.setting).await?;
    let mut lines = Vec::new();
    for entry in &entries {
        let Some(concern) = by_id.get(&entry.concern_id) else { continue };
        lines.push(Line {
            concern: concern.id,
            reference: concern.reference.clone(),
            what: What::Said(entry.kind),
            text: entry.text.clone(),
            answers: Vec::new(),
            event_at: entry.event_at,
            recorded_at: entry.recorded_at,
            author: entry.author_id.map(|person| names.person(person)),
            out_of_order: entry.out_of_order,
        });
    }
    // Each in the edition that holds for its concern (S42).
    let mut procedures = BTreeMap::new();
    for concern in &concerns {
        procedures.insert(concern.id, case::procedure(&tx, &services.content, concern).await?);
    }
    for row in &steps {
        let Some(concern) = by_id.get(&row.concern_id) else { continue };
        let procedure = procedures.get(&concern.id).and_then(Option::as_deref);
        let step = procedure.and_then(|procedure| procedure.step(&row.step));
        let title = step.map_or_else(|| row.step.clone(), |step| step.title.clone());
        lines.push(Line {
            concern: concern.id,
            reference: concern.reference.clone(),
            what: What::Step(case::act(row.act)),
            text: row.reason.as_ref().map_or_else(|| title.clone(), |reason| format!("{title}: {reason}")),
            answers: step
                .map(|step| in_words(step, &case::answers(&row.fields), &names, &services.calendar))
                .unwrap_or_default(),
            event_at: row.event_at,
            recorded_at: row.recorded_at,
            author: Some(names.person(row.author_id)),
            out_of_order: row.out_of_order,
        });
    }
    lines.sort_by_key(|line| (line.event_at, line.recorded_at));
    let read: BTreeSet<ConcernId> = lines.iter().map(|line| line.concern).collect();
    tx.note(member.setting, Subject { table: "chronology", id: None }, &json!({ "concerns": read })).await?;
    let head = store::audit::newest(&tx, member.setting).await?.map(|link| link.on_paper());
    let read_by = (names.person(member.person), head);
    tx.commit().await?;
    let pattern = looked_back(of, ctx.now).and_then(|(since, days, what)| {
        pattern(concerns.iter().filter(|concern| concern.event_at >= since).count(), days, what)
    });
    let concerns = concerns
        .into_iter()
        .map(|concern| Strand {
            id: concern.id,
            reference: concern.reference,
            kind: concern.kind,
            status: concern.status,
            event_at: concern.event_at,
        })
        .collect();
    Ok(Chronology { heading, of_a_child, concerns, lines, earlier, pattern, read_by })
}

async fn begun(db: &impl Reads, ctx: &OpCtx, of: Of) -> Result<(String, bool, About)> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    match of {
        Of::Person(id) => {
            let person = store::people::lookup(db, member.setting, id).await?.ok_or(Error::NotFound)?;
            Ok((person.name, person.kind == PersonKind::Child, About::Person(id)))
        }
        Of::Device(id) => {
            let all = store::devices::list_all(db, member.setting).await?;
            let device = all.into_iter().find(|device| device.id == id).ok_or(Error::NotFound)?;
            Ok((device.name, false, About::Device(id)))
        }
        Of::Concern(id) => {
            let found = case::of(db, ctx, Action::OpenConcern, id).await?;
            let mut ids = vec![id];
            for strand in store::working::list_strands(db, member.setting, &sees(member), id).await? {
                ids.push(if strand.one_id == id { strand.other_id } else { strand.one_id });
            }
            Ok((format!("Concern {}", found.concern.reference), false, About::Concerns(ids)))
        }
    }
}

/// Since when concerns about somebody or something are read together, in days too, and how a sentence speaks of them.
fn looked_back(of: Of, now: Timestamp) -> Option<(Timestamp, i64, &'static str)> {
    let (days, what) = match of {
        Of::Person(_) => (DAYS_PERSON, "name this person"),
        Of::Device(_) => (DAYS_DEVICE, "are about this device"),
        Of::Concern(_) => return None,
    };
    Some((now.saturating_sub(SignedDuration::from_hours(24 * days)).unwrap_or(now), days, what))
}

/// Three small things may be one bigger one. Counted is what the reader may see, and nothing else.
fn pattern(recent: usize, days: i64, what: &str) -> Option<String> {
    (recent >= MANY).then(|| {
        format!("{recent} concerns of the last {days} days {what}. Read them together: several small things may be one bigger one.")
    })
}

/// What a concern's own page says of others about the same child or device: a sentence and where to read on.
///
/// # Errors
/// [`Error::NotFound`] for who may not see the concern.
pub async fn prompts(services: &Services, ctx: &OpCtx, id: ConcernId) -> Result<Vec<(String, Of)>> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let case = case::of(&reader, ctx, Action::OpenConcern, id).await?;
    let viewer = sees(member);
    let mut of: Vec<Of> = case.concern.device_id.map(Of::Device).into_iter().collect();
    for part in store::concerns::list_people(&reader, member.setting, &viewer, id).await? {
        if part.part != domain::concern::Part::Witness {
            of.push(Of::Person(part.person_id));
        }
    }
    let mut prompts = Vec::new();
    for one in of {
        let (name, about) = match one {
            Of::Person(person) => {
                let found = store::people::lookup(&reader, member.setting, person).await?;
                match found.filter(|person| person.kind != PersonKind::Unknown) {
                    Some(person) => (person.name, About::Person(person.id)),
                    None => continue,
                }
            }
            Of::Device(device) => ("The device".to_owned(), About::Device(device)),
            Of::Concern(_) => continue,
        };
        let Some((since, days, what)) = looked_back(one, ctx.now) else { continue };
        let recent = store::concerns::count_about(&reader, member.setting, &viewer, &about, since).await?;
        if let Some(sentence) = pattern(usize::try_from(recent).unwrap_or(usize::MAX), days, what) {
            prompts.push((format!("{name}: {sentence}"), one));
        }
    }
    Ok(prompts)
}
