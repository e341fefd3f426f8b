//! Guests by voucher: making slips, the slips on paper, and what a guest sees.

use askama::Template;

use crate::form::FormView;
use crate::shell::{Page, Paper};
use crate::ui::Table;

/// The vouchers, for whoever makes them.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/guests.html")]
pub struct Guests {
    /// Making some.
    pub form: FormView,
    /// For how long: (hours, words).
    pub lengths: Vec<(String, String)>,
    /// The groups for guests, where there are several: (key, name).
    pub groups: Vec<(String, String)>,
    /// Those that can be called back: (id, words).
    pub open: Vec<(String, String)>,
    /// All of the last two months.
    pub listed: Table,
}

impl Page for Guests {
    fn title(&self) -> String {
        "Vouchers for guests".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}

/// Slips to cut out; the codes are shown here and never again.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/guest_slips.html")]
pub struct Slips {
    /// The setting's name.
    pub setting: String,
    /// Where a guest types the code.
    pub address: String,
    /// Each slip.
    pub slips: Vec<Slip>,
}

/// One slip.
#[derive(Debug, Clone, Default)]
pub struct Slip {
    /// Its code.
    pub code: String,
    /// For how long, and until when it can be begun.
    pub say: String,
    /// Its code as a picture to scan, made by us.
    pub picture_svg: String,
}

impl Page for Slips {
    fn title(&self) -> String {
        "Vouchers to print".to_owned()
    }

    fn paper(&self) -> Paper {
        Paper::Print
    }
}

/// What a guest sees, on their own device.
#[derive(Template, Debug, Clone, Default)]
#[template(path = "pages/guest.html")]
pub struct Guest {
    /// Begun just now, and until when.
    pub begun: Option<String>,
    /// The code.
    pub form: FormView,
    /// Where a device checks itself.
    pub check: String,
}

impl Page for Guest {
    fn title(&self) -> String {
        "Internet for guests".to_owned()
    }

    fn has_errors(&self) -> bool {
        self.form.has_errors()
    }
}
