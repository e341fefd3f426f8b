//! Search over concerns. Who may know is inside the query: it finds no more than the queue would show (S8).

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::{ConcernKind, ConcernStatus};
use domain::{ConcernId, OpCtx};
use jiff::Timestamp;
use serde_json::json;
use store::Scope;
use store::audit::Subject;
pub use store::search::Asked;

use super::LONGEST_LINE;
use crate::sight::sees;
use crate::{Result, Services};

/// What was found. No words of the record: the page leads there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Which.
    pub id: ConcernId,
    /// For the telephone.
    pub reference: String,
    /// What it is about.
    pub kind: ConcernKind,
    /// Where it stands.
    pub status: ConcernStatus,
    /// When it happened.
    pub event_at: Timestamp,
}

/// Hits on one page.
const SHOWN: u64 = 50;
/// Nobody turns so many pages; they narrow the search.
const MOST_PAGES: u64 = 200;

/// One page of what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Newest first.
    pub hits: Vec<Hit>,
    /// There are older ones.
    pub more: bool,
}

/// Concerns that match all words, newest first. That somebody searched is in the audit; the words are not in its chain.
///
/// # Errors
/// [`domain::access::Refused`] for who holds no cases.
pub async fn search(services: &Services, ctx: &mut OpCtx, words: &str) -> Result<Vec<Hit>> {
    Ok(search_for(services, ctx, Asked { words: words.to_owned(), ..Asked::default() }, 1).await?.hits)
}

/// As [`search`], narrowed by kind, state and time. Without any words, whatever the narrowing leaves. Pages count from one.
///
/// # Errors
/// As [`search`].
pub async fn search_for(services: &Services, ctx: &mut OpCtx, asked: Asked, page: u64) -> Result<Found> {
    authorize(&ctx.actor, Action::ReadQueue, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let words: String = asked.words.chars().take(LONGEST_LINE).collect();
    let asked = Asked { words: words.clone(), ..asked };
    if asked == Asked::default() {
        return Ok(Found::default());
    }
    let skip = (page.clamp(1, MOST_PAGES) - 1) * SHOWN;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.search").await?;
    let found = store::search::find(&tx, member.setting, &sees(&member), &asked, (skip, SHOWN + 1)).await?;
    let subject = Subject { table: "search", id: None };
    tx.note(member.setting, subject, &json!({ "words": words, "found": found.len(), "page": page })).await?;
    tx.commit().await?;
    let more = found.len() as u64 > SHOWN;
    let hits = found
        .into_iter()
        .take(SHOWN as usize)
        .map(|concern| Hit {
            id: concern.id,
            reference: concern.reference,
            kind: concern.kind,
            status: concern.status,
            event_at: concern.event_at,
        })
        .collect();
    Ok(Found { hits, more })
}
