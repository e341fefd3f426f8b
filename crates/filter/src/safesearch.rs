//! Search engines and how each is held to its safe search.
