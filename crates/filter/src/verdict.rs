//! What [`crate::decide`] answers, and why. A sealed hit carries nothing but "blocked" (S27).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The answer for one name or URL and one group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What happens.
    pub outcome: Outcome,
    /// Why.
    pub cause: Cause,
}

/// What happens to the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It goes through.
    Allow,
    /// It does not.
    Block,
    /// It goes to another name, or to the address that the text spells (safe search).
    Rewrite(String),
}

/// Why. The order of the variants is the order of evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A sealed entry. Nothing more is ever said.
    Sealed,
    /// The device is held. The page says that it is offline, nothing else (S9).
    Held,
    /// On the never-log list: allowed, and no record is made (S23).
    NeverLogged,
    /// Our own pages, time, captive-portal checks.
    Always,
    /// A bypass of the filter: DoH canaries, relay names, `resolver.arpa`.
    Bypass {
        /// Which mechanism, in plain words.
        what: String,
    },
    /// The group is closed at this hour.
    Hours {
        /// The schedule, as people call it.
        name: String,
    },
    /// Nobody has a supervised session open where the device is (CLS-07).
    NoSession,
    /// A person's decision about this name.
    Rule {
        /// The decision's id.
        rule: String,
        /// Its reason.
        reason: String,
        /// The name in the rule that matched.
        matched: String,
    },
    /// A list category. Its words are the policy's own, shared: such a verdict is made for each blocked question.
    Category {
        /// Category id.
        category: Arc<str>,
        /// Its title in the policy's words.
        title: Arc<str>,
        /// One sentence.
        why: Arc<str>,
        /// The name in the list that matched.
        matched: SmolStr,
        /// The lists that hold it.
        lists: Arc<[String]>,
        /// Obligation ids.
        because: Arc<[String]>,
    },
    /// A search engine: held to its safe search, or blocked because it cannot be held to one.
    SafeSearch {
        /// The engine, as people call it.
        engine: String,
    },
    /// A session is open, and nobody has approved this for children (CLS-07).
    NotApproved,
    /// The filter's data is missing and this group is closed without it (S30).
    NoData,
    /// Nothing speaks against it.
    Unlisted,
}
