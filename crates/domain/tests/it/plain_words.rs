//! What people read names its source as they know it: a policy by its date, guidance by its edition, our own rule as our
//! own. Never by the numbers and nicknames that its makers use among themselves.

use toml::Value;

use crate::content::files;

/// A word of ours that a nursery has never met: `S38`, `seed`, `casework`.
fn inside_word(text: &str) -> Option<&str> {
    text.split(|letter: char| !letter.is_alphanumeric()).find(|word| {
        let numbered = word.strip_prefix('S').is_some_and(|number| {
            (1..=2).contains(&number.len()) && number.chars().all(|figure| figure.is_ascii_digit())
        });
        numbered || ["seed", "seeds", "casework"].contains(&word.to_lowercase().as_str())
    })
}

fn strings<'a>(value: &'a Value, out: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => out.push(text),
        Value::Array(all) => all.iter().for_each(|one| strings(one, out)),
        Value::Table(table) => table.values().for_each(|one| strings(one, out)),
        _ => {}
    }
}

#[test]
fn no_string_of_content_speaks_in_the_makers_own_words() {
    assert_eq!(inside_word("Practice and our own rule S38"), Some("S38"));
    assert_eq!(inside_word("Seed policy H 7.2.1"), Some("Seed"));
    assert_eq!(inside_word("Casework P10, step 4"), Some("Casework"));
    assert_eq!(inside_word("SMS 7726, section 12, the S"), None);
    let mut faults = Vec::new();
    for (path, text) in files() {
        let value: Value = Value::Table(toml::from_str(&text).unwrap_or_else(|why| panic!("{path}: {why}")));
        let mut all = Vec::new();
        strings(&value, &mut all);
        // A word alone is looked for, not said: "seed", which makes "bomb" a thing of gardens.
        let said = all.iter().filter(|text| text.contains(' '));
        faults.extend(said.filter_map(|text| inside_word(text).map(|word| format!("{path}: {word}: {text}"))));
    }
    assert!(faults.is_empty(), "{} strings:\n{}", faults.len(), faults.join("\n"));
}
