//! Every version of the policy.

use app::filtering::view;
use domain::access::Action;
use views::pages::filter_changes::{History, Version};

use super::{may, say};
use crate::{Answer, Visit};

/// Newest first.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit) -> Answer {
    let all = view::history(visit.services(), &visit.ctx()).await?;
    let newest = all.first().map(|version| version.number);
    let versions = all
        .into_iter()
        .map(|version| Version {
            when: say(&visit, version.made_at),
            datetime: version.made_at.to_string(),
            by: version.made_by,
            note: version.note,
            difference: version.difference,
            current: Some(version.number) == newest,
            number: version.number,
        })
        .collect();
    visit.page(&History { versions, may_propose: may(&visit, Action::ProposeChange) })
}
