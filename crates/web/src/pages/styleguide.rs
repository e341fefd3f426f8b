//! Every component on one page. Only where [`crate::site::Config::styleguide`] says so.

use views::pages::styleguide::Styleguide;

use crate::{Answer, Visit};

/// The style guide.
///
/// # Errors
/// A template failed.
pub async fn get(visit: Visit) -> Answer {
    visit.page(&Styleguide::example())
}
