//! A real setting from nothing, through its pages: the one-time link, every step, a person, a long list, a device, and
//! the policy that the gateway is given at the end of it.

use std::sync::Arc;

use app::accounts::second_factor;
use app::testing::TestApp;
use app::{Services, setup};
use axum::body::Body;
use holdfast_web::{Config, Edge, Site, router};
use http::{HeaderMap, Request, StatusCode, header};
use scraper::{Html, Selector};

use crate::{Nursery, get, post};

/// An installation with keys and no setting yet, its recovery code, and the browser in which it is set up.
struct Bare {
    nursery: Nursery,
    services: Services,
    db: testkit::TestDb,
    cookies: std::collections::BTreeMap<String, String>,
}

impl Bare {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let db = testkit::db().await;
        let services = Services { db: db.db.clone(), data: db.folder.path().to_owned(), ..app.services.clone() };
        let world = app.world.clone();
        let edge = Edge { now: Arc::new(move || world.now()), ..Edge::system() };
        let config = Config { https: true, styleguide: false, key: [7; 32] };
        let nursery = Nursery { app, router: router(Site::new(config, edge, services.clone())) };
        Self { nursery, services, db, cookies: std::collections::BTreeMap::new() }
    }

    fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    async fn ask(&mut self, mut request: Request<Body>) -> (StatusCode, HeaderMap, String) {
        let cookie = self.cookie();
        request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
        let answer = self.nursery.ask(request).await;
        for cookie in answer.1.get_all(header::SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
        answer
    }

    async fn see(&mut self, path: &str) -> String {
        let (status, _, html) = self.ask(get(path)).await;
        assert_eq!(status, StatusCode::OK, "{path}: {html}");
        html
    }

    /// Opens the page of a form and sends it: status, where it leads, page.
    async fn fill(&mut self, page: &str, to: &str, fields: &[(&str, &str)]) -> (StatusCode, String, String) {
        let html = self.see(page).await;
        let mut body = format!("_token={}", encoded(&value_of(&html, "main input[name=_token]")));
        for (name, value) in fields {
            body.push_str(&format!("&{}={}", encoded(name), encoded(value)));
        }
        let (status, headers, html) = self.ask(post(to, "", body)).await;
        let to = headers.get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
        (status, to, html)
    }

    /// As [`Self::fill`], where it must go well.
    async fn done(&mut self, page: &str, fields: &[(&str, &str)]) -> String {
        let (status, to, html) = self.fill(page, page, fields).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{page}: {html}");
        to
    }
}

/// As a browser does: letters and figures as they are, the rest as %XX.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b' ' => "+".to_owned(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

fn value_of(html: &str, field: &str) -> String {
    let page = Html::parse_document(html);
    let found = page.select(&Selector::parse(field).unwrap()).next();
    found.unwrap_or_else(|| panic!("no {field} in {html}")).value().attr("value").unwrap().to_owned()
}

fn text_of(html: &str, selector: &str) -> String {
    let page = Html::parse_document(html);
    page.select(&Selector::parse(selector).unwrap()).flat_map(|found| found.text()).collect::<Vec<_>>().join(" ")
}

const WORDS: &str = "copper teapot lantern fog";

/// The link, the first person, and their second step.
async fn begun(bare: &mut Bare) {
    let code = bare.db.code.printable().to_string();
    let mut nobody = bare.nursery.app.world.nobody();
    let link = setup::make_link(&bare.services, &mut nobody, Some(&code)).await.unwrap().unwrap();
    let first = |again: &'static str| {
        [
            ("setting_name", "Sandpiper Nursery"),
            ("template", "n"),
            ("name", "Carys Example"),
            ("username", "carys"),
            ("new", WORDS),
            ("again", again),
        ]
    };
    let (status, _, html) = bare.fill(&link, &link, &first("something else altogether")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(value_of(&html, "input[name=setting_name]"), "Sandpiper Nursery", "what was typed stays");
    assert!(!html.contains(WORDS), "but no password comes back");
    let (status, to, html) = bare.fill(&link, &link, &first(WORDS)).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    assert_eq!(to, "/account/second-step?next=/set-up");
    assert_eq!(bare.ask(get(&link)).await.0, StatusCode::NOT_FOUND, "the link is used up");
    let html = bare.see("/account/second-step").await;
    let secret: String = text_of(&html, "main code").chars().filter(char::is_ascii_alphanumeric).collect();
    let figures = second_factor::figures(&secret, bare.nursery.app.world.now()).unwrap();
    let (status, _, html) = bare.fill("/account/second-step", "/account/second-step", &[("code", &figures)]).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    assert!(text_of(&html, "h1").contains("Keep these codes"));
}

#[tokio::test]
async fn a_setting_from_the_link_to_the_typed_back_code() {
    let mut bare = Bare::new().await;
    begun(&mut bare).await;

    let (status, _, html) =
        bare.fill("/set-up/lead", "/set-up/name/lead", &[("name", "Amara Lead"), ("username", "amara")]).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    assert!(html.contains("https://holdfast.test/set-password/"), "a link to hand over, shown once");
    let (status, ..) = bare.fill("/set-up/chair", "/set-up/name/chair", &[("name", "Priya Chair")]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let asked = [("internet", "E.I.S."), ("filtering", "E.I.S."), ("resolvers", "192.0.2.53")];
    assert_eq!(bare.done("/set-up/filtering", &asked).await, "/set-up");

    // The form begins with the hours of most nurseries; a mistake keeps what was typed and says where.
    let html = bare.see("/set-up/hours").await;
    assert_eq!(value_of(&html, "input[name=monday-from]"), "08:00");
    assert_eq!(value_of(&html, "input[name=sunday-from]"), "");
    let wrong = [("monday-from", "8 o’c"), ("monday-to", "18:00")];
    let (status, _, html) = bare.fill("/set-up/hours", "/set-up/hours", &wrong).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(value_of(&html, "input[name=monday-from]"), "8 o’c");
    assert!(text_of(&html, "#monday-from-error").contains("08:00"), "{html}");
    bare.done("/set-up/hours", &[("monday-from", "07:30"), ("monday-to", "18:00")]).await;
    let html = bare.see("/set-up/hours").await;
    assert_eq!(value_of(&html, "input[name=monday-from]"), "07:30", "what was written down stands in the form");
    assert_eq!(value_of(&html, "input[name=tuesday-from]"), "");

    // Who approves a change of the filter: here one person, until a second one may (S45).
    let (status, ..) = bare.fill("/set-up/approving", "/set-up/approving", &[("approving", "")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "an answer is needed");
    bare.done("/set-up/approving", &[("approving", "chair_or_delay")]).await;
    let html = bare.see("/set-up/approving").await;
    assert!(html.contains("value=\"chair_or_delay\" checked"), "{html}");

    let device = [("name", "Owls tablet"), ("kind", "tablet"), ("group", "children"), ("addresses", "192.0.2.77")];
    let tablet = bare.done("/devices/new", &device).await;
    assert!(bare.see(&tablet).await.contains("http://probe-"), "an address that must be blocked on it");
    let (status, ..) = bare.fill("/set-up/essential", "/set-up/essential", &[("calls", "here")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "each is asked for");
    let essential = [("calls", "here"), ("alarms", "elsewhere"), ("medical", "none"), ("doors", "none")];
    bare.done("/set-up/essential", &essential).await;
    assert!(bare.see("/set-up/essential").await.contains("No device is in that group."), "said at once");
    let code = bare.db.code.printable().to_string();
    assert!(bare.see("/set-up/recovery-code").await.contains(&code), "the code, for paper");
    bare.done("/set-up/recovery-code", &[("code", &code.to_lowercase())]).await;
    assert!(!bare.see("/set-up/recovery-code").await.contains(&code), "no page shows it again");
    let html = bare.see("/set-up").await;
    assert!(text_of(&html, "main").contains("Your setting is set up."), "{html}");

    // The gateway has the new setting's policy, with the tablet in it.
    while app::jobs::run_due(&bare.services, &mut bare.nursery.app.world.system()).await.unwrap() > 0 {}
    let published = bare.nursery.app.gateway.published();
    let last = published.last().expect("a policy for the gateway");
    let text = serde_json::to_string(last).unwrap();
    assert!(text.contains("192.0.2.77"), "the tablet is known by its address: {text}");
}

#[tokio::test]
async fn people_one_by_one_and_in_a_megabyte() {
    let mut bare = Bare::new().await;
    begun(&mut bare).await;
    bare.done("/people/rooms", &[("room", "Owls")]).await;
    let child = bare.done("/people/new", &[("kind", "child"), ("name", "Robin Example")]).await;
    let staff = [
        ("kind", "staff"),
        ("name", "Sam Example"),
        ("joined-day", "1"),
        ("joined-month", "9"),
        ("joined-year", "2025"),
    ];
    let person = bare.done("/people/new", &staff).await;
    assert!(bare.see(&person).await.contains("1 September 2025"), "the first day");

    // A role is called what this setting calls it.
    let role = format!("{person}/role");
    assert!(bare.see(&role).await.contains("Chairperson of the Management Committee"));
    bare.done(&role, &[("role", "practitioner")]).await;
    assert!(text_of(&bare.see(&person).await, "table").contains("Nursery assistant"));

    // A tie is added, seen from both sides, and taken away.
    let other = person.rsplit('/').next().unwrap().to_owned();
    let ties = format!("{child}/ties");
    bare.done(&ties, &[("other", &other), ("kind", "parent"), ("do_not_contact", "yes")]).await;
    let html = bare.see(&child).await;
    assert!(text_of(&html, "table").contains("DO NOT CONTACT"), "{html}");
    assert!(text_of(&bare.see(&person).await, "table").contains("They are the parent here"));
    let tie = value_of(&html, "input[name=tie]");
    let (status, ..) = bare.fill(&child, &format!("{ties}/remove"), &[("tie", &tie)]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(!text_of(&bare.see(&child).await, "table").contains("DO NOT CONTACT"));

    // A sign-in is given and ended.
    let (status, ..) = bare.fill(&person, &format!("{person}/account"), &[("username", "sam")]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(bare.see(&person).await.contains("End their sign-in"));
    bare.fill(&person, &format!("{person}/end-account"), &[]).await;
    assert!(bare.see(&person).await.contains("Has no sign-in"));

    // The page promises a megabyte.
    let row = |at: usize| format!("Child {at} {},child\n", "é".repeat(50));
    let mut lines: String = "name,kind\n".to_owned() + &(0..1_500).map(row).collect::<String>();
    let padding = (1 << 20) - lines.len();
    lines.push_str(&"\n".repeat(padding));
    let (status, to, html) = bare.fill("/imports/people", "/imports/people", &[("file", &lines)]).await;
    assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, "/imports/people/preview"), "{}", html.len());
    assert!(text_of(&bare.see("/imports/people/preview").await, "main").contains("Add all 1500"));
    let too_long = "x".repeat(4 << 20);
    let (status, _, html) = bare.fill("/imports/people", "/imports/people", &[("file", &too_long)]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(html.contains("one megabyte"), "{html}");
}

#[tokio::test]
async fn ones_own_account() {
    let mut bare = Bare::new().await;
    begun(&mut bare).await;
    let html = bare.see("/account").await;
    assert!(text_of(&html, "main").contains("10 left"), "{html}");
    assert!(!html.contains("/account/settings"), "one setting: nothing to choose");
    let here = bare.cookies.clone();
    bare.cookies.retain(|name, _| name != "__Host-holdfast");
    bare.done("/sign-in", &[("username", "carys"), ("password", WORDS)]).await;
    bare.cookies = here;
    assert!(bare.see("/account").await.contains("End all but this one"));
    let (status, ..) = bare.fill("/account", "/account/sessions/end-others", &[]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(!bare.see("/account").await.contains("End all but this one"));
}
