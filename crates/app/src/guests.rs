//! Guests by voucher (S24): a slip of paper puts a device that nobody knows into the guests' group for some hours.
//!
//! Without one a strange device has the strictest rules (S33), and is no use to a visiting speech therapist. What is kept
//! of a guest: that a voucher was begun, when, and where its device stands in the network while it lasts; then the address
//! is forgotten. What it is not: a sign-in, or a way to know who it was. The end stands in the gateway's policy, which keeps
//! to it while the rest of the program is away.

use std::net::IpAddr;

use domain::access::Action;
use domain::{OpCtx, SettingId};
use filter::Audience;
use jiff::{SignedDuration, Timestamp};
use store::vouchers::Voucher;
use store::{Reads, Scope, Tx};
use uuid::Uuid;

use crate::accounts::codes;
use crate::filtering::{Group, Policy, decide, publish};
use crate::{Error, Result, Services, devices, people};

/// For how many hours one may last.
pub const HOURS: [i64; 4] = [2, 4, 10, 24];
/// How many are made at once, at most: a sheet of paper.
pub const MOST: usize = 12;
/// A slip that nobody used is worth nothing after so many days.
pub const USE_WITHIN_DAYS: i64 = 30;
/// How far back the list goes.
const SHOWN_DAYS: i64 = 60;
/// One sentence for a code that is wrong, used, called back or too old: a stranger learns nothing.
const WRONG: &str = "That code is not good, or has been used. Ask at the office for another.";

/// A slip, as it is printed. The code is shown once; nobody can look it up later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// Its code.
    pub code: String,
    /// How long it lasts.
    pub hours: i64,
    /// The last moment to begin it.
    pub use_by: Timestamp,
}

/// How a voucher stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// On paper.
    Unused,
    /// A device has it, until then.
    Running(Timestamp),
    /// It was used.
    Over,
    /// Somebody called it back.
    CalledBack,
    /// Nobody used it in time.
    TooOld,
}

/// A voucher in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which.
    pub id: Uuid,
    /// When it was made.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: String,
    /// How long it lasts.
    pub hours: i64,
    /// Name of the group that it opens.
    pub group: String,
    /// How it stands.
    pub standing: Standing,
}

/// The groups for guests, by key and name: a voucher is for one of them.
///
/// # Errors
/// Refused for who may not keep devices.
pub async fn groups(services: &Services, ctx: &OpCtx) -> Result<Vec<(String, String)>> {
    let member = people::may(ctx, Action::KeepDevices)?;
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    let (_, policy) = decide::in_force(&db, member.setting).await?;
    Ok(of_guests(&policy).map(|(key, group)| (key.clone(), group.name.clone())).collect())
}

/// Makes vouchers for one of the groups for guests; where there is only one, it need not be named.
///
/// # Errors
/// [`Error::Invalid`] on `count`, `hours` or `group`; refused for who may not keep devices.
pub async fn make(
    services: &Services,
    ctx: &mut OpCtx,
    count: usize,
    hours: i64,
    group: Option<&str>,
) -> Result<Vec<Slip>> {
    let member = people::may(ctx, Action::KeepDevices)?;
    if !(1..=MOST).contains(&count) {
        return Err(Error::invalid("count", &format!("Choose between 1 and {MOST}.")));
    }
    if !HOURS.contains(&hours) {
        return Err(Error::invalid("hours", "Choose for how long."));
    }
    let printed: Vec<String> = (0..count).map(|_| codes::fresh(&mut *ctx.rng)).collect();
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "guests.make").await?;
    let (_, policy) = decide::in_force(&tx, member.setting).await?;
    let guests: Vec<&String> = of_guests(&policy).map(|(key, _)| key).collect();
    let group_key = match (group, guests.as_slice()) {
        (_, []) => return Err(no_group()),
        (None, [only]) => (*only).clone(),
        (Some(key), all) if all.iter().any(|there| *there == key) => key.to_owned(),
        _ => return Err(Error::invalid("group", "Choose the group that the guests\u{2019} devices are to be in.")),
    };
    let use_by = after(tx.now(), SignedDuration::from_hours(24 * USE_WITHIN_DAYS));
    let mut slips = Vec::new();
    for code in printed {
        let code_sha256 = codes::digest(&code).ok_or_else(|| Error::Internal("a code of our own is none".into()))?;
        let voucher = Voucher {
            id: tx.fresh(),
            setting_id: member.setting,
            code_sha256,
            made_by: member.person,
            made_at: tx.now(),
            use_by,
            hours,
            group_key: Some(group_key.clone()),
            begun_at: None,
            until_at: None,
            address: None,
            ended_at: None,
        };
        store::vouchers::add(&mut tx, &voucher).await?;
        note(&mut tx, &voucher).await?;
        slips.push(Slip { code, hours, use_by });
    }
    forget(&mut tx, member.setting).await?;
    tx.commit().await?;
    Ok(slips)
}

/// The vouchers of the last two months, newest first.
///
/// # Errors
/// Refused for who may not keep devices.
pub async fn list(services: &Services, ctx: &OpCtx) -> Result<Vec<Line>> {
    let member = people::may(ctx, Action::KeepDevices)?;
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    let since = ctx.now.saturating_sub(SignedDuration::from_hours(24 * SHOWN_DAYS)).unwrap_or(ctx.now);
    let (_, policy) = decide::in_force(&db, member.setting).await?;
    let mut lines = Vec::new();
    for voucher in store::vouchers::list(&db, member.setting, since).await? {
        let by = store::people::lookup(&db, member.setting, voucher.made_by).await?;
        lines.push(Line {
            id: voucher.id,
            made_at: voucher.made_at,
            made_by: by.map_or_else(|| "somebody".to_owned(), |person| person.name),
            hours: voucher.hours,
            group: group_of(&policy, &voucher).map_or("A group that is gone", |(_, group)| &group.name).to_owned(),
            standing: standing(&voucher, ctx.now),
        });
    }
    Ok(lines)
}

fn standing(voucher: &Voucher, now: Timestamp) -> Standing {
    match (voucher.ended_at, voucher.until_at) {
        (Some(_), _) => Standing::CalledBack,
        (None, Some(until)) if now < until => Standing::Running(until),
        (None, Some(_)) => Standing::Over,
        (None, None) if now < voucher.use_by => Standing::Unused,
        (None, None) => Standing::TooOld,
    }
}

/// Calls a voucher back: an unused one is worth nothing, a running one ends now.
///
/// # Errors
/// [`Error::NotFound`] when there is none of that id that still counts.
pub async fn call_back(services: &Services, ctx: &mut OpCtx, id: Uuid) -> Result<()> {
    let member = people::may(ctx, Action::KeepDevices)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "guests.call_back").await?;
    let voucher = store::vouchers::lookup(&tx, member.setting, id).await?.ok_or(Error::NotFound)?;
    if !matches!(standing(&voucher, tx.now()), Standing::Unused | Standing::Running(_)) {
        return Err(Error::NotFound);
    }
    let ended = Voucher { ended_at: Some(tx.now()), address: None, ..voucher };
    store::vouchers::set(&mut tx, &ended).await?;
    note(&mut tx, &ended).await?;
    publish::later(&mut tx, member.setting).await?;
    tx.commit().await?;
    services.wake_jobs();
    publish::now(services, member.setting).await;
    Ok(())
}

/// Begins a voucher for the device that stands at this address; returns when it ends. Nobody is signed in.
///
/// # Errors
/// [`Error::Invalid`] on `code`, in one sentence whatever was wrong with it; [`Error::Conflict`] never.
pub async fn begin(services: &Services, address: Option<IpAddr>, code: &str) -> Result<Timestamp> {
    let wrong = || Error::invalid("code", WRONG);
    let digest = codes::digest(code).ok_or_else(wrong)?;
    let address = address.map(|address| address.to_canonical()).filter(|address| !address.is_unspecified());
    let address = address.ok_or_else(|| Error::invalid("code", "We cannot see this device. Ask at the office."))?;
    let db = services.db.read(Scope::All).await?;
    let setting = store::vouchers::find_by_code(&db, &digest).await?.ok_or_else(wrong)?.setting_id;
    drop(db);
    let mut ctx = services.system();
    let mut tx = services.db.write(&mut ctx, Scope::Setting(setting), "guests.begin").await?;
    let voucher = store::vouchers::find_by_code(&tx, &digest).await?.ok_or_else(wrong)?;
    if standing(&voucher, tx.now()) != Standing::Unused {
        return Err(wrong());
    }
    let known = store::devices::list(&tx, setting).await?;
    if known.iter().any(|device| devices::identity::addresses(&device.addresses).contains(&address)) {
        return Err(Error::invalid("code", "This device is in our register and needs no voucher."));
    }
    forget(&mut tx, setting).await?;
    let until = after(tx.now(), SignedDuration::from_hours(voucher.hours));
    let begun =
        Voucher { begun_at: Some(tx.now()), until_at: Some(until), address: Some(address.to_string()), ..voucher };
    store::vouchers::set(&mut tx, &begun).await?;
    note(&mut tx, &begun).await?;
    publish::later(&mut tx, setting).await?;
    tx.commit().await?;
    services.wake_jobs();
    publish::now(services, setting).await;
    Ok(until)
}

/// Where guests' devices stand just now, for the gateway: a place and a group, no device and nobody.
pub(crate) async fn for_gateway(
    db: &impl Reads,
    setting: SettingId,
    policy: &Policy,
    now: Timestamp,
) -> Result<Vec<filter::policy::Network>> {
    let placed = store::vouchers::list_placed(db, setting).await?;
    Ok(placed
        .into_iter()
        .filter(|voucher| matches!(standing(voucher, now), Standing::Running(_)))
        .filter_map(|voucher| {
            // Its group is gone: the device is again one that nobody knows.
            let (group, _) = group_of(policy, &voucher)?;
            let address: IpAddr = voucher.address?.parse().ok()?;
            let bits = if address.is_ipv4() { 32 } else { 128 };
            let cidr = format!("{address}/{bits}");
            Some(filter::policy::Network { cidr, group: group.clone(), until: voucher.until_at })
        })
        .collect())
}

/// The daily upkeep: as [`forget`], where nobody has used a voucher since.
pub(crate) async fn forget_ended(services: &Services, ctx: &mut OpCtx, setting: SettingId) -> Result<()> {
    let db = services.db.read(Scope::Setting(setting)).await?;
    if store::vouchers::list_placed(&db, setting).await?.is_empty() {
        return Ok(());
    }
    drop(db);
    let mut tx = services.db.write(ctx, Scope::Setting(setting), "guests.forget").await?;
    forget(&mut tx, setting).await?;
    Ok(tx.commit().await?)
}

/// Forgets where devices stood whose time is over. Each write here does so, and the daily upkeep.
pub(crate) async fn forget(tx: &mut Tx, setting: SettingId) -> Result<()> {
    let now = tx.now();
    for voucher in store::vouchers::list_placed(&*tx, setting).await? {
        if !matches!(standing(&voucher, now), Standing::Running(_)) {
            store::vouchers::set(tx, &Voucher { address: None, ..voucher }).await?;
        }
    }
    Ok(())
}

/// The act in the audit: which voucher and for how long, never whose device or where.
async fn note(tx: &mut Tx, voucher: &Voucher) -> Result<()> {
    let subject = store::audit::Subject { table: "voucher", id: Some(voucher.id) };
    tx.note(voucher.setting_id, subject, &serde_json::json!({ "hours": voucher.hours, "group": voucher.group_key }))
        .await?;
    Ok(())
}

fn of_guests(policy: &Policy) -> impl Iterator<Item = (&String, &Group)> {
    policy.groups.iter().filter(|(_, group)| group.audience == Audience::Guests)
}

/// The group that a voucher opens, while there is one. Those made before the question was asked open the first.
fn group_of<'p>(policy: &'p Policy, voucher: &Voucher) -> Option<(&'p String, &'p Group)> {
    of_guests(policy).find(|(key, _)| voucher.group_key.as_ref().is_none_or(|meant| meant == *key))
}

fn no_group() -> Error {
    Error::invalid("", "The filter has no group for guests. Propose one first.")
}

fn after(now: Timestamp, time: SignedDuration) -> Timestamp {
    now.saturating_add(time).unwrap_or(now)
}
