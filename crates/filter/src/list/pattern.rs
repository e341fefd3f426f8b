//! Regular expressions and wildcards in lists: read, bounded, and refused when they cover too much.
//!
//! What it is: the check of one expression. The engine is the `regex` crate, whose time is linear in what it looks at,
//! whatever a stranger writes; what it cannot do that way (looking around, back references) it refuses.
//! What it is not: the matching; all expressions of a file are matched together in `compiled/rules.rs`.

use regex::RegexBuilder;

use super::Entry;
use super::line::shown;
use crate::rule::{Effect, Only, Rule, Target};

/// Most expressions in one compiled file. Each costs every lookup a little.
pub(crate) const MOST: usize = 500;
/// Largest expression once compiled, in bytes.
pub(crate) const LARGEST: usize = 128 * 1024;
/// Longest expression, in bytes.
const LONGEST: usize = 2000;
/// Fewest letters and digits that a wildcard rule says outright.
const FEWEST: usize = 4;
/// Names with nothing in common: who matches all of them matches everything.
const UNLIKE: [&str; 5] =
    ["www.example.org", "nspcc.org.uk", "a1.b2-c3.example.net", "xn--bcher-kva.de", "203.0.113.9"];

/// A line of a file of expressions.
pub(super) fn expression(text: &str, urls: bool) -> Result<Entry, String> {
    fair(text)?;
    Ok(Entry::Rule(Box::new(Rule {
        target: Target::Pattern { source: text.to_owned(), urls },
        effect: Effect::default(),
        only: Only::default(),
        rewrite: None,
        text: text.chars().take(Rule::TEXT).collect(),
    })))
}

/// Checks an expression: readable, small, and not about everything.
pub(super) fn fair(source: &str) -> Result<(), String> {
    if source.len() > LONGEST {
        return Err(format!("the expression is longer than {LONGEST} characters"));
    }
    let compiled = RegexBuilder::new(source).case_insensitive(true).size_limit(LARGEST).nest_limit(50).build();
    let regex = compiled.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "the expression is too large once compiled".to_owned(),
        error => {
            // Its last line says what; the ones before draw arrows.
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            format!("the expression cannot be read: {}", shown(last))
        }
    })?;
    if regex.is_match("") || UNLIKE.iter().all(|name| regex.is_match(name)) {
        return Err("the expression matches every name".into());
    }
    Ok(())
}

/// `||ads*.example.com^` and its kin as an expression. `*` stands for any run of characters.
pub(super) fn of_wildcards(anchored: &str, body: &str, ended: bool) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '*');
    if !body.chars().all(plain) {
        return Err("a rule with ‘*’ holds letters, digits, dots, ‘-’ and ‘_’ beside it, nothing else".into());
    }
    if body.chars().filter(char::is_ascii_alphanumeric).count() < FEWEST {
        return Err(format!("a rule with ‘*’ needs {FEWEST} letters or digits beside it, or it covers too much"));
    }
    let inner = body.replace('.', r"\.").replace('*', ".*");
    let start = match anchored {
        "||" => r"(?:^|\.)",
        "|" => "^",
        _ => "",
    };
    Ok(format!("{start}{inner}{}", if ended { "$" } else { "" }))
}
