//! The frame of every page: the slim bar, the one column, the footer with the person to ring.
//!
//! What it is not: the page. A page renders its own content; [`Shell`] wraps it.

use askama::Template;

use crate::ui::Tone;

/// A page: its content's template, and what its frame must know.
pub trait Page: Template {
    /// The name of the page, for the tab and for screen readers. Never names a child or says what a concern is about:
    /// tabs, histories and bookmarks are seen by people who must not know.
    fn title(&self) -> String;

    /// Has the form something to mend? Then the tab begins with "Error: ".
    fn has_errors(&self) -> bool {
        false
    }

    /// Which frame.
    fn paper(&self) -> Paper {
        Paper::Column
    }
}

/// The frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Paper {
    /// One column, 65 characters: tasks, forms, reading.
    #[default]
    Column,
    /// Wide: lists, and pages with a second column.
    Wide,
    /// No bar at all, made for paper: contact sheet, printed concern.
    Print,
    /// Nothing but the content: the hidden screen.
    Bare,
    /// For people without an account: the way out of the page, and nothing that leads into the house (S14).
    Open,
}

impl Paper {
    /// Its class on `<main>`.
    pub fn class(self) -> &'static str {
        match self {
            Self::Column => "hf-main hf-main--column",
            Self::Wide => "hf-main hf-main--wide",
            Self::Print => "hf-main hf-main--print",
            Self::Bare => "hf-main hf-main--bare",
            Self::Open => "hf-main hf-main--column",
        }
    }

    /// Is it for people without an account?
    pub fn is_open(self) -> bool {
        self == Self::Open
    }

    /// Does it carry bar and footer?
    pub fn has_bar(self) -> bool {
        matches!(self, Self::Column | Self::Wide)
    }
}

/// What the frame says that is the same on every page of one visit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chrome {
    /// The setting's name.
    pub setting: String,
    /// A setting of invented people: every page says so.
    pub fictional: bool,
    /// Who is signed in.
    pub who: Option<Who>,
    /// Whom to ring about a child. DSL-01: on every page.
    pub contact: Option<Contact>,
    /// The path of this page, for the way back from the hidden screen. Always our own, beginning with `/`.
    pub path: String,
    /// What just happened, after a redirect.
    pub flash: Option<Flash>,
    /// Calls for help that concern whoever is signed in, and where the page asks for more (S35).
    pub ring: Option<crate::ui::Ring>,
    /// Where styles, scripts, fonts and icons live: `/assets/HASH`.
    pub assets: String,
    /// The one-time word that lets our script run; none on a page that needs no script.
    pub nonce: String,
    /// Minutes without a touch after which the screen hides itself; none for nobody.
    pub idle_minutes: Option<u32>,
}

/// The person in the bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// Their name, as they are called here.
    pub name: String,
    /// Their role's title in this setting: "Safeguarding lead".
    pub role: String,
    /// Reports concerns; all but an inspector do.
    pub reports: bool,
    /// Has concerns to search.
    pub searches: bool,
    /// They belong to several settings: the bar leads to the choice.
    pub several_settings: bool,
}

impl Chrome {
    /// Whoever is not known yet may report, too: they are asked to sign in, or told whom to tell.
    pub fn may_report(&self) -> bool {
        self.who.as_ref().is_none_or(|who| who.reports)
    }
}

/// Whom to ring about a child, in the footer of every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Their title in this setting: "Safeguarding lead".
    pub title: String,
    /// Their name.
    pub name: String,
    /// A telephone number as people write it.
    pub phone: String,
    /// Whom to tell when they cannot be found.
    pub holder: Option<Holder>,
}

/// Who stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Their title: "Deputy".
    pub title: String,
    /// Their name.
    pub name: String,
    /// A telephone number as people write it.
    pub phone: String,
}

/// What just happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    /// How it went.
    pub tone: Tone,
    /// A sentence. Never names a child: it travels in a cookie.
    pub words: String,
}

impl Flash {
    /// The banner for it.
    pub fn banner(&self) -> crate::ui::Banner {
        crate::ui::Banner::new(self.tone, &self.words)
    }
}

/// Where "Exit this page" leads: a page that anybody may look at. The one address of somebody else in the house; it is
/// asked only when a person presses the button, and no address of ours goes with it.
pub const EXIT: &str = "https://www.bbc.co.uk/weather";

/// A whole page.
#[derive(Template)]
#[template(path = "shell.html")]
pub struct Shell<'a> {
    /// The frame's words.
    pub chrome: &'a Chrome,
    /// The page's name.
    pub title: String,
    /// The page's frame.
    pub paper: Paper,
    /// The page's content, rendered.
    pub content: String,
}

impl Shell<'_> {
    /// Renders a page in its frame.
    ///
    /// # Errors
    /// Only what askama reports, which for these templates would be a mistake in a template.
    pub fn render_page<P: Page>(chrome: &Chrome, token: &str, page: &P) -> Result<String, askama::Error> {
        let values = Given { token: token.to_owned(), assets: chrome.assets.clone() };
        let content = page.render_with_values(&values)?;
        let title = page.title();
        let title = if page.has_errors() { format!("Error: {title}") } else { title };
        Shell { chrome, title, paper: page.paper(), content }.render_with_values(&values)
    }
}

/// A component alone, for a page that asks for it by itself.
///
/// # Errors
/// As [`Shell::render_page`].
pub fn render_part<T: Template>(chrome: &Chrome, token: &str, part: &T) -> Result<String, askama::Error> {
    part.render_with_values(&Given { token: token.to_owned(), assets: chrome.assets.clone() })
}

/// What components take from the visit rather than from the page: `"token"|value` and `"assets"|value`.
struct Given {
    token: String,
    assets: String,
}

impl askama::Values for Given {
    fn get_value<'a>(&'a self, key: &str) -> Option<&'a dyn std::any::Any> {
        match key {
            "token" => Some(&self.token),
            "assets" => Some(&self.assets),
            _ => None,
        }
    }
}

/// A telephone number for a `tel:` link: digits and a leading plus.
pub fn dial(phone: &str) -> String {
    phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
}
