//! Words that say how something stands: tags, banners, insets, empty places.

use askama::Template;

use super::{Icon, icon, part};

/// How something stands. Each has a colour, a shape and needs a word beside it: colour never speaks alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Nothing to say: neutral.
    #[default]
    Calm,
    /// Done, met, safe.
    Done,
    /// Wants somebody's attention by a date.
    Due,
    /// Missing, overdue, dangerous.
    Gap,
    /// Good to know.
    Info,
    /// Shut: sealed, held, ended.
    Shut,
}

impl Tone {
    /// Its word in class names.
    pub fn key(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Done => "done",
            Self::Due => "due",
            Self::Gap => "gap",
            Self::Info => "info",
            Self::Shut => "shut",
        }
    }

    /// The tone of this key, as in a flash cookie.
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Calm, Self::Done, Self::Due, Self::Gap, Self::Info, Self::Shut].into_iter().find(|t| t.key() == key)
    }

    /// Its shape.
    pub fn icon(self) -> Icon {
        icon(match self {
            Self::Calm => "circle",
            Self::Done => "circle-check",
            Self::Due => "clock",
            Self::Gap => "triangle-alert",
            Self::Info => "info",
            Self::Shut => "lock",
        })
    }
}

/// A word with a shape and a colour: `ui::Tag::new(Tone::Due, "Due Friday")`.
#[derive(Template, Debug, Clone)]
#[template(
    ext = "html",
    source = r#"<strong class="hf-tag hf-tag--{{ tone.key() }}{% if self.is_long() %} hf-tag--long{% endif %}">{{ tone.icon() }}{{ word }}</strong>"#
)]
pub struct Tag {
    /// Colour and shape.
    pub tone: Tone,
    /// The word.
    pub word: String,
}

impl Tag {
    /// A tag.
    pub fn new(tone: Tone, word: &str) -> Self {
        Self { tone, word: word.to_owned() }
    }

    /// A sentence may break; a word or two stay in one line.
    fn is_long(&self) -> bool {
        self.word.chars().count() > 26
    }
}

/// What just happened, or what one must know before reading on.
#[derive(Template, Debug, Clone)]
#[template(path = "ui/banner.html")]
pub struct Banner {
    tone: Tone,
    words: String,
    link: Option<(String, String)>,
}

impl Banner {
    /// A banner of one sentence.
    pub fn new(tone: Tone, words: &str) -> Self {
        Self { tone, words: words.to_owned(), link: None }
    }

    /// With what to do next.
    #[must_use]
    pub fn link(mut self, href: &str, text: &str) -> Self {
        self.link = Some((href.to_owned(), text.to_owned()));
        self
    }

    fn role(&self) -> &'static str {
        if self.tone == Tone::Gap { "alert" } else { "status" }
    }
}

/// A quiet aside.
#[derive(Template, Debug, Clone)]
#[template(ext = "html", source = r#"<div class="govuk-inset-text">{{ words }}</div>"#)]
pub struct Inset {
    words: String,
}

impl Inset {
    /// An aside.
    pub fn new(words: &str) -> Self {
        Self { words: words.to_owned() }
    }
}

/// Something that must not be done, or must be done first.
#[derive(Template, Debug, Clone)]
#[template(
    ext = "html",
    source = r#"<div class="hf-warning">{{ crate::ui::icon("triangle-alert") }}<strong><span class="govuk-visually-hidden">Warning: </span>{{ words }}</strong></div>"#
)]
pub struct Warning {
    words: String,
}

impl Warning {
    /// A warning.
    pub fn new(words: &str) -> Self {
        Self { words: words.to_owned() }
    }
}

/// A place where nothing is yet: what would be here, and how it comes.
#[derive(Template, Debug, Clone)]
#[template(path = "ui/empty.html")]
pub struct Empty {
    what: String,
    how: String,
    link: Option<(String, String)>,
}

impl Empty {
    /// `Empty::new("No concerns wait for you.", "When somebody reports one, it appears here.")`
    pub fn new(what: &str, how: &str) -> Self {
        Self { what: what.to_owned(), how: how.to_owned(), link: None }
    }

    /// With the way to make the first one.
    #[must_use]
    pub fn link(mut self, href: &str, text: &str) -> Self {
        self.link = Some((href.to_owned(), text.to_owned()));
        self
    }
}

/// Ways to the earlier and later part of a long list. Prints nothing when there is one part.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "ui/pages.html")]
pub struct Pages {
    /// Link to the part before, already encoded.
    pub previous: Option<String>,
    /// Link to the part after, already encoded.
    pub next: Option<String>,
    /// "21 to 40 of 112".
    pub where_we_are: String,
}

part!(Tag, Banner, Inset, Warning, Empty, Pages);
