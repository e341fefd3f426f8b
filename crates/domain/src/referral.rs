//! A referral: how it goes from a draft to an outcome, with consent or a recorded reason to go without, and what its
//! agency asks for.
//!
//! No gate ever stands before the police, social care, the LADO, health, Ofsted or the ICO (S2): an order of states is all
//! that there is, and what has already happened may be written at any time. To say what an agency asks for, write a form
//! in `content/referrals.toml`.

use serde::{Deserialize, Serialize};

use crate::procedure::Within;

/// Where a referral stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferralState {
    /// Written, not sent.
    Drafted,
    /// Sent; they have not answered.
    Sent,
    /// They have it.
    Acknowledged,
    /// They have decided.
    Outcome,
    /// It was decided not to refer, with a reason (C10).
    NotMade,
}

impl ReferralState {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Drafted, Self::Sent, Self::Acknowledged, Self::Outcome, Self::NotMade];

    /// The word for it in storage.
    pub fn key(self) -> &'static str {
        match self {
            Self::Drafted => "drafted",
            Self::Sent => "sent",
            Self::Acknowledged => "acknowledged",
            Self::Outcome => "outcome",
            Self::NotMade => "not_made",
        }
    }

    /// The one of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }

    /// Does somebody still owe something?
    pub fn is_open(self) -> bool {
        matches!(self, Self::Drafted | Self::Sent | Self::Acknowledged)
    }

    /// May this follow? States only go forward; a decision not to refer may still be turned into a referral.
    pub fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Drafted, _) => next != Self::Drafted,
            (Self::Sent, Self::Acknowledged | Self::Outcome) => true,
            (Self::Acknowledged, Self::Outcome) => true,
            (Self::NotMade, Self::Sent) => true,
            _ => false,
        }
    }
}

/// Do those with parental responsibility agree to the referral?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// They were asked and agree.
    Given,
    /// They were not asked, or did not agree, and it goes all the same: with a reason.
    Overridden,
    /// It is about nobody whose consent is asked: an address, an adult here, a duty to report.
    NotNeeded,
}

impl Consent {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Given, Self::Overridden, Self::NotNeeded];

    /// The word for it in storage.
    pub fn key(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Overridden => "overridden",
            Self::NotNeeded => "not_needed",
        }
    }

    /// The one of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|consent| consent.key() == key)
    }
}

/// What one agency asks for in a referral.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferralForm {
    /// Keys of the agencies that ask so.
    pub agencies: Vec<String>,
    /// "Referral to children's social care".
    pub title: String,
    /// How it must be sent, in a sentence or two.
    pub send: String,
    /// Is the consent of those with parental responsibility a question here at all?
    pub consent: bool,
    /// When to ask them again if they have not answered.
    pub chase: Within,
    /// What is asked.
    #[serde(rename = "field")]
    pub fields: Vec<Asked>,
    /// Where this was read.
    pub source: String,
}

/// One question of a referral form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Stable key.
    pub key: String,
    /// The question.
    pub label: String,
    /// A hint below it.
    #[serde(default)]
    pub hint: Option<String>,
    /// Several lines?
    #[serde(default)]
    pub long: bool,
    /// Must it be answered before the referral is sent from here?
    #[serde(default)]
    pub required: bool,
    /// What the record already knows.
    #[serde(default)]
    pub fill: Option<Fill>,
}

/// What a form's field begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fill {
    /// The setting's name and Ofsted number.
    Setting,
    /// Who writes, with their title and number.
    Writer,
    /// The children, with dates of birth.
    Children,
    /// The children's adults, with their warnings.
    Adults,
    /// The adult whom it is about.
    About,
    /// What was seen and heard.
    Facts,
    /// The child's own words.
    Words,
    /// When it happened and when it was known.
    Times,
    /// What has been done: the steps so far.
    Done,
    /// Device and room, without any address.
    Device,
    /// Who knows, told when.
    Told,
}

impl ReferralForm {
    /// Checks what a file cannot say by its shape.
    ///
    /// # Errors
    /// One sentence.
    pub fn check(&self) -> Result<(), String> {
        let mut keys = std::collections::BTreeSet::new();
        if self.agencies.is_empty() || self.fields.is_empty() {
            return Err(format!("{}: it is for nobody, or asks nothing", self.title));
        }
        match self.fields.iter().find(|field| !keys.insert(field.key.as_str())) {
            Some(twice) => Err(format!("{}: asks {} twice", self.title, twice.key)),
            None => Ok(()),
        }
    }
}

/// A letter to a family, as `content/letters.toml` has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LetterText {
    /// Kinds of concern that it serves; empty: every other.
    #[serde(default)]
    pub kinds: Vec<crate::concern::ConcernKind>,
    /// What it is called in the list.
    pub title: String,
    /// Its paragraphs. `{child}`, `{adult}`, `{setting}`, `{day}`, `{today}`, `{writer}`, `{title}`, `{phone}` are filled in;
    /// what begins with `[Write here` is the writer’s, and nothing is kept before they wrote it.
    pub paragraphs: Vec<String>,
    /// Where the duty stands.
    pub source: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_only_go_forward_and_an_end_is_an_end() {
        use ReferralState as S;
        for state in S::ALL {
            assert!(!state.may_become(S::Drafted), "nothing becomes a draft again");
            assert!(!S::Outcome.may_become(state), "an outcome stands");
            assert_eq!(S::from_key(state.key()), Some(state));
        }
        assert!(S::NotMade.may_become(S::Sent), "one may think again");
        assert!(!S::Acknowledged.may_become(S::Sent) && !S::Sent.may_become(S::NotMade));
    }
}
