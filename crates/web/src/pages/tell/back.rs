//! Coming back: six words, then what waits, and one more message.
//!
//! The six words open a pass: which report, until when, signed. It lies in the page's form for half an hour, so that the
//! words themselves need not, and so that each message does not cost another slow hash.

use app::telling::{self, Door, LONGEST};
use axum::extract::Path;
use domain::ConcernId;
use jiff::{SignedDuration, Timestamp};
use views::FormView;
use views::pages::tell::{Back, Inbox};

use super::{Knock, knock, later, of, path};
use crate::calm::For;
use crate::pages::concerns::ring;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend, flash, form, words};

/// How long one may read and write before the words are asked for once more.
const PASS: SignedDuration = SignedDuration::from_mins(30);

/// The form for the words.
///
/// # Errors
/// No setting has this word.
pub async fn get(visit: Visit, Path(word): Path<String>) -> Answer {
    let door = of(&visit, &word).await?;
    visit.page(&words_page(&door, FormView::new()))
}

/// The six words, and a message that had been kept.
pub struct Code {
    typed: String,
    text: String,
}

impl FromForm for Code {
    const LIMIT: usize = 12 * LONGEST + form::LIMIT;

    fn read(fields: &mut Fields) -> Option<Self> {
        let typed = fields.text("code", 400, "Write your six words");
        let text = fields.maybe("text", LONGEST);
        Some(Self { typed: typed?, text: text?.unwrap_or_default() })
    }
}

/// Opens what waits. A wrong code is counted, whatever is wrong with it.
///
/// # Errors
/// The records are away.
pub async fn open(visit: Visit, Path(word): Path<String>, form: Form<Code>) -> Answer {
    let door = of(&visit, &word).await?;
    let Some(Code { typed, text }) = form.input else { return visit.again(&words_page(&door, form.view)) };
    let turn = match knock(&visit, For::Receipt).await {
        Knock::Go(turn) => turn,
        Knock::Wait(seconds) => {
            return later(&visit, &Back { wait: Some(seconds), ..words_page(&door, form.view) }, seconds);
        }
    };
    let concern = match telling::open(visit.services(), &door, &typed).await {
        Ok(concern) => concern,
        Err(error) => return visit.again(&words_page(&door, mend(form.view, error)?)),
    };
    drop(turn);
    let pass = pass(&visit, &door, concern);
    if text.is_empty() {
        return visit.page(&inbox(&visit, &door, concern, FormView::new().with("pass", pass)).await?);
    }
    let view = FormView::new().with("pass", pass).with("text", text.clone());
    say(&visit, &door, concern, view, &text).await
}

/// One more message, or "is there an answer now?".
pub struct More {
    pass: String,
    look: bool,
    text: String,
}

impl FromForm for More {
    const LIMIT: usize = 12 * LONGEST + form::LIMIT;

    fn read(fields: &mut Fields) -> Option<Self> {
        let text = fields.maybe("text", LONGEST);
        let (pass, look) = (fields.raw("pass").to_owned(), !fields.raw("look").is_empty());
        Some(Self { pass, look, text: text?.unwrap_or_default() })
    }
}

/// Reads once more, or writes.
///
/// # Errors
/// The records are away.
pub async fn read(visit: Visit, Path(word): Path<String>, form: Form<More>) -> Answer {
    let door = of(&visit, &word).await?;
    let concern = passed(&visit, &door, form.view.value("pass"));
    let (Some(concern), Some(more)) = (concern, form.input) else {
        return match concern {
            Some(concern) => visit.again(&inbox(&visit, &door, concern, form.view).await?),
            // Away for too long: the message stays, the words are asked for.
            None => visit.again(&words_page(&door, form.view)),
        };
    };
    if more.look {
        let view = FormView::new().with("pass", more.pass).with("text", more.text);
        return visit.page(&inbox(&visit, &door, concern, view).await?);
    }
    say(&visit, &door, concern, form.view, &more.text).await
}

/// Keeps a message and shows it in its place; everything typed stays when it cannot be kept.
async fn say(visit: &Visit, door: &Door, concern: ConcernId, mut view: FormView, text: &str) -> Answer {
    let _turn = match knock(visit, For::Telling).await {
        Knock::Go(turn) => turn,
        Knock::Wait(seconds) => {
            let page = inbox(visit, door, concern, view).await?;
            return later(visit, &Inbox { wait: Some(seconds), ..page }, seconds);
        }
    };
    match telling::write(visit.services(), &mut visit.ctx(), door, concern, text).await {
        Ok(()) => {
            view.forget("text");
            visit.page(&Inbox { thanks: true, ..inbox(visit, door, concern, view).await? })
        }
        Err(error) => visit.again(&inbox(visit, door, concern, mend(view, error)?).await?),
    }
}

fn words_page(door: &Door, form: FormView) -> Back {
    let kept = !form.value("text").is_empty();
    Back { path: path(door), form, wait: None, kept, outside: door.outside.iter().map(ring).collect() }
}

async fn inbox(visit: &Visit, door: &Door, concern: ConcernId, form: FormView) -> Result<Inbox, Fault> {
    let found = telling::read(visit.services(), door, concern).await?;
    let messages = found.messages.into_iter().map(|one| (one.from_us, one.text, words::day(one.on)));
    Ok(Inbox {
        path: path(door),
        told_on: words::day(found.told_on),
        read: found.read,
        closed: found.closed,
        messages: messages.collect(),
        thanks: false,
        form,
        wait: None,
        outside: found.outside.iter().map(ring).collect(),
    })
}

/// Which report, until when; signed.
fn pass(visit: &Visit, door: &Door, concern: ConcernId) -> String {
    let until = visit.services().now().saturating_add(PASS).map_or(0, Timestamp::as_second);
    format!("{concern}.{until}.{}", signed(visit, door, &concern.to_string(), until))
}

fn passed(visit: &Visit, door: &Door, pass: &str) -> Option<ConcernId> {
    let mut parts = pass.splitn(3, '.');
    let (concern, until, mark) = (parts.next()?, parts.next()?.parse::<i64>().ok()?, parts.next()?);
    let fresh = visit.services().now().as_second() < until;
    (flash::same(mark, &signed(visit, door, concern, until)) && fresh).then(|| concern.parse().ok()).flatten()
}

fn signed(visit: &Visit, door: &Door, concern: &str, until: i64) -> String {
    flash::mark(&visit.site().config().key, "tell pass", &format!("{} {concern} {until}", door.word))
}
