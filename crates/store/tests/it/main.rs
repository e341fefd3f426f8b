//! The store against both engines, and what is special to each.

// The rest of the workspace knows the crate by this name.
extern crate holdfast_store as store;

mod audit;
mod contract;
mod files;
mod keys;
mod visible;
