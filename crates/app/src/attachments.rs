//! Files that belong to a concern: letters, minutes, a consent form. Never a picture that could show a child undressed,
//! sexual or injured, and never anything at all where something could be illegal (S17).
//!
//! The rule is asked at every act, of everything that was ever recorded: a re-typed concern, a merged one or a newer edition
//! opens nothing. A sealed file is shown to nobody and is in no export, print or new backup; two people let it go or destroy
//! it, on a recorded word of the police (S20). Reporters attach nothing: there is no way in here without a case.
//!
//! What it is not: a viewer. What leaves does so as a file to keep, or as a picture that we painted anew ourselves.

mod add;
mod kinds;
mod order;
mod picture;

use std::collections::BTreeSet;

use domain::access::{Action, Refused};
use domain::concern::{EntryKind, RouteKind};
use domain::content::Content;
use domain::imagery::{self, NoFiles, Shutting};
use domain::{AttachmentId, ConcernId, OpCtx, PersonId, SettingId};
use jiff::Timestamp;
use store::attachments::Attachment;
use store::audit::Subject;
pub use store::words::FileOrder;
use store::words::StrandKind;
use store::{Reads, Scope, Tx};
use zeroize::Zeroizing;

pub use add::{CouldShow, LARGEST, NewFile, Question, add, ask, cannot_show};
pub use kinds::Kind;
pub use order::{Order, agree, order, seal, withdraw};

use crate::concerns::by_the_program;
use crate::concerns::case::{self, Case};
use crate::sight::sees;
use crate::{Error, Result, Services};

/// The files of a concern.
#[derive(Debug, Clone)]
pub struct Files {
    /// The concern's reference.
    pub reference: String,
    /// Why it takes none; `None`: it does, from whoever may.
    pub none_here: Option<NoFiles>,
    /// Somebody said that a file could show a child undressed, sexual or injured; until somebody else has decided why it
    /// cannot, none is added. May the viewer be that one?
    pub stopped: Option<Stopped>,
    /// May the viewer add one?
    pub may_add: bool,
    /// May the viewer declare a viewing? (S18)
    pub may_declare: bool,
    /// Oldest first.
    pub files: Vec<File>,
}

/// Who may decide why what somebody wanted to add cannot show a child undressed, sexual or injured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// The viewer.
    ForYou,
    /// Somebody else: the viewer said so themselves, or adds no files here.
    ForAnother,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Which.
    pub id: AttachmentId,
    /// What it is, and why it is needed. Nothing else is said of a sealed one.
    pub what: String,
    /// Its name.
    pub name: String,
    /// How long it is, in bytes.
    pub bytes: u64,
    /// By whom it was added.
    pub by: String,
    /// When.
    pub added_at: Timestamp,
    /// A virus scanner has looked at it.
    pub scanned: bool,
    /// How it stands.
    pub state: FileState,
}

/// How a file stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileState {
    /// It may be fetched.
    Here,
    /// Nobody sees it. What waits for a second person, and may the viewer be that person?
    Sealed(Option<Waiting>),
    /// It may be fetched, and is to be destroyed when a second person agrees.
    ToBeDestroyed(Waiting),
    /// Key and content are gone.
    Destroyed(Timestamp),
}

/// An order that waits for a second person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// What is to become of it.
    pub order: FileOrder,
    /// The word that it rests on, in words.
    pub word: String,
    /// Who recorded it.
    pub by: String,
    /// The viewer recorded it: somebody else must agree.
    pub mine: bool,
}

/// The files of a concern, for whoever works it. A look, and written down: a file's own name may say much.
///
/// # Errors
/// [`Error::NotFound`] for who may not see it.
pub async fn list(services: &Services, ctx: &mut OpCtx, id: ConcernId) -> Result<Files> {
    let member = &ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.files").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    tx.note(member.setting, Subject { table: "concern", id: Some(id.0) }, &serde_json::json!({})).await?;
    tx.commit().await?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let none_here = no_files(&reader, &services.content, &case).await?;
    let mut files = Vec::new();
    for row in store::attachments::list(&reader, member.setting, &sees(member), id).await? {
        files.push(file(&reader, row, member.person, none_here).await?);
    }
    let may = |action| domain::access::authorize(&ctx.actor, action, domain::Relation::Case).is_ok();
    let adds = none_here.is_none() && may(Action::AttachFile) && may_attach(member, &case);
    let said_so = said_it_could_show(&reader, &case).await?;
    Ok(Files {
        may_declare: may(Action::AttachFile)
            && may_attach(member, &case)
            && imagery::may_declare_viewing(&case.concern.procedure),
        stopped: match (said_so.is_empty() || none_here.is_some(), adds && !said_so.contains(&member.person)) {
            (true, _) => None,
            (false, true) => Some(Stopped::ForYou),
            (false, false) => Some(Stopped::ForAnother),
        },
        may_add: adds && said_so.is_empty(),
        reference: case.concern.reference,
        none_here,
        files,
    })
}

async fn file(db: &impl Reads, row: Attachment, viewer: PersonId, none_here: Option<NoFiles>) -> Result<File> {
    let waiting = match row.ordered {
        Some(order) => Some(Waiting {
            order,
            word: order::in_words(row.ordered_word.as_ref()),
            by: match row.ordered_by {
                Some(person) => name(db, row.setting_id, person).await?,
                None => String::new(),
            },
            mine: row.ordered_by == Some(viewer),
        }),
        None => None,
    };
    let sealed = row.sealed_at.is_some() || none_here.is_some();
    let state = match (row.destroyed_at, sealed, waiting) {
        (Some(at), ..) => FileState::Destroyed(at),
        (None, true, waiting) => FileState::Sealed(waiting),
        (None, false, Some(waiting)) => FileState::ToBeDestroyed(waiting),
        (None, false, None) => FileState::Here,
    };
    let by = name(db, row.setting_id, row.added_by).await?;
    Ok(File {
        id: row.id,
        // The name and the words of a sealed file may themselves describe what nobody should see.
        name: if sealed { String::new() } else { row.name },
        what: if sealed { String::new() } else { row.what },
        bytes: u64::try_from(row.bytes).unwrap_or(0),
        by,
        added_at: row.added_at,
        scanned: row.scanned == add::CLEAN,
        state,
    })
}

async fn name(db: &impl Reads, setting: SettingId, person: PersonId) -> Result<String> {
    Ok(store::people::lookup(db, setting, person).await?.map(|person| person.name).unwrap_or_default())
}

/// A file that leaves.
#[derive(Debug)]
pub struct Fetched {
    /// What to call it: the reference and a number, never its own name, which may name a child.
    pub name: String,
    /// Its type, one of [`Kind`].
    pub kind: Kind,
    /// The bytes; wiped from memory afterwards.
    pub content: Zeroizing<Vec<u8>>,
}

/// Fetches a file. Every fetch is in the audit before a byte leaves.
///
/// # Errors
/// [`Error::NotFound`] for who may not see it, and for a file that is sealed or destroyed: there is nothing to fetch.
pub async fn fetch(services: &Services, ctx: &mut OpCtx, concern: ConcernId, id: AttachmentId) -> Result<Fetched> {
    taken(services, ctx, (concern, id), Action::WorkConcern, "attachment.fetch").await
}

/// A file that goes along in a parcel. Sealed, destroyed or waiting for a second person, it never does.
///
/// # Errors
/// As [`fetch`].
pub(crate) async fn take_along(
    services: &Services,
    ctx: &mut OpCtx,
    concern: ConcernId,
    id: AttachmentId,
) -> Result<Fetched> {
    taken(services, ctx, (concern, id), Action::ExportConcern, "attachment.export").await
}

/// The files of a concern that could go along in a parcel, and what each is called there.
///
/// # Errors
/// [`Error::NotFound`] for who may not export it.
pub(crate) async fn may_leave(
    db: &impl Reads,
    content: &Content,
    ctx: &OpCtx,
    concern: ConcernId,
) -> Result<Vec<(Attachment, Kind, String)>> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let case = case::of(db, ctx, Action::ExportConcern, concern).await?;
    if no_files(db, content, &case).await?.is_some() {
        return Ok(Vec::new());
    }
    let rows = store::attachments::list(db, member.setting, &sees(member), concern).await?;
    let rows = rows.into_iter().filter(|row| row.sealed_at.is_none() && row.destroyed_at.is_none());
    let rows = rows.filter(|row| row.ordered.is_none());
    Ok(rows
        .filter_map(|row| {
            let kind = Kind::from_media_type(&row.media_type)?;
            let name = called(&case, row.id, kind);
            Some((row, kind, name))
        })
        .collect())
}

/// The reference and a number: never a file's own name, which may name a child.
fn called(case: &Case, id: AttachmentId, kind: Kind) -> String {
    let short = id.0.simple().to_string();
    format!("{}-{}.{}", case.concern.reference, short.get(24..).unwrap_or_default(), kind.extension())
}

async fn taken(
    services: &Services,
    ctx: &mut OpCtx,
    (concern, id): (ConcernId, AttachmentId),
    action: Action,
    act: &str,
) -> Result<Fetched> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), act).await?;
    let (case, row) = one(&tx, ctx, action, concern, id).await?;
    let waits = row.ordered.is_some() && action == Action::ExportConcern;
    if waits
        || row.sealed_at.is_some()
        || row.destroyed_at.is_some()
        || no_files(&tx, &services.content, &case).await?.is_some()
    {
        return Err(Error::NotFound);
    }
    let kind = Kind::from_media_type(&row.media_type).ok_or_else(|| Error::Internal("a file of no kind".into()))?;
    let content = store::attachments::content(&tx, &row).await?;
    let subject = Subject { table: store::attachments::TABLE, id: Some(id.0) };
    // In the shape of a row, so that whoever may open the concern reads in the audit who fetched its files.
    tx.note(member.setting, subject, &serde_json::json!({ "row": { "concern_id": concern } })).await?;
    tx.commit().await?;
    Ok(Fetched { name: called(&case, id, kind), kind, content })
}

/// The file and its concern, if the actor may do this to the concern.
async fn one(
    db: &impl Reads,
    ctx: &OpCtx,
    action: Action,
    concern: ConcernId,
    id: AttachmentId,
) -> Result<(Case, Attachment)> {
    let case = case::of(db, ctx, action, concern).await?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let row = store::attachments::lookup(db, member.setting, &sees(member), id).await?;
    let row = row.filter(|row| row.concern_id == concern).ok_or(Error::NotFound)?;
    Ok((case, row))
}

/// Why this concern takes and shows no files, from everything that was ever recorded: in it, in every concern that goes on in
/// it, in which it goes on, or that was split from it, under every kind and procedure that any of them ever had (S17).
pub(crate) async fn no_files(db: &impl Reads, content: &Content, case: &Case) -> Result<Option<NoFiles>> {
    let ids: Vec<ConcernId> = joined(db, case).await?.into_iter().collect();
    let mut procedures = store::together::list_past_procedures_for_program(db, case.setting(), &ids).await?;
    let mut kinds = vec![case.concern.kind];
    for id in &ids {
        if let Some(concern) = store::concerns::lookup_for_program(db, case.setting(), *id).await? {
            kinds.push(concern.kind);
            procedures.insert(concern.procedure);
        }
    }
    let rows = store::concerns::list_steps_of_several_for_program(db, case.setting(), &ids).await?;
    let shutting = shutting(db, content, case.setting()).await?;
    let procedures = procedures.iter().map(String::as_str);
    Ok(imagery::no_files(&shutting, kinds, procedures, &case::for_engine(&rows)))
}

/// Who said that a file could show a child undressed, sexual or injured, or was not sure, as long as nobody else has decided
/// why it cannot; nobody: files may be added. Said in one concern it holds in all that are joined to it, as the rest does.
pub(crate) async fn said_it_could_show(db: &impl Reads, case: &Case) -> Result<BTreeSet<PersonId>> {
    let ids: Vec<ConcernId> = joined(db, case).await?.into_iter().collect();
    let said = store::concerns::list_said_of_files_for_program(db, case.setting(), &ids).await?;
    let decided = said.iter().filter(|entry| entry.kind == EntryKind::CannotShow).map(|entry| entry.recorded_at).max();
    // What was said in the very moment of a decision was not decided about.
    let open = said.iter().filter(|entry| entry.kind == EntryKind::CouldShow);
    let open = open.filter(|entry| decided.is_none_or(|decided| entry.recorded_at >= decided));
    Ok(open.filter_map(|entry| entry.author_id).collect())
}

/// What the procedures say of files, those of before too: a question that shut them once does so under a later edition.
async fn shutting(db: &impl Reads, content: &Content, setting: SettingId) -> Result<Shutting> {
    let mut shutting = Shutting::of(content.procedures.values());
    for kept in store::procedures::list(db, setting).await? {
        let carried = content.procedures.get(&kept.procedure);
        if carried.is_none_or(|carried| carried.edition != kept.edition) {
            shutting.add(&case::read_text(kept.text)?);
        }
    }
    Ok(shutting)
}

/// The concern with all that it was merged with or split from, however far.
async fn joined(db: &impl Reads, case: &Case) -> Result<BTreeSet<ConcernId>> {
    let mut known = BTreeSet::from([case.concern.id]);
    let mut new: Vec<ConcernId> = vec![case.concern.id];
    while !new.is_empty() {
        let ties = store::working::list_strands_for_program(db, case.setting(), &new).await?;
        let ends = ties.iter().filter(|tie| tie.kind != StrandKind::Related).flat_map(|tie| [tie.one_id, tie.other_id]);
        new = ends.filter(|id| known.insert(*id)).collect();
    }
    Ok(known)
}

/// May this member add files here? The lead and deputies; of an allegation, whoever works it (S17).
pub(crate) fn may_attach(member: &domain::ctx::Member, case: &Case) -> bool {
    let lead = member.roles.contains(&domain::Role::Dsl) || member.roles.contains(&domain::Role::Deputy);
    lead || case.concern.route == RouteKind::Allegation
}

/// Something was recorded that makes the concern one without files: what is there is sealed in the same transaction, so that
/// no later answer opens it.
pub(crate) async fn seal_if_needed(tx: &mut Tx, content: &Content, case: &Case) -> Result<()> {
    if no_files(tx, content, case).await?.is_none() {
        return Ok(());
    }
    let mut sealed = 0_usize;
    for row in store::attachments::list_for_program(tx, case.setting(), case.concern.id).await? {
        if row.sealed_at.is_none() && row.destroyed_at.is_none() {
            let now = tx.now();
            store::attachments::set(tx, &Attachment { sealed_at: Some(now), sealed_by: None, ..row }).await?;
            sealed += 1;
        }
    }
    if sealed > 0 {
        let text = "Something here could be illegal. The files were sealed: nobody sees, prints or sends them.";
        by_the_program(tx, &case.concern, text).await?;
    }
    Ok(())
}

/// A declaration before looking at an image that young people made (S18).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewing {
    /// Why it cannot be decided without looking.
    pub why: String,
    /// To whom it was referred first, and what they said. In a nursery that comes first.
    pub referred: String,
    /// Who is in the room and does not look.
    pub witness: String,
    /// On which device, where. Never one's own.
    pub place: String,
}

/// Records a viewing declaration, before anybody looks.
///
/// # Errors
/// [`Error::NotFound`] on any procedure but the one for images that young people made themselves; [`Error::Invalid`] while
/// something is left out.
pub async fn declare_viewing(services: &Services, ctx: &mut OpCtx, id: ConcernId, viewing: Viewing) -> Result<()> {
    let mut wrong = std::collections::BTreeMap::new();
    for (field, text, say) in [
        ("why", &viewing.why, "Say why nobody can decide without looking."),
        ("referred", &viewing.referred, "Refer it first. Write to whom, when, and what they said."),
        ("witness", &viewing.witness, "Write who is in the room with you. They do not look."),
        ("place", &viewing.place, "Write on which device and where. Never your own."),
    ] {
        let length = text.trim().chars().count();
        if !(3..=crate::concerns::LONGEST_TEXT).contains(&length) {
            wrong.insert(field.to_owned(), say.to_owned());
        } else if domain::pasted::is_image_data(text) {
            wrong.insert(field.to_owned(), crate::concerns::NO_PICTURES.to_owned());
        }
    }
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.declare_viewing").await?;
    let case = case::of(&tx, ctx, Action::AttachFile, id).await?;
    if !imagery::may_declare_viewing(&case.concern.procedure) || !may_attach(&member, &case) {
        return Err(Error::NotFound);
    }
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let text = format!(
        "Declared before looking. Why nobody can decide without: {} Referred first: {} In the room, not looking: {} \
         Where: {}",
        viewing.why.trim(),
        viewing.referred.trim(),
        viewing.witness.trim(),
        viewing.place.trim()
    );
    let now = tx.now();
    crate::concerns::append(&mut tx, &case.concern, EntryKind::Viewing, &text, now, Some(member.person), None).await?;
    tx.commit().await?;
    Ok(())
}
