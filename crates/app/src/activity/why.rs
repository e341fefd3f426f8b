//! Why something was blocked. The gateway writes a word or an id; people read a title.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::filtering::categories;

/// What the gateway writes in the place of a rule where a supervised group asked for what nobody approved.
pub(super) const NOT_APPROVED: &str = "not_approved";
/// An attempt to get round the filter has no rule; this is its word.
pub const BYPASS: &str = "bypass";

/// Titles of the categories. Without the file, ids are better than nothing.
static TITLES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let choices = categories::choices().unwrap_or_default();
    choices.into_iter().map(|choice| (choice.id, choice.why.title)).collect()
});

/// What stands for a category's id or the gateway's word where people read it. A decision of the setting has an id that says
/// nothing; it is called what it is.
pub fn why(because: &str) -> String {
    let words = match because {
        NOT_APPROVED => "Nobody approved it for this group",
        BYPASS => "A way round the filter",
        "hours" => "Outside the group\u{2019}s hours",
        "no_session" => "No session was open",
        "safe_search" => "A search that cannot be made safe",
        "no_data" => "The filter\u{2019}s lists were missing",
        "" => "The group\u{2019}s own settings",
        id => return TITLES.get(id).cloned().unwrap_or_else(|| of_setting(id)),
    };
    words.to_owned()
}

fn of_setting(rule: &str) -> String {
    match uuid::Uuid::try_parse(rule) {
        Ok(_) => "A rule that was decided here".to_owned(),
        Err(_) => rule.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_has_its_title_and_what_nobody_knows_stands_as_it_is() {
        assert_eq!(why("revealing"), "Underwear and revealing pictures");
        assert_eq!(why("not_approved"), "Nobody approved it for this group");
        assert_eq!(why("00000000-0000-0000-0000-000000000007"), "A rule that was decided here");
        assert_eq!(why("a list of their own"), "a list of their own");
    }
}
