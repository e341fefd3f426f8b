//! A concern through its pages: told on a tablet, opened, a step, two people at once, learned from, printed.

use http::StatusCode;
use scraper::{Html, Selector};

use crate::Nursery;
use crate::browser::Browser;

pub(crate) fn text_of(html: &str, selector: &str) -> String {
    let page = Html::parse_document(html);
    page.select(&Selector::parse(selector).unwrap()).flat_map(|found| found.text()).collect::<Vec<_>>().join(" ")
}

pub(crate) const WHEN: [(&str, &str); 4] =
    [("event-day", "2"), ("event-month", "3"), ("event-year", "2026"), ("event-time", "8:55am")];

pub(crate) fn told<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("kind", "filter_breach"),
        ("safe_now", "yes"),
        ("what_happened", "A picture came up <b>in a search</b>."),
        ("children", "unknown"),
    ];
    fields.extend(WHEN);
    fields.extend(more);
    fields
}

#[tokio::test]
async fn through_its_pages() {
    let nursery = Nursery::new().await;
    let people = nursery.app.people;
    let reporter = Browser::of(&nursery, people.practitioner).await;
    let lead = Browser::of(&nursery, people.dsl).await;

    let (status, html) = reporter.see("/concerns/report").await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("/concerns/report/filter_breach"));
    let (_, html) = reporter.see("/concerns/report/filter_breach").await;
    assert!(
        text_of(&html, "main ol li").to_lowercase().contains("screen"),
        "what to do with that screen first (BRE-01)"
    );
    assert!(text_of(&html, "main .hf-aside").contains("Amara Lead"), "whom to tell in person");

    // Something is missing: nothing is lost.
    let (status, _, html) = reporter.send("/concerns/report/filter_breach", &told(&[("safe_now", "")])[1..]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{html}");
    assert!(html.contains("A picture came up &#60;b&#62;in a search"), "{html}");

    let tablet = people.tablet.to_string();
    let (status, to, html) =
        reporter.send("/concerns/report/filter_breach", &told(&[("device", &tablet), ("hold", "yes")])).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (_, html) = reporter.see(&to).await;
    assert!(text_of(&html, "main").contains("Nobody has opened this yet"), "{html}");
    let id = to.strip_prefix("/reports/").unwrap().to_owned();

    // Not the reporter's to work.
    let (status, _) = reporter.see(&format!("/concerns/{id}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (_, to, _) = reporter.send(&format!("{to}/words"), &[("child_words", "“Look!”")]).await;
    assert_eq!(to, format!("/reports/{id}"));

    let (_, html) = lead.see("/concerns").await;
    assert!(html.contains(&format!("/concerns/{id}")) && text_of(&html, "table").contains("Not opened"), "{html}");
    let case = format!("/concerns/{id}");
    let (status, html) = lead.see(&case).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    assert!(text_of(&html, "h2").contains("Next: Make sure that everybody is safe"), "{html}");
    assert!(text_of(&html, "main").contains("still to be found out"));
    assert!(!text_of(&html, "title").contains("picture"), "nothing in the tab says what it is about");

    // A step, then the same step by somebody who had not seen it.
    let step = format!("{case}/steps/could_be_illegal");
    let (status, html) = lead.see(&step).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    let fields = [("act", "done"), ("seen", "0"), ("answer", "no"), ("why", "A cartoon.")];
    let (status, to, html) = lead.send(&step, &fields).await;
    assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, case.as_str()), "{html}");
    let deputy = Browser::of(&nursery, people.deputy).await;
    let fields = [("act", "done"), ("seen", "0"), ("answer", "not_sure"), ("why", "It looked young.")];
    let (status, _, html) = deputy.send(&step, &fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let both = text_of(&html, "main");
    assert!(both.contains("Amara Lead recorded this") && both.contains("A cartoon."), "{both}");
    assert!(html.contains("It looked young."), "what was typed is still there: {html}");

    // A shut gate offers the open way.
    let (_, html) = lead.see(&format!("{case}/close")).await;
    assert!(text_of(&html, "main").contains("Learn from it first"), "{html}");
    let (_, html) = lead.see(&format!("{case}/steps/release_hold")).await;
    assert!(html.contains("act=already_happened") && !html.contains("Record this step<"), "{html}");

    // Every other page of it draws.
    for page in [
        "/concerns?shelf=closed",
        "/search?q=cartoon",
        "/search?q=picture",
        "/holds",
        "/notices",
        "/outbox",
        "/who-to-tell",
        "/contact-sheet",
        "/reports",
        &format!("{case}/people"),
        &format!("{case}/entries"),
        &format!("{case}/debrief"),
        &format!("{case}/print"),
        &format!("{case}/steps/parents_told?act=waived"),
        &format!("{case}/steps/parents_told?act=already_happened"),
    ] {
        let (status, html) = lead.see(page).await;
        assert_eq!(status, StatusCode::OK, "{page}: {html}");
    }
    let (_, html) = lead.see("/search?q=picture").await;
    assert!(html.contains(&case), "{html}");
    let (_, html) = lead.see("/holds").await;
    assert!(text_of(&html, "main").contains("Starfish tablet"), "{html}");

    // Shut out oneself: it is gone at once, and nobody says why.
    let me = people.deputy.to_string();
    let (_, to, _) = deputy.send(&format!("{case}/people/exclude"), &[("shut_out", &me)]).await;
    assert_eq!(to, "/");
    assert_eq!(deputy.see(&case).await.0, StatusCode::NOT_FOUND);
}
