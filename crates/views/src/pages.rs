//! One struct and one template for each page. Prepared strings and enums only.

pub mod account;
pub mod activity;
pub mod blank;
pub mod break_glass;
pub mod certificate;
pub mod concerns;
pub mod devices;
pub mod duties;
pub mod evidence;
pub mod filter;
pub mod filter_changes;
pub mod filter_lists;
pub mod filter_matrix;
pub mod filter_networks;
pub mod follow_up;
pub mod guests;
pub mod keeping;
pub mod problem;
pub mod register;
pub mod sessions;
pub mod sign_in;
pub mod styleguide;
pub mod tell;
pub mod working;
