//! What belongs together with a concern.

use app::concerns::{self, How, StrandKind, StrandView};
use axum::extract::Path;
use domain::ConcernId;
use views::FormView;
use views::pages::register::{RegisterForm, field};
use views::ui::{Cell, Table, Tone};

use super::moment;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend};

/// How a tie reads from its side.
pub(crate) fn in_words(strand: &StrandView) -> String {
    let reference = &strand.reference;
    match strand.how {
        How::GoesOnIn => format!("Goes on in {reference}"),
        How::TakesIn => format!("{reference} goes on in this one"),
        How::Became => format!("{reference} came out of this one"),
        How::CameFrom => format!("Came out of {reference}"),
        How::Touches => format!("Touches {reference}"),
    }
}

/// The form, with what is known.
///
/// # Errors
/// The concern is not for this person.
pub async fn get(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    visit.page(&page(&visit, id, FormView::new()).await?)
}

async fn page(visit: &Visit, id: ConcernId, form: FormView) -> Result<RegisterForm, Fault> {
    let strands = concerns::strands(visit.services(), &visit.ctx(), id).await?;
    let mut table = Table::new("What belongs together").quiet_caption().column("Which").column("Why").column("By");
    for strand in &strands {
        table.push(vec![
            Cell::link(&format!("/concerns/{}", strand.other), &in_words(strand)),
            Cell::Text(strand.reason.clone()),
            Cell::Text(format!("{}, {}", strand.by, moment(visit, strand.at))),
        ]);
    }
    Ok(RegisterForm {
        heading: "What belongs together".to_owned(),
        back: Some((format!("/concerns/{id}"), "Back to the concern".to_owned())),
        about: vec![
            "Nothing is moved and nothing is lost: each concern keeps its words and its steps, and the tie shows only to those who may see both.".to_owned(),
        ],
        table: (!strands.is_empty()).then_some(table),
        fields: vec![
            field(&form.text("reference", "Reference of the other concern").width(10)),
            field(
                &form
                    .radios("kind", "How do they belong together?")
                    .option("merged", "This one goes on in the other")
                    .option("split", "The other came out of this one")
                    .option("related", "They touch"),
            ),
            field(&form.text("reason", "Why?").max(300)),
        ],
        action: format!("/concerns/{id}/strands"),
        button: "Tie them".to_owned(),
        form,
        ..RegisterForm::default()
    })
}

/// A tie.
pub struct Input {
    reference: String,
    kind: StrandKind,
    reason: String,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let reference = fields.text("reference", 20, "Write the reference of the other concern");
        let kind = fields.choice("kind", StrandKind::from_key, "Say how they belong together");
        let reason = fields.text("reason", 300, "Say why, in a few words");
        Some(Self { reference: reference?, kind: kind?, reason: reason? })
    }
}

/// Ties them.
///
/// # Errors
/// The concern is not for this person.
pub async fn post(visit: Visit, Path(id): Path<ConcernId>, form: Form<Input>) -> Answer {
    let Some(Input { reference, kind, reason }) = form.input else {
        return visit.again(&page(&visit, id, form.view).await?);
    };
    match concerns::tie(visit.services(), &mut visit.ctx(), id, &reference, kind, &reason).await {
        Ok(()) => visit.go_saying(&format!("/concerns/{id}"), Tone::Done, "Tied. Both show it to who may see both."),
        Err(error) => visit.again(&page(&visit, id, mend(form.view, error)?).await?),
    }
}
