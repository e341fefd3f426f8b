//! Addresses that a concern speaks of: never a link, copied only on purpose.

use askama::Template;

use crate::FormView;
use crate::shell::Page;

/// The addresses of a concern.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/working/addresses.html")]
pub struct Addresses {
    /// The concern's path.
    pub path: String,
    /// Its reference.
    pub reference: String,
    /// One may be added.
    pub may_seal: bool,
    /// Why none can be released yet.
    pub locked: Option<String>,
    /// Oldest first.
    pub rows: Vec<AddressCard>,
    /// Values and errors.
    pub form: FormView,
}

/// One address.
#[derive(Debug, Clone, Default)]
pub struct AddressCard {
    /// Its id.
    pub id: String,
    /// So that nobody can tap it.
    pub address: String,
    /// The whole site, or one page.
    pub what: String,
    /// By whom, when.
    pub sealed: String,
    /// When and on whose word it was released.
    pub released: Option<String>,
}

impl Page for Addresses {
    fn title(&self) -> String {
        "Sealed addresses".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// A whole address, shown once for the IWF or the police.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/working/copied.html")]
pub struct Copied {
    /// The way back.
    pub back: String,
    /// As it was written.
    pub address: String,
}

impl Page for Copied {
    fn title(&self) -> String {
        "For the IWF or the police".to_owned()
    }
}
