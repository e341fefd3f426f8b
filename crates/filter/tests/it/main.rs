//! The filter as its neighbours use it: lists from a folder to a verdict, and what must hold for every input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
#![allow(missing_docs, reason = "tests")]

mod break_glass;
mod content;
mod corpus;
mod decisions;
mod differential;
mod hostile;
mod hours;
mod identities;
mod lists;
mod near_memory;
mod page;
mod properties;
mod rules;
mod setting;
mod words;
