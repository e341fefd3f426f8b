//! The components that pages are made of. Each is a struct that prints itself.
//!
//! In a template: `{{ form.text("username", "Username").hint("As on your card") }}`. Words and order stay in the
//! template; markup, ids, labels and error wiring live here once.
//! To add one: a struct with `#[derive(Template)]` and `part!`, a file in `templates/ui/`, a piece of the style guide
//! (`templates/pages/styleguide.html`).

mod chart;
mod choices;
mod field;
mod lists;
mod notes;
mod ring;
mod table;

pub use chart::Bars;
pub use choices::{Choices, Select};
pub use field::{Area, ErrorSummary, FieldError, Input, Moment, MomentField};
pub use lists::{Chronology, ChronologyEntry, Summary, SummaryRow, Task, TaskList};
pub use notes::{Banner, Empty, Inset, Pages, Tag, Tone, Warning};
pub use ring::{PinForm, Ring, RingingCall};
pub use table::{Cell, Row, Table};

use askama::Template;

/// Says that a component's output is HTML, escaped where it takes words.
macro_rules! part {
    ($($name:ident),+ $(,)?) => {$(
        impl askama::filters::HtmlSafe for $name {}
    )+};
}
pub(crate) use part;

/// A line icon of the sprite, hidden from screen readers: a word always stands beside it.
pub fn icon(name: &str) -> Icon {
    Icon { name: name.to_owned() }
}

/// An icon. The list of those that are shipped stands in `assets/build.mjs`.
#[derive(Template, Debug, Clone)]
#[template(
    ext = "html",
    source = r##"<svg class="hf-icon" aria-hidden="true" focusable="false" width="24" height="24"><use href="{% if let Ok(assets) = "assets"|value::<String> %}{{ assets }}{% endif %}/icons.svg#{{ name }}"></use></svg>"##
)]
pub struct Icon {
    name: String,
}

/// The hidden field that every form carries (CSRF). Put it first in each `<form method="post">`.
pub fn token() -> Token {
    Token
}

/// The hidden token field.
#[derive(Template, Debug, Clone)]
#[template(
    ext = "html",
    source = r#"<input type="hidden" name="_token" value="{% if let Ok(token) = "token"|value::<String> %}{{ token }}{% endif %}">"#
)]
pub struct Token;

part!(Icon, Token);
