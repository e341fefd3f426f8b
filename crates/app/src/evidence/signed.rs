//! Dated proofs that somebody signs: the termly check, the look over the devices, the external test. The scheduled
//! self-test leaves rows of the same table by itself.
//!
//! What it is not: a way to make anything true. A check says what somebody saw on a day; it ages, and it may say "not good".
//! To add one: a control with `proof = { signed = "…" }` in `content/controls.toml`, and a line in [`KINDS`].

use domain::access::{Action, Refused, Relation, authorize};
use domain::content::Content;
use domain::control::{Control, Proof};
use domain::ctx::Member;
use domain::{OpCtx, Role};
use jiff::civil::{Date, Time};
use jiff::{Timestamp, ToSpan};
use serde_json::json;
use store::Scope;
use store::evidence::Evidence;

use super::Answer;
use super::facts::Facts;
use crate::filtering::decide;
use crate::{Error, Result, Services};

/// The filter's risk assessment; it is linked to the version of the policy that it was made for.
pub const RISK_ASSESSMENT: &str = "risk_assessment";
/// The filtering provider's written word that the lists of illegal addresses are in force (S26).
pub const PROVIDER_HAS_LISTS: &str = "provider_has_lists";
/// Somebody ran the public test of filtering from a device here.
pub const EXTERNAL_TEST: &str = "external_filter_test";
/// The scheduled self-test; nobody signs it.
const SELF_TEST: &str = "self_test";

/// Kinds of rows that controls name, and whether a technician may sign them.
const KINDS: [(&str, bool); 17] = [
    (SELF_TEST, false),
    (EXTERNAL_TEST, true),
    ("signed_check/filter_periodic", false),
    ("signed_check/device_security", true),
    ("signed_check/network_passwords", true),
    ("signed_check/progress_app_accounts", true),
    ("signed_check/secure_mail", false),
    ("signed_check/data_protection", false),
    ("signed_check/provider_review", false),
    ("signed_check/reporting_shown", false),
    ("signed_check/abuse_explained", false),
    ("signed_check/image_law_explained", false),
    ("signed_check/committee_report", false),
    ("signed_check/personal_phones", false),
    ("signed_check/monitoring_told", false),
    ("signed_check/limits_told", false),
    ("signed_check/behaviour_clause", false),
];

/// What is signed although no control names it by itself: a question about records or a probe reads it.
const BESIDES: [(&str, &str, &str, u32, bool); 2] = [
    (
        RISK_ASSESSMENT,
        "The risk assessment of the filter",
        "We have looked at who could come to what harm, and at what the filter costs teaching and work. The filter as it \
         stands today is right for the children, adults and devices here.",
        365,
        false,
    ),
    (
        PROVIDER_HAS_LISTS,
        "The filtering provider\u{2019}s written word on illegal addresses",
        "We hold the provider\u{2019}s written confirmation that the lists of illegal addresses (child sexual abuse and \
         terrorism) are in force for our connection. It is filed where the notes say.",
        365,
        true,
    ),
];

const SHORTEST: usize = 10;
const LONGEST: usize = 2_000;
/// Nobody signs for what is older than this.
const OLDEST_DAYS: i64 = 92;

/// A check that can be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Kind of the row.
    pub kind: String,
    /// What it is.
    pub title: String,
    /// What one puts one's name to.
    pub statement: String,
    /// After so many days it is due again.
    pub every_days: u32,
    /// The newest one.
    pub last: Option<Signed>,
    /// May the actor sign it?
    pub may: bool,
}

/// A check that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// For which day.
    pub at: Timestamp,
    /// Good, or not.
    pub ok: bool,
    /// In a sentence.
    pub summary: String,
    /// What was looked at.
    pub notes: String,
    /// Invented, in a demo.
    pub fictional: bool,
}

/// What somebody signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Kind of check.
    pub kind: String,
    /// Is it good?
    pub ok: bool,
    /// The day on which it was so.
    pub on: Date,
    /// What was looked at, and what was found.
    pub notes: String,
}

pub(super) fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(kind, _)| *kind)
}

/// The newest row of a kind, as an answer. None: there is none, or this version does not know the kind.
pub(super) fn newest(kind: &str, facts: &Facts) -> Option<Answer> {
    if !kinds().any(|known| known == kind) {
        return None;
    }
    let row = facts.evidence.get(kind)?;
    // What a person has to sign counts for nothing without a name.
    let signed = kind == SELF_TEST || row.signed_by.is_some();
    let invented = if row.fictional { " (Fictional.)" } else { "" };
    let what = format!("{}: {}{invented}", facts.day(row.effective_at), row.summary);
    Some(Answer::new(row.ok && signed, what, row.effective_at))
}

fn may_sign(member: &Member, technician_too: bool) -> bool {
    let leads = [Role::Dsl, Role::Deputy, Role::Manager, Role::Chair];
    member.roles.iter().any(|role| leads.contains(role) || (technician_too && *role == Role::Technician))
}

/// Kind, title, statement, days, may a technician sign it.
fn known(content: &Content) -> Vec<(String, String, String, u32, bool)> {
    let of = |control: &Control| {
        let Proof::Signed(kind) = &control.proof else { return None };
        let (_, technician_too) = KINDS.iter().find(|(known, _)| known == kind && kind != SELF_TEST)?;
        let title = title_of(kind);
        Some((kind.clone(), title, control.title.clone(), control.max_age_days.unwrap_or(365), *technician_too))
    };
    let besides = BESIDES.iter().map(|(kind, title, statement, days, technician_too)| {
        ((*kind).to_owned(), (*title).to_owned(), (*statement).to_owned(), *days, *technician_too)
    });
    content.controls.values().filter_map(of).chain(besides).collect()
}

fn title_of(kind: &str) -> String {
    let words = kind.rsplit('/').next().unwrap_or(kind);
    let title = match words {
        EXTERNAL_TEST => "The public test of filtering, from a child\u{2019}s device",
        "filter_periodic" => "The termly check of filtering and monitoring",
        "device_security" => "The look over the devices",
        "network_passwords" => "Accounts and passwords of the network",
        "progress_app_accounts" => "Accounts of the progress app",
        "provider_review" => "The yearly talk with the filtering provider",
        "personal_phones" => "What staff were told of personal phones and the progress app",
        "monitoring_told" => "What people were told of filtering and monitoring",
        "limits_told" => "What staff were told of the filter\u{2019}s limits",
        "secure_mail" => "How staff send personal information",
        "data_protection" => "The record of processing and the privacy notice",
        other => other,
    };
    title.to_owned()
}

/// The checks of the setting, with the newest of each.
///
/// # Errors
/// [`Refused`] for who may not read the evidence.
pub async fn list(services: &Services, ctx: &OpCtx) -> Result<Vec<Check>> {
    authorize(&ctx.actor, Action::ReadEvidence, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let may_at_all = authorize(&ctx.actor, Action::SignCheck, Relation::Setting).is_ok();
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let mut checks = Vec::new();
    for (kind, title, statement, every_days, technician_too) in known(&services.content) {
        let last = store::evidence::find_newest(&reader, member.setting, &kind, ctx.now).await?.map(signed);
        let may = may_at_all && may_sign(member, technician_too);
        checks.push(Check { kind, title, statement, every_days, last, may });
    }
    Ok(checks)
}

fn signed(row: Evidence) -> Signed {
    let notes = row.detail.get("notes").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    Signed { at: row.effective_at, ok: row.ok, summary: row.summary, notes, fictional: row.fictional }
}

/// What was looked at, in words.
pub(super) fn notes(typed: &str) -> Result<String> {
    let notes = typed.trim().to_owned();
    match (SHORTEST..=LONGEST).contains(&notes.chars().count()) {
        true => Ok(notes),
        false => Err(Error::invalid("notes", "Say in a few sentences what you looked at and what you found.")),
    }
}

/// The moment that a day of looking stands for: not to come, and not long ago.
pub(super) fn moment_of(services: &Services, now: Timestamp, on: Date) -> Result<Timestamp> {
    let today = services.calendar.local(now).date();
    let oldest = today.checked_sub(OLDEST_DAYS.days()).unwrap_or(today);
    if on > today {
        return Err(Error::invalid("on", "That day is still to come. Sign when you have looked."));
    }
    if on < oldest {
        return Err(Error::invalid("on", "That is more than three months ago. Look again, then sign."));
    }
    if on == today {
        return Ok(now);
    }
    let begin = on.to_datetime(Time::midnight()).to_zoned(services.calendar.zone().clone());
    Ok(begin.map_err(|error| Error::Internal(error.to_string()))?.timestamp())
}

/// Signs a check.
///
/// # Errors
/// [`Error::Invalid`] on `kind`, `on` or `notes`; [`Refused`] for who may not sign this one.
pub async fn sign(services: &Services, ctx: &mut OpCtx, new: Signature) -> Result<()> {
    authorize(&ctx.actor, Action::SignCheck, Relation::Setting)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let all = known(&services.content);
    let (kind, title, statement, _, technician_too) = all
        .into_iter()
        .find(|(kind, ..)| *kind == new.kind)
        .ok_or_else(|| Error::invalid("kind", "Choose what you checked."))?;
    if !may_sign(&member, technician_too) {
        return Err(Refused::Role.into());
    }
    let notes = notes(&new.notes)?;
    let effective_at = moment_of(services, ctx.now, new.on)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), Action::SignCheck.key()).await?;
    let setting = store::settings::lookup(&tx, member.setting).await?.ok_or(Error::NotFound)?;
    let who = store::people::lookup(&tx, member.setting, member.person).await?.ok_or(Error::NotFound)?;
    let mut detail = json!({ "statement": statement, "notes": notes });
    if kind == RISK_ASSESSMENT {
        let (number, _) = decide::in_force(&tx, member.setting).await?;
        detail = json!({ "statement": statement, "notes": notes, "policy_number": number });
    }
    let verdict = if new.ok { "found good" } else { "found not good" };
    let row = Evidence {
        id: tx.fresh(),
        setting_id: member.setting,
        kind,
        ok: new.ok,
        summary: format!("{title}: {verdict}, signed by {}.", who.name),
        detail,
        effective_at,
        recorded_at: ctx.now,
        signed_by: Some(member.person),
        fictional: setting.fictional,
    };
    store::evidence::add(&mut tx, &row).await?;
    tx.commit().await?;
    Ok(())
}
