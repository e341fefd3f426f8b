//! The site over a nursery of its own: doors, forms, headers, faults, signing in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking; clippy's own exception covers only the test functions"
)]

mod api;
mod browser;
mod concern_journey;
mod device_pages;
mod doors;
mod edge;
mod files;
mod filter_lists;
mod filter_pages;
mod https;
mod leaving;
mod need_to_know;
mod paper_and_drafts;
mod set_up;
mod telling;
mod time_limits;
mod unseen;
mod unseen_kinds;
mod walk;
mod working_pages;

use std::sync::Arc;

use app::testing::TestApp;
use axum::{Router, body::Body, response::Response};
use holdfast_web::{Config, Edge, Site, router};
use http::{Request, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// A worker that prints the same page whatever it is given.
struct Prints;

impl app::printer::Printer for Prints {
    fn pdf<'a>(&'a self, _: &'a serde_json::Value) -> app::gateway::Pending<'a, Result<Vec<u8>, String>> {
        Box::pin(async { Ok(b"%PDF-1.7 of the test".to_vec()) })
    }
}

/// A nursery and its site.
pub(crate) struct Nursery {
    pub(crate) app: TestApp,
    router: Router,
}

impl Nursery {
    pub(crate) async fn new() -> Self {
        let mut app = TestApp::new().await;
        app.services.printer = Arc::new(Prints);
        Self::of(app)
    }

    /// The site of a nursery whose services the test has chosen.
    pub(crate) fn of(app: TestApp) -> Self {
        let world = app.world.clone();
        let edge = Edge { now: Arc::new(move || world.now()), ..Edge::system() };
        let config = Config { https: true, styleguide: true, key: [7; 32] };
        let router = router(Site::new(config, edge, app.services.clone()));
        Self { app, router }
    }

    /// Status, headers and text of an answer.
    pub(crate) async fn ask(&self, request: Request<Body>) -> (http::StatusCode, http::HeaderMap, String) {
        let response: Response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts.status, parts.headers, String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The cookie and the token of a fresh form.
    pub(crate) async fn form_of(&self, path: &str) -> (String, String) {
        let (_, headers, html) = self.ask(get(path)).await;
        let cookie = headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        let page = scraper::Html::parse_document(&html);
        let field = scraper::Selector::parse("main input[name=_token]").unwrap();
        let token = page.select(&field).next().unwrap().value().attr("value").unwrap().to_owned();
        (cookie, token)
    }
}

pub(crate) fn get(path: &str) -> Request<Body> {
    Request::get(path).header(header::HOST, "holdfast.local").body(Body::empty()).unwrap()
}

pub(crate) fn post(path: &str, cookie: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path)
        .header(header::HOST, "holdfast.local")
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.into())
        .unwrap()
}
