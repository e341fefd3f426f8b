//! Samples of working with others and of looking over the work: full and empty, with text that tries to be markup.

use super::somebody;
use crate::views::pages::working::{Document, DocumentSection};
use crate::views::ui::{Cell, Table};

const NASTY: &str = "<script>alert(1)</script> \u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{1f642}";

fn table() -> Table {
    Table::new("Some").column("One").row([Cell::Text(NASTY.into())])
}

/// Name, rendered page.
pub(super) fn all() -> Vec<(&'static str, String)> {
    let document = Document {
        title: "Referral to children\u{2019}s social care".into(),
        setting: NASTY.into(),
        fictional: true,
        marking: Some("Confidential: safeguarding".into()),
        printed: "Printed Tuesday 3 March 2026 by Maya".into(),
        audit_head: Some("12 abcdef".into()),
        sections: vec![
            DocumentSection {
                heading: "What you need to know".into(),
                rows: vec![("Facts".into(), NASTY.into())],
                ..DocumentSection::default()
            },
            DocumentSection { paragraphs: vec![NASTY.into()], table: Some(table()), ..DocumentSection::default() },
        ],
        export: Some("/referrals/1/export".into()),
        back: ("/referrals/1".into(), "Back to the referral".into()),
    };
    let plain = Document { title: "A letter to you".into(), back: ("/".into(), "Back".into()), ..Document::default() };
    vec![("working/document", somebody(&document)), ("working/document", somebody(&plain))]
}
