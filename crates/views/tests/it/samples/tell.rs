//! Samples of the open door: full and empty, with text that tries to be markup.

use super::concerns::{ring, tell};
use super::{nobody, somebody};
use crate::views::FormView;
use crate::views::pages::tell::{Back, Door, Form, Inbox, Nowhere, Poster, Sender, Sent};

const NASTY: &str = "<script>alert(1)</script> שלום 🙂";
const PATH: &str = "/tell/abcdefgh";

fn wrong(fields: &[&str]) -> FormView {
    let mut form = FormView::new();
    for field in fields {
        form.keep(field, NASTY);
        form.error(field, "Mend this");
    }
    form
}

fn talk() -> Vec<(bool, String, String)> {
    vec![(false, NASTY.into(), "3 March 2026".into()), (true, "Thank you.".into(), "4 March 2026".into())]
}

pub(super) fn all() -> Vec<(&'static str, String)> {
    let form = Form {
        path: PATH.into(),
        setting: "Bluebell <Lane>".into(),
        named: vec![("a".into(), NASTY.into())],
        wait: Some(3),
        outside: ring(),
        form: wrong(&["safe_now", "matter", "what_happened", "worry", "day", "name", "reach"]),
    };
    let inbox = Inbox {
        path: PATH.into(),
        told_on: "3 March 2026".into(),
        read: true,
        messages: talk(),
        thanks: true,
        outside: ring(),
        ..Default::default()
    };
    vec![
        ("tell/door", nobody(&Door { path: PATH.into(), setting: NASTY.into(), fictional: true, outside: ring() })),
        ("tell/nowhere", nobody(&Nowhere)),
        (
            "tell/form",
            nobody(&Form { form: FormView::new().with("once", "a"), named: vec![], wait: None, ..form.clone() }),
        ),
        ("tell/form", nobody(&form)),
        (
            "tell/sent",
            nobody(&Sent { path: PATH.into(), words: vec!["acorn".into(), "river".into()], outside: ring() }),
        ),
        ("tell/back", nobody(&Back { path: PATH.into(), outside: ring(), ..Default::default() })),
        (
            "tell/back",
            nobody(&Back {
                path: PATH.into(),
                kept: true,
                wait: Some(9),
                form: wrong(&["code", "text"]),
                outside: ring(),
            }),
        ),
        ("tell/inbox", nobody(&Inbox { read: false, messages: vec![], thanks: false, ..inbox.clone() })),
        ("tell/inbox", nobody(&Inbox { closed: true, form: wrong(&["text"]), ..inbox.clone() })),
        ("tell/inbox", nobody(&inbox)),
        (
            "tell/poster",
            somebody(&Poster {
                setting: NASTY.into(),
                fictional: true,
                picture_svg: "<svg role=\"img\" aria-label=\"Picture to scan\"></svg>".into(),
                address: "https://holdfast.local/tell/abcdefgh".into(),
                inside: tell(),
                outside: ring(),
            }),
        ),
        (
            "tell/sender",
            somebody(&Sender {
                path: "/concerns/1".into(),
                reference: "ABC-DEF".into(),
                messages: talk(),
                form: wrong(&["text"]),
            }),
        ),
        ("tell/sender", somebody(&Sender { path: "/concerns/1".into(), ..Default::default() })),
    ]
}
