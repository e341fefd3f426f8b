//! Lists in, verdict out.
//!
//! What it is: parsers for category lists, the compiled list file that is memory-mapped, the policy snapshot, and
//! [`decide`]: snapshot + request + now → [`Verdict`] with its reason. Pure but for reading list files and mapping one.
//! What it is not: a network server, or a reader of the database.
//!
//! The way through: [`list`] reads what strangers wrote → [`compiled`] is the file → [`Lists`] answers from it;
//! [`PolicySnapshot`] + [`SealedTier`] → [`Prepared`], which says who asks ([`Prepared::identify`]); [`decide`] joins both.

pub mod address;
pub mod categories;
pub mod compiled;
pub mod decide;
pub mod exempt;
pub mod film;
mod hash;
pub mod hours;
pub mod identity;
pub mod list;
pub mod lists;
pub mod name;
pub mod part;
pub mod policy;
pub mod prepared;
pub mod probe;
pub mod rule;
pub mod safesearch;
pub mod sealed;
pub mod search_terms;
pub mod url;
pub mod verdict;
pub mod words;

pub use categories::{Categories, CategoriesError, Category, Kind};
pub use compiled::{Ahead, Asked, Compiled, FileKey, Question};
pub use decide::{DESIGNATED, ONLY_A_PART, Request, decide, locked_behind};
pub use film::Film;
pub use hours::{Calendar, Schedule};
pub use identity::{Confidence, Evidence, Identity};
pub use list::Rejected;
pub use lists::{
    CompileReport, Contents, Error, Hit, ListInfo, Lists, LookupReport, compile, open_or_compile, open_or_compile_as,
};
pub use name::{Host, HostName, NameError};
pub use part::{Part, PartError};
pub use policy::{
    Audience, Device, Download, Group, Hold, Inspection, NameRule, Network, PartRule, PolicySnapshot, Reason,
    SafeSearch, Session,
};
pub use prepared::{PolicyError, Prepared};
pub use rule::{About, Effect, Rule, Scope};
pub use sealed::case::CaseAddresses;
pub use sealed::{SealedError, SealedStatus, SealedTier, Supply};
pub use url::{CanonicalUrl, UrlError};
pub use verdict::{Cause, Outcome, Verdict};
