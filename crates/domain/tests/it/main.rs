//! The rules of `domain` against the real `content/`, and as properties.

mod access;
mod clock;
mod content;
mod engine;
mod p1;
mod walls;
