//! Nouns and rules of safeguarding.
//!
//! What it is: people and roles, concerns and their routes, procedures with gates and clocks, exclusion, the
//! authorisation table, controls and evidence. Pure: the same question always has the same answer.
//! What it is not: a place for SQL, HTML, HTTP, files, threads or the time of day. `now` and chance come in with
//! [`OpCtx`].
//!
//! To add a rule with a source and a date, put it in `content/` and its shape here; to add a thing that people may
//! do, add an [`access::Action`] and the compiler will ask who may.

pub mod access;
pub mod clock;
pub mod concern;
pub mod content;
pub mod control;
pub mod ctx;
pub mod declaration;
pub mod exclusion;
pub mod id;
pub mod imagery;
pub mod pasted;
pub mod people;
pub mod procedure;
pub mod redaction;
pub mod reference;
pub mod referral;
pub mod retention;
pub mod roster;
pub mod routing;
pub mod setting;
pub mod small_numbers;

pub use access::{Action, Refused, Relation};
pub use ctx::{Actor, Client, OpCtx};
pub use id::*;
pub use people::{Role, RoleSet};
