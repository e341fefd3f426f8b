//! Ends this session.

use views::ui::Tone;

use crate::{Answer, Form, Visit, doorway, session};

/// Signs out. An old form still signs out: leaving needs no proof, and another site cannot post here at all.
///
/// # Errors
/// The records are away.
pub async fn post(visit: Visit, _: Form<()>) -> Answer {
    doorway::sign_out(&visit).await?;
    let mut response = visit.go_saying("/sign-in", Tone::Done, "You are signed out.")?;
    let mut gone = session::cookie(visit.site(), session::cookie_name(visit.site()).to_owned(), String::new());
    gone.make_removal();
    crate::visit::add_cookie(&mut response, gone);
    // A shared tablet keeps nothing of who was here: no page to go back to, nothing stored (S46).
    response.headers_mut().insert("clear-site-data", http::HeaderValue::from_static("\"cache\", \"storage\""));
    Ok(response)
}
