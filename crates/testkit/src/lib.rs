//! Holdfast: testkit.
