//! Locks this screen now: walking away from a tablet.

use crate::{Answer, Form, Visit, doorway};

/// Locks.
///
/// # Errors
/// The records are away.
pub async fn post(visit: Visit, form: Form<()>) -> Answer {
    if form.input.is_some() {
        doorway::lock(&visit).await?;
    }
    visit.go("/unlock")
}
