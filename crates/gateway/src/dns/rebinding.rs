//! Public names that lead into the building: a page's script would reach the printer, the router, the door (DNS
//! rebinding). Such an answer is a block.
//!
//! Some names lead inside with good reason: those that mean the inside, those of boxes that carry a name of their own
//! (`content/baseline.toml`), our own pages, and whatever a person allowed by a rule.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use filter::Host;

use super::own_page;
use crate::baseline;
use crate::policy::Policy;

/// What the record says of it.
pub(super) const WHAT: &str = "a name outside that leads to an address inside";

static INSIDE: LazyLock<BTreeSet<String>> = LazyLock::new(baseline::may_lead_inside);

/// Whether this name may have an address of the house.
pub(super) fn may_lead_inside(host: &Host, policy: &Policy) -> bool {
    let Host::Name(name) = host else { return true };
    let own = own_page(&policy.snapshot().web_base).is_some_and(|(own, _)| name.suffixes().any(|part| part == own));
    // A name of one part is nobody's outside: search domains of the building.
    own || !name.as_str().contains('.') || name.suffixes().any(|part| INSIDE.contains(part))
}
