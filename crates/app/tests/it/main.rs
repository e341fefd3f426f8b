//! Use cases against a real database, real content and a clock that does as it is told.

extern crate holdfast_app as app;

mod accounts;
mod breach_journey;
mod registers;
mod set_up;
