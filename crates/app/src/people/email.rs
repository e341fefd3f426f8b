//! An address is somebody's own once they opened a link that was mailed there; only then do notices go to it (S10).

use domain::access::{self, Action, Relation};
use domain::{EvidenceId, OpCtx, PersonId, SettingId};
use jiff::SignedDuration;
use serde_json::json;
use store::Scope;
use store::accounts::{Pending, PendingKind};
use store::audit::Subject;

use crate::accounts::Token;
use crate::error::{Error, Result};
use crate::jobs;
use crate::mail::Mail;
use crate::services::Services;

/// How long the link works.
const LASTS: SignedDuration = SignedDuration::from_hours(72);

/// Looks like one address: a name, an `@`, a host with a dot; nothing that could be a second header or recipient.
pub(crate) fn looks_right(email: &str) -> bool {
    let plain =
        email.len() <= 254 && !email.chars().any(|c| c.is_whitespace() || c.is_control() || ",;<>\"".contains(c));
    plain
        && email.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty()
                && !host.contains('@')
                && host.contains('.')
                && !host.starts_with('.')
                && !host.ends_with('.')
        })
}

/// Queues a mail with a link to a person's address, to show that it is theirs: asked for by whoever keeps people, or by
/// the person. A mail server that is down delays it, and fails nothing.
///
/// # Errors
/// [`Error::Invalid`] without an address.
pub async fn send_verification(services: &Services, ctx: &mut OpCtx, person: PersonId) -> Result<()> {
    let member = ctx.member().ok_or(access::Refused::SignIn)?.clone();
    let (action, relation) = if member.person == person {
        (Action::KeepOwnAccount, Relation::Own)
    } else {
        (Action::KeepPeople, Relation::Setting)
    };
    access::authorize(&ctx.actor, action, relation)?;
    let key = format!("verify.{}", ctx.fresh::<EvidenceId>());
    let mut tx = services.db.write(ctx, Scope::All, "person.send_verification").await?;
    let row = store::people::lookup(&tx, member.setting, person).await?.ok_or(Error::NotFound)?;
    let Some(email) = row.email else {
        return Err(Error::invalid("email", "There is no address yet. Enter one first."));
    };
    let payload = json!({ "person": person, "email": email, "made_by": member.person });
    jobs::queue(&mut tx, Some(member.setting), jobs::Kind::MailAddressProof, key, payload, ctx.now).await?;
    let subject = Subject { table: "person", id: Some(person.0) };
    tx.note(member.setting, subject, &json!({})).await?;
    tx.commit().await?;
    services.wake_jobs();
    Ok(())
}

/// The job: makes the link and mails it. The link's word is made here and is in no job's payload; run twice, it mails a
/// second link and both work. An address that was changed meanwhile gets nothing.
pub(crate) async fn mail(services: &Services, ctx: &mut OpCtx, setting: SettingId, work: &jobs::Work) -> Result<()> {
    let (person, email): (PersonId, String) = (work.get("person")?, work.get("email")?);
    let token = Token::fresh(&mut *ctx.rng);
    let mut tx = services.db.write(ctx, Scope::All, "person.mail_proof").await?;
    let row = store::people::lookup(&tx, setting, person).await?;
    if row.is_none_or(|row| row.email.as_ref() != Some(&email) || row.email_verified_at.is_some()) {
        return Ok(());
    }
    let pending = Pending {
        id: ctx.fresh(),
        kind: PendingKind::VerifyEmail,
        setting_id: Some(setting),
        account_id: None,
        person_id: Some(person),
        token_hash: Some(token.digest()),
        payload: json!({ "email": email }),
        made_by: Some(work.get("made_by")?),
        created_at: ctx.now,
        expires_at: ctx.now.checked_add(LASTS).unwrap_or(ctx.now),
        used_at: None,
    };
    store::accounts::add_pending(&mut tx, &pending).await?;
    tx.commit().await?;
    let mail = Mail {
        to: email,
        subject: "Something in Holdfast needs you".into(),
        text: format!(
            "Open this link to say that this address is yours.\n\n{}/verify/{}\n",
            services.web_base.trim_end_matches('/'),
            token.expose()
        ),
        message_id: work.idempotency_key.clone(),
    };
    let sent = services.mailer.send(&mail).await;
    sent.map_err(|why| Error::Unavailable { say: format!("The mail could not be sent: {why}") })
}

/// Somebody opened the mailed link. It works once, and only while the register still has that address.
///
/// # Errors
/// [`Error::NotFound`] when it does not work any more.
pub async fn verify_email(services: &Services, ctx: &mut OpCtx, token: &Token) -> Result<()> {
    let mut tx = services.db.write(ctx, Scope::All, "person.verify_email").await?;
    let found = store::accounts::find_pending(&tx, PendingKind::VerifyEmail, &token.digest(), ctx.now).await?;
    let mut pending = found.ok_or(Error::NotFound)?;
    let (Some(setting), Some(person)) = (pending.setting_id, pending.person_id) else { return Err(Error::NotFound) };
    let mut row = store::people::lookup(&tx, setting, person).await?.ok_or(Error::NotFound)?;
    if row.email.as_deref() != pending.payload.get("email").and_then(|email| email.as_str()) {
        return Err(Error::NotFound);
    }
    pending.used_at = Some(ctx.now);
    store::accounts::set_pending(&mut tx, &pending).await?;
    row.email_verified_at = Some(ctx.now);
    store::people::set(&mut tx, &row).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::looks_right;

    #[test]
    fn one_address_and_nothing_beside_it() {
        for good in ["rosa@example.org", "r.o+x@mail.example.co.uk", "zoë@bücher.example"] {
            assert!(looks_right(good), "{good}");
        }
        for bad in [
            "rosa",
            "@example.org",
            "rosa@example",
            "a@b.c, d@e.f",
            "a@b.c\r\nBcc: d@e.f",
            "a@b@c.d",
            "<a@b.c>",
            "a@.c",
            "a@b.",
        ] {
            assert!(!looks_right(bad), "{bad}");
        }
    }
}
