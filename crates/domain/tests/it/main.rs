//! The rules of `domain` against the real `content/`, and as properties.

mod content;
