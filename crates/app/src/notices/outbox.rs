//! The outbox: what was sent, what failed. It shows no more of a concern's notices than the concern itself would.

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::Urgency;
use domain::{OpCtx, PersonId};
use jiff::Timestamp;
use store::{Reads, Scope};

use crate::sight::sees;
use crate::{Result, Services};

/// The outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbox {
    /// How mail leaves: "by mail.example.org", "not set up".
    pub way: String,
    /// Newest first.
    pub sent: Vec<Sent>,
}

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// To whom.
    pub to: String,
    /// How soon.
    pub urgency: Urgency,
    /// Where it leads.
    pub link: String,
    /// When it arose.
    pub made_at: Timestamp,
    /// How the mail went.
    pub mail: Way,
    /// When they saw it on a page.
    pub seen_at: Option<Timestamp>,
}

/// How a mail went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Not tried yet.
    Waiting,
    /// Handed over.
    Sent(Timestamp),
    /// It failed, in words.
    Failed(String),
}

/// At most so many are shown; older ones are in the records.
const SHOWN: u64 = 100;

/// What was sent and what failed.
///
/// # Errors
/// [`domain::access::Refused`] for who may not read it.
pub async fn outbox(services: &Services, ctx: &OpCtx) -> Result<Outbox> {
    authorize(&ctx.actor, Action::ReadOutbox, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let viewer = sees(member);
    let mut sent = Vec::new();
    for notice in store::notices::list_outbox(&reader, member.setting, &viewer, SHOWN).await? {
        // Who is not shut out may still not know: an allegation is the case manager's alone (S7).
        if notice.person_id != member.person
            && let Some(concern) = notice.concern_id
            && store::concerns::lookup(&reader, member.setting, &viewer, concern).await?.is_none()
        {
            continue;
        }
        let mail = match (notice.mailed_at, notice.mail_failed) {
            (Some(at), _) => Way::Sent(at),
            (None, Some(why)) => Way::Failed(why),
            (None, None) => Way::Waiting,
        };
        let to = name(&reader, member.setting, notice.person_id).await?;
        sent.push(Sent {
            to,
            urgency: notice.urgency,
            link: notice.link,
            made_at: notice.made_at,
            mail,
            seen_at: notice.seen_at,
        });
    }
    Ok(Outbox { way: services.mailer.describe(), sent })
}

async fn name(db: &impl Reads, setting: domain::SettingId, person: PersonId) -> Result<String> {
    let found = store::people::lookup(db, setting, person).await?;
    Ok(found.map_or_else(|| "somebody who is gone".to_owned(), |person| person.name))
}
