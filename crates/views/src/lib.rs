//! Templates and words: strings and enums in, HTML out.
//!
//! What it is: the frame of a page ([`shell`]), the components that pages are made of ([`ui`]), one struct and one
//! template for each page ([`pages`]).
//! What it is not: logic. No rule, no query, no clock, no request is known here; whoever calls has already decided
//! what this person may see and has put times, names and numbers into words.
//!
//! To add a page: a struct in `src/pages/`, a template in `templates/pages/`, a sample in `tests/it/samples.rs`
//! (`docs/adding-a-page.md` walks through it).

pub mod form;
pub mod pages;
pub mod shell;
pub mod ui;

pub use form::FormView;
pub use shell::{Chrome, Page, Paper, Shell};
