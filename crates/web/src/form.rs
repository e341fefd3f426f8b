//! Forms: bytes in, checked values or a form to mend out.
//!
//! A form is a struct with [`FromForm`]; a handler takes [`Form<T>`]. `input` is there only if every field is good *and*
//! the token proves that the form is ours, so a handler cannot act on a forged or expired one: it shows `view` again,
//! with everything that was typed but the secrets.
//!
//! To add a kind of field: a method of [`Fields`] here, a component in `views::ui`.

mod moment;
mod read;

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
};
use futures_util::StreamExt;
use views::FormView;

pub use read::{Fields, Secret};

use crate::{fault::Fault, visit::Visit};

/// The most that a form may bring, in bytes, unless it says otherwise.
pub const LIMIT: usize = 64 * 1024;

/// What of a longer body is read and thrown away, so that the browser hears our answer instead of a closed line.
const DRAIN: usize = 32 * 1024 * 1024;

/// A form that a page understands.
pub trait FromForm: Sized {
    /// Fields that are never sent back: passwords, codes.
    const SECRETS: &'static [&'static str] = &[];

    /// The most that it may bring, in bytes as the browser sends them: up to three for each byte that was typed.
    const LIMIT: usize = LIMIT;

    /// Reads the fields. Ask for every field before using `?`, so that all errors show at once.
    fn read(fields: &mut Fields) -> Option<Self>;
}

/// A form of buttons only.
impl FromForm for () {
    fn read(_: &mut Fields) -> Option<Self> {
        Some(())
    }
}

/// A form as it came.
#[derive(Debug)]
pub struct Form<T> {
    /// The values; nothing if something needs mending.
    pub input: Option<T>,
    /// What to show again.
    pub view: FormView,
    /// A time in it is ahead of the clock.
    asks_for_the_clock: bool,
}

impl<S: Send + Sync, T: FromForm + Send> FromRequest<S> for Form<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, state).await?;
        let bytes = read_body(body, T::LIMIT).await?;
        let pairs = pairs(parts, bytes).await?;
        let form = Self::from_pairs(&visit, pairs.clone(), visit.site().now());
        if !form.asks_for_the_clock {
            return Ok(form);
        }
        // A time that is still to come, or a clock that is wrong (S43)? Only now is it worth asking the records.
        Ok(Self::from_pairs(&visit, pairs, visit.latest().await))
    }
}

impl<T: FromForm> Form<T> {
    fn from_pairs(visit: &Visit, pairs: Vec<(String, String)>, latest: jiff::Timestamp) -> Self {
        let token = pairs.iter().find(|(name, _)| name == "_token").map_or("", |(_, value)| value.as_str()).to_owned();
        let mut fields = Fields::new(pairs, T::SECRETS, latest);
        let input = T::read(&mut fields);
        let asks_for_the_clock = fields.is_ahead();
        let mut view = fields.into_view();
        refuse_pictures(&mut view);
        if !visit.token_is(&token) {
            view.error(
                "",
                "This page had been open for a long time. Nothing is lost: look it over and press the button again.",
            );
        }
        let input = input.filter(|_| !view.has_errors());
        Self { input, view, asks_for_the_clock }
    }
}

/// A picture pasted into a box for words goes no further, and is not sent back either; everything else stays (S17).
fn refuse_pictures(view: &mut FormView) {
    let pasted = view.all_kept().into_iter().filter(|(_, text)| domain::pasted::is_image_data(text));
    for (name, _) in pasted.collect::<Vec<_>>() {
        view.forget(&name);
        view.error(&name, app::concerns::NO_PICTURES);
    }
}

async fn pairs(parts: http::request::Parts, bytes: Vec<u8>) -> Result<Vec<(String, String)>, Fault> {
    let mut request = Request::from_parts(parts, Body::from(bytes));
    // `read_body` has measured it already; axum's own limit would refuse a long list that a page has promised to take.
    axum::extract::DefaultBodyLimit::disable().apply(&mut request);
    let form = axum_extra::extract::Form::<Vec<(String, String)>>::from_request(request, &()).await;
    form.map(|form| form.0).map_err(|_| Fault::Unreadable)
}

/// What of a body that is not a plain form is read and thrown away at most.
pub(crate) const MOST: usize = DRAIN;

async fn read_body(body: Body, limit: usize) -> Result<Vec<u8>, Fault> {
    let mut stream = body.into_data_stream();
    let (mut kept, mut seen) = (Vec::new(), 0_usize);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Fault::Unreadable)?;
        seen = seen.saturating_add(chunk.len());
        if seen > DRAIN {
            break;
        }
        if seen <= limit {
            kept.extend_from_slice(&chunk);
        }
    }
    if seen > limit { Err(Fault::TooLarge(limit)) } else { Ok(kept) }
}
