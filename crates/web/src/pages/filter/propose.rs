//! A change to the filter: written, looked at, sent. One form; "check" shows what would differ, "send" proposes.

use std::collections::BTreeMap;

use app::filtering::decide::{self, Preview, Propose, Risk};
use app::filtering::{Change, Direction, categories};
use axum::extract::Query;
use domain::ConcernId;
use jiff::civil::Date;
use views::FormView;
use views::pages::filter_changes as pages;
use views::ui::Tone;

use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend};

/// Fields that may stand in the address: from a concern, a block page, the check page.
const PREFILLED: [&str; 6] = ["do", "host", "group", "category", "concern", "back_to"];
/// For every group.
const ALL: &str = "all";

/// What is typed.
pub struct Input {
    send: bool,
    typed: Typed,
    groups: Vec<String>,
    reason: String,
    risk: Risk,
    concern: Option<ConcernId>,
}

/// The change as typed.
enum Typed {
    BlockName(String),
    AllowName(String, Option<Date>),
    ForgetName(String),
    BlockCategory(String),
    AllowCategory(String),
    RollBack(i64),
}

impl Typed {
    fn read(fields: &mut Fields) -> Option<Self> {
        const HOST: &str = "Write the site\u{2019}s name, like example.org";
        const CATEGORY: &str = "Choose a category";
        match fields.raw("do") {
            "block_name" => fields.text("host", 260, HOST).map(Self::BlockName),
            "forget_name" => fields.text("host", 260, HOST).map(Self::ForgetName),
            "allow_name" => {
                let (host, until) = (fields.text("host", 260, HOST), fields.maybe_date("until"));
                Some(Self::AllowName(host?, until?))
            }
            "block_category" => fields.text("category", 100, CATEGORY).map(Self::BlockCategory),
            "allow_category" => fields.text("category", 100, CATEGORY).map(Self::AllowCategory),
            "roll_back" => fields.parsed("back_to", "Choose a version in the history").map(Self::RollBack),
            _ => {
                fields.error("do", "Choose what should change");
                None
            }
        }
    }

    /// Where on the form a refusal of this change belongs.
    fn field(&self) -> &'static str {
        match self {
            Self::BlockName(_) | Self::AllowName(..) | Self::ForgetName(_) => "host",
            Self::BlockCategory(_) | Self::AllowCategory(_) => "category",
            Self::RollBack(_) => "",
        }
    }
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let typed = Typed::read(fields);
        let groups = fields.several("groups", |key| Some(key.to_owned()));
        if groups.as_ref().is_some_and(Vec::is_empty) && fields.raw("do") != "roll_back" {
            fields.error("groups", "Choose for which devices");
        }
        // Whether the texts are long enough is the use case's to say, and only when the proposal is sent.
        let [reason, harm, loss, safeguards] = ["reason", "harm", "loss", "safeguards"]
            .map(|name| fields.maybe(name, 2000).map(Option::unwrap_or_default));
        let concern = match fields.raw("concern") {
            "" => Some(None),
            _ => fields.parsed("concern", "This is no concern\u{2019}s page. Begin again from the concern").map(Some),
        };
        Some(Self {
            send: fields.raw("step") == "send",
            typed: typed?,
            groups: groups?,
            reason: reason?,
            risk: Risk { harm: harm?, loss: loss?, safeguards: safeguards? },
            concern: concern?,
        })
    }
}

/// The form, filled in from where one comes.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit, Query(wanted): Query<BTreeMap<String, String>>) -> Answer {
    let mut form = FormView::new();
    for (name, value) in wanted.iter().filter(|(name, _)| PREFILLED.contains(&name.as_str())) {
        // The form asks for several groups; the address names one.
        let name = if name == "group" { "groups" } else { name };
        form.keep(name, value.chars().take(260).collect::<String>());
    }
    let back = form.value("back_to").parse().ok();
    let preview = match back {
        Some(to) => decide::preview(
            visit.services(),
            &visit.ctx(),
            &decide::change_back(visit.services(), &visit.ctx(), to).await?,
        )
        .await
        .ok(),
        None => None,
    };
    visit.page(&page(&visit, form, preview).await?)
}

/// Looks, or sends.
///
/// # Errors
/// The records are away, or somebody else was faster.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let Some(input) = form.input else { return visit.again(&page(&visit, form.view, None).await?) };
    let services = visit.services();
    let change = change(&visit, &input).await?;
    let preview = match decide::preview(services, &visit.ctx(), &change).await {
        Ok(preview) => preview,
        Err(error) => return visit.again(&page(&visit, aimed(form.view, error, &input)?, None).await?),
    };
    if !input.send {
        return visit.page(&page(&visit, form.view, Some(preview)).await?);
    }
    let new = Propose { change, reason: input.reason.clone(), risk: input.risk.clone(), concern: input.concern };
    match decide::propose(services, &mut visit.ctx(), new).await {
        Ok(proposed) => {
            let said = match proposed.in_force {
                Some(_) => "In force now. Another person looks at it afterwards.",
                None => "Proposed. It waits for a safeguarding lead to agree and another person to approve.",
            };
            visit.go_saying(&format!("/filter/proposals/{}", proposed.id), Tone::Done, said)
        }
        Err(error) => visit.again(&page(&visit, aimed(form.view, error, &input)?, Some(preview)).await?),
    }
}

async fn change(visit: &Visit, input: &Input) -> Result<Change, Fault> {
    let groups = if input.groups.iter().any(|key| key == ALL) { Vec::new() } else { input.groups.clone() };
    Ok(match &input.typed {
        Typed::BlockName(name) => Change::BlockName { name: name.clone(), groups },
        Typed::ForgetName(name) => Change::ForgetName { name: name.clone(), groups },
        Typed::AllowName(name, day) => {
            let until = day.map(|day| super::end_of(visit, day)).transpose()?;
            Change::AllowName { name: name.clone(), groups, until }
        }
        Typed::BlockCategory(category) => {
            let all = categories::choices()?;
            let choice = all.into_iter().find(|choice| choice.id == *category).ok_or(Fault::Unreadable)?;
            Change::BlockCategory { category: choice.id, why: choice.why, groups }
        }
        Typed::AllowCategory(category) => Change::AllowCategory { category: category.clone(), groups },
        Typed::RollBack(to) => decide::change_back(visit.services(), &visit.ctx(), *to).await?,
    })
}

/// The use case speaks of "the change"; the form has a field for it.
fn aimed(view: FormView, error: app::Error, input: &Input) -> Result<FormView, Fault> {
    let error = match error {
        app::Error::Invalid(fields) => app::Error::Invalid(
            fields
                .into_iter()
                .map(|(field, say)| (if field == "change" { input.typed.field().to_owned() } else { field }, say))
                .collect(),
        ),
        other => other,
    };
    mend(view, error)
}

async fn page(visit: &Visit, form: FormView, preview: Option<Preview>) -> Result<pages::Propose, Fault> {
    let mut groups = vec![(ALL.to_owned(), "All of them".to_owned())];
    groups.extend(app::devices::groups(visit.services(), &visit.ctx()).await?);
    let categories = categories::choices()?.into_iter().map(|choice| (choice.id, choice.why.title)).collect();
    Ok(pages::Propose {
        back_to: form.value("back_to").parse().ok(),
        from_concern: !form.value("concern").is_empty(),
        preview: preview.map(|preview| pages::Preview {
            say: preview.say,
            difference: preview.difference,
            loosens: preview.direction == Direction::Loosens,
        }),
        form,
        categories,
        groups,
    })
}
