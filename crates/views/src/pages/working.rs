//! Working with others and looking over all the work: paper that leaves the building, the wall of clocks, chronologies,
//! trends. Lists and forms of this area use the shapes of [`super::register`].

pub mod addresses;
pub mod over;
pub mod paper;
pub mod share;

pub use addresses::{AddressCard, Addresses, Copied};
pub use over::{ChronologyPage, Tally, TrendsPage, Wall};
pub use paper::{Document, DocumentSection};
pub use share::{Share, Shared};
