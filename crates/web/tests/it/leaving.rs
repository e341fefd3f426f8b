//! No door but one lets a case out as a file (S47): every route is knocked on by everybody who works cases, and whatever answers with a
//! file is searched for words of the case; whatever prints them says on the page who printed it, and in the audit.

use std::sync::Arc;

use app::gateway::Pending;
use app::testing::TestApp;
use holdfast_web::routes;
use http::{Method, header};

use crate::browser::{Browser, encoded};
use crate::walk::Things;
use crate::{Nursery, get, post};

/// A worker whose pages are what it was given, so that whoever looks finds the words again.
struct Legible;

impl app::printer::Printer for Legible {
    fn pdf<'a>(&'a self, document: &'a serde_json::Value) -> Pending<'a, Result<Vec<u8>, String>> {
        Box::pin(async move { Ok(format!("%PDF-1.7 {document}").into_bytes()) })
    }
}

/// Words of the concerns of this test: what was seen, a child, a family, a letter, an entry.
const OF_A_CASE: [&str; 5] = ["penguins", "Joy Child", "Ida Parent", "Dear Ida", "switched off"];

/// What the ways of a case on paper end with.
const PRINTS: &str = "/print";

#[tokio::test]
async fn no_route_gives_a_case_away_as_a_file_and_paper_says_whose_it_is() {
    let mut app = TestApp::new().await;
    app.services.printer = Arc::new(Legible);
    let nursery = Nursery::of(app);
    let people = nursery.app.people;
    let lead = Browser::of(&nursery, people.dsl).await;
    let things = Things::of(&nursery, &lead).await;
    let (mut files, mut papers) = (0, 0);
    for person in [people.dsl, people.deputy, people.manager, people.chair] {
        let browser = match person == people.dsl {
            true => Browser { nursery: &nursery, cookie: lead.cookie.clone(), csrf: lead.csrf.clone() },
            false => Browser::of(&nursery, person).await,
        };
        for route in routes::all().iter().filter(|route| !["/sign-out", "/lock"].contains(&route.path)) {
            let path = things.path(route);
            let before = nursery.app.acts().await;
            let request = match route.method {
                Method::GET => browser.with_cookie(get(&path)),
                _ => post(&path, &browser.cookie, format!("_token={}", encoded(&browser.csrf))),
            };
            let (status, headers, body) = nursery.ask(request).await;
            let named = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let kind = named(header::CONTENT_TYPE);
            let is_file = named(header::CONTENT_DISPOSITION).contains("attachment")
                || ["pdf", "zip", "csv", "octet-stream"].iter().any(|one| kind.contains(one));
            let of_a_case = OF_A_CASE.iter().find(|words| body.contains(**words));
            if is_file && status.is_success() {
                files += 1;
                assert_eq!(of_a_case, None, "{path} gives a case away as a file: {kind}");
            }
            if route.path.ends_with(PRINTS) && status.is_success() && of_a_case.is_some() {
                papers += 1;
                assert!(
                    body.contains("hf-watermark") && body.contains("Printed "),
                    "{path} does not say who printed it"
                );
                assert!(nursery.app.acts().await > before, "{path} is not in the audit");
            }
        }
    }
    assert!(files >= 2, "the reports of counts and of duties are files: {files}");
    assert!(papers >= 4, "a concern, a referral, a letter, a chronology are paper: {papers}");
}
