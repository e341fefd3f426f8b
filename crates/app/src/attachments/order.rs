//! What becomes of a file: sealed at once by anybody who works the concern; let go or destroyed by two people, on a recorded
//! word from outside (S17, S20).

use domain::access::{Action, Refused};
use domain::concern::EntryKind;
use domain::{AttachmentId, ConcernId, OpCtx};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::Scope;
use store::attachments::Attachment;
use store::audit::Subject;
use store::words::FileOrder;

use super::{no_files, one};
use crate::concerns::{LONGEST_LINE, append, by_the_program};
use crate::{Error, Result, Services};

/// A word from outside, recorded by one person; a second one must agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What is to become of the file.
    pub order: FileOrder,
    /// Whose word it is: `police`, `iwf`, `social_care`, `lado`.
    pub authority: String,
    /// Who said it: name and number or force.
    pub who: String,
    /// Their reference.
    pub reference: String,
    /// When they said it.
    pub said_at: Timestamp,
}

/// Whose word counts (S20), and for a sealed file only the first (S17).
const AUTHORITIES: [(&str, &str); 4] = [
    ("police", "the police"),
    ("iwf", "the Internet Watch Foundation"),
    ("social_care", "children’s social care"),
    ("lado", "the LADO"),
];

/// "This may be illegal": from now on nobody sees it.
///
/// # Errors
/// [`Error::NotFound`] for who may not see the concern, and for a file that is gone.
pub async fn seal(services: &Services, ctx: &mut OpCtx, concern: ConcernId, id: AttachmentId) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "attachment.seal").await?;
    let (case, row) = one(&tx, ctx, Action::WorkConcern, concern, id).await?;
    if row.destroyed_at.is_some() {
        return Err(Error::NotFound);
    }
    if row.sealed_at.is_some() {
        return Ok(());
    }
    // An order that was given before anybody thought of the law does not count any more.
    let sealed = Attachment {
        sealed_at: Some(ctx.now),
        sealed_by: Some(member.person),
        ordered: None,
        ordered_word: None,
        ordered_by: None,
        ordered_at: None,
        ..row
    };
    store::attachments::set(&mut tx, &sealed).await?;
    let text = "A file was sealed because it may be illegal. Nobody opens it. Ring the police on 101.";
    append(&mut tx, &case.concern, EntryKind::Note, text, ctx.now, Some(member.person), None).await?;
    tx.commit().await?;
    keys_again(services, ctx).await;
    Ok(())
}

/// The first of two: records the word that it rests on.
///
/// # Errors
/// [`Error::Invalid`] with what is missing; [`Error::NotFound`] for who may not, and for a file that is gone.
pub async fn order(
    services: &Services,
    ctx: &mut OpCtx,
    concern: ConcernId,
    id: AttachmentId,
    order: Order,
) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "attachment.order").await?;
    let (case, row) = one(&tx, ctx, Action::DecideSealed, concern, id).await?;
    if row.destroyed_at.is_some() {
        return Err(Error::NotFound);
    }
    let sealed = row.sealed_at.is_some() || no_files(&tx, &services.content, &case).await?.is_some();
    order.check(sealed, crate::wrong_clock::latest(&tx, member.setting, ctx.now).await?)?;
    let word = json!({
        "authority": order.authority, "who": order.who.trim(), "reference": order.reference.trim(), "said_at": order.said_at,
    });
    let ordered = Attachment {
        ordered: Some(order.order),
        ordered_word: Some(word.clone()),
        ordered_by: Some(member.person),
        ordered_at: Some(ctx.now),
        ..row
    };
    store::attachments::set(&mut tx, &ordered).await?;
    let act = match order.order {
        FileOrder::Release => "let a sealed file go",
        FileOrder::Destroy => "destroy a file",
    };
    let text = format!("Recorded: we may {act}. {} A second person must agree.", in_words(Some(&word)));
    append(&mut tx, &case.concern, EntryKind::Note, &text, order.said_at, Some(member.person), None).await?;
    tx.commit().await?;
    Ok(())
}

/// The first takes their record back.
///
/// # Errors
/// [`Error::NotFound`] when nothing waits.
pub async fn withdraw(services: &Services, ctx: &mut OpCtx, concern: ConcernId, id: AttachmentId) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "attachment.withdraw").await?;
    let (case, row) = one(&tx, ctx, Action::DecideSealed, concern, id).await?;
    if row.ordered.is_none() || row.destroyed_at.is_some() {
        return Err(Error::NotFound);
    }
    let again = Attachment { ordered: None, ordered_word: None, ordered_by: None, ordered_at: None, ..row };
    store::attachments::set(&mut tx, &again).await?;
    by_the_program(&mut tx, &case.concern, "What was recorded about a file was taken back. The file stays as it is.")
        .await?;
    tx.commit().await?;
    Ok(())
}

/// The second of two agrees, and it happens.
///
/// # Errors
/// [`Error::Invalid`] when it is the first person again; [`Error::NotFound`] when nothing waits.
pub async fn agree(services: &Services, ctx: &mut OpCtx, concern: ConcernId, id: AttachmentId) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "attachment.agree").await?;
    let (case, row) = one(&tx, ctx, Action::DecideSealed, concern, id).await?;
    let (Some(order), Some(first), None) = (row.ordered, row.ordered_by, row.destroyed_at) else {
        return Err(Error::NotFound);
    };
    if first == member.person {
        return Err(Error::invalid("", "You recorded this. Somebody else must agree."));
    }
    let word = in_words(row.ordered_word.as_ref());
    let clear = Attachment { ordered: None, ..row.clone() };
    let (after, text) = match order {
        FileOrder::Release => (
            Attachment { sealed_at: None, sealed_by: None, ..clear },
            format!("A sealed file may be seen again. {word}"),
        ),
        FileOrder::Destroy => (
            Attachment {
                destroyed_at: Some(ctx.now),
                destroyed_by: Some(member.person),
                name: "destroyed".to_owned(),
                what: "Destroyed".to_owned(),
                ..clear
            },
            format!("A file was destroyed with its key: no copy of it can be opened any more. {word}"),
        ),
    };
    store::attachments::set(&mut tx, &after).await?;
    if order == FileOrder::Destroy {
        store::attachments::forget_content(&mut tx, member.setting, id).await?;
        // The chain keeps that it was there; what it was called goes too, and a restore repeats that (S37).
        let subject = Subject { table: store::attachments::TABLE, id: Some(id.0) };
        store::audit::destroy_content(&mut tx, member.setting, subject, "attachment destroyed").await?;
    }
    append(&mut tx, &case.concern, EntryKind::Note, &text, ctx.now, Some(member.person), None).await?;
    tx.commit().await?;
    keys_again(services, ctx).await;
    Ok(())
}

/// The keys beside the backups are written anew at once, so that what is gone is gone there too. If that fails, tomorrow's
/// backup does it.
async fn keys_again(services: &Services, ctx: &OpCtx) {
    let folder = services.data.join("backups");
    if folder.is_dir()
        && let Err(error) = store::backup::write_file_keys(&services.db, Scope::All, &folder, ctx.now).await
    {
        tracing::warn!(%error, "the keys of attachments beside the backups could not be written anew");
    }
}

/// A word from outside, in words.
pub(super) fn in_words(word: Option<&Value>) -> String {
    let text = |key: &str| word.and_then(|word| word.get(key)).and_then(Value::as_str).unwrap_or_default();
    let authority =
        AUTHORITIES.iter().find(|(key, _)| *key == text("authority")).map_or("somebody", |(_, words)| *words);
    format!("By word of {authority}: {}, reference {}.", text("who"), text("reference"))
}

impl Order {
    fn check(&self, sealed: bool, latest: Timestamp) -> Result<()> {
        let mut wrong = std::collections::BTreeMap::new();
        let known = AUTHORITIES.iter().any(|(key, _)| *key == self.authority);
        if !known {
            wrong.insert("authority".to_owned(), "Choose whose word it is.".to_owned());
        } else if sealed && self.authority != "police" {
            wrong.insert("authority".to_owned(), "A sealed file waits for the police, and nobody else.".to_owned());
        }
        if !sealed && self.order == FileOrder::Release {
            wrong.insert("order".to_owned(), "This file is not sealed.".to_owned());
        }
        for (field, text, say) in [
            ("who", &self.who, "Write the name and number of the person who said it."),
            ("reference", &self.reference, "Write their reference: without one, ask for it."),
        ] {
            let length = text.trim().chars().count();
            if !(2..=LONGEST_LINE).contains(&length) {
                wrong.insert(field.to_owned(), say.to_owned());
            }
        }
        if self.said_at > latest {
            wrong.insert("said".to_owned(), "That time is still to come. Check the day and the time.".to_owned());
        }
        if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
    }
}
