//! From where an action came: a step of its concern's procedure, a note in its record, or the concern as a whole.

use std::collections::BTreeMap;

use domain::ctx::Member;
use domain::{ActionId, EntryId, SettingId};
use store::follow_up::Action;
use store::together::ActionOrigin;
use store::{Reads, Tx};

use crate::concerns::case::{self, Case};
use crate::concerns::{What, what_in_words};
use crate::sight::sees;
use crate::{Error, Result, Services};

/// From where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The concern as a whole.
    Concern,
    /// A step, by its key.
    Step(String),
    /// An entry of the record: a strategy note, a plan.
    Entry(EntryId),
}

/// The concern has such a step or entry.
pub(super) async fn check(
    services: &Services,
    db: &impl Reads,
    member: &Member,
    case: &Case,
    origin: &Origin,
) -> Result<()> {
    let there = match origin {
        Origin::Concern => true,
        Origin::Step(key) => {
            let procedure = case::procedure(db, &services.content, &case.concern).await?;
            procedure.is_some_and(|procedure| procedure.step(key).is_some())
        }
        Origin::Entry(id) => {
            let listed = store::concerns::list_entries(db, member.setting, &sees(member), case.concern.id).await?;
            listed.iter().any(|entry| entry.id == *id)
        }
    };
    if there { Ok(()) } else { Err(Error::NotFound) }
}

pub(super) async fn keep(tx: &mut Tx, setting: SettingId, action: ActionId, origin: &Origin) -> Result<()> {
    let (step, entry_id) = match origin {
        Origin::Concern => return Ok(()),
        Origin::Step(key) => (Some(key.clone()), None),
        Origin::Entry(id) => (None, Some(*id)),
    };
    let row = ActionOrigin { action_id: action, setting_id: setting, step, entry_id };
    Ok(store::together::add_origin(tx, &row).await?)
}

/// The origins of some actions, in words. A step speaks of what a concern is about: the caller shows it only to who may open
/// that.
pub(super) async fn in_words(
    services: &Services,
    db: &impl Reads,
    member: &Member,
    actions: &[Action],
) -> Result<BTreeMap<ActionId, String>> {
    let ids: Vec<ActionId> = actions.iter().map(|action| action.id).collect();
    let mut words = BTreeMap::new();
    for origin in store::together::list_origins_for_program(db, member.setting, &ids).await? {
        let action = actions.iter().find(|action| action.id == origin.action_id);
        let Some(id) = action.and_then(|action| action.concern_id) else { continue };
        let Some(concern) = store::concerns::lookup(db, member.setting, &sees(member), id).await? else { continue };
        let said = match (origin.step, origin.entry_id) {
            (Some(key), _) => {
                let procedure = case::procedure(db, &services.content, &concern).await?;
                procedure.and_then(|procedure| procedure.step(&key).map(|step| step.title.clone())).unwrap_or(key)
            }
            (None, Some(entry)) => {
                let listed = store::concerns::list_entries(db, member.setting, &sees(member), id).await?;
                match listed.into_iter().find(|known| known.id == entry) {
                    Some(known) => what_in_words(What::Said(known.kind)).to_owned(),
                    None => continue,
                }
            }
            (None, None) => continue,
        };
        words.insert(origin.action_id, said);
    }
    Ok(words)
}
