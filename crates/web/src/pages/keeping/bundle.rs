//! The bench on which somebody's own data or a file that moves on are redacted, the second person's reading, and the parcel.

use app::keeping::bundle::{self, Bench, BundleState, NewMark, Purpose};
use app::keeping::exports::For;
use axum::extract::Path;
use domain::redaction::{Ground, Piece};
use domain::{ConcernId, PersonId, RedactionId};
use views::FormView;
use views::pages::keeping::{
    BenchFile, BenchLine, BenchMark, BenchPage, BenchPiece, BenchProposal, BenchRecord, Stage,
};
use views::pages::register::{RegisterForm, field};
use views::pages::working::{Document, DocumentSection};
use views::ui::Tone;

use super::moment;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend, pages::concerns::options};

fn path(id: ConcernId) -> String {
    format!("/concerns/{id}/bundle")
}

/// The bench, or the form that begins it.
///
/// # Errors
/// It is not for this person, or no request for data.
pub async fn get(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    if bundle::begun(visit.services(), &visit.ctx(), id).await?.is_none() {
        return visit.page(&begin_page(&visit, id, FormView::new()).await?);
    }
    visit.page(&page(&visit, id, FormView::new()).await?)
}

async fn begin_page(visit: &Visit, id: ConcernId, form: FormView) -> Result<RegisterForm, Fault> {
    let people = options(&bundle::people(visit.services(), &visit.ctx(), id).await?);
    Ok(RegisterForm {
        heading: "Gather what we hold".to_owned(),
        back: Some((format!("/concerns/{id}"), "Back to the request".to_owned())),
        about: vec![
            "Everything in this program that names the person and that you may see comes onto a bench: concerns, what was written in them, letters, referrals, the register. Nothing of the originals is changed.".to_owned(),
            "What you may not see is not here. Ask the manager and the chair to look in what only they hold, and look on paper and in mail yourself.".to_owned(),
        ],
        fields: vec![field(&form.select("person", "Whose data?").option("", "Choose").options(&people))],
        action: path(id),
        button: "Gather it".to_owned(),
        form,
        ..RegisterForm::default()
    })
}

/// Whose.
pub struct Whose(PersonId);

impl FromForm for Whose {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.parsed("person", "Choose whose data it is").map(Self)
    }
}

/// Begins the bench.
///
/// # Errors
/// It is not for this person.
pub async fn begin(visit: Visit, Path(id): Path<ConcernId>, form: Form<Whose>) -> Answer {
    let Some(Whose(person)) = form.input else { return visit.again(&begin_page(&visit, id, form.view).await?) };
    match bundle::begin(visit.services(), &mut visit.ctx(), id, person).await {
        Ok(_) => visit.go(&path(id)),
        Err(error) => visit.again(&begin_page(&visit, id, mend(form.view, error)?).await?),
    }
}

async fn page(visit: &Visit, id: ConcernId, form: FormView) -> Result<BenchPage, Fault> {
    let bench = bundle::bench(visit.services(), &mut visit.ctx(), id).await?;
    Ok(drawn(visit, &bench, form))
}

fn drawn(visit: &Visit, bench: &Bench, mut form: FormView) -> BenchPage {
    if form.value("letter").is_empty() {
        form.set("letter", bench.bundle.letter.clone());
    }
    let mut last = String::new();
    let lines = bench.lines.iter().map(|line| {
        let part = if line.item.part == last { None } else { Some(line.item.part.clone()) };
        last.clone_from(&line.item.part);
        let with = [line.item.at.clone(), line.item.by.clone()].into_iter().flatten().collect::<Vec<_>>().join(", ");
        BenchLine {
            key: line.item.key.clone(),
            part,
            what: line.item.what.clone(),
            with,
            pieces: line
                .pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Open(text) => BenchPiece { text: text.clone(), black: false },
                    Piece::Black(text, _) => BenchPiece { text: text.clone(), black: true },
                })
                .collect(),
            out: line.out.clone(),
        }
    });
    let stage = match bench.bundle.state {
        BundleState::Open => Stage::Open,
        BundleState::ToCheck if bench.mine => Stage::Waits,
        BundleState::ToCheck => Stage::Check,
        BundleState::Checked => Stage::Ready,
    };
    BenchPage {
        path: path(bench.request),
        back: format!("/concerns/{}", bench.request),
        reference: bench.reference.clone(),
        person: bench.person.clone(),
        records: match bench.records.len() {
            0 => "No concern that you may see names this person.".to_owned(),
            1 => "1 concern".to_owned(),
            many => format!("{many} concerns"),
        },
        kept_back: bench
            .kept_back
            .iter()
            .map(|one| BenchRecord { key: one.key.clone(), reference: one.reference.clone(), why: one.why.clone() })
            .collect(),
        moves_on: bench.purpose == Purpose::Transfer,
        along: bench
            .records
            .iter()
            .filter(|(key, _)| key.is_some())
            .map(|(key, reference)| BenchRecord { key: key.clone(), reference: reference.clone(), why: String::new() })
            .collect(),
        lines: lines.collect(),
        proposals: bench
            .proposals
            .iter()
            .map(|one| BenchProposal {
                words: one.words.clone(),
                whose: one.whose.to_owned(),
                ground: one.ground.key().to_owned(),
                lines: if one.lines == 1 { "1 line".to_owned() } else { format!("{} lines", one.lines) },
            })
            .collect(),
        files: bench
            .undecided
            .iter()
            .map(|file| BenchFile { key: file.key.clone(), what: file.what.clone(), picture: file.picture })
            .collect(),
        marks: bench
            .marks
            .iter()
            .map(|mark| BenchMark {
                id: mark.id.to_string(),
                what: mark.what.clone(),
                where_: match (mark.record, mark.in_one) {
                    (true, _) => "the whole record",
                    (false, true) => "in one line",
                    (false, false) => "everywhere",
                }
                .to_owned(),
                why: match (mark.record, mark.left_in) {
                    (true, true) => "Goes along".to_owned(),
                    (false, true) => "Left in".to_owned(),
                    (_, false) => mark.ground.say().to_owned(),
                },
                reason: mark.reason.clone(),
                by: format!("{}, {}", mark.by.0, moment(visit, mark.by.1)),
            })
            .collect(),
        grounds: Ground::ALL.iter().map(|ground| (ground.key().to_owned(), ground.say().to_owned())).collect(),
        stage,
        sent: bench.sent.as_ref().map(|(by, at)| format!("Sent to be checked by {by}, {}", moment(visit, *at))),
        checked: bench.checked.as_ref().map(|(by, at)| format!("Read over by {by}, {}", moment(visit, *at))),
        changed: bench.changed,
        form,
    }
}

/// A mark.
pub struct Mark(NewMark);

impl FromForm for Mark {
    fn read(fields: &mut Fields) -> Option<Self> {
        let ground = fields.choice("ground", Ground::from_key, "Say why it is left out");
        let words = fields.maybe("words", 2_000);
        let reason = fields.maybe("reason", 2_000);
        let item = Some(fields.raw("item").to_owned()).filter(|item| !item.is_empty());
        // The whole line only where a line is meant and asked for: an empty field must not black out a record.
        let whole = fields.yes("whole");
        let words = words?.filter(|_| !whole);
        if words.is_none() && !whole {
            fields.error("words", "Write the words to black out, or tick the whole line");
            return None;
        }
        Some(Self(NewMark {
            item,
            words,
            ground: ground?,
            reason: reason?.unwrap_or_default(),
            left_in: fields.yes("leave"),
        }))
    }
}

/// Sets a mark.
///
/// # Errors
/// It is not for this person.
pub async fn mark(visit: Visit, Path(id): Path<ConcernId>, form: Form<Mark>) -> Answer {
    let Some(Mark(new)) = form.input else { return visit.again(&page(&visit, id, form.view).await?) };
    let to = new.item.as_ref().map_or_else(|| path(id), |item| format!("{}#line-{item}", path(id)));
    match bundle::set_marks(visit.services(), &mut visit.ctx(), id, vec![new]).await {
        Ok(()) => visit.go(&to),
        Err(error) => visit.again(&page(&visit, id, mend(form.view, error)?).await?),
    }
}

/// Blacks out every proposed name.
///
/// # Errors
/// It is not for this person.
pub async fn take(visit: Visit, Path(id): Path<ConcernId>, form: Form<()>) -> Answer {
    if form.input.is_some() {
        bundle::take_proposals(visit.services(), &mut visit.ctx(), id).await?;
    }
    visit.go(&path(id))
}

/// Which mark.
pub struct Which(RedactionId);

impl FromForm for Which {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.parsed("mark", "Choose a mark").map(Self)
    }
}

/// Takes a mark back.
///
/// # Errors
/// It is not for this person.
pub async fn unmark(visit: Visit, Path(id): Path<ConcernId>, form: Form<Which>) -> Answer {
    if let Some(Which(mark)) = form.input {
        bundle::end_mark(visit.services(), &mut visit.ctx(), id, mark).await?;
    }
    visit.go(&path(id))
}

/// The letter.
pub struct Letter(String);

impl FromForm for Letter {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("letter", 20_000, "Write the covering letter").map(Self)
    }
}

/// Sends it to be read over.
///
/// # Errors
/// It is not for this person.
pub async fn send(visit: Visit, Path(id): Path<ConcernId>, form: Form<Letter>) -> Answer {
    let Some(Letter(letter)) = form.input else { return visit.again(&page(&visit, id, form.view).await?) };
    match bundle::send_to_check(visit.services(), &mut visit.ctx(), id, &letter).await {
        Ok(()) => visit.go_saying(&path(id), Tone::Done, "Sent. A second person reads it over."),
        Err(error) => visit.again(&page(&visit, id, mend(form.view, error)?).await?),
    }
}

/// The second person has read it over.
///
/// # Errors
/// It is not for this person.
pub async fn check(visit: Visit, Path(id): Path<ConcernId>, form: Form<()>) -> Answer {
    if form.input.is_none() {
        return visit.go(&path(id));
    }
    match bundle::check(visit.services(), &mut visit.ctx(), id).await {
        Ok(()) => visit.go_saying(&path(id), Tone::Done, "Checked. The parcel can be made."),
        Err(error) => visit.again(&page(&visit, id, mend(form.view, error)?).await?),
    }
}

/// As it would be handed out.
///
/// # Errors
/// It is not for this person.
pub async fn preview(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    let bench = bundle::bench(visit.services(), &mut visit.ctx(), id).await?;
    let front =
        app::front::of(visit.services(), visit.services().now(), Some(visit.signed_in()?.visit.setting)).await?;
    let mut sections: Vec<DocumentSection> = vec![DocumentSection {
        heading: "The letter".to_owned(),
        paragraphs: bench.bundle.letter.split("\n\n").map(str::to_owned).collect(),
        ..DocumentSection::default()
    }];
    for (label, part, text) in bench.handed_out() {
        match sections.last_mut().filter(|last| last.heading == part) {
            Some(last) => last.rows.push((label, text)),
            None => sections.push(DocumentSection {
                heading: part,
                rows: vec![(label, text)],
                ..DocumentSection::default()
            }),
        }
    }
    visit.page(&Document {
        title: "As it will be handed out".to_owned(),
        setting: front.setting.clone(),
        fictional: front.fictional,
        marking: Some("Preview: not yet checked, not to be handed out".to_owned()),
        printed: format!("Looked at {}", moment(&visit, visit.services().now())),
        sections,
        back: (path(id), "Back to the bench".to_owned()),
        ..Document::default()
    })
}

/// For whom.
pub struct Input(For);

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        super::exports::told(fields).map(Self)
    }
}

fn make_page(id: ConcernId, form: FormView) -> RegisterForm {
    RegisterForm {
        heading: "Make the parcel".to_owned(),
        back: Some((path(id), "Back to the bench".to_owned())),
        about: vec![
            "The letter, an index and the records, as PDF, as a table and as open data, with what was blacked out truly gone. Encrypted; the same marks make the same parcel again.".to_owned(),
            "Then record on the request that it was given.".to_owned(),
        ],
        fields: super::exports::fields_of(&form),
        action: format!("{}/make", path(id)),
        button: "Make the parcel".to_owned(),
        form,
        ..RegisterForm::default()
    }
}

/// The form to make it.
///
/// # Errors
/// It is not for this person, or not checked yet.
pub async fn make_form(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    if bundle::begun(visit.services(), &visit.ctx(), id).await?.is_none() {
        return Err(Fault::NotFound);
    }
    visit.page(&make_page(id, FormView::new()))
}

/// Makes it, and shows the passphrase once.
///
/// # Errors
/// It is not for this person.
pub async fn make(visit: Visit, Path(id): Path<ConcernId>, form: Form<Input>) -> Answer {
    let Some(Input(told)) = form.input else { return visit.again(&make_page(id, form.view)) };
    match bundle::make(visit.services(), &mut visit.ctx(), id, told).await {
        Ok(made) => visit.page(&super::exports::once(&made)),
        Err(error) => visit.again(&make_page(id, mend(form.view, error)?)),
    }
}
