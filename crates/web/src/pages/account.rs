//! My account: where I am signed in, my tokens, my devices; fresh recovery codes and the choice of a setting.

pub mod codes;
pub mod places;

use app::accounts;
use domain::SessionId;
use uuid::Uuid;
use views::ui::Tone;

use crate::pages::devices::Press;
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

/// Ends all my sessions but this one.
///
/// # Errors
/// The records are away.
pub async fn end_others(visit: Visit, form: Form<Press>) -> Answer {
    if form.input.is_none() {
        return visit.go_saying("/account", Tone::Due, "Nothing was ended. Press the button once more.");
    }
    accounts::end_other_sessions(visit.services(), &mut visit.ctx()).await?;
    visit.go_saying("/account", Tone::Done, "You are signed in only here.")
}

/// Which token to end.
pub struct EndToken(Uuid);

impl FromForm for EndToken {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.parsed("token", "Choose one of your tokens").map(Self)
    }
}

/// Ends a token of mine.
///
/// # Errors
/// It is not mine, or the records are away.
pub async fn end_token(visit: Visit, form: Form<EndToken>) -> Answer {
    let Some(EndToken(id)) = form.input else {
        return visit.go_saying("/account", Tone::Due, "That was not ended. Press the button once more.");
    };
    accounts::end_token(visit.services(), &mut visit.ctx(), id).await?;
    visit.go_saying("/account", Tone::Done, "That token no longer works.")
}
