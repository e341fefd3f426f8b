//! A lost second factor (S11). Ways back: a recovery code, or two people who vouch. Either way the leads and the chair
//! are told, and cases and filter stay shut for the account until another of them has confirmed that it was truly
//! that person. Reporting goes on all the time.
//!
//! Who may vouch or confirm: whoever may confirm recoveries, is not the person, and is not tied to them in the register
//! (relatives). Two different people vouch. The one who confirms is neither of the two while there is somebody else
//! who could.

use std::collections::BTreeSet;

use domain::access::{self, Action, Relation};
use domain::ctx::Member;
use domain::people::Role;
use domain::{AccountId, OpCtx, PersonId, SettingId};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::accounts::{Account, Pending, PendingKind};
use store::{Reads, Scope, Tx};

use super::sessions::{self, Standing};
use super::sign_in;
use crate::error::{Error, Result};
use crate::services::Services;

/// Two voices have to come together within this time.
const VOICES_LAST: SignedDuration = SignedDuration::from_hours(24);
/// Who hears of a recovery and may confirm it.
const LEADS: [Role; 4] = [Role::Dsl, Role::Deputy, Role::Manager, Role::Chair];

/// Somebody whose second factor was lost or replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// Who.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Since when; `None` while only one has vouched.
    pub recovered_at: Option<Timestamp>,
    /// Have they set up a new second factor, or did they use a recovery code?
    pub has_second_factor: bool,
    /// May the viewer confirm it, or vouch as the second?
    pub mine_to_decide: bool,
}

/// How a voice was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vouched {
    /// One more is needed.
    OneMore,
    /// That was the second: the second factor is off, and a new one is set up at the next sign-in.
    Reset,
}

/// Says, in person, that somebody has truly lost their second factor. The second such voice takes it off.
///
/// # Errors
/// Refused without the right to, for oneself and for relatives; [`Error::NotFound`] when the person has no account.
pub async fn vouch(services: &Services, ctx: &mut OpCtx, person: PersonId) -> Result<Vouched> {
    access::authorize(&ctx.actor, Action::ConfirmRecovery, Relation::Setting)?;
    let member = ctx.member().ok_or(Error::NotFound)?.clone();
    let mut tx = services.db.write(ctx, Scope::All, "account.vouch").await?;
    let mut account = account_of(&tx, &member, person).await?;
    if account.totp_secret.is_none() {
        return Err(Error::invalid("", "This account has no second step to lose. They set one up when they sign in."));
    }
    let voices = store::accounts::list_pending(&tx, PendingKind::Recovery, Some(account.id), ctx.now).await?;
    let mut others = voices.iter().filter(|voice| voice.made_by != Some(member.person));
    let outcome = if others.next().is_some() {
        store::accounts::end_pending(&mut tx, PendingKind::Recovery, account.id).await?;
        (account.totp_secret, account.totp_last_step) = (None, None);
        store::accounts::set_recovery_codes(&mut tx, account.id, &[]).await?;
        store::accounts::end_sessions(&mut tx, account.id, None).await?;
        keep_voices(&mut tx, ctx, &member, &account, person, &voices).await?;
        let standing = sessions::standing_of(&tx, account.clone(), member.setting, ctx.now).await?;
        let standing = standing.ok_or(Error::NotFound)?;
        begin_waiting(&mut tx, ctx, &standing, &mut account).await?;
        store::accounts::set(&mut tx, &account).await?;
        Vouched::Reset
    } else {
        if voices.is_empty() {
            let voice = voice(ctx, &member, account.id, person);
            store::accounts::add_pending(&mut tx, &voice).await?;
        }
        for lead in leads(&tx, member.setting, ctx.now).await? {
            if lead != person && lead != member.person {
                sign_in::tell(&mut tx, member.setting, lead, "/people/recoveries").await?;
            }
        }
        Vouched::OneMore
    };
    let subject = store::audit::Subject { table: "account", id: Some(account.id.0) };
    tx.note(member.setting, subject, &json!({ "reset": outcome == Vouched::Reset })).await?;
    tx.commit().await?;
    Ok(outcome)
}

/// Confirms that a recovered account is truly that person's: cases and filter open again.
///
/// # Errors
/// Refused for oneself, for relatives, for one of the two who vouched while somebody else could; [`Error::NotFound`]
/// when nothing waits.
pub async fn confirm_recovery(services: &Services, ctx: &mut OpCtx, person: PersonId) -> Result<()> {
    access::authorize(&ctx.actor, Action::ConfirmRecovery, Relation::Setting)?;
    let member = ctx.member().ok_or(Error::NotFound)?.clone();
    let mut tx = services.db.write(ctx, Scope::All, "account.confirm_recovery").await?;
    let mut account = account_of(&tx, &member, person).await?;
    let Some(recovered_at) = account.recovered_at.filter(|_| account.recovery_confirmed_by.is_none()) else {
        return Err(Error::NotFound);
    };
    if account.totp_secret.is_none() {
        let say = "They have not set up a new second step yet. Confirm after they have, face to face.";
        return Err(Error::invalid("", say));
    }
    let voices = voices_of(&tx, account.id, recovered_at).await?;
    if voices.contains(&member.person) && somebody_else(&tx, &member, person, &voices, ctx.now).await? {
        let say = "You were one of the two who vouched. Another lead, the manager or the chair confirms.";
        return Err(Error::invalid("", say));
    }
    account.recovery_confirmed_by = Some(member.account);
    store::accounts::set(&mut tx, &account).await?;
    let subject = store::audit::Subject { table: "account", id: Some(account.id.0) };
    tx.note(member.setting, subject, &json!({ "person": person.to_string() })).await?;
    sign_in::tell(&mut tx, member.setting, person, "/account").await?;
    tx.commit().await?;
    Ok(())
}

/// Recoveries that wait for a second voice or for a confirmation, for those who may give one.
///
/// # Errors
/// Refused without the right to.
pub async fn list_recoveries(services: &Services, ctx: &OpCtx) -> Result<Vec<Recovery>> {
    access::authorize(&ctx.actor, Action::ConfirmRecovery, Relation::Setting)?;
    let member = ctx.member().ok_or(Error::NotFound)?;
    let reader = services.db.read(Scope::All).await?;
    let mut found = Vec::new();
    for membership in store::people::list_memberships(&reader, member.setting).await? {
        let Some(account) = store::accounts::lookup(&reader, membership.account_id).await? else { continue };
        let voices = store::accounts::list_pending(&reader, PendingKind::Recovery, Some(account.id), ctx.now).await?;
        let waits = account.recovered_at.filter(|_| account.recovery_confirmed_by.is_none());
        if (waits.is_none() && voices.is_empty()) || membership.person_id == member.person {
            continue;
        }
        let Some(person) = store::people::lookup(&reader, member.setting, membership.person_id).await? else {
            continue;
        };
        let gave = match waits {
            Some(at) => {
                let given = voices_of(&reader, account.id, at).await?;
                given.contains(&member.person) && somebody_else(&reader, member, person.id, &given, ctx.now).await?
            }
            None => voices.iter().any(|voice| voice.made_by == Some(member.person)),
        };
        found.push(Recovery {
            person: person.id,
            name: person.name,
            recovered_at: waits,
            has_second_factor: account.totp_secret.is_some(),
            mine_to_decide: !gave && !is_tied(&reader, member, membership.person_id).await?,
        });
    }
    Ok(found)
}

/// From now on the account waits for a confirmation, if it is one that works cases or decides the filter; the leads and
/// the chair hear of it either way.
pub(super) async fn begin_waiting(
    tx: &mut Tx,
    ctx: &mut OpCtx,
    standing: &Standing,
    account: &mut Account,
) -> Result<()> {
    if standing.roles.iter().any(|role| role.needs_second_factor()) {
        (account.recovered_at, account.recovery_confirmed_by) = (Some(ctx.now), None);
    }
    let mut told = leads(tx, standing.setting, ctx.now).await?;
    told.insert(standing.person.id);
    for person in told {
        let link = if person == standing.person.id { "/account" } else { "/people/recoveries" };
        sign_in::tell(tx, standing.setting, person, link).await?;
    }
    Ok(())
}

/// The account of a person whom this member may vouch for.
async fn account_of(tx: &Tx, member: &Member, person: PersonId) -> Result<Account> {
    if member.person == person {
        return Err(Error::invalid("", "Nobody vouches for themselves."));
    }
    if is_tied(tx, member, person).await? {
        return Err(Error::invalid("", "The register says that you are related. Somebody else has to do this."));
    }
    let membership = store::people::find_membership_of_person(tx, member.setting, person).await?;
    let membership = membership.ok_or(Error::NotFound)?;
    store::accounts::lookup(tx, membership.account_id).await?.ok_or(Error::NotFound)
}

async fn is_tied(db: &impl Reads, member: &Member, person: PersonId) -> Result<bool> {
    let ties = store::people::list_relationships(db, member.setting, person).await?;
    Ok(ties.iter().any(|tie| tie.person_id == member.person || tie.other_id == member.person))
}

async fn leads(db: &impl Reads, setting: SettingId, now: Timestamp) -> Result<BTreeSet<PersonId>> {
    let mut leads = BTreeSet::new();
    for role in LEADS {
        let holders = store::people::find_by_role(db, setting, role, now).await?;
        leads.extend(holders.into_iter().map(|holder| holder.person_id));
    }
    Ok(leads)
}

/// Is there a lead who neither vouched, nor is the person or tied to them, and who can sign in?
async fn somebody_else(
    db: &impl Reads,
    member: &Member,
    person: PersonId,
    voices: &BTreeSet<PersonId>,
    now: Timestamp,
) -> Result<bool> {
    for lead in leads(db, member.setting, now).await? {
        let as_lead = Member { person: lead, ..member.clone() };
        if lead != person
            && !voices.contains(&lead)
            && !is_tied(db, &as_lead, person).await?
            && store::people::find_membership_of_person(db, member.setting, lead).await?.is_some()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn voice(ctx: &mut OpCtx, member: &Member, account: AccountId, person: PersonId) -> Pending {
    Pending {
        id: ctx.fresh(),
        kind: PendingKind::Recovery,
        setting_id: Some(member.setting),
        account_id: Some(account),
        person_id: Some(person),
        token_hash: None,
        payload: json!({}),
        made_by: Some(member.person),
        created_at: ctx.now,
        expires_at: ctx.now.checked_add(VOICES_LAST).unwrap_or(ctx.now),
        used_at: None,
    }
}

/// Writes down who the two were, for the confirmation.
async fn keep_voices(
    tx: &mut Tx,
    ctx: &mut OpCtx,
    member: &Member,
    account: &Account,
    person: PersonId,
    voices: &[Pending],
) -> Result<()> {
    let first = voices.iter().filter_map(|voice| voice.made_by).map(|person| person.to_string());
    let both: Vec<String> = first.chain([member.person.to_string()]).collect();
    let mut pending = voice(ctx, member, account.id, person);
    pending.kind = PendingKind::RecoveryVoices;
    pending.payload = json!({ "voices": both });
    pending.used_at = Some(ctx.now);
    Ok(store::accounts::add_pending(tx, &pending).await?)
}

/// The two who vouched for the recovery that began then; nobody after a recovery code.
async fn voices_of(db: &impl Reads, account: AccountId, recovered_at: Timestamp) -> Result<BTreeSet<PersonId>> {
    let kept = store::accounts::list_used_pending(db, PendingKind::RecoveryVoices, account).await?;
    let voices = kept.into_iter().filter(|kept| kept.created_at == recovered_at).flat_map(|kept| {
        let list = kept.payload.get("voices").and_then(|voices| voices.as_array()).cloned().unwrap_or_default();
        list.into_iter().filter_map(|id| id.as_str()?.parse().ok())
    });
    Ok(voices.collect())
}
