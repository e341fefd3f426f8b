//! Words as people really type them: far too many, far too long, from right to left, in pictures. From the form to the
//! queue, the concern, its print and its search, unharmed; and never as markup.

use crate::house::House;
use crate::report::{FORM, Reporter, borrowed, fields};

const HEBREW: &str = "הילדה אמרה: \u{201e}זה מפחיד\u{201c} ואז שתקה";
const ARABIC: &str = "قالت الطفلة إن الصورة مخيفة";
const EMOJI: &str = "👩🏽‍🚒👨‍👩‍👧‍👦🏴󠁧󠁢󠁷󠁬󠁳󠁿 e\u{301}";
const MARKUP: &str = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;";

#[tokio::test]
async fn words_of_every_kind_go_from_report_to_print_unharmed() {
    let house = House::demo().await;
    let reporter = Reporter::at(house.signed_in("practitioner").await).await;
    let lead = house.signed_in("dsl").await;
    let long = "a".repeat(20_000 - 6) + "Z-last";
    for words in [HEBREW, ARABIC, EMOJI, MARKUP, &long, "two\r\nlines"] {
        let receipt = reporter.report(words).await.unwrap_or_else(|| panic!("not taken: {words}"));
        let concern = receipt.replace("/reports/", "/concerns/");
        let plain = words.split_whitespace().collect::<Vec<_>>().join(" ");
        for path in [concern.clone(), format!("{concern}/print")] {
            let page = lead.get(&path).await;
            assert_eq!(page.status, 200, "{path}: {}", page.words());
            assert!(page.words().contains(&plain), "{plain} is not in {path}: {}", page.words());
            assert!(!page.html.contains("<script>alert") && !page.html.contains("<img src=x"), "{path}");
        }
        assert_eq!(reporter.visitor.get(&receipt).await.status, 200);
    }
    let queue = lead.get("/concerns").await;
    assert_eq!(queue.status, 200, "{}", queue.words());
    // Found by a word of it, in its own letters.
    for (word, words) in [("מפחיד", HEBREW), ("الطفلة", ARABIC)] {
        let found = lead.fill_query("/search", word).await;
        assert!(found.words().contains(words) || found.html.contains("/concerns/0"), "{word}: {}", found.words());
        assert!(!found.words().contains("Nothing"), "{word}: {}", found.words());
    }
}

#[tokio::test]
async fn a_name_of_three_hundred_characters_is_kept_and_one_more_is_given_back_to_be_shortened() {
    let house = House::demo().await;
    let reporter = Reporter::at(house.signed_in("practitioner").await).await;
    let lead = house.signed_in("dsl").await;
    let name: String = "Wolfeschlegelsteinhausenbergerdorff ".chars().cycle().take(299).chain(['Ω']).collect();
    let told = |name: &str| {
        let mut fields = fields("Told to somebody with a long name");
        fields.push(("told_who".to_owned(), name.to_owned()));
        fields
    };
    let page = reporter.visitor.fill(FORM, &borrowed(&told(&name))).await;
    assert_eq!(page.status, 303, "{}", page.words());
    let page = lead.get(&page.location.replace("/reports/", "/concerns/")).await;
    assert!(page.words().contains(name.trim()), "{}", page.words());
    let page = reporter.visitor.fill(FORM, &borrowed(&told(&format!("{name}x")))).await;
    assert_eq!(page.status, 422);
    assert!(page.words().contains("Shorten this by 1 characters"), "{}", page.words());
    assert!(page.html.contains("Told to somebody with a long name"), "what was typed is gone");
    assert!(page.html.contains(&format!("{name}x")), "the name is gone");
}

#[tokio::test]
async fn ten_megabytes_get_a_sentence_and_the_form_goes_on_working() {
    let house = House::demo().await;
    let reporter = Reporter::at(house.signed_in("practitioner").await).await;
    let page = reporter.send(&"x".repeat(10 << 20)).await;
    assert_eq!(page.status, 413, "{page:?}");
    let said = page.words();
    assert!(said.contains("too much to send") && said.contains("most browsers still show what you typed"), "{said}");
    // Too long a text in a form that can be read comes back whole.
    let page = reporter.send(&format!("{}the end", "x".repeat(20_000))).await;
    assert_eq!(page.status, 422, "{}", page.words());
    assert!(page.html.contains("xthe end") && page.words().contains("Shorten this by 7 characters"));
    assert!(reporter.report("A short one").await.is_some());
}
