//! What fuzzing started from and found, again in every run: the corpora of `fuzz/` through the same bodies.

#[path = "../../../../fuzz/bodies.rs"]
mod bodies;

use std::fs;
use std::path::Path;

/// Runs a body over its corpus; says how many there were.
fn replay(target: &str, body: fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in &files {
        body(&fs::read(file).unwrap());
    }
    files.len()
}

#[test]
fn corpora_are_replayed() {
    assert!(replay("lines", bodies::lines) >= 5);
    assert!(replay("urls", bodies::urls) >= 5);
    assert!(replay("compiled", bodies::compiled) >= 2);
    assert!(replay("snapshot", bodies::snapshot) >= 1);
}

/// The corpus of compiled files holds one that opens, or fuzzing would never come past the door.
#[test]
fn the_corpus_of_compiled_files_opens() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/compiled");
    let whole = fs::read(folder.join("whole")).unwrap();
    assert!(
        holdfast_filter::Compiled::from_bytes(whole).is_ok(),
        "the format changed: write the corpus anew, see fuzz/README.md"
    );
}

/// `cargo test -p holdfast-filter write_the_corpus -- --ignored` after a change of the format.
#[test]
#[ignore = "writes into fuzz/corpus"]
fn write_the_corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let page = fs::read_to_string(folder.join("../../docs/lists.md")).unwrap();
    let mut section = String::new();
    let mut texts: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            section = title.to_lowercase().replace(' ', "-");
        }
        if let Some(cell) = line.strip_prefix("| `").and_then(|rest| rest.split("` |").next()) {
            let lines = cell.replace("\\|", "|").replace('⏎', "\n");
            let text = texts.entry(section.clone()).or_default();
            text.push_str(&lines);
            text.push('\n');
        }
    }
    for (name, text) in texts {
        fs::write(folder.join("lines").join(name), text).unwrap();
    }
    let addresses = include_str!("../data/safe-browsing.tsv").lines().filter(|line| !line.starts_with('#'));
    for (number, line) in addresses.enumerate() {
        fs::write(folder.join(format!("urls/{number:02}")), line.split('\t').next().unwrap()).unwrap();
    }
    let temporary = tempfile::tempdir().unwrap();
    crate::setting::ut1(temporary.path());
    fs::write(temporary.path().join("rules.txt"), "||a.example^$dnstype=AAAA\n@@||b.example^\n||c.example^\n").unwrap();
    let out = temporary.path().join("out.compiled");
    holdfast_filter::compile(&[temporary.path().to_owned()], &out, crate::setting::KEY).unwrap();
    let whole = fs::read(&out).unwrap();
    fs::write(folder.join("compiled/cut"), &whole[..whole.len() / 2]).unwrap();
    fs::write(folder.join("compiled/whole"), whole).unwrap();
    let snapshot = serde_json::to_vec_pretty(&crate::setting::snapshot()).unwrap();
    fs::write(folder.join("snapshot/small"), snapshot).unwrap();
}
