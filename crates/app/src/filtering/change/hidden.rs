//! What a reader of the policy may not know of: decisions that came from a concern which is not theirs (S7, S8).

use std::collections::BTreeSet;

use crate::filtering::policy::Policy;

/// The proposals of a setting as a viewer may know them, by their ids as rules name them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// Those that the viewer may know of.
    pub(crate) ids: BTreeSet<String>,
    /// Those among them that came from a concern which the viewer may not open: of the words nothing (S7, S8).
    pub(crate) unread: BTreeSet<String>,
}

/// Instead of a reason that comes from a concern which is not the reader's.
pub(crate) const REASON_UNREAD: &str = "It came from something that is not yours to read. Ask whoever proposed it.";

/// What remains of a policy for somebody who may not know of some proposals: decisions that came from those are left out,
/// with name and reason, wherever the policy is shown or compared (S8). Of those whose concern they merely may not open the
/// change is shown, and not the reason. The gateway always gets the whole policy.
#[must_use]
pub(crate) fn without_hidden(mut policy: Policy, known: &Known) -> Policy {
    for group in policy.groups.values_mut() {
        for decisions in [&mut group.allow, &mut group.block] {
            decisions.retain(|_, decision| !is_hidden(&decision.rule, known));
            for decision in decisions.values_mut().filter(|decision| known.unread.contains(&decision.rule)) {
                REASON_UNREAD.clone_into(&mut decision.reason);
            }
        }
    }
    policy
}

/// A rule that is a proposal's id, and of none that the viewer knows.
pub(crate) fn is_hidden(rule: &str, known: &Known) -> bool {
    rule.parse::<domain::ProposalId>().is_ok() && !known.ids.contains(rule)
}
