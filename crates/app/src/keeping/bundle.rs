//! Somebody's own data, for them: gathered from every record that the actor may see, redacted on a bench, read over by a second
//! person, sent in a parcel (S47). It hangs on the concern that is their request (procedure M2), whose clock it has.
//!
//! The originals are never touched: marks are rows, and the same marks make the same bundle again. Names of other children
//! and of third parties are proposed; nothing leaves while a proposal is undecided. What the second person agreed to is
//! fixed by a digest: another word in any record, or another mark, needs another reading.

use std::collections::BTreeSet;

use domain::access::Action;
use domain::clock::Calendar;
use domain::concern::{ConcernKind, Part};
use domain::ctx::Member;
use domain::people::PersonKind;
use domain::redaction::{Ground, Mark, Piece, pieces, redacted, stands_in};
use domain::{BundleId, ConcernId, OpCtx, PersonId, RedactionId};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::concerns::About;
use store::keeping::{Bundle, Redaction};
use store::people::Person;
pub use store::words::BundleState;
use store::words::ExportOf;
use store::{Reads, Scope};

use super::exports::{For, Leaving, Made, Sheet, leave, sections};
use super::words;
use crate::concerns::{ConcernView, LONGEST_TEXT, Names, case, for_export, kind_in_words, what_in_words};
use crate::referrals::PaperSection;
use crate::sight::sees;
use crate::{Error, Result, Services};

/// One line of a record: the smallest thing that can be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Stays the same as long as the line does.
    pub key: String,
    /// Which record it is from.
    pub part: String,
    /// What it is.
    pub what: String,
    /// When.
    pub at: Option<String>,
    /// By whom.
    pub by: Option<String>,
    /// What it says.
    pub text: String,
}

impl Item {
    fn new(concern: &str, part: &str, what: &str, at: Option<String>, by: Option<String>, text: &str) -> Self {
        let digest = Sha256::digest(format!("{concern}\n{what}\n{at:?}\n{by:?}\n{text}").as_bytes());
        Self {
            key: hex::encode(digest).chars().take(20).collect(),
            part: part.to_owned(),
            what: what.to_owned(),
            at,
            by,
            text: text.to_owned(),
        }
    }

    /// What stands in front of its text.
    pub(super) fn label(&self) -> String {
        let with = [Some(self.what.clone()), self.at.clone(), self.by.clone()];
        with.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    pub(super) fn open(&self) -> Value {
        json!({ "record": self.part, "what": self.what, "when": self.at, "who": self.by, "text": self.text })
    }

    fn under(&self, marks: &[Mark]) -> Self {
        let out = |text: &str| redacted(&self.key, text, marks);
        // A whole line that goes takes its writer and its hour along: who spoke when can be the secret.
        let whole = marks.iter().any(|mark| mark.words.is_none() && mark.item.as_deref() == Some(&self.key));
        Self {
            key: self.key.clone(),
            part: redacted("", &self.part, marks),
            what: self.what.clone(),
            at: self.at.clone().filter(|_| !whole),
            by: self.by.as_deref().filter(|_| !whole).map(out),
            text: out(&self.text),
        }
    }
}

/// A concern as lines.
pub(super) fn items_of(view: &ConcernView, calendar: &Calendar) -> Vec<Item> {
    let part = format!("Concern {}", view.reference);
    let concern = view.id.to_string();
    let day_or_time = |at: Timestamp, sent: bool| match sent {
        true => domain::clock::say_day(calendar.local(at).date()),
        false => calendar.say(at),
    };
    let fact = |what: &str, text: &str| Item::new(&concern, &part, what, None, None, text);
    let mut items = vec![
        fact("What it is about", kind_in_words(view.kind)),
        fact("Happened", &day_or_time(view.event_at, view.unsigned)),
        fact("Known here", &day_or_time(view.known_at, view.unsigned)),
        fact("Written down", &day_or_time(view.recorded_at, view.unsigned)),
    ];
    items.extend(view.closed_at.map(|at| fact("Closed", &calendar.say(at))));
    items.extend(view.reporter.as_deref().map(|name| fact("Told by", name)));
    items.extend(view.device.as_ref().map(|(_, name)| fact("Device", name)));
    items.extend(view.room.as_deref().map(|name| fact("Room", name)));
    for person in &view.people {
        let what = match person.part {
            Part::Child => "Child",
            Part::About => "Adult it is about",
            Part::Witness => "Witness",
        };
        items.push(fact(what, &person.name));
    }
    for entry in &view.chronology {
        let mut text = entry.text.clone();
        for answer in &entry.answers {
            text.push_str(&format!("\n{}: {}", answer.label, answer.value));
        }
        for (is, words) in [(entry.out_of_order, "Recorded out of its order."), (entry.corrected, "Corrected later.")] {
            if is {
                text.push_str(&format!("\n{words}"));
            }
        }
        let what = what_in_words(entry.what);
        let at = day_or_time(entry.event_at, entry.is_from_sender());
        items.push(Item::new(&concern, &part, what, Some(at), entry.author.clone(), &text));
    }
    items
}

/// The bench.
#[derive(Debug, Clone)]
pub struct Bench {
    /// The request.
    pub request: ConcernId,
    /// Its reference.
    pub reference: String,
    /// The bundle.
    pub bundle: Bundle,
    /// Whose data.
    pub person: String,
    /// Every line, as it is and under the marks.
    pub lines: Vec<Line>,
    /// Names that were found and that nobody has decided on.
    pub proposals: Vec<Proposal>,
    /// The marks.
    pub marks: Vec<MarkView>,
    /// Which records are in it: references.
    pub records: Vec<String>,
    /// Who sent it to be checked, who checked it.
    pub sent: Option<(String, Timestamp)>,
    /// Who checked it.
    pub checked: Option<(String, Timestamp)>,
    /// Something changed since it was sent or checked.
    pub changed: bool,
    /// Is the viewer the one who sent it?
    pub mine: bool,
}

impl Bench {
    /// What would be handed out, line by line: label, record, text.
    pub fn handed_out(&self) -> Vec<(String, String, String)> {
        let out = self.lines.iter().map(|line| line.given.clone());
        out.map(|item| (item.label(), item.part, item.text)).collect()
    }
}

/// A line of the bench.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The line as it is.
    pub item: Item,
    /// Its text in pieces.
    pub pieces: Vec<Piece>,
    /// As it would be handed out.
    pub out: String,
    given: Item,
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

/// A mark, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkView {
    /// Which.
    pub id: RedactionId,
    /// What: the words, or the line.
    pub what: String,
    /// Only in one line?
    pub in_one: bool,
    /// Why, in a word.
    pub ground: Ground,
    /// Why, in words.
    pub reason: String,
    /// Decided to leave it in.
    pub left_in: bool,
    /// By whom, when.
    pub by: (String, Timestamp),
}

/// Whose data could be asked for in a request: those who have a part in it first, then everybody.
///
/// # Errors
/// [`Error::NotFound`] for who may not see it, and for a concern that is no request.
pub async fn people(services: &Services, ctx: &OpCtx, request: ConcernId) -> Result<Vec<(PersonId, String)>> {
    let member = ctx.member().ok_or(Error::NotFound)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let case = requested(&reader, ctx, request).await?;
    let parts = store::concerns::list_people(&reader, member.setting, &sees(member), request).await?;
    let parts: BTreeSet<PersonId> = parts.into_iter().map(|part| part.person_id).collect();
    let mut people = store::people::list(&reader, member.setting, None).await?;
    people.retain(|person| !case.excluded.contains(&person.id) || parts.contains(&person.id));
    people.sort_by_key(|person| (!parts.contains(&person.id), person.name.clone()));
    Ok(people.into_iter().map(|person| (person.id, person.name)).collect())
}

async fn requested(db: &impl Reads, ctx: &OpCtx, request: ConcernId) -> Result<case::Case> {
    let case = case::of(db, ctx, Action::ExportConcern, request).await?;
    if case.concern.kind == ConcernKind::AccessRequest { Ok(case) } else { Err(Error::NotFound) }
}

/// The bundle of a request, if one was begun.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn begun(services: &Services, ctx: &OpCtx, request: ConcernId) -> Result<Option<BundleId>> {
    let member = ctx.member().ok_or(Error::NotFound)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    requested(&reader, ctx, request).await?;
    Ok(store::keeping::find_bundle(&reader, member.setting, &sees(member), request).await?.map(|bundle| bundle.id))
}

/// Requests whose bundle waits for the actor: to be redacted, or (true) to be read over.
///
/// # Errors
/// When the database does not answer.
pub async fn waiting(services: &Services, ctx: &OpCtx) -> Result<Vec<(ConcernId, bool)>> {
    let member = ctx.member().ok_or(Error::NotFound)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let mut waiting = Vec::new();
    for bundle in store::keeping::list_bundles(&reader, member.setting, &sees(member)).await? {
        let request = store::concerns::lookup(&reader, member.setting, &sees(member), bundle.concern_id).await?;
        if request.is_none_or(|request| request.status == domain::concern::ConcernStatus::Closed) {
            continue;
        }
        match bundle.state {
            BundleState::ToCheck if bundle.sent_by != Some(member.person) => waiting.push((bundle.concern_id, true)),
            BundleState::Open | BundleState::Checked if bundle.begun_by == member.person => {
                waiting.push((bundle.concern_id, false));
            }
            BundleState::ToCheck | BundleState::Open | BundleState::Checked => {}
        }
    }
    Ok(waiting)
}

/// Begins the bundle of a request.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] on `person`.
pub async fn begin(services: &Services, ctx: &mut OpCtx, request: ConcernId, person: PersonId) -> Result<BundleId> {
    let member = ctx.member().cloned().ok_or(Error::NotFound)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "bundle.begin").await?;
    requested(&tx, ctx, request).await?;
    if store::people::lookup(&tx, member.setting, person).await?.is_none() {
        return Err(Error::invalid("person", "Choose whose data it is."));
    }
    if store::keeping::find_bundle(&tx, member.setting, &sees(&member), request).await?.is_some() {
        return Err(Error::invalid("", "It has been begun already."));
    }
    let setting = store::settings::lookup(&tx, member.setting).await?.ok_or(Error::NotFound)?;
    let row = Bundle {
        id: tx.fresh(),
        setting_id: member.setting,
        concern_id: request,
        person_id: person,
        letter: letter(&setting.name),
        state: BundleState::Open,
        begun_by: member.person,
        begun_at: ctx.now,
        sent_by: None,
        sent_at: None,
        digest: None,
        checked_by: None,
        checked_at: None,
        version: 0,
    };
    store::keeping::add_bundle(&mut tx, &row).await?;
    tx.commit().await?;
    Ok(row.id)
}

/// The covering letter to begin with (UK GDPR, article 15(1)): people make it theirs.
fn letter(setting: &str) -> String {
    format!(
        "You asked for the data that we hold about you, or about your child. It is in this parcel: an index, the records, and the same as a table and as open data.\n\nWe hold it to keep children safe, as the law asks of us. It came from you, from people who work here, and from agencies that we worked with. It goes to children's social care, the police or the next setting only where a child's safety or the law asks for it. How long we keep it stands in our privacy notice.\n\nPlaces that say [another child], [somebody else] or [left out] hold what belongs to other people, or what the law lets us leave out. If you think that something is wrong or missing, tell us. You may also complain to the Information Commissioner: ico.org.uk, 0303 123 1113.\n\n{setting}"
    )
}

/// The bench of a request. Each record on it is looked at, and that is in the audit of the record.
///
/// # Errors
/// [`Error::NotFound`] without the right, and before it was begun.
pub async fn bench(services: &Services, ctx: &mut OpCtx, request: ConcernId) -> Result<Bench> {
    let member = ctx.member().cloned().ok_or(Error::NotFound)?;
    let gathered = gather(services, ctx, &member, request).await?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let names = Names::load(&reader, member.setting).await?;
    let Gathered { bundle, items, rows, marks, proposals, reference, records, .. } = gathered;
    let digest = digest(&bundle, &items, &marks);
    let text_of = |key: &str| items.iter().find(|item| item.key == key).map(|item| item.label());
    Ok(Bench {
        request,
        reference,
        person: names.person(bundle.person_id),
        lines: items
            .iter()
            .map(|item| Line {
                pieces: pieces(&item.key, &item.text, &marks),
                out: redacted(&item.key, &item.text, &marks),
                given: item.under(&marks),
                item: item.clone(),
            })
            .collect(),
        marks: rows
            .into_iter()
            .map(|row| MarkView {
                id: row.id,
                in_one: row.item.is_some(),
                what: match (&row.words, &row.item) {
                    (Some(words), _) => words.clone(),
                    (None, Some(key)) => text_of(key).unwrap_or_else(|| "A line that is no longer there".to_owned()),
                    (None, None) => String::new(),
                },
                ground: row.ground,
                reason: row.reason,
                left_in: row.left_in,
                by: (names.person(row.made_by), row.made_at),
            })
            .collect(),
        proposals,
        records,
        sent: bundle.sent_at.map(|at| (names.of(bundle.sent_by), at)),
        checked: bundle.checked_at.map(|at| (names.of(bundle.checked_by), at)),
        changed: bundle.state != BundleState::Open && bundle.digest.as_deref() != Some(&digest),
        mine: bundle.sent_by == Some(member.person),
        bundle,
    })
}

struct Gathered {
    bundle: Bundle,
    reference: String,
    concerns: Vec<ConcernId>,
    records: Vec<String>,
    items: Vec<Item>,
    rows: Vec<Redaction>,
    marks: Vec<Mark>,
    proposals: Vec<Proposal>,
}

async fn gather(services: &Services, ctx: &mut OpCtx, member: &Member, request: ConcernId) -> Result<Gathered> {
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let case = requested(&reader, ctx, request).await?;
    let viewer = sees(member);
    let bundle =
        store::keeping::find_bundle(&reader, member.setting, &viewer, request).await?.ok_or(Error::NotFound)?;
    let person = store::people::lookup(&reader, member.setting, bundle.person_id).await?.ok_or(Error::NotFound)?;
    let mut concerns: Vec<(Timestamp, ConcernId)> = Vec::new();
    let about = About::Person(person.id);
    let with_a_part = store::concerns::list_about(&reader, member.setting, &viewer, &about).await?;
    let named = store::search::list(&reader, member.setting, &viewer, &person.name, 500).await?;
    for concern in with_a_part.into_iter().chain(named).filter(|concern| concern.id != request) {
        if !concerns.iter().any(|(_, known)| *known == concern.id) {
            concerns.push((concern.recorded_at, concern.id));
        }
    }
    concerns.sort();
    let concerns: Vec<ConcernId> = concerns.into_iter().map(|(_, id)| id).collect();
    let names = Names::load(&reader, member.setting).await?;
    let mut items = register(&reader, &person, &names).await?;
    let mut records = Vec::new();
    for id in &concerns {
        let view = for_export(services, ctx, *id).await?;
        records.push(view.reference.clone());
        items.extend(items_of(&view, &services.calendar));
        items.extend(beside(services, &reader, member, &view, &names).await?);
    }
    if domain::access::any_allowed(&member.roles, Action::KeepLowLevel, domain::Relation::Setting) {
        let shut: Vec<PersonId> = crate::low_level::not_for(&reader, member).await?.into_iter().collect();
        for row in store::keeping::list_low_level_but(&reader, member.setting, &shut).await? {
            if row.person_id == person.id {
                let at = Some(services.calendar.say(row.event_at));
                let (by, text) = (Some(names.person(row.author_id)), format!("{}\n{}", row.what, row.response));
                items.push(Item::new(&row.id.to_string(), "Low-level concerns", "Note", at, by, &text));
            }
        }
    }
    let rows = store::keeping::list_redactions(&reader, member.setting, bundle.id).await?;
    let people = store::people::list(&reader, member.setting, None).await?;
    let proposals = proposals(&items, &rows, &people, &person);
    let marks = rows.iter().filter(|row| !row.left_in).map(mark).collect();
    Ok(Gathered { reference: case.concern.reference.clone(), bundle, concerns, records, items, rows, marks, proposals })
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
/// here none is proposed: what they did in their work is as a rule given (Data Protection Act 2018, schedule 2, paragraph 17).
fn proposals(items: &[Item], rows: &[Redaction], people: &[Person], person: &Person) -> Vec<Proposal> {
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
            let stands = |item: &&Item| {
                stands_in(&item.text, &words) || item.by.as_deref().is_some_and(|by| stands_in(by, &words))
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

fn digest(bundle: &Bundle, items: &[Item], marks: &[Mark]) -> String {
    let out: Vec<Value> = items.iter().map(|item| item.under(marks).open()).collect();
    let all = json!({ "person": bundle.person_id, "letter": bundle.letter, "items": out });
    hex::encode(Sha256::digest(all.to_string().as_bytes()))
}

/// A new mark, or a decision to leave something in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMark {
    /// In one line only.
    pub item: Option<String>,
    /// Which words; none: the whole line.
    pub words: Option<String>,
    /// Why, in a word.
    pub ground: Ground,
    /// Why, in words.
    pub reason: String,
    /// Leave it in.
    pub left_in: bool,
}

/// Sets marks. The bundle is open again: what was checked was another text.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] on `words` or `reason`.
pub async fn set_marks(services: &Services, ctx: &mut OpCtx, request: ConcernId, new: Vec<NewMark>) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Error::NotFound)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "bundle.mark").await?;
    requested(&tx, ctx, request).await?;
    let found = store::keeping::find_bundle(&tx, member.setting, &sees(&member), request).await?;
    let bundle = found.ok_or(Error::NotFound)?;
    for mark in new {
        let chosen = mark.words.as_deref().map(str::trim).filter(|words| !words.is_empty());
        if mark.item.is_none() && chosen.is_none_or(|words| words.chars().count() < 2) {
            return Err(Error::invalid("words", "Write the words to black out: at least two letters."));
        }
        if chosen.is_some_and(|words| words.chars().count() > 2_000) {
            return Err(Error::invalid("words", "Mark the whole line instead of so many words."));
        }
        let reason = match (mark.ground.needs_reason() || mark.left_in, mark.reason.trim()) {
            (true, reason) => {
                words("reason", reason, 2_000, "Write why: the law asks for a reason that you can show.")?
            }
            (false, reason) => reason.chars().take(2_000).collect(),
        };
        let row = Redaction {
            id: tx.fresh(),
            setting_id: member.setting,
            bundle_id: bundle.id,
            concern_id: request,
            item: mark.item,
            words: chosen.map(str::to_owned),
            ground: mark.ground,
            reason,
            left_in: mark.left_in,
            made_by: member.person,
            made_at: ctx.now,
            ended_by: None,
            ended_at: None,
        };
        store::keeping::add_redaction(&mut tx, &row).await?;
    }
    open_again(&mut tx, bundle).await?;
    tx.commit().await?;
    Ok(())
}

async fn open_again(tx: &mut store::Tx, bundle: Bundle) -> Result<()> {
    if bundle.state != BundleState::Open {
        let open = Bundle {
            state: BundleState::Open,
            digest: None,
            sent_by: None,
            sent_at: None,
            checked_by: None,
            checked_at: None,
            ..bundle
        };
        store::keeping::set_bundle(tx, &open).await?;
    }
    Ok(())
}

/// Blacks out every name that is proposed, for the ground that is proposed.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn take_proposals(services: &Services, ctx: &mut OpCtx, request: ConcernId) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Error::NotFound)?;
    let gathered = gather(services, ctx, &member, request).await?;
    let marks = gathered.proposals.into_iter().map(|one| NewMark {
        item: None,
        words: Some(one.words),
        ground: one.ground,
        reason: "A name of the register that is not the person’s own.".to_owned(),
        left_in: false,
    });
    set_marks(services, ctx, request, marks.collect()).await
}

/// Takes a mark back.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn end_mark(services: &Services, ctx: &mut OpCtx, request: ConcernId, id: RedactionId) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Error::NotFound)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "bundle.unmark").await?;
    requested(&tx, ctx, request).await?;
    let found = store::keeping::find_bundle(&tx, member.setting, &sees(&member), request).await?;
    let bundle = found.ok_or(Error::NotFound)?;
    store::keeping::end_redaction(&mut tx, member.setting, bundle.id, id, member.person, ctx.now).await?;
    open_again(&mut tx, bundle).await?;
    tx.commit().await?;
    Ok(())
}

/// Sends it to be read over, with its letter.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] on `letter`, or while names are undecided.
pub async fn send_to_check(services: &Services, ctx: &mut OpCtx, request: ConcernId, letter: &str) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Error::NotFound)?;
    let letter = words("letter", letter, LONGEST_TEXT, "Write the covering letter.")?;
    let gathered = gather(services, ctx, &member, request).await?;
    if !gathered.proposals.is_empty() {
        return Err(Error::invalid(
            "",
            "Decide on every name that was found first: black it out, or leave it in with a reason.",
        ));
    }
    let bundle = Bundle { letter, ..gathered.bundle };
    let sent = Bundle {
        state: BundleState::ToCheck,
        digest: Some(digest(&bundle, &gathered.items, &gathered.marks)),
        sent_by: Some(member.person),
        sent_at: Some(ctx.now),
        checked_by: None,
        checked_at: None,
        ..bundle
    };
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "bundle.send_to_check").await?;
    let case = requested(&tx, ctx, request).await?;
    store::keeping::set_bundle(&mut tx, &sent).await?;
    crate::concerns::tell_holders(&mut tx, &case, member.person).await?;
    tx.commit().await?;
    Ok(())
}

/// The second person has read it over.
///
/// # Errors
/// [`Error::Invalid`] when it is the first person again, or it is not what was sent; [`Error::NotFound`].
pub async fn check(services: &Services, ctx: &mut OpCtx, request: ConcernId) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Error::NotFound)?;
    let gathered = gather(services, ctx, &member, request).await?;
    let bundle = gathered.bundle;
    if bundle.state != BundleState::ToCheck {
        return Err(Error::NotFound);
    }
    if bundle.sent_by == Some(member.person) {
        return Err(Error::invalid("", "You made it ready. Somebody else must read it over."));
    }
    if bundle.digest.as_deref() != Some(&digest(&bundle, &gathered.items, &gathered.marks)) {
        let say = "It is not what was sent to be checked: something was written since, or there is a record in it that you do not see. Whoever made it ready sends it again.";
        return Err(Error::invalid("", say));
    }
    let checked =
        Bundle { state: BundleState::Checked, checked_by: Some(member.person), checked_at: Some(ctx.now), ..bundle };
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "bundle.check").await?;
    requested(&tx, ctx, request).await?;
    store::keeping::set_bundle(&mut tx, &checked).await?;
    tx.commit().await?;
    Ok(())
}

/// Makes the parcel; again as often as is needed, from the same marks.
///
/// # Errors
/// [`Error::Invalid`] before it was checked, or when something changed since; [`Error::NotFound`].
pub async fn make(services: &Services, ctx: &mut OpCtx, request: ConcernId, told: For) -> Result<Made> {
    let told = told.checked()?;
    let member = ctx.member().cloned().ok_or(Error::NotFound)?;
    let gathered = gather(services, ctx, &member, request).await?;
    let bundle = &gathered.bundle;
    if bundle.state != BundleState::Checked {
        return Err(Error::invalid("", "A second person has to read it over first."));
    }
    if bundle.digest.as_deref() != Some(&digest(bundle, &gathered.items, &gathered.marks)) {
        return Err(Error::invalid(
            "",
            "Something changed since it was checked. Look at it again and send it to be checked.",
        ));
    }
    let items: Vec<Item> = gathered.items.iter().map(|item| item.under(&gathered.marks)).collect();
    let sheets = vec![
        Sheet { name: "1-letter".into(), title: "What we hold about you".into(), sections: letter_of(bundle) },
        Sheet { name: "2-index".into(), title: "Index".into(), sections: vec![index(&items, &gathered)] },
        Sheet { name: "3-records".into(), title: "Records".into(), sections: sections(&items) },
    ];
    let mut concerns = vec![request];
    concerns.extend(&gathered.concerns);
    let person = Some(bundle.person_id);
    leave(services, ctx, Leaving { of: ExportOf::Bundle, concerns, person, told, items, sheets }).await
}

fn letter_of(bundle: &Bundle) -> Vec<PaperSection> {
    let paragraphs = bundle.letter.split("\n\n").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty());
    vec![PaperSection { paragraphs: paragraphs.collect(), ..PaperSection::default() }]
}

/// What is in it: each record with its number of lines, and how many places were left out.
fn index(items: &[Item], gathered: &Gathered) -> PaperSection {
    let mut rows: Vec<(String, String)> = Vec::new();
    for item in items {
        if rows.last().is_none_or(|(part, _)| *part != item.part) {
            let lines = items.iter().filter(|other| other.part == item.part).count();
            rows.push((item.part.clone(), if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") }));
        }
    }
    let touched = gathered.items.iter().filter(|item| item.under(&gathered.marks).open() != item.open()).count();
    rows.push(("Lines in which something was left out".to_owned(), touched.to_string()));
    PaperSection { heading: "What is in this parcel".into(), rows, ..PaperSection::default() }
}
