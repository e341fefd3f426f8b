//! My account: who I am here, where I am signed in, my password.

use askama::Template;

use crate::{form::FormView, shell::Page};

/// My account.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/account.html")]
pub struct Account {
    /// My name.
    pub name: String,
    /// My username.
    pub username: String,
    /// My roles' titles here.
    pub roles: Vec<String>,
    /// How long the password lasts, in words.
    pub password: String,
    /// Has the second step been set up?
    pub second_factor: bool,
    /// Recovery codes that are left, with a second step.
    pub recovery_codes: Option<u64>,
    /// One belongs to several settings and may change.
    pub several_settings: bool,
    /// Devices that are one's own here.
    pub devices: Vec<DeviceLine>,
    /// One's tokens for the JSON API.
    pub tokens: Vec<TokenLine>,
    /// Where I am signed in, this one first.
    pub sessions: Vec<SessionLine>,
}

/// A device of mine.
#[derive(Debug, Clone, Default)]
pub struct DeviceLine {
    /// As on its label.
    pub name: String,
    /// Its group's name.
    pub group: String,
    /// The day when the filter was seen at work on it.
    pub checked: Option<String>,
}

/// A token of mine for the JSON API.
#[derive(Debug, Clone, Default)]
pub struct TokenLine {
    /// For the button that ends it.
    pub id: String,
    /// What it opens.
    pub scope: String,
    /// "Tuesday 3 March, 2:15pm".
    pub until: String,
}

impl Account {
    /// Is somebody signed in elsewhere too?
    fn elsewhere(&self) -> bool {
        self.sessions.iter().any(|session| !session.here)
    }
}

/// A browser in which I am signed in.
#[derive(Debug, Clone, Default)]
pub struct SessionLine {
    /// For the button that ends it.
    pub id: String,
    /// What I called it, or what it says it is.
    pub label: String,
    /// "Since Tuesday 3 March, 2:15pm".
    pub since: String,
    /// "Used 4 minutes ago".
    pub used: String,
    /// This very one.
    pub here: bool,
}

impl Page for Account {
    fn title(&self) -> String {
        "Your account".to_owned()
    }
}

/// A new password.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/password.html")]
pub struct Password {
    /// The form.
    pub form: FormView,
    /// Why one must: "The manager set your password; choose your own now."
    pub why: Option<String>,
}

impl Page for Password {
    fn title(&self) -> String {
        "Choose a new password".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// A password chosen with a handed-over link.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/set_password.html")]
pub struct SetPassword {
    /// The form.
    pub form: FormView,
    /// Whose link it is.
    pub username: String,
    /// The link's own path.
    pub action: String,
}

impl Page for SetPassword {
    fn title(&self) -> String {
        "Choose your password".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}
