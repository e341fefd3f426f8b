//! A child has called: what stands above a page until somebody says that they are coming (S35). Pages that stay open ask for it
//! by themselves (`assets/scripts/ring.js`), and ring.

use askama::Template;

use super::part;
use crate::form::FormView;

/// Calls that nobody has answered, above a page.
#[derive(Template, Debug, Clone, Default, PartialEq, Eq)]
#[template(path = "ui/ring.html")]
pub struct Ring {
    /// Where the page asks again, by itself.
    pub from: String,
    /// Calls, oldest first.
    pub calls: Vec<RingingCall>,
    /// Whoever comes says so with a short number, since a child may hold this device.
    pub pin: Option<PinForm>,
    /// Says in a line that this device rings, and how it is let sound; for pages that stay open for it.
    pub stands_by: bool,
}

/// One call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RingingCall {
    /// "Limpets calls, since 10:42am".
    pub words: String,
    /// Where "I'm coming" is said; none where a number is asked for, or the screen is locked.
    pub action: Option<String>,
}

/// "I'm coming", with a short number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PinForm {
    /// Where it goes.
    pub action: String,
    /// What was typed, and what is to be mended.
    pub form: FormView,
}

impl Ring {
    /// Changes whenever something else is to be seen.
    fn state(&self) -> String {
        let calls: Vec<&str> = self.calls.iter().map(|call| call.words.as_str()).collect();
        format!("{} {}", calls.join("; "), self.pin.is_some())
    }
}

part!(Ring);
