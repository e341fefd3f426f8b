//! Proposing a source of lists, and proposing to remove one.

use std::collections::BTreeMap;

use app::filtering::decide::{self, Propose, Risk};
use app::filtering::{Change, categories};
use app::sources::{DAILY, Origin, Source, known, view};
use axum::extract::{Path, Query};
use views::FormView;
use views::pages::filter_lists as pages;
use views::ui::Tone;

use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend};

/// Why, and what could go wrong.
pub(in crate::pages::filter) struct Why {
    pub(in crate::pages::filter) reason: String,
    pub(in crate::pages::filter) risk: Risk,
}

impl Why {
    /// Whether the texts are long enough is the use case's to say.
    pub(in crate::pages::filter) fn read(fields: &mut Fields) -> Option<Self> {
        let [reason, harm, loss, safeguards] = ["reason", "harm", "loss", "safeguards"]
            .map(|name| fields.maybe(name, 2000).map(Option::unwrap_or_default));
        Some(Self { reason: reason?, risk: Risk { harm: harm?, loss: loss?, safeguards: safeguards? } })
    }
}

/// A source as typed.
pub struct Input {
    source: Source,
    why: Why,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let title = fields.text("title", 100, "Give it a name");
        let from = match fields.raw("from") {
            "web" => {
                let url = fields.text("url", 500, "Write the address");
                let key = fields.maybe("minisign", 100);
                url.zip(key).map(|(url, key)| Origin::Web { url, key })
            }
            "inbox" => fields.text("name", 100, "Write its name in the inbox").map(|name| Origin::Inbox { name }),
            _ => {
                fields.error("from", "Choose where it comes from");
                None
            }
        };
        let category = fields.maybe("category", 100);
        let publisher = fields.text("publisher", 100, "Write who makes it");
        let licence = fields.text("licence", 100, "Write under which licence it may be used");
        let every_hours = fields.parsed("every_hours", "Write a number of hours");
        let why = Why::read(fields);
        Some(Self {
            source: Source {
                title: title?,
                from: from?,
                category: category?,
                publisher: publisher?,
                licence: licence?,
                every_hours: every_hours?,
            },
            why: why?,
        })
    }
}

/// The form; of a known source, filled in.
///
/// # Errors
/// The records are away.
pub async fn add_get(visit: Visit, Query(wanted): Query<BTreeMap<String, String>>) -> Answer {
    let mut form = FormView::new().with("every_hours", DAILY.to_string());
    let known = known::known()?.sources;
    if let Some(preset) = wanted.get("known").and_then(|key| known.into_iter().find(|preset| preset.key == *key)) {
        form = form
            .with("title", preset.title)
            .with("from", "web")
            .with("url", preset.url)
            .with("minisign", preset.minisign.unwrap_or_default())
            .with("category", preset.category.unwrap_or_default())
            .with("publisher", preset.publisher)
            .with("licence", preset.licence);
    }
    visit.page(&add_page(&visit, form)?)
}

/// Proposes it.
///
/// # Errors
/// The records are away.
pub async fn add_post(visit: Visit, form: Form<Input>) -> Answer {
    let Some(input) = form.input else { return visit.again(&add_page(&visit, form.view)?) };
    let categories = categories::choices()?;
    if input.source.category.as_ref().is_some_and(|id| !categories.iter().any(|choice| choice.id == *id)) {
        return Err(Fault::Unreadable);
    }
    // A refusal of the source as a whole stands beside the field that it is about, as far as one can tell.
    let field = match &input.source.from {
        Origin::Web { .. } => "url",
        Origin::Inbox { .. } => "name",
    };
    let change = Change::AddSource { source: Box::new(input.source) };
    send(&visit, change, input.why, form.view, field, |form| add_page(&visit, form)).await
}

/// The form to remove one.
///
/// # Errors
/// There is no such source.
pub async fn remove_get(visit: Visit, Path(key): Path<String>) -> Answer {
    let page = remove_page(&visit, key, FormView::new()).await?;
    visit.page(&page)
}

/// Why a source should go.
pub struct Removal(Why);

impl FromForm for Removal {
    fn read(fields: &mut Fields) -> Option<Self> {
        Why::read(fields).map(Self)
    }
}

/// Proposes to remove it.
///
/// # Errors
/// There is no such source.
pub async fn remove_post(visit: Visit, Path(key): Path<String>, form: Form<Removal>) -> Answer {
    let page = remove_page(&visit, key.clone(), FormView::new()).await?;
    let Some(Removal(why)) = form.input else { return visit.again(&pages::Remove { form: form.view, ..page }) };
    send(&visit, Change::RemoveSource { key }, why, form.view, "reason", |form| Ok(pages::Remove { form, ..page }))
        .await
}

/// Sends a proposal; what is wrong with the change as a whole stands beside `field`.
pub(in crate::pages::filter) async fn send<P: views::Page>(
    visit: &Visit,
    change: Change,
    why: Why,
    view: FormView,
    field: &str,
    page: impl FnOnce(FormView) -> Result<P, Fault>,
) -> Answer {
    let proposal = Propose { change, reason: why.reason, risk: why.risk, concern: None };
    match decide::propose(visit.services(), &mut visit.ctx(), proposal).await {
        Ok(made) => {
            let to = format!("/filter/proposals/{}", made.id);
            visit.go_saying(&to, Tone::Done, "Sent. A safeguarding lead and another person look at it.")
        }
        Err(app::Error::Invalid(fields)) => {
            let aimed = fields
                .into_iter()
                .map(|(name, say)| (if name == "change" { field.to_owned() } else { name }, say))
                .collect();
            let form = mend(view, app::Error::Invalid(aimed))?;
            visit.again(&page(form)?)
        }
        Err(error) => Err(error.into()),
    }
}

fn add_page(visit: &Visit, form: FormView) -> Result<pages::Add, Fault> {
    Ok(pages::Add {
        form,
        categories: categories::choices()?.into_iter().map(|choice| (choice.id, choice.why.title)).collect(),
        inbox: format!("Your technician lays it into {}", app::sources::inbox(&visit.services().data).display()),
    })
}

async fn remove_page(visit: &Visit, key: String, form: FormView) -> Result<pages::Remove, Fault> {
    let found = view::one(visit.services(), &visit.ctx(), &key).await?;
    Ok(pages::Remove { key, name: found.view.source.title, form })
}
