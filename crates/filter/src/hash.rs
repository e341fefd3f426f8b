//! Keyed hashes of hosts and URL prefixes, built up label by label from the right, so that all suffixes of a name cost
//! one pass over it.
//!
//! What it is: the order in which parts are fed, shared by the compiled file (64 bits) and the sealed tier (128 bits).
//! What it is not: the choice of hash; each of them brings its own.

use std::hash::Hasher;

use crate::compiled::{Asked, PathPart};
use crate::{CanonicalUrl, list::DEEPEST};

/// A hash that can go on.
#[derive(Clone)]
pub(crate) struct State<H>(pub(crate) H);

impl<H: Hasher> State<H> {
    /// A label or segment with its mark. The mark keeps `ab.c` and `a.bc` apart, and names from paths.
    fn feed(&mut self, mark: u8, part: &[u8]) {
        self.0.write(part);
        self.0.write_u8(mark);
    }

    /// The same for paths, which lists write in any case (squidGuard lowers them all).
    fn feed_lower(&mut self, mark: u8, part: &[u8]) {
        let mut lower = [0_u8; 64];
        for piece in part.chunks(lower.len()) {
            for (to, from) in lower.iter_mut().zip(piece) {
                *to = from.to_ascii_lowercase();
            }
            self.0.write(lower.get(..piece.len()).unwrap_or_default());
        }
        self.0.write_u8(mark);
    }
}

/// All suffixes of a host with their hashes, the widest first. A literal address has only itself.
pub(crate) fn suffixes<'a, H: Hasher + Clone>(
    keyed: H,
    host: &'a Asked<'_>,
) -> impl Iterator<Item = (&'a str, State<H>)> {
    let (text, ip) = (host.as_str(), host.is_ip());
    let mut state = State(keyed);
    // How much of the text, from the left, is not fed yet; `None` when all is.
    let mut rest = Some(text.len());
    std::iter::from_fn(move || {
        let head = text.get(..rest?)?;
        let start = if ip { 0 } else { head.rfind('.').map_or(0, |dot| dot + 1) };
        state.feed(if ip { b':' } else { b'.' }, head.get(start..)?.as_bytes());
        rest = start.checked_sub(1);
        Some((text.get(start..)?, state.clone()))
    })
}

/// The whole host.
pub(crate) fn whole<H: Hasher + Clone>(keyed: H, host: &Asked<'_>) -> State<H> {
    suffixes(keyed.clone(), host).last().map_or(State(keyed), |(_, state)| state)
}

/// Calls `each` for the path's prefixes at its slashes, the shortest first, then for the whole with its query.
/// The bare root is left out: what covers a whole host stands among the names.
pub(crate) fn prefixes<'u, H: Hasher>(
    mut state: State<H>,
    url: &'u CanonicalUrl,
    mut each: impl FnMut(PathPart<'u>, &State<H>),
) {
    let path = url.path();
    let mut end = 0;
    for segment in path.split('/').skip(1).take(DEEPEST) {
        end += 1 + segment.len();
        if segment.is_empty() {
            continue;
        }
        state.feed_lower(b'/', segment.as_bytes());
        each(PathPart::Prefix(path.get(..end).unwrap_or(path)), &state);
    }
    if let Some(query) = url.query() {
        state.feed_lower(b'?', query.as_bytes());
        each(PathPart::Whole { path, query }, &state);
    }
}
