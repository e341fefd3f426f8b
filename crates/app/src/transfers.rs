//! The file of a child who moves on: it goes to the next setting or school within five days, apart from other papers,
//! by a safe way, and is ours until they say that they have it (KCSIE 2026; statutory file transfer).
//!
//! Which concerns are part of it is chosen one by one, on the bench of the record of its move (procedure M3): what waits for the police
//! or is about an adult here stays out unless somebody chooses otherwise, anything else is left out with a reason. Who may not see one
//! of them does not see the file. That it went and arrived is typed once, here, and stands as a step in the record of the move too.

use domain::access::{Action, Refused, Relation, authorize};
use domain::clock::{Standing, standing};
use domain::concern::{ConcernKind, ConcernStatus};
use domain::people::PersonKind;
use domain::procedure::Within;
use domain::setting::Profile;
use domain::{ConcernId, OpCtx, PersonId, TransferId};
use jiff::Timestamp;
use jiff::civil::Date;
use store::concerns::{About, Concern};
use store::working::Transfer;
use store::{Reads, Scope};

use crate::concerns::{LONGEST_LINE, Names, case};
use crate::sight::sees;
use crate::{Error, Result, Services};

/// A file on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferView {
    /// Which.
    pub id: TransferId,
    /// Whose.
    pub child: String,
    /// To which setting or school.
    pub to_name: String,
    /// Their safeguarding lead.
    pub to_lead: String,
    /// The child's last day here.
    pub left_on: Date,
    /// What they must know before the child comes.
    pub note: String,
    /// The concerns that are part of it: id and reference.
    pub concerns: Vec<(ConcernId, String)>,
    /// Where the file is made ready: the record of its move (M3), with the redaction bench.
    pub bench: Option<ConcernId>,
    /// When it must have gone.
    pub due: Timestamp,
    /// How that stands.
    pub standing: Standing,
    /// When it went, how.
    pub sent: Option<(Timestamp, String)>,
    /// When they said that they have it, who.
    pub receipt: Option<(Timestamp, String)>,
    /// For lost updates.
    pub version: i64,
}

/// A new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// Whose.
    pub child: PersonId,
    /// To which setting or school.
    pub to_name: String,
    /// Their safeguarding lead.
    pub to_lead: String,
    /// The child's last day here.
    pub left_on: Date,
    /// What they must know first.
    pub note: String,
}

/// The procedure and the clock that say how many days it may take; the setting chooses how its days are counted.
const RULE: (&str, &str) = ("M3", "sent");
/// Five days, should the content lack the rule.
const WITHIN: Within = Within::Days(5);

/// Files on their way, and those that arrived, newest first.
///
/// # Errors
/// [`Refused`].
pub async fn list(services: &Services, ctx: &OpCtx) -> Result<Vec<TransferView>> {
    some(services, ctx, None).await
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`] for who may not see every concern of it.
pub async fn one(services: &Services, ctx: &OpCtx, id: TransferId) -> Result<TransferView> {
    some(services, ctx, Some(id)).await?.into_iter().next().ok_or(Error::NotFound)
}

async fn some(services: &Services, ctx: &OpCtx, id: Option<TransferId>) -> Result<Vec<TransferView>> {
    authorize(&ctx.actor, Action::MoveFile, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let viewer = sees(member);
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let names = Names::load(&reader, member.setting).await?;
    let profile = case::profile(&reader, member.setting).await?;
    let mut views = Vec::new();
    for row in store::working::list_transfers(&reader, member.setting, &viewer, id).await? {
        let bench = moving(&reader, member, row.child_id).await?.map(|concern| concern.id);
        let chosen = match bench {
            Some(bench) => crate::keeping::bundle::goes_along(services, &reader, ctx, bench).await?,
            None => None,
        };
        let ids = match chosen {
            Some(chosen) => chosen,
            None => store::working::list_transfer_concerns(&reader, member.setting, &viewer, row.id).await?,
        };
        let concerns = store::concerns::list_references(&reader, member.setting, &viewer, &ids).await?;
        let (start, due) = due(services, &profile, row.left_on)?;
        views.push(TransferView {
            id: row.id,
            child: names.person(row.child_id),
            standing: standing(start, due, row.sent_at, ctx.now),
            due,
            to_name: row.to_name,
            to_lead: row.to_lead,
            left_on: row.left_on,
            note: row.note,
            concerns,
            bench,
            sent: row.sent_at.map(|at| (at, row.how.unwrap_or_default())),
            receipt: row.receipt_at.map(|at| (at, row.receipt_from.unwrap_or_default())),
            version: row.version,
        });
    }
    Ok(views)
}

fn due(services: &Services, profile: &Profile, left_on: Date) -> Result<(Timestamp, Timestamp)> {
    let wrong = |error: String| Error::Internal(error);
    let noon = left_on.at(12, 0, 0, 0).to_zoned(services.calendar.zone().clone());
    let start = noon.map_err(|error| wrong(error.to_string()))?.timestamp();
    let rule =
        services.content.procedures.get(RULE.0).and_then(|rules| rules.clocks.iter().find(|clock| clock.key == RULE.1));
    let within = rule.map_or(WITHIN, |rule| rule.within(&profile.switches));
    let due = services.calendar.due_in(&profile.terms, start, within).map_err(|error| wrong(error.to_string()))?;
    Ok((start, due))
}

/// Children for the form.
///
/// # Errors
/// [`Refused`].
pub async fn children(services: &Services, ctx: &OpCtx) -> Result<Vec<(PersonId, String)>> {
    authorize(&ctx.actor, Action::MoveFile, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let children = store::people::list(&reader, member.setting, Some(PersonKind::Child)).await?;
    Ok(children.into_iter().map(|child| (child.id, child.name)).collect())
}

/// The record of a child's move that is open, if there is one: the newest.
async fn moving(db: &impl Reads, member: &domain::ctx::Member, child: PersonId) -> Result<Option<Concern>> {
    let about = with(db, member, child).await?.into_iter();
    let open = about.filter(|one| one.kind == ConcernKind::FileTransfer && one.status != ConcernStatus::Closed);
    Ok(open.max_by_key(|concern| concern.recorded_at))
}

/// Begins the file of a child who leaves, with every concern that names the child, that the actor may see, and that does not wait for the
/// police or advice; the bench is where that is changed.
///
/// # Errors
/// [`Refused`]; [`Error::Invalid`] on `child`, `to_name`, `to_lead` or `note`.
pub async fn begin(services: &Services, ctx: &mut OpCtx, new: New) -> Result<TransferId> {
    authorize(&ctx.actor, Action::MoveFile, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "transfer.begin").await?;
    let child = store::people::lookup(&tx, member.setting, new.child).await?;
    if child.is_none_or(|person| person.kind != PersonKind::Child) {
        return Err(Error::invalid("child", "Choose a child from the list."));
    }
    let line = |field: &str, text: &str, missing: &str| {
        let text = text.trim().to_owned();
        if text.is_empty() || text.chars().count() > LONGEST_LINE {
            return Err(Error::invalid(field, missing));
        }
        Ok(text)
    };
    let to_name = line("to_name", &new.to_name, "Write the name of the setting or school, in one line.")?;
    let to_lead = line("to_lead", &new.to_lead, "Write the name of their safeguarding lead, to whom you spoke.")?;
    if new.note.chars().count() > 4_000 {
        return Err(Error::invalid("note", "Shorten this to 4,000 characters."));
    }
    let mut concerns = Vec::new();
    for concern in with(&tx, &member, new.child).await? {
        if concern.kind == ConcernKind::FileTransfer {
            continue;
        }
        let case = case::loaded(&tx, concern).await?;
        if !crate::keeping::bundle::stays_out(services, &tx, ctx, &case).await? {
            concerns.push(case.concern);
        }
    }
    let ids: Vec<ConcernId> = concerns.iter().map(|concern| concern.id).collect();
    let row = Transfer {
        id: tx.fresh(),
        setting_id: member.setting,
        child_id: new.child,
        to_name,
        to_lead,
        left_on: new.left_on,
        note: new.note.trim().to_owned(),
        made_by: member.person,
        made_at: ctx.now,
        sent_at: None,
        how: None,
        receipt_at: None,
        receipt_from: None,
        version: 0,
    };
    store::working::add_transfer(&mut tx, &row, &ids).await?;
    for concern in &concerns {
        crate::concerns::by_the_program(&mut tx, concern, "This became part of the file for the next setting.").await?;
    }
    tx.commit().await?;
    Ok(row.id)
}

async fn with(db: &impl Reads, member: &domain::ctx::Member, child: PersonId) -> Result<Vec<Concern>> {
    Ok(store::concerns::list_about(db, member.setting, &sees(member), &About::Person(child)).await?)
}

/// What happened to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It went.
    Sent {
        /// By hand, by secure mail.
        how: String,
        /// When.
        at: Timestamp,
    },
    /// They have it.
    Received {
        /// Who said so.
        from: String,
        /// When.
        at: Timestamp,
    },
}

/// Records what happened to a file.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`]; [`Error::Invalid`] on `how`, `from` or `at`.
pub async fn change(services: &Services, ctx: &mut OpCtx, id: TransferId, change: Change, version: i64) -> Result<()> {
    authorize(&ctx.actor, Action::MoveFile, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "transfer.change").await?;
    let found = store::working::list_transfers(&tx, member.setting, &sees(&member), Some(id)).await?;
    let row = found.into_iter().next().ok_or(Error::NotFound)?;
    if row.version != version {
        return Err(Error::Conflict { theirs: Default::default() });
    }
    let (field, words, at) = match &change {
        Change::Sent { how, at } => ("how", how, *at),
        Change::Received { from, at } => ("from", from, *at),
    };
    let words = words.trim().to_owned();
    if words.is_empty() || words.chars().count() > LONGEST_LINE {
        return Err(Error::invalid(field, "Write it in one line."));
    }
    crate::wrong_clock::has_come(&tx, member.setting, ("at", at), ctx.now).await?;
    let (step, who) = match change {
        Change::Sent { .. } => ("sent", "how"),
        Change::Received { .. } => ("receipt", "by"),
    };
    let answers = [("at".to_owned(), at.to_string()), (who.to_owned(), words.clone())].into();
    let moving = moving(&tx, &member, row.child_id).await?;
    let row = match change {
        Change::Sent { .. } => Transfer { sent_at: Some(at), how: Some(words), ..row },
        Change::Received { .. } => Transfer { receipt_at: Some(at), receipt_from: Some(words), ..row },
    };
    store::working::set_transfer(&mut tx, &row).await?;
    if let Some(moving) = moving {
        crate::concerns::happened_elsewhere(services, &mut tx, ctx, moving.id, step, answers, at).await?;
    }
    tx.commit().await?;
    Ok(())
}
