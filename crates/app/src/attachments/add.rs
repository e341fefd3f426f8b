//! Adding a file: the question first, then the bytes.

use domain::access::{Action, Refused};
use domain::concern::EntryKind;
use domain::imagery::NoFiles;
use domain::{AttachmentId, ConcernId, OpCtx};
use serde_json::json;
use store::Scope;
use store::attachments::Attachment;

use super::{Kind, may_attach, no_files, picture, said_it_could_show};
use crate::concerns::{LONGEST_LINE, append, case};
use crate::scanner::Scan;
use crate::{Error, Result, Services};

/// The most bytes that a file may have: a long letter with pictures. Held in memory while it is looked at, never on the
/// disk in the clear.
pub const LARGEST: usize = 10 * 1024 * 1024;

/// Files of one concern.
const MOST: usize = 100;

/// A scanner has looked, and found nothing.
pub(super) const CLEAN: &str = "clean";
const NO_SCANNER: &str = "no_scanner";

/// Files looked at at once: each may take a quarter of a gigabyte while it is painted anew.
static AT_ONCE: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(2);

/// "Could this show a child undressed, sexual or injured?"
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CouldShow {
    /// It could.
    Yes,
    /// Nobody may look to find out, so this is a yes.
    NotSure,
    /// It cannot.
    No,
}

impl CouldShow {
    /// The answer of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        match key {
            "yes" => Some(Self::Yes),
            "not_sure" => Some(Self::NotSure),
            "no" => Some(Self::No),
            _ => None,
        }
    }
}

/// What comes after the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// A file may be chosen.
    Choose,
    /// No file: ring 101, do not open.
    Stop,
}

/// A file to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// The answer to the question, given before the file was chosen and once more with it.
    pub could_show: CouldShow,
    /// What it is, and why it is needed.
    pub what: String,
    /// The name that it had.
    pub name: String,
    /// The bytes.
    pub content: Vec<u8>,
}

/// The question before any file is chosen. Anything but no is written down, and no file is taken until somebody else has
/// decided why it cannot show that ([`cannot_show`]): who wants to add a file does not answer twice (S17).
///
/// # Errors
/// [`Error::NotFound`] for who may not add files here; [`Error::Invalid`] where no files are taken.
pub async fn ask(services: &Services, ctx: &mut OpCtx, id: ConcernId, could_show: CouldShow) -> Result<Question> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "attachment.ask").await?;
    let case = case::of(&tx, ctx, Action::AttachFile, id).await?;
    if !may_attach(&member, &case) {
        return Err(Error::NotFound);
    }
    if let Some(why) = no_files(&tx, &services.content, &case).await? {
        return Err(refused(why));
    }
    let answer = match could_show {
        CouldShow::No if said_it_could_show(&tx, &case).await?.is_empty() => return Ok(Question::Choose),
        CouldShow::No => return Err(stopped()),
        CouldShow::Yes => "yes",
        CouldShow::NotSure => "not sure",
    };
    let text = format!(
        "A file was not added. Could it show a child undressed, sexual or injured? The answer was \u{201c}{answer}\u{201d}. No \
         file is added here until somebody else who may add one has written down why it cannot."
    );
    let now = tx.now();
    append(&mut tx, &case.concern, EntryKind::CouldShow, &text, now, Some(member.person), None).await?;
    tx.commit().await?;
    Ok(Question::Stop)
}

/// Somebody else decides why what was not added cannot show a child undressed, sexual or injured. They do not look at it to
/// find out. From then on the question may be answered anew.
///
/// # Errors
/// [`Error::NotFound`] for who may not add files here, and where nothing was said; [`Error::Invalid`] on `why` for a reason
/// that says nothing, and for whoever said it themselves.
pub async fn cannot_show(services: &Services, ctx: &mut OpCtx, id: ConcernId, why: &str) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "attachment.cannot_show").await?;
    let case = case::of(&tx, ctx, Action::AttachFile, id).await?;
    if !may_attach(&member, &case) {
        return Err(Error::NotFound);
    }
    if let Some(why) = no_files(&tx, &services.content, &case).await? {
        return Err(refused(why));
    }
    let said_so = said_it_could_show(&tx, &case).await?;
    if said_so.is_empty() {
        return Err(Error::NotFound);
    }
    if said_so.contains(&member.person) {
        return Err(Error::invalid("why", "You said that it could. Somebody else decides that it cannot."));
    }
    let why = why.trim();
    if !(domain::procedure::REASON_AT_LEAST..=LONGEST_LINE).contains(&why.chars().count()) {
        return Err(Error::invalid("why", "Say why, in a few words."));
    }
    if domain::pasted::is_image_data(why) {
        return Err(Error::invalid("why", crate::concerns::NO_PICTURES));
    }
    let text = format!("What was not added cannot show a child undressed, sexual or injured. Why: {why}");
    let now = tx.now();
    append(&mut tx, &case.concern, EntryKind::CannotShow, &text, now, Some(member.person), None).await?;
    tx.commit().await?;
    Ok(())
}

/// Adds a file.
///
/// # Errors
/// [`Error::NotFound`] for who may not; [`Error::Invalid`] with what to mend; [`Error::Unavailable`] when the virus scanner
/// is silent.
pub async fn add(services: &Services, ctx: &mut OpCtx, id: ConcernId, new: NewFile) -> Result<AttachmentId> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    // Asked before a byte is looked at, and once more inside the write.
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let seen = case::of(&reader, ctx, Action::AttachFile, id).await?;
    if !may_attach(&member, &seen) {
        return Err(Error::NotFound);
    }
    if let Some(why) = no_files(&reader, &services.content, &seen).await? {
        return Err(refused(why));
    }
    let said_so = said_it_could_show(&reader, &seen).await?;
    drop(reader);
    if new.could_show != CouldShow::No {
        // Written down as if it had been asked for: a no afterwards is somebody else's.
        ask(services, ctx, id, new.could_show).await?;
        return Err(Error::invalid("could_show", "Then do not add it, and do not open it. Ring the police on 101."));
    }
    if !said_so.is_empty() {
        return Err(stopped());
    }
    new.check()?;
    let (kind, content) = looked_at(&new.content).await?;
    let scanned = match services.scanner.scan(&content).await {
        Ok(None) => NO_SCANNER,
        Ok(Some(Scan::Clean)) => CLEAN,
        Ok(Some(Scan::Found(_))) => {
            return Err(Error::invalid(
                "file",
                "The virus scanner found something in this file. It was not kept. Tell your technician.",
            ));
        }
        Err(why) => {
            tracing::warn!(why, "the virus scanner gave no answer");
            return Err(Error::Unavailable {
                say: "The virus scanner does not answer, so the file was not kept. Tell your technician; the record itself can go on.".into(),
            });
        }
    };
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "attachment.add").await?;
    let case = case::of(&tx, ctx, Action::AttachFile, id).await?;
    if !may_attach(&member, &case) {
        return Err(Error::NotFound);
    }
    if let Some(why) = no_files(&tx, &services.content, &case).await? {
        return Err(refused(why));
    }
    if !said_it_could_show(&tx, &case).await?.is_empty() {
        return Err(stopped());
    }
    if store::attachments::list_for_program(&tx, member.setting, id).await?.len() >= MOST {
        return Err(Error::invalid("file", "This concern has a hundred files already. Keep the rest on paper."));
    }
    let now = tx.now();
    let row = Attachment {
        id: tx.fresh(),
        setting_id: member.setting,
        concern_id: id,
        name: plain_name(&new.name, kind),
        media_type: kind.media_type().to_owned(),
        bytes: 0,
        sha256: String::new(),
        what: new.what.trim().to_owned(),
        declared: json!({ "could_show": "no", "by": member.person, "at": now }),
        scanned: scanned.to_owned(),
        added_by: member.person,
        added_at: now,
        sealed_at: None,
        sealed_by: None,
        ordered: None,
        ordered_word: None,
        ordered_by: None,
        ordered_at: None,
        destroyed_at: None,
        destroyed_by: None,
        version: 0,
    };
    let row = store::attachments::add(&mut tx, row, &content).await?;
    let text = format!("A file was added: {}", row.what);
    append(&mut tx, &case.concern, EntryKind::Note, &text, now, Some(member.person), None).await?;
    tx.commit().await?;
    Ok(row.id)
}

/// What it is; pictures painted anew. Off the runtime's threads: painting takes a second.
async fn looked_at(content: &[u8]) -> Result<(Kind, Vec<u8>)> {
    let kind = Kind::of(content).ok_or_else(|| {
        Error::invalid(
            "file",
            "Only PDF, Word (docx), plain text, JPEG and PNG files are kept. Choose another file, or print it.",
        )
    })?;
    if !kind.is_picture() {
        return Ok((kind, content.to_vec()));
    }
    let internal = |error: &dyn std::fmt::Display| Error::Internal(format!("painting a picture: {error}"));
    let _permit = AT_ONCE.acquire().await.map_err(|error| internal(&error))?;
    let content = content.to_vec();
    let painted = tokio::task::spawn_blocking(move || picture::anew(&content, kind));
    Ok((kind, painted.await.map_err(|error| internal(&error))??))
}

fn stopped() -> Error {
    let say = "Somebody said that a file here could show a child undressed, sexual or injured, or was not sure. Somebody else decides first why it cannot.";
    Error::invalid("could_show", say)
}

pub(super) fn refused(why: NoFiles) -> Error {
    let say = match why {
        NoFiles::Imagery => {
            "No files here, ever: this is about sexual images. Lock the device away and ring the police on 101."
        }
        NoFiles::CouldBeIllegal => {
            "No files here: something in this concern could be illegal. Write the address, the device and who saw it, in words."
        }
    };
    Error::invalid("file", say)
}

/// A name without a path, of letters that do no harm, with the end that its bytes say.
fn plain_name(name: &str, kind: Kind) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = last.rsplit_once('.').map_or(last, |(stem, _)| stem);
    let stem: String = stem.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).take(80).collect();
    let stem = stem.trim();
    format!("{}.{}", if stem.is_empty() { "file" } else { stem }, kind.extension())
}

impl NewFile {
    fn check(&self) -> Result<()> {
        if self.content.is_empty() {
            return Err(Error::invalid("file", "Choose a file."));
        }
        if self.content.len() > LARGEST {
            return Err(Error::invalid("file", "This file is larger than 10 megabytes. Make it smaller, or print it."));
        }
        let length = self.what.trim().chars().count();
        if length < 3 {
            return Err(Error::invalid("what", "Say what it is and why it is needed."));
        }
        if length > LONGEST_LINE {
            return Err(Error::invalid("what", "Shorten this. What is longer belongs into the record."));
        }
        if domain::pasted::is_image_data(&self.what) {
            return Err(Error::invalid("what", crate::concerns::NO_PICTURES));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_name_is_a_path_or_lies_about_its_kind(name in ".{0,200}") {
            let plain = plain_name(&name, Kind::Pdf);
            prop_assert!(plain.ends_with(".pdf") && plain.chars().count() <= 84);
            prop_assert!(!plain.contains(['/', '\\', '"', '\n', '\r', '\0']) && !plain.starts_with('.'));
            prop_assert_eq!(plain.matches('.').count(), 1);
        }
    }
}
