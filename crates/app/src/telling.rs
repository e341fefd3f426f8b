//! Telling without an account: by a parent, a visitor, somebody who used to work here, with or without a name (S14).
//!
//! A setting has one open door, on a poster and behind a picture code. What is told there becomes a concern like any other:
//! the same routes, the same walls, the same clocks. What differs is the sender: the program keeps no address, no browser,
//! no cookie and no account of theirs, shows the day and not the minute, and gives them six words with which they come back
//! to read an answer. Those words are kept as a slow hash only.
//!
//! What it is not: a way to hold a device, to attach a file or to read anything of a concern (S17, S25). What it cannot
//! hide: whoever runs this computer can in the end read it, and the page says so (S15). How often somebody may knock is
//! `web`'s business, which alone knows their address, and only in memory.

mod door;
mod inbox;
mod tell;

pub use door::{Door, Named, door, doors, word_of};
pub use inbox::{Inbox, Message, open, read, write};
pub use tell::{Matter, SenderIs, Told, Unsigned, tell};

pub(crate) use inbox::{is_unsigned, tell_worker};

/// The longest text of an unsigned report, in characters: four pages. Less than staff have, because anybody may send it.
pub const LONGEST: usize = 10_000;

/// Longest line, in characters.
pub const LONGEST_LINE: usize = 200;
