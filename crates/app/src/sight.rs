//! What a signed-in person may see of concerns, in the form that the store's queries take.
//!
//! The rule itself is `domain::exclusion`. Allegations are never in anybody's routes: whoever routing reached holds an
//! invitation (S7), so that a role alone opens none.

use domain::Role;
use domain::concern::RouteKind;
use domain::ctx::{Member, SecondFactor};
use domain::roster::Kinds;
use store::Sees;

/// The viewer, for queries over concerns and over what is made from them. Without the second factor no route is open.
pub fn sees(member: &Member) -> Sees {
    let lead = member.roles.contains(&Role::Dsl) || member.roles.contains(&Role::Deputy);
    let shown = member.second_factor == SecondFactor::Shown;
    // Who is a lead as well sees what leads see.
    let kinds = if member.roles.contains(&Role::Dsl) { Kinds::All } else { member.kinds.clone() };
    let routes = if lead && shown { vec![RouteKind::Safeguarding] } else { Vec::new() };
    Sees { person: member.person, routes, kinds }
}
