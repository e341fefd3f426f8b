//! Samples of evidence, checks, actions, reviews, audit and home: full and empty, with text that tries to be markup.

use super::somebody;
use crate::views::FormView;
use crate::views::pages::evidence::{Check, CheckCard, Checks, Control, Count, Evidence, Obligation, Section};
use crate::views::pages::follow_up::{ActionCard, Actions, Audit, Home, OverrideLine, ReviewCard, Reviews};
use crate::views::ui::{Cell, Pages, Table, Tag, TaskList, Tone};

const NASTY: &str = "<script>alert(1)</script> שלום 🙂";

fn wrong(fields: &[&str]) -> FormView {
    let mut form = FormView::new();
    for field in fields {
        form.error(field, "Say it in a few words");
    }
    form
}

pub(crate) fn all() -> Vec<(&'static str, String)> {
    let duties =
        Table::new("Filtering").quiet_caption().column("Duty").column("What it asks").column("Clause").column("Stands");
    let duties = duties.row([
        Cell::link("/evidence/FIL-02", "FIL-02"),
        Cell::from(NASTY),
        Cell::from("7.2.1"),
        Cell::Tag(Tag::new(Tone::Gap, "Gap")),
    ]);
    let evidence = Evidence {
        setting: NASTY.into(),
        seed: "the policy of October 2018".into(),
        at: "Tuesday 3 March 2026, 2:15pm".into(),
        counts: vec![
            Count { tag: Tag::new(Tone::Gap, "1 gap"), href: "/evidence?status=gap".into(), chosen: true },
            Count { tag: Tag::new(Tone::Done, "3 met"), href: "/evidence?status=met".into(), chosen: false },
        ],
        sections: vec![Section {
            title: "Filtering".into(),
            anchor: "section-1".into(),
            summary: "1 gap".into(),
            duties,
        }],
        print: false,
        print_href: "/evidence/print".into(),
    };
    let control = Control {
        title: "Asked just now, every category is blocked.".into(),
        status: Tag::new(Tone::Gap, "Gap"),
        found: vec![(NASTY.into(), "Asked of the running program.".into())],
        mend: Some("Open the self-test.".into()),
        page: Some("/filter/test".into()),
    };
    let obligation = Obligation {
        id: "FIL-02".into(),
        section: "Filtering".into(),
        duty: NASTY.into(),
        clauses: vec!["Clause 7.2.1 of the policy".into()],
        status: Some(Tag::new(Tone::Gap, "Gap")),
        controls: vec![control.clone(), Control { found: vec![], mend: None, page: None, ..control }],
        why_none: String::new(),
    };
    let card = CheckCard {
        title: "The termly check".into(),
        statement: "A leader checked.".into(),
        status: Tag::new(Tone::Due, "Due again"),
        last: Some("Tuesday 3 March 2026. Found good.".into()),
        notes: NASTY.into(),
        href: Some("/checks/sign?kind=signed_check%2Ffilter_periodic".into()),
    };
    let action = ActionCard {
        id: "a1".into(),
        title: NASTY.into(),
        who: "You, until 3 March 2026.".into(),
        status: Tag::new(Tone::Gap, "Late"),
        done: None,
        concern: Some("/concerns/0190".into()),
        error: None,
        turned: vec![NASTY.into()],
        turn: Some("/a".into()),
    };
    let review = ReviewCard {
        id: "r1".into(),
        title: "Review of the policy".into(),
        why: NASTY.into(),
        when: "Until 3 March 2026.".into(),
        status: Tag::new(Tone::Due, "Open"),
        closed: None,
        overrides: vec![OverrideLine {
            href: "/filter/proposals/0190".into(),
            names: NASTY.into(),
            groups: "Staff".into(),
            when: "From Monday until Tuesday.".into(),
            who: "Asked for by Joy, allowed by Amara.".into(),
            why: NASTY.into(),
        }],
        error: Some("Say it in a few words".into()),
    };
    let lines =
        Table::new("Who did what").quiet_caption().column("When").column("Who").column("Did").column("To").row([
            Cell::Time("2026-03-03T14:15:00Z".into(), "Tuesday 3 March".into()),
            Cell::from("Nursery Manager"),
            Cell::from("Device: hold"),
            Cell::from("hold"),
        ]);
    vec![
        ("evidence", somebody(&evidence)),
        ("evidence", somebody(&Evidence { print_href: "/evidence/print".into(), ..Evidence::default() })),
        ("obligation", somebody(&obligation)),
        ("obligation", somebody(&Obligation { why_none: "Not built.".into(), ..Obligation::default() })),
        ("checks", somebody(&Checks { checks: vec![card.clone(), CheckCard { last: None, href: None, ..card }] })),
        ("checks", somebody(&Checks::default())),
        (
            "check",
            somebody(&Check {
                form: wrong(&["ok", "on-day", "notes"]),
                kind: "signed_check/filter_periodic".into(),
                title: "The termly check".into(),
                statement: "A leader checked.".into(),
            }),
        ),
        (
            "actions",
            somebody(&Actions {
                form: Some(FormView::new()),
                people: vec![("p".into(), NASTY.into())],
                tasks: vec![
                    action.clone(),
                    ActionCard { id: "a2".into(), error: Some("Say it in a few words".into()), ..action.clone() },
                    ActionCard { id: "a3".into(), done: Some("Done.".into()), concern: None, ..action },
                ],
                with_done: true,
                mend: wrong(&["note-a2"]),
            }),
        ),
        ("actions", somebody(&Actions::default())),
        (
            "reviews",
            somebody(&Reviews {
                form: FormView::new(),
                reviews: vec![
                    review.clone(),
                    ReviewCard {
                        id: "r2".into(),
                        closed: Some("Closed.".into()),
                        overrides: Vec::new(),
                        error: None,
                        ..review
                    },
                ],
                with_closed: false,
                mend: wrong(&["outcome-r1"]),
            }),
        ),
        ("reviews", somebody(&Reviews { form: wrong(&["what", "why"]), ..Reviews::default() })),
        (
            "audit",
            somebody(&Audit { lines, pages: Pages { next: Some("/audit?before=3".into()), ..Pages::default() } }),
        ),
        ("audit", somebody(&Audit::default())),
        (
            "home",
            somebody(&Home {
                name: NASTY.into(),
                day: "Tuesday 3 March 2026".into(),
                todo: TaskList::new("todo").task(NASTY, Some("/actions"), Some("Until then."), Tone::Gap, "Late"),
                asking: vec!["Half of the answers came within an hour.".into()],
                ways: vec![("/evidence".into(), "Evidence".into())],
            }),
        ),
        ("home", somebody(&Home::default())),
    ]
}
