//! Somebody's own data, for them, or the file of a child who moves on: gathered from every record that the actor may see, redacted
//! on a bench, read over by a second person, sent in a parcel (S47: one bench for both). It hangs on the concern that is their request
//! (procedure M2) or the file's way (M3), whose clock it has.
//!
//! The originals are never touched: marks are rows, and the same marks make the same bundle again. Names of other children and of
//! third parties are proposed, files are asked about one by one; nothing leaves while one is undecided. What the second person agreed
//! to is fixed by a digest: another word in any record, or another mark, needs another reading.
//!
//! What is gathered is in `gather`, what the bench shows in `bench`, how marks are set in `marks`; here is the way from the
//! beginning to the parcel.

mod bench;
mod gather;
mod marks;

use std::collections::BTreeSet;

use domain::access::Action;
use domain::concern::ConcernKind;
use domain::{BundleId, ConcernId, OpCtx, PersonId};
use store::keeping::Bundle;
pub use store::words::BundleState;
use store::words::ExportOf;
use store::{Reads, Scope};

pub use bench::{Bench, Line, MarkView, bench};
use gather::{Gathered, gather, sorted, why_kept_back};
pub use gather::{KeptBack, Proposal, Undecided};
pub use marks::{NewMark, end_mark, set_marks, take_proposals};

use super::exports::{For, Made};
use super::item::Item;
use super::leaving::{Leaving, Sheet, leave, sections};
use super::parcel::Piece;
use super::words;
use crate::concerns::{LONGEST_TEXT, case};
use crate::referrals::PaperSection;
use crate::sight::sees;
use crate::{Error, Result, Services};

/// Why the bench stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Somebody asked for their data.
    Request,
    /// A child moves on, and the file with it.
    Transfer,
}

impl Purpose {
    fn of(kind: ConcernKind) -> Option<Self> {
        match kind {
            ConcernKind::AccessRequest => Some(Self::Request),
            ConcernKind::FileTransfer => Some(Self::Transfer),
            _ => None,
        }
    }
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
    Ok(standing_on(db, ctx, request).await?.0)
}

/// The concern on which a bench can stand, and why it would.
async fn standing_on(db: &impl Reads, ctx: &OpCtx, request: ConcernId) -> Result<(case::Case, Purpose)> {
    let case = case::of(db, ctx, Action::ExportConcern, request).await?;
    let purpose = Purpose::of(case.concern.kind).ok_or(Error::NotFound)?;
    Ok((case, purpose))
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

/// What goes with a child who moves on, as it is chosen on the bench; none before the bench was begun.
pub(crate) async fn goes_along(
    services: &Services,
    db: &impl Reads,
    ctx: &OpCtx,
    moving: ConcernId,
) -> Result<Option<Vec<ConcernId>>> {
    let member = ctx.member().ok_or(Error::NotFound)?;
    let found = store::keeping::find_bundle(db, member.setting, &sees(member), moving).await?;
    let Some(bundle) = found else { return Ok(None) };
    let sorted = sorted(services, db, ctx, member, (moving, Purpose::Transfer), &bundle).await?;
    Ok(Some(sorted.concerns))
}

/// Does a concern stay out of a child's file unless somebody chooses otherwise?
pub(crate) async fn stays_out(services: &Services, db: &impl Reads, ctx: &OpCtx, case: &case::Case) -> Result<bool> {
    let member = ctx.member().ok_or(Error::NotFound)?;
    let why = why_kept_back(services, db, member, case, Purpose::Transfer, &BTreeSet::new()).await?;
    Ok(why.is_some())
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
    let (_, purpose) = standing_on(&tx, ctx, request).await?;
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
        letter: letter(purpose, &setting.name),
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

/// The covering letter to begin with (UK GDPR, article 15(1); KCSIE 2026 for the file): people make it theirs.
fn letter(purpose: Purpose, setting: &str) -> String {
    match purpose {
        Purpose::Request => format!(
            "You asked for the data that we hold about you, or about your child. It is in this parcel: an index, the records, and the same as a table and as open data.\n\nWe hold it to keep children safe, as the law asks of us. It came from you, from people who work here, and from agencies that we worked with. It goes to children's social care, the police or the next setting only where a child's safety or the law asks for it. How long we keep it stands in our privacy notice.\n\nPlaces that say [another child], [somebody else] or [left out] hold what belongs to other people, or what the law lets us leave out. If you think that something is wrong or missing, tell us. You may also complain to the Information Commissioner: ico.org.uk, 0303 123 1113.\n\n{setting}"
        ),
        Purpose::Transfer => format!(
            "This is the safeguarding file of a child who comes to you. It is in this parcel: an index, the records, and the same as a table and as open data. Keep it apart from other papers, and give it only to your safeguarding lead.\n\nPlaces that say [another child], [somebody else] or [left out] hold what belongs to other people. Ring us if you need to know more: we will say what we may.\n\nPlease tell us in writing that you have it. Until then it is ours.\n\n{setting}"
        ),
    }
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
    if !gathered.undecided.is_empty() {
        return Err(Error::invalid(
            "",
            "Decide on every file first: it goes along, or is left out, each with a reason.",
        ));
    }
    let bundle = Bundle { letter, ..gathered.bundle };
    let sent = Bundle {
        state: BundleState::ToCheck,
        digest: Some(gather::digest(&bundle, &gathered.items, &gathered.marks)),
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
    if bundle.digest.as_deref() != Some(&gather::digest(&bundle, &gathered.items, &gathered.marks)) {
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
    if bundle.digest.as_deref() != Some(&gather::digest(bundle, &gathered.items, &gathered.marks)) {
        return Err(Error::invalid(
            "",
            "Something changed since it was checked. Look at it again and send it to be checked.",
        ));
    }
    let items: Vec<Item> = gathered.items.iter().map(|item| item.under(&gathered.marks)).collect();
    let (of, title) = match gathered.purpose {
        Purpose::Request => (ExportOf::Bundle, "What we hold about you"),
        Purpose::Transfer => (ExportOf::Transfer, "The file of a child who moves on"),
    };
    let sheets = vec![
        Sheet::new("1-letter", title, letter_of(bundle)),
        Sheet::new("2-index", "Index", vec![index(&items, &gathered)]),
        Sheet::new("3-records", "Records", sections(&items)),
    ];
    let mut files = Vec::new();
    for file in items.iter().filter_map(|item| item.file.as_ref()) {
        let along = crate::attachments::take_along(services, ctx, file.concern, file.id).await?;
        files.push(Piece { name: format!("files/{}", along.name), bytes: along.content.to_vec() });
    }
    let mut concerns = vec![request];
    concerns.extend(&gathered.concerns);
    let person = Some(bundle.person_id);
    let beside = Vec::new();
    leave(services, ctx, Leaving { of, concerns, person, told, items, sheets, files, beside }).await
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
    let along = items.iter().filter(|item| item.file.is_some()).count();
    rows.push(("Files that go along, in the folder “files”".to_owned(), along.to_string()));
    PaperSection { heading: "What is in this parcel".into(), rows, ..PaperSection::default() }
}
