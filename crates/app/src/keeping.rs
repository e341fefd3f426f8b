//! Keeping and handing out: what is due to be looked at again and what must not go ([`due`], [`holds`]), the two people who
//! let a record go ([`dispose`]), what leaves the building ([`exports`], by the one
//! door `leaving`), somebody's own data redacted for them
//! ([`bundle`]), a record opened in an emergency ([`emergency`]), what an inspector may see ([`inspector`]).
//!
//! What it is not: a clean-up. No job destroys a safeguarding record (S38); a day comes, people look, two of them decide.
//! To add a kind of record, see [`domain::retention`]; its candidates are gathered in [`due`].

pub mod bundle;
pub mod dispose;
pub mod due;
pub mod emergency;
pub mod exports;
pub mod holds;
pub mod inspector;
mod item;
mod leaving;
mod parcel;

use domain::SettingId;
use jiff::Timestamp;
use store::Reads;

use crate::{Error, Result};

/// A clock that stands before the last entry of the audit is not believed: nothing is destroyed (S43).
pub(crate) async fn clock_is_sound(db: &impl Reads, setting: SettingId, now: Timestamp) -> Result<()> {
    match store::audit::newest_at(db, setting).await? {
        Some(last) if last > now => Err(Error::invalid(
            "",
            "The clock of this computer stands before the last entry of the records. Nothing is destroyed until it is set right.",
        )),
        _ => Ok(()),
    }
}

/// One line or a few that people write, trimmed; what to say when it is too short or too long.
pub(crate) fn words(field: &str, text: &str, most: usize, missing: &str) -> Result<String> {
    let text = text.trim();
    if text.chars().count() < 3 || text.chars().count() > most {
        return Err(Error::invalid(field, missing));
    }
    if domain::pasted::is_image_data(text) {
        return Err(Error::invalid(field, crate::concerns::NO_PICTURES));
    }
    Ok(text.to_owned())
}
