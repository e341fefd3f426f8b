//! Use cases against a real database, real content and a clock that does as it is told.

extern crate holdfast_app as app;

mod breach_journey;
