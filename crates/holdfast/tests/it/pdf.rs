//! From the page to the paper: a concern and the evidence pack, through the real program and its real PDF worker, read back
//! with a stranger's tools (poppler).
//!
//! What it is not: a test of the templates, which the worker's own tests are (`crates/reports`). The worker is built by the
//! `pdf` ring of `cargo xtask test`. Without it beside the program these tests fail and say so; they never pass by not
//! looking.

use std::path::Path;
use std::process::Command;

use crate::house::{House, PROGRAM};
use crate::report::Reporter;
use crate::visitor::{Download, Page, Visitor};

/// Words that a typesetter, a browser or a shell would obey if it took them for its own.
const HOSTILE: &str = "#panic(\"boo\") *bold* $x^2$ #read(\"/etc/passwd\") <b>@label</b> = heading";

/// The program prints with the worker that lies beside it.
fn there_is_a_worker() {
    let worker = Path::new(PROGRAM).with_file_name("holdfast-reports");
    assert!(
        worker.is_file(),
        "{} is not built. The pdf ring builds it: cargo xtask test pdf, or cargo build --package holdfast-reports",
        worker.display()
    );
}

/// What a poppler tool says of a file.
fn poppler(tool: &str, options: &[&str], pdf: &[u8]) -> String {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("it.pdf");
    std::fs::write(&file, pdf).unwrap();
    let mut command = Command::new(tool);
    command.args(options).arg(&file);
    if tool == "pdftotext" {
        command.arg("-");
    }
    let output = command.output().unwrap_or_else(|error| panic!("{tool} (Debian: poppler-utils): {error}"));
    assert!(output.status.success(), "{tool}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The words on the pages; invisible break marks taken out, spaces made one.
fn words(pdf: &[u8]) -> String {
    let text = poppler("pdftotext", &["-enc", "UTF-8"], pdf).replace('\u{200B}', "");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A file that a screen reader can read, that names itself in nobody's name, and that no cache keeps.
fn is_accessible(download: &Download, name: &str) {
    assert_eq!(download.status, 200, "{}", String::from_utf8_lossy(&download.body));
    assert_eq!(download.kind, "application/pdf");
    assert!(download.disposition.starts_with(&format!("attachment; filename=\"{name}")), "{}", download.disposition);
    is_tagged(&download.body);
}

/// A PDF that says what is a heading, what a table, and in which language.
fn is_tagged(pdf: &[u8]) {
    assert!(pdf.starts_with(b"%PDF-"));
    let info = poppler("pdfinfo", &[], pdf);
    assert!(info.lines().any(|line| line.split_whitespace().eq(["Tagged:", "yes"])), "{info}");
    for needle in ["/StructTreeRoot", "/Lang", "pdfuaid:part"] {
        assert!(pdf.windows(needle.len()).any(|window| window == needle.as_bytes()), "{needle} is missing");
    }
    let tags = poppler("pdfinfo", &["-struct"], pdf);
    for tag in ["H1", "H2", "Table", "TH", "TD"] {
        assert!(tags.lines().any(|line| line.trim().starts_with(tag)), "no {tag} in {tags}");
    }
}

/// The newest acts of the audit page.
async fn acts(visitor: &Visitor) -> String {
    visitor.get("/audit").await.words()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_concern_becomes_an_accessible_pdf_whose_words_are_only_words() {
    there_is_a_worker();
    let house = House::demo().await;
    let reporter = Reporter::at(house.signed_in("practitioner").await).await;
    let receipt = reporter.report(HOSTILE).await.expect("acknowledged");
    let id = receipt.trim_start_matches("/reports/").split(['?', '/']).next().unwrap();
    let lead = house.signed_in("dsl").await;
    let page = lead.get(&format!("/concerns/{id}")).await;
    assert_eq!(page.status, 200, "{page:?}");

    let told = [("agency", "police"), ("for_whom", "PC 4711"), ("why", "Their request"), ("other_way", "By telephone")];
    let form = lead.get(&format!("/exports/new?concern={id}")).await;
    let nothing = lead.send("/exports/new", &form.token(), &told).await;
    assert_eq!(nothing.status, 404, "nothing leaves that nobody named");
    let told = [&[("concern", id)][..], &told].concat();
    let made = lead.send("/exports/new", &form.token(), &told).await;
    assert_eq!(made.status, 200, "{}", made.words());
    let export = made.first("main a[href^='/exports/']", "href");
    let parcel = lead.download(&export, &lead.get(&export).await.token()).await;
    let folder = unpacked(&parcel.body, &passphrase(&made).expect("the passphrase, once"));
    let pdf = std::fs::read(folder.path().join("records.pdf")).unwrap();
    is_tagged(&pdf);
    let paper = words(&pdf);
    assert!(paper.contains(HOSTILE), "somebody's words are printed as they are: {paper}");
    for piece in ["for PC 4711", "Invented setting: not a real record", "Audit chain at printing:"] {
        assert!(paper.contains(piece), "{piece} is not on {paper}");
    }
    assert!(acts(&lead).await.contains("Concern: export"), "it left the building, and the audit says so");

    // Not for who may not see it, and not without the form.
    let token = reporter.visitor.get("/").await.first("input[name=_token]", "value");
    assert_eq!(reporter.visitor.download(&export, &token).await.status, 404);
    assert_eq!(lead.download(&export, "somebody-elses").await.status, 303);
}

/// The passphrase of a parcel, from the page that shows it once.
fn passphrase(made: &Page) -> Option<String> {
    let words = made.words();
    words.split_whitespace().find(|word| word.len() == 24 && word.matches('-').count() == 4).map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_evidence_pack_becomes_an_accessible_pdf() {
    there_is_a_worker();
    let house = House::demo().await;
    let manager = house.signed_in("manager").await;
    let page = manager.get("/evidence").await;
    assert_eq!(page.status, 200, "{page:?}");
    let pdf = manager.download("/evidence/export", &page.token()).await;
    is_accessible(&pdf, "evidence-");
    let paper = words(&pdf.body);
    for duty in &app::content::embedded().unwrap().obligations {
        assert!(paper.contains(&duty.id), "{} is not on the paper", duty.id);
    }
    for piece in ["the policy of October 2018", "Met", "Gap", "To do:", "Audit chain at printing:"] {
        assert!(paper.contains(piece), "{piece} is not on {paper}");
    }
    assert!(acts(&manager).await.contains("Evidence: export"));
    let practitioner = house.signed_in("practitioner").await;
    let token = practitioner.get("/").await.first("input[name=_token]", "value");
    assert_eq!(practitioner.download("/evidence/export", &token).await.status, 404);
}

/// Opens a parcel with a stranger's program.
fn unpacked(parcel: &[u8], passphrase: &str) -> tempfile::TempDir {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("it.zip");
    std::fs::write(&file, parcel).unwrap();
    let mut command = Command::new("7zz");
    command.arg("x").arg(format!("-p{passphrase}")).arg(format!("-o{}", folder.path().display())).arg(&file);
    let output = command.output().expect("7-Zip (Debian: 7zip)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    folder
}

/// The demo's request for data, half way on the bench.
async fn a_request(lead: &Visitor) -> String {
    let queue = lead.get("/concerns").await;
    for id in queue.html.split("href=\"/concerns/").skip(1).filter_map(|rest| rest.split(['"', '?', '/']).next()) {
        if lead.get(&format!("/concerns/{id}/bundle")).await.status == 200 {
            return format!("/concerns/{id}");
        }
    }
    panic!("the demo has no request for data: {}", queue.words());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_blacked_out_is_not_in_the_pdf_that_somebody_gets() {
    there_is_a_worker();
    let house = House::demo().await;
    let (lead, deputy) = (house.signed_in("dsl").await, house.signed_in("deputy").await);
    let request = a_request(&lead).await;
    let bench = format!("{request}/bundle");
    lead.send_on(&bench, &format!("{bench}/take"), &[]).await;
    let before = lead.get(&format!("{bench}/preview")).await.words();
    // A word of a record that is long enough to stand nowhere else in a letter of ours.
    let chosen = before.split_whitespace().rev().find(|word| word.len() > 6 && word.chars().all(char::is_lowercase));
    let chosen = chosen.expect("a word to black out").to_owned();
    let marked = [("words", chosen.as_str()), ("ground", "third_party"), ("reason", "It is somebody else's.")];
    assert_eq!(lead.send_on(&bench, &format!("{bench}/mark"), &marked).await.status, 303);
    // Each file of the records is decided on by itself; these stay.
    loop {
        let page = lead.get(&bench).await;
        if !page.html.contains("id=\"file-reason-1\"") {
            break;
        }
        let file = page.first("main form:has(#file-reason-1) input[name=item]", "value");
        let stays =
            [("item", file.as_str()), ("whole", "yes"), ("ground", "third_party"), ("reason", "About somebody else.")];
        assert_eq!(lead.send_on(&bench, &format!("{bench}/mark"), &stays).await.status, 303);
    }
    let letter = [("letter", "Here is what we hold. It was read over by two people.")];
    let sent = lead.send_on(&bench, &format!("{bench}/send"), &letter).await;
    assert_eq!(sent.status, 303, "{}", sent.words());
    assert_eq!(deputy.send_on(&bench, &format!("{bench}/check"), &[]).await.status, 303);
    let told = [("for_whom", "The mother, in the office"), ("why", "Her request"), ("other_way", "By telephone")];
    let made = lead.fill(&format!("{bench}/make"), &told).await;
    assert_eq!(made.status, 200, "{}", made.words());
    let passphrase = passphrase(&made);
    let export = made.first("main a[href^='/exports/']", "href");
    let parcel = lead.download(&export, &lead.get(&export).await.token()).await;
    assert_eq!((parcel.status, parcel.kind.as_str()), (200, "application/zip"));
    let folder = unpacked(&parcel.body, &passphrase.expect("the passphrase, once"));
    for name in ["1-letter.pdf", "2-index.pdf", "3-records.pdf"] {
        let pdf = std::fs::read(folder.path().join(name)).unwrap();
        let paper = words(&pdf);
        assert!(!paper.contains(&chosen), "{chosen} is on {name}: {paper}");
        assert!(paper.contains("Export") && paper.contains("for The mother"), "no watermark on {name}: {paper}");
        assert!(!pdf.windows(chosen.len()).any(|bytes| bytes == chosen.as_bytes()), "it is in the file");
    }
    let records = words(&std::fs::read(folder.path().join("3-records.pdf")).unwrap());
    assert!(records.contains("[somebody else]"), "{records}");
    for name in ["records.csv", "records.json"] {
        let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(!text.contains(&chosen) && text.contains("[somebody else]"), "{name}: {text}");
    }
    assert!(lead.get(&export).await.words().contains("Fetched"));
}
