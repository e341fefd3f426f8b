//! Obligations, their controls, and what counts as evidence. *Met* means dated evidence, for this setting, today.
//!
//! A control names its evidence, its maximum age and its signer or probe (S51). `app` gathers the evidence; the rule
//! for what it is worth is here.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A duty of the policies, from `content/obligations.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Obligation {
    /// `FIL-02`.
    pub id: String,
    /// Family of duties, e.g. "Filtering".
    pub section: String,
    /// The duty in one sentence.
    pub duty: String,
    /// Clauses by seed: `H` → `7.2.1`. A seed that is missing does not have the duty.
    pub clauses: BTreeMap<String, Vec<String>>,
    /// How it is met: letters of the register (E, G, R, S, A, P).
    pub kinds: Vec<String>,
    /// Controls that meet it, all of them. Empty: not built.
    #[serde(default)]
    pub controls: Vec<String>,
}

/// What shows that a duty is met, from `content/controls.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// Stable key, e.g. `self_test`.
    pub key: String,
    /// What it shows, one sentence.
    pub title: String,
    /// Where the proof comes from.
    pub proof: Proof,
    /// After this many days the evidence is due for renewal; absent: it is computed live and cannot age.
    #[serde(default)]
    pub max_age_days: Option<u32>,
    /// After this many days it is a gap. Absent: twice `max_age_days`.
    #[serde(default)]
    pub gap_after_days: Option<u32>,
    /// What to do when it is not met, one sentence, verb first.
    pub mend: String,
    /// Page that mends it.
    #[serde(default)]
    pub page: Option<String>,
}

/// Where proof comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Proof {
    /// A live probe of the running program, by name. Never seeded, never stored as true.
    Probe(String),
    /// Records of the setting, by the name of a question that `app` answers.
    Records(String),
    /// A dated evidence row of this kind, signed by a person or made by a scheduled probe.
    Signed(String),
}

/// How an obligation stands today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not built in this version, said plainly.
    NotBuilt,
    /// This setting's policy does not have it.
    NotApplicable,
    /// Dated evidence, today.
    Met,
    /// Evidence grows old.
    Due,
    /// No evidence, too old, or it says no.
    Gap,
}

impl Status {
    /// The word for it in the contract.
    pub fn key(self) -> &'static str {
        match self {
            Self::NotBuilt => "not_built",
            Self::NotApplicable => "not_applicable",
            Self::Met => "met",
            Self::Due => "due",
            Self::Gap => "gap",
        }
    }
}

/// A piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// One sentence.
    pub what: String,
    /// When it was true.
    pub at: Timestamp,
    /// Page that shows it.
    pub link: Option<String>,
    /// Does it say yes?
    pub ok: bool,
}

/// How a control stands with its newest evidence.
pub fn stands(control: &Control, newest: Option<&Evidence>, now: Timestamp) -> Status {
    let Some(evidence) = newest else { return Status::Gap };
    if !evidence.ok || evidence.at > now {
        return Status::Gap;
    }
    let Some(max) = control.max_age_days else { return Status::Met };
    let age = now.duration_since(evidence.at);
    let days = |n: u32| SignedDuration::from_hours(24 * i64::from(n));
    let gap = control.gap_after_days.unwrap_or(max.saturating_mul(2));
    if age > days(gap) {
        Status::Gap
    } else if age > days(max) {
        Status::Due
    } else {
        Status::Met
    }
}

/// How an obligation stands: the worst of its controls.
pub fn worst(obligation: &Obligation, seed: &str, controls: &[Status]) -> Status {
    if !obligation.clauses.contains_key(seed) {
        return Status::NotApplicable;
    }
    controls.iter().copied().max().unwrap_or(Status::NotBuilt)
}
