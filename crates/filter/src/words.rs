//! What a page's words weigh: a score for each topic of `content/words.toml`, for pages that the gateway sees in full.
//!
//! Words are weighed together and never alone: a topic is found when its words reach its limit within one stretch of the page, three
//! different ones at least, none counted more than three times, and no word counts that stands near one which explains it ("breast" near "feeding",
//! "shoot" near "plant"). What it is not: a judgement of pictures, of meaning, or of any language but English.
//! To add a word: its line in the file; then its false alarms, measured on the pages in `content/words-samples`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use serde::Deserialize;

const ROWS: &str = include_str!("../../../content/words.toml");

/// One word counts so often at most.
const OFTEN: u32 = 3;
/// So many different words are needed.
const DIFFERENT: usize = 3;
/// Words count together within so many: a page's screenful and a half.
const STRETCH: usize = 400;

#[derive(Deserialize)]
struct File {
    window: usize,
    topic: Vec<Topic>,
}

#[derive(Deserialize)]
struct Topic {
    category: String,
    limit: u32,
    words: BTreeMap<String, u32>,
    #[serde(default)]
    unless: Vec<String>,
}

struct Table {
    window: usize,
    topics: Vec<Topic>,
    /// Stem → (topic, weight).
    weighs: HashMap<String, Vec<(usize, u32)>>,
    /// Stem → topics that it explains.
    explains: HashMap<String, Vec<usize>>,
}

#[expect(clippy::expect_used, reason = "the file is part of the program and read by a test")]
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let file: File = toml::from_str(ROWS).expect("content/words.toml can be read");
    let mut table = Table { window: file.window, topics: file.topic, weighs: HashMap::new(), explains: HashMap::new() };
    for (at, topic) in table.topics.iter().enumerate() {
        for (word, weight) in &topic.words {
            table.weighs.entry(stem(word)).or_default().push((at, *weight));
        }
        for word in &topic.unless {
            table.explains.entry(stem(word)).or_default().push(at);
        }
    }
    table
});

/// A topic that a text is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Category id, as in `content/categories.toml`.
    pub category: &'static str,
    /// What its words weighed.
    pub score: u32,
    /// What they had to weigh.
    pub limit: u32,
}

/// The heaviest topic of a text, relative to its limit, if any reaches it.
pub fn heaviest(text: &str) -> Option<Found> {
    weigh(text)
        .into_iter()
        .filter(|found| found.score >= found.limit)
        .max_by_key(|found| found.score * 100 / found.limit)
}

/// What a text weighs for each topic: the heaviest stretch of [`STRETCH`] words in it. A long page gathers a few such words of
/// every kind from its first line to its last; a page that is meant has them together.
pub fn weigh(text: &str) -> Vec<Found> {
    let table = &*TABLE;
    let words: Vec<String> = text
        .split(|letter: char| !letter.is_alphanumeric() && letter != '\'')
        .filter(|word| !word.is_empty() && word.len() <= 40)
        .map(|word| stem(&word.to_lowercase()))
        .collect();
    // For each topic, where its words stand and what each weighs, but those that something near explains.
    let mut stand: Vec<Vec<(usize, &str, u32)>> = table.topics.iter().map(|_| Vec::new()).collect();
    for (at, word) in words.iter().enumerate() {
        let Some(rows) = table.weighs.get(word) else { continue };
        let near =
            words.get(at.saturating_sub(table.window)..(at + table.window + 1).min(words.len())).unwrap_or_default();
        let explained: BTreeSet<usize> =
            near.iter().filter_map(|word| table.explains.get(word)).flatten().copied().collect();
        for (topic, weight) in rows.iter().filter(|(topic, _)| !explained.contains(topic)) {
            if let Some(places) = stand.get_mut(*topic) {
                places.push((at, word, *weight));
            }
        }
    }
    let topics = table.topics.iter().zip(stand);
    topics
        .map(|(topic, places)| Found {
            category: &topic.category,
            score: heaviest_stretch(&places),
            limit: topic.limit,
        })
        .collect()
}

/// The most that places within one stretch weigh together. Each place comes in once and leaves once.
fn heaviest_stretch(places: &[(usize, &str, u32)]) -> u32 {
    let mut inside: HashMap<&str, u32> = HashMap::new();
    let (mut score, mut most) = (0, 0);
    let mut leaving = places.iter().peekable();
    for (at, word, weight) in places {
        while let Some((_, gone, weighs)) = leaving.next_if(|(from, _, _)| at - from >= STRETCH) {
            if let Some(times) = inside.get_mut(gone) {
                *times -= 1;
                score -= if *times < OFTEN { *weighs } else { 0 };
            }
        }
        inside.retain(|_, times| *times > 0);
        let times = inside.entry(word).or_default();
        *times += 1;
        score += if *times <= OFTEN { *weight } else { 0 };
        if inside.len() >= DIFFERENT {
            most = most.max(score);
        }
    }
    most
}

/// `bets`, `betting` and `bet` are one word; a doubled letter at the end is one.
fn stem(word: &str) -> String {
    let word = word.trim_matches('\'').trim_end_matches("'s");
    let cut = ["ings", "ing", "ers", "er", "ies", "es", "ed", "s", "y"]
        .iter()
        .find_map(|end| word.strip_suffix(end).filter(|rest| rest.chars().count() >= 3));
    let mut stem = cut.unwrap_or(word).to_owned();
    let mut last = stem.chars().rev();
    if let (Some(one), Some(two)) = (last.next(), last.next())
        && one == two
        && stem.chars().count() > 3
        && !matches!(one, 'l' | 's' | 'e' | 'o')
    {
        stem.pop();
    }
    stem
}

/// The words of a page that a person reads: no tags, no scripts, no styles.
pub fn of_html(html: &str) -> String {
    let mut text = String::with_capacity(html.len() / 2);
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        push(&mut text, before);
        text.push(' ');
        let name: String = after.chars().take(8).take_while(char::is_ascii_alphabetic).collect();
        let name = name.to_ascii_lowercase();
        if after.starts_with("!--") {
            rest = after.split_once("-->").map_or("", |(_, rest)| rest);
            continue;
        }
        let (_, after) = after.split_once('>').unwrap_or(("", ""));
        rest = match name.as_str() {
            "script" | "style" | "template" => {
                let end = format!("</{name}");
                let at = after.as_bytes().windows(end.len()).position(|part| part.eq_ignore_ascii_case(end.as_bytes()));
                at.and_then(|at| after.get(at..)).unwrap_or("")
            }
            _ => after,
        };
    }
    push(&mut text, rest);
    text
}

fn push(text: &mut String, part: &str) {
    if !part.contains('&') {
        return text.push_str(part);
    }
    text.push_str(&part.replace("&amp;", "&").replace("&nbsp;", " ").replace("&#39;", "'").replace("&rsquo;", "'"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_are_one() {
        for (a, b) in [("bets", "betting"), ("gambling", "gambled"), ("casino", "casinos"), ("killing", "killed")] {
            assert_eq!(stem(a), stem(b), "{a} {b}");
        }
        assert_ne!(stem("better"), stem("butter"));
    }

    #[test]
    fn a_page_is_its_words() {
        let page = "<p>One<script>two</script><style>x{}</style> th<!-- no -->ree</p><b>four";
        let words = of_html(page);
        let words: Vec<_> = words.split_whitespace().collect();
        assert_eq!(words, ["One", "th", "ree", "four"]);
    }

    #[test]
    fn no_word_alone_is_a_topic() {
        assert_eq!(heaviest(&"casino ".repeat(500)), None);
        assert_eq!(heaviest("casino jackpot casino jackpot"), None);
        assert!(
            heaviest(
                "Casino bonus: free spins on every slot, place your bets, jackpot and roulette, poker and blackjack"
            )
            .is_some()
        );
    }

    #[test]
    fn words_far_apart_are_not_one_topic() {
        let meant = ["casino", "jackpot", "roulette", "poker", "blackjack", "wager", "payout", "bookmaker"];
        let apart = |gap: usize| meant.map(|word| format!("{word} {}", "meadow ".repeat(gap))).concat();
        assert!(heaviest(&apart(10)).is_some());
        assert_eq!(heaviest(&apart(200)), None, "{:?}", weigh(&apart(200)));
        // A stretch in the middle of a long page counts as if it stood alone.
        let hidden = format!("{}{}{}", "meadow ".repeat(5_000), apart(2), "meadow ".repeat(5_000));
        assert_eq!(weigh(&hidden), weigh(&apart(2)));
    }
}
