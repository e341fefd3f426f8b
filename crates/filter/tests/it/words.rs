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

/// Texts that nobody looked at while words and weights were chosen. What they measure stands in `docs/proxy.md`, and this test
/// holds the sentence to the figures: whoever changes a weight sees what it does, and must not look at the texts to mend it.
#[test]
fn what_the_held_out_texts_measure_is_what_the_documentation_says() {
    let (ordinary, meant) = (samples("held-out/ordinary"), samples("held-out/meant"));
    assert!(ordinary.len() >= 20 && meant.len() >= 8);
    let alarms: Vec<_> = ordinary.iter().filter_map(|(name, text)| Some((name, heaviest(text)?))).collect();
    let right = |(name, text): &&(String, String)| {
        let topic = name.split_once('-').map(|(topic, _)| topic);
        heaviest(text).is_some_and(|found| Some(found.category) == topic)
    };
    let (found, missed): (Vec<_>, Vec<_>) = meant.iter().partition(right);
    let said = found.len() + alarms.len();
    let precision = (found.len() * 100).checked_div(said).unwrap_or(100);
    let recall = found.len() * 100 / meant.len();
    for (name, found) in &alarms {
        println!("false alarm: {name} {found:?}");
    }
    for (name, text) in &missed {
        println!("missed: {name} {:?}", weigh(text));
    }
    let sentence = format!(
        "{} of {} ordinary ones blocked, {} of {} others found: precision {precision} %, recall {recall} %",
        alarms.len(),
        ordinary.len(),
        found.len(),
        meant.len()
    );
    println!("{sentence}");
    let documentation = include_str!("../../../../docs/proxy.md").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(documentation.contains(&sentence), "docs/proxy.md should say: {sentence}");
}

/// The larger corpus: a text a line, `kind | text`.
fn corpus(file: &str) -> Vec<(&str, &str)> {
    file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" | ")).collect()
}

/// Texts joined to longer pages, dealt in turn so that each page holds all kinds.
fn joined(texts: &[(&str, &str)], of: usize) -> Vec<String> {
    let pages = texts.len().div_ceil(of);
    (0..pages)
        .map(|first| texts.iter().skip(first).step_by(pages).map(|(_, text)| *text).collect::<Vec<_>>().join(" "))
        .collect()
}

/// What the larger corpus measures: texts of nurseries, newspapers, surgeries and school books in which words stand on purpose that weigh
/// something elsewhere, and the shape of pages that are meant. The sentences stand in `docs/filtering.md` and are held to the figures.
#[test]
fn what_the_larger_corpus_measures_is_what_the_documentation_says() {
    let ordinary = corpus(include_str!("../data/words-ordinary.txt"));
    let meant = corpus(include_str!("../data/words-meant.txt"));
    assert!(ordinary.len() >= 120 && meant.len() >= 24);
    let alarms: Vec<_> = ordinary.iter().filter_map(|(_, text)| Some((text, heaviest(text)?))).collect();
    assert_eq!(alarms, [], "an ordinary text is blocked");
    let is = |topic: &str, text: &str| heaviest(text).is_some_and(|found| found.category == topic);
    let lines = meant.iter().filter(|(topic, text)| is(topic, text)).count();
    let mut pages: Vec<(&str, String)> = Vec::new();
    for topic in ["gambling", "pornography", "hate", "extremism"] {
        let of: Vec<&str> = meant.iter().filter(|(there, _)| *there == topic).map(|(_, text)| *text).collect();
        pages.extend(of.chunks_exact(2).map(|pair| (topic, pair.join(" "))));
    }
    let found = pages.iter().filter(|(topic, page)| is(topic, page)).count();
    let long = joined(&ordinary, 40);
    let by_stretch = long.iter().filter(|page| heaviest(page).is_some()).count();
    for sentence in [
        format!("{} of {} ordinary texts blocked", alarms.len(), ordinary.len()),
        format!("{found} of {} pages that are meant found", pages.len()),
        format!("of single lines of such pages {lines} of {}", meant.len()),
        format!("{by_stretch} of {} such pages blocked", long.len()),
    ] {
        println!("{sentence}");
        let documentation =
            include_str!("../../../../docs/filtering.md").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(documentation.contains(&sentence), "docs/filtering.md should say: {sentence}");
    }
}
