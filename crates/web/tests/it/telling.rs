//! The open door as a browser meets it: nothing of the sender goes in or out, everything typed stays, nobody finds a
//! receipt by trying, and a flood is slowed.

use holdfast_web::{Access, routes};
use http::{StatusCode, header};

use crate::browser::{Browser, encoded};
use crate::concern_journey::text_of;
use crate::{Nursery, get, post};

/// The path of the nursery's door.
fn door(nursery: &Nursery) -> String {
    format!("/tell/{}", app::telling::word_of(nursery.app.setting))
}

fn value_of(html: &str, name: &str) -> String {
    let page = scraper::Html::parse_document(html);
    let field = scraper::Selector::parse(&format!("main [name={name}]")).unwrap();
    page.select(&field).next().and_then(|input| input.attr("value")).unwrap_or_default().to_owned()
}

/// Opens a form of the door and sends it, as a browser without any cookie.
async fn fill(nursery: &Nursery, at: &str, fields: &[(&str, &str)]) -> (StatusCode, http::HeaderMap, String) {
    let (_, _, html) = nursery.ask(get(at)).await;
    let mut all = vec![("_token", value_of(&html, "_token")), ("once", value_of(&html, "once"))];
    all.extend(fields.iter().map(|(name, text)| (*name, (*text).to_owned())));
    send(nursery, at, &all).await
}

async fn send(nursery: &Nursery, to: &str, fields: &[(&str, String)]) -> (StatusCode, http::HeaderMap, String) {
    let body = fields.iter().map(|(name, text)| format!("{}={}", encoded(name), encoded(text)));
    nursery.ask(post(to, "", body.collect::<Vec<_>>().join("&"))).await
}

const TOLD: [(&str, &str); 6] = [
    ("safe_now", "yes"),
    ("matter", "child"),
    ("what_happened", "Somebody shouted at a <b>child</b>."),
    ("worry", "It may happen again."),
    ("name", "Kim"),
    ("about", "nobody"),
];

/// The six words of the page that follows.
fn words_of(html: &str) -> String {
    let page = scraper::Html::parse_document(html);
    let item = scraper::Selector::parse(".hf-words li").unwrap();
    page.select(&item).map(|li| li.text().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_parent_tells_comes_back_reads_the_answer_and_writes() {
    let nursery = Nursery::new().await;
    let at = door(&nursery);
    let (status, headers, _) = nursery.ask(get("/tell")).await;
    assert_eq!((status, headers[header::LOCATION].to_str().unwrap()), (StatusCode::SEE_OTHER, at.as_str()));
    let (status, _, html) = fill(&nursery, &format!("{at}/new"), &TOLD).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    let words = words_of(&html);
    assert_eq!(words.split(' ').count(), 6, "{html}");

    let lead = Browser::of(&nursery, nursery.app.people.dsl).await;
    let (_, queue) = lead.see("/concerns").await;
    let id = queue.split("/concerns/").find_map(|rest| rest.get(..36).filter(|id| id.parse::<uuid::Uuid>().is_ok()));
    let id = id.unwrap_or_else(|| panic!("nothing in the queue: {queue}"));
    let (_, html) = lead.see(&format!("/concerns/{id}")).await;
    let case = text_of(&html, "main");
    assert!(case.contains("Somebody without an account") && case.contains("They give this name: Kim."), "{case}");
    assert!(html.contains(&format!("/concerns/{id}/sender")), "{html}");
    let answer = [("text", "Thank you, we have read it.")];
    assert_eq!(lead.send(&format!("/concerns/{id}/sender"), &answer).await.0, StatusCode::SEE_OTHER);

    let (status, _, html) = fill(&nursery, &format!("{at}/back"), &[("code", &words.to_uppercase())]).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    let inbox = text_of(&html, "main");
    assert!(inbox.contains("Thank you, we have read it.") && inbox.contains("Somebody has read it"), "{inbox}");
    assert!(!inbox.contains("shouted") && !html.contains(&words), "what was first told, and the words, stay away");
    let more = vec![
        ("_token", value_of(&html, "_token")),
        ("pass", value_of(&html, "pass")),
        ("text", "It was on Monday.".to_owned()),
    ];
    let (status, _, html) = send(&nursery, &format!("{at}/read"), &more).await;
    assert!(status == StatusCode::OK && text_of(&html, "main").contains("It was on Monday."), "{html}");
    let (_, html) = lead.see(&format!("/concerns/{id}")).await;
    assert!(html.contains("It was on Monday."), "{html}");
    nursery.app.end().await;
}

#[tokio::test]
async fn the_door_sets_no_cookie_reads_none_and_names_nothing() {
    let nursery = Nursery::new().await;
    let at = door(&nursery);
    let lead = Browser::of(&nursery, nursery.app.people.dsl).await;
    for path in [at.clone(), format!("{at}/new"), format!("{at}/back"), "/tell/nowhere1".to_owned()] {
        // With a session in the same browser, too.
        for request in [get(&path), lead.with_cookie(get(&path))] {
            let (_, headers, html) = nursery.ask(request).await;
            assert!(!headers.contains_key(header::SET_COOKIE), "{path}");
            assert_eq!(headers[header::CACHE_CONTROL], "no-store", "{path}");
            assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
            assert!(!html.contains("Sign out") && !html.contains(&lead.csrf), "{path} knows who is signed in");
            let title = text_of(&html, "title");
            assert!(title == "Information" || path.contains("nowhere"), "{title}");
        }
    }
    // A session that is used here does not even count as seen.
    let (_, headers, html) = fill(&nursery, &format!("{at}/new"), &TOLD).await;
    assert!(!headers.contains_key(header::SET_COOKIE), "{html}");
    nursery.app.end().await;
}

#[test]
fn nameless_doors_lie_under_tell_and_nothing_else_does() {
    for route in routes::all() {
        let below = route.path == "/tell" || route.path.starts_with("/tell/");
        assert_eq!(route.access == Access::Nameless, below, "{}", route.path);
    }
}

#[tokio::test]
async fn whatever_is_wrong_what_was_typed_stays() {
    let nursery = Nursery::new().await;
    let at = format!("{}/new", door(&nursery));
    let long = "x".repeat(10_001);
    let picture = format!("data:image/png;base64,{}", "iVBORw0KGgo".repeat(60));
    let wrong: [(&str, &str); 9] = [
        ("safe_now", ""),
        ("safe_now", "perhaps"),
        ("matter", "children"),
        ("what_happened", "  "),
        ("what_happened", &long),
        ("worry", &picture),
        ("about", "0190a1b2-0000-7000-8000-000000000000"),
        ("day-day", "40"),
        ("sender", "king"),
    ];
    for (name, text) in wrong {
        let mut fields: Vec<(&str, &str)> = TOLD.iter().copied().filter(|(known, _)| *known != name).collect();
        fields.push((name, text));
        let (status, _, html) = fill(&nursery, &at, &fields).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name}={text:.20}: {html}");
        assert!(html.contains("govuk-error-summary"), "{name}");
        for (kept, text) in TOLD.iter().filter(|(known, _)| *known != name && *known != "about") {
            let escaped = text.replace('<', "&#60;").replace('>', "&#62;");
            assert!(html.contains(&escaped), "{name} is wrong and {kept} is lost: {html}");
        }
        assert!(!html.contains("iVBORw0KGgo"), "the picture is not sent back");
    }
    // An old or a foreign token: the same, and nothing is filed.
    let mut fields: Vec<(&str, String)> = TOLD.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    fields.push(("_token", "0000".into()));
    let (status, _, html) = send(&nursery, &at, &fields).await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && html.contains("It may happen again."), "{html}");
    let lead = nursery.app.ctx(nursery.app.people.dsl);
    let waiting = app::concerns::waiting(&nursery.app.services, &lead).await.unwrap();
    assert_eq!(waiting, 0);
    nursery.app.end().await;
}

#[tokio::test]
async fn the_second_press_tells_nothing_twice() {
    let nursery = Nursery::new().await;
    let at = format!("{}/new", door(&nursery));
    let (_, _, html) = nursery.ask(get(&at)).await;
    let mut fields: Vec<(&str, String)> = TOLD.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    fields.extend([("_token", value_of(&html, "_token")), ("once", value_of(&html, "once"))]);
    let first = words_of(&send(&nursery, &at, &fields).await.2);
    assert_eq!(words_of(&send(&nursery, &at, &fields).await.2), first);
    let lead = nursery.app.ctx(nursery.app.people.dsl);
    assert_eq!(app::concerns::waiting(&nursery.app.services, &lead).await.unwrap(), 1);
    nursery.app.end().await;
}

#[tokio::test]
async fn nobody_finds_a_receipt_by_trying_and_a_stale_pass_loses_no_text() {
    let nursery = Nursery::new().await;
    let at = door(&nursery);
    let words = words_of(&fill(&nursery, &format!("{at}/new"), &TOLD).await.2);
    // Words that were never given out: the same page for each, until it is time to wait.
    let mut answers = std::collections::BTreeSet::new();
    let mut rng = <rand::rngs::StdRng as rand::SeedableRng>::seed_from_u64(4);
    let mut turned_away = 0;
    for _ in 0..12 {
        let never = domain::reference::words::fresh(&mut rng);
        let (status, headers, html) = fill(&nursery, &format!("{at}/back"), &[("code", &never)]).await;
        match status {
            StatusCode::TOO_MANY_REQUESTS => {
                assert!(headers.contains_key(header::RETRY_AFTER));
                turned_away += 1;
            }
            _ => {
                assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
                answers.insert(text_of(&html, ".govuk-error-summary"));
            }
        }
        assert!(!html.contains("You told us on"));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(turned_away, 6);
    nursery.app.world.pass(jiff::SignedDuration::from_secs(11));
    let (status, _, html) = fill(&nursery, &format!("{at}/back"), &[("code", &words)]).await;
    assert_eq!(status, StatusCode::OK, "the right words are served again after a moment");

    // A pass is signed, for one report, for half an hour.
    let (token, pass) = (value_of(&html, "_token"), value_of(&html, "pass"));
    let bent = pass.replacen(|c: char| c.is_ascii_digit(), "x", 1);
    let later = format!("{}9{}", &pass[..37], &pass[37..]);
    for wrong in [bent.as_str(), later.as_str(), "", "..", "0190a1b2-0000-7000-8000-000000000000.9999999999.00"] {
        let fields = [("_token", token.clone()), ("pass", wrong.to_owned()), ("text", "Once more.".into())];
        let (status, _, html) = send(&nursery, &format!("{at}/read"), &fields).await;
        assert!(status == StatusCode::UNPROCESSABLE_ENTITY && html.contains("Once more."), "{wrong}: {html}");
        assert!(html.contains("name=\"code\""), "{wrong}");
    }
    nursery.app.world.pass(jiff::SignedDuration::from_mins(31));
    let fields = [("_token", token.clone()), ("pass", pass), ("text", "Once more.".into())];
    let (status, _, html) = send(&nursery, &format!("{at}/read"), &fields).await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && html.contains("Once more."), "{html}");
    let fields = [("_token", token), ("code", words), ("text", "Once more.".into())];
    let (status, _, html) = send(&nursery, &format!("{at}/back"), &fields).await;
    assert!(status == StatusCode::OK && text_of(&html, "main").contains("We have your message."), "{html}");
    nursery.app.end().await;
}

#[tokio::test]
async fn a_flood_is_slowed_and_staff_work_on() {
    let nursery = Nursery::new().await;
    let at = format!("{}/new", door(&nursery));
    let (mut served, mut waits) = (0, 0);
    for _ in 0..20 {
        let (status, headers, html) = fill(&nursery, &at, &TOLD).await;
        match status {
            StatusCode::OK => served += 1,
            StatusCode::TOO_MANY_REQUESTS => {
                assert!(headers.contains_key(header::RETRY_AFTER) && html.contains("It may happen again."));
                waits += 1;
            }
            other => panic!("{other}: {html}"),
        }
    }
    assert!((5..=6).contains(&served) && waits >= 14, "{served} served, {waits} asked to wait");
    let colleague = Browser::of(&nursery, nursery.app.people.practitioner).await;
    let mut told: Vec<(&str, &str)> =
        vec![("kind", "filter_breach"), ("safe_now", "yes"), ("what_happened", "A picture.")];
    told.extend([("event-day", "2"), ("event-month", "3"), ("event-year", "2026"), ("event-time", "08:58")]);
    let (status, _, html) = colleague.send("/concerns/report/filter_breach", &told).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    nursery.app.end().await;
}

#[tokio::test]
async fn the_poster_leads_to_the_door() {
    let nursery = Nursery::new().await;
    let staff = Browser::of(&nursery, nursery.app.people.practitioner).await;
    let (status, html) = staff.see("/poster").await;
    assert!(status == StatusCode::OK && html.contains(&format!("https://holdfast.test{}", door(&nursery))), "{html}");
    assert!(html.contains("<svg role=\"img\""), "{html}");
    nursery.app.end().await;
}
