//! Holdfast: filter.
