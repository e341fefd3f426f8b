//! "I need this because …": for all staff, from a block page or by hand, with what became of earlier ones.

use std::collections::BTreeMap;

use app::filtering::ask::{self, Ask};
use app::filtering::view;
use axum::extract::Query;
use views::FormView;
use views::pages::filter_changes as pages;
use views::ui::Tone;

use super::say;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend};

/// What is typed.
pub struct Input(Ask);

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let host = fields.text("host", 260, "Write the site\u{2019}s name, like example.org");
        let group = fields.text("group", 100, "Choose the devices that you need it on");
        let why = fields.text("why", 1000, "Say what you need it for, in a sentence or two");
        let category = fields.maybe("category", 100);
        Some(Self(Ask { host: host?, group: group?, category: category?, why: why? }))
    }
}

/// The form, filled in from the block page (`?host=` or `?name=`).
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit, Query(wanted): Query<BTreeMap<String, String>>) -> Answer {
    let mut form = FormView::new();
    for (name, value) in &wanted {
        let field = match name.as_str() {
            "host" | "name" => "host",
            "group" => "group",
            "category" => "category",
            _ => continue,
        };
        form.set(field, value.chars().take(260).collect::<String>());
    }
    app::notices::seen(visit.services(), &mut visit.ctx(), "/filter/ask").await?;
    visit.page(&page(&visit, form).await?)
}

/// Asks.
///
/// # Errors
/// The records are away.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let Some(Input(new)) = form.input else { return visit.again(&page(&visit, form.view).await?) };
    match ask::ask(visit.services(), &mut visit.ctx(), new).await {
        Ok(_) => visit.go_saying("/filter/ask", Tone::Done, "Sent. The answer will stand here, and you will be told."),
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?).await?),
    }
}

async fn page(visit: &Visit, form: FormView) -> Result<pages::Ask, Fault> {
    let groups = app::devices::groups(visit.services(), &visit.ctx()).await?.into_iter().collect();
    let mine = view::my_requests(visit.services(), &visit.ctx()).await?;
    let mine = mine
        .into_iter()
        .map(|one| pages::Asked {
            state: super::requests::stands(&one),
            decided: one.outcome.as_ref().map(|outcome| super::requests::after(visit, outcome)).unwrap_or_default(),
            when: format!("{}, for {}", say(visit, one.request.asked_at), one.group),
            host: one.request.host,
            why: one.request.why,
            answer: one.answered_by.zip(one.request.words),
        })
        .collect();
    Ok(pages::Ask { form, groups, mine })
}
