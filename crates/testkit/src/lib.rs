//! Builders, personas, a clock that does as it is told, and databases to throw away. For tests only; never shipped.
//!
//! What it is not: a mock of the store. SQLite *is* the fast test double; [`db`] copies a ready one in milliseconds, and
//! [`postgres`] starts a real server. It must not depend on `app`.

pub mod db;
pub mod house;
pub mod postgres;
pub mod world;

pub use db::{TestDb, db};
pub use house::{House, NewConcern};
pub use world::World;
