//! Setting a device up: the page that it opens itself, and the sheet of paper that leads there.
//!
//! What it is not: the register (`register`), which shows a device to whoever keeps it.

use askama::Template;

use crate::shell::{Page, Paper};
use crate::ui::Summary;

/// How one system is set up.
#[derive(Debug, Clone, Default)]
pub struct System {
    /// "iPad, iPhone, Mac".
    pub name: String,
    /// What to do, in order.
    pub steps: Vec<String>,
    /// What it takes: address and words.
    pub files: Vec<(String, String)>,
    /// What is typed by hand.
    pub values: Summary,
    /// What this does not hold back.
    pub limits: Vec<String>,
}

impl System {
    fn has_values(&self) -> bool {
        !self.values.rows.is_empty()
    }
}

/// The page that a device opens to set itself up; its own secret address is the key to it.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/device_set_up.html")]
pub struct SetUp {
    /// As on its label.
    pub name: String,
    /// Its group.
    pub group: String,
    /// Every system that it may have.
    pub systems: Vec<System>,
    /// Where it checks itself.
    pub check: String,
    /// Its start page; none for what children do not hold.
    pub start: Option<String>,
}

impl Page for SetUp {
    fn title(&self) -> String {
        "Set up this device".to_owned()
    }
}

/// The sheet for whoever stands there with the device in hand.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/device_sheet.html")]
pub struct PaperSheet {
    /// As on its label.
    pub name: String,
    /// Back to it, on the screen.
    pub back: String,
    /// Which setting, group, room, person.
    pub facts: Summary,
    /// A picture to scan: the page above.
    pub picture_svg: Option<String>,
    /// The same address, for typing.
    pub address: Option<String>,
    /// Where our certificate is, where pages are encrypted with one of our own.
    pub certificate: Option<String>,
    /// The systems that it may have.
    pub systems: Vec<System>,
    /// Where it checks itself.
    pub check: String,
}

impl Page for PaperSheet {
    fn title(&self) -> String {
        "Set-up sheet of a device".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Print
    }
}
