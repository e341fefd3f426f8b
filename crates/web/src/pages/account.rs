//! My account, and where I am signed in.

use domain::SessionId;
use views::ui::Tone;

use crate::{Answer, Fields, Form, FromForm, Visit, doorway};

/// Which session to end.
pub struct End {
    session: SessionId,
}

impl FromForm for End {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { session: fields.parsed("session", "Choose one of your sessions")? })
    }
}

/// My account.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit) -> Answer {
    visit.page(&doorway::account(&visit).await?)
}

/// Ends another session of mine.
///
/// # Errors
/// It is not mine, or the records are away.
pub async fn end_session(visit: Visit, form: Form<End>) -> Answer {
    let Some(End { session }) = form.input else {
        return visit.go_saying("/account", Tone::Due, "That was not ended. Press the button once more.");
    };
    doorway::end_session(&visit, session).await?;
    visit.go_saying("/account", Tone::Done, "That session has ended.")
}
