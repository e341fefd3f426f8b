//! Referrals: written from a concern, sent by a human, followed until there is an outcome, or decided against with a
//! reason (INC-12, C10).
//!
//! No gate stands before the police, social care, the LADO, health, Ofsted or the ICO (S2). Where the directory says "police
//! or advice first" (other settings), the program neither marks it sent nor prints it while that gate of the concern is
//! shut; that it has already happened can always be recorded (S1). What is made here is seen by those who see the concern.
//!
//! To say what one more agency asks for: a form in `content/referrals.toml`.

mod chase;
mod fill;
pub(crate) mod letter;
mod paper;
mod read;

use std::collections::BTreeMap;

use domain::access::{Action, Refused};
use domain::concern::EntryKind;
use domain::content::Agency;
use domain::procedure::{Answers, Locked, ProgramAct, REASON_AT_LEAST};
use domain::referral::{Consent, ReferralForm, ReferralState};
use domain::{ConcernId, OpCtx, ReferralId};
use jiff::Timestamp;
use serde_json::json;
use store::working::Referral;
use store::{Reads, Scope};

use crate::concerns::case::{self, Case};
use crate::concerns::{LONGEST_LINE, LONGEST_TEXT, append};
use crate::sight::sees;
use crate::{Error, Result, Services, agencies, jobs};

pub(crate) use chase::chase;
pub use letter::{Adult, LetterView, NewLetter, Recipients, letter, letters_of, recipients, write};
pub use paper::{Paper, PaperSection, document, letter_on_paper, on_paper};
pub(crate) use paper::{letter_to_leave, to_leave};
pub(crate) use read::to_ask;
pub use read::{Listed, ReferralView, Shelf, list, of_concern, one, state_in_words};

/// What a form for a new referral needs.
#[derive(Debug, Clone)]
pub struct Begun {
    /// The concern's reference.
    pub reference: String,
    /// To whom: those that the procedure names first.
    pub agencies: Vec<Agency>,
    /// The one that was chosen, with its form.
    pub chosen: Option<(Agency, ReferralForm)>,
    /// What the record already knows, by field.
    pub filled: Answers,
}

/// A new referral, or the decision not to make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// Key of the agency.
    pub agency: String,
    /// The step from which it was begun.
    pub step: Option<String>,
    /// What becomes of it.
    pub decision: Decision,
}

/// To refer, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// A draft.
    Refer(Text),
    /// Not referred: why.
    Not {
        /// What speaks against it, and what is done instead.
        reason: String,
    },
}

/// What is written in a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// By field of the form.
    pub answers: Answers,
    /// Do those with parental responsibility agree?
    pub consent: Consent,
    /// Why it goes without them.
    pub consent_reason: Option<String>,
}

/// What happened to a referral.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The draft was written anew.
    Rewrite(Text),
    /// It went out.
    Sent {
        /// By telephone, portal, mail.
        how: String,
        /// When.
        at: Timestamp,
        /// Their reference, if they gave one at once.
        reference: Option<String>,
        /// It had gone out before its turn; it is recorded all the same (S1).
        before_its_turn: bool,
    },
    /// They have it.
    Acknowledged {
        /// When.
        at: Timestamp,
        /// Their reference.
        reference: Option<String>,
        /// Who said so, and what.
        words: String,
    },
    /// They have decided.
    Outcome {
        /// When.
        at: Timestamp,
        /// What.
        words: String,
    },
    /// They were asked again.
    Chased {
        /// When.
        at: Timestamp,
        /// Whom, and what they said.
        words: String,
    },
    /// It was decided not to send the draft.
    NotMade {
        /// Why.
        reason: String,
    },
}

/// What a new referral begins with.
///
/// # Errors
/// [`Error::NotFound`] for who may not see the concern, or for an agency that nobody knows.
pub async fn begin(
    services: &Services,
    ctx: &OpCtx,
    id: ConcernId,
    agency: Option<&str>,
    step: Option<&str>,
) -> Result<Begun> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let case = case::of(&reader, ctx, Action::WorkConcern, id).await?;
    let all = known(services, &reader, &case).await?;
    let procedure = case::procedure(&reader, &services.content, &case.concern).await?;
    let named = |key: &str| {
        let steps = procedure.iter().flat_map(|procedure| &procedure.steps);
        let at = |known: &&domain::procedure::Step| step.is_none_or(|wanted| known.key == wanted);
        steps.filter(at).any(|known| known.agencies.iter().any(|agency| agency == key))
    };
    let chosen = match agency {
        Some(key) => Some(all.iter().find(|known| known.key == key).cloned().ok_or(Error::NotFound)?),
        None => None,
    };
    let chosen = chosen.and_then(|agency| {
        let form = services.content.referral_form(&agency.key)?.clone();
        Some((agency, form))
    });
    let filled = match &chosen {
        Some((_, form)) => fill::answers(services, &reader, ctx, &case, form).await?,
        None => Answers::new(),
    };
    let (mut first, rest): (Vec<Agency>, Vec<Agency>) = all.into_iter().partition(|agency| named(&agency.key));
    first.extend(rest);
    Ok(Begun { reference: case.concern.reference, agencies: first, chosen, filled })
}

/// Agencies of the setting, but for the number for emergencies: nobody fills in a form for 999.
async fn known(services: &Services, db: &impl Reads, case: &Case) -> Result<Vec<Agency>> {
    let area = case::profile(db, case.setting()).await?.area;
    let mut all = agencies::of(services, db, case.setting(), &area).await?;
    all.retain(|agency| agency.key != "emergency");
    Ok(all)
}

/// Writes a draft, or the decision not to refer.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Invalid`] on `agency`, `consent`, `consent_reason`, `reason` or a field of the form.
pub async fn add(services: &Services, ctx: &mut OpCtx, id: ConcernId, new: New) -> Result<ReferralId> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "referral.write").await?;
    let case = case::of(&tx, ctx, Action::WorkConcern, id).await?;
    let agency = known(services, &tx, &case).await?.into_iter().find(|agency| agency.key == new.agency);
    let agency = agency.ok_or_else(|| Error::invalid("agency", "Choose from the list."))?;
    let form = form_of(services, &agency.key)?;
    let procedure = case::procedure(&tx, &services.content, &case.concern).await?;
    let step = new.step.filter(|key| procedure.as_ref().is_some_and(|procedure| procedure.step(key).is_some()));
    let empty = Referral {
        id: tx.fresh(),
        setting_id: member.setting,
        concern_id: id,
        agency: agency.key.clone(),
        step,
        state: ReferralState::Drafted,
        answers: json!({}),
        consent: Consent::NotNeeded,
        consent_reason: None,
        reason: None,
        how: None,
        sent_at: None,
        reference: None,
        acknowledged_at: None,
        outcome: None,
        outcome_at: None,
        chase_at: None,
        made_by: member.person,
        made_at: ctx.now,
        version: 0,
    };
    let (row, said) = match new.decision {
        Decision::Refer(text) => (written(empty, form, text)?, format!("A referral to {} was drafted.", agency.name)),
        Decision::Not { reason } => {
            let reason = why(&reason)?;
            let said = format!("It was decided not to refer to {}: {reason}", agency.name);
            (Referral { state: ReferralState::NotMade, reason: Some(reason), ..empty }, said)
        }
    };
    store::working::add_referral(&mut tx, &row).await?;
    append(&mut tx, &case.concern, EntryKind::Referral, &said, ctx.now, Some(member.person), None).await?;
    tx.commit().await?;
    Ok(row.id)
}

fn form_of<'a>(services: &'a Services, agency: &str) -> Result<&'a ReferralForm> {
    services.content.referral_form(agency).ok_or_else(|| Error::Internal("there is no form for any agency".into()))
}

/// A reason that a stranger would understand.
fn why(reason: &str) -> Result<String> {
    let reason = reason.trim();
    match reason.chars().count() {
        REASON_AT_LEAST..=4_000 => Ok(reason.to_owned()),
        0..REASON_AT_LEAST => Err(Error::invalid("reason", "Say why not, and what is done instead.")),
        _ => Err(Error::invalid("reason", "Shorten this to 4,000 characters.")),
    }
}

fn written(row: Referral, form: &ReferralForm, text: Text) -> Result<Referral> {
    let mut wrong = BTreeMap::new();
    let mut answers = Answers::new();
    for field in &form.fields {
        let answer = text.answers.get(&field.key).map(|answer| answer.trim()).unwrap_or_default();
        if answer.chars().count() > LONGEST_TEXT {
            wrong.insert(field.key.clone(), "That is longer than we can keep. Shorten it.".to_owned());
        }
        if !answer.is_empty() {
            answers.insert(field.key.clone(), answer.to_owned());
        }
    }
    let reason = text.consent_reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > 4_000) {
        wrong.insert("consent_reason".into(), "Shorten this to 4,000 characters.".into());
    }
    let without = reason.as_ref().is_none_or(|reason| reason.chars().count() < REASON_AT_LEAST);
    if text.consent == Consent::Overridden && without {
        let say =
            "Say why it goes without their agreement: what risk asking would raise, or why a refusal does not decide.";
        wrong.insert("consent_reason".into(), say.into());
    }
    if !wrong.is_empty() {
        return Err(Error::Invalid(wrong));
    }
    let answers = serde_json::to_value(answers).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(Referral { answers, consent: text.consent, consent_reason: reason, ..row })
}

/// Records what happened to a referral.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Locked`] where police or advice come first and nobody says that it has happened already;
/// [`Error::Invalid`]; [`Error::Conflict`] when somebody else was faster (`version`).
pub async fn change(
    services: &Services,
    ctx: &mut OpCtx,
    id: ReferralId,
    change: Change,
    version: i64,
) -> Result<ConcernId> {
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "referral.change").await?;
    let row = store::working::lookup_referral(&tx, member.setting, &sees(&member), id).await?.ok_or(Error::NotFound)?;
    let case = case::of(&tx, ctx, Action::WorkConcern, row.concern_id).await?;
    if row.version != version {
        let theirs = [("state".to_owned(), read::state_in_words(row.state).to_owned())];
        return Err(Error::Conflict { theirs: theirs.into() });
    }
    let all = known(services, &tx, &case).await?;
    let agency = all.iter().find(|agency| agency.key == row.agency);
    let name = agency.map_or_else(|| row.agency.clone(), |agency| agency.name.clone());
    let form = form_of(services, &row.agency)?;
    let shut = match agency {
        Some(agency) => shut(services, &tx, &case, agency, row.step.as_deref()).await?,
        None => None,
    };
    let out_of_order = matches!(change, Change::Sent { .. }) && shut.is_some();
    if let (Change::Sent { before_its_turn: false, .. }, Some(locked)) = (&change, shut) {
        return Err(Error::Locked(locked));
    }
    let latest = crate::wrong_clock::latest(&tx, member.setting, ctx.now).await?;
    let next = next(services, row, form, &name, change, (ctx.now, latest))?;
    store::working::set_referral(&mut tx, &next.row).await?;
    let entry = store::concerns::Entry {
        id: tx.fresh(),
        setting_id: member.setting,
        concern_id: case.concern.id,
        kind: EntryKind::Referral,
        text: next.said,
        event_at: next.at,
        recorded_at: ctx.now,
        author_id: Some(member.person),
        supersedes: None,
        out_of_order,
    };
    store::concerns::add_entry(&mut tx, &entry).await?;
    if let Some(at) = next.row.chase_at.filter(|_| next.row.state == ReferralState::Sent) {
        let key = format!("referral/{id}/{}", at.as_second());
        let payload = json!({ "referral": id });
        jobs::queue(&mut tx, Some(member.setting), jobs::Kind::ChaseReferral, key, payload, at).await?;
    }
    if out_of_order {
        crate::concerns::tell_holders(&mut tx, &case, member.person).await?;
    }
    tx.commit().await?;
    services.wake_jobs();
    Ok(case.concern.id)
}

struct Next {
    row: Referral,
    said: String,
    at: Timestamp,
}

fn next(
    services: &Services,
    row: Referral,
    form: &ReferralForm,
    name: &str,
    change: Change,
    (now, latest): (Timestamp, Timestamp),
) -> Result<Next> {
    let becomes = match &change {
        Change::Rewrite(_) | Change::Chased { .. } => row.state,
        Change::Sent { .. } => ReferralState::Sent,
        Change::Acknowledged { .. } => ReferralState::Acknowledged,
        Change::Outcome { .. } => ReferralState::Outcome,
        Change::NotMade { .. } => ReferralState::NotMade,
    };
    let fits = match &change {
        Change::Rewrite(_) => row.state == ReferralState::Drafted,
        Change::Chased { .. } => matches!(row.state, ReferralState::Sent | ReferralState::Acknowledged),
        // What has happened is recorded, even if a word between was forgotten.
        Change::Outcome { .. } | Change::Acknowledged { .. } if row.state == ReferralState::Drafted => false,
        _ => row.state.may_become(becomes),
    };
    if !fits {
        let say = format!("This referral is {} now. Look at it again.", read::state_in_words(row.state).to_lowercase());
        return Err(Error::invalid("", &say));
    }
    let chase =
        |from: Timestamp| services.calendar.due(from, form.chase).map_err(|error| Error::Internal(error.to_string()));
    let row = Referral { state: becomes, ..row };
    Ok(match change {
        Change::Rewrite(text) => Next {
            row: written(row, form, text)?,
            said: format!("The draft of the referral to {name} was written anew."),
            at: now,
        },
        Change::Sent { how, at, reference, .. } => {
            let (how, at) = (line("how", &how, "Say how it went: telephone, portal, mail.")?, past("at", at, latest)?);
            let reference = optional("reference", reference)?.or(row.reference.clone());
            let given = reference.as_ref().map(|known| format!(" Their reference: {known}.")).unwrap_or_default();
            let said = format!("Referred to {name}, by {how}.{given}");
            let chase_at = Some(chase(at)?);
            Next {
                row: Referral { how: Some(how), sent_at: Some(at), reference, chase_at, reason: None, ..row },
                said,
                at,
            }
        }
        Change::Acknowledged { at, reference, words } => {
            let (words, at) =
                (line("words", &words, "Say who answered, and what they said.")?, past("at", at, latest)?);
            let reference = optional("reference", reference)?.or(row.reference.clone());
            let given = reference.as_ref().map(|known| format!(" Their reference: {known}.")).unwrap_or_default();
            let said = format!("{name} have the referral: {words}.{given}");
            Next { row: Referral { acknowledged_at: Some(at), reference, chase_at: Some(chase(at)?), ..row }, said, at }
        }
        Change::Outcome { at, words } => {
            let at = past("at", at, latest)?;
            let words = words.trim().to_owned();
            if !(3..=4_000).contains(&words.chars().count()) {
                return Err(Error::invalid("words", "Say what they decided, in a few words."));
            }
            let said = format!("Outcome of the referral to {name}: {words}");
            Next { row: Referral { outcome: Some(words), outcome_at: Some(at), chase_at: None, ..row }, said, at }
        }
        Change::Chased { at, words } => {
            let (words, at) =
                (line("words", &words, "Say whom you asked, and what they said.")?, past("at", at, latest)?);
            let said = format!("{name} were asked again about the referral: {words}");
            Next { row: Referral { chase_at: Some(chase(at)?), ..row }, said, at }
        }
        Change::NotMade { reason } => {
            let reason = why(&reason)?;
            let said = format!("It was decided not to send the referral to {name}: {reason}");
            Next { row: Referral { reason: Some(reason), chase_at: None, ..row }, said, at: now }
        }
    })
}

fn line(field: &str, text: &str, missing: &str) -> Result<String> {
    let text = text.trim().trim_end_matches('.');
    match text.chars().count() {
        0 => Err(Error::invalid(field, missing)),
        1..=LONGEST_LINE => Ok(text.to_owned()),
        _ => Err(Error::invalid(field, &format!("Shorten this to {LONGEST_LINE} characters."))),
    }
}

fn optional(field: &str, text: Option<String>) -> Result<Option<String>> {
    text.filter(|text| !text.trim().is_empty()).map(|text| line(field, &text, "")).transpose()
}

fn past(field: &str, at: Timestamp, latest: Timestamp) -> Result<Timestamp> {
    if at > latest {
        return Err(Error::invalid(field, "That time is still to come. Check the day and the time."));
    }
    Ok(at)
}

/// Does "police or advice first" stand before this recipient now? Only where the directory says that it is one of those who
/// wait (S2): the procedure's gate before families is the gate before everybody outside the authorities.
async fn shut(
    services: &Services,
    db: &impl Reads,
    case: &Case,
    agency: &Agency,
    step: Option<&str>,
) -> Result<Option<Locked>> {
    if !agency.advice_first {
        return Ok(None);
    }
    if let Some(locked) = may_tell_outside(services, db, case).await? {
        return Ok(Some(locked));
    }
    let procedure = case::procedure(db, &services.content, &case.concern).await?;
    let Some(procedure) = procedure else { return Ok(None) };
    let rows = store::concerns::list_steps_for_program(db, case.setting(), case.concern.id).await?;
    let profile = case::profile(db, case.setting()).await?;
    let switches = case::switches(&profile, &services.calendar, &case.concern);
    let records = case::for_engine(&rows);
    let standing = procedure.standing(&records, &switches);
    Ok(step.and_then(|key| standing.of(key)).and_then(|state| state.locked_by.first().cloned()))
}

/// The gate before families and other settings, if it is shut.
pub(crate) async fn may_tell_outside(services: &Services, db: &impl Reads, case: &Case) -> Result<Option<Locked>> {
    let procedure = case::procedure(db, &services.content, &case.concern).await?;
    let Some(procedure) = procedure else { return Ok(None) };
    if !procedure.steps.iter().any(|step| step.act == Some(ProgramAct::InformFamily)) {
        return Ok(None);
    }
    let rows = store::concerns::list_steps_for_program(db, case.setting(), case.concern.id).await?;
    let profile = case::profile(db, case.setting()).await?;
    let switches = case::switches(&profile, &services.calendar, &case.concern);
    Ok(procedure.may(&case::for_engine(&rows), &switches, ProgramAct::InformFamily).err())
}
