//! One list's word about one name, in sixteen bits: which list, and how.

use crate::rule::{Effect, Scope};

/// List number in the lower eleven bits, marks above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member(pub(super) u16);

impl Member {
    /// Bits of a list's number.
    const LIST: u16 = (1 << 11) - 1;
    const EXACT: u16 = 1 << 11;
    const ONLY_BELOW: u16 = 1 << 12;
    const ALLOW: u16 = 1 << 13;
    const IMPORTANT: u16 = 1 << 14;
    /// No word of its own, but the section of rules has some about this name.
    const RULES: u16 = 1 << 15;
    /// Most lists of one file.
    pub(super) const MOST_LISTS: usize = Self::LIST as usize + 1;

    pub(super) fn new(list: u16, scope: Scope, effect: Effect) -> Self {
        let scope = match scope {
            Scope::Below => 0,
            Scope::Exact => Self::EXACT,
            Scope::OnlyBelow => Self::ONLY_BELOW,
        };
        let mark = |on: bool, mark: u16| if on { mark } else { 0 };
        Self(list & Self::LIST | scope | mark(effect.allow, Self::ALLOW) | mark(effect.important, Self::IMPORTANT))
    }

    pub(super) fn rules(list: u16) -> Self {
        Self(list & Self::LIST | Self::RULES)
    }

    pub(super) fn list(self) -> usize {
        usize::from(self.0 & Self::LIST)
    }

    pub(super) fn scope(self) -> Scope {
        match self.0 & (Self::EXACT | Self::ONLY_BELOW) {
            Self::EXACT => Scope::Exact,
            Self::ONLY_BELOW => Scope::OnlyBelow,
            _ => Scope::Below,
        }
    }

    pub(super) fn effect(self) -> Effect {
        Effect { allow: self.0 & Self::ALLOW != 0, important: self.0 & Self::IMPORTANT != 0 }
    }

    pub(super) fn has_rules(self) -> bool {
        self.0 & Self::RULES != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for list in [0, 1, 2047] {
            for scope in [Scope::Below, Scope::Exact, Scope::OnlyBelow] {
                for bits in 0..4 {
                    let effect = Effect { allow: bits & 1 != 0, important: bits & 2 != 0 };
                    let member = Member::new(list, scope, effect);
                    assert_eq!((member.list(), member.scope(), member.effect()), (usize::from(list), scope, effect));
                    assert!(!member.has_rules());
                }
            }
            assert!(Member::rules(list).has_rules() && Member::rules(list).list() == usize::from(list));
        }
    }
}
