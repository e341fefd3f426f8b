//! Starting the worker, and reading what it printed with a stranger's tools (poppler), not with our own.

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

pub(crate) fn start() -> Child {
    Command::new(env!("CARGO_BIN_EXE_holdfast-reports"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the worker starts")
}

pub(crate) fn run(input: &[u8]) -> Output {
    let mut worker = start();
    let mut stdin = worker.stdin.take().expect("piped");
    let input = input.to_vec();
    // The worker may stop reading early; a broken pipe is its answer.
    let feeding = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = worker.wait_with_output().expect("the worker ends");
    feeding.join().expect("fed");
    output
}

/// The PDF of a document that must succeed.
pub(crate) fn print(template: &str, data: &Value) -> Vec<u8> {
    let output = run(json!({ "template": template, "data": data }).to_string().as_bytes());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", output.status);
    assert_eq!(said, "", "a worker that succeeds says nothing");
    output.stdout
}

/// All words on the pages, spaces made one, invisible break marks taken out.
pub(crate) fn words(pdf: &[u8]) -> String {
    let text = poppler("pdftotext", &["-enc", "UTF-8", "-", "-"], pdf);
    text.replace('\u{200B}', "").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What `pdfinfo` says of a line such as `Pages`.
pub(crate) fn info(pdf: &[u8], line: &str) -> String {
    let all = poppler("pdfinfo", &["-"], pdf);
    let found = all.lines().find_map(|have| have.strip_prefix(&format!("{line}:")));
    found.unwrap_or_else(|| panic!("no {line} in {all}")).trim().to_owned()
}

/// The tags, as `pdfinfo -struct` lists them.
pub(crate) fn tags(pdf: &[u8]) -> String {
    poppler("pdfinfo", &["-struct", "-"], pdf)
}

fn poppler(tool: &str, arguments: &[&str], pdf: &[u8]) -> String {
    let file =
        std::env::temp_dir().join(format!("holdfast-{}-{:?}.pdf", std::process::id(), std::thread::current().id()));
    std::fs::write(&file, pdf).expect("written");
    let arguments = arguments.iter().enumerate().map(|(at, argument)| match *argument {
        // The first dash is the input; some poppler tools cannot read it from a pipe.
        "-" if arguments.iter().position(|other| *other == "-") == Some(at) => file.as_os_str(),
        other => other.as_ref(),
    });
    let output = Command::new(tool)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{tool} (Debian: poppler-utils) is needed: {error}"));
    std::fs::remove_file(&file).expect("removed");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The lines that every document carries.
fn front(title: &str) -> Value {
    json!({
        "title": title,
        "setting": "Little Limpets Preschool",
        "printed_by": "Priya Nair",
        "printed_at": "Tuesday 3 March 2026, 2:15pm",
    })
}

/// A front with more fields.
pub(crate) fn with(title: &str, more: Value) -> Value {
    let mut data = front(title);
    let (Value::Object(all), Value::Object(more)) = (&mut data, more) else { panic!("objects") };
    all.extend(more);
    data
}
