//! The edge to the PDF worker: a process of its own, JSON in, PDF out (`holdfast-reports`). Where it is missing or fails,
//! the print page serves, and says so.

use serde_json::Value;

use crate::gateway::Pending;

/// Makes accessible PDFs.
pub trait Printer: Send + Sync {
    /// The PDF of a document: `{"template": …, "data": …}`, the worker's own shape.
    ///
    /// # Errors
    /// A sentence for the page; the print page is offered instead.
    fn pdf<'a>(&'a self, document: &'a Value) -> Pending<'a, Result<Vec<u8>, String>>;
}

/// No worker: tests, and commands that print nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPrinter;

impl Printer for NoPrinter {
    fn pdf<'a>(&'a self, _: &'a Value) -> Pending<'a, Result<Vec<u8>, String>> {
        Box::pin(async { Err("PDFs cannot be made here just now. Print the page instead.".to_owned()) })
    }
}
