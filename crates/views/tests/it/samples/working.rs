//! Samples of working with others and of looking over the work: full and empty, with text that tries to be markup.

use super::somebody;
use crate::views::FormView;
use crate::views::pages::concerns::Word;
use crate::views::pages::working::{
    AddressCard, Addresses, ChronologyPage, Copied, Document, DocumentSection, Share, Shared, Tally, TrendsPage, Wall,
};
use crate::views::ui::{Bars, Cell, Chronology, ChronologyEntry, Table, Tone};

const NASTY: &str = "<script>alert(1)</script> \u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{1f642}";

fn table() -> Table {
    Table::new("Some").column("One").row([Cell::Text(NASTY.into())])
}

/// Name, rendered page.
pub(super) fn all() -> Vec<(&'static str, String)> {
    let share = Share {
        back: "/concerns/1/share".into(),
        action: "/concerns/1/share".into(),
        to: NASTY.into(),
        child: NASTY.into(),
        warnings: vec![NASTY.into()],
        lines: vec![("1".into(), NASTY.into(), true), ("2".into(), "A cartoon.".into(), false)],
        has_page: true,
        form: ["text", "way", "why"].iter().fold(FormView::new(), |mut form, name| {
            form.error(name, NASTY);
            form
        }),
        ..Share::default()
    };
    let shared = Shared { child: NASTY.into(), paragraphs: vec![NASTY.into()], from: NASTY.into() };
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
        export: Some("/trends/report/export".into()),
        parcel: Some("/exports/new?referral=1".into()),
        back: ("/referrals/1".into(), "Back to the referral".into()),
    };
    let plain = Document { title: "A letter to you".into(), back: ("/".into(), "Back".into()), ..Document::default() };
    let mut bars = Bars::new("By area of risk");
    bars.push(NASTY, Some(7));
    bars.push("Contact", None);
    bars.push("Conduct", Some(0));
    let trends = TrendsPage {
        period: "Term 1 2026".into(),
        periods: vec![("/trends?period=2026-09-03".into(), NASTY.into())],
        about: "Small numbers are kept back.".into(),
        total: "kept back".into(),
        tables: vec![Tally { title: "By area of risk".into(), chart: bars, table: table(), none: Some(NASTY.into()) }],
        report: "/trends/report".into(),
    };
    let entry = ChronologyEntry { when: "Tuesday".into(), words: NASTY.into(), ..ChronologyEntry::default() };
    let chronology = ChronologyPage {
        heading: NASTY.into(),
        back: ("/people".into(), "People".into()),
        print: "/people/1/chronology/print".into(),
        pattern: Some("Three concerns of the last 90 days.".into()),
        concerns: vec![("/concerns/1".into(), NASTY.into(), Word::new(Tone::Info, "Open"))],
        story: Chronology { entries: vec![entry] },
        earlier: Some("/people/1/chronology?before=1".into()),
        printed: None,
    };
    let on_paper = ChronologyPage { printed: Some("Printed Tuesday.".into()), ..chronology.clone() };
    let wall = Wall { now: "Tuesday".into(), late: table(), running: table(), met: table() };
    let card = |released: Option<&str>| AddressCard {
        id: "1".into(),
        address: NASTY.into(),
        what: "The whole site.".into(),
        sealed: "Amara Lead, Tuesday".into(),
        released: released.map(Into::into),
    };
    let mut form = FormView::new();
    form.error("address", "Write one address.");
    let addresses = Addresses {
        path: "/concerns/1".into(),
        reference: "K7Q-4MX".into(),
        may_seal: true,
        locked: None,
        rows: vec![card(None), AddressCard { id: "2".into(), ..card(Some("The police.")) }],
        form,
    };
    let none = Addresses {
        locked: Some("Wait.".into()),
        rows: vec![card(None)],
        path: "/concerns/2".into(),
        ..Addresses::default()
    };
    let copied = Copied { back: "/".into(), address: NASTY.into() };
    let nothing = ChronologyPage { back: ("/".into(), "Back".into()), ..ChronologyPage::default() };
    vec![
        ("working/document", somebody(&document)),
        ("working/document", somebody(&plain)),
        ("working/trends", somebody(&trends)),
        ("working/trends", somebody(&TrendsPage { report: "/trends/report".into(), ..TrendsPage::default() })),
        ("working/chronology", somebody(&chronology)),
        ("working/chronology_print", somebody(&on_paper)),
        ("working/chronology", somebody(&nothing)),
        ("working/addresses", somebody(&addresses)),
        ("working/addresses", somebody(&none)),
        ("working/copied", somebody(&copied)),
        ("working/share", somebody(&share)),
        ("working/share", somebody(&Share { back: "/".into(), action: "/a".into(), ..Share::default() })),
        ("working/shared", somebody(&shared)),
        ("working/wall", somebody(&wall)),
        ("working/wall", somebody(&Wall::default())),
    ]
}
