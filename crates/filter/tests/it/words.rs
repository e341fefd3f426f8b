//! What pages weigh: ordinary nursery and news pages, and pages that are meant. The samples were written for this.

use std::path::Path;

use holdfast_filter::words::{heaviest, weigh};

fn samples(kind: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/words-samples").join(kind);
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    all.sort();
    all
}

#[test]
fn ordinary_pages_raise_no_alarm_and_stay_well_below() {
    let ordinary = samples("ordinary");
    assert!(ordinary.len() >= 12);
    for (name, text) in ordinary {
        assert_eq!(heaviest(&text), None, "{name}");
        for found in weigh(&text) {
            assert!(found.score * 3 <= found.limit * 2, "{name} comes near: {found:?}");
        }
    }
}

#[test]
fn pages_that_are_meant_are_found_by_their_topic() {
    for (name, text) in samples("meant") {
        let expected = match name.as_str() {
            "casino" => "gambling",
            "adult" => "pornography",
            "hate" => "hate",
            _ => "extremism",
        };
        assert_eq!(heaviest(&text).map(|found| found.category), Some(expected), "{name}: {:?}", weigh(&text));
    }
}

#[test]
fn a_word_that_explains_takes_the_weight_away() {
    let meant = &samples("meant").into_iter().find(|(name, _)| name == "casino").unwrap().1;
    assert!(heaviest(meant).is_some());
    let explained: String = meant.split_whitespace().flat_map(|word| [word, "helpline "]).collect::<Vec<_>>().join(" ");
    assert_eq!(heaviest(&explained), None);
}
