//! The files of a concern (S17): the question first, then the file; fetched as a file, never shown in a page.

use app::attachments::{
    self, CouldShow, FileOrder, FileState, LARGEST, NewFile, Order, Question, Stopped, Viewing, Waiting,
};
use app::concerns::{LONGEST_LINE, LONGEST_TEXT};
use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Path, Request};
use axum::response::IntoResponse;
use domain::imagery::NoFiles;
use domain::{Action, AttachmentId, ConcernId, Relation};
use http::{HeaderValue, header};
use views::FormView;
use views::pages::concerns::Word;
use views::pages::concerns::files::{FileLine, FileWord, Files, Viewing as ViewingPage};
use views::ui::Tone;

use super::{moment, with_moment};
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend, form};

/// The files.
///
/// # Errors
/// Not for this person.
pub async fn get(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    visit.page(&page(&visit, id, FormView::new()).await?)
}

/// The answer to the question.
pub struct Asked(CouldShow);

impl FromForm for Asked {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.choice("could_show", CouldShow::from_key, "Answer this first").map(Self)
    }
}

/// After the question: the form for a file, or what to do instead.
///
/// # Errors
/// Not for this person.
pub async fn ask(visit: Visit, Path(id): Path<ConcernId>, form: Form<Asked>) -> Answer {
    let Some(Asked(could_show)) = form.input else { return visit.again(&page(&visit, id, form.view).await?) };
    match attachments::ask(visit.services(), &mut visit.ctx(), id, could_show).await {
        Ok(Question::Choose) => visit.page(&Files { choose: true, ..page(&visit, id, FormView::new()).await? }),
        Ok(Question::Stop) => {
            visit.page(&Files { stop: true, asks: false, ..page(&visit, id, FormView::new()).await? })
        }
        Err(error) => visit.again(&page(&visit, id, mend(form.view, error)?).await?),
    }
}

/// Why it cannot show that.
pub struct Why(String);

impl FromForm for Why {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("why", LONGEST_LINE, "Say why it cannot").map(Self)
    }
}

/// Somebody else decides why what was not added cannot show a child undressed, sexual or injured.
///
/// # Errors
/// Not for this person; nothing was said.
pub async fn cannot_show(visit: Visit, Path(id): Path<ConcernId>, form: Form<Why>) -> Answer {
    let Some(Why(why)) = form.input else { return visit.again(&page(&visit, id, form.view).await?) };
    match attachments::cannot_show(visit.services(), &mut visit.ctx(), id, &why).await {
        Ok(()) => {
            visit.go_saying(&format!("/concerns/{id}/files"), Tone::Done, "Written down. Files may be added again.")
        }
        Err(error) => visit.again(&page(&visit, id, mend(form.view, error)?).await?),
    }
}

/// A file as it came: read piece by piece, and kept only while it may be.
pub struct Upload {
    view: FormView,
    new: Option<NewFile>,
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Fault;

    async fn from_request(mut request: Request<Body>, state: &S) -> Result<Self, Fault> {
        use axum::extract::FromRequestParts;
        axum::extract::DefaultBodyLimit::max(form::MOST).apply(&mut request);
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, state).await?;
        let request = Request::from_parts(parts, body);
        let mut fields = Multipart::from_request(request, state).await.map_err(|_| Fault::Unreadable)?;
        let (mut view, mut content, mut name, mut too_large) = (FormView::new(), Vec::new(), String::new(), false);
        while let Some(mut field) = fields.next_field().await.map_err(|_| Fault::Unreadable)? {
            let called = field.name().unwrap_or_default().to_owned();
            let is_file = called == "file";
            // The words come before the file; without a good answer among them no byte of it is kept.
            let keeps = is_file && view.value("could_show") == "no" && visit.token_is(view.value("_token"));
            if is_file {
                name = field.file_name().unwrap_or_default().chars().take(300).collect();
            }
            let mut text = Vec::new();
            while let Some(piece) = field.chunk().await.map_err(|_| Fault::Unreadable)? {
                match is_file {
                    true if keeps && content.len().saturating_add(piece.len()) <= LARGEST => content.extend(piece),
                    true => too_large |= keeps,
                    false if text.len() < form::LIMIT => text.extend(piece),
                    false => {}
                }
            }
            if !is_file && ["_token", "could_show", "what"].contains(&called.as_str()) {
                view.set(&called, String::from_utf8_lossy(&text).replace('\0', ""));
            }
        }
        let token = view.value("_token").to_owned();
        view.forget("_token");
        if !visit.token_is(&token) {
            view.error("", "This page had been open for a long time. Choose the file again and press the button.");
        }
        if too_large {
            view.error("file", "This file is larger than 10 megabytes. Make it smaller, or print it.");
        }
        let could_show = CouldShow::from_key(view.value("could_show"));
        if could_show.is_none() {
            view.error("could_show", "Answer this first");
        }
        // Nothing is written down that nobody said: without an answer there is an error, and no file.
        let could_show = could_show.unwrap_or(CouldShow::NotSure);
        let new = NewFile { could_show, what: view.value("what").to_owned(), name, content };
        Ok(Self { new: (!view.has_errors()).then_some(new), view })
    }
}

/// Adds a file.
///
/// # Errors
/// Not for this person, or the scanner is silent.
pub async fn add(visit: Visit, Path(id): Path<ConcernId>, upload: Upload) -> Answer {
    let again = async |view: FormView| -> Answer {
        // A bad answer leads back to the question, a bad file to the file.
        let choose = view.error_of("could_show").is_none();
        let page = page(&visit, id, view).await?;
        visit.again(&Files { choose: choose && page.asks, ..page })
    };
    let Some(new) = upload.new else { return again(upload.view).await };
    match attachments::add(visit.services(), &mut visit.ctx(), id, new).await {
        Ok(_) => visit.go_saying(&format!("/concerns/{id}/files"), Tone::Done, "The file is kept."),
        Err(error) => again(mend(upload.view, error)?).await,
    }
}

/// Fetches a file: always as a file to keep, never inside a page.
///
/// # Errors
/// Not for this person; sealed; destroyed.
pub async fn fetch(visit: Visit, Path((id, file)): Path<(ConcernId, AttachmentId)>) -> Answer {
    let fetched = attachments::fetch(visit.services(), &mut visit.ctx(), id, file).await?;
    let mut response = Body::from(fetched.content.to_vec()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(fetched.kind.media_type()));
    let name = format!("attachment; filename=\"{}\"", fetched.name);
    let name = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"));
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

/// What to do with a file.
#[derive(Debug, Clone, Copy)]
pub enum Deed {
    /// Nobody sees it any more.
    Seal,
    /// As the second of two.
    Agree,
    /// As the first of two.
    Withdraw,
}

impl FromForm for Deed {
    fn read(fields: &mut Fields) -> Option<Self> {
        let known = |key: &str| match key {
            "seal" => Some(Self::Seal),
            "agree" => Some(Self::Agree),
            "withdraw" => Some(Self::Withdraw),
            _ => None,
        };
        fields.choice("act", known, "Choose what to do")
    }
}

/// Seals, agrees, takes back.
///
/// # Errors
/// Not for this person; nothing waits.
pub async fn decide(visit: Visit, Path((id, file)): Path<(ConcernId, AttachmentId)>, form: Form<Deed>) -> Answer {
    let Some(deed) = form.input else { return visit.again(&page(&visit, id, form.view).await?) };
    let (services, ctx) = (visit.services(), &mut visit.ctx());
    let (done, say) = match deed {
        Deed::Seal => (attachments::seal(services, ctx, id, file).await, "Sealed. Ring the police on 101."),
        Deed::Agree => (attachments::agree(services, ctx, id, file).await, "Done. The record says so."),
        Deed::Withdraw => (attachments::withdraw(services, ctx, id, file).await, "Taken back."),
    };
    match done {
        Ok(()) => visit.go_saying(&format!("/concerns/{id}/files"), Tone::Done, say),
        Err(error) => visit.again(&page(&visit, id, mend(form.view, error)?).await?),
    }
}

/// The form for a word from outside.
///
/// # Errors
/// Not for this person.
pub async fn word(visit: Visit, Path((id, file)): Path<(ConcernId, AttachmentId)>) -> Answer {
    let files = attachments::list(visit.services(), &mut visit.ctx(), id).await?;
    if !files.files.iter().any(|known| known.id == file) {
        return Err(Fault::NotFound);
    }
    let form = with_moment(FormView::new(), &visit, "said", visit.services().now());
    visit.page(&word_page(id, file, form))
}

/// A word from outside.
pub struct Said(Order);

impl FromForm for Said {
    fn read(fields: &mut Fields) -> Option<Self> {
        let order = fields.choice("order", FileOrder::from_key, "Choose what may be done");
        let authority = fields.text("authority", 40, "Choose whose word it is");
        let who = fields.text("who", LONGEST_LINE, "Write who said it");
        let reference = fields.text("reference", LONGEST_LINE, "Write their reference");
        let said_at = fields.moment("said", "Say when they said it");
        Some(Self(Order { order: order?, authority: authority?, who: who?, reference: reference?, said_at: said_at? }))
    }
}

/// Records it.
///
/// # Errors
/// Not for this person.
pub async fn order(visit: Visit, Path((id, file)): Path<(ConcernId, AttachmentId)>, form: Form<Said>) -> Answer {
    let Some(Said(order)) = form.input else { return visit.again(&word_page(id, file, form.view)) };
    match attachments::order(visit.services(), &mut visit.ctx(), id, file, order).await {
        Ok(()) => {
            let say = "Recorded. A second person must agree before anything happens.";
            visit.go_saying(&format!("/concerns/{id}/files"), Tone::Done, say)
        }
        Err(error) => visit.again(&word_page(id, file, mend(form.view, error)?)),
    }
}

/// Before looking at an image (S18).
///
/// # Errors
/// Not for this person, or not on this procedure.
pub async fn viewing(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    if !attachments::list(visit.services(), &mut visit.ctx(), id).await?.may_declare {
        return Err(Fault::NotFound);
    }
    visit.page(&ViewingPage { path: format!("/concerns/{id}"), form: FormView::new() })
}

/// A declaration.
pub struct Declared(Viewing);

impl FromForm for Declared {
    const LIMIT: usize = 2 * 12 * LONGEST_TEXT + form::LIMIT;

    fn read(fields: &mut Fields) -> Option<Self> {
        let why = fields.text("why", LONGEST_TEXT, "Say why nobody can decide without looking");
        let referred = fields.text("referred", LONGEST_TEXT, "Refer it first, then write what they said");
        let witness = fields.text("witness", LONGEST_LINE, "Write who is in the room");
        let place = fields.text("place", LONGEST_LINE, "Write on which device, and where");
        Some(Self(Viewing { why: why?, referred: referred?, witness: witness?, place: place? }))
    }
}

/// Declares it.
///
/// # Errors
/// Not for this person, or not on this procedure.
pub async fn declare(visit: Visit, Path(id): Path<ConcernId>, form: Form<Declared>) -> Answer {
    let path = format!("/concerns/{id}");
    let Some(Declared(viewing)) = form.input else {
        return visit.again(&ViewingPage { path, form: form.view });
    };
    match attachments::declare_viewing(visit.services(), &mut visit.ctx(), id, viewing).await {
        Ok(()) => visit.go_saying(&path, Tone::Done, "Declared. It stands in the record."),
        Err(error) => visit.again(&ViewingPage { path, form: mend(form.view, error)? }),
    }
}

fn word_page(id: ConcernId, file: AttachmentId, form: FormView) -> FileWord {
    FileWord { path: format!("/concerns/{id}/files/{file}"), back: format!("/concerns/{id}/files"), form }
}

async fn page(visit: &Visit, id: ConcernId, form: FormView) -> Result<Files, Fault> {
    let mut ctx = visit.ctx();
    let found = attachments::list(visit.services(), &mut ctx, id).await?;
    let decides = domain::access::authorize(&ctx.actor, Action::DecideSealed, Relation::Case).is_ok();
    let path = format!("/concerns/{id}");
    let files = found.files.into_iter().map(|file| {
        let (word, waiting) = match &file.state {
            FileState::Here => (Word::new(Tone::Done, "Kept"), None),
            FileState::Sealed(waiting) => (Word::new(Tone::Shut, "Sealed"), waiting.as_ref()),
            FileState::ToBeDestroyed(waiting) => (Word::new(Tone::Due, "To be destroyed"), Some(waiting)),
            FileState::Destroyed(_) => (Word::new(Tone::Calm, "Destroyed"), None),
        };
        let gone = matches!(file.state, FileState::Destroyed(_));
        let sealed = matches!(file.state, FileState::Sealed(_));
        let scanned = if file.scanned { "looked at for viruses" } else { "not looked at for viruses" };
        FileLine {
            path: format!("{path}/files/{}", file.id),
            about: format!("{}, {scanned}. Added by {}, {}", size(file.bytes), file.by, moment(visit, file.added_at)),
            here: !gone && !sealed,
            may_seal: !gone && !sealed,
            may_order: !gone && decides && waiting.is_none(),
            may_agree: decides && waiting.is_some_and(|waiting| !waiting.mine),
            may_withdraw: waiting.is_some_and(|waiting| waiting.mine),
            waiting: waiting.map(in_words),
            name: file.name,
            what: file.what,
            word,
        }
    });
    Ok(Files {
        reference: found.reference,
        none_here: found.none_here.map(why),
        stopped: found.stopped.is_some(),
        decides: found.stopped == Some(Stopped::ForYou),
        stop: false,
        asks: found.may_add,
        choose: false,
        declares: found.may_declare,
        files: files.collect(),
        form,
        path,
    })
}

fn why(none_here: NoFiles) -> String {
    match none_here {
        NoFiles::Imagery => "No files here, ever. This is about sexual images: taking one in would be a crime, ours and yours.",
        NoFiles::CouldBeIllegal => "No files here. Somebody said that something in this concern could be illegal, and only the police can say otherwise.",
    }
    .to_owned()
}

fn in_words(waiting: &Waiting) -> String {
    let act = match waiting.order {
        FileOrder::Release => "let it be seen again",
        FileOrder::Destroy => "destroy it, with its key",
    };
    format!("{act}. {} Recorded by {}.", waiting.word, waiting.by)
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}
