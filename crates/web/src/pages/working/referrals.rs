//! Referrals: the list, a new one with what that agency asks for, one with what happened to it, and its paper.

use app::concerns::LONGEST_TEXT;
use app::referrals::{self, Begun, Change, Decision, New, ReferralView, Shelf, Text};
use axum::extract::{Path, Query};
use domain::procedure::Answers;
use domain::referral::{Consent, ReferralForm, ReferralState};
use domain::{ConcernId, ReferralId};
use serde::Deserialize;
use views::FormView;
use views::pages::concerns::Draft;
use views::pages::register::{RegisterForm, RegisterList, RegisterThing, Section, field};
use views::pages::working::Document;
use views::ui::{Banner, Cell, Pages, Summary, Table, Tag, Tone};

use super::super::concerns::draft::{self as drafts, Next};
use super::{moment, version_field, with_now};
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend};

/// Which of them.
#[derive(Debug, Default, Deserialize)]
pub struct Part {
    #[serde(default)]
    shelf: String,
    #[serde(default)]
    page: usize,
}

/// The list.
///
/// # Errors
/// Not for this person.
pub async fn list(visit: Visit, Query(part): Query<Part>) -> Answer {
    let shelf = if part.shelf == "finished" { Shelf::Finished } else { Shelf::Open };
    let found = referrals::list(visit.services(), &visit.ctx(), shelf, part.page).await?;
    let mut table = Table::new("Referrals")
        .quiet_caption()
        .column("To")
        .column("Concern")
        .column("How it stands")
        .column("Their reference")
        .column("Ask again");
    for row in &found.rows {
        table.push(vec![
            Cell::link(&format!("/referrals/{}", row.id), &row.to),
            Cell::link(&format!("/concerns/{}", row.concern), &row.concern_reference),
            tag(row).into(),
            Cell::Text(row.reference.clone().unwrap_or_default()),
            Cell::Text(match row.chase_at {
                Some(at) if row.state.is_open() => moment(&visit, at),
                _ => String::new(),
            }),
        ]);
    }
    let open = shelf == Shelf::Open;
    let other = if open { ("/referrals?shelf=finished", "Finished and not made") } else { ("/referrals", "Open ones") };
    let link = |page: usize| format!("/referrals?shelf={}&page={page}", if open { "open" } else { "finished" });
    let pages = Pages {
        previous: part.page.checked_sub(1).map(link),
        next: found.more.then(|| link(part.page.saturating_add(1))),
        where_we_are: format!("Part {}", part.page.saturating_add(1)),
    };
    visit.page(&RegisterList {
        pages,
        heading: if open { "Referrals" } else { "Finished referrals" }.to_owned(),
        about: "What was referred, to whom, and what became of it. A decision not to refer stands here too, with its reason.".to_owned(),
        table,
        empty: (
            if open { "No referral is open." } else { "No referral is finished." }.to_owned(),
            "A referral is begun from a concern, and stays here until its outcome is known.".to_owned(),
        ),
        ways: vec![(other.0.to_owned(), other.1.to_owned()), ("/agencies".to_owned(), "Agencies".to_owned())],
        ..RegisterList::default()
    })
}

pub(crate) fn tag(row: &ReferralView) -> Tag {
    match row.state {
        _ if row.late => Tag::new(Tone::Gap, "They have not answered: ask again"),
        ReferralState::Drafted => Tag::new(Tone::Due, "Drafted, not sent"),
        ReferralState::Sent => Tag::new(Tone::Info, "Sent, no answer yet"),
        ReferralState::Acknowledged => Tag::new(Tone::Info, "They have it"),
        ReferralState::Outcome => Tag::new(Tone::Done, "Outcome known"),
        ReferralState::NotMade => Tag::new(Tone::Calm, "Not made, with a reason"),
    }
}

/// From where a new one is begun.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    agency: String,
    #[serde(default)]
    step: String,
    #[serde(default)]
    decision: String,
}

fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// Whom to refer to, or the form of the one who was chosen.
///
/// # Errors
/// The concern is not for this person, or no such agency.
pub async fn new(visit: Visit, Path(id): Path<ConcernId>, Query(asked): Query<Asked>) -> Answer {
    let (agency, step) = (given(&asked.agency), given(&asked.step));
    let begun = referrals::begin(visit.services(), &visit.ctx(), id, agency, step).await?;
    if begun.chosen.is_none() {
        return visit.page(&choose(id, &begun, step));
    }
    let mut form = FormView::new().with("decision", if asked.decision == "not" { "not" } else { "refer" });
    for (key, answer) in &begun.filled {
        form.set(&format!("a_{key}"), answer.clone());
    }
    let (form, kept) = drafts::restored(&visit, &key(id, &begun), form).await?;
    let step = step.map(str::to_owned).or_else(|| given(form.value("step")).map(str::to_owned));
    visit.page(&RegisterForm { draft: Some(kept), ..draft(id, &begun, step.as_deref(), form) })
}

/// Of the draft: one for each agency.
fn key(id: ConcernId, begun: &Begun) -> String {
    format!("referral/{id}/{}", begun.chosen.as_ref().map_or("", |(agency, _)| agency.key.as_str()))
}

fn choose(id: ConcernId, begun: &Begun, step: Option<&str>) -> RegisterThing {
    let mut table = Table::new("Agencies").quiet_caption().column("To whom").column("When").column("Ring first");
    let step = step.map(|step| format!("&step={}", crate::visit::encode(step))).unwrap_or_default();
    for agency in &begun.agencies {
        let href = format!("/concerns/{id}/referrals/new?agency={}{step}", agency.key);
        table.push(vec![
            Cell::link(&href, &agency.name),
            Cell::Text(agency.when.clone()),
            agency.phone.clone().map_or_else(|| Cell::Text(String::new()), Cell::Phone),
        ]);
    }
    RegisterThing {
        title: format!("Concern {}: a referral", begun.reference),
        heading: "Whom do you refer to?".to_owned(),
        back: (format!("/concerns/{id}"), "Back to the concern".to_owned()),
        notes: vec![Banner::new(
            Tone::Info,
            "Police, social care, the LADO, health, Ofsted and the ICO can be told at any time. Ring first; write afterwards.",
        )],
        sections: vec![Section { heading: "Agencies".to_owned(), table, empty: "No agency is known.".to_owned() }],
        ..RegisterThing::default()
    }
}

fn draft(id: ConcernId, begun: &Begun, step: Option<&str>, form: FormView) -> RegisterForm {
    let Some((agency, asks)) = &begun.chosen else { return RegisterForm::default() };
    let not = form.value("decision") == "not";
    let mut fields = vec![format!("<input type=\"hidden\" name=\"agency\" value=\"{}\">", agency.key)];
    if let Some(step) = step.filter(|step| step.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')) {
        fields.push(format!("<input type=\"hidden\" name=\"step\" value=\"{step}\">"));
    }
    fields.push(field(
        &form
            .radios("decision", "What did you decide?")
            .option("refer", &format!("Refer to {}", agency.name))
            .option_with("not", "Not to refer", "A decision too. Its reason stays in the record."),
    ));
    fields.push(field(&form.area("reason", "If not: why, and what is done instead").rows(if not { 5 } else { 2 })));
    fields.extend(text_fields(asks, &form));
    RegisterForm {
        heading: asks.title.clone(),
        back: Some((format!("/concerns/{id}/referrals/new"), format!("Concern {}: another agency", begun.reference))),
        about: vec![
            asks.send.clone(),
            "What the record knows is filled in. Read it over: say what they need, as fact, and no more.".to_owned(),
        ],
        fields,
        action: format!("/concerns/{id}/referrals"),
        button: "Keep it".to_owned(),
        draft: Some(Draft::default()),
        form,
        ..RegisterForm::default()
    }
}

fn text_fields(asks: &ReferralForm, form: &FormView) -> Vec<String> {
    let mut fields = Vec::new();
    if asks.consent {
        fields.push(field(
            &form
                .radios("consent", "Do those with parental responsibility agree?")
                .option("given", "They were asked and agree")
                .option_with(
                    "overridden",
                    "It goes without their agreement",
                    "They were not asked, or said no. Say why below.",
                )
                .option_with(
                    "not_needed",
                    "Not a question here",
                    "For example it is about an address, not about a family.",
                ),
        ));
        fields.push(field(&form.area("consent_reason", "If it goes without their agreement: why").rows(2)));
    }
    for asked in &asks.fields {
        let name = format!("a_{}", asked.key);
        let label = if asked.required { asked.label.clone() } else { format!("{} (if it applies)", asked.label) };
        fields.push(if asked.long {
            let area = form.area(&name, &label).rows(4);
            field(&match &asked.hint {
                Some(hint) => area.hint(hint),
                None => area,
            })
        } else {
            let text = form.text(&name, &label).max(1_000);
            field(&match &asked.hint {
                Some(hint) => text.hint(hint),
                None => text,
            })
        });
    }
    fields
}

/// Everything that was typed; what is asked is known only once the agency is.
pub struct Typed;

impl FromForm for Typed {
    fn read(_: &mut Fields) -> Option<Self> {
        Some(Self)
    }
}

fn text_of(asks: &ReferralForm, view: &mut FormView) -> Option<Text> {
    let mut answers = Answers::new();
    for asked in &asks.fields {
        let name = format!("a_{}", asked.key);
        let answer = view.value(&name).trim().to_owned();
        if answer.chars().count() > LONGEST_TEXT {
            view.error(&name, "Shorten this");
        }
        if !answer.is_empty() {
            answers.insert(asked.key.clone(), answer);
        }
    }
    let consent = if asks.consent { Consent::from_key(view.value("consent")) } else { Some(Consent::NotNeeded) };
    if consent.is_none() {
        view.error("consent", "Say whether they agree");
    }
    let consent_reason = given(view.value("consent_reason").trim()).map(str::to_owned);
    Some(Text { answers, consent: consent?, consent_reason }).filter(|_| !view.has_errors())
}

/// The use case names a field of the agency's form; the page calls it `a_…`.
fn mended(view: FormView, error: app::Error, asks: &ReferralForm) -> Result<FormView, Fault> {
    let error = match error {
        app::Error::Invalid(fields) => app::Error::Invalid(
            fields
                .into_iter()
                .map(|(key, say)| {
                    if asks.fields.iter().any(|asked| asked.key == key) {
                        (format!("a_{key}"), say)
                    } else {
                        (key, say)
                    }
                })
                .collect(),
        ),
        other => other,
    };
    mend(view, error)
}

/// Keeps a draft, or the decision not to refer.
///
/// # Errors
/// The concern is not for this person, or no such agency.
pub async fn post(visit: Visit, Path(id): Path<ConcernId>, form: Form<Typed>) -> Answer {
    let mut view = form.view;
    let (agency, step) = (view.value("agency").to_owned(), given(view.value("step")).map(str::to_owned));
    let begun = referrals::begin(visit.services(), &visit.ctx(), id, given(&agency), step.as_deref()).await?;
    let Some((_, asks)) = &begun.chosen else { return visit.again(&choose(id, &begun, step.as_deref())) };
    if form.input.is_none() {
        return visit.again(&draft(id, &begun, step.as_deref(), view));
    }
    let key = key(id, &begun);
    if let Some(pressed) = drafts::pressed_in(&view) {
        return match drafts::done(&visit, &key, pressed, view, &format!("/concerns/{id}")).await? {
            Next::Go(answer) => answer,
            Next::Again(form, kept) => {
                visit.again(&RegisterForm { draft: Some(kept), ..draft(id, &begun, step.as_deref(), form) })
            }
        };
    }
    let decision = if view.value("decision") == "not" {
        Some(Decision::Not { reason: view.value("reason").to_owned() })
    } else {
        text_of(asks, &mut view).map(Decision::Refer)
    };
    let Some(decision) = decision else { return visit.again(&draft(id, &begun, step.as_deref(), view)) };
    let new = New { agency, step: step.clone(), decision };
    match referrals::add(visit.services(), &mut visit.ctx(), id, new).await {
        Ok(referral) => {
            drafts::sent(&visit, &key, &view).await;
            visit.go_saying(&format!("/referrals/{referral}"), Tone::Done, "Kept.")
        }
        Err(error) => {
            let view = mended(view, error, asks)?;
            visit.again(&draft(id, &begun, step.as_deref(), view))
        }
    }
}

/// One referral.
///
/// # Errors
/// It is not for this person.
pub async fn get(visit: Visit, Path(id): Path<ReferralId>) -> Answer {
    let view = referrals::one(visit.services(), &mut visit.ctx(), id).await?;
    let say = |at| moment(&visit, at);
    let mut summary = Summary::new().row("To", view.to.clone()).row("How it stands", tag(&view));
    let facts = [
        ("Why not", view.reason.clone()),
        ("Sent", view.sent_at.map(|at| format!("{}, by {}", say(at), view.how.clone().unwrap_or_default()))),
        ("Their reference", view.reference.clone()),
        ("They have it since", view.acknowledged_at.map(say)),
        ("Outcome", view.outcome.clone()),
        ("Decided", view.outcome_at.map(say)),
        ("Ask again", view.chase_at.filter(|_| view.state.is_open()).map(say)),
        ("Why without agreement", view.consent_reason.clone()),
        ("Written", Some(format!("{}, by {}", say(view.made_at), view.made_by))),
    ];
    for (key, value) in facts {
        if let Some(value) = value {
            summary = summary.row(key, value);
        }
    }
    let mut answers = Table::new("What it says").quiet_caption().column("Question").column("Answer");
    for asked in &view.form.fields {
        if let Some(answer) = view.answers.get(&asked.key) {
            answers.push(vec![Cell::Text(asked.label.clone()), Cell::Text(answer.clone())]);
        }
    }
    let mut notes = Vec::new();
    if let Some(locked) = &view.locked {
        notes.push(Banner::new(Tone::Shut, &locked.say));
    }
    if view.state == ReferralState::Drafted && !view.missing.is_empty() {
        notes.push(Banner::new(Tone::Due, &format!("Still to write: {}.", view.missing.join("; "))));
    }
    visit.page(&RegisterThing {
        title: format!("Concern {}: a referral", view.concern_reference),
        heading: view.form.title.clone(),
        back: (format!("/concerns/{}", view.concern), format!("Concern {}", view.concern_reference)),
        notes,
        summary,
        sections: vec![Section {
            heading: "What it says".to_owned(),
            table: answers,
            empty: "Nothing is written yet.".to_owned(),
        }],
        ways: ways(&view),
        ..RegisterThing::default()
    })
}

fn ways(view: &ReferralView) -> Vec<(String, String)> {
    use ReferralState as S;
    let to = |act: &str, words: &str| (format!("/referrals/{}/record/{act}", view.id), words.to_owned());
    let mut ways = match view.state {
        S::Drafted => vec![
            to("sent", "It has been sent: record how and when"),
            to("rewrite", "Change what it says"),
            to("not-made", "We decided not to send it"),
        ],
        S::Sent => vec![
            to("acknowledged", "They say they have it"),
            to("chased", "I asked them again"),
            to("outcome", "They have decided"),
        ],
        S::Acknowledged => vec![to("outcome", "They have decided"), to("chased", "I asked them again")],
        S::NotMade => vec![to("sent", "It was referred after all: record how and when")],
        S::Outcome => Vec::new(),
    };
    if view.locked.is_none() && view.state != S::NotMade {
        ways.push((format!("/referrals/{}/print", view.id), "Print it".to_owned()));
    }
    ways
}

/// The form for one thing that happened.
///
/// # Errors
/// It is not for this person, or there is no such thing to record.
pub async fn record(visit: Visit, Path((id, act)): Path<(ReferralId, String)>) -> Answer {
    let view = referrals::one(visit.services(), &mut visit.ctx(), id).await?;
    let mut form = FormView::new().with("version", view.version.to_string());
    if act == "rewrite" {
        form.set("consent", view.consent.key());
        form.set("consent_reason", view.consent_reason.clone().unwrap_or_default());
        for (key, answer) in &view.answers {
            form.set(&format!("a_{key}"), answer.clone());
        }
    }
    form.set("reference", view.reference.clone().unwrap_or_default());
    let form = with_now(form, &visit, "at");
    visit.page(&record_form(&view, &act, form).ok_or(Fault::NotFound)?)
}

fn record_form(view: &ReferralView, act: &str, form: FormView) -> Option<RegisterForm> {
    let when = || field(&form.moment("at", "When was it?").hint("For example 3 3 2027, 2:15pm"));
    let reference = || field(&form.text("reference", "Their reference (if they gave one)").max(300));
    let (heading, button, mut fields) = match act {
        "rewrite" => ("Change what it says", "Keep it", text_fields(&view.form, &form)),
        "sent" => {
            let mut fields = vec![
                field(&form.text("how", "How did it go?").hint("For example: by telephone and their portal").max(300)),
                when(),
                reference(),
            ];
            if view.locked.is_some() {
                fields.push(field(
                    &form
                        .checkboxes("before_its_turn", "Police or advice come first here")
                        .option("yes", "It has been sent already. I record what happened."),
                ));
            }
            ("It has been sent", "Record it", fields)
        }
        "acknowledged" => (
            "They have it",
            "Record it",
            vec![field(&form.text("words", "Who answered, and what did they say?").max(300)), when(), reference()],
        ),
        "chased" => (
            "Asked again",
            "Record it",
            vec![field(&form.text("words", "Whom did you ask, and what did they say?").max(300)), when()],
        ),
        "outcome" => (
            "What they decided",
            "Record it",
            vec![field(&form.area("words", "What did they decide?").rows(4)), when()],
        ),
        "not-made" => {
            ("Not sent", "Record it", vec![field(&form.area("reason", "Why not, and what is done instead?").rows(4))])
        }
        _ => return None,
    };
    fields.insert(0, version_field(form.value("version").parse().unwrap_or(view.version)));
    Some(RegisterForm {
        heading: heading.to_owned(),
        back: Some((format!("/referrals/{}", view.id), "Back to the referral".to_owned())),
        about: vec![format!("{}, to {}.", view.form.title, view.to)],
        fields,
        action: format!("/referrals/{}/record/{act}", view.id),
        button: button.to_owned(),
        form,
        ..RegisterForm::default()
    })
}

/// Records it.
///
/// # Errors
/// It is not for this person, or there is no such thing to record.
pub async fn post_record(visit: Visit, Path((id, act)): Path<(ReferralId, String)>, form: Form<Typed>) -> Answer {
    let view = referrals::one(visit.services(), &mut visit.ctx(), id).await?;
    let mut typed = form.view;
    if record_form(&view, &act, FormView::new()).is_none() {
        return Err(Fault::NotFound);
    }
    let change = if form.input.is_some() { change_of(&visit, &view, &act, &mut typed).await } else { None };
    let drawn = |typed: FormView| record_form(&view, &act, typed).ok_or(Fault::NotFound);
    let Some(change) = change else { return visit.again(&drawn(typed)?) };
    let version = typed.value("version").parse().unwrap_or(-1);
    match referrals::change(visit.services(), &mut visit.ctx(), id, change, version).await {
        Ok(_) => visit.go_saying(&format!("/referrals/{id}"), Tone::Done, "Recorded."),
        Err(app::Error::Locked(locked)) => {
            typed.error("", locked.say);
            visit.again(&drawn(typed)?)
        }
        Err(app::Error::Conflict { .. }) => {
            typed.error("", "Somebody else recorded something on this referral while you were writing. Nothing was overwritten: look at it, then send yours again if it still stands.");
            typed.set("version", view.version.to_string());
            visit.again(&drawn(typed)?)
        }
        Err(error) => {
            let typed = mended(typed, error, &view.form)?;
            visit.again(&drawn(typed)?)
        }
    }
}

async fn change_of(visit: &Visit, view: &ReferralView, act: &str, typed: &mut FormView) -> Option<Change> {
    if act == "rewrite" {
        return text_of(&view.form, typed).map(Change::Rewrite);
    }
    let mut fields = Fields::kept(typed, visit.latest().await);
    let raw = |fields: &Fields, name: &str| fields.raw(name).to_owned();
    let reference = given(fields.raw("reference")).map(str::to_owned);
    let change = match act {
        "not-made" => Some(Change::NotMade { reason: raw(&fields, "reason") }),
        _ => fields.moment("at", "Say when it was").and_then(|at| match act {
            "sent" => Some(Change::Sent {
                how: raw(&fields, "how"),
                at,
                reference,
                before_its_turn: fields.yes("before_its_turn"),
            }),
            "acknowledged" => Some(Change::Acknowledged { at, reference, words: raw(&fields, "words") }),
            "chased" => Some(Change::Chased { at, words: raw(&fields, "words") }),
            "outcome" => Some(Change::Outcome { at, words: raw(&fields, "words") }),
            _ => None,
        }),
    };
    *typed = fields.into_view();
    change
}

/// The referral on paper.
///
/// # Errors
/// It is not for this person, or police and advice come first.
pub async fn print(visit: Visit, Path(id): Path<ReferralId>) -> Answer {
    let paper = referrals::on_paper(visit.services(), &mut visit.ctx(), id).await?;
    let back = (format!("/referrals/{id}"), "Back to the referral".to_owned());
    let parcel = Some(format!("/exports/new?referral={id}"));
    visit.page(&Document { parcel, ..super::paper::page(&paper, None, back) })
}
