//! Holdfast: app.
