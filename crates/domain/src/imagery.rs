//! May a file be added to this concern, and may one that is there be looked at? (S17)
//!
//! A program that takes in an indecent image of a child commits an offence, and so does whoever made it do so. The rule is
//! therefore a wall, not advice: never on the imagery procedures, and never once somebody has said that something could be
//! illegal. What was said once stays said: a later answer, another kind or another edition does not take it back, and only
//! a recorded word of the police lets a sealed file go.

use std::collections::BTreeSet;

use crate::concern::ConcernKind;
use crate::procedure::{Procedure, StepRecord};

/// The one procedure in which an image may, at the very end of everything else, be looked at (S18).
const MADE_BY_THE_YOUNG: &str = "P3";

/// Why no file is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoFiles {
    /// It is about sexual images.
    Imagery,
    /// Somebody said that something in it could be illegal, or an image indecent.
    CouldBeIllegal,
}

/// What shuts the files of a concern, as procedures say it: which of them are about images, and which answers to which
/// questions ([`crate::procedure::Field::shuts_files`]).
///
/// A question is known by its step and its key, whichever procedure asks it: the concern may follow another one by now. That
/// can only shut more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shutting {
    procedures: BTreeSet<String>,
    answers: BTreeSet<(String, String, String)>,
}

impl Shutting {
    /// What these procedures say.
    pub fn of<'a>(procedures: impl IntoIterator<Item = &'a Procedure>) -> Self {
        let mut shutting = Self::default();
        procedures.into_iter().for_each(|procedure| shutting.add(procedure));
        shutting
    }

    /// What one more says, perhaps in an edition of before: nothing that another one said is taken back.
    pub fn add(&mut self, procedure: &Procedure) {
        if procedure.kinds.iter().any(|kind| kind.is_imagery()) {
            self.procedures.insert(procedure.id.clone());
        }
        for step in &procedure.steps {
            for field in &step.fields {
                let answer = |value: &String| (step.key.clone(), field.key.clone(), value.clone());
                self.answers.extend(field.shuts_files.iter().map(answer));
            }
        }
    }

    fn shuts(&self, record: &StepRecord) -> bool {
        let shutting = |(step, field, value): &(String, String, String)| {
            record.step == *step && record.answers.get(field).is_some_and(|answer| answer == value)
        };
        self.answers.iter().any(shutting)
    }
}

/// Why this concern takes no files and shows none; `None`: it does.
///
/// `kinds` and `procedures` are all that it ever had, `records` everything ever recorded about its steps. The kind counts by
/// itself: about an adult who works here an image follows the procedure for allegations, which is about much else too.
pub fn no_files<'a>(
    shutting: &Shutting,
    kinds: impl IntoIterator<Item = ConcernKind>,
    procedures: impl IntoIterator<Item = &'a str>,
    records: &[StepRecord],
) -> Option<NoFiles> {
    let image = kinds.into_iter().any(ConcernKind::is_imagery)
        || procedures.into_iter().any(|id| shutting.procedures.contains(id));
    if image {
        return Some(NoFiles::Imagery);
    }
    records.iter().any(|record| shutting.shuts(record)).then_some(NoFiles::CouldBeIllegal)
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

    fn shutting() -> Shutting {
        let answers = ["yes", "not_sure"].map(|answer| ("judge".to_owned(), "image".to_owned(), answer.to_owned()));
        Shutting { procedures: ["P5".to_owned()].into(), answers: answers.into() }
    }

    #[test]
    fn imagery_takes_no_files_and_neither_does_what_could_be_illegal() {
        let shutting = shutting();
        let why = |kind, procedures: &[&str], records: &[StepRecord]| {
            no_files(&shutting, [ConcernKind::Message, kind], procedures.iter().copied(), records)
        };
        assert_eq!(why(ConcernKind::AdultHere, &["P9"], &[]), None);
        for image in [ConcernKind::IndecentImage, ConcernKind::YoungPersonsImage, ConcernKind::AlteredImage] {
            assert_eq!(why(image, &["P9"], &[]), Some(NoFiles::Imagery), "whichever procedure it follows");
        }
        assert_eq!(why(ConcernKind::Bullying, &["P6", "P5"], &[]), Some(NoFiles::Imagery), "re-typing opens nothing");
        for (step, field, answer, expected) in [
            ("judge", "image", "no", None),
            ("judge", "other", "yes", None),
            ("other", "image", "yes", None),
            ("judge", "image", "yes", Some(NoFiles::CouldBeIllegal)),
            ("judge", "image", "not_sure", Some(NoFiles::CouldBeIllegal)),
        ] {
            assert_eq!(why(ConcernKind::AdultHere, &["P9"], &[said(step, field, answer)]), expected, "{step} {field}");
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
            let mut records: Vec<StepRecord> = (0..before).map(|_| said("judge", "image", "no")).collect();
            records.push(said("judge", "image", "not_sure"));
            records.extend((0..after).map(|_| said("judge", "image", "no")));
            let why = no_files(&shutting(), [ConcernKind::Message], ["P1"], &records);
            prop_assert_eq!(why, Some(NoFiles::CouldBeIllegal));
        }
    }
}
