//! What repeated failures cost: nothing at first, then minutes, then an hour.
//!
//! It slows an account's *sign-in* and nothing else: open sessions go on, and reporting never needs to sign in (S3).
//! The answer on the page is the same for a wrong password, a locked account and a name that nobody has.

use domain::OpCtx;
use jiff::{SignedDuration, Timestamp};

/// Failures in a row that cost nothing: people mistype.
pub const FREE_TRIES: i64 = 4;

/// Longest wait.
const LONGEST: SignedDuration = SignedDuration::from_mins(60);

/// How long after this many failures in a row. The fifth costs one minute; each further one doubles it, to an hour.
pub fn wait(failures: i64) -> SignedDuration {
    let beyond = failures.saturating_sub(FREE_TRIES);
    if beyond <= 0 {
        return SignedDuration::ZERO;
    }
    let minutes = 1_i64.checked_shl(u32::try_from(beyond.min(10) - 1).unwrap_or(0)).unwrap_or(60);
    SignedDuration::from_mins(minutes).min(LONGEST)
}

/// Counts a failure: the new count, and until when sign-in waits.
pub fn after_failure(failures: i64, now: Timestamp) -> (i64, Option<Timestamp>) {
    let failures = failures.saturating_add(1);
    let wait = wait(failures);
    let until = if wait.is_zero() { None } else { now.checked_add(wait).ok() };
    (failures, until)
}

/// Does sign-in wait now? A wait that lies further ahead than any wait is long was given by a clock that has fallen since;
/// it would last for years (S43).
pub fn is_locked(ctx: &OpCtx, locked_until: Option<Timestamp>) -> bool {
    locked_until.is_some_and(|until| ctx.now < until && until.duration_since(ctx.now) <= LONGEST)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn four_slips_are_free_and_the_wait_doubles_to_an_hour() {
        let minutes: Vec<i64> = (1..=12).map(|failures| wait(failures).as_mins()).collect();
        assert_eq!(minutes, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
    }

    proptest! {
        #[test]
        fn the_wait_never_shrinks_with_more_failures(failures in 0_i64..i64::MAX) {
            prop_assert!(wait(failures) <= wait(failures.saturating_add(1)));
            prop_assert!(wait(failures) <= LONGEST);
        }
    }
}
