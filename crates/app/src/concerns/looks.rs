//! Who has looked at a concern (INC-02): for those who work it, by name. The audit keeps ids; here they become people again.

use std::collections::BTreeMap;

use domain::access::{Action, Refused};
use domain::{ConcernId, OpCtx};
use jiff::Timestamp;
use store::Scope;

use super::case;
use super::view::Names;
use crate::sight::sees;
use crate::{Result, Services};

/// One look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookView {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// Looked, printed, exported, read in a chronology.
    pub did: String,
}

/// Looks on one page.
const SHOWN: usize = 200;

/// The reference of a concern and the looks at it, newest first.
///
/// # Errors
/// [`crate::Error::NotFound`] for who may not see it.
pub async fn looks(services: &Services, ctx: &OpCtx, id: ConcernId) -> Result<(String, Vec<LookView>)> {
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let case = case::of(&reader, ctx, Action::OpenConcern, id).await?;
    let names = Names::load(&reader, member.setting).await?;
    let people: BTreeMap<String, domain::PersonId> = store::overview::memberships(&reader, member.setting)
        .await?
        .into_iter()
        .map(|row| (row.account_id.to_string(), row.person_id))
        .collect();
    let files = store::attachments::list(&reader, member.setting, &sees(member), id).await?;
    let files: Vec<domain::AttachmentId> = files.into_iter().map(|file| file.id).collect();
    let mut looks = Vec::new();
    for (act, did) in ACTS.iter().chain(FILE_ACTS) {
        let found = match act.starts_with("attachment.") {
            true => store::overview::looks_at_files(&reader, member.setting, act, id, &files).await?,
            false => store::overview::looks_at(&reader, member.setting, act, id).await?,
        };
        for look in found {
            let who = match look.actor.as_str() {
                "system" => "Holdfast".to_owned(),
                actor => {
                    people.get(actor).map_or_else(|| "Somebody of another time".to_owned(), |id| names.person(*id))
                }
            };
            looks.push(LookView { at: look.at, who, did: (*did).to_owned() });
        }
    }
    looks.sort_by_key(|look| std::cmp::Reverse(look.at));
    // The first look also opens it: two lines of the audit, one look.
    looks.dedup();
    looks.truncate(SHOWN);
    Ok((case.concern.reference, looks))
}

/// The acts that show a concern to somebody, and what people call them.
const ACTS: &[(&str, &str)] = &[
    ("concern.view", "Looked"),
    ("concern.print", "Printed"),
    ("concern.export", "Exported"),
    ("concern.bench", "Read it on the bench where data are made ready"),
    ("concern.show_inspector", "Showed it to an inspector"),
    ("concern.chronology", "Read it in a chronology"),
    ("concern.copy_address", "Copied an address for the IWF or the police"),
    ("concern.print_chronology", "Printed it in a chronology"),
    ("concern.files", "Looked at the list of its files"),
    ("concern.messages", "Read what the sender and we wrote"),
    ("concern.plans", "Read its support plan"),
];

/// What is done to a file of a concern, and what people call it.
const FILE_ACTS: &[(&str, &str)] = &[
    ("attachment.add", "Added a file"),
    ("attachment.fetch", "Fetched a file"),
    ("attachment.export", "Took a file along in a parcel"),
    ("attachment.seal", "Sealed a file"),
    ("attachment.order", "Recorded a word from outside on a file"),
    ("attachment.withdraw", "Took back the word on a file"),
    ("attachment.agree", "Agreed to the word on a file"),
];
