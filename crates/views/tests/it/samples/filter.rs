//! Samples of the filter's pages: full and empty, with text that tries to be markup.

use super::{nobody, somebody};
use crate::views::FormView;
use crate::views::pages::activity::{Activity, Alerts};
use crate::views::pages::break_glass::{BreakGlass, BreakGlassCard};
use crate::views::pages::devices::{PaperSheet, SetUp, System};
use crate::views::pages::filter::{
    Behind, Check, Group, GroupCard, Inspection, Overview, Sealed, SelfTest, TestedGroup, Verdict,
};
use crate::views::pages::filter_changes::{
    Ask, Asked, History, Preview, Proposal, Proposals, Propose, Request, Requests, Shape, Version,
};
use crate::views::pages::filter_lists;
use crate::views::pages::filter_matrix::{External, Matrix};
use crate::views::pages::filter_networks::Networks;
use crate::views::pages::guests::{Guest, Guests, Slip, Slips};
use crate::views::pages::sessions::{Film, OpenSession, Sessions, Start};
use crate::views::ui::{Banner, Cell, PinForm, Ring, RingingCall, Summary, Table, Tag, Tone};

const NASTY: &str = "<script>alert(1)</script> שלום 🙂";

fn behind() -> Vec<Behind> {
    vec![
        Behind {
            tag: Tag::new(Tone::Due, "Thin"),
            words: "2 of the 15 kinds of site that your groups block have only a small list, or none: Dating, Games."
                .into(),
            more: ("/filter/lists", "Where lists come from"),
        },
        Behind {
            tag: Tag::new(Tone::Gap, "Not supplied"),
            words: "No list of illegal addresses is supplied here.".into(),
            more: ("/filter#sealed", "What to do about illegal addresses"),
        },
    ]
}

fn tested() -> Vec<TestedGroup> {
    let group = |name: &str, failed| TestedGroup {
        name: name.into(),
        result: Tag::new(if failed { Tone::Gap } else { Tone::Done }, if failed { "1 failed" } else { "All passed" }),
        summary: "19 by DNS, 19 by the proxy".into(),
        failed,
        parts: table(),
    };
    vec![group(NASTY, true), group("Staff devices", false)]
}

fn table() -> Table {
    Table::new("Things")
        .quiet_caption()
        .column("What")
        .column("Who")
        .row([Cell::link("/filter/history", NASTY), Cell::Inert("https://bad.example/<b>".into())])
}

fn system() -> System {
    System {
        name: NASTY.into(),
        steps: vec![NASTY.into()],
        files: vec![("/this-device/abc/holdfast.ps1".into(), "Get the script".into())],
        values: facts(),
        limits: vec![NASTY.into()],
    }
}

fn facts() -> Summary {
    Summary::new().row("Why", Cell::Text(NASTY.into())).row("Is", Cell::Tag(Tag::new(Tone::Gap, "Not running")))
}

fn groups() -> Vec<(String, String)> {
    vec![("children".into(), NASTY.into()), ("staff".into(), "Staff devices".into())]
}

fn wrong(fields: &[&str]) -> FormView {
    let mut form = FormView::new();
    for field in fields {
        form.keep(field, NASTY);
        form.error(field, "Mend this");
    }
    form
}

fn overview() -> Overview {
    let card = GroupCard {
        href: "/filter/groups/children".into(),
        name: NASTY.into(),
        say: "For children.".into(),
        cannot: "Pornography, Gaming.".into(),
        can: "every site that no list names.".into(),
        strictest: true,
        reasons: vec![("Gaming".into(), NASTY.into())],
    };
    Overview {
        banners: vec![Banner::new(Tone::Gap, "No licensed list.").link("/filter#sealed", "What to do")],
        facts: facts(),
        groups: vec![card.clone(), GroupCard { strictest: false, reasons: Vec::new(), ..card }],
        waiting: table(),
        requests: Some(2),
        figures: vec![NASTY.into()],
        sealed: Sealed { supplied: false, words: NASTY.into() },
        upstream: NASTY.into(),
        blind: vec![NASTY.into()],
        may_propose: true,
        keeps_devices: true,
        may_see_activity: true,
    }
}

fn proposal() -> Proposal {
    Proposal {
        may_undo: true,
        id: "1".into(),
        version: "0".into(),
        say: NASTY.into(),
        state: Some(Tag::new(Tone::Due, "Waiting")),
        banner: Some(Banner::new(Tone::Due, "It waits.")),
        difference: vec![NASTY.into()],
        facts: facts(),
        risk: facts(),
        form: wrong(&["note", ""]),
        may_decide: true,
        waits_for_lead: false,
        may_agree: true,
        may_withdraw: true,
    }
}

fn propose() -> Propose {
    Propose {
        undo: None,
        form: wrong(&["do", "host", "category", "groups", "until", "reason", "harm", "loss", "safeguards"]),
        categories: groups(),
        groups: groups(),
        back_to: None,
        preview: Some(Preview { say: NASTY.into(), difference: vec![NASTY.into()], loosens: true }),
        from_concern: true,
    }
}

fn ask() -> Ask {
    let one = Asked {
        host: "bad.example".into(),
        when: "Monday, for staff".into(),
        state: Tag::new(Tone::Shut, "No"),
        why: NASTY.into(),
        answer: Some(("Amara".into(), NASTY.into())),
        decided: vec![NASTY.into()],
    };
    Ask {
        form: wrong(&["host", "group", "why"]),
        groups: groups(),
        mine: vec![one.clone(), Asked { answer: None, ..one }],
    }
}

fn activity() -> Activity {
    Activity {
        form: wrong(&["day"]),
        devices: groups(),
        span: "Today".into(),
        facts: facts(),
        blocked: table(),
        allowed: table(),
        other: table(),
        cut_short: true,
        report: "/concerns/report/filter_breach?at=1&device=2".into(),
    }
}

/// Name of the template, rendered page.
pub(crate) fn all() -> Vec<(&'static str, String)> {
    let verdict = Verdict {
        host: NASTY.into(),
        say: "Blocked".into(),
        blocked: true,
        facts: facts(),
        propose: "/filter/propose?a=b&c=d".into(),
    };
    let version = Version {
        number: 2,
        when: "Monday".into(),
        datetime: "2026-03-02T09:00:00Z".into(),
        by: NASTY.into(),
        note: NASTY.into(),
        difference: vec![NASTY.into()],
        current: true,
    };
    let older = Version { number: 1, current: false, ..version.clone() };
    let latest = Some(Banner::new(Tone::Gap, "1 of 9 parts failed."));
    vec![
        ("filter_inspection", somebody(&Inspection::default())),
        ("filter_inspection", somebody(&Inspection { groups: table(), never: groups() })),
        ("filter_matrix", somebody(&Matrix::default())),
        (
            "filter_matrix",
            somebody(&Matrix {
                short: NASTY.into(),
                devices: table(),
                groups: table(),
                tested: Some("Tuesday 3 March 2026, 2:15pm".into()),
                outside: table(),
                may_record: true,
            }),
        ),
        ("filter_external", somebody(&External::default())),
        (
            "filter_external",
            somebody(&External {
                form: wrong(&["device", "on", "child_abuse", "notes"]),
                devices: groups(),
                parts: vec![("child_abuse".into(), NASTY.into()), ("adult".into(), "An adult site".into())],
            }),
        ),
        ("device_set_up", nobody(&SetUp { check: "/check".into(), ..SetUp::default() })),
        (
            "device_set_up",
            nobody(&SetUp {
                name: NASTY.into(),
                group: NASTY.into(),
                systems: vec![system(), system()],
                check: "/check".into(),
                start: Some("/start/abc".into()),
            }),
        ),
        ("device_sheet", somebody(&PaperSheet { back: "/devices/1".into(), ..PaperSheet::default() })),
        (
            "device_sheet",
            somebody(&PaperSheet {
                name: NASTY.into(),
                back: "/devices/1".into(),
                facts: facts(),
                picture_svg: Some("<svg role=\"img\" aria-label=\"Picture to scan\"></svg>".into()),
                address: Some("https://holdfast.local/this-device/abc".into()),
                certificate: Some("http://holdfast.local/certificate".into()),
                systems: vec![system()],
                check: "/check".into(),
            }),
        ),
        ("guests", somebody(&Guests::default())),
        (
            "guests",
            somebody(&Guests {
                form: wrong(&["count", "hours", "group"]),
                groups: groups(),
                lengths: vec![("4".into(), "4 hours".into())],
                open: vec![("1".into(), NASTY.into())],
                listed: table(),
            }),
        ),
        ("guest_slips", somebody(&Slips::default())),
        (
            "guest_slips",
            somebody(&Slips {
                setting: NASTY.into(),
                address: "https://holdfast.local/guest".into(),
                slips: vec![Slip {
                    code: "AAAA-BBBB".into(),
                    say: NASTY.into(),
                    picture_svg: "<svg role=\"img\" aria-label=\"Picture to scan\"></svg>".into(),
                }],
            }),
        ),
        ("guest", nobody(&Guest::default())),
        ("guest", nobody(&Guest { form: wrong(&["code"]), ..Guest::default() })),
        ("guest", nobody(&Guest { begun: Some("3:15pm".into()), check: "/check".into(), ..Guest::default() })),
        ("filter", somebody(&Overview::default())),
        ("filter", somebody(&overview())),
        (
            "filter",
            somebody(&Overview { sealed: Sealed { supplied: true, words: "800 entries.".into() }, ..overview() }),
        ),
        ("filter_group", somebody(&Group::default())),
        (
            "filter_group",
            somebody(&Group {
                key: "children & co".into(),
                name: NASTY.into(),
                say: "For children.".into(),
                facts: facts(),
                blocked: table(),
                short: NASTY.into(),
                now: Some(Banner::new(Tone::Info, NASTY)),
                cannot: vec![NASTY.into()],
                can: vec![NASTY.into(), "Shopping".into()],
                times: vec![("a b".into(), NASTY.into())],
                ways: vec![("/filter".into(), NASTY.into())],
                material: table(),
                bypass: vec![NASTY.into()],
                without_data: NASTY.into(),
                blind: vec![NASTY.into()],
                names_blocked: table(),
                names_allowed: table(),
                may_propose: true,
            }),
        ),
        ("filter_check", somebody(&Check::default())),
        (
            "filter_check",
            somebody(&Check { form: wrong(&["host", "group"]), groups: groups(), answer: None, may_propose: true }),
        ),
        (
            "filter_check",
            somebody(&Check { form: FormView::new(), groups: groups(), answer: Some(verdict), may_propose: true }),
        ),
        ("filter_lists", somebody(&filter_lists::Lists::default())),
        (
            "filter_lists",
            somebody(&filter_lists::Lists {
                banners: vec![Banner::new(Tone::Due, "A version waits.").link("/filter/lists/x", "Decide")],
                facts: facts(),
                sources: table(),
                sealed: filter_lists::Sealed {
                    tag: Some(Tag::new(Tone::Gap, "Not supplied")),
                    say: NASTY.into(),
                    facts: facts(),
                    how: NASTY.into(),
                    shrunk: vec![(NASTY.into(), "/filter/feeds/x".into())],
                },
                known: vec![filter_lists::Known {
                    title: NASTY.into(),
                    say: NASTY.into(),
                    whose: NASTY.into(),
                    href: "/filter/lists/add?known=x".into(),
                }],
                may_propose: true,
            }),
        ),
        ("filter_list", somebody(&filter_lists::Source::default())),
        (
            "filter_list",
            somebody(&filter_lists::Source {
                key: "a-list".into(),
                title: NASTY.into(),
                banners: vec![Banner::new(Tone::Gap, "It has given no list.")],
                facts: facts(),
                held: Some(filter_lists::Held {
                    id: "1".into(),
                    version: "0".into(),
                    why: NASTY.into(),
                    facts: facts(),
                    can_be_taken: true,
                }),
                form: wrong(&["words"]),
                versions: table(),
                progress: None,
                may_fetch: true,
                may_decide: true,
                may_propose: true,
            }),
        ),
        ("filter_list_add", somebody(&filter_lists::Add::default())),
        (
            "filter_list_add",
            somebody(&filter_lists::Add {
                form: wrong(&["title", "from", "url", "name", "publisher", "licence", "every_hours", "reason"]),
                categories: groups(),
                inbox: "/srv/holdfast/lists/inbox".into(),
            }),
        ),
        ("filter_list_remove", somebody(&filter_lists::Remove::default())),
        (
            "filter_list_remove",
            somebody(&filter_lists::Remove { key: "a".into(), name: NASTY.into(), form: wrong(&["reason", "harm"]) }),
        ),
        ("filter_feed", somebody(&filter_lists::Feed::default())),
        (
            "filter_feed",
            somebody(&filter_lists::Feed { key: "a".into(), say: NASTY.into(), form: wrong(&["reason", "harm"]) }),
        ),
        ("filter_networks", somebody(&Networks::default())),
        (
            "filter_networks",
            somebody(&Networks {
                networks: table(),
                strictest: NASTY.into(),
                groups: groups(),
                form: wrong(&["cidr", "group", "reason"]),
                may_propose: true,
            }),
        ),
        ("filter_self_test", somebody(&SelfTest::default())),
        (
            "filter_self_test",
            somebody(&SelfTest { latest, groups: tested(), behind: behind(), runs: table(), may_run: true }),
        ),
        ("filter_propose", somebody(&Propose::default())),
        ("filter_propose", somebody(&propose())),
        ("filter_propose", somebody(&Propose { back_to: Some(3), preview: None, ..propose() })),
        (
            "filter_shape",
            somebody(&Shape {
                heading: "A schedule".into(),
                back: ("/filter/groups/staff".into(), "Staff".into()),
                action: "/filter/groups/staff/change/hours".into(),
                ..Shape::default()
            }),
        ),
        ("sessions", somebody(&Sessions::default())),
        (
            "sessions",
            somebody(&Sessions {
                sees_groups: true,
                open: vec![OpenSession { id: "1".into(), title: NASTY.into(), say: NASTY.into(), plan: NASTY.into() }],
                form: wrong(&["group", "room", "minutes", "youngest", "lesson", "plan"]),
                groups: groups(),
                rooms: vec![("1".into(), NASTY.into())],
                lengths: vec![("10".into(), "10 minutes".into())],
                material: table(),
                screen_time: table(),
                pin: NASTY.into(),
                pin_form: wrong(&["pin"]),
            }),
        ),
        (
            "film",
            nobody(&Film { back: "/start/abc".into(), title: NASTY.into(), frame: Some(NASTY.into()), file: None }),
        ),
        (
            "film",
            nobody(&Film { back: "/start/abc".into(), title: NASTY.into(), frame: None, file: Some(NASTY.into()) }),
        ),
        ("start", nobody(&Start { path: "abc".into(), check: "/check".into(), ..Start::default() })),
        (
            "start",
            nobody(&Start {
                path: "abc".into(),
                shared: true,
                with: Some(NASTY.into()),
                ring: Ring {
                    from: "/start/abc/calls".into(),
                    calls: vec![RingingCall { words: NASTY.into(), action: Some("/start/abc/coming/1".into()) }],
                    pin: None,
                    stands_by: true,
                },
                check: "/check".into(),
                ..Start::default()
            }),
        ),
        (
            "start",
            nobody(&Start {
                path: "abc".into(),
                shared: true,
                form: wrong(&["username", "pin"]),
                check: "/check".into(),
                ..Start::default()
            }),
        ),
        (
            "start",
            nobody(&Start {
                path: "a/b".into(),
                children: true,
                closed: true,
                until: Some("Until 10:30am".into()),
                material: vec![(NASTY.into(), "/one".into())],
                called: true,
                ring: Ring {
                    from: "/start/a/b/calls".into(),
                    calls: vec![RingingCall { words: NASTY.into(), action: None }],
                    pin: Some(PinForm {
                        action: "/start/a/b/coming".into(),
                        form: wrong(&["coming_username", "coming_pin"]),
                    }),
                    stands_by: false,
                },
                form: wrong(&["username", "pin", "minutes", "youngest", "lesson", "plan"]),
                lengths: vec![("10".into(), "10 minutes".into())],
                check: "/check".into(),
                ..Start::default()
            }),
        ),
        (
            "filter_shape",
            somebody(&Shape {
                heading: NASTY.into(),
                about: vec![NASTY.into()],
                back: ("/filter".into(), NASTY.into()),
                action: "/filter/groups/children/change/hours".into(),
                fields: vec![wrong(&["name"]).text("name", "Name").to_string()],
                hidden: vec![("hours".into(), NASTY.into())],
                ..Shape::default()
            }),
        ),
        (
            "filter_propose",
            somebody(&Propose {
                undo: Some(("0190".into(), NASTY.into())),
                form: wrong(&["reason", "harm", "loss", "safeguards"]),
                ..propose()
            }),
        ),
        ("filter_proposal", somebody(&Proposal::default())),
        ("filter_proposal", somebody(&proposal())),
        ("filter_proposals", somebody(&Proposals::default())),
        ("filter_proposals", somebody(&Proposals { all: table(), may_propose: true })),
        ("filter_history", somebody(&History::default())),
        ("filter_history", somebody(&History { versions: vec![version, older], may_propose: true })),
        ("filter_requests", somebody(&Requests::default())),
        ("filter_requests", somebody(&Requests { figures: vec![NASTY.into()], waiting: table(), answered: table() })),
        ("filter_request", somebody(&Request::default())),
        (
            "filter_request",
            somebody(&Request {
                id: "1".into(),
                facts: facts(),
                form: Some(wrong(&["answer", "words", "long", "until", "harm", "loss", "safeguards"])),
                answer: facts(),
            }),
        ),
        ("filter_ask", somebody(&Ask::default())),
        ("filter_ask", somebody(&ask())),
        ("activity", somebody(&Activity::default())),
        ("activity", somebody(&activity())),
        ("break_glass", somebody(&BreakGlass::default())),
        (
            "break_glass",
            somebody(&BreakGlass {
                groups: vec![("staff".into(), NASTY.into())],
                may_open: true,
                form: wrong(&["group", "hours", "reason", "again"]),
                cards: vec![
                    BreakGlassCard {
                        heading: NASTY.into(),
                        times: "Now".into(),
                        reason: NASTY.into(),
                        end: Some("/filter/break-glass/1/end".into()),
                        open: true,
                        ..Default::default()
                    },
                    BreakGlassCard {
                        heading: "Staff".into(),
                        action: Some("/filter/break-glass/1/review".into()),
                        ..Default::default()
                    },
                    BreakGlassCard { heading: "Office".into(), review: Some(NASTY.into()), ..Default::default() },
                ],
            }),
        ),
        ("alerts", somebody(&Alerts::default())),
        (
            "alerts",
            somebody(&Alerts {
                help: table(),
                open: vec![("/alerts/1/coming".into(), NASTY.into())],
                sealed: Some(table()),
                searches: Some(table()),
            }),
        ),
    ]
}
