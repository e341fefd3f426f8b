//! Coming in: username and password, second factor, unlocking.

use askama::Template;

use crate::{form::FormView, shell::Page};

/// Username and password.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/sign_in.html")]
pub struct SignIn {
    /// The form. Its hidden `next` is where one wanted to go.
    pub form: FormView,
}

impl Page for SignIn {
    fn title(&self) -> String {
        "Sign in".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// The six figures, or a recovery code.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/second_factor.html")]
pub struct SecondFactor {
    /// The form.
    pub form: FormView,
    /// May a concern be reported without it? Always; the page says so (S3).
    pub report_anyway: bool,
}

impl Page for SecondFactor {
    fn title(&self) -> String {
        "Enter your six figures".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// Setting up the second factor: a picture to scan, a key to type, a code to prove it.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/second_factor_set_up.html")]
pub struct SecondFactorSetUp {
    /// The form.
    pub form: FormView,
    /// An SVG made by us from the key.
    pub picture_svg: String,
    /// The key in groups of four.
    pub key: String,
}

impl Page for SecondFactorSetUp {
    fn title(&self) -> String {
        "Set up your second step".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// The screen locked itself: password again.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/unlock.html")]
pub struct Unlock {
    /// The form.
    pub form: FormView,
    /// Who locked it.
    pub name: String,
}

impl Page for Unlock {
    fn title(&self) -> String {
        "Locked".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// There is a second step already: what is asked before it is replaced.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/second_factor_replace.html")]
pub struct SecondFactorReplace {
    /// The form.
    pub form: FormView,
}

impl Page for SecondFactorReplace {
    fn title(&self) -> String {
        "Replace your second step".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// Codes for the day on which the phone is lost, shown once.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/recovery_codes.html")]
pub struct RecoveryCodes {
    /// The codes.
    pub codes: Vec<String>,
}

impl Page for RecoveryCodes {
    fn title(&self) -> String {
        "Keep these codes".to_owned()
    }
}
