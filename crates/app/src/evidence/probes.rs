//! Questions to the running program. What [`super::live`] found just now is read here; nothing is read from rows of
//! evidence, so that no demo and no import can make a probe say yes (S51).
//!
//! To add one: a function in the module of its area, a line in that module's table.

mod filter;
mod house;
mod pages;

use super::Answer;
use super::facts::Facts;
use super::live::Found;
use crate::gateway::ProbeResult;

/// A question's name and who answers it.
type Question = (&'static str, fn(&Facts, &Found) -> Answer);

fn all() -> impl Iterator<Item = &'static Question> {
    pages::ANSWERS.iter().chain(filter::ANSWERS).chain(house::ANSWERS)
}

/// The answer, if anybody here knows it.
pub(super) fn answer(question: &str, facts: &Facts, found: &Found) -> Option<Answer> {
    all().find(|(name, _)| *name == question).map(|(_, ask)| ask(facts, found))
}

/// The names of all questions that are answered here.
pub(super) fn answers() -> impl Iterator<Item = &'static str> {
    all().map(|(name, _)| *name)
}

/// What the gateway's self-test calls the pages that it fetches.
const CHILDS_PAGE: &str = "the page that a child sees";
const ADULT_PAGE: &str = "the page that an adult sees";

/// Did all results of a kind pass, of which there must be some? What failed first is said by group.
fn told(found: &Found, of: impl Fn(&ProbeResult) -> bool) -> Result<usize, String> {
    let results: Vec<&ProbeResult> =
        found.probes.as_ref().map_err(Clone::clone)?.iter().filter(|one| of(one)).collect();
    match results.iter().find(|one| !one.passed) {
        Some(one) => {
            Err(format!("{} in the group {}: expected {}, got {}.", one.what, one.group, one.expected, one.got))
        }
        None if results.is_empty() => Err("The self-test asked nothing of that kind.".to_owned()),
        None => Ok(results.len()),
    }
}

fn passed(found: &Found, of: impl Fn(&ProbeResult) -> bool, good: impl Fn(usize) -> String) -> Answer {
    match told(found, of) {
        Ok(count) => Answer::new(true, good(count), found.at),
        Err(why) => Answer::new(false, why, found.at),
    }
}
