//! Telling people that something needs them: a row for their pages first, mail second (S4, S10).
//!
//! A notice says "Something in Holdfast needs you", how soon, and a link; nothing more, to nobody but the person. What is
//! made from a concern ends where an exclusion begins: the queries see to it.
//! To tell somebody of something new, call [`tell`] in the transaction of the act.

mod escalation;
mod outbox;

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::Urgency;
use domain::{ConcernId, OpCtx, PersonId, SettingId};
use jiff::Timestamp;
use serde_json::json;
use store::notices::Notice;
use store::{Scope, Sees, Tx};
use uuid::Uuid;

use crate::mail::{Mail, SUBJECT};
use crate::sight::sees;
use crate::{Error, Result, Services, jobs};

pub(crate) use escalation::{
    after_exclusion, begin_again, escalate, holding, ladder_now, ladder_whole, reach, tell_first, told_so_far,
};
pub use outbox::{Outbox, Sent, Way, outbox};

/// A notice on somebody's own page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeView {
    /// Its id.
    pub id: Uuid,
    /// How soon.
    pub urgency: Urgency,
    /// Where to go.
    pub link: String,
    /// Since when.
    pub made_at: Timestamp,
}

/// What a notice is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matter<'a> {
    /// How soon.
    pub urgency: Urgency,
    /// A path of ours; says nothing.
    pub link: &'a str,
    /// The concern that it comes from: whoever is shut out from that never sees the notice.
    pub concern: Option<ConcernId>,
}

/// How often mail goes out about many matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mailing {
    /// One for each.
    Each,
    /// One an hour to each person: a flood from outside must not fill anybody's mailbox. Every matter still has its line
    /// on their page.
    Hourly,
}

/// Tells people: a notice each, and a job each for the mail.
pub(crate) async fn tell(tx: &mut Tx, setting: SettingId, people: &[PersonId], matter: &Matter<'_>) -> Result<()> {
    tell_by(tx, setting, people, matter, Mailing::Each).await
}

/// As [`tell`], with mail as often as is said.
pub(crate) async fn tell_by(
    tx: &mut Tx,
    setting: SettingId,
    people: &[PersonId],
    matter: &Matter<'_>,
    mailing: Mailing,
) -> Result<()> {
    for person in people {
        let notice = Notice {
            id: tx.fresh(),
            setting_id: setting,
            person_id: *person,
            urgency: matter.urgency,
            link: matter.link.to_owned(),
            concern_id: matter.concern,
            made_at: tx.now(),
            mailed_at: None,
            mail_failed: None,
            seen_at: None,
        };
        store::notices::add(tx, &notice).await?;
        let key = match mailing {
            Mailing::Each => format!("notice/{}", notice.id),
            // The same key is the same work: the second of an hour adds no job.
            Mailing::Hourly => hourly(*person, tx.now()),
        };
        let payload = json!({ "notice": notice.id, "person": person });
        let now = tx.now();
        jobs::queue(tx, Some(setting), jobs::Kind::MailNotice, key, payload, now).await?;
    }
    Ok(())
}

/// The key of a person's one mail of an hour.
fn hourly(person: PersonId, now: Timestamp) -> String {
    format!("notices/{person}/{}", now.as_second().div_euclid(3600))
}

/// One's own notices that one has not seen, newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn mine(services: &Services, ctx: &OpCtx) -> Result<Vec<NoticeView>> {
    authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let unseen = store::notices::list_unseen(&reader, member.setting, &sees(member)).await?;
    Ok(unseen
        .into_iter()
        .map(|notice| NoticeView { id: notice.id, urgency: notice.urgency, link: notice.link, made_at: notice.made_at })
        .collect())
}

/// The actor has seen what stands behind a link; its notices are settled.
///
/// # Errors
/// When the database does not answer.
pub async fn seen(services: &Services, ctx: &mut OpCtx, link: &str) -> Result<()> {
    authorize(&ctx.actor, Action::KeepOwnAccount, Relation::Own)?;
    let member = ctx.member().cloned().ok_or(Refused::SignIn)?;
    let mut tx = services.db.write(ctx, Scope::Setting(member.setting), "notice.seen").await?;
    store::notices::set_seen(&mut tx, member.setting, member.person, link).await?;
    tx.commit().await?;
    Ok(())
}

/// The job that mails one notice. A failure is written down and tried again; the page has said it already.
pub(crate) async fn mail(services: &Services, ctx: &mut OpCtx, setting: SettingId, job: &jobs::Work) -> Result<()> {
    let id: Uuid = job.get("notice")?;
    let person: PersonId = job.get("person")?;
    let viewer = Sees::by_name(person);
    let reader = services.db.read(Scope::Setting(setting)).await?;
    let Some(notice) = store::notices::lookup(&reader, setting, &viewer, id).await? else { return Ok(()) };
    // Told once more of what nobody takes: the same line, another mail.
    let again = job.get::<Option<bool>>("again")?.unwrap_or(false);
    if (notice.mailed_at.is_some() && !again) || notice.seen_at.is_some() {
        return Ok(());
    }
    let address = store::people::lookup(&reader, setting, person)
        .await?
        .filter(|person| person.email_verified_at.is_some())
        .and_then(|person| person.email);
    drop(reader);
    let Some(to) = address else {
        // Not a failure of ours that trying again would mend; the outbox shows it.
        return note(services, ctx, notice, Err("no verified address".to_owned())).await;
    };
    let (subject, text) = letter(notice.urgency, &services.web_base, &notice.link);
    let mail = Mail { to, subject, text, message_id: job.idempotency_key.replace('/', ".") };
    let sent = services.mailer.send(&mail).await;
    note(services, ctx, notice, sent.clone()).await?;
    sent.map_err(|why| Error::Unavailable { say: format!("Mail could not be sent: {why}") })
}

/// Subject and text of a mail: how soon, and a way in. The evidence looks at what this makes.
pub(crate) fn letter(urgency: Urgency, web_base: &str, link: &str) -> (String, String) {
    let soon = match urgency {
        Urgency::Urgent => "Something in Holdfast needs you now.",
        Urgency::Prompt => "Something in Holdfast needs you.",
    };
    (SUBJECT.to_owned(), format!("{soon}\n\n{web_base}{link}\n"))
}

async fn note(services: &Services, ctx: &mut OpCtx, notice: Notice, sent: Result<(), String>) -> Result<()> {
    let mut tx = services.db.write(ctx, Scope::Setting(notice.setting_id), "notice.mail").await?;
    let notice = match sent {
        Ok(()) => Notice { mailed_at: Some(ctx.now), mail_failed: None, ..notice },
        Err(why) => Notice { mail_failed: Some(why), ..notice },
    };
    store::notices::set(&mut tx, &notice).await?;
    tx.commit().await?;
    Ok(())
}
