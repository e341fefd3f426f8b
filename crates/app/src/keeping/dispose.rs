//! Two people, one record: kept longer with a reason, or destroyed with a certificate (S37, S38).
//!
//! The second person need not be able to read a safeguarding concern (a setting may have one lead): they see which record it
//! is, the rule and the day, never what it says; whoever is shut out from it learns nothing. Everything is asked again at
//! the moment of destruction: the day, the holds, the clock, and that the two are two.

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::RouteKind;
use domain::ctx::Member;
use domain::exclusion::{Sight, sight_of};
use domain::retention::{Due, RecordKind};
use domain::{DisposalId, OpCtx};
use jiff::Timestamp;
use jiff::civil::Date;
use store::keeping::Disposal;
use store::words::DisposalState;
use store::{Reads, Scope};
use uuid::Uuid;

use super::due::{self, Record};
use super::{clock_is_sound, words};
use crate::concerns::{Names, case};
use crate::{Error, Result, Services};

/// A record stays: until when, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keep {
    /// Look at it again then.
    pub until: Date,
    /// Why. Names nobody.
    pub reason: String,
}

/// Keeps a record longer. One person's act: keeping harms nobody at once and can be decided anew.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] on `until` or `reason`.
pub async fn keep(services: &Services, ctx: &mut OpCtx, kind: RecordKind, id: Uuid, keep: Keep) -> Result<DisposalId> {
    let member = allowed(ctx)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "retention.keep").await?;
    let record = due::find(services, &tx, &member, ctx.now, kind, id).await?;
    let today = services.calendar.local(ctx.now).date();
    if keep.until <= today {
        return Err(Error::invalid("until", "Choose a day that is still to come."));
    }
    let reason = words("reason", &keep.reason, 1_000, "Write why it is kept. Name nobody.")?;
    withdraw_open(&mut tx, &record).await?;
    let row = row(&mut tx, &member, &record, reason, ctx.now)?;
    let row = Disposal { state: DisposalState::Kept, keep_until: Some(keep.until), ..row };
    store::keeping::add_disposal(&mut tx, &row).await?;
    tx.commit().await?;
    Ok(row.id)
}

/// The first of two says that a record may go.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] when its day has not come, something holds it, or the clock is not believed.
pub async fn propose(
    services: &Services,
    ctx: &mut OpCtx,
    kind: RecordKind,
    id: Uuid,
    reason: &str,
) -> Result<DisposalId> {
    let member = allowed(ctx)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "retention.propose").await?;
    let record = due::find(services, &tx, &member, ctx.now, kind, id).await?;
    may_go(services, &tx, &member, &record, ctx.now).await?;
    if record.decision.as_ref().is_some_and(|last| last.state == DisposalState::Proposed) {
        return Err(Error::invalid("", "Somebody has said so already. Another person has to agree."));
    }
    let reason = words("reason", reason, 1_000, "Write why it is no longer needed. Name nobody.")?;
    let row = row(&mut tx, &member, &record, reason, ctx.now)?;
    store::keeping::add_disposal(&mut tx, &row).await?;
    tx.commit().await?;
    Ok(row.id)
}

/// Takes a proposal back, whoever made it: that only keeps.
///
/// # Errors
/// [`Error::NotFound`] when nothing waits.
pub async fn withdraw(services: &Services, ctx: &mut OpCtx, id: DisposalId) -> Result<()> {
    let member = allowed(ctx)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "retention.withdraw").await?;
    let row = waiting(&tx, &member, id).await?;
    store::keeping::set_disposal(&mut tx, &Disposal { state: DisposalState::Withdrawn, ..row }).await?;
    tx.commit().await?;
    Ok(())
}

/// The second of two agrees, and the record is gone. Returns the certificate.
///
/// # Errors
/// [`Error::Invalid`] when it is the first person again, or anything stands in the way by now; [`Error::NotFound`] when
/// nothing waits.
pub async fn agree(services: &Services, ctx: &mut OpCtx, id: DisposalId) -> Result<DisposalId> {
    let member = allowed(ctx)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "retention.destroy").await?;
    let row = waiting(&tx, &member, id).await?;
    if row.decided_by == member.person {
        return Err(Error::invalid("", "You said that it may go. Somebody else must agree."));
    }
    // By the eyes of the first: the second may not see the record itself.
    let roster = case::roster(&tx, row.setting_id, ctx.now).await?;
    let (roles, kinds) = (roster.roles_of(row.decided_by), roster.kinds_of(row.decided_by));
    let first = Member { person: row.decided_by, roles, kinds, ..member.clone() };
    let record =
        due::find(services, &tx, &first, ctx.now, row.record, row.record_id).await.map_err(|error| match error {
            Error::NotFound => {
                Error::invalid("", "Who said that it may go can no longer see it. Take it back and begin again.")
            }
            other => other,
        })?;
    may_go(services, &tx, &first, &record, ctx.now).await?;
    let why = format!("destroyed, certificate {}", row.id);
    let gone = store::keeping::destroy(&mut tx, member.setting, row.record, row.record_id, &why).await;
    let gone = gone.map_err(|error| match error {
        store::Error::Reference(_) => Error::invalid("", &format!("It must not go. {}", due::NAMED)),
        other => other.into(),
    })?;
    let certificate = Disposal {
        state: DisposalState::Destroyed,
        second_by: Some(member.person),
        second_at: Some(ctx.now),
        digest: Some(gone.digest),
        gone: Some(i64::try_from(gone.rows).unwrap_or(i64::MAX)),
        ..row
    };
    store::keeping::set_disposal(&mut tx, &certificate).await?;
    tx.commit().await?;
    outside(services, ctx).await;
    Ok(id)
}

/// What keeps destroyed things destroyed lies beside the backups: keys of files, and the list of what went. If writing fails,
/// tomorrow's backup does it.
async fn outside(services: &Services, ctx: &OpCtx) {
    let folder = services.data.join("backups");
    if !folder.is_dir() {
        return;
    }
    let keys = store::backup::write_file_keys(&services.db, Scope::All, &folder, ctx.now).await;
    let list = store::backup::write_destructions(&services.db, &folder).await;
    for error in [keys.err(), list.err()].into_iter().flatten() {
        tracing::warn!(%error, "what was destroyed could not be written beside the backups");
    }
}

fn allowed(ctx: &OpCtx) -> Result<Member> {
    authorize(&ctx.actor, Action::KeepRetention, Relation::Setting)?;
    Ok(ctx.member().cloned().ok_or(Refused::SignIn)?)
}

/// Its day has come, nothing holds it, and the clock is believed.
async fn may_go(services: &Services, db: &impl Reads, member: &Member, record: &Record, now: Timestamp) -> Result<()> {
    clock_is_sound(db, member.setting, now).await?;
    if let Due::NotYet(missing) = &record.due {
        return Err(Error::invalid("", missing.say()));
    }
    if let Some(first) = record.held.first() {
        return Err(Error::invalid("", &format!("It must not go. {first}")));
    }
    if !record.is_due(services.calendar.local(now).date()) {
        return Err(Error::invalid("", "Its day has not come."));
    }
    Ok(())
}

fn row(tx: &mut store::Tx, member: &Member, record: &Record, reason: String, now: Timestamp) -> Result<Disposal> {
    let (due, rule) = match (&record.due, &record.rule) {
        (Due::On { day, .. }, Some(rule)) => (*day, rule),
        (Due::NotYet(missing), _) => return Err(Error::invalid("", missing.say())),
        (Due::On { .. }, None) => return Err(Error::NotFound),
    };
    Ok(Disposal {
        id: tx.fresh(),
        setting_id: member.setting,
        record: record.record,
        record_id: record.id,
        concern_id: (record.record == RecordKind::Concern).then(|| record.id.into()),
        about_id: record.about,
        state: DisposalState::Proposed,
        rule: rule.key.clone(),
        edition: rule.edition.clone(),
        due,
        reason,
        keep_until: None,
        decided_by: member.person,
        decided_at: now,
        second_by: None,
        second_at: None,
        digest: None,
        gone: None,
        version: 0,
    })
}

/// A proposal that waits ends with the decision to keep.
async fn withdraw_open(tx: &mut store::Tx, record: &Record) -> Result<()> {
    if let Some(open) = record.decision.clone().filter(|last| last.state == DisposalState::Proposed) {
        store::keeping::set_disposal(tx, &Disposal { state: DisposalState::Withdrawn, ..open }).await?;
    }
    Ok(())
}

async fn waiting(db: &impl Reads, member: &Member, id: DisposalId) -> Result<Disposal> {
    let found = store::keeping::lookup_disposal(db, member.setting, id).await?;
    let row = found.filter(|row| row.state == DisposalState::Proposed).ok_or(Error::NotFound)?;
    if may_know(db, member, &row).await? { Ok(row) } else { Err(Error::NotFound) }
}

/// May somebody know of this decision? Of a concern of the safeguarding route: everybody who may decide and is not shut out.
/// Of an allegation: those who work it. Of a low-level concern: the manager and the chair, but the one whom it was about; of a
/// declaration likewise whoever may decide any, but its author and the author's family.
pub(super) async fn may_know(db: &impl Reads, member: &Member, row: &Disposal) -> Result<bool> {
    match (row.record, row.concern_id) {
        (RecordKind::Concern, Some(id)) => {
            let Some(concern) = store::keeping::lookup_place(db, member.setting, id).await? else { return Ok(false) };
            let case = case::loaded(db, concern).await?;
            if case.excluded.contains(&member.person) {
                return Ok(false);
            }
            let by_role = case.concern.route == RouteKind::Safeguarding && member.works_with(case.concern.kind);
            Ok(by_role || sight_of(&case.walls(), member) == Sight::Case)
        }
        (RecordKind::LowLevel, _) => {
            let may = domain::access::any_allowed(&member.roles, Action::KeepLowLevel, Relation::Setting);
            let shut = crate::low_level::not_for(db, member).await?;
            Ok(may && row.about_id.is_none_or(|about| !shut.contains(&about)))
        }
        (RecordKind::Declaration, _) => {
            let may = domain::access::any_allowed(&member.roles, Action::DecideDeclaration, Relation::Setting);
            let shut = crate::low_level::not_for(db, member).await?;
            Ok(may && row.about_id.is_none_or(|about| !shut.contains(&about)))
        }
        (RecordKind::Transfer | RecordKind::Person, _) => Ok(true),
        (RecordKind::Concern, None) => Ok(false),
    }
}

/// A decision, in words: a proposal that waits, or a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Which.
    pub id: DisposalId,
    /// Which kind of record.
    pub record: RecordKind,
    /// Reference of the concern; of others the number of the record.
    pub name: String,
    /// The rule, in plain words, and its edition.
    pub rule: String,
    /// On what it rests.
    pub basis: String,
    /// When its day came.
    pub due: Date,
    /// Why.
    pub reason: String,
    /// The first, when.
    pub first: (String, Timestamp),
    /// The second, when.
    pub second: Option<(String, Timestamp)>,
    /// How many rows went, and their digest.
    pub gone: Option<(i64, String)>,
    /// Was it this person who said so first?
    pub mine: bool,
}

/// Proposals that wait for a second person, and that the actor may know of.
///
/// # Errors
/// [`Refused`].
pub async fn list_waiting(services: &Services, ctx: &OpCtx) -> Result<Vec<Decision>> {
    decisions(services, ctx, DisposalState::Proposed).await
}

/// Certificates that the actor may know of, newest first.
///
/// # Errors
/// [`Refused`].
pub async fn certificates(services: &Services, ctx: &OpCtx) -> Result<Vec<Decision>> {
    decisions(services, ctx, DisposalState::Destroyed).await
}

/// One proposal or certificate.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn decision(services: &Services, ctx: &OpCtx, id: DisposalId) -> Result<Decision> {
    for state in [DisposalState::Proposed, DisposalState::Destroyed] {
        if let Some(found) = decisions(services, ctx, state).await?.into_iter().find(|one| one.id == id) {
            return Ok(found);
        }
    }
    Err(Error::NotFound)
}

async fn decisions(services: &Services, ctx: &OpCtx, state: DisposalState) -> Result<Vec<Decision>> {
    let member = allowed(ctx)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let names = Names::load(&reader, member.setting).await?;
    let mut found = Vec::new();
    for row in store::keeping::list_disposals_for_program(&reader, member.setting, &[state]).await? {
        if !may_know(&reader, &member, &row).await? {
            continue;
        }
        let place = match row.concern_id {
            Some(id) => store::keeping::lookup_place(&reader, member.setting, id).await?,
            None => None,
        };
        let rule = services.content.retention.iter().find(|rule| rule.key == row.rule);
        found.push(Decision {
            id: row.id,
            record: row.record,
            name: match place {
                Some(concern) => format!("Concern {}", concern.reference),
                None => format!("{} {}", kind_in_words(row.record), short(row.record_id)),
            },
            rule: format!("{}, edition {}", rule.map_or(row.rule.as_str(), |rule| &rule.title), row.edition),
            basis: rule.map(|rule| rule.basis.clone()).unwrap_or_default(),
            due: row.due,
            reason: row.reason,
            first: (names.person(row.decided_by), row.decided_at),
            second: row.second_at.map(|at| (names.of(row.second_by), at)),
            gone: row.gone.zip(row.digest),
            mine: row.decided_by == member.person,
        });
    }
    Ok(found)
}

/// A kind of record, in plain words.
pub fn kind_in_words(record: RecordKind) -> &'static str {
    match record {
        RecordKind::Concern => "Concern",
        RecordKind::LowLevel => "Low-level concern",
        RecordKind::Transfer => "Proof of a file that moved on",
        RecordKind::Person => "Entry of the register",
        RecordKind::Declaration => "Declaration",
    }
}

fn short(id: Uuid) -> String {
    id.simple().to_string().chars().skip(20).collect()
}
