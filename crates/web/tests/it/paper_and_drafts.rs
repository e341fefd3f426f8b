//! What is kept for later, what goes on paper, and what serves when nothing else does.

use std::sync::{Arc, Mutex};

use app::concerns;
use app::gateway::Pending;
use app::printer::Printer;
use app::testing::TestApp;
use http::{StatusCode, header};

use crate::browser::Browser;
use crate::concern_journey::{text_of, told};
use crate::{Nursery, get, post};

async fn told_to(nursery: &Nursery) -> concerns::Filed {
    let mut ctx = nursery.app.ctx(nursery.app.people.practitioner);
    concerns::report(&nursery.app.services, &mut ctx, nursery.app.breach()).await.expect("filed")
}

const FORM: &str = "/concerns/report/filter_breach";

/// What the form says of the draft that it goes on from.
fn draft_at(html: &str) -> String {
    let page = scraper::Html::parse_document(html);
    let field = scraper::Selector::parse("input[name=draft_at]").unwrap();
    page.select(&field).next().and_then(|input| input.attr("value")).unwrap().to_owned()
}

#[tokio::test]
async fn a_report_is_kept_for_its_author_alone_until_it_is_sent() {
    let nursery = Nursery::new().await;
    let people = nursery.app.people;
    let reporter = Browser::of(&nursery, people.practitioner).await;

    // Half a form, nothing checked.
    let half = [("what_happened", "She said <b>it</b>."), ("children", "unknown"), ("keep", "save")];
    let (status, to, html) = reporter.send(FORM, &half).await;
    assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, "/"), "{html}");
    let (_, html) = reporter.see(FORM).await;
    assert!(text_of(&html, "main").contains("You began this on"), "{html}");
    assert!(html.contains("She said &#60;b&#62;it&#60;/b&#62;.") && html.contains("checked"), "{html}");
    let colleague = Browser::of(&nursery, people.colleague).await;
    let (_, html) = colleague.see(FORM).await;
    assert!(!html.contains("She said") && !html.contains("You began this"), "another\u{2019}s draft");

    // A second device that began empty: both texts, nothing overwritten.
    let other = [("what_happened", "Another text."), ("keep", "save")];
    let (status, _, html) = reporter.send(FORM, &other).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let both = text_of(&html, "main");
    assert!(both.contains("another draft") && both.contains("She said") && both.contains("Another text."), "{both}");
    let (_, html) = reporter.see(FORM).await;
    assert!(html.contains("She said") && !html.contains("Another text."), "the first is still kept");

    // Another report, sent from a form that began empty: the draft stays. Sent from the draft: it is gone.
    assert_eq!(reporter.send(FORM, &told(&[])).await.0, StatusCode::SEE_OTHER);
    let (_, html) = reporter.see(FORM).await;
    assert!(html.contains("She said"), "{html}");
    let (status, _, html) = reporter.send(FORM, &told(&[("draft_at", &draft_at(&html))])).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (_, html) = reporter.see(FORM).await;
    assert!(!html.contains("You began this") && !html.contains("She said"), "{html}");
    // Thrown away, without being sent.
    reporter.send(FORM, &half).await;
    reporter.send(FORM, &[("keep", "forget")]).await;
    assert!(!reporter.see(FORM).await.1.contains("She said"));
    nursery.app.end().await;
}

#[tokio::test]
async fn words_and_steps_are_kept_and_a_step_recorded_meanwhile_is_shown() {
    let nursery = Nursery::new().await;
    let people = nursery.app.people;
    let filed = told_to(&nursery).await;
    let id = filed.concern;
    let reporter = Browser::of(&nursery, people.practitioner).await;
    let words = format!("/reports/{id}/words");
    let (status, ..) = reporter.send(&words, &[("child_words", "“Look”"), ("keep", "save")]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (_, html) = reporter.see(&words).await;
    assert!(html.contains("“Look”") && text_of(&html, "main").contains("You began this"), "{html}");
    let stranger = Browser::of(&nursery, people.colleague).await;
    let (status, ..) = stranger.send(&words, &[("child_words", "x"), ("keep", "save")]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    reporter.send(&words, &[("child_words", "“Look!”"), ("draft_at", &draft_at(&html))]).await;
    assert!(!reporter.see(&words).await.1.contains("You began this"));

    let step = format!("/concerns/{id}/steps/could_be_illegal");
    let lead = Browser::of(&nursery, people.dsl).await;
    let begun = [("act", "done"), ("seen", "0"), ("answer", "no"), ("why", "A cartoon.")];
    lead.send(&step, &[&begun[..], &[("keep", "save")]].concat()).await;
    let deputy = Browser::of(&nursery, people.deputy).await;
    let theirs = [("act", "done"), ("seen", "0"), ("answer", "not_sure"), ("why", "It looked young.")];
    assert_eq!(deputy.send(&step, &theirs).await.0, StatusCode::SEE_OTHER);
    let (_, html) = lead.see(&step).await;
    assert!(html.contains("A cartoon.") && html.contains("name=\"seen\" value=\"0\""), "as it was begun: {html}");
    let (status, _, html) = lead.send(&step, &begun).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let both = text_of(&html, "main");
    assert!(both.contains("Ben Deputy recorded this") && html.contains("A cartoon."), "{both}");
    assert!(html.contains("name=\"seen\" value=\"1\""), "shown, therefore seen");
    nursery.app.end().await;
}

/// Every other long form: kept for its author alone, given back, never written over from another device, gone when it was sent.
#[tokio::test]
async fn what_is_added_referred_written_planned_learned_and_noted_is_kept_too() {
    let nursery = Nursery::new().await;
    let people = nursery.app.people;
    let id = told_to(&nursery).await.concern;
    let lead = Browser::of(&nursery, people.dsl).await;
    let judged = [("act", "done"), ("seen", "0"), ("answer", "no"), ("why", "A cartoon.")];
    lead.send(&format!("/concerns/{id}/steps/could_be_illegal"), &judged).await;
    let (child, parent) = (people.child.to_string(), people.parent.to_string());
    let colleague = people.colleague.to_string();
    let concern = |rest: &str| format!("/concerns/{id}/{rest}");
    // The form, where it goes, the field with the long text, what else it needs to be whole, and who writes.
    let when = [("event-day", "2"), ("event-month", "3"), ("event-year", "2026"), ("event-time", "08:58")];
    let at = [("at-day", "2"), ("at-month", "3"), ("at-year", "2026"), ("at-time", "08:58")];
    let owner = people.dsl.to_string();
    let review = [("review_on-day", "2"), ("review_on-month", "5"), ("review_on-year", "2026")];
    let letter = concern(&format!("letter?child={child}&to={parent}"));
    let forms = [
        (concern("entries"), concern("entries"), "text", [&[("kind", "fact")][..], &when].concat(), people.dsl),
        (
            concern("referrals/new?agency=police"),
            concern("referrals"),
            "a_concern",
            vec![("agency", "police"), ("decision", "refer")],
            people.dsl,
        ),
        (letter, concern("letter"), "text", vec![("child", child.as_str()), ("to", parent.as_str())], people.dsl),
        (
            concern("plan"),
            concern("plan"),
            "need",
            [&[("child", child.as_str()), ("owner", &owner), ("help", "A corner."), ("voice", "Mine.")][..], &review]
                .concat(),
            people.dsl,
        ),
        (concern("debrief"), concern("debrief"), "lesson-0-what", Vec::new(), people.dsl),
        (
            "/low-level/new".to_owned(),
            "/low-level/new".to_owned(),
            "what",
            [&[("about", colleague.as_str()), ("response", "Talked.")][..], &at].concat(),
            people.manager,
        ),
    ];
    for (form, to, field, rest, who) in &forms {
        let writer = if *who == people.dsl {
            Browser { nursery: &nursery, cookie: lead.cookie.clone(), csrf: lead.csrf.clone() }
        } else {
            Browser::of(&nursery, *who).await
        };
        let hidden: Vec<(&str, &str)> =
            rest.iter().filter(|(name, _)| ["agency", "child", "to"].contains(name)).copied().collect();
        let half = [&hidden[..], &[(*field, "Zanderfish began here."), ("keep", "save")]].concat();
        let (status, _, html) = writer.send(to, &half).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{form}: {html}");
        let (_, html) = writer.see(form).await;
        assert!(html.contains("Zanderfish began here.") && text_of(&html, "main").contains("You began this"), "{html}");
        // The writer's first page leads back to it, and nobody else's form holds it.
        let (_, home) = writer.see("/").await;
        assert!(home.contains(&form.replace('&', "&#38;")) || home.contains(form.as_str()), "{form}: {home}");
        assert!(!home.contains("Zanderfish"), "{home}");
        // A second device that began empty.
        let other = [&hidden[..], &[(*field, "Another text."), ("keep", "save")]].concat();
        let (status, _, html) = writer.send(to, &other).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{form}: {html}");
        let both = text_of(&html, "main");
        assert!(both.contains("another draft") && html.contains("Another text."), "{form}: {both}");
        assert!(both.contains("Zanderfish"), "{form}: {both}");
        let (_, html) = writer.see(form).await;
        assert!(html.contains("Zanderfish began here.") && !html.contains("Another text."), "{form}");
        if rest.is_empty() {
            writer.send(to, &[("keep", "forget")]).await;
        } else {
            let at = draft_at(&html);
            let whole = [&rest[..], &[(*field, "Zanderfish began here."), ("draft_at", &at)]].concat();
            let (status, _, html) = writer.send(to, &whole).await;
            assert_eq!(status, StatusCode::SEE_OTHER, "{form}: {html}");
        }
        let (_, html) = writer.see(form).await;
        assert!(!html.contains("You began this"), "{form}: its draft stays after it was sent");
    }
    // Whom the concern is not for keeps nothing by its forms, and learns nothing.
    let stranger = Browser::of(&nursery, people.chair).await;
    for (_, to, field, rest, who) in forms.iter().filter(|(.., who)| *who == people.dsl) {
        let half = [&rest[..], &[(*field, "Zanderfish."), ("keep", "save")]].concat();
        assert_eq!(stranger.send(to, &half).await.0, StatusCode::NOT_FOUND, "{to} by {who}");
    }
    let deputy = Browser::of(&nursery, people.deputy).await;
    let (_, html) = deputy.see(&concern("entries")).await;
    assert!(!html.contains("Zanderfish"), "another\u{2019}s draft");
    // Shut out afterwards, one's own draft of it is a thing that never was.
    deputy.send(&concern("entries"), &[("text", "Zanderfish of the deputy."), ("keep", "save")]).await;
    assert!(deputy.see("/").await.1.contains(&concern("entries")));
    concerns::exclude(&nursery.app.services, &mut nursery.app.ctx(people.dsl), id, people.deputy).await.unwrap();
    assert!(!deputy.see("/").await.1.contains(&concern("entries")));
    nursery.app.end().await;
}

/// A worker that keeps what it was given.
#[derive(Default)]
struct Kept(Mutex<Vec<serde_json::Value>>);

impl Printer for Kept {
    fn pdf<'a>(&'a self, document: &'a serde_json::Value) -> Pending<'a, Result<Vec<u8>, String>> {
        self.0.lock().unwrap().push(document.clone());
        Box::pin(async { Ok(b"%PDF-1.7 of the test".to_vec()) })
    }
}

#[tokio::test]
async fn a_concern_leaves_in_a_parcel_whose_name_says_nothing() {
    let mut app = TestApp::new().await;
    let worker = Arc::new(Kept::default());
    app.services.printer = worker.clone();
    let nursery = Nursery::of(app);
    let people = nursery.app.people;
    let filed = told_to(&nursery).await;
    let lead = Browser::of(&nursery, people.dsl).await;
    let concern = filed.concern.to_string();
    let told =
        [("concern", concern.as_str()), ("for_whom", "PC 4711"), ("why", "They asked"), ("other_way", "By hand")];
    // While police or advice come first the page says so, and asks which of those it is who may be told at any time.
    let (_, page) = lead.see(&format!("/exports/new?concern={concern}")).await;
    assert!(page.contains("what you may say, and when") && page.contains("name=\"agency\""), "{page}");
    let (status, _, html) = lead.send("/exports/new", &told).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{html}");
    let told = [&told[..], &[("agency", "police")]].concat();
    let stranger = Browser::of(&nursery, people.practitioner).await;
    assert_eq!(stranger.send("/exports/new", &told).await.0, StatusCode::NOT_FOUND);
    let (status, _, html) = lead.send("/exports/new", &told).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    let documents = worker.0.lock().unwrap().clone();
    assert_eq!(documents.len(), 1, "nothing was printed for the stranger");
    let marking = documents[0].pointer("/data/marking").and_then(serde_json::Value::as_str).unwrap().to_owned();
    assert!(marking.contains("for PC 4711, by Amara Lead"), "on every page: {marking}");
    let parcel = format!("/exports/{}", html.split("href=\"/exports/").nth(1).unwrap().split('"').next().unwrap());
    let (status, headers, body) = nursery.ask(post(&parcel, &lead.cookie, format!("_token={}", lead.csrf))).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(headers[header::CONTENT_TYPE], "application/zip");
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    let name = headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert!(name.starts_with("attachment; filename=\"export-") && !name.contains(&filed.reference), "{name}");
    assert!(!body.contains(&filed.reference), "it is encrypted");
    // Not without the token, and for nobody else.
    assert_eq!(nursery.ask(post(&parcel, &lead.cookie, "_token=forged")).await.0, StatusCode::SEE_OTHER);
    assert_eq!(stranger.send(&parcel, &[]).await.0, StatusCode::NOT_FOUND);
    nursery.app.end().await;
}

/// However long a chronology is, it comes out whole, and no answer holds more than one sheet.
#[tokio::test]
async fn a_chronology_of_thousands_of_lines_comes_out_whole_sheet_by_sheet() {
    const LINES: usize = 2_300;
    const SHEET: usize = 2_000;
    let nursery = Nursery::new().await;
    let people = nursery.app.people;
    let id = told_to(&nursery).await.concern;
    for number in 0..LINES {
        nursery.app.world.pass(jiff::SignedDuration::from_secs(1));
        let text = format!("Line-{number}-end");
        let new =
            concerns::NewEntry { kind: domain::concern::EntryKind::Note, text, event_at: nursery.app.world.now() };
        concerns::add_entry(&nursery.app.services, &mut nursery.app.ctx(people.dsl), id, new).await.expect("written");
    }
    let lead = Browser::of(&nursery, people.dsl).await;
    let (mut next, mut sheets) = (Some(format!("/concerns/{id}/chronology/print")), Vec::new());
    while let Some(path) = next {
        let (status, html) = lead.see(&path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        let page = scraper::Html::parse_document(&html);
        let before = scraper::Selector::parse("main a[href*='/print?before=']").unwrap();
        next = page.select(&before).next().and_then(|link| link.attr("href")).map(str::to_owned);
        let words = text_of(&html, "main");
        assert_eq!(words.contains("on a sheet of its own"), sheets.len() < 2, "{path} says which sheet it is");
        let lines: Vec<usize> = (0..LINES).filter(|number| words.contains(&format!("Line-{number}-end"))).collect();
        assert!(lines.len() <= SHEET, "{} lines on one sheet", lines.len());
        sheets.push(lines);
    }
    assert_eq!(sheets.len(), 2, "{sheets:?}");
    let mut all = sheets.concat();
    all.sort_unstable();
    assert_eq!(all, (0..LINES).collect::<Vec<_>>(), "each line once");
}

#[tokio::test]
async fn the_form_for_pen_and_paper_needs_no_account() {
    let nursery = Nursery::new().await;
    let (status, _, html) = nursery.ask(get("/blank-form")).await;
    assert_eq!(status, StatusCode::OK);
    let page = text_of(&html, "main");
    for words in ["999", "exactly as you can", "your signature"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    for from in ["/sign-in", "/who-to-tell"] {
        let (_, _, html) = nursery.ask(get(from)).await;
        assert!(html.contains("href=\"/blank-form\""), "{from}");
    }
}

#[tokio::test]
async fn the_bar_names_the_role_that_bears_most() {
    let nursery = Nursery::new().await;
    // Bea is a deputy and a practitioner; Dora is the chair and a member of the committee.
    for (who, title) in [(nursery.app.people.deputy_2, "deputy"), (nursery.app.people.chair, "chair")] {
        let browser = Browser::of(&nursery, who).await;
        let (_, html) = browser.see("/account").await;
        let bar = text_of(&html, ".hf-bar").to_lowercase();
        let role = bar.split_once(' ').map(|(_, rest)| rest).unwrap_or_default();
        assert!(role.contains(title) && !role.contains("practitioner"), "{bar}");
    }
}
