//! "Save for later": a half-written form is kept on the server, for its author alone, and is not sent (S46). The form has
//! a button `keep` and says in `draft_at` which draft it went on from, so that a second device overwrites nothing unseen.
//!
//! To let another form be kept: take it as [`Keepable`], so that a button about the draft comes before anything else is checked, show
//! [`restored`], call [`sent`] when it was sent, draw `pages/concerns/_draft.html` (a `RegisterForm` with a draft draws it by itself),
//! and say in `app::drafts` where the form is.

use std::collections::BTreeMap;

use app::drafts;
use axum::response::IntoResponse;
use http::StatusCode;
use jiff::Timestamp;
use views::FormView;
use views::pages::concerns::Draft;
use views::ui::Tone;

use super::moment;
use crate::{Answer, Fault, Fields, FromForm, Visit, fault::mend};

/// Fields of the form itself, never part of what was written.
const NOT_TEXT: [&str; 4] = ["keep", "draft_at", "look", "_token"];

/// A button about the draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressed {
    /// Keep it.
    Save,
    /// Throw it away.
    Forget,
    /// Keep it while the writer goes on: our script asks, and hears when it was kept.
    Quiet,
}

/// Was a button about the draft pressed? Then nothing else of the form is checked: half a text is welcome.
pub fn pressed(fields: &Fields) -> Option<Pressed> {
    button(fields.raw("keep"))
}

/// The same, of a form whose fields its page reads one by one.
pub fn pressed_in(form: &FormView) -> Option<Pressed> {
    button(form.value("keep"))
}

fn button(value: &str) -> Option<Pressed> {
    match value {
        "save" => Some(Pressed::Save),
        "forget" => Some(Pressed::Forget),
        "quiet" => Some(Pressed::Quiet),
        _ => None,
    }
}

/// A form that can be kept for later: a button about its draft, or the whole of it.
pub enum Keepable<T> {
    /// Keep it, or throw it away.
    Keep(Pressed),
    /// It is sent.
    Send(T),
}

impl<T: FromForm> FromForm for Keepable<T> {
    const SECRETS: &'static [&'static str] = T::SECRETS;
    const LIMIT: usize = T::LIMIT;

    fn read(fields: &mut Fields) -> Option<Self> {
        match pressed(fields) {
            Some(pressed) => Some(Self::Keep(pressed)),
            None => T::read(fields).map(Self::Send),
        }
    }
}

/// The form as it was kept, or `fresh`.
///
/// # Errors
/// The records are away.
pub async fn restored(visit: &Visit, key: &str, fresh: FormView) -> Result<(FormView, Draft), Fault> {
    let Some(kept) = drafts::lookup(visit.services(), &visit.ctx(), key).await? else {
        return Ok((fresh, Draft::default()));
    };
    let mut form = FormView::new();
    for (name, text) in &kept.fields {
        form.keep(name.split('#').next().unwrap_or(name), text.clone());
    }
    form.set("draft_at", kept.saved_at.to_string());
    let begun =
        format!("You began this on {}. It was kept for you and has not been sent.", moment(visit, kept.saved_at));
    Ok((form, Draft { begun: Some(begun), other: None }))
}

/// What to do after the button: go on to `then`, or show the form again, with the other draft if there is one.
pub enum Next {
    /// Done.
    Go(Answer),
    /// Not kept: the form, and what to say above it.
    Again(FormView, Draft),
}

/// Does what the button says.
///
/// # Errors
/// The records are away.
pub async fn done(visit: &Visit, key: &str, pressed: Pressed, mut form: FormView, then: &str) -> Result<Next, Fault> {
    if pressed == Pressed::Forget {
        drafts::discard(visit.services(), &mut visit.ctx(), key).await?;
        return Ok(Next::Go(visit.go_saying(then, Tone::Done, "The draft is thrown away.")));
    }
    let began: Option<Timestamp> = form.value("draft_at").parse().ok();
    if pressed == Pressed::Quiet {
        return Ok(Next::Go(quietly(visit, key, &form, began).await));
    }
    match drafts::save(visit.services(), &mut visit.ctx(), key, written(&form), began).await {
        Ok(()) => {
            let words = "Saved for later, and not sent. Open the same form again to go on; only you see it.";
            Ok(Next::Go(visit.go_saying(then, Tone::Done, words)))
        }
        Err(app::Error::Conflict { theirs }) => {
            let at: Option<Timestamp> = theirs.get("_at").and_then(|at| at.parse().ok());
            form.set("draft_at", at.map(|at| at.to_string()).unwrap_or_default());
            let when = at.map(|at| moment(visit, at)).unwrap_or_default();
            Ok(Next::Again(form, Draft { begun: None, other: Some((when, in_words(&theirs))) }))
        }
        Err(error) => Ok(Next::Again(mend(form, error)?, Draft::default())),
    }
}

/// Keeps it without leaving the page. Nothing of what was typed comes back: only when it was kept, or that it was not.
async fn quietly(visit: &Visit, key: &str, form: &FormView, began: Option<Timestamp>) -> Answer {
    let mut ctx = visit.ctx();
    // As the row has it: a later press must say exactly which draft it goes on from.
    let at = Timestamp::from_microsecond(ctx.now.as_microsecond()).unwrap_or(ctx.now);
    let (status, answer) = match drafts::save(visit.services(), &mut ctx, key, written(form), began).await {
        Ok(()) => {
            let clock = crate::words::clock(&visit.services().calendar.local(at));
            let say = format!("Kept for later at {clock}, and not sent.");
            (StatusCode::OK, serde_json::json!({ "draft_at": at.to_string(), "say": say }))
        }
        Err(app::Error::Conflict { .. }) => {
            let say = "You kept another draft of this meanwhile, perhaps on another device. Press “Save for later” to see both.";
            (StatusCode::CONFLICT, serde_json::json!({ "say": say }))
        }
        Err(app::Error::Invalid(why)) => {
            let say = why.into_values().collect::<Vec<_>>().join(" ");
            (StatusCode::UNPROCESSABLE_ENTITY, serde_json::json!({ "say": say }))
        }
        Err(other) => return Err(other.into()),
    };
    Ok((status, axum::Json(answer)).into_response())
}

/// A form was sent that went on from a draft: the draft goes, one that it did not go on from stays. That this fails must
/// not look as if the sending had failed.
pub async fn sent(visit: &Visit, key: &str, form: &FormView) {
    if form.value("draft_at").is_empty() {
        return;
    }
    if let Err(error) = drafts::discard(visit.services(), &mut visit.ctx(), key).await {
        tracing::warn!(%error, "a draft could not be taken away after its form was sent");
    }
}

/// What was typed, by field; the second and later values of a repeated field as `name#2`, `name#3` ….
fn written(form: &FormView) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    for (name, text) in form.all_kept() {
        if NOT_TEXT.contains(&name.as_str()) {
            continue;
        }
        let mut key = name.clone();
        let mut count = 1;
        while fields.contains_key(&key) {
            count += 1;
            key = format!("{name}#{count}");
        }
        fields.insert(key, text);
    }
    fields
}

/// The texts of a draft, for people: without ids, parts of dates and what only the form needs.
fn in_words(fields: &BTreeMap<String, String>) -> Vec<(String, String)> {
    const PARTS: [&str; 5] = ["day", "month", "year", "time", "kind"];
    let for_people = fields.iter().filter(|(name, text)| {
        let of_a_date = name.rsplit_once('-').is_some_and(|(_, part)| PARTS.contains(&part));
        let inner = name.starts_with('_') || of_a_date || ["act", "seen", "kind"].contains(&name.as_str());
        !inner && text.parse::<uuid::Uuid>().is_err()
    });
    for_people.map(|(name, text)| (label(name), text.clone())).collect()
}

/// `lesson-0-what`: "lesson 1 what".
fn label(name: &str) -> String {
    let word =
        |part: &str| part.parse::<usize>().map_or_else(|_| part.to_owned(), |n| (n.saturating_add(1)).to_string());
    name.split(['-', '_']).map(word).collect::<Vec<_>>().join(" ")
}
