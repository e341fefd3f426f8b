//! Samples of the pages of concerns: full and empty, with text that tries to be markup.

use super::{nobody, somebody};
use crate::views::FormView;
use crate::views::pages::concerns::{
    Draft, Ring, Tell, Word,
    beside::{HoldCard, Holds, Notices, Outbox},
    case::{Case, Mistake, OnPaper, People, Queue, Search, StepCard},
    contacts::{BlankForm, ContactSheet, WhomToTell},
    report::{KindGroup, KindLink, Mine, Receipt, ReportForm, ReportKind, Sent, Words},
    step::{Control, Debrief, Entry, Step, Theirs, Times},
};
use crate::views::ui::{Cell, Chronology, ChronologyEntry, Pages, Summary, Table, Tone};

const NASTY: &str = "<script>alert(1)</script> שלום 🙂";

pub(super) fn tell() -> Vec<Tell> {
    vec![Tell { name: NASTY.into(), title: "Lead".into(), phone: Some("01632 960 001".into()) }, Tell::default()]
}

fn kinds(title: &str) -> KindGroup {
    let full = KindLink {
        href: "/concerns/report/hate".into(),
        label: NASTY.into(),
        guidance: "Guidance".into(),
        danger: Some("Ring 999 first.".into()),
    };
    let plain = KindLink { danger: None, ..full.clone() };
    KindGroup { title: title.into(), kinds: vec![full, plain] }
}

pub(super) fn ring() -> Vec<Ring> {
    let full = Ring {
        name: "Front Door".into(),
        when: "A child may be harmed.".into(),
        phone: Some("03000 41 11 11".into()),
        out_of_hours: Some("03000 41 91 91".into()),
        web: Some("kscmp.org.uk".into()),
        checked: "Checked 22 November 2026.".into(),
    };
    vec![full, Ring { name: "IWF".into(), ..Ring::default() }]
}

fn pairs() -> Vec<(String, String)> {
    vec![("a".into(), NASTY.into()), ("b".into(), "Kit".into())]
}

fn wrong(fields: &[&str]) -> FormView {
    let mut form = FormView::new();
    for field in fields {
        form.keep(field, NASTY);
        form.error(field, "Mend this");
    }
    form
}

fn controls(form: &FormView) -> Vec<Control> {
    vec![
        Control::Line(form.text("line", "A line").hint("Short")),
        Control::Text(form.area("text", "A text").rows(3)),
        Control::Choice(form.radios("choice", "A choice").option("a", "A").option_with("b", "B", "Of two")),
        Control::Select(form.select("select", "One of many").option("", "Choose").options(&pairs())),
        Control::When(form.moment("when", "A moment")),
        Control::Only {
            field: "choice".into(),
            is: "a b".into(),
            asks: Box::new(Control::Line(form.text("then", "A line, then"))),
        },
    ]
}

fn story() -> Chronology {
    let entry = ChronologyEntry {
        when: "Tuesday 3 March, 2:15pm".into(),
        datetime: "2026-03-03T14:15:00Z".into(),
        kind: "What was seen and heard".into(),
        words: NASTY.into(),
        by: "Maya".into(),
        out_of_order: true,
        superseded: true,
        ..ChronologyEntry::default()
    };
    Chronology { entries: vec![entry] }
}

fn card() -> StepCard {
    StepCard {
        href: "/concerns/1/steps/safe_now".into(),
        title: "Hold the device".into(),
        text: "Cut it off.".into(),
        word: Word::new(Tone::Shut, "Waits"),
        locks: vec!["Police first".into()],
        can_do: true,
        waive: Some("/concerns/1/steps/safe_now?act=waived".into()),
        already: "/concerns/1/steps/safe_now?act=already_happened".into(),
        button: "Record this step".into(),
        must_not: vec!["Do not look again".into()],
        agencies: ring(),
        ways: vec![("/concerns/1/referrals/new".into(), NASTY.into())],
        said: pairs(),
        marks: vec!["Recorded out of its order.".into()],
        source: "E2BN".into(),
    }
}

/// Name, rendered page.
pub(super) fn all() -> Vec<(&'static str, String)> {
    let table = || Table::new("Some").column("One").row([Cell::Text(NASTY.into())]);
    let none = || Table::new("None").column("One");
    let report = ReportForm {
        action: "/concerns/report/filter_breach".into(),
        heading: "Something came up".into(),
        first_words: vec!["Turn the screen off.".into()],
        danger: Some("In danger? Ring 999 first.".into()),
        next: Some("The lead hears of it at once.".into()),
        tell: tell(),
        arrives: false,
        asks_about: true,
        asks_device: true,
        form: wrong(&["safe_now", "what_happened", "event", "device", "hosts", "about", "children", "told_who"]),
        children: pairs(),
        adults: pairs(),
        rooms: pairs(),
        devices: pairs(),
        linked: pairs(),
        record: Some(NASTY.into()),
        hosts: Some(vec![("a.example".into(), "a.example, 2:15pm".into())]),
        draft: Some(Draft { begun: Some("You began this.".into()), other: Some((NASTY.into(), pairs())) }),
    };
    let receipt = Receipt {
        messages: vec![(true, NASTY.into(), "Tuesday".into()), (false, NASTY.into(), "Tuesday".into())],
        answer: "/a".into(),
        form: wrong(&["text"]),
        reference: "K7Q-4MX".into(),
        told_at: "Tuesday".into(),
        passed_on: Some("The next person was told.".into()),
        tell: tell(),
        outside: ring(),
        words_owed: Some("/reports/1/words".into()),
        words: pairs(),
        add: "/reports/1/words".into(),
        opened_at: None,
    };
    let case = Case {
        moved_on: Some("This began with another edition.".into()),
        path: "/concerns/1".into(),
        reference: "K7Q-4MX".into(),
        kind: "Something came up".into(),
        words: vec![Word::new(Tone::Gap, "Urgent")],
        facts: Summary::new().row("Device", NASTY),
        heed: vec!["The exact words are owed.".into()],
        must_not: pairs(),
        next: Some(card()),
        steps: vec![card(), StepCard { locks: vec![], waive: None, can_do: false, ..card() }],
        procedure: Some("P1".into()),
        clocks: vec![("Tell the lead".into(), "By noon".into(), Word::new(Tone::Due, "Soon"))],
        chronology: story(),
        correctable: vec![("/concerns/1/entries/2".into(), NASTY.into())],
        referrals: vec![("/referrals/1".into(), NASTY.into(), Word::new(Tone::Gap, "Ask again"))],
        beside: vec![("Tell and ask for help".into(), vec![("/letters/1/print".into(), NASTY.into())])],
        holds: vec![("Tablet".into(), "Cut off.".into(), "until noon".into())],
        proposals: vec![("/filter/proposals/1".into(), NASTY.into(), Word::new(Tone::Due, "Waits"))],
        follow_up: vec![(NASTY.into(), Word::new(Tone::Done, "Done"))],
        people: pairs(),
        let_in: vec![NASTY.into(), "Sam".into()],
        must_not_know: vec![NASTY.into()],
        mistake: Some(NASTY.into()),
        closed: false,
        may_close: true,
        form: FormView::new(),
    };
    let closed = Case { closed: true, next: None, form: wrong(&["reason"]), ..case.clone() };
    let form = wrong(&["line", "text", "choice", "select", "when"]);
    let step = Step {
        action: "/concerns/1/steps/a".into(),
        back: "/concerns/1".into(),
        heading: "Hold the device".into(),
        locks: vec!["Police first".into()],
        already: Some("It has happened.".into()),
        must_not: vec!["Do not look".into()],
        agencies: ring(),
        controls: controls(&form),
        theirs: Some(Theirs { by: NASTY.into(), at: "Tuesday".into(), said: pairs() }),
        help: Some(("/filter/test".into(), "Run the self-test".into())),
        button: "Record".into(),
        open_way: Some("/concerns/1/steps/a?act=already_happened".into()),
        form: form.clone(),
        ..Step::default()
    };
    let debrief = Debrief {
        action: "/concerns/1/debrief".into(),
        back: "/concerns/1".into(),
        locks: vec!["Find out first".into()],
        controls: controls(&form),
        lessons: vec![0, 1],
        staff: pairs(),
        form,
        ..Debrief::default()
    };
    let people = People {
        path: "/concerns/1".into(),
        child_unknown: true,
        everybody: pairs(),
        children: pairs(),
        case_workers: pairs(),
        shut_out: pairs(),
        mistakes: [(true, false, None), (false, true, None), (false, false, Some(NASTY.to_owned()))]
            .into_iter()
            .map(|(to_decide, mine, decided)| Mistake {
                id: "1".into(),
                who: NASTY.into(),
                why: NASTY.into(),
                by: NASTY.into(),
                decided,
                to_decide,
                mine,
            })
            .collect(),
        form: wrong(&["child", "person", "part", "colleague", "reason", "shut_out", "back", "why_back"]),
        ..People::default()
    };
    let entry =
        Entry { action: "/a".into(), back: "/b".into(), form: wrong(&["kind", "text", "event"]), ..Entry::default() };
    let correction = Entry { wrong: Some(NASTY.into()), form: wrong(&["text"]), ..entry.clone() };
    let times = Times {
        back: "/concerns/1".into(),
        reference: "ABC-D23".into(),
        now: Summary::new().row("Happened", NASTY),
        form: wrong(&["which", "at", "reason"]),
    };
    let paper = OnPaper {
        setting: NASTY.into(),
        fictional: true,
        audit_head: Some("12 abc".into()),
        facts: pairs(),
        people: pairs(),
        steps: vec![("Hold".into(), "Done".into(), "Maya".into())],
        chronology: story(),
        ..OnPaper::default()
    };
    let hold = HoldCard {
        id: "1".into(),
        device: NASTY.into(),
        custody: Some("Safe".into()),
        reason: Some(NASTY.into()),
        word: Some(("1".into(), NASTY.into(), true)),
        placed: Some(NASTY.into()),
        cut: Some("Cut off.".into()),
        waits: true,
        decides: true,
        concern: Some("/concerns/1".into()),
        can_release: true,
    };
    let unseen = HoldCard { id: "2".into(), device: NASTY.into(), ..HoldCard::default() };
    let holds =
        Holds { words: pairs(), holds: vec![hold, unseen], decides: true, devices: pairs(), form: wrong(&["device"]) };
    let whom =
        WhomToTell { whom: vec![("A child".into(), tell(), tell()), ("Else".into(), vec![], vec![])], outside: ring() };
    vec![
        ("concerns/report_kind", somebody(&ReportKind { groups: vec![kinds("Most often"), kinds("Pictures")] })),
        ("concerns/report_form", somebody(&report)),
        (
            "concerns/blank_form",
            nobody(&BlankForm { questions: vec![(NASTY.into(), 2), ("Who?".into(), 1)], outside: ring() }),
        ),
        ("concerns/blank_form", nobody(&BlankForm::default())),
        ("concerns/report_form", somebody(&ReportForm { hosts: Some(vec![]), form: FormView::new(), ..report })),
        ("concerns/report_form", somebody(&ReportForm { action: "/a".into(), ..ReportForm::default() })),
        ("concerns/receipt", somebody(&receipt)),
        ("concerns/receipt", somebody(&Receipt { opened_at: Some("Opened Tuesday.".into()), ..receipt })),
        ("concerns/receipt", somebody(&Receipt { add: "/a".into(), ..Receipt::default() })),
        ("concerns/sent", somebody(&Sent { outside: ring() })),
        ("concerns/mine", somebody(&Mine { table: table() })),
        ("concerns/mine", somebody(&Mine { table: none() })),
        (
            "concerns/words",
            somebody(&Words { action: "/a".into(), form: wrong(&["child_words", "told"]), ..Words::default() }),
        ),
        ("concerns/queue", somebody(&queue(table(), false))),
        ("concerns/queue", somebody(&queue(none(), false))),
        ("concerns/queue", somebody(&queue(none(), true))),
        (
            "concerns/search",
            somebody(&Search {
                form: FormView::new().with("q", NASTY),
                kinds: pairs(),
                found: Some(table()),
                ..Search::default()
            }),
        ),
        ("concerns/search", somebody(&Search { found: Some(none()), ..Search::default() })),
        ("concerns/case", somebody(&case)),
        ("concerns/case", somebody(&closed)),
        ("concerns/case", somebody(&Case { path: "/concerns/1".into(), ..Case::default() })),
        ("concerns/people", somebody(&people)),
        ("concerns/people", somebody(&People { path: "/concerns/1".into(), ..People::default() })),
        ("concerns/paper", somebody(&paper)),
        ("concerns/paper", somebody(&OnPaper::default())),
        ("concerns/step", somebody(&step)),
        ("concerns/step", somebody(&Step { back: "/concerns/1".into(), ..Step::default() })),
        ("concerns/debrief", somebody(&debrief)),
        ("concerns/debrief", somebody(&Debrief { action: "/a".into(), back: "/b".into(), ..Debrief::default() })),
        ("concerns/times", somebody(&times)),
        ("concerns/entry", somebody(&entry)),
        ("concerns/entry", somebody(&correction)),
        ("concerns/holds", somebody(&holds)),
        ("concerns/holds", somebody(&Holds::default())),
        ("concerns/notices", somebody(&Notices { notices: vec![("/a".into(), "Since".into(), true)] })),
        ("concerns/notices", somebody(&Notices::default())),
        ("concerns/outbox", somebody(&Outbox { way: NASTY.into(), table: table() })),
        ("concerns/outbox", somebody(&Outbox { way: "nowhere".into(), table: none() })),
        ("concerns/whom", somebody(&whom)),
        ("concerns/sheet", somebody(&ContactSheet { inside: tell(), outside: ring(), ..ContactSheet::default() })),
    ]
}

fn queue(table: Table, closed_shelf: bool) -> Queue {
    Queue { table, only: None, closed_shelf, unfinished: 2, closed: 3, outbox: true, pages: Pages::default() }
}
