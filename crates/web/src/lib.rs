//! Routes, forms, sessions, the JSON API.
//!
//! What it is: the edge. A request becomes a [`Visit`] (who, when, in which setting), a form becomes checked fields
//! ([`Form`]), a use case of `app` is called, its answer becomes a page of `views` or a plain sentence ([`Fault`]).
//! What it is not: rules. Nothing here decides who may know what; `routes` says which doors need which action, and
//! each use case asks again.
//!
//! To add a page: `docs/adding-a-page.md`. In short: one module in `pages/`, one template in `views`, one line in
//! [`routes::all`].

pub mod api;
pub mod assets;
pub mod calm;
pub mod doorway;
pub mod fault;
pub mod flash;
pub mod form;
pub mod headers;
mod knock;
pub mod once;
pub mod pages;
mod plain;
pub mod routes;
pub mod serve;
pub mod session;
pub mod site;
pub mod tls;
pub mod visit;
pub mod words;

pub use fault::{Answer, Fault};
pub use form::{Fields, Form, FromForm, Secret};
pub use routes::{Access, Route, router};
pub use serve::{Door, Listen, Serving, serve};
pub use session::Session;
pub use site::{Config, Edge, Site};
pub use visit::Visit;
