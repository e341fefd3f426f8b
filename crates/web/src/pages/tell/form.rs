//! The form, and the six words after it.

use app::concerns::SafeNow;
use app::telling::{self, Door, LONGEST, LONGEST_LINE, Matter, SenderIs, Unsigned};
use axum::extract::Path;
use domain::PersonId;
use views::FormView;
use views::pages::tell::{Form as FormPage, Sent};

use super::{Knock, knock, later, of, path};
use crate::calm::For;
use crate::pages::concerns::ring;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend, form};

/// What is typed.
pub struct Input {
    /// The word of chance of this form.
    once: String,
    /// The report.
    unsigned: Unsigned,
}

impl FromForm for Input {
    // Two long texts, each letter up to four bytes, each byte up to three signs.
    const LIMIT: usize = 2 * 12 * LONGEST + form::LIMIT;

    fn read(fields: &mut Fields) -> Option<Self> {
        let safe_now = fields.choice("safe_now", safe, "Say if everybody is safe now");
        let matter = fields.choice("matter", Matter::from_key, "Say what it is about");
        let about = match fields.raw("about") {
            "" | "nobody" => Some(None),
            _ => fields.parsed::<PersonId>("about", "Choose somebody from the list").map(Some),
        };
        let what_happened = fields.text("what_happened", LONGEST, "Write what happened. A few words are enough");
        let worry = fields.maybe("worry", LONGEST);
        let day = fields.maybe_date("day");
        let sender = match fields.raw("sender") {
            "" => Some(SenderIs::Unsaid),
            _ => fields.choice("sender", SenderIs::from_key, "Choose from the list"),
        };
        let name = fields.maybe("name", LONGEST_LINE);
        let reach = fields.maybe("reach", LONGEST_LINE);
        let once: String = fields.raw("once").chars().take(64).collect();
        Some(Self {
            once,
            unsigned: Unsigned {
                matter: matter?,
                about: about?,
                safe_now: safe_now?,
                what_happened: what_happened?,
                worry: worry?.unwrap_or_default(),
                day: day?,
                sender: sender?,
                name: name?.unwrap_or_default(),
                reach: reach?.unwrap_or_default(),
            },
        })
    }
}

fn safe(key: &str) -> Option<SafeNow> {
    match key {
        "yes" => Some(SafeNow::Yes),
        "no" => Some(SafeNow::No),
        "not_sure" => Some(SafeNow::NotSure),
        _ => None,
    }
}

/// The form.
///
/// # Errors
/// No setting has this word.
pub async fn get(visit: Visit, Path(word): Path<String>) -> Answer {
    let door = of(&visit, &word).await?;
    let once = crate::session::fresh_word(&mut *visit.site().rng());
    visit.page(&page(&door, FormView::new().with("once", once)))
}

/// Tells it. The six words come in the answer itself: there is nothing of the sender to remember them by.
///
/// # Errors
/// The records are away: the page then says whom to ring.
pub async fn post(visit: Visit, Path(word): Path<String>, form: Form<Input>) -> Answer {
    let door = of(&visit, &word).await?;
    let Some(Input { once, unsigned }) = form.input else { return visit.again(&page(&door, form.view)) };
    let now = visit.services().now();
    if let Some(receipt) = visit.site().once().answered(&once, now) {
        return sent(&visit, &door, &receipt);
    }
    let _turn = match knock(&visit, For::Telling).await {
        Knock::Go(turn) => turn,
        Knock::Wait(seconds) => {
            return later(&visit, &FormPage { wait: Some(seconds), ..page(&door, form.view) }, seconds);
        }
    };
    match telling::tell(visit.services(), &mut visit.ctx(), &door, unsigned).await {
        Ok(told) => {
            if !once.is_empty() {
                visit.site().once().remember(&once, &told.receipt, now);
            }
            sent(&visit, &door, &told.receipt)
        }
        Err(app::Error::Unavailable { say }) => {
            let mut view = form.view;
            view.error("", say);
            visit.unavailable(&page(&door, view))
        }
        Err(error) => visit.again(&page(&door, mend(form.view, error)?)),
    }
}

fn page(door: &Door, form: FormView) -> FormPage {
    FormPage {
        path: path(door),
        setting: door.name.clone(),
        named: door.named.iter().map(|named| (named.person.to_string(), named.words.clone())).collect(),
        form,
        wait: None,
        outside: door.outside.iter().map(ring).collect(),
    }
}

fn sent(visit: &Visit, door: &Door, receipt: &str) -> Result<axum::response::Response, Fault> {
    visit.page(&Sent {
        path: path(door),
        words: receipt.split(' ').map(str::to_owned).collect(),
        outside: door.outside.iter().map(ring).collect(),
    })
}
