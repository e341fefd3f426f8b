//! Use cases: each authorises, acts in one write transaction, audits in the same transaction, and leaves side effects
//! as job rows.
//!
//! What it is not: HTTP, HTML, SQL, or the wire. To add a use case, add a function to the module of its area that takes
//! [`Services`] and `&mut OpCtx`, starts with `authorize`, and returns plain data; then a page or a command may call it.

pub mod accounts;
pub mod activity;
pub mod addresses;
pub mod agencies;
pub mod attachments;
pub mod chronology;
pub mod concerns;
pub mod contacts;
pub mod content;
pub mod cover;
pub mod declarations;
pub mod demo;
pub mod devices;
pub mod drafts;
pub mod duties;
pub mod error;
pub mod evidence;
pub mod filtering;
pub mod follow_up;
pub mod front;
pub mod gateway;
pub mod guests;
mod guidance;
pub mod help;
pub mod holds;
pub mod home;
pub mod imports;
pub mod jobs;
pub mod keeping;
pub mod low_level;
pub mod mail;
pub mod notices;
pub mod people;
pub mod plans;
pub mod printer;
pub mod procedures;
pub mod progress_apps;
pub mod referrals;
pub mod scanner;
pub mod sealed;
pub mod self_test;
pub mod services;
pub mod setup;
pub mod sharing;
pub mod sight;
pub mod sources;
pub mod telling;
#[cfg(feature = "testing")]
pub mod testing;
pub mod trail;
pub mod transfers;
pub mod trends;
pub mod upkeep;
pub mod wall;
pub mod wrong_clock;

pub use error::{Error, Result};
pub use services::{Clock, Services};
