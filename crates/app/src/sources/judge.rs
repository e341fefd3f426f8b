//! Is this still the list? What a person has to look at before it takes the place of a good one (S30).
//!
//! To add a doubt: a line in [`judge`], and a test that shows what is *not* doubted.

/// What was read of a fetched version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Names, addresses and rules.
    pub entries: u64,
    /// Lines that could not be taken.
    pub unreadable: u64,
    /// What was wrong with a whole file: a web page, a binary file, a broken archive.
    pub broken: Option<String>,
    /// As the list itself says.
    pub licence: Option<String>,
}

/// What to do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It takes its place.
    Take,
    /// A person has to look, and why. The one in force stays.
    Hold(String),
}

/// A list with fewer entries than this may shrink as it likes: it was made by hand.
pub const SMALL: u64 = 100;

/// Judges a version against the one in force. `shrink_percent`: how much of a list may go from one version to the next.
pub fn judge(read: &Reading, in_force: Option<u64>, shrink_percent: u32) -> Judgement {
    if let Some(why) = &read.broken {
        return Judgement::Hold(format!("{}.", why.trim_end_matches('.')));
    }
    if read.entries == 0 {
        return Judgement::Hold("There is no usable entry in it.".to_owned());
    }
    if read.unreadable > read.entries && read.unreadable > SMALL {
        return Judgement::Hold(format!(
            "More of its lines cannot be read ({}) than can ({}).",
            read.unreadable, read.entries
        ));
    }
    if let Some(before) = in_force.filter(|before| *before >= SMALL)
        && read.entries < smallest(before, shrink_percent)
    {
        return Judgement::Hold(format!("It had {before} entries and now has {}.", read.entries));
    }
    Judgement::Take
}

/// Fewer entries than this are too few after so many.
fn smallest(before: u64, shrink_percent: u32) -> u64 {
    let left = u64::from(100_u32.saturating_sub(shrink_percent));
    u64::try_from(u128::from(before) * u128::from(left) / 100).unwrap_or(u64::MAX)
}

/// May a person take it all the same? What holds nothing protects nobody, whatever they say.
pub fn can_be_accepted(entries: u64) -> bool {
    entries > 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reading(entries: u64) -> Reading {
        Reading { entries, ..Reading::default() }
    }

    #[test]
    fn what_is_taken_and_what_is_not() {
        assert_eq!(judge(&reading(1), None, 20), Judgement::Take);
        assert_eq!(judge(&reading(800), Some(1000), 20), Judgement::Take);
        let shrunk = judge(&reading(799), Some(1000), 20);
        assert_eq!(shrunk, Judgement::Hold("It had 1000 entries and now has 799.".into()));
        assert_eq!(judge(&reading(5), Some(99), 20), Judgement::Take, "made by hand");
        assert!(matches!(judge(&reading(0), None, 20), Judgement::Hold(_)));
        let page = Reading { entries: 40, broken: Some("this is a web page".into()), ..Reading::default() };
        assert_eq!(judge(&page, None, 100), Judgement::Hold("this is a web page.".into()));
        let garbage = Reading { entries: 500, unreadable: 501, ..Reading::default() };
        assert!(matches!(judge(&garbage, None, 20), Judgement::Hold(_)));
    }

    proptest! {
        /// Whatever comes: what takes a large list's place holds nearly as much, was readable, and is not empty.
        #[test]
        fn nothing_small_takes_a_large_ones_place(entries in 0_u64..3000, unreadable in 0_u64..3000, before in 100_u64..3000, share in 0_u32..=100) {
            let read = Reading { entries, unreadable, ..Reading::default() };
            if judge(&read, Some(before), share) == Judgement::Take {
                prop_assert!(entries > 0);
                prop_assert!(entries * 100 + 100 > before * u64::from(100 - share));
                prop_assert!(unreadable <= entries.max(SMALL));
            }
        }
    }
}
