//! The audit as a page: which role did what, when. No names, and nothing of a concern that the reader may not open (S8).
//!
//! What it is not: the chain's verification offline (`holdfast audit verify`), which names table, row and field.

use std::collections::BTreeMap;

use domain::access::{Action, Refused, Relation, authorize};
use domain::ctx::Member;
use domain::setting::Profile;
use domain::{AuditId, ConcernId, OpCtx};
use jiff::Timestamp;
use store::audit::{AuditRow, Filter, Subject};
use store::{Reads, Scope};

use crate::concerns::case;
use crate::evidence::Chain;
use crate::sight::sees;
use crate::{Result, Services, evidence};

/// Lines on one page.
const PAGE: usize = 50;
/// Links read for one page: more than this and the reader turns the page.
const READ: u64 = 500;

/// A part of the audit, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    /// The lines.
    pub lines: Vec<Line>,
    /// For the part before.
    pub earlier: Option<AuditId>,
}

/// Something that somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// Titles of their roles at that time; "Holdfast"; "Somebody not signed in".
    pub who: String,
    /// In plain words.
    pub did: String,
    /// To what kind of record.
    pub to: String,
}

/// Records that belong to no case: what was done to them is shown to everybody who reads the audit. Whatever is not named here
/// or below belongs to a case until somebody has thought about it.
const NO_CASE: [&str; 22] = [
    "account",
    "agency_check",
    "api_token",
    "appointment",
    "audit",
    "backup",
    "cover",
    "device",
    "device_use",
    "evidence",
    "filter_policy",
    "import",
    "list_check",
    "list_version",
    "membership",
    "person",
    "relationship",
    "request_access",
    "room",
    "setting",
    "supervised",
    "voucher",
];

/// Records that may come from a concern and say so in their row: one that names none comes from none.
const SAY_THEMSELVES: [&str; 5] = ["action", "hold", "legal_hold", "proposal", "review"];

/// The newest lines, or those before a link.
///
/// # Errors
/// [`Refused`] for who may not read it.
pub async fn read(services: &Services, ctx: &OpCtx, before: Option<AuditId>) -> Result<Trail> {
    authorize(&ctx.actor, Action::ReadAudit, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let db = services.db.read(Scope::Setting(member.setting)).await?;
    let profile = case::profile(&db, member.setting).await?;
    let doers = Doers::load(&db, member, profile).await?;
    // A link is named by its id: its number would tell how much stands between two lines that are not for this reader (S8).
    let before = match before {
        Some(id) => store::audit::find_seq(&db, member.setting, id).await?,
        None => None,
    };
    let filter = Filter { before, ..Filter::default() };
    let links = store::audit::list(&db, member.setting, &filter, READ).await?;
    let mut lines = Vec::new();
    let mut last = None;
    let mut open: BTreeMap<ConcernId, bool> = BTreeMap::new();
    let full = links.len() as u64 == READ;
    for link in links {
        if lines.len() == PAGE {
            return Ok(Trail { lines, earlier: last });
        }
        last = Some(link.id);
        if may_show(&db, member, &link, &mut open).await? {
            let did = in_words(&link.act);
            let to = link.subject_table.replace('_', " ");
            lines.push(Line { at: link.at, who: doers.who(&link), did, to });
        }
    }
    Ok(Trail { lines, earlier: last.filter(|_| full) })
}

/// A link about a concern is shown to who may open that. What belongs to cases and names none (a note that a file was fetched,
/// a parcel of several, something whose content is destroyed) is shown to whoever did it, and to nobody else.
async fn may_show(
    db: &impl Reads,
    member: &Member,
    link: &AuditRow,
    open: &mut BTreeMap<ConcernId, bool>,
) -> Result<bool> {
    let content = store::audit::find_content(db, member.setting, link.id).await?;
    let row = content.as_ref().and_then(|content| content.get("row"));
    let named = row.and_then(|row| row.get("concern_id"));
    let of_row = named.and_then(|id| id.as_str()?.parse::<uuid::Uuid>().ok()).map(ConcernId);
    let table = link.subject_table.as_str();
    let concern = match table {
        "concern" => link.subject_id.map(ConcernId),
        _ => of_row,
    };
    let Some(id) = concern else {
        let says_none = SAY_THEMSELVES.contains(&table) && named.is_some_and(serde_json::Value::is_null);
        let of_no_case = says_none || NO_CASE.contains(&table);
        // A use case of concerns may write to what else belongs to none; destroyed content cannot say of which it was.
        let harmless = of_no_case && !link.act.contains("concern") && content.is_some();
        return Ok(harmless || link.actor == member.account.to_string());
    };
    if let Some(known) = open.get(&id) {
        return Ok(*known);
    }
    let may = store::concerns::lookup(db, member.setting, &sees(member), id).await?.is_some();
    open.insert(id, may);
    Ok(may)
}

/// Walks everything and says whether it holds. Which row is broken is for the command line: it could say too much here.
///
/// # Errors
/// [`Refused`] for who may not read it.
pub async fn verify(services: &Services, ctx: &mut OpCtx) -> Result<Chain> {
    authorize(&ctx.actor, Action::ReadAudit, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    services.live.forget().await;
    let chain = evidence::chain(services, ctx.now, evidence::PAGE_WAITS).await?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "audit.verify").await?;
    let whole = (chain != Chain::Walking).then_some(chain == Chain::Whole);
    tx.note(member.setting, Subject { table: "audit", id: None }, &serde_json::json!({ "whole": whole })).await?;
    tx.commit().await?;
    Ok(chain)
}

/// Who an account was, by role and not by name.
struct Doers {
    profile: Profile,
    person_of: BTreeMap<String, domain::PersonId>,
    appointments: Vec<store::people::Appointment>,
    own: String,
}

impl Doers {
    async fn load(db: &impl Reads, member: &Member, profile: Profile) -> Result<Self> {
        let memberships = store::overview::memberships(db, member.setting).await?;
        Ok(Self {
            profile,
            person_of: memberships.into_iter().map(|row| (row.account_id.to_string(), row.person_id)).collect(),
            appointments: store::people::list_all_appointments(db, member.setting).await?,
            own: member.account.to_string(),
        })
    }

    fn who(&self, link: &AuditRow) -> String {
        if link.actor == self.own {
            return "You".to_owned();
        }
        let person = match (link.actor.as_str(), self.person_of.get(&link.actor)) {
            ("system", _) => return "Holdfast".to_owned(),
            ("nobody", _) => return "Somebody not signed in".to_owned(),
            (_, Some(person)) => *person,
            (_, None) => return "Somebody of another time".to_owned(),
        };
        let held = self.appointments.iter().filter(|held| {
            held.person_id == person && held.starts_at <= link.at && held.ends_at.is_none_or(|end| end > link.at)
        });
        let mut titles: Vec<&str> = held.map(|held| self.profile.title(held.role)).collect();
        titles.sort_unstable();
        titles.dedup();
        if titles.is_empty() { "Somebody without a role then".to_owned() } else { titles.join(", ") }
    }
}

/// An act in plain words: `device.release_hold` → "Device: release hold".
fn in_words(act: &str) -> String {
    let say = |word: &str| word.replace('_', " ");
    let capital = |text: String| {
        let mut letters = text.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
    };
    match act.split_once('.') {
        Some((area, done)) => capital(format!("{}: {}", say(area), say(done))),
        None => capital(say(act)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_read_as_words() {
        assert_eq!(in_words("device.release_hold"), "Device: release hold");
        assert_eq!(in_words("sign_check"), "Sign check");
        assert_eq!(in_words(""), "");
    }
}
