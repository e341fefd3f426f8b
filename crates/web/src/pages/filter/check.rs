//! "What would this group get?" A POST, so that no site's name stands in an address or a history.

use app::filtering::check::{Checked, check};
use domain::access::Action;
use views::FormView;
use views::pages::filter::{Check, Verdict};
use views::ui::{Cell, Summary};

use super::may;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend, visit::encode};

/// What is typed.
pub struct Input {
    host: String,
    group: String,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let host = fields.text("host", 2000, "Write the site\u{2019}s name, like example.org");
        let group = fields.text("group", 100, "Choose whose devices you mean");
        Some(Self { host: host?, group: group? })
    }
}

/// The question.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit) -> Answer {
    visit.page(&page(&visit, FormView::new(), None).await?)
}

/// The answer, on the same page.
///
/// # Errors
/// The records or the lists are away.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let Some(input) = form.input else { return visit.again(&page(&visit, form.view, None).await?) };
    match check(visit.services(), &visit.ctx(), &input.group, &input.host).await {
        Ok(checked) => visit.page(&page(&visit, form.view, Some(verdict(&input, checked))).await?),
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?, None).await?),
    }
}

async fn page(visit: &Visit, form: FormView, answer: Option<Verdict>) -> Result<Check, Fault> {
    let groups = app::devices::groups(visit.services(), &visit.ctx()).await?.into_iter().collect();
    Ok(Check { form, groups, answer, may_propose: may(visit, Action::ProposeChange) })
}

fn verdict(input: &Input, checked: Checked) -> Verdict {
    let answer = checked.answer;
    let blocked = answer.verdict == "block";
    let say = match answer.verdict.as_str() {
        "block" => format!("Blocked for {}", checked.group),
        "rewrite" => format!("Allowed for {}, held to safe search", checked.group),
        _ => format!("Allowed for {}", checked.group),
    };
    let mut facts = Summary::new();
    if let Some(reason) = answer.reason {
        facts = facts.row("Why", Cell::Text(reason));
    }
    if let Some(category) = checked.category.or(answer.category) {
        facts = facts.row("Category", Cell::Text(category));
    }
    if let Some(rule) = answer.rule {
        let decided = rule.parse::<domain::ProposalId>().is_ok();
        let cell = if decided {
            Cell::link(&format!("/filter/proposals/{rule}"), "A decision here")
        } else {
            Cell::Text(rule)
        };
        facts = facts.row(if decided { "Rule" } else { "List" }, cell);
    }
    if let Some(because) = answer.because.filter(|ids| !ids.is_empty()) {
        facts = facts.row("Policy", Cell::Text(because.join(", ")));
    }
    let change = if blocked { "allow_name" } else { "block_name" };
    let propose = format!("/filter/propose?do={change}&host={}&group={}", encode(&input.host), encode(&input.group));
    Verdict { host: input.host.clone(), blocked, say, facts, propose }
}
