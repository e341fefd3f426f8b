//! What an inspector is shown, and the one case that the lead shows on purpose.

use app::keeping::inspector::{self, Inspection};
use app::trends;
use domain::control::Status;
use views::FormView;
use views::pages::keeping::InspectionPage;
use views::ui::{Cell, Summary, Table, Tag, Tone};

use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend};

/// The page.
///
/// # Errors
/// Not for this person.
pub async fn get(visit: Visit) -> Answer {
    visit.page(&page(&visit, FormView::new()).await?)
}

async fn page(visit: &Visit, form: FormView) -> Result<InspectionPage, Fault> {
    let found = inspector::of(visit.services(), &mut visit.ctx()).await?;
    Ok(drawn(&found, form))
}

fn drawn(found: &Inspection, form: FormView) -> InspectionPage {
    let of = |status: Status| found.duties.get(&status).copied().unwrap_or_default().to_string();
    let mut roles = Table::new("Roles").quiet_caption().column("Role").column("Today");
    for (title, held) in &found.roles {
        let tag = if *held { Tag::new(Tone::Done, "Held") } else { Tag::new(Tone::Gap, "Vacant") };
        roles.push(vec![Cell::from(title), tag.into()]);
    }
    let mut procedures =
        Table::new("Procedures").quiet_caption().column("Procedure").column("Edition").column("Rests on");
    for (title, edition, sources) in &found.procedures {
        procedures.push(vec![Cell::from(title), Cell::from(edition), Cell::from(sources)]);
    }
    let mut keeping = Table::new("How long records are kept")
        .quiet_caption()
        .column("Of what")
        .column("On what it rests")
        .column("Source");
    for rule in &found.retention {
        keeping.push(vec![Cell::from(&rule.title), Cell::from(&rule.basis), Cell::from(&rule.source)]);
    }
    let counts = found.trends.iter().flat_map(|trends| &trends.tables).map(|counts| {
        let mut table = Table::new(&counts.title).column("Which").figures("How many");
        // What was nought is nought for everybody to see, and a long list of noughts says nothing.
        for (label, shown) in counts.rows.iter().filter(|(_, shown)| shown.count() != Some(0)) {
            table.push(vec![Cell::from(label), Cell::Text(trends::in_words(*shown))]);
        }
        table
    });
    InspectionPage {
        setting: found.setting.clone(),
        duties: Summary::new()
            .row("Met, with dated proof", of(Status::Met))
            .row("Proof grows old", of(Status::Due))
            .row("Gaps", of(Status::Gap))
            .row("Not built into this program", of(Status::NotBuilt)),
        roles,
        period: found
            .trends
            .as_ref()
            .map(|trends| format!("{}: {} in all", trends.period.name, trends::in_words(trends.total))),
        counts: counts.collect(),
        procedures,
        keeping,
        destroyed: trends::in_words(found.destroyed),
        may_show: found.may_show,
        form,
    }
}

/// Which case, to whom.
pub struct Input {
    reference: String,
    who: String,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let reference = fields.text("reference", 40, "Write the reference");
        let who = fields.text("who", 300, "Write the inspector’s name");
        Some(Self { reference: reference?, who: who? })
    }
}

/// Writes down that a case is shown, and opens it as paper on the screen.
///
/// # Errors
/// It is not for this person.
pub async fn show(visit: Visit, form: Form<Input>) -> Answer {
    let Some(Input { reference, who }) = form.input else { return visit.again(&page(&visit, form.view).await?) };
    match inspector::show_one(visit.services(), &mut visit.ctx(), &reference, &who).await {
        Ok(id) => visit.go_saying(
            &format!("/concerns/{id}/print"),
            Tone::Done,
            "Written down. Show this page, and nothing else.",
        ),
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?).await?),
    }
}
