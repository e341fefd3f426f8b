//! Samples of keeping and handing out: full and empty, with text that tries to be markup.

use super::somebody;
use crate::views::FormView;
use crate::views::pages::keeping::{
    BenchFile, BenchLine, BenchMark, BenchPage, BenchPiece, BenchProposal, BenchRecord, EmergencyCard, EmergencyPage,
    InspectionPage, Stage,
};
use crate::views::ui::{Cell, Summary, Table};

const NASTY: &str = "<script>alert(1)</script> \u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{1f642}";

fn table() -> Table {
    Table::new("Some").column("One").row([Cell::Text(NASTY.into())])
}

/// Name, rendered page.
pub(super) fn all() -> Vec<(&'static str, String)> {
    let line = BenchLine {
        key: "a1b2".into(),
        part: Some(NASTY.into()),
        what: "Note".into(),
        with: "Tuesday, Maya".into(),
        pieces: vec![BenchPiece { text: NASTY.into(), black: false }, BenchPiece { text: NASTY.into(), black: true }],
        out: NASTY.into(),
    };
    let bench = BenchPage {
        path: "/concerns/1/bundle".into(),
        back: "/concerns/1".into(),
        reference: "AB-1234".into(),
        person: NASTY.into(),
        records: "2 concerns".into(),
        kept_back: vec![
            BenchRecord { key: None, reference: "ABC-D23".into(), why: NASTY.into() },
            BenchRecord { key: Some("record-1".into()), reference: "ABC-D24".into(), why: "It is locked.".into() },
        ],
        moves_on: true,
        along: vec![BenchRecord { key: Some("record-2".into()), reference: "ABC-D25".into(), why: String::new() }],
        lines: vec![line.clone(), BenchLine { key: "c3d4".into(), part: None, ..line }],
        proposals: vec![BenchProposal {
            words: NASTY.into(),
            whose: "a child".into(),
            ground: "other_child".into(),
            lines: "1 line".into(),
        }],
        files: vec![
            BenchFile { key: "e5f6".into(), what: NASTY.into(), picture: true },
            BenchFile { key: "f7a8".into(), what: NASTY.into(), picture: false },
        ],
        marks: vec![BenchMark {
            id: "1".into(),
            what: NASTY.into(),
            where_: "everywhere".into(),
            why: "It names another child".into(),
            reason: NASTY.into(),
            by: "Maya, Tuesday".into(),
        }],
        grounds: vec![("other_child".into(), "It names another child".into())],
        stage: Stage::Open,
        sent: None,
        checked: None,
        changed: false,
        form: FormView::new().with("letter", NASTY),
    };
    let waits = BenchPage { stage: Stage::Waits, sent: Some(NASTY.into()), proposals: Vec::new(), ..bench.clone() };
    let check = BenchPage { stage: Stage::Check, ..waits.clone() };
    let ready = BenchPage { stage: Stage::Ready, checked: Some(NASTY.into()), ..waits.clone() };
    let stale = BenchPage { changed: true, ..ready.clone() };
    let empty = BenchPage { back: "/concerns/1".into(), ..BenchPage::default() };
    let card = EmergencyCard {
        heading: NASTY.into(),
        times: "Tuesday until Tuesday".into(),
        lasts: true,
        reason: NASTY.into(),
        review: None,
        action: Some("/emergency/1/review".into()),
    };
    let seen = EmergencyCard { review: Some(NASTY.into()), lasts: false, action: None, ..card.clone() };
    let emergency = EmergencyPage { cards: vec![card, seen], form: FormView::new() };
    let inspection = InspectionPage {
        setting: NASTY.into(),
        duties: Summary::new().row("Met", "12"),
        roles: table(),
        period: Some("Spring term".into()),
        counts: vec![table()],
        procedures: table(),
        keeping: table(),
        destroyed: "kept back".into(),
        may_show: true,
        form: FormView::new(),
    };
    vec![
        ("keeping/bench", somebody(&bench)),
        ("keeping/bench", somebody(&waits)),
        ("keeping/bench", somebody(&check)),
        ("keeping/bench", somebody(&ready)),
        ("keeping/bench", somebody(&stale)),
        ("keeping/bench", somebody(&empty)),
        ("keeping/emergency", somebody(&emergency)),
        ("keeping/emergency", somebody(&EmergencyPage::default())),
        ("keeping/inspection", somebody(&inspection)),
        ("keeping/inspection", somebody(&InspectionPage::default())),
    ]
}
