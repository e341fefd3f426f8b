//! Proposed changes: the list, one of them, and the words of those whose say it is.

use app::filtering::decide::{self, Decide, Verdict};
use app::filtering::view::{self, ProposalView};
use app::filtering::{ProposalState, Risk};
use axum::extract::Path;
use domain::ProposalId;
use domain::access::Action;
use views::FormView;
use views::pages::filter_changes as pages;
use views::ui::{Banner, Cell, Summary, Table, Tone};

use super::{may, say, state, time};
use crate::{Answer, Fields, Form, FromForm, Visit, fault::mend};

/// A decision.
pub struct Input {
    version: i64,
    verdict: Verdict,
    note: String,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let version = fields.parsed("version", "Open the proposal again");
        let verdict = fields.choice(
            "verdict",
            |word| match word {
                "approve" => Some(Verdict::Approve),
                "refuse" => Some(Verdict::Refuse),
                _ => None,
            },
            "Press one of the two buttons",
        );
        let note = fields.maybe("note", 2000);
        Some(Self { version: version?, verdict: verdict?, note: note?.unwrap_or_default() })
    }
}

/// A word without words: agree, take back.
pub struct Nod {
    version: i64,
}

impl FromForm for Nod {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { version: fields.parsed("version", "Open the proposal again")? })
    }
}

/// All of them.
///
/// # Errors
/// The records are away.
pub async fn list(visit: Visit) -> Answer {
    let found = view::proposals(visit.services(), &visit.ctx()).await?;
    let table = Table::new("Proposed changes").quiet_caption().column("Change").column("Proposed by").column("When");
    let all = found.iter().fold(table.column("Decided by").column("State"), |table, one| {
        table.row([
            Cell::link(&here(one.proposal.id), &one.say),
            Cell::Text(one.proposed_by.clone()),
            time(&visit, one.proposal.proposed_at),
            Cell::Text(one.decided_by.clone().unwrap_or_default()),
            Cell::Tag(state(one.proposal.state, one.proposal.applied_number.is_some())),
        ])
    });
    visit.page(&pages::Proposals { all, may_propose: may(&visit, Action::ProposeChange) })
}

/// One of them.
///
/// # Errors
/// It is not there, or not for this person to know.
pub async fn get(visit: Visit, Path(id): Path<ProposalId>) -> Answer {
    let found = view::proposal(visit.services(), &visit.ctx(), id).await?;
    app::notices::seen(visit.services(), &mut visit.ctx(), &here(id)).await?;
    visit.page(&page(&visit, found, FormView::new()))
}

/// Approves or refuses.
///
/// # Errors
/// Somebody else was faster, or it is not there.
pub async fn decide(visit: Visit, Path(id): Path<ProposalId>, form: Form<Input>) -> Answer {
    let found = view::proposal(visit.services(), &visit.ctx(), id).await?;
    let Some(input) = form.input else { return visit.again(&page(&visit, found, form.view)) };
    let decision = Decide { id, version: input.version, note: input.note, verdict: input.verdict };
    match decide::decide(visit.services(), &mut visit.ctx(), decision).await {
        Ok(_) if input.verdict == Verdict::Approve => {
            visit.go_saying(&here(id), Tone::Done, "Approved. It is in force.")
        }
        Ok(_) => visit.go_saying(&here(id), Tone::Done, "Refused. Whoever proposed it reads your words."),
        // "change" and "" concern the whole proposal.
        Err(error) => visit.again(&page(&visit, found, mend(form.view, error)?)),
    }
}

/// Agrees, as lead.
///
/// # Errors
/// Somebody else was faster, or it is not there.
pub async fn agree(visit: Visit, Path(id): Path<ProposalId>, form: Form<Nod>) -> Answer {
    let Some(nod) = form.input else { return again(&visit, id) };
    decide::agree(visit.services(), &mut visit.ctx(), id, nod.version).await?;
    visit.go_saying(&here(id), Tone::Done, "You agreed. It waits for another person to approve.")
}

/// Takes it back.
///
/// # Errors
/// Somebody else was faster, or it is not one's own.
pub async fn withdraw(visit: Visit, Path(id): Path<ProposalId>, form: Form<Nod>) -> Answer {
    let Some(nod) = form.input else { return again(&visit, id) };
    match decide::withdraw(visit.services(), &mut visit.ctx(), id, nod.version).await {
        Err(app::Error::Invalid(said)) => {
            let say = said.into_values().next().unwrap_or_default();
            return visit.go_saying(&here(id), Tone::Due, &say);
        }
        done => done?,
    }
    visit.go_saying(&here(id), Tone::Done, "Taken back.")
}

fn again(visit: &Visit, id: ProposalId) -> Answer {
    visit.go_saying(&here(id), Tone::Due, "That was not done. Press the button once more.")
}

fn here(id: ProposalId) -> String {
    format!("/filter/proposals/{id}")
}

fn page(visit: &Visit, found: ProposalView, form: FormView) -> pages::Proposal {
    let proposal = &found.proposal;
    let me = visit.session().and_then(|session| session.member()).map(|member| member.person);
    let waiting = proposal.state == ProposalState::Waiting;
    let in_force = proposal.applied_number.is_some();
    let own = me == Some(proposal.proposed_by);
    let alone = found.alone_from.is_some_and(|from| visit.site().now() >= from);
    let needs_lead = waiting && found.loosens && !in_force && proposal.lead_agreed_by.is_none();
    let mut facts = Summary::new()
        .row("Proposed by", Cell::Text(found.proposed_by.clone()))
        .row("When", time(visit, proposal.proposed_at))
        .row("Why", Cell::Text(proposal.reason.clone()));
    if let Some(number) = proposal.applied_number {
        facts = facts.row("In force as", Cell::link("/filter/history", &format!("Version {number}")));
    }
    if let (Some(who), Some(at)) = (&found.lead_agreed_by, proposal.lead_agreed_at) {
        facts = facts.row("Safeguarding lead agreed", Cell::Text(format!("{who}, {}", say(visit, at))));
    }
    if let (Some(who), Some(at)) = (&found.decided_by, proposal.decided_at) {
        facts = facts.row("Decided by", Cell::Text(format!("{who}, {}", say(visit, at))));
    }
    if let Some(note) = &proposal.decision_note {
        facts = facts.row("In these words", Cell::Text(note.clone()));
    }
    pages::Proposal {
        id: proposal.id.to_string(),
        version: proposal.version.to_string(),
        say: found.say.clone(),
        state: Some(state(proposal.state, in_force)),
        banner: banner(visit, &found, waiting, own, needs_lead),
        difference: found.difference.clone(),
        facts,
        risk: risk(&found.risk),
        form,
        may_decide: waiting && (!own || alone) && may(visit, Action::ApproveChange),
        waits_for_lead: needs_lead,
        may_agree: needs_lead && may(visit, Action::AgreeWeakening),
        may_withdraw: waiting && own,
        may_undo: decide::may_undo(proposal) && may(visit, Action::ProposeChange),
    }
}

fn banner(visit: &Visit, found: &ProposalView, waiting: bool, own: bool, needs_lead: bool) -> Option<Banner> {
    if let Some(words) = one_person(visit, found).filter(|_| waiting && !needs_lead) {
        return Some(Banner::new(Tone::Due, &words));
    }
    let (tone, words) = match (waiting, found.proposal.applied_number.is_some()) {
        (true, true) if own => {
            (Tone::Info, "It is in force. Another person looks at it afterwards; you cannot approve your own.")
        }
        (true, true) => (
            Tone::Info,
            "It blocks more, so it is in force already. Look at it and say what you think. To undo it, propose a change back.",
        ),
        (true, false) if needs_lead => {
            (Tone::Due, "It lets more through. A safeguarding lead has to agree, then another person approves.")
        }
        (true, false) if own => (Tone::Due, "You proposed this. Somebody else has to approve it."),
        (true, false) => (Tone::Due, "It waits for your decision, or another approver\u{2019}s."),
        (false, true) if found.proposal.state != ProposalState::Approved => {
            (Tone::Gap, "It is still in force, because it blocks more. To undo it, propose a change back.")
        }
        _ => return None,
    };
    Some(Banner::new(tone, words))
}

/// Where only one person may approve: whose word it waits for, and from when its author may say it alone (S45).
fn one_person(visit: &Visit, found: &ProposalView) -> Option<String> {
    let begins = match found.proposal.applied_number {
        Some(_) => "It blocks more, so it is in force already. ",
        None => "",
    };
    if !found.one_person {
        return None;
    }
    let who = &found.proposed_by;
    Some(match found.alone_from {
        Some(from) if visit.site().now() >= from => format!(
            "{begins}Only one person approves changes here. Everybody was told of this a day ago, so {who} may approve it alone now; the chair may too. The evidence shows a change that its author approved as a gap."
        ),
        Some(from) => format!(
            "{begins}Only one person approves changes here, and everybody was told of this one. The chair may approve it now, or {who} alone from {}.",
            say(visit, from)
        ),
        None => format!(
            "{begins}Only one person approves changes here. This one needs somebody else than {who}: the chair. It weakens what protects children, or was proposed before everybody was told of changes."
        ),
    })
}

fn risk(risk: &Risk) -> Summary {
    Summary::new()
        .row("Who could be harmed", Cell::Text(risk.harm.clone()))
        .row("What could suffer", Cell::Text(risk.loss.clone()))
        .row("What keeps people safe", Cell::Text(risk.safeguards.clone()))
}
