//! From a document to a PDF that conforms to PDF/UA-1: tagged, titled, in a named language, every glyph mapped.

use typst::World;
use typst::diag::SourceDiagnostic;
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use crate::input::Document;
use crate::words::{Reach, Scribe};
use crate::world::{Sealed, template};

/// Why no PDF came out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    #[error("the data could not be handed over: {0}")]
    Data(#[from] serde_json::Error),
    #[error("the template could not be opened")]
    Template,
    #[error("the standard PDF/UA-1 is not to be had")]
    Standard,
    #[error("the page could not be laid out: {0}")]
    Layout(String),
    #[error("the page does not conform to PDF/UA-1: {0}")]
    Conformance(String),
}

/// Renders a document.
///
/// # Errors
/// [`Failed`], in words without content: the messages are typst's own about the template.
pub(crate) fn pdf(document: &Document) -> Result<Vec<u8>, Failed> {
    match attempt(document, Reach::EveryFace) {
        // Some face has each character, but none has this combination of them. Better numbers than no record.
        Err(Failed::Conformance(_)) => attempt(document, Reach::MainFace),
        done => done,
    }
}

fn attempt(document: &Document, reach: Reach) -> Result<Vec<u8>, Failed> {
    let fonts = crate::fonts::load();
    let whole = Scribe::new(&fonts, reach).tree(serde_json::to_value(document)?);
    let data = serde_json::to_vec(whole.get("data").unwrap_or(&serde_json::Value::Null))?;
    let world = Sealed::new(template(document), fonts, data).map_err(|_| Failed::Template)?;
    let pages =
        typst::compile::<PagedDocument>(&world).output.map_err(|errors| Failed::Layout(in_words(&world, &errors)))?;
    let options = PdfOptions {
        standards: PdfStandards::new(&[PdfStandard::Ua_1]).map_err(|_| Failed::Standard)?,
        ..PdfOptions::default()
    };
    typst_pdf::pdf(&pages, &options).map_err(|errors| Failed::Conformance(in_words(&world, &errors)))
}

/// The first error and where in the template it arose. A message of typst may quote a value; quotation marks end it.
fn in_words(world: &Sealed, errors: &[SourceDiagnostic]) -> String {
    let Some(error) = errors.first() else { return "no reason given".to_owned() };
    let message = error.message.split(['"', '`']).next().unwrap_or_default();
    let place = typst::WorldExt::range(world, error.span)
        .and_then(|range| world.source(world.main()).ok()?.lines().byte_to_line(range.start))
        .map_or_else(String::new, |line| format!(" (template line {})", line + 1));
    format!("{message}{place}; {} in all", errors.len())
}
