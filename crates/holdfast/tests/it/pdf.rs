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
use crate::visitor::{Download, Visitor};

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
    assert!(download.body.starts_with(b"%PDF-"));
    let info = poppler("pdfinfo", &[], &download.body);
    assert!(info.lines().any(|line| line.split_whitespace().eq(["Tagged:", "yes"])), "{info}");
    for needle in ["/StructTreeRoot", "/Lang", "pdfuaid:part"] {
        assert!(download.body.windows(needle.len()).any(|window| window == needle.as_bytes()), "{needle} is missing");
    }
    let tags = poppler("pdfinfo", &["-struct"], &download.body);
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

    let export = format!("/concerns/{id}/export");
    let pdf = lead.download(&export, &page.token()).await;
    is_accessible(&pdf, "concern-");
    let paper = words(&pdf.body);
    assert!(paper.contains(HOSTILE), "somebody's words are printed as they are: {paper}");
    for piece in
        ["Confidential: safeguarding record", "Invented setting: not a real record", "Audit chain at printing:"]
    {
        assert!(paper.contains(piece), "{piece} is not on {paper}");
    }
    assert!(acts(&lead).await.contains("Concern: export"), "it left the building, and the audit says so");

    // Not for who may not see it, and not without the form.
    let token = reporter.visitor.get("/").await.first("input[name=_token]", "value");
    assert_eq!(reporter.visitor.download(&export, &token).await.status, 404);
    assert_eq!(lead.download(&export, "somebody-elses").await.status, 303);
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
