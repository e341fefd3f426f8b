//! The pages: one module each, with its handlers and its form. What a page shows is prepared here and drawn in `views`.

pub mod account;
pub mod activity;
pub mod alerts;
pub mod blank;
pub mod concerns;
pub mod declarations;
pub mod devices;
pub mod duties;
pub mod evidence;
pub mod filter;
pub mod guests;
pub mod home;
pub mod imports;
pub mod keeping;
pub mod lock;
pub mod password;
pub mod people;
pub mod second_step;
pub mod second_step_set_up;
pub mod sessions;
pub mod set_password;
pub mod set_up;
pub mod sign_in;
pub mod sign_out;
pub mod start;
pub mod styleguide;
pub mod tell;
pub mod unlock;
pub mod working;

use axum::extract::Query;
use serde::Deserialize;

/// `?next=`: where somebody wanted to go before a door stood in the way.
#[derive(Debug, Default, Deserialize)]
pub struct Wanted {
    /// One of our paths; others lead home.
    #[serde(default)]
    pub next: String,
}

/// Takes `?next=` and is never the reason for a failed page.
pub type Next = Query<Wanted>;
