//! What became of a request for a blocked site: from the "yes" that proposed it to the second person's decision (FDM-02).
//!
//! The clock of a request ends when somebody *decided*: with a "no" at once, with a "yes" when the proposal that it made is approved or
//! refused. Whoever asked is told then, on their own page. A "yes" that its author takes back decided nothing: the request waits again.

use domain::concern::Urgency;
use domain::ctx::Member;
use jiff::Timestamp;
use store::filtering::{AccessRequest, Proposal};
use store::words::ProposalState;
use store::{Reads, Tx};

use super::change::Change;
use super::decide;
use crate::Result;
use crate::notices::{self, Matter};

/// Where whoever asked reads what became of it.
pub(super) const ASKED: &str = "/filter/ask";

/// What became of a "yes".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The proposal that it made.
    pub proposal: domain::ProposalId,
    /// Where that stands.
    pub state: ProposalState,
    /// Who decided on it, if not who answered, and in which words.
    pub decided: Option<(String, Option<String>)>,
    /// Once allowed for a time: when it closes by itself.
    pub until: Option<Timestamp>,
}

/// A proposal was decided: if somebody asked for it, their clock ends and they are told.
pub(super) async fn decided(tx: &mut Tx, member: &Member, proposal: &Proposal) -> Result<()> {
    let Some(request) = store::filtering::find_request_of(&*tx, proposal.setting_id, proposal.id).await? else {
        return Ok(());
    };
    let asker = request.asked_by.filter(|asker| *asker != member.person);
    let decided = AccessRequest { decided_at: Some(tx.now()), ..request };
    store::filtering::set_request(tx, &decided).await?;
    if let Some(asker) = asker {
        let matter = Matter { urgency: Urgency::Prompt, link: ASKED, concern: proposal.concern_id };
        notices::tell(tx, proposal.setting_id, &[asker], &matter).await?;
    }
    Ok(())
}

/// The author of a "yes" took it back: nobody has decided, and the request waits again for those who answer.
pub(super) async fn taken_back(tx: &mut Tx, proposal: &Proposal) -> Result<()> {
    let Some(request) = store::filtering::find_request_of(&*tx, proposal.setting_id, proposal.id).await? else {
        return Ok(());
    };
    let again = AccessRequest {
        answer: None,
        answered_by: None,
        answered_at: None,
        words: None,
        proposal_id: None,
        decided_at: None,
        ..request
    };
    Ok(store::filtering::set_request(tx, &again).await?)
}

/// What became of the proposal that a "yes" made. A request never comes from a concern, so neither does its proposal, and whoever
/// asked may know.
pub(super) async fn of(db: &impl Reads, request: &AccessRequest) -> Result<Option<Outcome>> {
    let (Some(id), Some(by)) = (request.proposal_id, request.answered_by) else { return Ok(None) };
    let viewer = store::Sees::by_name(by);
    let Some(found) = store::filtering::lookup_proposal(db, request.setting_id, &viewer, id).await? else {
        return Ok(None);
    };
    let allowed = found.decided_at.filter(|_| found.state == ProposalState::Approved);
    let change: Change = decide::read(&found.change)?;
    let second = found.decided_by.filter(|second| *second != by);
    Ok(Some(Outcome {
        proposal: id,
        state: found.state,
        decided: match second {
            Some(second) => {
                let who = store::people::lookup(db, request.setting_id, second).await?;
                Some((who.map_or_else(|| "somebody".to_owned(), |who| who.name), found.decision_note))
            }
            None => None,
        },
        until: allowed.and_then(|at| change.starting(at).ends()),
    }))
}
