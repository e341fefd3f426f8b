//! May a file be added to this concern, and may one that is there be looked at? (S17)
//!
//! A program that takes in an indecent image of a child commits an offence, and so does whoever made it do so. The rule is
//! therefore a wall, not advice: never on the imagery procedures, and never once somebody has said that something could be
//! illegal. What was said once stays said: a later answer, another kind or another edition does not take it back, and only
//! a recorded word of the police lets a sealed file go.

use crate::procedure::StepRecord;

/// Procedures about sexual images: P3 made by young people, P5 indecent images of children, P15 made by a machine from a
/// photograph.
const IMAGERY: [&str; 3] = ["P3", "P5", "P15"];

/// The one procedure in which an image may, at the very end of everything else, be looked at (S18).
const MADE_BY_THE_YOUNG: &str = "P3";

/// Why no file is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoFiles {
    /// It is about sexual images.
    Imagery,
    /// Somebody said that something in it could be illegal.
    CouldBeIllegal,
}

/// Why this concern takes no files and shows none; `None`: it does.
///
/// `procedures` are every procedure that it ever had, `records` everything ever recorded about its steps.
pub fn no_files<'a>(procedures: impl IntoIterator<Item = &'a str>, records: &[StepRecord]) -> Option<NoFiles> {
    if procedures.into_iter().any(|id| IMAGERY.contains(&id)) {
        return Some(NoFiles::Imagery);
    }
    records.iter().any(could_be_illegal).then_some(NoFiles::CouldBeIllegal)
}

/// Did somebody answer "yes" or "not sure" to a question about being illegal? Whatever the step is called: a name that we
/// do not know must not open the wall.
fn could_be_illegal(record: &StepRecord) -> bool {
    record.answers.iter().any(|(field, answer)| {
        let asks = record.step.contains("illegal") || field.contains("illegal");
        asks && matches!(answer.as_str(), "yes" | "not_sure" | "illegal")
    })
}

/// May a viewing be declared at all? (S18)
pub fn may_declare_viewing(procedure: &str) -> bool {
    procedure == MADE_BY_THE_YOUNG
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procedure::Act;
    use proptest::prelude::*;

    fn said(step: &str, field: &str, answer: &str) -> StepRecord {
        let at = "2026-03-02T09:00:00Z".parse().unwrap();
        StepRecord {
            step: step.into(),
            act: Act::Done,
            answers: [(field.to_owned(), answer.to_owned())].into(),
            reason: None,
            event_at: at,
            recorded_at: at,
            out_of_order: false,
        }
    }

    #[test]
    fn imagery_takes_no_files_and_neither_does_what_could_be_illegal() {
        assert_eq!(no_files(["P1"], &[]), None);
        assert_eq!(no_files(["P5"], &[]), Some(NoFiles::Imagery));
        assert_eq!(no_files(["P6", "P3"], &[]), Some(NoFiles::Imagery), "re-typing does not open it");
        for (step, field) in [("could_be_illegal", "answer"), ("sort", "illegal")] {
            assert_eq!(no_files(["P1"], &[said(step, field, "no")]), None);
            for answer in ["yes", "not_sure"] {
                assert_eq!(no_files(["P1"], &[said(step, field, answer)]), Some(NoFiles::CouldBeIllegal));
            }
        }
        assert!(may_declare_viewing("P3"));
        for other in ["P1", "P4", "P5", "P15", "G1", ""] {
            assert!(!may_declare_viewing(other), "{other}");
        }
    }

    proptest! {
        /// What was said once is never unsaid, whatever is recorded afterwards or before.
        #[test]
        fn what_was_said_once_stays_said(before in 0..5_usize, after in 0..5_usize) {
            let mut records: Vec<StepRecord> = (0..before).map(|_| said("could_be_illegal", "answer", "no")).collect();
            records.push(said("could_be_illegal", "answer", "not_sure"));
            records.extend((0..after).map(|_| said("could_be_illegal", "answer", "no")));
            prop_assert_eq!(no_files(["P1"], &records), Some(NoFiles::CouldBeIllegal));
        }
    }
}
