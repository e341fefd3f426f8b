//! The second press of a button. A report without an account has no session to remember that it was sent: its form carries a
//! word of chance instead, and who sends the same form again within a few minutes gets the same six words, not a second
//! report. In memory only.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Answers that are remembered.
const MOST: usize = 500;
/// For how long.
const FOR: SignedDuration = SignedDuration::from_mins(10);

/// What was answered to which form.
#[derive(Clone, Default)]
pub struct Once(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    answers: HashMap<String, (Timestamp, String)>,
    order: VecDeque<String>,
}

impl Once {
    /// What was answered to this form already.
    pub fn answered(&self, word: &str, now: Timestamp) -> Option<String> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, answer) = inner.answers.get(word)?;
        (now.duration_since(*at) < FOR).then(|| answer.clone())
    }

    /// Remembers an answer; the oldest goes.
    pub fn remember(&self, word: &str, answer: &str, now: Timestamp) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.answers.insert(word.to_owned(), (now, answer.to_owned())).is_none() {
            inner.order.push_back(word.to_owned());
        }
        while inner.order.len() > MOST {
            if let Some(oldest) = inner.order.pop_front() {
                inner.answers.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_for_a_while_and_not_without_end() {
        let now: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        let once = Once::default();
        once.remember("a", "acorn", now);
        assert_eq!(once.answered("a", now).as_deref(), Some("acorn"));
        assert_eq!(once.answered("b", now), None);
        assert_eq!(once.answered("a", now + FOR), None);
        for n in 0..MOST + 10 {
            once.remember(&n.to_string(), "x", now);
        }
        assert_eq!(once.answered("a", now), None);
        assert!(once.0.lock().unwrap().answers.len() <= MOST);
    }
}
