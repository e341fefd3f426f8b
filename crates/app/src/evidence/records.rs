//! Questions about the records of the setting. Each answer says how many records it looked at, roughly; where there are
//! none yet, it says so.
//!
//! To add one: a function in the module of its area, a line in that module's table.

mod cases;
mod declared;
mod filter;
mod held;
mod keeping;
mod people;
mod procedures;
mod working;

use super::facts::Facts;
use super::{Answer, about};

/// A question's name and who answers it.
type Question = (&'static str, fn(&Facts) -> Answer);

fn all() -> impl Iterator<Item = &'static Question> {
    people::ANSWERS
        .iter()
        .chain(cases::ANSWERS)
        .chain(filter::ANSWERS)
        .chain(procedures::ANSWERS)
        .chain(working::ANSWERS)
        .chain(declared::ANSWERS)
        .chain(held::ANSWERS)
        .chain(keeping::ANSWERS)
}

/// The answer, if anybody here knows it.
pub(super) fn answer(question: &str, facts: &Facts) -> Option<Answer> {
    all().find(|(name, _)| *name == question).map(|(_, ask)| ask(facts))
}

/// The names of all questions that are answered here.
pub(super) fn answers() -> impl Iterator<Item = &'static str> {
    all().map(|(name, _)| *name)
}

/// Sentences for the three ways in which "every one of them" can come out.
struct Say {
    none: &'static str,
    all: &'static str,
    some: &'static str,
}

/// "Every one of them is so": yes when there is none yet, with a sentence that says it.
fn every<T>(facts: &Facts, items: impl Iterator<Item = T>, good: impl Fn(&T) -> bool, say: Say) -> Answer {
    let (mut total, mut bad) = (0_usize, 0_usize);
    for item in items {
        total += 1;
        bad += usize::from(!good(&item));
    }
    let what = match (total, bad) {
        (0, _) => say.none.to_owned(),
        (_, 0) => format!("{} Looked at: {}.", say.all, about(total)),
        _ => format!("{} Not so: {}, of {}.", say.some, about(bad), about(total)),
    };
    Answer::new(bad == 0, what, facts.now)
}
