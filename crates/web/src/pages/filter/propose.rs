//! A change to the filter: written, looked at, sent. One form; "check" shows what would differ, "send" proposes.

use std::collections::BTreeMap;

use app::filtering::decide::{self, Preview, Propose, Risk};
use app::filtering::{Change, Direction, categories};
use axum::extract::Query;
use domain::{ConcernId, ProposalId};
use jiff::civil::Date;
use views::FormView;
use views::pages::filter_changes as pages;
use views::ui::Tone;

use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend};

/// Fields that may stand in the address: from a concern, a block page, the check page.
const PREFILLED: [&str; 7] = ["do", "host", "group", "category", "concern", "back_to", "undo"];
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
    Undo(ProposalId),
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
            "undo" => fields.parsed("undo", "Begin again from the change\u{2019}s page").map(Self::Undo),
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
            Self::RollBack(_) | Self::Undo(_) => "",
        }
    }
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let typed = Typed::read(fields);
        let groups = fields.several("groups", |key| Some(key.to_owned()));
        let no_group = groups.as_ref().is_none_or(Vec::is_empty) && !["roll_back", "undo"].contains(&fields.raw("do"));
        if no_group && groups.is_some() {
            fields.error("groups", "Choose for which devices");
        }
        let [reason, harm, loss, safeguards] = ["reason", "harm", "loss", "safeguards"]
            .map(|name| fields.maybe(name, 2000).map(Option::unwrap_or_default));
        let concern = match fields.raw("concern") {
            "" => Some(None),
            _ => fields.parsed("concern", "This is no concern\u{2019}s page. Begin again from the concern").map(Some),
        };
        let risk = Risk { harm: harm?, loss: loss?, safeguards: safeguards? };
        let (reason, send) = (reason?, fields.raw("step") == "send");
        // Only what is sent needs its reasons. Where the change cannot be read, they are said beside it at once; else with what the filter
        // says of the change.
        if send && (typed.is_none() || no_group) {
            for (field, say) in decide::missing(&reason, &risk) {
                fields.error(&field, &say);
            }
        }
        Some(Self { send, typed: typed?, groups: groups?, reason, risk, concern: concern? })
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
    if let Ok(id) = form.value("undo").parse::<ProposalId>() {
        let (change, _) = match decide::change_undoing(visit.services(), &visit.ctx(), id).await {
            Ok(found) => found,
            Err(app::Error::Invalid(said)) => {
                let say = said.into_values().next().unwrap_or_default();
                return visit.go_saying(&format!("/filter/proposals/{id}"), Tone::Due, &say);
            }
            Err(error) => return Err(error.into()),
        };
        let preview = decide::preview(visit.services(), &visit.ctx(), &change).await.ok();
        return visit.page(&page(&visit, form, preview).await?);
    }
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
    let mut view = form.view;
    let preview = match decide::preview(services, &visit.ctx(), &change).await {
        Ok(preview) => Some(preview),
        Err(error) => {
            view = aimed(view, error, &input)?;
            None
        }
    };
    if input.send {
        for (field, say) in decide::missing(&input.reason, &input.risk) {
            view.error(&field, say);
        }
    }
    let (Some(preview), false) = (preview, view.has_errors()) else {
        return visit.again(&page(&visit, view, None).await?);
    };
    if !input.send {
        return visit.page(&page(&visit, view, Some(preview)).await?);
    }
    let (reason, risk) = (input.reason.clone(), input.risk.clone());
    let sent = match input.typed {
        Typed::Undo(id) => decide::undo(services, &mut visit.ctx(), id, reason, risk).await,
        _ => {
            let new = Propose { change, reason, risk, concern: input.concern };
            decide::propose(services, &mut visit.ctx(), new).await
        }
    };
    match sent {
        Ok(proposed) => {
            let said = match proposed.in_force {
                Some(_) => "In force now. Another person looks at it afterwards.",
                None => "Proposed. It waits for a safeguarding lead to agree and another person to approve.",
            };
            visit.go_saying(&format!("/filter/proposals/{}", proposed.id), Tone::Done, said)
        }
        Err(error) => visit.again(&page(&visit, aimed(view, error, &input)?, Some(preview)).await?),
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
        Typed::Undo(id) => decide::change_undoing(visit.services(), &visit.ctx(), *id).await?.0,
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
    let undo = match form.value("undo").parse::<ProposalId>() {
        Ok(id) => {
            let found = app::filtering::view::proposal(visit.services(), &visit.ctx(), id).await?;
            Some((id.to_string(), found.say))
        }
        Err(_) => None,
    };
    Ok(pages::Propose {
        undo,
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
