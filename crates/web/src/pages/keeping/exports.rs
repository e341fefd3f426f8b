//! Exports: the list of what left, the form, the passphrase once, the parcel.

use app::keeping::exports::{self, Before, For, Made, What};
use axum::extract::{Path, Query};
use axum::response::IntoResponse;
use domain::{ConcernId, ExportId, LetterId, PersonId, ReferralId};
use http::{StatusCode, header};
use serde::Deserialize;
use views::FormView;
use views::pages::register::{Act, RegisterForm, RegisterList, RegisterThing, ShownOnce, field};
use views::ui::{Banner, Cell, Summary, Table, Tone};

use super::moment;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend};

/// What left.
///
/// # Errors
/// Not for this person.
pub async fn list(visit: Visit) -> Answer {
    let all = exports::list(visit.services(), &visit.ctx()).await?;
    let mut table = Table::new("Exports")
        .quiet_caption()
        .column("Number")
        .column("What")
        .column("For whom, and why")
        .column("Made")
        .column("Fetched");
    for one in &all {
        table.push(vec![
            Cell::link(&format!("/exports/{}", one.id), &one.number),
            Cell::from(one.what),
            Cell::Noted(one.for_whom.clone(), vec![one.why.clone()]),
            Cell::Text(format!("{}, {}", one.made.0, moment(&visit, one.made.1))),
            Cell::Text(fetched(&visit, one.taken)),
        ]);
    }
    visit.page(&RegisterList {
        heading: "Exports: what left the building".to_owned(),
        about: "Each is encrypted, carries on every page for whom it was made, by whom and when, and stands here for ever. Begin one from a concern, or from a request for data.".to_owned(),
        table,
        empty: ("Nothing has left.".to_owned(), "An export appears here when somebody makes one.".to_owned()),
        ways: vec![("/keeping".to_owned(), "What is kept, and how long".to_owned())],
        ..RegisterList::default()
    })
}

fn fetched(visit: &Visit, (times, last): (i64, Option<jiff::Timestamp>)) -> String {
    match last {
        None => "Not fetched".to_owned(),
        Some(at) if times == 1 => moment(visit, at),
        Some(at) => format!("{times} times, last {}", moment(visit, at)),
    }
}

/// One export.
///
/// # Errors
/// It is not for this person.
pub async fn get(visit: Visit, Path(id): Path<ExportId>) -> Answer {
    let one = exports::one(visit.services(), &visit.ctx(), id).await?;
    let mut acts = Vec::new();
    let mut notes = Vec::new();
    if one.mine && one.waits {
        acts.push(Act {
            action: format!("/exports/{id}"),
            button: "Fetch the parcel".to_owned(),
            hint: "It waits here for a week. Each fetch is written down. The passphrase goes by another way."
                .to_owned(),
            ..Act::default()
        });
    } else if one.mine {
        notes.push(Banner::new(
            Tone::Info,
            "The parcel waited for a week and was taken away. Make a new one if it is needed.",
        ));
    }
    visit.page(&RegisterThing {
        title: "An export".to_owned(),
        heading: format!("Export {}", one.number),
        back: ("/exports".to_owned(), "Exports".to_owned()),
        notes,
        summary: Summary::new()
            .row("What", one.what)
            .row("For whom", one.for_whom.clone())
            .row("Why", one.why.clone())
            .row("How the passphrase goes", one.other_way.clone())
            .row("Made", format!("{}, {}", one.made.0, moment(&visit, one.made.1)))
            .row("Fetched", fetched(&visit, one.taken))
            .row("Digest of the parcel (SHA-256)", one.sha256.clone()),
        acts,
        ..RegisterThing::default()
    })
}

/// Of what.
#[derive(Debug, Default, Deserialize)]
pub struct Of {
    #[serde(default)]
    concern: Option<ConcernId>,
    #[serde(default)]
    person: Option<PersonId>,
    #[serde(default)]
    referral: Option<ReferralId>,
    #[serde(default)]
    letter: Option<LetterId>,
}

impl Of {
    fn what(&self) -> Option<What> {
        let one = self.concern.map(What::Concern).or(self.person.map(What::File));
        one.or(self.referral.map(What::Referral)).or(self.letter.map(What::Letter))
    }

    /// From the hidden fields of the form.
    fn read(of: impl Fn(&str) -> String) -> Self {
        Self {
            concern: of("concern").parse().ok(),
            person: of("person").parse().ok(),
            referral: of("referral").parse().ok(),
            letter: of("letter").parse().ok(),
        }
    }
}

/// For whom.
pub struct Input {
    of: Of,
    told: For,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let of = Of::read(|name| fields.raw(name).to_owned());
        Some(Self { of, told: told(fields)? })
    }
}

/// For whom, why, and how the passphrase goes.
pub(super) fn told(fields: &mut Fields) -> Option<For> {
    let for_whom = fields.text("for_whom", 300, "Write who gets it");
    let why = fields.text("why", 1_000, "Write why they get it");
    let other_way = fields.text("other_way", 300, "Write how you tell them the passphrase");
    let agency = Some(fields.raw("agency").to_owned()).filter(|key| !key.is_empty() && key != "other");
    let waiver = fields.maybe("waiver", 1_000);
    Some(For { for_whom: for_whom?, why: why?, other_way: other_way?, agency, waiver: waiver? })
}

/// The three fields.
pub(super) fn fields_of(form: &FormView) -> Vec<String> {
    vec![
        field(&form.text("for_whom", "Who gets it?").hint("Name, and where they work").max(300)),
        field(&form.area("why", "Why?").hint("Name no child: this stands in the list of exports").rows(2)),
        field(
            &form
                .text("other_way", "How do you tell them the passphrase?")
                .hint("Not by the same way: by telephone, on a number that you know")
                .max(300),
        ),
    ]
}

/// The form.
///
/// # Errors
/// Nothing was named.
pub async fn new(visit: Visit, Query(of): Query<Of>) -> Answer {
    visit.page(&page(&visit, &of, FormView::new()).await?)
}

async fn page(visit: &Visit, of: &Of, form: FormView) -> Result<RegisterForm, Fault> {
    let what = of.what().ok_or(Fault::NotFound)?;
    let before = exports::before(visit.services(), &visit.ctx(), what).await?;
    Ok(drawn(of, &before, form))
}

/// While a gate is shut: who may have it all the same, or why it cannot wait.
fn gate_of(before: &Before, form: &FormView) -> Vec<String> {
    if before.shut.is_empty() {
        return Vec::new();
    }
    let who = form.select("agency", "Are they one of those who may be told at any time?").option("", "Choose");
    let mut fields = vec![field(&who.options(&before.agencies).option("other", "No, somebody else"))];
    if before.shut.iter().all(|shut| shut.waivable) {
        fields.push(field(
            &form
                .area("waiver", "If it is somebody else: why can it not wait for the police or the advice team?")
                .hint("It stands in the record for ever, and whoever works it is told")
                .rows(2)
                .max(1_000),
        ));
    }
    fields
}

fn drawn(of: &Of, before: &Before, form: FormView) -> RegisterForm {
    let hidden = |name: &str, id: Option<String>| match id {
        Some(id) => format!("<input type=\"hidden\" name=\"{name}\" value=\"{id}\">"),
        None => String::new(),
    };
    let mut fields = vec![
        hidden("concern", of.concern.map(|id| id.to_string())),
        hidden("person", of.person.map(|id| id.to_string())),
        hidden("referral", of.referral.map(|id| id.to_string())),
        hidden("letter", of.letter.map(|id| id.to_string())),
    ];
    fields.extend(fields_of(&form));
    fields.extend(gate_of(before, &form));
    let mut about = vec![
        "A parcel with the record as PDF, as a table and as open data, encrypted with AES-256. It is not redacted: it is for those who may read all of it, as police, social care or the next setting. For the person whom it is about, use the request for data.".to_owned(),
        "From then on you answer for where it lies.".to_owned(),
    ];
    about.extend(before.shut.iter().map(|shut| format!("{}: {}", shut.reference, shut.say)));
    if !before.shut.is_empty() {
        about.push("Police, children\u{2019}s social care, LADO, health, Ofsted and the ICO may have it now. Before anybody else has it, ask the police or the advice team what you may say, and when; write down what they answer.".to_owned());
    }
    RegisterForm {
        heading: "Make an export".to_owned(),
        back: Some(match of.concern {
            Some(id) => (format!("/concerns/{id}"), "Back to the concern".to_owned()),
            None => ("/exports".to_owned(), "Exports".to_owned()),
        }),
        about,
        fields,
        action: "/exports/new".to_owned(),
        button: "Make the parcel".to_owned(),
        form,
        ..RegisterForm::default()
    }
}

/// Makes it, and shows the passphrase once.
///
/// # Errors
/// It is not for this person.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let Some(Input { of, told }) = form.input else {
        let of = Of::read(|name| form.view.value(name).to_owned());
        return visit.again(&page(&visit, &of, form.view).await?);
    };
    let what = of.what().ok_or(Fault::NotFound)?;
    match exports::make(visit.services(), &mut visit.ctx(), what, told).await {
        Ok(made) => visit.page(&once(&made)),
        Err(error) => visit.again(&page(&visit, &of, mend(form.view, error)?).await?),
    }
}

/// The passphrase, once.
pub(super) fn once(made: &Made) -> ShownOnce {
    let mut about = vec![
        "Write the passphrase down or ring now: it is shown once and kept nowhere. Without it nobody can open the parcel.".to_owned(),
        "Send the parcel by one way and the passphrase by another. 7-Zip, WinZip and the Mac’s Keka open it; the Windows folder does not.".to_owned(),
    ];
    if !made.with_pdf {
        about.push("PDFs cannot be made here just now: the parcel holds plain text in their place.".to_owned());
    }
    ShownOnce {
        heading: "The parcel is ready".to_owned(),
        about,
        summary: Summary::new()
            .row("Number", made.number.clone())
            .row("Passphrase", Cell::Inert(made.passphrase.clone())),
        picture_svg: None,
        on: (format!("/exports/{}", made.id), "To the parcel".to_owned()),
    }
}

/// The parcel.
///
/// # Errors
/// It is not for this person, or was taken away.
pub async fn fetch(visit: Visit, Path(id): Path<ExportId>, form: Form<()>) -> Answer {
    if form.input.is_none() {
        return visit.go(&format!("/exports/{id}"));
    }
    let (name, bytes) = exports::fetch(visit.services(), &mut visit.ctx(), id).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((StatusCode::OK, headers, bytes).into_response())
}
