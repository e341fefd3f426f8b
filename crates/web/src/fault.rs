//! From "it was not done" to a page: the one place. A plain sentence, a way back, a reference where something broke.
//!
//! A handler returns [`Answer`] and uses `?` on every use case. What one may not see answers 404, exactly as what is
//! not there (S8). Logged once, here.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use views::{FormView, pages::problem::Problem};

/// What a handler returns.
pub type Answer = Result<Response, Fault>;

/// Why there is no page.
#[derive(Debug, Clone)]
pub enum Fault {
    /// A use case did not do it. With the texts that were typed, so that nothing is lost.
    App(std::sync::Arc<app::Error>, Vec<(String, String)>),
    /// Not there.
    NotFound,
    /// Sign in first; then go on to this path.
    SignIn(String),
    /// Do this first (second factor, password); then go on to this path.
    Duty(app::accounts::Duty, String),
    /// The screen locked itself; unlock and go on to this path.
    Locked(String),
    /// More was sent than the program takes, in bytes.
    TooLarge(usize),
    /// Not understood at all: no form, broken encoding.
    Unreadable,
    /// Sent from somebody else's page.
    Foreign,
    /// A template or an answer could not be made. For the log.
    Broken(String),
}

impl From<app::Error> for Fault {
    fn from(error: app::Error) -> Self {
        Self::App(std::sync::Arc::new(error), Vec::new())
    }
}

impl From<askama::Error> for Fault {
    fn from(error: askama::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

/// A fault travels in the response to the frame ([`crate::visit::enter`]), which knows the visit and draws the page.
impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl Fault {
    /// Where to send somebody instead of showing a page.
    pub fn redirect(&self) -> Option<String> {
        use domain::access::Refused;
        let to = |door: &str, next: &str| Some(format!("{door}?next={}", crate::visit::encode(next)));
        match self {
            Self::SignIn(next) => to("/sign-in", next),
            Self::Duty(duty, next) => to(crate::doorway::door_of(*duty), next),
            Self::Locked(next) => to("/unlock", next),
            Self::App(error, kept) if kept.is_empty() => match error.as_ref() {
                app::Error::Refused(Refused::SignIn) => Some("/sign-in".to_owned()),
                app::Error::Refused(Refused::SecondFactor) => Some("/sign-in/second-step".to_owned()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The status for machines.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::SignIn(_) | Self::Duty(..) | Self::Locked(_) => StatusCode::SEE_OTHER,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::Foreign => StatusCode::FORBIDDEN,
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::App(error, _) => match error.as_ref() {
                app::Error::NotFound | app::Error::Refused(domain::access::Refused::Role) => StatusCode::NOT_FOUND,
                app::Error::Refused(_) => StatusCode::UNAUTHORIZED,
                app::Error::Conflict { .. } | app::Error::Locked(_) => StatusCode::CONFLICT,
                app::Error::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
                app::Error::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
                app::Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            },
        }
    }

    /// The page. `reference` is the request's id; it is shown only where something broke.
    pub fn page(&self, reference: &str) -> Problem {
        let page = match self {
            Self::TooLarge(limit) => problem(
                "That was too much to send",
                &[
                    &match limit.saturating_sub(crate::form::LIMIT) / 3 {
                        // A limit counts what the browser sends: up to three signs for each that was typed.
                        0 => "Holdfast takes up to 64 kilobytes from a form, about thirty pages of text. Nothing was saved.".to_owned(),
                        typed if typed >= 1 << 20 => "Holdfast takes up to one megabyte of pasted lines at once: far more than two thousand lines. Nothing was saved.".to_owned(),
                        typed => format!("This form takes up to {} kilobytes of text. Nothing was saved.", typed / 1024),
                    },
                    "What you sent could not be kept. Go back: most browsers still show what you typed. Shorten it, or send it in two parts.",
                ],
            ),
            Self::Unreadable => problem(
                "Holdfast could not read what was sent",
                &[
                    "Nothing was saved. Go back and try once more. If it happens again, tell whoever looks after Holdfast.",
                ],
            ),
            Self::Foreign => problem(
                "That came from another website",
                &["Holdfast only takes what is sent from its own pages. Nothing was saved."],
            ),
            Self::Broken(_) => broken(),
            Self::SignIn(_) | Self::Duty(..) | Self::Locked(_) | Self::NotFound => not_here(),
            Self::App(error, kept) => app_page(error, kept),
        };
        let broke = self.status().is_server_error();
        // A concern is written down all the same (S3): this page needs nothing that may be away.
        let on_paper = broke.then(|| ("/blank-form".to_owned(), "Print the form for pen and paper".to_owned()));
        Problem { reference: broke.then(|| reference.to_owned()), on_paper, ..page }
    }

    /// Writes it to the log, once. Never the typed text.
    pub fn log(&self, request_id: &uuid::Uuid) {
        match self {
            Self::Broken(why) => tracing::error!(%request_id, why, "a page could not be made"),
            Self::App(error, _) if self.status().is_server_error() => {
                tracing::error!(%request_id, %error, "a use case failed")
            }
            other => tracing::debug!(%request_id, status = other.status().as_u16(), "no page"),
        }
    }
}

fn app_page(error: &app::Error, kept: &[(String, String)]) -> Problem {
    let page = match error {
        app::Error::NotFound | app::Error::Refused(_) => not_here(),
        app::Error::Conflict { theirs } => {
            let mut page = problem(
                "Somebody else changed this while you were writing",
                &[
                    "Nothing was overwritten. Below are their text and yours: open the page again and put in what is missing.",
                ],
            );
            page.kept.extend(theirs.iter().map(|(field, text)| (format!("Theirs: {field}"), text.clone())));
            page.kept.extend(kept.iter().map(|(field, text)| (format!("Yours: {field}"), text.clone())));
            return page;
        }
        app::Error::Locked(locked) => {
            problem("Not yet", &[&locked.to_string(), "If it has already happened, record it: that is always open."])
        }
        app::Error::Invalid(fields) => {
            problem("Something needs mending first", &fields.values().map(String::as_str).collect::<Vec<_>>())
        }
        app::Error::Unavailable { say } => problem(
            "Holdfast cannot do that just now",
            &[
                say,
                "If this is about a child's safety, do not wait: tell the safeguarding lead in person. In danger, ring 999.",
            ],
        ),
        app::Error::Internal(_) => broken(),
    };
    Problem { kept: kept.to_vec(), ..page }
}

fn not_here() -> Problem {
    problem(
        "This page is not here",
        &[
            "It may have moved, or it is not for your role. If you followed a link in a message, sign in with your own account first.",
        ],
    )
}

fn broken() -> Problem {
    problem(
        "Something in Holdfast broke",
        &[
            "It is our fault, not yours. What you did last may not have been saved: look before you type it again.",
            "If this is about a child's safety, do not wait: tell the safeguarding lead in person. In danger, ring 999.",
        ],
    )
}

fn problem(heading: &str, sentences: &[&str]) -> Problem {
    Problem {
        heading: heading.to_owned(),
        sentences: sentences.iter().map(|s| (*s).to_owned()).collect(),
        way: Some(("/".to_owned(), "To your page".to_owned())),
        ..Problem::default()
    }
}

/// A use case refused a form: its words go beside their fields, and the form is shown again. Anything else becomes a
/// fault that carries what was typed.
///
/// # Errors
/// The fault.
pub fn mend(mut view: FormView, error: app::Error) -> Result<FormView, Fault> {
    match error {
        app::Error::Invalid(fields) => {
            for (field, say) in fields {
                view.error(&field, say);
            }
            Ok(view)
        }
        other => Err(Fault::App(std::sync::Arc::new(other), view.all_kept())),
    }
}
