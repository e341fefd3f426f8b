//! The hidden screen for those without our script: a link there, a link back.

use axum::extract::Query;
use serde::Deserialize;
use views::pages::blank::Blank;

use crate::{Answer, Visit, visit::local};

/// Where to go back to.
#[derive(Debug, Deserialize)]
pub struct Back {
    #[serde(default)]
    back: String,
}

/// An empty page.
///
/// # Errors
/// A template failed.
pub async fn get(visit: Visit, Query(Back { back }): Query<Back>) -> Answer {
    visit.page(&Blank { back: local(&back).to_owned() })
}
