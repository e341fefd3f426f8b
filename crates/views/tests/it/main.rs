//! Every template with samples, full and empty, checked as a page.

extern crate holdfast_views as views;

mod checks;
mod samples;
