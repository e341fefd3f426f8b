//! Holdfast: web.
