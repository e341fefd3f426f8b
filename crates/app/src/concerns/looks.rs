//! Who has looked at a concern (INC-02): for those who work it, by name. The audit keeps ids; here they become people again.

use std::collections::BTreeMap;

use domain::access::{Action, Refused};
use domain::{ConcernId, OpCtx};
use jiff::Timestamp;
use store::Scope;

use super::case;
use super::view::Names;
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
    let mut looks = Vec::new();
    for (act, did) in ACTS {
        for look in store::overview::looks_at(&reader, member.setting, act, id).await? {
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
    looks.truncate(SHOWN);
    Ok((case.concern.reference, looks))
}

/// The acts that show a concern to somebody, and what people call them.
const ACTS: &[(&str, &str)] = &[
    ("concern.view", "Looked"),
    ("concern.print", "Printed"),
    ("concern.export", "Exported"),
    ("concern.show_inspector", "Showed it to an inspector"),
    ("concern.chronology", "Read it in a chronology"),
    ("concern.copy_address", "Copied an address for the IWF or the police"),
    ("concern.print_chronology", "Printed it in a chronology"),
];
