//! Networks whose devices nobody knows one by one, and the group of each (S33: the last thing that is looked at).
//! What it is not: the identity of a device that the register knows; that is on the page of the device.

use app::filtering::Change;
use app::filtering::view::{self, Overview};
use domain::access::Action;
use views::FormView;
use views::pages::filter_networks as pages;
use views::ui::{Cell, Table};

use super::lists::change::{Why, send};
use super::may;
use crate::{Answer, Fields, Form, FromForm, Visit};

/// A network and the group of its devices; without one they are as everywhere else.
pub struct Input {
    cidr: String,
    group: Option<String>,
    why: Why,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let cidr = fields.text("cidr", 60, "Write the network");
        let group = fields.text("group", 100, "Choose a group");
        let why = Why::read(fields);
        Some(Self { cidr: cidr?, group: group.map(|group| Some(group).filter(|group| group != "-"))?, why: why? })
    }
}

/// All of them.
///
/// # Errors
/// The records are away, or there is no policy yet.
pub async fn get(visit: Visit) -> Answer {
    let found = view::overview(visit.services(), &visit.ctx()).await?;
    visit.page(&page(&visit, &found, FormView::new()))
}

/// Proposes a change.
///
/// # Errors
/// The records are away, or there is no policy yet.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let found = view::overview(visit.services(), &visit.ctx()).await?;
    let Some(Input { cidr, group, why }) = form.input else { return visit.again(&page(&visit, &found, form.view)) };
    let change = match group {
        Some(group) => Change::SetNetwork { cidr, group },
        None => Change::RemoveNetwork { cidr: filter_spelt(&cidr) },
    };
    send(&visit, change, why, form.view, "cidr", |form| Ok(page(&visit, &found, form))).await
}

/// As the policy spells it, where it can be spelt.
fn filter_spelt(cidr: &str) -> String {
    app::filtering::network(cidr).unwrap_or_else(|| cidr.to_owned())
}

fn page(visit: &Visit, found: &Overview, form: FormView) -> pages::Networks {
    let name = |key: &str| found.policy.groups.get(key).map_or(key.to_owned(), |group| group.name.clone());
    let table = Table::new("Networks with a group of their own").quiet_caption().column("Network").column("Group");
    let networks = &found.policy.networks;
    pages::Networks {
        networks: networks.iter().fold(table, |table, (cidr, group)| {
            table.row([
                Cell::Text(cidr.clone()),
                Cell::link(&format!("/filter/groups/{}", crate::visit::encode(group)), &name(group)),
            ])
        }),
        strictest: name(&found.policy.strictest),
        groups: found.policy.groups.iter().map(|(key, group)| (key.clone(), group.name.clone())).collect(),
        form,
        may_propose: may(visit, Action::ProposeChange),
    }
}
