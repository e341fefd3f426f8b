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
use crate::concerns::{LONGEST_LINE, Names, case, for_export};
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
    /// The agency that they are of, by its key: asked while a gate is shut before others.
    pub agency: Option<String>,
    /// Why it goes to somebody else although a gate is shut.
    pub waiver: Option<String>,
}

/// Who may be told at any time, whatever is locked (S2): 999, the police, social care, LADO and the advice team whom the gates
/// themselves send one to, health, Ofsted and the ICO.
const NEVER_LOCKED: [(&str, &str); 8] = [
    ("emergency", "999"),
    ("police", "The police"),
    ("front_door", "Children\u{2019}s social care"),
    ("lado", "The LADO"),
    ("lesas", "The education safeguarding advice team"),
    ("nhs", "Health: a GP, a health visitor, a hospital"),
    ("ofsted", "Ofsted"),
    ("ico", "The ICO"),
];

/// A record of which nobody outside may be told yet, but for those agencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shut {
    /// Which.
    pub concern: ConcernId,
    /// Its reference.
    pub reference: String,
    /// The gate's sentence.
    pub say: String,
    /// May it go to somebody else for a reason?
    pub waivable: bool,
}

/// What stands before an export: the records behind a shut gate, and who may have them all the same: key and name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Before {
    /// The records.
    pub shut: Vec<Shut>,
    /// Who may have them.
    pub agencies: Vec<(String, String)>,
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

/// Which records of an export wait for the police or advice (S1, S2). A referral and a letter have gates of their own.
///
/// # Errors
/// [`Error::NotFound`] for what the actor may not see.
pub async fn before(services: &Services, ctx: &OpCtx, what: What) -> Result<Before> {
    authorize(&ctx.actor, Action::ExportConcern, Relation::Case)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let ids = match what {
        What::Concern(id) => vec![id],
        What::File(person) => {
            let about = About::Person(person);
            let found = store::concerns::list_about(&reader, member.setting, &sees(member), &about).await?;
            found.into_iter().map(|concern| concern.id).collect()
        }
        What::Referral(_) | What::Letter(_) => Vec::new(),
    };
    let mut before = Before::default();
    for id in ids {
        let case = case::of(&reader, ctx, Action::ExportConcern, id).await?;
        if let Some(locked) = crate::referrals::may_tell_outside(services, &reader, &case).await? {
            let reference = case.concern.reference;
            before.shut.push(Shut { concern: id, reference, say: locked.say, waivable: locked.waivable });
        }
    }
    if !before.shut.is_empty() {
        before.agencies = NEVER_LOCKED.map(|(key, name)| (key.to_owned(), name.to_owned())).to_vec();
    }
    Ok(before)
}

impl Before {
    /// What is written into each record that leaves although its gate is shut. A gate that nothing waives opens for no reason.
    fn written(&self, told: &For) -> Result<Vec<(ConcernId, String)>> {
        if self.shut.is_empty() {
            return Ok(Vec::new());
        }
        let agency = told.agency.as_deref().and_then(|key| self.agencies.iter().find(|(known, _)| known == key));
        let text = match agency {
            Some((_, name)) => format!("This was taken out for {name}, who may be told at any time."),
            None => {
                if let Some(hard) = self.shut.iter().find(|shut| !shut.waivable) {
                    let say = format!("Nobody else may have {} yet. {}", hard.reference, hard.say);
                    return Err(Error::invalid("agency", &say));
                }
                let missing = "It is for none of those who may be told at any time. Ask the police or the advice team what you may say, and when; or write why it cannot wait.";
                let why = words("waiver", told.waiver.as_deref().unwrap_or_default(), 1_000, missing)?;
                format!("This was taken out before the police or the advice team had said what may be told. Why: {why}")
            }
        };
        Ok(self.shut.iter().map(|shut| (shut.concern, text.clone())).collect())
    }
}

/// Makes a parcel. While a gate is shut it is for those who may always be told, or for a reason that stands in the record for ever,
/// and whoever holds the record is told.
///
/// # Errors
/// [`Error::NotFound`] for what the actor may not see; [`Error::Invalid`] on `for_whom`, `why`, `other_way`, `agency` or `waiver`.
pub async fn make(services: &Services, ctx: &mut OpCtx, what: What, told: For) -> Result<Made> {
    authorize(&ctx.actor, Action::ExportConcern, Relation::Case)?;
    let told = told.checked()?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let beside = before(services, ctx, what).await?.written(&told)?;
    let mut leaving = Leaving { told, beside, ..Leaving::of(ExportOf::Concern) };
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
    // Whose it is comes before its file: what lies in the folder is nobody else's business, and costs as much as nothing (S8).
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let found = store::keeping::list_exports(&reader, member.setting, &sees(&member), Some(id)).await?;
    found.into_iter().find(|row| row.made_by == member.person).ok_or(Error::NotFound)?;
    drop(reader);
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
            agency: self.agency.clone(),
            waiver: self.waiver.clone(),
        })
    }
}
