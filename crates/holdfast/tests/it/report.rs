//! A concern, as a practitioner files it from a browser.

use jiff::ToSpan;
use jiff::tz::TimeZone;

use crate::visitor::{Page, Visitor, now};

/// Somebody at the report form, with the form open: its token lives as long as the session.
#[derive(Clone)]
pub(crate) struct Reporter {
    pub(crate) visitor: Visitor,
    token: String,
}

/// Where a breach is reported.
pub(crate) const FORM: &str = "/concerns/report/filter_breach";

impl Reporter {
    /// Opens the form.
    pub(crate) async fn at(visitor: Visitor) -> Self {
        let page = visitor.get(FORM).await;
        assert_eq!(page.status, 200, "{page:?}");
        Self { token: page.token(), visitor }
    }

    /// Sends a report; what came back.
    pub(crate) async fn send(&self, what_happened: &str) -> Page {
        self.visitor.send(FORM, &self.token, &borrowed(&fields(what_happened))).await
    }

    /// Sends a report; its path for the reporter when it was acknowledged.
    pub(crate) async fn report(&self, what_happened: &str) -> Option<String> {
        let page = self.send(what_happened).await;
        (page.status == 303 && page.location.starts_with("/reports/")).then_some(page.location)
    }
}

/// The shortest report that is whole.
pub(crate) fn fields(what_happened: &str) -> Vec<(String, String)> {
    let yesterday = now().to_zoned(TimeZone::UTC).saturating_sub(1.day());
    [
        ("kind", "filter_breach".to_owned()),
        ("what_happened", what_happened.to_owned()),
        ("safe_now", "yes".to_owned()),
        ("children", "unknown".to_owned()),
        ("event-day", yesterday.day().to_string()),
        ("event-month", yesterday.month().to_string()),
        ("event-year", yesterday.year().to_string()),
        ("event-time", "09:15".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// As [`Visitor::send`] wants them.
pub(crate) fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}
