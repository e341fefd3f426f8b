//! What is gathered for a bundle: the register, concerns with what was written, referrals, letters and files, and which names and files
//! somebody has to decide on.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::Action;
use domain::concern::{Part, RouteKind};
use domain::ctx::Member;
use domain::people::PersonKind;
use domain::redaction::{Ground, Mark, stands_in};
use domain::{ConcernId, OpCtx, PersonId};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::concerns::About;
use store::keeping::{Bundle, Redaction};
use store::people::Person;
use store::{Reads, Scope};

use super::{Purpose, standing_on};
use crate::attachments::Kind;
use crate::concerns::case::{self, Case};
use crate::concerns::{ConcernView, Names, for_bench};
use crate::keeping::item::{FileOf, Item, items_of};
use crate::sight::sees;
use crate::{Error, Result, Services};

/// Everything of a bundle, as it is and as it was marked.
pub(super) struct Gathered {
    pub(super) purpose: Purpose,
    pub(super) bundle: Bundle,
    pub(super) reference: String,
    pub(super) concerns: Vec<ConcernId>,
    pub(super) records: Vec<String>,
    /// Of every concern that the viewer sees, those kept back too.
    pub(super) references: BTreeMap<ConcernId, String>,
    pub(super) items: Vec<Item>,
    pub(super) rows: Vec<Redaction>,
    pub(super) marks: Vec<Mark>,
    pub(super) proposals: Vec<Proposal>,
    pub(super) undecided: Vec<Undecided>,
    pub(super) kept_back: Vec<KeptBack>,
}

/// A concern that names the person and that stays out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBack {
    /// For a recorded choice to take it along all the same; none where there is no choice, or where it was chosen to stay out.
    pub key: Option<String>,
    /// Its reference.
    pub reference: String,
    /// Why, in a sentence.
    pub why: String,
}

pub(super) async fn gather(
    services: &Services,
    ctx: &mut OpCtx,
    member: &Member,
    request: ConcernId,
) -> Result<Gathered> {
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let (case, purpose) = standing_on(&reader, ctx, request).await?;
    let viewer = sees(member);
    let bundle =
        store::keeping::find_bundle(&reader, member.setting, &viewer, request).await?.ok_or(Error::NotFound)?;
    let person = store::people::lookup(&reader, member.setting, bundle.person_id).await?.ok_or(Error::NotFound)?;
    let sorted = sorted(services, &reader, ctx, member, (request, purpose), &bundle).await?;
    let Sorted { concerns, kept_back, references, reporters, rows } = sorted;
    let names = Names::load(&reader, member.setting).await?;
    let mut items = register(&reader, &person, &names).await?;
    let mut records = Vec::new();
    for id in &concerns {
        let view = for_bench(services, ctx, *id).await?;
        records.push(view.reference.clone());
        items.extend(items_of(&view, &services.calendar));
        items.extend(beside(services, &reader, member, &view, &names).await?);
        items.extend(files(services, &reader, ctx, &view, &names).await?);
    }
    if domain::access::any_allowed(&member.roles, Action::KeepLowLevel, domain::Relation::Setting) {
        let shut: Vec<PersonId> = crate::low_level::not_for(&reader, member).await?.into_iter().collect();
        for row in store::keeping::list_low_level_but(&reader, member.setting, Some(member.person), &shut).await? {
            if row.person_id == person.id {
                let at = Some(services.calendar.say(row.event_at));
                let (by, text) = (Some(names.person(row.author_id)), format!("{}\n{}", row.what, row.response));
                items.push(Item::new(&row.id.to_string(), "Low-level concerns", "Note", at, by, &text));
            }
        }
    }
    for row in crate::declarations::to_decide(&reader, member, ctx.now).await? {
        if row.person_id == person.id {
            let at = Some(services.calendar.say(row.made_at));
            let text = format!("{}\n{}", row.what, row.reason.unwrap_or_default());
            items.push(Item::new(
                &row.id.to_string(),
                "Declarations",
                "Declaration",
                at,
                Some(person.name.clone()),
                text.trim(),
            ));
        }
    }
    let people = store::people::list(&reader, member.setting, None).await?;
    let proposals = proposals(purpose, &items, &rows, &people, &person, &reporters);
    let marks = rows.iter().filter(|row| !row.left_in).map(mark).collect();
    let undecided = undecided(&items, &rows);
    let reference = case.concern.reference.clone();
    Ok(Gathered {
        purpose,
        reference,
        bundle,
        concerns,
        records,
        references,
        items,
        rows,
        marks,
        proposals,
        undecided,
        kept_back,
    })
}

/// The concerns that name somebody, as they go or stay.
pub(super) struct Sorted {
    pub(super) concerns: Vec<ConcernId>,
    kept_back: Vec<KeptBack>,
    references: BTreeMap<ConcernId, String>,
    reporters: BTreeSet<PersonId>,
    rows: Vec<Redaction>,
}

/// Which concerns are in a bundle, by the rules and by what somebody chose.
pub(super) async fn sorted(
    services: &Services,
    db: &impl Reads,
    ctx: &OpCtx,
    member: &Member,
    (request, purpose): (ConcernId, Purpose),
    bundle: &Bundle,
) -> Result<Sorted> {
    let viewer = sees(member);
    let person = store::people::lookup(db, member.setting, bundle.person_id).await?.ok_or(Error::NotFound)?;
    let mut concerns: Vec<(Timestamp, ConcernId)> = Vec::new();
    let about = About::Person(person.id);
    let with_a_part = store::concerns::list_about(db, member.setting, &viewer, &about).await?;
    // What only names a child in passing is that child's data; the file that moves on is what was about the child.
    let named = match purpose {
        Purpose::Request => store::search::list(db, member.setting, &viewer, &person.name, 500).await?,
        Purpose::Transfer => Vec::new(),
    };
    for concern in with_a_part.into_iter().chain(named).filter(|concern| concern.id != request) {
        if !concerns.iter().any(|(_, known)| *known == concern.id) {
            concerns.push((concern.recorded_at, concern.id));
        }
    }
    concerns.sort();
    let seen: Vec<ConcernId> = concerns.into_iter().map(|(_, id)| id).collect();
    let mut rows = store::keeping::list_redactions(db, member.setting, bundle.id).await?;
    // Whoever may not see a record does not learn that somebody decided on it, nor why (S8).
    rows.retain(|row| row.item.as_deref().and_then(record_of).is_none_or(|id| seen.contains(&id)));
    let chosen: BTreeMap<ConcernId, &Redaction> =
        rows.iter().filter_map(|row| Some((record_of(row.item.as_deref()?)?, row))).collect();
    let (mut concerns, mut kept_back, mut references) = (Vec::new(), Vec::new(), BTreeMap::new());
    let mut reporters = BTreeSet::new();
    let who = who_gets_it(db, member, request, person.id).await?;
    for id in seen {
        let case = case::of(db, ctx, Action::ExportConcern, id).await?;
        references.insert(id, case.concern.reference.clone());
        let choice = chosen.get(&id).filter(|_| purpose == Purpose::Transfer);
        let why = match choice {
            Some(choice) if choice.left_in => None,
            Some(choice) => Some(format!("Left out by choice. {}", choice.reason)),
            None => why_kept_back(services, db, member, &case, purpose, &who).await?,
        };
        let Some(why) = why else {
            reporters.extend(case.concern.reporter_id.filter(|reporter| *reporter != person.id));
            concerns.push(id);
            continue;
        };
        let key = (purpose == Purpose::Transfer && choice.is_none()).then(|| record_key(id));
        kept_back.push(KeptBack { key, reference: case.concern.reference, why });
    }
    Ok(Sorted { concerns, kept_back, references, reporters, rows })
}

/// Whose data they are, and whoever else has a part in the request: a parent who asks for a child.
async fn who_gets_it(
    db: &impl Reads,
    member: &Member,
    request: ConcernId,
    person: PersonId,
) -> Result<BTreeSet<PersonId>> {
    let parts = store::concerns::list_people(db, member.setting, &sees(member), request).await?;
    Ok(parts.into_iter().map(|part| part.person_id).chain([person]).collect())
}

/// What stands for a whole record where a mark names a line: it goes along, or stays out, as a choice with a reason.
pub(super) fn record_key(id: ConcernId) -> String {
    format!("record-{id}")
}

/// The record that a mark is about, if it is about a whole one.
pub(super) fn record_of(item: &str) -> Option<ConcernId> {
    item.strip_prefix("record-")?.parse().ok()
}

/// Why a concern is not put together for these people. The program helps nobody to tell the person a concern is about, nor
/// anybody while “police or advice first” is shut (S2, S7; Data Protection Act 2018, schedule 2, paragraph 2, and schedule 3,
/// paragraph 21). Whoever decides otherwise for a request, on advice, exports that one record; for a child's file, chooses to take
/// it along, with a reason. An allegation about an adult is that adult's record before it is the child's: its way is its own (S7).
pub(super) async fn why_kept_back(
    services: &Services,
    db: &impl Reads,
    member: &Member,
    case: &Case,
    purpose: Purpose,
    who: &BTreeSet<PersonId>,
) -> Result<Option<String>> {
    if purpose == Purpose::Transfer && case.concern.route == RouteKind::Allegation {
        return Ok(Some("It is about an adult here, and goes with no child’s file by itself.".to_owned()));
    }
    let parts = store::concerns::list_people(db, member.setting, &sees(member), case.concern.id).await?;
    if purpose == Purpose::Request && parts.iter().any(|part| part.part == Part::About && who.contains(&part.person_id))
    {
        return Ok(Some("It is about somebody who would get this.".to_owned()));
    }
    let locked = crate::referrals::may_tell_outside(services, db, case).await?;
    Ok(locked.map(|locked| format!("Nobody may be told of it yet. {}", locked.say)))
}

impl Gathered {
    /// Keys of the lines that are files.
    pub(super) fn files(&self) -> BTreeSet<String> {
        self.items.iter().filter(|item| item.file.is_some()).map(|item| item.key.clone()).collect()
    }
}

/// A name that somebody has to decide on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The words.
    pub words: String,
    /// Whose they are, in plain words.
    pub whose: &'static str,
    /// Why they would go.
    pub ground: Ground,
    /// In how many lines they stand.
    pub lines: usize,
}

/// A file that nobody has decided on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecided {
    /// The line that it is.
    pub key: String,
    /// Of which record, and what it is.
    pub what: String,
    /// A picture: others may be on it.
    pub picture: bool,
}

fn undecided(items: &[Item], rows: &[Redaction]) -> Vec<Undecided> {
    let decided = |item: &Item| rows.iter().any(|row| row.words.is_none() && row.item.as_deref() == Some(&item.key));
    let open = items.iter().filter_map(|item| Some((item, item.file.as_ref()?))).filter(|(item, _)| !decided(item));
    open.map(|(item, file)| Undecided {
        key: item.key.clone(),
        what: format!("{}: {}", item.part, item.text),
        picture: file.picture,
    })
    .collect()
}

/// Files of a concern that may leave at all: none that is sealed or waits for a second person, none of a concern that takes none
/// (S17). Their content is part of the line's key, so that what was decided was this file.
async fn files(
    services: &Services,
    db: &impl Reads,
    ctx: &OpCtx,
    view: &ConcernView,
    names: &Names,
) -> Result<Vec<Item>> {
    let part = format!("Concern {}", view.reference);
    let mut items = Vec::new();
    for (row, kind, called) in crate::attachments::may_leave(db, &services.content, ctx, view.id).await? {
        let (at, by) = (Some(services.calendar.say(row.added_at)), Some(names.person(row.added_by)));
        let text = format!("{called}: {} ({})", row.what, row.name);
        let line = Item::new(&format!("{} {}", row.id, row.sha256), &part, "File", at, by, &text);
        let picture = matches!(kind, Kind::Jpeg | Kind::Png);
        items.push(Item { file: Some(FileOf { concern: view.id, id: row.id, picture }), ..line });
    }
    Ok(items)
}

fn mark(row: &Redaction) -> Mark {
    Mark { item: row.item.clone(), words: row.words.clone(), ground: row.ground }
}

/// What the register itself says of somebody.
async fn register(db: &impl Reads, person: &Person, names: &Names) -> Result<Vec<Item>> {
    let id = person.id.to_string();
    let fact = |what: &str, text: String| Item::new(&id, "The register", what, None, None, &text);
    let mut items = vec![fact("Name", person.name.clone()), fact("Known as", person.known_as.clone())];
    items.extend(person.born.map(|day| fact("Born", domain::clock::say_day(day))));
    items.extend(person.email.clone().map(|text| fact("E-mail", text)));
    items.extend(person.phone.clone().map(|text| fact("Telephone", text)));
    items.extend(person.joined.map(|day| fact("First day here", domain::clock::say_day(day))));
    items.extend(person.gone.map(|day| fact("Last day here", domain::clock::say_day(day))));
    for tie in store::people::list_relationships(db, person.setting_id, person.id).await? {
        let other = if tie.person_id == person.id { tie.other_id } else { tie.person_id };
        items.push(fact("Family", names.person(other)));
        items.extend(tie.court_order.map(|text| fact("Court order", text)));
    }
    Ok(items)
}

/// Referrals and letters of a concern.
async fn beside(
    services: &Services,
    db: &impl Reads,
    member: &Member,
    view: &ConcernView,
    names: &Names,
) -> Result<Vec<Item>> {
    let part = format!("Concern {}", view.reference);
    let say = |at: Timestamp| Some(services.calendar.say(at));
    let mut items = Vec::new();
    let which = store::working::Referrals { concern: Some(view.id), ..Default::default() };
    for row in store::working::list_referrals(db, member.setting, &sees(member), &which).await? {
        let mut text = row.reason.clone().unwrap_or_default();
        for value in row.answers.as_object().into_iter().flatten().filter_map(|(_, value)| value.as_str()) {
            text.push_str(&format!("\n{value}"));
        }
        text.push_str(&row.outcome.map(|outcome| format!("\n{outcome}")).unwrap_or_default());
        let what = format!("Referral ({})", row.agency.replace('_', " "));
        items.push(Item::new(
            &row.id.to_string(),
            &part,
            &what,
            say(row.made_at),
            Some(names.person(row.made_by)),
            text.trim(),
        ));
    }
    for row in store::shares::list_shares(db, member.setting, &sees(member), view.id).await? {
        use store::words::FamilyWay as Way;
        let what = match row.way {
            // Letters stand below, as what they are; why somebody is not told is in the record.
            Way::Letter | Way::Withheld => continue,
            Way::Portal => format!("Shared with {} on their own page", names.person(row.to_id)),
            Way::Spoken => format!("Told to {}", names.person(row.to_id)),
        };
        let by = Some(names.person(row.made_by));
        items.push(Item::new(&row.id.to_string(), &part, &what, say(row.made_at), by, &row.text));
    }
    for row in store::working::list_letters(db, member.setting, &sees(member), view.id).await? {
        let what = format!("Letter to {}", names.person(row.to_id));
        items.push(Item::new(
            &row.id.to_string(),
            &part,
            &what,
            say(row.made_at),
            Some(names.person(row.made_by)),
            &row.text,
        ));
    }
    Ok(items)
}

/// Names of the register that stand somewhere, are not the person's own, and on which nobody has decided. Of people who work
/// here only who told us is proposed to the person themselves: what they did in their work is as a rule given (Data Protection Act 2018,
/// schedule 2, paragraph 17). In a file that moves on, whoever works here and stands in what was written is asked about too: the
/// next place needs to know whom to ring (who wrote a line stays), not who did what.
fn proposals(
    purpose: Purpose,
    items: &[Item],
    rows: &[Redaction],
    people: &[Person],
    person: &Person,
    reporters: &BTreeSet<PersonId>,
) -> Vec<Proposal> {
    let own: BTreeSet<String> = [&person.name, &person.known_as]
        .into_iter()
        .flat_map(|name| parts_of(name))
        .map(|name| name.to_lowercase())
        .collect();
    let decided: BTreeSet<String> = rows
        .iter()
        .filter(|row| row.item.is_none())
        .filter_map(|row| row.words.as_ref().map(|words| words.to_lowercase()))
        .collect();
    let mut found: Vec<Proposal> = Vec::new();
    for other in people.iter().filter(|other| other.id != person.id) {
        let (ground, whose) = match other.kind {
            PersonKind::Child => (Ground::OtherChild, "a child"),
            PersonKind::Family => (Ground::ThirdParty, "somebody’s family"),
            PersonKind::Visitor | PersonKind::Unknown => (Ground::ThirdParty, "a visitor"),
            PersonKind::Staff if reporters.contains(&other.id) => (Ground::ThirdParty, "who told us"),
            PersonKind::Staff if purpose == Purpose::Transfer => (Ground::ThirdParty, "who works here"),
            PersonKind::Staff => continue,
        };
        for words in [&other.name, &other.known_as].into_iter().flat_map(|name| parts_of(name)) {
            let low = words.to_lowercase();
            if own.contains(&low)
                || decided.contains(&low)
                || found.iter().any(|known| known.words.to_lowercase() == low)
            {
                continue;
            }
            // Who signed a line at work is no reason to ask; who is written of is.
            let signs = other.kind == PersonKind::Staff && !reporters.contains(&other.id);
            let stands = |item: &&Item| {
                stands_in(&item.text, &words) || (!signs && item.by.as_deref().is_some_and(|by| stands_in(by, &words)))
            };
            let lines = items.iter().filter(stands).count();
            if lines > 0 {
                found.push(Proposal { words, whose, ground, lines });
            }
        }
    }
    found
}

/// A name whole, and each part of it that can name somebody alone.
fn parts_of(name: &str) -> Vec<String> {
    let name = name.trim();
    let mut parts = vec![name.to_owned()];
    parts.extend(name.split_whitespace().filter(|part| part.chars().count() > 2 && *part != name).map(str::to_owned));
    // Words of a description (“the children’s grandmother”) name nobody.
    parts.retain(|part| part.starts_with(char::is_uppercase));
    parts
}

pub(super) fn digest(bundle: &Bundle, items: &[Item], marks: &[Mark]) -> String {
    let out: Vec<Value> = items.iter().map(|item| item.under(marks).open()).collect();
    let all = json!({ "person": bundle.person_id, "letter": bundle.letter, "items": out });
    hex::encode(Sha256::digest(all.to_string().as_bytes()))
}
