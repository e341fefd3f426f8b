//! Holdfast: store.
