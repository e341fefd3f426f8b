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

const SHOWN: u64 = 50;

/// Concerns that match all words, newest first. That somebody searched is in the audit; the words are not in its chain.
///
/// # Errors
/// [`domain::access::Refused`] for who holds no cases.
pub async fn search(services: &Services, ctx: &mut OpCtx, words: &str) -> Result<Vec<Hit>> {
    search_for(services, ctx, Asked { words: words.to_owned(), ..Asked::default() }).await
}

/// As [`search`], narrowed by kind, state and time. Without any words, whatever the narrowing leaves.
///
/// # Errors
/// As [`search`].
pub async fn search_for(services: &Services, ctx: &mut OpCtx, asked: Asked) -> Result<Vec<Hit>> {
    authorize(&ctx.actor, Action::ReadQueue, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let words: String = asked.words.chars().take(LONGEST_LINE).collect();
    let asked = Asked { words: words.clone(), ..asked };
    if asked == Asked::default() {
        return Ok(Vec::new());
    }
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "concern.search").await?;
    let found = store::search::find(&tx, member.setting, &sees(&member), &asked, SHOWN).await?;
    let subject = Subject { table: "search", id: None };
    tx.note(member.setting, subject, &json!({ "words": words, "found": found.len() })).await?;
    tx.commit().await?;
    Ok(found
        .into_iter()
        .map(|concern| Hit {
            id: concern.id,
            reference: concern.reference,
            kind: concern.kind,
            status: concern.status,
            event_at: concern.event_at,
        })
        .collect())
}
