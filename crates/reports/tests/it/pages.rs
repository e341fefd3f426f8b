//! What stands on the pages.

use serde_json::json;

use crate::worker::{info, print, tags, with, words};

/// Words that a typesetter would obey if it read them as its own language.
const HOSTILE: [&str; 8] = [
    "#panic(\"boo\")",
    "*bold* _lean_ `raw`",
    "$x^2$",
    "#read(\"/etc/passwd\")",
    "<label> @reference",
    "https://example.com/a//b",
    "= heading",
    "\\u{41} \\",
];

fn concern(text: &str) -> serde_json::Value {
    with(
        "Safeguarding concern",
        json!({
            "reference": "HF-7QK2",
            "marking": "Confidential: safeguarding record",
            "fictional": true,
            "audit_head": "row 214, 9f2c",
            "sections": [{
                "heading": format!("Heading {text}"),
                "paragraphs": [text],
                "rows": [{ "label": text, "value": text }],
            }],
            "steps": [
                { "title": text, "state": "done", "who": text, "at": text, "note": text },
                { "title": "b", "state": "next" },
                { "title": "c", "state": "later" },
                { "title": "d", "state": "waived" },
                { "title": "e", "state": "out_of_order" },
            ],
            "chronology": [
                { "at": text, "recorded_at": text, "author": text, "kind": text, "text": text },
            ],
        }),
    )
}

#[test]
fn a_pdf_that_a_screen_reader_can_read() {
    let pdf = print("concern", &concern("A picture came up."));
    assert!(pdf.starts_with(b"%PDF-"));
    for needle in ["/StructTreeRoot", "/MarkInfo", "/Lang", "pdfuaid:part"] {
        assert!(pdf.windows(needle.len()).any(|window| window == needle.as_bytes()), "{needle} is missing");
    }
    assert!(info(&pdf, "Pages").parse::<u32>().expect("a number") > 0);
    assert_eq!(info(&pdf, "Tagged"), "yes");
    assert_eq!(info(&pdf, "Title"), "Safeguarding concern");
    let tags = tags(&pdf);
    for tag in ["H1", "H2", "Table", "TH", "TD"] {
        assert!(tags.lines().any(|line| line.trim().starts_with(tag)), "no {tag} in {tags}");
    }
}

#[test]
fn a_strangers_words_are_printed_and_never_obeyed() {
    for hostile in HOSTILE {
        let page = words(&print("concern", &concern(hostile)));
        // heading, paragraph, label, value, step, who, at, note, and five in the chronology
        let found = page.replace("- ", "-").matches(hostile).count();
        assert!(found >= 10, "{hostile:?} stands {found} times in {page}");
    }
}

#[test]
fn every_state_is_a_word_and_not_only_a_colour() {
    let page = words(&print("concern", &concern("x")));
    for word in ["Done", "Next", "Not yet", "Not done, with a reason", "Done before its turn"] {
        assert!(page.contains(word), "{word} is not on {page}");
    }
    assert!(page.contains("Invented setting: not a real record"));
    assert!(page.contains("Confidential: safeguarding record"));
    assert!(page.contains("row 214, 9f2c"));
}

#[test]
fn other_scripts_emoji_and_what_no_face_can_draw() {
    let page = words(&print("concern", &concern("Łukasz Ζωή Жанна 😀 你")));
    for piece in ["Łukasz", "Ζωή", "Жанна", "😀", "[U+4F60]"] {
        assert!(page.contains(piece), "{piece} is not on {page}");
    }
    // Marks that no face has on that letter, joined emoji, direction overrides, both directions in one line.
    for difficult in ["z\u{338}\u{317}\u{346}", "👩‍👩‍👧‍👦🏽🇬🇧", "\u{202E}abc", "مرحبا abc שלום", "\u{0}\u{7}\u{FEFF}\u{FFFE}"]
    {
        print("concern", &concern(difficult));
    }
}

#[test]
fn a_name_of_300_letters_stays_on_the_paper() {
    let name = "Wolfeschlegelsteinhausenbergerdorff".repeat(9);
    let name = name.get(..300).expect("ASCII");
    let pdf = print("concern", &concern(name));
    assert!(words(&pdf).replace(' ', "").contains(name));
    // A cropped page would lose the end of it; every line is narrower than the paper only if it could break.
    assert!(!words(&pdf).contains(name), "it was set in one line, which no paper holds");
}

#[test]
fn a_concern_with_nothing_in_it_yet() {
    let page = words(&print("concern", &with("Safeguarding concern", json!({ "reference": "HF-1" }))));
    assert!(page.contains("Nothing has been written yet."), "{page}");
}

#[test]
fn the_contact_sheet() {
    let data = with(
        "Whom to ring",
        json!({
            "lead": "If somebody is in danger now, ring 999.",
            "groups": [
                { "heading": "Here", "note": "Tell one of them in person.", "rows": [
                    { "name": "Priya #Nair", "about": "Lead", "number": "01632 960001", "checked": "1 March 2026" },
                    { "name": "Joan", "number": "01632 960002" },
                ]},
                { "heading": "Outside", "rows": [] },
            ],
        }),
    );
    let pdf = print("contact_sheet", &data);
    assert_eq!(info(&pdf, "Pages"), "1");
    let page = words(&pdf);
    for piece in ["ring 999", "Priya #Nair", "01632 960001", "last checked 1 March 2026", "Nobody is named yet."] {
        assert!(page.contains(piece), "{piece} is not on {page}");
    }
}

#[test]
fn the_evidence_by_clause() {
    let states = ["met", "due", "gap", "not_applicable", "not_built"];
    let clauses: Vec<_> = (0..60)
        .map(|at| {
            json!({
                "id": format!("FIL-{at:02}"), "duty": "Pornography is $blocked$.", "source": "H7.1",
                "status": states[at % 5],
                "evidence": [{ "what": "Probe: blocked", "at": "3 March, 6:00am" }, { "what": "List read" }],
            })
        })
        .collect();
    let data = with(
        "Evidence",
        json!({ "edition": "2017", "summary": [{ "label": "Met", "value": "12" }], "clauses": clauses }),
    );
    let pdf = print("evidence", &data);
    assert!(info(&pdf, "Pages").parse::<u32>().expect("a number") > 1);
    let page = words(&pdf);
    for piece in ["FIL-00", "FIL-59", "Pornography is $blocked$.", "Gap", "Does not apply here", "Not built yet"] {
        assert!(page.contains(piece), "{piece} is not on {page}");
    }
}

#[test]
fn a_paper_of_paragraphs_and_facts_is_words_alone() {
    for text in HOSTILE {
        let data = with(
            "Referral",
            json!({
                "marking": null,
                "sections": [
                    { "heading": "", "paragraphs": [text], "rows": [] },
                    { "heading": text, "paragraphs": [], "rows": [{ "label": text, "value": text }] },
                ],
            }),
        );
        let pdf = print("paper", &data);
        assert!(words(&pdf).split_whitespace().count() > 3, "{text}");
        assert_eq!(info(&pdf, "Tagged"), "yes");
    }
}
