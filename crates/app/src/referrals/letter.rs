//! A letter to one of a child's adults (BRE-04). The program helps nobody to tell a family while "police or advice first" is
//! shut (S2); it shows what is known of each adult, writes about one child, names no other, and leaves the sending and
//! the step to a human (S13).

use std::collections::BTreeSet;

use domain::access::{Action, Refused};
use domain::concern::{EntryKind, Part};
use domain::people::PersonKind;
use domain::procedure::Locked;
use domain::{ConcernId, LetterId, OpCtx, PersonId};
use jiff::Timestamp;
use store::people::{Person, Relationship};
use store::working::Letter;
use store::{Reads, Scope};

use crate::concerns::case::{self, Case};
use crate::concerns::{Names, append};
use crate::sight::sees;
use crate::{Error, Result, Services};

/// Whom one could write to.
#[derive(Debug, Clone)]
pub struct Recipients {
    /// The concern's reference.
    pub reference: String,
    /// "Police or advice first", while that is shut.
    pub locked: Option<Locked>,
    /// Each child with its adults.
    pub adults: Vec<Adult>,
    /// What the letter begins with, where a child and an adult are chosen.
    pub text: String,
}

/// One adult of one child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adult {
    /// The child.
    pub child: PersonId,
    /// Its name.
    pub child_name: String,
    /// The adult.
    pub adult: PersonId,
    /// Their name.
    pub name: String,
    /// What ties them: `parent`, `carer` …
    pub tie: &'static str,
    /// Has parental responsibility.
    pub parental_responsibility: bool,
    /// What must be known first, each in a sentence.
    pub warnings: Vec<String>,
    /// Why the program writes no letter to this one.
    pub never: Option<String>,
}

/// A new letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLetter {
    /// About which child.
    pub child: PersonId,
    /// To which of its adults.
    pub to: PersonId,
    /// As the writer read it over.
    pub text: String,
}

/// A letter that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterView {
    /// Which.
    pub id: LetterId,
    /// To whom.
    pub to: String,
    /// About which child.
    pub child: String,
    /// The text.
    pub text: String,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Whom one could write to, with what must be known of each, and how the letter to the chosen one begins.
///
/// # Errors
/// [`Error::NotFound`] for who may not see the concern.
pub async fn recipients(
    services: &Services,
    ctx: &OpCtx,
    id: ConcernId,
    chosen: Option<(PersonId, PersonId)>,
) -> Result<Recipients> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let case = case::of(&reader, ctx, Action::WorkConcern, id).await?;
    let adults = adults(&reader, &case, member).await?;
    let locked = super::may_tell_outside(services, &reader, &case).await?;
    let to = adults.iter().find(|adult| chosen == Some((adult.child, adult.adult)) && adult.never.is_none());
    let text = match to {
        Some(adult) if locked.is_none() => begin(services, &reader, ctx, &case, adult).await?,
        _ => String::new(),
    };
    Ok(Recipients { reference: case.concern.reference, locked, adults, text })
}

/// The adults of the concern's children, each with the child. Whoever of a family is shut out is told nothing from here: it
/// was decided that this is not safe, or the concern is about them. One who works here too is shut out of the record as a
/// colleague, and told as a parent, unless a step says that it is not safe.
pub(crate) async fn adults(db: &impl Reads, case: &Case, member: &domain::ctx::Member) -> Result<Vec<Adult>> {
    let (setting, viewer) = (case.setting(), sees(member));
    let parts = store::concerns::list_people(db, setting, &viewer, case.concern.id).await?;
    let about: BTreeSet<PersonId> =
        parts.iter().filter(|row| row.part == Part::About).map(|row| row.person_id).collect();
    let not_safe = not_safe(db, case).await?;
    let mut adults = Vec::new();
    for row in parts.iter().filter(|row| row.part == Part::Child) {
        let Some(child) = store::people::lookup(db, setting, row.person_id).await? else { continue };
        for tie in store::people::list_relationships(db, setting, child.id).await? {
            let other = if tie.person_id == child.id { tie.other_id } else { tie.person_id };
            let Some(adult) = store::people::lookup(db, setting, other).await? else { continue };
            if adult.kind != PersonKind::Child {
                let mut adult_of = known(&child, &adult, &tie, &about);
                let colleague = adult.kind == PersonKind::Staff && !not_safe.contains(&adult.id);
                if adult_of.never.is_none() && case.excluded.contains(&adult.id) {
                    if colleague {
                        adult_of
                            .warnings
                            .push("Works here, and is shut out of the record. Tell them as a parent alone.".to_owned());
                    } else {
                        adult_of.never = Some("It was decided that it is not safe to tell them.".to_owned());
                    }
                }
                adults.push(adult_of);
            }
        }
    }
    Ok(adults)
}

/// Whom any step ever named as not safe to tell.
async fn not_safe(db: &impl Reads, case: &Case) -> Result<BTreeSet<PersonId>> {
    let rows = store::concerns::list_steps_for_program(db, case.setting(), case.concern.id).await?;
    let named = case::for_engine(&rows).into_iter().filter_map(|record| record.answers.get("not_safe").cloned());
    Ok(named.flat_map(|all| all.split(',').filter_map(|id| id.trim().parse().ok()).collect::<Vec<_>>()).collect())
}

fn known(child: &Person, adult: &Person, tie: &Relationship, about: &BTreeSet<PersonId>) -> Adult {
    let mut warnings = Vec::new();
    if !tie.parental_responsibility {
        warnings
            .push("Has no parental responsibility in the register: ask first whether to tell them at all.".to_owned());
    }
    if let Some(order) = &tie.court_order {
        warnings.push(format!("A court ordered: {order}"));
    }
    if tie.never_disclose_address {
        warnings.push("Must never learn where the child lives. Say nothing from which it could be found.".to_owned());
    }
    let never = if about.contains(&adult.id) {
        Some(
            "It is about this person. The police, social care or the LADO say who speaks to them, and when.".to_owned(),
        )
    } else if tie.do_not_contact {
        Some("The register says: do not contact.".to_owned())
    } else {
        None
    };
    Adult {
        child: child.id,
        child_name: child.name.clone(),
        adult: adult.id,
        name: adult.name.clone(),
        tie: tie.kind.key(),
        parental_responsibility: tie.parental_responsibility,
        warnings,
        never,
    }
}

pub(crate) async fn begin(
    services: &Services,
    db: &impl Reads,
    ctx: &OpCtx,
    case: &Case,
    adult: &Adult,
) -> Result<String> {
    let Some(letter) = services.content.letter(case.concern.kind) else { return Ok(String::new()) };
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let setting = store::settings::lookup(db, case.setting()).await?.ok_or(Error::NotFound)?;
    let profile = case::profile(db, case.setting()).await?;
    let writer = store::people::lookup(db, case.setting(), member.person).await?;
    let child = store::people::lookup(db, case.setting(), adult.child).await?;
    let role = domain::exclusion::CASE_ROLES.iter().find(|role| member.roles.contains(role));
    let day = domain::clock::say_day(services.calendar.local(case.concern.event_at).date());
    let words = [
        ("{today}", domain::clock::say_day(services.calendar.local(ctx.now).date())),
        ("{adult}", adult.name.clone()),
        ("{child}", child.map(|child| child.known_as).unwrap_or_default()),
        ("{setting}", setting.name),
        ("{day}", day),
        ("{title}", role.map(|role| profile.title(*role).to_owned()).unwrap_or_default()),
        ("{phone}", writer.as_ref().and_then(|writer| writer.phone.clone()).unwrap_or_default()),
        ("{writer}", writer.map(|writer| writer.name).unwrap_or_default()),
    ];
    let fill = |text: &String| words.iter().fold(text.clone(), |text, (key, word)| text.replace(key, word));
    Ok(letter.paragraphs.iter().map(fill).collect::<Vec<_>>().join("\n\n"))
}

/// How a part begins that only the writer can say. The letters of `content/` claim nothing that nobody recorded.
const BLANK: &str = "[Write here";

/// Keeps a letter, to be printed and sent by a human. That parents were told is the step's own record.
///
/// # Errors
/// [`Error::Locked`] while police or advice come first; [`Error::Invalid`] on `to` or `text`: a letter goes to one of the
/// child's own adults and names no other child of the setting.
pub async fn write(services: &Services, ctx: &mut OpCtx, id: ConcernId, new: NewLetter) -> Result<LetterId> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.letter").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    let to = may_be_told(services, &tx, &case, &member, &new).await?;
    let letter = write_in(&mut tx, &case, &member, &new, &to).await?;
    crate::sharing::note(&mut tx, &case, &member, &new, store::words::FamilyWay::Letter).await?;
    tx.commit().await?;
    Ok(letter)
}

/// May this be told to this adult: no gate is shut, it is safe, and the text names no other child? Then who that is.
pub(crate) async fn may_be_told(
    services: &Services,
    db: &impl Reads,
    case: &Case,
    member: &domain::ctx::Member,
    new: &NewLetter,
) -> Result<Adult> {
    if let Some(locked) = super::may_tell_outside(services, db, case).await? {
        return Err(Error::Locked(locked));
    }
    let all = adults(db, case, member).await?;
    let to = all.into_iter().find(|adult| adult.child == new.child && adult.adult == new.to);
    let to = to.ok_or_else(|| Error::invalid("to", "Choose one of the child\u{2019}s adults."))?;
    if let Some(never) = &to.never {
        return Err(Error::invalid("to", never));
    }
    let text = new.text.trim();
    if text.is_empty() || text.chars().count() > 8_000 {
        return Err(Error::invalid("text", "Write what they are told, in up to 8,000 characters."));
    }
    if text.contains(BLANK) {
        return Err(Error::invalid(
            "text",
            "Write what really happened where it says \u{201c}Write here\u{201d}, or take that part out.",
        ));
    }
    if domain::pasted::is_image_data(text) {
        return Err(Error::invalid("text", crate::concerns::NO_PICTURES));
    }
    if let Some(other) = other_child(db, member, new.child, text).await? {
        let say = format!("This names {other}. What a family is told speaks of one child and names no other.");
        return Err(Error::invalid("text", &say));
    }
    Ok(to)
}

/// Keeps a letter that may be written.
pub(crate) async fn write_in(
    tx: &mut store::Tx,
    case: &Case,
    member: &domain::ctx::Member,
    new: &NewLetter,
    to: &Adult,
) -> Result<LetterId> {
    let row = Letter {
        id: tx.fresh(),
        setting_id: member.setting,
        concern_id: case.concern.id,
        child_id: new.child,
        to_id: new.to,
        text: new.text.trim().to_owned(),
        made_by: member.person,
        made_at: tx.now(),
    };
    store::working::add_letter(tx, &row).await?;
    let said = format!("A letter to {} about {} was written, to be sent by hand.", to.name, to.child_name);
    let now = tx.now();
    append(tx, &case.concern, EntryKind::Note, &said, now, Some(member.person), None).await?;
    Ok(row.id)
}

/// The full name of another child of the setting that a text holds. First names alone are shared with half the country; of
/// them only those are caught that no other person of the letter bears.
async fn other_child(
    db: &impl Reads,
    member: &domain::ctx::Member,
    child: PersonId,
    text: &str,
) -> Result<Option<String>> {
    let words = |text: &str| -> Vec<String> {
        let split = text.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '\u{2019}' && c != '-');
        split.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
    };
    let said = words(text);
    let children = store::people::list(db, member.setting, Some(PersonKind::Child)).await?;
    let own: BTreeSet<String> =
        children.iter().filter(|one| one.id == child).flat_map(|one| words(&one.name)).collect();
    let holds = |name: &str| {
        let name = words(name);
        !name.is_empty() && said.windows(name.len()).any(|part| part == name.as_slice())
    };
    let others = children.into_iter().filter(|one| one.id != child);
    Ok(others
        .filter(|one| holds(&one.name) || (!own.contains(&one.known_as.to_lowercase()) && holds(&one.known_as)))
        .map(|one| one.name)
        .next())
}

/// The letters of a concern, oldest first.
///
/// # Errors
/// [`Error::NotFound`] for who may not see it.
pub async fn letters_of(services: &Services, ctx: &OpCtx, id: ConcernId) -> Result<Vec<LetterView>> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    case::of(&reader, ctx, Action::OpenConcern, id).await?;
    let rows = store::working::list_letters(&reader, member.setting, &sees(member), id).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let names = Names::load(&reader, member.setting).await?;
    Ok(rows.into_iter().map(|row| view(row, &names)).collect())
}

/// One letter of a concern.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Locked`] while police or advice come first: then it is not shown for printing either.
pub async fn letter(services: &Services, ctx: &OpCtx, id: LetterId) -> Result<(ConcernId, LetterView)> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let row =
        store::working::lookup_letter(&reader, member.setting, &sees(member), id).await?.ok_or(Error::NotFound)?;
    let case = case::of(&reader, ctx, Action::ExportConcern, row.concern_id).await?;
    if let Some(locked) = super::may_tell_outside(services, &reader, &case).await? {
        return Err(Error::Locked(locked));
    }
    // Written while it was safe, and kept in while it is not.
    let all = adults(&reader, &case, member).await?;
    if let Some(never) = all.into_iter().filter(|adult| adult.adult == row.to_id).find_map(|adult| adult.never) {
        return Err(Error::Locked(Locked { say: never, waivable: false }));
    }
    let names = Names::load(&reader, member.setting).await?;
    Ok((row.concern_id, view(row, &names)))
}

fn view(row: Letter, names: &Names) -> LetterView {
    LetterView {
        id: row.id,
        to: names.person(row.to_id),
        child: names.person(row.child_id),
        text: row.text,
        by: names.person(row.made_by),
        at: row.made_at,
    }
}
