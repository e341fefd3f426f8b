//! The running program, asked just now: gateway, pages, chain, passwords, exclusions. Nothing of it is ever stored as
//! true; it is remembered for a minute at most, so that ten people who look at once ask once.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::concern::RouteKind;
use domain::control::Status;
use domain::{OpCtx, PersonId, SettingId};
use jiff::{SignedDuration, Timestamp};
use store::{Scope, Sees};
use tokio::sync::Mutex;

use super::facts::is_fresh;
use crate::accounts::password;
use crate::filtering::publish;
use crate::gateway::ProbeResult;
use crate::{Error, Result, Services};

/// How long an answer is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_secs(60);
/// As long in a house whose chain has more than [`LARGE`] links.
const REMEMBERED_WHEN_LARGE: SignedDuration = SignedDuration::from_mins(5);
/// Links of the audit; some two thousand concerns have as many.
const LARGE: i64 = 50_000;
/// So old may what a large house's first page says be, while it is reckoned anew.
const AT_HAND: SignedDuration = SignedDuration::from_mins(30);
/// Walking the chain of a house with ten thousand concerns takes seconds: how long its result stands here. The command and
/// the audit page walk it at once, whenever somebody asks.
const CHAIN_STANDS: SignedDuration = SignedDuration::from_hours(6);
/// How long a page waits for that walk: it says "is being walked" rather than nothing. A page has thirty seconds in all.
pub(crate) const PAGE_WAITS: Duration = Duration::from_secs(3);
/// What nobody waits for gives it so long.
pub(super) const WALK_AT_MOST: Duration = Duration::from_secs(600);
/// What was found while the chain was still being walked is asked again so soon.
const ASKED_AGAIN: SignedDuration = SignedDuration::from_secs(10);

/// Asks our own web pages, as nobody, without the network: path in, status and text out.
pub type Knock = Arc<
    dyn Fn(String) -> Pin<Box<dyn Future<Output = std::result::Result<(u16, String), String>> + Send>> + Send + Sync,
>;

/// What the program remembers of itself, and the door on which it knocks.
#[derive(Default)]
pub struct Live {
    door: OnceLock<Knock>,
    last: Mutex<Option<Last>>,
    chain: Mutex<Option<(Timestamp, Chain)>>,
    counts: Mutex<BTreeMap<PersonId, Remembered>>,
    reckoned_for: Arc<std::sync::Mutex<BTreeSet<PersonId>>>,
    /// A test's own [`LARGE`].
    large: OnceLock<i64>,
}

/// How many duties stood how for somebody, when, and after which links of the setting's chain and of the installation's.
type Remembered = (Timestamp, Heads, Counts);
pub(super) type Heads = (SettingId, Option<i64>, Option<i64>);
/// Duties by how they stand.
pub type Counts = BTreeMap<Status, usize>;

/// The first pages of so many people are remembered; a bound, not a promise.
const MOST_PEOPLE: usize = 1_000;

/// For which setting, under which policy, and what.
type Last = (SettingId, Option<i64>, Arc<Found>);

/// How the chain stands. Which row is wrong is for whoever runs the command on the machine; on a page it could say too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// As it was written, from the first link to the last and to the signed heads.
    Whole,
    /// Something is not as it was written.
    Broken,
    /// The walk takes longer than a page may wait; it goes on.
    Walking,
}

impl Live {
    /// The web says how to knock. Without it (a command beside no server) its probes say that nothing serves.
    pub fn open_door(&self, knock: Knock) {
        // A second router of the same process is the same house.
        let _ = self.door.set(knock);
    }

    /// Forgets what was found, so that the next who looks asks again.
    pub async fn forget(&self) {
        *self.last.lock().await = None;
        // A walk that goes on is new enough.
        if let Ok(mut chain) = self.chain.try_lock() {
            *chain = None;
        }
        self.counts.lock().await.clear();
    }

    /// Is the chain being walked just now?
    pub(super) fn walks(&self) -> bool {
        self.chain.try_lock().is_err()
    }

    /// What somebody's first page said within the last minute, if nothing was written since; in a large house within the last
    /// five, whatever was written: there somebody always writes, and reckoning takes a second.
    pub(super) async fn counts_of(&self, person: PersonId, heads: &Heads, now: Timestamp) -> Option<Counts> {
        let known = self.counts.lock().await;
        let (at, under, counts) = known.get(&person)?;
        let age = now.duration_since(*at);
        let large = under.0 == heads.0 && self.is_large(under);
        let holds = under == heads && age <= REMEMBERED || large && age <= REMEMBERED_WHEN_LARGE;
        (holds && age >= SignedDuration::ZERO).then(|| counts.clone())
    }

    /// What somebody's first page said within the last half hour, whatever was written since.
    pub(super) async fn at_hand(&self, person: PersonId, now: Timestamp) -> Option<Counts> {
        let known = self.counts.lock().await;
        let (at, _, counts) = known.get(&person)?;
        let age = now.duration_since(*at);
        (age <= AT_HAND && age >= SignedDuration::ZERO).then(|| counts.clone())
    }

    /// Does reckoning take longer here than a page may?
    pub(super) fn is_large(&self, heads: &Heads) -> bool {
        heads.1.is_some_and(|links| links > *self.large.get().unwrap_or(&LARGE))
    }

    /// For tests: every house is a large one.
    #[cfg(feature = "testing")]
    pub(crate) fn all_are_large(&self) {
        let _ = self.large.set(0);
    }

    pub(super) async fn remember(&self, person: PersonId, heads: Heads, now: Timestamp, counts: &Counts) {
        let mut known = self.counts.lock().await;
        if known.len() >= MOST_PEOPLE {
            known.clear();
        }
        known.insert(person, (now, heads, counts.clone()));
    }

    async fn knock(&self, path: &str) -> std::result::Result<(u16, String), String> {
        match self.door.get() {
            Some(knock) => knock(path.to_owned()).await,
            None => Err("No web page is served by this program just now.".to_owned()),
        }
    }
}

/// Held while the duties are reckoned for somebody's first page; once at a time for each.
pub(super) struct Reckoning {
    all: Arc<std::sync::Mutex<BTreeSet<PersonId>>>,
    person: PersonId,
}

impl Reckoning {
    /// None: it is under way.
    pub(super) fn begin(live: &Live, person: PersonId) -> Option<Self> {
        let all = Arc::clone(&live.reckoned_for);
        let begins = all.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(person);
        begins.then_some(Self { all, person })
    }
}

impl Drop for Reckoning {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&self.person);
    }
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("serves", &self.door.get().is_some()).finish_non_exhaustive()
    }
}

/// What was found.
pub(super) struct Found {
    pub(super) at: Timestamp,
    /// Every probe through DNS, proxy and block page, or why there is none.
    pub(super) probes: std::result::Result<Vec<ProbeResult>, String>,
    /// The policy as the filter itself reads it, and the lead's name in it.
    pub(super) snapshot: Option<filter::PolicySnapshot>,
    /// The sign-in page, as anybody gets it.
    pub(super) front_page: std::result::Result<String, String>,
    /// The way to the form for a concern that stands on that page, and what it answers.
    pub(super) report_page: std::result::Result<(u16, String), String>,
    /// The door for people without an account.
    pub(super) open_door: std::result::Result<(u16, String), String>,
    /// The sheet of signs for families.
    pub(super) signs: std::result::Result<(u16, String), String>,
    /// How the chain stands.
    pub(super) chain: Chain,
    /// Does the file on the disk read as a plain database? None: it is not a file of ours.
    pub(super) plain_file: Option<bool>,
    /// Is every weak password refused, and hashing strong?
    pub(super) passwords: std::result::Result<(), String>,
    /// Does everybody who is shut out see nothing?
    pub(super) walls_hold: bool,
    /// A day of activity that should be gone, if one is there.
    pub(super) overdue_activity: std::result::Result<Option<Timestamp>, String>,
}

/// Asks everything, or remembers what was asked within the last minute under the same policy.
pub(super) async fn ask(services: &Services, ctx: &mut OpCtx, setting: SettingId) -> Result<Arc<Found>> {
    let mut last = services.live.last.lock().await;
    let reader = services.db.read(Scope::Setting(setting)).await?;
    let number = store::filtering::find_newest(&reader, setting).await?.map(|row| row.number);
    if let Some((of, under, found)) = last.as_ref() {
        let age = ctx.now.duration_since(found.at);
        let holds = if found.chain == Chain::Walking { ASKED_AGAIN } else { REMEMBERED };
        if *of == setting && *under == number && age >= SignedDuration::ZERO && age <= holds {
            return Ok(Arc::clone(found));
        }
    }
    let snapshot = match publish::snapshot(services, &reader, setting, 1, ctx.now).await {
        Ok(snapshot) => Some(snapshot),
        Err(Error::NotFound) => None,
        Err(other) => return Err(other),
    };
    drop(reader);
    let runs = services.gateway.status().is_some_and(|state| is_fresh(&state, ctx.now));
    let probes = match (&snapshot, runs) {
        (None, _) => Err("This setting has no filter policy yet.".to_owned()),
        (_, false) => Err("The gateway does not run.".to_owned()),
        (Some(snapshot), true) => services.gateway.probe(snapshot.clone()).await,
    };
    let front_page = page(services.live.knock("/sign-in").await);
    let report_page = match front_page.as_deref().map(report_link) {
        Ok(Some(link)) => services.live.knock(&link).await,
        Ok(None) => Err("Our page does not lead to the form for a concern.".to_owned()),
        Err(why) => Err(why.to_owned()),
    };
    let found = Arc::new(Found {
        at: ctx.now,
        probes,
        snapshot,
        front_page,
        report_page,
        open_door: services.live.knock(&format!("/tell/{}", crate::telling::word_of(setting))).await,
        signs: services.live.knock(&format!("/tell/{}/signs", crate::telling::word_of(setting))).await,
        chain: chain(services, ctx.now, PAGE_WAITS).await?,
        plain_file: plain_file(services),
        passwords: passwords(ctx).await?,
        walls_hold: walls_hold(services, setting, ctx.now).await?,
        overdue_activity: crate::activity::overdue(services, ctx.now).await.map_err(|error| error.to_string()),
    });
    *last = Some((setting, number, Arc::clone(&found)));
    Ok(found)
}

fn page(answer: std::result::Result<(u16, String), String>) -> std::result::Result<String, String> {
    match answer? {
        (200, text) => Ok(text),
        (status, _) => Err(format!("Our page answers with {status}.")),
    }
}

/// The link of the button that is on every page.
fn report_link(html: &str) -> Option<String> {
    let anchor = html.split("<a ").find(|part| part.contains("class=\"hf-report\""))?;
    let link = anchor.split("href=\"").nth(1)?.split('"').next()?;
    (link.starts_with('/') && !link.starts_with("//")).then(|| link.to_owned())
}

/// The walk is a task of its own: a page that stopped waiting does not stop it, and who comes next waits for the same one.
/// With no time to wait, it is begun before anybody asks.
///
/// # Errors
/// [`Error::Unavailable`] when the records are away.
pub async fn chain(services: &Services, now: Timestamp, longest: Duration) -> Result<Chain> {
    let services = services.clone();
    let walking = tokio::spawn(async move {
        let mut last = services.live.chain.lock().await;
        if let Some((at, found)) = last.as_ref()
            && now.duration_since(*at).abs() <= CHAIN_STANDS
        {
            return Ok(*found);
        }
        let found = walk(&services).await?;
        *last = Some((now, found));
        Ok(found)
    });
    match tokio::time::timeout(longest, walking).await {
        Ok(walked) => walked.map_err(|error| Error::Unavailable { say: error.to_string() })?,
        Err(_) => Ok(Chain::Walking),
    }
}

async fn walk(services: &Services) -> Result<Chain> {
    match store::audit::verify(&services.db, &[]).await {
        Ok(report) if report.is_whole() => Ok(Chain::Whole),
        Ok(_) => Ok(Chain::Broken),
        Err(error @ store::Error::Unavailable(_)) => Err(error.into()),
        Err(_) => Ok(Chain::Broken),
    }
}

/// SQLite writes its name into the first bytes of a file that is not encrypted.
fn plain_file(services: &Services) -> Option<bool> {
    use std::io::Read;
    let mut head = [0_u8; 16];
    let mut file = std::fs::File::open(services.data.join(store::db::FILE)).ok()?;
    file.read_exact(&mut head).ok()?;
    Some(head.starts_with(b"SQLite format 3"))
}

/// What the floor for passwords does with three that must never pass, and what a hash made just now looks like.
async fn passwords(ctx: &mut OpCtx) -> Result<std::result::Result<(), String>> {
    let hash = password::hash("a lantern over four green harbours", &mut *ctx.rng).await?;
    Ok(strong(|word| password::check(word, &[]).is_ok(), &hash))
}

/// Does a floor that takes these words let none of three weak ones through, and does this hash cost what it must?
fn strong(takes: impl Fn(&str) -> bool, hash: &str) -> std::result::Result<(), String> {
    const WEAK: [(&str, &str); 3] =
        [("Sh0rt!x", "a short one"), ("password1234", "a common one"), ("qwertyuiop123", "one from stolen lists")];
    if let Some((_, name)) = WEAK.iter().find(|(weak, _)| takes(weak)) {
        return Err(format!("{name} was taken"));
    }
    if costs_enough(hash) { Ok(()) } else { Err("hashing is weaker than it must be".to_owned()) }
}

/// Does a hash take the memory that it must?
pub(super) fn costs_enough(hash: &str) -> bool {
    let memory = hash.strip_prefix("$argon2id$v=19$m=").and_then(|rest| rest.split(',').next()?.parse::<u32>().ok());
    memory.is_some_and(|kib| kib >= 19_456)
}

/// Everybody who is shut out of anything looks everywhere, with every route open to them: nothing may come back.
async fn walls_hold(services: &Services, setting: SettingId, now: Timestamp) -> Result<bool> {
    let db = services.db.read(Scope::Setting(setting)).await?;
    let mut shut: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for row in store::overview::exclusions(&db, setting).await? {
        shut.entry(row.person_id).or_default().insert(row.concern_id);
    }
    for (person, concerns) in shut {
        let sees =
            Sees { person, routes: vec![RouteKind::Safeguarding, RouteKind::Allegation], kinds: Default::default() };
        let filter = store::concerns::Filter::default();
        let listed = store::concerns::list(&db, setting, &sees, &filter).await?;
        let counted = store::concerns::count(&db, setting, &sees, &filter).await?;
        let made = store::follow_up::Filter { which: store::follow_up::Which::All, ..Default::default() };
        let mut of: Vec<Option<domain::ConcernId>> = Vec::new();
        of.extend(store::follow_up::list(&db, setting, &sees, &made).await?.into_iter().map(|row| row.concern_id));
        let reviews = store::follow_up::list_reviews(&db, setting, &sees, store::follow_up::Which::All).await?;
        of.extend(reviews.into_iter().map(|row| row.concern_id));
        let proposals = store::filtering::list_proposals(&db, setting, &sees, None).await?;
        of.extend(proposals.into_iter().map(|row| row.concern_id));
        of.extend(store::devices::list_holds(&db, setting, &sees, now).await?.into_iter().map(|row| row.concern_id));
        of.extend(store::notices::list_unseen(&db, setting, &sees).await?.into_iter().map(|row| row.concern_id));
        let mut seen: BTreeSet<domain::ConcernId> =
            listed.iter().map(|concern| concern.id).chain(of.into_iter().flatten()).collect();
        for concern in &concerns {
            seen.extend(store::concerns::lookup(&db, setting, &sees, *concern).await?.map(|concern| concern.id));
        }
        if !is_walled(&concerns, &seen, listed.len(), counted) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Nothing of what somebody must not see came back, in whatever list, nor in a count.
fn is_walled(
    shut: &BTreeSet<domain::ConcernId>,
    seen: &BTreeSet<domain::ConcernId>,
    listed: usize,
    counted: u64,
) -> bool {
    shut.is_disjoint(seen) && listed as u64 == counted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_weak_word_or_a_cheap_hash_is_enough_for_no() {
        let good = "$argon2id$v=19$m=19456,t=2,p=1$salt$hash";
        assert_eq!(strong(|_| false, good), Ok(()));
        for (weak, said) in [("Sh0rt!x", "a short one"), ("password1234", "a common"), ("qwertyuiop123", "stolen")] {
            let why = strong(|word| word == weak, good).expect_err("it takes a weak one");
            assert!(why.contains(said), "{why}");
        }
        for cheap in ["$argon2id$v=19$m=4096,t=2,p=1$s$h", "$argon2i$v=19$m=65536,t=2,p=1$s$h", "hunter2", ""] {
            assert!(strong(|_| false, cheap).is_err(), "{cheap}");
        }
    }

    #[test]
    fn one_concern_that_shows_or_counts_is_a_hole_in_the_wall() {
        let id = |n| domain::ConcernId(uuid::Uuid::from_u128(n));
        let shut = BTreeSet::from([id(1), id(2)]);
        assert!(is_walled(&shut, &BTreeSet::from([id(3)]), 1, 1));
        assert!(!is_walled(&shut, &BTreeSet::from([id(3), id(2)]), 2, 2), "seen");
        assert!(!is_walled(&shut, &BTreeSet::from([id(3)]), 1, 2), "counted");
    }

    #[test]
    fn finds_the_button_that_every_page_carries() {
        let html = r#"<a href="/">x</a><a class="hf-report" href="/concerns/report"><svg></svg></a>"#;
        assert_eq!(report_link(html).as_deref(), Some("/concerns/report"));
        assert_eq!(report_link(r#"<a class="hf-report" href="//elsewhere.example">"#), None);
        assert_eq!(report_link("<a href=\"/\">"), None);
    }
}
