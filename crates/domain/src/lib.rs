//! Holdfast: domain.
