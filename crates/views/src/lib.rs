//! Holdfast: views.
