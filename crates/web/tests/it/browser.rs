//! Somebody's browser, signed in, over a nursery of the tests.

use axum::body::Body;
use domain::PersonId;
use http::{Request, StatusCode, header};

use crate::{Nursery, get, post};

/// Somebody's browser.
pub(crate) struct Browser<'a> {
    pub(crate) nursery: &'a Nursery,
    pub(crate) cookie: String,
    pub(crate) csrf: String,
}

impl<'a> Browser<'a> {
    pub(crate) async fn of(nursery: &'a Nursery, person: PersonId) -> Self {
        let (token, csrf) = nursery.app.signed_in(person).await;
        Self { nursery, cookie: format!("__Host-holdfast={token}"), csrf }
    }

    pub(crate) fn with_cookie(&self, mut request: Request<Body>) -> Request<Body> {
        request.headers_mut().insert(header::COOKIE, self.cookie.parse().unwrap());
        request
    }

    pub(crate) async fn see(&self, path: &str) -> (StatusCode, String) {
        let (status, _, html) = self.nursery.ask(self.with_cookie(get(path))).await;
        (status, html)
    }

    /// Sends a form: status, where it leads, page.
    pub(crate) async fn send(&self, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String, String) {
        let mut body = format!("_token={}", encoded(&self.csrf));
        for (name, value) in fields {
            body.push_str(&format!("&{}={}", encoded(name), encoded(value)));
        }
        let (status, headers, html) = self.nursery.ask(post(path, &self.cookie, body)).await;
        let to = headers.get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
        (status, to, html)
    }
}

pub(crate) fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
