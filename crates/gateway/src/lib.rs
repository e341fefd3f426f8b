//! Holdfast: gateway.
