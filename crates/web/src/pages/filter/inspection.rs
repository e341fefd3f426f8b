//! Inspection of encrypted pages (S29): for whom it is on, with what, until when; and the way to propose it or to end it.
//!
//! What it is not: the form (`shape`, as for every change to how a group is), or the certificates (the program's).

use app::filtering::{Audience, Group, Inspected, view};
use domain::access::Action;
use views::pages::filter as pages;
use views::ui::{Cell, Table, Tag, Tone};

use super::{may, say};
use crate::{Answer, Visit};

/// The page.
///
/// # Errors
/// The records are away, or there is no policy yet.
pub async fn get(visit: Visit) -> Answer {
    let overview = view::overview(visit.services(), &visit.ctx()).await?;
    let table = Table::new("Groups").quiet_caption().column("Group").column("Inspected").column("Until");
    let mut groups = table.column("Assessment and notice").column("What you can do");
    for (key, group) in &overview.policy.groups {
        let now = overview.policy.inspection.get(key).filter(|how| visit.ctx().now < how.until);
        groups = groups.row(row(&visit, key, group, now));
    }
    let never = app::filtering::exempt::kinds().iter().map(|kind| (kind.why.clone(), kind.names.join(", "))).collect();
    visit.page(&pages::Inspection { groups, never })
}

fn row(visit: &Visit, key: &str, group: &Group, now: Option<&Inspected>) -> [Cell; 5] {
    let way = |what: &str, words: &str| {
        let to = format!("/filter/groups/{}/change/{what}", crate::visit::encode(key));
        if may(visit, Action::ProposeChange) { Cell::link(&to, words) } else { Cell::Text(String::new()) }
    };
    let name = Cell::Text(group.name.clone());
    match now {
        _ if !matches!(group.audience, Audience::Children | Audience::Adults) => {
            [name, Tag::new(Tone::Calm, "Never").into(), Cell::from(""), Cell::from(""), Cell::from("")]
        }
        None => [
            name,
            Tag::new(Tone::Calm, "No").into(),
            Cell::from(""),
            Cell::from(""),
            way("inspect", &format!("Propose it for {}", group.name)),
        ],
        Some(how) => [
            name,
            Tag::new(Tone::Due, "Yes").into(),
            Cell::Text(say(visit, how.until)),
            Cell::Text(format!("{} {}", how.dpia, how.notice)),
            way("end-inspection", &format!("End it for {}", group.name)),
        ],
    }
}
