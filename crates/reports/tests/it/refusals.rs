//! What the worker will not do.

use std::os::unix::process::ExitStatusExt;

use serde_json::json;

use crate::worker::{run, start, with};

fn refusal(input: &[u8]) -> String {
    let output = run(input);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(said.lines().count(), 1, "one line: {said}");
    said
}

#[test]
fn a_huge_input_is_refused() {
    let huge = json!({ "template": "concern", "data": with("x", json!({ "reference": "a".repeat(5 << 20) })) });
    assert!(refusal(huge.to_string().as_bytes()).contains("longer than"));
}

#[test]
fn what_is_not_a_document_is_refused_without_repeating_it() {
    for input in ["", "[1, 2", "\u{0}", r#"{"template":"payslip","data":{}}"#, r#"{"template":"concern"}"#] {
        refusal(input.as_bytes());
    }
    let secret = json!({ "template": "concern", "data": { "title": ["Ada told Sam"] } }).to_string();
    assert!(!refusal(secret.as_bytes()).contains("Ada"));
    let deep = "[".repeat(100_000);
    refusal(deep.as_bytes());
}

#[test]
fn a_misspelt_field_of_a_row_is_refused() {
    let data =
        with("x", json!({ "reference": "r", "chronology": [{ "at": "", "author": "", "kind": "", "txt": "" }] }));
    refusal(json!({ "template": "concern", "data": data }).to_string().as_bytes());
}

#[test]
fn it_limits_itself_before_it_reads() {
    let mut worker = start();
    let path = format!("/proc/{}/limits", worker.id());
    // It waits for its input, so that the limits can be seen; it may need a moment to get there.
    let limits = (0..500)
        .map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            std::fs::read_to_string(&path).expect("Linux")
        })
        .find(|limits| limits.lines().any(|line| line.starts_with("Max open files") && line.contains(" 3 ")))
        .expect("open files are limited within five seconds");
    for (name, value) in [("Max core file size", "0"), ("Max address space", "2147483648"), ("Max cpu time", "60")] {
        let line = limits.lines().find(|line| line.starts_with(name)).expect("a line");
        assert!(line.split_whitespace().any(|word| word == value), "{line}");
    }
    worker.kill().expect("killed");
    assert_eq!(worker.wait().expect("ended").signal(), Some(9));
}

#[test]
fn arguments_are_wrong_usage() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_holdfast-reports")).arg("x").output().expect("runs");
    assert_eq!(output.status.code(), Some(2));
}
