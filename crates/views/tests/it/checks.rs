//! What every page keeps, whatever it shows.

use std::collections::BTreeSet;

use scraper::{ElementRef, Html, Selector};

use crate::samples;

fn select<'a>(page: &'a Html, what: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(what).unwrap()).collect()
}

/// Pages for people without an account.
const OPEN: [&str; 7] =
    ["tell/door", "tell/nowhere", "tell/form", "tell/sent", "tell/back", "tell/inbox", "tell/signs"];

fn each(check: impl Fn(&str, &Html)) {
    let all = samples::all();
    assert!(all.len() > 10, "the samples are gone");
    for (name, html) in &all {
        check(name, &Html::parse_document(html));
    }
}

#[test]
fn one_heading_of_the_first_rank_and_none_skipped() {
    each(|name, page| {
        assert_eq!(select(page, "h1").len(), 1, "{name}");
        // A warning above the heading (the error summary) is allowed to come first.
        let ranks: Vec<u32> = select(page, "main h1, main h2, main h3, main h4")
            .iter()
            .filter(|heading| !heading.value().attr("class").is_some_and(|class| class.contains("error-summary")))
            .map(|heading| heading.value().name()[1..].parse().unwrap())
            .collect();
        assert!(ranks.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{name}: {ranks:?}");
    });
}

#[test]
fn language_and_title() {
    each(|name, page| {
        assert_eq!(select(page, "html")[0].value().attr("lang"), Some("en-GB"), "{name}");
        let title: String = select(page, "title")[0].text().collect();
        // The open door says neither whose program this is nor what it is about (S14).
        if OPEN.contains(&name) {
            assert!(title == "Information" || title == "Error: Information", "{name}: {title}");
        } else {
            assert!(title.len() > " – Holdfast".len() && title.ends_with(" – Holdfast"), "{name}: {title}");
        }
        let mending = !select(page, ".govuk-error-summary").is_empty() && name != "styleguide";
        assert_eq!(title.starts_with("Error: "), mending, "{name}: {title}");
    });
}

#[test]
fn every_field_has_a_label() {
    each(|name, page| {
        let labelled: BTreeSet<_> =
            select(page, "label[for]").iter().filter_map(|label| label.value().attr("for")).collect();
        for field in select(page, "input:not([type=hidden]), textarea, select") {
            let id = field.value().attr("id").unwrap_or_else(|| panic!("{name}: a field without id"));
            assert!(labelled.contains(id), "{name}: no label for {id}");
        }
        for button in select(page, "button, a") {
            let text: String = button.text().collect();
            assert!(!text.trim().is_empty(), "{name}: a button or link without words");
        }
    });
}

#[test]
fn ids_are_unique_and_references_lead_somewhere() {
    each(|name, page| {
        let ids: Vec<_> = select(page, "[id]").iter().filter_map(|element| element.value().attr("id")).collect();
        let unique: BTreeSet<_> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: an id twice: {ids:?}");
        for element in select(page, "[aria-describedby]") {
            for id in element.value().attr("aria-describedby").unwrap().split(' ') {
                assert!(unique.contains(id), "{name}: aria-describedby leads nowhere: {id}");
            }
        }
        if name == "styleguide" || select(page, ".govuk-error-summary").is_empty() {
            return;
        }
        let fields: Vec<_> =
            select(page, ".govuk-error-message").iter().map(|e| e.value().attr("id").unwrap()).collect();
        for field in fields {
            let link = format!("a[href=\"#{}\"]", field.trim_end_matches("-error"));
            assert!(!select(page, &link).is_empty(), "{name}: the summary does not lead to {field}");
        }
    });
}

#[test]
fn nothing_inline_and_nothing_from_elsewhere() {
    for (name, html) in samples::all() {
        let page = Html::parse_document(&html);
        for element in select(&page, "*") {
            for (attribute, value) in element.value().attrs() {
                assert!(!attribute.starts_with("on"), "{name}: inline handler {attribute}");
                assert_ne!(attribute, "style", "{name}: inline style");
                if matches!(attribute, "src" | "href" | "action" | "data" | "poster" | "srcset") {
                    let ours = value.starts_with('/') && !value.starts_with("//");
                    let ours = ours || (OPEN.contains(&name) && value == crate::views::shell::EXIT);
                    // One page shows a film that two people approved; its server says which one to the browser (`web::headers`).
                    let ours = ours || (name == "film" && matches!(element.value().name(), "iframe" | "video"));
                    assert!(ours || value.starts_with('#') || value.starts_with("tel:"), "{name}: leads out: {value}");
                }
            }
        }
        assert!(select(&page, "script:not([src]), style, object, embed").is_empty(), "{name}");
        for frame in select(&page, "iframe") {
            assert_eq!((name, frame.value().attr("sandbox")), ("film", Some("allow-scripts allow-same-origin")));
        }
        assert!(!html.contains("alert(1)</script>"), "{name}: words became markup");
        assert!(!html.contains("<b>robin"), "{name}: words became markup");
    }
}

/// Rules and sources by the names that readers know, never by the numbers that we use among ourselves (`S38`, a seed).
#[test]
fn nothing_speaks_in_the_makers_own_words() {
    each(|name, page| {
        for text in page.root_element().text() {
            let ours = text.split(|letter: char| !letter.is_alphanumeric()).find(|word| {
                let numbered = word.strip_prefix('S').is_some_and(|number| {
                    (1..=2).contains(&number.len()) && number.chars().all(|figure| figure.is_ascii_digit())
                });
                numbered || ["seed", "seeds", "casework"].contains(&word.to_lowercase().as_str())
            });
            assert_eq!(ours, None, "{name}: {}", text.trim());
        }
    });
}

#[test]
fn every_form_that_posts_carries_the_token() {
    let mut forms = 0;
    for (name, html) in samples::all() {
        let page = Html::parse_document(&html);
        for form in select(&page, "form[method=post]") {
            forms += 1;
            let token = Selector::parse("input[type=hidden][name=_token][value=token]").unwrap();
            assert_eq!(form.select(&token).count(), 1, "{name}");
        }
    }
    assert!(forms > 5, "the forms are gone");
}

#[test]
fn report_a_concern_comes_first_after_the_skip_link_on_every_page_with_a_bar() {
    each(|name, page| {
        let bare = [
            "blank",
            "certificate",
            "concerns/paper",
            "concerns/sheet",
            "concerns/blank_form",
            "start",
            "film",
            "working/document",
            "working/chronology_print",
            "tell/poster",
            "device_sheet",
            "guest_slips",
        ];
        if bare.contains(&name) {
            return;
        }
        if OPEN.contains(&name) {
            let first: Vec<_> = select(page, "a, button, input:not([type=hidden])").into_iter().take(3).collect();
            assert_eq!(first[0].value().attr("href"), Some("#main"), "{name}");
            for way_out in &first[1..] {
                assert_eq!(way_out.value().attr("href"), Some(crate::views::shell::EXIT), "{name}");
                assert_eq!(way_out.value().attr("rel"), Some("nofollow noreferrer"), "{name}");
            }
            assert!(page.html().contains("999"), "{name}");
            return;
        }
        let first: Vec<_> = select(page, "a, button, input:not([type=hidden])").into_iter().take(2).collect();
        assert_eq!(first[0].value().attr("href"), Some("#main"), "{name}");
        assert_eq!(first[1].value().attr("href"), Some("/concerns/report"), "{name}");
        let footer: String = select(page, "footer")[0].text().collect();
        assert!(footer.contains("Worried about a child?") && footer.contains("999"), "{name}: DSL-01");
    });
}

#[test]
fn a_secret_is_never_sent_back() {
    let form = crate::views::FormView::new().with("password", "correct horse");
    let html = form.password("password", "Password").to_string();
    assert!(html.contains("type=\"password\"") && !html.contains("correct horse"), "{html}");
}

#[test]
fn icons_that_pages_use_are_shipped() {
    let build = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/build.mjs")).unwrap();
    each(|name, page| {
        for used in select(page, "use") {
            let href = used.value().attr("href").unwrap();
            let icon = href.strip_prefix("/assets/0/icons.svg#").unwrap_or_else(|| panic!("{name}: {href}"));
            assert!(build.contains(&format!("\"{icon}\"")), "{name}: icon {icon} is not shipped");
        }
    });
}
