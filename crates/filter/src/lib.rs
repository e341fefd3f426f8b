//! Lists in, verdict out.
//!
//! What it is: parsers for category lists, the compiled list file that is memory-mapped, the policy snapshot, and
//! [`decide`]: snapshot + request + now → [`Verdict`] with its reason. Pure but for mapping a file.
//! What it is not: a network server, or a reader of the database.

pub mod policy;
pub mod verdict;

pub use policy::{Audience, Device, Group, Hold, NameRule, PolicySnapshot};
pub use verdict::{Cause, Outcome, Verdict};
