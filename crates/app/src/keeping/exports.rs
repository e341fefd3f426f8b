//! What leaves the building: a concern, all that is written about one person, a referral, a letter, as PDF, CSV and open JSON in an
//! encrypted parcel (S47). Every page says for whom it was made, by whom and when; the list says who took what and why.
//!
//! The parcel (`super::leaving`) lies in `DATA/exports` for a week. Its passphrase is shown once and kept nowhere: a forgotten one
//! means a new export. There is no other way by which a case becomes a file: a test walks every door of the site and looks. What it is
//! not: paper for one's own desk, which is the print page. To let something else leave, a variant of [`What`] and its arm in [`make`].

use std::path::PathBuf;

use domain::access::{Action, Refused, Relation, authorize};
use domain::{ConcernId, ExportId, LetterId, OpCtx, PersonId, ReferralId};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sha2::{Digest, Sha256};
use store::Scope;
use store::audit::Subject;
use store::concerns::About;
use store::keeping::Export;
use store::words::ExportOf;

use super::item::items_of;
use super::leaving::{Leaving, Sheet, leave, sections};
use super::words;
use crate::concerns::{LONGEST_LINE, Names, for_export};
use crate::sight::sees;
use crate::{Error, Result, Services};

/// How long a parcel waits to be fetched.
const WAITS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What is to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// One concern.
    Concern(ConcernId),
    /// All concerns that name a person and that the actor may see.
    File(PersonId),
    /// A referral, for the agency.
    Referral(ReferralId),
    /// A letter, for whom it was written.
    Letter(LetterId),
}

/// For whom, why, how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct For {
    /// Who gets it.
    pub for_whom: String,
    /// Why.
    pub why: String,
    /// By which other way the passphrase goes.
    pub other_way: String,
}

/// A parcel that was made. The passphrase is shown now and never again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Which.
    pub id: ExportId,
    /// Its number.
    pub number: String,
    /// To be told by another way.
    pub passphrase: String,
    /// Could the PDFs be made? If not, plain text is in the parcel.
    pub with_pdf: bool,
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportView {
    /// Which.
    pub id: ExportId,
    /// Stands on every page of it.
    pub number: String,
    /// Of what, in words that name nobody.
    pub what: &'static str,
    /// For whom.
    pub for_whom: String,
    /// Why.
    pub why: String,
    /// How the passphrase went.
    pub other_way: String,
    /// By whom, when.
    pub made: (String, Timestamp),
    /// How often it was fetched, when last.
    pub taken: (i64, Option<Timestamp>),
    /// Digest of the parcel.
    pub sha256: String,
    /// It still lies here.
    pub waits: bool,
    /// Did the actor make it? Only then may they fetch it.
    pub mine: bool,
}

/// What left, newest first: without what holds a concern that the actor may not see.
///
/// # Errors
/// [`Refused`].
pub async fn list(services: &Services, ctx: &OpCtx) -> Result<Vec<ExportView>> {
    views(services, ctx, None).await
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn one(services: &Services, ctx: &OpCtx, id: ExportId) -> Result<ExportView> {
    views(services, ctx, Some(id)).await?.into_iter().next().ok_or(Error::NotFound)
}

async fn views(services: &Services, ctx: &OpCtx, id: Option<ExportId>) -> Result<Vec<ExportView>> {
    authorize(&ctx.actor, Action::ExportConcern, Relation::Case)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let names = Names::load(&reader, member.setting).await?;
    let rows = store::keeping::list_exports(&reader, member.setting, &sees(member), id).await?;
    Ok(rows
        .into_iter()
        .map(|row| ExportView {
            waits: path(services, row.id).exists(),
            id: row.id,
            number: row.number,
            what: match row.what {
                ExportOf::Concern => "One concern",
                ExportOf::File => "All about one person",
                ExportOf::Bundle => "Somebody’s own data, redacted",
                ExportOf::Transfer => "The file of a child who moves on, redacted",
                ExportOf::Referral => "A referral",
                ExportOf::Letter => "A letter",
            },
            for_whom: row.for_whom,
            why: row.why,
            other_way: row.other_way,
            made: (names.person(row.made_by), row.made_at),
            taken: (row.taken, row.taken_at),
            sha256: row.sha256,
            mine: row.made_by == member.person,
        })
        .collect())
}

/// Makes a parcel.
///
/// # Errors
/// [`Error::NotFound`] for what the actor may not see; [`Error::Invalid`] on `for_whom`, `why` or `other_way`.
pub async fn make(services: &Services, ctx: &mut OpCtx, what: What, told: For) -> Result<Made> {
    authorize(&ctx.actor, Action::ExportConcern, Relation::Case)?;
    let told = told.checked()?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut leaving = Leaving { told, ..Leaving::of(ExportOf::Concern) };
    match what {
        What::Concern(id) => {
            let view = for_export(services, ctx, id).await?;
            leaving.items = items_of(&view, &services.calendar);
            let title = format!("Concern {}", view.reference);
            let sections = sections(&leaving.items);
            leaving.sheets = vec![Sheet { name: "records".into(), title, sections, concern: Some(Box::new(view)) }];
            leaving.concerns = vec![id];
        }
        What::File(person) => {
            let reader = services.db.read(Scope::Setting(member.setting)).await?;
            let about = About::Person(person);
            let found = store::concerns::list_about(&reader, member.setting, &sees(&member), &about).await?;
            drop(reader);
            for concern in found {
                let view = for_export(services, ctx, concern.id).await?;
                leaving.items.extend(items_of(&view, &services.calendar));
                leaving.concerns.push(concern.id);
            }
            leaving.sheets = vec![Sheet::new("records", "Safeguarding records", sections(&leaving.items))];
            (leaving.of, leaving.person) = (ExportOf::File, Some(person));
        }
        What::Referral(id) => {
            let (concern, paper) = crate::referrals::to_leave(services, ctx, id).await?;
            leaving.paper(ExportOf::Referral, "referral", concern, paper);
        }
        What::Letter(id) => {
            let (concern, paper) = crate::referrals::letter_to_leave(services, ctx, id).await?;
            leaving.paper(ExportOf::Letter, "letter", concern, paper);
        }
    }
    if leaving.concerns.is_empty() {
        return Err(Error::NotFound);
    }
    leave(services, ctx, leaving).await
}

/// Where a parcel lies.
pub(super) fn path(services: &Services, id: ExportId) -> PathBuf {
    services.data.join("exports").join(format!("{id}.zip"))
}

/// The parcel, for who made it. Each fetch is in the audit.
///
/// # Errors
/// [`Error::NotFound`] for anybody else, and after a week.
pub async fn fetch(services: &Services, ctx: &mut OpCtx, id: ExportId) -> Result<(String, Vec<u8>)> {
    authorize(&ctx.actor, Action::ExportConcern, Relation::Case)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let bytes = std::fs::read(path(services, id)).map_err(|_| Error::NotFound)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "export.fetch").await?;
    let found = store::keeping::list_exports(&tx, member.setting, &sees(&member), Some(id)).await?;
    let row = found.into_iter().find(|row| row.made_by == member.person).ok_or(Error::NotFound)?;
    if hex::encode(Sha256::digest(&bytes)) != row.sha256 {
        return Err(Error::Internal(format!("the parcel of export {id} is not the one that was made")));
    }
    let name = format!("export-{}.zip", row.number);
    let taken = Export { taken: row.taken.saturating_add(1), taken_at: Some(ctx.now), ..row };
    store::keeping::set_export(&mut tx, &taken).await?;
    tx.note(member.setting, Subject { table: "export", id: Some(id.0) }, &json!({})).await?;
    tx.commit().await?;
    Ok((name, bytes))
}

/// Takes away what lay ready for a week, every day. The list stays.
///
/// # Errors
/// [`Error::Unavailable`] when a file cannot be taken away.
pub(crate) fn forget_old(services: &Services, now: Timestamp) -> Result<()> {
    let Ok(folder) = std::fs::read_dir(services.data.join("exports")) else { return Ok(()) };
    for entry in folder.flatten() {
        let made = entry.path().file_stem().and_then(|stem| stem.to_str()?.parse::<uuid::Uuid>().ok());
        let made = made.and_then(|id| id.get_timestamp()).and_then(|at| {
            let (seconds, _) = at.to_unix();
            Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
        });
        let old = made.is_none_or(|at| now.duration_since(at) > WAITS);
        if old {
            let say = |error: std::io::Error| Error::Unavailable { say: format!("An old export stays: {error}") };
            std::fs::remove_file(entry.path()).map_err(say)?;
        }
    }
    Ok(())
}

impl For {
    pub(super) fn checked(&self) -> Result<Self> {
        Ok(Self {
            for_whom: words(
                "for_whom",
                &self.for_whom,
                LONGEST_LINE,
                "Write who gets it: a name and where they work.",
            )?,
            why: words("why", &self.why, 1_000, "Write why they get it. Name no child.")?,
            other_way: words(
                "other_way",
                &self.other_way,
                LONGEST_LINE,
                "Write how you tell them the passphrase: not by the same way.",
            )?,
        })
    }
}
