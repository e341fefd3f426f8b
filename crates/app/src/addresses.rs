//! Addresses that a concern speaks of (S19): blocked for everybody at the gateway as keyed hashes, in the words of the sealed tier
//! and no others, so that no answer, list or log says that there is a concern. Whoever sees the concern sees them defanged; the
//! whole address leaves only by "copy for IWF or police", which is in the audit.
//!
//! What it is not: a rule of the filter. It is in no policy, no proposal and no history; it ends by release alone, and closing
//! the concern releases nothing.

use domain::access::{Action, Refused};
use domain::procedure::ProgramAct;
use domain::{ConcernId, OpCtx, SealedAddressId, SettingId};
use filter::CanonicalUrl;
use jiff::Timestamp;
use rand::Rng;
use serde_json::json;
use store::audit::Subject;
use store::together::SealedAddress;
use store::{Reads, Scope};

use crate::concerns::case::{self, Case};
use crate::concerns::{LONGEST_LINE, Names, by_the_program, defanged};
use crate::filtering::policy::LIFELINES;
use crate::filtering::publish;
use crate::sight::sees;
use crate::{Error, Result, Services};

/// Procedures from whose steps an address is sealed: sexual images, exploitation, extremism, altered images.
const SEALS: [&str; 5] = ["P3", "P4", "P5", "P8", "P15"];
/// So many addresses has one concern at most.
const MOST: usize = 200;

/// The addresses of a concern.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// The concern's reference.
    pub reference: String,
    /// May one be added? Only where the procedure, or one of before, is about what nobody should see.
    pub may_seal: bool,
    /// Why they cannot be released yet.
    pub locked: Option<String>,
    /// Oldest first.
    pub rows: Vec<Address>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Which.
    pub id: SealedAddressId,
    /// So that nobody can tap it.
    pub defanged: String,
    /// The whole site, or one page of it?
    pub whole_site: bool,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Let go: when, on whose word.
    pub released: Option<(Timestamp, String)>,
}

/// Does this concern seal addresses?
pub(crate) async fn seals(db: &impl Reads, case: &Case) -> Result<bool> {
    let past = store::together::list_past_procedures_for_program(db, case.setting(), &[case.concern.id]).await?;
    // About an adult who works here an image follows the procedure for allegations, and its address is no less illegal.
    let image = case.concern.kind.is_imagery();
    Ok(image || SEALS.contains(&case.concern.procedure.as_str()) || past.iter().any(|id| SEALS.contains(&id.as_str())))
}

/// The addresses of a concern, for who works it.
///
/// # Errors
/// [`Error::NotFound`] for who may not see it.
pub async fn list(services: &Services, ctx: &OpCtx, id: ConcernId) -> Result<Addresses> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let case = case::of(&reader, ctx, Action::WorkConcern, id).await?;
    let names = Names::load(&reader, member.setting).await?;
    let rows = store::together::list_addresses(&reader, member.setting, &sees(member), id).await?;
    Ok(Addresses {
        reference: case.concern.reference.clone(),
        may_seal: seals(&reader, &case).await?,
        locked: locked(services, &reader, &case).await?,
        rows: rows
            .into_iter()
            .map(|row| Address {
                id: row.id,
                defanged: inert(&row.address),
                whole_site: row.whole_site,
                by: names.person(row.sealed_by),
                at: row.sealed_at,
                released: row.released_at.map(|at| (at, row.release_word.unwrap_or_default())),
            })
            .collect(),
    })
}

/// What stands before a release: the same gate as before a held device is let back.
async fn locked(services: &Services, db: &impl Reads, case: &Case) -> Result<Option<String>> {
    let Some(procedure) = case::procedure(db, &services.content, &case.concern).await? else { return Ok(None) };
    if !procedure.steps.iter().any(|step| step.act == Some(ProgramAct::ReleaseHold)) {
        return Ok(None);
    }
    let rows = store::concerns::list_steps_for_program(db, case.setting(), case.concern.id).await?;
    let profile = case::profile(db, case.setting()).await?;
    let switches = case::switches(&profile, &services.calendar, &case.concern);
    let may = procedure.may(&case::for_engine(&rows), &switches, ProgramAct::ReleaseHold);
    Ok(may.err().map(|locked| locked.say))
}

/// Seals an address: the gateway refuses it to everybody within a second.
///
/// # Errors
/// [`Error::NotFound`] for who may not see the concern; [`Error::Invalid`] on `address`.
pub async fn seal(
    services: &Services,
    ctx: &mut OpCtx,
    id: ConcernId,
    address: &str,
    whole_site: bool,
) -> Result<SealedAddressId> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let address = address.trim();
    let url = read(address).ok_or_else(|| Error::invalid("address", "Write one address, as it was noted."))?;
    if never(services, &url) {
        return Err(Error::invalid("address", "This address always works: for help, or for devices to live."));
    }
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.seal_address").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    if !seals(&tx, &case).await? {
        return Err(Error::invalid("address", "For this concern, propose a change to the filter instead."));
    }
    let there = store::together::list_addresses(&tx, member.setting, &sees(&member), id).await?;
    if there.len() >= MOST {
        return Err(Error::invalid("address", "This concern has two hundred addresses. Ask the police or the IWF."));
    }
    if let Some(known) = there.iter().find(|row| row.released_at.is_none() && row.address == address) {
        return Ok(known.id);
    }
    let row = SealedAddress {
        id: tx.fresh(),
        setting_id: member.setting,
        concern_id: id,
        address: address.to_owned(),
        whole_site,
        sealed_by: member.person,
        sealed_at: ctx.now,
        released_by: None,
        released_at: None,
        release_word: None,
        version: 0,
    };
    store::together::add_address(&mut tx, &row).await?;
    by_the_program(&mut tx, &case.concern, "An address was sealed: the filter refuses it to everybody.").await?;
    publish::later(&mut tx, member.setting).await?;
    tx.commit().await?;
    services.wake_jobs();
    publish::now(services, member.setting).await;
    Ok(row.id)
}

/// Lets an address go, on somebody's recorded word.
///
/// # Errors
/// [`Error::Locked`] while the gate of the release stands shut; [`Error::Invalid`] on `word`.
pub async fn release(
    services: &Services,
    ctx: &mut OpCtx,
    id: ConcernId,
    address: SealedAddressId,
    word: &str,
) -> Result<()> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.release_address").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    let row = one(&tx, &member, id, address).await?;
    if row.released_at.is_some() {
        return Ok(());
    }
    let word = word.trim();
    if !(domain::procedure::REASON_AT_LEAST..=LONGEST_LINE).contains(&word.chars().count()) {
        return Err(Error::invalid("word", "Write on whose word, and why, in one line."));
    }
    if let Some(say) = locked(services, &tx, &case).await? {
        return Err(Error::Locked(domain::procedure::Locked { say, waivable: false }));
    }
    let row = SealedAddress {
        released_by: Some(member.person),
        released_at: Some(ctx.now),
        release_word: Some(word.to_owned()),
        ..row
    };
    store::together::set_address(&mut tx, &row).await?;
    by_the_program(&mut tx, &case.concern, &format!("A sealed address was released. On whose word: {word}")).await?;
    publish::later(&mut tx, member.setting).await?;
    tx.commit().await?;
    services.wake_jobs();
    publish::now(services, member.setting).await;
    Ok(())
}

/// The whole address, for the IWF or the police. That somebody took it is in the audit before it is shown.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn copy(services: &Services, ctx: &mut OpCtx, id: ConcernId, address: SealedAddressId) -> Result<String> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.copy_address").await?;
    case::of(&tx, ctx, Action::WorkConcern, id).await?;
    let row = one(&tx, &member, id, address).await?;
    let subject = Subject { table: "concern", id: Some(id.0) };
    tx.note(member.setting, subject, &json!({ "address": address })).await?;
    tx.commit().await?;
    Ok(row.address)
}

async fn one(
    db: &impl Reads,
    member: &domain::ctx::Member,
    id: ConcernId,
    address: SealedAddressId,
) -> Result<SealedAddress> {
    let row = store::together::lookup_address(db, member.setting, &sees(member), address).await?;
    row.filter(|row| row.concern_id == id).ok_or(Error::NotFound)
}

/// Hashes of every address in force, under a fresh key.
pub(crate) async fn for_gateway(
    services: &Services,
    db: &impl Reads,
    setting: SettingId,
) -> Result<filter::CaseAddresses> {
    let rows = store::together::list_addresses_for_gateway(db, setting).await?;
    let urls: Vec<CanonicalUrl> = rows
        .iter()
        .filter_map(|row| {
            let url = read(&row.address)?;
            Some(if row.whole_site { CanonicalUrl::of_host(url.host().clone()) } else { url })
        })
        .collect();
    let mut salt = [0_u8; 16];
    services.system().rng.fill_bytes(&mut salt);
    Ok(filter::CaseAddresses::of(salt, &urls))
}

fn read(address: &str) -> Option<CanonicalUrl> {
    let short = address.chars().count() <= 2_000 && !address.chars().any(|c| c.is_control() || c.is_whitespace());
    CanonicalUrl::parse(address).ok().filter(|_| short && address.contains('.'))
}

/// Help services, lifelines of devices, and our own pages cannot be sealed: a slip must not cut them off (S23, S30).
fn never(services: &Services, url: &CanonicalUrl) -> bool {
    let host = url.host().to_string();
    let below = |name: &str| host == name || host.ends_with(&format!(".{name}")) || name.ends_with(&format!(".{host}"));
    let own = services.web_base.split("://").nth(1).and_then(|rest| rest.split(['/', ':']).next());
    services.content.never_log.iter().any(|entry| below(&entry.name))
        || LIFELINES.iter().any(|name| below(name))
        || own.is_some_and(below)
}

/// So that nobody can tap it.
fn inert(address: &str) -> String {
    let address = address.replace("://", "[:]//").replacen("http", "hxxp", 1);
    defanged(&[address])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_noted_and_shown_inert() {
        assert_eq!(inert("https://bad.example/a.html"), "hxxps[:]//bad[.]example/a[.]html");
        for no in ["", "two words.example", "nodots", "a\nb.example"] {
            assert!(read(no).is_none(), "{no}");
        }
        assert_eq!(read("Bad.Example/x").unwrap().host().to_string(), "bad.example");
    }
}
